"""The role of a SQL ledger that is about the account itself: statements and payments.

A module of its own, so that neither it nor ``sql_ledger`` grows beyond a page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

from typing_extensions import override

from trimtab.adapters.ledger import account, reads, rules
from trimtab.adapters.ledger.pen import Hand
from trimtab.adapters.ledger.writer import Writer
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import Fill, TradeId
from trimtab.domain.payments import Payment
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.statement import ExternalFlow, Statement
from trimtab.ports import AccountLedger


class View(Protocol):
    """What each role of the ledger stands on."""

    _writer: Writer
    _hand: Hand


class SqlAccount(AccountLedger, View):
    """Statements and payments; a dry run leaves none of either."""

    @override
    async def save_balances(self, snapshot: Snapshot) -> None:
        """Append what the account held, around which nothing was listed."""
        if self._hand.dry_run == 0:
            save = partial(account.save_statement, marks={}, flows=(), is_bracketed=False)
            await self._writer.write(lambda pen: save(pen, snapshot))

    @override
    async def save_statement(
        self,
        snapshot: Snapshot,
        *,
        marks: Mapping[Symbol, TradeId | None],
        flows: Sequence[ExternalFlow],
    ) -> None:
        """Append what the account held, with what was adopted."""
        if self._hand.dry_run == 0:
            save = partial(account.save_statement, marks=marks, flows=flows, is_bracketed=True)
            await self._writer.write(lambda pen: save(pen, snapshot))

    @override
    async def statement(self) -> Statement | None:
        """Return what was saved last."""
        return await self._writer.read(account.statement)

    @override
    async def begins_at(self) -> datetime:
        """Return from when on executions are of concern."""
        return await self._writer.read(lambda c: rules.reading_begins(reads.created_at(c)))

    @override
    async def fills_after_statement(self) -> tuple[Fill, ...]:
        """Return fills of this view that were booked since the last statement, oldest first."""
        run = self._hand.dry_run
        return await self._writer.read(partial(account.fills_after_statement, dry_run=run))

    @override
    async def book_payments(self, payments: Sequence[Payment]) -> tuple[Payment, ...]:
        """Append payments and the cursor behind them; return the new ones."""
        hand = self._hand
        if hand.dry_run != 0:
            return ()
        return await self._writer.write(lambda pen: account.book_payments(pen, hand, payments))

    @override
    async def payments_from(self) -> datetime:
        """Return from when on to go on reading payments."""
        name = self._hand.account
        return await self._writer.read(lambda c: account.payments_from(c, name))

    @override
    async def payments(self) -> tuple[Payment, ...]:
        """Return all payments, oldest first."""
        return await self._writer.read(account.payment_rows)

    @override
    async def payments_after_statement(self) -> tuple[Payment, ...]:
        """Return payments that were booked since the last statement, oldest first."""
        return await self._writer.read(account.payments_after_statement)
