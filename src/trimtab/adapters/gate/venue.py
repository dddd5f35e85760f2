"""Gate spot in words of ``frame.raw_venue``: what is said, and nothing decided.

Orders go out by the raw call, with size and limit as text exactly as planned, as IOC limits of the
spot account. Until when an order is taken stands in a header, on the venue's clock. An answer says
what was executed; one that says only that the order was received leaves it to be looked up. See
docs/design/0064-gate-spot.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders
from trimtab.adapters.frame.order_sending import RawCall, require_coins
from trimtab.adapters.frame.raw_venue import OrderWords, RawVenue, VenueParts
from trimtab.adapters.frame.timed_fills import MarketFills
from trimtab.adapters.gate.answers import PREFIX, cancelled_id, placed_order
from trimtab.adapters.gate.fills import WINDOW, GateFills
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.exact import milliseconds
from trimtab.domain.orders import OrderIntent, VenueOrder
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk

_PLACE: Final = "privateSpotPostOrders"
_CANCEL: Final = "privateSpotDeleteOrdersOrderId"


def gate_venue(
    wire: Wire, markets: DeskMarkets, orders: DeskOrders, *, receive_window_ms: int
) -> RawVenue:
    """Return orders on Gate spot, taken for so long: coins have no futures wallet."""

    def placed(answer: object, intent: OrderIntent) -> VenueOrder:
        """Return the order of *intent* as its answer tells it."""
        market_id = markets.market_id(intent.instrument.symbol)
        ended = wire.profile.ended_statuses
        return placed_order(answer, intent, market_id=market_id, ended=ended)

    parts = VenueParts(
        markets=markets,
        orders=orders,
        fills=MarketFills(
            wire, markets, GateFills(wire, markets).between, window=WINDOW, names=orders.client_ids
        ),
        words=OrderWords(
            place=partial(_placing, wire=wire, window_ms=receive_window_ms),
            placed=placed,
            cancel=_cancelling,
            cancelled=cancelled_id,
        ),
        payments=None,
        leverage=None,
    )
    return RawVenue(wire, parts)


def _placing(intent: OrderIntent, market_id: str, *, wire: Wire, window_ms: int) -> RawCall:
    """Return the order as it goes out.

    Raises:
        Refused: it is no order of coins.

    """
    require_coins(intent)
    asked = {
        "text": f"{PREFIX}{intent.client_order_id}",
        "currency_pair": market_id,
        "type": "limit",
        "account": "spot",
        "side": intent.side.value,
        "amount": format(intent.quantity, "f"),
        "price": format(intent.limit_price, "f"),
        "time_in_force": "ioc",
    }

    def until() -> Mapping[str, str]:
        """Return until when the venue takes the order, from now on."""
        return {"x-gate-exptime": str(milliseconds(wire.clocks.now(Desk.SPOT)) + window_ms)}

    return RawCall(method=_PLACE, asked=asked, headers=until)


def _cancelling(order: OpenOrder, market_id: str) -> RawCall:
    """Return the cancel of an order as it goes out: by its number, which holds after its end."""
    asked = {"order_id": order.venue_order_id, "currency_pair": market_id}
    return RawCall(method=_CANCEL, asked=asked)
