"""Questions to the venue about one order, and the booking of what it tells.

Shared by execution and recovery. A question waits, asks once, and returns what became
known as an event; which question comes next is the core's matter. Durations are seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never

from trimtab.domain.errors import VenueError
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import ClientOrderId, Evidence, OrderRecord, VenueOrder
from trimtab.execution.events import (
    AbsenceDoubted,
    AbsenceSaid,
    AbsenceShown,
    AbsenceUnprovable,
    FillsBooked,
    FillsUnread,
    LookUp,
    NoAnswer,
    NotVisible,
    OrderCommand,
    OrderEvent,
    ProveAbsence,
    ReadFills,
    Shown,
)
from trimtab.execution.retry import ASK_WITHIN_S, LISTS_WITHIN_S, SET_BACK, is_set_back
from trimtab.execution.tracking import Outlook, TrackedOrder
from trimtab.ports import (
    AbsenceEvidence,
    Clock,
    FillCursor,
    Ledger,
    Progress,
    Stops,
    StopSignal,
    Transition,
    Venue,
    Wallets,
)
from trimtab.workflow.naming import named

WAIT_SHOWN_S = 1.0
"""Waits from here on are told to whoever watches."""
READ_BEFORE_S = 60
"""How far before an order's commit its executions are read: clocks differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What orders are worked with."""

    venue: Venue
    wallets: Wallets
    stops: Stops
    ledger: Ledger
    clock: Clock
    progress: Progress
    stop: StopSignal


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderNews:
    """What became known of one order, and what it was concluded from."""

    event: OrderEvent
    evidence: Evidence | AbsenceEvidence | None
    """None when nothing was kept of the answer."""


async def pause(desk: Desk, seconds: float, why: str) -> None:
    """Wait, at most until somebody asks the run to stop."""
    if seconds <= 0 or desk.stop.is_set():
        return
    if seconds >= WAIT_SHOWN_S:
        desk.progress.waiting(why, seconds=seconds)
    sleeping = asyncio.ensure_future(desk.clock.sleep(seconds))
    stopping = asyncio.ensure_future(desk.stop.wait())
    try:
        await asyncio.wait({sleeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        sleeping.cancel()
        stopping.cancel()
        await asyncio.gather(sleeping, stopping, return_exceptions=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """Asks what the core wants to know."""

    desk: Desk
    said: Mapping[ClientOrderId, str] = field(default_factory=dict)
    """Orders that a person has looked for at the venue and says are not there, with who."""
    locks: dict[Symbol, asyncio.Lock] = field(default_factory=dict)
    """One reading of a symbol's executions at a time."""

    async def ask(self, command: OrderCommand, *, begun_at: datetime) -> OrderNews:
        """Wait as commanded, ask, and return what became known.

        *begun_at* is when the order was committed, our clock.

        Raises:
            LedgerError: fills could not be booked; the cursor stays.

        """
        match command:
            case LookUp():
                return await self._look_up(command)
            case ProveAbsence():
                return await self._prove_absence(command)
            case ReadFills():
                return await self._read_fills(command, begun_at)
            case _:
                assert_never(command)

    async def _look_up(self, command: LookUp) -> OrderNews:
        """Look for the order by its client order id."""
        name = command.intent.client_order_id
        await pause(self.desk, command.after_s, f"before looking for order {name}")
        try:
            async with asyncio.timeout(ASK_WITHIN_S):
                order = await self.desk.venue.look_up(command.intent)
        except (VenueError, TimeoutError) as error:
            unanswered = NoAnswer(client_order_id=name, reason=_told(error), at=self._now())
            return OrderNews(event=unanswered, evidence=_kept(error))
        if order is None:
            return OrderNews(event=NotVisible(client_order_id=name, at=self._now()), evidence=None)
        seen = Shown(client_order_id=name, order=order, at=self._now())
        return OrderNews(event=seen, evidence=None)

    async def _prove_absence(self, command: ProveAbsence) -> OrderNews:
        """Wait for the fence, then ask every list."""
        name = command.intent.client_order_id
        left_s = (command.fence_at - self._now()).total_seconds()
        if is_set_back(command.fence_at, at=self._now()):
            return self._doubted(name, SET_BACK, None)
        await pause(self.desk, left_s, f"until order {name} can no longer be accepted")
        if self._now() < command.fence_at:
            return self._doubted(name, "asked to stop before the fence", None)
        try:
            async with asyncio.timeout(LISTS_WITHIN_S):
                evidence = await self.desk.venue.evidence_of_absence(command.intent)
        except (VenueError, TimeoutError) as error:
            return self._doubted(name, _told(error), _kept(error))
        if not evidence.shows_nothing:
            seen = ", ".join(f"{k}: {v}" for k, v in sorted(evidence.sightings.items()))
            return self._doubted(name, f"not absent from every list ({seen})", evidence)
        if min(evidence.asked_at, evidence.venue_now) < command.fence_at:
            return self._doubted(name, "the venue's clock has not passed the fence", evidence)
        return OrderNews(event=self._absence(name, evidence), evidence=evidence)

    def _absence(self, name: ClientOrderId, evidence: AbsenceEvidence) -> OrderEvent:
        """Return what it means that no list shows the order after its fence.

        A word counts as of the clock that is behind: ours may have been set ahead.
        """
        at = evidence.asked_at
        if evidence.is_absent:
            return AbsenceShown(client_order_id=name, at=at)
        if name in self.said:
            said_at = min(at, evidence.venue_now)
            return AbsenceSaid(client_order_id=name, by=self.said[name], at=said_at)
        return AbsenceUnprovable(client_order_id=name, reason=evidence.inconclusive, at=at)

    def _doubted(
        self, name: ClientOrderId, reason: str, evidence: Evidence | AbsenceEvidence | None
    ) -> OrderNews:
        """Return that the evidence is not whole."""
        doubted = AbsenceDoubted(client_order_id=name, reason=reason, at=self._now())
        return OrderNews(event=doubted, evidence=evidence)

    async def _read_fills(self, command: ReadFills, begun_at: datetime) -> OrderNews:
        """Read the symbol's executions and book them, one reading at a time."""
        name, symbol = command.intent.client_order_id, command.intent.instrument.symbol
        await pause(self.desk, command.after_s, f"before reading the fills of order {name}")
        async with self.locks.setdefault(symbol, asyncio.Lock()):
            since = await self.desk.ledger.fill_cursor(symbol)
            if command.from_start:
                early = begun_at - timedelta(seconds=READ_BEFORE_S)
                since = FillCursor(after=None, not_before=early)
            try:
                async with asyncio.timeout(LISTS_WITHIN_S):
                    seen = await self.desk.venue.fills(symbol, since=since)
                    fills = await named(
                        symbol, seen, venue=self.desk.venue, ledger=self.desk.ledger
                    )
            except (VenueError, TimeoutError) as error:
                unread = FillsUnread(client_order_id=name, reason=_told(error), at=self._now())
                return OrderNews(event=unread, evidence=_kept(error))
            await self.desk.ledger.book_fills(symbol, fills)
        booked = FillsBooked(client_order_id=name, symbol=symbol, fills=fills, at=self._now())
        return OrderNews(event=booked, evidence=None)

    def _now(self) -> datetime:
        """Return the present instant."""
        return self.desk.clock.now()


def _told(error: VenueError | TimeoutError) -> str:
    """Return why a question has no answer."""
    return str(error) if isinstance(error, VenueError) else "no answer in time"


def _kept(error: VenueError | TimeoutError) -> Evidence | None:
    """Return what is kept of an answer, None when there was none in time."""
    return error.evidence if isinstance(error, VenueError) else None


def transition(
    order: TrackedOrder,
    news: OrderNews,
    at: datetime,
) -> Transition:
    """Return the ledger's row for what *news* did to *order*."""
    return Transition(
        client_order_id=order.intent.client_order_id,
        state=order.state,
        order=_adopted(order, news.event),
        evidence=news.evidence,
        note=order.note,
        at=at,
    )


def _adopted(order: TrackedOrder, event: OrderEvent) -> VenueOrder | None:
    """Return the venue's picture if the order took it over."""
    if not isinstance(event, Shown):
        return None
    seen, intent = event.order, order.intent
    if order.outlook is Outlook.CONTRADICTED and order.note != seen.contradiction:
        return None
    mine = (intent.client_order_id, intent.instrument.symbol, intent.lots, order.venue_order_id)
    theirs = (seen.client_order_id, seen.symbol, seen.lots, seen.venue_order_id)
    return seen if mine == theirs else None


def record_of(
    order: TrackedOrder, *, begun: Mapping[ClientOrderId, datetime], simulated: bool
) -> OrderRecord:
    """Return *order* as the ledger has it, for whoever watches."""
    return OrderRecord(
        intent=order.intent,
        state=order.state,
        venue_order_id=order.venue_order_id,
        filled_lots=order.booked,
        executed_lots=order.executed,
        submitted_at=begun[order.intent.client_order_id],
        simulated=simulated,
    )
