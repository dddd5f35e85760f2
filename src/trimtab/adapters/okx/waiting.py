"""Algo orders of one OKX account: what waits for a trigger, or is worked off in parts.

They are in lists of their own, one for each kind. Rows are read purely, the lists are asked for by
``frame.waiting_orders``. A chase order follows the market with a limit that stands
among the ordinary orders, and is not asked for. Sources: OKX API v5 "Place algo order", "Algo order
list", 2026 (20 questions in two seconds, 100 rows); ccxt 4.5.90.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from trimtab.adapters.frame.listed_pages import Page, Row
from trimtab.adapters.frame.order_rows import (
    OrderFields,
    dearest,
    lots_worth,
    name_in,
    order_id_in,
)
from trimtab.adapters.frame.units import lots_of, side_of, signed
from trimtab.adapters.frame.waiting_orders import WaitingList
from trimtab.adapters.okx.answers import led_by, number_of, rows_in
from trimtab.adapters.okx.orders import place_of
from trimtab.adapters.wire.calls import Endpoint
from trimtab.adapters.wire.exact import Unreadable, decimal_of, field, text_of
from trimtab.domain.exact import ONE
from trimtab.domain.instruments import Instrument, Lots
from trimtab.domain.orders import Side
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk

_ALGOS: Final = Endpoint(desk=Desk.SPOT, method="privateGetTradeOrdersAlgoPending")
_PAGE: Final = 100
_TRIGGERED: Final = ("triggerPx", "ordPx")
_STOPS: Final = ("tpTriggerPx", "tpOrdPx", "slTriggerPx", "slOrdPx")
_PRICES: Final[Mapping[str, tuple[str, ...]]] = {
    "conditional": _STOPS,
    "oco": _STOPS,
    "trigger": _TRIGGERED,
    "move_order_stop": ("activePx", "moveTriggerPx"),
    "iceberg": ("pxLimit",),
    "twap": ("pxLimit",),
}
"""Kinds, and what of each names a price; -1 stands for the market's."""
_REDUCES: Final[Mapping[str, bool]] = {"true": True, "false": False}
_FIELDS: Final = OrderFields(
    client_id="algoClOrdId",
    order_id="algoId",
    order_id_pattern=re.compile(r"[0-9]{1,64}"),
    size="sz",
    filled="actualSz",
    status="state",
)


def waiting_lists(kinds: Iterable[str] = tuple(_PRICES), **which: str) -> tuple[WaitingList, ...]:
    """Return the list of each kind, of all of the account where it is not said *which*."""
    return tuple(
        WaitingList(
            endpoint=_ALGOS,
            asked={"ordType": kind, **which, "limit": _PAGE},
            page=_page,
            lead="after",
            of=place_of,
            read=waiting_order_of,
        )
        for kind in kinds
    )


def _page(answer: object) -> Page:
    """Read one page."""
    return led_by(rows_in(answer), "algoId", full=_PAGE)


def waiting_order_of(row: Row, instrument: Instrument) -> OpenOrder:
    """Read one, at its whole size: how much of it was worked off already is not told with it.

    Raises:
        Unreadable: a field is missing or wrong, or its kind is not known.

    """
    kind, side = text_of(row, "ordType"), side_of(row)
    if kind not in _PRICES:
        raise Unreadable(f"an algo order of the kind {kind}, which is not known")
    reduces = _REDUCES.get(text_of(row, "reduceOnly"))
    if reduces is None:
        raise Unreadable("reduceOnly is not a truth value")
    price = dearest((number_of(row, name) for name in _PRICES[kind]), side)
    closes = _closes_all(row)
    lots = Lots(0) if closes else signed(_lots(row, instrument, side, price), side)
    return OpenOrder(
        symbol=instrument.symbol,
        client_order_id=name_in(row, _FIELDS),
        venue_order_id=order_id_in(row, _FIELDS),
        lots=lots,
        limit_price=price,
        reduce_only=instrument.is_contract and (reduces or closes),
    )


def _closes_all(row: Row) -> bool:
    """Say whether an order closes all of a position, whatever its size is then.

    Raises:
        Unreadable: it is of another part.

    """
    part = number_of(row, "closeFraction")
    if part and part != ONE:
        raise Unreadable("an algo order closes a part of a position")
    return part == ONE


def _lots(row: Row, instrument: Instrument, side: Side, price: Decimal) -> int:
    """Return the lots of an order; a buy of coins at market may say what it spends instead.

    Raises:
        Unreadable: it has no size, or it is not said what its size counts.

    """
    size = decimal_of(row, "sz")
    if size <= 0:
        raise Unreadable("an algo order has no size")
    if instrument.is_contract:
        return lots_of(size, instrument)
    counts = field(row, "tgtCcy")
    if counts not in ("", "base_ccy", "quote_ccy"):
        raise Unreadable("tgtCcy is not known")
    at_market = -ONE in (number_of(row, name) for name in ("ordPx", "tpOrdPx", "slOrdPx"))
    spends = counts == "quote_ccy" or (not counts and side is Side.BUY and at_market)
    return lots_worth(instrument, value=size, price=price) if spends else lots_of(size, instrument)
