"""Only a known key, well signed and in time, reaches the account."""

from __future__ import annotations

import pytest

from tests.testnet.client import START_MS, Client, rich
from trimtab.testnet.scenario import Scenario
from trimtab.testnet.wire import Request

ACCOUNT = "/api/v3/account"


def test_a_wrong_secret_is_refused_and_nothing_leaks() -> None:
    answer = Client(rich()).send("GET", ACCOUNT, {}, secret="other")
    assert answer.payload == {"code": -1022, "msg": "Signature for this request is not valid."}


@pytest.mark.parametrize(
    ("offset_ms", "window_ms", "says"),
    [
        (-5001, 5000, "Timestamp for this request is outside of the recvWindow."),
        (1000, 5000, "Timestamp for this request was 1000ms ahead of the server's time."),
        (-101, 100, "Timestamp for this request is outside of the recvWindow."),
    ],
)
def test_a_timestamp_outside_the_window_is_refused_in_both_directions(
    offset_ms: int, window_ms: int, says: str
) -> None:
    asked = {"timestamp": START_MS + offset_ms, "recvWindow": window_ms}
    answer = Client(rich()).send("GET", ACCOUNT, asked)
    assert answer.payload == {"code": -1021, "msg": says}


@pytest.mark.parametrize("offset_ms", [-5000, 0, 999])
def test_a_timestamp_at_the_edge_of_the_window_is_accepted(offset_ms: int) -> None:
    answer = Client(rich()).send("GET", ACCOUNT, {"timestamp": START_MS + offset_ms})
    assert answer.status == 200


def test_the_window_may_not_exceed_a_minute() -> None:
    assert Client(rich()).code("GET", ACCOUNT, recvWindow=60_001) == -1131


@pytest.mark.parametrize(
    ("headers", "query", "code"),
    [
        ({}, "timestamp=1", -2014),
        ({"x-mbx-apikey": "stranger"}, "timestamp=1&signature=00", -2015),
        ({"x-mbx-apikey": "local-key"}, "signature=00", -1102),
        ({"x-mbx-apikey": "local-key"}, f"timestamp={START_MS}", -1102),
    ],
)
def test_what_a_signed_request_lacks_has_its_own_code(
    headers: dict[str, str], query: str, code: int
) -> None:
    request = Request(method="GET", path=ACCOUNT, query=query, headers=headers)
    assert Client(rich()).exchange.respond(request).payload["code"] == code


def test_a_read_only_key_reads_and_does_not_trade() -> None:
    key = {"key": "local-key", "secret": "local-secret", "rights": ["read"]}
    venue = Client(rich(credentials=[key], serves=["api_restrictions"]))
    venue.ok("GET", ACCOUNT)
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "1"}
    assert venue.code("POST", "/api/v3/order", **order) == -2015
    rights = venue.ok("GET", "/sapi/v1/account/apiRestrictions")
    assert (rights["enableReading"], rights["enableSpotAndMarginTrading"]) == (True, False)
    assert rights["enableWithdrawals"] is False


@pytest.mark.parametrize(
    "path", ["/sapi/v1/account/apiRestrictions", "/sapi/v1/system/status", "/api/v3/nowhere"]
)
def test_an_endpoint_that_the_host_does_not_have_answers_404(path: str) -> None:
    assert Client(rich()).send("GET", path, {}).status == 404


def test_a_secret_is_never_shown() -> None:
    assert "local-secret" not in repr(Scenario.drifted())
