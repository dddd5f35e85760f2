"""An account at Bitget beyond the numbered cases: settings, reductions, moves, and what is odd."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.spoken import Asked, Told
from tests.conformance.stage import Stage, from_the_start, staged
from tests.contract.test_wallets import moving
from tests.wire.opened import settings
from trimtab.adapters.open_venue import ApiKey, open_venue
from trimtab.domain.errors import ConfigError, NotDone, Refused
from trimtab.domain.instruments import Symbol
from trimtab.domain.payments import PaymentKind
from trimtab.domain.snapshot import Environment, PositionMode
from trimtab.ports import Beside
from trimtab.venues.facts import Market

BOTH = pytest.mark.parametrize("market", [Market.SPOT, Market.LINEAR])


def last_written(stage: Stage) -> dict[str, Any]:
    """Return the body of the last request that changed something."""
    body: dict[str, Any] = json.loads(
        [asked for asked in stage.line.asked if asked.method == "POST"][-1].body
    )
    return body


def spoilt(stage: Stage, path: str, **changed: Any) -> Told:
    """Return what the venue answers to a question now, with something changed in each row."""
    asked = next(a for a in stage.line.asked if a.path == path)
    document = json.loads(stage.floor.answer(asked).body)
    rows = document["data"] if isinstance(document["data"], list) else [document["data"]]
    for row in rows:
        row.update(changed)
    return Told(body=json.dumps(document).encode())


def writes(stage: Stage) -> list[Asked]:
    return [asked for asked in stage.line.asked if asked.method == "POST"]


async def test_an_order_that_only_reduces_says_so_and_another_says_that_it_does_not() -> None:
    async with staged("bitget", Market.LINEAR) as stage:
        order = stage.buy("0.004")
        await stage.opened.venue.submit(replace(order, reduce_only=True))
        assert last_written(stage)["reduceOnly"] == "YES"
        await stage.opened.venue.submit(stage.buy("0.004", line=2))
        assert last_written(stage)["reduceOnly"] == "NO"


async def test_there_is_nothing_to_reduce_on_spot() -> None:
    async with staged("bitget", Market.SPOT) as stage:
        with pytest.raises(Refused, match="nothing to reduce"):
            await stage.opened.venue.submit(replace(stage.buy("0.004"), reduce_only=True))
        with pytest.raises(Refused, match="no leverage"):
            await stage.opened.venue.set_leverage(stage.symbol, leverage=2)
    assert writes(stage) == []


async def test_a_leverage_that_is_set_is_not_sent_again() -> None:
    async with staged("bitget", Market.LINEAR) as stage:
        await stage.opened.venue.set_leverage(stage.symbol, leverage=20)
    assert writes(stage) == []


async def test_a_margin_mode_that_cannot_be_changed_is_a_refusal_that_says_why() -> None:
    path = "/api/v2/mix/account/account"
    async with staged("bitget", Market.LINEAR) as stage:
        stage.line.spoil(spoilt(stage, path, marginMode="isolated"), which=lambda a: a.path == path)
        with pytest.raises(Refused, match="45117"):
            await stage.opened.venue.set_leverage(stage.symbol, leverage=20)
    assert last_written(stage)["marginMode"] == "crossed"


@BOTH
async def test_a_look_up_that_is_denied_is_no_absence(market: Market) -> None:
    async with staged("bitget", market) as stage:
        denied = Told(status=400, body=json.dumps({"code": "40014", "msg": "no"}).encode())
        stage.line.spoil(denied, which=lambda asked: "clientOid" in asked.query)
        with pytest.raises(Refused, match="40014"):
            await stage.opened.venue.look_up(stage.buy("0.004"))


@BOTH
async def test_an_order_that_still_rests_is_looked_at_until_it_has_ended(market: Market) -> None:
    path = {Market.SPOT: "/spot/trade/orderInfo", Market.LINEAR: "/mix/order/detail"}[market]
    status = {Market.SPOT: "status", Market.LINEAR: "state"}[market]
    async with staged("bitget", market) as stage:
        order = stage.buy("0.004")
        await stage.opened.venue.submit(order)
        resting = spoilt(stage, f"/api/v2{path}", **{status: "live"})
        stage.line.spoil(resting, which=lambda asked: asked.path.endswith(path))
        seen = await stage.opened.venue.look_up(order)
        assert seen is not None
        assert not seen.ended
        again = await stage.opened.venue.look_up(order)
        assert again is not None
        assert again.ended


@BOTH
async def test_what_became_of_an_order_that_rested_for_a_moment_is_told_all_the_same(
    market: Market,
) -> None:
    path = {Market.SPOT: "/spot/trade/orderInfo", Market.LINEAR: "/mix/order/detail"}[market]
    status = {Market.SPOT: "status", Market.LINEAR: "state"}[market]
    async with staged("bitget", market) as stage:
        await stage.opened.venue.submit(stage.buy("0.004"))
        order = stage.buy("0.004", line=2)
        begun = {"clientOid": order.client_order_id, status: "live", "baseVolume": "0"}
        stage.line.spoil(
            spoilt(stage, f"/api/v2{path}", **begun), which=lambda asked: asked.path.endswith(path)
        )
        told = await stage.opened.venue.submit(order)
    assert (told.ended, told.filled_lots) == (True, order.lots)


@pytest.mark.parametrize(
    "path", ["/api/v2/mix/account/account", "/api/v2/mix/position/all-position"]
)
async def test_an_account_in_hedge_mode_is_told_as_such(path: str) -> None:
    async with staged("bitget", Market.LINEAR) as stage:
        assert stage.seen.position_mode is PositionMode.ONE_WAY
        hedged = spoilt(stage, path, posMode="hedge_mode")
        stage.line.spoil(hedged, which=lambda asked: asked.path == path)
        assert (await stage.read_again()).position_mode is PositionMode.HEDGE


@BOTH
async def test_an_order_that_rests_is_in_the_account_and_in_its_list(market: Market) -> None:
    path = {Market.SPOT: "/spot/trade/unfilled-orders", Market.LINEAR: "/mix/order/orders-pending"}
    async with staged("bitget", market) as stage:
        await stage.opened.venue.submit(stage.buy("0.004"))
        detail = {Market.SPOT: "/spot/trade/orderInfo", Market.LINEAR: "/mix/order/detail"}[market]
        row = json.loads(spoilt(stage, f"/api/v2{detail}").body)["data"]
        row = row[0] if isinstance(row, list) else row
        row |= {"status": "live", "baseVolume": "0.001", "priceAvg": "50000", "price": "50000"}
        page = [row] if market is Market.SPOT else {"entrustedList": [row], "endId": "1"}
        told = Told(body=json.dumps({"code": "00000", "msg": "success", "data": page}).encode())
        for _ in range(2):
            stage.line.spoil(told, which=lambda asked: asked.path.endswith(path[market]))
        (resting,) = await stage.opened.venue.open_orders([stage.symbol])
        (seen,) = (await stage.read_again()).open_orders
    assert resting == seen
    assert stage.instrument.units(resting.lots) == Decimal("0.003")
    assert (resting.limit_price, resting.reduce_only) == (50_000, False)
    assert resting.client_order_id == stage.floor.orders()[0].name


async def test_a_resting_order_that_cannot_be_read_makes_the_account_unread() -> None:
    path = "/api/v2/mix/order/orders-pending"
    async with staged("bitget", Market.LINEAR) as stage:
        odd = {"entrustedList": [{"orderId": "7", "symbol": "BTCUSDT"}], "endId": "7"}
        told = Told(body=json.dumps({"code": "00000", "msg": "success", "data": odd}).encode())
        stage.line.spoil(told, which=lambda asked: asked.path == path)
        with pytest.raises(NotDone, match="unreadable"):
            await stage.read_again()


async def test_an_order_that_is_answered_as_another_is_not_taken_for_ours() -> None:
    path = "/api/v2/mix/order/detail"
    async with staged("bitget", Market.LINEAR) as stage:
        order = stage.buy("0.004")
        await stage.opened.venue.submit(order)
        other = spoilt(stage, path, clientOid="another")
        stage.line.spoil(other, which=lambda asked: asked.path == path)
        with pytest.raises(NotDone, match="of another order"):
            await stage.opened.venue.look_up(order)


async def test_a_wallet_in_which_several_coins_are_margin_is_not_read() -> None:
    path = "/api/v2/mix/account/accounts"
    async with staged("bitget", Market.LINEAR) as stage:
        union = spoilt(stage, path, assetMode="union")
        for _ in range(4):
            stage.line.spoil(union, which=lambda asked: asked.path == path)
        with pytest.raises(NotDone, match="back contracts together"):
            await stage.read_again()


async def test_a_position_in_a_market_that_is_not_listed_is_not_left_out() -> None:
    path = "/api/v2/mix/position/all-position"
    async with staged("bitget", Market.LINEAR) as stage:
        dated = spoilt(stage, path, symbol="BTCUSDT261225")
        stage.line.spoil(dated, which=lambda asked: asked.path == path)
        with pytest.raises(NotDone, match="does not list"):
            await stage.read_again()


async def test_a_move_out_of_the_futures_wallet_is_found_with_its_sign() -> None:
    inward, outward = moving("200.5"), moving("-50.25", line=2)
    since = datetime.now(UTC) - timedelta(minutes=1)
    async with staged("bitget", Market.LINEAR) as stage:
        wallets = stage.opened.wallets
        first, second = await wallets.transfer(inward), await wallets.transfer(outward)
        (came,) = (await wallets.transfers(inward, since=since)).listed
        (went,) = (await wallets.transfers(outward, since=since)).listed
        paid = await stage.opened.venue.payments(since)
    assert (came.venue_transfer_id, came.units) == (first, Decimal("200.5"))
    assert (went.venue_transfer_id, went.units) == (second, Decimal("-50.25"))
    assert [p.units for p in paid if p.kind is PaymentKind.TRANSFER] == [came.units, went.units]


async def test_a_move_of_before_is_found_by_who_reads_no_contracts_any_more() -> None:
    since = datetime.now(UTC) - timedelta(minutes=1)
    async with staged("bitget", Market.SPOT) as stage:
        wallets, move = stage.opened.wallets, moving("200.5")
        assert (await wallets.transfers(move, since=since)).listed == ()
        number = await wallets.transfer(move)
        (found,) = (await wallets.transfers(move, since=since)).listed
    assert (found.venue_transfer_id, found.units) == (number, Decimal("200.5"))


async def test_a_move_to_another_wallet_is_none_of_these() -> None:
    path = "/api/v2/spot/account/transferRecords"
    since = datetime.now(UTC) - timedelta(minutes=1)
    async with staged("bitget", Market.LINEAR) as stage:
        wallets, inward = stage.opened.wallets, moving("200.5")
        await wallets.transfer(inward)
        assert len((await wallets.transfers(inward, since=since)).listed) == 1
        elsewhere = spoilt(stage, path, toType="crossed_margin")
        stage.line.spoil(elsewhere, which=lambda asked: asked.path == path)
        assert (await wallets.transfers(inward, since=since)).listed == ()
        strange = spoilt(stage, path, status="Odd")
        for _ in range(4):
            stage.line.spoil(strange, which=lambda asked: asked.path == path)
        with pytest.raises(NotDone, match="status Odd"):
            await wallets.transfers(inward, since=since)


@BOTH
async def test_an_execution_whose_order_has_no_name_may_be_of_any_order(market: Market) -> None:
    async with staged("bitget", market) as stage:
        order = stage.buy("0.004")
        assert (await stage.opened.venue.evidence_of_absence(order)).is_absent
        stage.floor.trade_often(1)
        evidence = await stage.opened.venue.evidence_of_absence(order)
    assert not evidence.is_absent
    assert evidence.sightings["fills"].startswith("trade ")


@BOTH
async def test_an_execution_of_another_order_is_none_of_this_one(market: Market) -> None:
    async with staged("bitget", market) as stage:
        await stage.opened.venue.submit(stage.buy("0.004"))
        stage.opened.venue._orders.names.clear()
        other = await stage.opened.venue.evidence_of_absence(stage.buy("0.004", line=2))
        assert other.is_absent
        (name,) = {
            f.venue_order_id
            for f in await stage.opened.venue.fills(stage.symbol, since=from_the_start())
        }
        names = await stage.opened.venue.client_ids(stage.symbol, {name})
    assert names == {name: stage.floor.orders()[0].name}


async def test_settlements_of_funding_are_read_over_pages_and_only_those_asked_for() -> None:
    async with staged("bitget", Market.LINEAR) as stage:
        until = datetime.now(UTC)
        since = until - timedelta(days=60)
        found = await stage.opened.history.funding(stage.symbol, since=since, until=until)
        none = await stage.opened.history.open_interest(stage.symbol, until=until.date())
    assert len(found) == 180
    assert [each.settled_at for each in found] == sorted(each.settled_at for each in found)
    assert found[0].settled_at >= since
    assert none == ()


async def test_closes_of_a_contract_are_read_over_stretches() -> None:
    async with staged("bitget", Market.LINEAR) as stage:
        last = await stage.opened.history.ended_day()
        first = last - timedelta(days=199)
        found = await stage.opened.history.closes(Symbol("BTC/USDT:USDT"), first=first, last=last)
    assert len(found) == 200
    assert (found[0].day, found[-1].day) == (first, last)


async def test_a_key_without_its_passphrase_opens_nothing_and_is_told_what_to_set() -> None:
    given = settings("", environment=Environment.TESTNET, contracts=False)
    bare = replace(given, account=replace(given.account, venue="bitget"))
    with pytest.raises(ConfigError, match="passphrase") as raised:
        async with open_venue(bare):
            pass
    assert "TRIMTAB__VENUE__PASSWORD" in raised.value.next_step


def test_no_part_of_a_key_is_ever_shown() -> None:
    assert "here" not in repr(ApiKey(key="here", secret="here", passphrase="here"))


async def test_contracts_of_other_products_are_told_and_those_of_the_account_are_not() -> None:
    async with staged("bitget", Market.LINEAR) as stage:
        assert await stage.opened.preflight.beside() == ()
        await stage.opened.venue.submit(stage.buy("0.004"))
        asked = {"productType": "USDT-FUTURES"}
        (row,) = stage.floor._linear.positions(asked)
        stage.floor.others["COIN-FUTURES"] = [
            row | {"symbol": "BTCUSD", "holdSide": "short", "total": "2"}
        ]
        found = await stage.opened.preflight.beside()
        assert found == (Beside(place="COIN-FUTURES BTCUSD", held="-2"),)


async def test_an_account_of_coins_alone_tells_all_contracts() -> None:
    async with staged("bitget", Market.SPOT) as stage:
        stage.floor._linear.trading.units = Decimal("0.01")
        found = await stage.opened.preflight.beside()
    assert found == (Beside(place="USDT-FUTURES BTCUSDT", held="0.01"),)
