"""Orders, executions and the key as Kraken's spot REST API writes them. Pure.

Each function reads one answer whole: a row that cannot be read makes the answer unreadable, never
shorter. Sizes are base units. Sources: Kraken "Get Open Orders", "Get Closed Orders", "Query Orders
Info", "Get Trades History", "Add Order", "Cancel Order", "Get API Key Info", 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.order_rows import (
    Names,
    OrderFields,
    dearest,
    open_order_in,
    order_id_in,
    order_in,
)
from trimtab.adapters.frame.received_orders import received
from trimtab.adapters.frame.timed_fills import risen_trade_id
from trimtab.adapters.frame.units import side_of
from trimtab.adapters.kraken.names import name_of_uuid
from trimtab.adapters.wire.exact import (
    Unreadable,
    Unserved,
    decimal_of,
    field,
    instant,
    integer_of,
    mapping_of,
    number,
    text_of,
    words_of,
)
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.instruments import Instrument
from trimtab.domain.orders import ClientOrderId, Fill, OrderIntent, VenueOrder, VenueOrderId
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.domain.snapshot import OpenOrder

FIELDS: Final = OrderFields(
    client_id="name",
    order_id="txid",
    order_id_pattern=re.compile(r"[A-Z0-9]{1,20}(-[A-Z0-9]{1,20}){2}"),
    size="vol",
    filled="vol_exec",
    status="status",
)
Pairs = Mapping[str, str]
"""The venue's name of each market, by whatever one of its pages calls it."""

_NO_LEVERAGE: Final = "none"
_IN_QUOTE: Final = "viqc"
_NEVER: Final = "0"
_RIGHTS: Final = frozenset(
    {
        *("query-funds", "add-funds", "withdraw-funds", "earn-funds", "query-open-trades"),
        *("query-closed-trades", "modify-trades", "close-trades", "query-ledger", "export-data"),
        *("create-ws-token", "add-withdraw-address", "update-withdraw-address"),
    }
)
_READS: Final = frozenset({"query-funds", "query-open-trades", "query-closed-trades"})
_LEADS_OUT: Final = frozenset({"withdraw-funds", "add-withdraw-address", "update-withdraw-address"})


def result_of(answer: object) -> Any:  # noqa: ANN401 -- JSON is what it is until it is read.
    """Return what an answer is about.

    Raises:
        Unreadable: it tells an error or a warning, or nothing.

    """
    told = mapping_of(answer)
    if words_of(field(told, "error"), "error"):
        raise Unreadable("the answer tells an error")
    return field(told, "result")


def order_rows(orders: object, pairs: Pairs) -> tuple[Row, ...]:
    """Return orders, told by their numbers, as the readers of rows want them, in their order.

    Raises:
        Unreadable: one of them has no market, no side or no name.

    """
    rows = []
    for order_id, told in mapping_of(orders).items():
        row = mapping_of(told)
        about = mapping_of(field(row, "descr"))
        pair = text_of(about, "pair")
        rows.append(
            {
                **row,
                "txid": order_id,
                "name": name_of_uuid(row.get("cl_ord_id")),
                "symbol": pairs.get(pair, pair),
                "side": text_of(about, "type"),
                "descr": about,
            }
        )
    return tuple(rows)


def placed_order(answer: object, intent: OrderIntent) -> VenueOrder:
    """Return the order of *intent* as its answer tells it: received, and no more.

    The answer repeats side and size in a sentence, and no name.

    Raises:
        Unreadable: it is another order, or has not one number.

    """
    told = mapping_of(result_of(answer))
    side, size, *_ = (*text_of(mapping_of(field(told, "descr")), "order").split(), "", "")
    if side != intent.side.value or number(size, "a size") != intent.quantity:
        raise Unreadable("the answer is of another order")
    numbers: Any = field(told, "txid")
    if not isinstance(numbers, list) or len(numbers) != 1:
        raise Unreadable("txid is not one number")
    return received(intent, order_id_in({"txid": numbers[0]}, FIELDS))


def order_of(row: Row, intent: OrderIntent, *, market_id: str, ended: frozenset[str]) -> VenueOrder:
    """Read an order, which must be the one of *intent*; raises Unreadable."""
    return order_in(row, FIELDS, intent, market_id=market_id, ended=ended)


def client_id_of(row: Row) -> tuple[VenueOrderId, ClientOrderId]:
    """Return the two names of an order, ours empty where nobody gave it one; raises Unreadable."""
    return order_id_in(row, FIELDS), ClientOrderId(row["name"])


def open_order_of(row: Row, instrument: Instrument) -> OpenOrder:
    """Read a resting order, or one that waits for a trigger: its dearest price is its limit.

    Raises:
        Unreadable: a field is missing or wrong, or no price is told.
        Unserved: it borrows, its size is a value, or it places another when it fills.

    """
    about = row["descr"]
    flags = row.get("oflags") or ""
    if not isinstance(flags, str):
        raise Unreadable("oflags is not text")
    strange = {
        "borrows": text_of(about, "leverage") != _NO_LEVERAGE or row.get("margin") is True,
        "counts its size in the quote": _IN_QUOTE in flags.split(","),
        "places another when it fills": bool(about.get("close")),
    }
    if what := next((each for each, is_so in strange.items() if is_so), ""):
        raise Unserved(f"an order in {instrument.symbol} {what}", mend="cancel it")
    prices = (about.get("price"), about.get("price2"), row.get("stopprice"), row.get("limitprice"))
    told = [price for price in map(_price, prices) if price is not None]
    limit_price = dearest(told, side_of(row))
    return open_order_in(row, FIELDS, instrument, limit_price=limit_price, reduce_only=False)


def _price(told: object) -> Decimal | None:
    """Return a price; None for none, or for one that is told from the market's own.

    Raises:
        Unreadable: it is neither.

    """
    if told is None or told == "":
        return None
    if isinstance(told, str) and (told[0] in "+-#" or told.endswith("%")):
        return None
    return number(told, "a price")


def is_cancelled(answer: object) -> None:
    """Read that the order of a cancel rests no more; an answer names none.

    Raises:
        Unreadable: it does not say so.

    """
    told = mapping_of(result_of(answer))
    if integer_of(told, "count") != 1 or told.get("pending"):
        raise Unreadable("the order is not said to be cancelled")


def fill_of(trade_id: str, row: Row, instrument: Instrument, names: Names) -> Fill:
    """Read an execution; *names* are the orders whose client id is known. Fees are in the quote.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    if not trade_id:
        raise Unreadable("an execution has no number")
    order_id = order_id_in({"txid": field(row, "ordertxid")}, FIELDS)
    with exact_arithmetic():
        stamp_ms = int(decimal_of(row, "time") * 1000)
    return Fill(
        symbol=instrument.symbol,
        trade_id=risen_trade_id(stamp_ms, str(integer_of(row, "trade_id"))),
        venue_order_id=order_id,
        client_order_id=names.get((instrument.symbol, order_id)),
        side=side_of({"side": field(row, "type")}),
        quantity=decimal_of(row, "vol"),
        fill_price=decimal_of(row, "price"),
        fee=decimal_of(row, "fee"),
        fee_asset=instrument.quote,
        filled_at=instant(stamp_ms),
    )


def key_rights_of(answer: object, *, use: KeyUse) -> KeyRights:
    """Read the rights of the key that is in *use*.

    Raises:
        Unreadable: one of them is of no known name, or a field is missing.

    """
    row = mapping_of(result_of(answer))
    rights = words_of(field(row, "permissions"), "permissions")
    if strange := sorted(rights - _RIGHTS):
        raise Unreadable(f"permissions has the strange word {strange[0]}")
    sees_all = all(text_of(row, end) == _NEVER for end in ("queryFrom", "queryTo"))
    return KeyRights(
        use=use,
        reads=rights >= _READS and sees_all,  # One that is told of some time alone misses the rest.
        trades_spot="modify-trades" in rights,
        trades_futures=False,  # Contracts have keys of their own.
        withdraws=bool(rights & _LEADS_OUT),
        transfers_out=False,  # It takes the right to withdraw.
        transfers_within="earn-funds" in rights,
        borrows=False,  # No right of its own: see trades_everything.
        trades_options=False,
        is_bound_to_ip=bool(words_of(field(row, "ipAllowlist"), "ipAllowlist")),
        trades_everything=True,  # Where the account may use margin, every key that trades may.
    )
