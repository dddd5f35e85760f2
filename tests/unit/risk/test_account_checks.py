"""Checks of the account and the run: each on both sides, and what reductions are exempt from."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from tests.builders import KEY, account, legs_of, limits, policy
from tests.unit.risk.cases import CALM, ask, context, found, refused, unknown, verdict, warned
from trimtab.domain.declared import MaintenanceTier
from trimtab.domain.findings import Verdict
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import OrderState
from trimtab.domain.snapshot import Environment

BTC = Symbol("BTC/USDT")
BTC_PERP = Symbol("BTC/USDT:USDT")
SHORT = "USDT 5000, BTC 0.1 @ 60000, ETH 1 @ 3000, perp BTC -0.02, wallet 5000"


def test_one_asset_is_capped_over_all_its_markets_and_the_day() -> None:
    rules = policy(limits=limits(max_asset_notional="1000"))
    legs = ("buy 0.005 BTC", "sell 0.01 perp BTC")
    used = context(day_notional={BTC: Decimal(100), Symbol("ETH/USDT"): Decimal(900)})
    assert (
        verdict(ask(account(CALM), *legs, rules=rules, facts=used), "max_asset_notional") == "pass"
    )
    more = context(day_notional={BTC: Decimal(101)})
    report = ask(account(CALM), *legs, rules=rules, facts=more)
    assert found(report, "max_asset_notional").measured == "1001"
    assert found(report, "max_asset_notional").subject == "BTC"
    assert verdict(report, "max_asset_notional") == "refuse"


def test_a_run_is_capped_counting_what_it_has_sent() -> None:
    rules = policy(limits=limits(max_run_notional="700"))
    sent = context(run_notional={BTC: Decimal(400)})
    assert (
        verdict(ask(account(CALM), "buy 0.1 ETH", rules=rules, facts=sent), "max_run_notional")
        == "pass"
    )
    report = ask(account(CALM), "buy 0.1001 ETH", rules=rules, facts=sent)
    assert found(report, "max_run_notional").measured == "700.3"
    assert verdict(report, "max_run_notional") == "refuse"


def test_a_day_is_capped_counting_what_it_has_seen() -> None:
    rules = policy(limits=limits(max_day_notional="700"))
    seen = context(day_notional={BTC: Decimal(400)})
    assert (
        verdict(ask(account(CALM), "buy 0.1 ETH", rules=rules, facts=seen), "max_day_notional")
        == "pass"
    )
    assert (
        verdict(ask(account(CALM), "buy 0.1001 ETH", rules=rules, facts=seen), "max_day_notional")
        == "refuse"
    )


def test_reductions_are_exempt_from_the_caps_on_flow() -> None:
    rules = policy(
        limits=limits(max_day_notional="1", max_run_notional="1", max_asset_notional="1")
    )
    seen = context(day_notional={BTC: Decimal(400)}, run_notional={BTC: Decimal(400)})
    assert (
        refused(ask(account(CALM), "sell 0.01 BTC", "sell 0.1 ETH", rules=rules, facts=seen))
        == set()
    )


def test_buying_back_a_hedge_is_reduce_only_and_no_reduction() -> None:
    rules = policy(limits=limits(max_run_notional="1"))
    assert "max_run_notional" in refused(
        ask(account(SHORT), "buy 0.01 perp BTC reduce", rules=rules)
    )


def test_orders_are_counted_with_those_sent() -> None:
    rules = policy(limits=limits(max_orders=3))
    assert (
        verdict(
            ask(account(CALM), "sell 0.01 BTC", rules=rules, facts=context(run_orders=2)),
            "max_orders",
        )
        == "pass"
    )
    assert (
        verdict(
            ask(account(CALM), "sell 0.01 BTC", rules=rules, facts=context(run_orders=3)),
            "max_orders",
        )
        == "refuse"
    )


def test_a_halted_account_lets_only_reductions_through_with_a_warning() -> None:
    halted = context(halt_reason="by hand")
    assert verdict(ask(account(CALM), "sell 0.01 BTC"), "kill_switch") == "pass"
    reducing = ask(account(CALM), "sell 0.01 BTC", facts=halted)
    assert (verdict(reducing, "kill_switch"), reducing.verdict) == (Verdict.WARN, Verdict.WARN)
    report = ask(account(SHORT), "sell 0.01 BTC", "buy 0.01 perp BTC reduce", facts=halted)
    assert found(report, "kill_switch").subject == "leg 2"
    assert "kill_switch" in refused(report)


def test_selling_more_than_there_is_net_of_the_hedge_is_no_reduction() -> None:
    hedged = account("USDT 100, BTC 0.1 @ 60000, perp BTC -0.08, wallet 9000")
    halted = context(halt_reason="by hand")
    assert "kill_switch" not in refused(ask(hedged, "sell 0.02 BTC", facts=halted))
    assert "kill_switch" in refused(ask(hedged, "sell 0.0201 BTC", facts=halted))


def test_what_resting_orders_may_take_off_is_not_there_for_a_reduction() -> None:
    halted = context(halt_reason="by hand")
    resting = account("BTC 0.1 locked 0.05 @ 60000, order BTC -0.05 @ 61000")
    assert "kill_switch" not in refused(ask(resting, "sell 0.1 BTC", facts=halted))
    more = account("BTC 0.1 locked 0.05 @ 60000, order BTC -0.06 @ 61000")
    assert "kill_switch" in refused(ask(more, "sell 0.1 BTC", facts=halted))
    all_of_it = account("BTC 0.1 locked 0.05 @ 60000, order BTC -0.2 @ 61000")
    assert "kill_switch" in refused(ask(all_of_it, "sell 0.0001 BTC", facts=halted))
    buying = account("BTC 0.1 @ 60000, USDT 1000, order BTC 0.01 @ 59000")
    assert "kill_switch" not in refused(ask(buying, "sell 0.1 BTC", facts=halted))


def test_an_unresolved_order_blocks_openings_and_everything_in_its_market() -> None:
    calm = account(CALM)
    (lost,) = legs_of(calm, "sell 0.01 BTC")
    facts = context(unresolved=(unknown(lost),))
    assert verdict(ask(calm, "sell 0.1 ETH", facts=facts), "unresolved_orders") == "warn"
    assert verdict(ask(calm, "buy 0.1 ETH", facts=facts), "unresolved_orders") == "refuse"
    report = ask(calm, "sell 0.01 BTC", facts=facts)
    assert verdict(report, "unresolved_orders") == "refuse"
    reason = found(report, "unresolved_orders").reason
    assert reason is not None
    assert "u1" in reason
    assert reason.endswith("run trimtab recover.")


def test_somebody_elses_hand_in_a_contract_lets_no_futures_be_opened() -> None:
    assert verdict(ask(account(CALM), "sell 0.01 perp BTC"), "external_fills") == "pass"
    touched = context(outside={BTC_PERP: "sell 0.01 at 59000 by no order of ours"})
    spot = ask(account(CALM), "sell 0.01 BTC", "buy 0.1 ETH", facts=touched)
    assert verdict(spot, "external_fills") == "warn"
    report = ask(account(CALM), "buy 0.1 ETH", "sell 0.01 perp BTC", facts=touched)
    assert found(report, "external_fills").subject == "leg 2"
    reason = found(report, "external_fills").reason or ""
    assert "BTC/USDT:USDT: sell 0.01 at 59000" in reason
    assert "trimtab reconcile" in reason
    growing = account("USDT 5000, BTC 0.1 @ 60000, perp BTC 0.02, wallet 5000")
    closing = ask(growing, "sell 0.01 perp BTC reduce", facts=touched)
    assert verdict(closing, "external_fills") == "warn"


def test_an_order_that_turned_up_late_lets_only_reductions_through() -> None:
    calm = account(CALM)
    (lost,) = legs_of(calm, "sell 0.01 BTC")
    late = dataclasses.replace(unknown(lost), state=OrderState.ABSENT)
    facts = context(late=(late,))
    assert verdict(ask(calm, "sell 0.1 ETH", facts=facts), "external_fills") == "warn"
    report = ask(calm, "buy 0.1 ETH", facts=facts)
    assert verdict(report, "external_fills") == "refuse"
    assert "u1 was absent and has fills" in (found(report, "external_fills").reason or "")


def test_another_run_a_broken_ledger_or_another_account_refuses() -> None:
    calm = account(CALM)
    assert "concurrent_run" in refused(ask(calm, facts=context(concurrent_holder="host 1")))
    assert "ledger" in refused(ask(calm, facts=context(ledger_fault="disk full")))
    live = dataclasses.replace(KEY, environment=Environment.LIVE)
    assert "environment" in refused(ask(calm, key=live))
    assert refused(ask(calm)) == set()


def test_a_maintenance_margin_unlike_the_venues_warns_and_refuses_openings() -> None:
    def reported(figure: str) -> object:
        big = account("USDT 90000, BTC 10 @ 60000, perp BTC -1, wallet 90000")
        pool = dataclasses.replace(big.pools["USDT"], maintenance_margin=Decimal(figure))
        return dataclasses.replace(big, pools={"USDT": pool})

    ours = Decimal(60000) * Decimal("0.005") - 50
    assert ours == 250
    assert verdict(ask(reported("238")), "maintenance_agreement") == "pass"
    assert verdict(ask(reported("237")), "maintenance_agreement") == "warn"
    assert verdict(ask(reported("237"), "sell 0.01 perp BTC"), "maintenance_agreement") == "refuse"
    assert warned(ask(reported("250"))) == set()


def test_a_difference_of_a_rounding_is_no_difference() -> None:
    small = account("USDT 900, BTC 0.01 @ 60000, perp BTC -0.002, wallet 900")
    pool = dataclasses.replace(small.pools["USDT"], maintenance_margin=Decimal(1))
    rounded = dataclasses.replace(small, pools={"USDT": pool})
    assert verdict(ask(rounded), "maintenance_agreement") == "pass"


def test_tiers_that_a_person_declares_are_told_of_in_every_plan_and_excuse_nothing() -> None:
    tier = MaintenanceTier(up_to=Decimal(50000), rate=Decimal("0.005"))
    rules = dataclasses.replace(policy(), tiers={Asset("BTC"): (tier,), Asset("ETH"): (tier,)})
    coins = account("USDT 90000, BTC 10 @ 60000")
    finding = found(ask(coins, "buy 0.001 BTC", rules=rules), "maintenance_agreement")
    assert (finding.verdict, finding.measured) == (Verdict.WARN, "declared")
    assert finding.reason == (
        "what contracts of BTC, ETH have to maintain is your word, not the venue's."
    )
    small = account("USDT 90000, BTC 10 @ 60000, perp BTC -0.001, wallet 90000")
    within = [f.reason for f in ask(small, rules=rules).findings if f.measured == "declared"]
    assert within == [finding.reason]
    big = account("USDT 90000, BTC 10 @ 60000, perp BTC -1, wallet 90000")
    reasons = [f.reason for f in ask(big, rules=rules).findings if f.measured == "declared"]
    beyond = "The position in BTC is beyond the last tier, so that all of its value counts"
    assert reasons == [f"{finding.reason} {beyond}: write the next tiers."]
    pool = dataclasses.replace(big.pools["USDT"], maintenance_margin=Decimal(237))
    unlike = dataclasses.replace(big, pools={"USDT": pool})
    report = ask(unlike, "sell 0.01 perp BTC", rules=rules)
    assert "maintenance_agreement" in refused(report)
