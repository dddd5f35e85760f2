"""Transfers through ccxt: what an answer means, and what the list says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.test_wallets import moving
from tests.contract.venue_cases import At, at_venue
from tests.fakes.scripted_venue import Arrival, Script, ScriptedVenue, html, scripted_venue, told
from tests.wire.opened import NoWaiting, opened
from trimtab.adapters.binance.transfers import BinanceWallets
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.domain.transfers import ListedState
from trimtab.testnet import Fault, Kind

PATH = "/sapi/v1/asset/transfer"
SINCE = datetime(2026, 11, 20, tzinfo=UTC)
AFTER = [Kind.RESET_AFTER, Kind.TRUNCATE_JSON, Kind.EMPTY, Kind.HTML, Kind.CUT_BODY]


@asynccontextmanager
async def wallets_with(
    method: str, answer: Script | Any
) -> AsyncIterator[tuple[BinanceWallets, ScriptedVenue]]:
    """Open wallets on a server that answers the one call as told."""
    async with scripted_venue() as server, opened(server.url, clock=NoWaiting()) as venue:
        server.script[method, PATH] = answer
        yield venue.wallets, server


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (told({"code": -5013, "msg": "insufficient balance"}, 400), Refused),
        (told({"code": -5003, "msg": "not supported"}, 400), Refused),
        (told({"code": -2015, "msg": "Invalid API-key, IP, or permissions"}, 401), Refused),
        (told({"code": -1021, "msg": "Timestamp outside of the recvWindow."}, 400), NotDone),
        (told({"code": -1003, "msg": "Too many requests"}, 429, Retry_After="1"), NotDone),
        (told({"code": -9000, "msg": "something new"}, 400), OutcomeUnknown),
        (told({"code": -1007, "msg": "Timeout waiting for response"}, 408), OutcomeUnknown),
        (told({"code": -1000, "msg": "An unknown error"}, 500), OutcomeUnknown),
        (html(504), OutcomeUnknown),
        (told({"tranId": "none"}), OutcomeUnknown),
        (told({}), OutcomeUnknown),
        (told([1]), OutcomeUnknown),
        (Script(how="drop"), OutcomeUnknown),
        (Script(how="cut", body=b'{"tranId": 1'), OutcomeUnknown),
    ],
)
async def test_only_what_says_so_is_no_or_not_done_and_nothing_is_sent_again(
    answer: Script, error: type[VenueError]
) -> None:
    async with wallets_with("POST", answer) as (wallets, server):
        with pytest.raises(error):
            await wallets.transfer(moving("5"))
        assert server.count("POST", PATH) == 1


async def test_units_go_out_as_they_were_planned_and_the_number_comes_back() -> None:
    async with wallets_with("POST", told({"tranId": 13526853623})) as (wallets, server):
        assert await wallets.transfer(moving("0.10000001")) == "13526853623"
        await wallets.transfer(moving("-1200", line=2))
        sent = [a.params for a in server.arrivals if a.path == PATH]
    assert [(p["type"], p["asset"], p["amount"]) for p in sent] == [
        ("MAIN_UMFUTURE", "USDT", "0.10000001"),
        ("UMFUTURE_MAIN", "USDT", "1200"),
    ]
    assert all("recvWindow" in p for p in sent)


def row(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "asset": "USDT",
        "amount": "5",
        "type": "MAIN_UMFUTURE",
        "status": "CONFIRMED",
        "tranId": number,
        "timestamp": 1_795_000_000_000 + number,
    } | changes


async def test_every_state_of_the_list_is_read_and_other_assets_are_left_out() -> None:
    rows = [row(3, status="FAILED"), row(2, status="PENDING"), row(1), row(4, asset="BNB")]
    answer = told({"total": 4, "rows": rows})
    async with wallets_with("GET", answer) as (wallets, _):
        found = await wallets.transfers(moving("5"), since=SINCE)
    assert [(r.venue_transfer_id, r.state) for r in found.listed] == [
        ("1", ListedState.MADE),
        ("2", ListedState.PENDING),
        ("3", ListedState.FAILED),
    ]
    assert {r.units for r in found.listed} == {Decimal(5)}


async def test_all_pages_are_read_and_a_row_that_moved_on_counts_once() -> None:
    pages = {
        "1": [row(n) for n in range(200, 100, -1)],
        "2": [row(n) for n in range(101, 50, -1)],
    }

    def answer(arrival: Arrival) -> Script:
        return told({"total": 150, "rows": pages[arrival.params["current"]]})

    async with wallets_with("GET", answer) as (wallets, server):
        found = await wallets.transfers(moving("5"), since=SINCE)
        asked = [a.params for a in server.arrivals if a.path == PATH]
    assert [r.venue_transfer_id for r in found.listed] == [str(n) for n in range(51, 201)]
    assert {(p["type"], p["startTime"], p["size"]) for p in asked} == {
        ("MAIN_UMFUTURE", str(int(SINCE.timestamp() * 1000)), "100")
    }


async def test_a_list_without_rows_is_empty() -> None:
    async with wallets_with("GET", told({"total": 0})) as (wallets, _):
        assert (await wallets.transfers(moving("5"), since=SINCE)).listed == ()


async def test_a_list_without_an_end_is_no_answer() -> None:
    full = told({"total": 1, "rows": [row(n) for n in range(100)]})
    async with wallets_with("GET", full) as (wallets, _):
        with pytest.raises(NotDone, match="no end"):
            await wallets.transfers(moving("5"), since=SINCE)


@pytest.mark.parametrize(
    "bad",
    [
        {"rows": [row(status="DONE")], "total": 1},
        {"rows": [row(amount="0")], "total": 1},
        {"rows": [row(amount="-5")], "total": 1},
        {"rows": [row(type="MAIN_MARGIN")], "total": 1},
        {"rows": [row(tranId=None)], "total": 1},
        {"total": 3},
        {"rows": []},
    ],
)
async def test_a_list_that_cannot_be_read_shows_nothing(bad: dict[str, Any]) -> None:
    async with wallets_with("GET", told(bad)) as (wallets, _):
        with pytest.raises(NotDone):
            await wallets.transfers(moving("5"), since=SINCE)


async def found_after(at: At) -> list[Decimal]:
    """Return the units of what is listed of the last minute."""
    since = datetime.now(UTC) - timedelta(minutes=1)
    return [row.units for row in (await at.wallets.transfers(moving("5"), since=since)).listed]


@pytest.mark.parametrize("kind", AFTER)
async def test_one_whose_answer_is_lost_is_unknown_and_stands_in_the_list(kind: Kind) -> None:
    async with at_venue("ccxt") as at:
        at.exchange.inject(Fault(kind=kind, method="POST", path=PATH))
        with pytest.raises(OutcomeUnknown):
            await at.wallets.transfer(moving("5.00000017"))
        assert await found_after(at) == [Decimal("5.00000017")]
        assert len(at.exchange.truth()["transfers"]) == 1
        assert at.exchange.audit() == ()


async def test_one_that_never_arrived_is_unknown_too_and_nowhere() -> None:
    async with at_venue("ccxt") as at:
        at.exchange.inject(Fault(kind=Kind.RESET_BEFORE, method="POST", path=PATH))
        with pytest.raises(OutcomeUnknown):
            await at.wallets.transfer(moving("5"))
        assert await found_after(at) == []
