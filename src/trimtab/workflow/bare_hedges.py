"""Which hedges a plan was to give a stop on the venue, and left without one. Reads the ledger."""

from __future__ import annotations

from collections import Counter
from typing import Final

from trimtab.domain.hedges import HedgeId
from trimtab.domain.plan import Plan
from trimtab.domain.stops import StopState
from trimtab.hedging.book import book_of
from trimtab.ports import Ledger

_NEVER_PUT: Final = frozenset({StopState.REFUSED, StopState.ABSENT})


async def left_bare(plan: Plan, ledger: Ledger) -> tuple[HedgeId, ...]:
    """Return the open hedges that *plan* left without the stop that they are to have, by line.

    One that it put and that is no more (it fired, or another plan withdrew it) was put, and one
    that it did not withdraw rests. A hedge that it was to close, and that stands because orders for
    it came short, is to have its stop back.

    Raises:
        LedgerError: the ledger cannot be read.

    """
    if not plan.stops:
        return ()
    filled = Counter[int]()
    for order in await ledger.orders(plan_digest=plan.digest):
        filled[order.intent.line] += order.filled_lots
    short = {leg.line for leg in plan.legs if filled[leg.line] != leg.lots}
    unclosed = {(line.hedge_id, line.symbol) for line in plan.hedging if line.line in short}
    wanted = (line for line in plan.stops if line.lots or line.place in unclosed)
    put = {
        record.intent.line
        for record in await ledger.stops()
        if record.intent.plan_digest == plan.digest and record.state not in _NEVER_PUT
    }
    stops = await ledger.open_stops()
    kept = {record.intent.place for record in stops if record.begun_at <= plan.made_at}
    book = book_of(await ledger.hedge_record(), plan.quote)
    bare = {(hedge.hedge_id, hedge.symbol) for hedge in book.open} - kept
    left = (line for line in wanted if line.place in bare and line.line not in put)
    return tuple(dict.fromkeys(line.hedge.hedge_id for line in left))
