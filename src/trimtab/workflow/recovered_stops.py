"""Finds out about stops that the ledger has not closed, one after the other.

Nothing is sent but questions. One that rests is only looked at: what it became in the meantime,
nobody was there to hear. One that is neither found nor proved absent stays as it is, with the
reason. Running it twice, or killing it anywhere, changes nothing but the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trimtab.domain.errors import OutcomeUnknown
from trimtab.domain.hedge_policy import HedgePolicy
from trimtab.domain.hedges import HedgeId
from trimtab.domain.instruments import Asset
from trimtab.domain.stops import StopRecord, StopState
from trimtab.execution.tracking import Outlook
from trimtab.hedging.book import book_of
from trimtab.planning.stops import wanted
from trimtab.ports import Ledger
from trimtab.workflow.inquiry import Desk
from trimtab.workflow.stops import resolved_stop


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredStop:
    """What recovery found out about one stop."""

    record: StopRecord
    """As the ledger has it now."""
    before: StopState
    outlook: Outlook
    """``ASKING`` for one whose state is certain, else why it is not."""
    note: str
    """The last word on it; may be empty."""
    is_moved: bool
    """Whether the venue shows it resting, otherwise than it was put, and it has not fired."""

    @property
    def is_resolved(self) -> bool:
        """Whether it is certain where it stands."""
        return self.outlook is Outlook.ASKING

    @property
    def is_news(self) -> bool:
        """Whether it stands elsewhere than before."""
        return not self.is_resolved or self.record.state is not self.before


async def resolved_stops(
    records: Sequence[StopRecord], desk: Desk, receive_window_ms: int
) -> tuple[RecoveredStop, ...]:
    """Ask about each of *records* until it is certain or given up.

    Raises:
        LedgerError: a finding could not be recorded; run it again.

    """
    found = []
    for record in records:
        followed = await resolved_stop(record, desk, receive_window_ms=receive_window_ms)
        found.append(
            RecoveredStop(
                record=followed.record,
                before=record.state,
                outlook=followed.outlook,
                note=followed.note,
                is_moved=followed.is_moved,
            )
        )
    return tuple(found)


def require_known(stops: Iterable[RecoveredStop]) -> None:
    """Refuse to adopt an account while it is not known where one of *stops* stands.

    What one filled that fired would be booked as somebody else's.

    Raises:
        OutcomeUnknown: one could not be found out about.

    """
    unknown = [each for each in stops if not each.is_resolved]
    if unknown:
        told = "; ".join(f"{each.record.intent.stop_id}: {each.note}" for each in unknown)
        raise OutcomeUnknown(
            f"where stops of ours stand is not known, so that nothing was adopted ({told})"
        )


async def without_stop(ledger: Ledger, policy: HedgePolicy, quote: Asset) -> tuple[HedgeId, ...]:
    """Return the hedges that should have a stop and have none that may fill, by first fill.

    A run that was killed between withdrawing one and placing the next leaves such a hedge. None is
    placed for it here: who recovers asks nobody, and the plan that was approved is over.

    Raises:
        LedgerError: the ledger cannot be read.

    """
    if not policy.rests_stop:
        return ()
    book = book_of(await ledger.hedge_record(), quote)
    open_stops = await ledger.open_stops()
    stopped = {(r.intent.hedge_id, r.intent.instrument.symbol) for r in open_stops}
    records = await ledger.orders(plan_digest=None)
    traded = {r.intent.instrument.symbol: r.intent.instrument for r in records}
    return tuple(
        hedge.hedge_id
        for hedge in book.open
        if (hedge.hedge_id, hedge.symbol) not in stopped
        and (listed := traded.get(hedge.symbol)) is not None
        and wanted(hedge, listed, policy).lots
    )
