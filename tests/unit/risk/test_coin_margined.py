"""Coin-margined contracts in the gate: counted like all others, traded by nobody."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import LIMITS, NOW, dec, plan, policy
from tests.coin_margined import holding, inverse, position, wallet
from tests.unit.risk.cases import ask, context, found, refused, verdict, warned
from trimtab.domain.findings import Verdict
from trimtab.domain.instruments import Asset
from trimtab.risk.case import Case
from trimtab.risk.record import mark_of
from trimtab.risk.survival import survival

CASH = "USDT 5000, BTC 0.1 @ 60000, wallet 5000"
SHORT = wallet(dec("0.1"), position(-30))
"""0.1 BTC that margin a short of 3,000 dollars, which are 0.05 BTC."""


def limit(**changed: str) -> Any:
    """Rules with some limits changed."""
    return policy(limits=dataclasses.replace(LIMITS, **{k: Decimal(v) for k, v in changed.items()}))


def test_leverage_counts_the_dollars_of_the_contracts_in_quote() -> None:
    # 3,000 over 5,000 + 6,000.
    assert verdict(ask(holding(CASH, SHORT), rules=limit(max_leverage="0.28")), "max_leverage") is (
        Verdict.PASS
    )
    report = ask(holding(CASH, SHORT), rules=limit(max_leverage="0.27"))
    assert found(report, "max_leverage").measured == "0.272727"
    assert warned(report) >= {"max_leverage"}


def test_a_dollar_is_worth_what_the_coins_two_prices_say() -> None:
    dear = wallet(dec("0.1"), position(-30, of=inverse(index=dec(59_000), mark=dec(59_000))))
    report = ask(holding(CASH, dear), rules=limit(max_leverage="0.27"))
    assert found(report, "max_leverage").measured == "0.27735"


def test_gross_counts_the_coins_of_the_wallet_and_the_contracts() -> None:
    # 12,000 of coins and 3,000 over a NAV of 22,000.
    report = ask(holding(CASH, SHORT), rules=limit(max_gross="0.6"))
    assert found(report, "max_gross").measured == "0.681818"


def test_net_exposure_is_coins_less_the_contracts() -> None:
    # 0.1 + 0.1 - 0.05 BTC over 22,000.
    report = ask(holding(CASH, SHORT), rules=limit(max_net="0.4"))
    assert found(report, "max_net").measured == "0.409091"


def test_a_coin_margined_long_is_a_synthetic_one() -> None:
    long = wallet(dec("0.1"), position(30))
    report = ask(holding(CASH, long), rules=limit(max_synthetic_long="0.1"))
    assert found(report, "max_synthetic_long").measured == "0.136364"


def test_a_coin_margined_short_is_held_against_the_coins_of_every_wallet() -> None:
    # 0.15 and 0.05 over 0.2 BTC.
    rules = policy(hedge={"max_ratio": Decimal("0.5")})
    many = ask(holding(CASH, wallet(dec("0.1"), position(-90))), rules=rules)
    assert (verdict(many, "max_ratio"), found(many, "max_ratio").measured) == (Verdict.WARN, "0.75")
    few = found(ask(holding(CASH, SHORT), rules=rules), "max_ratio")
    assert (few.verdict, few.measured) == (Verdict.PASS, "0.25")


def test_no_plan_may_make_an_asset_net_short_beside_coin_margined_contracts() -> None:
    # 0.1 + 0.1 - 0.15 BTC are left.
    many = wallet(dec("0.1"), position(-90))
    assert "naked_short" not in refused(ask(holding(CASH, many), "sell 0.04 BTC"))
    assert "naked_short" in refused(ask(holding(CASH, many), "sell 0.06 BTC"))


def test_a_thin_wallet_is_told_of_with_its_ratio_and_holds_no_plan_up() -> None:
    # 0.0002 BTC maintain 0.05; twice as many are there.
    thin = wallet(dec("0.0004"), position(-30))
    report = ask(holding(CASH, thin), "buy 0.01 BTC", rules=limit(min_margin_ratio="3"))
    said = found(report, "min_margin_ratio")
    assert (said.verdict, said.measured) == (Verdict.WARN, "2")
    assert "BTC coin-margined wallet" in (said.reason or "")
    assert found(report, "min_liquidation_distance").measured == "0.004032"
    assert found(report, "shock").verdict is Verdict.WARN


def test_figures_unlike_the_venues_are_told_of() -> None:
    pool = dataclasses.replace(SHORT.pool, maintenance_margin=dec("0.001"))
    odd = dataclasses.replace(SHORT, pool=pool)
    said = found(ask(holding(CASH, odd), "buy 0.01 perp BTC"), "maintenance_agreement")
    assert (said.verdict, said.subject) == (Verdict.WARN, "BTC coin-margined wallet")
    assert "maintenance_agreement" not in warned(ask(holding(CASH, SHORT)))


def test_an_order_that_rests_there_is_refused_by_name() -> None:
    resting = wallet(dec("0.1"), position(-30), orders=("BTC/USD:BTC",))
    report = ask(holding(CASH, resting), "buy 0.01 BTC")
    assert "BTC/USD:BTC" in (found(report, "max_leverage").reason or "")
    assert "max_leverage" in refused(report)


def test_old_marks_are_refused() -> None:
    old = wallet(dec("0.1"), position(-30, of=inverse(read_at=NOW - timedelta(seconds=3_600))))
    assert "data_age" in refused(ask(holding(CASH, old)))


@pytest.mark.parametrize("name", ["mark", "index", "face"])
def test_a_price_that_is_none_refuses(name: str) -> None:
    odd = dataclasses.replace(
        SHORT, positions=(position(-30, of=inverse(**{name: Decimal("NaN")})),)
    )
    report = ask(holding(CASH, odd))
    assert "BTC/USD:BTC position" in (found(report, "finite").reason or "")


def test_a_table_without_steps_and_a_balance_that_is_none_refuse() -> None:
    bare = dataclasses.replace(SHORT, positions=(position(-30, of=inverse(brackets=())),))
    assert "finite" in refused(ask(holding(CASH, bare)))
    pool = dataclasses.replace(SHORT.pool, wallet_balance=Decimal("NaN"))
    assert "finite" in refused(ask(holding(CASH, dataclasses.replace(SHORT, pool=pool))))


def test_a_wallet_without_positions_is_a_holding_and_nothing_else() -> None:
    report = ask(holding(CASH, wallet(dec("0.1"))), rules=limit(max_gross="0.1"))
    assert found(report, "max_gross").measured == "0.545455"
    assert found(report, "min_margin_ratio").measured == "none"


def test_losses_are_measured_without_what_is_coin_margined() -> None:
    seen = holding(CASH, SHORT)
    assert mark_of(seen, None, fills=(), payments=()).nav == 16_000


def test_the_survival_line_of_another_coin_leaves_the_wallet_where_it_is() -> None:
    seen = holding("USDT 5000, BTC 0.1 @ 60000, ETH 1 @ 3000, wallet 1", SHORT)
    line = survival(
        Case(plan=plan(seen), snapshot=seen, policy=policy(), context=context(), now=NOW)
    )
    spans = {span.asset: span for span in line.spans}
    assert spans[Asset("ETH")].limit_low is None
    assert spans[Asset("BTC")].limit_low is not None


def test_one_wallet_counts_them_too() -> None:
    seen = holding("one wallet, USDT 5000, BTC 0.1 @ 60000", SHORT)
    report = ask(seen, rules=limit(max_leverage="0.2"))
    assert found(report, "max_leverage").measured == "0.272727"
