"""Coin-margined contracts as they are read: whole and exact, asked for only where counted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.wire.opened import NoWaiting, settings
from trimtab.adapters.binance.coin_margined import (
    coin_brackets,
    coin_pools,
    listed_contracts,
    told_positions,
)
from trimtab.adapters.open_venue import open_venue
from trimtab.adapters.wire.exact import Unreadable, Unserved
from trimtab.domain.errors import NotDone
from trimtab.domain.exposure import exposure
from trimtab.domain.instruments import Asset
from trimtab.domain.inverse import multiple_of, wallet_maintenance
from trimtab.domain.snapshot import Snapshot
from trimtab.ports import Portfolio
from trimtab.testnet import Fault, Kind, LocalExchange, Scenario, serve
from trimtab.testnet.exact import exactly
from trimtab.testnet.routes_dapi import positions
from trimtab.testnet.wire import Params

BTC, ETH = Asset("BTC"), Asset("ETH")
PORTFOLIO = Portfolio(assets=(Asset("USDT"),), with_contracts=())
PERP = {"symbol": "BTCUSD_PERP", "contracts": -30, "entry": "60000"}
HELD = {
    "prices": {"BTC": "75000", "ETH": "3000", "USDC": "1"},
    "spot": {"USDT": "100"},
    "coin_margined": {
        "BTC": {"wallet": "0.1", "positions": [PERP]},
        "ETH": {"wallet": "2", "orders": ["ETHUSD_PERP"]},
    },
}


@asynccontextmanager
async def seen_at(
    given: Mapping[str, Any], *, counted: bool = True, fault: Fault | None = None
) -> AsyncIterator[tuple[Snapshot, LocalExchange]]:
    """Read a scenario."""
    async with serve(Scenario.from_json(given)) as exchange:
        if fault is not None:
            exchange.inject(fault)
        asked = replace(settings(exchange.url, clock=NoWaiting()), coin_margined=counted)
        async with open_venue(asked) as venue:
            yield await venue.market.snapshot(PORTFOLIO), exchange


def asked_of(exchange: LocalExchange) -> set[str]:
    """What was asked of the host of coin-margined contracts."""
    paths = (request["path"] for request in exchange.truth()["requests"])
    return {path for path in paths if path.startswith("/dapi")}


async def test_wallets_positions_and_orders_are_those_of_the_venue() -> None:
    async with seen_at(HELD) as (seen, _):
        bitcoin, ether = seen.coin_wallets[BTC], seen.coin_wallets[ETH]
    assert bitcoin.pool.wallet_balance == Decimal("0.1")
    assert bitcoin.pool.unrealised_pnl == Decimal("-0.01")
    (held,) = bitcoin.positions
    assert (held.contracts, held.entry_price, held.leverage) == (-30, 60_000, 20)
    contract = held.contract
    assert (contract.symbol, contract.face) == ("BTC/USD:BTC", 100)
    assert (contract.mark, contract.index) == (75_000, 75_000)
    assert [b.notional_floor for b in contract.brackets][:3] == [0, 5, 10]
    assert wallet_maintenance(bitcoin) == bitcoin.pool.maintenance_margin == Decimal("0.00016")
    assert (ether.positions, ether.orders) == ((), ("ETH/USD:ETH",))


async def test_the_coins_are_priced_though_no_target_names_them() -> None:
    async with seen_at(HELD) as (seen, _):
        held = exposure(seen)
    assert held.mid(BTC) == 75_000
    assert held.net(BTC) == 75_000 * Decimal("0.05")
    assert held.nav() == Decimal("0.09") * 75_000 + 2 * 3_000 + 100


async def test_our_liquidation_price_is_the_venues() -> None:
    thin = {**HELD, "coin_margined": {"BTC": {"wallet": "0.02", "positions": [PERP]}}}
    async with seen_at(thin) as (seen, exchange):
        (held,) = seen.coin_wallets[BTC].positions
        multiple = multiple_of(seen.coin_wallets[BTC], held)
        theirs = _liquidation(exchange)
    assert multiple is not None
    assert abs(multiple * held.contract.mark / theirs - 1) < Decimal("1e-6")


@exactly
def _liquidation(exchange: LocalExchange) -> Decimal:
    """The exchange's own figure."""
    rows = positions(exchange.exchange.state, Params({}, rights=frozenset()))
    (told,) = (row for row in rows if row["symbol"] == "BTCUSD_PERP")
    return Decimal(told["liquidationPrice"])


async def test_a_dollar_that_is_not_the_quote_shows_in_the_prices() -> None:
    cheap = {**HELD, "prices": {"BTC": "75000", "USDC": "1.25"}}
    async with seen_at(cheap) as (seen, _):
        (held,) = seen.coin_wallets[BTC].positions
        found = exposure(seen)
    assert held.contract.index == 60_000
    assert found.gross_notional == 3_000 * Decimal("1.25")


async def test_nothing_is_asked_where_they_are_not_counted_and_no_markets_where_nothing_is() -> (
    None
):
    async with seen_at(HELD, counted=False) as (seen, exchange):
        assert (seen.coin_wallets, asked_of(exchange)) == ({}, set())
    async with seen_at({**HELD, "coin_margined": {}}) as (seen, exchange):
        assert seen.coin_wallets == {}
        assert asked_of(exchange) == {
            *("/dapi/v1/time", "/dapi/v1/account", "/dapi/v1/positionRisk", "/dapi/v1/openOrders")
        }


async def test_dated_contracts_have_their_delivery_in_their_symbol() -> None:
    dated = {**PERP, "symbol": "BTCUSD_261225"}
    async with seen_at(
        {**HELD, "coin_margined": {"BTC": {"wallet": "0.1", "positions": [PERP, dated]}}}
    ) as (seen, _):
        symbols = [p.contract.symbol for p in seen.coin_wallets[BTC].positions]
    assert symbols == ["BTC/USD:BTC-261225", "BTC/USD:BTC"]


async def test_a_position_with_a_margin_of_its_own_is_refused_by_name() -> None:
    isolated = {"BTC": {"wallet": "0.1", "positions": [{**PERP, "isolated": True}]}}
    with pytest.raises(NotDone, match="BTCUSD_PERP has a margin of its own") as told:
        async with seen_at({**HELD, "coin_margined": isolated}):
            pass
    assert "venue.coin_margined = false" in told.value.next_step


@pytest.mark.parametrize("path", ["account", "positionRisk", "openOrders"])
async def test_an_answer_that_cannot_be_read_fails_the_snapshot(path: str) -> None:
    fault = Fault(kind=Kind.STATUS, path=f"/dapi/v1/{path}", status=200, body='[{"x":1}]', count=0)
    with pytest.raises(NotDone):
        async with seen_at(HELD, fault=fault):
            pass


# What each answer says


def risk(**changed: object) -> list[dict[str, object]]:
    """One row of positions, with some fields replaced."""
    row: dict[str, object] = {
        "symbol": "BTCUSD_PERP",
        "positionAmt": "-30",
        "marginType": "cross",
        "markPrice": "60000",
        "entryPrice": "50000",
        "leverage": "20",
        "notionalValue": "-0.05",
    }
    return [row | changed]


def test_a_flat_position_says_nothing_and_every_other_all_of_it() -> None:
    assert told_positions(risk(positionAmt="0", marginType="isolated")) == ()
    (told,) = told_positions(risk())
    assert (told.contracts, told.units) == (-30, Decimal("0.05"))


@pytest.mark.parametrize(
    "changed",
    [{"positionAmt": "1.5"}, {"markPrice": "0"}, {"entryPrice": "0"}, {"leverage": "x"}],
)
def test_a_row_that_says_no_position_is_unreadable(changed: dict[str, object]) -> None:
    with pytest.raises(Unreadable):
        told_positions(risk(**changed))


def test_an_isolated_position_is_not_served() -> None:
    with pytest.raises(Unserved):
        told_positions(risk(marginType="isolated"))


async def test_contracts_that_come_to_other_coins_than_the_venue_says_are_not_counted() -> None:
    body = json.dumps(risk(notionalValue="-0.06"))
    fault = Fault(kind=Kind.STATUS, path="/dapi/v1/positionRisk", status=200, body=body)
    with pytest.raises(NotDone, match="are not what the venue says"):
        async with seen_at({**HELD, "prices": {"BTC": "60000"}}, fault=fault):
            pass


async def test_contracts_in_what_is_not_listed_or_has_no_wallet_are_not_counted() -> None:
    for rows, why in (
        (risk(symbol="ODDUSD_PERP"), "does not list"),
        (risk(symbol="SOLUSD_PERP"), "without a wallet"),
    ):
        fault = Fault(
            kind=Kind.STATUS, path="/dapi/v1/positionRisk", status=200, body=json.dumps(rows)
        )
        with pytest.raises(NotDone, match=why):
            async with seen_at(HELD, fault=fault):
                pass


async def test_a_position_without_a_price_is_not_counted() -> None:
    fault = Fault(kind=Kind.STATUS, path="/dapi/v1/premiumIndex", status=200, body="[]")
    with pytest.raises(NotDone, match="no price or brackets"):
        async with seen_at(HELD, fault=fault):
            pass


def test_steps_begin_where_the_one_below_ends_however_the_venue_spells_it() -> None:
    step = {"initialLeverage": 125, "maintMarginRatio": 0.004, "cum": 0}
    rows = [{**step, "qtyCap": 10, "qtylFloor": 5}, {**step, "qtyCap": 5, "qtyFloor": 0}]
    answer = json.loads(
        json.dumps([{"symbol": "BTCUSD_PERP", "brackets": rows}]), parse_float=Decimal
    )
    (table,) = coin_brackets(answer).values()
    assert [(b.notional_floor, b.notional_cap) for b in table] == [(0, 5), (5, 10)]


def test_contracts_that_are_not_dollars_in_their_own_coin_are_none() -> None:
    row = {
        "symbol": "BTCUSD_PERP",
        "baseAsset": "BTC",
        "quoteAsset": "USD",
        "marginAsset": "BTC",
        "contractSize": 100,
    }
    assert set(listed_contracts({"symbols": [row]})) == {"BTCUSD_PERP"}
    for changed in ({"quoteAsset": "EUR"}, {"marginAsset": "ETH"}, {"contractSize": 0}):
        assert listed_contracts({"symbols": [row | changed]}) == {}


def test_a_wallet_in_which_nothing_is_held_or_bound_is_left_out() -> None:
    names = (
        "walletBalance",
        "unrealizedProfit",
        "availableBalance",
        "initialMargin",
        "maintMargin",
    )
    rows = [{"asset": "BTC", **dict.fromkeys(names, "0")}]
    assert coin_pools({"assets": rows}) == {}
    assert set(coin_pools({"assets": [rows[0] | {"walletBalance": "-0.1"}]})) == {BTC}
