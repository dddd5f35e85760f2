"""Orders, executions, the wallet and the key as KuCoin writes them. Pure.

Each function reads one answer whole: a row that cannot be read makes the answer unreadable, never
shorter. Spot only: sizes are base units. A fee is in the coin that the execution names, the quote
for most markets, for buys too. Sources: KuCoin API "Add Order", "Get Order By ClientOid", "Get Open
Orders", "Get Trade History", "Get Account List - Spot", "Get Apikey Info", 2025-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from trimtab.adapters.frame.listed_pages import Page, Row
from trimtab.adapters.frame.order_rows import (
    Names,
    OrderFields,
    name_in,
    open_order_in,
    order_id_in,
    order_in,
    received_id_in,
)
from trimtab.adapters.frame.received_orders import received
from trimtab.adapters.frame.timed_fills import risen_trade_id
from trimtab.adapters.frame.units import side_of
from trimtab.adapters.wire.exact import (
    Unreadable,
    Unserved,
    decimal_of,
    field,
    instant_of,
    integer_of,
    mapping_of,
    rows_of,
    text_of,
)
from trimtab.domain.exact import exact_arithmetic, plain
from trimtab.domain.instruments import Asset, Instrument
from trimtab.domain.orders import (
    ClientOrderId,
    Fill,
    OrderIntent,
    VenueOrder,
    VenueOrderId,
)
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.domain.snapshot import Balance, OpenOrder
from trimtab.ports.preflight import Beside

FIELDS: Final = OrderFields(
    client_id="clientOid",
    order_id="orderId",
    order_id_pattern=re.compile(r"[0-9a-f]{1,64}"),
    size="size",
    filled="dealSize",
    status="status",
)
TRADE: Final = "trade"
"""The account whose coins are traded, by the venue's word."""
_STATUSES: Final[Mapping[bool, str]] = {True: "active", False: "done"}
_WORDS: Final = frozenset(
    {"General", "Spot", "Margin", "Futures", "InnerTransfer", "Transfer", "Earn"}
)


def data_in(answer: object) -> Any:  # noqa: ANN401 -- JSON is what it is until it is read.
    """Return what an answer is about; raises Unreadable when it is none of success."""
    told = mapping_of(answer)
    if field(told, "code") != "200000":
        raise Unreadable("code is not 200000")
    return field(told, "data")


def listed_in(answer: object) -> tuple[Row, ...]:
    """Return a list; raises like :func:`data_in`."""
    return rows_of(data_in(answer))


def page_in(answer: object, *, full: int) -> Page:
    """Return a page of a list that leads on by the least number of its rows.

    Raises:
        Unreadable: it is none, or a full one leads elsewhere, so that rows might be passed over.

    """
    told = mapping_of(data_in(answer))
    rows = rows_of(field(told, "items"))
    if len(rows) < full:
        return rows, ""
    onward = integer_of(told, "lastId")
    if onward != min(integer_of(row, "id") for row in rows):
        raise Unreadable("a page leads on by another number than its least")
    return rows, str(onward)


def numbered_page_in(answer: object) -> Page:
    """Return a page of a list that counts its pages; raises like :func:`data_in`."""
    told = mapping_of(data_in(answer))
    page, pages = integer_of(told, "currentPage"), integer_of(told, "totalPage")
    return rows_of(field(told, "items")), str(page + 1) if page < pages else ""


def order_row(answer: object) -> Row | None:
    """Return one order as the readers of rows want it; None where there is none.

    Raises:
        Unreadable: it is no order.

    """
    told = data_in(answer)
    return None if told is None else _spelt(mapping_of(told))


def order_rows(answer: object) -> tuple[Row, ...]:
    """Return the orders of a list; raises like :func:`order_row`."""
    told = data_in(answer)
    return () if told is None else tuple(_spelt(row) for row in rows_of(told))


def past_rows(answer: object) -> tuple[Row, ...]:
    """Return the orders of a page of the past; raises like :func:`order_row`."""
    return tuple(_spelt(row) for row in rows_of(field(mapping_of(data_in(answer)), "items")))


def _spelt(row: Row) -> Row:
    """Return an order under the names that the answer to a new one has, with a status.

    Raises:
        Unreadable: it does not say whether it has ended, or is paid with borrowed coins.

    """
    is_active = field(row, "active")
    if not isinstance(is_active, bool):
        raise Unreadable("active is not a truth value")
    if text_of(row, "tradeType") != "TRADE":
        raise Unserved("an order of a margin account is among those of coins", mend="cancel it")
    return {**row, "orderId": text_of(row, "id"), "status": _STATUSES[is_active]}


def symbols_in(answer: object) -> tuple[str, ...]:
    """Return in which markets orders are open; raises like :func:`data_in`."""
    told = mapping_of(data_in(answer)).get("symbols")
    names = [] if told is None else told
    if not isinstance(names, list) or not all(isinstance(n, str) and n for n in names):
        raise Unreadable("symbols are no list of names")
    return tuple(sorted(set(names)))


def placed_order(answer: object, intent: OrderIntent) -> VenueOrder:
    """Return the order of *intent*, of which the answer says that it was received.

    Raises:
        Unreadable: it is another order, or has no id.

    """
    return received(intent, received_id_in(mapping_of(data_in(answer)), FIELDS, intent))


def cancelled_id(answer: object) -> VenueOrderId:
    """Return the venue's id of the order whose cancel was received; raises Unreadable."""
    return order_id_in(mapping_of(data_in(answer)), FIELDS)


def order_of(row: Row, intent: OrderIntent, *, market_id: str, ended: frozenset[str]) -> VenueOrder:
    """Read an order, which must be the one of *intent*; raises Unreadable."""
    return order_in(row, FIELDS, intent, market_id=market_id, ended=ended)


def open_order_of(row: Row, instrument: Instrument) -> OpenOrder:
    """Read a resting order; raises Unreadable when a field is missing or wrong."""
    price = decimal_of(row, "price")
    return open_order_in(row, FIELDS, instrument, limit_price=price, reduce_only=False)


def order_id_of(row: Row) -> VenueOrderId:
    """Return the venue's number of an order; raises Unreadable without one."""
    return order_id_in(row, FIELDS)


def name_of(row: Row) -> ClientOrderId:
    """Return our name of an order, empty where it was given none; raises Unreadable."""
    return ClientOrderId("") if row.get("clientOid", "") is None else name_in(row, FIELDS)


def fill_of(row: Row, instrument: Instrument, names: Names) -> Fill:
    """Read an execution; *names* are the orders whose client id is known.

    Raises:
        Unreadable: a field is missing or wrong.
        Unserved: a tax was taken, of which it is not said in what.

    """
    if row.get("tax") not in (None, "") and decimal_of(row, "tax"):
        raise Unserved("an execution was taxed", mend="trade by hand: a tax cannot be booked")
    order_id = order_id_in(row, FIELDS)
    return Fill(
        symbol=instrument.symbol,
        trade_id=risen_trade_id(integer_of(row, "createdAt"), str(integer_of(row, "id"))),
        venue_order_id=order_id,
        client_order_id=names.get((instrument.symbol, order_id)),
        side=side_of(row),
        quantity=decimal_of(row, "size"),
        fill_price=decimal_of(row, "price"),
        fee=decimal_of(row, "fee"),
        fee_asset=Asset(text_of(row, "feeCurrency")),
        filled_at=instant_of(row, "createdAt"),
    )


def balances_of(answer: object) -> Mapping[Asset, Balance]:
    """Read the trade account; coins of which nothing is held are left out.

    Raises:
        Unreadable: a field is missing or wrong, a balance is negative, or no sum of its parts.

    """
    balances: dict[Asset, Balance] = {}
    for row in listed_in(answer):
        asset = Asset(text_of(row, "currency"))
        free, locked = decimal_of(row, "available"), decimal_of(row, "holds")
        with exact_arithmetic():
            is_whole = free + locked == decimal_of(row, "balance")
        if text_of(row, "type") != TRADE or asset in balances or not is_whole:
            raise Unreadable(f"what is held of {asset} is no part of the trade account")
        if free < 0 or locked < 0:
            raise Unreadable(f"a balance of {asset} is negative")
        balances[asset] = Balance(free=free, locked=locked)
    return {asset: held for asset, held in balances.items() if held.free or held.locked}


def beside_of(answer: object) -> tuple[Beside, ...]:
    """Read what lies in other accounts for coins; raises Unreadable."""
    rows = [row for row in listed_in(answer) if text_of(row, "type") != TRADE]
    return tuple(
        Beside(
            place=f"{text_of(row, 'type')} account",
            held=f"{plain(decimal_of(row, 'balance'))} {text_of(row, 'currency')}",
        )
        for row in rows
        if decimal_of(row, "balance")
    )


def key_rights_of(answer: object, *, use: KeyUse) -> KeyRights:
    """Read the rights of the key that is in *use*.

    What moves between accounts of the owner reaches those of others under the same owner, so that
    it counts as a way out. What is put to earn leaves the account for another of its owner.

    Raises:
        Unreadable: one of them is missing, or has a strange word.

    """
    row = mapping_of(data_in(answer))
    words = frozenset(word.strip() for word in text_of(row, "permission").split(","))
    addresses = row.get("ipWhitelist")
    if words - _WORDS or not isinstance(addresses, (str, type(None))):
        raise Unreadable("permission or ipWhitelist has something strange")
    return KeyRights(
        use=use,
        reads="General" in words,
        trades_spot="Spot" in words,
        trades_futures="Futures" in words,
        withdraws="Transfer" in words,
        transfers_out=bool({"Transfer", "InnerTransfer"} & words),
        transfers_within=bool({"Transfer", "InnerTransfer", "Earn"} & words),
        borrows="Margin" in words,
        trades_options=False,
        is_bound_to_ip=bool((addresses or "").strip()),
        wallet=f"kucoin {integer_of(row, 'uid')}" if "uid" in row else "",
    )
