"""An account whose months go by: the exchange's clock and the command's are set ahead together."""

from __future__ import annotations

import calendar
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from tests.acceptance.conftest import Account, Ended
from trimtab.testnet.interventions import set_clock

CLOCK: Final = str(Path(__file__).with_name("clock"))
QUARTER_ENDS: Final = (3, 6, 9, 12)
FRIDAY: Final = 4


def delivery(*, year: int, month: int) -> datetime:
    """Return when the contract of a quarter is delivered: its last Friday, 08:00 UTC."""
    last = datetime(year, month, calendar.monthrange(year, month)[1], 8, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() - FRIDAY) % 7)


def deliveries_after(at: datetime) -> list[datetime]:
    """Return the deliveries after an instant, the nearest first."""
    years = (at.year, at.year + 1, at.year + 2)
    found = [delivery(year=y, month=m) for y in years for m in QUARTER_ENDS]
    return [each for each in found if each > at]


def name_of(coin: str, expiry: datetime) -> str:
    """Return the symbol of a coin's dated contract."""
    return f"{coin}/USDT:USDT-{expiry:%y%m%d}"


@dataclass(kw_only=True)
class Later:
    """An account, and how far its clocks are set ahead."""

    account: Account
    ahead: timedelta = field(default_factory=timedelta)

    @property
    def now(self) -> datetime:
        """What the clocks show."""
        return datetime.now(UTC) + self.ahead

    def until(self, at: datetime) -> None:
        """Let time go on to *at*, which lies ahead: what falls due on the exchange happens."""
        assert at >= self.now, "Time does not go back."
        self.ahead = timedelta(seconds=int((at - datetime.now(UTC)).total_seconds()))
        offset_ms = int(self.ahead.total_seconds()) * 1000
        set_clock(self.account.exchange.exchange.state, offset_ms=offset_ms)

    def pass_days(self, days: float) -> None:
        """Let so many days go by."""
        self.until(self.now + timedelta(days=days))

    @property
    def variables(self) -> dict[str, str]:
        """What tells a command the clock that is set."""
        ahead = str(int(self.ahead.total_seconds()))
        found = [CLOCK, *filter(None, [os.environ.get("PYTHONPATH")])]
        return {"PYTHONPATH": os.pathsep.join(found), "CLOCK_AHEAD_S": ahead}

    async def trimtab(self, *words: str) -> Ended:
        """Run a command by the clock that is set."""
        return await self.account.trimtab(*words, variables=self.variables)

    async def asked(self, *words: str) -> Ended:
        """Run a command for real, with its yes; it must come to a good end."""
        ended = await self.trimtab(*words, "--execute", "--yes", "--json")
        assert ended.code == 0, ended.text
        return ended
