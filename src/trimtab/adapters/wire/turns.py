"""Lets requests of a key leave one after the other, where their numbers must rise. Not pure."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext


class Turns:
    """The turns of one key."""

    def __init__(self, *, numbers_rise: bool) -> None:
        """Take whether a request has to wait for the answer to the one before."""
        self._queue = asyncio.Lock() if numbers_rise else None

    def one(self, *, is_private: bool = True) -> AbstractAsyncContextManager[None]:
        """Return what holds a request back until it may leave, and the next ones until it ended."""
        return self._queue if self._queue is not None and is_private else nullcontext()
