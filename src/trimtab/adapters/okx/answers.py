"""Orders, executions, fees and rights as OKX v5 writes them. Pure.

Each function reads one answer whole: a row that cannot be read makes the answer unreadable, never
shorter. Fees are negative where they are charged. Sizes of coins are base units, those of
contracts count contracts. Sources: OKX API v5 "Place order", "Order details", "Transaction
details", "Get fee rates", "Get account configuration", 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from trimtab.adapters.frame.listed_pages import Page, Row
from trimtab.adapters.frame.order_rows import (
    OrderFields,
    name_in,
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
from trimtab.domain.exact import ZERO
from trimtab.domain.instruments import Asset, Instrument
from trimtab.domain.orders import ClientOrderId, Fill, OrderIntent, VenueOrder, VenueOrderId
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.domain.snapshot import OpenOrder

FIELDS: Final = OrderFields(
    client_id="clOrdId",
    order_id="ordId",
    order_id_pattern=re.compile(r"[0-9]{1,64}"),
    size="sz",
    filled="accFillSz",
    status="state",
)
_REDUCES: Final[Mapping[str, bool]] = {"true": True, "false": False}
_WORDS: Final = frozenset({"read_only", "trade", "withdraw"})
_LATE_MAX: Final = timedelta(minutes=1)
"""How long after it was made an execution may come into the list."""


def rows_in(answer: object) -> tuple[Row, ...]:
    """Return what an answer lists, each row with its market under ``symbol``.

    Raises:
        Unreadable: it has no list, or is none of success.

    """
    told = mapping_of(answer)
    if field(told, "code") != "0":
        raise Unreadable("code is not 0")
    return tuple(
        {**row, "symbol": row["instId"]} if "instId" in row else row
        for row in rows_of(field(told, "data"))
    )


def row_in(answer: object) -> Row:
    """Return the one thing that an answer is about; raises like :func:`rows_in`."""
    rows = rows_in(answer)
    if len(rows) != 1:
        raise Unreadable(f"one row was asked for, {len(rows)} came")
    return rows[0]


def row_of(answer: object, market_id: str) -> Row:
    """Return the one row of an answer about a market; raises like :func:`rows_in`."""
    row = row_in(answer)
    if text_of(row, "instId") != market_id:
        raise Unreadable("the answer is of another market")
    return row


def led_by(rows: tuple[Row, ...], name: str, *, full: int) -> Page:
    """Return a page and what leads to the older ones: the least number of a full page.

    Raises:
        Unreadable: a row has no number.

    """
    numbers = [integer_of(row, name) for row in rows]
    return rows, str(min(numbers)) if len(rows) >= full else ""


def number_of(row: Row, name: str) -> Decimal:
    """Return a number; nothing is written where it does not apply, which counts as zero.

    Raises:
        Unreadable: it is missing, or none.

    """
    return ZERO if field(row, name) == "" else decimal_of(row, name)


def acknowledged(answer: object) -> Row:
    """Return the row of an order, or of a stop, that was taken or cancelled.

    Raises:
        Unreadable: it was not.

    """
    row = row_in(answer)
    if text_of(row, "sCode") != "0":
        raise Unreadable("sCode is not 0")
    return row


def placed_order(answer: object, intent: OrderIntent) -> VenueOrder:
    """Return the order of *intent*, of which the answer says that it was received.

    Raises:
        Unreadable: it is another order, or has no id.

    """
    return received(intent, received_id_in(acknowledged(answer), FIELDS, intent))


def cancelled_id(answer: object) -> VenueOrderId:
    """Return the venue's id of the order that is cancelled.

    Raises:
        Unreadable: there is none.

    """
    return order_id_in(acknowledged(answer), FIELDS)


def order_of(row: Row, intent: OrderIntent, *, market_id: str, ended: frozenset[str]) -> VenueOrder:
    """Read an order, which must be the one of *intent*.

    Raises:
        Unreadable: it is another one, has no id, or does not say what was executed.

    """
    return order_in(row, FIELDS, intent, market_id=market_id, ended=ended)


def open_order_of(row: Row, instrument: Instrument) -> OpenOrder:
    """Read a resting order.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    reduces = _REDUCES.get(text_of(row, "reduceOnly"))
    if reduces is None:
        raise Unreadable("reduceOnly is not a truth value")
    limit_price = decimal_of(row, "px")
    return open_order_in(row, FIELDS, instrument, limit_price=limit_price, reduce_only=reduces)


def order_id_of(row: Row) -> VenueOrderId:
    """Return the venue's number of an order; raises Unreadable without one."""
    return order_id_in(row, FIELDS)


def name_of(row: Row) -> ClientOrderId:
    """Return our name of an order, empty where it was given none; raises Unreadable."""
    return name_in(row, FIELDS)


def fill_of(row: Row, instrument: Instrument) -> Fill:
    """Read an execution.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    stamp = integer_of(row, "fillTime")
    if not 0 <= integer_of(row, "ts") - stamp <= _LATE_MAX // timedelta(milliseconds=1):
        raise Unreadable("an execution came into the list at another time")
    return Fill(
        symbol=instrument.symbol,
        trade_id=risen_trade_id(stamp, text_of(row, "tradeId")),
        venue_order_id=order_id_in(row, FIELDS),
        client_order_id=name_in(row, FIELDS) or None,
        side=side_of(row),
        quantity=base_units(decimal_of(row, "fillSz"), instrument),
        fill_price=decimal_of(row, "fillPx"),
        fee=decimal_of(row, "fee").copy_negate(),
        fee_asset=Asset(text_of(row, "feeCcy")),
        filled_at=instant_of(row, "fillTime"),
    )


def taker_fee_of(answer: object) -> Decimal:
    """Read what a taker pays, fraction of value, >= 0: the most of what is told.

    Markets are in groups with rates of their own, so the dearest counts. A rebate counts for
    nothing until it is booked.

    Raises:
        Unreadable: it does not say.

    """
    row = row_in(answer)
    told = [row, *rows_of(row.get("feeGroup", []))]
    rates = [
        decimal_of(each, name)
        for each in told
        for name in ("taker", "takerU", "takerUSDC")
        if each.get(name, "") != ""
    ]
    if not rates:
        raise Unreadable("no rate for takers is told")
    return max(ZERO, -min(rates))


def key_rights_of(answer: object, *, use: KeyUse) -> KeyRights:
    """Read the rights of the key that is in *use* from the configuration of its account.

    One right is for all trading, and for moves between the accounts of its owner; what leaves
    them needs another.

    Raises:
        Unreadable: one of them is missing, or has a strange word.

    """
    row = row_in(answer)
    words = frozenset(text_of(row, "perm").split(","))
    addresses = field(row, "ip")
    if words - _WORDS or not isinstance(addresses, str):
        raise Unreadable("perm or ip has something strange")
    trades = "trade" in words
    return KeyRights(
        use=use,
        reads="read_only" in words,
        trades_spot=trades,
        trades_futures=trades,
        withdraws="withdraw" in words,
        transfers_out=False,
        transfers_within=trades,
        borrows=trades and _is_on(row, "enableSpotBorrow"),
        trades_options=False,
        is_bound_to_ip=bool(addresses.strip()),
        trades_everything=trades,
        wallet=f"okx {text_of(row, 'uid')}" if "uid" in row else "",
    )


def _is_on(row: Mapping[str, Any], name: str) -> bool:
    """Read a switch; raises Unreadable when it is none."""
    value = field(row, name)
    if not isinstance(value, bool):
        raise Unreadable(f"{name} is not a truth value")
    return value


def account_mode(answer: object) -> str:
    """Return the mode of the account: 1 spot, 2 futures, 3 several coins, 4 portfolio.

    Raises:
        Unreadable: it does not say.

    """
    return text_of(row_in(answer), "acctLv")
