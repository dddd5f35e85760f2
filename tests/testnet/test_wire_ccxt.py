"""Real ccxt trades against the local exchange with its production URLs unchanged."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ccxt.async_support as ccxt
import pytest

from tests.testnet.redirect import RedirectSession, binance
from trimtab.testnet import Fault, Kind, Scenario
from trimtab.testnet.server import LocalExchange, serve

SPOT = "BTC/USDT"
SWAP = "BTC/USDT:USDT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A served exchange and ccxt before it."""

    exchange: LocalExchange
    client: Any
    session: RedirectSession


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with serve(Scenario.drifted()) as exchange:
        session = RedirectSession(exchange.url)
        client = binance(session)
        await client.load_markets()
        yield Desk(exchange=exchange, client=client, session=session)
        assert exchange.audit() == ()
        await client.close()
        await session.close()


async def test_markets_have_their_kinds_grids_and_limits(desk: Desk) -> None:
    kinds = [market["type"] for market in desk.client.markets.values()]
    assert (kinds.count("spot"), kinds.count("swap"), kinds.count("future")) == (14, 13, 4)
    spot, swap = desk.client.market(SPOT), desk.client.market(SWAP)
    assert Decimal(spot["precision"]["amount"]) == Decimal("0.00001")
    assert Decimal(spot["limits"]["cost"]["min"]) == 5
    assert Decimal(swap["precision"]["price"]) == Decimal("0.1")
    assert (Decimal(swap["contractSize"]), swap["settle"]) == (1, "USDT")
    assert all(market["active"] for market in desk.client.markets.values())


async def test_markets_can_be_loaded_for_named_symbols_only(desk: Desk) -> None:
    client = binance(desk.session, fetchMarkets={"types": ["spot"]})
    await client.load_markets(params={"symbols": '["BTCUSDT","ETHUSDT"]'})
    assert list(client.markets) == ["BTC/USDT", "ETH/USDT"]
    await client.close()


async def test_ccxt_with_all_its_defaults_can_load_everything(desk: Desk) -> None:
    client = ccxt.binance(
        {"apiKey": "local-key", "secret": "local-secret", "session": desk.session}
    )
    await client.load_markets()
    assert SWAP in client.markets
    assert "BTC" in client.currencies
    await client.close()


async def test_balances_of_both_wallets_are_read(desk: Desk) -> None:
    spot = await desk.client.fetch_balance()
    swap = await desk.client.fetch_balance({"type": "swap"})
    assert (Decimal(spot["BTC"]["free"]), Decimal(spot["ETH"]["total"])) == (Decimal("0.1"), 1)
    assert Decimal(swap["USDT"]["total"]) == 1000


@pytest.mark.parametrize("symbol", [SPOT, SWAP])
async def test_books_tickers_and_candles_are_read(desk: Desk, symbol: str) -> None:
    book = await desk.client.fetch_order_book(symbol, 20)
    ticker = (await desk.client.fetch_tickers([symbol]))[symbol]
    best = (await desk.client.fetch_bids_asks([symbol]))[symbol]
    last = (await desk.client.fetch_last_prices([symbol]))[symbol]
    candles = await desk.client.fetch_ohlcv(symbol, "1h", limit=5)
    assert len(book["bids"]) == len(book["asks"]) == 20
    assert Decimal(str(book["bids"][0][0])) == Decimal(best["bid"])
    assert Decimal(ticker["last"]) == Decimal(last["price"]) == 58_000
    assert len(candles) == 5


async def test_clocks_are_read_on_both_hosts(desk: Desk) -> None:
    spot, swap = [await desk.client.fetch_time({"type": kind}) for kind in ("spot", "swap")]
    assert abs(spot - swap) < 1000


async def test_spot_orders_of_every_kind_come_to_their_end(desk: Desk) -> None:
    client = desk.client
    market = await client.create_order(SPOT, "market", "sell", "0.01")
    assert (market["status"], market["filled"], market["fees"][0]["currency"]) == (
        "closed",
        "0.01000000",
        "USDT",
    )
    ioc = await client.create_order(
        "ETH/USDT", "limit", "buy", "0.2", "2505", {"timeInForce": "IOC", "clientOrderId": "one"}
    )
    assert (ioc["status"], ioc["clientOrderId"]) == ("closed", "one")
    found = await client.fetch_order(None, "ETH/USDT", {"clientOrderId": "one"})
    (trade,) = await client.fetch_my_trades("ETH/USDT")
    assert found["filled"] == trade["amount"] == "0.20000000"
    assert (trade["fee"]["currency"], trade["order"]) == ("ETH", ioc["id"])
    maker = await client.create_order(SPOT, "limit", "buy", "0.001", "50000", {"postOnly": True})
    assert [o["id"] for o in await client.fetch_open_orders(SPOT)] == [maker["id"]]
    assert (await client.cancel_order(maker["id"], SPOT))["status"] == "canceled"
    await client.create_order(SPOT, "limit", "buy", "0.001", "50000")
    assert len(await client.cancel_all_orders(SPOT)) == 1
    assert len(await client.fetch_orders(SPOT)) == 3


async def test_swap_orders_positions_and_leverage_work(desk: Desk) -> None:
    client = desk.client
    await client.set_leverage(5, SWAP)
    opened = await client.create_order(SWAP, "market", "sell", "0.03", None, {"clientOrderId": "s"})
    assert (opened["status"], opened["filled"]) == ("closed", "0.030")
    (position,) = await client.fetch_positions()
    assert (position["symbol"], position["side"], position["contracts"]) == (SWAP, "short", "0.03")
    assert (await client.fetch_leverage(SWAP))["shortLeverage"] == 5
    assert (await client.fetch_margin_mode(SWAP))["marginMode"] == "cross"
    reduced = await client.create_order(
        SWAP, "limit", "buy", "0.01", "58100", {"reduceOnly": True, "timeInForce": "IOC"}
    )
    assert reduced["status"] == "closed"
    resting = await client.create_order(SWAP, "limit", "buy", "0.01", "55000", {"postOnly": True})
    found = await client.fetch_order(resting["id"], SWAP)
    assert (found["status"], found["timeInForce"]) == ("open", "PO")
    await client.cancel_all_orders(SWAP)
    trades = await client.fetch_my_trades(SWAP)
    assert [t["side"] for t in trades] == ["sell", "buy"]
    with pytest.raises(ccxt.MarginModeAlreadySet):
        await client.set_margin_mode("cross", SWAP)


async def test_a_dated_contract_is_traded_under_its_unified_symbol(desk: Desk) -> None:
    dated = next(s for s, m in desk.client.markets.items() if m["future"] and m["base"] == "BTC")
    await desk.client.create_order(dated, "market", "buy", "0.01")
    (position,) = await desk.client.fetch_positions([dated])
    assert (position["symbol"], position["side"]) == (dated, "long")


async def test_funding_and_its_payments_are_read(desk: Desk) -> None:
    client = desk.client
    await client.create_order(SWAP, "market", "sell", "0.01")
    rate = await client.fetch_funding_rate(SWAP)
    past = await client.fetch_funding_rate_history(SWAP, limit=10)
    intervals = await client.fetch_funding_intervals([SWAP])
    assert Decimal(rate["fundingRate"]) == Decimal("0.0001")
    assert len(past) == 10
    assert intervals[SWAP]["interval"] == "8h"
    async with client.session.post(f"{desk.exchange.url}/admin/funding", data="{}") as answer:
        assert answer.status == 200
    (payment,) = await client.fetch_funding_history(SWAP)
    assert Decimal(payment["amount"]) == Decimal("0.058")


async def test_tiers_fees_interest_and_transfers_are_read(desk: Desk) -> None:
    client = desk.client
    tiers = (await client.fetch_leverage_tiers([SWAP]))[SWAP]
    spot_fee, swap_fee = await client.fetch_trading_fee(SPOT), await client.fetch_trading_fee(SWAP)
    interest = await client.fetch_open_interest(SWAP)
    moved = await client.transfer("USDT", "100", "spot", "swap")
    assert Decimal(tiers[0]["maxLeverage"]) == 125
    assert (Decimal(spot_fee["taker"]), Decimal(swap_fee["taker"])) == (
        Decimal("0.001"),
        Decimal("0.0005"),
    )
    assert Decimal(interest["openInterestAmount"]) > 0
    assert moved["id"]
    assert Decimal((await client.fetch_balance({"type": "swap"}))["USDT"]["free"]) == 1100
    (found,) = await client.fetch_transfers("USDT", None, None, {"fromAccount": "spot"})
    assert Decimal(found["amount"]) == 100


@pytest.mark.parametrize(
    ("symbol", "kind", "side", "size", "limit", "params", "error"),
    [
        (SPOT, "market", "buy", "0.1", None, {}, ccxt.InsufficientFunds),
        (SPOT, "limit", "buy", "0.001", "58100", {"postOnly": True}, ccxt.OrderImmediatelyFillable),
        (SPOT, "limit", "buy", "0.00008", "50000", {}, ccxt.BadRequest),
        (SWAP, "market", "buy", "1", None, {}, ccxt.InsufficientFunds),
        (SWAP, "market", "buy", "0.01", None, {"reduceOnly": True}, ccxt.InvalidOrder),
        (SWAP, "limit", "buy", "0.01", "58100", {"postOnly": True}, ccxt.OrderNotFillable),
    ],
)
async def test_refusals_arrive_as_ccxts_production_classes(  # noqa: PLR0917  # One row per refusal.
    desk: Desk,
    symbol: str,
    kind: str,
    side: str,
    size: str,
    limit: str | None,
    params: dict[str, Any],
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        await desk.client.create_order(symbol, kind, side, size, limit, params)


async def test_unknown_orders_arrive_as_not_found(desk: Desk) -> None:
    with pytest.raises(ccxt.OrderNotFound):
        await desk.client.fetch_order(None, SWAP, {"clientOrderId": "ghost"})
    with pytest.raises(ccxt.OrderNotFound):
        await desk.client.cancel_order(None, SPOT, {"clientOrderId": "ghost"})


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind=Kind.RESET_AFTER, method="POST"), ccxt.ExchangeNotAvailable),
        (Fault(kind=Kind.CUT_BODY, method="POST"), ccxt.ExchangeError),
        (Fault(kind=Kind.STATUS, status=418, method="POST"), ccxt.DDoSProtection),
    ],
)
async def test_faults_arrive_as_ccxt_shows_them_in_production(
    desk: Desk, fault: Fault, error: type[Exception]
) -> None:
    desk.exchange.inject(fault)
    with pytest.raises(error):
        await desk.client.create_order(SPOT, "market", "sell", "0.001")


async def test_a_truncated_answer_looks_like_an_order_without_an_id(desk: Desk) -> None:
    desk.exchange.inject(Fault(kind=Kind.TRUNCATE_JSON, method="POST"))
    order = await desk.client.create_order(SPOT, "market", "sell", "0.001")
    assert order["id"] is None
    assert desk.exchange.truth()["orders"][0]["status"] == "FILLED"


async def test_a_stop_goes_to_its_own_service_and_comes_back_as_a_fired_order(desk: Desk) -> None:
    client = desk.client
    await client.create_order(SWAP, "market", "sell", "0.01")
    terms = {"triggerPrice": "60000", "reduceOnly": True, "workingType": "MARK_PRICE"}
    placed = await client.create_order(
        SWAP, "market", "buy", "0.01", None, {**terms, "clientAlgoId": "ours"}
    )
    assert (placed["status"], placed["clientOrderId"]) == ("open", "ours")
    assert Decimal(placed["triggerPrice"]) == 60_000
    found = await client.fetch_open_orders(SWAP, params={"trigger": True})
    assert [order["id"] for order in found] == [placed["id"]]
    desk.exchange.set_prices(mid={"BTC": "60500"})
    raw = await client.fapiPrivateGetAlgoOrder({"clientAlgoId": "ours"})
    trades = await client.fetch_my_trades(SWAP, params={"orderId": raw["actualOrderId"]})
    assert [(t["side"], Decimal(t["amount"])) for t in trades] == [("buy", Decimal("0.01"))]
    await client.create_order(SWAP, "market", "sell", "0.01")
    await client.create_order(
        SWAP, "market", "buy", "0.01", None, {**terms, "triggerPrice": "66000"}
    )
    (waiting,) = await client.fetch_open_orders(SWAP, params={"trigger": True})
    await client.cancel_order(waiting["id"], SWAP, {"trigger": True})
    assert await client.fetch_open_orders(SWAP, params={"trigger": True}) == []
    with pytest.raises(ccxt.OrderNotFound):
        await client.fetch_order("1", SWAP, {"trigger": True, "clientAlgoId": "never"})
