"""Where a stop of OKX may show. Not pure: it asks the venue.

One question tells of it by its name. What waits is in one list, what waited is told for three
months in another, which is asked for one end at a time; and the order that a stop became bears its
name in the lists of orders. Of none is it said how soon it knows what has just changed, so all are
asked, that of what waits first. Sources: as in :mod:`trimtab.adapters.okx.stops`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from trimtab.adapters.frame.absence import one_or_none
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.listed_pages import Page, Row, whole_list
from trimtab.adapters.okx.answers import led_by, rows_in
from trimtab.adapters.okx.orders import OF_DESK, OkxQuestions
from trimtab.adapters.okx.stop_rows import KIND, named_in
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable, milliseconds
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.stops import StopIntent
from trimtab.venues.profile import Desk


def _asks(method: str) -> Endpoint:
    """Return a read on which the fate of a stop hangs."""
    return Endpoint(desk=Desk.LINEAR, method=method, rank=Rank.LOOK_UP)


_ONE: Final = _asks("privateGetTradeOrderAlgo")
_WAITING: Final = _asks("privateGetTradeOrdersAlgoPending")
_WAITED: Final = _asks("privateGetTradeOrdersAlgoHistory")
_ENDS: Final = ("effective", "canceled", "order_failed")
"""As which what waited may be asked for."""
_ORDERS: Final = (
    _asks("privateGetTradeOrdersHistory"),
    _asks("privateGetTradeOrdersHistoryArchive"),
)
_CLOCKS: Final = timedelta(hours=1)
"""How far our clock may have been ahead of the venue's when a stop was begun; more than enough."""
_PAGE: Final = 100
_PAGES_MAX: Final = 100


class OkxStopLists:
    """Reads every row that bears the name of a stop; its contract must be read."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = OkxQuestions(wire, markets)

    async def named(self, intent: StopIntent) -> Row | None:
        """Return what is told by the name of *intent*; None where nothing is.

        Raises:
            NotDone: the question was not answered, or two of the name are told.
            Refused: the venue denies the read.

        """

        def read(answer: object) -> Row | None:
            """Read the one row."""
            rows = rows_in(answer)
            if len(rows) > 1:
                raise Unreadable("two stops bear one name")
            return rows[0] if rows else None

        return await one_or_none(self._wire, _ONE, {"algoClOrdId": intent.stop_id}, read)

    async def waiting(self, intent: StopIntent) -> tuple[Row, ...]:
        """Return what waits under the name of *intent*.

        Raises:
            NotDone: the venue does not answer, or not readably, or the list has no end.
            Refused: the venue denies the read.

        """
        return await self._of_name(intent, _WAITING, {"ordType": KIND}, lead="algoId")

    async def waited(self, intent: StopIntent) -> tuple[Row, ...]:
        """Return what waits no more under the name of *intent*; raises like :meth:`waiting`."""
        found: tuple[Row, ...] = ()
        for end in _ENDS:
            asked = {"ordType": KIND, "state": end}
            found += await self._of_name(intent, _WAITED, asked, lead="algoId")
        return found

    async def orders(self, intent: StopIntent, *, begun_at: datetime) -> tuple[Row, ...]:
        """Return the orders that bear the name of *intent*, those that rest first.

        Raises like :meth:`waiting`.
        """
        which = {"symbol": self._markets.market_id(intent.instrument.symbol)}
        found = named_in(await self._orders.resting(Desk.LINEAR, which), intent)
        asked = {"begin": milliseconds(begun_at - _CLOCKS)}
        for endpoint in _ORDERS:
            found += await self._of_name(intent, endpoint, asked, lead="ordId")
        return found

    async def _of_name(
        self, intent: StopIntent, endpoint: Endpoint, asked: Mapping[str, object], *, lead: str
    ) -> tuple[Row, ...]:
        """Return the rows of one list that bear the name of *intent*."""
        of_market = {
            **OF_DESK[Desk.LINEAR],
            "instId": self._markets.market_id(intent.instrument.symbol),
            "limit": _PAGE,
        }

        def page(answer: object) -> Page:
            """Read one page; a row that does not say its name makes it unreadable."""
            rows, onward = led_by(rows_in(answer), lead, full=_PAGE)
            named_in(rows, intent)
            return rows, onward

        rows = await whole_list(
            lambda further: self._wire.read(endpoint, {**of_market, **asked, **further}, page),
            lead="after",
            what=f"stops of {intent.instrument.symbol}, or their orders",
            pages_max=_PAGES_MAX,
        )
        return named_in(rows, intent)
