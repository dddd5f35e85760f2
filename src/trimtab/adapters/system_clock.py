"""The computer's clock as a :class:`~trimtab.ports.Clock`. Not pure: it reads time and waits."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime


class SystemClock:
    """Wall clock for instants, the event loop's monotonic clock for waiting."""

    def now(self) -> datetime:
        """Return the present instant, aware UTC, microseconds."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait *seconds*, >= 0; a step of the wall clock does not change it."""
        await asyncio.sleep(seconds)
