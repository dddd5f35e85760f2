"""Open hedges as ``status`` shows them: with the mark, the age, and what closes each. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.hedge_policy import HedgePolicy
from trimtab.domain.hedges import Hedge, HedgeBook, HedgeId, units_of
from trimtab.domain.snapshot import Snapshot
from trimtab.hedging.closing import ends


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenHedge:
    """One open hedge."""

    hedge: Hedge
    """What it realised, paid and received counts the contracts that it was rolled out of."""
    mark: Decimal | None
    """Quote per base unit, > 0; None when the venue did not tell."""
    age: timedelta
    ends: str
    """What closes it, one line."""
    is_covered: bool
    """Whether the position behind it is as large as the hedges on it; else somebody traded it."""
    expires_at: datetime | None
    """Delivery of a dated contract; None for what never expires, or is not listed."""

    @property
    def profit(self) -> Decimal | None:
        """Unrealised profit, quote units, signed; None without a mark."""
        return None if self.mark is None else self.hedge.profit_at(self.mark)


def seen_hedges(
    book: HedgeBook, snapshot: Snapshot, policy: HedgePolicy, *, now: datetime
) -> tuple[SeenHedge, ...]:
    """Return the open hedges, by first fill."""
    whole = _with_their_past(book)
    return tuple(_seen(h, book, snapshot, policy=policy, now=now) for h in whole)


def _with_their_past(book: HedgeBook) -> Iterator[Hedge]:
    """Yield open hedges with what they brought in contracts that they have left.

    One that is half way stands in two contracts; its past is told with the first.
    """
    told = set[HedgeId]()
    for hedge in book.open:
        gone = [h for h in book.hedges if h.hedge_id == hedge.hedge_id and not h.is_open]
        if hedge.hedge_id in told:
            gone = []
        told.add(hedge.hedge_id)
        with exact_arithmetic():
            fees = dict(hedge.fees)
            for asset, fee in ((a, f) for h in gone for a, f in h.fees.items()):
                fees[asset] = fees.get(asset, ZERO) + fee
            yield replace(
                hedge,
                realised=sum((h.realised for h in gone), hedge.realised),
                funding=sum((h.funding for h in gone), hedge.funding),
                fees=fees,
            )


def _seen(
    hedge: Hedge, book: HedgeBook, snapshot: Snapshot, *, policy: HedgePolicy, now: datetime
) -> SeenHedge:
    """Return one open hedge."""
    contract = snapshot.contracts.get(hedge.symbol)
    position = snapshot.positions.get(hedge.symbol)
    with exact_arithmetic():
        held = snapshot.instruments[hedge.symbol].units(position.lots) if position else ZERO
        is_covered = -held >= units_of(book.open_on(hedge.symbol))
    listed = snapshot.instruments.get(hedge.symbol)
    expires_at = None if listed is None else listed.expires_at
    delivered = "" if expires_at is None else f", delivered {expires_at:%Y-%m-%d}"
    return SeenHedge(
        hedge=hedge,
        mark=None if contract is None else contract.mark,
        age=max(timedelta(0), now - hedge.opened_at),
        ends=ends(hedge, policy) + delivered,
        is_covered=is_covered,
        expires_at=expires_at,
    )
