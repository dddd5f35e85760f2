"""Open hedges as ``status`` shows them: with the mark, the age, and what closes each. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic, ratio
from trimtab.domain.hedge_policy import HedgePolicy
from trimtab.domain.hedges import Hedge, HedgeBook, HedgeId, units_of
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.stops import StopRecord, moved, unseen
from trimtab.hedging.closing import ends
from trimtab.planning.stops import NOTHING_WANTED, wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenStopOf:
    """A stop that rests for a hedge."""

    record: StopRecord
    is_right: bool
    """Whether it has the size and the price that it should have."""
    distance: Decimal | None
    """How far the mark may rise until it fires, fraction of the mark, signed; None without one."""
    is_gone: bool
    """Whether it rests by the ledger and the venue does not show it."""
    is_moved: bool
    """Whether it rests elsewhere than it was put."""


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

    stop: SeenStopOf | None
    """Its stop on the venue by the ledger; None where none rests."""
    wants_stop: bool
    """Whether one should rest."""

    @property
    def profit(self) -> Decimal | None:
        """Unrealised profit, quote units, signed; None without a mark."""
        return None if self.mark is None else self.hedge.profit_at(self.mark)


def seen_hedges(
    book: HedgeBook,
    snapshot: Snapshot,
    policy: HedgePolicy,
    *,
    stops: Sequence[StopRecord],
    now: datetime,
) -> tuple[SeenHedge, ...]:
    """Return the open hedges, by first fill; *stops* are those that may still fill."""
    whole = _with_their_past(book)
    seen = (_seen(h, book, snapshot, policy=policy, now=now) for h in whole)
    return tuple(_with_stop(each, stops, snapshot, policy) for each in seen)


def _with_stop(
    seen: SeenHedge, stops: Sequence[StopRecord], snapshot: Snapshot, policy: HedgePolicy
) -> SeenHedge:
    """Return a hedge with the stop that rests for it."""
    hedge, listed = seen.hedge, snapshot.instruments.get(seen.hedge.symbol)
    should = NOTHING_WANTED if listed is None else wanted(hedge, listed, policy)
    seen = replace(seen, wants_stop=bool(should.lots))
    for record in stops:
        intent = record.intent
        if (intent.hedge_id, intent.instrument.symbol) != (hedge.hedge_id, hedge.symbol):
            continue
        with exact_arithmetic():
            gap = None if seen.mark is None else ratio(intent.trigger_price - seen.mark, seen.mark)
        is_right = (intent.lots, intent.trigger) == (should.lots, should.trigger)
        stop = SeenStopOf(
            record=record,
            is_right=is_right,
            distance=gap,
            is_gone=bool(unseen((record,), snapshot.open_orders)),
            is_moved=bool(moved((record,), snapshot.open_orders)),
        )
        return replace(seen, stop=stop)
    return seen


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
        stop=None,
        wants_stop=False,
    )
