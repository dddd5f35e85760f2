"""Budgets: weights, order counts, refusals, bans."""

from __future__ import annotations

from tests.testnet.client import Client, rich
from trimtab.testnet.wire import Answer

ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}


def price(venue: Client) -> Answer:
    return venue.send("GET", "/api/v3/ticker/price", {"symbol": "BTCUSDT"})


def test_every_answer_says_how_much_weight_is_used() -> None:
    venue = Client(rich())
    assert price(venue).headers["X-MBX-USED-WEIGHT-1M"] == "2"
    account = venue.send("GET", "/api/v3/account", {})
    refused = venue.send("GET", "/api/v3/order", {"symbol": "BTCUSDT", "orderId": 5})
    futures = venue.send("GET", "/fapi/v3/account", {})
    assert account.headers["X-MBX-USED-WEIGHT-1M"] == "22"
    assert refused.headers["X-MBX-USED-WEIGHT-1M"] == "26"
    assert futures.headers["X-MBX-USED-WEIGHT-1M"] == "5"


def test_weight_starts_again_with_the_minute() -> None:
    venue = Client(rich())
    price(venue)
    venue.clock_ms += 60_000
    assert price(venue).headers["X-MBX-USED-WEIGHT-1M"] == "2"


def test_only_accepted_orders_are_counted_and_headed() -> None:
    venue = Client(rich())
    accepted = venue.send("POST", "/api/v3/order", ORDER)
    refused = venue.send("POST", "/api/v3/order", ORDER | {"quantity": "99"})
    futures = venue.send("POST", "/fapi/v1/order", ORDER)
    assert accepted.headers["X-MBX-ORDER-COUNT-10S"] == "1"
    assert accepted.headers["X-MBX-ORDER-COUNT-1D"] == "1"
    assert "X-MBX-ORDER-COUNT-10S" not in refused.headers
    assert futures.headers["X-MBX-ORDER-COUNT-1M"] == "1"


def test_the_101st_order_in_ten_seconds_is_refused_until_they_are_over() -> None:
    venue = Client(rich())
    for _ in range(100):
        assert venue.send("POST", "/api/v3/order", ORDER).status == 200
    refused = venue.send("POST", "/api/v3/order", ORDER)
    assert (refused.status, refused.payload["code"]) == (429, -1015)
    venue.clock_ms += int(refused.headers["Retry-After"]) * 1000
    assert venue.send("POST", "/api/v3/order", ORDER).status == 200


def test_going_on_after_429_earns_a_ban_that_ends() -> None:
    limits = {"spot_weight_1m": 10, "ban_after": 2, "ban_ms": 90_000}
    venue = Client(rich(limits=limits))
    statuses = [price(venue).status for _ in range(9)]
    assert statuses == [200] * 5 + [429, 429, 418, 418]
    banned = price(venue)
    assert banned.headers["Retry-After"] == "90"
    assert banned.payload["msg"].startswith("Way too much request weight used; IP banned until")
    assert venue.send("GET", "/fapi/v3/account", {}).status == 200
    venue.clock_ms += 90_000
    assert price(venue).status == 200


def test_a_client_that_waits_as_told_is_never_banned() -> None:
    venue = Client(rich(limits={"spot_weight_1m": 4, "ban_after": 1}))
    for _ in range(6):
        assert [price(venue).status for _ in range(2)] == [200, 200]
        refused = price(venue)
        assert refused.status == 429
        venue.clock_ms += int(refused.headers["Retry-After"]) * 1000
