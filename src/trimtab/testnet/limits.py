"""Request budgets: weight and order counts per host, and the ban of those who go on.

State without I/O. Windows are aligned to the clock, as on the exchange. Over the
budget a request is answered 429 with Retry-After; ``ban_after`` such answers in a row
earn a ban (418) for ``ban_ms``. Each host has its own budget.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trimtab.testnet.rejections import Rejection
from trimtab.testnet.scenario import LimitTable

_SECOND = 1000
_WINDOW_MS: Final[Mapping[str, int]] = {
    "10S": 10 * _SECOND,
    "1M": 60 * _SECOND,
    "1D": 86_400 * _SECOND,
}
_SAPI_WEIGHT = 12_000
_WORDS: Final[Mapping[str, str]] = {"10S": "10 SECOND", "1M": "1 MINUTE", "1D": "1 DAY"}


class Window:
    """A count that starts again with every window of the clock."""

    def __init__(self, name: str, limit: int) -> None:
        self.name = name
        self.limit = limit
        self._span_ms = _WINDOW_MS[name]
        self._number = -1
        self._count = 0

    def used(self, now_ms: int) -> int:
        """Return the count of the present window."""
        return self._count if now_ms // self._span_ms == self._number else 0

    def add(self, count: int, *, now_ms: int) -> int:
        """Count *count* more and return the sum of the present window."""
        self._count = self.used(now_ms) + count
        self._number = now_ms // self._span_ms
        return self._count

    def resets_in_s(self, now_ms: int) -> int:
        """Return the whole seconds until the next window, at least 1."""
        return max(1, -(-(self._span_ms - now_ms % self._span_ms) // _SECOND))


class Budget:
    """The budget of one host."""

    def __init__(self, table: LimitTable, *, weight: int, orders: dict[str, int]) -> None:
        self.weight = Window("1M", weight)
        self.orders = [Window(name, limit) for name, limit in orders.items()]
        self._ban_after = table.ban_after
        self._ban_ms = table.ban_ms
        self._refused = 0
        self._banned_until = 0

    def charge(self, weight: int, *, now_ms: int) -> None:
        """Charge one request.

        Raises:
            Rejection: 429 or 418 with -1003.

        """
        if now_ms < self._banned_until:
            raise self._ban(now_ms)
        if self.weight.add(weight, now_ms=now_ms) <= self.weight.limit:
            self._refused = 0
            return
        self._refused += 1
        if self._refused > self._ban_after:
            self._banned_until = now_ms + self._ban_ms
            self._refused = 0
            raise self._ban(now_ms)
        raise Rejection(
            -1003,
            f"Too much request weight used; current limit is {self.weight.limit} "
            "request weight per 1 MINUTE. Please use WebSocket Streams for live updates "
            "to avoid polling the API.",
            status=429,
            retry_after_s=self.weight.resets_in_s(now_ms),
        )

    def _ban(self, now_ms: int) -> Rejection:
        """Return the answer to a caller who is banned."""
        return Rejection(
            -1003,
            f"Way too much request weight used; IP banned until {self._banned_until}. "
            "Please use WebSocket Streams for live updates to avoid bans.",
            status=418,
            retry_after_s=max(1, -(-(self._banned_until - now_ms) // _SECOND)),
        )

    def require_order_room(self, now_ms: int) -> None:
        """Refuse an order that a count has no room for.

        Raises:
            Rejection: 429 with -1015.

        """
        for window in self.orders:
            if window.used(now_ms) >= window.limit:
                raise Rejection(
                    -1015,
                    f"Too many new orders; current limit is {window.limit} orders "
                    f"per {_WORDS[window.name]}.",
                    status=429,
                    retry_after_s=window.resets_in_s(now_ms),
                )

    def count_order(self, now_ms: int) -> dict[str, str]:
        """Count one accepted order and return the headers that say so."""
        return {
            f"X-MBX-ORDER-COUNT-{window.name}": str(window.add(1, now_ms=now_ms))
            for window in self.orders
        }

    def header(self, now_ms: int) -> dict[str, str]:
        """Return the header with the weight used so far."""
        return {"X-MBX-USED-WEIGHT-1M": str(self.weight.used(now_ms))}


def budgets(table: LimitTable) -> dict[str, Budget]:
    """Return a fresh budget per host: ``api``, ``sapi``, ``fapi``, ``dapi``."""
    return {
        "api": Budget(
            table,
            weight=table.spot_weight_1m,
            orders={"10S": table.spot_orders_10s, "1D": table.spot_orders_1d},
        ),
        "sapi": Budget(table, weight=_SAPI_WEIGHT, orders={}),
        "dapi": Budget(table, weight=table.usdm_weight_1m, orders={}),
        "fapi": Budget(
            table,
            weight=table.usdm_weight_1m,
            orders={"10S": table.usdm_orders_10s, "1M": table.usdm_orders_1m},
        ),
    }
