"""Holds the ledger against the venue: orders, fills, balances, positions.

Writes nothing, unless asked to adopt: then executions that the ledger does not have are
booked as what they are, and the account as it stands becomes the new statement.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.orders import Fill, OrderRecord
from trimtab.domain.snapshot import OpenOrder, Snapshot
from trimtab.execution.reconcile import (
    Difference,
    compare_balances,
    compare_fills,
    compare_orders,
    compare_positions,
    fills_since,
)
from trimtab.ports import FillCursor, Ledger, MarketData, Portfolio, Statement, Transition, Venue
from trimtab.workflow.naming import named

CLOCKS_DIFFER: Final = timedelta(seconds=5)
"""How far before a statement executions are listed: it has our clock's time, they the venue's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Whose word is held against whose."""

    venue: Venue
    market: MarketData
    ledger: Ledger
    portfolio: Portfolio


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What the comparison came to."""

    differences: tuple[Difference, ...]
    """Orders, fills, balances, positions; those that stay after adoption."""
    adopted: tuple[Fill, ...]
    """Executions that were booked; empty unless adoption was asked for."""
    has_statement: bool
    """Whether there was a statement to hold balances and positions against."""

    @property
    def exit_code(self) -> int:
        """0 when both agree, 1 when not."""
        return 1 if self.differences else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What the venue showed."""

    snapshot: Snapshot
    instruments: Mapping[Symbol, Instrument]
    fills: tuple[Fill, ...]
    since: Mapping[Symbol, datetime]
    """From when on every execution of a symbol was listed."""
    resting: tuple[OpenOrder, ...]


async def reconcile(books: Books, *, adopt: bool) -> Reconciliation:
    """Compare ledger and venue; with *adopt*, book what is missing and compare again.

    Adoption needs the account to be held.

    Raises:
        NotDone: the venue could not be read.
        Refused: the venue denies the read.
        LedgerError: the ledger cannot be read, or an execution contradicts a booked one.

    """
    statement = await books.ledger.statement()
    seen = await _look(books, statement)
    found = await _compare(books.ledger, seen, statement)
    if not adopt:
        return Reconciliation(differences=found, adopted=(), has_statement=statement is not None)
    adopted = list[Fill]()
    for symbol in seen.since:
        missing = [f for f in seen.fills if f.symbol == symbol]
        adopted += await books.ledger.book_fills(symbol, missing) if missing else ()
    await books.ledger.advance(_corrections(await books.ledger.orders(plan_digest=None), adopted))
    await books.ledger.save_balances(seen.snapshot)
    left = await _compare(books.ledger, seen, await books.ledger.statement())
    return Reconciliation(
        differences=left, adopted=tuple(adopted), has_statement=statement is not None
    )


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


async def _look(books: Books, statement: Statement | None) -> _Seen:
    """Read everything that the venue can be asked about our markets."""
    records = await books.ledger.orders(plan_digest=None)
    snapshot = await books.market.snapshot(_with_every_contract(books.portfolio))
    ordered = {r.intent.instrument.symbol: r.intent.instrument for r in records}
    instruments = dict(sorted((ordered | dict(snapshot.instruments)).items()))
    fills, since = list[Fill](), dict[Symbol, datetime]()
    once_held = () if statement is None else statement.positions  # Closed since, by somebody else.
    for symbol in sorted({*instruments, *once_held}):
        cursor = await books.ledger.fill_cursor(symbol)
        start = cursor.not_before if statement is None else statement.taken_at - CLOCKS_DIFFER
        wide = FillCursor(after=None, not_before=start)
        listed = await books.venue.fills(symbol, since=wide)
        fills += await named(symbol, listed, venue=books.venue, ledger=books.ledger)
        since[symbol] = start
    return _Seen(
        snapshot=snapshot,
        instruments=instruments,
        fills=tuple(fills),
        since=since,
        resting=await books.venue.open_orders(tuple(instruments)),
    )


def _with_every_contract(portfolio: Portfolio) -> Portfolio:
    """Return *portfolio* with the contracts of all its assets, whatever their route.

    Somebody may have opened a position there and closed it again since the last look: neither
    snapshot shows it, the executions do.
    """
    return dataclasses.replace(portfolio, with_contracts=portfolio.assets)


async def _compare(
    ledger: Ledger, seen: _Seen, statement: Statement | None
) -> tuple[Difference, ...]:
    """Hold the ledger as it stands against what was seen."""
    records = await ledger.orders(plan_digest=None)
    booked = await ledger.fills()
    found = compare_orders(records, seen.resting) + _fills(records, booked, seen)
    if statement is None:
        return found
    later = tuple(
        f for f in fills_since(statement.taken_at, booked, records) if f.symbol in seen.instruments
    )
    held = {asset: balance.held for asset, balance in seen.snapshot.balances.items()}
    markets, positions = seen.instruments, seen.snapshot.positions
    return (
        found
        + compare_balances(later, opening=statement.balances, actual=held, instruments=markets)
        + compare_positions(
            later, opening=statement.positions, actual=positions, instruments=markets
        )
    )


def _fills(
    records: tuple[OrderRecord, ...], booked: tuple[Fill, ...], seen: _Seen
) -> tuple[Difference, ...]:
    """Compare executions symbol by symbol, each from where its list begins."""
    names = {r.venue_order_id: r.intent.client_order_id for r in records}
    unresolved = frozenset(r.intent.client_order_id for r in records if not r.state.is_terminal)
    found: tuple[Difference, ...] = ()
    for symbol, since in seen.since.items():
        listed = [
            dataclasses.replace(f, client_order_id=names.get(f.venue_order_id, f.client_order_id))
            for f in seen.fills
            if f.symbol == symbol
        ]
        mine = [f for f in booked if f.symbol == symbol]
        found += compare_fills(booked=mine, seen=listed, since=since, unresolved=unresolved)
    return found
