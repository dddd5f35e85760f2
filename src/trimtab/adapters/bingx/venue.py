"""BingX's two desks in words of ``frame.raw_venue``: nothing is decided here.

Not pure: it sets leverage. Orders go out by the raw call, with size and limit as text exactly as
planned, as IOC limits that name their own window. The venue answers an order before it is
matched: an answer says that it was received, and what became of it is looked up by our name. See
docs/design/0047-bingx.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trimtab.adapters.bingx.account import LEVERAGE, MarginModes
from trimtab.adapters.bingx.answers import cancelled_id, placed_order, told_of
from trimtab.adapters.bingx.fills import BingxFills
from trimtab.adapters.bingx.margin import leverage_of
from trimtab.adapters.bingx.payments import BingxPayments
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.order_sending import RawCall, raw, setting_made
from trimtab.adapters.frame.raw_venue import OrderWords, RawVenue, VenueParts
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.exact import integer_of, mapping_of
from trimtab.domain.errors import Refused
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import OrderIntent
from trimtab.domain.snapshot import MarginMode, OpenOrder
from trimtab.venues.profile import Desk

_PLACE: Final[Mapping[Desk, str]] = {
    Desk.SPOT: "spotV1PrivatePostTradeOrder",
    Desk.LINEAR: "swapV2PrivatePostTradeOrder",
}
_CANCEL: Final[Mapping[Desk, str]] = {
    Desk.SPOT: "spotV1PrivatePostTradeCancel",
    Desk.LINEAR: "swapV2PrivateDeleteTradeOrder",
}
_WINDOW_MS_MAX: Final = 5000
"""Longest window that a request may name."""


def bingx_venue(
    wire: Wire, markets: DeskMarkets, orders: DeskOrders, modes: MarginModes
) -> RawVenue:
    """Return orders on BingX, with what the futures wallet paid where contracts are used."""
    window = {"recvWindow": min(int(wire.exchange.options["recvWindow"]), _WINDOW_MS_MAX)}

    def place(intent: OrderIntent, market_id: str) -> RawCall:
        """Return the order as it goes out; ccxt leaves its window out."""
        desk = Desk.of(intent.instrument)
        return RawCall(method=_PLACE[desk], asked={**_written(intent, market_id), **window})

    def cancel(order: OpenOrder, market_id: str) -> RawCall:
        """Return the cancel of an order as it goes out."""
        asked = {"symbol": market_id, "orderId": order.venue_order_id, **window}
        return RawCall(method=_CANCEL[desk_of(order.symbol)], asked=asked)

    fills = BingxFills(wire, markets, orders)
    has_futures = Desk.LINEAR in markets.desks
    parts = VenueParts(
        markets=markets,
        orders=orders,
        fills=fills,
        words=OrderWords(place=place, placed=placed_order, cancel=cancel, cancelled=cancelled_id),
        payments=BingxPayments(wire, markets, fills).since if has_futures else None,
        leverage=BingxLeverage(wire, markets, modes) if has_futures else None,
    )
    return RawVenue(wire, parts)


def _written(intent: OrderIntent, market_id: str) -> Mapping[str, object]:
    """Return the order, without its window: sizes are base units on both desks.

    A contract's order has our name twice: the venue's documents call it ``clientOrderId``, ccxt
    4.5.90 sends ``clientOrderID``, and one that was lost could not be looked for.

    Raises:
        Refused: it is an order that only reduces, of coins.

    """
    name = intent.client_order_id
    order: dict[str, object] = {
        "symbol": market_id,
        "side": intent.side.value.upper(),
        "type": "LIMIT",
        "timeInForce": "IOC",
        "quantity": format(intent.quantity, "f"),
        "price": format(intent.limit_price, "f"),
    }
    if intent.instrument.is_contract:
        reduces = "true" if intent.reduce_only else "false"
        named = {"clientOrderId": name, "clientOrderID": name}
        return {**order, **named, "positionSide": "BOTH", "reduceOnly": reduces}
    if intent.reduce_only:
        raise Refused(f"{name}: there is nothing to reduce on spot")
    return {**order, "newClientOrderId": name}


class BingxLeverage:
    """Sets margin mode and leverage of contracts."""

    def __init__(self, wire: Wire, markets: DeskMarkets, modes: MarginModes) -> None:
        self._wire = wire
        self._markets = markets
        self._modes = modes

    async def __call__(self, symbol: Symbol, *, leverage: int) -> None:
        """Set cross margin, then leverage; what is already so is left so."""
        name = await self._markets.require(symbol)
        asked = {"symbol": name}
        if await self._modes.of(name) is not MarginMode.CROSS:
            crossed = RawCall(
                method="swapV2PrivatePostTradeMarginType", asked={**asked, "marginType": "CROSSED"}
            )
            await setting_made(
                self._wire,
                symbol,
                raw(self._wire, crossed),
                read=lambda told: not integer_of(mapping_of(told), "code") or None,
            )
        if (await self._wire.read(LEVERAGE, asked, leverage_of)).current != leverage:
            levered = RawCall(
                method="swapV2PrivatePostTradeLeverage",
                asked={**asked, "side": "BOTH", "leverage": leverage},
            )
            await setting_made(
                self._wire,
                symbol,
                raw(self._wire, levered),
                read=lambda told: (
                    integer_of(mapping_of(told_of(told)), "leverage") == leverage or None
                ),
            )
