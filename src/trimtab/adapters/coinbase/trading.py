"""Orders and executions of coins as Coinbase writes them. Pure.

Each function reads one answer whole: a row that cannot be read makes the answer unreadable, never
shorter. Orders that wait for a trigger are told among those that rest. Of the prices that an order
names the dearest counts, and of the sizes that it had the largest: whether one that was edited
tells its new size is not said. Sources: Coinbase Advanced Trade API "Create Order", "Cancel
Orders", "List Orders", "Get Order", "List Fills", 2026.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from trimtab.adapters.coinbase.answers import is_so, listed_in
from trimtab.adapters.frame.listed_pages import Page, Row
from trimtab.adapters.frame.order_rows import (
    OrderFields,
    dearest,
    lots_worth,
    name_in,
    order_id_in,
    order_in,
    price_told,
    received_id_in,
)
from trimtab.adapters.frame.received_orders import received
from trimtab.adapters.frame.timed_fills import as_set, risen_trade_id
from trimtab.adapters.frame.units import lots_of, side_of, signed
from trimtab.adapters.wire.exact import (
    Unreadable,
    Unserved,
    decimal_of,
    field,
    mapping_of,
    milliseconds,
    rows_of,
    text_of,
)
from trimtab.domain.exact import exact_arithmetic, ratio, shown
from trimtab.domain.instruments import Instrument
from trimtab.domain.orders import Fill, OrderIntent, Side, VenueOrder, VenueOrderId
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk

STATUSES: Final = ("QUEUED", "PENDING", "OPEN", "EDIT_QUEUED", "CANCEL_QUEUED")
"""Those of an order that may still fill, about in the order in which it has them."""
IMMEDIATE: Final = "sor_limit_ioc"
"""What the venue calls a limit that fills at once, as far as it can."""
FIELDS: Final = OrderFields(
    client_id="client_order_id",
    order_id="order_id",
    order_id_pattern=re.compile(r"[0-9a-zA-Z-]{1,64}"),
    size="size",
    filled="filled_size",
    status="status",
)
_KIND: Final = re.compile(
    r"(?P<kind>limit_limit|stop_limit_stop_limit|trigger_bracket|twap_limit|sor_limit)"
    r"_(?:gtc|gtd|fok|ioc)"
)
_PRICES: Final[Mapping[str, tuple[str, ...]]] = {
    "limit_limit": ("limit_price",),
    "sor_limit": ("limit_price",),
    "twap_limit": ("limit_price",),
    "stop_limit_stop_limit": ("limit_price", "stop_price"),
    "trigger_bracket": ("limit_price", "stop_trigger_price"),
}
"""The prices that each kind of order names."""
_FAILED: Final = "FAILED"
_FILLED: Final = "FILLED"
_COUNTED: Final = ("number_of_fills", "filled_value")
"""What else an order says of its executions."""
_FILL: Final = "FILL"
"""The one kind of execution that was not adjusted; its ``trade_id`` is its own."""
_NUMBER_BYTES: Final = 8
_PLACES: Final = 16
"""Decimals to which the venue rounds the coins of an order whose size is a value."""
_ROUNDING: Final = Decimal("0.00000001")
"""How far sums of what is rounded may be off: less than anybody is paid."""


def placed_order(answer: object, intent: OrderIntent) -> VenueOrder:
    """Return the order of *intent* as its answer tells it: received, and no more.

    A second order under a name is answered as the first, which is then the order of *intent* too.

    Raises:
        Unreadable: it was not made, or is another order.

    """
    told = mapping_of(answer)
    if not is_so(told, "success"):
        raise Unreadable("the order is not said to be made")
    row = mapping_of(field(told, "success_response"))
    order_id = received_id_in(row, FIELDS, intent)
    if side_of(row) is not intent.side:
        raise Unreadable("the answer is of another order")
    return received(intent, order_id)


def cancelled_id(answer: object) -> VenueOrderId:
    """Return of which order it is said that its cancel was taken; raises Unreadable."""
    results = listed_in(answer, "results")
    if len(results) != 1 or not is_so(results[0], "success"):
        raise Unreadable("the cancel is not said to be taken")
    return order_id_in(results[0], FIELDS)


def order_row(answer: object) -> Row:
    """Return the one order of an answer; raises Unreadable."""
    return mapping_of(field(mapping_of(answer), "order"))


def order_of(row: Row, intent: OrderIntent, *, market_id: str, ended: frozenset[str]) -> VenueOrder:
    """Read an order, which must be the one of *intent*.

    One that failed and counts no execution may leave out how much it filled: nothing. One that says
    so and counts executions, or is filled, does not know yet what it filled: taken at its word, it
    would be closed as it is, and its rest ordered anew.

    Raises:
        Unreadable: a field is missing or wrong, it says two things, or it is another order.

    """
    told = mapping_of(field(mapping_of(field(row, "order_configuration")), IMMEDIATE))
    row = {**row, "symbol": text_of(row, "product_id"), FIELDS.size: field(told, "base_size")}
    counts = row.get(FIELDS.status) == _FILLED or any(price_told(row, name) for name in _COUNTED)
    if row.get(FIELDS.status) == _FAILED and not row.get(FIELDS.filled) and not counts:
        row = {**row, FIELDS.filled: 0}
    order = order_in(row, FIELDS, intent, market_id=market_id, ended=ended)
    if counts and not order.filled_lots:
        raise Unreadable("it filled nothing by its size, and something by what else it says")
    return order


def place_of(row: Row) -> tuple[Desk, str]:
    """Return where the market of an order is, and the venue's name of it; raises Unreadable."""
    if text_of(row, "product_type") != "SPOT":
        raise Unreadable("an order of contracts is among those of coins")
    return Desk.SPOT, text_of(row, "product_id")


def open_order_of(row: Row, instrument: Instrument) -> OpenOrder:
    """Read an order that may still fill.

    Raises:
        Unreadable: a field is missing or wrong, or it has ended.
        Unserved: it is of a kind that cannot be counted.

    """
    if text_of(row, "status") not in STATUSES:
        raise Unreadable("an order that has ended is among those that have not")
    (told, named), edits, side = _configured(row, instrument), _edits(row), side_of(row)
    prices = [_positive(decimal_of(told, name)) for name in named]
    price = dearest([*prices, *(price_told(edit, "price") for edit in edits)], side)
    value, size = price_told(told, "quote_size"), price_told(told, "base_size")
    size = max([size, *(price_told(edit, "size") for edit in edits)])
    if size > 0:
        with exact_arithmetic():
            rest = size - decimal_of(row, "filled_size")
        lots = lots_of(_positive(rest), instrument)
    else:
        lots = lots_worth(instrument, value=_positive(value), price=price)
    return OpenOrder(
        symbol=instrument.symbol,
        client_order_id=name_in(row, FIELDS),
        venue_order_id=order_id_in(row, FIELDS),
        lots=signed(lots, side),
        limit_price=price,
        reduce_only=False,
    )


def _configured(row: Row, instrument: Instrument) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Return what an order says of itself under the name of its kind, and which prices it names.

    Raises:
        Unreadable: it is of no kind, or of two.
        Unserved: it is of one that names no price or no size.

    """
    told = mapping_of(field(row, "order_configuration"))
    kinds = [kind for kind, each in told.items() if each is not None]
    if len(kinds) != 1:
        raise Unreadable("an order is not of one kind")
    found = _KIND.fullmatch(kinds[0])
    if found is None:
        raise Unserved(
            f"{instrument.symbol}: an order of kind {kinds[0]} has not ended, which cannot be"
            " counted here",
            mend="cancel it, or let it end",
        )
    return mapping_of(told[kinds[0]]), _PRICES[found["kind"]]


def _edits(row: Row) -> tuple[Row, ...]:
    """Return what an order was edited to; raises Unreadable."""
    told = row.get("edit_history")
    return () if told is None else rows_of(told)


def _positive(amount: Decimal) -> Decimal:
    """Return *amount*; raises Unreadable when it is not positive."""
    if amount <= 0:
        raise Unreadable("an order that has not ended has nothing left, or no price")
    return amount


# Executions


def fill_page_in(answer: object) -> Page:
    """Return a page of executions, and the mark that leads on; raises Unreadable."""
    rows = listed_in(answer, "fills")
    onward = field(mapping_of(answer), "cursor")
    if not isinstance(onward, str):
        raise Unreadable("cursor is not text")
    for row in rows:
        posted_at(row)
        order_id_in(row, FIELDS)
    return rows, onward


def posted_at(row: Row) -> datetime:
    """Return as of when an execution counts: the later of its two times, whole milliseconds.

    One tells when it was completed, the other when it was posted, and which of them filters is
    not told by its name.

    Raises:
        Unreadable: one of them is none.

    """
    return max(_instant_of(row, name) for name in ("trade_time", "sequence_timestamp"))


def _instant_of(row: Row, name: str) -> datetime:
    """Return an instant that is written as text, rounded down to milliseconds."""
    try:
        told = datetime.fromisoformat(text_of(row, name))
    except ValueError as error:
        raise Unreadable(f"{name} is no instant") from error
    if told.tzinfo is None:
        raise Unreadable(f"{name} has no zone")
    return told.astimezone(UTC).replace(microsecond=told.microsecond // 1000 * 1000)


def written(at: datetime) -> str:
    """Return an instant as the venue takes it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def fills_of(
    order: Row, rows: Collection[Row], instrument: Instrument, *, market_id: str
) -> tuple[Fill, ...]:
    """Read all executions of one order: *rows*, held against what the order says of them.

    No row says in which coin its fee is. The order counts what was paid after fees in the quote,
    so that a fee which adds up to that is one in the quote. An order may be placed by its value:
    the sizes of its executions are values, too, and its coins are rounded.

    Raises:
        Unreadable: a field is missing or wrong, one was adjusted, or they do not add up.

    """
    by_value = is_so(order, "size_in_quote")
    of_order = (market_id, side_of(order), by_value)
    for row in rows:
        if (text_of(row, "product_id"), side_of(row), is_so(row, "size_in_quote")) != of_order:
            raise Unreadable("an execution of another market or order is among them")
    told = (_fill_of(row, instrument, by_value=by_value) for row in rows)
    whose = name_in(order, FIELDS) or None
    fills = tuple(replace(fill, client_order_id=whose) for fill in as_set(told).values())
    with exact_arithmetic():
        size = sum((fill.quantity for fill in fills), Decimal(0))
        value = sum((fill.quantity * fill.fill_price for fill in fills), Decimal(0))
        fees = sum((fill.fee for fill in fills), Decimal(0))
        paid = value + fees if side_of(order) is Side.BUY else value - fees
        sums = {
            "number_of_fills": (Decimal(len(fills)), Decimal(0)),
            "filled_size": (size, _ROUNDING if by_value else Decimal(0)),
            "filled_value": (value, _ROUNDING),
            "total_fees": (fees, _ROUNDING),
            "total_value_after_fees": (paid, _ROUNDING),
        }
        for name, (found, off) in sums.items():
            if abs(decimal_of(order, name) - found) > off:
                raise Unreadable(f"its executions do not add up to its {name}")
    return fills


def _fill_of(row: Row, instrument: Instrument, *, by_value: bool) -> Fill:
    """Read one execution, which does not say whose it is."""
    if (kind := text_of(row, "trade_type")) != _FILL:
        raise Unreadable(f"an execution was adjusted ({kind}), which is not booked")
    price, size, filled_at = decimal_of(row, "price"), decimal_of(row, "size"), posted_at(row)
    if price <= 0 or size <= 0:
        raise Unreadable("an execution has no price or no size")
    number = int.from_bytes(sha256(text_of(row, "trade_id").encode()).digest()[:_NUMBER_BYTES])
    return Fill(
        symbol=instrument.symbol,
        trade_id=risen_trade_id(milliseconds(filled_at), str(number)),
        venue_order_id=order_id_in(row, FIELDS),
        client_order_id=None,
        side=side_of(row),
        quantity=Decimal(shown(ratio(size, price), _PLACES)) if by_value else size,
        fill_price=price,
        fee=decimal_of(row, "commission"),
        fee_asset=instrument.quote,
        filled_at=filled_at,
    )
