"""The rights of a key, asked for once in a while. Not pure: it asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from trimtab.domain.errors import VenueError
from trimtab.domain.rights import KeyRights, KeyStanding, UntoldRights
from trimtab.ports import Clock

_KEPT: Final = timedelta(minutes=1)
"""A key's rights change by hand, not between two stages of a run."""


class KeptRights:
    """What a venue said of the key in use, and when."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: tuple[datetime, KeyRights] | None = None

    async def told(self, ask: Callable[[], Awaitable[KeyStanding]]) -> KeyStanding:
        """Return the rights, asked for unless that was done lately; a failure is not kept."""
        now = self._clock.now()
        if self._kept is not None and now - self._kept[0] <= _KEPT:
            return self._kept[1]
        try:
            rights = await ask()
        except VenueError as fault:
            return UntoldRights(why=str(fault), is_absent=False)
        if isinstance(rights, KeyRights):
            self._kept = (now, rights)
        return rights
