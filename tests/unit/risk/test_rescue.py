"""The gate's check of a margin rescue, on both sides of each thing that it asks."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import LIMITS, account, policy
from tests.unit.risk.cases import KEY_IN_ORDER, ask, context, found, mark, record, refused, verdict
from trimtab.domain.findings import GateReport
from trimtab.domain.firings import TriggerKind
from trimtab.domain.plan import Leg
from trimtab.domain.policy import Policy

THIN = account("USDT 5000, BTC 1 @ 60000, perp BTC -0.5, ETH 0 @ 3000, wallet 2000")
CALM = account("USDT 5000, BTC 1 @ 60000, perp BTC -0.5, ETH 0 @ 3000, wallet 30000")
CUT = "buy 0.05 perp BTC reduce"
WIDE = dataclasses.replace(LIMITS, max_order_notional=Decimal(100_000))
RULES = policy(limits=WIDE, hedge={"max_topup": Decimal(5_000)})
MOVER = dataclasses.replace(KEY_IN_ORDER, transfers_within=True)


def rescue(snapshot: Any, *legs: str | Leg, rules: Policy = RULES, **facts: Any) -> GateReport:
    """Ask for a plan of *legs* that is a margin rescue."""
    return ask(
        snapshot,
        *legs,
        rules=rules,
        facts=context(key=MOVER, **facts),
        trigger=TriggerKind.MARGIN_RESCUE,
    )


def test_a_cut_of_a_hedge_passes_as_a_rescue_and_not_as_anything_else() -> None:
    assert "shock" in refused(ask(THIN, CUT, rules=RULES))
    report = rescue(THIN, CUT)
    assert refused(report) == set()
    told = found(report, "margin_rescue")
    assert (told.verdict, told.limit) == ("warn", "16.666667")
    assert "16.6667 now, 16.6667 at the worst stop, 18." in (told.reason or "")
    assert "exposure to BTC goes from 30000 to 33000 USDT" in (told.reason or "")


def test_any_other_plan_passes_the_check_unasked() -> None:
    assert found(ask(THIN, CUT, rules=RULES), "margin_rescue").measured == "none"
    assert found(rescue(THIN), "margin_rescue").verdict == "pass"


def test_a_wallet_in_no_danger_is_not_rescued() -> None:
    told = found(rescue(CALM, CUT), "margin_rescue")
    assert (told.verdict, told.measured) == ("refuse", "no danger")


def test_what_is_left_of_a_rescue_goes_on_when_its_beginning_has_ended_the_danger() -> None:
    report = rescue(CALM, CUT, net_bounds={"BTC": Decimal("0.6")})
    assert verdict(report, "margin_rescue") == "warn"


@pytest.mark.parametrize(
    "leg",
    [
        "sell 0.05 perp BTC",
        "buy 0.05 perp BTC",
        "buy 0.6 perp BTC reduce",
        "sell 0.05 perp ETH",
        "sell 0.1 BTC",
        "buy 0.1 ETH",
    ],
)
def test_what_opens_turns_or_trades_coins_is_no_rescue(leg: str) -> None:
    report = rescue(THIN, leg)
    told = found(report, "margin_rescue")
    assert (told.verdict, told.subject) == ("refuse", "leg 1")
    assert told.reason == (
        "it does more than take a futures position off; drop it: trimtab rescue-margin."
    )


def test_money_comes_in_alone_or_before_cuts_and_never_goes_out() -> None:
    assert refused(rescue(THIN, "move 3000 in")) == set()
    assert refused(rescue(THIN, "move 3000 in", f"then {CUT}")) == set()
    out = found(rescue(THIN, "move 100 out", f"then {CUT}"), "margin_rescue")
    assert (out.verdict, out.subject) == ("refuse", "leg 1")
    assert "transfer" in refused(ask(THIN, "move 3000 in", rules=RULES))


def test_a_cut_that_costs_more_at_its_limit_than_it_frees_is_refused() -> None:
    # A unit frees 240; at 60,180 it costs 210, at 60,300 it costs 330.
    assert verdict(rescue(THIN, "buy 0.05 perp BTC @ 60180 reduce"), "margin_rescue") == "warn"
    report = rescue(THIN, "buy 0.05 perp BTC @ 60300 reduce")
    told = found(report, "margin_rescue")
    assert (told.verdict, "leaves its futures wallet less" in (told.reason or "")) == (
        "refuse",
        True,
    )


def test_a_cut_that_frees_more_at_the_limits_rate_and_lowers_the_ratio_is_refused() -> None:
    # A ratio of 2 below a limit of 3: a unit frees 3 x 240 by the limit, 2 x 240 by the ratio.
    sunk = account("USDT 5000, BTC 1 @ 60000, perp BTC -0.5, ETH 0 @ 3000, wallet 240")
    rules = policy(
        limits=dataclasses.replace(
            WIDE,
            shock=Decimal("0.01"),
            shock_kappa=Decimal(3),
            min_liquidation_distance=Decimal("0.01"),
        )
    )
    dear = "buy 0.05 perp BTC @ 60500 reduce"
    assert verdict(rescue(sunk, dear, rules=rules), "margin_rescue") == "refuse"
    cheap = "buy 0.05 perp BTC @ 60400 reduce"
    assert verdict(rescue(sunk, cheap, rules=rules), "margin_rescue") == "warn"


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        ("kill_switch", {"halt_reason": "by hand"}),
        ("reducing", {"record": record(reducing="a loss")}),
        ("max_daily_loss", {"record": record(marks=(mark(hours=2),), mark=mark("0.5"))}),
        ("max_drawdown", {"record": record(marks=(mark(hours=48),), mark=mark("0.5", high="1"))}),
    ],
)
def test_a_latch_lets_a_rescue_through_and_the_same_legs_otherwise_not(
    code: str, facts: Any
) -> None:
    assert code in refused(ask(THIN, CUT, rules=RULES, facts=context(**facts)))
    assert verdict(rescue(THIN, CUT, **facts), code) == "warn"
    assert verdict(rescue(THIN, "move 3000 in", f"then {CUT}", **facts), code) == "warn"
    assert code in refused(rescue(THIN, "move 100 out", f"then {CUT}", **facts))


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("max_run_notional", 100),
        ("max_day_notional", 100),
        ("max_asset_notional", 100),
        ("max_order_notional", 100),
        ("max_net", Decimal("0.46")),
        ("max_turnover", Decimal("0.001")),
    ],
)
def test_no_cap_is_wider_for_a_rescue(limit: str, value: Decimal | int) -> None:
    changed: dict[str, Any] = {limit: Decimal(value)}
    tight = dataclasses.replace(RULES, limits=dataclasses.replace(WIDE, **changed))
    assert limit in refused(rescue(THIN, CUT, rules=tight))


def test_what_somebody_else_did_still_stops_it() -> None:
    assert "external_fills" in refused(rescue(THIN, CUT, outside={"BTC/USDT:USDT": "liquidated"}))
