"""What Deribit writes is read whole and strictly, or not at all."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from trimtab.adapters.deribit.answers import (
    balances_of,
    cancelled_id,
    client_id_of,
    fill_of,
    instrument_of,
    key_rights_of,
    markets_of,
    one_order,
    open_order_of,
    orders_in,
    price_band_of,
    trades_in,
)
from trimtab.adapters.deribit.history import closes_of
from trimtab.adapters.wire.exact import Unreadable, milliseconds
from trimtab.domain.instruments import Asset
from trimtab.domain.orders import Side
from trimtab.domain.rights import KeyRights, KeyUse

MARKET: dict[str, Any] = {
    "instrument_name": "BTC_USDC",
    "kind": "spot",
    "base_currency": "BTC",
    "quote_currency": "USDC",
    "is_active": True,
    "state": "open",
    "min_trade_amount": Decimal("0.0001"),
    "tick_size": Decimal("0.5"),
    "tick_size_steps": [],
    "taker_commission": Decimal("0.0005"),
}
TRADE: dict[str, Any] = {
    "trade_id": "BTC_USDC-123",
    "order_id": "BTC_USDC-77",
    "instrument_name": "BTC_USDC",
    "direction": "buy",
    "amount": Decimal("0.25"),
    "price": Decimal("60000.5"),
    "fee": Decimal("0.000125"),
    "fee_currency": "BTC",
    "timestamp": 1775672947953,
    "label": "ours",
}
WALLET: dict[str, Any] = {
    "currency": "BTC",
    "balance": Decimal("1.5"),
    "available_funds": Decimal("1.25"),
    "cross_collateral_enabled": False,
    "maintenance_margin": Decimal(0),
    "options_value": Decimal(0),
}
ORDER: dict[str, Any] = {
    "order_id": "BTC_USDC-77",
    "instrument_name": "BTC_USDC",
    "direction": "sell",
    "label": "ours",
    "price": Decimal("61000.5"),
    "amount": Decimal("0.5"),
    "filled_amount": Decimal("0.1"),
    "order_state": "open",
}
KEY: dict[str, Any] = {
    "client_id": "mine",
    "enabled": True,
    "max_scope": "account:read trade:read_write wallet:read",
    "ip_whitelist": ["192.0.2.7"],
}
BTC = instrument_of(MARKET, taker_fee=Decimal(0))


def test_a_market_is_read_to_its_last_digit() -> None:
    assert (BTC.symbol, BTC.lot_size, BTC.tick_size) == (
        "BTC/USDC",
        Decimal("0.0001"),
        Decimal("0.5"),
    )
    assert (BTC.taker_fee, BTC.tradable, BTC.lots_min) == (Decimal("0.0005"), True, 1)
    assert instrument_of(MARKET, taker_fee=Decimal("0.002")).taker_fee == Decimal("0.002")


def test_the_coarsest_tick_of_a_grid_is_taken() -> None:
    steps = [{"above_price": 100, "tick_size": Decimal("2.5")}]
    coarse = instrument_of({**MARKET, "tick_size_steps": steps}, taker_fee=Decimal(0))
    assert coarse.tick_size == Decimal("2.5")
    steps = [{"above_price": 100, "tick_size": Decimal("0.7")}]
    with pytest.raises(Unreadable, match="common grid"):
        instrument_of({**MARKET, "tick_size_steps": steps}, taker_fee=Decimal(0))


@pytest.mark.parametrize(
    "changed",
    [{"is_active": False}, {"state": "halted"}, {"is_cbe_routed": True}, {"is_csr": True}],
)
def test_a_market_that_is_closed_or_matched_elsewhere_is_not_traded(
    changed: dict[str, Any],
) -> None:
    assert not instrument_of({**MARKET, **changed}, taker_fee=Decimal(0)).tradable


def test_a_market_that_is_said_to_be_matched_here_is_traded() -> None:
    here = {**MARKET, "is_cbe_routed": False, "is_csr": False}
    assert instrument_of(here, taker_fee=Decimal(0)).tradable


@pytest.mark.parametrize(
    "changed",
    [
        {"min_trade_amount": Decimal(0)},
        {"tick_size": Decimal(0)},
        {"tick_size_steps": None},
        {"is_active": "true"},
        {"is_cbe_routed": "false"},
        {"is_csr": None},
        {"taker_commission": None},
    ],
)
def test_a_market_that_is_spoilt_is_not_read(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        instrument_of({**MARKET, **changed}, taker_fee=Decimal(0))


def test_only_spot_markets_are_listed() -> None:
    answer = {"result": [MARKET, {**MARKET, "kind": "future", "instrument_name": "BTC-PERPETUAL"}]}
    assert list(markets_of(answer)) == ["BTC/USDC"]
    for wrong in ({}, {"result": None}, {"result": [{**MARKET, "instrument_name": ""}]}):
        with pytest.raises(Unreadable):
            markets_of(wrong)


def test_a_band_stands_around_the_middle_of_the_book() -> None:
    told = {"result": {"min_price": Decimal(90), "max_price": Decimal(120)}}
    band = price_band_of(told, Decimal(100))
    assert (band.buy_low, band.buy_high) == (Decimal("0.9"), Decimal("1.2"))
    assert (band.sell_low, band.sell_high) == (Decimal("0.9"), Decimal("1.2"))
    for mid in (Decimal(89), Decimal(121)):
        with pytest.raises(Unreadable):
            price_band_of(told, mid)
    with pytest.raises(Unreadable):
        price_band_of({"result": {"min_price": Decimal(0), "max_price": Decimal(1)}}, Decimal(1))


def test_an_execution_bears_its_label_and_its_fee() -> None:
    fill = fill_of(TRADE, BTC)
    assert (fill.fee, fill.fee_asset, fill.side) == (Decimal("0.000125"), Asset("BTC"), Side.BUY)
    assert fill.trade_id == "1775672947953" + "00000000000000000123"
    assert (fill.venue_order_id, fill.client_order_id) == ("BTC_USDC-77", "ours")
    assert fill_of({**TRADE, "label": ""}, BTC).client_order_id is None
    assert fill_of({**TRADE, "trade_id": "123"}, BTC).trade_id == fill.trade_id


@pytest.mark.parametrize(
    "changed",
    [
        {"trade_id": "BTC_USDC-"},
        {"trade_id": "x-1-2"},
        {"trade_id": 123},
        {"label": 7},
        {"direction": "long"},
        {"fee": None},
        {"fee_currency": ""},
        {"timestamp": 12},
        {"order_id": ""},
    ],
)
def test_an_execution_that_is_spoilt_is_not_read(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        fill_of({**TRADE, **changed}, BTC)


def test_a_list_of_executions_says_whether_it_is_whole() -> None:
    assert trades_in({"result": {"trades": [TRADE], "has_more": True}}) == ((TRADE,), True)
    for wrong in ({"trades": []}, {"trades": [], "has_more": 0}, {"has_more": False}):
        with pytest.raises(Unreadable):
            trades_in({"result": wrong})


def test_a_wallet_is_what_is_held() -> None:
    empty = {**WALLET, "currency": "ETH", "balance": Decimal(0), "available_funds": Decimal(0)}
    (held,) = balances_of({"result": {"summaries": [WALLET, empty]}}).values()
    assert (held.free, held.locked) == (Decimal("1.25"), Decimal("0.25"))


@pytest.mark.parametrize(
    "changed",
    [
        {"cross_collateral_enabled": True},
        {"cross_collateral_enabled": None},
        {"maintenance_margin": Decimal("0.1")},
        {"options_value": Decimal("-0.1")},
        {"available_funds": Decimal(2)},
        {"available_funds": Decimal(-1)},
        {"balance": None},
        {"currency": ""},
    ],
)
def test_coins_that_back_something_or_are_spoilt_are_no_wallet(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        balances_of({"result": {"summaries": [{**WALLET, **changed}]}})


@pytest.mark.parametrize(
    ("side", "trigger", "price", "counts"),
    [
        ("buy", "62000", "65000", "65000"),
        ("buy", "62000", "61000", "62000"),
        ("sell", "59000", "55000", "55000"),
        ("sell", "59000", "60000", "59000"),
        ("sell", "59000", "market_price", "59000"),
    ],
)
def test_an_order_that_waits_counts_at_the_dearer_of_its_trigger_and_its_limit(
    side: str, trigger: str, price: str, counts: str
) -> None:
    limit = price if price == "market_price" else Decimal(price)
    waits = {"order_state": "untriggered", "trigger_price": Decimal(trigger), "price": limit}
    row = one_order({"result": {**ORDER, "direction": side, **waits}})
    assert open_order_of(row, BTC).limit_price == Decimal(counts)


@pytest.mark.parametrize("price", ["", "much", None, True, [], "NaN"])
def test_an_order_that_waits_with_a_price_that_is_none_is_not_read(price: object) -> None:
    waits = {"order_state": "untriggered", "trigger_price": Decimal(59000), "price": price}
    row = one_order({"result": {**ORDER, **waits}})
    with pytest.raises(Unreadable):
        open_order_of(row, BTC)


def test_an_order_that_waits_for_a_trigger_has_its_trigger_as_its_limit() -> None:
    row = one_order({"result": ORDER})
    assert client_id_of(row) == ("BTC_USDC-77", "ours")
    resting = open_order_of(row, BTC)
    assert (resting.limit_price, resting.lots) == (Decimal("61000.5"), -4000)
    waits = {**ORDER, "order_state": "untriggered", "trigger_price": Decimal(59000)}
    waits["price"] = "market_price"
    assert open_order_of(one_order({"result": waits}), BTC).limit_price == Decimal(59000)
    untold = {name: value for name, value in waits.items() if name != "filled_amount"}
    assert open_order_of(one_order({"result": untold}), BTC).lots == -5000
    with pytest.raises(Unreadable, match="filled_amount"):
        open_order_of(one_order({"result": {**untold, "order_state": "open", "price": 1}}), BTC)
    linked = {**untold, "price": Decimal(60000), "is_secondary_oto": True}
    del linked["trigger_price"]
    assert open_order_of(one_order({"result": linked}), BTC).limit_price == Decimal(60000)
    for wrong in (None, [], {**ORDER, "direction": None}, {**ORDER, "instrument_name": 1}):
        with pytest.raises(Unreadable):
            one_order({"result": wrong})
    with pytest.raises(Unreadable):
        orders_in({"result": {"orders": []}})


def test_only_an_order_that_is_said_to_be_cancelled_is() -> None:
    assert cancelled_id({"result": {**ORDER, "order_state": "cancelled"}}) == "BTC_USDC-77"
    with pytest.raises(Unreadable):
        cancelled_id({"result": ORDER})


def rights(*others: dict[str, Any], **changed: object) -> KeyRights:
    """Return the rights of a key of an account with *others*."""
    answer = {"result": [*others, {**KEY, **changed}]}
    return key_rights_of(answer, client_id="mine", use=KeyUse.SEND)


def test_two_keys_of_one_account_name_the_same_wallet() -> None:
    theirs = {**KEY, "client_id": "a key of before"}
    listed = {"result": [KEY, theirs]}
    seen = {
        key_rights_of(listed, client_id=name, use=KeyUse.SEND).wallet
        for name in (KEY["client_id"], theirs["client_id"])
    }
    assert len(seen) == 1
    assert rights().wallet not in seen
    assert "mine" not in rights().wallet


def test_a_key_is_one_of_those_of_the_account() -> None:
    theirs = {**KEY, "client_id": "theirs", "max_scope": "wallet:read_write"}
    known = rights(theirs)
    assert (known.reads, known.trades_spot, known.withdraws) == (True, True, False)
    assert (known.is_bound_to_ip, known.trades_everything) == (True, True)
    assert rights(theirs, max_scope=KEY["max_scope"].split()) == known
    assert not rights(ip_whitelist=[]).is_bound_to_ip
    reading = rights(max_scope="account:read trade:read")
    assert (reading.reads, reading.trades_spot, reading.trades_everything) == (True, False, False)
    assert not rights(max_scope="trade:read_write").reads
    assert not rights(max_scope="account:read").reads


@pytest.mark.parametrize("scope", ["wallet:read_write", "account:read_write", "custody:read_write"])
def test_who_may_move_funds_or_make_another_key_may_carry_them_away(scope: str) -> None:
    known = rights(max_scope=f"account:read trade:read_write {scope}")
    assert known.withdraws
    assert known.transfers_out


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "other"},
        {"enabled": False},
        {"enabled": None},
        {"max_scope": None},
        {"max_scope": [1]},
    ],
)
def test_a_key_that_is_not_told_of_is_not_read(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        rights(**changed)
    with pytest.raises(Unreadable):
        rights(KEY)


def chart(*hours: datetime, status: str = "ok", short: int = 0) -> dict[str, Any]:
    """Return an answer with the closes of *hours*, each its hour of the day."""
    closes = [Decimal(hour.hour + 1) for hour in hours]
    ticks = [milliseconds(hour) for hour in hours]
    return {"result": {"status": status, "ticks": ticks, "close": closes[short:]}}


def test_a_day_closes_with_its_last_hour() -> None:
    first, last = date(2026, 11, 1), date(2026, 11, 2)
    hours = [datetime(2026, 11, day, hour, tzinfo=UTC) for day in (1, 2, 3) for hour in range(24)]
    closes = closes_of(chart(*hours), since=first, until=last)
    assert {day: close.close for day, close in closes.items()} == {first: 24, last: 24}
    assert closes_of(chart(*hours[:23]), since=first, until=last) == {}
    assert closes_of(chart(status="no_data"), since=first, until=last) == {}


def test_hours_that_do_not_match_are_not_read() -> None:
    day = date(2026, 11, 1)
    last = datetime(2026, 11, 1, 23, tzinfo=UTC)
    for wrong in (chart(last, short=1), chart(last, last)):
        with pytest.raises(Unreadable):
            closes_of(wrong, since=day, until=day)
