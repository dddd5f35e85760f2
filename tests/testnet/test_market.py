"""What the market endpoints show hangs together."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from tests.testnet.client import START_MS, Client, rich
from trimtab.testnet.interventions import set_prices

TWELVE = ("BTC", "ETH", "SOL", "AVAX", "BNB", "XRP", "ADA", "DOGE", "LINK", "DOT", "LTC", "UNI")


def test_twelve_pairs_have_a_perpetual_each() -> None:
    venue = Client(rich())
    spot = {row["symbol"] for row in venue.public("/api/v3/exchangeInfo")["symbols"]}
    usdm = {row["symbol"] for row in venue.public("/fapi/v1/exchangeInfo")["symbols"]}
    assert {f"{base}USDT" for base in TWELVE} <= spot & usdm
    assert "USDCUSDT" in spot - usdm


def test_markets_can_be_asked_for_by_name_and_without_permission_sets() -> None:
    venue = Client(rich())
    asked = {"symbols": '["BTCUSDT","ETHUSDT"]', "showPermissionSets": "false"}
    rows = venue.public("/api/v3/exchangeInfo", **asked)["symbols"]
    assert [(r["symbol"], r["permissionSets"]) for r in rows] == [("BTCUSDT", []), ("ETHUSDT", [])]
    assert venue.code("GET", "/api/v3/exchangeInfo", symbols='["NOPE"]') == -1121


@pytest.mark.parametrize("base", [*TWELVE, "USDC", "ALT"])
def test_every_book_is_sorted_on_its_grid_and_not_crossed(base: str) -> None:
    venue = Client(rich())
    symbol = f"{base}USDT"
    (row,) = venue.public("/api/v3/exchangeInfo", symbol=symbol)["symbols"]
    grid = {f["filterType"]: f for f in row["filters"]}
    tick, lot = Decimal(grid["PRICE_FILTER"]["tickSize"]), Decimal(grid["LOT_SIZE"]["stepSize"])
    book = venue.public("/api/v3/depth", symbol=symbol, limit=50)
    bids = [Decimal(p) for p, _ in book["bids"]]
    asks = [Decimal(p) for p, _ in book["asks"]]
    assert len(bids) == len(asks) == 50
    assert bids == sorted(set(bids), reverse=True)
    assert asks == sorted(set(asks))
    assert bids[0] < asks[0]
    assert all(p % tick == 0 for p in bids + asks)
    assert all(Decimal(q) % lot == 0 and Decimal(q) > 0 for _, q in book["bids"] + book["asks"])
    ticker = venue.public("/api/v3/ticker/bookTicker", symbol=symbol)
    assert [ticker["bidPrice"], ticker["bidQty"]] == book["bids"][0]


@pytest.mark.parametrize("host", ["/api/v3", "/fapi/v1"])
def test_klines_are_aligned_plausible_and_the_same_twice(host: str) -> None:
    venue = Client(rich())
    asked = {"symbol": "ETHUSDT", "interval": "1h", "limit": 48}
    rows = venue.public(f"{host}/klines", **asked)
    assert rows == venue.public(f"{host}/klines", **asked)
    assert [b[0] - a[0] for a, b in pairwise(rows)] == [3_600_000] * 47
    assert rows[-1][0] <= START_MS <= rows[-1][6]
    for row in rows:
        opening, high, low, close = (Decimal(v) for v in row[1:5])
        assert low <= min(opening, close) <= max(opening, close) <= high
    assert Decimal(rows[-1][4]) == 2500
    assert len({row[4] for row in rows}) > 10


def test_klines_after_the_start_show_the_prices_that_were_set() -> None:
    venue = Client(rich())
    venue.clock_ms += 86_400_000
    set_prices(venue.exchange.state, mid={"ETH": "2600"}, mark={}, index={})
    venue.clock_ms += 86_400_000
    rows = venue.public("/api/v3/klines", symbol="ETHUSDT", interval="1d", limit=3)
    closes = [Decimal(row[4]) for row in rows]
    assert closes == [2500, 2600, 2600]


def test_a_new_asset_in_the_prices_gets_a_pair_and_a_perpetual() -> None:
    venue = Client(rich(prices={"BTC": "60000", "WIF": "0.3456"}))
    assert Decimal(venue.public("/api/v3/ticker/price", symbol="WIFUSDT")["price"]) > 0
    assert venue.public("/fapi/v1/openInterest", symbol="WIFUSDT")["symbol"] == "WIFUSDT"


def test_the_futures_host_tells_its_funding_past_and_intervals() -> None:
    venue = Client(rich(funding={"rates": {"*": "0.0002"}, "hours": {"SOLUSDT": 4}}))
    rows = venue.public("/fapi/v1/fundingRate", symbol="SOLUSDT", limit=30)
    steps = {b["fundingTime"] - a["fundingTime"] for a, b in pairwise(rows)}
    hours = {r["symbol"]: r["fundingIntervalHours"] for r in venue.public("/fapi/v1/fundingInfo")}
    assert steps == {4 * 3_600_000}
    assert (hours["SOLUSDT"], hours["BTCUSDT"]) == (4, 8)
    assert all(0 < Decimal(r["fundingRate"]) < Decimal("0.001") for r in rows)
