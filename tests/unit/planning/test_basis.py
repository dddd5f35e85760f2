"""Hedges in contracts that trade far below their index: bought back, told, or left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.builders import URGENCY, account, contract, dec, occasion, paced, policy
from tests.hedge_cases import PERP, hedges
from trimtab.domain.firings import TriggerKind
from trimtab.domain.hedges import HedgeBook, HedgeCause
from trimtab.domain.plan import LegReason, Plan, Role
from trimtab.domain.policy import Route
from trimtab.domain.urgency import BasisAction, Tempo
from trimtab.planning.compose import make_plan

HELD = "BTC 0.8 @ 10000, wallet 4000, perp BTC -0.2"
"""8000 of 12000, 2000 hedged: at its target."""
OWN = hedges("open one 0.2 @ 10000 at band")


def planned(
    mark: str, action: BasisAction = BasisAction.CLOSE, book: HedgeBook = OWN, **more: Any
) -> Plan:
    """Return the plan where the perpetual's mark is *mark*, at an index of 10,000."""
    seen = account(HELD)
    seen = replace(seen, contracts={PERP: contract(mark, index=dec(10_000))})
    urgency = replace(more.pop("urgency", URGENCY), basis=action, basis_bps=dec(100))
    rules = policy("BTC 0.5, USDT 0.5", route=Route.FUTURES, urgency=urgency)
    return make_plan(seen, rules, occasion(hedges=book, **more))


def test_a_hedge_is_bought_back_far_below_the_index() -> None:
    plan = planned("9900")
    [leg] = plan.legs
    assert (leg.symbol, leg.role, leg.reason) == (PERP, Role.CLOSE, LegReason.CLOSE_HEDGE)
    assert plan.trigger == "basis"
    [firing] = plan.firings
    assert (firing.subject, firing.measured, firing.limit) == ("one", dec(100), dec(100))
    assert [line.cause for line in plan.hedging] == [HedgeCause.BASIS]
    [reading] = plan.readings
    assert (reading.rule, reading.subject, reading.holds) == ("triggers.on_basis", PERP, True)


@pytest.mark.parametrize("mark", ["9901", "10000", "10200"])
def test_a_nearer_or_a_higher_contract_closes_nothing(mark: str) -> None:
    plan = planned(mark)
    assert (plan.legs, plan.alerts) == ((), ())
    assert not plan.readings[0].holds


def test_it_may_only_be_told_or_not_looked_at() -> None:
    told = planned("9800", BasisAction.ALERT)
    assert told.legs == ()
    [alert] = told.alerts
    assert (alert.kind, alert.subject, alert.measured) == (TriggerKind.BASIS, PERP, dec(200))
    off = planned("9800", BasisAction.OFF)
    assert (off.legs, off.alerts, off.readings) == ((), (), ())


def test_it_is_only_told_while_it_cools_down() -> None:
    plan = planned("9800", cooling=frozenset({TriggerKind.BASIS}))
    assert (plan.legs, [a.kind for a in plan.alerts]) == ((), [TriggerKind.BASIS])
    rests = replace(URGENCY, tempos={TriggerKind.BASIS: Tempo(hysteresis=dec(0), cooldown_s=60)})
    assert rests.resting_s == {TriggerKind.BASIS: 60}
    assert paced(rest_s=5).resting_s[TriggerKind.EXPIRY] == 5


def test_what_it_gave_back_is_not_shorted_again_at_once() -> None:
    closed = hedges("open one 0.2 @ 10000 at band", "close one 0.2 @ 9900 for basis")
    seen = account("BTC 0.8 @ 10000, wallet 4000")
    rules = policy("BTC 0.5, USDT 0.5", route=Route.FUTURES)
    plan = make_plan(seen, rules, occasion(hedges=closed))
    assert plan.legs == ()
    assert [u.reason for u in plan.untraded] == ["cool_down"]


def test_a_slot_and_no_hedge_look_no_further() -> None:
    assert planned("9800", book=hedges()).readings == ()
    slot = planned("9800", slot_due=True)
    assert slot.trigger != "basis"
