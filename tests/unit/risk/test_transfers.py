"""Transfers before the gate: in neither wallet while under way, whole or not at all."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from tests.builders import NOW, USDT, account, legs_of, limits, plan, policy
from tests.unit.risk.cases import (
    KEY_IN_ORDER,
    ask,
    context,
    found,
    record,
    refused,
    verdict,
)
from trimtab.domain.findings import Verdict
from trimtab.domain.instruments import Asset
from trimtab.domain.transfers import (
    TransferIntent,
    TransferRecord,
    TransferState,
    transfer_id,
)
from trimtab.risk.case import Case
from trimtab.risk.survival import Place, survival

CALM = account("USDT 5000, BTC 0.1 @ 60000, wallet 5000")
POOR = account("USDT 5000, BTC 0.1 @ 60000, wallet 10")
TOPPED = policy(hedge={"max_topup": Decimal(3000)})
MOVES = context(key=dataclasses.replace(KEY_IN_ORDER, transfers_within=True))
HEDGE = "then sell 0.02 perp BTC"


def moving(units: str = "100") -> TransferRecord:
    """Return a transfer of ours whose outcome is not known."""
    name = transfer_id(plan_digest="0" * 64, line=1)
    return TransferRecord(
        intent=TransferIntent(
            transfer_id=name, plan_digest="0" * 64, line=1, asset=USDT, units=Decimal(units)
        ),
        state=TransferState.UNKNOWN,
        venue_transfer_id=None,
        begun_at=NOW,
        simulated=False,
    )


def test_margin_that_a_transfer_brings_first_lets_the_hedge_pass() -> None:
    without = ask(POOR, "sell 0.02 perp BTC", rules=TOPPED, facts=MOVES)
    assert {"free_margin", "shock"} <= refused(without)
    assert refused(ask(POOR, "move 1500 in", HEDGE, rules=TOPPED, facts=MOVES)) == set()


def test_a_transfer_that_brings_too_little_does_not() -> None:
    report = ask(POOR, "move 1100 in", HEDGE, rules=TOPPED, facts=MOVES)
    assert refused(report) == {"free_margin"}


def test_one_that_comes_after_the_hedge_does_not_count_for_it() -> None:
    late = ask(POOR, "sell 0.02 perp BTC", "then move 1500 in", rules=TOPPED, facts=MOVES)
    assert "free_margin" in refused(late)


def test_a_transfer_takes_from_the_spot_wallet_what_buys_then_lack() -> None:
    texts = ("move 2000 in", "then buy 0.06 BTC")
    assert "free_quote" in refused(ask(CALM, *texts, rules=TOPPED, facts=MOVES))
    assert (
        refused(ask(CALM, "move 1000 in", "then buy 0.06 BTC", rules=TOPPED, facts=MOVES)) == set()
    )


def test_a_transfer_beyond_the_spot_wallet_is_refused_unless_sales_come_first() -> None:
    low = account("USDT 100, BTC 0.1 @ 60000, wallet 10")
    assert "free_quote" in refused(ask(low, "move 1500 in", HEDGE, rules=TOPPED, facts=MOVES))
    funded = ("sell 0.03 BTC", "then move 1500 in", HEDGE)
    assert refused(ask(low, *funded, rules=TOPPED, facts=MOVES)) == set()


def test_money_that_leaves_margin_is_missing_at_once_and_comes_later() -> None:
    low = account("USDT 10, BTC 0.1 @ 60000, wallet 3000")
    texts = ("move 2000 out", "then buy 0.03 BTC")
    assert refused(ask(low, *texts, rules=TOPPED, facts=MOVES)) == set()
    same_stage = ask(low, "move 2000 out", "buy 0.03 BTC", rules=TOPPED, facts=MOVES)
    assert {"free_quote", "transfer"} <= refused(same_stage)


def test_margin_that_positions_need_does_not_leave() -> None:
    held = account("USDT 10, BTC 0.1 @ 60000, perp BTC -0.03, wallet 2300")
    for units, failed in (("400", set()), ("600", {"free_margin"}), ("2200", {"shock"})):
        report = ask(held, f"move {units} out", "then buy 0.0002 BTC", rules=TOPPED, facts=MOVES)
        assert failed <= refused(report)
        assert bool(failed) is bool(refused(report))


def test_a_transfer_never_fails_the_leverage_and_what_follows_meets_the_rest() -> None:
    held = account("USDT 8500, BTC @ 60000, perp BTC 0.1, wallet 7000")
    tight = policy(hedge={"max_topup": Decimal(3000)}, limits=limits(max_leverage="0.8"))
    alone = ask(held, "move 2000 in", "then sell 0.01 perp BTC reduce", rules=tight, facts=MOVES)
    least = found(alone, "max_leverage")
    assert (least.verdict, least.subject) == (Verdict.WARN, "account")
    wide = policy(hedge={"max_topup": Decimal(3000)}, limits=limits(max_leverage="1"))
    calm = account("USDT 6000, BTC 0.1 @ 60000, wallet 7000")
    before = ask(calm, "sell 0.1 perp BTC", rules=wide, facts=MOVES)
    after = ask(calm, "move 2400 in", "then sell 0.1 perp BTC", rules=wide, facts=MOVES)
    shares = [Decimal(found(report, "max_leverage").measured or "0") for report in (before, after)]
    assert shares == [Decimal("0.5"), Decimal("0.625")]


def test_what_a_transfer_brings_can_buy_too_much() -> None:
    held = account("USDT 10, BTC 0.05 @ 60000, wallet 5000")
    tight = policy(hedge={"max_topup": Decimal(3000)}, limits=limits(max_net="0.5"))
    report = ask(held, "move 3000 out", "then buy 0.04 BTC", rules=tight, facts=MOVES)
    assert refused(report) == {"max_net"}


def test_a_transfer_out_does_not_stand_for_value_outside_before_it_is_there() -> None:
    held = account("USDT 100, BTC 0.01 @ 60000, wallet 7000")
    tight = policy(hedge={"max_topup": Decimal(3000)}, limits=limits(max_leverage="1", max_net="9"))
    report = ask(held, "buy 0.02 perp BTC", "then move 2000 out", rules=tight, facts=MOVES)
    assert "max_leverage" in refused(report)


@pytest.mark.parametrize(
    "texts",
    [
        ("move 100 in", "then move 100 in", HEDGE),
        ("move 100 in", "sell 0.02 perp BTC"),
        ("move 0.000000001 in", HEDGE),
        ("move 100 in",),
    ],
    ids=["two", "beside_an_order", "off_the_grid", "for_nothing"],
)
def test_a_transfer_of_the_wrong_shape_is_refused(texts: tuple[str, ...]) -> None:
    assert "transfer" in refused(ask(CALM, *texts, rules=TOPPED, facts=MOVES))


def test_a_transfer_of_another_asset_is_refused_and_measured_by_nobody() -> None:
    proposal = plan(CALM, "move 100 in", HEDGE)
    (move,) = proposal.transfers
    other = (dataclasses.replace(move, asset=Asset("USDC")),)
    legs = legs_of(CALM, "move 100 in", HEDGE)
    report = ask(CALM, *legs, rules=TOPPED, facts=MOVES, transfers=other)
    assert {"transfer", "free_margin"} <= refused(report)
    assert "drop leg 1" in (found(report, "free_margin").reason or "")


@pytest.mark.parametrize(
    ("units", "verdict_of"), [("3000", Verdict.PASS), ("3000.00000001", Verdict.REFUSE)]
)
@pytest.mark.parametrize("way", ["in", "out"])
def test_the_cap_holds_either_way(units: str, verdict_of: Verdict, way: str) -> None:
    report = ask(CALM, f"move {units} {way}", "then buy 0.0002 BTC", rules=TOPPED, facts=MOVES)
    assert verdict(report, "max_topup") is verdict_of


def test_without_a_transfer_both_checks_pass() -> None:
    report = ask(CALM, "sell 0.01 BTC")
    assert verdict(report, "transfer") is Verdict.PASS
    assert (verdict(report, "max_topup"), found(report, "max_topup").measured) == (
        Verdict.PASS,
        "none",
    )


def test_the_key_must_be_allowed_to_move_money_when_the_plan_does() -> None:
    report = ask(CALM, "move 100 in", HEDGE, rules=TOPPED, facts=context())
    assert "may not move funds between wallets" in (found(report, "key_rights").reason or "")


@pytest.mark.parametrize("way", ["in", "out"])
@pytest.mark.parametrize(
    ("facts", "check"),
    [
        ({"halt_reason": "by hand"}, "kill_switch"),
        ({"record": record(reducing="lost too much")}, "reducing"),
        ({"unresolved_transfers": (moving(),)}, "unresolved_orders"),
        ({"outside": {"BTC/USDT:USDT": "a trade by hand"}}, "external_fills"),
    ],
    ids=["halted", "reducing", "unresolved", "outside"],
)
def test_where_only_reductions_pass_no_transfer_does(
    facts: dict[str, object], check: str, way: str
) -> None:
    held = account("USDT 5000, BTC 0.1 @ 60000, perp BTC 0.02, wallet 5000")
    reduction = "sell 0.01 perp BTC reduce"
    given = dataclasses.replace(MOVES, **facts)
    assert verdict(ask(held, reduction, facts=given), check) is Verdict.WARN
    report = ask(held, f"move 100 {way}", f"then {reduction}", rules=TOPPED, facts=given)
    assert (verdict(report, check), found(report, check).subject) == (Verdict.REFUSE, "leg 1")


def test_one_whose_outcome_is_not_known_counts_at_full_size_in_both_wallets() -> None:
    held = account("USDT 1000, BTC 0.1 @ 60000, perp BTC -0.03, wallet 1900")
    inward = ask(held, "buy 0.01 BTC", facts=context(unresolved_transfers=(moving("600"),)))
    assert {"free_quote", "unresolved_orders"} <= refused(inward)
    outward = ask(held, "buy 0.01 BTC", facts=context(unresolved_transfers=(moving("-600"),)))
    assert "free_quote" not in refused(outward)
    assert verdict(outward, "free_margin") is Verdict.WARN


def test_a_number_that_is_none_refuses_everything() -> None:
    proposal = plan(CALM, "move 100 in", HEDGE)
    (move,) = proposal.transfers
    bad = (dataclasses.replace(move, units=Decimal("NaN")),)
    report = ask(CALM, *legs_of(CALM, "move 100 in", HEDGE), transfers=bad, facts=MOVES)
    assert verdict(report, "finite") is Verdict.REFUSE


def test_the_survival_line_counts_a_transfer_in_from_the_worst_prefix_on() -> None:
    proposal = plan(POOR, "move 2000 in", HEDGE)
    case = Case(plan=proposal, snapshot=POOR, policy=TOPPED, context=MOVES, now=NOW)
    spans = {s.place: s for s in survival(case).spans if s.asset is None}
    assert spans[Place.NOW].liquidation_high is None
    for place in (Place.WORST_PREFIX, Place.END):
        edge = spans[place].liquidation_high
        assert edge is not None
        assert not edge.is_past
