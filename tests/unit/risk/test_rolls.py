"""A hedge on its way to another contract: what of it may stand open, and in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import EXPIRY, LIMITS, NOW, account, dated, dec, legs_of, plan, policy
from tests.unit.risk.cases import ask, context, found, refused
from trimtab.domain.findings import Verdict
from trimtab.domain.instruments import Asset
from trimtab.risk.case import Case
from trimtab.risk.survival import Place, survival

HEDGED = account("BTC 0.05 @ 60000, USDT 500, perp BTC -0.05, dated BTC at 60100, wallet 3000")
"""All of it is hedged: whatever is opened before something is bought back is too much."""
ROLL = ("buy 0.05 perp BTC roll", "then sell 0.05 dated BTC roll")
SLICED = (
    "buy 0.03 perp BTC roll",
    "then sell 0.03 dated BTC roll",
    "then buy 0.02 perp BTC roll",
    "then sell 0.02 dated BTC roll",
)
RULES = policy("BTC 0.5, USDT 0.5", hedge={"leverage": 2})
NARROW = policy(
    "BTC 0.5, USDT 0.5",
    hedge={"leverage": 2},
    limits=replace(LIMITS, max_unhedged_notional=dec(1_900)),
)


def test_a_whole_hedge_is_rolled_with_every_prefix_within_the_limits() -> None:
    assert refused(ask(HEDGED, *ROLL, rules=RULES)) == set()


def test_both_sides_at_once_or_the_other_way_round_are_refused() -> None:
    at_once = ("buy 0.05 perp BTC roll", "sell 0.05 dated BTC roll")
    turned = ("sell 0.05 dated BTC roll", "then buy 0.05 perp BTC roll")
    for legs in (at_once, turned):
        asked = refused(ask(HEDGED, *legs, rules=RULES))
        assert {"reduce_only", "naked_short", "max_ratio"} <= asked


def test_what_stands_open_between_the_sides_is_at_most_its_limit() -> None:
    report = ask(HEDGED, *ROLL, rules=NARROW)
    assert refused(report) == {"max_unhedged_notional"}
    assert found(report, "max_unhedged_notional").subject == "prefix 1"
    assert refused(ask(HEDGED, *SLICED, rules=NARROW)) == set()


def test_a_roll_that_opens_more_than_it_buys_back_is_refused() -> None:
    more = ("buy 0.03 perp BTC roll", "then sell 0.04 dated BTC roll")
    assert "reduce_only" in refused(ask(HEDGED, *more, rules=RULES))
    back, bought = legs_of(HEDGED, "buy 0.03 perp BTC roll", "then buy 0.03 dated BTC roll")
    opens = replace(bought, reduce_only=False)
    assert "reduce_only" in refused(ask(HEDGED, back, opens, rules=RULES))


HALF_WAY = account("BTC 0.05 @ 60000, USDT 500, dated BTC -0.03 at 60100, perp BTC, wallet 3000")
BOUND = {Asset("BTC"): dec(0)}


def test_the_last_side_of_a_roll_is_let_through_while_the_rest_of_it_stands_open() -> None:
    rest = "sell 0.02 dated BTC roll"
    report = ask(HALF_WAY, rest, rules=RULES, facts=context(net_bounds=BOUND))
    assert refused(report) == set()


def test_no_further_slice_is_bought_back_while_the_one_before_is_not_opened() -> None:
    rest = "buy 0.03 dated BTC roll"
    report = ask(HALF_WAY, rest, rules=NARROW, facts=context(net_bounds=BOUND))
    assert "max_unhedged_notional" in refused(report)


@pytest.mark.parametrize(("days", "refuses"), [(7, False), (6, True), (0, True)])
def test_a_contract_that_is_delivered_too_soon_is_not_opened(days: int, *, refuses: bool) -> None:
    soon = dated("BTC", expires_at=NOW + timedelta(days=days))
    snapshot = replace(HEDGED, instruments={**HEDGED.instruments, soon.symbol: soon})
    report = ask(snapshot, *ROLL, rules=RULES)
    assert ("min_expiry_days" in refused(report)) is refuses
    if refuses:
        told = [f for f in report.findings if f.check == "min_expiry_days" and f.reason]
        assert "BTC/USDT:USDT-261225: it is delivered" in (told[0].reason or "")


@pytest.mark.parametrize(("mark", "refuses"), [("60690", False), ("60710", True)])
def test_the_basis_of_a_dated_contract_is_held_against_its_limit_for_thirty_days(
    mark: str, *, refuses: bool
) -> None:
    # 34.83 days are left: 100 bps for 30 days are 116.1 bps, 60696.7.
    assert (EXPIRY - NOW).days == 34
    text = f"BTC 0.05 @ 60000, USDT 500, perp BTC -0.05, dated BTC at {mark}, wallet 3000"
    snapshot = account(text)
    report = ask(snapshot, *ROLL, rules=RULES)
    assert ("max_basis_bps" in refused(report)) is refuses


def test_a_contract_that_expires_today_is_measured_over_a_whole_day() -> None:
    today = dated("BTC", expires_at=NOW + timedelta(hours=1))
    snapshot = replace(HEDGED, instruments={**HEDGED.instruments, today.symbol: today})
    report = ask(snapshot, *ROLL, rules=RULES)
    worst = [
        f for f in report.findings if f.check == "max_basis_bps" and f.verdict is Verdict.REFUSE
    ]
    assert [f.measured for f in worst] == ["500"]


def test_on_the_way_of_a_roll_an_account_survives_what_it_survives_before() -> None:
    snapshot = account(
        "BTC 0.05 @ 60000, USDT 500, perp BTC -0.05, dated BTC at 60000, wallet 3000"
    )
    roll = plan(snapshot, *ROLL)
    case = Case(plan=roll, snapshot=snapshot, policy=RULES, context=context(), now=NOW)
    highs = {s.place: s.liquidation_high for s in survival(case).spans if s.asset is None}
    now, way = highs[Place.NOW], highs[Place.WORST_PREFIX]
    assert now is not None
    assert way is not None
    # Fees and slippage alone make the difference: the hedge is never there twice.
    assert now.move - dec("0.01") < way.move < now.move
