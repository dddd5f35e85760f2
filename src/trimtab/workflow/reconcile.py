"""Holds the ledger against the venue: orders, fills, balances, positions, wallets, payments.

Writes nothing, unless asked to adopt: then executions and payments that the ledger does not
have are booked as what they are, and the account as it stands becomes the new statement. But
positions move only by executions, and futures wallets only by payments: while either is not
explained, something is missing from a list, and a new statement would cover it up for ever.
Then it is listed again a few times, and at last left to a person.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.instruments import Asset
from trimtab.domain.orders import Fill, OrderRecord
from trimtab.domain.payments import Payment
from trimtab.domain.shared_wallet import holdings_of
from trimtab.domain.snapshot import PositionMode
from trimtab.domain.statement import ExternalFlow, Statement
from trimtab.execution.reconcile import (
    Actor,
    Difference,
    after_payments,
    after_transfers,
    compare_balances,
    compare_fills,
    compare_orders,
    compare_positions,
    compare_stops,
    compare_transfers,
    later_fills,
    later_payments,
)
from trimtab.execution.wallets import (
    compare_commissions,
    compare_payments,
    compare_profits,
    compare_wallets,
    unlisted_trades,
)
from trimtab.ports import Clock, Ledger, Transition
from trimtab.workflow.statements import Books, Look, book_listed, look, of_concern

PAYMENTS_KEPT: Final = timedelta(days=80)
"""How far back venues surely list payments; Binance says three months."""
WAITS_S: Final = (2, 5, 10)
"""Pauses before an account that is not explained is read again, seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What the comparison came to."""

    differences: tuple[Difference, ...]
    """Orders, fills, balances, positions, wallets, payments; those that stay after adoption."""
    adopted: tuple[Fill, ...]
    """Executions that were booked; empty unless adoption was asked for."""
    booked: tuple[Payment, ...]
    """Payments that were booked; empty unless adoption was asked for."""
    flows: tuple[ExternalFlow, ...]
    """What was adopted as having come from outside or gone there."""
    payments: tuple[Payment, ...]
    """What moved futures wallets since the statement, oldest first."""
    has_statement: bool
    """Whether there was a statement to hold balances, positions and wallets against."""
    left_to_person: bool
    """Whether adoption was asked for and no statement was taken."""

    @property
    def exit_code(self) -> int:
        """0 when both agree, 1 when not."""
        return 1 if self.differences else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """The ledger as it stands, held against one look."""

    differences: tuple[Difference, ...]
    unlisted: tuple[Difference, ...]
    """Those of them that say what is missing from the lists."""
    flows: tuple[ExternalFlow, ...]
    """Units outside futures wallets that nothing explains."""
    payments: tuple[Payment, ...]
    """What moved futures wallets since the statement, oldest first."""


_NOTHING: Final = _Compared(differences=(), unlisted=(), flows=(), payments=())


async def reconcile(books: Books, clock: Clock, *, adopt: bool) -> Reconciliation:
    """Compare ledger and venue; with *adopt*, book what is missing and compare again.

    Adoption needs the account to be held.

    Raises:
        NotDone: the venue could not be read, or the account did not hold still.
        Refused: the venue denies the read.
        LedgerError: the ledger cannot be read, or an execution or a payment contradicts a
            booked one.

    """
    if adopt:
        return await _adopted(books, clock)
    statement = await books.ledger.statement()
    found = await _compared(books.ledger, await look(books, statement), statement)
    return Reconciliation(
        differences=found.differences,
        adopted=(),
        booked=(),
        flows=(),
        payments=found.payments,
        has_statement=statement is not None,
        left_to_person=False,
    )


async def _adopted(books: Books, clock: Clock) -> Reconciliation:
    """Book what is listed until it explains the account; then take that as the new statement."""
    ledger, statement = books.ledger, await books.ledger.statement()
    tried = await _booked(books, statement)
    fills, payments = tried.fills, tried.payments
    for wait_s in WAITS_S:
        if not tried.found.unlisted and not tried.found.flows:
            break
        await clock.sleep(wait_s)
        tried = await _booked(books, statement)
        fills, payments = fills + tried.fills, payments + tried.payments
    found, seen, refused = tried.found, tried.seen, bool(tried.found.unlisted)
    left = found
    if not refused:
        marks = seen.marks(statement)
        await ledger.save_statement(seen.snapshot, marks=marks, flows=found.flows)
        left = await _compared(ledger, seen, await ledger.statement())
    return Reconciliation(
        differences=left.differences,
        adopted=fills,
        booked=payments,
        flows=() if refused else found.flows,
        payments=found.payments,
        has_statement=statement is not None,
        left_to_person=refused,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """One look with everything booked that it lists."""

    seen: Look
    fills: tuple[Fill, ...]
    """What was booked of executions."""
    payments: tuple[Payment, ...]
    """What was booked of payments."""
    found: _Compared


async def _booked(books: Books, statement: Statement | None) -> _Tried:
    """Look, book what is listed, and compare with *statement*."""
    seen = await look(books, statement)
    fills, payments = await book_listed(books, seen, statement)
    if fills and (steps := _corrections(await books.ledger.orders(plan_digest=None), fills)):
        await books.ledger.advance(steps)
    found = await _compared(books.ledger, seen, statement)
    return _Tried(seen=seen, fills=fills, payments=payments, found=found)


def _corrections(records: Iterable[OrderRecord], adopted: Iterable[Fill]) -> list[Transition]:
    """Return what is to be written down of closed orders that *adopted* fills turn out to be of."""
    last = {f.client_order_id: f for f in adopted}
    return [
        Transition(
            client_order_id=record.intent.client_order_id,
            state=record.state,
            order=None,
            evidence=None,
            note=f"fill {last[record.intent.client_order_id].trade_id} came after it was closed",
            at=last[record.intent.client_order_id].filled_at,
        )
        for record in records
        if record.state.is_terminal and record.intent.client_order_id in last
    ]


async def _compared(ledger: Ledger, seen: Look, statement: Statement | None) -> _Compared:
    """Hold the ledger as it stands against what was seen."""
    records, booked = await ledger.orders(plan_digest=None), await ledger.fills()
    listed = await of_concern(ledger, seen, statement)
    stops, shown = await ledger.stops(), seen.snapshot.open_orders
    found = (
        *compare_orders(records, shown, stops),
        *compare_stops(stops, shown, read=seen.snapshot.instruments),
        *compare_transfers(await ledger.unresolved_transfers()),
        *_fills(records, seen, booked=booked, listed=listed),
    )
    if statement is None:
        return dataclasses.replace(_NOTHING, differences=found, payments=seen.lists.payments)
    known = {(f.symbol, f.trade_id) for f in booked}
    fresh = [f for f in listed if (f.symbol, f.trade_id) not in known]
    after = _in(seen, later_fills(statement, await ledger.fills_after_statement()))
    coming = _in(seen, later_fills(statement, fresh))
    paid = await _payments_since(ledger, seen, statement)
    unlisted = (
        *unlisted_trades(paid, fills=(*booked, *seen.fills), markets=seen.lists.fills),
        *_positions((*after, *coming), seen, statement, Actor.PERSON),
        *_wallets(paid, seen, statement),
    )
    told = {d.name for d in unlisted}
    explained = [d for d in _positions(after, seen, statement, Actor.ADOPT) if d.name not in told]
    shared = holdings_of(seen.snapshot).shared
    opening = after_transfers(statement.balances, await ledger.transfers_after_statement())
    opening = after_payments(opening, paid, shared=shared)
    balances = compare_balances(
        after, opening=opening, actual=_held(seen), instruments=seen.instruments
    )
    return _Compared(
        differences=(
            *found,
            *balances,
            *explained,
            *unlisted,
            *await _payments(ledger, seen),
            *_paid_for((*after, *coming), unlisted, seen, statement),
        ),
        unlisted=unlisted,
        flows=tuple(map(_flow, balances)),
        payments=paid,
    )


def _fills(
    records: Sequence[OrderRecord], seen: Look, *, booked: Sequence[Fill], listed: Sequence[Fill]
) -> tuple[Difference, ...]:
    """Compare executions market by market, each from where its list begins.

    A venue's order id names one order of its market: two markets may use the same.
    """
    names = {(r.intent.instrument.symbol, r.venue_order_id): r for r in records}
    unresolved = frozenset(r.intent.client_order_id for r in records if not r.state.is_terminal)
    told = [
        f if (record := names.get((f.symbol, f.venue_order_id))) is None else _by(record, f)
        for f in listed
    ]
    found: tuple[Difference, ...] = ()
    for symbol in seen.lists.fills:
        found += compare_fills(
            booked=[f for f in booked if f.symbol == symbol],
            seen=[f for f in told if f.symbol == symbol],
            since=seen.since,
            unresolved=unresolved,
        )
    return found


def _by(record: OrderRecord, fill: Fill) -> Fill:
    """Return *fill* under the name of its order."""
    return dataclasses.replace(fill, client_order_id=record.intent.client_order_id)


def _in(seen: Look, fills: Iterable[Fill]) -> tuple[Fill, ...]:
    """Return the fills whose markets were read."""
    return tuple(fill for fill in fills if fill.symbol in seen.instruments)


def _held(seen: Look) -> Mapping[Asset, Decimal]:
    """Return the units outside futures wallets."""
    return holdings_of(seen.snapshot).outside


def _flow(balance: Difference) -> ExternalFlow:
    """Return what came from outside or went there, from how a balance differs."""
    with exact_arithmetic():
        units = Decimal(balance.actual) - Decimal(balance.expected)
    return ExternalFlow(asset=Asset(balance.name), units=units)


async def _payments_since(ledger: Ledger, seen: Look, statement: Statement) -> tuple[Payment, ...]:
    """Return what moved futures wallets since *statement*, booked or not, oldest first."""
    known = {payment.key for payment in await ledger.payments()}
    after = await ledger.payments_after_statement()
    coming = [payment for payment in seen.lists.payments if payment.key not in known]
    return tuple(
        sorted(later_payments(statement, (*after, *coming)), key=lambda payment: payment.paid_at)
    )


async def _payments(ledger: Ledger, seen: Look) -> tuple[Difference, ...]:
    """Compare booked payments with the listed ones, as far back as the venue keeps them."""
    since = max(seen.since, seen.snapshot.venue_at - PAYMENTS_KEPT)
    return compare_payments(await ledger.payments(), listed=seen.lists.payments, since=since)


def _reads_futures(seen: Look, statement: Statement) -> bool:
    """Say whether the futures account was read both times; else there is nothing to compare."""
    return bool(statement.wallets) and bool(seen.snapshot.pools)


def _positions(
    fills: Sequence[Fill], seen: Look, statement: Statement, who: Actor
) -> tuple[Difference, ...]:
    """Compare positions with *fills* added up."""
    if not _reads_futures(seen, statement):
        return ()
    return compare_positions(
        fills,
        opening=statement.positions,
        actual=seen.snapshot.positions,
        instruments=seen.instruments,
        who=who,
    )


def _wallets(
    payments: Sequence[Payment], seen: Look, statement: Statement
) -> tuple[Difference, ...]:
    """Compare futures wallets with *payments* added up, but for those that hold the cash too."""
    if not _reads_futures(seen, statement):
        return ()
    held = holdings_of(seen.snapshot)
    apart = [payment for payment in payments if payment.asset not in held.shared]
    return compare_wallets(apart, opening=statement.wallets, actual=held.wallets)


def _paid_for(
    fills: Sequence[Fill], unlisted: Iterable[Difference], seen: Look, statement: Statement
) -> tuple[Difference, ...]:
    """Compare what was paid for executions of contracts with what they say.

    Where a wallet settles later, no execution is paid what it won.
    """
    listed = seen.lists.payments
    later = {asset for asset, pool in seen.snapshot.pools.items() if pool.settles_later}
    doubtful = {d.name for d in unlisted}
    flat = {
        s
        for s in seen.lists.fills
        if s not in statement.positions
        and s not in doubtful
        and seen.instruments[s].settle not in later
    }
    nets_out = seen.snapshot.position_mode is PositionMode.ONE_WAY
    return (
        *compare_commissions(fills, payments=listed),
        *(compare_profits(fills, payments=listed, flat=flat) if nets_out else ()),
    )
