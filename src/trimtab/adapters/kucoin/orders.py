"""Orders of one KuCoin trade account, found by our name. Not pure: it asks the venue.

A question by our name finds an order wherever it stands; the lists of resting and of past orders
are asked besides when its absence is to be proved. What rests is asked for market by market, after
those that have something. Sources: KuCoin API "Get Order By ClientOid", "Get Order By OrderId",
"Get Symbols With Open Order", "Get Open Orders", "Get Closed Orders", 2025-11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from trimtab.adapters.frame.absence import one_or_none
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders, OrderQuestions
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.waiting_orders import waiting_in
from trimtab.adapters.kucoin.answers import (
    name_of,
    open_order_of,
    order_id_of,
    order_of,
    order_row,
    order_rows,
    past_rows,
    symbols_in,
)
from trimtab.adapters.kucoin.waiting import waiting_lists
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import text_of
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.instruments import Symbol
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk


def _asking(method: str) -> Endpoint:
    """Return a question about orders."""
    return Endpoint(desk=Desk.SPOT, method=method, rank=Rank.LOOK_UP)


_OURS, _THEIRS = "clientOid", "orderId"
_ORDER: Final[Mapping[str, Endpoint]] = {
    _OURS: _asking("privateGetHfOrdersClientOrderClientOid"),
    _THEIRS: _asking("privateGetHfOrdersOrderId"),
}
_SYMBOLS: Final = _asking("privateGetHfOrdersActiveSymbols")
_OPEN: Final = _asking("privateGetHfOrdersActive")
_PAST: Final = _asking("privateGetHfOrdersDone")
_PAGE: Final = 100


class KucoinQuestions:
    """Asks for orders of coins."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets

    async def row(self, symbol: Symbol, named: Mapping[str, str]) -> Row | None:
        """Ask for one order by one of its names; None where the venue knows none under it.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        endpoint = _ORDER[_OURS if _OURS in named else _THEIRS]
        asked = {"symbol": self._markets.market_id(symbol), **named}
        return await one_or_none(self._wire, endpoint, asked, order_row)

    async def resting(
        self,
        desk: Desk,  # noqa: ARG002 -- the frame's shape: there are only coins.
        which: Mapping[str, str],
    ) -> Sequence[Row]:
        """Return every row of what rests; raises like :meth:`row`."""
        names = (
            (which["symbol"],)
            if "symbol" in which
            else await self._wire.read(_SYMBOLS, {}, symbols_in)
        )
        found: list[Row] = []
        for name in names:
            found += await self._wire.read(_OPEN, {"symbol": name}, order_rows)
        return found

    async def past(self, symbol: Symbol) -> Sequence[Row]:
        """Return the latest orders of a market that have ended; raises like :meth:`row`."""
        asked = {"symbol": self._markets.market_id(symbol), "limit": _PAGE}
        return await self._wire.read(_PAST, asked, past_rows)


def kucoin_orders(wire: Wire, markets: DeskMarkets) -> DeskOrders:
    """Return what reads orders of coins; their numbers are written with sixteen digits."""
    asks = KucoinQuestions(wire, markets)
    questions = OrderQuestions(
        row=asks.row,
        resting=asks.resting,
        past=asks.past,
        ours=dict.fromkeys(Desk, _OURS),
        theirs=_THEIRS,
        market_of=lambda row: text_of(row, "symbol"),
        order_of=order_of,
        open_order_of=open_order_of,
        order_id_of=order_id_of,
        name_of=name_of,
        names_in=lambda row: (row.get(_OURS),),
        age_of=partial(int, base=16),
    )
    return DeskOrders(wire, markets, questions)


class RestingOrders:
    """Lists all that rests or waits for a trigger."""

    def __init__(self, wire: Wire, markets: DeskMarkets, orders: DeskOrders) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders

    async def all_resting(self) -> tuple[OpenOrder, ...]:
        """Return it, what rests first; the markets must be loaded.

        Raises:
            NotDone: the venue does not answer, not readably, or of an order that is not counted.
            Refused: the venue denies the read.

        """
        resting = await self._orders.all_resting(Desk.SPOT)
        return (*resting, *await waiting_in(self._wire, self._markets, waiting_lists()))
