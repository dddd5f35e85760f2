"""Stops that rest on Bybit linear: placed once, withdrawn and found by our own name.

Not pure: it orders. An order with a trigger is an order among the others there, under one name
and one number from the first to the last. It is answered when it is received, so that whether it
rests is looked up; and so is what became of it, in the lists of orders by our name, and where
those have forgotten it, in the executions since it was begun: of orders by name no more is promised
than seven days, and a stop may rest for longer.

Sent are market orders with ``triggerBy`` MarkPrice, ``reduceOnly`` and ``closeOnTrigger``, which
need no margin once triggered, and take off no more than their size and than what is held. One that
is larger than a market order may be would be split by the venue, into orders that nobody named:
it is refused before it is sent.

Source: Bybit API v5 "Place Order", "Cancel Order", "Get Open & Closed Orders", "Get Order
History", "Get Trade History", "Enums Definitions", and the help centre's "What is a Close On
Trigger Order?", 2026. See docs/design/0069-stops-on-bybit.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from trimtab.adapters.bybit.fills import BybitFills
from trimtab.adapters.bybit.orders import LINEAR, BybitOrders
from trimtab.adapters.bybit.stop_rows import (
    TRIGGERED_BY,
    executed_stop,
    listed_in,
    most_at_market,
    received_in,
    stop_in,
)
from trimtab.adapters.frame.absence import evidence_of
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.order_sending import RawCall, order_sent, raw
from trimtab.adapters.frame.stop_calls import (
    placement_told,
    shown_once_received,
    withdrawal_sent,
)
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.errors import NotDone, Refused
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import ClientOrderId, Fill
from trimtab.domain.stops import ListedStop, StopIntent, VenueStop, VenueStopId
from trimtab.ports import AbsenceEvidence
from trimtab.venues.profile import Desk

_RISES: Final = 1
_FALLS: Final = 2
_CLOCKS: Final = timedelta(hours=1)
"""How far our clock may have been ahead of the venue's when a stop was begun; more than enough."""


class BybitStops:
    """Stops on a venue. Opened and closed by :func:`trimtab.adapters.open_venue.open_venue`."""

    def __init__(
        self, wire: Wire, markets: DeskMarkets, orders: BybitOrders, fills: BybitFills
    ) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders
        self._fills = fills

    async def place(self, intent: StopIntent) -> VenueStop:
        """Send *intent* once; see :meth:`trimtab.ports.Stops.place`."""
        market_id = await self._markets.require(intent.instrument.symbol)
        self._require_one_order(intent)
        judgement = await order_sent(
            self._wire,
            Desk.LINEAR,
            raw(self._wire, _placing(intent, market_id)),
            read=lambda told: received_in(told, intent),
        )
        number = VenueStopId(placement_told(self._wire, intent, judgement))
        return await shown_once_received(self._wire, intent, number, look=self._named)

    def _require_one_order(self, intent: StopIntent) -> None:
        """Refuse a stop that the venue would split.

        Raises:
            Refused: it is larger than one order at market may be.
            NotDone: how large one may be is unreadable.

        """
        try:
            most = most_at_market(self._markets.row(intent.instrument.symbol))
        except Unreadable as error:
            raise NotDone(f"stop {intent.stop_id}: {error}") from error
        if intent.quantity > most:
            raise Refused(
                f"stop {intent.stop_id}: {intent.quantity} is more than an order at market may be, "
                f"{most}: the venue would split it"
            )

    async def _named(self, intent: StopIntent) -> VenueStop | None:
        """Return the stop as the lists of orders have it under our name."""
        return await self._orders.named(
            intent.instrument.symbol,
            intent.stop_id,
            lambda row, market_id: stop_in(row, intent, market_id),
        )

    async def withdraw(self, intent: StopIntent) -> None:
        """Cancel by our name; see :meth:`trimtab.ports.Stops.withdraw`."""

        def withdrawn(answer: object) -> bool | None:
            """Acknowledge the cancel of this very stop, which was received."""
            return bool(received_in(answer, intent))

        market_id = await self._markets.require(intent.instrument.symbol)
        asked = {**LINEAR, "symbol": market_id, "orderLinkId": intent.stop_id}
        call = RawCall(method="privatePostV5OrderCancel", asked=asked)
        await withdrawal_sent(self._wire, intent, call, read=withdrawn)

    async def look_up(self, intent: StopIntent, *, begun_at: datetime) -> VenueStop | None:
        """Find the stop of *intent*; see :meth:`trimtab.ports.Stops.look_up`."""
        return await self._named(intent) or await self._executed(intent, begun_at=begun_at)

    async def _executed(self, intent: StopIntent, *, begun_at: datetime) -> VenueStop | None:
        """Return the stop by its executions, where no list of orders has it any more.

        Raises:
            NotDone: the question was not answered, or it may still be filled.
            Refused: the venue denies the read.

        """
        fills = await self._executions(intent, begun_at=begun_at)
        now = await self._wire.venue_now(Desk.LINEAR)
        try:
            return executed_stop(intent, fills, now=now)
        except Unreadable as error:
            raise NotDone(f"stop {intent.stop_id}: {error}") from error

    async def _executions(self, intent: StopIntent, *, begun_at: datetime) -> tuple[Fill, ...]:
        """Return the executions in the contract since a stop was begun, oldest first."""
        return await self._fills.from_time(intent.instrument.symbol, begun_at - _CLOCKS)

    async def resting(self, symbols: Sequence[Symbol]) -> tuple[ListedStop, ...]:
        """Return what rests in *symbols*, by symbol and age; see :meth:`trimtab.ports.Stops`."""
        found: list[ListedStop] = []
        for symbol in sorted(await self._markets.load(symbols)):
            if desk_of(symbol) is Desk.LINEAR:
                found += await self._resting_in(symbol)
        return tuple(found)

    async def _resting_in(self, symbol: Symbol) -> list[ListedStop]:
        """Return what rests in one contract, oldest first.

        Raises:
            NotDone: the venue does not answer, or not readably.
            Refused: the venue denies the read.

        """
        instrument = self._markets.instrument(symbol)
        rows = await self._orders.open_rows(symbol)
        try:
            read = [listed_in(row, instrument) for row in rows]
        except Unreadable as error:
            raise NotDone(f"a conditional order is unreadable: {error}") from error
        return [stop for stop in read if stop is not None]

    async def evidence_of_absence(
        self, intent: StopIntent, *, begun_at: datetime
    ) -> AbsenceEvidence:
        """Ask by name, what rests, what ended, and executions; see :meth:`trimtab.ports.Stops`."""

        async def sightings() -> Mapping[str, str]:
            """Ask every list, in the order in which an order passes through them."""
            symbol, name = intent.instrument.symbol, ClientOrderId(intent.stop_id)
            named = await self._named(intent)
            resting = await self._orders.resting([symbol])
            ours = [o for o in resting if o.client_order_id == name]
            past = await self._orders.sighting_of(symbol, name)
            fills = await self._executions(intent, begun_at=begun_at)
            trades = [fill for fill in fills if fill.client_order_id == name]
            return {
                "by_client_id": "none" if named is None else named.status,
                "open_orders": f"order {ours[0].venue_order_id}" if ours else "none",
                "all_orders": past,
                "fills": f"trade {trades[0].trade_id}" if trades else "none",
            }

        return await evidence_of(self._wire, Desk.LINEAR, sightings)


def _placing(intent: StopIntent, market_id: str) -> RawCall:
    """Return the stop as it goes out."""
    is_buy = intent.lots > 0
    return RawCall(
        method="privatePostV5OrderCreate",
        asked={
            **LINEAR,
            "symbol": market_id,
            "side": "Buy" if is_buy else "Sell",
            "orderType": "Market",
            "qty": format(intent.quantity, "f"),
            "triggerPrice": format(intent.trigger_price, "f"),
            "triggerDirection": _RISES if is_buy else _FALLS,
            "triggerBy": TRIGGERED_BY,
            "reduceOnly": True,
            "closeOnTrigger": True,
            "positionIdx": 0,
            "orderLinkId": intent.stop_id,
        },
    )
