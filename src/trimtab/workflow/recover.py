"""Finds out about all that the ledger has not closed, after a crash or a lost answer.

Nothing is sent but questions. Orders are looked up side by side, the fence is waited out
with progress, fills are booked. An order that is neither found nor proved absent stays as it
is, with the reason. Orders that were called absent lately are looked for once more: a venue that
breaks its promise and takes one after its fence, and a person who was wrong, are found out before
anything new is sent. Plans whose run ended without a word are told how they ended. Running it
twice, or killing it anywhere, changes nothing but the time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from trimtab.domain.instruments import Lots
from trimtab.domain.orders import ClientOrderId, Fill, OrderRecord, OrderState
from trimtab.domain.stops import StopRecord, StopState
from trimtab.domain.transfers import TransferRecord, TransferState
from trimtab.execution import retry
from trimtab.execution.events import ReadFills
from trimtab.execution.tracking import Outlook, TrackedOrder, is_step, resume, told
from trimtab.ports import Ledger, PlanStatus, SavedPlan, Transition
from trimtab.workflow.bare_hedges import left_bare
from trimtab.workflow.inquiry import Desk, Inquiry, OrderNews, record_of, transition
from trimtab.workflow.recovered_stops import RecoveredStop, resolved_stops
from trimtab.workflow.recovered_transfers import RecoveredTransfer, resolved_transfers

LOOKED_FOR = timedelta(days=1)
"""How long after it was called absent an order is looked for once more."""
NOTHING_SAID: Final[Mapping[ClientOrderId, str]] = MappingProxyType({})
_EXIT_CONTRADICTED = 6
_EXIT_UNREACHABLE = 7
_EXIT_INTERRUPTED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What recovery found out about one order."""

    client_order_id: ClientOrderId
    line: int
    """Line of the plan, >= 1."""
    before: OrderState
    after: OrderState
    filled_lots: Lots
    """Sum of booked fills, signed."""
    outlook: Outlook
    """``ASKING`` for an order that is closed now, else why it is not."""
    note: str
    """The last word on it; may be empty."""

    @property
    def is_resolved(self) -> bool:
        """Whether the order's end is known and its fills are booked."""
        return self.after.is_terminal and self.outlook is Outlook.ASKING


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryReport:
    """What recovery came to."""

    orders: tuple[Recovered, ...]
    """Oldest first; empty when there was nothing to do."""
    transfers: tuple[RecoveredTransfer, ...]
    """Oldest first; empty when there was nothing to do."""
    interrupted: bool
    """Whether it was asked to stop before its end."""
    stops: tuple[RecoveredStop, ...] = ()
    """Those that stand elsewhere than before, or of which that is not known, oldest first."""

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.orders or self.transfers or self.stops)

    @property
    def resolved(self) -> tuple[Recovered, ...]:
        """Orders whose end is known now."""
        return tuple(each for each in self.orders if each.is_resolved)

    @property
    def unresolved(self) -> tuple[Recovered, ...]:
        """Orders that stay open in the ledger, or contradict it."""
        return tuple(each for each in self.orders if not each.is_resolved)

    @property
    def unresolved_transfers(self) -> tuple[RecoveredTransfer, ...]:
        """Transfers that stay open in the ledger."""
        return tuple(each for each in self.transfers if not each.is_resolved)

    @property
    def unresolved_stops(self) -> tuple[RecoveredStop, ...]:
        """Stops of which it is not known where they stand."""
        return tuple(each for each in self.stops if not each.is_resolved)

    @property
    def exit_code(self) -> int:
        """0 resolved, 6 contradictory evidence, 7 the venue did not answer, 130 interrupted."""
        outlooks = {each.outlook for each in self.unresolved}
        outlooks |= {each.outlook for each in self.unresolved_transfers}
        outlooks |= {each.outlook for each in self.unresolved_stops}
        if not outlooks:
            return 0
        if self.interrupted and Outlook.CONTRADICTED not in outlooks:
            return _EXIT_INTERRUPTED
        return _EXIT_UNREACHABLE if outlooks == {Outlook.UNANSWERED} else _EXIT_CONTRADICTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """What earlier runs left to be looked at."""

    open_orders: tuple[OrderRecord, ...]
    """Orders that are not terminal in the ledger, oldest first."""
    open_transfers: tuple[TransferRecord, ...]
    """Transfers that are not terminal in the ledger, oldest first."""
    absent: tuple[OrderRecord, ...]
    """Orders that were called absent within the last day, oldest first."""
    plans: tuple[SavedPlan, ...]
    """Plans whose run has not said how it ended, oldest first."""
    stops: tuple[StopRecord, ...]
    """Stops that may still fill, those that rest among them, oldest first."""

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to look at."""
        open_now = self.open_orders or self.open_transfers or self.stops
        return not (open_now or self.absent or self.plans)


async def leftovers(ledger: Ledger, *, now: datetime) -> Leftovers:
    """Return what earlier runs left behind, by the ledger."""
    open_orders, open_transfers, absent, plans, stops = await asyncio.gather(
        ledger.unresolved(),
        ledger.unresolved_transfers(),
        ledger.absent_lately(since=now - LOOKED_FOR),
        ledger.executing(),
        ledger.open_stops(),
    )
    return Leftovers(
        open_orders=tuple(r for r in open_orders if not r.simulated),
        open_transfers=open_transfers,
        absent=absent,
        plans=plans,
        stops=stops,
    )


async def recover(
    desk: Desk, *, receive_window_ms: int, said: Mapping[ClientOrderId, str] = NOTHING_SAID
) -> RecoveryReport:
    """Resolve every order, transfer and stop that is not closed. The account must be held already.

    Stops come first: one that fired is an order from then on. *said* are orders that a person has
    looked for at the venue and says are not there, with who: it counts where the venue itself can
    prove no absence, once no list shows the order, and nowhere else.

    Raises:
        LedgerError: a finding could not be recorded; run it again.

    """
    left = await leftovers(desk.ledger, now=desk.clock.now())
    moved = await resolved_transfers(left.open_transfers, desk, receive_window_ms)
    stops = await resolved_stops(left.stops, desk, receive_window_ms)
    if any(each.record.state is StopState.DONE for each in stops):
        left = await leftovers(desk.ledger, now=desk.clock.now())
    inquiry = Inquiry(desk=desk, said=said)
    found = await _resolved([*left.open_orders, *left.absent], inquiry, receive_window_ms)
    for saved in left.plans:
        await _concluded(saved, desk)
    return RecoveryReport(
        orders=tuple(each for each in found if not _was_absent_all_along(each)),
        transfers=moved,
        interrupted=desk.stop.is_set(),
        stops=tuple(each for each in stops if each.is_news),
    )


def _was_absent_all_along(found: Recovered) -> bool:
    """Whether a second look confirmed that an order never reached the venue."""
    return found.before is OrderState.ABSENT and found.is_resolved


async def _concluded(saved: SavedPlan, desk: Desk) -> None:
    """Write down how a plan ended whose run could not, by what its lines came to."""
    records = await desk.ledger.orders(plan_digest=saved.plan.digest)
    moved = await desk.ledger.transfers(plan_digest=saved.plan.digest)
    made = {r.intent.line for r in moved if r.state is TransferState.DONE}
    filled = all(_filled(leg.line, records) == leg.lots for leg in saved.plan.legs)
    status = PlanStatus.PARTIAL
    ends = [r.state.is_terminal for r in records] + [r.state.is_terminal for r in moved]
    ends += [
        r.state.is_terminal or r.state is StopState.RESTING
        for r in await desk.ledger.stops()
        if r.intent.plan_digest == saved.plan.digest
    ]
    kept = {r.intent.stop_id for r in await desk.ledger.open_stops()}
    left = await left_bare(saved.plan, desk.ledger) or [
        line for line in saved.plan.stops if line.withdraws in kept
    ]
    if not all(ends):
        status = PlanStatus.UNKNOWN
    elif filled and not left and all(t.line in made for t in saved.plan.transfers):
        status = PlanStatus.EXECUTED
    await desk.ledger.set_plan_status(saved.plan.digest, status)


def _filled(line: int, records: Sequence[OrderRecord]) -> int:
    """Return the booked lots of one line of a plan, signed."""
    return sum(record.filled_lots for record in records if record.intent.line == line)


async def resolved_orders(
    records: Sequence[OrderRecord], desk: Desk, receive_window_ms: int
) -> tuple[Recovered, ...]:
    """Ask about all of *records* side by side, and book what they filled.

    Raises:
        LedgerError: a finding could not be recorded; run it again.

    """
    return await _resolved(records, Inquiry(desk=desk), receive_window_ms)


async def _resolved(
    records: Sequence[OrderRecord], inquiry: Inquiry, receive_window_ms: int
) -> tuple[Recovered, ...]:
    """Ask about all of *records* side by side by *inquiry*; raises like :func:`resolved_orders`."""
    if not records:
        return ()
    desk = inquiry.desk
    fills = await desk.ledger.fills()
    left = [_left_behind(r, fills, desk, receive_window_ms) for r in records]
    tasks = [
        asyncio.ensure_future(_resolve(order, record, inquiry))
        for order, record in zip(left, records, strict=True)
    ]
    try:
        found = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return tuple(_told_of(r, o) for r, o in zip(records, found, strict=True))


def _left_behind(
    record: OrderRecord, fills: Sequence[Fill], desk: Desk, receive_window_ms: int
) -> TrackedOrder:
    """Return an order as the ledger knows it, ready to be asked about."""
    fence = retry.recovery_fence_at(
        record.submitted_at, recovered_at=desk.clock.now(), receive_window_ms=receive_window_ms
    )
    return TrackedOrder(
        intent=record.intent,
        state=record.state,
        venue_order_id=record.venue_order_id,
        reported=record.executed_lots,
        fills=tuple(f for f in fills if f.client_order_id == record.intent.client_order_id),
        fence_at=fence,
        receive_window_ms=receive_window_ms,
        may_have_left=True,
        outlook=Outlook.ASKING,
        note="left behind by a run that ended",
        looked=0,
        missing=0,
        proofs=0,
        fill_reads=1,  # The first reading goes back to before the order, not to the cursor.
    )


async def _resolve(order: TrackedOrder, record: OrderRecord, inquiry: Inquiry) -> TrackedOrder:
    """Ask until the order is closed or given up, recording each step before the next question."""
    desk = inquiry.desk
    before, (order, asks) = order, resume(order)
    await _recorded(order, record, desk, before=before, news=None)
    while asks:
        news = await inquiry.ask(asks[0], begun_at=record.submitted_at)
        before = order
        order, asks = told(order, news.event, hurried=desk.stop.is_set())
        await _recorded(order, record, desk, before=before, news=news)
    if order.outlook is Outlook.CONTRADICTED:  # Whatever it is, its executions are not lost.
        read = ReadFills(intent=order.intent, after_s=0.0, from_start=True)
        news = await inquiry.ask(read, begun_at=record.submitted_at)
        before, (order, _) = order, told(order, news.event, hurried=True)
        await _recorded(order, record, desk, before=before, news=news)
    return order


async def _recorded(
    order: TrackedOrder,
    record: OrderRecord,
    desk: Desk,
    *,
    before: TrackedOrder,
    news: OrderNews | None,
) -> None:
    """Record a step, if it is one, and tell whoever watches."""
    if is_step(order, before=before):
        row = transition(order, news, desk.clock.now()) if news else _resumed(order, desk)
        await desk.ledger.advance([row])
    if is_step(order, before=before) or before.fills != order.fills:
        begun = {order.intent.client_order_id: record.submitted_at}
        desk.progress.order_moved(record_of(order, begun=begun, simulated=False))


def _resumed(order: TrackedOrder, desk: Desk) -> Transition:
    """Return the row for what follows from the ledger alone."""
    return Transition(
        client_order_id=order.intent.client_order_id,
        state=order.state,
        order=None,
        evidence=None,
        note=order.note,
        at=desk.clock.now(),
    )


def _told_of(record: OrderRecord, order: TrackedOrder) -> Recovered:
    """Return what was found out about one order."""
    return Recovered(
        client_order_id=order.intent.client_order_id,
        line=order.intent.line,
        before=record.state,
        after=order.state,
        filled_lots=order.booked,
        outlook=order.outlook,
        note=order.note,
    )
