"""Scores of closed hedges, from what the ledger has alone. Sends nothing, reads no venue."""

from __future__ import annotations

from trimtab.domain.errors import LedgerError
from trimtab.domain.hedges import Hedge
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import Plan
from trimtab.hedging.book import book_of
from trimtab.hedging.score import HedgeScore, score_of, traded_by
from trimtab.ports import Ledger


async def scored_hedges(
    ledger: Ledger, quote: Asset
) -> tuple[tuple[Hedge, HedgeScore | None], ...]:
    """Return every hedge by its first fill, with its score where there is one.

    A plan of an earlier version that can no longer be read leaves its hedges without a score.

    Raises:
        LedgerError: the ledger could not be read.

    """
    record = await ledger.hedge_record()
    book = book_of(record, quote)
    wanted = dict.fromkeys(
        d for h in book.hedges if not h.is_open for d in traded_by(h, book, record.fills)
    )
    plans: dict[str, Plan] = {}
    for digest in wanted:
        try:
            plans[digest] = (await ledger.plan(digest)).plan
        except LedgerError:
            continue
    return tuple(
        (hedge, score_of(hedge, book, record.fills, plans=plans, quote=quote))
        for hedge in book.hedges
    )
