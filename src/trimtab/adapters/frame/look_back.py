"""How far back an order is looked for in lists, where no question takes our name.

Not pure: it counts. Most looks are for an order of moments ago, and a short list answers in time;
but an order may have been left for days. So the first look at a name goes back as far as the venue
tells, and so does one of a few after it, in case that the first was not answered.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from trimtab.adapters.frame.timed_fills import RECENT
from trimtab.domain.orders import ClientOrderId

_FAR_OF: Final = 4
"""One look of so many goes all the way back."""


class LookBack:
    """Says how far back each look goes."""

    def __init__(self, far: timedelta) -> None:
        """Take how far back the venue's list goes."""
        self._far = far
        self._looks: dict[ClientOrderId, int] = {}

    def of(self, name: ClientOrderId) -> timedelta:
        """Return how far back the next look at *name* goes, and count it."""
        looks = self._looks.get(name, 0)
        self._looks[name] = looks + 1
        return RECENT if looks % _FAR_OF else self._far
