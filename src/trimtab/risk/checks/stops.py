"""Checks of stops that a plan puts on the venue. Pure.

A stop is held against what its contract is short after the plan, not against the hedge book that
the planner made it from.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from trimtab.domain.exact import exact_arithmetic, plain, ratio
from trimtab.domain.findings import Verdict
from trimtab.domain.instruments import Symbol
from trimtab.domain.stops import StopLine
from trimtab.risk.case import Case
from trimtab.risk.checks.frame import holds
from trimtab.risk.judgement import Judgement
from trimtab.risk.pool_rules import distance_at, pools
from trimtab.risk.review import Standing
from trimtab.risk.state import AccountState


def resting_stop(case: Case, standing: Standing) -> tuple[Judgement, ...]:
    """Refuse a stop that could buy too much or fires at once; warn of one that comes too late."""
    put = tuple(line for line in case.plan.stops if line.lots)
    if not case.plan.stops:
        return (holds("plan", measured="none", ok=True, otherwise=""),)
    faults = tuple(_faults(case))
    if faults:
        told = f"{'; '.join(faults)}; plan again."
        return (holds("plan", measured=f"{len(put)} stops", ok=False, otherwise=told),)
    late = tuple(_late(put, standing.state))
    return late or (holds("plan", measured=f"{len(put)} stops", ok=True, otherwise=""),)


def _faults(case: Case) -> Iterator[str]:
    """Yield what is wrong with the plan's stops."""
    for line in case.plan.stops:
        name = f"the stop of {line.hedge.hedge_id}"
        if not line.lots:
            continue
        if not case.policy.hedge.rests_stop:
            yield f"{name} is wanted by no rule"
        mark = case.contract(line.hedge.symbol).mark
        if line.lots < 0 or line.trigger_price <= mark:
            yield f"{name} at {plain(line.trigger_price)} would fire at once, the mark is {mark}"
    for symbol in sorted({line.hedge.symbol for line in case.plan.stops}):
        short, wanted = _short_after(symbol, case), _stopped_after(symbol, case)
        if wanted > max(0, short):
            yield f"stops of {wanted} lots for {short} lots that {symbol} is short afterwards"


def _short_after(symbol: Symbol, case: Case) -> int:
    """Return the lots that a contract is short when every leg fills, signed."""
    position = case.snapshot.positions.get(symbol)
    held = 0 if position is None else position.lots
    return -(held + sum(leg.lots for leg in case.plan.legs if leg.symbol == symbol))


def _stopped_after(symbol: Symbol, case: Case) -> int:
    """Return the lots of all stops that rest on a contract after the plan."""
    gone = {line.withdraws for line in case.plan.stops}
    stays = (
        record.intent.lots
        for record in case.context.stops
        if record.intent.instrument.symbol == symbol and record.intent.stop_id not in gone
    )
    put = (line.lots for line in case.plan.stops if line.hedge.symbol == symbol)
    return sum(stays) + sum(put)


def _late(put: tuple[StopLine, ...], state: AccountState) -> Iterator[Judgement]:
    """Yield a warning for each stop that lies beyond the price at which it would be liquidated."""
    legs = frozenset(m.index for m in state.moves if m.is_leg)
    with exact_arithmetic():
        for line in put:
            symbol, mark = line.hedge.symbol, state.contracts[line.hedge.symbol].mark
            distance = ratio(line.trigger_price - mark, mark)
            limits = (distance_at(p, symbol, legs) for p in pools(state) if symbol in p.symbols)
            limit = min(limits, default=Decimal("Infinity"))
            if distance >= limit:
                yield Judgement(
                    subject=line.hedge.hedge_id,
                    verdict=Verdict.WARN,
                    measured=distance,
                    limit=limit,
                    reason="the position is liquidated before its stop is reached; bring margin,"
                    " or lower hedge.stop.",
                )
