"""What the gate is told of the account's past, and the latches that follow from it.

A loss beyond its limit latches REDUCING, too many refused orders latch HALTED, here and nowhere
else: in the same look that the gate judges by. A dry run latches nothing; its gate refuses.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from trimtab.domain.errors import VenueError
from trimtab.domain.payments import Payment, PaymentId, PaymentKind
from trimtab.domain.plan import Plan, targets_unhedged
from trimtab.domain.policy import RiskLimits
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.trading import NavMark, TradingState
from trimtab.domain.transfers import TransferRecord, TransferState
from trimtab.ports import Clock, Ledger, PaymentList, PlanStatus
from trimtab.risk.checks.losses import breach
from trimtab.risk.record import DAY, Record, UnmarkedNav, is_explained, mark_of

LOOKED_BACK: Final = timedelta(days=30)
"""How far looks are searched for a loss that passed its threshold and has not come back."""
_DONE: Final = frozenset({PlanStatus.EXECUTED, PlanStatus.PARTIAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Whose past is looked at, and by whom."""

    ledger: Ledger
    payments: PaymentList
    clock: Clock
    limits: RiskLimits
    owner: str
    """Who looks, as told with a latch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What moved the futures wallets since the last look."""

    payments: tuple[Payment, ...]
    fault: str
    """Why they could not be read; empty when they could, or nothing had moved."""


async def paid_since(watch: Watch, snapshot: Snapshot) -> Paid:
    """Return the payments since the last look; the venue is asked where booked ones do not do.

    Raises:
        LedgerError: the ledger cannot be read.

    """
    marks = await watch.ledger.nav_marks(since=snapshot.venue_at - DAY)
    if not marks:
        return Paid(payments=(), fault="")
    before = marks[-1]
    booked = await watch.ledger.payments_since(before.taken_at)
    if is_explained(snapshot, before, booked):
        return Paid(payments=booked, fault="")
    try:
        return Paid(payments=await watch.payments.payments(before.taken_at), fault="")
    except VenueError as fault:
        return Paid(payments=(), fault=f"payments of the futures wallet were not read ({fault})")


def with_transfers(paid: Paid, moved: Iterable[TransferRecord], snapshot: Snapshot) -> Paid:
    """Return *paid* with what transfers of the plan under way did to the futures wallets since.

    The list was read before the plan's first order, so that none of them is in it. A look that
    another command took since one was begun has it already, and it is not counted again.
    """
    made = [record for record in moved if record.state is TransferState.DONE]
    return dataclasses.replace(
        paid, payments=(*paid.payments, *(_payment_of(record, snapshot) for record in made))
    )


def _payment_of(record: TransferRecord, snapshot: Snapshot) -> Payment:
    """Return one transfer as the venue's list of payments will tell it."""
    return Payment(
        kind=PaymentKind.TRANSFER,
        word="transfer",
        symbol=None,
        asset=record.intent.asset,
        units=record.intent.units,
        payment_id=PaymentId(record.intent.transfer_id),
        trade_id=None,
        paid_at=record.begun_at + (snapshot.venue_at - snapshot.taken_at),
    )


async def past_of(watch: Watch, snapshot: Snapshot, paid: Paid, *, own_plan: str) -> Record:
    """Return the account's past, after latching what it asks for.

    Raises:
        LedgerError: the ledger cannot be read or written.

    """
    ledger, now = watch.ledger, watch.clock.now()
    latched, sent, marks, statement, executed = await asyncio.gather(
        ledger.restraint(),
        ledger.orders_since(now - DAY),
        ledger.nav_marks(since=snapshot.venue_at - DAY),
        ledger.statement(),
        ledger.last_executed(),
    )
    mark, fault = await _look(ledger, snapshot, marks[-1] if marks else None, paid)
    record = Record(
        reducing=latched.reducing,
        released_at=latched.released_at,
        own_plan=own_plan,
        sent=sent,
        marks=marks,
        mark=mark,
        mark_fault=fault,
        statement_at=None if statement is None else statement.taken_at,
        targets=None if executed is None else targets_unhedged(executed),
    )
    return await _latched(watch, record)


async def _look(
    ledger: Ledger, snapshot: Snapshot, before: NavMark | None, paid: Paid
) -> tuple[NavMark | None, str]:
    """Return what the account is worth against the look *before*, or why that is not known."""
    if paid.fault:
        return None, paid.fault
    fills = () if before is None else await ledger.fills_since(before.taken_at)
    try:
        return mark_of(snapshot, before, fills=fills, payments=paid.payments), ""
    except UnmarkedNav as fault:
        return None, str(fault)


async def _latched(watch: Watch, record: Record) -> Record:
    """Latch what *record* asks for, and return it as it stands then."""
    now, limits = watch.clock.now(), watch.limits
    lost = breach(record, limits)
    if lost is not None and record.reducing is None:
        await watch.ledger.latch(TradingState.REDUCING, lost, by=watch.owner, at=now)
        record = dataclasses.replace(record, reducing=lost)
    count = len(record.rejects)
    if count >= limits.max_rejects:
        told = f"risk.max_rejects: the venue refused {count} of our orders within 24 hours"
        await watch.ledger.latch(TradingState.HALTED, told, by=watch.owner, at=now)
    return record


async def losses_of(watch: Watch, snapshot: Snapshot) -> tuple[Decimal, ...]:
    """Return the loss from the highest look at each of late, oldest first, the present one last.

    Nothing where the present one cannot be measured: the gate says so. Latches nothing.

    Raises:
        LedgerError: the ledger cannot be read.

    """
    marks = await watch.ledger.nav_marks(since=snapshot.venue_at - LOOKED_BACK)
    paid = await paid_since(watch, snapshot)
    mark, _ = await _look(watch.ledger, snapshot, marks[-1] if marks else None, paid)
    return () if mark is None else tuple(each.drawdown for each in (*marks, mark))


async def executed_since(ledger: Ledger, since: datetime) -> tuple[Plan, ...]:
    """Return the plans with orders begun since an instant that were executed whole or in part.

    Raises:
        LedgerError: the ledger cannot be read.

    """
    sent = await ledger.orders_since(since)
    saved = [await ledger.plan(name) for name in dict.fromkeys(r.intent.plan_digest for r in sent)]
    return tuple(each.plan for each in saved if each.status in _DONE)


async def remember(watch: Watch, record: Record) -> None:
    """Record this look for those that follow, unless it is one that cannot be believed.

    Raises:
        LedgerError: it cannot be written.

    """
    if record.mark is not None and record.nav_jump <= watch.limits.max_nav_jump:
        await watch.ledger.mark_nav(record.mark)
