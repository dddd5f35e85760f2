"""OKX in words of :mod:`trimtab.adapters.raw_venue`: what is said, and nothing decided.

Orders go out by the raw call, with size and limit as text exactly as planned, as IOC limits paid
with coins that are there. Until when an order is taken stands in a header, on the venue's clock. An
answer says that the order was received; what became of it is looked up by our name. See
docs/design/0027-bybit-spot.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from trimtab.adapters.ccxt_answers import milliseconds
from trimtab.adapters.ccxt_wire import Wire
from trimtab.adapters.desk_markets import DeskMarkets
from trimtab.adapters.desk_orders import DeskOrders
from trimtab.adapters.okx_answers import cancelled_id, placed_order
from trimtab.adapters.okx_fills import WINDOW, OkxFills
from trimtab.adapters.order_sending import RawCall
from trimtab.adapters.raw_venue import OrderWords, RawVenue, VenueParts
from trimtab.adapters.timed_fills import MarketFills
from trimtab.domain.errors import Refused
from trimtab.domain.orders import OrderIntent
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk

_PLACE: Final = "privatePostTradeOrder"
_CANCEL: Final = "privatePostTradeCancelOrder"


def okx_venue(
    wire: Wire, markets: DeskMarkets, orders: DeskOrders, *, receive_window_ms: int
) -> RawVenue:
    """Return orders on OKX, taken for so long."""
    fills = OkxFills(wire, markets)
    parts = VenueParts(
        markets=markets,
        orders=orders,
        fills=MarketFills(wire, markets, fills.between, window=WINDOW, names=None),
        words=OrderWords(
            place=partial(_placing, wire=wire, window_ms=receive_window_ms),
            placed=placed_order,
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
    if intent.instrument.is_contract or intent.reduce_only:
        raise Refused(f"{intent.client_order_id}: only coins are traded here")
    asked = {
        "instId": market_id,
        "tdMode": "cash",
        "side": intent.side.value,
        "ordType": "ioc",
        "sz": format(intent.quantity, "f"),
        "px": format(intent.limit_price, "f"),
        "clOrdId": intent.client_order_id,
    }

    def until() -> Mapping[str, str]:
        """Return until when the venue takes the order, from now on."""
        now_ms = milliseconds(wire.clocks.now(Desk.of(intent.instrument)))
        return {"expTime": str(now_ms + window_ms)}

    return RawCall(method=_PLACE, asked=asked, headers=until)


def _cancelling(order: OpenOrder, market_id: str) -> RawCall:
    """Return the cancel of an order as it goes out."""
    return RawCall(method=_CANCEL, asked={"instId": market_id, "ordId": order.venue_order_id})
