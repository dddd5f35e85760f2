"""Bybit in words of ``frame.raw_venue``: what is said, and nothing decided.

Orders go out by the raw call, with size and limit as text exactly as planned, as IOC limits that
may not borrow. The venue answers an order before it is matched: an answer says that it was
received, and what became of it is looked up, in three lists, because each shows another part of
an order's life. See docs/design/0027-bybit-spot.md.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from trimtab.adapters.bybit.account import POSITIONS
from trimtab.adapters.bybit.answers import cancelled_id, placed_order, result_of
from trimtab.adapters.bybit.contracts import settings_of
from trimtab.adapters.bybit.fills import BybitFills
from trimtab.adapters.bybit.orders import LINEAR, OF_DESK, BybitOrders
from trimtab.adapters.bybit.payments import BybitPayments
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.order_sending import RawCall, raw, setting_made
from trimtab.adapters.frame.raw_venue import OrderWords, RawVenue, VenueParts
from trimtab.adapters.wire.calls import Wire
from trimtab.domain.errors import Refused
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import OrderIntent, Side
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk


def bybit_venue(
    wire: Wire, markets: DeskMarkets, orders: BybitOrders, fills: BybitFills
) -> RawVenue:
    """Return orders on Bybit, with what contracts paid where they are used."""
    has_futures = Desk.LINEAR in markets.desks
    parts = VenueParts(
        markets=markets,
        orders=orders,
        fills=fills,
        words=_WORDS,
        payments=BybitPayments(wire, fills).since if has_futures else None,
        leverage=BybitLeverage(wire, markets) if has_futures else None,
    )
    return RawVenue(wire, parts)


class BybitLeverage:
    """Sets leverage of contracts; the margin mode is one of the whole account."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets

    async def __call__(self, symbol: Symbol, *, leverage: int) -> None:
        """Set leverage; what is already so is left so. See :class:`SetsLeverage`."""
        name = await self._markets.require(symbol)
        asked = {**LINEAR, "symbol": name}
        found = await self._wire.read(POSITIONS, asked, partial(settings_of, market_id=name))
        if found.contract.leverage != leverage:
            both = {"buyLeverage": str(leverage), "sellLeverage": str(leverage)}
            call = RawCall(method="privatePostV5PositionSetLeverage", asked={**asked, **both})
            await setting_made(
                self._wire,
                symbol,
                raw(self._wire, call),
                read=lambda told: result_of(told) is not None,
            )


def _placing(intent: OrderIntent, market_id: str) -> RawCall:
    """Return the order as it goes out.

    Raises:
        Refused: it is an order that only reduces, of coins.

    """
    desk = Desk.of(intent.instrument)
    asked: dict[str, object] = {
        **OF_DESK[desk],
        "symbol": market_id,
        "side": "Buy" if intent.side is Side.BUY else "Sell",
        "orderType": "Limit",
        "qty": format(intent.quantity, "f"),
        "price": format(intent.limit_price, "f"),
        "timeInForce": "IOC",
        "orderLinkId": intent.client_order_id,
    }
    if desk is Desk.LINEAR:
        asked |= {"positionIdx": 0, "reduceOnly": intent.reduce_only}
    elif intent.reduce_only:
        raise Refused(f"{intent.client_order_id}: there is nothing to reduce on spot")
    else:
        asked["isLeverage"] = 0
    return RawCall(method="privatePostV5OrderCreate", asked=asked)


def _cancelling(order: OpenOrder, market_id: str) -> RawCall:
    """Return the cancel of an order as it goes out."""
    of_desk = OF_DESK[desk_of(order.symbol)]
    asked = {**of_desk, "symbol": market_id, "orderId": order.venue_order_id}
    return RawCall(method="privatePostV5OrderCancel", asked=asked)


_WORDS: Final = OrderWords(
    place=_placing, placed=placed_order, cancel=_cancelling, cancelled=cancelled_id
)
