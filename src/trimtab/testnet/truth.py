"""The truth: what really happened, for tests to hold against what a client believes.

Pure over the state. Decimals are written in plain notation without trailing zeros.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal
from enum import Enum
from typing import Any

from trimtab.testnet.catalogue import Market
from trimtab.testnet.exact import plain
from trimtab.testnet.state import State
from trimtab.testnet.wire import Request

Json = dict[str, Any]
_LOG_LENGTH = 100_000
"""Requests that are kept; an exchange that runs for months must not fill the memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One request as it came in."""

    number: int
    """From 1, in order of arrival."""
    method: str
    """HTTP method."""
    path: str
    """Path without query."""
    params: dict[str, str]
    """Parameters without the signature."""
    status: int
    """HTTP status that went out; 0 when the connection was dropped."""
    executed: bool
    """Whether the exchange acted on it."""
    fault: str
    """The fault that struck it; empty for none."""
    arrived_at: int
    """Milliseconds on the exchange's clock."""

    @property
    def mutating(self) -> bool:
        """Whether a request like this changes something when executed."""
        return self.method != "GET" and not self.path.endswith("/order/test")


class RequestLog:
    """The latest requests, oldest first, and how many mutating ones there ever were."""

    def __init__(self) -> None:
        self._entries: dict[int, Logged] = {}
        self._arrived = 0
        self.mutating = 0

    def arrive(self, request: Request, *, fault: str, now_ms: int) -> int:
        """Note a request that is not answered yet; return its number."""
        self._arrived += 1
        params = {k: v for k, v in request.params().items() if k != "signature"}
        entry = Logged(
            number=self._arrived,
            method=request.method,
            path=request.path,
            params=params,
            status=0,
            executed=False,
            fault=fault,
            arrived_at=now_ms,
        )
        self._entries[entry.number] = entry
        self.mutating += entry.mutating
        if len(self._entries) > _LOG_LENGTH:
            del self._entries[next(iter(self._entries))]
        return entry.number

    def note(self, number: int, *, status: int | None = None, executed: bool = False) -> None:
        """Note what went out for a request, or that it was executed."""
        if (entry := self._entries.get(number)) is not None:
            self._entries[number] = replace(
                entry,
                status=entry.status if status is None else status,
                executed=entry.executed or executed,
            )

    def entries(self) -> list[Logged]:
        """Return what is kept, oldest first."""
        return list(self._entries.values())


def as_json(value: Any) -> Any:  # noqa: ANN401 -- any value of this package in, JSON out.
    """Write a value of this package as JSON."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return {f.name: as_json(getattr(value, f.name)) for f in fields(value)}
    return value


def truth(state: State, log: RequestLog) -> Json:
    """Return everything that happened since the start, oldest first in each list."""
    stores = state.stores.values()
    return {
        "now_ms": state.now_ms,
        "orders": [as_json(o) for store in stores for o in store.orders()],
        "fills": [as_json(f) for store in stores for f in store.fills()],
        "conditionals": [as_json(c) for c in state.conditionals.orders()],
        "balances": {
            asset: {
                "free": plain(state.spot.free(asset)),
                "locked": plain(state.spot.locked(asset)),
            }
            for asset in state.spot.assets()
        },
        "wallet": plain(state.usdm.wallet),
        "positions": [
            {
                "symbol": symbol,
                "position_side": side,
                "quantity": plain(position.quantity),
                "entry": plain(position.entry.quantize(Decimal("0.00000001"))),
                "mark": plain(state.mark(symbol)),
                "profit": plain(position.profit(state.mark(symbol))),
            }
            for symbol, side, position in state.usdm.open_positions()
        ],
        "transfers": [as_json(t) for t in state.transfers],
        "funding": [as_json(i) for i in state.usdm.incomes if i.kind == "FUNDING_FEE"],
        "incomes": [as_json(i) for i in state.usdm.incomes],
        "requests": [as_json(r) for r in log.entries()],
        "mutating_requests": log.mutating,
        "marks": {symbol: plain(state.mark(symbol)) for symbol in state.listings[Market.USDM]},
    }
