"""MEXC in words of :mod:`trimtab.adapters.raw_venue`: what is said, and nothing decided.

Orders go out by the raw call, with size and limit as text exactly as planned. That what does not
fill at once is taken off is a type of order here, which the definitions of the API name and the
lists of what a market takes do not: one that is still not seen to have ended is taken off by us.
See docs/design/0050-mexc.md.
"""

from __future__ import annotations

from trimtab.adapters.ccxt_answers import mapping_of
from trimtab.adapters.ccxt_wire import Wire
from trimtab.adapters.desk_markets import DeskMarkets
from trimtab.adapters.mexc_answers import received_id, venue_order_id
from trimtab.adapters.mexc_fills import mexc_fills
from trimtab.adapters.mexc_orders import MexcOrders
from trimtab.adapters.order_sending import RawCall
from trimtab.adapters.raw_venue import OrderWords, RawVenue, VenueParts
from trimtab.adapters.received_orders import received
from trimtab.domain.errors import Refused
from trimtab.domain.orders import OrderIntent, Side, VenueOrder, VenueOrderId
from trimtab.domain.snapshot import OpenOrder


def mexc_venue(wire: Wire, markets: DeskMarkets, orders: MexcOrders) -> RawVenue:
    """Return orders on MEXC: an account of coins has no futures wallet."""
    words = OrderWords(
        place=_placing,
        placed=lambda told, intent: _placed(
            told, intent, market_id=markets.market_id(intent.instrument.symbol)
        ),
        cancel=_cancelling,
        cancelled=_cancelled,
        takes_off=True,
    )
    parts = VenueParts(
        markets=markets,
        orders=orders,
        fills=mexc_fills(wire, markets, orders),
        words=words,
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
        "type": "IMMEDIATE_OR_CANCEL",
        "quantity": format(intent.quantity, "f"),
        "price": format(intent.limit_price, "f"),
        "newClientOrderId": intent.client_order_id,
    }
    return RawCall(method="spotPrivatePostOrder", asked=asked)


def _placed(answer: object, intent: OrderIntent, *, market_id: str) -> VenueOrder:
    """Return the order of *intent*, of which the answer says that it was received.

    Raises:
        Unreadable: it is another order, or has no id.

    """
    return received(intent, received_id(answer, intent, market_id=market_id))


def _cancelling(order: OpenOrder, market_id: str) -> RawCall:
    """Return the cancel of an order as it goes out."""
    asked = {"symbol": market_id, "orderId": order.venue_order_id}
    return RawCall(method="spotPrivateDeleteOrder", asked=asked)


def _cancelled(answer: object) -> VenueOrderId:
    """Return the venue's id of the order that is cancelled.

    Raises:
        Unreadable: there is none.

    """
    return venue_order_id(mapping_of(answer))
