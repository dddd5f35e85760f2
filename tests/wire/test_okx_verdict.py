"""What an answer of OKX means for an order: its codes stand beside the order, with status 200."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.okx_floor import OkxFloor, of_order
from tests.conformance.spoken import Told
from tests.conformance.stage import from_the_start, staged
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.domain.rights import KeyRights
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
