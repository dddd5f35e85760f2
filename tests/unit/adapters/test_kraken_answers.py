"""What Kraken's answers say, read whole or not at all, and the names that it knows."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.adapters.frame.offset_pages import read_whole
from trimtab.adapters.kraken.answers import key_rights_of, result_of
from trimtab.adapters.kraken.instruments import (
    balances_of,
    instrument_of,
    markets_of,
    taker_fees_of,
    told_of,
)
from trimtab.adapters.kraken.names import asset_of, name_of_uuid, uuid_of
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.errors import NotDone, Refused
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import ClientOrderId, client_order_id
from trimtab.domain.rights import KeyUse
from trimtab.venues.facts import Market
from trimtab.venues.known import KNOWN

DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)


def ok(result: Any) -> dict[str, Any]:
    return {"error": [], "result": result}


# Names


@given(digest=DIGESTS, line=st.integers(1, 10**6), attempt=st.integers(1, 100))
def test_a_name_and_its_uuid_are_one_to_one(digest: str, line: int, attempt: int) -> None:
    name = client_order_id(plan_digest=digest, line=line, attempt=attempt)
    uuid = uuid_of(name)
    assert re.fullmatch(KNOWN["kraken"].markets[Market.SPOT].client_id.pattern, uuid)
    assert name_of_uuid(uuid) == name_of_uuid(uuid.upper()) == name
    assert name_of_uuid(uuid.replace("-", "")) == name


@pytest.mark.parametrize(
    ("told", "name"),
    [
        (None, ""),
        ("", ""),
        ("arb-20260509-00010", "arb-20260509-00010"),
        ("d15708c1-dbb6-465d-b77d-47258319cc90", "d15708c1-dbb6-465d-b77d-47258319cc90"),
    ],
)
def test_what_others_call_an_order_is_told_as_it_is(told: Any, name: str) -> None:
    assert name_of_uuid(told) == name


@pytest.mark.parametrize("told", [7, True, [], {}])
def test_a_name_that_is_no_text_is_unreadable(told: Any) -> None:
    with pytest.raises(Unreadable):
        name_of_uuid(told)


@pytest.mark.parametrize("name", ["by-hand", "b" + "a" * 27, "", "b" + "1" * 27])
def test_a_name_that_could_not_be_told_back_is_sent_nowhere(name: str) -> None:
    with pytest.raises(Refused):
        uuid_of(ClientOrderId(name))


@pytest.mark.parametrize(
    ("code", "asset"),
    [
        *(("XXBT", "BTC"), ("XBT", "BTC"), ("XXDG", "DOGE"), ("XETH", "ETH"), ("ZUSD", "USD")),
        *(("ZEUR", "EUR"), ("USDT", "USDT"), ("USDC", "USDC"), ("XTZ", "XTZ"), ("ZRX", "ZRX")),
        *(("LUNA", "LUNC"), ("LUNA2", "LUNA"), ("UST", "USTC"), ("SOL", "SOL"), ("XCN", "XCN")),
    ],
)
def test_a_coin_bears_the_name_that_it_has_elsewhere(code: str, asset: str) -> None:
    assert asset_of(code) == asset


# Answers


@pytest.mark.parametrize("error", [["EOrder:x"], ["WGeneral:x"], "", None, [7], {}])
def test_an_answer_that_tells_an_error_tells_nothing_else(error: Any) -> None:
    with pytest.raises(Unreadable):
        result_of({"error": error, "result": {}})


def test_what_is_bound_in_orders_is_not_free() -> None:
    told = {"XXBT": {"balance": "1.2435", "hold_trade": "0.8423"}}
    (balance,) = balances_of(ok(told)).values()
    assert (balance.free, balance.locked) == (Decimal("0.4012"), Decimal("0.8423"))


@pytest.mark.parametrize(
    "told",
    [
        {"XXBT": {"balance": "1", "hold_trade": "2"}},
        {"XXBT": {"balance": "1", "hold_trade": "-1"}},
        {"XXBT": {"balance": "1"}},
        {"XXBT": "1"},
        {"XXBT": {"balance": "1", "hold_trade": "0"}, "XBT": {"balance": "1", "hold_trade": "0"}},
        {"DOT.S": {"balance": "x", "hold_trade": "0"}},
        {"XXBT": {"balance": "1", "hold_trade": "0", "credit": "x"}},
    ],
)
def test_a_wallet_is_read_whole_or_not_at_all(told: Any) -> None:
    with pytest.raises(Unreadable):
        balances_of(ok(told))


def pair(**changed: Any) -> dict[str, Any]:
    row = {"altname": "XBTUSD", "aclass_base": "currency", "base": "XXBT", "lot_multiplier": 1}
    row |= {"aclass_quote": "currency", "quote": "ZUSD", "pair_decimals": 1, "lot_decimals": 8}
    row |= {"ordermin": "0.00005", "costmin": "0.5", "tick_size": "0.1", "status": "online"}
    return {"symbol": "XXBTZUSD", **row, **changed}


def test_a_market_is_known_by_all_of_its_names() -> None:
    pairs: dict[str, str] = {}
    found = markets_of(ok({"XXBTZUSD": pair()}), pairs)
    assert list(found) == [Symbol("BTC/USD")]
    assert pairs == {"XXBTZUSD": "XXBTZUSD", "XBTUSD": "XXBTZUSD"}


def test_two_markets_of_the_same_coins_are_unreadable() -> None:
    with pytest.raises(Unreadable, match="two markets"):
        markets_of(ok({"XXBTZUSD": pair(), "XBTUSD": pair(base="XBT")}), {})


def test_a_market_has_the_grid_and_the_least_sizes_that_the_venue_states() -> None:
    read = instrument_of(pair(tick_size="0.5"), taker_fee=Decimal("0.004"))
    assert (read.lot_size, read.tick_size) == (Decimal("1E-8"), Decimal("0.5"))
    assert (read.lots_min, read.notional_min) == (5000, Decimal("0.5"))
    assert (read.base, read.quote, read.settle) == (Asset("BTC"), Asset("USD"), Asset("USD"))
    assert read.tradable


@pytest.mark.parametrize("status", ["cancel_only", "post_only", "limit_only", "reduce_only", "x"])
def test_a_market_that_is_not_online_is_not_traded(status: str) -> None:
    assert not instrument_of(pair(status=status), taker_fee=Decimal(0)).tradable


@pytest.mark.parametrize(
    "changed", [{"lot_multiplier": 10}, {"tick_size": "0.01"}, {"lot_decimals": -1}]
)
def test_a_market_on_no_grid_that_is_told_is_unreadable(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        instrument_of(pair(**changed), taker_fee=Decimal(0))


def test_fees_are_told_in_hundredths_and_of_each_market_that_was_asked_for() -> None:
    told = ok({"fees": {"XXBTZUSD": {"fee": "0.4000"}, "XETHZUSD": {"fee": "-0.01"}}})
    fees = taker_fees_of(told, ["XXBTZUSD", "XETHZUSD"])
    assert fees == {"XXBTZUSD": Decimal("0.004"), "XETHZUSD": 0}
    with pytest.raises(Unreadable):
        taker_fees_of(told, ["XXBTZUSD", "SOLUSD"])


@pytest.mark.parametrize("told", [{}, {"XETHZUSD": 1}, {"XBTUSD": 1, "XETHZUSD": 2}])
def test_an_answer_about_another_market_is_unreadable(told: Any) -> None:
    pairs = {"XXBTZUSD": "XXBTZUSD", "XBTUSD": "XXBTZUSD", "XETHZUSD": "XETHZUSD"}
    assert told_of(ok({"XBTUSD": 7, "last": 8}), "XXBTZUSD", pairs) == 7
    with pytest.raises(Unreadable):
        told_of(ok(told), "XXBTZUSD", pairs)


# The key


def key(**changed: Any) -> dict[str, Any]:
    may = ["query-funds", "query-open-trades", "query-closed-trades", "modify-trades"]
    row = {"permissions": may, "queryFrom": "0", "queryTo": "0", "ipAllowlist": []}
    return ok({**row, **changed})


def test_a_key_reads_and_trades_and_does_no_more() -> None:
    rights = key_rights_of(key(), use=KeyUse.SEND)
    assert (rights.reads, rights.trades_spot, rights.withdraws) == (True, True, False)
    assert (rights.is_bound_to_ip, rights.trades_everything) == (False, True)
    assert key_rights_of(key(ipAllowlist=["192.0.2.7"]), use=KeyUse.SEND).is_bound_to_ip


@pytest.mark.parametrize(
    "word", ["withdraw-funds", "add-withdraw-address", "update-withdraw-address"]
)
def test_whatever_leads_out_counts_as_the_right_to_withdraw(word: str) -> None:
    may = [*key()["result"]["permissions"], word]
    assert key_rights_of(key(permissions=may), use=KeyUse.SEND).withdraws


@pytest.mark.parametrize(
    "changed",
    [{"queryFrom": "1770000000"}, {"queryTo": "1770000000"}, {"permissions": ["query-funds"]}],
)
def test_a_key_that_is_not_told_all_does_not_read(changed: dict[str, Any]) -> None:
    assert not key_rights_of(key(**changed), use=KeyUse.SEND).reads


@pytest.mark.parametrize("changed", [{"permissions": ["fly"]}, {"permissions": None}])
def test_a_right_of_no_known_name_is_not_passed_over(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        key_rights_of(key(**changed), use=KeyUse.SEND)


# Pages


@given(count=st.integers(0, 130), page=st.integers(1, 50), pushed=st.integers(0, 3))
async def test_a_list_that_grows_while_it_is_read_is_read_whole(
    count: int, page: int, pushed: int
) -> None:
    rows = {f"old {n}": n for n in range(count)}
    listed = list(rows)

    async def ask(begins_at: int) -> tuple[dict[str, int], int]:
        some = dict.fromkeys(listed[begins_at : begins_at + page], 0)
        answer = some, len(listed)
        if begins_at < pushed * page:
            listed.insert(0, f"new {begins_at}")
        return answer

    try:
        found = await read_whole(ask, what="rows", pages_max=500)
    except NotDone:
        return  # It changed, and that is said: whoever asks again reads it whole.
    assert rows.keys() <= found.keys()


async def test_a_list_that_shrinks_while_it_is_read_is_not_taken_for_whole() -> None:
    async def ask(begins_at: int) -> tuple[dict[str, int], int]:
        return ({"a": 1, "b": 2}, 3) if begins_at == 0 else ({"b": 2}, 3)

    with pytest.raises(NotDone, match="changed"):
        await read_whole(ask, what="rows", pages_max=5)


async def test_a_list_without_an_end_is_not_read_for_ever() -> None:
    async def ask(begins_at: int) -> tuple[dict[str, int], int]:
        return {str(begins_at): 1}, begins_at + 2

    with pytest.raises(NotDone, match="no end"):
        await read_whole(ask, what="rows", pages_max=5)
