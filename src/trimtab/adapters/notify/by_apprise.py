"""Notices through apprise and its hundred services, in a thread. Not pure.

Apprise says yes or no for all its addresses together: a no may have reached some of them.
"""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

from trimtab.domain.errors import ConfigError
from trimtab.domain.notices import Notice, Step
from trimtab.ports import Receipt


class AppriseNotifier:
    """Hands notices to apprise."""

    channel = "apprise"

    def __init__(self, urls: str, *, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        try:
            apprise: Any = importlib.import_module("apprise")
        except ImportError as e:
            raise ConfigError(
                "the channel apprise needs its library",
                next_step='install it: pip install "trimtab[apprise]", then trimtab notify test',
            ) from e
        self._all: Any = apprise.Apprise()
        if not all(self._all.add(url) for url in urls.split()) or not len(self._all):
            raise ConfigError(
                "apprise_urls: names an address that apprise does not know",
                next_step="set it again, then trimtab notify test",
            )

    async def deliver(self, notice: Notice) -> Receipt:
        """Send a notice to every address."""
        send = asyncio.to_thread(self._all.notify, body=notice.text, title=notice.subject)
        try:
            async with asyncio.timeout(self._timeout_s):
                is_taken = await send
        except TimeoutError:
            return Receipt(step=Step.UNKNOWN, note="no answer (TimeoutError)")
        if is_taken:
            return Receipt(step=Step.DELIVERED, note="")
        return Receipt(step=Step.UNKNOWN, note="not taken by all")
