"""What a ledger refuses and concludes, as functions of values. Pure.

Every ledger (on disk or in memory) applies these, so that they cannot differ. Sizes are
signed lots, values quote units.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from trimtab.domain.canonical import instant_text
from trimtab.domain.errors import ApprovalError, Halted, LedgerError
from trimtab.domain.exact import ZERO, exact_arithmetic, plain
from trimtab.domain.instruments import Asset, Instrument, Lots, Symbol
from trimtab.domain.orders import Fill, OrderRecord, OrderState, Side, TradeId
from trimtab.domain.payments import Payment, PaymentId, PaymentKind
from trimtab.execution.lifecycle import is_allowed
from trimtab.ports import PlanStatus, Transition

CLOCK_MARGIN_S = 5
"""How far before the ledger's first entry executions are read, seconds: clocks differ."""
PAYMENTS_LATE_S = 3_600
"""How far before the newest booked payment reading goes on, seconds."""
DIGEST_PREFIX_MIN = 8
"""Fewest hex digits that may name a plan."""
APPROVABLE = frozenset({PlanStatus.PROPOSED, PlanStatus.APPROVED})
"""Where a plan must stand to take its yes."""
_COMES_FROM: Mapping[PlanStatus, frozenset[PlanStatus]] = MappingProxyType(
    {
        PlanStatus.DECLINED: APPROVABLE,
        PlanStatus.EXPIRED: APPROVABLE,
        PlanStatus.EXECUTING: frozenset({PlanStatus.APPROVED}),
        PlanStatus.APPROVED: frozenset({PlanStatus.APPROVED, PlanStatus.EXECUTING}),
    }
)
"""Where a plan must stand to be decided against, begun, or left to be begun by another run.

It is begun once; a run of which nothing began takes back no no that came meanwhile.
"""

_DECIDED_AGAINST = frozenset({PlanStatus.DECLINED, PlanStatus.EXPIRED})
_GOES_ON = frozenset({PlanStatus.EXECUTING, PlanStatus.APPROVED})
"""Where a run wants to have a plan of which it has sent nothing."""

PaymentKey = tuple[Asset, PaymentKind, PaymentId]
"""What no two payments of an account share."""
_NEVER_REACHED = frozenset({OrderState.REFUSED, OrderState.ABSENT})
_ENDED_WITH_FILLS = frozenset({OrderState.FILLED, OrderState.EXPIRED})


def moved(record: OrderRecord, step: Transition) -> OrderRecord:
    """Return the order after *step*; its fills must be booked before it closes.

    A report that is older than what is known never lowers ``executed_lots``.

    Raises:
        LedgerError: the life cycle does not know the step, the venue's report is of another
            order, or the order would close with other fills than the venue executed.

    """
    name = step.client_order_id
    if not is_allowed(record.state, after=step.state):
        raise LedgerError(f"order {name}: is {record.state}, cannot become {step.state}")
    venue_order_id, executed = record.venue_order_id, record.executed_lots
    if step.order is not None:
        told = step.order
        fits = told.client_order_id == name and told.symbol == record.intent.instrument.symbol
        if not fits or told.lots != record.intent.lots:
            raise LedgerError(f"order {name}: the venue's report is of another order")
        if venue_order_id not in (None, told.venue_order_id):
            raise LedgerError(
                f"order {name}: is {venue_order_id} on the venue, was told {told.venue_order_id}"
            )
        venue_order_id = told.venue_order_id
        executed = further(executed, told=told.filled_lots)
    _refuse_early_end(record, step.state, executed)
    return dataclasses.replace(
        record, state=step.state, venue_order_id=venue_order_id, executed_lots=executed
    )


def _refuse_early_end(record: OrderRecord, state: OrderState, executed: Lots) -> None:
    """Refuse to close an order for the first time while its fills are not all booked."""
    name, booked = record.intent.client_order_id, record.filled_lots
    if record.state.is_terminal:
        return
    if state in _ENDED_WITH_FILLS and booked != executed:
        raise LedgerError(
            f"order {name}: cannot become {state} with {booked} lots booked of {executed} executed"
        )
    if state is OrderState.FILLED and booked != record.intent.lots:
        raise LedgerError(
            f"order {name}: cannot become filled with {booked} of {record.intent.lots} lots booked"
        )
    if state in _NEVER_REACHED and booked != 0:
        raise LedgerError(f"order {name}: cannot become {state} with {booked} lots booked")


def further(known: Lots, *, told: Lots) -> Lots:
    """Return the execution that is further along; both are signed alike."""
    return max(known, told, key=abs)


def filled_by(record: OrderRecord, fills: Iterable[Fill]) -> OrderRecord:
    """Return the order with *fills* added.

    Raises:
        LedgerError: a fill is of another side, or not whole lots of the order's instrument.

    """
    intent = record.intent
    booked = record.filled_lots
    for fill in fills:
        if fill.side is not intent.side or fill.symbol != intent.instrument.symbol:
            raise LedgerError(
                f"fill {fill.trade_id} of {fill.symbol}: cannot belong to order "
                f"{intent.client_order_id}, which is to {intent.side} {intent.instrument.symbol}"
            )
        booked = Lots(booked + lots_of(fill, intent.instrument))
    return dataclasses.replace(
        record, filled_lots=booked, executed_lots=further(record.executed_lots, told=booked)
    )


def lots_of(fill: Fill, instrument: Instrument) -> Lots:
    """Return the fill's size as signed lots of *instrument*.

    Raises:
        LedgerError: the size is not a whole number of lots.

    """
    with exact_arithmetic():
        lots, rest = divmod(fill.quantity, instrument.lot_size)
    if rest != 0:
        raise LedgerError(
            f"fill {fill.trade_id} of {fill.symbol}: {fill.quantity} is not whole lots of "
            f"{instrument.lot_size}"
        )
    return Lots(int(lots) if fill.side is Side.BUY else -int(lots))


def is_same_fill(known: Fill, told: Fill) -> bool:
    """Whether both tell the same execution; whose order it is may have been found out since."""
    return dataclasses.replace(known, client_order_id=None) == dataclasses.replace(
        told, client_order_id=None
    )


def fresh_fills(
    symbol: Symbol, told: Sequence[Fill], known: Mapping[TradeId, Fill]
) -> tuple[Fill, ...]:
    """Return what of *told* is not in *known* (by trade id), each once, in the order told.

    Raises:
        LedgerError: a fill is of another symbol, or contradicts one that is booked.

    """
    seen, fresh = dict(known), []
    for fill in told:
        if fill.symbol != symbol:
            raise LedgerError(f"fill {fill.trade_id}: is of {fill.symbol}, not of {symbol}")
        if fill.trade_id not in seen:
            seen[fill.trade_id] = fill
            fresh.append(fill)
        before = seen[fill.trade_id]
        if not is_same_fill(before, fill):
            raise LedgerError(
                f"fill {fill.trade_id} of {symbol}: is booked as {before.side} {before.quantity} "
                f"at {before.fill_price}, was told as {fill.side} {fill.quantity} "
                f"at {fill.fill_price}"
            )
    return tuple(fresh)


def newest(fills: Iterable[Fill]) -> Fill:
    """Return the execution after which reading goes on: the last by time, then by number."""
    return max(fills, key=lambda f: reading_place(instant_text(f.filled_at), f.trade_id))


def reading_place(filled_at: str, trade_id: TradeId) -> tuple[str, int]:
    """Return where an execution stands in the reading order of its symbol.

    Trade ids that are no numbers count as equal within one instant.
    """
    return filled_at, int(trade_id) if trade_id.isdecimal() else 0


def reading_begins(began_at: datetime) -> datetime:
    """Return from when executions are read while none is booked: just before the ledger."""
    return began_at - timedelta(seconds=CLOCK_MARGIN_S)


def committed(records: Iterable[OrderRecord], *, since: datetime) -> dict[Symbol, Decimal]:
    """Return quote value at limit by symbol of what was or may be spent since an instant.

    An order that ended counts what was executed, any other its whole size. Reduce-only and
    simulated orders do not count.
    """
    values: dict[Symbol, Decimal] = {}
    for record in records:
        if record.submitted_at < since or record.simulated or record.intent.reduce_only:
            continue
        lots = record.counted_lots
        with exact_arithmetic():
            value = abs(record.intent.instrument.units(lots)) * record.intent.limit_price
            if lots != 0:
                symbol = record.intent.instrument.symbol
                values[symbol] = values.get(symbol, ZERO) + value
    return values


def whose(fill: Fill, orders: Iterable[OrderRecord]) -> OrderRecord | None:
    """Return the order of ours that *fill* belongs to, by either id; None when it is external."""
    for record in orders:
        by_ours = record.intent.client_order_id == fill.client_order_id
        if by_ours or is_of(fill, record):
            return record
    return None


def is_of(fill: Fill, record: OrderRecord) -> bool:
    """Whether the venue's order id of *fill* is the one of *record*."""
    same_market = record.intent.instrument.symbol == fill.symbol
    return same_market and record.venue_order_id == fill.venue_order_id


def refuse_new_halt(halted: str | None, *, seen: str | None) -> None:
    """Refuse to begin orders that the gate passed before the kill switch was latched.

    A release since then is no reason: what passed under the latch is a reduction.

    Raises:
        Halted: it is latched, and not as the gate saw it.

    """
    if halted is not None and halted != seen:
        raise Halted(f"halted: {halted}; nothing of this round was sent")


def refuse_approval(digest: str, status: PlanStatus) -> None:
    """Refuse a yes to a plan that was decided already or cannot be executed.

    Raises:
        ApprovalError: the plan stands elsewhere than before its approval.

    """
    if status not in APPROVABLE:
        raise ApprovalError(
            f"plan {digest[:12]}: is {status}, cannot be approved", next_step="trimtab plan"
        )


def approved_already(digest: str) -> ApprovalError:
    """Return that a plan has its yes, perhaps from a run that was on its way at the same time."""
    return ApprovalError(
        f"plan {digest[:12]}: is approved already; this run sent nothing",
        next_step="trimtab ledger plans",
    )


def refuse_move(digest: str, status: PlanStatus, *, to: PlanStatus) -> None:
    """Refuse to decide against a plan, to begin it or to leave it, where that was decided.

    Raises:
        ApprovalError: its yes was taken back, or its time is over, before it was begun.
        LedgerError: the plan stands elsewhere than it must for that.

    """
    if status in _COMES_FROM.get(to, {status}):
        return
    told = f"plan {digest[:12]}: is {status}, cannot become {to}"
    if status in _DECIDED_AGAINST and to in _GOES_ON:
        raise ApprovalError(f"{told}; nothing was sent", next_step="trimtab plan")
    raise LedgerError(told, next_step="trimtab ledger plans")


def the_one_digest(prefix: str, digests: Sequence[str]) -> str:
    """Return the only digest that starts with *prefix*.

    Raises:
        LedgerError: the prefix is too short, or names no plan, or several.

    """
    found = [d for d in digests if d.startswith(prefix)]
    if len(prefix) >= DIGEST_PREFIX_MIN and len(found) == 1:
        return found[0]
    if len(prefix) < DIGEST_PREFIX_MIN:
        fault = f"give {DIGEST_PREFIX_MIN} digits of its digest or more"
    else:
        fault = "no plan has that digest" if not found else f"{len(found)} plans begin so"
    raise LedgerError(f"plan {prefix}: {fault}", next_step="trimtab ledger plans")


def fresh_payments(
    told: Sequence[Payment], known: Mapping[PaymentKey, Payment]
) -> tuple[Payment, ...]:
    """Return what of *told* is not in *known* (by key), each once, in the order told.

    Raises:
        LedgerError: a payment contradicts one that is booked.

    """
    seen, fresh = dict(known), []
    for payment in told:
        if payment.key not in seen:
            seen[payment.key] = payment
            fresh.append(payment)
        before = seen[payment.key]
        if before != payment:
            raise LedgerError(
                f"payment {payment.kind} {payment.payment_id}: is booked as "
                f"{plain(before.units)} {before.asset}, was told as "
                f"{plain(payment.units)} {payment.asset}, or another field differs"
            )
    return tuple(fresh)


def payments_read_from(newest: datetime) -> datetime:
    """Return from when on payments are read again: they may be listed late, and out of order."""
    return newest - timedelta(seconds=PAYMENTS_LATE_S)
