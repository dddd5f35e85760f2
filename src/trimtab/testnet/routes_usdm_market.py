"""The futures host: ``/fapi`` endpoints about contracts, unsigned.

Pure over the state. Funding rates are ratios per settlement, positive when longs pay.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from trimtab.testnet import views_usdm
from trimtab.testnet.catalogue import Listing, Market
from trimtab.testnet.exact import ONE, ZERO, text8
from trimtab.testnet.prices import wave
from trimtab.testnet.rejections import Rejection
from trimtab.testnet.routes import DAY_MS, Route, Table, span, symbols_of
from trimtab.testnet.routes_market import (
    book_ticker,
    day_ticker,
    depth,
    klines,
    per_symbol,
    ping,
    price_ticker,
    server_time,
)
from trimtab.testnet.state import State
from trimtab.testnet.wire import Params

Json = dict[str, Any]
_HOUR_MS = 3_600_000
_SINCE_LISTING_MS = 700 * DAY_MS
_OPEN_INTEREST_LEVELS = 5000
_RATE_CAP = "0.02000000"


def list_markets(state: State, params: Params) -> Json:
    """List the contracts with their filters."""
    listed = state.listings[Market.USDM]
    listed_at = state.started_at - _SINCE_LISTING_MS
    return {
        "timezone": "UTC",
        "serverTime": state.now_ms,
        "futuresType": "U_MARGINED",
        "rateLimits": views_usdm.rate_limits(state.scenario.limits),
        "exchangeFilters": [],
        "assets": [
            {
                "asset": state.scenario.quote,
                "marginAvailable": True,
                "autoAssetExchange": "-10000",
            }
        ],
        "symbols": [
            views_usdm.listing_row(listed[s], listed_at=listed_at)
            for s in symbols_of(params, list(listed))
            if listed[s].delivers_at > state.now_ms
        ],
    }


def premium_index(state: State, listing: Listing) -> Json:
    """Return mark, index and the funding to come; a dated contract has none."""
    mark, index = state.mark(listing.symbol), state.prices.index(listing)
    rate = "" if listing.dated else text8(state.funding_rate(listing.symbol))
    return {
        "symbol": listing.symbol,
        "markPrice": text8(mark),
        "indexPrice": text8(index),
        "estimatedSettlePrice": text8(index),
        "lastFundingRate": rate,
        "interestRate": "" if listing.dated else "0.00010000",
        "nextFundingTime": 0 if listing.dated else state.funding_due[listing.symbol],
        "time": state.now_ms,
    }


def funding_history(state: State, params: Params) -> list[Json]:
    """List settlements, oldest first: a made-up past, then what really settled."""
    listed = [s for s in state.perpetuals() if params.text("symbol") in {"", s}]
    since, until = span(params)
    limit = params.limit(default=100, most=1000)
    rows = [row for symbol in listed for row in _settlements(state, symbol, limit=limit)]
    rows.sort(key=lambda row: (row["fundingTime"], row["symbol"]))
    found = [row for row in rows if since <= row["fundingTime"] <= until]
    return found[:limit] if since else found[-limit:]


def _settlements(state: State, symbol: str, *, limit: int) -> list[Json]:
    """Return the settlements of one contract, made up ones at most *limit*."""
    listing = state.listing(Market.USDM, symbol)
    past = [
        (at_ms, rate, state.prices.mid_at(listing.base, at_ms))
        for at_ms, rate in _past_rates(state, symbol, limit=limit)
    ]
    real = [(s.settled_at, s.rate, s.mark) for s in state.usdm.settlements if s.symbol == symbol]
    return [
        {
            "symbol": symbol,
            "fundingTime": at_ms,
            "fundingRate": text8(rate),
            "markPrice": text8(mark.quantize(ONE.scaleb(-8))),
        }
        for at_ms, rate, mark in (*past, *real)
    ]


def _past_rates(state: State, symbol: str, *, limit: int) -> Iterator[tuple[int, Decimal]]:
    """Yield instants and rates before the start, oldest first: as given, else made up."""
    step = state.funding_hours(symbol) * _HOUR_MS
    latest = state.started_at // step * step
    given = state.scenario.past.funding.get(symbol)
    if given is not None:
        yield from zip(
            range(latest - (len(given) - 1) * step, latest + 1, step), given, strict=True
        )
        return
    for at_ms in range(latest - (limit - 1) * step, latest + 1, step):
        swing = wave(seed=f"{state.scenario.seed}:{symbol}", at_ms=at_ms, period_ms=37 * step)
        yield at_ms, (state.funding_rate(symbol) * (ONE + swing / 2)).quantize(ONE.scaleb(-8))


def funding_intervals(state: State, _params: Params) -> list[Json]:
    """Return interval and caps of each perpetual."""
    return [
        {
            "symbol": symbol,
            "adjustedFundingRateCap": _RATE_CAP,
            "adjustedFundingRateFloor": f"-{_RATE_CAP}",
            "fundingIntervalHours": state.funding_hours(symbol),
            "disclaimer": False,
        }
        for symbol in state.perpetuals()
    ]


def open_interest(state: State, params: Params) -> Json:
    """Return a plausible open interest in base units."""
    listing = state.listing(Market.USDM, params.required("symbol"))
    held = sum((abs(p.quantity) for s, _, p in state.usdm.open_positions()), ZERO)
    made_up = Decimal(_OPEN_INTEREST_LEVELS) * listing.rule.level_notional / state.mid(listing)
    return {
        "symbol": listing.symbol,
        "openInterest": format((held + made_up).quantize(ONE.scaleb(-3)), "f"),
        "time": state.now_ms,
    }


def open_interest_history(state: State, params: Params) -> list[Json]:
    """List the open interest at each midnight of the last month, oldest first.

    Raises:
        Rejection: -1130 for another period than a day, or a start before the month.

    """
    listing = state.listing(Market.USDM, params.required("symbol"))
    since, until = span(params)
    today = state.now_ms // DAY_MS * DAY_MS
    if params.required("period") != "1d" or 0 < since < today - 30 * DAY_MS:
        raise Rejection(-1130, "parameter 'startTime' is invalid.")
    found = []
    for at_ms in range(today - 29 * DAY_MS, today + 1, DAY_MS):
        units = _interest_at(state, listing, at_ms=at_ms)
        if units is None or not since <= at_ms <= until:
            continue
        worth = (units * state.prices.mid_at(listing.base, at_ms)).quantize(ONE.scaleb(-8))
        row = {"symbol": listing.symbol, "sumOpenInterest": text8(units), "timestamp": at_ms}
        found.append(row | {"sumOpenInterestValue": text8(worth)})
    return found[: params.limit(default=30, most=500)]


def _interest_at(state: State, listing: Listing, *, at_ms: int) -> Decimal | None:
    """Return the open interest at a midnight, None before the first that was given."""
    given = state.scenario.past.open_interest.get(listing.symbol)
    if given is None:
        swing = wave(seed=f"interest:{listing.symbol}", at_ms=at_ms, period_ms=11 * DAY_MS)
        held = Decimal(_OPEN_INTEREST_LEVELS) * listing.rule.level_notional / state.mid(listing)
        return (held * (ONE + swing / 10)).quantize(ONE.scaleb(-3))
    back = (state.started_at // DAY_MS * DAY_MS - at_ms) // DAY_MS
    return given[-1 - back] if 0 <= back < len(given) else None


def table() -> Table:
    """Return the market endpoints of the futures host."""
    usdm = Market.USDM
    public = {
        "v1/ping": Route(action=ping),
        "v1/time": Route(action=server_time),
        "v1/exchangeInfo": Route(action=list_markets),
        "v1/depth": Route(action=depth(usdm), weight=5),
        "v1/klines": Route(action=klines(usdm), weight=5),
        "v1/ticker/24hr": Route(action=per_symbol(usdm, day_ticker), weight_all=40),
        "v1/ticker/bookTicker": Route(action=per_symbol(usdm, book_ticker), weight=2, weight_all=5),
        "v1/ticker/price": Route(action=per_symbol(usdm, price_ticker), weight_all=2),
        "v2/ticker/price": Route(action=per_symbol(usdm, price_ticker), weight_all=2),
        "v1/premiumIndex": Route(action=per_symbol(usdm, premium_index), weight_all=10),
        "v1/fundingRate": Route(action=funding_history),
        "v1/fundingInfo": Route(action=funding_intervals),
        "v1/openInterest": Route(action=open_interest),
    }
    listed = {("GET", f"/fapi/{path}"): route for path, route in public.items()}
    return listed | {("GET", "/futures/data/openInterestHist"): Route(action=open_interest_history)}
