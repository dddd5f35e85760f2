"""Bybit spot as the port :class:`~trimtab.ports.Venue`: translate, and decide nothing.

Not pure: it orders. Orders go out by the raw call, with size and limit as text exactly as
planned, as IOC limits that may not borrow. The venue answers an order before it is matched:
an answer says that it was received, and what became of it is looked up, in three lists,
because each shows another part of an order's life. See docs/design/0027-bybit-spot.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from trimtab.adapters.absence import OrderLists, asked_everywhere
from trimtab.adapters.bybit_answers import received_id, result_of, venue_order_id
from trimtab.adapters.bybit_fills import BybitFills
from trimtab.adapters.bybit_orders import SPOT, BybitOrders
from trimtab.adapters.ccxt_wire import Wire
from trimtab.adapters.market_list import MarketList
from trimtab.adapters.order_sending import order_sent
from trimtab.adapters.received_orders import followed, received
from trimtab.adapters.weights import Rank
from trimtab.domain.errors import Refused
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import ClientOrderId, Fill, OrderIntent, Side, VenueOrder, VenueOrderId
from trimtab.domain.payments import Payment
from trimtab.domain.snapshot import OpenOrder
from trimtab.ports import AbsenceEvidence, FillCursor
from trimtab.venues.profile import Desk


class BybitVenue:
    """Orders on Bybit spot. Opened and closed by ``ccxt_open.open_venue``."""

    def __init__(self, wire: Wire, markets: MarketList) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = BybitOrders(wire, markets)
        self._fills = BybitFills(wire, markets)

    async def submit(self, intent: OrderIntent) -> VenueOrder:
        """Send *intent* once; see :meth:`trimtab.ports.Venue.submit`."""
        asked = self._written(intent, await self._markets.require(intent.instrument.symbol))

        judgement = await order_sent(
            self._wire,
            Desk.SPOT,
            lambda: self._wire.exchange.privatePostV5OrderCreate(asked),
            read=lambda told: received_id(told, intent),
        )
        number = judgement.told(f"{intent.client_order_id} {intent.instrument.symbol}")
        return await followed(
            intent,
            received(intent, number),
            look_up=self.look_up,
            clock=self._wire.clock,
        )

    def _written(self, intent: OrderIntent, market_id: str) -> dict[str, object]:
        """Return the order as it goes out.

        Raises:
            Refused: it is no order of coins.

        """
        if intent.instrument.is_contract or intent.reduce_only:
            raise Refused(f"{intent.client_order_id}: only coins are traded here")
        return {
            **SPOT,
            "symbol": market_id,
            "side": "Buy" if intent.side is Side.BUY else "Sell",
            "orderType": "Limit",
            "qty": format(intent.quantity, "f"),
            "price": format(intent.limit_price, "f"),
            "timeInForce": "IOC",
            "orderLinkId": intent.client_order_id,
            "isLeverage": 0,
        }

    async def look_up(self, intent: OrderIntent) -> VenueOrder | None:
        """Find the order of *intent*; see :meth:`trimtab.ports.Venue.look_up`."""
        return await self._orders.look_up(intent)

    async def cancel(self, order: OpenOrder) -> None:
        """Cancel *order*; see :meth:`trimtab.ports.Venue.cancel`."""
        market_id = await self._markets.require(order.symbol)
        asked = {**SPOT, "symbol": market_id, "orderId": order.venue_order_id}

        def cancelled(answer: object) -> bool | None:
            """Acknowledge the cancel of this very order."""
            return venue_order_id(result_of(answer)) == order.venue_order_id or None

        judgement = await self._wire.write(
            Desk.SPOT,
            lambda: self._wire.exchange.privatePostV5OrderCancel(asked),
            read=cancelled,
            rank=Rank.CANCEL,
        )
        if judgement.evidence.code not in self._wire.profile.codes[Desk.SPOT].gone:
            judgement.told(f"cancel {order.venue_order_id} {order.symbol}")

    async def open_orders(self, symbols: Sequence[Symbol]) -> tuple[OpenOrder, ...]:
        """Return what rests in *symbols*, by symbol and age.

        Raises:
            NotDone: the venue does not answer.
            Refused: the venue denies the read.

        """
        listed = sorted(await self._markets.load(symbols))
        found = [await self._orders.resting(self._markets.market_id(s)) for s in listed]
        return tuple(order for orders in found for order in orders)

    async def fills(self, symbol: Symbol, *, since: FillCursor) -> tuple[Fill, ...]:
        """Return executions after *since*, oldest first; raises like :meth:`open_orders`."""
        return await self._fills.since(symbol, since)

    async def client_ids(
        self, symbol: Symbol, orders: Collection[VenueOrderId]
    ) -> Mapping[VenueOrderId, ClientOrderId]:
        """Return who *orders* are by client order id; raises like :meth:`open_orders`."""
        return await self._orders.client_ids(symbol, orders)

    async def payments(self, since: datetime) -> tuple[Payment, ...]:  # noqa: ARG002 -- the port's.
        """Return nothing: an account of coins has no futures wallet."""
        return ()

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
        """Refuse: coins have no leverage.

        Raises:
            Refused: always.

        """
        raise Refused(f"{symbol}: coins have no leverage, {leverage} cannot be set")
