"""Public tickers of other exchanges, so that independent prices can be tried on one machine.

Pure over the state. The paths and shapes are those of Coinbase Exchange, Kraken and Bitstamp;
one host answers for all three. A dollar price is the asset's own mid times what USDT is worth,
1 unless :class:`~trimtab.testnet.public_prices.PublicPrices` says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from trimtab.testnet.exact import BPS, ONE, text8
from trimtab.testnet.state import State
from trimtab.testnet.wire import Answer, Request

Json = dict[str, Any]
_Sides = tuple[str, str]
"""Best bid and best ask, as they are written."""
_HALF_SPREAD: Final = BPS / 2
_KRAKEN_NAMES: Final[Mapping[str, str]] = {
    "XBTUSD": "XXBTZUSD",
    "ETHUSD": "XETHZUSD",
    "XRPUSD": "XXRPZUSD",
    "USDTUSD": "USDTZUSD",
}
"""Markets that Kraken answers by another name than it is asked by."""


def respond_reference(state: State, request: Request) -> Answer | None:
    """Answer a request for a public ticker; None when it is for something else."""
    parts = request.path.strip("/").split("/")
    if request.method != "GET":
        return None
    match parts:
        case ["products", product, "ticker"]:
            return _coinbase(state, product)
        case ["0", "public", "Ticker"]:
            return _kraken(state, request.params().get("pair", ""))
        case ["api", "v2", "ticker", pair]:
            return _bitstamp(state, pair)
        case _:
            return None


def _priced(
    state: State, row: Callable[[_Sides], Json], *, source: str, asset: str
) -> Answer | None:
    """Return the row of a listed asset from its best bid and ask, None when it is not listed."""
    value = state.public.dollars(source=source, asset=asset, mids=state.prices.mids)
    if value is None:
        return None
    bid, ask = text8(value * (ONE - _HALF_SPREAD)), text8(value * (ONE + _HALF_SPREAD))
    return Answer(payload=row((bid, ask)))


def _coinbase(state: State, product: str) -> Answer:
    """Return one product's ticker."""
    asset, _, dollars = product.partition("-")
    at = datetime.fromtimestamp(state.now_ms / 1000, UTC).isoformat().replace("+00:00", "Z")

    def row(best: _Sides) -> Json:
        bid, ask = best
        sizes = {"size": "0.01", "volume": "1000", "trade_id": 1}
        return {"bid": bid, "ask": ask, "price": bid, "time": at} | sizes

    found = _priced(state, row, source="coinbase", asset=asset) if dollars == "USD" else None
    return found or Answer(status=404, payload={"message": "NotFound"})


def _kraken(state: State, pair: str) -> Answer:
    """Return one market's ticker; what is unknown is an error with status 200."""
    base = pair.removesuffix("USD")
    asset = {"XBT": "BTC", "XDG": "DOGE"}.get(base, base)

    def row(best: _Sides) -> Json:
        bid, ask = best
        levels = {"a": [ask, "1", "1.000"], "b": [bid, "1", "1.000"], "c": [bid, "0.1"]}
        return {"error": [], "result": {_KRAKEN_NAMES.get(pair, pair): levels}}

    found = _priced(state, row, source="kraken", asset=asset) if pair.endswith("USD") else None
    return found or Answer(payload={"error": ["EQuery:Unknown asset pair"]})


def _bitstamp(state: State, pair: str) -> Answer:
    """Return one market's ticker."""
    at = str(state.now_ms // 1000)

    def row(best: _Sides) -> Json:
        bid, ask = best
        return {"timestamp": at, "bid": bid, "ask": ask, "last": bid, "volume": "1000"}

    asset = pair.removesuffix("usd").upper()
    found = _priced(state, row, source="bitstamp", asset=asset) if pair.endswith("usd") else None
    return found or Answer(status=404, payload={"error": "pair not found"})
