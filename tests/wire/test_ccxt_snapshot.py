"""The account as it is read: complete and exact, or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import ROUND_UP, Context, Decimal, Inexact, getcontext, localcontext
from typing import Any

import pytest

from tests.contract.venue_cases import BTC, ETH_PERP, PERP, PORTFOLIO, at_venue, scenario
from tests.wire.opened import NoWaiting, intent, opened
from tests.wire.test_ccxt_stops import stopping
from trimtab.domain.errors import NotDone, Refused
from trimtab.domain.instruments import Asset, MarketKind, Symbol
from trimtab.domain.snapshot import MarginMode, PositionMode
from trimtab.ports import Portfolio
from trimtab.testnet import (
    Credential,
    Fault,
    Holding,
    Kind,
    OpeningPosition,
    Scenario,
    serve,
)
from trimtab.testnet.server import wall_ms

DATED = Symbol("BTC/USDT:USDT-261225")
CLOCK_READS = 4
"""Requests that a snapshot begins with."""
READS = [
    "/api/v3/time",
    "/api/v3/account",
    "/api/v3/openOrders",
    "/api/v3/exchangeInfo",
    "/api/v3/depth",
    "/fapi/v1/exchangeInfo",
    "/fapi/v1/depth",
    "/fapi/v3/account",
    "/fapi/v3/positionRisk",
    "/fapi/v1/accountConfig",
    "/fapi/v1/symbolConfig",
    "/fapi/v1/leverageBracket",
    "/fapi/v1/premiumIndex",
    "/fapi/v1/openOrders",
    "/fapi/v1/openAlgoOrders",
    "/fapi/v1/commissionRate",
]


async def test_it_covers_what_is_named_held_or_in_a_position() -> None:
    given = replace(
        scenario(),
        positions=(
            *scenario().positions,
            OpeningPosition(
                symbol="BTCUSDT_261225", quantity=Decimal("0.02"), entry=Decimal(60_000)
            ),
        ),
    )
    async with at_venue("ccxt", given) as at:
        seen = at.seen
    assert set(seen.instruments) == {
        *("BTC/USDT", "ETH/USDT", "SOL/USDT", "BNB/USDT"),
        *(PERP, ETH_PERP, DATED),
    }
    assert set(seen.books) == set(seen.instruments)
    assert set(seen.contracts) == {PERP, ETH_PERP, DATED}
    assert {s: p.lots for s, p in seen.positions.items()} == {PERP: -10, DATED: 20}
    assert seen.instruments[DATED].kind is MarketKind.FUTURE
    assert seen.instruments[DATED].expires_at is not None
    assert seen.contracts[DATED].funding_rate == 0
    assert seen.position_mode is PositionMode.ONE_WAY


async def test_its_figures_are_those_of_the_venue() -> None:
    async with at_venue("ccxt") as at:
        seen, truth = at.seen, at.exchange.truth()
    held = {a: b.free for a, b in seen.balances.items()}
    assert held == {a: Decimal(b["free"]) for a, b in truth["balances"].items()}
    pool = seen.pools[Asset("USDT")]
    assert pool.wallet_balance == Decimal(truth["wallet"])
    assert pool.unrealised_pnl == Decimal(truth["positions"][0]["profit"])
    assert seen.contracts[PERP].mark == Decimal(truth["marks"]["BTCUSDT"])
    assert seen.positions[PERP].entry_price == 59_000
    assert seen.positions[PERP].margin_mode is MarginMode.CROSS
    assert seen.books[BTC].bids[0].price < seen.books[BTC].mid < seen.books[BTC].asks[0].price
    for book in seen.books.values():
        bids, asks = [b.price for b in book.bids], [a.price for a in book.asks]
        assert bids == sorted(bids, reverse=True)
        assert asks == sorted(asks)
        assert len(bids) == len(asks) == 20


async def test_instruments_have_the_grid_and_the_fees_of_the_venue() -> None:
    rules = {
        "spot": {"tick_size": "0.05", "lot_size": "0.002", "min_notional": "7"},
        "usdm": {"taker_fee": "0.00037"},
    }
    async with at_venue("ccxt", replace(scenario(), rules=rules)) as at:
        spot, perpetual = at.seen.instruments[BTC], at.seen.instruments[PERP]
    assert (spot.tick_size, spot.lot_size) == (Decimal("0.05"), Decimal("0.002"))
    assert (spot.notional_min, spot.notional_min_reduce_only) == (7, 7)
    assert perpetual.notional_min_reduce_only == 0
    assert perpetual.taker_fee == Decimal("0.00037")


async def test_an_asset_without_a_market_does_not_hide_the_others() -> None:
    given = replace(scenario(), spot={**scenario().spot, "NOPE": Holding(free=Decimal(5))})
    async with at_venue("ccxt", given) as at:
        assert "NOPE" in at.seen.balances
        assert Symbol("NOPE/USDT") not in at.seen.instruments
        assert BTC in at.seen.books


async def test_only_named_spot_markets_are_asked_for() -> None:
    async with at_venue("ccxt") as at:
        asked = [
            json.loads(r["params"]["symbols"])
            for r in at.exchange.truth()["requests"]
            if r["path"] == "/api/v3/exchangeInfo"
        ]
    assert asked == [["BNBUSDT", "BTCUSDT", "ETHUSDT", "SOLUSDT"]]


async def test_an_account_without_futures_is_not_asked_about_them() -> None:
    async with serve(scenario()) as exchange, opened(exchange.url, contracts=False) as at:
        seen = await at.market.snapshot(replace(PORTFOLIO, with_contracts=()))
        paths = {r["path"] for r in exchange.truth()["requests"]}
    assert not [p for p in paths if p.startswith("/fapi")]
    assert (dict(seen.pools), dict(seen.contracts)) == ({}, {})


async def test_a_snapshot_sends_no_request_that_changes_anything() -> None:
    async with at_venue("ccxt") as at:
        assert at.exchange.truth()["mutating_requests"] == 0


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("kind", [Kind.TRUNCATE_JSON, Kind.EMPTY, Kind.HTML, Kind.CUT_BODY])
async def test_a_part_that_stays_unreadable_fails_the_snapshot(path: str, kind: Kind) -> None:
    async with serve(scenario()) as exchange:
        exchange.inject(Fault(kind=kind, path=path, count=0))
        async with opened(exchange.url, clock=NoWaiting()) as at:
            with pytest.raises(NotDone):
                await at.market.snapshot(PORTFOLIO)


@pytest.mark.parametrize("path", READS)
async def test_a_part_that_fails_once_is_asked_for_again(path: str) -> None:
    async with serve(scenario()) as exchange:
        exchange.inject(Fault(kind=Kind.RESET_BEFORE, path=path, count=1))
        exchange.inject(Fault(kind=Kind.STATUS, status=502, body="<html>", path=path, nth=2))
        async with opened(exchange.url, clock=NoWaiting()) as at:
            seen = await at.market.snapshot(PORTFOLIO)
    assert PERP in seen.contracts


async def test_a_key_that_is_not_accepted_is_a_refusal_and_asked_once() -> None:
    strangers = (Credential(key="another-key", secret="another-secret"),)
    async with serve(replace(scenario(), credentials=strangers)) as exchange:
        async with opened(exchange.url) as at:
            with pytest.raises(Refused):
                await at.market.snapshot(PORTFOLIO)
        asked = [r for r in exchange.truth()["requests"] if r["path"] == "/api/v3/account"]
    assert len(asked) == 1


async def test_a_clock_that_is_off_is_measured_and_made_up_for() -> None:
    ahead = serve(scenario(), now_ms=lambda: wall_ms() + 90_000)
    async with ahead as exchange, opened(exchange.url, max_clock_offset_ms=10**6) as at:
        seen = await at.market.snapshot(PORTFOLIO)
        answer = await at.venue.submit(intent(seen.instruments[BTC], 200, "61000"))
    assert abs(seen.clock.offset_ms - 90_000) <= 5 + seen.clock.uncertainty_ms
    assert answer.ended


async def test_a_clock_that_jumps_while_open_is_measured_again() -> None:
    ahead = [0]
    jumping = serve(scenario(), now_ms=lambda: wall_ms() + ahead[0])
    given = {"clock": NoWaiting(), "max_clock_offset_ms": 10**6}
    async with jumping as exchange, opened(exchange.url, **given) as at:
        seen = await at.market.snapshot(PORTFOLIO)
        btc = seen.instruments[BTC]
        ahead[0] = 60_000
        assert await at.venue.look_up(intent(btc, 200, "61000")) is None
        ahead[0] = 120_000
        with pytest.raises(NotDone):  # A write is not repeated by itself,
            await at.venue.submit(intent(btc, 200, "61000"))
        answer = await at.venue.submit(intent(btc, 200, "61000"))  # but may be sent again.
    assert answer.filled_lots == 200


async def test_a_clock_that_jumps_while_the_account_is_read_shows_in_the_snapshot() -> None:
    arrived: list[int] = [0]
    jumping = serve(
        scenario(), now_ms=lambda: wall_ms() + (60_000 if arrived[0] > CLOCK_READS else 0)
    )
    async with jumping as exchange, opened(exchange.url, clock=NoWaiting()) as at:
        arrive = exchange.exchange.log.arrive

        def counted(*request: Any, **options: Any) -> int:
            arrived[0] += 1
            return arrive(*request, **options)

        exchange.exchange.log.arrive = counted  # type: ignore[method-assign]  # Counts as well.
        seen = await at.market.snapshot(PORTFOLIO)
    assert abs(seen.clock.offset_ms - 60_000) <= 5 + seen.clock.uncertainty_ms


async def test_the_ambient_decimal_context_is_neither_read_nor_changed() -> None:
    async with at_venue("ccxt") as at:
        order = intent(at.seen.instruments[BTC], 1_234_567, "60001.23")
        with localcontext(Context(prec=3, rounding=ROUND_UP, traps=[Inexact])) as ambient:
            before = repr(ambient)
            seen = await at.market.snapshot(PORTFOLIO)
            with pytest.raises(Refused):  # Too much money, but nothing was rounded on the way.
                await at.venue.submit(order)
            assert repr(getcontext()) == before
        sent = [r["params"] for r in at.exchange.truth()["requests"] if r["method"] == "POST"]
    assert seen.balances == at.seen.balances
    assert seen.instruments == at.seen.instruments
    assert Decimal(sent[0]["quantity"]) == Decimal("12.34567")
    assert Decimal(sent[0]["price"]) == Decimal("60001.23")


async def test_hedge_mode_and_isolated_margin_are_told() -> None:
    given = replace(scenario(), positions=(), dual_side=True, margin_types={"BTCUSDT": "isolated"})
    async with at_venue("ccxt", given) as at:
        assert at.seen.position_mode is PositionMode.HEDGE
        assert at.seen.contracts[PERP].margin_mode is MarginMode.ISOLATED


async def test_an_account_in_which_several_coins_are_margin_is_not_read() -> None:
    async with serve(replace(scenario(), multi_assets=True)) as exchange:
        async with opened(exchange.url, clock=NoWaiting()) as at:
            with pytest.raises(NotDone, match="several coins back contracts") as told:
                await at.market.snapshot(PORTFOLIO)
        paths = [r["path"] for r in exchange.truth()["requests"]]
    assert told.value.next_step.endswith(
        "set single-asset mode for futures at the venue, then trimtab doctor"
    )
    assert paths.count("/fapi/v1/accountConfig") == 1  # Asking again would change nothing.


async def test_leverage_that_was_set_is_in_the_next_snapshot() -> None:
    async with at_venue("ccxt", replace(scenario(), positions=())) as at:
        await at.venue.set_leverage(PERP, leverage=3)
        again = await at.market.snapshot(PORTFOLIO)
    assert (at.seen.contracts[PERP].leverage, again.contracts[PERP].leverage) == (20, 3)


async def test_an_empty_account_is_read_as_one() -> None:
    async with serve(Scenario()) as exchange, opened(exchange.url) as at:
        only = Portfolio(assets=(Asset("BTC"), Asset("USDT")), with_contracts=())
        seen = await at.market.snapshot(only)
    assert (dict(seen.balances), dict(seen.positions), seen.open_orders) == ({}, {}, ())
    assert set(seen.pools) == {"USDT"}


async def test_conditional_orders_are_open_orders_at_their_trigger_whoever_placed_them() -> None:
    def row(number: int, name: str, **changes: object) -> dict[str, object]:
        return {
            "algoId": number,
            "clientAlgoId": name,
            "symbol": "BTCUSDT",
            "side": "BUY",
            "quantity": "0.5",
            "triggerPrice": "66000",
            "closePosition": False,
            "reduceOnly": False,
        } | changes

    rows = [
        row(5, "opens", symbol="SOLUSDT", triggerPrice="200"),
        row(6, "closes", closePosition=True, quantity="0"),
        row(7, "closes_nothing", closePosition=True, quantity="0", side="SELL"),
        row(8, "cuts", reduceOnly=True, quantity="0.004"),
        row(9, "dear", price="69000.5"),
        row(10, "cheap", price="65000"),
        row(11, "sells", side="SELL", price="61000"),
        row(12, "at_market", side="SELL", price="0.00"),
    ]
    async with serve(scenario()) as exchange, opened(exchange.url) as at:
        fault = Fault(
            kind=Kind.STATUS, path="/fapi/v1/openAlgoOrders", status=200, body=json.dumps(rows)
        )
        exchange.inject(fault)
        seen = await at.market.snapshot(PORTFOLIO)
    sol = Symbol("SOL/USDT:USDT")
    assert [
        (o.client_order_id, o.symbol, o.lots, o.limit_price, o.reduce_only)
        for o in seen.open_orders
    ] == [
        ("opens", sol, 50, Decimal(200), False),
        ("closes", PERP, 10, Decimal(66_000), True),
        ("closes_nothing", PERP, 0, Decimal(66_000), True),
        ("cuts", PERP, 4, Decimal(66_000), True),
        ("dear", PERP, 500, Decimal("69000.5"), False),
        ("cheap", PERP, 500, Decimal(66_000), False),
        ("sells", PERP, -500, Decimal(61_000), False),
        ("at_market", PERP, -500, Decimal(66_000), False),
    ]
    assert sol in seen.books, "a market with an order in it is read"


async def test_a_stop_that_rests_is_an_open_order_under_its_name() -> None:
    async with serve(scenario()) as exchange, opened(exchange.url) as at:
        await at.stops.place(stopping())
        seen = await at.market.snapshot(PORTFOLIO)
    assert [(o.client_order_id, o.lots) for o in seen.open_orders] == [(stopping().stop_id, 10)]
