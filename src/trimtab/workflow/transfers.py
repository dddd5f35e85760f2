"""Sends one transfer between the account's own wallets, once, and finds out what became of it.

Shared by execution and recovery. It waits, sends, asks and returns news; what follows is the
core's matter. A lost answer is looked for in two lists of the venue: its transfers, and the
payments of the futures wallet. Durations are seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from trimtab.domain.errors import Halted, NotDone, Refused, VenueError
from trimtab.domain.orders import Evidence
from trimtab.domain.payments import PaymentKind
from trimtab.domain.transfers import TransferId, TransferIntent, TransferRecord
from trimtab.execution.rests import RestReason
from trimtab.execution.retry import LISTS_WITHIN_S, SUBMIT_WITHIN_S
from trimtab.execution.transfer_events import (
    SeekTransfer,
    TransferEvent,
    TransferLost,
    TransferMade,
    TransferNotSent,
    TransferRefused,
    TransferSought,
    TransferUnread,
)
from trimtab.execution.transfers import LISTED_BEFORE, TrackedTransfer
from trimtab.ports import AbsenceEvidence, PlanStatus, TransferStep
from trimtab.workflow.inquiry import Desk, pause


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferNews:
    """What became known of one transfer, and what it was concluded from."""

    event: TransferEvent
    evidence: Evidence | AbsenceEvidence | None
    """None when nothing was kept of the answer."""


async def twin_of(intent: TransferIntent, desk: Desk) -> str:
    """Say which transfer of exactly these units the venue lists already; empty for none.

    Were there one, a lost answer to ours could not be told from it.

    Raises:
        VenueError: the list could not be read.
        TimeoutError: not in time.

    """
    since = desk.clock.now() - 2 * LISTED_BEFORE
    async with asyncio.timeout(LISTS_WITHIN_S):
        found = await desk.wallets.transfers(intent, since=since)
    same = [row.venue_transfer_id for row in found.listed if row.units == intent.units]
    return f"the venue lists transfer {same[0]} of the same units" if same else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotStarted:
    """Why a transfer was not even begun. Nothing was sent, and the ledger has none of it."""

    reason: RestReason
    note: str
    """One sentence; may be empty."""


async def begun(
    intent: TransferIntent, desk: Desk, *, halt_seen: str | None, is_first: bool
) -> datetime | NotStarted:
    """Commit a transfer before a byte is sent, and return when; not under a new halt.

    *is_first* is whether nothing of the plan was begun before it.

    Raises:
        LedgerError: it could not be recorded.

    """
    try:
        twin = await twin_of(intent, desk)
    except (VenueError, TimeoutError) as error:
        why = str(error) or "the list of transfers was not read in time"
        return NotStarted(reason=RestReason.MARKET_UNREAD, note=why)
    if twin:
        return NotStarted(reason=RestReason.TRANSFER_AMBIGUOUS, note=twin)
    if desk.stop.is_set():
        return NotStarted(reason=RestReason.INTERRUPTED, note="")
    if is_first:
        await desk.ledger.set_plan_status(intent.plan_digest, PlanStatus.EXECUTING)
    at = desk.clock.now()
    try:
        await desk.ledger.begin_transfer(intent, at=at, halt_seen=halt_seen)
    except Halted as latched:
        return NotStarted(reason=RestReason.HALTED, note=str(latched))
    desk.progress.transfer_sent(intent)
    return at


async def recorded(
    changed: Sequence[TrackedTransfer],
    news: TransferNews,
    desk: Desk,
    *,
    begun: Mapping[TransferId, datetime],
) -> None:
    """Record what *news* made of transfers, and tell whoever watches."""
    for transfer in changed:
        await desk.ledger.advance_transfer(step_of(transfer, news, desk.clock.now()))
        at = begun[transfer.intent.transfer_id]
        desk.progress.transfer_moved(record_of(transfer, begun_at=at))


async def sent(intent: TransferIntent, desk: Desk) -> TransferNews:
    """Send one transfer once, and return the verdict by the class of what was raised."""
    name, now = intent.transfer_id, desk.clock.now
    try:
        async with asyncio.timeout(SUBMIT_WITHIN_S):
            number = await desk.wallets.transfer(intent)
    except NotDone as error:
        unsent = TransferNotSent(transfer_id=name, reason=str(error), at=now())
        return TransferNews(event=unsent, evidence=error.evidence)
    except Refused as error:
        refused = TransferRefused(transfer_id=name, reason=str(error), at=now())
        return TransferNews(event=refused, evidence=error.evidence)
    except VenueError as error:
        lost = TransferLost(transfer_id=name, reason=str(error), at=now())
        return TransferNews(event=lost, evidence=error.evidence)
    except TimeoutError:
        lost = TransferLost(transfer_id=name, reason="no answer in time", at=now())
        return TransferNews(event=lost, evidence=None)
    made = TransferMade(transfer_id=name, venue_transfer_id=number, at=now())
    return TransferNews(event=made, evidence=None)


async def sought(question: SeekTransfer, desk: Desk) -> TransferNews:
    """Wait as asked, read both lists, and return what they show of the transfer."""
    intent = question.intent
    name = intent.transfer_id
    await pause(desk, question.after_s, f"before looking for transfer {name}")
    try:
        async with asyncio.timeout(LISTS_WITHIN_S):
            found = await desk.wallets.transfers(intent, since=question.since)
            paid = await desk.venue.payments(question.since)
    except (VenueError, TimeoutError) as error:
        why = str(error) if isinstance(error, VenueError) else "no answer in time"
        kept = error.evidence if isinstance(error, VenueError) else None
        unread = TransferUnread(transfer_id=name, reason=why, at=desk.clock.now())
        return TransferNews(event=unread, evidence=kept)
    same = tuple(row for row in found.listed if row.units == intent.units)
    moves = [p for p in paid if p.kind is PaymentKind.TRANSFER and p.asset == intent.asset]
    elsewhere = ", ".join(f"payment {p.payment_id}" for p in moves if p.units == intent.units)
    numbers = ", ".join(f"transfer {row.venue_transfer_id}" for row in same)
    event = TransferSought(
        transfer_id=name,
        listed=same,
        elsewhere=elsewhere,
        at=min(found.asked_at, found.venue_now),
    )
    evidence = AbsenceEvidence(
        asked_at=found.asked_at,
        venue_now=found.venue_now,
        sightings={"transfers": numbers or "none", "payments": elsewhere or "none"},
    )
    return TransferNews(event=event, evidence=evidence)


def step_of(transfer: TrackedTransfer, news: TransferNews | None, at: datetime) -> TransferStep:
    """Return the ledger's row for what *news* did; None when it follows from the ledger alone."""
    return TransferStep(
        transfer_id=transfer.intent.transfer_id,
        state=transfer.state,
        venue_transfer_id=transfer.venue_transfer_id,
        evidence=None if news is None else news.evidence,
        note=transfer.note,
        at=at,
    )


def record_of(transfer: TrackedTransfer, *, begun_at: datetime) -> TransferRecord:
    """Return *transfer* for whoever watches, who is told of dry runs otherwise."""
    return TransferRecord(
        intent=transfer.intent,
        state=transfer.state,
        venue_transfer_id=transfer.venue_transfer_id,
        begun_at=begun_at,
        simulated=False,
    )
