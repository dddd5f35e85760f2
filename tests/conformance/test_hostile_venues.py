"""Whatever is missing or of another kind in an answer is never read as something else."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.conformance.spoken import Asked, Told
from tests.conformance.stage import Stage, from_the_start, staged
from trimtab.domain.errors import NotDone, Refused
from trimtab.domain.snapshot import Snapshot
from trimtab.venues.facts import Market

Doc = Any
WRONG: tuple[Any, ...] = (None, [], {}, True, "NaN", "Infinity", "1_0", "")
BYBIT = (
    "/v5/account/wallet-balance",
    "/v5/account/fee-rate",
    "/v5/market/instruments-info",
    "/v5/market/orderbook",
)
BYBIT_LINEAR = (
    "/v5/account/wallet-balance",
    "/v5/account/info",
    "/v5/position/list",
    "/v5/market/tickers",
    "/v5/market/risk-limit",
    "/v5/market/instruments-info",
)
BITGET = (
    "/api/v2/spot/account/assets",
    "/api/v2/spot/public/symbols",
    "/api/v2/spot/market/orderbook",
    "/api/v2/common/trade-rate",
)
BITGET_LINEAR = (
    "/api/v2/mix/account/accounts",
    "/api/v2/mix/account/account",
    "/api/v2/mix/position/all-position",
    "/api/v2/mix/market/contracts",
    "/api/v2/mix/market/ticker",
    "/api/v2/mix/market/query-position-lever",
    "/api/v2/mix/market/merge-depth",
)
DERIBIT = (
    "/api/v2/private/get_account_summaries",
    "/api/v2/public/get_instruments",
    "/api/v2/public/get_order_book",
)
DERIBIT_LINEAR = (
    *DERIBIT,
    "/api/v2/public/get_instruments?kind=future",
    "/api/v2/public/ticker",
    "/api/v2/private/get_positions",
)
WEEX = ("/api/v3/account/", "/api/v3/exchangeInfo", "/api/v3/market/depth")
WEEX_LINEAR = (
    "/capi/v3/account/accountConfig",
    "/capi/v3/account/symbolConfig",
    "/capi/v3/account/balance",
    "/capi/v3/account/commissionRate",
    "/capi/v3/account/position/allPosition",
    "/capi/v3/market/exchangeInfo",
    "/capi/v3/market/apiTradingSymbols",
    "/capi/v3/market/premiumIndex",
    "/capi/v3/market/depth",
)
MEXC = ("/api/v3/account", "/api/v3/tradeFee", "/api/v3/exchangeInfo", "/api/v3/depth")
MEXC_LINEAR = (
    "/api/v1/private/account/assets",
    "/api/v1/private/account/tiered_fee_rate/v2",
    "/api/v1/private/position/open_positions",
    "/api/v1/private/position/position_mode",
    "/api/v1/private/position/leverage",
    "/api/v1/contract/detail",
    "/api/v1/contract/ticker",
    "/api/v1/contract/depth/BTC_USDT",
)
KUCOIN = (
    "/api/v1/accounts",
    "/api/v2/symbols",
    "/api/v1/trade-fees",
    "/api/v1/market/orderbook/level2_100",
    "/api/v1/hf/orders/active/symbols",
    "/api/v1/stop-order",
    "/api/v3/oco/orders",
)
OKX = (
    "/api/v5/account/config",
    "/api/v5/account/balance",
    "/api/v5/account/trade-fee",
    "/api/v5/public/instruments",
    "/api/v5/public/price-limit",
    "/api/v5/market/books",
)
OKX_LINEAR = (
    "/api/v5/account/config",
    "/api/v5/account/balance",
    "/api/v5/account/positions",
    "/api/v5/account/leverage-info",
    "/api/v5/public/mark-price",
    "/api/v5/public/funding-rate",
    "/api/v5/public/position-tiers",
    "/api/v5/market/index-tickers",
)
HYPERLIQUID = (
    "/info?spotMetaAndAssetCtxs",
    "/info?userFees",
    "/info?spotClearinghouseState",
    "/info?l2Book",
)
GATE = (
    "/api/v4/spot/accounts",
    "/api/v4/unified/unified_mode",
    "/api/v4/wallet/fee",
    "/api/v4/spot/currency_pairs",
    "/api/v4/spot/order_book",
)
KRAKEN = (
    "/0/private/BalanceEx",
    "/0/private/OpenPositions",
    "/0/private/TradeVolume",
    "/0/public/AssetPairs",
    "/0/public/Depth",
)
COINBASE = (
    "/api/v3/brokerage/key_permissions",
    "/api/v3/brokerage/accounts",
    "/api/v3/brokerage/products",
    "/api/v3/brokerage/product_book",
    "/api/v3/brokerage/transaction_summary",
    "/api/v3/brokerage/orders/historical/batch?order_status=OPEN",
)
BY_NAME = {
    "/0/private/BalanceEx": ("result",),
    "/0/private/OpenPositions": ("result",),
    "/0/private/OpenOrders": ("result", "open"),
    "/0/public/AssetPairs": ("result",),
    "/0/private/TradesHistory": ("result", "trades"),
}
"""Answers that tell rows by their names, and where."""
BINGX = (
    "/openApi/spot/v1/account/balance",
    "/openApi/spot/v1/common/symbols",
    "/openApi/spot/v1/market/depth",
    "/openApi/spot/v1/user/commissionRate",
)
BINGX_LINEAR = (
    "/openApi/swap/v3/user/balance",
    "/openApi/swap/v2/user/positions",
    "/openApi/swap/v2/user/commissionRate",
    "/openApi/swap/v1/trade/assetMode",
    "/openApi/swap/v1/positionSide/dual",
    "/openApi/swap/v1/maintMarginRatio",
    "/openApi/swap/v2/trade/marginType",
    "/openApi/swap/v2/trade/leverage",
    "/openApi/swap/v2/quote/contracts",
    "/openApi/swap/v2/quote/premiumIndex",
    "/openApi/swap/v2/quote/depth",
)
AT_ONCE = {"weex": 4}
"""Answers for one stage where fewer than ten: the requests of a minute are counted."""
READS = [
    *(pytest.param("bybit", Market.SPOT, path, id=path) for path in BYBIT),
    *(pytest.param("bybit", Market.LINEAR, path, id=f"linear {path}") for path in BYBIT_LINEAR),
    *(pytest.param("bitget", Market.SPOT, path, id=path) for path in BITGET),
    *(pytest.param("bitget", Market.LINEAR, path, id=path) for path in BITGET_LINEAR),
    *(pytest.param("weex", Market.SPOT, path, id=path) for path in WEEX),
    *(pytest.param("weex", Market.LINEAR, path, id=path) for path in WEEX_LINEAR),
    *(pytest.param("bingx", Market.SPOT, path, id=path) for path in BINGX),
    *(pytest.param("bingx", Market.LINEAR, path, id=path) for path in BINGX_LINEAR),
    *(pytest.param("deribit", Market.SPOT, path, id=path) for path in DERIBIT),
    *(pytest.param("deribit", Market.LINEAR, p, id=f"linear {p}") for p in DERIBIT_LINEAR),
    *(pytest.param("mexc", Market.SPOT, path, id=f"mexc {path}") for path in MEXC),
    *(pytest.param("mexc", Market.LINEAR, path, id=path) for path in MEXC_LINEAR),
    *(pytest.param("okx", Market.SPOT, path, id=path) for path in OKX),
    *(pytest.param("hyperliquid", Market.SPOT, path, id=path) for path in HYPERLIQUID),
    *(pytest.param("kucoin", Market.SPOT, path, id=path) for path in KUCOIN),
    *(pytest.param("okx", Market.LINEAR, path, id=f"linear {path}") for path in OKX_LINEAR),
    *(pytest.param("gate", Market.SPOT, path, id=path) for path in GATE),
    *(pytest.param("kraken", Market.SPOT, path, id=path) for path in KRAKEN),
    *(pytest.param("coinbase", Market.SPOT, path, id=path) for path in COINBASE),
]
FILLS = [
    pytest.param("bybit", Market.SPOT, "/v5/execution/list", id="bybit-spot"),
    pytest.param("bybit", Market.LINEAR, "/v5/execution/list", id="bybit-linear"),
    pytest.param("bitget", Market.SPOT, "/api/v2/spot/trade/fills", id="bitget-spot"),
    pytest.param("bitget", Market.LINEAR, "/api/v2/mix/order/fills", id="bitget-linear"),
    pytest.param("weex", Market.SPOT, "/api/v3/myTrades", id="weex-spot"),
    pytest.param("weex", Market.LINEAR, "/capi/v3/userTrades", id="weex-linear"),
    pytest.param("bingx", Market.SPOT, "/openApi/spot/v1/trade/myTrades", id="bingx-spot"),
    pytest.param("bingx", Market.LINEAR, "/openApi/swap/v2/trade/fillHistory", id="bingx-linear"),
    pytest.param(
        "deribit",
        Market.SPOT,
        "/api/v2/private/get_user_trades_by_instrument_and_time?historical=false",
        id="deribit-spot",
    ),
    pytest.param(
        "deribit",
        Market.LINEAR,
        "/api/v2/private/get_user_trades_by_instrument_and_time?historical=false",
        id="deribit-linear",
    ),
    pytest.param("mexc", Market.SPOT, "/api/v3/myTrades", id="mexc-spot"),
    pytest.param(
        "mexc", Market.LINEAR, "/api/v1/private/order/list/order_deals/v3", id="mexc-linear"
    ),
    pytest.param("okx", Market.SPOT, "/api/v5/trade/fills", id="okx-spot"),
    pytest.param("okx", Market.SPOT, "/api/v5/trade/fills-history", id="okx-spot-old"),
    pytest.param("okx", Market.LINEAR, "/api/v5/trade/fills", id="okx-linear"),
    pytest.param("hyperliquid", Market.SPOT, "/info?userFillsByTime", id="hyperliquid-spot"),
    pytest.param("gate", Market.SPOT, "/api/v4/spot/my_trades", id="gate-spot"),
    pytest.param("kraken", Market.SPOT, "/0/private/TradesHistory", id="kraken-spot"),
    pytest.param("kucoin", Market.SPOT, "/api/v1/hf/fills", id="kucoin-spot"),
]


def spoilt(document: Doc, by_name: tuple[Any, ...] = ()) -> Iterator[tuple[str, Doc]]:
    """Yield the document with each of its parts missing, or of another kind.

    Rows that are left out, and lists without any, are answers of another account, not wrong ones;
    *by_name* is where rows are told by their names, in the place of a list.
    """
    for path, value in list(_paths(document)):
        if isinstance(path[-1], str) and (not by_name or path[:-1] != by_name):
            yield f"without {path}", _changed(document, path, lambda at, key: at.pop(key))
        for wrong in WRONG:
            if (wrong == [] and isinstance(value, list)) or (wrong == {} and path == by_name):
                continue
            if wrong is True and value in (True, False, "true", "false"):
                continue  # The other truth value is another account, no wrong one.
            if wrong and isinstance(wrong, str) and not _is_number(value):
                continue  # Another name is another coin, no wrong one.
            other = _changed(document, path, lambda at, key, w=wrong: at.__setitem__(key, w))
            yield f"{wrong!r} at {path}", other


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"-?[0-9.]+", value) is not None


def _paths(document: Doc, above: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    items = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in items:
        yield (*above, key), value
        if isinstance(value, (dict, list)):
            yield from _paths(value, (*above, key))


def _changed(document: Doc, path: tuple[Any, ...], change: Callable[[Any, Any], Any]) -> Doc:
    other = copy.deepcopy(document)
    at = other
    for key in path[:-1]:
        at = at[key]
    change(at, path[-1])
    return other


def _is_of(asked: Asked, path: str) -> bool:
    """Say whether a request is of a question: its path, and a part of query or body if named."""
    path, _, part = path.partition("?")
    return asked.path == path and part in f"{asked.query}{asked.body}"


async def _answer(stage: Stage, path: str) -> tuple[Asked, Doc]:
    asked = next(a for a in stage.line.asked if _is_of(a, path))
    answer = getattr(stage.floor, "again", stage.floor.answer)
    return asked, json.loads(answer(asked).body)


def _forget(stage: Stage) -> None:
    """Have everything asked for anew that is asked for once in a while."""
    market: Any = stage.opened.market
    for each in market._markets._lists.values():
        each._read_at = None
    market._markets._fees.clear()
    getattr(market._account, "_steps", {}).clear()


def _spoil(stage: Stage, path: str, document: Doc) -> None:
    """Have the next answers of a question be *document*, as often as a read is repeated."""
    stage.line.calm()
    body = Told(body=json.dumps(document).encode())
    for _ in range(4):
        stage.line.spoil(body, which=lambda asked: _is_of(asked, path))


@pytest.mark.parametrize(("venue_id", "market", "path"), READS)
async def test_a_snapshot_is_the_account_or_none(venue_id: str, market: Market, path: str) -> None:
    async with staged(venue_id, market) as stage:
        _, document = await _answer(stage, path)
    cases = list(spoilt(document, BY_NAME.get(path, ())))
    assert cases
    for start in range(0, len(cases), AT_ONCE.get(venue_id, 10)):
        async with staged(venue_id, market) as stage:
            stage.unmetered()
            for what, other in cases[start : start + AT_ONCE.get(venue_id, 10)]:
                _spoil(stage, path, other)
                _forget(stage)
                try:
                    seen = await stage.read_again()
                except (NotDone, Refused):
                    continue
                _is_the_same(stage.seen, seen, what)


def _is_the_same(before: Snapshot, seen: Snapshot, what: str) -> None:
    """Hold a snapshot against the one of answers that were not spoilt."""
    assert seen.balances == before.balances, what
    assert seen.pools == before.pools, what
    assert seen.positions == before.positions, what
    assert seen.position_mode == before.position_mode, what
    for symbol, instrument in seen.instruments.items():
        same = instrument == before.instruments[symbol]
        assert same or not instrument.tradable, what
    assert set(seen.contracts) <= set(before.contracts)
    for symbol, state in seen.contracts.items():
        assert replace(state, read_at=before.taken_at) == replace(
            before.contracts[symbol], read_at=before.taken_at
        ), what
    assert set(seen.books) <= set(before.books)
    for symbol, book in seen.books.items():
        assert book.bids == before.books[symbol].bids, what
        assert book.asks == before.books[symbol].asks, what


@pytest.mark.parametrize(("venue_id", "market", "path"), FILLS)
async def test_fills_are_what_was_executed_or_unread(
    venue_id: str, market: Market, path: str
) -> None:
    async with staged(venue_id, market) as stage:
        await stage.opened.venue.submit(stage.buy("0.004"))
        whole = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
        _, document = await _answer(stage, path)
    cases = list(spoilt(document, BY_NAME.get(path, ())))
    for start in range(0, len(cases), AT_ONCE.get(venue_id, 10)):
        async with staged(venue_id, market) as stage:
            stage.unmetered()
            for what, other in cases[start : start + AT_ONCE.get(venue_id, 10)]:
                _spoil(stage, path, other)
                try:
                    fills = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
                except (NotDone, Refused):
                    continue
                named = {fill.client_order_id for fill in fills}
                assert named <= {None, whole[0].client_order_id}, what
                assert [(f.trade_id, f.quantity, f.fee) for f in fills] == [
                    (f.trade_id, f.quantity, f.fee) for f in whole
                ], what
