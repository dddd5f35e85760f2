"""Stops that rest on OKX USDT perpetuals: placed once, withdrawn and found by our own name.

Not pure: it orders. Algo orders are a service of their own there, with names and numbers of their
own; the order that one becomes is asked for at the usual place, by the number that the stop tells.
A stop is answered when it is received, so that whether it rests is looked up. Nothing says for how
long one that has ended is told by its name: where it is not, the lists of what waits and of what
waited are asked, and then the orders since it was begun, which bear the name of the stop that they
were.

Sent are ``conditional`` orders with ``slTriggerPxType`` mark, at market (``slOrdPx`` -1) and
``reduceOnly``, which holds in one-way mode and in futures mode; other accounts are refused before.
Kinds that are named ``trigger`` are not taken in one-way mode. One that is larger than an order at
market may be would be split by the venue, into orders that nobody named: it is refused before it
is sent. No deadline can be named (``expTime`` is for orders), so that only the age of the request's
time stamp, thirty seconds, keeps a late one out; absence waits that out as it does for orders.

Source: OKX API v5 "Place algo order", "Cancel algo order", "Algo order details", "Algo order list",
"Algo order history", "Order details", "Order history (last 3 months)", "Transaction timeouts" and
"Error Code", 2026. See docs/design/0071-stops-on-okx.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from trimtab.adapters.frame.absence import evidence_of
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.order_sending import RawCall, order_sent, raw
from trimtab.adapters.frame.stop_calls import (
    placement_told,
    shown_once_received,
    withdrawal_sent,
)
from trimtab.adapters.frame.units import contracts
from trimtab.adapters.frame.waiting_orders import waiting_in
from trimtab.adapters.okx.fills import OkxFills
from trimtab.adapters.okx.orders import OF_DESK, OkxQuestions
from trimtab.adapters.okx.stop_lists import OkxStopLists
from trimtab.adapters.okx.stop_rows import (
    AT_MARKET,
    KIND,
    TRIGGERED_BY,
    ToldStop,
    executed_order,
    fired_by,
    fired_order_in,
    listed_of,
    most_at_market,
    received_in,
    told_in,
    withdrawn_in,
    word_in,
)
from trimtab.adapters.okx.waiting import waiting_lists
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.errors import NotDone, Refused
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import VenueOrderId
from trimtab.domain.stops import FiredOrder, ListedStop, SeenStop, StopIntent, VenueStop
from trimtab.ports import AbsenceEvidence
from trimtab.venues.profile import Desk

_PLACE: Final = "privatePostTradeOrderAlgo"
_CANCEL: Final = "privatePostTradeCancelAlgos"
_WAITING_KINDS: Final = (KIND, "oco", "trigger", "move_order_stop")
"""What waits for a price; the other kinds are worked off in parts."""
_UNFILLED_TOLD: Final = timedelta(hours=3)
"""Only an order that ended without a fill is told of no more so soon; an hour of it is for clocks.
"""
_EXECUTIONS_TOLD: Final = timedelta(days=85)
"""Executions are told for three months; less, so that none is missed at the edge."""


class OkxStops:
    """Stops on a venue. Opened and closed by :func:`trimtab.adapters.open_venue.open_venue`."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets
        self._lists = OkxStopLists(wire, markets)
        self._became = OkxFiredOrders(wire, markets)

    async def place(self, intent: StopIntent) -> VenueStop:
        """Send *intent* once; see :meth:`trimtab.ports.Stops.place`."""
        market_id = await self._markets.require(intent.instrument.symbol)
        market = self._markets.row(intent.instrument.symbol)
        call = RawCall(method=_PLACE, asked=_placing(intent, market_id, market))
        judgement = await order_sent(
            self._wire,
            Desk.LINEAR,
            raw(self._wire, call),
            read=lambda answer: received_in(answer, intent),
        )
        number = placement_told(self._wire, intent, judgement)
        return await shown_once_received(self._wire, intent, number, look=self._named)

    async def withdraw(self, intent: StopIntent) -> None:
        """Cancel by our name; see :meth:`trimtab.ports.Stops.withdraw`."""
        market_id = await self._markets.require(intent.instrument.symbol)
        asked = {"instId": market_id, "algoClOrdId": intent.stop_id}
        call = RawCall(method=_CANCEL, asked={}, listed=(asked,))
        await withdrawal_sent(
            self._wire, intent, call, read=lambda answer: withdrawn_in(answer, intent)
        )

    async def look_up(self, intent: StopIntent, *, begun_at: datetime) -> VenueStop | None:
        """Find the stop of *intent*; see :meth:`trimtab.ports.Stops.look_up`."""
        return (
            await self._named(intent)
            or await self._listed(intent)
            or await self._ordered(intent, begun_at=begun_at)
        )

    async def _named(self, intent: StopIntent) -> VenueStop | None:
        """Return the stop as it is told by our name."""
        await self._markets.require(intent.instrument.symbol)
        row = await self._lists.named(intent)
        return None if row is None else await self._resolved(intent, row)

    async def _listed(self, intent: StopIntent) -> VenueStop | None:
        """Return the stop as the lists of what waits and of what waited have it.

        Raises:
            NotDone: a list was not read, or two of our name are told.
            Refused: the venue denies the read.

        """
        rows = (*await self._lists.waiting(intent), *await self._lists.waited(intent))
        if len({row.get("algoId") for row in rows}) > 1:
            raise NotDone(f"stop {intent.stop_id}: two stops bear one name")
        return await self._resolved(intent, rows[-1]) if rows else None

    async def _resolved(self, intent: StopIntent, row: Row) -> VenueStop:
        """Return what a *row* of our name says, with the order that the stop became.

        Raises:
            NotDone: it is unreadable, or that order does not show, though it should.
            Refused: the venue denies a read.

        """
        try:
            told = told_in(row, intent, self._markets.market_id(intent.instrument.symbol))
        except Unreadable as error:
            raise NotDone(f"stop {intent.stop_id}: {error}") from error
        if told.order_id is None:
            return told.stop
        order = await self._became.named(intent, told, told.order_id)
        return replace(told.stop, state=SeenStop.FIRED, order=order)

    async def _ordered(self, intent: StopIntent, *, begun_at: datetime) -> VenueStop | None:
        """Return the stop by the order that bears its name, where it shows itself no more.

        Raises:
            NotDone: a list was not read, or there are several such orders.
            Refused: the venue denies the read.

        """
        rows = await self._lists.orders(intent, begun_at=begun_at)
        if len({row.get("ordId") for row in rows}) > 1:
            raise NotDone(f"stop {intent.stop_id}: two orders bear its name")
        return self._became.seen(intent, rows[-1]) if rows else None

    async def resting(self, symbols: Sequence[Symbol]) -> tuple[ListedStop, ...]:
        """Return what rests in *symbols*, by symbol and age; see :meth:`trimtab.ports.Stops`."""
        found: list[ListedStop] = []
        for symbol in sorted(await self._markets.load(symbols)):
            if desk_of(symbol) is Desk.LINEAR:
                which = {**OF_DESK[Desk.LINEAR], "instId": self._markets.market_id(symbol)}
                lists = waiting_lists(_WAITING_KINDS, **which)
                orders = await waiting_in(self._wire, self._markets, lists)
                found += map(listed_of, sorted(orders, key=lambda o: int(o.venue_order_id)))
        return tuple(found)

    async def evidence_of_absence(
        self, intent: StopIntent, *, begun_at: datetime
    ) -> AbsenceEvidence:
        """Ask by name, what waits, what waited, and orders; see :meth:`trimtab.ports.Stops`.

        Executions tell nothing: what a stop became is another order, that nobody named.
        """

        async def sightings() -> Mapping[str, str]:
            """Ask every list, in the order in which a stop passes through them."""
            await self._markets.require(intent.instrument.symbol)
            named = await self._lists.named(intent)
            waiting = await self._lists.waiting(intent)
            past = [f"stop {row.get('algoId')}" for row in await self._lists.waited(intent)]
            orders = await self._lists.orders(intent, begun_at=begun_at)
            past += [f"order {row.get('ordId')}" for row in orders]
            try:
                by_name = "none" if named is None else word_in(named, intent)
            except Unreadable as error:
                raise NotDone(f"stop {intent.stop_id}: {error}") from error
            return {
                "by_client_id": by_name,
                "open_orders": f"stop {waiting[0].get('algoId')}" if waiting else "none",
                "all_orders": past[0] if past else "none",
            }

        return await evidence_of(self._wire, Desk.LINEAR, sightings)


def _placing(intent: StopIntent, market_id: str, market: Row) -> Mapping[str, object]:
    """Return what a new stop is asked for with; *market* is what the venue says of its contract.

    Raises:
        Refused: the venue cannot be told its size exactly, or would split it.
        NotDone: how large one may be is unreadable.

    """
    try:
        count = contracts(intent.quantity, intent.instrument)
    except Unreadable as error:
        raise Refused(f"stop {intent.stop_id}: {error}") from error
    try:
        most = most_at_market(market)
    except Unreadable as error:
        raise NotDone(f"stop {intent.stop_id}: {error}") from error
    if count > most:
        raise Refused(
            f"stop {intent.stop_id}: {count} contracts are more than a stop at market may be of, "
            f"{most}: the venue would split it"
        )
    return {
        "instId": market_id,
        "tdMode": "cross",
        "side": "buy" if intent.lots > 0 else "sell",
        "ordType": KIND,
        "sz": format(count, "f"),
        "slTriggerPx": format(intent.trigger_price, "f"),
        "slTriggerPxType": TRIGGERED_BY,
        "slOrdPx": AT_MARKET,
        "reduceOnly": True,
        "algoClOrdId": intent.stop_id,
    }


class OkxFiredOrders:
    """Reads the orders that stops became."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = OkxQuestions(wire, markets)
        self._fills = OkxFills(wire, markets)

    async def named(self, intent: StopIntent, told: ToldStop, order_id: VenueOrderId) -> FiredOrder:
        """Return the order that a stop names.

        Raises:
            NotDone: the question was not answered, or the order does not show, though it should.
            Refused: the venue denies the read.

        """
        row = await self._orders.row(intent.instrument.symbol, {"ordId": order_id})
        if row is None:
            return await self._forgotten(intent, told, order_id)
        order = self._read(intent, row)
        if order.venue_order_id != order_id:
            raise NotDone(f"stop {intent.stop_id}: the answer is of another order")
        return order

    def seen(self, intent: StopIntent, row: Row) -> VenueStop:
        """Return the stop by the *row* of an order that bears its name.

        Raises:
            NotDone: it is unreadable.

        """
        try:
            return fired_by(row, intent, self._read(intent, row))
        except Unreadable as error:
            raise NotDone(f"stop {intent.stop_id}: {error}") from error

    def _read(self, intent: StopIntent, row: Row) -> FiredOrder:
        """Read an order that a stop became.

        Raises:
            NotDone: it is unreadable.

        """
        market_id = self._markets.market_id(intent.instrument.symbol)
        ended = self._wire.profile.ended_statuses
        try:
            return fired_order_in(row, intent, market_id=market_id, ended=ended)
        except Unreadable as error:
            raise NotDone(f"stop {intent.stop_id}: {error}") from error

    async def _forgotten(
        self, intent: StopIntent, told: ToldStop, order_id: VenueOrderId
    ) -> FiredOrder:
        """Return an order that shows no more, by its executions.

        Raises:
            NotDone: it should still show, or executions are told no more.
            Refused: the venue denies the read.

        """
        now = await self._wire.venue_now(Desk.LINEAR)
        at = told.triggered_at
        if at is None or not _UNFILLED_TOLD < now - at < _EXECUTIONS_TOLD:
            raise NotDone(f"stop {intent.stop_id} became order {order_id}, which does not show")
        fills = await self._fills.of_order(intent.instrument.symbol, order_id)
        try:
            return executed_order(order_id, intent, fills)
        except Unreadable as error:
            raise NotDone(f"stop {intent.stop_id}: {error}") from error
