"""What Coinbase writes is read whole and strictly, or not at all."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.coinbase_floor import (
    PORTFOLIO,
    account_row,
    order_row,
    product_row,
)
from trimtab.adapters.coinbase.answers import (
    Permissions,
    balances_of,
    beside_of,
    page_in,
    permissions_of,
)
from trimtab.adapters.coinbase.history import closes_of
from trimtab.adapters.coinbase.instruments import (
    instrument_of,
    markets_of,
    shared_book_of,
    taker_fee_of,
)
from trimtab.adapters.coinbase.trading import (
    fill_page_in,
    open_order_of,
    place_of,
    posted_at,
    written,
)
from trimtab.adapters.wire.exact import Unreadable, Unserved
from trimtab.domain.instruments import Asset

NOW = datetime(2026, 11, 30, tzinfo=UTC)
ROW: dict[str, Any] = {**product_row("BTC-USDC"), "symbol": "BTC-USDC"}
BTC = instrument_of(ROW, taker_fee=Decimal("0.012"))
KEY = Permissions(views=True, trades=False, transfers=False, portfolio=PORTFOLIO)
LEVELS = {"bids": [{"price": "9", "size": "1"}], "asks": [{"price": "10", "size": "2"}]}
NO_SHAPE: tuple[object, ...] = (None, [], {}, "", 7, True)


def test_a_product_is_read_with_grid_and_bounds() -> None:
    assert (BTC.lot_size, BTC.tick_size) == (Decimal("0.00000001"), Decimal("0.01"))
    assert (BTC.lots_min, BTC.lots_max) == (1, 340_000_000_000)
    assert (BTC.base, BTC.quote, BTC.settle) == ("BTC", "USDC", "USDC")
    assert BTC.notional_min == BTC.notional_min_reduce_only == 1
    assert BTC.tradable


@pytest.mark.parametrize(
    "switch",
    ["is_disabled", "trading_disabled", "cancel_only", "post_only", "auction_mode", "view_only"],
)
def test_a_product_where_nothing_fills_at_once_is_not_tradable(switch: str) -> None:
    assert not instrument_of({**ROW, switch: True}, taker_fee=Decimal(0)).tradable
    for wrong in (None, "false", 0):
        with pytest.raises(Unreadable, match=switch):
            instrument_of({**ROW, switch: wrong}, taker_fee=Decimal(0))


def test_a_product_that_takes_limits_alone_is_tradable() -> None:
    assert instrument_of({**ROW, "limit_only": True}, taker_fee=Decimal(0)).tradable


def test_pairs_are_told_once_and_are_of_coins() -> None:
    rows = [product_row("BTC-USD"), product_row("BTC-USDC")]
    assert {s: r["symbol"] for s, r in markets_of({"products": rows}).items()} == {
        "BTC/USD": "BTC-USD",
        "BTC/USDC": "BTC-USDC",
    }
    for wrong in (
        [*rows, rows[0]],
        [{**rows[0], "product_type": "FUTURE"}],
        [{**rows[0], "product_id": ""}],
    ):
        with pytest.raises(Unreadable):
            markets_of({"products": wrong})


@pytest.mark.parametrize("told", ["BTC-USDC", "BTC-USD"])
def test_a_book_is_that_of_the_product_or_of_the_one_whose_book_it_shares(told: str) -> None:
    answer = {"pricebook": {"product_id": told, **LEVELS}}
    book = shared_book_of(answer, ROW, BTC, read_at=NOW)
    assert book is not None
    assert (book.bids[0].price, book.asks[0].quantity) == (9, 2)


def test_a_one_sided_book_is_none_and_another_one_unreadable() -> None:
    answer = {"pricebook": {"product_id": "BTC-USDC", **LEVELS, "asks": []}}
    assert shared_book_of(answer, ROW, BTC, read_at=NOW) is None
    for name in ("ETH-USDC", ""):
        other = {"pricebook": {"product_id": name, **LEVELS}}
        with pytest.raises(Unreadable):
            shared_book_of(other, ROW, BTC, read_at=NOW)
    no_alias = {**ROW, "alias": ""}
    with pytest.raises(Unreadable):
        shared_book_of(
            {"pricebook": {"product_id": "BTC-USD", **LEVELS}}, no_alias, BTC, read_at=NOW
        )


def test_the_fee_is_that_of_a_taker_and_a_rebate_is_none() -> None:
    tier = {"taker_fee_rate": "0.012", "maker_fee_rate": "0.006"}
    assert taker_fee_of({"fee_tier": tier}) == Decimal("0.012")
    assert taker_fee_of({"fee_tier": {"taker_fee_rate": "-0.001"}}) == 0
    assert taker_fee_of({"fee_tier": tier, "goods_and_services_tax": {}}) == Decimal("0.012")
    with pytest.raises(Unserved, match="taxed"):
        taker_fee_of({"fee_tier": tier, "goods_and_services_tax": {"rate": "0.1"}})
    for wrong in ({}, {"fee_tier": {}}, {"fee_tier": tier, "goods_and_services_tax": []}):
        with pytest.raises(Unreadable):
            taker_fee_of(wrong)


@pytest.mark.parametrize("told", NO_SHAPE)
def test_a_page_that_does_not_say_whether_it_is_the_last_is_none(told: object) -> None:
    if told is not True:
        with pytest.raises(Unreadable):
            page_in({"accounts": [], "has_next": told, "cursor": "7"}, "accounts")
    with pytest.raises(Unreadable):
        page_in({"accounts": [], "has_next": True, "cursor": ""}, "accounts")
    assert page_in({"accounts": [], "has_next": False}, "accounts") == ((), "")
    assert page_in({"accounts": [{}], "has_next": True, "cursor": "7"}, "accounts") == (({},), "7")
    with pytest.raises(Unreadable, match="a page without rows leads on"):
        page_in({"accounts": [], "has_next": True, "cursor": "7"}, "accounts")


@pytest.mark.parametrize(
    "changed",
    [
        {"available_balance": {"value": "1", "currency": "ETH"}},
        {"available_balance": {"value": "-1", "currency": "BTC"}},
        {"hold": {"value": "-1", "currency": "BTC"}},
        {"hold": {"value": "1"}},
        {"type": "ACCOUNT_TYPE_NEVER_SEEN"},
        {"type": ""},
        {"platform": None},
        {"ready": None},
        {"active": "true"},
    ],
)
def test_an_account_that_is_not_whole_makes_all_unreadable(changed: dict[str, object]) -> None:
    rows = [account_row("ETH", Decimal(1)), account_row("BTC", Decimal(1), **changed)]
    with pytest.raises(Unreadable):
        balances_of(rows, KEY)


def test_an_empty_account_of_a_strange_type_keeps_nothing_from_being_read() -> None:
    rows = [account_row("XYZ", Decimal(0), type="NEVER_SEEN"), account_row("BTC", Decimal(1))]
    assert set(balances_of(rows, KEY)) == {"BTC"}
    assert beside_of(rows) == ()


def test_a_portfolio_that_is_not_told_is_taken_for_the_keys() -> None:
    rows = [account_row("BTC", Decimal(1), retail_portfolio_id="")]
    assert balances_of(rows, KEY)[Asset("BTC")].free == 1
    assert beside_of(rows) == ()


def test_permissions_are_told_whole() -> None:
    told: dict[str, object] = {
        "can_view": True,
        "can_trade": False,
        "can_transfer": False,
        "portfolio_uuid": PORTFOLIO,
        "portfolio_type": "CONSUMER",
    }
    assert permissions_of(told) == KEY
    for name in told:
        with pytest.raises(Unreadable):
            permissions_of({k: v for k, v in told.items() if k != name})


def test_an_order_of_contracts_has_no_place_here() -> None:
    assert place_of(order_row())[1] == "BTC-USDT"
    with pytest.raises(Unreadable):
        place_of(order_row(product_type="FUTURE"))


@pytest.mark.parametrize("status", ["FILLED", "CANCELLED", "UNKNOWN_ORDER_STATUS", ""])
def test_an_order_that_has_ended_is_none_that_may_fill(status: str) -> None:
    assert open_order_of(order_row(), BTC).limit_price == 65_000
    with pytest.raises(Unreadable):
        open_order_of(order_row(status=status), BTC)


def test_closes_are_of_the_days_that_were_asked_for() -> None:
    start = int(datetime(2026, 11, 27, tzinfo=UTC).timestamp())
    rows = [{"start": str(start + n * 86_400), "close": str(n)} for n in (2, 1, 0)]
    found = closes_of({"candles": rows}, since=date(2026, 11, 28), until=date(2026, 11, 28))
    assert {day: close.close for day, close in found.items()} == {date(2026, 11, 28): 1}
    for wrong in (
        [*rows, rows[0]],
        [{"start": str(start + 1), "close": "1"}],
        [{"start": str(start), "close": "NaN"}],
        [{"close": "1"}],
    ):
        with pytest.raises(Unreadable):
            closes_of({"candles": wrong}, since=date(2026, 11, 28), until=date(2026, 11, 28))


TIMES = {
    "trade_time": "2026-11-30T10:00:00.091377090Z",
    "sequence_timestamp": "2026-11-30T10:00:00.092520Z",
}


def test_an_execution_counts_as_of_the_later_of_its_two_times() -> None:
    later = datetime(2026, 11, 30, 10, 0, 0, 92_000, tzinfo=UTC)
    assert posted_at(TIMES) == later
    swapped = dict(zip(TIMES, reversed(TIMES.values()), strict=True))
    assert posted_at(swapped) == later
    elsewhere = {**TIMES, "trade_time": "2026-11-30T12:00:00.093+02:00"}
    assert posted_at(elsewhere) == later.replace(microsecond=93_000)


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("wrong", ["2026-11-30T10:00:00", "soon", "", None, 1_796_032_800])
def test_an_execution_without_an_instant_is_not_read(name: str, wrong: object) -> None:
    with pytest.raises(Unreadable, match=name):
        posted_at({**TIMES, name: wrong})


def test_an_instant_goes_out_as_the_venue_writes_it() -> None:
    at = datetime(2026, 11, 30, 10, 0, 0, 92_520, tzinfo=UTC)
    assert written(at) == "2026-11-30T10:00:00.092Z"


@pytest.mark.parametrize("wrong", [None, 7, [], {}])
def test_a_page_of_executions_without_its_mark_is_not_read(wrong: object) -> None:
    assert fill_page_in({"fills": [], "cursor": ""}) == ((), "")
    with pytest.raises(Unreadable, match="cursor"):
        fill_page_in({"fills": [], "cursor": wrong})
    with pytest.raises(Unreadable, match="cursor"):
        fill_page_in({"fills": []})
