"""A signing client of the exchange without a socket, on a clock that stands still."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from trimtab.testnet.exchange import Exchange
from trimtab.testnet.scenario import Scenario
from trimtab.testnet.signing import signature_of
from trimtab.testnet.wire import Answer, Request

START_MS = 1_790_000_000_000
"""2026-09-21 13:33:20 UTC: away from every funding instant and expiry."""


class Client:
    """Sends what a venue's client would send, and moves the clock."""

    def __init__(self, scenario: Scenario) -> None:
        self.clock_ms = START_MS
        self.exchange = Exchange(scenario, now_ms=lambda: self.clock_ms)

    def send(
        self, method: str, path: str, params: Mapping[str, Any], *, secret: str = "local-secret"
    ) -> Answer:
        """Send a signed request."""
        stamped = {**{k: str(v) for k, v in params.items()}}
        stamped.setdefault("timestamp", str(self.clock_ms))
        raw = urlencode(stamped)
        in_query = method in {"GET", "DELETE"}
        signature = signature_of(secret, query=raw, body="")
        raw += f"&signature={signature}"
        return self.exchange.respond(
            Request(
                method=method,
                path=path,
                query=raw if in_query else "",
                body="" if in_query else raw,
                headers={"x-mbx-apikey": "local-key"},
            )
        )

    def public(self, path: str, **params: Any) -> Any:
        """Return the payload of an unsigned request."""
        answer = self.exchange.respond(Request(method="GET", path=path, query=urlencode(params)))
        assert answer.status == 200, answer
        return answer.payload

    def ok(self, method: str, path: str, **params: Any) -> Any:
        """Return the payload of a signed request that must succeed."""
        answer = self.send(method, path, params)
        assert answer.status == 200, answer
        return answer.payload

    def code(self, method: str, path: str, **params: Any) -> int:
        """Return the code of a signed request that must be refused."""
        answer = self.send(method, path, params)
        assert answer.status >= 400, answer
        return int(answer.payload["code"])

    def spot(self, side: str, kind: str, **params: Any) -> Any:
        """Place a spot order on BTCUSDT, unless told otherwise, that must be accepted."""
        asked = {"symbol": "BTCUSDT", "side": side, "type": kind, **params}
        return self.ok("POST", "/api/v3/order", **asked)

    def usdm(self, side: str, kind: str, **params: Any) -> Any:
        """Place a futures order on BTCUSDT, unless told otherwise, that must be accepted."""
        asked = {
            "symbol": "BTCUSDT",
            "side": side,
            "type": kind,
            "newOrderRespType": "RESULT",
            **params,
        }
        return self.ok("POST", "/fapi/v1/order", **asked)

    def free(self, asset: str) -> Decimal:
        """Return what is free of *asset* in the spot wallet."""
        return Decimal(self.exchange.truth()["balances"][asset]["free"])

    def wallet(self) -> Decimal:
        """Return the futures wallet."""
        return Decimal(self.exchange.truth()["wallet"])

    def position(self, symbol: str = "BTCUSDT") -> Decimal:
        """Return the signed position in *symbol*."""
        found = [p for p in self.exchange.truth()["positions"] if p["symbol"] == symbol]
        return sum((Decimal(p["quantity"]) for p in found), Decimal(0))


def rich(**changes: Any) -> Scenario:
    """Return a scenario with plenty of everything, as JSON would give it, with *changes*."""
    given: dict[str, Any] = {
        "prices": {"BTC": "60000", "ETH": "2500"},
        "spot": {"BTC": "10", "ETH": "100", "USDT": "1000000"},
        "futures": {"wallet": "100000", "leverage": {"*": 10}},
    }
    return Scenario.from_json(given | changes)
