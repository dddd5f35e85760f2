"""What the shell needs of a ledger about whether an account may trade, and what it was worth.

As in :mod:`trimtab.ports`; a module of its own, so that neither grows beyond a page.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from trimtab.domain.orders import Fill, OrderRecord
from trimtab.domain.payments import Payment
from trimtab.domain.plan import Plan
from trimtab.domain.trading import NavMark, Restraint, TradingState


class RestraintLedger(Protocol):
    """Latches of the account, and what it was worth at each look."""

    async def restraint(self) -> Restraint:
        """Return what is latched, and when a person last released."""
        ...

    async def latch(self, state: TradingState, reason: str, *, by: str, at: datetime) -> None:
        """Latch REDUCING or HALTED; a dry run latches nothing. ``set_halt`` releases both.

        Raises:
            LedgerError: ACTIVE, which only a person's release brings back.

        """
        ...

    async def mark_nav(self, mark: NavMark) -> None:
        """Record what the account was worth; a dry run leaves no mark."""
        ...

    async def nav_marks(self, *, since: datetime) -> tuple[NavMark, ...]:
        """Return marks since the last release that were taken since an instant, oldest first.

        The newest is among them whatever its age. *since* is the venue's clock.
        """
        ...

    async def fills_since(self, since: datetime) -> tuple[Fill, ...]:
        """Return real fills, and those of this view, executed after an instant, oldest first."""
        ...

    async def payments_since(self, since: datetime) -> tuple[Payment, ...]:
        """Return payments made after an instant that are booked, oldest first."""
        ...

    async def orders_since(self, since: datetime) -> tuple[OrderRecord, ...]:
        """Return real orders begun since an instant, oldest first, in a dry run too."""
        ...

    async def last_executed(self) -> Plan | None:
        """Return the plan that was made last of those executed whole or in part, or None."""
        ...
