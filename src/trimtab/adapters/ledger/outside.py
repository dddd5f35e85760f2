"""Queries about what no order of ours explains. Not pure: it reads the tables of a connection."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from trimtab.adapters.ledger import statements
from trimtab.adapters.ledger.account import statement, statement_seq
from trimtab.adapters.ledger.reads import fill_of, record_of
from trimtab.adapters.ledger.statements import row_or_none, rows
from trimtab.domain.canonical import instant_text
from trimtab.domain.instruments import Lots, Symbol
from trimtab.domain.orders import OrderRecord, OrderState, VenueOrderId
from trimtab.execution.outside import BookedSince
from trimtab.execution.reconcile import later_fills


def absent_lately(connection: Connection, *, since: datetime) -> tuple[OrderRecord, ...]:
    """Return real orders that are absent since an instant, begun since the statement."""
    bound = {"run": 0, "since": instant_text(since), "after": statement_seq(connection)}
    return tuple(map(record_of, rows(connection, statements.ABSENT_SINCE, bound)))


def unknown_orders(
    connection: Connection, symbol: Symbol, named: Collection[VenueOrderId], *, dry_run: int
) -> frozenset[VenueOrderId]:
    """Return those of the venue's ids that no order of a run has."""
    ours = {"run": dry_run, "on": symbol}
    return frozenset(
        name
        for name in named
        if row_or_none(connection, statements.ORDER_BY_VENUE, {**ours, "named": name}) is None
    )


def booked_since_statement(connection: Connection, *, dry_run: int) -> BookedSince | None:
    """Return what is booked since the last statement, a dry run's own orders among ours.

    Orders that were begun since are summed by the database. Fills of older ones, and of nobody's,
    are read one by one: an account has few of them.
    """
    last = statement(connection)
    if last is None:
        return None
    bound: dict[str, Any] = {"real": 0, "run": dry_run, "after": statement_seq(connection)}
    filled = rows(connection, statements.FILLED_AFTER, bound)
    others = later_fills(last, map(fill_of, rows(connection, statements.FILLS_OF_OTHERS, bound)))
    ends = {"refused": OrderState.REFUSED.value, "absent": OrderState.ABSENT.value, "nothing": 0}
    late = rows(connection, statements.LATE_ORDERS, {**bound, **ends, "run": 0})
    return BookedSince(
        positions=last.positions,
        ours={Symbol(row["symbol"]): Lots(row["lots"]) for row in filled},
        older=tuple(f for f in others if f.client_order_id is not None),
        external=tuple(f for f in others if f.client_order_id is None),
        late=tuple(map(record_of, late)),
    )
