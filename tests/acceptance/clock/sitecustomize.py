"""The computer's clock of a command under test: so many seconds ahead as ``CLOCK_AHEAD_S`` says.

Python imports this by its name from ``PYTHONPATH`` before anything else. Only what the program
reads its wall clock from is set; waiting goes on as ever.
"""

import datetime as dt
import os

from trimtab.adapters import system_clock

_AHEAD = dt.timedelta(seconds=int(os.environ["CLOCK_AHEAD_S"]))


class _SetClock(dt.datetime):
    """An instant that is read from a clock that was set."""

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
        """Return the present instant by that clock."""
        return dt.datetime.now(tz) + _AHEAD


system_clock.datetime = _SetClock
