"""Open hedges as ``status`` shows them: with the mark, the age, and what closes each. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.hedges import Hedge, HedgeBook, units_of
from trimtab.domain.policy import HedgePolicy
from trimtab.domain.snapshot import Snapshot
from trimtab.hedging.closing import ends


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenHedge:
    """One open hedge."""

    hedge: Hedge
    mark: Decimal | None
    """Quote per base unit, > 0; None when the venue did not tell."""
    age: timedelta
    ends: str
    """What closes it, one line."""
    is_covered: bool
    """Whether the position behind it is as large as the hedges on it; else somebody traded it."""

    @property
    def profit(self) -> Decimal | None:
        """Unrealised profit, quote units, signed; None without a mark."""
        return None if self.mark is None else self.hedge.profit_at(self.mark)


def seen_hedges(
    book: HedgeBook, snapshot: Snapshot, policy: HedgePolicy, *, now: datetime
) -> tuple[SeenHedge, ...]:
    """Return the open hedges, by first fill."""
    return tuple(_seen(h, book, snapshot, policy=policy, now=now) for h in book.open)


def _seen(
    hedge: Hedge, book: HedgeBook, snapshot: Snapshot, *, policy: HedgePolicy, now: datetime
) -> SeenHedge:
    """Return one open hedge."""
    contract = snapshot.contracts.get(hedge.symbol)
    position = snapshot.positions.get(hedge.symbol)
    with exact_arithmetic():
        held = snapshot.instruments[hedge.symbol].units(position.lots) if position else ZERO
        is_covered = -held >= units_of(book.open_on(hedge.symbol))
    return SeenHedge(
        hedge=hedge,
        mark=None if contract is None else contract.mark,
        age=max(timedelta(0), now - hedge.opened_at),
        ends=ends(hedge, policy),
        is_covered=is_covered,
    )
