"""What a run came to: orders, rests with their reasons, what stays unknown. Pure.

Sizes are signed lots, prices quote per base unit, fees units of their asset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from trimtab.domain.exact import ZERO, exact_arithmetic, ratio
from trimtab.domain.findings import GateReport
from trimtab.domain.hedges import HedgeId
from trimtab.domain.instruments import Asset, Instrument, Lots, Symbol
from trimtab.domain.orders import ClientOrderId, Fill, OrderState, Side
from trimtab.domain.plan import Leg, Plan
from trimtab.domain.stops import StopId, StopState
from trimtab.domain.transfers import TransferId, TransferLeg, TransferState, VenueTransferId
from trimtab.execution.rests import RestReason
from trimtab.execution.state import LegWork, RunState, TransferWork
from trimtab.execution.tracking import TrackedOrder
from trimtab.execution.transfers import TrackedTransfer


class Outcome(StrEnum):
    """How a run ended, and with which exit code."""

    EXECUTED = "executed"
    """Every leg filled whole, every transfer made."""
    REFUSED = "refused"
    """The gate refused just before the first order; nothing was sent."""
    PARTIAL = "partial"
    """Ended with a rest; every order's end is known."""
    UNKNOWN = "unknown"
    """An order's outcome or fills, or a transfer's outcome, are not known: ``trimtab recover``."""
    NOTHING_SENT = "nothing_sent"
    """The venue could not be read or took nothing."""
    HALTED = "halted"
    """The kill switch was latched before the first order."""
    INTERRUPTED = "interrupted"
    """Somebody stopped the run; every order's end is known."""

    @property
    def exit_code(self) -> int:
        """The process's exit code by the contract."""
        return _EXIT_CODES[self]


_EXIT_CODES: Final[Mapping[Outcome, int]] = MappingProxyType(
    {
        Outcome.EXECUTED: 0,
        Outcome.REFUSED: 3,
        Outcome.PARTIAL: 5,
        Outcome.UNKNOWN: 6,
        Outcome.NOTHING_SENT: 7,
        Outcome.HALTED: 8,
        Outcome.INTERRUPTED: 130,
    }
)
_BEFORE_ANY_ORDER: Final[Mapping[RestReason, Outcome]] = MappingProxyType(
    {
        RestReason.GATE_REFUSED: Outcome.REFUSED,
        RestReason.MARKET_UNREAD: Outcome.NOTHING_SENT,
        RestReason.LEVERAGE_NOT_SET: Outcome.NOTHING_SENT,
        RestReason.HALTED: Outcome.HALTED,
        RestReason.INTERRUPTED: Outcome.INTERRUPTED,
        RestReason.STOP_UNRESOLVED: Outcome.UNKNOWN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One order of a run."""

    line: int
    """Line of the plan, >= 1."""
    attempt: int
    """Count of orders for the line, >= 1."""
    client_order_id: ClientOrderId
    instrument: Instrument
    side: Side
    state: OrderState
    filled_lots: Lots
    """Sum of booked fills, signed."""
    average_fill_price: Decimal | None
    """By quantity, quote per base unit, > 0; None without a fill."""
    fees: Mapping[Asset, Decimal]
    """What was paid, by asset; negative is a rebate."""
    note: str
    """The venue's or our last word on it; may be empty."""

    @property
    def filled(self) -> Decimal:
        """Unsigned filled quantity in base units."""
        return self.instrument.units(self.filled_lots).copy_abs()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What of a leg was not executed, and why."""

    line: int
    """Line of the plan, >= 1."""
    symbol: Symbol
    side: Side
    lots: Lots
    """Signed, never zero."""
    quantity: Decimal
    """Unsigned size in base units."""
    reason: RestReason


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferLine:
    """One transfer of a run that was begun."""

    line: int
    """Line of the plan, >= 1."""
    transfer_id: TransferId
    asset: Asset
    units: Decimal
    """Into the futures wallet, signed, never zero."""
    state: TransferState
    venue_transfer_id: VenueTransferId | None
    """None unless the venue has named it."""
    note: str
    """The last word on it; may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRest:
    """A transfer that was not made, and why."""

    line: int
    """Line of the plan, >= 1."""
    asset: Asset
    units: Decimal
    """Into the futures wallet, signed, never zero."""
    reason: RestReason


@dataclass(frozen=True, slots=True, kw_only=True)
class StopResult:
    """What came of one line about a stop that was to be placed."""

    line: int
    """Line of the plan, >= 1."""
    stop_id: StopId
    hedge_id: HedgeId
    symbol: Symbol
    quantity: Decimal
    """Base units, > 0."""
    trigger_price: Decimal
    """Quote per base unit, > 0."""
    state: StopState
    is_well: bool
    """Whether it rests as it should."""
    is_unknown: bool
    """Whether it is not known where it stands."""
    note: str
    """The last word on it; may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionReport:
    """What an execution came to."""

    outcome: Outcome
    orders: tuple[OrderLine, ...]
    """By line and attempt."""
    transfers: tuple[TransferLine, ...]
    """Those that were begun, by line."""
    remainder: tuple[Rest, ...]
    """By line."""
    unmoved: tuple[TransferRest, ...]
    """Transfers that were not made, by line."""
    unknown: tuple[ClientOrderId | TransferId | StopId, ...]
    """Orders whose outcome or fills are not known, by line and attempt; then such transfers, then
    such stops."""
    review: GateReport
    """The gate's last word: on the plan, or on what was left of it."""
    note: str
    """Why it ended early, in one sentence; may be empty."""
    stops: tuple[StopResult, ...] = ()
    """Stops that were to rest afterwards, by line."""


def report(state: RunState, review: GateReport, note: str) -> ExecutionReport:
    """Return what *state* came to; *review* is the gate's last word."""
    remainder = tuple(_rest(w, state.stop) for w in state.legs if w.rest)
    unmoved = tuple(_unmoved(w, state.stop) for w in state.transfers if not w.is_made)
    outcome = _outcome(state, has_rest=bool(remainder or unmoved))
    orders = [o.intent.client_order_id for o in state.orders if _is_unknown(o)]
    transfers = [t.intent.transfer_id for t in state.followed if t.is_unknown]
    return ExecutionReport(
        outcome=outcome,
        orders=tuple(_line(order) for order in state.orders),
        transfers=tuple(_transfer_line(each) for each in state.followed),
        remainder=remainder,
        unmoved=unmoved,
        unknown=(*orders, *transfers),
        review=review,
        note=note,
    )


def stops_alone(review: GateReport) -> ExecutionReport:
    """Return the report of a run without orders and transfers, before its stops."""
    return ExecutionReport(
        outcome=Outcome.EXECUTED,
        orders=(),
        transfers=(),
        remainder=(),
        unmoved=(),
        unknown=(),
        review=review,
        note="",
    )


def unstarted(plan: Plan, reason: RestReason, review: GateReport, note: str) -> ExecutionReport:
    """Return the report of a run that ended before it began: every leg is left."""
    return ExecutionReport(
        outcome=_BEFORE_ANY_ORDER.get(reason, Outcome.PARTIAL),
        orders=(),
        transfers=(),
        remainder=tuple(_left(leg, leg.lots, reason) for leg in plan.legs),
        unmoved=tuple(_unmade(transfer, reason) for transfer in plan.transfers),
        unknown=(),
        review=review,
        note=note,
    )


def _is_unknown(order: TrackedOrder) -> bool:
    """Whether recovery or a person must look at the order."""
    return order.is_unresolved or not order.state.is_terminal


def _outcome(state: RunState, *, has_rest: bool) -> Outcome:
    """Name how the run ended; what needs an act comes first."""
    orders, transfers = tuple(state.orders), tuple(state.followed)
    if any(map(_is_unknown, orders)) or any(each.is_unknown for each in transfers):
        return Outcome.UNKNOWN
    if not has_rest:
        return Outcome.EXECUTED
    if state.stop is RestReason.INTERRUPTED:
        return Outcome.INTERRUPTED
    left = [o.may_have_left for o in orders] + [t.may_have_left for t in transfers]
    if any(left):
        return Outcome.PARTIAL
    if left:
        return Outcome.NOTHING_SENT
    return _BEFORE_ANY_ORDER.get(state.stop, Outcome.PARTIAL)


def _rest(work: LegWork, stop: RestReason) -> Rest:
    """Return what is left of a leg, with the closest reason."""
    unresolved = any(_is_unknown(o) for o in work.orders)
    reason = RestReason.UNRESOLVED if unresolved else work.rest_reason
    return _left(work.leg, work.rest, reason if reason is not RestReason.NONE else stop)


def _left(leg: Leg, lots: Lots, reason: RestReason) -> Rest:
    """Return *lots* of a leg as left for a reason."""
    return Rest(
        line=leg.line,
        symbol=leg.symbol,
        side=leg.side,
        lots=lots,
        quantity=leg.instrument.units(lots).copy_abs(),
        reason=reason,
    )


def _unmoved(work: TransferWork, stop: RestReason) -> TransferRest:
    """Return a transfer that was not made, with the closest reason."""
    unresolved = any(each.is_unknown for each in work.sent)
    reason = RestReason.UNRESOLVED if unresolved else work.rest_reason
    return _unmade(work.leg, reason if reason is not RestReason.NONE else stop)


def _unmade(transfer: TransferLeg, reason: RestReason) -> TransferRest:
    """Return a transfer as not made for a reason."""
    return TransferRest(
        line=transfer.line, asset=transfer.asset, units=transfer.units, reason=reason
    )


def _transfer_line(transfer: TrackedTransfer) -> TransferLine:
    """Return one transfer that was begun."""
    intent = transfer.intent
    return TransferLine(
        line=intent.line,
        transfer_id=intent.transfer_id,
        asset=intent.asset,
        units=intent.units,
        state=transfer.state,
        venue_transfer_id=transfer.venue_transfer_id,
        note=transfer.note,
    )


def _line(order: TrackedOrder) -> OrderLine:
    """Return one order with the average and the fees of its fills."""
    intent = order.intent
    return OrderLine(
        line=intent.line,
        attempt=intent.attempt,
        client_order_id=intent.client_order_id,
        instrument=intent.instrument,
        side=intent.side,
        state=order.state,
        filled_lots=order.booked,
        average_fill_price=average(order.fills),
        fees=fees(order.fills),
        note=order.note,
    )


def average(fills: tuple[Fill, ...]) -> Decimal | None:
    """Return the mean fill price by quantity, None without a fill."""
    if not fills:
        return None
    with exact_arithmetic():
        value = sum((f.quantity * f.fill_price for f in fills), ZERO)
        quantity = sum((f.quantity for f in fills), ZERO)
    return ratio(value, quantity)


def fees(fills: tuple[Fill, ...]) -> Mapping[Asset, Decimal]:
    """Return the fees of *fills* by asset, in the order they were first paid in."""
    paid: dict[Asset, Decimal] = {}
    with exact_arithmetic():
        for fill in fills:
            paid[fill.fee_asset] = paid.get(fill.fee_asset, ZERO) + fill.fee
    return paid
