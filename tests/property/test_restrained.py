"""What passes while an account is reducing or halted, against the plain model of what fills do.

No |net exposure|, no |position| and no margin excess is worse at any fill and shock.
"""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import plan, policy
from tests.property.test_gate import MIDS, OPEN, STEP, accounts, figures, filled, shares
from tests.unit.risk.cases import ask, context, found, record
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.plan import Leg
from trimtab.domain.policy import RiskLimits
from trimtab.domain.snapshot import Snapshot

LATCHED = {
    "kill_switch": context(halt_reason="by hand"),
    "reducing": context(record=record(reducing="a loss")),
}
MARGIN = ("min_margin_ratio", "shock none", "shock all", "shock BTC", "shock ETH")


@st.composite
def closings(draw: st.DrawFn, snapshot: Snapshot) -> list[str]:
    """Draw legs that take something off, some of them too much, in one to three stages."""
    found_legs: list[str] = []
    for asset in draw(st.permutations(sorted(MIDS))):
        position = snapshot.positions.get(f"{asset}/USDT:USDT")
        size = draw(st.integers(1, 8)) * STEP[asset]
        then = "then " if found_legs and draw(st.booleans()) else ""
        if position is not None and draw(st.booleans()):
            side = "sell" if position.lots > 0 else "buy"
            units = min(size, abs(position.lots) * Decimal("0.0001"))
            found_legs.append(f"{then}{side} {units} perp {asset} reduce")
        if draw(st.booleans()):
            found_legs.append(f"{then}sell {size} {asset}")
    return found_legs


def unwinds(legs: tuple[Leg, ...]) -> bool:
    """Say whether a hedge is bought back beside coins that are sold."""
    bought = {leg.instrument.base for leg in legs if leg.instrument.is_contract and leg.lots > 0}
    return any(not leg.instrument.is_contract and leg.instrument.base in bought for leg in legs)


@given(st.data(), st.sampled_from(sorted(LATCHED)))
def test_what_passes_makes_nothing_worse_at_any_fill_and_shock(
    data: st.DataObject, code: str
) -> None:
    snapshot = data.draw(accounts())
    texts = data.draw(closings(snapshot))
    proposal = plan(snapshot, *texts)
    report = ask(snapshot, *texts, rules=policy(limits=OPEN), facts=LATCHED[code])
    if not texts or found(report, code).verdict == "refuse":
        return
    if code == "reducing" and unwinds(proposal.legs):
        return
    fills = shares(data.draw, proposal, whole=data.draw(st.booleans()))
    none = dict.fromkeys(fills, Decimal(0))
    with exact_arithmetic():
        before, after = (filled(snapshot, proposal.legs, each) for each in (none, fills))
        for asset in MIDS:
            perp = f"{asset}/USDT:USDT"
            nets = [abs(each["coins"][asset] + each["units"][perp]) for each in (after, before)]
            assert abs(after["units"][perp]) <= abs(before["units"][perp])
            assert nets[0] <= nets[1]
        excess = [figures(snapshot, proposal.legs, each, OPEN) for each in (fills, none)]
    for name in MARGIN:
        assert excess[0][name] <= excess[1][name], name


@given(st.data())
def test_what_a_halt_lets_through_is_let_through_while_reducing(data: st.DataObject) -> None:
    snapshot = data.draw(accounts())
    texts = data.draw(closings(snapshot))
    reports = {
        code: ask(snapshot, *texts, rules=policy(limits=OPEN), facts=facts)
        for code, facts in LATCHED.items()
    }
    if found(reports["kill_switch"], "kill_switch").verdict != "refuse":
        assert found(reports["reducing"], "reducing").verdict != "refuse"


@given(accounts(shorts=False), st.sampled_from(sorted(LATCHED)))
def test_selling_coins_and_closing_longs_alone_passes_in_either_state(
    snapshot: Snapshot, code: str
) -> None:
    texts = [
        f"sell {position.lots * Decimal('0.0001')} perp {symbol.partition('/')[0]} reduce"
        for symbol, position in snapshot.positions.items()
    ]
    limits: RiskLimits = dataclasses.replace(OPEN, max_orders=10)
    report = ask(snapshot, *texts, rules=policy(limits=limits), facts=LATCHED[code])
    assert found(report, code).verdict == "warn"
