"""Orders of one Bybit account, found by our name. Not pure: it asks the venue.

The venue has three lists, and each shows another part of an order's life. They are asked in the
order in which an order passes through them, so that it cannot slip by between two questions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from trimtab.adapters.bybit.answers import FIELDS, open_order_of, page_of
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.listed_pages import Row, whole_list
from trimtab.adapters.frame.order_rows import order_id_in, order_in
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable, text_of
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import ClientOrderId, OrderIntent, VenueOrder, VenueOrderId
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk

T = TypeVar("T")

SPOT: Final[Mapping[str, str]] = {"category": "spot"}
LINEAR: Final[Mapping[str, str]] = {"category": "linear"}
OF_DESK: Final[Mapping[Desk, Mapping[str, str]]] = {Desk.SPOT: SPOT, Desk.LINEAR: LINEAR}
"""What every question of a desk says."""


def at_desks(method: str, rank: Rank = Rank.READ) -> Mapping[Desk, Endpoint]:
    """Return one question at both desks: the same call with another category."""
    return {desk: Endpoint(desk=desk, method=method, rank=rank) for desk in OF_DESK}


_REALTIME: Final = at_desks("privateGetV5OrderRealtime", Rank.LOOK_UP)
_HISTORY: Final = at_desks("privateGetV5OrderHistory", Rank.LOOK_UP)
_LISTS: Final[tuple[tuple[Mapping[Desk, Endpoint], Mapping[str, int]], ...]] = (
    (_REALTIME, {"openOnly": 0}),
    (_REALTIME, {"openOnly": 1}),
    (_HISTORY, {}),
)
"""Open orders, the last five hundred that ended, all that ended."""
SETTLED_IN: Final = "USDT"
"""What all contracts that are traded here settle in."""
_LATEST: Final = 50
_PAGE: Final = 50
_PAGES_MAX: Final = 20


class BybitOrders:
    """Reads the lists of orders."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets

    async def look_up(self, intent: OrderIntent) -> VenueOrder | None:
        """Return the order of *intent*; None when no list shows one now.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        ended = self._wire.profile.ended_statuses
        return await self.named(
            intent.instrument.symbol,
            intent.client_order_id,
            lambda row, market_id: order_in(row, FIELDS, intent, market_id=market_id, ended=ended),
        )

    async def named(self, symbol: Symbol, name: str, read: Callable[[Row, str], T]) -> T | None:
        """Return what *read* makes of the order under *name*; None when no list shows one now.

        *read* takes a row and the venue's name of the market.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        market_id, desk = await self._markets.require(symbol), desk_of(symbol)
        asked = {**OF_DESK[desk], "symbol": market_id, "orderLinkId": name}

        def one(answer: object) -> T | None:
            """Read the order from a list that was asked for nothing else."""
            rows, _ = page_of(answer)
            found = [read(row, market_id) for row in rows]
            if len({order_id_in(row, FIELDS) for row in rows}) > 1:
                raise Unreadable("two orders under one client order id")
            return found[0] if found else None

        for listed, which in _LISTS:
            found = await self._wire.read(listed[desk], {**asked, **which}, one)
            if found is not None:
                return found
        return None

    def seen(self, order: VenueOrder) -> None:
        """Remember nothing: executions carry our name."""

    async def resting(self, symbols: Sequence[Symbol]) -> tuple[OpenOrder, ...]:
        """Return what rests in *symbols*, by symbol and age.

        Raises:
            NotDone: the venue does not answer, or the list has no end.
            Refused: the venue denies the read.

        """
        listed = sorted(await self._markets.load(symbols))
        found = [
            await self._listed(desk_of(s), {"symbol": self._markets.market_id(s)}) for s in listed
        ]
        return tuple(order for orders in found for order in orders)

    async def all_resting(self, desk: Desk) -> tuple[OpenOrder, ...]:
        """Return all that rests at a desk, oldest first; its markets must be loaded.

        Raises:
            NotDone: the venue does not answer, or the list has no end.
            Refused: the venue denies the read.

        """
        which = {} if desk is Desk.SPOT else {"settleCoin": SETTLED_IN}
        return await self._listed(desk, which)

    async def open_rows(self, symbol: Symbol) -> Sequence[Row]:
        """Return the rows of what rests in a market that was read, oldest first.

        Raises:
            NotDone: the venue does not answer, or the list has no end.
            Refused: the venue denies the read.

        """
        return await self._rows(desk_of(symbol), {"symbol": self._markets.market_id(symbol)})

    async def _listed(self, desk: Desk, which: Mapping[str, str]) -> tuple[OpenOrder, ...]:
        """Return a list of resting orders, oldest first."""
        return tuple(self._resting(desk, row) for row in await self._rows(desk, which))

    async def _rows(self, desk: Desk, which: Mapping[str, str]) -> Sequence[Row]:
        """Return the rows of a list of resting orders, oldest first, each once."""
        asked: dict[str, object] = {**OF_DESK[desk], **which, "limit": _PAGE}
        rows = await whole_list(
            lambda further: self._wire.read(_REALTIME[desk], {**asked, **further}, page_of),
            lead="cursor",
            what="open orders",
            pages_max=_PAGES_MAX,
        )
        return _oldest_first(rows)

    def _resting(self, desk: Desk, row: Row) -> OpenOrder:
        """Read one resting order."""
        try:
            symbol = self._markets.symbol_of(desk, text_of(row, "symbol"))
            return open_order_of(row, self._markets.instrument(symbol))
        except Unreadable as error:
            raise NotDone(f"an open order is unreadable: {error}") from error

    async def sighting(self, intent: OrderIntent) -> str:
        """Return what the latest orders, asked for by market alone, show of the order of *intent*.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        return await self.sighting_of(intent.instrument.symbol, intent.client_order_id)

    async def sighting_of(self, symbol: Symbol, name: str) -> str:
        """Return what the latest orders of a market show under *name*; see :meth:`sighting`."""
        market_id, desk = await self._markets.require(symbol), desk_of(symbol)
        asked = {**OF_DESK[desk], "symbol": market_id, "limit": _LATEST}
        rows, _ = await self._wire.read(_HISTORY[desk], asked, page_of)
        ours = [row for row in rows if row.get("orderLinkId") == name]
        return f"order {ours[0].get('orderId')}" if ours else "none"

    async def client_ids(
        self, symbol: Symbol, orders: Collection[VenueOrderId]
    ) -> Mapping[VenueOrderId, ClientOrderId]:
        """Return who *orders* are by client order id; those without one are left out.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        market_id, desk = await self._markets.require(symbol), desk_of(symbol)
        found: dict[VenueOrderId, ClientOrderId] = {}
        for order_id in sorted(orders):
            asked = {**OF_DESK[desk], "symbol": market_id, "orderId": order_id}
            rows, _ = await self._wire.read(_HISTORY[desk], asked, page_of)
            for row in rows:
                if row.get("orderId") == order_id and row.get("orderLinkId"):
                    found[order_id] = ClientOrderId(str(row["orderLinkId"]))
        return found


def _oldest_first(rows: Iterable[Row]) -> list[Row]:
    """Return orders by age, each once."""
    by_id = {str(row.get("orderId")): row for row in rows}
    return sorted(
        by_id.values(), key=lambda row: (str(row.get("createdTime")), str(row.get("orderId")))
    )
