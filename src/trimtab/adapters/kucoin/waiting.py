"""What waits for a trigger in one KuCoin trade account: stop orders, and pairs of them (OCO).

Rows are read purely, the lists are asked for by ``frame.waiting_orders``. The list of
pairs tells neither side nor size, and whether the first list has their halves is not said: an
account with a pair that has not ended is not read, by name. Sources: KuCoin API "Get Stop Orders
List", "Get OCO Order List", 2025-11.
"""

from __future__ import annotations

import re
from typing import Final

from trimtab.adapters.frame.listed_pages import Page, Row
from trimtab.adapters.frame.order_rows import (
    OrderFields,
    dearest,
    lots_worth,
    name_in,
    order_id_in,
    price_told,
)
from trimtab.adapters.frame.units import lots_of, side_of, signed
from trimtab.adapters.frame.waiting_orders import WaitingList
from trimtab.adapters.kucoin.answers import numbered_page_in
from trimtab.adapters.wire.calls import Endpoint
from trimtab.adapters.wire.exact import Unreadable, Unserved, text_of
from trimtab.domain.instruments import Instrument
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk

_STOPS: Final = Endpoint(desk=Desk.SPOT, method="privateGetStopOrder")
_PAIRS: Final = Endpoint(desk=Desk.SPOT, method="privateGetOcoOrders")
_PAGE: Final = 500
_ENDED: Final = frozenset({"DONE", "CANCELLED", "CANCELED"})
_FIELDS: Final = OrderFields(
    client_id="clientOid",
    order_id="id",
    order_id_pattern=re.compile(r"[0-9a-z]{1,64}"),
    size="size",
    filled="",
    status="status",
)


def waiting_lists() -> tuple[WaitingList, ...]:
    """Return both lists, of all of the account."""
    stops, pairs = (
        WaitingList(
            endpoint=endpoint,
            asked={"pageSize": _PAGE},
            page=page,
            lead="currentPage",
            of=place_of,
            read=stop_of,
        )
        for endpoint, page in ((_STOPS, numbered_page_in), (_PAIRS, no_pairs_in))
    )
    return stops, pairs


def place_of(row: Row) -> tuple[Desk, str]:
    """Return where the market of an order is, and the venue's name of it; raises Unreadable."""
    return Desk.SPOT, text_of(row, "symbol")


def no_pairs_in(answer: object) -> Page:
    """Read a page of pairs, of which none may wait.

    Raises:
        Unreadable: it is no page.
        Unserved: one waits.

    """
    rows, onward = numbered_page_in(answer)
    for row in rows:
        if text_of(row, "status") not in _ENDED:
            name = text_of(row, "symbol")
            raise Unserved(
                f"{name}: a pair of orders (OCO) waits, which cannot be counted here",
                mend="cancel it",
            )
    return (), onward


def stop_of(row: Row, instrument: Instrument) -> OpenOrder:
    """Read a stop order; a buy at market may say what it spends instead of a size.

    Raises:
        Unreadable: a field is missing or wrong, or it is paid with borrowed coins.

    """
    side = side_of(row)
    if text_of(row, "tradeType") != "TRADE":
        raise Unreadable("a stop order of a margin account is among those of coins")
    price = dearest((price_told(row, name) for name in ("stopPrice", "price")), side)
    size, value = price_told(row, "size"), price_told(row, "funds")
    if size <= 0 and value <= 0:
        raise Unreadable("a stop order has no size")
    lots = (
        lots_of(size, instrument) if size > 0 else lots_worth(instrument, value=value, price=price)
    )
    return OpenOrder(
        symbol=instrument.symbol,
        client_order_id=name_in(row, _FIELDS),
        venue_order_id=order_id_in(row, _FIELDS),
        lots=signed(lots, side),
        limit_price=price,
        reduce_only=False,
    )
