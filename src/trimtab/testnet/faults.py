"""Faults on demand: what goes wrong, for which call, the n-th time.

Pure and deterministic: a fault counts the calls that match it and strikes from the
``nth`` on, ``count`` times. The server acts on what :meth:`FaultTable.strike` returns.
The kinds are listed in docs/reliability.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any


def _nothing() -> Mapping[str, str]:
    """Return an empty mapping that cannot be filled."""
    return MappingProxyType({})


class Kind(Enum):
    """What happens to the call."""

    RESET_BEFORE = "reset_before"
    """The connection drops; the request was not executed."""
    RESET_AFTER = "reset_after"
    """The request is executed; then the connection drops."""
    TIMEOUT_BEFORE = "timeout_before"
    """Nothing is executed; after ``seconds`` of silence the connection drops."""
    TIMEOUT_AFTER = "timeout_after"
    """Executed at once; the answer comes after ``seconds``."""
    LATE = "late"
    """The connection drops now; the request is executed ``seconds`` later."""
    STATUS = "status"
    """Answers ``status``, ``body``, ``headers``; executed first if ``executes``."""
    TRUNCATE_JSON = "truncate_json"
    """Executed; 200 with the first half of the JSON."""
    EMPTY = "empty"
    """Executed; 200 with an empty body."""
    HTML = "html"
    """Executed; 200 with an HTML page."""
    CUT_BODY = "cut_body"
    """Executed; the body is shorter than its Content-Length."""
    SLOW = "slow"
    """Executed after ``seconds``, answered normally."""
    INVISIBLE = "invisible"
    """The order this call creates stays hidden, per endpoint, for ``hide_ms``."""
    DUPLICATE_TRADES = "duplicate_trades"
    """Every row of the answered list comes twice."""
    REORDER_TRADES = "reorder_trades"
    """The rows of the answered list come in reverse."""
    DROP_TRADES_PAGE = "drop_trades_page"
    """The answered list is empty."""


SHAPING = frozenset(
    {Kind.INVISIBLE, Kind.DUPLICATE_TRADES, Kind.REORDER_TRADES, Kind.DROP_TRADES_PAGE}
)
"""Kinds that change what is seen and combine with one kind that breaks the transport."""

HIDEABLE = frozenset({"order", "open_orders", "all_orders", "trades"})
"""Where an order can be hidden: keys of ``hide_ms``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One planned fault."""

    kind: Kind
    """What happens."""
    method: str = "*"
    """HTTP method, or ``*``."""
    path: str = "*"
    """Shell pattern over the path, such as ``/api/v3/order`` or ``/fapi/*/account``."""
    where: Mapping[str, str] = field(default_factory=_nothing)
    """Parameters that the call must carry with exactly these values."""
    nth: int = 1
    """Strikes from the n-th matching call on, counted from the injection, >= 1."""
    count: int = 1
    """How many calls in a row it strikes; 0 means all that follow."""
    seconds: str = "0"
    """Waiting time in seconds, as a decimal string."""
    status: int = 500
    """For ``status``: the HTTP status."""
    body: str = ""
    """For ``status``: the body as it goes out."""
    headers: Mapping[str, str] = field(default_factory=_nothing)
    """For ``status``: extra headers."""
    executes: bool = False
    """For ``status``: whether the request is executed before the answer."""
    ignore_window: bool = False
    """For ``late``: accept even if the receive window has closed by then."""
    hide_ms: Mapping[str, int] = field(
        default_factory=lambda: MappingProxyType(dict.fromkeys(HIDEABLE, 1000))
    )
    """For ``invisible``: milliseconds per place in :data:`HIDEABLE`."""

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Fault:
        """Read a fault as ``POST /admin/faults`` takes it: the field names of this class.

        Raises:
            ValueError: an unknown key or kind.

        """
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(given) - known):
            raise ValueError(f"fault: unknown keys {', '.join(unknown)}")
        values: dict[str, Any] = {**given, "kind": Kind(given["kind"])}
        if "seconds" in values:
            values["seconds"] = str(values["seconds"])
        if not set(values.get("hide_ms", ())) <= HIDEABLE:
            raise ValueError(f"hide_ms: places are {sorted(HIDEABLE)}")
        return cls(**values)

    def fits(self, *, method: str, path: str, params: Mapping[str, str]) -> bool:
        """Say whether a call is one that this fault counts."""
        return (
            self.method in {"*", method}
            and fnmatchcase(path, self.path)
            and all(params.get(name) == value for name, value in self.where.items())
        )

    def strikes(self, call: int) -> bool:
        """Say whether the fault strikes its *call*-th matching call, counted from 1."""
        return call >= self.nth and (self.count == 0 or call < self.nth + self.count)


class FaultTable:
    """The faults in force, in the order of their injection, with what each has counted."""

    def __init__(self) -> None:
        self._faults: dict[int, Fault] = {}
        self._calls: dict[int, int] = {}
        self._next = 1

    def add(self, fault: Fault) -> int:
        """Put *fault* in force and return its number."""
        number = self._next
        self._next += 1
        self._faults[number] = fault
        self._calls[number] = 0
        return number

    def clear(self) -> None:
        """Take every fault out of force."""
        self._faults.clear()
        self._calls.clear()

    def strike(self, *, method: str, path: str, params: Mapping[str, str]) -> tuple[Fault, ...]:
        """Count one call and return what strikes it: at most one transport fault, then shaping."""
        struck = []
        for number, fault in self._faults.items():
            if not fault.fits(method=method, path=path, params=params):
                continue
            self._calls[number] += 1
            if fault.strikes(self._calls[number]):
                struck.append(fault)
        breaking = [f for f in struck if f.kind not in SHAPING][:1]
        return (*breaking, *(f for f in struck if f.kind in SHAPING))

    def report(self) -> list[dict[str, Any]]:
        """Return the faults in force and how many matching calls each has seen."""
        return [
            {
                "number": number,
                "kind": fault.kind.value,
                "method": fault.method,
                "path": fault.path,
                "calls": self._calls[number],
            }
            for number, fault in self._faults.items()
        ]
