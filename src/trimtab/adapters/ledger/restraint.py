"""Latches and marks of net asset value: how they are read and written, and the ledger's role.

Not pure: it reads and writes tables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import partial

from sqlalchemy import Connection
from typing_extensions import override

from trimtab.adapters.ledger import account, reads, statements, writes
from trimtab.adapters.ledger.account_role import View
from trimtab.adapters.ledger.pen import Pen
from trimtab.adapters.ledger.projection import EntryKind
from trimtab.adapters.ledger.statements import StoredRow, row_or_none, rows
from trimtab.domain.canonical import instant_text, to_document
from trimtab.domain.errors import LedgerError
from trimtab.domain.instruments import Asset
from trimtab.domain.orders import Fill, OrderRecord
from trimtab.domain.payments import Payment
from trimtab.domain.plan import Plan
from trimtab.domain.trading import NavMark, Restraint, TradingState
from trimtab.ports import PlanStatus, RestraintLedger


def restraint(connection: Connection) -> Restraint:
    """Return what is latched, and when a person last released."""
    released = _release(connection)
    return Restraint(
        halted=reads.halted(connection),
        reducing=reads.reducing(connection),
        released_at=None if released is None else reads.instant(released["at"]),
    )


def _release(connection: Connection) -> StoredRow | None:
    """Return the last release of either latch, or None."""
    either = (statements.HALT_RELEASE, statements.RESTRAINT_RELEASE)
    found = [row_or_none(connection, query, {}) for query in either]
    return max((row for row in found if row), key=lambda row: row["seq"], default=None)


def latch(pen: Pen, state: TradingState, reason: str, *, by: str, at: datetime) -> None:
    """Append that REDUCING or HALTED is latched, unless it is already."""
    if state is TradingState.HALTED:
        if reads.halted(pen.connection) is None:
            writes.set_halt(pen, reason, by, at)
    elif reads.reducing(pen.connection) is None:
        body = {"reason": reason, "by": by, "at": instant_text(at)}
        pen.append(EntryKind.RESTRAINT, body)


def nav_marks(connection: Connection, *, since: datetime) -> tuple[NavMark, ...]:
    """Return marks since the last release: those taken since an instant, and the newest."""
    released = _release(connection)
    after = {"after": 0 if released is None else released["seq"]}
    lately = rows(connection, statements.NAV_MARKS, {**after, "since": instant_text(since)})
    return tuple(map(_mark, lately or rows(connection, statements.NAV_MARK, after)))


def _mark(row: StoredRow) -> NavMark:
    """Read one mark.

    Raises:
        LedgerError: the row describes no mark.

    """
    try:
        held = json.loads(row["held"])
        return NavMark(
            taken_at=reads.instant(row["taken_at"]),
            nav=Decimal(row["nav"]),
            level=Decimal(row["level"]),
            high=Decimal(row["high"]),
            outside=_units(held["outside"]),
            wallets=_units(held["wallets"]),
            mids=_units(held["mids"]),
        )
    except (InvalidOperation, KeyError, ValueError) as e:
        raise LedgerError(f"ledger: nav_marks seq {row['seq']}: {e}") from e


def _units(told: Mapping[str, str]) -> Mapping[Asset, Decimal]:
    """Read decimals by asset."""
    return {Asset(asset): Decimal(units) for asset, units in told.items()}


def fills_since(connection: Connection, since: datetime, *, dry_run: int) -> tuple[Fill, ...]:
    """Return real fills, and those of a run, executed after an instant, oldest first."""
    bound = {"real": 0, "run": dry_run, "since": instant_text(since)}
    return tuple(map(reads.fill_of, rows(connection, statements.FILLS_SINCE, bound)))


def orders_since(connection: Connection, since: datetime) -> tuple[OrderRecord, ...]:
    """Return real orders begun since an instant, oldest first."""
    bound = {"run": 0, "since": instant_text(since)}
    return tuple(map(reads.record_of, rows(connection, statements.ORDERS_SINCE, bound)))


def last_executed(connection: Connection) -> Plan | None:
    """Return the plan that was made last of those executed whole or in part, or None."""
    bound = {"whole": PlanStatus.EXECUTED.value, "part": PlanStatus.PARTIAL.value}
    row = row_or_none(connection, statements.LAST_EXECUTED, bound)
    if row is None:
        return None
    (saved,) = reads.saved_plans(connection, prefix=row["digest"], dry_run=0)
    return saved.plan


class SqlRestraint(RestraintLedger, View):
    """Latches and marks; a dry run leaves none of either."""

    @override
    async def restraint(self) -> Restraint:
        """Return what is latched, and when a person last released."""
        return await self._writer.read(restraint)

    @override
    async def latch(self, state: TradingState, reason: str, *, by: str, at: datetime) -> None:
        """Append that a state is latched, unless it is already.

        Raises:
            LedgerError: ACTIVE cannot be latched.

        """
        if state is TradingState.ACTIVE:
            raise LedgerError("only a person's release makes an account active: trimtab unhalt")
        if self._hand.dry_run == 0:
            await self._writer.write(lambda pen: latch(pen, state, reason, by=by, at=at))

    @override
    async def mark_nav(self, mark: NavMark) -> None:
        """Append what the account was worth."""
        if self._hand.dry_run == 0:
            body = to_document(mark)
            await self._writer.write(lambda pen: pen.append(EntryKind.NAV_MARKED, body))

    @override
    async def nav_marks(self, *, since: datetime) -> tuple[NavMark, ...]:
        """Return marks since the last release, oldest first."""
        return await self._writer.read(partial(nav_marks, since=since))

    @override
    async def fills_since(self, since: datetime) -> tuple[Fill, ...]:
        """Return real fills, and those of this view, executed after an instant, oldest first."""
        run = self._hand.dry_run
        return await self._writer.read(lambda c: fills_since(c, since, dry_run=run))

    @override
    async def payments_since(self, since: datetime) -> tuple[Payment, ...]:
        """Return booked payments that were made after an instant, oldest first."""
        return await self._writer.read(lambda c: account.payments_since(c, since))

    @override
    async def orders_since(self, since: datetime) -> tuple[OrderRecord, ...]:
        """Return real orders begun since an instant, oldest first, in a dry run too."""
        return await self._writer.read(lambda c: orders_since(c, since))

    @override
    async def last_executed(self) -> Plan | None:
        """Return the plan that was made last of those executed whole or in part, or None."""
        return await self._writer.read(last_executed)
