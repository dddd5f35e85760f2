"""Daily closes and funding of BingX. Not pure: it asks the venue.

Sources: BingX API spot and USDT-M "Kline/Candlestick Data" (at most 1,440 rows), "Get Funding
Rate History" (1,000 rows). Candles of coins begin at midnight of UTC+8 unless ``timeZone`` is 0,
as ccxt 4.5.90 asks; a candle that does not begin with a day of UTC is unreadable.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from trimtab.adapters.bingx.answers import told_of
from trimtab.adapters.frame.daily_candles import candles_of, midnight
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.halved_windows import whole_stretch
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.raw_history import PastQuestions, RawHistory
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    field,
    instant_of,
    milliseconds,
    rows_of,
)
from trimtab.domain.errors import NotDone
from trimtab.domain.history import DAY, Close, FundingSettlement
from trimtab.domain.instruments import Asset, Symbol
from trimtab.venues.profile import Desk

_CANDLES: Final[Mapping[Desk, tuple[Endpoint, Mapping[str, object]]]] = {
    Desk.SPOT: (
        Endpoint(desk=Desk.SPOT, method="spotV1PublicGetMarketKline"),
        {"interval": "1d", "timeZone": 0},
    ),
    Desk.LINEAR: (
        Endpoint(desk=Desk.LINEAR, method="swapV3PublicGetQuoteKlines"),
        {"interval": "1d"},
    ),
}
_FUNDING: Final = Endpoint(desk=Desk.LINEAR, method="swapV2PublicGetQuoteFundingRate")
_DAYS: Final = 1000
_FULL: Final = 1000
_PARTS: Final = ("time", "open", "high", "low", "close")


def bingx_history(wire: Wire, markets: DeskMarkets, *, quote: Asset) -> RawHistory:
    """Return what reads the past of coins and of contracts."""
    past = _Past(wire, markets)
    questions = PastQuestions(
        load=markets.load, candles=past.candles, days=_DAYS, settlements=past.settlements
    )
    return RawHistory(wire, questions, quote=quote)


class _Past:
    """What is asked."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets

    async def candles(self, market: Symbol, *, since: date, until: date) -> Mapping[date, Close]:
        """Read one stretch; it is not said whether candles at its very ends are in it."""
        endpoint, how = _CANDLES[desk_of(market)]
        asked = {
            **how,
            "symbol": self._markets.market_id(market),
            "startTime": milliseconds(midnight(since)) - 1,
            "endTime": milliseconds(midnight(until + DAY)),
            "limit": (until - since).days + 3,
        }
        found = await self._wire.read(endpoint, asked, lambda told: candles_of(_listed(told)))
        return {day: close for day, close in found.items() if since <= day <= until}

    async def settlements(
        self, perpetual: Symbol, *, since: datetime, until: datetime
    ) -> tuple[FundingSettlement, ...]:
        """Read all settlements, oldest first."""
        name = self._markets.market_id(perpetual)

        async def ask(*, start: datetime, end: datetime) -> tuple[Row, ...] | None:
            """Read one stretch, every row readable."""
            asked = {
                "symbol": name,
                "startTime": milliseconds(start),
                "endTime": milliseconds(end),
                "limit": _FULL,
            }
            rows = await self._wire.read(_FUNDING, asked, _settled_rows)
            return rows if len(rows) < _FULL else None

        rows = await whole_stretch(ask, start=since, end=until, what="settlements")
        found: dict[datetime, FundingSettlement] = {}
        for row in rows:
            told = _settlement(row)
            if found.setdefault(told.settled_at, told) != told:
                raise NotDone(f"{perpetual}: the settlement of {told.settled_at} is told twice")
        return tuple(told for at, told in sorted(found.items()) if since <= at <= until)


def _listed(answer: object) -> object:
    """Return candles as lists of their parts: those of contracts are objects.

    Raises:
        Unreadable: they are no list, or a part is missing.

    """
    told = told_of(answer)
    if not isinstance(told, list):
        raise Unreadable("candles are no list")
    return [[field(row, part) for part in _PARTS] if isinstance(row, dict) else row for row in told]


def _settled_rows(answer: object) -> tuple[Row, ...]:
    """Return every row of a list of settlements, each readable."""
    rows = rows_of(told_of(answer))
    for row in rows:
        _settlement(row)
    return rows


def _settlement(row: Row) -> FundingSettlement:
    """Read one settlement."""
    return FundingSettlement(
        settled_at=instant_of(row, "fundingTime"), rate=decimal_of(row, "fundingRate")
    )
