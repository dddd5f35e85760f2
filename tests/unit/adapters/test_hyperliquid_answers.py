"""What Hyperliquid's answers say, read whole or not at all."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.opened import perpetual_btc
from trimtab.adapters.hyperliquid.answers import (
    balances_of,
    fill_of,
    key_rights_of,
    open_rows,
    require_account,
    require_plain,
    status_row,
)
from trimtab.adapters.hyperliquid.markets import instrument_of, tick_of
from trimtab.adapters.hyperliquid.names import cloid_of, name_of_cloid
from trimtab.adapters.hyperliquid.signing import plain
from trimtab.adapters.wire.exact import Unreadable, Unserved
from trimtab.domain.errors import Refused
from trimtab.domain.instruments import Asset
from trimtab.domain.orders import ClientOrderId, client_order_id
from trimtab.domain.rights import KeyUse
from trimtab.risk.key_powers import KeyNeeds, key_faults

ACCOUNT = "0x" + "ac" * 20
NEEDS = KeyNeeds(spot=True, futures=False, topups=False, transfers=False)
DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)


# Names


@given(digest=DIGESTS, line=st.integers(1, 10**6), attempt=st.integers(1, 100))
def test_a_name_and_its_128_bits_are_one_to_one(digest: str, line: int, attempt: int) -> None:
    name = client_order_id(plan_digest=digest, line=line, attempt=attempt)
    cloid = cloid_of(name)
    assert re.fullmatch(r"0x[0-9a-f]{32}", cloid)
    assert name_of_cloid(cloid) == name_of_cloid("0x" + cloid[2:].upper()) == name


@given(bits=st.integers(0, 2**128 - 1))
def test_whatever_128_bits_are_told_they_are_one_name_and_no_two_share_it(bits: int) -> None:
    cloid = f"0x{bits:032x}"
    name = name_of_cloid(cloid)
    if bits < 2**125:
        assert cloid_of(name) == cloid
    else:
        assert name == cloid, "somebody else's, told as it is"


@pytest.mark.parametrize(
    "name", ["by-hand", "b" + "a" * 27, "0x" + "ab" * 16, "", "b" + "1" * 27, "B" + "a" * 27]
)
def test_a_name_that_could_not_be_told_back_is_not_sent(name: str) -> None:
    with pytest.raises(Refused, match="128 bits"):
        cloid_of(ClientOrderId(name))


@pytest.mark.parametrize("cloid", ["", "0x12", "12" * 16, 7, True, "0x" + "zz" * 16])
def test_a_name_of_another_form_is_unreadable(cloid: object) -> None:
    with pytest.raises(Unreadable):
        name_of_cloid(cloid)


def test_no_name_is_no_name() -> None:
    assert name_of_cloid(None) == ""


# Prices


@given(
    mark=st.decimals(Decimal("0.00000001"), Decimal(10**7), places=8),
    share=st.decimals(Decimal("0.01"), Decimal(2), places=6),
    size_decimals=st.integers(0, 8),
)
def test_every_price_on_the_grid_up_to_twice_the_present_one_is_one_that_the_venue_takes(
    mark: Decimal, share: Decimal, size_decimals: int
) -> None:
    tick = tick_of(mark, size_decimals=size_decimals)
    price = mark * share // tick * tick
    digits = plain(price).replace(".", "").lstrip("0")
    decimals = len(plain(price).partition(".")[2])
    assert price == price.to_integral_value() or len(digits) <= 5
    assert decimals <= 8 - size_decimals
    assert price <= 2 * mark


@pytest.mark.parametrize(
    ("mark", "size_decimals", "tick"),
    [
        ("60000", 5, "1"),
        ("123456", 5, "1"),
        ("4.62", 2, "0.0001"),
        ("5.01", 2, "0.001"),
        ("0.20955", 0, "0.00001"),
        ("0.0000123", 0, "0.00000001"),
        ("31.4", 7, "0.1"),
    ],
)
def test_the_grid_is_the_coarsest_near_the_price(mark: str, size_decimals: int, tick: str) -> None:
    assert tick_of(Decimal(mark), size_decimals=size_decimals) == Decimal(tick)


@pytest.mark.parametrize(
    ("value", "text"),
    [("60001.00", "60001"), ("0.00400", "0.004"), ("1E+3", "1000"), ("1E-8", "0.00000001")],
)
def test_numbers_go_out_without_zeros_at_their_end(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


def test_a_market_without_a_price_is_not_traded() -> None:
    row = {
        "symbol": "@142",
        "base": Asset("UBTC"),
        "quote": Asset("USDC"),
        "asset": 10_142,
        "szDecimals": 5,
        "fee": "0.0007",
    }
    for told in (None, "0.0"):
        assert not instrument_of({**row, "markPx": told}, taker_fee=Decimal(0)).tradable
    assert instrument_of({**row, "markPx": "60000.0"}, taker_fee=Decimal(0)).tradable
    with pytest.raises(Unreadable, match="szDecimals"):
        instrument_of({**row, "markPx": "1", "szDecimals": 9}, taker_fee=Decimal(0))


# The wallet


def coin(name: str, token: int, total: str, hold: str = "0.0") -> dict[str, Any]:
    return {"coin": name, "token": token, "total": total, "hold": hold, "entryNtl": "0.0"}


COINS = {0: Asset("USDC"), 197: Asset("UBTC")}


def test_what_is_held_back_is_not_free_and_coins_of_which_there_is_none_are_left_out() -> None:
    rows = [coin("USDC", 0, "14.625485", "4.1"), coin("UBTC", 197, "0.0")]
    (balance,) = balances_of({"balances": rows}, COINS).items()
    assert balance[0] == "USDC"
    assert (balance[1].free, balance[1].locked) == (Decimal("10.525485"), Decimal("4.1"))


def test_a_coin_that_shares_its_name_is_told_by_its_number_and_never_as_the_other() -> None:
    found = balances_of({"balances": [coin("UBTC", 500, "3")]}, {0: Asset("USDC")})
    assert set(found) == {"UBTC#500"}


@pytest.mark.parametrize(
    "rows",
    [
        [coin("USDC", 0, "1", "2")],
        [coin("USDC", 0, "-1")],
        [coin("USDC", 0, "1", "-1")],
        [coin("USDC", 0, "1"), coin("USDC", 0, "1")],
        [coin("UBTC", 0, "1")],
        [{"coin": "USDC", "total": "1", "hold": "0"}],
    ],
)
def test_a_wallet_that_contradicts_itself_is_unreadable(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(Unreadable):
        balances_of({"balances": rows}, COINS)


@pytest.mark.parametrize("mode", ["unifiedAccount", "portfolioMargin", "dexAbstraction", "new"])
def test_an_account_whose_coins_back_something_is_not_served_and_says_what_to_set(
    mode: str,
) -> None:
    with pytest.raises(Unserved, match=mode) as raised:
        require_plain(mode)
    assert raised.value.next_step.startswith("set the account")


@pytest.mark.parametrize("told", [None, "", {}, [], 1])
def test_a_state_that_is_not_told_is_unreadable(told: object) -> None:
    with pytest.raises(Unreadable):
        require_plain(told)


def test_coins_apart_from_contracts_are_served() -> None:
    assert require_plain("default")
    assert require_plain("disabled")


# Whose key it is


@pytest.mark.parametrize("role", ["agent", "subAccount", "vault", "missing"])
def test_an_address_that_is_no_account_of_its_own_is_not_served(role: str) -> None:
    with pytest.raises(Unserved, match=role):
        require_account({"role": role})


def test_an_api_wallet_of_the_account_trades_and_carries_nothing_away() -> None:
    told = {"role": "agent", "data": {"user": ACCOUNT.upper().replace("X", "x")}}
    faults = key_faults(key_rights_of(told, account=ACCOUNT, use=KeyUse.SEND), NEEDS)
    assert (faults.dangerous, faults.missing) == ((), ())
    assert any("between wallets" in each for each in faults.careless), "it may feed a vault"


@pytest.mark.parametrize("role", ["user", "vault", "subAccount", "something new"])
def test_a_wallet_that_owns_an_account_is_one_that_may_withdraw(role: str) -> None:
    faults = key_faults(key_rights_of({"role": role}, account=ACCOUNT, use=KeyUse.SEND), NEEDS)
    assert "withdraw" in faults.dangerous


@pytest.mark.parametrize(
    "told", [{"role": "missing"}, {"role": "agent", "data": {"user": "0x" + "bb" * 20}}]
)
def test_a_wallet_that_nobody_or_somebody_else_approved_may_not_trade(told: object) -> None:
    faults = key_faults(key_rights_of(told, account=ACCOUNT, use=KeyUse.SEND), NEEDS)
    assert faults.missing == ("trade spot",)


@pytest.mark.parametrize("told", [{}, {"role": None}, {"role": "agent"}, [], None])
def test_a_role_that_is_not_told_is_unreadable(told: object) -> None:
    with pytest.raises(Unreadable):
        key_rights_of(told, account=ACCOUNT, use=KeyUse.SEND)


# Orders and executions


def test_orders_of_contracts_are_of_another_wallet_and_still_read_whole() -> None:
    row = {"coin": "ETH", "oid": 1, "side": "B", "cloid": None}
    other = [{**row, "coin": name} for name in ("xyz:TSLA", "#12110", "@107", "PURR/USDC")]
    assert [r["symbol"] for r in open_rows([row, *other])] == ["@107", "PURR/USDC"]
    with pytest.raises(Unreadable):
        open_rows([{**row, "side": "buy"}])


@pytest.mark.parametrize(
    "told", [{}, {"status": "ok"}, {"status": "order"}, [], None, "unknownOid"]
)
def test_only_the_whole_word_says_that_there_is_no_order(told: object) -> None:
    with pytest.raises(Unreadable):
        status_row(told)
    assert status_row({"status": "unknownOid"}) is None


@pytest.mark.parametrize("change", [{"feeToken": "HYPE"}, {"sz": "0.0"}, {"px": "-1"}])
def test_an_execution_of_nothing_or_with_a_strange_fee_is_unreadable(
    change: dict[str, object],
) -> None:
    row = {
        "coin": "@142",
        "px": "60001",
        "sz": "0.004",
        "side": "B",
        "time": 1_762_697_535_160,
        "oid": 7,
        "fee": "0.0000028",
        "tid": 0,
        "feeToken": "BTC",
    }
    assert fill_of(row, perpetual_btc()).client_order_id is None
    with pytest.raises(Unreadable):
        fill_of({**row, **change}, perpetual_btc())
