"""What the shell needs of a ledger about the account itself: statements, and payments.

As in :mod:`trimtab.ports`; a module of its own, so that neither grows beyond a page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import Fill, TradeId
from trimtab.domain.payments import Payment
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.statement import ExternalFlow, Statement


class AccountLedger(Protocol):
    """What the account held, and what moved its futures wallets."""

    async def save_balances(self, snapshot: Snapshot) -> None:
        """Record what the account held, around which nothing was listed."""
        ...

    async def save_statement(
        self,
        snapshot: Snapshot,
        *,
        marks: Mapping[Symbol, TradeId | None],
        flows: Sequence[ExternalFlow],
    ) -> None:
        """Record what the account held, for reconciliation; what was listed is booked already.

        *marks* are the last executions of the markets that were listed before and after it,
        alike; *flows* is what was adopted with it.
        """
        ...

    async def statement(self) -> Statement | None:
        """Return what was saved last, or None before the first."""
        ...

    async def begins_at(self) -> datetime:
        """Return from when on executions are of concern: shortly before the first entry."""
        ...

    async def fills_after_statement(self) -> tuple[Fill, ...]:
        """Return fills that were booked since the last statement was saved, oldest first."""
        ...

    async def book_payments(self, payments: Sequence[Payment]) -> tuple[Payment, ...]:
        """Insert payments and move their cursor, in one transaction; return the new ones.

        One that is there already is skipped when equal and a LedgerError when not.
        """
        ...

    async def payments_from(self) -> datetime:
        """Return from when on to go on reading payments, the venue's clock; before the last one."""
        ...

    async def payments(self) -> tuple[Payment, ...]:
        """Return all payments, oldest first."""
        ...

    async def payments_after_statement(self) -> tuple[Payment, ...]:
        """Return what was booked since the last statement was saved, oldest first."""
        ...
