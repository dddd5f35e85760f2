"""Coinbase spot in words of ``frame.raw_venue``: what is said, and nothing decided.

Orders go out by the raw call, with size and limit as text exactly as planned, as limits that fill
at once or are let go. An answer says that the order was received; what became of it is asked for by
the venue's id, or looked for in the list by our name. See docs/design/0074-coinbase-orders.md.
"""

from __future__ import annotations

from typing import Final

from trimtab.adapters.coinbase.fills import coinbase_fills
from trimtab.adapters.coinbase.orders import CoinbaseOrders
from trimtab.adapters.coinbase.trading import IMMEDIATE, cancelled_id, placed_order
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.order_sending import RawCall, require_coins
from trimtab.adapters.frame.raw_venue import OrderWords, RawVenue, VenueParts
from trimtab.adapters.wire.calls import Wire
from trimtab.domain.orders import OrderIntent
from trimtab.domain.snapshot import OpenOrder

_PROVES_NOTHING: Final = (
    "the venue has no question by our name, and does not say by when an order stands in its list"
)


def coinbase_venue(wire: Wire, markets: DeskMarkets, orders: CoinbaseOrders) -> RawVenue:
    """Return orders on Coinbase spot: an account of coins has no futures wallet."""
    parts = VenueParts(
        markets=markets,
        orders=orders,
        fills=coinbase_fills(wire, markets, orders),
        words=_WORDS,
        payments=None,
        leverage=None,
        inconclusive=_PROVES_NOTHING,
    )
    return RawVenue(wire, parts)


def _placing(intent: OrderIntent, market_id: str) -> RawCall:
    """Return the order as it goes out.

    Raises:
        Refused: it is no order of coins.

    """
    require_coins(intent)
    asked = {
        "client_order_id": intent.client_order_id,
        "product_id": market_id,
        "side": intent.side.value.upper(),
        "order_configuration": {
            IMMEDIATE: {
                "base_size": format(intent.quantity, "f"),
                "limit_price": format(intent.limit_price, "f"),
            }
        },
    }
    return RawCall(method="v3PrivatePostBrokerageOrders", asked=asked)


def _cancelling(order: OpenOrder, market_id: str) -> RawCall:  # noqa: ARG001 -- the frame's shape.
    """Return the cancel of an order as it goes out: its id says which market."""
    asked = {"order_ids": [order.venue_order_id]}
    return RawCall(method="v3PrivatePostBrokerageOrdersBatchCancel", asked=asked)


_WORDS: Final = OrderWords(
    place=_placing, placed=placed_order, cancel=_cancelling, cancelled=cancelled_id
)
