"""Orders of one Deribit account, found by our label. Not pure: it asks the venue.

A question by our label finds what was placed or has ended lately; ended orders leave it after half
an hour, and stand in the history then. Labels may repeat: two orders under one are never read as
one. Sources: docs.deribit.com "private/get_order_state_by_label",
"private/get_order_history_by_instrument", "Accessing Historical Trades and Orders Using API", 2026.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from trimtab.adapters.deribit.answers import (
    PERPETUAL,
    client_id_of,
    one_order,
    open_order_of,
    order_of,
    orders_in,
)
from trimtab.adapters.frame.absence import one_or_none
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.listed_pages import Page, Row, whole_list
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable, text_of
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import ClientOrderId, OrderIntent, VenueOrder, VenueOrderId
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk


def _asking(method: str) -> Endpoint:
    """Return a question about orders."""
    return Endpoint(desk=Desk.SPOT, method=method, rank=Rank.LOOK_UP)


_NAMED: Final = _asking("privateGetGetOrderStateByLabel")
_ONE: Final = _asking("privateGetGetOrderState")
_PAST: Final = _asking("privateGetGetOrderHistoryByInstrument")
_OPEN: Final = _asking("privateGetGetOpenOrdersByInstrument")
_ALL_OPEN: Final = _asking("privateGetGetOpenOrders")
_CURRENCIES: Final = frozenset({"BTC", "ETH", "USDC", "USDT", "EURR"})
"""What the question by label can be asked of. Of which a pair counts is not said; a linear contract
counts under what it settles in, which is its quote."""
_PAGE: Final = 1000
_PAGES_MAX: Final = 20


def _ours(intent: OrderIntent, rows: Iterable[Row]) -> list[Row]:
    """Return those of *rows* that bear the label of *intent*."""
    return [row for row in rows if row.get("label") == intent.client_order_id]


def named_symbol(markets: DeskMarkets, name: str) -> Symbol:
    """Return the market of a name, among coins or contracts as its end tells.

    Raises:
        NotDone: it is of none that is used.

    """
    desk = Desk.LINEAR if name.endswith(PERPETUAL) else Desk.SPOT
    if desk not in markets.desks:
        raise NotDone(f"the venue names a contract, and only coins are used: {name}")
    return markets.symbol_of(desk, name)


class DeribitOrders:
    """Reads orders."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets

    def seen(self, order: VenueOrder) -> None:
        """Remember nothing: executions carry our label."""

    async def look_up(self, intent: OrderIntent) -> VenueOrder | None:
        """Return the order of *intent*; None when no list shows one now.

        Raises:
            NotDone: the question was not answered, or two orders bear the label.
            Refused: the venue denies the read.

        """
        name = await self._markets.require(intent.instrument.symbol)
        pair = {intent.instrument.base, intent.instrument.quote} & _CURRENCIES
        rows: list[Row] = []
        for currency in sorted(pair):
            asked = {"currency": currency, "label": intent.client_order_id}
            rows += await self._wire.read(_NAMED, asked, orders_in)
        if not rows:
            rows = _ours(intent, await self._past(name, include_old=True))
        ended = self._wire.profile.ended_statuses
        try:
            orders = [order_of(row, intent, market_id=name, ended=ended) for row in rows]
        except Unreadable as error:
            raise NotDone(f"{intent.client_order_id}: unreadable order, {error}") from error
        if len({order.venue_order_id for order in orders}) > 1:
            raise NotDone(f"{intent.client_order_id}: two orders under one label")
        return orders[0] if orders else None

    async def _past(self, name: str, *, include_old: bool) -> tuple[Row, ...]:
        """Return the ended orders of a market: those of half an hour, then those before."""
        recent = await self._ended(name, {"historical": "false"})
        old = {"historical": "true", "include_old": "true" if include_old else "false"}
        return (*recent, *await self._ended(name, old))

    async def _ended(self, name: str, which: Mapping[str, str]) -> tuple[Row, ...]:
        """Return every row of a list of ended orders, those without an execution too."""
        asked = {"instrument_name": name, "count": _PAGE, "include_unfilled": "true", **which}
        passed = 0

        def page(answer: object) -> Page:
            """Read one page, and where the next begins."""
            rows = orders_in(answer)
            return rows, str(passed + len(rows)) if len(rows) >= _PAGE else ""

        async def ask(further: Mapping[str, object]) -> Page:
            """Read the page that begins where the last one ended."""
            nonlocal passed
            passed = int(str(further.get("offset", 0)))
            return await self._wire.read(_PAST, {**asked, **further}, page)

        return await whole_list(
            ask, lead="offset", what=f"ended orders of {name}", pages_max=_PAGES_MAX
        )

    async def resting(self, symbols: Sequence[Symbol]) -> tuple[OpenOrder, ...]:
        """Return what rests in *symbols*, by symbol and age; raises like :meth:`look_up`."""
        found: list[OpenOrder] = []
        for symbol in sorted(await self._markets.load(symbols)):
            asked = {"instrument_name": self._markets.market_id(symbol)}
            found += self._read(await self._wire.read(_OPEN, asked, orders_in))
        return tuple(found)

    async def all_resting(self) -> tuple[OpenOrder, ...]:
        """Return all that rests, oldest first; the markets must be loaded.

        Raises:
            NotDone: the venue does not answer, or an order is of a market that is not used.
            Refused: the venue denies the read.

        """
        return tuple(self._read(await self._wire.read(_ALL_OPEN, {}, orders_in)))

    def _read(self, rows: Iterable[Row]) -> list[OpenOrder]:
        """Read resting orders, oldest first."""
        found = []
        for row in sorted(rows, key=lambda row: str(row.get("creation_timestamp"))):
            try:
                symbol = named_symbol(self._markets, text_of(row, "symbol"))
                found.append(open_order_of(row, self._markets.instrument(symbol)))
            except Unreadable as error:
                raise NotDone(f"an open order is unreadable: {error}") from error
        return found

    async def sighting(self, intent: OrderIntent) -> str:
        """Return what the ended orders of two days, asked for by market, show of *intent*'s.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        name = await self._markets.require(intent.instrument.symbol)
        ours = _ours(intent, await self._past(name, include_old=False))
        return f"order {ours[0].get('order_id')}" if ours else "none"

    async def client_ids(
        self,
        symbol: Symbol,  # noqa: ARG002 -- a number says of which market it is.
        orders: Collection[VenueOrderId],
    ) -> Mapping[VenueOrderId, ClientOrderId]:
        """Return who *orders* are by client order id; those without one are left out.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        found: dict[VenueOrderId, ClientOrderId] = {}
        for order_id in sorted(orders):
            row = await one_or_none(self._wire, _ONE, {"order_id": order_id}, one_order)
            if row is not None and row.get("label"):
                told, name = client_id_of(row)
                if told == order_id:
                    found[order_id] = name
        return found
