"""An account at BingX beyond the numbered cases: what goes out, and whose executions are whose."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.conformance.line import Mishap
from tests.conformance.spoken import Asked, Told
from tests.conformance.stage import Stage, from_the_start, staged
from tests.contract.test_wallets import moving
from trimtab.domain.errors import ConfigError, NotDone, OutcomeUnknown, Refused
from trimtab.domain.snapshot import Environment, PositionMode
from trimtab.ports import Beside
from trimtab.venues.facts import Market

TRADES = "/openApi/spot/v1/trade/myTrades"
QUERY = "/openApi/spot/v1/trade/query"


def written(stage: Stage) -> dict[str, str]:
    """Return what the last order said."""
    asked = [asked for asked in stage.line.asked if stage.floor.is_order(asked)][-1]
    return dict(parse_qsl(asked.query))


def told(data: Any) -> Told:
    return Told(body=json.dumps({"code": 0, "msg": "", "data": data}).encode())


def by_number(asked: Asked) -> bool:
    """Say whether a request asks for an order by the venue's number."""
    return asked.path == QUERY and "orderId=" in asked.query


async def test_an_order_names_a_window_that_the_venue_takes_and_no_one_elses_name() -> None:
    async with staged("bingx", Market.SPOT) as stage:
        await stage.opened.venue.submit(stage.buy("0.004"))
        said = written(stage)
        assert (said["recvWindow"], said["quantity"], said["price"]) == (
            "3000",
            "0.00400",
            "60000.10",
        )
        assert {asked.headers.get("x-source-key", "").strip() for asked in stage.line.asked} == {""}


async def test_a_window_is_never_longer_than_the_venue_takes() -> None:
    async with staged("bingx", Market.SPOT, window_ms=30_000) as stage:
        await stage.opened.venue.submit(stage.buy("0.004"))
        assert written(stage)["recvWindow"] == "5000"


async def test_there_is_nothing_to_reduce_on_spot_and_no_leverage() -> None:
    async with staged("bingx", Market.SPOT) as stage:
        with pytest.raises(Refused, match="nothing to reduce"):
            await stage.opened.venue.submit(replace(stage.buy("0.004"), reduce_only=True))
        with pytest.raises(Refused, match="no leverage"):
            await stage.opened.venue.set_leverage(stage.symbol, leverage=2)
        assert stage.orders_sent() == 0


async def test_names_of_orders_are_asked_for_where_executions_lack_them() -> None:
    async with staged("bingx", Market.SPOT) as stage:
        order = stage.buy("0.004")
        await stage.opened.venue.submit(order)
        stage.opened.venue._orders.names.clear()
        (fill, *_) = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
        assert fill.client_order_id is None
        named = await stage.opened.venue.client_ids(stage.symbol, {fill.venue_order_id})
        assert named == {fill.venue_order_id: order.client_order_id}


@pytest.mark.parametrize(
    ("changed", "is_absent"),
    [
        ({"clientOrderID": ""}, False),  # It may be ours: the venue has lost its name.
        ({"clientOrderID": "", "side": "SELL"}, True),
        ({"clientOrderID": "", "origQty": "0.00401"}, True),
        ({"clientOrderID": "", "price": "60000.11"}, True),
        ({"clientOrderID": "of-another-program"}, True),
    ],
)
async def test_an_execution_without_a_name_counts_only_where_it_may_be_ours(
    changed: dict[str, Any], is_absent: bool
) -> None:
    async with staged("bingx", Market.SPOT) as stage:
        ours, other = stage.buy("0.004"), stage.buy("0.004", line=2)
        await stage.opened.venue.submit(other)
        row = json.loads(
            stage.floor.answer(next(a for a in stage.line.asked if a.path == QUERY)).body
        )
        stage.opened.venue._orders.names.clear()
        stage.line.spoil(Mishap.NEVER, which=stage.floor.is_order)
        with pytest.raises(OutcomeUnknown):
            await stage.opened.venue.submit(ours)
        stage.line.spoil(told({**row["data"], **changed}), which=by_number)
        evidence = await stage.opened.venue.evidence_of_absence(ours)
        assert evidence.is_absent is is_absent, evidence.sightings


async def test_an_execution_of_an_order_that_is_not_found_may_be_ours() -> None:
    async with staged("bingx", Market.SPOT) as stage:
        stage.floor.trade_often(1)
        evidence = await stage.opened.venue.evidence_of_absence(stage.buy("0.004"))
        assert not evidence.is_absent


async def test_more_executions_in_a_millisecond_than_are_told_are_not_fewer() -> None:
    async with staged("bingx", Market.SPOT) as stage:
        await stage.opened.venue.submit(stage.buy("0.004"))
        await stage.opened.venue.fills(stage.symbol, since=from_the_start())
        asked = [asked for asked in stage.line.asked if asked.path == TRADES][-1]
        row = json.loads(stage.floor.answer(asked).body)["data"]["fills"][0]
        many = told({"fills": [{**row, "id": number} for number in range(1, 1001)]})
        for _ in range(60):
            stage.line.spoil(many, which=lambda asked: asked.path == TRADES)
        with pytest.raises(NotDone, match="more at"):
            await stage.opened.venue.fills(stage.symbol, since=from_the_start())


async def test_the_host_of_virtual_money_is_not_opened() -> None:
    with pytest.raises(ConfigError, match="bingx"):
        async with staged("bingx", Market.SPOT, environment=Environment.TESTNET):
            pass


def said(stage: Stage, method: str, path: str) -> list[dict[str, str]]:
    """Return what was said with each request of a kind."""
    asked = [a for a in stage.line.asked if (a.method, a.path) == (method, f"/openApi{path}")]
    return [dict(parse_qsl(each.query)) for each in asked]


async def test_a_contract_s_order_says_both_spellings_of_our_name_and_whether_it_reduces() -> None:
    async with staged("bingx", Market.LINEAR) as stage:
        order = stage.buy("0.004")
        await stage.opened.venue.submit(replace(order, reduce_only=True))
        sent = written(stage)
        assert sent["clientOrderId"] == sent["clientOrderID"] == order.client_order_id
        assert (sent["positionSide"], sent["reduceOnly"]) == ("BOTH", "true")
        assert (sent["recvWindow"], sent["quantity"]) == ("3000", "0.0040")
        await stage.opened.venue.submit(stage.buy("0.004", line=2))
        assert written(stage)["reduceOnly"] == "false"


async def test_margin_is_made_cross_and_leverage_set_for_both_sides_and_once() -> None:
    async with staged("bingx", Market.LINEAR) as stage:
        for _ in range(2):
            await stage.opened.venue.set_leverage(stage.symbol, leverage=7)
        (mode,) = said(stage, "POST", "/swap/v2/trade/marginType")
        (leverage,) = said(stage, "POST", "/swap/v2/trade/leverage")
    assert mode["marginType"] == "CROSSED"
    assert (leverage["side"], leverage["leverage"]) == ("BOTH", "7")


async def test_a_margin_mode_that_is_refused_is_a_refusal_that_says_why() -> None:
    refused = Told(body=json.dumps({"code": 104108, "msg": "no", "data": {}}).encode())
    async with staged("bingx", Market.LINEAR) as stage:
        stage.line.spoil(
            refused,
            which=lambda a: a.method == "POST" and a.path.endswith("marginType"),
        )
        with pytest.raises(Refused, match="104108"):
            await stage.opened.venue.set_leverage(stage.symbol, leverage=7)
        assert said(stage, "POST", "/swap/v2/trade/leverage") == []


async def test_long_and_short_side_by_side_are_told() -> None:
    async with staged("bingx", Market.LINEAR) as stage:
        assert stage.seen.position_mode is PositionMode.ONE_WAY
        stage.floor.hedge()  # type: ignore[attr-defined]  # Of this floor.
        assert (await stage.read_again()).position_mode is PositionMode.HEDGE


async def test_a_wallet_in_which_several_coins_back_contracts_is_not_read() -> None:
    async with staged("bingx", Market.LINEAR) as stage:
        for _ in range(4):
            stage.line.spoil(
                told({"assetMode": "multiAssetsMode"}), which=lambda a: a.path.endswith("assetMode")
            )
        with pytest.raises(NotDone, match="several coins"):
            await stage.read_again()


async def test_a_step_allows_no_more_leverage_than_the_contract() -> None:
    async with staged("bingx", Market.LINEAR) as stage:
        steps = stage.seen.contracts[stage.symbol].brackets
        assert [step.leverage_max for step in steps] == [125, 125, 50]


async def test_a_move_that_is_answered_is_listed_under_the_same_number_both_ways() -> None:
    since = datetime.now(UTC) - timedelta(minutes=1)
    async with staged("bingx", Market.LINEAR) as stage:
        for units in ("150.5", "-20.25"):
            move = moving(units)
            number = await stage.opened.wallets.transfer(move)
            (listed,) = (await stage.opened.wallets.transfers(move, since=since)).listed
            assert (listed.venue_transfer_id, listed.units) == (number, Decimal(units))
        ways = [
            (each["fromAccount"], each["toAccount"])
            for each in said(stage, "POST", "/api/asset/v1/transfer")
        ]
    assert ways == [("spot", "USDTMPerp"), ("USDTMPerp", "spot")]


async def test_a_move_that_is_refused_in_words_of_its_own_is_looked_for_and_not_made_again() -> (
    None
):
    odd = Told(body=b'{"transferErrorMsg":"Insufficient assets"}')
    async with staged("bingx", Market.LINEAR) as stage:
        stage.line.spoil(odd, which=stage.floor.is_move)
        with pytest.raises(OutcomeUnknown):
            await stage.opened.wallets.transfer(moving("150.5"))
        assert len(said(stage, "POST", "/api/asset/v1/transfer")) == 1


@pytest.mark.parametrize(
    "changed",
    [{"status": "WHO_KNOWS"}, {"toAccount": "fund"}, {"amount": "0"}, {"transferId": 7}],
)
async def test_a_list_of_moves_that_is_odd_is_no_absence(changed: dict[str, Any]) -> None:
    row = {
        "asset": "USDT",
        "amount": "150.5",
        "status": "CONFIRMED",
        "transferId": "1",
        "timestamp": 1_800_000_000_000,
        "fromAccount": "spot",
        "toAccount": "USDTMPerp",
        **changed,
    }
    listed = Told(body=json.dumps({"total": 1, "rows": [row]}).encode())
    async with staged("bingx", Market.LINEAR) as stage:
        for _ in range(4):
            stage.line.spoil(listed, which=lambda a: a.path.endswith("transferRecord"))
        with pytest.raises(NotDone):
            await stage.opened.wallets.transfers(moving("150.5"), since=datetime.now(UTC))


async def test_a_list_of_contracts_executions_goes_by_either_name_and_not_by_both() -> None:
    async with staged("bingx", Market.LINEAR) as stage:
        await stage.opened.venue.submit(stage.buy("0.004"))
        whole = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
        path = "/openApi/swap/v2/trade/fillHistory"
        asked = [each for each in stage.line.asked if each.path == path][-1]
        rows = json.loads(stage.floor.answer(asked).body)["data"]["fill_history_orders"]
        stage.line.spoil(told({"fill_orders": rows}), which=lambda a: a.path == path)
        assert await stage.opened.venue.fills(stage.symbol, since=from_the_start()) == whole
        for odd in ({"fill_orders": rows, "fill_history_orders": rows}, {}):
            for _ in range(4):
                stage.line.spoil(told(odd), which=lambda a: a.path == path)
            with pytest.raises(NotDone, match="list of executions"):
                await stage.opened.venue.fills(stage.symbol, since=from_the_start())


async def test_funding_of_the_past_comes_whole_and_once_each() -> None:
    until = datetime.now(UTC)
    async with staged("bingx", Market.LINEAR) as stage:
        found = await stage.opened.history.funding(
            stage.symbol, since=until - timedelta(days=400), until=until
        )
    times = [each.settled_at for each in found]
    assert times == sorted(set(times))
    assert len(times) in {1199, 1200, 1201}


async def test_the_daily_closes_of_a_contract_are_those_of_days_of_utc() -> None:
    last = datetime.now(UTC).date() - timedelta(days=1)
    async with staged("bingx", Market.LINEAR) as stage:
        found = await stage.opened.history.closes(
            stage.symbol, first=last - timedelta(days=4), last=last
        )
    assert [each.day for each in found] == [last - timedelta(days=n) for n in range(4, -1, -1)]


@pytest.mark.parametrize("market", [Market.SPOT, Market.LINEAR])
async def test_an_execution_of_another_market_makes_the_answer_unreadable(market: Market) -> None:
    path, under = {
        Market.SPOT: (TRADES, "fills"),
        Market.LINEAR: ("/openApi/swap/v2/trade/fillHistory", "fill_history_orders"),
    }[market]
    async with staged("bingx", market) as stage:
        await stage.opened.venue.submit(stage.buy("0.004"))
        await stage.opened.venue.fills(stage.symbol, since=from_the_start())
        asked = [each for each in stage.line.asked if each.path == path][-1]
        rows = json.loads(stage.floor.answer(asked).body)["data"][under]
        for _ in range(4):
            stage.line.spoil(
                told({under: [*rows, {**rows[0], "symbol": "ETH-USDT"}]}),
                which=lambda a: a.path == path,
            )
        with pytest.raises(NotDone, match="another market"):
            await stage.opened.venue.fills(stage.symbol, since=from_the_start())


async def test_more_resting_orders_than_are_told_are_not_fewer() -> None:
    row = {
        "symbol": "BTC-USDT",
        "price": "50000",
        "origQty": "0.004",
        "executedQty": "0",
        "side": "BUY",
        "clientOrderID": "",
    }
    orders = [{**row, "orderId": number} for number in range(1, 2001)]
    path = "/openApi/spot/v1/trade/openOrders"
    async with staged("bingx", Market.SPOT) as stage:
        stage.line.spoil(told({"orders": orders[:1999]}), which=lambda a: a.path == path)
        assert len(await stage.opened.venue.open_orders([stage.symbol])) == 1999
        stage.line.spoil(told({"orders": orders}), which=lambda a: a.path == path)
        with pytest.raises(NotDone, match="more orders rest"):
            await stage.opened.venue.open_orders([stage.symbol])


async def test_payments_come_whole_where_one_answer_holds_too_few() -> None:
    async with staged("bingx", Market.LINEAR) as stage:
        for number in range(1200):
            stage.floor.pay_funding()
            stage.floor._linear.trading.bills[-1].at_ms -= number // 3  # Not all in one instant.
        paid = await stage.opened.venue.payments(from_the_start().not_before)
    assert len({each.payment_id for each in paid}) == len(paid) == 1200


async def test_moves_are_listed_over_pages() -> None:
    since = datetime.now(UTC) - timedelta(minutes=1)
    async with staged("bingx", Market.LINEAR) as stage:
        for _ in range(103):
            await stage.opened.wallets.transfer(moving("1.5"))
        found = await stage.opened.wallets.transfers(moving("1.5"), since=since)
    assert len({each.venue_transfer_id for each in found.listed}) == 103


@pytest.mark.parametrize("market", [Market.SPOT, Market.LINEAR])
async def test_contracts_that_nothing_reads_are_told(market: Market) -> None:
    async with staged("bingx", market) as stage:
        stage.floor._linear.trading.units = Decimal(0)
        assert await stage.opened.preflight.beside() == ()
        row = {"symbol": "BTC-USD", "positionSide": "SHORT", "positionAmt": "20"}
        stage.floor.coin_margined = [row, row | {"positionAmt": "0"}]
        stage.floor._linear.trading.units = Decimal("0.01")
        found = await stage.opened.preflight.beside()
    coins = (Beside(place="USDT-margined BTC-USDT", held="0.01"),) * (market is Market.SPOT)
    assert found == (Beside(place="coin-margined BTC-USD", held="-20"), *coins)


async def test_a_move_of_before_is_found_by_who_reads_no_contracts_any_more() -> None:
    since = datetime.now(UTC) - timedelta(minutes=1)
    async with staged("bingx", Market.SPOT) as stage:
        wallets, move = stage.opened.wallets, moving("200.5")
        assert (await wallets.transfers(move, since=since)).listed == ()
        number = await wallets.transfer(move)
        (found,) = (await wallets.transfers(move, since=since)).listed
    assert (found.venue_transfer_id, found.units) == (number, Decimal("200.5"))
