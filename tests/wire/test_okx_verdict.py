"""What an answer of OKX means for an order: its codes stand beside the order, with status 200."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.okx_floor import OkxFloor, of_order
from tests.conformance.spoken import Told
from tests.conformance.stage import from_the_start, staged
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.domain.instruments import Asset
from trimtab.domain.payments import PaymentKind
from trimtab.domain.rights import KeyRights
from trimtab.domain.snapshot import PositionMode
from trimtab.ports import FillCursor
from trimtab.venues.facts import Market


def told(code: object, *, status: int = 200, data: Any = ()) -> Told:
    document = {"code": code, "msg": "because", "data": list(data)}
    return Told(status=status, body=json.dumps(document).encode())


def about_order(**row: object) -> Told:
    told_of = {"clOrdId": "", "ordId": "", "tag": "", "sCode": "0", "sMsg": "", **row}
    return told("0", data=[told_of])


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        *((of_order(code, "because"), Refused) for code in ("51000", "51008", "51121", "51137")),
        *((told(code, status=401), Refused) for code in ("50105", "50111", "50113")),
        *((told(code, status=400), Refused) for code in ("50014", "50002")),
        *((told(code), Refused) for code in ("50027", "51001")),
        (told("50102", status=401), NotDone),
        (told("50036"), NotDone),
        (told("50011"), NotDone),
        (told("50011", status=429), NotDone),
        (told("50013", status=429), NotDone),
        (told("50013"), OutcomeUnknown),
        (of_order("50061", "because"), NotDone),
        (of_order("51016", "because"), OutcomeUnknown),
        *((told(code, status=400), OutcomeUnknown) for code in ("50004",)),
        *((told(code), OutcomeUnknown) for code in ("1", "2", "50001", "50026", "50037", "424242")),
        *((of_order(code, "because"), OutcomeUnknown) for code in ("50004", "51149", "424242")),
        (told("50001", status=503), OutcomeUnknown),
        (told("51008", status=500), OutcomeUnknown),
        (told("0"), OutcomeUnknown),
        (about_order(ordId="1", clOrdId="another"), OutcomeUnknown),
        (told("0", data=[{"ordId": "1"}, {"ordId": "2"}]), OutcomeUnknown),
        (Told(status=403, body=b"<html></html>"), OutcomeUnknown),
    ],
)
async def test_only_a_code_that_is_listed_proves_anything_about_an_order(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("okx", Market.SPOT) as stage:
        stage.line.spoil(answer, which=stage.floor.is_order)
        with pytest.raises(VenueError) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert type(raised.value) is error, raised.value
        assert stage.floor.orders() == []


async def test_the_code_of_the_order_goes_before_that_of_the_whole_answer() -> None:
    async with staged("okx", Market.SPOT) as stage:
        stage.line.spoil(of_order("51008", "too little"), which=stage.floor.is_order)
        with pytest.raises(Refused) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
    evidence = raised.value.evidence
    assert evidence is not None
    assert (evidence.code, evidence.message) == ("51008", "too little")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (told("50111", status=401), Refused),
        (told("50030"), Refused),
        (told("50011"), NotDone),
        (told("50001", status=503), NotDone),
        (told("424242"), NotDone),
    ],
)
async def test_a_read_that_is_declined_is_no_empty_account(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("okx", Market.SPOT) as stage:
        for _ in range(4):
            stage.line.spoil(answer, which=stage.floor.is_account)
        with pytest.raises(VenueError) as raised:
            await stage.read_again()
        assert type(raised.value) is error, raised.value


async def test_an_order_names_in_its_header_until_when_it_is_taken_and_no_question_does() -> None:
    async with staged("okx", Market.SPOT, window_ms=2500) as stage:
        await stage.opened.venue.submit(stage.buy("0.004"))
        now_ms = round(stage.opened.venue._wire.clock.now().timestamp() * 1000)
        (order,) = [asked for asked in stage.line.asked if stage.floor.is_order(asked)]
        others = [asked for asked in stage.line.asked if not stage.floor.is_order(asked)]
    assert 0 < int(order.headers["exptime"]) - (now_ms - 60_000) < 63_000
    assert int(order.headers["exptime"]) <= now_ms + 2500
    assert not any("exptime" in asked.headers for asked in others)


async def test_an_order_that_comes_after_its_deadline_is_not_taken() -> None:
    async with staged("okx", Market.SPOT, window_ms=-1000) as stage:
        with pytest.raises(NotDone, match="50036"):
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert stage.floor.orders() == []


@pytest.mark.parametrize(
    ("change", "why", "mend"),
    [
        (
            {"mode": "3"},
            "mode multi-currency margin, where coins back each other",
            "set spot or futures mode at the venue",
        ),
        (
            {"mode": "4"},
            "mode portfolio margin, where coins back each other",
            "set spot or futures mode at the venue",
        ),
        ({"of_coin": {"liab": "0.5"}}, "BTC is owed", "pay it back"),
        ({"of_coin": {"interest": "0.5"}}, "BTC owes interest", "pay it"),
        ({"of_coin": {"stgyEq": "1"}}, "BTC is worked with by a trading bot", "stop the bot"),
        ({"of_coin": {"rewardBal": "1"}}, "BTC is a trial fund", "use another account"),
        ({"of_coin": {"spotIsoBal": "1"}}, "BTC follows other traders", "stop following"),
        ({"of_coin": {"smtSyncEq": "1"}}, "BTC follows other traders", "stop following"),
        ({"of_coin": {"isoEq": "1"}}, "BTC backs isolated positions", "close them"),
        ({"of_coin": {"imr": "1"}}, "BTC backs contracts", "close them: coins alone are read"),
        ({"of_coin": {"upl": "-1"}}, "BTC backs contracts", "close them: coins alone are read"),
        ({"of_coin": {"mmr": "1"}}, "BTC backs contracts", "close them: coins alone are read"),
        ({"of_coin": {"autoLendStatus": "active"}}, "BTC is lent", "switch auto lend of BTC off"),
        ({"of_coin": {"availBal": "-1"}}, "balance of BTC is negative", ""),
        ({"of_coin": {"availBal": "900000"}}, "balance of BTC is negative", ""),
        ({"of_coin": {"cashBal": "x"}}, "cashBal is not a number", ""),
    ],
)
async def test_an_account_that_cannot_be_counted_is_not_read_and_the_reason_is_told(
    change: dict[str, Any], why: str, mend: str
) -> None:
    async with staged("okx", Market.SPOT) as stage:
        for name, value in change.items():
            setattr(stage.floor, name, value)
        stage.unmetered()
        with pytest.raises(NotDone, match=why) as raised:
            await stage.read_again()
    assert raised.value.next_step.startswith(mend)


async def test_futures_mode_without_positions_is_an_account_of_coins() -> None:
    async with staged("okx", Market.SPOT) as stage:
        assert isinstance(stage.floor, OkxFloor)
        stage.floor.mode = "2"
        stage.floor.of_coin = {"imr": "0", "mmr": "0", "upl": "0", "isoEq": "0", "frozenBal": "0"}
        assert (await stage.read_again()).balances == stage.seen.balances


async def test_what_is_not_available_is_locked() -> None:
    async with staged("okx", Market.SPOT) as stage:
        assert isinstance(stage.floor, OkxFloor)
        stage.floor.of_coin = {"availBal": "0.1", "frozenBal": "0.02345678"}
        balances = (await stage.read_again()).balances
    by_name = {str(asset): balance for asset, balance in balances.items()}
    assert (str(by_name["BTC"].free), str(by_name["BTC"].locked)) == ("0.1", "0.02345678")


async def test_an_account_that_may_borrow_is_told_as_a_key_that_does() -> None:
    async with staged("okx", Market.SPOT) as stage:
        assert isinstance(stage.floor, OkxFloor)
        stage.floor.borrows = True
        rights = await stage.opened.preflight.key_rights()
    assert isinstance(rights, KeyRights)
    assert rights.borrows
    assert rights.transfers_within
    assert not rights.withdraws


async def test_executions_are_found_though_the_long_list_does_not_know_them_yet() -> None:
    async with staged("okx", Market.SPOT) as stage:
        assert isinstance(stage.floor, OkxFloor)
        stage.floor.lists_late = True
        order = stage.buy("0.004")
        await stage.opened.venue.submit(order)
        fills = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
    assert sum(fill.quantity for fill in fills) == order.quantity


async def test_an_order_that_is_received_and_not_shown_yet_is_not_ended() -> None:
    async with staged("okx", Market.SPOT) as stage:
        for _ in range(3):  # As often as it is looked at.
            stage.line.spoil(
                told("51603"),
                which=lambda asked: (asked.method, asked.path) == ("GET", "/api/v5/trade/order"),
            )
        order = await stage.opened.venue.submit(stage.buy("0.004"))
        assert (order.ended, order.filled_lots, order.status) == (False, 0, "received")
        found = await stage.opened.venue.look_up(stage.buy("0.004"))
    assert found is not None
    assert found.ended


# Contracts


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"mode": "1"}, "it is in spot mode"),
        ({"mode": "3"}, "mode multi-currency margin"),
        ({"mode": "4"}, "mode portfolio margin"),
        ({"positions": "sideways"}, "posMode is neither"),
        ({"of_coin": {"stgyEq": "1"}}, "worked with by a trading bot"),
        ({"of_cash": {"cashBal": "-1", "availEq": "-1"}}, "balance of USDT is negative"),
    ],
)
async def test_an_account_with_contracts_that_cannot_be_counted_is_not_read(
    change: dict[str, Any], why: str
) -> None:
    async with staged("okx", Market.LINEAR) as stage:
        for name, value in change.items():
            setattr(stage.floor, name, value)
        stage.unmetered()
        with pytest.raises(NotDone, match=why):
            await stage.read_again()


@pytest.mark.parametrize(
    ("position", "why"),
    [
        ({"mgnMode": "isolated"}, "has its margin by itself"),
        ({"instType": "FUTURES", "instId": "BTC-USDT-261225"}, "is no perpetual"),
        ({"ccy": "BTC"}, "is no perpetual that settles in USDT"),
        ({"posSide": "both"}, "neither long nor short"),
        ({"posSide": "long"}, "neither long nor short"),
    ],
)
async def test_a_position_of_another_kind_makes_the_account_unread(
    position: dict[str, Any], why: str
) -> None:
    async with staged("okx", Market.LINEAR) as stage:
        assert isinstance(stage.floor, OkxFloor)
        stage.floor.linear.position = position
        stage.unmetered()
        with pytest.raises(NotDone, match=why):
            await stage.read_again()


async def test_a_coin_that_backs_contracts_makes_the_account_unread() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        assert isinstance(stage.floor, OkxFloor)
        stage.floor.linear.coins_bind = True
        stage.unmetered()
        with pytest.raises(NotDone, match="BTC backs contracts") as raised:
            await stage.read_again()
    assert raised.value.next_step.startswith("close them: only USDT")


async def test_both_sides_side_by_side_are_told_as_such() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        assert isinstance(stage.floor, OkxFloor)
        stage.floor.positions = "long_short_mode"
        assert (await stage.read_again()).position_mode is PositionMode.HEDGE
        stage.floor.positions = "net_mode"
        stage.floor.linear.position = {"posSide": "short", "pos": "1"}
        seen = await stage.read_again()
    assert seen.position_mode is PositionMode.HEDGE
    assert seen.positions[stage.symbol].lots < 0


@pytest.mark.parametrize(
    ("told_of", "free"),
    [
        ({}, "69960.00000001"),
        ({"frozenBal": "100"}, "69890.00000001"),
        ({"ordFrozen": "30"}, "69930.00000001"),
        ({"availEq": "69000"}, "69000"),
    ],
)
async def test_whatever_is_told_to_be_used_most_is_not_free(
    told_of: dict[str, Any], free: str
) -> None:
    async with staged("okx", Market.LINEAR) as stage:
        assert isinstance(stage.floor, OkxFloor)
        stage.floor.of_cash = told_of
        seen = await stage.read_again()
    (pool,) = seen.pools.values()
    assert pool.shares_cash
    assert seen.balances[Asset("USDT")].free == Decimal(free)


async def test_what_closing_costs_is_in_the_maintenance_margin_and_in_every_step() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        (pool,) = stage.seen.pools.values()
        steps = stage.seen.contracts[stage.symbol].brackets
    assert pool.maintenance_margin == Decimal(600) * Decimal("0.0045")
    assert [step.maintenance_ratio for step in steps] == [
        Decimal(rate) for rate in ("0.0045", "0.0055", "0.0105")
    ]
    assert [step.notional_cap for step in steps] == [750_000, 3_000_000, 6_000_000]
    assert [step.leverage_max for step in steps] == [100, 80, 50]


async def test_an_order_counts_contracts_says_whether_it_reduces_and_is_of_cross_margin() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        await stage.opened.venue.submit(stage.buy("0.004"))
        reducing = replace(stage.buy("0.002", line=2), reduce_only=True)
        await stage.opened.venue.submit(reducing)
        sent = [json.loads(a.body) for a in stage.line.asked if stage.floor.is_order(a)]
    assert [(row["sz"], row["reduceOnly"]) for row in sent] == [("0.4", False), ("0.2", True)]
    assert {row["tdMode"] for row in sent} == {"cross"}


async def test_leverage_that_the_answer_does_not_confirm_is_not_set() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        other = {"instId": "BTC-USDT-SWAP", "mgnMode": "cross", "lever": "7"}
        stage.line.spoil(
            told("0", data=[other]), which=lambda asked: asked.path.endswith("/set-leverage")
        )
        with pytest.raises(OutcomeUnknown):
            await stage.opened.venue.set_leverage(stage.symbol, leverage=3)


async def test_orders_of_coins_that_only_reduce_are_not_sent() -> None:
    async with staged("okx", Market.SPOT) as stage:
        with pytest.raises(Refused, match="nothing to reduce"):
            await stage.opened.venue.submit(replace(stage.buy("0.004"), reduce_only=True))
        assert stage.orders_sent() == 0


@pytest.mark.parametrize("left_out", ["upl", "imr", "mmr"])
async def test_what_a_position_binds_is_told_or_the_account_is_unread(left_out: str) -> None:
    async with staged("okx", Market.LINEAR) as stage:
        assert isinstance(stage.floor, OkxFloor)
        stage.floor.of_cash = {left_out: ""}
        stage.unmetered()
        with pytest.raises(NotDone, match=left_out):
            await stage.read_again()
        stage.floor.linear.position = {"pos": "0"}
        assert (await stage.read_again()).positions == {}


async def test_past_settlements_are_the_rates_that_were_paid_over_pages() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        until = datetime(2026, 11, 1, tzinfo=UTC)
        since = until - timedelta(days=80)
        settled = await stage.opened.history.funding(stage.symbol, since=since, until=until)
        pages = [a for a in stage.line.asked if a.path.endswith("/funding-rate-history")]
    assert [s.settled_at for s in settled] == [since + timedelta(hours=8) * k for k in range(241)]
    assert {s.rate for s in settled} == {Decimal("0.0001")}
    assert len(pages) == 3


@pytest.mark.parametrize(("days", "lists"), [(5, {"bills"}), (7, {"bills", "bills-archive"})])
async def test_bills_are_asked_of_the_list_that_reaches_back_far_enough(
    days: int, lists: set[str]
) -> None:
    async with staged("okx", Market.LINEAR) as stage:
        await stage.opened.venue.submit(stage.buy("0.004"))
        start = stage.opened.venue._wire.clock.now() - timedelta(days=days)
        paid = await stage.opened.venue.payments(start)
        asked = {a.path.rpartition("/")[2] for a in stage.line.asked if "/bills" in a.path}
    assert asked == lists
    assert {payment.kind for payment in paid} == {
        PaymentKind.COMMISSION,
        PaymentKind.REALISED_PROFIT,
    }


async def test_limits_of_a_contract_are_multiples_of_its_mark() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        market: Any = stage.opened.market
        stage.line.spoil(
            told("0", data=[{"instId": "BTC-USDT-SWAP", "markPx": "59000"}]),
            which=lambda asked: asked.path.endswith("/mark-price"),
        )
        seen = await stage.read_again()
        assert market._account._marks == {"BTC-USDT-SWAP": Decimal(59_000)}
    assert seen.price_bands[stage.symbol].buy_high == Decimal("61800.1") / 59_000


async def test_executions_of_long_ago_are_not_asked_of_the_short_list() -> None:
    async with staged("okx", Market.SPOT) as stage:
        start = stage.opened.venue._wire.clock.now() - timedelta(days=12)
        await stage.opened.venue.fills(stage.symbol, since=FillCursor(after=None, not_before=start))
        paths = [a.path.rpartition("/")[2] for a in stage.line.asked if "/fills" in a.path]
    assert paths == ["fills-history", "fills-history", "fills"]


async def test_an_answer_that_failed_as_a_whole_has_its_code_though_the_order_has_none() -> None:
    async with staged("okx", Market.SPOT) as stage:
        row = {"clOrdId": "", "ordId": "", "sCode": "0", "sMsg": ""}
        stage.line.spoil(told("1", data=[row]), which=stage.floor.is_order)
        with pytest.raises(OutcomeUnknown) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
    assert raised.value.evidence is not None
    assert raised.value.evidence.code == "1"


async def test_executions_of_another_market_make_the_list_unread() -> None:
    async with staged("okx", Market.SPOT) as stage:
        stage.unmetered()
        await stage.opened.venue.submit(stage.buy("0.004"))
        assert isinstance(stage.floor, OkxFloor)
        asked = {"instType": "SPOT", "instId": "BTC-USDT", "begin": "0", "end": "9999999999999"}
        row = stage.floor._fills(asked)[0]
        for _ in range(4):
            stage.line.spoil(
                told("0", data=[row | {"instId": "ETH-USDT"}]),
                which=lambda asked: asked.path == "/api/v5/trade/fills",
            )
        with pytest.raises(NotDone, match="another market"):
            await stage.opened.venue.fills(stage.symbol, since=from_the_start())


async def test_what_rests_is_asked_of_its_market_and_is_told() -> None:
    row = {
        "instType": "SPOT",
        "instId": "BTC-USDT",
        "ordId": "7",
        "clOrdId": "",
        "side": "sell",
        "sz": "0.003",
        "accFillSz": "0.001",
        "px": "61000.5",
        "reduceOnly": "false",
    }
    async with staged("okx", Market.SPOT) as stage:
        stage.line.spoil(
            told("0", data=[row]), which=lambda asked: asked.path.endswith("/orders-pending")
        )
        (order,) = await stage.opened.venue.open_orders([stage.symbol])
        assert "instId=BTC-USDT" in stage.line.asked[-1].query
    assert (order.venue_order_id, order.limit_price) == ("7", Decimal("61000.5"))


async def test_a_table_is_asked_for_once_and_leverage_set_where_it_is_another() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        await stage.read_again()
        await stage.opened.venue.set_leverage(stage.symbol, leverage=20)
        await stage.opened.venue.set_leverage(stage.symbol, leverage=3)
        paths = [asked.path.rpartition("/")[2] for asked in stage.line.asked]
    assert (paths.count("position-tiers"), paths.count("set-leverage")) == (1, 1)


async def test_no_bills_are_asked_for_that_are_not_kept() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        now = stage.opened.venue._wire.clock.now()
        await stage.opened.venue.payments(now - timedelta(days=400))
        asked = [a for a in stage.line.asked if "/bills" in a.path]
    begins = {int(dict(p.split("=") for p in each.query.split("&"))["begin"]) for each in asked}
    assert len(begins) == 2
    assert min(begins) >= round((now - timedelta(days=90)).timestamp() * 1000)
