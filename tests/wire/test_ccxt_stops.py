"""Resting stops through ccxt: what leaves, what an answer means, and what became of one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.venue_cases import At, at_venue
from tests.fakes.scripted_venue import (
    Arrival,
    Script,
    ScriptedVenue,
    html,
    now_ms,
    scripted_venue,
    told,
)
from tests.wire.opened import NoWaiting, opened, perpetual_btc
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.domain.hedges import HedgeId
from trimtab.domain.instruments import Lots, Symbol, Ticks
from trimtab.domain.orders import VenueOrderId
from trimtab.domain.stops import FiredOrder, SeenStop, StopIntent, stop_id
from trimtab.execution.stop_life import contradiction
from trimtab.ports import Stops
from trimtab.testnet import Fault, Kind
from trimtab.testnet.interventions import withdraw

PATH, OPEN, ALL = "/fapi/v1/algoOrder", "/fapi/v1/openAlgoOrders", "/fapi/v1/allAlgoOrders"
ORDER = "/fapi/v1/order"
PERP = Symbol("BTC/USDT:USDT")
DIGEST = "b" * 64
BEGUN = datetime.now(UTC) - timedelta(minutes=1)
AFTER = [Kind.RESET_AFTER, Kind.TRUNCATE_JSON, Kind.EMPTY, Kind.HTML, Kind.CUT_BODY]
UNHELD = [Kind.RESET_BEFORE, Kind.TIMEOUT_BEFORE]
DAY_MS = 86_400_000


def stopping(lots: int = 10, trigger: str = "66000", *, line: int = 3) -> StopIntent:
    """Return a stop of the short of 0.01 BTC that the account has."""
    return StopIntent(
        stop_id=stop_id(plan_digest=DIGEST, line=line),
        plan_digest=DIGEST,
        line=line,
        hedge_id=HedgeId("h" * 28),
        instrument=perpetual_btc(),
        lots=Lots(lots),
        trigger=Ticks(int(Decimal(trigger) * 10)),
    )


def row(**changes: Any) -> dict[str, Any]:
    """Return the stop of :func:`stopping` as the service tells of it."""
    return {
        "algoId": 2_146_760,
        "clientAlgoId": stopping().stop_id,
        "algoType": "CONDITIONAL",
        "orderType": "STOP_MARKET",
        "symbol": "BTCUSDT",
        "side": "BUY",
        "positionSide": "BOTH",
        "timeInForce": "GTC",
        "quantity": "0.010",
        "algoStatus": "NEW",
        "actualOrderId": "",
        "actualPrice": "0.00000",
        "triggerPrice": "66000.00",
        "price": "0.00",
        "workingType": "MARK_PRICE",
        "closePosition": False,
        "priceProtect": False,
        "reduceOnly": True,
        "createTime": 1_795_000_000_000,
        "updateTime": 1_795_000_000_000,
        "triggerTime": 0,
    } | changes


def order(**changes: Any) -> dict[str, Any]:
    """Return the order that it became."""
    return {
        "orderId": 77,
        "symbol": "BTCUSDT",
        "side": "BUY",
        "status": "FILLED",
        "executedQty": "0.010",
        "clientOrderId": "whatever",
    } | changes


@asynccontextmanager
async def stops_with(
    answers: dict[tuple[str, str], Script | Callable[[Arrival], Script]],
) -> AsyncIterator[tuple[Stops, ScriptedVenue]]:
    """Open stops on a server that answers as told."""
    async with scripted_venue() as server, opened(server.url, clock=NoWaiting()) as venue:
        server.script |= answers
        yield venue.stops, server


def conditionals(at: At) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = at.exchange.truth()["conditionals"]
    return found


@asynccontextmanager
async def at_exchange() -> AsyncIterator[tuple[At, Stops]]:
    """Open stops on the local exchange, with a short of 0.01 BTC at a mark of 60000."""
    async with at_venue("ccxt") as at, opened(at.exchange.url) as venue:
        yield at, venue.stops


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (told({"code": -2021, "msg": "Order would immediately trigger."}, 400), Refused),
        (told({"code": -4045, "msg": "Reach max stop order limit."}, 400), Refused),
        (told({"code": -4509, "msg": "GTE can only be used with open positions"}, 400), Refused),
        (told({"code": -1115, "msg": "Invalid timeInForce."}, 400), Refused),
        (told({"code": -4120, "msg": "Order type not supported"}, 400), Refused),
        (told({"code": -2015, "msg": "Invalid API-key, IP, or permissions"}, 401), Refused),
        (told({"code": -1021, "msg": "Timestamp outside of the recvWindow."}, 400), NotDone),
        (told({"code": -1003, "msg": "Too many requests"}, 429, Retry_After="1"), NotDone),
        (told({"code": -1015, "msg": "Too many new orders"}, 429, Retry_After="1"), NotDone),
        (told({"code": -4116, "msg": "ClientOrderId is duplicated."}, 400), OutcomeUnknown),
        (told({"code": -20132, "msg": "The client algo id is duplicated"}, 400), OutcomeUnknown),
        (told({"code": -9000, "msg": "something new"}, 400), OutcomeUnknown),
        (told({"code": -1007, "msg": "Timeout waiting for response"}, 408), OutcomeUnknown),
        (told({"code": -1000, "msg": "An unknown error"}, 500), OutcomeUnknown),
        (html(504), OutcomeUnknown),
        (told({}), OutcomeUnknown),
        (told([row()]), OutcomeUnknown),
        (told(row(clientAlgoId="another")), OutcomeUnknown),
        (told(row(symbol="ETHUSDT")), OutcomeUnknown),
        (told(row(reduceOnly=False)), OutcomeUnknown),
        (told(row(closePosition=True)), OutcomeUnknown),
        (told(row(workingType="CONTRACT_PRICE")), OutcomeUnknown),
        (told(row(orderType="TAKE_PROFIT_MARKET")), OutcomeUnknown),
        (told(row(algoStatus="TRIGGERED")), OutcomeUnknown),
        (told(row(algoStatus="EXPIRED")), OutcomeUnknown),
        (told(row(algoId=0)), OutcomeUnknown),
        (told(row(quantity="0.0105")), OutcomeUnknown),
        (told(row(triggerPrice=None)), OutcomeUnknown),
        (Script(how="drop"), OutcomeUnknown),
        (Script(how="cut", body=b'{"algoId": 1'), OutcomeUnknown),
    ],
)
async def test_only_what_says_so_is_no_or_not_done_and_nothing_is_sent_again(
    answer: Script, error: type[VenueError]
) -> None:
    async with stops_with({("POST", PATH): answer}) as (stops, server):
        with pytest.raises(error):
            await stops.place(stopping())
        assert server.count("POST", PATH) == 1


async def test_where_too_many_wait_already_it_is_told_what_makes_room() -> None:
    full = told({"code": -4045, "msg": "Reach max stop order limit."}, 400)
    async with stops_with({("POST", PATH): full}) as (stops, _):
        with pytest.raises(Refused, match=r"-4045 .*; cancel conditional orders of your own"):
            await stops.place(stopping())


async def test_a_stop_goes_out_exactly_as_it_was_planned_within_the_fence() -> None:
    async with stops_with({("POST", PATH): told(row())}) as (stops, server):
        placed = await stops.place(stopping())
        sent = next(a.params for a in server.arrivals if a.path == PATH)
    asked = {
        "algoType": "CONDITIONAL",
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "STOP_MARKET",
        "timeInForce": "GTC",
        "quantity": "0.010",
        "triggerPrice": "66000.0",
        "workingType": "MARK_PRICE",
        "reduceOnly": "true",
        "clientAlgoId": stopping().stop_id,
        "recvWindow": "3000",
    }
    assert {name: value for name, value in sent.items() if name in asked} == asked
    assert sent.keys() - asked.keys() == {"timestamp", "signature"}
    assert contradiction(stopping(), placed) == ""
    assert (placed.venue_stop_id, placed.state, placed.order) == (
        "2146760",
        SeenStop.RESTING,
        None,
    )


async def test_an_answer_without_the_number_of_an_order_is_the_usual_one() -> None:
    answer = {name: value for name, value in row().items() if not name.startswith("actual")}
    async with stops_with({("POST", PATH): told(answer)}) as (stops, _):
        assert (await stops.place(stopping())).state is SeenStop.RESTING


async def test_a_stop_of_a_long_sells_and_a_size_that_is_no_contract_is_refused() -> None:
    async with stops_with({("POST", PATH): told(row(side="SELL"))}) as (stops, server):
        placed = await stops.place(stopping(-10))
        assert placed.lots == -10
        large = replace(perpetual_btc(), contract_size=Decimal(3))
        with pytest.raises(Refused, match="no exact number of contracts"):
            await stops.place(replace(stopping(), instrument=large))
        sent = [a.params["side"] for a in server.arrivals if a.path == PATH]
    assert sent == ["SELL"]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("NEW", SeenStop.RESTING),
        ("CANCELED", SeenStop.WITHDRAWN),
        ("EXPIRED", SeenStop.WITHDRAWN),
        ("REJECTED", SeenStop.WITHDRAWN),
    ],
)
@pytest.mark.parametrize("number", ["", 0, "0"])
async def test_one_that_became_no_order_rests_or_is_withdrawn(
    status: str, state: SeenStop, number: object
) -> None:
    answer = told(row(algoStatus=status, actualOrderId=number))
    async with stops_with({("GET", PATH): answer}) as (stops, server):
        found = await stops.look_up(stopping(), begun_at=BEGUN)
        assert server.count("GET", ORDER) == 0
    assert found is not None
    assert (found.state, found.status, found.order) == (state, status, None)
    assert contradiction(stopping(), found) == ""


@pytest.mark.parametrize(
    ("status", "told_of_it", "filled", "ended"),
    [
        ("TRIGGERED", {"status": "NEW", "executedQty": "0.000"}, 0, False),
        ("TRIGGERED", {"status": "PARTIALLY_FILLED", "executedQty": "0.004"}, 4, False),
        ("FINISHED", {}, 10, True),
        ("FINISHED", {"status": "EXPIRED", "executedQty": "0.007"}, 7, True),
        ("EXPIRED", {"status": "CANCELED", "executedQty": "0.001"}, 1, True),
        ("TRIGGERING", {"status": "NEW", "executedQty": "0"}, 0, False),
    ],
)
async def test_one_that_fired_is_told_with_the_order_that_it_became(
    status: str, told_of_it: dict[str, str], filled: int, ended: bool
) -> None:
    answers: dict[tuple[str, str], Any] = {
        ("GET", PATH): told(row(algoStatus=status, actualOrderId="77")),
        ("GET", ORDER): told(order(**told_of_it)),
    }
    async with stops_with(answers) as (stops, server):
        found = await stops.look_up(stopping(), begun_at=BEGUN)
        asked = next(a.params for a in server.arrivals if a.path == ORDER)
    assert (asked["symbol"], asked["orderId"]) == ("BTCUSDT", "77")
    assert found is not None
    assert found.state is SeenStop.FIRED
    number = VenueOrderId("77")
    assert found.order == FiredOrder(venue_order_id=number, filled_lots=Lots(filled), ended=ended)


async def test_the_order_of_a_sold_stop_counts_downwards() -> None:
    answers: dict[tuple[str, str], Any] = {
        ("GET", PATH): told(row(side="SELL", algoStatus="FINISHED", actualOrderId=77)),
        ("GET", ORDER): told(order(side="SELL", executedQty="0.003")),
    }
    async with stops_with(answers) as (stops, _):
        found = await stops.look_up(stopping(-10), begun_at=BEGUN)
    assert found is not None
    assert found.order is not None
    assert (found.lots, found.order.filled_lots) == (-10, -3)


@pytest.mark.parametrize(
    "answer",
    [
        told(row(algoStatus="TRIGGERING")),
        told(row(algoStatus="TRIGGERED")),
        told(row(algoStatus="FINISHED", actualOrderId="")),
        told(row(algoStatus="FINISHED", actualOrderId=-1)),
        told(row(algoStatus="FINISHED", actualOrderId="7.5")),
        told(row(algoStatus="PAUSED")),
        told({k: v for k, v in row().items() if k != "actualOrderId"}),
        told(row(clientAlgoId="another")),
        told(row(quantity="ten")),
        told({}),
        html(502),
    ],
)
async def test_what_cannot_be_read_or_is_under_way_is_no_answer(answer: Script) -> None:
    async with stops_with({("GET", PATH): answer}) as (stops, server):
        with pytest.raises(NotDone):
            await stops.look_up(stopping(), begun_at=BEGUN)
        assert server.count("GET", ORDER) == 0


@pytest.mark.parametrize(
    "answer",
    [
        order(orderId=78),
        order(symbol="ETHUSDT"),
        order(side="SELL"),
        order(executedQty=None),
        {k: v for k, v in order().items() if k != "status"},
    ],
)
async def test_another_order_in_its_place_is_no_answer(answer: dict[str, Any]) -> None:
    answers: dict[tuple[str, str], Any] = {
        ("GET", PATH): told(row(algoStatus="FINISHED", actualOrderId="77")),
        ("GET", ORDER): told(answer),
    }
    async with stops_with(answers) as (stops, _):
        with pytest.raises(NotDone):
            await stops.look_up(stopping(), begun_at=BEGUN)


@pytest.mark.parametrize(
    ("status", "age_days", "state"),
    [
        ("REJECTED", 0, SeenStop.WITHDRAWN),
        ("CANCELED", 0, SeenStop.WITHDRAWN),
        ("FINISHED", 0, None),
        ("FINISHED", 3, None),
        ("FINISHED", 4, SeenStop.FIRED),
        ("TRIGGERED", 1, None),
    ],
)
async def test_an_order_that_does_not_show_ended_unfilled_only_when_the_venue_forgets_those(
    status: str, age_days: int, state: SeenStop | None
) -> None:
    at_ms = now_ms() - age_days * DAY_MS
    answers: dict[tuple[str, str], Any] = {
        ("GET", PATH): told(row(algoStatus=status, actualOrderId="77", triggerTime=at_ms)),
        ("GET", ORDER): told({"code": -2013, "msg": "Order does not exist."}, 400),
    }
    async with stops_with(answers) as (stops, _):
        if state is None:
            with pytest.raises(NotDone, match="does not show"):
                await stops.look_up(stopping(), begun_at=BEGUN)
            return
        found = await stops.look_up(stopping(), begun_at=BEGUN)
    assert found is not None
    assert found.state is state
    if state is SeenStop.FIRED:
        number = VenueOrderId("77")
        assert found.order == FiredOrder(venue_order_id=number, filled_lots=Lots(0), ended=True)


async def test_one_that_has_rested_too_long_to_be_found_by_name_is_found_in_the_list() -> None:
    unknown = told({"code": -2013, "msg": "Order does not exist."}, 400)
    rows = [row(algoId=1, clientAlgoId="another", orderType="STOP"), row()]
    answers = {("GET", PATH): unknown, ("GET", OPEN): told(rows)}
    async with stops_with(answers) as (stops, server):
        found = await stops.look_up(stopping(), begun_at=BEGUN)
        assert [a.params["symbol"] for a in server.arrivals if a.path == OPEN] == ["BTCUSDT"]
    assert found is not None
    assert (found.state, found.venue_stop_id) == (SeenStop.RESTING, "2146760")
    assert contradiction(stopping(), found) == ""


async def test_a_name_that_is_not_known_is_none_and_a_denied_read_is_refused() -> None:
    unknown = told({"code": -2013, "msg": "Order does not exist."}, 400)
    answers = {("GET", PATH): unknown, ("GET", OPEN): told([row(clientAlgoId="another")])}
    async with stops_with(answers) as (stops, _):
        assert await stops.look_up(stopping(), begun_at=BEGUN) is None
    denied = told({"code": -2015, "msg": "Invalid API-key"}, 401)
    async with stops_with({("GET", PATH): denied}) as (stops, _):
        with pytest.raises(Refused):
            await stops.look_up(stopping(), begun_at=BEGUN)


DONE = {"algoId": 1, "clientAlgoId": stopping().stop_id, "code": "200", "msg": "success"}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (told(DONE), None),
        (told({"code": -2011, "msg": "Unknown order sent."}, 400), None),
        (told(DONE | {"clientAlgoId": "another"}), OutcomeUnknown),
        (told({"code": -1102, "msg": "Mandatory parameter"}, 400), Refused),
        (told({"code": -1003, "msg": "Too many requests"}, 429, Retry_After="1"), NotDone),
        (html(502), OutcomeUnknown),
        (Script(how="drop"), OutcomeUnknown),
    ],
)
async def test_a_withdrawal_is_by_name_sent_once_and_done_when_it_is_gone_already(
    answer: Script, error: type[VenueError] | None
) -> None:
    async with stops_with({("DELETE", PATH): answer}) as (stops, server):
        if error is None:
            await stops.withdraw(stopping())
        else:
            with pytest.raises(error):
                await stops.withdraw(stopping())
        sent = [a.params["clientAlgoId"] for a in server.arrivals if a.method == "DELETE"]
    assert sent == [stopping().stop_id]


async def test_whatever_waits_in_a_contract_is_listed_whoever_placed_it_oldest_first() -> None:
    rows = [
        row(algoId=12, clientAlgoId="hand", reduceOnly=False, quantity="0.5", side="SELL"),
        row(algoId=9, clientAlgoId="closing", closePosition=True, quantity="0", reduceOnly=False),
        row(
            algoId=11,
            clientAlgoId="trails",
            orderType="TRAILING_STOP_MARKET",
            triggerPrice="0",
            activatePrice="70000",
        ),
    ]
    async with stops_with({("GET", OPEN): told(rows)}) as (stops, server):
        found = await stops.resting([PERP, Symbol("BTC/USDT")])
        assert [a.params["symbol"] for a in server.arrivals if a.path == OPEN] == ["BTCUSDT"]
    assert [(s.stop_id, s.lots, s.trigger_price, s.reduce_only) for s in found] == [
        ("closing", 0, Decimal(66_000), True),
        ("trails", 10, Decimal(70_000), True),
        ("hand", -500, Decimal(66_000), False),
    ]
    assert {s.symbol for s in found} == {PERP}


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": "0.0005"},
        {"quantity": None},
        {"triggerPrice": "0", "activatePrice": "0"},
        {"side": "HOLD"},
        {"clientAlgoId": ""},
        {"algoId": "x"},
    ],
)
async def test_a_row_that_cannot_be_read_makes_no_list_shorter(changes: dict[str, Any]) -> None:
    rows = [row(), row(algoId=2, clientAlgoId="second") | changes]
    async with stops_with({("GET", OPEN): told(rows)}) as (stops, _):
        with pytest.raises(NotDone):
            await stops.resting([PERP])


@pytest.mark.parametrize(
    ("named", "rest", "all_of", "absent"),
    [
        (False, False, False, True),
        (True, False, False, False),
        (False, True, False, False),
        (False, False, True, False),
    ],
)
async def test_it_is_absent_only_when_no_list_shows_it(
    named: bool, rest: bool, all_of: bool, absent: bool
) -> None:
    unknown = told({"code": -2013, "msg": "Order does not exist."}, 400)
    other = row(algoId=5, clientAlgoId="another")
    answers: dict[tuple[str, str], Any] = {
        ("GET", PATH): told(row(algoStatus="TRIGGERING")) if named else unknown,
        ("GET", OPEN): told([other, *([row()] if rest else [])]),
        ("GET", ALL): told([other, *([row()] if all_of else [])]),
    }
    async with stops_with(answers) as (stops, server):
        evidence = await stops.evidence_of_absence(stopping(), begun_at=BEGUN)
        asked = next(a.params for a in server.arrivals if a.path == ALL)
    assert evidence.is_absent is absent
    assert set(evidence.sightings) == {"by_client_id", "open_orders", "all_orders"}
    assert (asked["symbol"], asked["limit"]) == ("BTCUSDT", "1000")


async def test_a_list_that_cannot_be_read_proves_no_absence() -> None:
    answers: dict[tuple[str, str], Any] = {
        ("GET", PATH): told({"code": -2013, "msg": "Order does not exist."}, 400),
        ("GET", OPEN): told([]),
        ("GET", ALL): told([{"algoId": 1}]),
    }
    async with stops_with(answers) as (stops, _):
        with pytest.raises(NotDone):
            await stops.evidence_of_absence(stopping(), begun_at=BEGUN)


async def test_an_account_without_contracts_takes_no_stop() -> None:
    async with scripted_venue() as server, opened(server.url, contracts=False) as venue:
        with pytest.raises(Refused):
            await venue.stops.place(stopping())
        assert server.arrivals == []


@pytest.mark.parametrize("kind", [*AFTER, *UNHELD])
async def test_under_every_fault_a_stop_is_sent_once_and_found_or_proved_absent(
    kind: Kind,
) -> None:
    async with at_exchange() as (at, stops):
        at.exchange.inject(Fault(kind=kind, method="POST", path=PATH, seconds="0.01"))
        with pytest.raises(OutcomeUnknown):
            await stops.place(stopping())
        found = await stops.look_up(stopping(), begun_at=BEGUN)
        evidence = await stops.evidence_of_absence(stopping(), begun_at=BEGUN)
        taken = conditionals(at)
        posts = [r for r in at.exchange.truth()["requests"] if r["path"] == PATH]
    assert len([r for r in posts if r["method"] == "POST"]) == 1
    assert (found is not None) is bool(taken) is (kind in AFTER)
    assert evidence.is_absent is (kind in UNHELD)


async def test_a_stop_that_fires_while_nobody_looks_is_told_with_its_fill() -> None:
    async with at_exchange() as (at, stops):
        await stops.place(stopping())
        (listed,) = await stops.resting([PERP])
        assert (listed.stop_id, listed.lots) == (stopping().stop_id, 10)
        at.exchange.set_prices(mid={"BTC": "66001"})
        found = await stops.look_up(stopping(), begun_at=BEGUN)
        fills = at.exchange.truth()["fills"]
        assert await stops.resting([PERP]) == ()
    assert found is not None
    assert found.order is not None
    assert (found.order.filled_lots, found.order.ended) == (10, True)
    assert {str(f["order_id"]) for f in fills} == {found.order.venue_order_id}


async def test_a_stop_is_withdrawn_once_by_us_or_by_the_exchange() -> None:
    async with at_exchange() as (at, stops):
        await stops.place(stopping())
        await stops.withdraw(stopping())
        await stops.withdraw(stopping())
        first = await stops.look_up(stopping(), begun_at=BEGUN)
        other = stopping(line=4)
        await stops.place(other)
        withdraw(at.exchange.exchange.state, client_id=other.stop_id)
        second = await stops.look_up(other, begun_at=BEGUN)
    assert first is not None
    assert second is not None
    assert (first.state, first.status) == (SeenStop.WITHDRAWN, "CANCELED")
    assert (second.state, second.status) == (SeenStop.WITHDRAWN, "EXPIRED")


async def test_a_second_of_one_name_is_unknown_and_one_at_its_trigger_is_refused() -> None:
    async with at_exchange() as (at, stops):
        await stops.place(stopping())
        with pytest.raises(OutcomeUnknown):
            await stops.place(stopping())
        with pytest.raises(Refused, match="immediately"):
            await stops.place(stopping(trigger="59000", line=5))
        assert len(conditionals(at)) == 1
