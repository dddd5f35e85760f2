"""Answers of OKX, read whole or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.wire.opened import intent
from trimtab.adapters.okx.answers import (
    cancelled_id,
    fill_of,
    key_rights_of,
    led_by,
    name_of,
    open_order_of,
    placed_order,
    rows_in,
    taker_fee_of,
)
from trimtab.adapters.okx.instruments import price_band_of, spot_instrument_of, spot_markets
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.instruments import Instrument
from trimtab.domain.orders import Side
from trimtab.domain.rights import KeyRights, KeyUse


def answer(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"code": "0", "msg": "", "data": list(rows)}


def coin_row(**changed: Any) -> dict[str, Any]:
    return {
        "instId": "BTC-USDT",
        "baseCcy": "BTC",
        "quoteCcy": "USDT",
        "lotSz": "0.0001",
        "minSz": "0.00015",
        "maxLmtSz": "9.99995",
        "tickSz": "0.1",
        "state": "live",
        **changed,
    }


def market() -> Instrument:
    return spot_instrument_of(coin_row(), taker_fee=Decimal("0.001"))


def fill_row(**changed: Any) -> dict[str, Any]:
    return {
        "instId": "BTC-USDT",
        "ordId": "680800019749904384",
        "clOrdId": "ours",
        "tradeId": "744876980",
        "side": "sell",
        "fillPx": "51858",
        "fillSz": "0.0019",
        "fee": "-0.09",
        "feeCcy": "USDT",
        "fillTime": "1708587373361",
        "ts": "1708587373362",
        **changed,
    }


def test_sizes_are_kept_inside_what_the_market_takes() -> None:
    seen = market()
    assert (seen.lot_size, seen.tick_size) == (Decimal("0.0001"), Decimal("0.1"))
    assert (seen.lots_min, seen.lots_max, seen.notional_min) == (2, 99999, 0)
    assert seen.tradable
    assert not spot_instrument_of(coin_row(state="suspend"), taker_fee=Decimal(0)).tradable


@pytest.mark.parametrize("wrong", ["0", "-1", "x", ""])
def test_a_market_without_a_grid_is_unreadable(wrong: str) -> None:
    with pytest.raises(Unreadable):
        spot_instrument_of(coin_row(lotSz=wrong), taker_fee=Decimal(0))


def test_markets_are_found_by_their_pair() -> None:
    assert list(spot_markets(answer(coin_row()))) == ["BTC/USDT"]


def test_an_execution_says_what_was_paid_and_is_named_by_its_own_instant() -> None:
    fill = fill_of(fill_row(), market())
    assert (fill.side, fill.quantity, fill.fee) == (Side.SELL, Decimal("0.0019"), Decimal("0.09"))
    assert fill.trade_id == "1708587373361" + "744876980".zfill(20)
    assert fill.client_order_id == "ours"
    assert fill_of(fill_row(clOrdId=""), market()).client_order_id is None
    assert fill_of(fill_row(fee="0.01"), market()).fee == Decimal("-0.01"), "a rebate"


@pytest.mark.parametrize("listed", ["1708587373360", "1708587433362"])
def test_an_execution_that_comes_into_the_list_before_or_long_after_it_is_unreadable(
    listed: str,
) -> None:
    assert fill_of(fill_row(ts="1708587433361"), market())
    with pytest.raises(Unreadable, match="at another time"):
        fill_of(fill_row(ts=listed), market())


def test_a_full_page_leads_to_what_is_older_than_its_least_number() -> None:
    rows = tuple({"billId": number} for number in ("9", "10", "11"))
    assert led_by(rows, "billId", full=3) == (rows, "9")
    assert led_by(rows, "billId", full=4) == (rows, "")


@pytest.mark.parametrize(
    "row",
    [
        {"clOrdId": "another", "ordId": "1", "sCode": "0"},
        {"clOrdId": "x", "ordId": "", "sCode": "0"},
        {"clOrdId": "x", "ordId": "1", "sCode": "51008"},
        {"clOrdId": "x", "ordId": "1"},
    ],
)
def test_an_answer_of_another_order_or_of_none_acknowledges_nothing(row: dict[str, Any]) -> None:
    order = intent(market(), 20, "60000")
    named = {**row, "clOrdId": order.client_order_id} if row["clOrdId"] == "x" else row
    with pytest.raises(Unreadable):
        placed_order(answer(named), order)
    if row["clOrdId"] == "x":
        with pytest.raises(Unreadable):
            cancelled_id(answer(named))


@pytest.mark.parametrize("code", ["1", 0, None, "51000"])
def test_only_code_0_as_text_is_success(code: object) -> None:
    with pytest.raises(Unreadable):
        rows_in({"code": code, "msg": "", "data": []})


def test_a_resting_order_says_what_is_left_of_it() -> None:
    row = {
        "instId": "BTC-USDT",
        "ordId": "7",
        "clOrdId": "",
        "side": "sell",
        "sz": "0.0030",
        "accFillSz": "0.0010",
        "px": "61000.5",
        "reduceOnly": "false",
    }
    (told,) = rows_in(answer(row))
    order = open_order_of(told, market())
    assert (order.lots, order.limit_price, order.reduce_only) == (-20, Decimal("61000.5"), False)
    assert name_of(told) == ""
    with pytest.raises(Unreadable, match="reduceOnly"):
        open_order_of({**told, "reduceOnly": "maybe"}, market())


@pytest.mark.parametrize(
    ("row", "fee"),
    [
        ({"taker": "-0.001", "takerU": "", "takerUSDC": ""}, "0.001"),
        ({"taker": "-0.001", "takerU": "-0.0005", "feeGroup": []}, "0.001"),
        ({"taker": "", "feeGroup": [{"taker": "-0.0007"}, {"taker": "-0.0011"}]}, "0.0011"),
        ({"taker": "0.0001"}, "0"),
    ],
)
def test_the_dearest_rate_that_is_told_counts_and_a_rebate_for_nothing(
    row: dict[str, Any], fee: str
) -> None:
    assert taker_fee_of(answer(row)) == Decimal(fee)


def test_an_answer_without_a_rate_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="no rate"):
        taker_fee_of(answer({"taker": "", "feeGroup": []}))


def limits(**changed: Any) -> dict[str, Any]:
    row = {"instId": "BTC-USDT", "buyLmt": "103", "sellLmt": "98", "enabled": True}
    return answer({**row, **changed})


def test_limits_are_told_as_multiples_of_the_price() -> None:
    band = price_band_of(limits(), market_id="BTC-USDT", price=Decimal(100))
    assert (band.buy_low, band.buy_high) == (Decimal("0.98"), Decimal("1.03"))
    assert (band.sell_low, band.sell_high) == (Decimal("0.98"), Decimal("1.03"))
    nothing = limits(enabled=False, buyLmt="", sellLmt="")
    unstated = price_band_of(nothing, market_id="BTC-USDT", price=Decimal(100))
    assert (unstated.buy_low, unstated.buy_high) == (Decimal("0.95"), Decimal("1.05"))


@pytest.mark.parametrize(
    "changed",
    [{"enabled": "true"}, {"buyLmt": "99"}, {"sellLmt": "101"}, {"sellLmt": "0"}, {"buyLmt": ""}],
)
def test_limits_that_are_no_band_are_unreadable(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        price_band_of(limits(**changed), market_id="BTC-USDT", price=Decimal(100))


def test_limits_of_another_market_are_unreadable() -> None:
    with pytest.raises(Unreadable, match="another market"):
        price_band_of(limits(), market_id="ETH-USDT", price=Decimal(100))


def rights(**changed: Any) -> KeyRights:
    row = {"perm": "read_only,trade", "ip": "", "enableSpotBorrow": False, **changed}
    return key_rights_of(answer(row), use=KeyUse.SEND)


def test_rights_are_what_the_words_say() -> None:
    assert (rights().reads, rights().trades_spot, rights().withdraws) == (True, True, False)
    assert (rights().trades_everything, rights().transfers_within) == (True, True)
    reads = rights(perm="read_only", enableSpotBorrow=True)
    assert (reads.trades_spot, reads.borrows, reads.trades_everything) == (False, False, False)
    assert rights(perm="read_only,trade,withdraw").withdraws
    assert rights(enableSpotBorrow=True).borrows
    assert (rights().is_bound_to_ip, rights(ip="10.0.0.1").is_bound_to_ip) == (False, True)


def test_whose_wallet_it_is_is_told_by_the_account() -> None:
    assert rights().wallet == ""
    assert rights(uid="44705892343619584").wallet == "okx 44705892343619584"


@pytest.mark.parametrize(
    "changed", [{"perm": "trade,fly"}, {"perm": ""}, {"ip": None}, {"enableSpotBorrow": "false"}]
)
def test_rights_with_something_strange_are_unreadable(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        rights(**changed)
