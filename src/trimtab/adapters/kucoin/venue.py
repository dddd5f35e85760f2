"""KuCoin spot in words of ``frame.raw_venue``: what is said, and nothing decided.

Orders go out by the raw call, with size and limit as text exactly as planned, as IOC limits. An
answer says that the order was received; what became of it is looked up by our name. See
docs/design/0067-kucoin-spot.md.
"""

from __future__ import annotations

from typing import Final

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders
from trimtab.adapters.frame.order_sending import RawCall, require_coins
from trimtab.adapters.frame.raw_venue import OrderWords, RawVenue, VenueParts
from trimtab.adapters.kucoin.answers import cancelled_id, placed_order
from trimtab.adapters.kucoin.fills import kucoin_fills
from trimtab.adapters.wire.calls import Wire
from trimtab.domain.orders import OrderIntent
from trimtab.domain.snapshot import OpenOrder


def kucoin_venue(wire: Wire, markets: DeskMarkets, orders: DeskOrders) -> RawVenue:
    """Return orders on KuCoin spot: an account of coins has no futures wallet."""
    parts = VenueParts(
        markets=markets,
        orders=orders,
        fills=kucoin_fills(wire, markets, orders),
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
    require_coins(intent)
    asked = {
        "clientOid": intent.client_order_id,
        "symbol": market_id,
        "side": intent.side.value,
        "type": "limit",
        "timeInForce": "IOC",
        "size": format(intent.quantity, "f"),
        "price": format(intent.limit_price, "f"),
    }
    return RawCall(method="privatePostHfOrders", asked=asked)


def _cancelling(order: OpenOrder, market_id: str) -> RawCall:
    """Return the cancel of an order as it goes out."""
    asked = {"orderId": order.venue_order_id, "symbol": market_id}
    return RawCall(method="privateDeleteHfOrdersOrderId", asked=asked)


_WORDS: Final = OrderWords(
    place=_placing, placed=placed_order, cancel=_cancelling, cancelled=cancelled_id
)
