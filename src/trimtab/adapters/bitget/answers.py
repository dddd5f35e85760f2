"""Answers of Bitget v2 that both desks share: envelope, orders, executions, fees. Pure.

Each function reads one answer whole: a row that cannot be read makes the answer unreadable,
never shorter. Sizes are base units on both desks. Sources: Bitget API v2 "Get Order Info", "Get
Order Detail", "Get Fills", "Get Order Fill Details", "Get Trade Rate", 2025-12.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, Final

from trimtab.adapters.frame.listed_pages import Page, Row
from trimtab.adapters.frame.order_rows import (
    Names,
    OrderFields,
    open_order_in,
    order_id_in,
    order_in,
    received_id_in,
)
from trimtab.adapters.frame.received_orders import received
from trimtab.adapters.frame.timed_fills import risen_trade_id
from trimtab.adapters.frame.units import base_units, side_of
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    field,
    instant_of,
    integer_of,
    mapping_of,
    rows_of,
    text_of,
)
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset, Instrument
from trimtab.domain.orders import (
    ClientOrderId,
    Fill,
    OrderIntent,
    VenueOrder,
    VenueOrderId,
)
from trimtab.domain.snapshot import OpenOrder

FIELDS: Final = OrderFields(
    client_id="clientOid",
    order_id="orderId",
    order_id_pattern=re.compile(r"[0-9]{1,64}"),
    size="size",
    filled="baseVolume",
    status="status",
)
_DONE: Final = "00000"
_REDUCES: Final[Mapping[str, bool]] = {"YES": True, "NO": False}


def told_of(answer: object) -> Any:  # noqa: ANN401 -- JSON is what it is until it is read.
    """Return what an answer of v2 is about.

    Raises:
        Unreadable: it has nothing, or is none of success.

    """
    told = mapping_of(answer)
    if field(told, "code") != _DONE:
        raise Unreadable(f"code is not {_DONE}")
    return field(told, "data")


def row_in(answer: object) -> Row:
    """Return the one row of an answer; raises like :func:`told_of`."""
    return mapping_of(told_of(answer))


def rows_in(answer: object) -> tuple[Row, ...]:
    """Return the rows of an answer; raises like :func:`told_of`."""
    return rows_of(told_of(answer))


def rows_under(name: str, answer: object) -> tuple[Row, ...]:
    """Return the rows that a contract's list has under *name*.

    For none the venue writes null, and then it names no last row either.

    Raises:
        Unreadable: the list is missing, or is none.

    """
    page = row_in(answer)
    found = field(page, name)
    if found is None and field(page, "endId") in (None, ""):
        return ()
    return rows_of(found)


def led_by(rows: tuple[Row, ...], name: str, *, full: int) -> Page:
    """Return a page and what leads behind it: its least number, when it is *full*.

    Raises:
        Unreadable: a row has no number.

    """
    least = min((integer_of(row, name) for row in rows), default=0)
    return rows, str(least) if len(rows) >= full else ""


def placed_order(answer: object, intent: OrderIntent) -> VenueOrder:
    """Return the order of *intent*, of which the answer says that it was received.

    Raises:
        Unreadable: it is another order, or has no id.

    """
    return received(intent, received_id_in(row_in(answer), FIELDS, intent))


def cancelled_id(answer: object) -> VenueOrderId:
    """Return the venue's id of the order that is cancelled.

    Raises:
        Unreadable: there is none.

    """
    return order_id_in(row_in(answer), FIELDS)


def order_of(
    row: Row, intent: OrderIntent, *, market_id: str, ended: Collection[str]
) -> VenueOrder:
    """Read an order, which must be the one of *intent*.

    How it stands is called ``state`` on a contract's own page, ``status`` on all others.

    Raises:
        Unreadable: it is another one, has no id, or does not say what was executed.

    """
    status = text_of(row, "state" if "state" in row else "status")
    written = {**row, "symbol": text_of(row, "symbol").upper(), "status": status}
    return order_in(written, FIELDS, intent, market_id=market_id, ended=ended)


def open_order_of(row: Row, instrument: Instrument) -> OpenOrder:
    """Read a resting order; spot calls the limit ``priceAvg`` in its list, and says no more of it.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    limit_price = _limit_of(row, instrument)
    reduces = instrument.is_contract and _reduces(row)
    return open_order_in(row, FIELDS, instrument, limit_price=limit_price, reduce_only=reduces)


def _limit_of(row: Row, instrument: Instrument) -> Decimal:
    """Return the limit of a resting order, or the trigger that it waits for."""
    if row.get("triggerPrice"):
        return decimal_of(row, "triggerPrice")
    return decimal_of(row, "price" if instrument.is_contract else "priceAvg")


def _reduces(row: Row) -> bool:
    """Say whether an order of a contract only reduces; the venue may leave it out."""
    said = row.get("reduceOnly", "NO")
    if not isinstance(said, str) or said.upper() not in _REDUCES:
        raise Unreadable("reduceOnly is neither YES nor NO")
    return _REDUCES[said.upper()]


def order_id_of(row: Row) -> VenueOrderId:
    """Return the venue's number of an order.

    Raises:
        Unreadable: there is none.

    """
    return order_id_in(row, FIELDS)


def name_of(row: Row) -> ClientOrderId:
    """Return our name of an order, empty where it was given none.

    Raises:
        Unreadable: what it has is no text.

    """
    return ClientOrderId(text_of(row, "clientOid") if row.get("clientOid") else "")


def fill_of(row: Row, instrument: Instrument, names: Names) -> Fill:
    """Read an execution of either desk; *names* are the orders whose client id is known.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    is_contract, order_id = instrument.is_contract, order_id_in(row, FIELDS)
    fee, fee_asset = fee_of(row)
    return Fill(
        symbol=instrument.symbol,
        trade_id=risen_trade_id(integer_of(row, "cTime"), text_of(row, "tradeId")),
        venue_order_id=order_id,
        client_order_id=names.get((instrument.symbol, order_id)),
        side=side_of(row),
        quantity=base_units(decimal_of(row, "baseVolume" if is_contract else "size"), instrument),
        fill_price=decimal_of(row, "price" if is_contract else "priceAvg"),
        fee=fee,
        fee_asset=fee_asset,
        filled_at=instant_of(row, "cTime"),
    )


def fee_of(row: Row) -> tuple[Decimal, Asset]:
    """Return what was paid for an execution, positive, and in what: the venue writes it negative.

    Raises:
        Unreadable: it does not say, or names several coins.

    """
    told = field(row, "feeDetail")
    parts = rows_of(told) if isinstance(told, list) else (mapping_of(told),)
    coins = {text_of(part, "feeCoin").upper() for part in parts}
    if len(coins) != 1:
        raise Unreadable("the fee of an execution is in no coin, or in several")
    with exact_arithmetic():
        paid = sum((decimal_of(part, "totalFee") for part in parts), start=ZERO)
        return ZERO - paid, Asset(coins.pop())


def taker_fee_of(answer: object) -> Decimal:
    """Read what a taker pays in a market, fraction of value.

    Raises:
        Unreadable: it does not say.

    """
    return decimal_of(row_in(answer), "takerFeeRate")
