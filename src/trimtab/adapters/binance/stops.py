"""Stops that rest on Binance USD-M: placed once, withdrawn and found by our own name.

Not pure: it orders. Conditional orders are a service of their own there, with numbers of their
own; the order that one becomes is asked for at the usual place. Sizes and triggers go out as
text, exactly as planned, by the raw call: ccxt's ``create_order`` would round them, and its
parser drops the number of the order that a stop became.

Sent are ``STOP_MARKET`` with ``reduceOnly``, ``workingType`` MARK_PRICE and ``timeInForce`` GTC.
GTE_GTC would also end with the position, but is in no list of what a new order may say.

Source: Binance USD-M "New", "Query", "Cancel Algo Order", "Current All Algo Open Orders", "Query
All Algo Orders", "Event: Algo Order Update" for the statuses, and the change log of 2025-11-06
and 2025-12-29 (200 at most over all contracts). A stop that came to nothing is told of for three
days, any other for ninety; the same holds for the orders that they became.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from trimtab.adapters.binance.instruments import Catalogue
from trimtab.adapters.binance.stop_rows import (
    KIND,
    NO_ORDER,
    RESTS,
    TRIGGERED_BY,
    UNDER_WAY,
    ToldStop,
    fired_order_in,
    listed_in,
    names_in,
    told_in,
    word_in,
)
from trimtab.adapters.frame.absence import evidence_of, one_or_none
from trimtab.adapters.frame.order_sending import RawCall, order_sent, raw
from trimtab.adapters.frame.stop_calls import placement_told, shown_among, withdrawal_sent
from trimtab.adapters.frame.units import contracts
from trimtab.adapters.wire.calls import Endpoint, Wire, together
from trimtab.adapters.wire.exact import Unreadable, mapping_of, rows_of, text_of
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone, Refused
from trimtab.domain.exact import ZERO
from trimtab.domain.instruments import Lots, Symbol
from trimtab.domain.orders import VenueOrderId
from trimtab.domain.stops import (
    FiredOrder,
    ListedStop,
    SeenStop,
    StopIntent,
    VenueStop,
)
from trimtab.ports import AbsenceEvidence
from trimtab.venues.profile import Desk


def _asks(method: str) -> Endpoint:
    """Return a read on which the fate of a stop hangs."""
    return Endpoint(desk=Desk.LINEAR, method=method, rank=Rank.LOOK_UP)


_ONE: Final = _asks("fapiPrivateGetAlgoOrder")
_OPEN: Final = _asks("fapiPrivateGetOpenAlgoOrders")
_ALL: Final = _asks("fapiPrivateGetAllAlgoOrders")
_ORDER: Final = _asks("fapiPrivateGetOrder")
_PAGE: Final = 1000
_UNFILLED_TOLD: Final = timedelta(days=3, hours=1)
"""Only an order that ended without a fill is told of no more so soon; the hour is for clocks."""


class BinanceStops:
    """Stops on a venue. Opened and closed by :func:`trimtab.adapters.open_venue.open_venue`."""

    def __init__(self, wire: Wire, catalogue: Catalogue) -> None:
        self._wire = wire
        self._catalogue = catalogue

    async def place(self, intent: StopIntent) -> VenueStop:
        """Send *intent* once; see :meth:`trimtab.ports.Stops.place`."""
        market = await self._catalogue.require(intent.instrument.symbol)
        asked = _asked(intent, str(market["id"]))
        read = _reading(intent, str(market["id"]))

        def rests(answer: object) -> VenueStop | None:
            """Acknowledge exactly this stop, resting; of any other answer it is looked up."""
            told = read({**mapping_of(answer), "actualOrderId": ""})
            return told.stop if told.stop.status == RESTS else None

        send = raw(self._wire, RawCall(method="fapiPrivatePostAlgoOrder", asked=asked))
        judgement = await order_sent(self._wire, Desk.LINEAR, send, read=rests)
        return placement_told(self._wire, intent, judgement)

    async def withdraw(self, intent: StopIntent) -> None:
        """Cancel by our name; see :meth:`trimtab.ports.Stops.withdraw`."""

        def withdrawn(answer: object) -> bool | None:
            """Acknowledge the cancel of this very stop."""
            return text_of(mapping_of(answer), "clientAlgoId") == intent.stop_id or None

        call = RawCall(method="fapiPrivateDeleteAlgoOrder", asked={"clientAlgoId": intent.stop_id})
        await withdrawal_sent(self._wire, intent, call, read=withdrawn)

    async def look_up(self, intent: StopIntent, *, begun_at: datetime) -> VenueStop | None:
        """Find the stop of *intent*; see :meth:`trimtab.ports.Stops.look_up`."""
        del begun_at  # What fired is told by name for ninety days, what rests as long as it does.
        market = await self._catalogue.require(intent.instrument.symbol)
        asked = {"clientAlgoId": intent.stop_id}
        told = await one_or_none(self._wire, _ONE, asked, _reading(intent, str(market["id"])))
        told = told or await self._among_resting(intent, str(market["id"]))
        if told is None:
            return None
        if told.stop.status == UNDER_WAY and told.order_id is None:
            raise NotDone(f"stop {intent.stop_id} is being triggered; ask again in a moment")
        if told.order_id is None:
            return told.stop
        return await self._fired(intent, str(market["id"]), told, told.order_id)

    async def _among_resting(self, intent: StopIntent, market_id: str) -> ToldStop | None:
        """Look for a stop in the list of what rests; by name none is found after ninety days."""

        def read(answer: object) -> ToldStop | None:
            """Read the one row of our name."""
            for row in rows_of(answer):
                if text_of(row, "clientAlgoId") == intent.stop_id:
                    return told_in({"actualOrderId": "", **row}, intent, market_id)
            return None

        return await self._wire.read(_OPEN, {"symbol": market_id}, read)

    async def _fired(
        self, intent: StopIntent, market_id: str, told: ToldStop, order_id: VenueOrderId
    ) -> VenueStop:
        """Return a stop with the order that it became.

        Raises:
            NotDone: that order does not show, though it should.

        """
        asked = {"symbol": market_id, "orderId": order_id}
        ended = self._wire.profile.ended_statuses

        def read(answer: object) -> FiredOrder:
            """Read that order and no other."""
            return fired_order_in(answer, intent, (market_id, order_id), ended=ended)

        order = await one_or_none(self._wire, _ORDER, asked, read)
        if order is None and told.stop.status in NO_ORDER:
            return told.stop  # Turned down by the books, which keep no record of it.
        if order is None:
            now = await self._wire.venue_now(Desk.LINEAR)
            if now - told.triggered_at < _UNFILLED_TOLD:
                raise NotDone(f"stop {intent.stop_id} became order {order_id}, which does not show")
            order = FiredOrder(venue_order_id=order_id, filled_lots=Lots(0), ended=True)
        return VenueStop(
            stop_id=told.stop.stop_id,
            venue_stop_id=told.stop.venue_stop_id,
            symbol=told.stop.symbol,
            lots=told.stop.lots,
            trigger_price=told.stop.trigger_price,
            state=SeenStop.FIRED,
            order=order,
            status=told.stop.status,
        )

    async def resting(self, symbols: Sequence[Symbol]) -> tuple[ListedStop, ...]:
        """Return what rests in *symbols*, by symbol and age; see :meth:`trimtab.ports.Stops`."""
        listed = sorted(await self._catalogue.load(symbols))
        found = await together(*(self._resting_in(s) for s in listed if ":" in s))
        return tuple(stop for stops in found for stop in stops)

    async def _resting_in(self, symbol: Symbol) -> tuple[ListedStop, ...]:
        """Return what rests in one contract, oldest first. The list has no pages."""
        instrument = self._catalogue.instrument(symbol, taker_fee=ZERO)
        asked = {"symbol": self._catalogue.market_id(symbol)}

        def read(answer: object) -> tuple[ListedStop, ...]:
            """Read every row."""
            return tuple(listed_in(row, instrument) for row in rows_of(answer))

        stops = await self._wire.read(_OPEN, asked, read)
        return tuple(sorted(stops, key=lambda stop: int(stop.venue_stop_id)))

    async def evidence_of_absence(
        self, intent: StopIntent, *, begun_at: datetime
    ) -> AbsenceEvidence:
        """Ask by name, what rests, and what rested; see :meth:`trimtab.ports.Stops`.

        Executions tell nothing: what a stop became is another order, that nobody named.
        """
        del begun_at

        async def sightings() -> Mapping[str, str]:
            """Ask every list."""
            symbol = intent.instrument.symbol
            market = await self._catalogue.require(symbol)
            named = await one_or_none(self._wire, _ONE, {"clientAlgoId": intent.stop_id}, word_in)
            asked = {"symbol": market["id"], "limit": _PAGE}
            resting = await self.resting([symbol])
            names = await self._wire.read(_ALL, asked, names_in)
            number = names.get(intent.stop_id)
            return {
                "by_client_id": named or "none",
                "open_orders": shown_among(resting, intent),
                "all_orders": "none" if number is None else f"stop {number}",
            }

        return await evidence_of(self._wire, Desk.LINEAR, sightings)


def _asked(intent: StopIntent, market_id: str) -> Mapping[str, object]:
    """Return what a new stop is asked for with.

    Raises:
        Refused: the venue cannot be told its size exactly.

    """
    try:
        quantity = contracts(intent.quantity, intent.instrument)
    except Unreadable as error:
        raise Refused(f"stop {intent.stop_id}: {error}") from error
    return {
        "algoType": "CONDITIONAL",
        "symbol": market_id,
        "side": "BUY" if intent.lots > 0 else "SELL",
        "type": KIND,
        "timeInForce": "GTC",
        "quantity": format(quantity, "f"),
        "triggerPrice": format(intent.trigger_price, "f"),
        "workingType": TRIGGERED_BY,
        "reduceOnly": "true",
        "clientAlgoId": intent.stop_id,
    }


def _reading(intent: StopIntent, market_id: str) -> Callable[[object], ToldStop]:
    """Return what reads the stop of *intent*, and no other, from an answer."""
    return lambda answer: told_in(mapping_of(answer), intent, market_id)
