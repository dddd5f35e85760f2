"""What Gate writes is read whole and strictly, or not at all."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from trimtab.adapters.gate.answers import (
    all_resting_rows,
    balances_of,
    cancelled_id,
    key_rights_of,
    order_row,
    resting_rows,
)
from trimtab.adapters.gate.history import closes_of
from trimtab.adapters.gate.instruments import price_band_of, spot_instrument_of, spot_markets
from trimtab.adapters.gate.waiting import waiting_order_of, waiting_rows
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.rights import KeyRights, KeyUse

MARKET: dict[str, Any] = {
    "id": "ETH_USDT",
    "base": "ETH",
    "quote": "USDT",
    "min_base_amount": "0.0015",
    "min_quote_amount": "3",
    "amount_precision": 4,
    "precision": 2,
    "trade_status": "tradable",
    "type": "normal",
}
ORDER: dict[str, Any] = {
    "id": "12332324",
    "text": "t-mine",
    "status": "cancelled",
    "currency_pair": "ETH_USDT",
    "type": "limit",
    "account": "spot",
    "side": "buy",
    "amount": "0.5",
    "left": "0.2",
    "filled_amount": "0.3",
    "price": "2000",
}
WAITING: dict[str, Any] = {
    "market": "ETH_USDT",
    "trigger": {"price": "2000", "rule": ">="},
    "put": {"type": "limit", "side": "buy", "price": "1900", "amount": "0.5", "account": "normal"},
    "id": 1283293,
}
ETH = spot_instrument_of(MARKET, taker_fee=Decimal("0.002"))


def key(**changed: object) -> dict[str, Any]:
    row: dict[str, Any] = {
        "state": 1,
        "key": "c5dcfbf1*****",
        "perms": [{"name": "spot", "read_only": False}, {"name": "wallet", "read_only": True}],
        "ip_whitelist": ["203.0.113.1"],
    }
    return row | changed


def rights(answer: object) -> KeyRights:
    return key_rights_of(answer, use=KeyUse.SEND, key="c5dcfbf1f3a7")


def writing(*names: str) -> KeyRights:
    return rights([key(perms=[{"name": name, "read_only": False} for name in names])])


def test_a_market_is_read_to_its_last_digit() -> None:
    assert (ETH.symbol, ETH.lot_size, ETH.tick_size) == (
        Symbol("ETH/USDT"),
        Decimal("0.0001"),
        Decimal("0.01"),
    )
    assert (ETH.lots_min, ETH.notional_min, ETH.lots_max) == (15, 3, 10**15)
    assert (ETH.taker_fee, ETH.tradable) == (Decimal("0.002"), True)
    bounded = spot_instrument_of(MARKET | {"max_base_amount": "7.00005"}, taker_fee=Decimal(0))
    assert bounded.lots_max == 70_000


@pytest.mark.parametrize("name", ["min_base_amount", "min_quote_amount"])
def test_a_bound_that_is_null_is_none(name: str) -> None:
    bare = spot_instrument_of(MARKET | {name: None}, taker_fee=Decimal(0))
    assert (bare.lots_min, bare.notional_min) in {(1, 3), (15, 0)}


@pytest.mark.parametrize(
    "change",
    [
        {"min_base_amount": None, "min_quote_amount": None},
        {"min_quote_amount": "-1"},
        {"amount_precision": -1},
        {"precision": 31},
        {"amount_precision": "2.5"},
    ],
)
def test_a_market_that_is_not_understood_is_unreadable(change: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        spot_instrument_of(MARKET | change, taker_fee=Decimal(0))


@pytest.mark.parametrize(
    "change", [{"trade_status": "sellable"}, {"trade_status": "untradable"}, {"type": "premarket"}]
)
def test_a_market_that_is_not_open_both_ways_is_not_tradable(change: dict[str, Any]) -> None:
    assert not spot_instrument_of(MARKET | change, taker_fee=Decimal(0)).tradable


def test_markets_are_by_symbol_and_have_the_name_of_the_venue() -> None:
    assert spot_markets([MARKET])[Symbol("ETH/USDT")]["symbol"] == "ETH_USDT"


@pytest.mark.parametrize(
    ("told", "reach"), [(None, "0.05"), ("0", "0.05"), ("0.02", "0.02"), ("30", "0.05")]
)
def test_limits_are_kept_within_a_twentieth_or_less_where_a_market_says_so(
    told: str | None, reach: str
) -> None:
    band = price_band_of(MARKET | {"up_rate": told, "down_rate": told})
    assert (band.buy_high - 1, 1 - band.sell_low) == (Decimal(reach), Decimal(reach))


def test_what_was_executed_is_what_is_not_left() -> None:
    row = order_row(ORDER)
    assert (row["name"], row["filled"], row["symbol"]) == ("mine", Decimal("0.3"), "ETH_USDT")
    assert order_row({k: v for k, v in ORDER.items() if k != "filled_amount"})["filled"] == Decimal(
        "0.3"
    )
    with pytest.raises(Unreadable, match="filled_amount"):
        order_row(ORDER | {"filled_amount": "0.5"})


def test_an_order_at_market_does_not_rest() -> None:
    with pytest.raises(Unreadable, match="at market"):
        resting_rows([ORDER | {"type": "market"}])
    assert len(all_resting_rows([{"currency_pair": "ETH_USDT", "orders": [ORDER, ORDER]}])) == 2


def test_a_cancel_is_one_only_when_it_is_said() -> None:
    assert cancelled_id(ORDER) == "12332324"
    with pytest.raises(Unreadable, match="cancelled"):
        cancelled_id(ORDER | {"status": "open"})


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"currency": "BTC", "available": "-1", "locked": "0"}],
        [{"currency": "BTC", "available": "1", "locked": "-1"}],
        [{"currency": "BTC", "available": "1", "locked": "0"}] * 2,
        [{"currency": "BTC", "available": "1"}],
    ],
)
def test_a_wallet_that_is_not_understood_is_unreadable(rows: list[dict[str, str]]) -> None:
    with pytest.raises(Unreadable):
        balances_of(rows)


def test_coins_of_which_nothing_is_held_are_left_out() -> None:
    rows = [
        {"currency": "BTC", "available": "0.5", "locked": "0.25"},
        {"currency": "ETH", "available": "0", "locked": "0"},
    ]
    assert {str(a): (b.free, b.locked) for a, b in balances_of(rows).items()} == {
        Asset("BTC"): (Decimal("0.5"), Decimal("0.25"))
    }


def test_a_key_is_told_by_its_beginning_or_is_the_only_one() -> None:
    told = rights([key(key="0000aaaa****", perms=[]), key()])
    assert (told.reads, told.trades_spot, told.is_bound_to_ip) == (True, True, True)
    assert not any((told.withdraws, told.transfers_out, told.transfers_within, told.borrows))
    assert rights(key(key={"mode": 1})).trades_spot
    assert rights([key(key="c5dcfbf1f3a7")]).trades_spot


@pytest.mark.parametrize(
    "answer",
    [
        [],
        [key(), key()],
        [key(key="c5dc*****"), key(key="c5dcfb*****")],
        [key(key="*****")],
        [key(key="c5*****")],
        [key(state=2)],
        [key(perms=[{"name": "spot"}])],
        [key(ip_whitelist=None)],
        key(state=3),
        "x",
    ],
)
def test_a_key_that_is_not_known_from_others_or_not_in_use_is_unreadable(answer: object) -> None:
    with pytest.raises(Unreadable):
        rights(answer)


def test_each_right_is_told_as_what_it_lets_happen() -> None:
    assert writing("wallet").withdraws
    assert writing("wallet").transfers_within
    assert writing("never_seen").withdraws
    assert writing("never_seen").transfers_out
    assert writing("otc").transfers_out
    assert writing("custody").transfers_out
    assert writing("earn").transfers_within
    assert all(writing(name).borrows for name in ("margin", "loan", "unified"))
    assert writing("futures").trades_futures
    assert writing("options").trades_options
    plain = writing("account", "delivery")
    assert not any((plain.withdraws, plain.transfers_out, plain.reads, plain.borrows))


@pytest.mark.parametrize(
    ("put", "lots", "price"),
    [
        ({}, 5000, "2000"),
        ({"side": "sell"}, -5000, "1900"),
        ({"type": "market", "price": "0"}, 5000, "2000"),
        ({"type": "market", "price": "0", "amount": "3000"}, 30_000_000, "2000"),
        ({"type": "market", "price": "0", "side": "sell"}, -5000, "2000"),
    ],
)
def test_an_order_that_waits_counts_at_its_largest(
    put: dict[str, str], lots: int, price: str
) -> None:
    (row,) = waiting_rows([WAITING | {"put": WAITING["put"] | put}])
    order = waiting_order_of(row, ETH)
    assert (order.lots, order.limit_price) == (lots, Decimal(price))
    assert (order.client_order_id, order.venue_order_id) == ("", "1283293")


def test_an_order_that_waits_without_a_size_is_unreadable() -> None:
    (row,) = waiting_rows([WAITING | {"put": WAITING["put"] | {"amount": "0"}}])
    with pytest.raises(Unreadable, match="no size"):
        waiting_order_of(row, ETH)


def test_a_close_is_that_of_its_day() -> None:
    at = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
    day = date(2026, 11, 1)
    told = [[str(at), "540000", "61000.5", "2", "0.5", "1", "9", "true"]]
    assert closes_of(told, since=day, until=day)[day].close == Decimal("61000.5")
    for wrong in ({}, [{}], [["1"]], [[str(at + 1), "1", "2"]]):
        with pytest.raises(Unreadable):
            closes_of(wrong, since=day, until=day)
    with pytest.raises(Unreadable, match="days asked for"):
        closes_of(told, since=date(2026, 11, 2), until=date(2026, 11, 3))
