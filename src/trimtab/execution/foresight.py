"""What later stages can still come to, once a leg before them has come short. Pure and exact.

The gate looks at this round and at all that is to follow. What follows is sized only when its turn
comes, to what the stages before it really brought. Shown as approved beside less than was planned,
it would spend what is not there, or protect what was not bought, and a shortfall in one market
would end the run in every other. So it is shown as it will be sized if all that is still open
before it fills whole, at its approved limits: less than that makes it smaller, never larger.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from decimal import Decimal

from trimtab.domain.exact import ONE, ZERO, exact_arithmetic
from trimtab.domain.hedges import HedgeId
from trimtab.domain.instruments import Asset, Lots, Symbol
from trimtab.domain.plan import Leg, Plan
from trimtab.domain.stops import StopLine
from trimtab.execution.pairs import Progress, reach
from trimtab.execution.sizing import Means, Wanted, resize
from trimtab.execution.state import RunState


def legs_left(state: RunState, sized: Mapping[int, int], available: Means) -> tuple[Leg, ...]:
    """Return what is still to be done, by line: this round as *sized*, later stages as they can be.

    *sized* are the signed lots of this round by line, *available* is what there is before it.
    """
    later = {w.leg.line: w.rest for w in state.legs if _is_later(state, w.leg) and w.is_workable}
    lots = {**later, **sized} if _is_whole(state, sized) else _foreseen(state, sized, available)
    return tuple(
        dataclasses.replace(w.leg, lots=Lots(lots[w.leg.line]))
        for w in state.legs
        if lots.get(w.leg.line)
    )


def stops_left(plan: Plan, state: RunState, left: Iterable[Leg]) -> tuple[StopLine, ...]:
    """Return the stops of *plan* as they will be put once *left*, all that is still to come, fills.

    They are no larger than that: where a hedge that it opens comes short, so does its stop.
    """
    come = {work.leg.line: work.done for work in state.legs}
    for leg in left:
        come[leg.line] += leg.lots
    short: dict[tuple[HedgeId, Symbol], int] = {}
    for leg in (g for g in plan.legs if g.instrument.is_contract and come[g.line] > g.lots):
        for hedge in (h for h in plan.hedging if h.line == leg.line):
            place = hedge.hedge_id, hedge.symbol
            short[place] = short.get(place, 0) + come[leg.line] - leg.lots
    return tuple(
        dataclasses.replace(line, lots=Lots(max(0, line.lots - short.get(line.place, 0))))
        for line in plan.stops
    )


def _is_later(state: RunState, leg: Leg) -> bool:
    """Whether the turn of *leg* is still to come."""
    return leg.stage > state.stage


def _is_whole(state: RunState, sized: Mapping[int, int]) -> bool:
    """Whether everything up to this round has come, or is to come now, as far as approved."""
    return all(
        w.done + sized.get(w.leg.line, 0) == w.leg.lots
        for w in state.legs
        if not _is_later(state, w.leg)
    )


def _foreseen(state: RunState, sized: Mapping[int, int], available: Means) -> dict[int, int]:
    """Return the signed lots by line, stage after stage sized to what those before it bring."""
    lots, there = dict(sized), _after(available, state, sized, stage=state.stage)
    for stage in sorted(set(state.open_stages)):
        if stage <= state.stage:
            continue
        works = [w for w in state.legs if w.leg.stage == stage and w.is_workable]
        wanted = [Wanted(leg=w.leg, lots=w.rest, limit=w.leg.limit) for w in works]
        come = [Progress(leg=w.leg, done=w.done + lots.get(w.leg.line, 0)) for w in state.legs]
        next_ones = resize(wanted, there, reach(come, stage=stage))
        lots |= {each.wanted.leg.line: each.lots for each in next_ones}
        there = _after(there, state, lots, stage=stage)
    return lots


def _after(before: Means, state: RunState, lots: Mapping[int, int], *, stage: int) -> Means:
    """Return what there is once *lots* of a stage have filled, at the approved limits and fees."""
    free, positions = dict(before.free), dict(before.positions)
    with exact_arithmetic():
        for move in state.transfers:
            if move.is_workable and move.leg.stage == stage:
                _add(free, move.leg.asset, -move.leg.units)
        for leg in (w.leg for w in state.legs if w.leg.stage == stage and lots.get(w.leg.line)):
            count, instrument = lots[leg.line], leg.instrument
            if instrument.is_contract:
                positions[leg.symbol] = positions.get(leg.symbol, 0) + count
                continue
            units = instrument.units(count)
            fee = ONE + instrument.taker_fee if count > 0 else ONE - instrument.taker_fee
            _add(free, instrument.base, units)
            _add(free, instrument.quote, -units * leg.limit_price * fee)
    return dataclasses.replace(before, free=free, positions=positions)


def _add(free: dict[Asset, Decimal], asset: Asset, units: Decimal) -> None:
    """Add signed *units*."""
    free[asset] = free.get(asset, ZERO) + units
