"""The local exchange in a process of its own, which looks into the ledger at every order.

An order that arrives must have its SUBMITTING row committed in the ledger's file already, of
the same size and limit. What was seen otherwise is written to a file.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from tests.durability.clock import LeapingClock
from tests.durability.shim import Shim
from trimtab.testnet import Answer, LimitTable, LocalExchange, Request, Scenario, serve

ORDERS: Final = ("/api/v3/order", "/fapi/v1/order")
_ROW: Final = (
    "SELECT state, quantity, limit_price FROM orders WHERE dry_run = 0 AND client_order_id = ?"
)
_CLOSED_BY_FILLS: Final = ("open", "settling", "filled", "expired", "refused")
"""States that an order has only after the venue has told something of it."""
_ROOMY: Final = LimitTable(
    spot_weight_1m=10**9, spot_orders_10s=10**6, usdm_weight_1m=10**9, usdm_orders_10s=10**6
)


def scenario() -> Scenario:
    """Return an account out of balance, with a long BTC to hedge, on books of some depth."""
    market = {"level_notional": "900", "level_gap_bps": "0.2", "levels": 20}
    start = Scenario.from_json(
        {
            "prices": {"BTC": "58000", "ETH": "2500", "SOL": "150"},
            "spot": {"BTC": "0.1", "ETH": "1", "SOL": "12", "USDT": "700"},
            "futures": {"wallet": "4000"},
            "rules": {"*": market},
        }
    )
    return replace(start, limits=_ROOMY)


class _Watched:
    """Answers as the exchange does, and holds every order that arrives against the ledger."""

    def __init__(self, served: LocalExchange, folder: Path) -> None:
        self._respond = served.exchange.respond
        self._folder = folder

    def __call__(self, request: Request) -> Answer:
        if request.method == "POST" and request.path in ORDERS:
            fault = self._fault(request.params())
            if fault:
                with (self._folder / "violations").open("a", encoding="utf-8") as file:
                    file.write(fault + "\n")
        return self._respond(request)

    def _fault(self, asked: dict[str, str]) -> str:
        """Say what is wrong with an order that has arrived; empty when nothing is."""
        name = asked["newClientOrderId"]
        try:
            row = self._row(name)
        except sqlite3.Error as error:
            return f"I3: {name} arrives, and the ledger cannot be read: {error}"
        if row is None:
            return f"I3: {name} arrives and is not in the ledger"
        state, quantity, limit_price = row
        sent = (Decimal(asked["quantity"]), Decimal(asked["price"]))
        if sent != (Decimal(quantity), Decimal(limit_price)):
            return f"I3: {name} arrives as {sent}, committed is {quantity} at {limit_price}"
        # A late one may find that recovery has begun: then the fence refuses it, or I17 tells.
        return f"I3: {name} arrives while it is {state}" if state in _CLOSED_BY_FILLS else ""

    def _row(self, name: str) -> Any:
        """Return what is committed of an order."""
        database = self._folder / "state" / "ledger.db"
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)
        try:
            return connection.execute(_ROW, (name,)).fetchone()
        finally:
            connection.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedExchange:
    """Where the exchange listens, for whoever waits for runs."""

    url: str
    folder: Path

    def asked(self, method: str, path: str, body: object = None) -> Any:
        """Return what one of the tests' own endpoints answers."""
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/admin/{path}", content, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def begin_anew(self) -> None:
        """Forget everything, faults too."""
        self.asked("DELETE", "faults")
        self.asked("POST", "scenario", _as_json())
        (self.folder / "violations").unlink(missing_ok=True)

    def inject(self, **fault: Any) -> None:
        """Put a fault in force."""
        self.asked("POST", "faults", fault)

    def truth(self) -> Any:
        """Return everything that happened."""
        return self.asked("GET", "truth")

    def audit(self) -> list[str]:
        """Return the differences between the exchange's accounts and its tape."""
        found: list[str] = self.asked("GET", "audit")["differences"]
        return found

    def violations(self) -> list[str]:
        """Return what arrived without being in the ledger."""
        seen = self.folder / "violations"
        return seen.read_text(encoding="utf-8").splitlines() if seen.exists() else []


def _as_json() -> dict[str, Any]:
    """Return the scenario as the exchange's own endpoint takes it."""
    given = scenario()
    limits = {name: getattr(given.limits, name) for name in LimitTable.__slots__}
    return {
        "prices": {asset: str(mid) for asset, mid in given.prices.items()},
        "spot": {asset: str(held.free) for asset, held in given.spot.items()},
        "futures": {"wallet": str(given.wallet)},
        "rules": {scope: dict(rule) for scope, rule in given.rules.items()},
        "limits": limits,
    }


@contextmanager
def exchange_process(
    folder: Path, clock: LeapingClock, shim: Shim | None
) -> Iterator[ServedExchange]:
    """Serve in a forked process for as long as the block runs; it looks into *folder*."""
    ours, theirs = os.pipe()
    process = os.fork()
    if process == 0:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if shim is not None:
            shim.leave()
        asyncio.run(_serving(folder, clock, theirs))
        os._exit(0)
    os.close(theirs)
    try:
        url = os.read(ours, 100).decode()
        yield ServedExchange(url=url, folder=folder)
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(ours)


async def _serving(folder: Path, clock: LeapingClock, ready: int) -> None:
    """Serve until killed."""
    async with serve(scenario(), now_ms=clock.now_ms) as served:
        served.exchange.respond = _Watched(served, folder)  # type: ignore[method-assign]  # It looks first.
        os.write(ready, served.url.encode())
        await asyncio.Event().wait()
