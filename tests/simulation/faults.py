"""What can go wrong with one request: kinds, and which of them strike a call.

A seed has a random subset of the kinds, each with a rate of its own. Texts and codes are
those of docs/reliability.md and of the venue's own pages.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from tests.simulation.chance import Chance, subset

ORDERS: Final = frozenset({"/api/v3/order", "/fapi/v1/order"})
TRADES: Final = frozenset({"/api/v3/myTrades", "/fapi/v1/userTrades"})
MOVES: Final = frozenset({"/sapi/v1/asset/transfer"})
STOPS: Final = frozenset({"/fapi/v1/algoOrder"})
PROCESSING_S: Final = 10.0
"""How long the venue may go on with a request after its window: the promise that fences rest on."""


class Kind(StrEnum):
    """What happens to a call."""

    REFUSED_CONNECTION = "refused_connection"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    SILENT_BEFORE = "silent_before"
    SILENT_AFTER = "silent_after"
    LATE = "late"
    """Dropped now, executed a moment later, within its window."""
    LATE_AT_THE_FENCE = "late_at_the_fence"
    """Dropped now, executed at the last instant that the venue's promise allows."""
    LATE_THEN_KILL = "late_then_kill"
    """Dropped now; our process dies; then it is executed, within its window."""
    AFTER_THE_FENCE = "after_the_fence"
    """Dropped now, executed when the venue had promised that it no longer would be. Only where
    it is asked for: nobody can keep "never twice" on a venue that breaks this promise."""
    UNSURE_STATUS = "unsure_status"
    """A status that does not tell whether the request was executed; sometimes it was."""
    DECLINED_STATUS = "declined_status"
    """A status that the venue documents as never executed, and it was not."""
    THROTTLED = "throttled"
    BANNED = "banned"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    HTML = "html"
    BARE = "bare"
    """A 200 with an empty object, and the request was executed."""
    CUT_BODY = "cut_body"
    SLOW = "slow"
    INVISIBLE = "invisible"
    """The order that the call makes is hidden for some seconds, list by list."""
    STALE = "stale"
    """An order that was executed is shown as if it were not yet."""
    DOUBLED_ROWS = "doubled_rows"
    REVERSED_ROWS = "reversed_rows"
    MISSING_PAGE = "missing_page"
    """A list of trades comes without its rows."""
    ROW_MISSING = "row_missing"
    """A list of trades comes without one of its rows."""


ROWS: Final = frozenset(
    {Kind.DOUBLED_ROWS, Kind.REVERSED_ROWS, Kind.MISSING_PAGE, Kind.ROW_MISSING}
)
LATE: Final = frozenset(
    {Kind.LATE, Kind.LATE_AT_THE_FENCE, Kind.LATE_THEN_KILL, Kind.AFTER_THE_FENCE}
)
UNSURE: Final = LATE | {
    Kind.RESET_BEFORE,
    Kind.RESET_AFTER,
    Kind.SILENT_BEFORE,
    Kind.UNSURE_STATUS,
    Kind.TRUNCATED,
    Kind.EMPTY,
    Kind.HTML,
    Kind.BARE,
    Kind.CUT_BODY,
}
"""Kinds after which nobody can tell from the answer what became of an order."""
WRITES_ONLY: Final = LATE | {Kind.INVISIBLE, Kind.BARE}
DRAWN: Final = tuple(k for k in Kind if k is not Kind.AFTER_THE_FENCE)
"""What a seed draws from."""
SHAPING: Final = ROWS | {Kind.INVISIBLE, Kind.STALE}
_JSON: Final = '{"code":%d,"msg":"%s"}'
_UNSURE: Final = (
    (400, _JSON % (-1000, "An unknown error occurred while processing the request.")),
    (503, _JSON % (-1001, "Internal error; unable to process your request. Please try again.")),
    (
        400,
        _JSON
        % (
            -1006,
            "An unexpected response was received from the message bus. Execution status unknown.",
        ),
    ),
    (
        504,
        _JSON
        % (
            -1007,
            (
                "Timeout waiting for response from backend server. Send status unknown; "
                "execution status unknown."
            ),
        ),
    ),
    (408, _JSON % (-1007, "Timeout waiting for response from backend server.")),
    (503, "Unknown error, please check your request or try again later."),
    (502, "<html><body><h1>502 Bad Gateway</h1></body></html>"),
    (504, "<html><body><h1>504 Gateway Time-out</h1></body></html>"),
    (523, "<html><body>Origin is unreachable</body></html>"),
    (524, "<html><body>A timeout occurred</body></html>"),
    (529, "<html><body>Site is overloaded</body></html>"),
    (413, "<html><body>Request Entity Too Large</body></html>"),
    (409, _JSON % (-2021, "Order cancel-replace partially failed.")),
    (418 + 2, "an answer that nobody has ever seen"),
)
_DECLINED: Final[Mapping[bool, tuple[tuple[int, str], ...]]] = MappingProxyType(
    {
        False: (
            (400, _JSON % (-1021, "Timestamp for this request is outside of the recvWindow.")),
        ),
        True: (
            (503, "Service Unavailable."),
            (
                503,
                _JSON
                % (
                    -1008,
                    (
                        "Request throttled by system-level protection. "
                        "Reduce-only/close-position orders are exempt. Please try again."
                    ),
                ),
            ),
            (400, _JSON % (-5028, "Timestamp for this request is outside of the ME recvWindow.")),
            (400, _JSON % (-1021, "Timestamp for this request is outside of the recvWindow.")),
        ),
    }
)
"""By whether it is the futures host: what its documentation calls never executed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """One fault on one call."""

    kind: Kind
    seconds: float
    """How late, how slow, or how long hidden."""
    status: int
    body: str
    executes: bool
    """Whether the exchange acts on the request."""


_EXECUTES_NOT: Final = frozenset(
    {
        Kind.REFUSED_CONNECTION,
        Kind.RESET_BEFORE,
        Kind.SILENT_BEFORE,
        *LATE,
        Kind.DECLINED_STATUS,
        Kind.THROTTLED,
        Kind.BANNED,
    }
)


class Weather:
    """The kinds that a seed has, how often they strike, and where."""

    def __init__(self, chance: Chance, *, after_the_fence: float) -> None:
        """*after_the_fence* is the share of orders that are accepted after their fence."""
        draw = chance.draws("weather")
        self._chance = chance
        self._after_the_fence = after_the_fence
        self._kinds = subset(draw, DRAWN)
        self._on_orders = draw.choice((0.1, 0.4, 0.7, 0.95))
        self._on_reads = draw.choice((0.0, 0.005, 0.02, 0.08))
        self.is_over = False
        """Whether faults have ceased for good."""

    def strikes(self, call: int, *, path: str, is_write: bool) -> tuple[Strike, ...]:
        """Return what strikes a call: at most one break of the transport, then what is shown."""
        if self.is_over:
            return ()
        draw = self._chance.draws("call", call)
        if self._breaks_the_promise(call, path=path, is_write=is_write):
            return (strike_of(Kind.AFTER_THE_FENCE, draw, futures=path.startswith("/fapi")),)
        rate = self._on_orders if is_write or path in TRADES else self._on_reads
        if draw.random() >= rate:
            return ()
        fitting = [k for k in self._kinds if _fits(k, path=path, is_write=is_write)]
        if not fitting:
            return ()
        drawn = [draw.choice(fitting)]
        if draw.random() < 0.3:
            drawn.append(draw.choice(fitting))
        breaking = [k for k in drawn if k not in SHAPING][:1]
        shaping = [k for k in drawn if k in SHAPING][:1]
        if Kind.LATE_AT_THE_FENCE in breaking:
            shaping = []  # What is both as late and hidden goes beyond the venue's promise.
        found = [
            strike_of(kind, draw, futures=path.startswith("/fapi")) for kind in breaking + shaping
        ]
        return tuple(s for s in found if self._chance.happens(f"call-{call}-{s.kind}"))

    def _breaks_the_promise(self, call: int, *, path: str, is_write: bool) -> bool:
        """Say whether an order is accepted after its fence."""
        if self.is_over or not self._after_the_fence or not (is_write and path in ORDERS):
            return False
        due = self._chance.draws("promise", call).random() < self._after_the_fence
        return due and self._chance.happens(f"call-{call}-{Kind.AFTER_THE_FENCE}")


def _fits(kind: Kind, *, path: str, is_write: bool) -> bool:
    """Say whether a kind can strike a call."""
    if kind in ROWS:
        return path in TRADES
    if kind is Kind.STALE:
        return path in ORDERS
    if kind in WRITES_ONLY:
        by_name = path in ORDERS or path in STOPS
        return is_write and (by_name or (path in MOVES and kind is not Kind.INVISIBLE))
    return True


def strike_of(kind: Kind, draw: random.Random, *, futures: bool) -> Strike:
    """Return one fault with its particulars."""
    status, body = 200, ""
    executes = kind not in _EXECUTES_NOT
    seconds = draw.uniform(0.05, 4.0)
    if kind is Kind.UNSURE_STATUS:
        status, body = draw.choice(_UNSURE)
        executes = draw.random() < 0.5
    elif kind is Kind.DECLINED_STATUS:
        status, body = draw.choice(_DECLINED[futures])
    elif kind is Kind.THROTTLED:
        status, body = 429, _JSON % (-1003, "Too much request weight used; current limit is 6000.")
        seconds = draw.choice((1, 2, 5, 40))
    elif kind is Kind.BANNED:
        status, body = 418, _JSON % (-1003, "Way too much request weight used; IP banned.")
        seconds = draw.choice((2, 20, 120))
    elif kind is Kind.SILENT_AFTER:
        seconds = draw.choice((8.0, 30.0, 90.0))
    elif kind is Kind.INVISIBLE:
        seconds = draw.uniform(0.5, 9.0)
    return Strike(kind=kind, seconds=seconds, status=status, body=body, executes=executes)
