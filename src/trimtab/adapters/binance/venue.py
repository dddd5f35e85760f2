"""Binance as the port :class:`~trimtab.ports.Venue`, through ccxt: translates, decides nothing.

Not pure: it orders. A write is sent once and judged by its raw answer; see
docs/design/0003-never-twice.md. Orders are IOC limits whose size and limit go out as text,
exactly as planned: ccxt's own rounding may not change them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from trimtab.adapters.binance.fills import FillReader, OrderKey
from trimtab.adapters.binance.instruments import Catalogue, Row
from trimtab.adapters.binance.orders import open_order_of, order_of, venue_order_id
from trimtab.adapters.binance.payments import PaymentReader
from trimtab.adapters.frame.absence import OrderLists, asked_everywhere, one_or_none
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.order_sending import order_sent, setting_made
from trimtab.adapters.frame.units import contracts
from trimtab.adapters.wire.calls import Endpoint, Wire, ccxt_arithmetic, together
from trimtab.adapters.wire.exact import Unreadable, mapping_of, rows_of
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import Refused
from trimtab.domain.exact import ZERO
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import ClientOrderId, Fill, OrderIntent, VenueOrder, VenueOrderId
from trimtab.domain.payments import Payment
from trimtab.domain.snapshot import OpenOrder
from trimtab.ports import AbsenceEvidence, FillCursor
from trimtab.venues.profile import Desk

_ORDER: Final[Mapping[Desk, Endpoint]] = {
    Desk.SPOT: Endpoint(desk=Desk.SPOT, method="privateGetOrder", rank=Rank.LOOK_UP),
    Desk.LINEAR: Endpoint(desk=Desk.LINEAR, method="fapiPrivateGetOrder", rank=Rank.LOOK_UP),
}
_OPEN: Final[Mapping[Desk, Endpoint]] = {
    Desk.SPOT: Endpoint(desk=Desk.SPOT, method="privateGetOpenOrders", rank=Rank.LOOK_UP),
    Desk.LINEAR: Endpoint(desk=Desk.LINEAR, method="fapiPrivateGetOpenOrders", rank=Rank.LOOK_UP),
}


class BinanceVenue:
    """Orders on a venue. Opened and closed by :func:`trimtab.adapters.open_venue.open_venue`."""

    def __init__(self, wire: Wire, catalogue: Catalogue, *, has_futures: bool) -> None:
        self._wire = wire
        self._catalogue = catalogue
        self._names: dict[OrderKey, ClientOrderId] = {}
        self._fills = FillReader(wire, catalogue, self._names)
        self._payments = PaymentReader(wire) if has_futures else None

    async def submit(self, intent: OrderIntent) -> VenueOrder:
        """Send *intent* once; see :meth:`trimtab.ports.Venue.submit`."""
        instrument = intent.instrument
        market = await self._catalogue.require(instrument.symbol)
        desk = Desk.of(instrument)
        params: dict[str, object] = {
            "clientOrderId": intent.client_order_id,
            "timeInForce": "IOC",
        }
        if intent.reduce_only and instrument.is_contract:
            params["reduceOnly"] = True

        async def send() -> object:
            """Have ccxt send; what it is to say is worked out in the order's turn, not before."""
            quantity, limit_price = _as_text(self._wire, intent)
            return await self._wire.exchange.create_order(
                instrument.symbol, "limit", intent.side.value, quantity, limit_price, params
            )

        judgement = await order_sent(
            self._wire,
            desk,
            send,
            read=_reading(self._wire, intent, market),
        )
        order = judgement.told(f"{intent.client_order_id} {instrument.symbol}")
        self._names[order.symbol, order.venue_order_id] = order.client_order_id
        return order

    async def look_up(self, intent: OrderIntent) -> VenueOrder | None:
        """Find the order of *intent*; see :meth:`trimtab.ports.Venue.look_up`."""
        market = await self._catalogue.require(intent.instrument.symbol)
        desk = Desk.of(intent.instrument)
        asked = {"symbol": market["id"], "origClientOrderId": intent.client_order_id}
        order = await one_or_none(
            self._wire, _ORDER[desk], asked, _reading(self._wire, intent, market)
        )
        if order is None:
            return None
        self._names[order.symbol, order.venue_order_id] = order.client_order_id
        return order

    async def cancel(self, order: OpenOrder) -> None:
        """Cancel *order*; see :meth:`trimtab.ports.Venue.cancel`."""
        await self._catalogue.require(order.symbol)
        desk = desk_of(order.symbol)

        def cancelled(answer: object) -> bool | None:
            """Acknowledge the cancel of this very order."""
            return venue_order_id(mapping_of(answer)) == order.venue_order_id or None

        judgement = await self._wire.write(
            desk,
            lambda: self._wire.exchange.cancel_order(order.venue_order_id, order.symbol),
            read=cancelled,
            rank=Rank.CANCEL,
        )
        if judgement.evidence.code not in self._wire.profile.codes[desk].gone:
            judgement.told(f"cancel {order.venue_order_id} {order.symbol}")

    async def open_orders(self, symbols: Sequence[Symbol]) -> tuple[OpenOrder, ...]:
        """Return what rests in *symbols*, by symbol and age.

        Raises:
            NotDone: the venue does not answer.
            Refused: the venue denies the read.

        """
        listed = await self._catalogue.load(symbols)
        return await _resting(self._wire, self._catalogue, sorted(listed))

    async def fills(self, symbol: Symbol, *, since: FillCursor) -> tuple[Fill, ...]:
        """Return executions after *since*, oldest first; raises like :meth:`open_orders`."""
        return await self._fills.since(symbol, since)

    async def client_ids(
        self, symbol: Symbol, orders: Collection[VenueOrderId]
    ) -> Mapping[VenueOrderId, ClientOrderId]:
        """Return who *orders* are by client order id; raises like :meth:`open_orders`."""
        return await self._fills.client_ids(symbol, orders)

    async def payments(self, since: datetime) -> tuple[Payment, ...]:
        """Return payments from *since* on, of an account that may use futures, oldest first."""
        return () if self._payments is None else await self._payments.since(since)

    async def evidence_of_absence(self, intent: OrderIntent) -> AbsenceEvidence:
        """Ask every list for the order of *intent*; raises like :meth:`open_orders`."""
        lists = OrderLists(
            named=self.look_up, resting=self.open_orders, others=self._fills.sightings
        )
        return await asked_everywhere(self._wire, lists, intent)

    async def set_leverage(self, symbol: Symbol, *, leverage: int) -> None:
        """Set leverage, then cross margin; what is already so is left so."""
        await self._catalogue.require(symbol)
        exchange = self._wire.exchange

        def is_set(answer: object) -> bool | None:
            """Acknowledge exactly this leverage."""
            return mapping_of(answer).get("leverage") == leverage or None

        await setting_made(
            self._wire, symbol, lambda: exchange.set_leverage(leverage, symbol), read=is_set
        )
        await setting_made(
            self._wire,
            symbol,
            lambda: exchange.set_margin_mode("cross", symbol),
            read=lambda answer: mapping_of(answer).get("code") == 200 or None,  # noqa: PLR2004 -- Binance's "success".
        )


async def _resting(
    wire: Wire, catalogue: Catalogue, symbols: Sequence[Symbol]
) -> tuple[OpenOrder, ...]:
    """Return what rests in markets that are loaded, by market and age."""
    found = await together(*(_open_in(wire, catalogue, symbol) for symbol in symbols))
    return tuple(order for orders in found for order in orders)


async def _open_in(wire: Wire, catalogue: Catalogue, symbol: Symbol) -> tuple[OpenOrder, ...]:
    """Return what rests in one market, oldest first."""
    instrument = catalogue.instrument(symbol, taker_fee=ZERO)
    asked = {"symbol": catalogue.market_id(symbol)}

    def read(answer: object) -> tuple[OpenOrder, ...]:
        """Read every row."""
        return tuple(open_order_of(row, instrument) for row in rows_of(answer))

    orders = await wire.read(_OPEN[desk_of(symbol)], asked, read)
    return tuple(sorted(orders, key=lambda order: int(order.venue_order_id)))


def _reading(wire: Wire, intent: OrderIntent, market: Row) -> Callable[[object], VenueOrder]:
    """Return what reads the order of *intent*, and no other, from an answer."""
    name, ended = str(market["id"]), wire.profile.ended_statuses
    return lambda answer: order_of(answer, intent, market_id=name, ended=ended)


def _as_text(wire: Wire, intent: OrderIntent) -> tuple[str, str]:
    """Return size and limit as they go out.

    Raises:
        Refused: ccxt would send anything else than what was planned.

    """
    symbol, exchange = intent.instrument.symbol, wire.exchange
    try:
        quantity = format(contracts(intent.quantity, intent.instrument), "f")
    except Unreadable as error:
        raise Refused(f"{intent.client_order_id}: {error}") from error
    limit_price = format(intent.limit_price, "f")
    with ccxt_arithmetic():
        try:
            sent = (
                Decimal(exchange.amount_to_precision(symbol, quantity)),
                Decimal(exchange.price_to_precision(symbol, limit_price)),
            )
        except (wire.ccxt_error, InvalidOperation) as error:
            raise Refused(f"{intent.client_order_id}: {symbol} is off the grid") from error
    if sent != (Decimal(quantity), Decimal(limit_price)):
        raise Refused(
            f"{intent.client_order_id}: {quantity} at {limit_price} is off the grid of {symbol}"
        )
    return quantity, limit_price
