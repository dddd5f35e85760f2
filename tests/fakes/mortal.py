"""A process that dies: at the n-th call of any port, before or after the call takes effect."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from enum import Enum, auto
from typing import Any


class Killed(BaseException):
    """The process is gone. Not an Exception: nothing in the program may live on through it."""


class Death(Enum):
    """How it dies."""

    BEFORE = auto()
    """Before the call has any effect."""
    AFTER = auto()
    """After the call's effect, before its answer is seen."""
    CANCELLED = auto()
    """Its task is cancelled before the call, and may still tidy up."""


class Mortal:
    """Wraps ports and counts their calls; a dead process calls nothing any more."""

    def __init__(self, death: Death, at: int) -> None:
        self.death, self.at = death, at
        self.calls = 0
        self.is_dead = False
        self.task: asyncio.Task[Any] | None = None

    def wrap(self, port: Any) -> Any:
        """Return *port* behind the counter."""
        return _Port(self, port)

    async def call(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Let one call through, or die at it."""
        if self.is_dead:
            raise Killed
        self.calls += 1
        due = self.calls == self.at
        if due and self.death is Death.CANCELLED:
            assert self.task is not None
            self.task.cancel()
            await asyncio.sleep(0)
        if due and self.death is Death.BEFORE:
            self.is_dead = True
            raise Killed
        await asyncio.sleep(0)
        try:
            return await method(*args, **kwargs)
        finally:
            if due and self.death is Death.AFTER:
                self.is_dead = True
            if self.is_dead:
                raise Killed


class _Port:
    """A port whose every coroutine goes through the counter."""

    def __init__(self, process: Mortal, port: Any) -> None:
        self._process, self._port = process, port

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def called(*args: Any, **kwargs: Any) -> Any:
            return await self._process.call(found, *args, **kwargs)

        return called
