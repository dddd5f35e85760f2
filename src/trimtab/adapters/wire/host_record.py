"""Which hosts answered, from where, and what they call themselves. State without I/O.

The local exchange names itself in every answer, and which account endpoints it has. Nobody
else does, so that whatever else listens on loopback, such as a tunnel to the real venue, is
told from it.
"""

from __future__ import annotations

from typing import Final

from trimtab.adapters.wire.transport import Capture, Gate
from trimtab.ports.preflight import HostAnswer

NAMES_ITSELF: Final = "x-trimtab-exchange"
"""Header in which the local exchange says that it is one."""
SERVES: Final = "x-trimtab-serves"
"""Header in which it lists the account endpoints that it has, separated by commas."""
_SHOWN_MAX: Final = 40
"""Characters of a foreign header that are kept."""


class HostRecord:
    """What the answers of one open venue said of where they came from."""

    def __init__(self, gate: Gate) -> None:
        self._redirect = gate.redirect
        self._answered: dict[str, HostAnswer] = {}
        self._serves: frozenset[str] = frozenset()

    def after(self, capture: Capture) -> None:
        """Note who answered; a request without an answer says nothing."""
        if not capture.http_status:
            return
        moved = self._redirect
        self._answered[capture.host] = HostAnswer(
            host=capture.host,
            address=capture.host if moved is None else moved.authority,
            calls_itself=capture.headers.get(NAMES_ITSELF, "")[:_SHOWN_MAX],
        )
        if moved is not None:
            self._serves = frozenset(capture.headers.get(SERVES, "").split(","))

    def answers(self) -> tuple[HostAnswer, ...]:
        """Return who answered, by host."""
        return tuple(answer for _, answer in sorted(self._answered.items()))

    def announces(self, endpoint: str) -> bool:
        """Say whether the local exchange lists *endpoint* among what it has."""
        return endpoint in self._serves
