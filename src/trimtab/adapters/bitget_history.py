"""Daily closes and funding of Bitget. Not pure: it asks the venue.

Sources: Bitget API v2 "Get History Candlestick Data" of spot and "Get Historical Candlestick" of
contracts (at most 200 rows, by UTC day where asked so, up to an end), "Get Historical Funding
Rates" (pages of 100, newest first), 2025-12. It keeps no list of past open interest.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final

from trimtab.adapters.bitget_answers import rows_in, told_of
from trimtab.adapters.bitget_markets import PRODUCT, BitgetMarkets
from trimtab.adapters.ccxt_answers import decimal_of, instant_of, milliseconds
from trimtab.adapters.ccxt_history import Markets
from trimtab.adapters.ccxt_instruments import desk_of
from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.adapters.daily_candles import candles_of, closes_between, midnight
from trimtab.domain.errors import NotDone
from trimtab.domain.history import DAY, Close, FundingSettlement, HistoryNeed, OpenInterest
from trimtab.domain.instruments import Asset, Symbol
from trimtab.venues.profile import Desk

_CANDLES: Final[Mapping[Desk, tuple[Endpoint, Mapping[str, object]]]] = {
    Desk.SPOT: (
        Endpoint(desk=Desk.SPOT, method="publicSpotGetV2SpotMarketHistoryCandles"),
        {"granularity": "1Dutc"},
    ),
    Desk.LINEAR: (
        Endpoint(desk=Desk.LINEAR, method="publicMixGetV2MixMarketHistoryCandles"),
        {**PRODUCT, "granularity": "1Dutc"},
    ),
}
_FUNDING: Final = Endpoint(desk=Desk.LINEAR, method="publicMixGetV2MixMarketHistoryFundRate")
_DAYS: Final = 80
"""A question may span ninety."""
_PAGE: Final = 100
_PAGES_MAX: Final = 100


class BitgetHistory:
    """Reads the past of coins and of contracts."""

    def __init__(self, wire: Wire, markets: BitgetMarkets, *, quote: Asset) -> None:
        self._wire = wire
        self._markets = markets
        self._quote = quote

    async def ended_day(self) -> date:
        """Return the last UTC day that has ended, by the venue's clock.

        Raises:
            NotDone: the venue does not answer.

        """
        return (await self._wire.venue_now(Desk.SPOT)).astimezone(UTC).date() - DAY

    async def markets(self, need: HistoryNeed) -> Markets:
        """Return where to ask for what *need* names; what is not listed is left out.

        Raises:
            NotDone: the venue does not answer.
            Refused: the venue denies the read.

        """
        quote = self._quote
        coins = {a: Symbol(f"{a}/{quote}") for a in need.assets}
        contracts = {a: Symbol(f"{a}/{quote}:{quote}") for a in (*need.perpetuals, *need.assets)}
        listed = await self._markets.load((*coins.values(), *contracts.values()))
        closes = {a: s for a in need.assets for s in (coins[a], contracts[a]) if s in listed}
        closes |= {a: symbol for a, symbol in coins.items() if symbol in listed}
        perpetuals = {a: contracts[a] for a in need.perpetuals if contracts[a] in listed}
        return Markets(closes=closes, perpetuals=perpetuals)

    async def closes(self, market: Symbol, *, first: date, last: date) -> tuple[Close, ...]:
        """Return the daily closes from *first* to *last*, both inclusive, by rising day.

        Raises:
            NotDone: no usable answer, or more days than are ever asked for.
            Refused: the venue denies the read.

        """
        endpoint, how = _CANDLES[desk_of(market)]
        name = self._markets.market_id(market)

        async def ask(*, since: date, until: date) -> Mapping[date, Close]:
            """Read one stretch; it is not said whether a candle at the very end is in it."""
            asked = {
                **how,
                "symbol": name,
                "endTime": milliseconds(midnight(until + DAY)),
                "limit": (until - since).days + 2,
            }
            if desk_of(market) is Desk.LINEAR:
                asked["startTime"] = milliseconds(midnight(since))
            found = await self._wire.read(endpoint, asked, lambda told: candles_of(told_of(told)))
            return {day: close for day, close in found.items() if since <= day <= until}

        return await closes_between(first=first, last=last, days=_DAYS, ask=ask)

    async def funding(
        self, perpetual: Symbol, *, since: datetime, until: datetime
    ) -> tuple[FundingSettlement, ...]:
        """Return the settlements from *since* to *until*, both inclusive, oldest first.

        Raises:
            NotDone: no usable answer, or the list has no end.
            Refused: the venue denies the read.

        """
        asked = {**PRODUCT, "symbol": self._markets.market_id(perpetual), "pageSize": _PAGE}
        found: dict[datetime, FundingSettlement] = {}
        for page in range(1, _PAGES_MAX + 1):
            rows = await self._wire.read(_FUNDING, {**asked, "pageNo": page}, _settlements)
            for at, row in rows.items():
                if found.setdefault(at, row) != row:
                    raise NotDone(f"{perpetual}: the settlement of {at} comes with two contents")
            if len(rows) < _PAGE or min(rows) < since:
                return tuple(row for at, row in sorted(found.items()) if since <= at <= until)
        raise NotDone(f"{perpetual}: the list of settlements since {since} has no end")

    async def open_interest(
        self,
        perpetual: Symbol,  # noqa: ARG002 -- the shape of a port.
        *,
        until: date,  # noqa: ARG002 -- the shape of a port.
    ) -> tuple[OpenInterest, ...]:
        """Return nothing: the venue tells only the present one."""
        return ()


def _settlements(answer: object) -> Mapping[datetime, FundingSettlement]:
    """Read funding settlements.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    return {
        (at := instant_of(row, "fundingTime")): FundingSettlement(
            settled_at=at, rate=decimal_of(row, "fundingRate")
        )
        for row in rows_in(answer)
    }
