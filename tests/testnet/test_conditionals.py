"""Conditional orders of the futures host: taken, withdrawn, triggered, refused, listed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from tests.testnet.client import START_MS, Client, rich
from tests.testnet.wired import wired
from trimtab.testnet import Fault, Kind
from trimtab.testnet.interventions import force_liquidation, set_prices, withdraw
from trimtab.testnet.rejections import Rejection

PATH = "/fapi/v1/algoOrder"
NO_SPREAD = {"usdm": {"spread_bps": "0", "level_notional": "10000000", "taker_fee": "0"}}
STOP = {
    "algoType": "CONDITIONAL",
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "STOP_MARKET",
    "quantity": "0.500",
    "triggerPrice": "66000.0",
    "workingType": "MARK_PRICE",
    "reduceOnly": "true",
    "clientAlgoId": "stop-1",
}
DAY_MS = 86_400_000
DATED = "BTCUSDT_261225"
DATED_EXPIRY_MS = 1_798_185_600_000


def short(quantity: str = "0.5", **changes: Any) -> Client:
    """Return an exchange with a short of BTC at 60000."""
    venue = Client(rich(rules=NO_SPREAD, **changes))
    venue.usdm("SELL", "MARKET", quantity=quantity)
    return venue


def put(venue: Client, **changes: Any) -> Any:
    return venue.ok("POST", PATH, **STOP | changes)


def asked(venue: Client, name: str = "stop-1") -> Any:
    return venue.ok("GET", PATH, clientAlgoId=name)


def move(venue: Client, price: str) -> None:
    set_prices(venue.exchange.state, mid={"BTC": price}, mark={}, index={})


def test_a_stop_is_answered_as_the_service_writes_it_and_is_no_order() -> None:
    venue = short()
    answer = put(venue)
    assert answer == {
        "algoId": 4_000_001,
        "clientAlgoId": "stop-1",
        "algoType": "CONDITIONAL",
        "orderType": "STOP_MARKET",
        "symbol": "BTCUSDT",
        "side": "BUY",
        "positionSide": "BOTH",
        "timeInForce": "GTC",
        "quantity": "0.500",
        "algoStatus": "NEW",
        "triggerPrice": "66000.0",
        "price": "0.0",
        "icebergQuantity": None,
        "selfTradePreventionMode": "EXPIRE_MAKER",
        "workingType": "MARK_PRICE",
        "priceMatch": "NONE",
        "closePosition": False,
        "priceProtect": False,
        "reduceOnly": True,
        "createTime": START_MS,
        "updateTime": START_MS,
        "triggerTime": 0,
        "goodTillDate": 0,
    }
    assert venue.ok("GET", "/fapi/v1/openOrders") == []
    assert (asked(venue)["actualOrderId"], asked(venue)["actualPrice"]) == ("", "0.00000")
    assert venue.ok("GET", PATH, algoId=4_000_001) == asked(venue)
    assert venue.ok("GET", "/fapi/v1/openAlgoOrders") == [asked(venue)]


def test_a_stop_ties_up_no_margin() -> None:
    venue = short()
    free = venue.ok("GET", "/fapi/v3/account")["availableBalance"]
    put(venue, reduceOnly="false", quantity="100")
    assert venue.ok("GET", "/fapi/v3/account")["availableBalance"] == free


def test_the_mark_at_the_trigger_makes_it_a_market_order_with_a_number_of_its_own() -> None:
    venue = short()
    put(venue)
    move(venue, "65999.9")
    assert asked(venue)["algoStatus"] == "NEW"
    assert venue.position() == Decimal("-0.5")
    venue.clock_ms += 5
    move(venue, "66000")
    row = asked(venue)
    assert row["algoStatus"] == "FINISHED"
    assert row["triggerTime"] == row["updateTime"] == START_MS + 5
    assert row["actualPrice"] == "66000.00000"
    order = venue.ok("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=row["actualOrderId"])
    assert (order["status"], order["type"], order["executedQty"]) == ("FILLED", "MARKET", "0.500")
    assert order["reduceOnly"] is True
    assert order["clientOrderId"] != "stop-1"
    (trade,) = venue.ok(
        "GET", "/fapi/v1/userTrades", symbol="BTCUSDT", orderId=row["actualOrderId"]
    )
    assert (trade["side"], trade["qty"], trade["realizedPnl"]) == (
        "BUY",
        "0.500",
        "-3000.00000000",
    )
    assert venue.position() == 0
    assert venue.ok("GET", "/fapi/v1/openAlgoOrders") == []
    assert venue.exchange.audit() == ()


def test_a_stop_of_a_long_waits_for_a_mark_below() -> None:
    venue = Client(rich(rules=NO_SPREAD))
    venue.usdm("BUY", "MARKET", quantity="0.5")
    put(venue, side="SELL", triggerPrice="55000.0")
    move(venue, "55000.1")
    assert venue.position() == Decimal("0.5")
    move(venue, "54000")
    assert venue.position() == 0
    assert asked(venue)["actualPrice"] == "54000.00000"


def test_a_dated_contract_that_drifts_to_the_trigger_fires_without_a_price_being_set() -> None:
    venue = Client(rich(rules=NO_SPREAD))
    venue.usdm("BUY", "MARKET", symbol=DATED, quantity="0.5")
    put(venue, symbol=DATED, side="SELL", triggerPrice="60500.0")
    venue.clock_ms += 60 * DAY_MS
    assert venue.position(DATED) == 0
    assert asked(venue)["algoStatus"] == "FINISHED"


def test_a_stop_larger_than_the_position_closes_it_and_never_turns_it() -> None:
    venue = short("0.2")
    put(venue)
    move(venue, "67000")
    assert venue.position() == 0
    row = asked(venue)
    order = venue.ok("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=row["actualOrderId"])
    assert (row["algoStatus"], order["status"], order["executedQty"]) == (
        "FINISHED",
        "EXPIRED",
        "0.200",
    )


def test_two_stops_at_one_trigger_fire_oldest_first_and_the_second_finds_nothing_left() -> None:
    venue = short()
    put(venue)
    put(venue, clientAlgoId="stop-2")
    move(venue, "66000")
    assert (asked(venue)["algoStatus"], asked(venue, "stop-2")["algoStatus"]) == (
        "FINISHED",
        "REJECTED",
    )
    assert asked(venue, "stop-2")["actualOrderId"] == ""
    assert venue.position() == 0


def test_one_that_goes_with_the_position_is_gone_before_its_own_turn() -> None:
    venue = short()
    put(venue, timeInForce="GTE_GTC")
    put(venue, timeInForce="GTE_GTC", clientAlgoId="stop-2")
    move(venue, "66000")
    assert (asked(venue)["algoStatus"], asked(venue, "stop-2")["algoStatus"]) == (
        "FINISHED",
        "EXPIRED",
    )


def test_one_that_is_not_reduce_only_opens_what_it_says() -> None:
    venue = short("0.2")
    put(venue, reduceOnly="false")
    move(venue, "66000")
    assert venue.position() == Decimal("0.3")


def test_closing_the_position_withdraws_only_the_stop_that_depends_on_it() -> None:
    venue = short()
    put(venue, timeInForce="GTE_GTC")
    put(venue, clientAlgoId="outlives")
    venue.usdm("BUY", "MARKET", quantity="0.4", reduceOnly="true")
    assert asked(venue)["algoStatus"] == "NEW"
    venue.usdm("BUY", "MARKET", quantity="0.1", reduceOnly="true")
    assert asked(venue)["algoStatus"] == "EXPIRED"
    assert asked(venue, "outlives")["algoStatus"] == "NEW"
    move(venue, "66000")
    assert asked(venue, "outlives")["algoStatus"] == "REJECTED"
    assert venue.position() == 0


def test_a_liquidation_takes_the_stop_that_depends_on_the_position_with_it() -> None:
    venue = short()
    put(venue, timeInForce="GTE_GTC")
    force_liquidation(venue.exchange.state, "BTCUSDT")
    assert asked(venue)["algoStatus"] == "EXPIRED"


def test_a_delivery_ends_the_stops_of_its_contract() -> None:
    venue = Client(rich(rules=NO_SPREAD))
    venue.usdm("SELL", "MARKET", symbol=DATED, quantity="0.5")
    put(venue, symbol=DATED)
    venue.clock_ms = DATED_EXPIRY_MS - DAY_MS
    put(venue, clientAlgoId="other", reduceOnly="false")
    venue.clock_ms += DAY_MS
    (row,) = venue.ok("GET", "/fapi/v1/openAlgoOrders")
    assert row["clientAlgoId"] == "other"
    assert venue.code("POST", PATH, **STOP | {"symbol": DATED}) == -4108


def test_a_withdrawal_by_name_is_answered_once() -> None:
    venue = short()
    put(venue)
    assert venue.ok("DELETE", PATH, clientAlgoId="stop-1") == {
        "algoId": 4_000_001,
        "clientAlgoId": "stop-1",
        "code": "200",
        "msg": "success",
    }
    assert asked(venue)["algoStatus"] == "CANCELED"
    assert venue.code("DELETE", PATH, clientAlgoId="stop-1") == -2011
    move(venue, "70000")
    assert venue.position() == Decimal("-0.5")


def test_all_stops_of_one_contract_are_withdrawn_at_once() -> None:
    venue = short()
    put(venue)
    put(venue, symbol="ETHUSDT", triggerPrice="2600", clientAlgoId="other")
    venue.ok("DELETE", "/fapi/v1/algoOpenOrders", symbol="BTCUSDT")
    assert [r["clientAlgoId"] for r in venue.ok("GET", "/fapi/v1/openAlgoOrders")] == ["other"]


def test_cancelling_all_orders_of_a_contract_leaves_its_stops() -> None:
    venue = short()
    put(venue)
    venue.ok("DELETE", "/fapi/v1/allOpenOrders", symbol="BTCUSDT")
    assert asked(venue)["algoStatus"] == "NEW"


def test_the_exchange_may_withdraw_a_stop_of_its_own_accord() -> None:
    venue = short()
    put(venue)
    withdraw(venue.exchange.state, client_id="stop-1")
    assert asked(venue)["algoStatus"] == "EXPIRED"
    with pytest.raises(Rejection, match="-2011"):
        withdraw(venue.exchange.state, client_id="stop-1")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"algoType": "TWAP"}, -1128),
        ({"symbol": "NOPE"}, -1121),
        ({"side": "HOLD"}, -1117),
        ({"type": "STOP"}, -1116),
        ({"type": ""}, -1102),
        ({"quantity": ""}, -1102),
        ({"quantity": "0"}, -4004),
        ({"quantity": "0.0005"}, -1111),
        ({"quantity": "9000000"}, -4005),
        ({"closePosition": "true"}, -4136),
        ({"triggerPrice": ""}, -1102),
        ({"triggerPrice": "0"}, -4006),
        ({"triggerPrice": "66000.05"}, -1111),
        ({"workingType": "INDEX"}, -1128),
        ({"timeInForce": "IOC"}, -1115),
        ({"clientAlgoId": "no spaces"}, -1100),
        ({"clientAlgoId": "x" * 37}, -1100),
        ({"positionSide": "SHORT"}, -4061),
        ({"triggerPrice": "60000.0"}, -2021),
        ({"triggerPrice": "50000.0"}, -2021),
        ({"side": "SELL", "triggerPrice": "60000.0"}, -2021),
    ],
)
def test_a_stop_that_is_wrong_is_refused_and_does_not_rest(
    changes: dict[str, str], code: int
) -> None:
    venue = short()
    assert venue.code("POST", PATH, **STOP | changes) == code
    assert venue.exchange.truth()["conditionals"] == []


@pytest.mark.parametrize(
    ("rule", "changes", "code"),
    [
        ({"lot_size": "0.002"}, {"quantity": "0.005"}, -4023),
        ({"tick_size": "0.5"}, {"triggerPrice": "66000.2"}, -4014),
    ],
)
def test_a_stop_off_the_grid_is_refused(
    rule: dict[str, str], changes: dict[str, str], code: int
) -> None:
    venue = Client(rich(rules={"usdm": rule}))
    assert venue.code("POST", PATH, **STOP | changes) == code


def test_one_that_depends_on_a_position_needs_one() -> None:
    venue = Client(rich(rules=NO_SPREAD))
    assert venue.code("POST", PATH, **STOP | {"timeInForce": "GTE_GTC"}) == -4509
    assert put(venue)["algoStatus"] == "NEW"


def test_a_name_may_rest_only_once_and_serves_again_later() -> None:
    venue = short()
    put(venue)
    assert venue.code("POST", PATH, **STOP | {"symbol": "ETHUSDT", "triggerPrice": "2600"}) == -4116
    venue.ok("DELETE", PATH, clientAlgoId="stop-1")
    second = put(venue)
    assert second["algoId"] == 4_000_002
    assert asked(venue)["algoId"] == 4_000_002


def test_no_more_than_so_many_rest_over_all_contracts() -> None:
    venue = short(limits={"usdm_conditionals": 2})
    put(venue)
    put(venue, symbol="ETHUSDT", triggerPrice="2600", clientAlgoId="stop-2")
    third = STOP | {"clientAlgoId": "stop-3"}
    assert venue.code("POST", PATH, **third) == -4045
    venue.ok("DELETE", PATH, clientAlgoId="stop-2")
    assert venue.ok("POST", PATH, **third)["clientAlgoId"] == "stop-3"


def test_a_stop_counts_as_an_order_and_weighs_nothing() -> None:
    venue = short()
    used = venue.send("GET", PATH, {"clientAlgoId": "stop-1"}).headers["X-MBX-USED-WEIGHT-1M"]
    answer = venue.send("POST", PATH, STOP)
    assert answer.headers["X-MBX-USED-WEIGHT-1M"] == used
    assert answer.headers["X-MBX-ORDER-COUNT-10S"] == "2"


def test_listing_every_contract_weighs_forty_and_history_five() -> None:
    venue = short()

    def cost(path: str, **params: str) -> int:
        before = int(venue.send("POST", PATH, STOP).headers["X-MBX-USED-WEIGHT-1M"])
        return int(venue.send("GET", path, params).headers["X-MBX-USED-WEIGHT-1M"]) - before

    assert cost("/fapi/v1/openAlgoOrders") == 40
    assert cost("/fapi/v1/openAlgoOrders", symbol="BTCUSDT") == 1
    assert cost("/fapi/v1/allAlgoOrders", symbol="BTCUSDT") == 5


def test_history_shows_every_one_of_a_contract_in_pages() -> None:
    venue = short()
    for number in range(3):
        put(venue, clientAlgoId=f"stop-{number}")
        venue.clock_ms += 1000
    put(venue, symbol="ETHUSDT", triggerPrice="2600", clientAlgoId="other")
    venue.ok("DELETE", PATH, clientAlgoId="stop-1")

    def names(**params: Any) -> list[str]:
        rows = venue.ok("GET", "/fapi/v1/allAlgoOrders", symbol="BTCUSDT", **params)
        return [row["clientAlgoId"] for row in rows]

    assert names() == ["stop-0", "stop-1", "stop-2"]
    assert names(limit=2) == ["stop-1", "stop-2"]
    assert names(algoId=4_000_001, limit=2) == ["stop-0", "stop-1"]
    assert names(algoId=4_000_002) == ["stop-1", "stop-2"]
    assert names(startTime=START_MS + 1000, endTime=START_MS + 1000) == ["stop-1"]
    assert names(startTime=START_MS, limit=1) == ["stop-0"]


def test_what_came_to_nothing_is_forgotten_after_three_days_and_the_rest_after_ninety() -> None:
    venue = short()
    put(venue)
    put(venue, clientAlgoId="fires", quantity="0.001", triggerPrice="61000.0")
    put(venue, clientAlgoId="rests", quantity="0.001", triggerPrice="99000.0")
    venue.ok("DELETE", PATH, clientAlgoId="stop-1")
    move(venue, "61000")
    venue.clock_ms += 3 * DAY_MS
    assert asked(venue)["algoStatus"] == "CANCELED"
    venue.clock_ms += 1
    assert venue.code("GET", PATH, clientAlgoId="stop-1") == -2013
    assert asked(venue, "fires")["algoStatus"] == "FINISHED"
    venue.clock_ms += 87 * DAY_MS
    assert venue.code("GET", PATH, clientAlgoId="fires") == -2013
    assert venue.code("GET", PATH, clientAlgoId="rests") == -2013
    (row,) = venue.ok("GET", "/fapi/v1/openAlgoOrders")
    assert row["clientAlgoId"] == "rests", "it rests as long as nobody withdraws it"


@pytest.mark.parametrize(("method", "code"), [("GET", -2013), ("DELETE", -2011)])
def test_a_name_that_never_was_is_said_to_be_unknown(method: str, code: int) -> None:
    venue = short()
    assert venue.code(method, PATH, clientAlgoId="never") == code
    assert venue.code(method, PATH) == -1102


def test_the_usual_endpoint_sends_stops_away() -> None:
    venue = short()
    given = {k: v for k, v in STOP.items() if k not in {"algoType", "clientAlgoId"}}
    assert venue.code("POST", "/fapi/v1/order", **given) == -4120


async def test_the_admin_endpoint_withdraws_and_says_what_is_wrong() -> None:
    async with wired() as venue:
        await venue.rows("POST", PATH, STOP)
        assert await venue.admin("POST", "withdraw", {"client_id": "stop-1"}) == {}
        answer = await venue.admin("POST", "withdraw", {"client_id": "stop-1"})
        assert "-2011" in answer["error"]


@pytest.mark.parametrize(("kind", "rests"), [(Kind.RESET_BEFORE, 0), (Kind.RESET_AFTER, 1)])
async def test_a_dropped_connection_hides_whether_the_stop_was_taken(
    kind: Kind, rests: int
) -> None:
    async with wired() as venue:
        venue.exchange.inject(Fault(kind=kind, method="POST", path=PATH))
        with pytest.raises(aiohttp.ClientConnectionError):
            await venue.send("POST", PATH, STOP)
        assert len(venue.exchange.truth()["conditionals"]) == rests


async def test_a_stop_can_be_hidden_per_place_for_a_while() -> None:
    async with wired() as venue:
        hidden = {"order": 600_000, "open_orders": 600_000, "all_orders": 0}
        venue.exchange.inject(Fault(kind=Kind.INVISIBLE, method="POST", path=PATH, hide_ms=hidden))
        await venue.rows("POST", PATH, STOP)
        status, text = await venue.send("GET", PATH, {"clientAlgoId": "stop-1"})
        assert (status, "-2013" in text) == (400, True)
        assert await venue.rows("GET", "/fapi/v1/openAlgoOrders", {}) == []
        rows = await venue.rows("GET", "/fapi/v1/allAlgoOrders", {"symbol": "BTCUSDT"})
        assert [row["clientAlgoId"] for row in rows] == ["stop-1"]
        venue.exchange.set_prices(mid={"BTC": "66000"})
        assert venue.exchange.truth()["conditionals"][0]["status"] == "REJECTED"
