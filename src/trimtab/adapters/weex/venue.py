"""WEEX spot in words of ``frame.raw_venue``: what is said, and nothing decided.

Orders go out by the raw call, with size and limit as text exactly as planned, as IOC limits. The
venue answers an order before it is matched: an answer says that it was received, and what became
of it is looked up by our name. See docs/design/0045-weex-spot.md.
"""

from __future__ import annotations

from typing import Final

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.order_sending import RawCall
from trimtab.adapters.frame.raw_venue import OrderWords, RawVenue, VenueParts
from trimtab.adapters.weex.answers import cancelled_id, placed_order
from trimtab.adapters.weex.fills import weex_fills
from trimtab.adapters.weex.orders import WeexOrders
from trimtab.adapters.wire.calls import Wire
from trimtab.domain.errors import Refused
from trimtab.domain.orders import OrderIntent, Side
from trimtab.domain.snapshot import OpenOrder


def weex_venue(wire: Wire, markets: DeskMarkets, orders: WeexOrders) -> RawVenue:
    """Return orders on WEEX spot: an account of coins has no futures wallet."""
    parts = VenueParts(
        markets=markets,
        orders=orders,
        fills=weex_fills(wire, markets, orders),
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
        "symbol": market_id,
        "side": "BUY" if intent.side is Side.BUY else "SELL",
        "type": "LIMIT",
        "timeInForce": "IOC",
        "quantity": format(intent.quantity, "f"),
        "price": format(intent.limit_price, "f"),
        "newClientOrderId": intent.client_order_id,
    }
    return RawCall(method="privatePostApiV3Order", asked=asked)


def _cancelling(order: OpenOrder, market_id: str) -> RawCall:  # noqa: ARG001 -- the frame's shape.
    """Return the cancel of an order as it goes out: its number says which market."""
    return RawCall(method="privateDeleteApiV3Order", asked={"orderId": order.venue_order_id})


_WORDS: Final = OrderWords(
    place=_placing, placed=placed_order, cancel=_cancelling, cancelled=cancelled_id
)
