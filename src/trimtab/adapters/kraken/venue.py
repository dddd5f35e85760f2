"""Kraken spot in words of ``frame.raw_venue``: what is said, and nothing decided.

Orders go out by the raw call, with size and limit as text exactly as planned, as IOC limits whose
fee is taken in the quote. Until when an order is taken stands in the body, on the venue's clock: it
is asked about once more when the order is matched. An answer says that the order was received; what
became of it is looked up by our name. See docs/design/0066-kraken-spot.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Final

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.order_sending import RawCall, require_coins
from trimtab.adapters.frame.raw_venue import OrderWords, RawVenue, VenueParts
from trimtab.adapters.kraken.answers import Pairs, is_cancelled, placed_order
from trimtab.adapters.kraken.fills import kraken_fills
from trimtab.adapters.kraken.names import uuid_of
from trimtab.adapters.kraken.orders import KrakenOrders
from trimtab.adapters.wire.calls import Wire
from trimtab.domain.orders import OrderIntent
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk

_AHEAD_MAX: Final = timedelta(seconds=55)
"""The venue takes a deadline that is a minute ahead at most."""


def kraken_venue(
    wire: Wire, markets: DeskMarkets, orders: KrakenOrders, pairs: Pairs, *, window_ms: int
) -> RawVenue:
    """Return orders on Kraken spot, each taken for so long."""
    parts = VenueParts(
        markets=markets,
        orders=orders,
        fills=kraken_fills(wire, markets, orders, pairs),
        words=OrderWords(
            place=partial(_placing, wire=wire, window=timedelta(milliseconds=window_ms)),
            placed=placed_order,
            cancel=_cancelling,
            cancelled=is_cancelled,
        ),
        payments=None,
        leverage=None,
    )
    return RawVenue(wire, parts)


def _placing(intent: OrderIntent, market_id: str, *, wire: Wire, window: timedelta) -> RawCall:
    """Return the order as it goes out.

    Raises:
        Refused: it is no order of coins, or bears no name that the venue can hold.

    """
    require_coins(intent)
    asked = {
        "ordertype": "limit",
        "type": intent.side.value,
        "pair": market_id,
        "volume": format(intent.quantity, "f"),
        "price": format(intent.limit_price, "f"),
        "timeinforce": "IOC",
        "oflags": "fciq",
        "cl_ord_id": uuid_of(intent.client_order_id),
    }

    def made() -> Mapping[str, object]:
        """Return the order with until when the venue takes it, from now on."""
        until = wire.clocks.now(Desk.SPOT) + min(window, _AHEAD_MAX)
        told = until.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {**asked, "deadline": told}

    return RawCall(method="privatePostAddOrder", asked=asked, made=made)


def _cancelling(order: OpenOrder, market_id: str) -> RawCall:  # noqa: ARG001 -- the frame's shape.
    """Return the cancel of an order as it goes out: its number says which market."""
    return RawCall(method="privatePostCancelOrder", asked={"txid": order.venue_order_id})
