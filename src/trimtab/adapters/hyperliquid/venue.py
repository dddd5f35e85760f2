"""Hyperliquid in words of ``frame.raw_venue``: what is said, and nothing decided.

Orders are limits that fill at once or not at all (``Ioc``), with size and price digit by digit as
planned, no builder beside them, and a deadline in the signature. An answer says what was executed.
See docs/design/0063-hyperliquid-spot.md.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders
from trimtab.adapters.frame.order_sending import RawCall, require_coins
from trimtab.adapters.frame.raw_venue import OrderWords, RawVenue, VenueParts
from trimtab.adapters.frame.timed_fills import MarketFills
from trimtab.adapters.hyperliquid.answers import cancelled_id, placed_order
from trimtab.adapters.hyperliquid.fills import WINDOW
from trimtab.adapters.hyperliquid.names import cloid_of
from trimtab.adapters.hyperliquid.orders import HyperliquidQuestions
from trimtab.adapters.hyperliquid.signing import Signer, plain
from trimtab.adapters.wire.calls import Wire
from trimtab.domain.orders import OrderIntent, Side, VenueOrder
from trimtab.domain.snapshot import OpenOrder

_AT_ONCE: Final = "Ioc"


def hyperliquid_venue(
    wire: Wire,
    markets: DeskMarkets,
    orders: DeskOrders,
    asks: HyperliquidQuestions,
    *,
    window_ms: int,
) -> RawVenue:
    """Return orders on Hyperliquid, taken for so long."""
    signer = Signer(wire, window_ms=window_ms)
    words = OrderWords(
        place=partial(_placing, markets=markets, signer=signer),
        placed=partial(_placed, asks=asks),
        cancel=partial(_cancelling, markets=markets, signer=signer),
        cancelled=cancelled_id,
    )
    parts = VenueParts(
        markets=markets,
        orders=orders,
        fills=MarketFills(wire, markets, asks.fills.between, window=WINDOW, names=None),
        words=words,
        payments=None,
        leverage=None,
    )
    return RawVenue(wire, parts)


def _placing(
    intent: OrderIntent,
    market_id: str,  # noqa: ARG001 -- orders count markets.
    *,
    markets: DeskMarkets,
    signer: Signer,
) -> RawCall:
    """Return the order as it goes out; the order of its parts is what is signed.

    Raises:
        Refused: it is no order of coins, or bears no name that the venue can hold.

    """
    require_coins(intent)
    order = {
        "a": markets.row(intent.instrument.symbol)["asset"],
        "b": intent.side is Side.BUY,
        "p": plain(intent.limit_price),
        "s": plain(intent.quantity),
        "r": False,
        "t": {"limit": {"tif": _AT_ONCE}},
        "c": cloid_of(intent.client_order_id),
    }
    return signer.call({"type": "order", "orders": [order], "grouping": "na"})


def _placed(answer: object, intent: OrderIntent, *, asks: HyperliquidQuestions) -> VenueOrder:
    """Read the answer to an order, and remember what it says that was executed."""
    order = placed_order(answer, intent)
    if order.ended:
        asks.answered(order, intent.instrument.units(abs(order.filled_lots)))
    return order


def _cancelling(
    order: OpenOrder,
    market_id: str,  # noqa: ARG001 -- orders count markets.
    *,
    markets: DeskMarkets,
    signer: Signer,
) -> RawCall:
    """Return the cancel of an order as it goes out."""
    which = {"a": markets.row(order.symbol)["asset"], "o": int(order.venue_order_id)}
    return signer.call({"type": "cancel", "cancels": [which]})
