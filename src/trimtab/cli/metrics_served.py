"""Metrics over HTTP while a watch runs: what its last round read, for a scraper.

A scrape reads nothing of the venue, so that a scraper cannot use the request budget up. On loopback
unless told otherwise, since whoever can reach it can read what the account holds.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import Metric, start_http_server
from prometheus_client.registry import Collector
from typing_extensions import override

from trimtab.bootstrap import Shell
from trimtab.cli import session
from trimtab.cli.metrics_reading import reading_of
from trimtab.cli.metrics_text import gauges
from trimtab.domain.errors import ConfigError, TrimtabError

LOOPBACK: Final = "127.0.0.1"
_PLACE: Final = re.compile(r"(?:([A-Za-z0-9.:\[\]-]+):)?([0-9]{1,5})")
_PORT_MAX: Final = 65_535

Reader = Callable[[Shell], Awaitable[None]]
"""Reads anew what is served."""


class _Shown(Collector):
    """The metrics of the last round."""

    def __init__(self) -> None:
        self._found: tuple[Metric, ...] = ()

    @override
    def collect(self) -> Iterable[Metric]:
        """Return every metric that was read last; nothing before the first."""
        return self._found

    async def read(self, shell: Shell) -> None:
        """Read anew; where that fails the old ones stay, and tell how old they are."""
        try:
            self._found = tuple(gauges(await reading_of(shell)).collect())
        except TrimtabError as fault:
            session.note(f"metrics: {fault}; next: {fault.next_step}")


def place_of(text: str) -> tuple[str, int]:
    """Read ``PORT`` or ``HOST:PORT``; without a host it is loopback.

    Raises:
        ConfigError: it is neither.

    """
    found = _PLACE.fullmatch(text)
    if found is None or not 1 <= int(found[2]) <= _PORT_MAX:
        raise ConfigError(
            f"--metrics {text}: must be a port from 1 to {_PORT_MAX}, or HOST:PORT",
            next_step="trimtab schedule run --metrics 9464",
        )
    return (found[1] or LOOPBACK).strip("[]"), int(found[2])


@contextmanager
def served(place: str) -> Iterator[Reader]:
    """Serve metrics at a place for a while; yield what reads them anew.

    Raises:
        ConfigError: the place is none, or is taken.

    """
    host, port = place_of(place)
    shown = _Shown()
    try:
        server, thread = start_http_server(port, host, registry=shown)
    except OSError as fault:
        raise ConfigError(
            f"--metrics {place}: cannot be served there: {fault.strerror}",
            next_step="name a port that is free, such as --metrics 9464",
        ) from fault
    try:
        yield shown.read
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
