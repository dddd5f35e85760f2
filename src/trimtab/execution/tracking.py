"""One order from its commit to its end: news in, questions out. Pure.

Used by the run machine for the orders that it sends and by recovery for those that a
process left behind. Every question is counted, so an order that gets no answers is given
up in bounded time, as it is: the ledger keeps it unresolved. Sizes are signed lots.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from trimtab.domain.exact import whole_times
from trimtab.domain.instruments import Instrument, Lots
from trimtab.domain.orders import Fill, OrderIntent, OrderState, Side, VenueOrder, VenueOrderId
from trimtab.execution import retry
from trimtab.execution.events import (
    Absence,
    AbsenceDoubted,
    AbsenceNews,
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
    WasLost,
    WasNotSent,
    WasRefused,
)
from trimtab.execution.lifecycle import TRANSITIONS, EventKind, next_state, settled


class Outlook(StrEnum):
    """Whether it is worth asking further."""

    ASKING = "asking"
    """An answer is awaited, or the order is closed."""
    UNANSWERED = "unanswered"
    """The venue did not answer, or not readably, until the questions were used up."""
    UNPROVED = "unproved"
    """It is not visible, and the evidence of absence stayed incomplete."""
    UNPROVABLE = "unprovable"
    """It is not visible, and the venue can prove no absence: a person looks and says."""
    STILL_OPEN = "still_open"
    """It rests on the venue."""
    UNSETTLED = "unsettled"
    """The trade list does not add up to what the venue says was executed."""
    CONTRADICTED = "contradicted"
    """The venue's word contradicts what was concluded before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedOrder:
    """What is known of one order, and how often was asked."""

    intent: OrderIntent
    state: OrderState
    venue_order_id: VenueOrderId | None
    """None until the venue has named it."""
    reported: Lots
    """Executed by the venue's word, signed; never shrinks."""
    fills: tuple[Fill, ...]
    """Its booked executions, each once."""
    fence_at: datetime
    """After it, a request not yet accepted can no longer be."""
    receive_window_ms: int
    """How long after its timestamp the venue may accept the request."""
    may_have_left: bool
    """Whether a byte of it may have reached the venue."""
    outlook: Outlook
    note: str
    """The last reason given, for the operator; may be empty."""
    looked: int
    """Look-ups asked for, >= 0; one fewer where a list doubted that it was the last."""
    missing: int
    """Look-ups that were answered and saw nothing, >= 0."""
    proofs: int
    """Collections of the whole evidence of absence asked for, >= 0."""
    fill_reads: int
    """Readings of its executions asked for, >= 0."""

    @property
    def booked(self) -> Lots:
        """Sum of all booked fills, signed."""
        return Lots(sum(lots_of(f, self.intent.instrument) for f in self.fills))

    @property
    def executed(self) -> Lots:
        """The larger of what is reported and what is booked, signed."""
        return Lots(max(self.reported, self.booked, key=abs))

    @property
    def is_done(self) -> bool:
        """Whether nothing more is asked about it."""
        return self.state.is_terminal or self.outlook is not Outlook.ASKING

    @property
    def is_unresolved(self) -> bool:
        """Whether a person or recovery must look at it."""
        return self.outlook is not Outlook.ASKING


Told = tuple[TrackedOrder, tuple[OrderCommand, ...]]
"""An order after some news, and what to ask next."""


def track(intent: OrderIntent, *, at: datetime, receive_window_ms: int) -> TrackedOrder:
    """Return an order that is about to be sent."""
    return TrackedOrder(
        intent=intent,
        state=OrderState.SUBMITTING,
        venue_order_id=None,
        reported=Lots(0),
        fills=(),
        fence_at=retry.fence_at(at, receive_window_ms=receive_window_ms),
        receive_window_ms=receive_window_ms,
        may_have_left=False,
        outlook=Outlook.ASKING,
        note="",
        looked=0,
        missing=0,
        proofs=0,
        fill_reads=0,
    )


def lots_of(fill: Fill, instrument: Instrument) -> int:
    """Return the size of *fill* as signed lots."""
    lots = whole_times(instrument.lot_size, fill.quantity)
    return lots if fill.side is Side.BUY else -lots


def is_of(fill: Fill, order: TrackedOrder) -> bool:
    """Whether *fill* belongs to *order*, by either id."""
    if fill.symbol != order.intent.instrument.symbol:
        return False
    by_ours = fill.client_order_id == order.intent.client_order_id
    return by_ours or fill.venue_order_id == order.venue_order_id


def told(order: TrackedOrder, event: OrderEvent, *, hurried: bool) -> Told:
    """Return *order* after *event*, and the next question about it, if any.

    *hurried* asks fewer times: somebody waits for the run to end.
    """
    if order.outlook is Outlook.CONTRADICTED and not isinstance(event, FillsBooked):
        return order, ()  # A person looks at it now; only its fills are still collected.
    match event:
        case Shown():
            after = _shown(order, event, hurried=hurried)
        case WasRefused():
            after = _ended_unsent(order, EventKind.REFUSED, event.reason)
        case WasNotSent():
            after = _ended_unsent(order, EventKind.NOT_SENT, event.reason)
        case WasLost():
            after = _lost(order, event.reason, event.at, hurried=hurried)
        case NotVisible() | NoAnswer():
            after = _unseen(order, event, hurried=hurried)
        case AbsenceShown() | AbsenceDoubted() | AbsenceUnprovable() | AbsenceSaid():
            after = _proved(order, event, hurried=hurried)
        case FillsBooked():
            after = _fills_read(_with_fills(order, event.fills), hurried=hurried)
        case FillsUnread():
            after = _fills_unread(order, event, hurried=hurried)
        case _:
            assert_never(event)
    return after


def is_step(after: TrackedOrder, *, before: TrackedOrder) -> bool:
    """Whether *after* is a step in the order's life, not only another count or fill."""
    if after.state is OrderState.SUBMITTING:
        return False
    pair = [(o.state, o.reported, o.venue_order_id, o.outlook) for o in (before, after)]
    return pair[0] != pair[1]


def overheard(order: TrackedOrder, fills: tuple[Fill, ...]) -> TrackedOrder:
    """Return *order* with those of *fills* that are its own, read for another order's sake."""
    after = _with_fills(order, fills)
    return _closed(after) if after.state is OrderState.SETTLING else after


def resume(order: TrackedOrder) -> Told:
    """Return the first question about an order that a process left behind."""
    match order.state:
        case OrderState.SUBMITTING:
            lost = next_state(order.state, EventKind.LOST)
            order = dataclasses.replace(order, state=lost, may_have_left=True)
            return _look_up(order, hurried=False, spent=Outlook.UNANSWERED)
        case OrderState.SETTLING:
            closed = _closed(order)
            return (closed, ()) if closed.is_done else _ask_fills(closed, hurried=False)
        case _:
            return _look_up(order, hurried=False, spent=Outlook.UNANSWERED)


def _contradicted(order: TrackedOrder, note: str) -> Told:
    """Return the order as one that a person must look at."""
    return dataclasses.replace(order, outlook=Outlook.CONTRADICTED, note=note), ()


def _shown(order: TrackedOrder, event: Shown, *, hurried: bool) -> Told:
    """Take in the venue's picture of the order."""
    intent, state, seen = order.intent, order.state, event.order
    named = (intent.client_order_id, intent.instrument.symbol, intent.lots)
    if (seen.client_order_id, seen.symbol, seen.lots) != named:
        return _of_another(order, event, hurried=hurried)
    if fault := _contradiction(order, seen):
        return _contradicted(order, fault)
    after = dataclasses.replace(
        order,
        venue_order_id=seen.venue_order_id,
        reported=Lots(max(order.reported, seen.filled_lots, key=abs)),
        may_have_left=True,
        outlook=Outlook.ASKING,
    )
    if state.is_terminal:
        return after, ()
    kind = EventKind.ENDED if seen.ended else EventKind.ACCEPTED
    after = dataclasses.replace(after, state=next_state(state, kind))
    if seen.contradiction:  # A person looks at it; it was executed as it says all the same.
        return _contradicted(after, seen.contradiction)
    if after.state is OrderState.OPEN:
        return _look_up(after, hurried=hurried, spent=Outlook.STILL_OPEN)
    closed = _closed(after)
    return (closed, ()) if closed.is_done else _ask_fills(closed, hurried=hurried)


def _of_another(order: TrackedOrder, event: Shown, *, hurried: bool) -> Told:
    """Take in a picture of another order: as good as no answer, and no word on ours."""
    note = f"the venue's answer describes another order ({event.order.venue_order_id})"
    if order.state is OrderState.SUBMITTING:
        return _lost(order, note, event.at, hurried=hurried)
    unanswered = NoAnswer(client_order_id=order.intent.client_order_id, reason=note, at=event.at)
    return _unseen(order, unanswered, hurried=hurried)


def _contradiction(order: TrackedOrder, seen: VenueOrder) -> str:
    """Say how the venue's picture contradicts what was concluded, or return nothing."""
    if order.state in (OrderState.REFUSED, OrderState.ABSENT):
        return f"the venue shows an order that was {order.state}"
    if order.venue_order_id not in (None, seen.venue_order_id):
        return "the venue has two orders under one client order id"
    if abs(seen.filled_lots) > abs(seen.lots) or seen.filled_lots * seen.lots < 0:
        return "the venue executed other than was ordered"
    if order.state.is_terminal and abs(seen.filled_lots) > abs(order.booked):
        return "the venue executed more after the order was closed"
    return ""


def _ended_unsent(order: TrackedOrder, kind: EventKind, note: str) -> Told:
    """Take in that there is no order: refused, or never sent."""
    if (order.state, kind) not in TRANSITIONS:
        return _contradicted(order, f"{note}: but it is {order.state}")
    if order.booked:
        return _contradicted(order, f"{note}: but it has fills")
    left = order.may_have_left or kind is EventKind.REFUSED
    state = next_state(order.state, kind)
    return dataclasses.replace(order, state=state, note=note, may_have_left=left), ()


def _lost(order: TrackedOrder, note: str, at: datetime, *, hurried: bool) -> Told:
    """Take in that nobody knows whether the order arrived. The first time asks."""
    if order.state is not OrderState.SUBMITTING:
        return order, ()
    lost = dataclasses.replace(
        order,
        state=next_state(order.state, EventKind.LOST),
        note=note,
        fence_at=max(order.fence_at, retry.fence_at(at, receive_window_ms=order.receive_window_ms)),
        may_have_left=True,
    )
    return _look_up(lost, hurried=hurried, spent=Outlook.UNANSWERED)


def _unseen(order: TrackedOrder, event: NotVisible | NoAnswer, *, hurried: bool) -> Told:
    """Take in a look-up without a sight of the order; silence confirms no absence."""
    confirms = order.state is not OrderState.ABSENT or isinstance(event, NotVisible)
    if (order.is_done and confirms) or order.is_unresolved or order.state is OrderState.SUBMITTING:
        return order, ()
    if isinstance(event, NoAnswer):
        order = dataclasses.replace(order, note=event.reason)
        if retry.is_given_up(order.looked, fence_at=order.fence_at, at=event.at):
            return dataclasses.replace(order, outlook=Outlook.UNANSWERED), ()
        return _look_up(order, hurried=hurried, spent=Outlook.UNANSWERED)
    order = dataclasses.replace(order, missing=order.missing + 1)
    if order.state is not OrderState.UNKNOWN:
        return _look_up(order, hurried=hurried, spent=Outlook.STILL_OPEN)
    provable = retry.may_prove_absence(missing=order.missing, proofs=order.proofs)
    if provable and not hurried and retry.is_fence_next(order.looked, order.fence_at, at=event.at):
        ask = ProveAbsence(intent=order.intent, fence_at=order.fence_at)
        return dataclasses.replace(order, proofs=order.proofs + 1), (ask,)
    return _look_up(order, hurried=hurried, spent=Outlook.UNPROVED)


def _proved(order: TrackedOrder, event: AbsenceNews, *, hurried: bool) -> Told:
    """Take in what the whole evidence showed, and what a person says where it proves nothing."""
    if order.state is not OrderState.UNKNOWN or order.is_done:
        return order, ()
    if isinstance(event, AbsenceDoubted):
        order = dataclasses.replace(order, note=event.reason, looked=retry.one_left(order.looked))
        return _look_up(order, hurried=hurried, spent=Outlook.UNPROVED)
    if order.booked:
        return _contradicted(order, "no list shows the order, but it has fills")
    if order.missing < retry.MISSING_MIN or event.at < order.fence_at:
        return _look_up(order, hurried=hurried, spent=Outlook.UNPROVED)
    return _absent(order, event), ()


def _absent(order: TrackedOrder, event: Absence) -> TrackedOrder:
    """Return an order that no list shows after its fence: absent, or left to a person."""
    if isinstance(event, AbsenceUnprovable):
        return dataclasses.replace(order, outlook=Outlook.UNPROVABLE, note=event.reason)
    kind, note = EventKind.ABSENCE_PROVED, "proved absent"
    if isinstance(event, AbsenceSaid):
        kind, note = EventKind.ABSENCE_SAID, f"absent by the word of {event.by}"
        if event.at < retry.may_be_said_at(order.fence_at):
            return dataclasses.replace(order, outlook=Outlook.UNPROVABLE, note=retry.TOO_EARLY)
    return dataclasses.replace(order, state=next_state(order.state, kind), note=note)


def _with_fills(order: TrackedOrder, fills: tuple[Fill, ...]) -> TrackedOrder:
    """Add those of *fills* that are the order's own and not known yet."""
    known = {f.trade_id for f in order.fills}
    mine = {f.trade_id: f for f in fills if is_of(f, order)}
    own = tuple(f for trade_id, f in mine.items() if trade_id not in known)
    if not own:
        return order
    after = dataclasses.replace(order, fills=order.fills + own)
    if abs(after.booked) > abs(order.intent.lots):
        return _contradicted(after, "the trade list has more than was ordered")[0]
    if order.state.is_terminal:
        late = dataclasses.replace(after, state=next_state(order.state, EventKind.LATE_FILL))
        return _contradicted(late, "a fill came after the order was closed")[0]
    return after


def _closed(order: TrackedOrder) -> TrackedOrder:
    """Close an ended order if its booked fills are what the venue executed."""
    event = settled(ordered=order.intent.lots, executed=order.reported, booked=order.booked)
    if event is None:
        return order
    return dataclasses.replace(order, state=next_state(order.state, event))


def _fills_read(order: TrackedOrder, *, hurried: bool) -> Told:
    """Close the order, or ask on."""
    if order.is_done or order.state is not OrderState.SETTLING:
        return order, ()
    closed = _closed(order)
    if closed.is_done:
        return closed, ()
    if abs(order.booked) > abs(order.reported):  # Its summary was older than its trades.
        return _look_up(order, hurried=hurried, spent=Outlook.UNSETTLED)
    return _ask_fills(order, hurried=hurried)


def _fills_unread(order: TrackedOrder, event: FillsUnread, *, hurried: bool) -> Told:
    """Ask on, unless nothing has been answered for long."""
    order = dataclasses.replace(order, note=event.reason)
    settling = order.state is OrderState.SETTLING and not order.is_done
    if settling and retry.is_given_up(order.fill_reads, fence_at=order.fence_at, at=event.at):
        return dataclasses.replace(order, outlook=Outlook.UNSETTLED), ()
    return _fills_read(order, hurried=hurried)


def _ask_fills(order: TrackedOrder, *, hurried: bool) -> Told:
    """Ask for the executions, or give up."""
    wait = retry.fill_read_wait_s(order.fill_reads, hurried=hurried)
    if wait is None:
        return dataclasses.replace(order, outlook=Outlook.UNSETTLED), ()
    ask = ReadFills(intent=order.intent, after_s=wait, from_start=order.fill_reads > 0)
    return dataclasses.replace(order, fill_reads=order.fill_reads + 1), (ask,)


def _look_up(order: TrackedOrder, *, hurried: bool, spent: Outlook) -> Told:
    """Ask for the order, or give up with *spent*."""
    wait = retry.look_up_wait_s(order.looked, hurried=hurried)
    if wait is None:
        return dataclasses.replace(order, outlook=spent), ()
    ask = LookUp(intent=order.intent, after_s=wait)
    return dataclasses.replace(order, looked=order.looked + 1), (ask,)
