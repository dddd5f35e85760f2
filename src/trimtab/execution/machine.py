"""The run of an approved plan: events in, commands out. Pure; the driver decides when.

A run goes in rounds. Each begins with a fresh read of account and prices, prices and sizes
what is left of the stage, has the gate look at it, and sends it side by side. It ends when
every order of the round is closed or given up; then comes the next round for the rests, the
next stage, or the end. So a leg never has two live orders, a re-price never overtakes an
unknown order, and an order that cannot be found out about stops everything after it.

Source: docs/design/0006-execution.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Final

from trimtab.domain.orders import OrderState
from trimtab.domain.plan import Leg
from trimtab.domain.snapshot import Snapshot
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
    Survey,
    Surveyed,
    Unsurveyed,
    WasNotSent,
)
from trimtab.execution.pricing import limit_of
from trimtab.execution.rests import RestReason
from trimtab.execution.sizing import Sized, Wanted, means, resize
from trimtab.execution.state import LegWork, Phase, RunState, Terms
from trimtab.execution.tracking import Outlook, TrackedOrder, is_step, overheard, told, track

_NO_MORE_COMES: Final = frozenset({RestReason.NO_CASH, RestReason.NO_UNITS, RestReason.NO_POSITION})
"""Cuts that another round of the same stage would only repeat."""

Step = tuple[RunState, tuple[RunCommand, ...]]
"""A run after an event, and what is to be done now, in order."""


def begin(legs: Iterable[Leg], terms: Terms, opening: Snapshot) -> Step:
    """Return a run at its start, with *opening* as its first fresh read."""
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
    state = RunState(
        terms=terms,
        opening=opening,
        legs=works,
        stage=min((w.leg.stage for w in works), default=1),
        phase=Phase.SURVEYING,
        proposal=(),
        stop=RestReason.NONE,
    )
    return _proposed(state, opening)


def step(state: RunState, event: RunEvent) -> Step:
    """Return the run after *event*, and what is to be done now.

    An event that does not fit the phase (late, doubled, out of order) changes nothing but
    what is known of its order.
    """
    match event:
        case Surveyed():
            fits = state.phase is Phase.SURVEYING
            return _proposed(state, event.snapshot) if fits else (state, ())
        case Unsurveyed():
            fits = state.phase is Phase.SURVEYING
            return _stopped(state, RestReason.MARKET_UNREAD) if fits else (state, ())
        case Reviewed():
            return _reviewed(state, event) if state.phase is Phase.REVIEWING else (state, ())
        case Stopped():
            return _stopped(state, event.reason)
        case NotBegun():
            return _stopped(_without_unbegun(state), event.reason)
        case _:
            return _order_told(state, event)


def _proposed(state: RunState, snapshot: Snapshot) -> Step:
    """Price and size what is left of the stage, and ask the gate about it."""
    wanted, unpriced = _priced(state, snapshot)
    state = _with_reasons(state, unpriced)
    available = means(
        snapshot, state.booked_fills, opening=state.opening, fee_reserve=state.terms.fee_reserve
    )
    sized = {each.wanted.leg.line: each for each in resize(wanted, available)}
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
    return state, (Review(legs=_legs_left(state, sized), snapshot=snapshot),)


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


def _legs_left(state: RunState, sized: dict[int, Sized]) -> tuple[Leg, ...]:
    """Return the legs of this round as sized, and those of later stages as approved."""
    left = []
    for work in state.legs:
        leg = work.leg
        if leg.stage > state.stage and work.is_workable:
            left.append(dataclasses.replace(leg, lots=work.rest))
        elif leg.line in sized and sized[leg.line].lots:
            left.append(dataclasses.replace(leg, lots=sized[leg.line].lots))
    return tuple(left)


def _reviewed(state: RunState, event: Reviewed) -> Step:
    """Send the proposal, or end."""
    if event.refusal:
        return _stopped(state, RestReason.GATE_REFUSED)
    if event.at >= state.terms.expires_at:
        return _stopped(state, RestReason.APPROVAL_EXPIRED)
    window = state.terms.receive_window_ms
    new = {i.line: track(i, at=event.at, receive_window_ms=window) for i in state.proposal}
    legs = tuple(
        dataclasses.replace(w, orders=(*w.orders, new[w.leg.line])) if w.leg.line in new else w
        for w in state.legs
    )
    after = dataclasses.replace(state, legs=legs, phase=Phase.WORKING, proposal=())
    return after, (Submit(intents=state.proposal),)


def _without_unbegun(state: RunState) -> RunState:
    """Return the state without the orders of a round that never began; the ledger has none."""
    legs = tuple(
        dataclasses.replace(w, orders=w.orders[:-1])
        if w.orders and w.orders[-1].state is OrderState.SUBMITTING
        else w
        for w in state.legs
    )
    return dataclasses.replace(state, legs=legs)


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
    return _move_on(state) if all(o.is_done for o in state.orders) else (state, asks)


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
    if any(o.outlook is not Outlook.ASKING for o in state.orders):
        state = _with_stop(state, RestReason.UNRESOLVED)
    open_stages = [w.leg.stage for w in state.legs if w.is_workable]
    if state.stop is not RestReason.NONE or not open_stages:
        return dataclasses.replace(state, phase=Phase.FINISHED), (Finish(),)
    wait = max(w.wait_s for w in state.legs if w.is_workable)
    after = dataclasses.replace(state, phase=Phase.SURVEYING, stage=min(open_stages))
    return after, (Survey(after_s=wait),)


def _stopped(state: RunState, reason: RestReason) -> Step:
    """Send nothing more; end now unless orders are in flight."""
    if state.phase is Phase.FINISHED:
        return state, ()
    state = _with_stop(state, reason)
    if state.phase is Phase.WORKING and not all(o.is_done for o in state.orders):
        return state, ()
    return dataclasses.replace(state, phase=Phase.FINISHED, proposal=()), (Finish(),)


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
