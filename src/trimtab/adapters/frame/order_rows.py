"""Orders in rows of a venue's answers, read by what the venue calls their parts. Pure.

A venue says once how its rows are spelt (:class:`OrderFields`); where a row is spelt in another
way on one of its pages, its own reader writes the row anew before it is read here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.units import lots_of, side_of, signed
from trimtab.adapters.wire.exact import Unreadable, decimal_of, field, number, text_of
from trimtab.domain.exact import ZERO, ceil_times, exact_arithmetic, ratio
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.orders import ClientOrderId, OrderIntent, Side, VenueOrder, VenueOrderId
from trimtab.domain.snapshot import OpenOrder

Names = Mapping[tuple[Symbol, VenueOrderId], ClientOrderId]
"""Orders whose client id was seen, where executions do not carry it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFields:
    """What a venue calls the parts of an order; its market is ``symbol``, its side ``side``."""

    client_id: str
    order_id: str
    order_id_pattern: re.Pattern[str]
    """What the venue's own id must match, whole."""
    size: str
    """What was ordered: contracts of the venue, base units for coins."""
    filled: str
    """What was executed of it."""
    status: str


def order_id_in(row: Row, fields: OrderFields) -> VenueOrderId:
    """Return the venue's id of an order.

    Raises:
        Unreadable: there is none.

    """
    order_id = text_of(row, fields.order_id)
    if not fields.order_id_pattern.fullmatch(order_id):
        raise Unreadable(f"{fields.order_id} is not an id")
    return VenueOrderId(order_id)


def received_id_in(row: Row, fields: OrderFields, intent: OrderIntent) -> VenueOrderId:
    """Return the venue's id of the order of *intent*, which it has received.

    Raises:
        Unreadable: it is another order, or has no id.

    """
    if text_of(row, fields.client_id) != intent.client_order_id:
        raise Unreadable("the answer is of another order")
    return order_id_in(row, fields)


def order_in(
    row: Row, fields: OrderFields, intent: OrderIntent, *, market_id: str, ended: Collection[str]
) -> VenueOrder:
    """Read an order, which must be the one of *intent*; *ended* are the statuses of an end.

    Raises:
        Unreadable: it is another one, has no id, or does not say what was executed.

    """
    side = side_of(row)
    told = (text_of(row, fields.client_id), text_of(row, "symbol"), side)
    if told != (intent.client_order_id, market_id, intent.side):
        raise Unreadable("the answer is of another order")
    status, instrument = text_of(row, fields.status), intent.instrument
    return VenueOrder(
        client_order_id=intent.client_order_id,
        venue_order_id=order_id_in(row, fields),
        symbol=instrument.symbol,
        lots=signed(lots_of(decimal_of(row, fields.size), instrument), side),
        filled_lots=signed(lots_of(decimal_of(row, fields.filled), instrument), side),
        ended=status in ended,
        status=status,
    )


def name_in(row: Row, fields: OrderFields) -> ClientOrderId:
    """Return the client order id of an order, empty where nobody gave it one.

    Raises:
        Unreadable: it is missing, or no text.

    """
    name = field(row, fields.client_id)
    if not isinstance(name, str):
        raise Unreadable(f"{fields.client_id} is not text")
    return ClientOrderId(name)


def open_order_in(
    row: Row,
    fields: OrderFields,
    instrument: Instrument,
    *,
    limit_price: Decimal,
    reduce_only: bool,
) -> OpenOrder:
    """Read a resting order; its limit, or the trigger that it waits for, is read by the venue.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    with exact_arithmetic():
        rest = decimal_of(row, fields.size) - decimal_of(row, fields.filled)
    return OpenOrder(
        symbol=instrument.symbol,
        client_order_id=name_in(row, fields),
        venue_order_id=order_id_in(row, fields),
        lots=signed(lots_of(rest, instrument), side_of(row)),
        limit_price=limit_price,
        reduce_only=reduce_only,
    )


def dearest(prices: Iterable[Decimal], side: Side) -> Decimal:
    """Return the price that costs the account most: the highest of a buy, the lowest of a sell.

    What is not positive stands for no price.

    Raises:
        Unreadable: there is none.

    """
    told = [price for price in prices if price > 0]
    if not told:
        raise Unreadable("an order waits for no price that is told")
    return max(told) if side is Side.BUY else min(told)


def price_told(row: Row, name: str) -> Decimal:
    """Return a price that an order may leave out, 0 where it does.

    Raises:
        Unreadable: it is no number.

    """
    told = row.get(name)
    return ZERO if told in (None, "") else number(told, name)


def dearest_told(prices: Iterable[Decimal], side: Side) -> Decimal:
    """Return the dearest price that an order names, 0 where it names none.

    One that goes to the market when it is triggered may still name a price beside its trigger.
    """
    told = [price for price in prices if price > 0]
    return dearest(told, side) if told else ZERO


def lots_worth(instrument: Instrument, *, value: Decimal, price: Decimal) -> int:
    """Return the lots of an order whose size is a value, quote units, at *price*, rounded up."""
    return ceil_times(instrument.lot_size, ratio(value, price))
