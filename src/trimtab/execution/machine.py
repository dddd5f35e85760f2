"""The run of an approved plan: events in, commands out. Pure; the driver decides when.

A run goes in rounds. Each begins with a fresh read of account and prices, prices and sizes
what is left of the stage, has the gate look at it, and sends it side by side. It ends when
every order of the round is closed or given up; then comes the next round for the rests, the
next stage, or the end. So a leg never has two live orders, a re-price never overtakes an
unknown order, and an order that cannot be found out about stops everything after it. A transfer
has a stage to itself, is sent once, and if it is not made nothing follows.

Source: docs/design/0006-execution.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from trimtab.domain.orders import OrderState
from trimtab.domain.plan import Leg
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.transfers import TransferLeg, TransferState
from trimtab.execution import retry
from trimtab.execution.events import (
    FillsBooked,
    Finish,
    NotBegun,
    OrderEvent,
    Review,
    Reviewed,
    RunCommand,
    RunEvent,
    Stopped,
    Submit,
    SubmitTransfer,
    Survey,
    Surveyed,
    Unsurveyed,
    WasNotSent,
)
from trimtab.execution.foresight import legs_left
from trimtab.execution.pairs import Progress, reach
from trimtab.execution.pricing import limit_of
from trimtab.execution.rests import RestReason
from trimtab.execution.sizing import Means, Wanted, is_covered, means, resize
from trimtab.execution.state import LegWork, Phase, RunState, Terms, TransferWork
from trimtab.execution.tracking import Outlook, TrackedOrder, is_step, overheard, told, track
from trimtab.execution.transfer_events import (
    TransferEvent,
    TransferLost,
    TransferMade,
    TransferNotSent,
    TransferRefused,
    TransferSought,
    TransferUnread,
)
from trimtab.execution.transfers import TrackedTransfer, follow, heard
from trimtab.execution.transfers import is_step as is_transfer_step

_NO_MORE_COMES: Final = frozenset(
    {RestReason.NO_CASH, RestReason.NO_UNITS, RestReason.NO_POSITION, RestReason.OTHER_HALF}
)
"""Cuts that another round of the same stage would only repeat."""

_NOT_MADE: Final[Mapping[TransferState, RestReason]] = MappingProxyType(
    {
        TransferState.REFUSED: RestReason.VENUE_REFUSED,
        TransferState.ABSENT: RestReason.NOT_SENT,
    }
)
"""Why a transfer that is closed did not move anything."""

Step = tuple[RunState, tuple[RunCommand, ...]]
"""A run after an event, and what is to be done now, in order."""


def begin(
    legs: Iterable[Leg], transfers: Iterable[TransferLeg], terms: Terms, opening: Snapshot
) -> Step:
    """Return a run at its start, with *opening* as its first fresh read."""
    return _proposed(_at_start(legs, transfers, terms, opening), opening)


def begin_later(
    legs: Iterable[Leg], transfers: Iterable[TransferLeg], terms: Terms, opening: Snapshot
) -> Step:
    """Return a run at its start that reads the account again before it proposes anything."""
    return _at_start(legs, transfers, terms, opening), (Survey(after_s=0.0),)


def _at_start(
    legs: Iterable[Leg], transfers: Iterable[TransferLeg], terms: Terms, opening: Snapshot
) -> RunState:
    """Return a run of which nothing is proposed yet."""
    works = tuple(
        LegWork(
            leg=leg,
            orders=(),
            rung=0,
            came_to_nothing=0,
            rest_reason=RestReason.NONE,
            cut_reason=RestReason.NONE,
            wait_s=0.0,
        )
        for leg in legs
    )
    moves = tuple(TransferWork(leg=t, sent=(), rest_reason=RestReason.NONE) for t in transfers)
    return RunState(
        terms=terms,
        opening=opening,
        legs=works,
        transfers=moves,
        stage=min([*(w.leg.stage for w in works), *(m.leg.stage for m in moves)], default=1),
        phase=Phase.SURVEYING,
        proposal=(),
        moving=(),
        stop=RestReason.NONE,
    )


def step(state: RunState, event: RunEvent) -> Step:
    """Return the run after *event*, and what is to be done now.

    An event that does not fit the phase (late, doubled, out of order) changes nothing but
    what is known of its order.
    """
    match event:
        case Surveyed() | Unsurveyed():
            return _surveyed(state, event) if state.phase is Phase.SURVEYING else (state, ())
        case Reviewed():
            return _reviewed(state, event) if state.phase is Phase.REVIEWING else (state, ())
        case Stopped():
            return _stopped(state, event.reason)
        case NotBegun():
            return _stopped(state.without_unbegun, event.reason)
        case (
            TransferMade()
            | TransferRefused()
            | TransferNotSent()
            | TransferLost()
            | TransferSought()
            | TransferUnread()
        ):
            return _transfer_told(state, event)
        case _:
            return _order_told(state, event)


def _surveyed(state: RunState, event: Surveyed | Unsurveyed) -> Step:
    """Go on with what was read; end when it could not be."""
    if isinstance(event, Unsurveyed):
        return _stopped(state, RestReason.MARKET_UNREAD)
    return _proposed(state, event.snapshot)


def _proposed(state: RunState, snapshot: Snapshot) -> Step:
    """Price and size what is left of the stage, and ask the gate about it."""
    available = means(
        snapshot,
        state.booked_fills,
        opening=state.opening,
        moved=state.moved,
        fee_reserve=state.terms.fee_reserve,
    )
    for work in state.transfers:
        if work.is_workable and work.leg.stage == state.stage:
            return _transfer_proposed(state, work, snapshot, available)
    wanted, unpriced = _priced(state, snapshot)
    state = _with_reasons(state, unpriced)
    room = reach([Progress(leg=w.leg, done=w.done) for w in state.legs], stage=state.stage)
    sized = {each.wanted.leg.line: each for each in resize(wanted, available, room)}
    state = _with_reasons(state, {n: each.reason for n, each in sized.items() if not each.lots})
    works = [w for w in state.legs if w.leg.line in sized and sized[w.leg.line].lots]
    if not works:
        return _move_on(dataclasses.replace(state, phase=Phase.WORKING))
    cuts = {w.leg.line: sized[w.leg.line].reason for w in works}
    legs = tuple(
        dataclasses.replace(w, cut_reason=cuts.get(w.leg.line, w.cut_reason)) for w in state.legs
    )
    proposal = tuple(w.intent(sized[w.leg.line], state.terms) for w in works)
    state = dataclasses.replace(state, legs=legs, phase=Phase.REVIEWING, proposal=proposal)
    left = legs_left(state, {n: each.lots for n, each in sized.items()}, available)
    return state, (Review(legs=left, transfers=_transfers_left(state), snapshot=snapshot),)


def _transfer_proposed(
    state: RunState, work: TransferWork, snapshot: Snapshot, available: Means
) -> Step:
    """Ask the gate about a transfer, if the wallet that it leaves has all of it."""
    if not is_covered(work.leg, available, snapshot):
        rested = dataclasses.replace(work, rest_reason=RestReason.NO_CASH)
        return _stopped(state.with_transfer(rested), RestReason.TRANSFER_NOT_MADE)
    moving = (work.intent(state.terms),)
    state = dataclasses.replace(state, phase=Phase.REVIEWING, moving=moving)
    left = legs_left(state, {}, available)
    return state, (Review(legs=left, transfers=_transfers_left(state), snapshot=snapshot),)


def _transfers_left(state: RunState) -> tuple[TransferLeg, ...]:
    """Return the transfers that are still to be made."""
    return tuple(work.leg for work in state.transfers if work.is_workable)


def _priced(
    state: RunState, snapshot: Snapshot
) -> tuple[tuple[Wanted, ...], dict[int, RestReason]]:
    """Return what is wanted of each workable leg of the stage, and why some cannot be priced."""
    wanted, unpriced = list[Wanted](), dict[int, RestReason]()
    for work in state.legs:
        leg = work.leg
        if leg.stage != state.stage or not work.is_workable:
            continue
        book = snapshot.books.get(leg.symbol)
        if book is None:
            unpriced[leg.line] = RestReason.NO_PRICE
            continue
        taken = [o for o in work.orders if o.state is not OrderState.ABSENT]
        last = taken[-1].intent.limit if taken else None
        limit = limit_of(leg, book, rung=work.rung, rungs=state.terms.max_reprices, last=last)
        if limit is None:
            unpriced[leg.line] = RestReason.BEYOND_BOUND
        else:
            wanted.append(Wanted(leg=leg, lots=work.rest, limit=limit))
    return tuple(wanted), unpriced


def _reviewed(state: RunState, event: Reviewed) -> Step:
    """Send the proposal, or end."""
    if event.refusal:
        return _stopped(state, RestReason.GATE_REFUSED)
    if event.at >= state.terms.expires_at:
        return _stopped(state, RestReason.APPROVAL_EXPIRED)
    window = state.terms.receive_window_ms
    if state.moving:
        return _transfer_begun(state, event.at)
    new = {i.line: track(i, at=event.at, receive_window_ms=window) for i in state.proposal}
    legs = tuple(
        dataclasses.replace(w, orders=(*w.orders, new[w.leg.line])) if w.leg.line in new else w
        for w in state.legs
    )
    after = dataclasses.replace(state, legs=legs, phase=Phase.WORKING, proposal=())
    return after, (Submit(intents=state.proposal),)


def _transfer_begun(state: RunState, at: datetime) -> Step:
    """Send the transfer that the gate passed."""
    (intent,) = state.moving
    (work,) = (w for w in state.transfers if w.leg.line == intent.line)
    sent = follow(intent, at=at, receive_window_ms=state.terms.receive_window_ms)
    after = state.with_transfer(dataclasses.replace(work, sent=(sent,)))
    after = dataclasses.replace(after, phase=Phase.WORKING, moving=())
    return after, (SubmitTransfer(intent=intent),)


def _transfer_told(state: RunState, event: TransferEvent) -> Step:
    """Pass news to its transfer, and go on when it is closed or given up."""
    found = [
        w for w in state.transfers for t in w.sent if t.intent.transfer_id == event.transfer_id
    ]
    if not found:
        return state, ()
    (work,) = found
    hurried = state.stop in (RestReason.INTERRUPTED, RestReason.HALTED)
    after, asks = heard(work.sent[0], event, hurried=hurried)
    reason = _NOT_MADE.get(after.state, RestReason.NONE)
    state = state.with_transfer(dataclasses.replace(work, sent=(after,), rest_reason=reason))
    if state.phase is Phase.FINISHED or not after.is_done:
        return state, asks if state.phase is not Phase.FINISHED else ()
    if after.outlook is Outlook.CONTRADICTED:
        state = _with_stop(state, RestReason.CONTRADICTED)
    if reason is not RestReason.NONE:
        state = _with_stop(state, RestReason.TRANSFER_NOT_MADE)
    return _move_on(state)


def _order_told(state: RunState, event: OrderEvent) -> Step:
    """Pass news to its order, and go on when the round is over."""
    order = state.order(event.client_order_id)
    if order is None:
        return state, ()
    hurried = state.stop in (RestReason.INTERRUPTED, RestReason.HALTED)
    after, asks = told(order, event, hurried=hurried)
    changed = {event.client_order_id: after}
    if isinstance(event, FillsBooked):
        others = (o for o in state.orders if o.intent.client_order_id != event.client_order_id)
        changed |= {o.intent.client_order_id: overheard(o, event.fills) for o in others}
    before, state = state, state.with_orders(changed)
    if state.phase is Phase.FINISHED:
        return state, ()
    state = _with_outcomes(state, event, before=before)
    if any(o.outlook is Outlook.CONTRADICTED for o in changed.values()):
        state = _with_stop(state, RestReason.CONTRADICTED)
    if state.phase is not Phase.WORKING:
        return _stopped(state, state.stop) if state.stop is not RestReason.NONE else (state, asks)
    return _move_on(state) if state.is_quiet else (state, asks)


def _with_outcomes(state: RunState, event: OrderEvent, *, before: RunState) -> RunState:
    """Conclude for each leg whose order just closed what may still be sent for it."""
    legs = []
    for old, work in zip(before.legs, state.legs, strict=True):
        changed = work is not old and bool(work.orders)
        closed = changed and work.orders[-1].state.is_terminal
        newly = closed and not old.orders[-1].state.is_terminal
        legs.append(_concluded(work, state.terms, event) if newly else work)
    return dataclasses.replace(state, legs=tuple(legs))


def _concluded(work: LegWork, terms: Terms, event: OrderEvent) -> LegWork:
    """Return a leg after its last order closed."""
    order = work.orders[-1]
    if order.state is OrderState.REFUSED:
        return dataclasses.replace(work, rest_reason=RestReason.VENUE_REFUSED)
    if order.state is OrderState.ABSENT:
        nothing = work.came_to_nothing + 1
        silence = event.retry_after_ms if isinstance(event, WasNotSent) else 0
        again = retry.resend_wait_s(nothing, retry_after_ms=silence)
        if again is None:
            return dataclasses.replace(work, rest_reason=RestReason.NOT_SENT)
        return dataclasses.replace(work, came_to_nothing=nothing, wait_s=again)
    rung, why = work.rung + 1, RestReason.NONE
    if work.rest and rung > terms.max_reprices:
        why = RestReason.REPRICES_USED_UP
    elif work.rest and work.cut_reason in _NO_MORE_COMES and order.state is OrderState.FILLED:
        why = work.cut_reason
    return dataclasses.replace(work, rung=rung, rest_reason=why, wait_s=0.0)


def _move_on(state: RunState) -> Step:
    """Begin the next round or stage, or end; every order is closed or given up."""
    outlooks = {o.outlook for o in state.orders} | {t.outlook for t in state.followed}
    if outlooks - {Outlook.ASKING}:
        state = _with_stop(state, RestReason.UNRESOLVED)
    open_stages = state.open_stages
    if state.stop is not RestReason.NONE or not open_stages:
        return dataclasses.replace(state, phase=Phase.FINISHED), (Finish(),)
    wait = max((w.wait_s for w in state.legs if w.is_workable), default=0.0)
    after = dataclasses.replace(state, phase=Phase.SURVEYING, stage=min(open_stages))
    return after, (Survey(after_s=wait),)


def _stopped(state: RunState, reason: RestReason) -> Step:
    """Send nothing more; end now unless orders are in flight."""
    if state.phase is Phase.FINISHED:
        return state, ()
    state = _with_stop(state, reason)
    if state.phase is Phase.WORKING and not state.is_quiet:
        return state, ()
    return dataclasses.replace(state, phase=Phase.FINISHED, proposal=(), moving=()), (Finish(),)


def _with_stop(state: RunState, reason: RestReason) -> RunState:
    """Return the state with the reason to stop; the first one stays."""
    return state if state.stop is not RestReason.NONE else dataclasses.replace(state, stop=reason)


def _with_reasons(state: RunState, reasons: dict[int, RestReason]) -> RunState:
    """Return the state with some legs, by line, given up for a reason."""
    legs = tuple(
        dataclasses.replace(w, rest_reason=reasons[w.leg.line]) if w.leg.line in reasons else w
        for w in state.legs
    )
    return dataclasses.replace(state, legs=legs)


def moved(after: RunState, *, before: RunState) -> tuple[TrackedOrder, ...]:
    """Return the orders whose life or fills went on since *before*, by line and attempt."""
    touched = [work for old, work in zip(before.legs, after.legs, strict=True) if work is not old]
    pairs = [(before.order(o.intent.client_order_id), o) for work in touched for o in work.orders]
    changed = [(old, new) for old, new in pairs if old is not None and old is not new]
    return tuple(new for old, new in changed if is_step(new, before=old) or old.fills != new.fills)


def is_transition(order: TrackedOrder, *, before: RunState) -> bool:
    """Whether the ledger must hear what *order* became; fills are booked on their own."""
    old = before.order(order.intent.client_order_id)
    return old is not None and is_step(order, before=old)


def transfer_moved(after: RunState, *, before: RunState) -> tuple[TrackedTransfer, ...]:
    """Return the transfers of which the ledger must hear what they became since *before*."""
    pairs = zip(before.transfers, after.transfers, strict=True)
    steps = [(o, n) for old, new in pairs for o, n in zip(old.sent, new.sent, strict=False)]
    return tuple(new for old, new in steps if is_transfer_step(new, before=old))
