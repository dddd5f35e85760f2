"""Market endpoints of both hosts: time, books, tickers, klines.

Pure over the state. Depth shows the made-up book with the account's own resting
orders in it. A kline spans [open, close]; its body comes from the path of the mid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from trimtab.testnet.catalogue import Listing, Market
from trimtab.testnet.exact import ONE, ZERO, round_to, text
from trimtab.testnet.prices import wave
from trimtab.testnet.rejections import Rejection
from trimtab.testnet.routes import DAY_MS, Action, span, symbols_of
from trimtab.testnet.state import State
from trimtab.testnet.wire import Params

Json = dict[str, Any]
_MINUTE_MS = 60_000
_UNITS: Final[Mapping[str, int]] = {
    "s": 1000,
    "m": _MINUTE_MS,
    "h": 60 * _MINUTE_MS,
    "d": DAY_MS,
    "w": 7 * DAY_MS,
}
_DAILY_NOTIONAL = 40_000
"""Daily volume as a multiple of what rests at the best level."""


def ping(_state: State, _params: Params) -> Json:
    """Answer ``{}``."""
    return {}


def server_time(state: State, _params: Params) -> Json:
    """Return the exchange's clock."""
    return {"serverTime": state.now_ms}


def book(state: State, listing: Listing, depth: int) -> tuple[list[list[str]], list[list[str]]]:
    """Return bids and asks, best first, as pairs of price and quantity."""
    own = state.stores[listing.market].open_orders(listing.symbol)
    mid = state.mid(listing)
    sides = []
    for taker, maker in (("SELL", "BUY"), ("BUY", "SELL")):
        crossed = [o.limit_price for o in own if o.side == taker]
        levels = (
            level
            for level in state.books.levels(listing, taker, mid)
            if not _is_taken(level.limit_price, crossed, taker)
        )
        resting = {level.limit_price: level.quantity for level in islice(levels, depth)}
        for order in own:
            if order.side == maker:
                already = resting.get(order.limit_price, ZERO)
                resting[order.limit_price] = already + order.remaining
        best_first = sorted(resting.items(), reverse=maker == "BUY")
        sides.append([[text(p, 8), text(q, 8)] for p, q in best_first[:depth]])
    return sides[0], sides[1]


def _is_taken(level: Decimal, crossed: Sequence[Decimal], taker: str) -> bool:
    """Say whether an own resting order has crossed *level*, which is then as good as taken."""
    return any(p >= level if taker == "BUY" else p <= level for p in crossed)


def depth(market: Market) -> Action:
    """Return the depth endpoint of *market*."""

    def answer(state: State, params: Params) -> Json:
        listing = state.listing(market, params.required("symbol"))
        most = 5000 if market is Market.SPOT else 1000
        bids, asks = book(
            state, listing, params.limit(default=100 if market is Market.SPOT else 500, most=most)
        )
        stamp = {"E": state.now_ms, "T": state.now_ms} if market is Market.USDM else {}
        return {"lastUpdateId": state.now_ms, **stamp, "bids": bids, "asks": asks}

    return answer


def per_symbol(market: Market, row: Callable[[State, Listing], Json]) -> Action:
    """Return an endpoint that answers one row for ``symbol``, a list otherwise."""

    def answer(state: State, params: Params) -> Any:  # noqa: ANN401 -- one row or a list of them.
        symbols = symbols_of(params, list(state.listings[market]))
        rows = [row(state, state.listing(market, s)) for s in symbols]
        return rows[0] if params.has("symbol") else rows

    return answer


def book_ticker(state: State, listing: Listing) -> Json:
    """Return the best bid and ask."""
    bids, asks = book(state, listing, 1)
    (bid, bid_size), (ask, ask_size) = (bids or [["0", "0"]])[0], (asks or [["0", "0"]])[0]
    row = {
        "symbol": listing.symbol,
        "bidPrice": bid,
        "bidQty": bid_size,
        "askPrice": ask,
        "askQty": ask_size,
    }
    return row | ({"time": state.now_ms} if listing.market is Market.USDM else {})


def price_ticker(state: State, listing: Listing) -> Json:
    """Return the last price, which is the mid on the tick."""
    last = round_to(state.mid(listing), listing.rule.tick_size)
    row = {"symbol": listing.symbol, "price": text(last, 8)}
    return row | ({"time": state.now_ms} if listing.market is Market.USDM else {})


def day_ticker(state: State, listing: Listing) -> Json:
    """Return the statistics of the last 24 hours."""
    now = state.now_ms
    candle = _candle(state, listing, opens_at=now - DAY_MS, closes_at=now)
    opening, highest, lowest, last, base, quote = candle
    change = last - opening
    ratio = change / opening * 100 if opening else ZERO
    row = {
        "symbol": listing.symbol,
        "priceChange": text(change, 8),
        "priceChangePercent": format(ratio.quantize(ONE.scaleb(-3)), "f"),
        "weightedAvgPrice": text(round_to((opening + last) / 2, listing.rule.tick_size), 8),
        "lastPrice": text(last, 8),
        "lastQty": text(listing.rule.lot_size, 8),
        "openPrice": text(opening, 8),
        "highPrice": text(highest, 8),
        "lowPrice": text(lowest, 8),
        "volume": text(base, 8),
        "quoteVolume": text(quote, 8),
        "openTime": now - DAY_MS,
        "closeTime": now,
        "firstId": 1,
        "lastId": 1_000_000,
        "count": 1_000_000,
    }
    if listing.market is Market.USDM:
        return row
    ticker = book_ticker(state, listing)
    sides = {name: ticker[name] for name in ("bidPrice", "bidQty", "askPrice", "askQty")}
    return row | {"prevClosePrice": text(opening, 8)} | sides


def _candle(
    state: State, listing: Listing, *, opens_at: int, closes_at: int
) -> tuple[Decimal, Decimal, Decimal, Decimal, Decimal, Decimal]:
    """Return open, high, low, close, base volume and quote volume of a span."""
    tick, rule = listing.rule.tick_size, listing.rule
    now_mid, last = state.mid(listing), state.prices.mid(listing.base)
    quarter = max(1, (closes_at - opens_at) // 4)
    instants = [*range(opens_at, closes_at, quarter), closes_at]
    path = [
        round_to(state.prices.mid_at(listing.base, min(t, state.now_ms)) * now_mid / last, tick)
        for t in instants
    ]
    busy = 1 + wave(seed=listing.symbol, at_ms=opens_at, period_ms=DAY_MS) / 2
    share = Decimal(closes_at - opens_at) / DAY_MS
    quote = round_to(rule.level_notional * _DAILY_NOTIONAL * busy * share, ONE)
    base = round_to(quote / path[-1], rule.lot_size)
    return path[0], max(path) + tick, max(tick, min(path) - tick), path[-1], base, quote


def klines(market: Market) -> Action:
    """Return the klines endpoint of *market*."""

    def answer(state: State, params: Params) -> list[list[Any]]:
        listing = state.listing(market, params.required("symbol"))
        step = _interval_ms(params.required("interval"))
        since, until = span(params)
        limit = params.limit(default=500, most=1000 if market is Market.SPOT else 1500)
        newest = min(until, state.now_ms) // step * step
        oldest = -(-since // step) * step if since else newest - (limit - 1) * step
        opens = range(oldest, newest + 1, step)
        rows = (_row(state, listing, opens_at=t, closes_at=t + step - 1) for t in opens)
        return list(islice((row for row in rows if row is not None), limit))

    return answer


def _row(state: State, listing: Listing, *, opens_at: int, closes_at: int) -> list[Any] | None:
    """Return one kline, of a day that was given as it was given; None where there is none."""
    past, is_day = state.scenario.past, closes_at - opens_at == DAY_MS - 1
    if not is_day or not past.is_told(listing.base) or closes_at >= state.started_at:
        return _kline(state, listing, opens_at=opens_at, closes_at=closes_at)
    close = past.close_of(listing.base, opens_at=opens_at, started_at=state.started_at)
    if close is None:
        return None
    told = format(close, "f")
    return [opens_at, told, told, told, told, "1", closes_at, told, 1000, "1", told, "0"]


def _interval_ms(interval: str) -> int:
    """Return the length of an interval such as ``15m``; a month counts as thirty days."""
    number, unit = interval[:-1], interval[-1:]
    if not (number.isascii() and number.isdigit()) or unit not in {*_UNITS, "M"}:
        raise Rejection(-1120, "Invalid interval.")
    return int(number) * _UNITS.get(unit, 30 * DAY_MS)


def _kline(state: State, listing: Listing, *, opens_at: int, closes_at: int) -> list[Any]:
    """Return one kline as the exchange writes it."""
    candle = _candle(state, listing, opens_at=opens_at, closes_at=closes_at)
    opening, highest, lowest, last, base, quote = (text(v, 8) for v in candle)
    return [
        *(opens_at, opening, highest, lowest, last, base, closes_at, quote),
        *(1000, base, quote, "0"),
    ]
