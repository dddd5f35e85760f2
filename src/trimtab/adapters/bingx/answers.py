"""Answers of BingX: envelope, orders and executions of both desks. Pure.

Each function reads one answer whole: a row that cannot be read makes the answer unreadable,
never shorter. The venue writes many numbers from floats, such as a fee of
-0.00005820000000000001: they are taken as they are written. Sizes are base units on both desks.
Sources: BingX API spot and USDT-M "Place order", "Query Order details", spot "Query transaction
details", USDT-M "Query historical transaction details", "Query Trading Commission Rate", 2026.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.order_rows import (
    OrderFields,
    dearest,
    dearest_told,
    lots_worth,
    name_in,
    open_order_in,
    order_id_in,
    order_in,
    price_told,
    received_id_in,
)
from trimtab.adapters.frame.received_orders import received
from trimtab.adapters.frame.timed_fills import risen_trade_id
from trimtab.adapters.frame.units import base_units, side_of
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    fee_of,
    field,
    instant_of,
    integer_of,
    mapping_of,
    milliseconds,
    rows_of,
    text_of,
)
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset, Instrument
from trimtab.domain.orders import (
    ClientOrderId,
    Fill,
    OrderIntent,
    Side,
    VenueOrder,
    VenueOrderId,
)
from trimtab.domain.snapshot import OpenOrder

_FIELDS: Final = OrderFields(
    client_id="clientOrderID",
    order_id="orderId",
    order_id_pattern=re.compile(r"[1-9][0-9]{0,31}"),
    size="origQty",
    filled="executedQty",
    status="status",
)
_VALUE_OFF: Final = Decimal("0.01")
_VALUE_ROUNDED: Final = Decimal("0.01")
"""By how much a value that the venue rounds may differ, as a share and in units of the quote."""


def told_of(answer: object) -> Any:  # noqa: ANN401 -- JSON is what it is until it is read.
    """Return what an answer is about.

    Raises:
        Unreadable: it has nothing, or is none of success.

    """
    told = mapping_of(answer)
    if integer_of(told, "code"):
        raise Unreadable("code is not 0")
    return field(told, "data")


def rows_under(name: str, answer: object) -> tuple[Row, ...]:
    """Return a list that an answer has under *name*.

    Raises:
        Unreadable: there is none.

    """
    return rows_of(field(mapping_of(told_of(answer)), name))


def order_row(answer: object) -> Row:
    """Return the one order of an answer; a contract's lies in an object of its own.

    Raises:
        Unreadable: there is none.

    """
    told = mapping_of(told_of(answer))
    return mapping_of(told["order"]) if "order" in told else told


def _spelt(row: Row) -> Row:
    """Return an order spelt in one way, its id as text: the venue writes nineteen digits.

    Our name is called ``clientOrderID`` or ``clientOrderId``, and of two the one that is filled
    counts.

    Raises:
        Unreadable: it has no id.

    """
    names = [row[each] for each in ("clientOrderID", "clientOrderId") if each in row]
    named = {_FIELDS.client_id: next(filter(None, names), "")} if names else {}
    return {**row, **named, _FIELDS.order_id: str(integer_of(row, _FIELDS.order_id))}


def order_id_of(row: Row) -> VenueOrderId:
    """Return the venue's id of an order.

    Raises:
        Unreadable: there is none.

    """
    return order_id_in(_spelt(row), _FIELDS)


def placed_order(answer: object, intent: OrderIntent) -> VenueOrder:
    """Return the order of *intent*, of which the answer says that it was received.

    Raises:
        Unreadable: it is another order, or has no id.

    """
    return received(intent, received_id_in(_spelt(order_row(answer)), _FIELDS, intent))


def cancelled_id(answer: object) -> VenueOrderId:
    """Return the venue's id of the order that is cancelled.

    Raises:
        Unreadable: there is none.

    """
    return order_id_of(order_row(answer))


def order_of(
    row: Row, intent: OrderIntent, *, market_id: str, ended: Collection[str]
) -> VenueOrder:
    """Read an order, which must be the one of *intent*.

    Raises:
        Unreadable: it is another one, has no id, or does not say what was executed.

    """
    return order_in(_spelt(row), _FIELDS, intent, market_id=market_id, ended=ended)


def name_of(row: Row) -> ClientOrderId:
    """Return the client order id of an order, empty where nobody gave it one.

    Raises:
        Unreadable: it is missing, or no text.

    """
    return name_in(_spelt(row), _FIELDS)


def is_like(row: Row, intent: OrderIntent) -> bool:
    """Say whether an order without a name has side, size and limit of *intent*.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    told = (text_of(row, "side"), decimal_of(row, "origQty"), decimal_of(row, "price"))
    return told == (intent.side.value.upper(), intent.quantity, intent.limit_price)


def open_order_of(row: Row, instrument: Instrument) -> OpenOrder:
    """Read a resting order; one that waits counts at the dearer of its trigger and its limit.

    The desks spell the trigger in two ways. The list leaves out the name of an order that nobody
    named. One of coins that goes to the market then may say what it spends instead of its size.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    prices = [price_told(row, name) for name in ("price", "stopPrice", "StopPrice")]
    limit_price = dearest_told(prices, side_of(row))
    told = {_FIELDS.client_id: "", **_spelt(row)}
    if not instrument.is_contract and not decimal_of(row, _FIELDS.size):
        value, price = decimal_of(row, "origQuoteOrderQty"), dearest((limit_price,), side_of(row))
        told[_FIELDS.size] = instrument.units(lots_worth(instrument, value=value, price=price))
    return open_order_in(
        told,
        _FIELDS,
        instrument,
        limit_price=limit_price,
        reduce_only=instrument.is_contract and _reduces(row),
    )


def _reduces(row: Row) -> bool:
    """Say whether an order of a contract only reduces, or closes all; either may be left out."""
    said = [row.get(name, False) for name in ("reduceOnly", "closePosition")]
    if any(each not in (True, False, "true", "false", "") for each in said):
        raise Unreadable("reduceOnly or closePosition is no truth value")
    return any(each in (True, "true") for each in said)


def fill_of(row: Row, instrument: Instrument, name: ClientOrderId | None) -> Fill:
    """Read an execution of an order that is known by *name*; fees are written negative.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    is_contract = instrument.is_contract
    at = filled_at(row) if is_contract else instant_of(row, "time")
    number = text_of(row, "tradeId") if is_contract else str(integer_of(row, "id"))
    with exact_arithmetic():
        fee = ZERO - decimal_of(row, "commission")
    return Fill(
        symbol=instrument.symbol,
        trade_id=risen_trade_id(milliseconds(at), number),
        venue_order_id=order_id_of(row),
        client_order_id=name,
        side=side_of(row) if is_contract else _side_of_coins(row),
        quantity=_quantity_of(row, instrument),
        fill_price=decimal_of(row, "price"),
        fee=fee,
        fee_asset=Asset(text_of(row, "commissionAsset")),
        filled_at=at,
    )


def _quantity_of(row: Row, instrument: Instrument) -> Decimal:
    """Return what was executed, base units; a contract's is held against its value.

    The venue counts contracts of a fraction of a coin elsewhere, and does not say here what it
    counts.

    Raises:
        Unreadable: a field is missing or wrong, or size and price do not make the value.

    """
    quantity = decimal_of(row, "qty")
    if instrument.is_contract:
        with exact_arithmetic():
            value, said = quantity * decimal_of(row, "price"), decimal_of(row, "quoteQty")
            if abs(value - said) > _VALUE_OFF * said + _VALUE_ROUNDED:
                raise Unreadable("size and price of an execution do not make its value")
    return base_units(quantity, instrument)


def _side_of_coins(row: Row) -> Side:
    """Return the side of an execution of coins."""
    buys = field(row, "isBuyer")
    if not isinstance(buys, bool):
        raise Unreadable("isBuyer is not a truth value")
    return Side.BUY if buys else Side.SELL


def filled_at(row: Row) -> datetime:
    """Return when a contract's execution happened: text with its offset from UTC.

    Raises:
        Unreadable: it is none.

    """
    try:
        at = datetime.fromisoformat(text_of(row, "filledTime"))
    except ValueError as error:
        raise Unreadable("filledTime is no instant") from error
    if at.tzinfo is None:
        raise Unreadable("filledTime has no offset from UTC")
    return at.astimezone(UTC)


def taker_fee_of(answer: object) -> Decimal:
    """Read what a taker pays, fraction of value, >= 0; that of contracts lies one deeper.

    Raises:
        Unreadable: it does not say.

    """
    told = mapping_of(told_of(answer))
    row = mapping_of(told["commission"]) if "commission" in told else told
    return fee_of(row, "takerCommissionRate")
