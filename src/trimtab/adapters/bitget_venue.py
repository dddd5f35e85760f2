"""Bitget's two desks as the port :class:`~trimtab.ports.Venue`: translate, and decide nothing.

Not pure: it orders. Orders go out by the raw call, with size and limit as text exactly as
planned, as limits that fill at once or not at all. The venue answers an order before it is
matched: an answer says that it was received, and what became of it is looked up by our name. See
docs/design/0036-bitget.md.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from trimtab.adapters.absence import OrderLists, asked_everywhere
from trimtab.adapters.bitget_answers import received_id, row_in, venue_order_id
from trimtab.adapters.bitget_fills import BitgetFills
from trimtab.adapters.bitget_markets import MARGIN, OF_DESK, BitgetMarkets
from trimtab.adapters.bitget_orders import BitgetOrders
from trimtab.adapters.bitget_payments import BitgetPayments
from trimtab.adapters.bitget_wallets import settings_of
from trimtab.adapters.ccxt_answers import integer_of, text_of
from trimtab.adapters.ccxt_instruments import desk_of
from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.adapters.order_sending import order_sent
from trimtab.adapters.received_orders import followed, received
from trimtab.adapters.weights import Rank
from trimtab.domain.errors import Refused
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import ClientOrderId, Fill, OrderIntent, VenueOrder, VenueOrderId
from trimtab.domain.payments import Payment
from trimtab.domain.snapshot import MarginMode, OpenOrder
from trimtab.ports import AbsenceEvidence, FillCursor
from trimtab.venues.profile import Desk

_PLACE: Final[Mapping[Desk, str]] = {
    Desk.SPOT: "privateSpotPostV2SpotTradePlaceOrder",
    Desk.LINEAR: "privateMixPostV2MixOrderPlaceOrder",
}
_CANCEL: Final[Mapping[Desk, str]] = {
    Desk.SPOT: "privateSpotPostV2SpotTradeCancelOrder",
    Desk.LINEAR: "privateMixPostV2MixOrderCancelOrder",
}
_SETTINGS: Final = Endpoint(desk=Desk.LINEAR, method="privateMixGetV2MixAccountAccount")


class BitgetVenue:
    """Orders on Bitget. Opened and closed by ``ccxt_open.open_venue``."""

    def __init__(self, wire: Wire, markets: BitgetMarkets, orders: BitgetOrders) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders
        self._fills = BitgetFills(wire, markets, orders)
        self._payments = BitgetPayments(wire, markets, self._fills)

    async def submit(self, intent: OrderIntent) -> VenueOrder:
        """Send *intent* once; see :meth:`trimtab.ports.Venue.submit`."""
        desk = Desk.of(intent.instrument)
        asked = _written(intent, await self._markets.require(intent.instrument.symbol))
        judgement = await order_sent(
            self._wire,
            desk,
            self._call(_PLACE[desk], asked),
            read=lambda told: received_id(told, intent),
        )
        number = judgement.told(f"{intent.client_order_id} {intent.instrument.symbol}")
        self._orders.names[intent.instrument.symbol, number] = intent.client_order_id
        order = received(intent, number)
        return await followed(intent, order, look_up=self.look_up, clock=self._wire.clock)

    def _call(self, method: str, asked: Mapping[str, object]) -> Callable[[], Awaitable[object]]:
        """Return a raw call of ccxt, not yet made."""
        return lambda: getattr(self._wire.exchange, method)(dict(asked))

    async def look_up(self, intent: OrderIntent) -> VenueOrder | None:
        """Find the order of *intent*; see :meth:`trimtab.ports.Venue.look_up`."""
        return await self._orders.look_up(intent)

    async def cancel(self, order: OpenOrder) -> None:
        """Cancel *order*; see :meth:`trimtab.ports.Venue.cancel`."""
        desk, market_id = desk_of(order.symbol), await self._markets.require(order.symbol)
        asked = {**OF_DESK[desk], "symbol": market_id, "orderId": order.venue_order_id}

        def cancelled(answer: object) -> bool | None:
            """Acknowledge the cancel of this very order."""
            return venue_order_id(row_in(answer)) == order.venue_order_id or None

        call = self._call(_CANCEL[desk], asked)
        judgement = await self._wire.write(desk, call, read=cancelled, rank=Rank.CANCEL)
        if judgement.evidence.code not in self._wire.profile.codes[desk].gone:
            judgement.told(f"cancel {order.venue_order_id} {order.symbol}")

    async def open_orders(self, symbols: Sequence[Symbol]) -> tuple[OpenOrder, ...]:
        """Return what rests in *symbols*, by symbol and age.

        Raises:
            NotDone: the venue does not answer.
            Refused: the venue denies the read.

        """
        return await self._orders.resting(symbols)

    async def fills(self, symbol: Symbol, *, since: FillCursor) -> tuple[Fill, ...]:
        """Return executions after *since*, oldest first; raises like :meth:`open_orders`."""
        return await self._fills.since(symbol, since)

    async def client_ids(
        self, symbol: Symbol, orders: Collection[VenueOrderId]
    ) -> Mapping[VenueOrderId, ClientOrderId]:
        """Return who *orders* are by client order id; raises like :meth:`open_orders`."""
        return await self._orders.client_ids(symbol, orders)

    async def payments(self, since: datetime) -> tuple[Payment, ...]:
        """Return payments from *since* on, of an account that may use futures, oldest first."""
        if Desk.LINEAR not in self._markets.desks:
            return ()
        return await self._payments.since(since)

    async def evidence_of_absence(self, intent: OrderIntent) -> AbsenceEvidence:
        """Ask every list for the order of *intent*; raises like :meth:`open_orders`."""
        lists = OrderLists(named=self.look_up, resting=self.open_orders, others=self._others)
        return await asked_everywhere(self._wire, lists, intent)

    async def _others(self, intent: OrderIntent) -> Mapping[str, str]:
        """Return what the latest orders and the executions show of the order of *intent*."""
        return {
            "all_orders": await self._orders.sighting(intent),
            "fills": await self._fills.sighting(intent),
        }

    async def set_leverage(self, symbol: Symbol, *, leverage: int) -> None:
        """Set cross margin, then leverage; what is already so is left so.

        The venue takes no margin mode while a position is open, not even the one that is set.
        """
        if desk_of(symbol) is Desk.SPOT:
            raise Refused(f"{symbol}: coins have no leverage, {leverage} cannot be set")
        asked = {**MARGIN, "symbol": await self._markets.require(symbol)}
        found = (await self._wire.read(_SETTINGS, asked, settings_of)).contract
        if found.margin_mode is not MarginMode.CROSS:
            await self._setting(
                symbol,
                self._call(
                    "privateMixPostV2MixAccountSetMarginMode", {**asked, "marginMode": "crossed"}
                ),
                read=lambda told: text_of(row_in(told), "marginMode") == "crossed" or None,
            )
            found = (await self._wire.read(_SETTINGS, asked, settings_of)).contract
        if found.leverage != leverage:
            await self._setting(
                symbol,
                self._call(
                    "privateMixPostV2MixAccountSetLeverage", {**asked, "leverage": str(leverage)}
                ),
                read=lambda told: (
                    integer_of(row_in(told), "crossMarginLeverage") == leverage or None
                ),
            )

    async def _setting(
        self,
        symbol: Symbol,
        call: Callable[[], Awaitable[object]],
        *,
        read: Callable[[Any], bool | None],
    ) -> None:
        """Change a setting of a contract, unless it is as asked already."""
        judgement = await self._wire.write(Desk.LINEAR, call, read=read, rank=Rank.ORDER)
        if judgement.evidence.code not in self._wire.profile.codes[Desk.LINEAR].as_asked:
            judgement.told(f"setting of {symbol}")


def _written(intent: OrderIntent, market_id: str) -> Mapping[str, object]:
    """Return the order as it goes out: one contract is one base unit, so that sizes are the same.

    Raises:
        Refused: it is an order that only reduces, of coins.

    """
    order = {
        "symbol": market_id,
        "side": intent.side.value,
        "orderType": "limit",
        "force": "ioc",
        "size": format(intent.quantity, "f"),
        "price": format(intent.limit_price, "f"),
        "clientOid": intent.client_order_id,
    }
    if not intent.instrument.is_contract:
        if intent.reduce_only:
            raise Refused(f"{intent.client_order_id}: there is nothing to reduce on spot")
        return order
    reduces = "YES" if intent.reduce_only else "NO"
    return {**MARGIN, **order, "marginMode": "crossed", "reduceOnly": reduces}
