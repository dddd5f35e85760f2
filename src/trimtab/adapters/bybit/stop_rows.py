"""Conditional orders as Bybit v5 writes them, read as ours. Pure.

One order goes through all of it: it waits for its trigger, works, and ends, under one name and one
number. Source: as in :mod:`trimtab.adapters.bybit.stops`. Prices are quote per base unit.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from trimtab.adapters.bybit.answers import FIELDS, result_of
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.order_rows import name_in, order_id_in, price_told
from trimtab.adapters.frame.units import lots_of, side_of, signed
from trimtab.adapters.wire.exact import Unreadable, decimal_of, field, text_of
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Instrument, Lots
from trimtab.domain.orders import ClientOrderId, Fill, Side, VenueOrderId
from trimtab.domain.stops import (
    FiredOrder,
    ListedStop,
    SeenStop,
    StopId,
    StopIntent,
    VenueStop,
    VenueStopId,
)

TRIGGERED_BY: Final = "MarkPrice"
"""What triggers one of ours."""
_KIND: Final = ("Market", "Stop", TRIGGERED_BY)
RESTS: Final = "Untriggered"
"""Status of one that waits."""
_NO_ORDER: Final = frozenset({"Deactivated", "Rejected"})
"""Cancelled before its trigger was reached, or turned down."""
_WORKS: Final = frozenset({"New", "PartiallyFilled"})
"""``Triggered`` is neither: it lasts an instant, and is no answer yet."""
_ENDED: Final = frozenset({"Filled", "Cancelled", "PartiallyFilledCanceled"})
"""Of one that was triggered; it may have filled in part, or not at all."""
_SURELY_ENDED: Final = timedelta(hours=1)
"""A market order is filled or cancelled at once."""


def received_in(answer: object, intent: StopIntent) -> VenueOrderId:
    """Return the venue's number of the stop of *intent*, which it has received.

    Raises:
        Unreadable: it is another one, or has no number.

    """
    row = result_of(answer)
    require_name(row, intent)
    return order_id_in(row, FIELDS)


def require_name(row: Row, intent: StopIntent) -> None:
    """Refuse what is not of the name of *intent*.

    Raises:
        Unreadable: it is another one.

    """
    if text_of(row, FIELDS.client_id) != intent.stop_id:
        raise Unreadable("the answer is of another stop")


def stop_in(row: Row, intent: StopIntent, market_id: str) -> VenueStop:
    """Read the stop of *intent*, with what became of it.

    One that was triggered may say a smaller size than it had: it is cut to what is held. Its name
    is enough to know it by.

    Raises:
        Unreadable: it is another one, of another kind, or in a state that is not known.

    """
    require_name(row, intent)
    side, status = side_of(row), text_of(row, FIELDS.status)
    if text_of(row, "symbol") != market_id or (side is Side.BUY) != (intent.lots > 0):
        raise Unreadable("the stop of our name is of another market or side")
    if status == RESTS:
        return _resting(row, intent)
    filled = signed(lots_of(decimal_of(row, FIELDS.filled), intent.instrument), side)
    if abs(filled) > abs(intent.lots) or (filled and status in _NO_ORDER):
        raise Unreadable(f"a stop is {status} and filled {filled}")
    if status in _NO_ORDER:
        return _told(row, intent, state=SeenStop.WITHDRAWN, order=None)
    size = signed(lots_of(decimal_of(row, FIELDS.size), intent.instrument), side)
    if status not in _WORKS | _ENDED or (status == "Filled" and filled != size):
        raise Unreadable(f"a stop of {size} is {status} and filled {filled}")
    order_id = order_id_in(row, FIELDS)
    order = FiredOrder(venue_order_id=order_id, filled_lots=filled, ended=status in _ENDED)
    return _told(row, intent, state=SeenStop.FIRED, order=order)


def _resting(row: Row, intent: StopIntent) -> VenueStop:
    """Read one that waits, which must be of the very kind that is placed.

    Raises:
        Unreadable: it is of another kind, or has filled.

    """
    kind = tuple(text_of(row, name) for name in ("orderType", "stopOrderType", "triggerBy"))
    if kind != _KIND or field(row, "reduceOnly") is not True:
        raise Unreadable("the stop of our name is of another kind")
    if decimal_of(row, FIELDS.filled):
        raise Unreadable("a stop that waits has filled")
    return _told(row, intent, state=SeenStop.RESTING, order=None)


def _told(row: Row, intent: StopIntent, *, state: SeenStop, order: FiredOrder | None) -> VenueStop:
    """Return a stop; what waits no more need not say its size and trigger as they were."""
    size = decimal_of(row, FIELDS.size)
    lots = signed(lots_of(size, intent.instrument), side_of(row))
    if state is SeenStop.RESTING:
        trigger = decimal_of(row, "triggerPrice")
    else:
        lots = intent.lots if abs(lots) <= abs(intent.lots) else lots
        trigger = price_told(row, "triggerPrice") or intent.trigger_price
    return VenueStop(
        stop_id=intent.stop_id,
        venue_stop_id=VenueStopId(order_id_in(row, FIELDS)),
        symbol=intent.instrument.symbol,
        lots=lots,
        trigger_price=trigger,
        state=state,
        order=order,
        status=text_of(row, FIELDS.status),
    )


def executed_stop(intent: StopIntent, fills: Iterable[Fill], *, now: datetime) -> VenueStop | None:
    """Return the stop of *intent* by its executions, oldest first; None: there are none.

    What is known of it is that it fired, and how much it filled. *now* is the venue's clock.

    Raises:
        Unreadable: they are not of one order, or of more than was ordered, or may go on.

    """
    ours = tuple(fill for fill in fills if fill.client_order_id == ClientOrderId(intent.stop_id))
    if not ours:
        return None
    numbers, sides = {fill.venue_order_id for fill in ours}, {fill.side for fill in ours}
    if len(numbers) > 1 or sides != {Side.BUY if intent.lots > 0 else Side.SELL}:
        raise Unreadable("executions of our name are not of one order")
    with exact_arithmetic():
        units = sum((fill.quantity for fill in ours), ZERO)
    filled = Lots(lots_of(units, intent.instrument) * (1 if intent.lots > 0 else -1))
    if abs(filled) > abs(intent.lots):
        raise Unreadable("more was executed than the stop has")
    if filled != intent.lots and now - ours[-1].filled_at < _SURELY_ENDED:
        raise Unreadable("it may still be filled")
    (number,) = numbers
    return VenueStop(
        stop_id=intent.stop_id,
        venue_stop_id=VenueStopId(number),
        symbol=intent.instrument.symbol,
        lots=intent.lots,
        trigger_price=intent.trigger_price,
        state=SeenStop.FIRED,
        order=FiredOrder(venue_order_id=number, filled_lots=filled, ended=True),
        status="executed",
    )


def listed_in(row: Row, instrument: Instrument) -> ListedStop | None:
    """Read an open order as one that waits, of whatever kind; None: it waits for nothing.

    One without a size closes what is held.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    if text_of(row, FIELDS.status) != RESTS:
        return None
    reduces, closes = field(row, "reduceOnly"), field(row, "closeOnTrigger")
    if not isinstance(reduces, bool) or not isinstance(closes, bool):
        raise Unreadable("reduceOnly or closeOnTrigger is not a truth value")
    price = decimal_of(row, "triggerPrice")
    if price <= 0:
        raise Unreadable("a conditional order that waits for no price")
    return ListedStop(
        symbol=instrument.symbol,
        stop_id=StopId(name_in(row, FIELDS)),
        venue_stop_id=VenueStopId(order_id_in(row, FIELDS)),
        lots=signed(lots_of(decimal_of(row, FIELDS.size), instrument), side_of(row)),
        trigger_price=price,
        reduce_only=reduces or closes,
    )


def most_at_market(row: Row) -> Decimal:
    """Return how much of a contract one order at market may be of, base units.

    Raises:
        Unreadable: the market does not say.

    """
    sizes = field(row, "lotSizeFilter")
    if not isinstance(sizes, dict):
        raise Unreadable("lotSizeFilter is not an object")
    return decimal_of(sizes, "maxMktOrderQty")
