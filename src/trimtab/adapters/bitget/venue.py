"""Bitget's two desks in words of ``frame.raw_venue``: nothing is decided here.

Not pure: it sets leverage. Orders go out by the raw call, with size and limit as text exactly as
planned, as limits that fill at once or not at all. The venue answers an order before it is
matched: an answer says that it was received, and what became of it is looked up by our name. See
docs/design/0036-bitget.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trimtab.adapters.bitget.answers import cancelled_id, placed_order, row_in
from trimtab.adapters.bitget.fills import WINDOW, BitgetFills
from trimtab.adapters.bitget.markets import MARGIN, OF_DESK
from trimtab.adapters.bitget.payments import BitgetPayments
from trimtab.adapters.bitget.wallets import settings_of
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.order_sending import RawCall, raw, setting_made
from trimtab.adapters.frame.raw_venue import OrderWords, RawVenue, VenueParts
from trimtab.adapters.frame.timed_fills import MarketFills
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import integer_of, text_of
from trimtab.domain.errors import Refused
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import OrderIntent
from trimtab.domain.snapshot import MarginMode, OpenOrder
from trimtab.venues.profile import Desk

_PLACE: Final[Mapping[Desk, str]] = {
    Desk.SPOT: "privateSpotPostV2SpotTradePlaceOrder",
    Desk.LINEAR: "privateMixPostV2MixOrderPlaceOrder",
}
_CANCEL: Final[Mapping[Desk, str]] = {
    Desk.SPOT: "privateSpotPostV2SpotTradeCancelOrder",
    Desk.LINEAR: "privateMixPostV2MixOrderCancelOrder",
}
_MODE: Final = "privateMixPostV2MixAccountSetMarginMode"
_LEVERAGE: Final = "privateMixPostV2MixAccountSetLeverage"
_SETTINGS: Final = Endpoint(desk=Desk.LINEAR, method="privateMixGetV2MixAccountAccount")


def bitget_venue(wire: Wire, markets: DeskMarkets, orders: DeskOrders) -> RawVenue:
    """Return orders on Bitget, with what the futures wallet paid where contracts are used."""
    fills = BitgetFills(wire, markets, orders)
    has_futures = Desk.LINEAR in markets.desks
    parts = VenueParts(
        markets=markets,
        orders=orders,
        fills=MarketFills(wire, markets, fills.between, window=WINDOW, names=orders.client_ids),
        words=_WORDS,
        payments=BitgetPayments(wire, markets, fills).since if has_futures else None,
        leverage=BitgetLeverage(wire, markets) if has_futures else None,
    )
    return RawVenue(wire, parts)


class BitgetLeverage:
    """Sets margin mode and leverage of contracts."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets

    async def __call__(self, symbol: Symbol, *, leverage: int) -> None:
        """Set cross margin, then leverage; what is already so is left so.

        The venue takes no margin mode while a position is open, not even the one that is set.
        """
        asked = {**MARGIN, "symbol": await self._markets.require(symbol)}
        found = (await self._wire.read(_SETTINGS, asked, settings_of)).contract
        if found.margin_mode is not MarginMode.CROSS:
            crossed = RawCall(method=_MODE, asked={**asked, "marginMode": "crossed"})
            await setting_made(
                self._wire,
                symbol,
                raw(self._wire, crossed),
                read=lambda told: text_of(row_in(told), "marginMode") == "crossed" or None,
            )
            found = (await self._wire.read(_SETTINGS, asked, settings_of)).contract
        if found.leverage != leverage:
            levered = RawCall(method=_LEVERAGE, asked={**asked, "leverage": str(leverage)})
            await setting_made(
                self._wire,
                symbol,
                raw(self._wire, levered),
                read=lambda told: (
                    integer_of(row_in(told), "crossMarginLeverage") == leverage or None
                ),
            )


def _placing(intent: OrderIntent, market_id: str) -> RawCall:
    """Return the order as it goes out: one contract is one base unit, so that sizes are the same.

    Raises:
        Refused: it is an order that only reduces, of coins.

    """
    order: dict[str, object] = {
        "symbol": market_id,
        "side": intent.side.value,
        "orderType": "limit",
        "force": "ioc",
        "size": format(intent.quantity, "f"),
        "price": format(intent.limit_price, "f"),
        "clientOid": intent.client_order_id,
    }
    desk = Desk.of(intent.instrument)
    if desk is Desk.LINEAR:
        reduces = "YES" if intent.reduce_only else "NO"
        order = {**MARGIN, **order, "marginMode": "crossed", "reduceOnly": reduces}
    elif intent.reduce_only:
        raise Refused(f"{intent.client_order_id}: there is nothing to reduce on spot")
    return RawCall(method=_PLACE[desk], asked=order)


def _cancelling(order: OpenOrder, market_id: str) -> RawCall:
    """Return the cancel of an order as it goes out."""
    desk = desk_of(order.symbol)
    asked = {**OF_DESK[desk], "symbol": market_id, "orderId": order.venue_order_id}
    return RawCall(method=_CANCEL[desk], asked=asked)


_WORDS: Final = OrderWords(
    place=_placing, placed=placed_order, cancel=_cancelling, cancelled=cancelled_id
)
