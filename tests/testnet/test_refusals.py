"""Every refusal carries the code and text that a client of the real exchange would see."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.testnet.client import Client, rich

SPOT = "/api/v3/order"
USDM = "/fapi/v1/order"
MARKET = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.1"}
LIMIT = MARKET | {"type": "LIMIT", "price": "59000", "timeInForce": "GTC"}

ROWS: list[tuple[str, dict[str, Any], int, str]] = [
    (SPOT, MARKET | {"symbol": "NOPE"}, -1121, "Invalid symbol."),
    (SPOT, MARKET | {"side": "HOLD"}, -1117, "Invalid side."),
    (SPOT, MARKET | {"type": "STOP"}, -1116, "Invalid orderType."),
    (SPOT, LIMIT | {"timeInForce": "GTX"}, -1115, "Invalid timeInForce."),
    (SPOT, LIMIT | {"timeInForce": ""}, -1102, "Mandatory parameter 'timeInForce'"),
    (SPOT, LIMIT | {"price": ""}, -1102, "Mandatory parameter 'price'"),
    (SPOT, MARKET | {"quantity": ""}, -1102, "Mandatory parameter 'quantity'"),
    (SPOT, MARKET | {"quantity": "1e3"}, -1100, "Illegal characters found in parameter"),
    (SPOT, MARKET | {"quantity": "-1"}, -1100, "Illegal characters found in parameter"),
    (SPOT, MARKET | {"quantity": "0"}, -1013, "Invalid quantity."),
    (SPOT, MARKET | {"quantity": "0.123456789"}, -1111, "Parameter 'quantity' has too much"),
    (SPOT, MARKET | {"quantity": "0.000001"}, -1013, "Filter failure: LOT_SIZE"),
    (SPOT, MARKET | {"quantity": "0.1000001"}, -1013, "Filter failure: LOT_SIZE"),
    (SPOT, MARKET | {"quantity": "99"}, -1013, "Filter failure: MARKET_LOT_SIZE"),
    (SPOT, LIMIT | {"price": "59000.001"}, -1013, "Filter failure: PRICE_FILTER"),
    (SPOT, LIMIT | {"price": "5000"}, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
    (SPOT, MARKET | {"quantity": "0.00001"}, -1013, "Filter failure: NOTIONAL"),
    (SPOT, LIMIT | {"quantity": "0.00008"}, -1013, "Filter failure: NOTIONAL"),
    (SPOT, MARKET | {"quantity": "20"}, -2010, "Account has insufficient balance"),
    (SPOT, LIMIT | {"quantity": "20"}, -2010, "Account has insufficient balance"),
    (SPOT, MARKET | {"side": "SELL", "quantity": "10.1"}, -2010, "Account has insufficient"),
    (SPOT, MARKET | {"newClientOrderId": "a b"}, -1100, "'newClientOrderId'; legal range is"),
    (SPOT, MARKET | {"newClientOrderId": "a" * 37}, -1100, "'newClientOrderId'; legal range"),
    (SPOT, MARKET | {"reduceOnly": "true"}, -1104, "Not all sent parameters were read; read '6'"),
    (SPOT, MARKET | {"timeInForce": "GTC"}, -1106, "Parameter 'timeInForce' sent when not"),
    (SPOT, MARKET | {"price": "60000"}, -1106, "Parameter 'price' sent when not required."),
    (USDM, MARKET | {"symbol": "NOPE"}, -1121, "Invalid symbol."),
    (USDM, MARKET | {"type": "STOP_MARKET"}, -4120, "Please use the Algo Order API"),
    (USDM, MARKET | {"type": "LIMIT_MAKER"}, -1116, "Invalid orderType."),
    (USDM, MARKET | {"quantity": "0"}, -4003, "Quantity less than or equal to zero."),
    (USDM, MARKET | {"quantity": "0.0001"}, -1111, "Precision is over the maximum defined"),
    (USDM, MARKET | {"quantity": "99999"}, -4005, "Quantity greater than max quantity."),
    (USDM, LIMIT | {"price": "59000.01"}, -1111, "Precision is over the maximum defined"),
    (USDM, LIMIT | {"price": "70000"}, -4016, "Limit price can't be higher than 66000"),
    (USDM, LIMIT | {"side": "SELL", "price": "50000"}, -4024, "Limit price can't be lower than"),
    (USDM, LIMIT | {"price": "0"}, -4001, "Price less than 0."),
    (USDM, LIMIT | {"quantity": "0.0"}, -4003, "Quantity less than or equal to zero."),
    (USDM, MARKET | {"symbol": "ETHUSDT", "quantity": "0.001"}, -4164, "no smaller than 20 "),
    (USDM, MARKET | {"quantity": "25"}, -2019, "Margin is insufficient."),
    (USDM, MARKET | {"reduceOnly": "true"}, -2022, "ReduceOnly Order is rejected."),
    (USDM, MARKET | {"positionSide": "LONG"}, -4061, "Order's position side does not match"),
    (USDM, MARKET | {"newClientOrderId": "a" * 37}, -4015, "Client order id length"),
    (USDM, MARKET | {"newClientOrderId": "ä"}, -1100, "'newClientOrderId'; legal range is"),
]


@pytest.mark.parametrize(("path", "asked", "code", "says"), ROWS)
def test_an_order_that_breaks_a_rule_is_refused_by_its_own_code(
    path: str, asked: dict[str, Any], code: int, says: str
) -> None:
    venue = Client(rich())
    answer = venue.send("POST", path, {k: v for k, v in asked.items() if v != ""})
    assert (answer.status, answer.payload["code"]) == (400, code)
    assert re.search(re.escape(says), answer.payload["msg"])
    assert venue.exchange.truth()["orders"] == []


def test_off_tick_and_off_step_values_have_codes_of_their_own() -> None:
    rules = {"usdm": {"tick_size": "0.5", "lot_size": "0.005"}}
    venue = Client(rich(rules=rules))
    assert venue.code("POST", USDM, **LIMIT | {"price": "59000.1"}) == -4014
    assert venue.code("POST", USDM, **LIMIT | {"quantity": "0.011"}) == -4023
    assert venue.code("POST", USDM, **LIMIT | {"quantity": "0.001"}) == -4004


@pytest.mark.parametrize(("path", "code"), [(SPOT, -2010), (USDM, -4116)])
def test_a_second_open_order_under_one_client_id_is_refused(path: str, code: int) -> None:
    venue = Client(rich())
    asked = LIMIT | {"newClientOrderId": "one"}
    venue.ok("POST", path, **asked)
    assert venue.code("POST", path, **asked) == code
    venue.ok("DELETE", path, symbol="BTCUSDT", origClientOrderId="one")
    assert venue.ok("POST", path, **asked)["orderId"]


@pytest.mark.parametrize("path", [SPOT, USDM])
def test_orders_that_are_not_there_cannot_be_found_or_cancelled(path: str) -> None:
    venue = Client(rich())
    asked = {"symbol": "BTCUSDT", "origClientOrderId": "ghost"}
    assert venue.code("GET", path, **asked) == -2013
    assert venue.code("DELETE", path, **asked) == -2011
    assert venue.code("GET", path, symbol="BTCUSDT") == -1102


@pytest.mark.parametrize(("path", "code"), [(SPOT, -1013), (USDM, -2025)])
def test_open_orders_are_limited_per_symbol(path: str, code: int) -> None:
    venue = Client(rich(rules={"*": {"max_open_orders": 2}}))
    for _ in range(2):
        venue.ok("POST", path, **LIMIT)
    assert venue.code("POST", path, **LIMIT) == code


def test_a_window_of_fills_may_not_be_too_wide() -> None:
    venue = Client(rich())
    day_ms = 86_400_000
    spot = {"symbol": "BTCUSDT", "startTime": 1, "endTime": 2 + day_ms}
    usdm = {"symbol": "BTCUSDT", "startTime": 1, "endTime": 2 + 7 * day_ms}
    assert venue.code("GET", "/api/v3/myTrades", **spot) == -1127
    assert venue.code("GET", "/fapi/v1/userTrades", **usdm) == -4165
