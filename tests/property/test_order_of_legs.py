"""The search for an order of a plan's lines, against every order there is.

What is safe is asked of the gate's own checks of prefixes over whole plans; the search asks rules
step by step. Sizes never change, whatever is found.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from decimal import Decimal

from hypothesis import assume, event, example, given
from hypothesis import strategies as st

from tests.builders import NOW, account, plan, policy, swap
from tests.property.test_gate import MIDS, OPEN, STEP
from tests.unit.risk.cases import KEY_IN_ORDER, context
from trimtab.domain.exact import exact_arithmetic, ratio
from trimtab.domain.findings import GateReport, Verdict
from trimtab.domain.instruments import Lots
from trimtab.domain.plan import LineOrder, Plan
from trimtab.domain.snapshot import Snapshot
from trimtab.execution.pairs import Progress, reach
from trimtab.planning.order import safe_order
from trimtab.risk.case import Case
from trimtab.risk.gate import review
from trimtab.risk.ordering import judge_of, ordered, passes
from trimtab.risk.registry import CHECKS
from trimtab.risk.review import review_of

MOVES = context(key=dataclasses.replace(KEY_IN_ORDER, transfers_within=True))
SMALL = Decimal(1_500)
RULES = policy(
    limits=dataclasses.replace(OPEN, max_unhedged_notional=SMALL), hedge={"max_topup": 10**6}
)


def case_of(snapshot: Snapshot, proposal: Plan) -> Case:
    return Case(plan=proposal, snapshot=snapshot, policy=RULES, context=MOVES, now=NOW)


def in_order(case: Case) -> Plan:
    """Return the plan of *case*, in another order if only that passes."""
    return told_of(case)[0]


def told_of(case: Case) -> tuple[Plan, GateReport]:
    """Return a plan as the gate was asked about it, in another order if only that passes."""
    report = review(
        case.plan, case.snapshot, policy=case.policy, context=case.context, now=case.now
    )
    return ordered(case, report)


def is_safe(snapshot: Snapshot, proposal: Plan) -> bool:
    """Say whether no prefix of a plan as it stands is refused by the gate's own checks."""
    measured = review_of(case_of(snapshot, proposal))
    found = (f for check in CHECKS if check.rules is not None for f in check.findings(measured))
    return all(f.verdict is not Verdict.REFUSE for f in found)


def in_sequence(proposal: Plan, lines: tuple[int, ...]) -> Plan:
    """Return a plan with one line a stage, in another sequence."""
    places = {line: n for n, line in enumerate(lines, start=1)}
    legs = (
        dataclasses.replace(g, line=places[g.line], stage=places[g.line]) for g in proposal.legs
    )
    moved = (
        dataclasses.replace(t, line=places[t.line], stage=places[t.line])
        for t in proposal.transfers
    )
    return dataclasses.replace(
        proposal, legs=tuple(sorted(legs, key=lambda g: g.line)), transfers=tuple(moved)
    )


def amounts(proposal: Plan) -> Counter[tuple[str, str]]:
    """Return what a plan orders and moves, by market and side."""
    sums = Counter[tuple[str, str]]()
    for leg in proposal.legs:
        sums[leg.symbol, leg.side] += abs(leg.lots)
    for transfer in proposal.transfers:
        sums[transfer.asset, str(transfer.units)] += 1
    return sums


@st.composite
def mixed(draw: st.DrawFn) -> tuple[Snapshot, Plan]:
    """Draw an account that is short of money, and up to five lines one after the other."""
    parts = [f"USDT {draw(st.integers(0, 16)) * 100}, wallet {draw(st.integers(0, 16)) * 100}"]
    for asset, mid in MIDS.items():
        parts.append(f"{asset} {draw(st.integers(0, 2)) * STEP[asset]} @ {mid}")
        if size := draw(st.integers(-2, 2)):
            parts.append(f"perp {asset} {size * STEP[asset]}")
    snapshot = account(", ".join(parts))
    sides = ("buy", "sell")
    menu = [f"{side} {STEP[a]} {kind}{a}" for side in sides for a in STEP for kind in ("", "perp ")]
    menu += [f"move {units} {way}" for units in (300, 800) for way in ("in", "out")]
    lines = draw(st.lists(st.sampled_from(menu), min_size=1, max_size=5))
    moves = [line for line in lines if line.startswith("move")]
    assume(len(moves) <= 1)
    assume(len(moves) < len(lines))
    return snapshot, plan(snapshot, lines[0], *(f"then {line}" for line in lines[1:]))


@st.composite
def tight(draw: st.DrawFn) -> tuple[Snapshot, Plan]:
    """Draw lines that pay for each other, in any sequence, for an account with little to spend."""
    snapshot = account(
        f"USDT {draw(st.integers(0, 12)) * 50}, wallet {draw(st.integers(0, 12)) * 100}, "
        "BTC 0.04 @ 60000, ETH 0.4 @ 3000, perp ETH 0.2"
    )
    menu = ["sell 0.02 BTC", "buy 0.2 ETH", "sell 0.01 perp BTC", "sell 0.2 perp ETH reduce"]
    menu += ["sell 0.1 ETH"]
    menu += [f"move {draw(st.integers(1, 8)) * 100} {draw(st.sampled_from(['in', 'out']))}"]
    some = draw(st.lists(st.sampled_from(menu), min_size=2, max_size=6, unique=True))
    lines = draw(st.permutations(some))
    assume(any(not line.startswith("move") for line in lines))
    return snapshot, plan(snapshot, lines[0], *(f"then {line}" for line in lines[1:]))


@given(mixed() | tight())
@example(
    # Every sale and every purchase is there before its money is.
    (
        account("USDT 100, BTC 0.1 @ 60000, ETH 0 @ 3000, wallet 100"),
        plan(
            account("USDT 100, BTC 0.1 @ 60000, ETH 0 @ 3000, wallet 100"),
            "buy 1 ETH",
            "then sell 0.06 BTC",
        ),
    )
)
def test_where_any_order_of_the_lines_is_safe_the_search_finds_one(
    drawn: tuple[Snapshot, Plan],
) -> None:
    snapshot, proposal = drawn
    lines = [g.line for g in proposal.legs] + [t.line for t in proposal.transfers]
    ways = (in_sequence(proposal, way) for way in itertools.permutations(lines))
    exists = any(is_safe(snapshot, way) for way in ways)
    found = safe_order(proposal, judge_of(case_of(snapshot, proposal)), slice_max=SMALL)
    event(f"exists: {exists}, usual: {is_safe(snapshot, proposal)}")
    if exists:
        assert found is not None
        assert found.plan is not None
        assert found.slices == 1
    if found is not None and found.plan is not None:
        assert is_safe(snapshot, found.plan)


@st.composite
def unwinds(draw: st.DrawFn) -> tuple[Snapshot, Plan]:
    """Draw a plan that sells hedged coins and buys the hedge back, and something beside it."""
    units = draw(st.integers(1, 6))
    size = units * STEP["BTC"]
    held = draw(st.integers(units, 15)) * STEP["BTC"]
    snapshot = account(
        f"USDT {draw(st.integers(0, 3_000))}, BTC {held} @ 60000, ETH 1 @ 3000, "
        f"perp BTC -{size}, wallet {draw(st.integers(500, 9_000))}"
    )
    texts = [f"sell {size} BTC", f"buy {size} perp BTC reduce"]
    texts = texts if draw(st.booleans()) else texts[::-1]
    beside = ["buy 0.2 ETH"] if draw(st.booleans()) else []
    return snapshot, plan(snapshot, *texts, *(f"then {each}" for each in beside))


@given(unwinds())
def test_slices_of_a_pair_are_small_add_up_and_are_safe_at_every_prefix(
    drawn: tuple[Snapshot, Plan],
) -> None:
    snapshot, proposal = drawn
    found = safe_order(proposal, judge_of(case_of(snapshot, proposal)), slice_max=SMALL)
    event("none" if found is None or found.plan is None else f"{found.slices} slices")
    if found is None or found.plan is None:
        return
    assert is_safe(snapshot, found.plan)
    assert amounts(found.plan) == amounts(proposal)
    costs = [sum(g.expected_cost for g in each.legs) for each in (found.plan, proposal)]
    assert costs[0] == costs[1]
    lines = [g.line for g in found.plan.legs]
    assert lines == list(range(1, 1 + len(lines)))
    assert sorted({g.stage for g in found.plan.legs}) == list(
        range(1, 1 + found.plan.legs[-1].stage)
    )
    if found.slices > 1:
        pair = [g for g in found.plan.legs if g.instrument.base == "BTC"]
        assert all(g.notional <= SMALL for g in pair)


@given(mixed() | tight())
def test_a_plan_that_the_gate_passes_keeps_its_order_and_none_is_made_worse(
    drawn: tuple[Snapshot, Plan],
) -> None:
    snapshot, proposal = drawn
    case = case_of(snapshot, proposal)
    after = in_order(case)
    assert amounts(after) == amounts(proposal)
    if is_safe(snapshot, proposal):
        assert after == proposal
        assert after.order is LineOrder.USUAL
    elif after != proposal:
        assert is_safe(snapshot, after)
        assert in_order(dataclasses.replace(case, plan=after)) == after


CODES = sorted(check.code for check in CHECKS)


@given(mixed() | tight() | unwinds(), st.frozensets(st.sampled_from(CODES), max_size=4))
def test_whether_a_plan_passes_is_what_the_whole_report_says_whatever_is_asked_first(
    drawn: tuple[Snapshot, Plan], first: frozenset[str]
) -> None:
    case = case_of(*drawn)
    _, report = told_of(case)
    event(f"{report.verdict}")
    assert passes(case, first=first) is (report.verdict is not Verdict.REFUSE)


@given(unwinds(), st.data())
def test_a_pair_that_stops_short_anywhere_is_never_worse_than_on_its_way(
    drawn: tuple[Snapshot, Plan], data: st.DataObject
) -> None:
    snapshot, proposal = drawn
    bitcoin, contract = proposal.legs[0].instrument.base, swap("BTC").symbol
    held = snapshot.balances[bitcoin].free
    short = -snapshot.instruments[contract].units(snapshot.positions[contract].lots)
    rules = dataclasses.replace(
        RULES, hedge=dataclasses.replace(RULES.hedge, max_ratio=ratio(short, held))
    )
    case = dataclasses.replace(case_of(snapshot, proposal), policy=rules)
    found = safe_order(proposal, judge_of(case), slice_max=SMALL)
    assume(found is not None and found.plan is not None)
    assert found is not None
    assert found.plan is not None
    lot, done = Decimal("0.0001"), dict.fromkeys((g.line for g in found.plan.legs), 0)
    for stage in range(1, 1 + found.plan.legs[-1].stage):
        works = [Progress(leg=g, done=done[g.line]) for g in found.plan.legs]
        room = reach(works, stage=stage)
        for leg in (g for g in found.plan.legs if g.stage == stage):
            most = min(abs(leg.lots), room.get(leg.line, abs(leg.lots)))
            sign = 1 if leg.lots > 0 else -1
            done[leg.line] = sign * data.draw(st.sampled_from([most, most, most // 3, 0]))
        with exact_arithmetic():
            units = {g.line: g.instrument.units(Lots(done[g.line])) for g in found.plan.legs}
            pair = [g for g in found.plan.legs if g.instrument.base == bitcoin]
            coins = held + sum(units[g.line] for g in pair if not g.instrument.is_contract)
            back = short - sum(units[g.line] for g in pair if g.instrument.is_contract)
            net = coins - back
            assert net >= -lot
            assert back * held <= (coins + lot) * short
            assert net * MIDS["BTC"] <= (held - short + 2 * lot) * MIDS["BTC"] + SMALL
