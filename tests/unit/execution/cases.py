"""Orders, fills and answers in short, for the tests of this room."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.builders import NOW, spot
from trimtab.domain.instruments import Asset, Instrument, Lots, Ticks
from trimtab.domain.orders import (
    Fill,
    OrderIntent,
    OrderState,
    Side,
    TradeId,
    VenueOrder,
    VenueOrderId,
    client_order_id,
)
from trimtab.domain.payments import Payment, PaymentId, PaymentKind
from trimtab.execution.events import (
    AbsenceDoubted,
    AbsenceSaid,
    AbsenceShown,
    AbsenceUnprovable,
    FillsBooked,
    FillsUnread,
    NoAnswer,
    NotVisible,
    OrderEvent,
    Shown,
    WasLost,
    WasNotSent,
    WasRefused,
)
from trimtab.execution.tracking import Told, TrackedOrder, told, track

BTC = spot("BTC")
DIGEST = "d" * 64
WINDOW_MS = 5_000


def intent(
    lots: int = 10, *, instrument: Instrument = BTC, line: int = 1, **changes: Any
) -> OrderIntent:
    attempt = changes.pop("attempt", 1)
    fields: dict[str, Any] = {
        "client_order_id": client_order_id(plan_digest=DIGEST, line=line, attempt=attempt),
        "plan_digest": DIGEST,
        "line": line,
        "attempt": attempt,
        "instrument": instrument,
        "lots": Lots(lots),
        "limit": Ticks(6_000_000),
        "reduce_only": False,
    }
    return OrderIntent(**fields | changes)


ORDER = track(intent(), at=NOW, receive_window_ms=WINDOW_MS)
NAME = ORDER.intent.client_order_id


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def picture(filled: int = 0, *, ended: bool = True, **changes: Any) -> VenueOrder:
    fields: dict[str, Any] = {
        "client_order_id": NAME,
        "venue_order_id": VenueOrderId("v1"),
        "symbol": BTC.symbol,
        "lots": Lots(10),
        "filled_lots": Lots(filled),
        "ended": ended,
        "status": "EXPIRED" if ended else "NEW",
    }
    return VenueOrder(**fields | changes)


def fill(
    lots: int, number: int = 1, *, instrument: Instrument = BTC, price: int = 60_000, **changes: Any
) -> Fill:
    fields: dict[str, Any] = {
        "symbol": instrument.symbol,
        "trade_id": TradeId(str(number)),
        "venue_order_id": VenueOrderId("v1"),
        "client_order_id": None,
        "side": Side.of(lots),
        "quantity": abs(instrument.units(lots)),
        "fill_price": Decimal(price),
        "fee": Decimal("0.01"),
        "fee_asset": instrument.quote,
        "filled_at": NOW,
    }
    return Fill(**fields | changes)


def payment(
    units: str = "-0.5",
    number: int = 1,
    *,
    kind: PaymentKind = PaymentKind.FUNDING,
    of: Fill | None = None,
    at: datetime = NOW,
) -> Payment:
    """Return a movement of the USDT wallet, for an execution or for none."""
    return Payment(
        kind=kind,
        word=kind.value,
        symbol=None if of is None else of.symbol,
        asset=Asset("USDT"),
        units=Decimal(units),
        payment_id=PaymentId(str(number)),
        trade_id=None if of is None else of.trade_id,
        paid_at=at,
    )


def shown(filled: int = 0, *, ended: bool = True, **changes: Any) -> Shown:
    return Shown(client_order_id=NAME, order=picture(filled, ended=ended, **changes), at=NOW)


def booked(*fills: Fill) -> FillsBooked:
    return FillsBooked(client_order_id=NAME, symbol=BTC.symbol, fills=fills, at=NOW)


REFUSED = WasRefused(client_order_id=NAME, reason="-2010", at=NOW)
NOT_SENT = WasNotSent(client_order_id=NAME, reason="429", retry_after_ms=0, at=NOW)
LOST = WasLost(client_order_id=NAME, reason="reset", at=NOW)
UNREAD = FillsUnread(client_order_id=NAME, reason="no route", at=NOW)
NO_ANSWER = NoAnswer(client_order_id=NAME, reason="no route", at=NOW)
DOUBTED = AbsenceDoubted(client_order_id=NAME, reason="one list shows it", at=NOW)


def unseen(at: float = 0) -> NotVisible:
    return NotVisible(client_order_id=NAME, at=later(at))


def absent(at: float = 60) -> AbsenceShown:
    return AbsenceShown(client_order_id=NAME, at=later(at))


def unprovable(at: float = 60) -> AbsenceUnprovable:
    return AbsenceUnprovable(client_order_id=NAME, reason="its lists may be late", at=later(at))


def said_absent(at: float) -> AbsenceSaid:
    return AbsenceSaid(client_order_id=NAME, by="ann@desk", at=later(at))


def after(*events: OrderEvent, order: TrackedOrder = ORDER, hurried: bool = False) -> Told:
    """Return the order after all of *events*, and what the last one made it ask."""
    return _after(events, order, hurried=hurried)


def _after(events: Iterable[OrderEvent], order: TrackedOrder, *, hurried: bool) -> Told:
    step: Told = (order, ())
    for event in events:
        step = told(step[0], event, hurried=hurried)
    return step


def in_state(state: OrderState, **changes: Any) -> TrackedOrder:
    return dataclasses.replace(ORDER, state=state, **changes)
