"""Queries about what no order of ours explains. Not pure: it reads the tables of a connection."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from trimtab.adapters.ledger import statements
from trimtab.adapters.ledger.reads import fill_of, record_of, statement
from trimtab.adapters.ledger.statements import row_or_none, rows
from trimtab.domain.canonical import instant_text
from trimtab.domain.instruments import Lots, Symbol
from trimtab.domain.orders import OrderRecord, OrderState, VenueOrderId
from trimtab.execution.outside import BookedSince


def absent_lately(connection: Connection, *, since: datetime) -> tuple[OrderRecord, ...]:
    """Return real orders proved absent that were begun since an instant and since the statement."""
    last = statement(connection)
    begun = since if last is None else max(since, last.taken_at)
    bound = {"run": 0, "since": instant_text(begun)}
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
    """Return what is booked since the last statement, a dry run's own orders among ours."""
    last = statement(connection)
    if last is None:
        return None
    bound: dict[str, Any] = {"real": 0, "run": dry_run, "since": instant_text(last.taken_at)}
    bound |= {"refused": OrderState.REFUSED.value, "absent": OrderState.ABSENT.value, "nothing": 0}
    filled = rows(connection, statements.FILLED_SINCE, bound)
    late = rows(connection, statements.LATE_ORDERS, bound)
    external = rows(connection, statements.EXTERNAL_SINCE, bound)
    return BookedSince(
        positions=last.positions,
        ours={Symbol(row["symbol"]): Lots(row["lots"]) for row in filled},
        external=tuple(map(fill_of, external)),
        late=tuple(map(record_of, late)),
    )
