"""Margin rescues of random accounts: what a rescue may do, and that no fill leaves it worse off."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.builders import NOW, account, plan, policy
from tests.property.test_gate import MIDS, OPEN, STEP, accounts, figures, filled, shares
from tests.simulation.planting import bug, edit, planted
from tests.unit.risk.cases import KEY_IN_ORDER, ask, context, record, refused
from trimtab.domain.errors import PlanningError
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.firings import TriggerKind
from trimtab.domain.hedges import NO_HEDGES, RescueWish
from trimtab.domain.occasion import Occasion
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Policy
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.compose import make_plan, make_plan_moving
from trimtab.risk.case import Case
from trimtab.risk.gate import review
from trimtab.risk.rescue import rescued

MOVER = dataclasses.replace(KEY_IN_ORDER, transfers_within=True)
FACTS: Mapping[str, Mapping[str, Any]] = {
    "active": {},
    "halted": {"halt_reason": "by hand"},
    "reducing": {"record": record(reducing="a loss")},
}
MARGIN = ("min_margin_ratio", "shock none", "shock all", "shock BTC", "shock ETH")
WIDE = dataclasses.replace(OPEN, max_orders=1_000, max_turnover=Decimal(1_000))


def rules(topup: int) -> Policy:
    """Return a policy under which *topup* may be moved in."""
    made = policy(limits=WIDE)
    return dataclasses.replace(
        made, hedge=dataclasses.replace(made.hedge, max_topup=Decimal(topup))
    )


def rescue_of(snapshot: Snapshot, wanted: Policy) -> Plan | None:
    """Return the rescue of an account, None where nothing can be had."""
    occasion = Occasion(now=NOW, slot_due=False, hedges=NO_HEDGES, wish=RescueWish())
    case = Case(
        plan=make_plan(snapshot, wanted, occasion),
        snapshot=snapshot,
        policy=wanted,
        context=context(key=MOVER),
        now=NOW,
    )
    try:
        return rescued(case, lambda units: make_plan_moving(units, snapshot, wanted, occasion))
    except PlanningError:
        return None


def ratio_of(snapshot: Snapshot, legs: Any, fills: Mapping[int, Decimal]) -> Decimal | None:
    """Return balance over maintenance in the plain model, None when flat."""
    with exact_arithmetic():
        zero = dataclasses.replace(WIDE, min_margin_ratio=Decimal(0))
        one = dataclasses.replace(WIDE, min_margin_ratio=Decimal(1))
        balance = -figures(snapshot, legs, fills, zero)["min_margin_ratio"]
        needed = figures(snapshot, legs, fills, one)["min_margin_ratio"] + balance
    return balance / needed if needed else None


@given(accounts(), st.sampled_from(sorted(FACTS)), st.sampled_from([0, 300, 20_000]), st.data())
def test_no_fill_of_a_rescue_that_passed_leaves_margin_worse_or_opens_anything(
    snapshot: Snapshot, state: str, topup: int, data: st.DataObject
) -> None:
    wanted = rules(topup)
    found = rescue_of(snapshot, wanted)
    assume(found is not None and (found.legs or found.transfers))
    assert found is not None
    assert all(leg.reduce_only and leg.instrument.is_contract for leg in found.legs)
    assert all(0 < moved.units <= topup for moved in found.transfers)
    facts = context(key=MOVER, **FACTS[state])
    report = review(found, snapshot, policy=wanted, context=facts, now=NOW)
    if refused(report) or not found.legs:
        return
    fills = shares(data.draw, found, whole=data.draw(st.booleans()))
    none = dict.fromkeys(fills, Decimal(0))
    with exact_arithmetic():
        before, after = (figures(snapshot, found.legs, each, WIDE) for each in (none, fills))
        held = [filled(snapshot, found.legs, each)["units"] for each in (none, fills)]
    for name in MARGIN:
        assert after[name] <= before[name], name
    for symbol, units in held[0].items():
        assert abs(held[1][symbol]) <= abs(units)
        assert held[1][symbol] * units >= 0
    now, then = (ratio_of(snapshot, found.legs, each) for each in (none, fills))
    assert now is None or then is None or then >= now


@st.composite
def closings(draw: st.DrawFn, snapshot: Snapshot) -> list[str]:
    """Draw legs that a rescue might be forged of: closings, openings, coins."""
    texts: list[str] = []
    for asset in sorted(MIDS):
        position = snapshot.positions.get(f"{asset}/USDT:USDT")
        size = draw(st.integers(1, 8)) * STEP[asset]
        kind = draw(st.sampled_from(["close", "open", "coins", "none"]))
        if kind == "close" and position is not None:
            side = "sell" if position.lots > 0 else "buy"
            units = min(size, abs(position.lots) * Decimal("0.0001"))
            texts.append(f"{side} {units} perp {asset} reduce")
        elif kind == "open":
            texts.append(f"{draw(st.sampled_from(['buy', 'sell']))} {size} perp {asset}")
        elif kind == "coins":
            texts.append(f"{draw(st.sampled_from(['buy', 'sell']))} {size} {asset}")
    return texts


@given(accounts(), st.sampled_from(sorted(FACTS)), st.data())
def test_a_plan_that_only_calls_itself_a_rescue_passes_with_nothing_else(
    snapshot: Snapshot, state: str, data: st.DataObject
) -> None:
    texts = data.draw(closings(snapshot))
    assume(texts)
    forged = {"trigger": TriggerKind.MARGIN_RESCUE}
    report = ask(snapshot, *texts, rules=rules(0), facts=context(**FACTS[state]), **forged)
    if "margin_rescue" in refused(report):
        return
    legs = plan(snapshot, *texts).legs
    assert all(leg.reduce_only and leg.instrument.is_contract for leg in legs)
    fills = dict.fromkeys([leg.line for leg in legs], Decimal(1))
    none = dict.fromkeys(fills, Decimal(0))
    with exact_arithmetic():
        before, after = (figures(snapshot, legs, each, WIDE) for each in (none, fills))
    assert all(after[name] <= before[name] for name in MARGIN)


@given(accounts(), st.data())
def test_a_rescue_is_refused_for_all_that_any_plan_is_but_returning_exposure(
    snapshot: Snapshot, data: st.DataObject
) -> None:
    """The same legs under another name: what refuses them still does, one rule left out."""
    texts = data.draw(closings(snapshot))
    assume(texts)
    forged = {"trigger": TriggerKind.MARGIN_RESCUE}
    as_any = ask(snapshot, *texts, rules=rules(0))
    as_rescue = ask(snapshot, *texts, rules=rules(0), **forged)
    if "margin_rescue" in refused(as_rescue):
        return
    forgiven = refused(as_any) - refused(as_rescue)
    for finding in as_any.findings:
        if finding.verdict == "refuse" and finding.check in forgiven:
            assert "beyond its limit already" in (finding.reason or "")


def test_relief_for_more_than_cuts_would_let_coins_be_bought_while_halted() -> None:
    held = account("USDT 5000, BTC 1 @ 60000, perp BTC -0.5, ETH 0 @ 3000, wallet 2000")
    forged = {"trigger": TriggerKind.MARGIN_RESCUE}
    facts = context(halt_reason="by hand")
    buys = ["buy 0.01 BTC"]
    guards = {"margin_rescue", "kill_switch"}
    assert guards <= refused(ask(held, *buys, rules=rules(0), facts=facts, **forged))
    mistake = edit(
        "risk.relief:relieved",
        "m.is_leg and m.instrument.is_contract and m.reduce_only",
        "m.is_leg",
        " - raised.notional",
        "",
    )
    with planted(bug("relief for all", "rescue", 0, mistake)):
        assert not guards & refused(ask(held, *buys, rules=rules(0), facts=facts, **forged))
