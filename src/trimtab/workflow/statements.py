"""Looks at the account so that a statement can be taken of it, and takes the first.

Executions and payments are listed, then the account is read, then they are listed again: when
both lists are alike, what they show is exactly what had happened when the account was read,
whatever any clock says. For the first statement, before which nobody knows what to list, one
list is enough when it shows nothing of the last minute. It is none when its lists show a payment
for an execution and not the execution, however alike they are: venues list late, and what comes
after would count that execution twice. For later statements reconciliation looks at that. What
is listed is booked before the statement is saved, and the last execution of each market is kept
with it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from trimtab.domain.errors import NotDone, Refused
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.orders import Fill, TradeId
from trimtab.domain.payments import Payment
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.statement import Statement
from trimtab.execution.reconcile import later_fills
from trimtab.execution.wallets import unlisted_trades
from trimtab.ports import FillCursor, Ledger, MarketData, Portfolio, Venue
from trimtab.workflow.naming import named

LISTED_LATE: Final = timedelta(hours=1)
"""How far before a statement executions and payments are listed: a row may come late, and the
statement of an older ledger has our clock's time."""
FIRST_LATE: Final = 2 * LISTED_LATE
"""The same of the first statement, whose list must reach behind those that follow: it counts
from the ledger's first entry, by our clock."""
QUIET: Final = timedelta(minutes=1)
"""How long before the first statement nothing may have happened, for one list to be enough."""
LOOKS_MAX: Final = 6
"""Readings of an account that does not hold still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Whose word is held against whose."""

    venue: Venue
    market: MarketData
    ledger: Ledger
    portfolio: Portfolio


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """What the venue lists."""

    fills: Mapping[Symbol, tuple[Fill, ...]]
    """Executions by market, oldest first."""
    payments: tuple[Payment, ...]
    """Changes of futures wallets, oldest first."""

    def are_quiet(self, at: datetime) -> bool:
        """Say whether nothing happened shortly before an instant, nor after it."""
        fills = (fill.filled_at for listed in self.fills.values() for fill in listed)
        paid = (payment.paid_at for payment in self.payments)
        return all(happened < at - QUIET for happened in (*fills, *paid))

    def hide_trades(self, since: datetime, *, at: datetime) -> bool:
        """Say whether they show a payment for an execution and not the execution.

        Payments just behind *since*, from when on everything was listed, prove nothing: their
        executions may be from just before it. Nor do those that are so old at the instant *at*
        that no list from a statement of then on reaches back to their executions: these are in
        the account, and whether they are ever listed changes nothing.
        """
        begins = max(since, at - LISTED_LATE - 2 * QUIET) + QUIET
        paid = (payment for payment in self.payments if payment.paid_at >= begins)
        fills = (fill for listed in self.fills.values() for fill in listed)
        return bool(unlisted_trades(paid, fills=fills, markets=self.fills))


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the venue showed, the lists before and after the account."""

    snapshot: Snapshot
    instruments: Mapping[Symbol, Instrument]
    """Markets of the snapshot, and of every order of ours."""
    lists: Lists
    since: datetime
    """From when on everything was listed, the venue's clock."""

    @property
    def fills(self) -> tuple[Fill, ...]:
        """Executions of all markets, by market; some may be from before the ledger."""
        return tuple(fill for listed in self.lists.fills.values() for fill in listed)

    def marks(self, before: Statement | None) -> Mapping[Symbol, TradeId | None]:
        """Return the last execution of each market that was listed, or that of *before*."""
        known = {} if before is None else before.marks
        return {
            symbol: max((f.trade_id for f in fills), key=int, default=known.get(symbol))
            for symbol, fills in self.lists.fills.items()
        }


async def look(books: Books, statement: Statement | None) -> Look:
    """Read the account between two equal readings of its lists.

    Raises:
        NotDone: the venue could not be read, or the account did not hold still.
        Refused: the venue denies the read.
        LedgerError: the ledger cannot be read.

    """
    ordered = {
        r.intent.instrument.symbol: r.intent.instrument
        for r in await books.ledger.orders(plan_digest=None)
    }
    since = await _listed_from(books.ledger, statement)
    before = await _guessed(books.venue, {*ordered, *_markets(statement)}, since)
    for _ in range(LOOKS_MAX):
        reach = _reach(books.portfolio, statement, before.payments)
        snapshot = await books.market.snapshot(reach)
        instruments = dict(sorted((ordered | dict(snapshot.instruments)).items()))
        after = await _listed(books.venue, instruments, since, known=before)
        if statement is None and after.hide_trades(since, at=snapshot.venue_at):
            before = Lists(fills={}, payments=after.payments)  # Read every row anew.
            continue
        if after == before or (statement is None and after.are_quiet(snapshot.venue_at)):
            return Look(snapshot=snapshot, instruments=instruments, lists=after, since=since)
        before = after
    raise NotDone(
        "the account does not hold still: executions or payments came with every look, or the"
        " venue does not list yet what it lists the payment of",
        next_step="wait a minute, then run the same command again; what is never listed no longer"
        " matters after an hour",
    )


async def _listed_from(ledger: Ledger, statement: Statement | None) -> datetime:
    """Return from when on lists are read."""
    if statement is not None:
        return statement.taken_at - LISTED_LATE
    return await ledger.begins_at() - FIRST_LATE


def _markets(statement: Statement | None) -> frozenset[Symbol]:
    """Return the markets that were read for a statement; none before the first."""
    return frozenset() if statement is None else frozenset(statement.marks)


async def _guessed(venue: Venue, markets: Collection[Symbol], since: datetime) -> Lists:
    """List the markets of the last time; where one is gone by now, the payments alone.

    Which markets there are now, the account tells: an odd guess costs one more round, a good one
    spares it.
    """
    nothing = Lists(fills={}, payments=())
    try:
        return await _listed(venue, markets, since, known=nothing)
    except Refused:
        return await _listed(venue, (), since, known=nothing)


async def _listed(
    venue: Venue, markets: Collection[Symbol], since: datetime, *, known: Lists
) -> Lists:
    """List every payment, and every execution in *markets* behind those that are known."""
    payments = await venue.payments(since)
    fills = dict[Symbol, tuple[Fill, ...]]()
    for symbol in sorted(markets):
        told = known.fills.get(symbol, ())
        cursor = FillCursor(after=told[-1].trade_id if told else None, not_before=since)
        fills[symbol] = (*told, *await venue.fills(symbol, since=cursor))
    return Lists(fills=fills, payments=payments)


def _reach(
    portfolio: Portfolio, statement: Statement | None, payments: Collection[Payment]
) -> Portfolio:
    """Return *portfolio* with every contract in which somebody may have traded since.

    The contracts of all its assets, those that had a position, and those that payments name:
    a position may have been opened and closed again since the last look, which no snapshot shows.
    """
    once_held = () if statement is None else statement.positions
    named = (p.symbol for p in payments if p.symbol is not None)
    markets = tuple(sorted({*once_held, *named}))
    return dataclasses.replace(portfolio, with_contracts=portfolio.assets, markets=markets)


async def of_concern(ledger: Ledger, seen: Look, statement: Statement | None) -> tuple[Fill, ...]:
    """Return the listed executions that the ledger has or should have, by market.

    What happened before its first entry is none of its concern, unless the statement, which is
    no older, does not contain it: then a clock was wrong.
    """
    began, booked = await ledger.begins_at(), {_key(f) for f in await ledger.fills()}
    later = () if statement is None else later_fills(statement, seen.fills)
    kept = booked | {_key(fill) for fill in later}
    return tuple(f for f in seen.fills if f.filled_at >= began or _key(f) in kept)


def _key(fill: Fill) -> tuple[Symbol, TradeId]:
    """Return what names an execution."""
    return fill.symbol, fill.trade_id


async def book_listed(
    books: Books, seen: Look, statement: Statement | None
) -> tuple[tuple[Fill, ...], tuple[Payment, ...]]:
    """Book what was listed and is not booked; return that. The account must be held.

    Raises:
        VenueError: the venue does not tell whose an execution is.
        LedgerError: an execution or a payment contradicts a booked one.

    """
    ledger = books.ledger
    fills, told = list[Fill](), await of_concern(ledger, seen, statement)
    for symbol in seen.lists.fills:
        if listed := [fill for fill in told if fill.symbol == symbol]:
            whose = await named(symbol, listed, venue=books.venue, ledger=ledger)
            fills += await ledger.book_fills(symbol, whose)
    payments = seen.lists.payments
    return tuple(fills), await ledger.book_payments(payments) if payments else ()


async def first_statement(books: Books) -> None:
    """Record what the account holds, unless that was done; the account must be held.

    Raises:
        NotDone: the venue could not be read, or the account did not hold still.
        Refused: the venue denies the read.
        LedgerError: the ledger cannot be read or written.

    """
    if await books.ledger.statement() is not None:
        return
    seen = await look(books, None)
    await book_listed(books, seen, None)
    await books.ledger.save_statement(seen.snapshot, marks=seen.marks(None), flows=())
