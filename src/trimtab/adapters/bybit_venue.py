"""Bybit spot as the port :class:`~trimtab.ports.Venue`: translate, and decide nothing.

Not pure: it orders. Orders go out by the raw call, with size and limit as text exactly as
planned, as IOC limits that may not borrow. The venue answers an order before it is matched:
an answer says that it was received, and what became of it is looked up, in three lists,
because each shows another part of an order's life. See docs/design/0027-bybit-spot.md.
"""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar

from trimtab.adapters.bybit_answers import received, result_of, venue_order_id
from trimtab.adapters.bybit_fills import BybitFills
from trimtab.adapters.bybit_markets import SPOT, BybitMarkets
from trimtab.adapters.bybit_orders import BybitOrders
from trimtab.adapters.ccxt_verdict import Judgement, Verdict
from trimtab.adapters.ccxt_wire import Wire
from trimtab.adapters.weights import Rank
from trimtab.domain.errors import NotDone, Refused
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import ClientOrderId, Fill, OrderIntent, Side, VenueOrder, VenueOrderId
from trimtab.domain.payments import Payment
from trimtab.domain.snapshot import OpenOrder
from trimtab.ports import AbsenceEvidence, FillCursor
from trimtab.venues.profile import Desk

T = TypeVar("T")

_LOOKS_S: Final = (0.1, 0.4, 1.0)
"""Seconds between looks at an order that was received."""


class BybitVenue:
    """Orders on Bybit spot. Opened and closed by ``ccxt_open.open_venue``."""

    def __init__(self, wire: Wire, markets: BybitMarkets) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = BybitOrders(wire, markets)
        self._fills = BybitFills(wire, markets)

    async def submit(self, intent: OrderIntent) -> VenueOrder:
        """Send *intent* once; see :meth:`trimtab.ports.Venue.submit`."""
        asked = self._written(intent, await self._markets.require(intent.instrument.symbol))

        def send() -> Awaitable[object]:
            """Have ccxt send, unless the clocks have come too far apart while we waited."""
            self._wire.clocks.require_close(Desk.SPOT)
            sent: Awaitable[object] = self._wire.exchange.privatePostV5OrderCreate(asked)
            return sent

        await self._wire.synchronised(Desk.SPOT)
        async with self._wire.budget.order(Desk.SPOT):
            judgement = await self._wire.write(
                Desk.SPOT, send, read=lambda told: received(told, intent), rank=Rank.ORDER
            )
        order = _accepted(judgement, f"{intent.client_order_id} {intent.instrument.symbol}")
        return await self._followed(intent, order)

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

    async def _followed(self, intent: OrderIntent, order: VenueOrder) -> VenueOrder:
        """Return what became of an order that was received, as far as it shows within moments."""
        for pause_s in _LOOKS_S:
            try:
                seen = await self.look_up(intent)
            except (NotDone, Refused):
                return order  # It was received; who asks later looks again.
            if seen is not None and seen.ended:
                return seen
            await self._wire.clock.sleep(pause_s)
        return order

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
            _accepted(judgement, f"cancel {order.venue_order_id} {order.symbol}")

    async def open_orders(self, symbols: Sequence[Symbol]) -> tuple[OpenOrder, ...]:
        """Return what rests in *symbols*, by symbol and age.

        Raises:
            NotDone: the venue does not answer.
            Refused: the venue denies the read.

        """
        listed = sorted(await self._markets.load(symbols))
        found = [await self._markets.resting(self._markets.market_id(s)) for s in listed]
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
        """Ask every list for the order of *intent*; raises like :meth:`open_orders`.

        The venue's clock is read first, so that every list is at least as young as it says.
        """
        asked_at = self._wire.clock.now()
        venue_now = await self._wire.venue_now(Desk.SPOT)
        order = await self.look_up(intent)
        resting = await self.open_orders([intent.instrument.symbol])
        seen = [o for o in resting if o.client_order_id == intent.client_order_id]
        return AbsenceEvidence(
            asked_at=asked_at,
            venue_now=venue_now,
            sightings={
                "by_client_id": "none" if order is None else f"{order.status}",
                "open_orders": f"order {seen[0].venue_order_id}" if seen else "none",
                "all_orders": await self._orders.sighting(intent),
                "fills": await self._fills.sighting(intent),
            },
        )

    async def set_leverage(self, symbol: Symbol, *, leverage: int) -> None:
        """Refuse: coins have no leverage.

        Raises:
            Refused: always.

        """
        raise Refused(f"{symbol}: coins have no leverage, {leverage} cannot be set")


def _accepted(judgement: Judgement[T], subject: str) -> T:
    """Return what was accepted, or raise what the answer means."""
    if judgement.verdict is Verdict.ACCEPTED and judgement.accepted is not None:
        return judgement.accepted
    raise judgement.error(subject)
