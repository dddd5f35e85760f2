"""What rests or waits for a trigger in one Coinbase portfolio. Not pure: it asks the venue.

Orders that wait are told among those that rest. They are asked for status by status: whether one
question may name several is not said. One that is told in two of them counts once, as it was told
last. Of the prices that an order names the dearest counts, and of the sizes that it had the
largest: whether an order that was edited tells its new size is not said. Source: Coinbase Advanced
Trade API "List Orders", 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final

from trimtab.adapters.coinbase.answers import page_in
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.order_rows import (
    OrderFields,
    dearest,
    lots_worth,
    name_in,
    order_id_in,
    price_told,
)
from trimtab.adapters.frame.units import lots_of, side_of, signed
from trimtab.adapters.frame.waiting_orders import WaitingList, waiting_in
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    Unserved,
    decimal_of,
    field,
    mapping_of,
    rows_of,
    text_of,
)
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.instruments import Instrument
from trimtab.domain.orders import VenueOrderId
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk

_ORDERS: Final = Endpoint(desk=Desk.SPOT, method="v3PrivateGetBrokerageOrdersHistoricalBatch")
_STATUSES: Final = ("QUEUED", "PENDING", "OPEN", "EDIT_QUEUED", "CANCEL_QUEUED")
"""Those of an order that may still fill, about in the order in which it has them."""
_PAGE: Final = 100
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
_FIELDS: Final = OrderFields(
    client_id="client_order_id",
    order_id="order_id",
    order_id_pattern=re.compile(r"[0-9a-zA-Z-]{1,64}"),
    size="",
    filled="filled_size",
    status="status",
)


class RestingOrders:
    """Lists all that rests or waits for a trigger."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets

    async def all_resting(self) -> tuple[OpenOrder, ...]:
        """Return it, each order once; the markets must be loaded.

        Raises:
            NotDone: the venue does not answer, not readably, or of an order that is not counted.
            Refused: the venue denies the read.

        """
        lists = [_list(status) for status in _STATUSES]
        found: dict[VenueOrderId, OpenOrder] = {}
        for order in await waiting_in(self._wire, self._markets, lists):
            found[order.venue_order_id] = order
        return tuple(found.values())


def _list(status: str) -> WaitingList:
    """Return the list of the orders of one status."""
    return WaitingList(
        endpoint=_ORDERS,
        asked={"order_status": status, "product_type": "SPOT", "limit": _PAGE},
        page=partial(page_in, name="orders"),
        lead="cursor",
        of=place_of,
        read=open_order_of,
    )


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
    if text_of(row, "status") not in _STATUSES:
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
        client_order_id=name_in(row, _FIELDS),
        venue_order_id=order_id_in(row, _FIELDS),
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
