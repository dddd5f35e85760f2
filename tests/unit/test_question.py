"""What is asked names what it is for, and a habit cannot answer it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import KEY, account, dec, plan, policy, report_on
from tests.unit.risk.test_stops import put
from trimtab.domain.findings import GateReport, Verdict
from trimtab.domain.instruments import Lots, Ticks
from trimtab.domain.plan import Plan
from trimtab.domain.question import (
    asked_words,
    is_asked_twice,
    question,
    second_question,
    second_words,
    stake_of,
    warnings,
)
from trimtab.domain.snapshot import Environment

SNAPSHOT = account("BTC 0.1 @ 60000, ETH 1 @ 3000, USDT 1000, wallet 100")
PLAN = plan(SNAPSHOT, "sell 0.01 BTC", "then buy 0.1 perp ETH", "then sell 0.02 BTC")
LIVE = replace(PLAN, key=replace(KEY, environment=Environment.LIVE))


def warned(proposal: Plan, *changes: dict[str, object]) -> GateReport:
    """Return a report whose findings are warnings, one for each set of changes."""
    report = report_on(proposal, Verdict.WARN)
    (finding,) = report.findings
    return replace(report, findings=tuple(replace(finding, **each) for each in changes))


def test_a_stake_adds_up_each_side_and_knows_the_largest_order() -> None:
    stake = stake_of(PLAN)
    assert (stake.orders, stake.sold, stake.bought) == (3, dec(1800), dec(300))
    assert (stake.gross, stake.largest) == (dec(2100), dec(1200))
    nothing = stake_of(replace(PLAN, legs=()))
    assert (nothing.orders, nothing.gross, nothing.largest) == (0, 0, 0)


def test_the_words_name_the_plan_and_in_live_the_account_and_the_notional_too() -> None:
    assert asked_words(PLAN) == f"approve {PLAN.digest[:8]}"
    assert asked_words(LIVE) == f"approve {LIVE.digest[:8]} main 2100"


def test_the_second_words_are_the_notional_of_each_side() -> None:
    assert second_words(PLAN) == "sell 1800 buy 300 USDT"
    assert second_words(plan(SNAPSHOT, "buy 0.0085 BTC")) == "sell 0 buy 510 USDT"


@pytest.mark.parametrize(("above", "twice"), [("2099.99", True), ("2100", False), ("0", True)])
def test_a_plan_is_asked_about_twice_strictly_above_the_threshold(above: str, twice: bool) -> None:
    rules = replace(policy().approval, two_step_above=dec(above))
    assert is_asked_twice(PLAN, rules) is twice


def test_the_question_tells_account_environment_orders_and_both_sides() -> None:
    assert question(PLAN, report_on(PLAN)) == (
        "This sends 3 orders worth 2,100.00 USDT to main on binance (local): "
        "sells 1,800.00, buys 300.00."
    )
    assert "(LIVE, real money)" in question(LIVE, report_on(LIVE))
    assert question(plan(SNAPSHOT, "sell 0.01 BTC"), report_on(PLAN)).startswith("This sends 1 ord")


def test_a_transfer_is_named_with_its_way_and_units() -> None:
    inward = plan(SNAPSHOT, "move 250 in", "then sell 0.01 BTC")
    assert "It moves 250 USDT from the spot to the futures wallet." in question(
        inward, report_on(inward)
    )
    outward = plan(SNAPSHOT, "move 250 out", "then sell 0.01 BTC")
    assert "from the futures to the spot wallet." in question(outward, report_on(outward))


def test_every_warning_stands_beside_the_question_and_nothing_else_does() -> None:
    one = {"check": "maintenance_agreement", "subject": "account", "reason": "look at it."}
    two = {"check": "data_age", "measured": None, "limit": None, "unit": ""}
    report = warned(PLAN, one, two)
    passed = replace(report.findings[0], verdict=Verdict.PASS)
    mixed = replace(report, findings=(passed, *report.findings))
    assert question(PLAN, mixed).splitlines()[1:] == [
        "The gate warns 2 times:",
        "  ! maintenance_agreement (account) 0.5 ratio, limit 2.5 ratio: look at it.",
        "  ! data_age (plan) unmeasured",
    ]
    assert warnings(mixed) == report.findings
    assert "The gate warns once:" in question(PLAN, warned(PLAN, one))


def test_the_second_question_says_what_is_at_stake_and_why_it_is_asked() -> None:
    told = second_question(PLAN, policy().approval)
    assert "above approval.two_step_above (5,000.00 USDT)" in told
    assert "21.0 % of the account's 10,000.00 USDT; the largest order 1,200.00" in told


def test_the_question_tells_what_becomes_of_stops_on_the_venue() -> None:
    held = account("BTC 0.1 @ 60000, perp BTC -0.05 from 60000, wallet 500")
    gone = replace(put(of="two"), lots=Lots(0), trigger=Ticks(0))
    proposal = plan(held, stops=(put(), gone))
    told = question(proposal, report_on(proposal))
    assert "A stop of btc rests on the venue afterwards: 0.05 BTC at 66000 as planned." in told
    assert "The stop of two on the venue is withdrawn." in told
