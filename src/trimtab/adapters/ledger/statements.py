"""Statements of SQLAlchemy Core that are compiled once and then handed to the driver as text.

What SQLAlchemy does at every execution (build, cache key, type processing) is four fifths of
the CPU of a small durable write; the statements on the path of an order need none of it: they
never change, and only text, whole numbers and booleans go in. Rows come back unprocessed, so a
boolean may be a number. Not pure: it executes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    Connection,
    Dialect,
    Integer,
    SelectBase,
    Text,
    bindparam,
    exists,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.sql.compiler import SQLCompiler

from trimtab.adapters.ledger import schema
from trimtab.adapters.ledger.schema import (
    approvals,
    balances,
    entries,
    fill_cursors,
    fills,
    halts,
    leases,
    nav_marks,
    order_events,
    orders,
    payment_cursors,
    payments,
    plans,
    restraints,
    stamp,
    standing_revocations,
    standing_uses,
    standings,
    transfers,
)
from trimtab.domain.errors import LedgerError
from trimtab.domain.orders import OrderState

StoredRow = Mapping[str, Any]
"""A row by column, as the driver gives it."""

HEAD: Final = select(entries.c.seq, entries.c.hash).where(
    entries.c.seq == select(func.max(entries.c.seq)).scalar_subquery()
)
HASH: Final = select(entries.c.hash).where(entries.c.seq == bindparam("seq"))
HALT: Final = select(halts.c.reason).where(
    halts.c.seq == select(func.max(halts.c.seq)).scalar_subquery()
)
RESTRAINT: Final = select(restraints.c.reason).where(
    restraints.c.seq == select(func.max(restraints.c.seq)).scalar_subquery()
)
HALT_RELEASE: Final = (
    select(halts.c.seq, halts.c.at).where(halts.c.reason.is_(None)).order_by(halts.c.seq.desc())
)
RESTRAINT_RELEASE: Final = (
    select(restraints.c.seq, restraints.c.at)
    .where(restraints.c.reason.is_(None))
    .order_by(restraints.c.seq.desc())
)
NAV_MARKS: Final = (
    select(nav_marks)
    .where(nav_marks.c.seq > bindparam("after"), nav_marks.c.taken_at >= bindparam("since"))
    .order_by(nav_marks.c.seq)
)
NAV_MARK: Final = select(nav_marks).where(
    nav_marks.c.seq > bindparam("after"),
    nav_marks.c.seq == select(func.max(nav_marks.c.seq)).scalar_subquery(),
)
STAMP: Final = select(stamp)
LEASE: Final = select(leases.c.epoch, leases.c.held).where(leases.c.account == bindparam("account"))
PLAN_STATUS: Final = select(plans.c.status).where(plans.c.digest == bindparam("digest"))
_PLANS: Final = select(plans.c.digest, plans.c.status, entries).join(
    entries, entries.c.seq == plans.c.seq
)
PLANS: Final = _PLANS.order_by(plans.c.seq)
PLANS_AT: Final = PLANS.where(plans.c.status == bindparam("status"))
_DONE: Final = plans.alias("done")
LAST_EXECUTED: Final = _PLANS.where(
    plans.c.seq
    == select(func.max(_DONE.c.seq))
    .where((_DONE.c.status == bindparam("whole")) | (_DONE.c.status == bindparam("part")))
    .scalar_subquery()
)
PLAN: Final = _PLANS.where(plans.c.digest == bindparam("digest"))
_BEGINNING: Final = func.substr(
    plans.c.digest, literal_column("1"), bindparam("digits", type_=Integer), type_=Text
)
DIGESTS: Final = select(plans.c.digest).where(bindparam("prefix", type_=Text) == _BEGINNING)
APPROVAL: Final = select(approvals).where(
    approvals.c.plan_digest == bindparam("digest"), approvals.c.dry_run == bindparam("run")
)
ENTRY: Final = select(entries).where(entries.c.seq == bindparam("seq"))
ORDER: Final = select(orders).where(
    orders.c.dry_run == bindparam("run"), orders.c.client_order_id == bindparam("name")
)
ORDERS: Final = select(orders).where(orders.c.dry_run == bindparam("run")).order_by(orders.c.seq)
ORDERS_OF_PLAN: Final = ORDERS.where(orders.c.plan_digest == bindparam("digest"))
ORDERS_SINCE: Final = ORDERS.where(orders.c.submitted_at >= bindparam("since"))
_ABSENT: Final[ColumnElement[str]] = literal_column(f"'{OrderState.ABSENT.value}'")
_FIRST_ABSENT_AT: Final = (
    select(func.min(order_events.c.at))
    .where(
        order_events.c.dry_run == orders.c.dry_run,
        order_events.c.client_order_id == orders.c.client_order_id,
        order_events.c.state == _ABSENT,
    )
    .scalar_subquery()
)
ABSENT_SINCE: Final = ORDERS.where(
    orders.c.state == _ABSENT,
    orders.c.seq > bindparam("after"),
    bindparam("since") <= _FIRST_ABSENT_AT,
)
UNRESOLVED: Final = ORDERS.where(
    orders.c.state.in_(
        literal_column(f"'{state.value}'") for state in OrderState if not state.is_terminal
    )
)
TRANSFERS: Final = (
    select(transfers)
    .where(transfers.c.dry_run == bindparam("run"), transfers.c.seq > bindparam("after"))
    .order_by(transfers.c.seq)
)
TRANSFER: Final = select(transfers).where(
    transfers.c.dry_run == bindparam("run"), transfers.c.transfer_id == bindparam("name")
)
ORDER_BY_VENUE: Final = (
    select(orders)
    .where(
        orders.c.dry_run == bindparam("run"),
        orders.c.symbol == bindparam("on"),
        orders.c.venue_order_id == bindparam("named"),
    )
    .order_by(orders.c.seq)
)
FILLS: Final = (
    select(fills)
    .where(fills.c.dry_run == bindparam("run"), fills.c.seq > bindparam("after"))
    .order_by(fills.c.filled_at, fills.c.seq, fills.c.position)
)
FILLS_SINCE: Final = (
    select(fills)
    .where(
        (fills.c.dry_run == bindparam("real")) | (fills.c.dry_run == bindparam("run")),
        fills.c.filled_at > bindparam("since"),
    )
    .order_by(fills.c.filled_at, fills.c.seq, fills.c.position)
)
FILL: Final = select(fills).where(
    fills.c.dry_run == bindparam("run"),
    fills.c.symbol == bindparam("on"),
    fills.c.trade_id == bindparam("trade"),
)
EXTERNAL_FILLS: Final = (
    select(fills)
    .where(
        fills.c.dry_run == bindparam("run"),
        fills.c.symbol == bindparam("on"),
        fills.c.venue_order_id == bindparam("named"),
        fills.c.client_order_id.is_(None),
    )
    .order_by(fills.c.seq, fills.c.position)
)
FILLED_AFTER: Final = (
    select(orders.c.symbol, func.sum(orders.c.filled_lots).label("lots"))
    .where(
        (orders.c.dry_run == bindparam("real")) | (orders.c.dry_run == bindparam("run")),
        orders.c.seq > bindparam("after"),
    )
    .group_by(orders.c.symbol)
    .order_by(orders.c.symbol)
)
LATE_ORDERS: Final = ORDERS.where(
    (orders.c.state == bindparam("refused")) | (orders.c.state == bindparam("absent")),
    orders.c.filled_lots != bindparam("nothing"),
    orders.c.seq > bindparam("after"),
)
FILLS_OF_OTHERS: Final = (
    select(fills)
    .join(
        orders,
        (orders.c.dry_run == fills.c.dry_run)
        & (orders.c.client_order_id == fills.c.client_order_id),
        isouter=True,
    )
    .where(
        fills.c.dry_run == bindparam("real"),
        fills.c.seq > bindparam("after"),
        orders.c.seq.is_(None) | (orders.c.seq <= bindparam("after")),
    )
    .order_by(fills.c.filled_at, fills.c.seq, fills.c.position)
)
CURSOR: Final = select(fill_cursors.c.filled_at, fill_cursors.c.after_trade_id).where(
    fill_cursors.c.dry_run == bindparam("run"), fill_cursors.c.symbol == bindparam("on")
)

ENTRIES: Final = select(entries).order_by(entries.c.seq)
STATEMENT_SEQ: Final = select(schema.statements.c.seq).where(
    schema.statements.c.seq == select(func.max(schema.statements.c.seq)).scalar_subquery()
)
BALANCES_SEQ: Final = select(balances.c.seq).where(
    balances.c.seq == select(func.max(balances.c.seq)).scalar_subquery()
)
STATEMENT: Final = select(schema.statements).where(schema.statements.c.seq == bindparam("at"))
BALANCES: Final = (
    select(balances)
    .where(balances.c.seq == bindparam("at"))
    .order_by(balances.c.wallet, balances.c.name)
)
MARKS: Final = (
    select(schema.statement_marks)
    .where(schema.statement_marks.c.seq == bindparam("at"))
    .order_by(schema.statement_marks.c.symbol)
)
PAYMENTS: Final = (
    select(payments)
    .where(payments.c.seq > bindparam("after"))
    .order_by(payments.c.paid_at, payments.c.seq, payments.c.position)
)
PAYMENTS_SINCE: Final = (
    select(payments)
    .where(payments.c.paid_at > bindparam("since"))
    .order_by(payments.c.paid_at, payments.c.seq, payments.c.position)
)
PAYMENT: Final = select(payments).where(
    payments.c.asset == bindparam("of"),
    payments.c.kind == bindparam("why"),
    payments.c.payment_id == bindparam("named"),
)
PAYMENT_CURSOR: Final = select(payment_cursors.c.paid_at).where(
    payment_cursors.c.account == bindparam("account")
)
_STANDINGS: Final = select(standings.c.digest, entries).join(
    entries, entries.c.seq == standings.c.seq
)
STANDINGS: Final = _STANDINGS.order_by(standings.c.seq)
STANDING: Final = _STANDINGS.where(standings.c.digest == bindparam("digest"))
REVOCATION: Final = select(standing_revocations).where(
    standing_revocations.c.standing == bindparam("digest")
)
STANDING_USES: Final = (
    select(
        standing_uses.c.plan_digest,
        standing_uses.c.draw,
        standing_uses.c.at.label("used_at"),
        entries,
    )
    .join(entries, entries.c.seq == standing_uses.c.seq)
    .where(standing_uses.c.standing == bindparam("digest"))
    .order_by(standing_uses.c.seq)
)
STANDING_YESES: Final = select(approvals.c.plan_digest).where(
    approvals.c.kind == bindparam("kind"),
    approvals.c.by == bindparam("digest"),
    approvals.c.dry_run == bindparam("real"),
)
LATER: Final = (
    select(entries.c.body)
    .where(entries.c.kind == bindparam("kind"), entries.c.seq > bindparam("after"))
    .order_by(entries.c.seq)
)
_MOVES: Final = schema.slot_moves.alias("moves")
SLOT: Final = select(schema.slot_moves).where(
    schema.slot_moves.c.seq
    == select(func.max(_MOVES.c.seq)).where(_MOVES.c.slot == bindparam("named")).scalar_subquery()
)
SLOT_MOVES: Final = select(schema.slot_moves).order_by(schema.slot_moves.c.seq)
FIRST_ORDER: Final = select(func.min(orders.c.submitted_at).label("at")).where(
    orders.c.dry_run == bindparam("run")
)
FOLLOWER: Final = select(entries.c.prev_hash).where(entries.c.seq == bindparam("next"))


@cache
def insertion(table: str) -> ClauseElement:
    """Return the statement that makes a row of *table*, all columns bound."""
    return insert(schema.metadata.tables[table])


@cache
def alteration(table: str, keys: tuple[str, ...], *, columns: tuple[str, ...]) -> ClauseElement:
    """Return the statement that changes *columns* of one row; its key is bound as ``key_…``."""
    target = schema.metadata.tables[table]
    where = [target.c[name] == bindparam(f"key_{name}") for name in keys]
    return update(target).where(*where).values({name: bindparam(name) for name in columns})


@cache
def fenced_insertion(table: str) -> ClauseElement:
    """Return the statement that makes a row only while the bound lease is held."""
    ours = (
        (leases.c.account == bindparam("lease_account"))
        & (leases.c.epoch == bindparam("lease_epoch"))
        & (leases.c.held == bindparam("lease_held"))
    )
    made = schema.metadata.tables[table]
    columns = list(made.c)
    row = select(*(bindparam(c.name, type_=c.type) for c in columns))
    return insert(made).from_select(columns, row.where(exists().where(ours)))


def rows(
    connection: Connection, statement: SelectBase, bound: Mapping[str, Any]
) -> list[StoredRow]:
    """Return what a query of this module finds, its parameters bound by name."""
    names = _columns(statement)
    cursor = _execute(connection, statement, bound)
    return [dict(zip(names, line, strict=True)) for line in cursor.fetchall()]


def row_or_none(
    connection: Connection, statement: SelectBase, bound: Mapping[str, Any]
) -> StoredRow | None:
    """Return the first row that a query of this module finds, or None."""
    found = rows(connection, statement, bound)
    return found[0] if found else None


def rows_met(connection: Connection, statement: ClauseElement, bound: Mapping[str, Any]) -> int:
    """Execute a change of this module; return how many rows it met.

    Raises:
        LedgerError: it conflicts with a row that is there.

    """
    try:
        return int(_execute(connection, statement, bound).rowcount)
    except connection.dialect.loaded_dbapi.IntegrityError as e:
        raise LedgerError(f"conflicts with the ledger: {e}") from e


def _execute(connection: Connection, statement: ClauseElement, bound: Mapping[str, Any]) -> Any:  # noqa: ANN401  the driver's cursor
    """Hand a statement to the driver, inside the connection's transaction."""
    kind: Any = type(connection.dialect)
    compiled = _compiled(statement, kind)
    cursor = connection.connection.cursor()
    cursor.execute(compiled.text, compiled.values_of(bound))
    return cursor


@cache
def _columns(statement: SelectBase) -> tuple[str, ...]:
    """Return the names of what a query selects, in order."""
    return tuple(column.name for column in statement.selected_columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A statement as a driver takes it."""

    text: str
    names: tuple[str, ...]
    """What it binds, in the order of its places."""
    by_place: bool
    """Whether the driver takes a list, else a mapping."""

    def values_of(self, bound: Mapping[str, Any]) -> Sequence[Any] | Mapping[str, Any]:
        """Return of *bound* what the statement takes."""
        names = self.names
        return [bound[n] for n in names] if self.by_place else {n: bound[n] for n in names}


@cache
def _compiled(statement: ClauseElement, kind: type[Dialect]) -> Compiled:
    """Return a statement as the drivers of one kind of dialect take it.

    The text is kept by the kind of dialect and not by the engine's own: an engine is made whenever
    a ledger is opened, and compiling is most of what its first order would cost.
    """
    dialect = kind()
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    return Compiled(
        text=str(compiled),
        names=tuple(compiled.positiontup or compiled.params),
        by_place=dialect.positional,
    )
