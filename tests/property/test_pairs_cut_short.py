"""Opposing legs of one asset, cut short anywhere: execution against the rules that trust it.

What is owned and owed is counted here from the fills, and from nothing that the gate computes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from decimal import Decimal

from hypothesis import assume, event, given
from hypothesis import strategies as st

from tests.builders import NOW, account, plan, policy
from tests.property.test_gate import OPEN
from tests.unit.risk.cases import context
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.findings import Verdict
from trimtab.domain.plan import Leg, Plan
from trimtab.domain.snapshot import Snapshot
from trimtab.execution.pairs import Progress, reach
from trimtab.risk.case import Case
from trimtab.risk.registry import CHECKS
from trimtab.risk.review import review_of

LOT = Decimal("0.0001")
ASKED = {"naked_short", "max_ratio", "max_unhedged_notional"}
CONTRACTS = ("perp ", "dated ")


def held_in(perp: int, dated: int) -> Snapshot:
    """Return an account with two coins and some tenths of one in each contract."""
    return account(
        "USDT 900000, BTC 2 @ 60000, wallet 900000, "
        f"perp BTC {Decimal(perp) / 10}, dated BTC {Decimal(dated) / 10} at 60000"
    )


@st.composite
def ways(draw: st.DrawFn) -> tuple[Snapshot, Plan, Decimal]:
    """Draw an account, legs of one asset in some stages, and the hedge ratio allowed."""
    snapshot = held_in(draw(st.integers(-10, -1)), draw(st.integers(-5, -1)))
    kinds = [f"{side} {{}} {kind}BTC" for side in ("buy", "sell") for kind in ("", *CONTRACTS)]
    lines = draw(st.lists(st.sampled_from(kinds), min_size=2, max_size=6))
    texts = [line.format(Decimal(draw(st.integers(1, 5))) / 10) for line in lines]
    opened = [draw(st.sampled_from(["", "then "])) for _ in texts[1:]]
    later = [then + text for then, text in zip(opened, texts[1:], strict=True)]
    return snapshot, plan(snapshot, texts[0], *later), Decimal(draw(st.integers(3, 10))) / 10


def excesses(
    done: Mapping[int, int], legs: tuple[Leg, ...], *, short: Decimal, ratio: Decimal
) -> tuple[Decimal, Decimal]:
    """Return by how many coins the account is net short, and hedged beyond *ratio*."""
    coins, owed = Decimal(2), short
    for leg in legs:
        units = done[leg.line] * LOT
        if leg.instrument.is_contract:
            owed -= units
        else:
            coins += units if units < 0 else units * (1 - leg.instrument.taker_fee)
    return owed - coins - LOT, max(owed, Decimal(0)) - ratio * coins


def passes(snapshot: Snapshot, proposal: Plan, ratio: Decimal) -> bool:
    """Say whether the gate's rules of one asset pass a plan."""
    limits = dataclasses.replace(OPEN, max_unhedged_notional=Decimal(10**6))
    rules = policy(limits=limits, hedge={"max_ratio": ratio})
    case = Case(plan=proposal, snapshot=snapshot, policy=rules, context=context(), now=NOW)
    measured = review_of(case)
    found = (f for check in CHECKS if check.code in ASKED for f in check.findings(measured))
    return all(f.verdict is not Verdict.REFUSE for f in found)


def test_coins_and_contracts_that_are_bought_together_may_come_one_without_the_other() -> None:
    snapshot = held_in(-10, 0)
    bought = ("buy 0.5 BTC", "buy 0.5 perp BTC", "then sell {} dated BTC")
    half = Decimal("0.5")
    assert not passes(snapshot, plan(snapshot, *(each.format("0.7") for each in bought)), half)
    assert passes(snapshot, plan(snapshot, *(each.format("0.5") for each in bought[1:])), half)


@given(ways(), st.data())
def test_no_fill_that_execution_allows_breaks_a_rule_that_the_plan_kept(
    drawn: tuple[Snapshot, Plan, Decimal], data: st.DataObject
) -> None:
    snapshot, proposal, ratio = drawn
    assume(passes(snapshot, proposal, ratio))
    short = -sum((p.lots * LOT for p in snapshot.positions.values()), Decimal(0))
    legs, done = proposal.legs, {g.line: 0 for g in proposal.legs}
    event(f"{len({g.stage for g in legs})} stages")
    with exact_arithmetic():
        before = excesses(done, legs, short=short, ratio=ratio)
    for stage in sorted({g.stage for g in legs}):
        for _ in range(2):
            room = reach([Progress(leg=g, done=done[g.line]) for g in legs], stage=stage)
            for leg in (g for g in legs if g.stage == stage):
                rest = abs(leg.lots - done[leg.line])
                most = min(rest, room.get(leg.line, rest))
                sign = 1 if leg.lots > 0 else -1
                done[leg.line] += sign * data.draw(st.sampled_from([most, 0, most // 2]))
                with exact_arithmetic():
                    here = excesses(done, legs, short=short, ratio=ratio)
                assert all(h <= max(Decimal(0), b) for h, b in zip(here, before, strict=True))
