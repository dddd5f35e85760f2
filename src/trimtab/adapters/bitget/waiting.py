"""Orders of one Bitget account that wait for a trigger, in lists of their own.

Rows are read purely, the lists are asked for by ``frame.waiting_orders``. Coins have
two (trigger orders, and orders to take profit or stop a loss), contracts one for each of three
kinds. What protects a position of a contract only closes it, and counts as closing all of it: which
way such an order goes is told as that of the position or as its own. Sources: Bitget API v2 "Get
Current Plan Orders", "Get Current Orders", "Get Pending Trigger Order" (100 rows), 2026. The lists
of contracts go three months back.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from trimtab.adapters.bitget.answers import (
    FIELDS,
    led_by,
    name_of,
    order_id_of,
    row_in,
    rows_in,
    rows_under,
)
from trimtab.adapters.bitget.markets import PRODUCT
from trimtab.adapters.frame.listed_pages import Page, Row
from trimtab.adapters.frame.order_rows import dearest, lots_worth, price_told
from trimtab.adapters.frame.units import lots_of, side_of, signed
from trimtab.adapters.frame.waiting_orders import WaitingList
from trimtab.adapters.wire.calls import Endpoint
from trimtab.adapters.wire.exact import Unreadable, decimal_of, field, rows_of, text_of
from trimtab.domain.instruments import Instrument, Lots
from trimtab.domain.orders import Side
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk

_COIN_PLANS: Final = Endpoint(desk=Desk.SPOT, method="privateSpotGetV2SpotTradeCurrentPlanOrder")
_COIN_STOPS: Final = Endpoint(desk=Desk.SPOT, method="privateSpotGetV2SpotTradeUnfilledOrders")
_PLANS: Final = Endpoint(desk=Desk.LINEAR, method="privateMixGetV2MixOrderOrdersPlanPending")
_LISTED: Final = ("normal_plan", "track_plan", "profit_loss")
"""Kinds of trigger orders in contracts, as they are asked for."""
_OPENING: Final = frozenset({"normal_plan", "track_plan"})
_CLOSING: Final = frozenset({"profit_plan", "loss_plan", "moving_plan", "pos_profit", "pos_loss"})
"""Kinds of such orders, as a row names them."""
_PAGE: Final = 100
_LEAD: Final = "idLessThan"


def waiting_of_contracts() -> tuple[WaitingList, ...]:
    """Return the three lists of contracts."""
    return tuple(
        WaitingList(
            endpoint=_PLANS,
            asked={**PRODUCT, "planType": kind, "limit": _PAGE},
            page=_contracts_page,
            lead=_LEAD,
            of=_contract_of,
            read=contract_plan_of,
        )
        for kind in _LISTED
    )


def _plans_page(answer: object) -> Page:
    """Read a page of trigger orders of coins, which says itself whether there is another.

    For none the venue may write null, and then it names no last row either.
    """
    told = row_in(answer)
    more, found = field(told, "nextFlag"), field(told, "orderList")
    if not isinstance(more, bool):
        raise Unreadable("nextFlag is not a truth value")
    if found is None and not more and field(told, _LEAD) in (None, ""):
        return (), ""
    return rows_of(found), text_of(told, _LEAD) if more else ""


def _contracts_page(answer: object) -> Page:
    """Read a page of trigger orders of contracts."""
    return led_by(rows_under("entrustedList", answer), FIELDS.order_id, full=_PAGE)


def _coin_of(row: Row) -> tuple[Desk, str]:
    """Return where the market of an order of coins is."""
    return Desk.SPOT, text_of(row, "symbol").upper()


def _contract_of(row: Row) -> tuple[Desk, str]:
    """Return where the market of an order of a contract is."""
    return Desk.LINEAR, text_of(row, "symbol").upper()


def coin_plan_of(row: Row, instrument: Instrument) -> OpenOrder:
    """Read a trigger order of coins; it may say what it spends or brings instead of its size.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    word = text_of(row, "planType").lower()
    if word not in {"amount", "total"}:
        raise Unreadable(f"a trigger order of the kind {word}, which is not known")
    return _of_coins(row, instrument, execute="executePrice", is_value=word == "total")


def coin_stop_of(row: Row, instrument: Instrument) -> OpenOrder:
    """Read an order of coins that takes profit or stops a loss; a market buy says what it spends.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    spends = text_of(row, "orderType") == "market" and side_of(row) is Side.BUY
    return _of_coins(row, instrument, execute="priceAvg", is_value=spends)


def _of_coins(row: Row, instrument: Instrument, *, execute: str, is_value: bool) -> OpenOrder:
    """Read an order of coins whose limit after the trigger is called *execute*."""
    side, size = side_of(row), decimal_of(row, "size")
    price = dearest((decimal_of(row, "triggerPrice"), price_told(row, execute)), side)
    if size <= 0:
        raise Unreadable("a trigger order has no size")
    if is_value:
        lots = lots_worth(instrument, value=size, price=price)
    else:
        lots = lots_of(size, instrument)
    return _order(row, instrument, price=price, lots=signed(lots, side), reduces=False)


def contract_plan_of(row: Row, instrument: Instrument) -> OpenOrder:
    """Read a trigger order of a contract; what only closes has no size here.

    Raises:
        Unreadable: a field is missing or wrong, or its kind is not known.

    """
    word, side = text_of(row, "planType"), side_of(row)
    if word not in _OPENING | _CLOSING:
        raise Unreadable(f"a trigger order of the kind {word}, which is not known")
    prices = [decimal_of(row, "triggerPrice")]
    prices += [price_told(row, name) for name in ("executePrice", "price")]
    if word in _CLOSING or row.get("tradeSide") == "close":
        price = prices[0] if prices[0] > 0 else dearest(prices, side)
        return _order(row, instrument, price=price, lots=Lots(0), reduces=True)
    size = decimal_of(row, "size")
    if size <= 0:
        raise Unreadable("a trigger order has no size")
    lots = signed(lots_of(size, instrument), side)
    return _order(row, instrument, price=dearest(prices, side), lots=lots, reduces=False)


def _order(
    row: Row, instrument: Instrument, *, price: Decimal, lots: Lots, reduces: bool
) -> OpenOrder:
    """Put an order together."""
    return OpenOrder(
        symbol=instrument.symbol,
        client_order_id=name_of(row),
        venue_order_id=order_id_of(row),
        lots=lots,
        limit_price=price,
        reduce_only=reduces,
    )


COIN_PLANS: Final = WaitingList(
    endpoint=_COIN_PLANS,
    asked={"limit": _PAGE},
    page=_plans_page,
    lead=_LEAD,
    of=_coin_of,
    read=coin_plan_of,
)
"""Trigger orders of coins."""
COIN_STOPS: Final = WaitingList(
    endpoint=_COIN_STOPS,
    asked={"tpslType": "tpsl", "limit": _PAGE},
    page=lambda answer: led_by(rows_in(answer), FIELDS.order_id, full=_PAGE),
    lead=_LEAD,
    of=_coin_of,
    read=coin_stop_of,
)
"""Orders of coins that take profit or stop a loss."""
