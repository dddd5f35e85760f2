"""Bybit spot in words of :mod:`trimtab.adapters.raw_venue`: what is said, and nothing decided.

Orders go out by the raw call, with size and limit as text exactly as planned, as IOC limits that
may not borrow. The venue answers an order before it is matched: an answer says that it was
received, and what became of it is looked up, in three lists, because each shows another part of
an order's life. See docs/design/0027-bybit-spot.md.
"""

from __future__ import annotations

from typing import Final

from trimtab.adapters.bybit_answers import cancelled_id, placed_order
from trimtab.adapters.bybit_fills import BybitFills
from trimtab.adapters.bybit_orders import SPOT, BybitOrders
from trimtab.adapters.ccxt_wire import Wire
from trimtab.adapters.desk_markets import DeskMarkets
from trimtab.adapters.order_sending import RawCall
from trimtab.adapters.raw_venue import OrderWords, RawVenue, VenueParts
from trimtab.domain.errors import Refused
from trimtab.domain.orders import OrderIntent, Side
from trimtab.domain.snapshot import OpenOrder


def bybit_venue(wire: Wire, markets: DeskMarkets, orders: BybitOrders) -> RawVenue:
    """Return orders on Bybit spot: an account of coins has no futures wallet."""
    parts = VenueParts(
        markets=markets,
        orders=orders,
        fills=BybitFills(wire, markets),
        words=_WORDS,
        payments=None,
        leverage=None,
    )
    return RawVenue(wire, parts)


def _placing(intent: OrderIntent, market_id: str) -> RawCall:
    """Return the order as it goes out.

    Raises:
        Refused: it is no order of coins.

    """
    if intent.instrument.is_contract or intent.reduce_only:
        raise Refused(f"{intent.client_order_id}: only coins are traded here")
    asked = {
        **SPOT,
        "symbol": market_id,
        "side": "Buy" if intent.side is Side.BUY else "Sell",
        "orderType": "Limit",
        "qty": format(intent.quantity, "f"),
        "price": format(intent.limit_price, "f"),
        "timeInForce": "IOC",
        "orderLinkId": intent.client_order_id,
        "isLeverage": 0,
    }
    return RawCall(method="privatePostV5OrderCreate", asked=asked)


def _cancelling(order: OpenOrder, market_id: str) -> RawCall:
    """Return the cancel of an order as it goes out."""
    asked = {**SPOT, "symbol": market_id, "orderId": order.venue_order_id}
    return RawCall(method="privatePostV5OrderCancel", asked=asked)


_WORDS: Final = OrderWords(
    place=_placing, placed=placed_order, cancel=_cancelling, cancelled=cancelled_id
)
