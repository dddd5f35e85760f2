"""Queries: from tables to values. Not pure: it reads the tables of a connection.

A row that describes no value is a LedgerError that names the row.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from sqlalchemy import Connection

from trimtab.adapters.ledger import rules, statements
from trimtab.adapters.ledger.chain import Head, entry_hash
from trimtab.adapters.ledger.projection import EntryKind, subject_of
from trimtab.adapters.ledger.proposals import proposal
from trimtab.adapters.ledger.rows import LedgerEvent
from trimtab.adapters.ledger.statements import StoredRow, row_or_none, rows
from trimtab.domain.approved import Approval
from trimtab.domain.canonical import NotThisShape, from_document, instant_text
from trimtab.domain.errors import LedgerError
from trimtab.domain.instruments import Asset, Instrument, Lots, Symbol, Ticks
from trimtab.domain.orders import (
    ClientOrderId,
    Fill,
    OrderIntent,
    OrderRecord,
    OrderState,
    Side,
    TradeId,
    VenueOrder,
    VenueOrderId,
)
from trimtab.domain.snapshot import AccountKey, Environment
from trimtab.ports import FillCursor, PlanStatus, SavedPlan


def head(connection: Connection) -> Head:
    """Return the last entry; the chain seed of the stamp before the first."""
    row = row_or_none(connection, statements.HEAD, {})
    return Head(seq=0, hash="") if row is None else Head(seq=row["seq"], hash=row["hash"])


def stamp(connection: Connection) -> AccountKey | None:
    """Return whose ledger it is, or None before the first entry."""
    row = row_or_none(connection, statements.STAMP, {})
    if row is None:
        return None
    environment = Environment(row["environment"])
    return AccountKey(venue=row["venue"], account=row["account"], environment=environment)


def created_at(connection: Connection) -> datetime:
    """Return when the ledger was begun.

    Raises:
        LedgerError: it was not.

    """
    row = row_or_none(connection, statements.STAMP, {})
    if row is None:
        raise LedgerError("ledger: has no stamp", next_step="trimtab ledger verify")
    return instant(row["created_at"])


# Plans


def executing(connection: Connection) -> tuple[SavedPlan, ...]:
    """Return plans whose run has not said how it ended, oldest first."""
    bound = {"status": PlanStatus.EXECUTING.value}
    found = rows(connection, statements.PLANS_AT, bound)
    return tuple(_saved_plan(connection, row, dry_run=0) for row in found)


def plan_status(connection: Connection, digest: str) -> PlanStatus | None:
    """Return where a plan stands, or None when it was never saved."""
    row = row_or_none(connection, statements.PLAN_STATUS, {"digest": digest})
    return None if row is None else PlanStatus(row["status"])


def approval(connection: Connection, digest: str, *, dry_run: int) -> Approval | None:
    """Return the yes to a plan, or None; its row says what its entry says.

    Raises:
        LedgerError: row or entry was changed since it was written.

    """
    bound = {"digest": digest, "run": dry_run}
    row = row_or_none(connection, statements.APPROVAL, bound)
    if row is None:
        return None
    what = f"approval of plan {digest[:12]}"
    entry = row_or_none(connection, statements.ENTRY, {"seq": row["seq"]})
    names = ("plan_digest", "gate_digest", "kind", "by", "at", "expires_at")
    told = {name: row[name] for name in names}
    if entry is None or json.loads(proved(entry, what))["approval"] != told:
        raise changed(what, row["seq"])
    return from_document(Approval, told)


def proved(entry: StoredRow, what: str) -> str:
    """Return the body of an entry that is as it was written.

    Raises:
        LedgerError: it was changed since.

    """
    named = {name: entry[name] for name in ("seq", "at", "kind", "body", "prev_hash")}
    if entry_hash(**named) != entry["hash"]:
        raise changed(what, entry["seq"])
    body: str = entry["body"]
    return body


def changed(what: str, seq: int) -> LedgerError:
    """Return that what an entry says is not what was written."""
    return LedgerError(
        f"ledger: {what}: entry {seq} was changed; nothing was sent",
        next_step="trimtab ledger verify",
    )


def saved_plans(
    connection: Connection, *, prefix: str | None, dry_run: int
) -> tuple[SavedPlan, ...]:
    """Return all plans, oldest first, or the one whose digest begins with *prefix*.

    Raises:
        LedgerError: the prefix names no plan or several.

    """
    if prefix is None:
        found = rows(connection, statements.PLANS, {})
    else:
        bound = {"prefix": prefix, "digits": len(prefix)}
        digests = [row["digest"] for row in rows(connection, statements.DIGESTS, bound)]
        digest = rules.the_one_digest(prefix, digests)
        found = rows(connection, statements.PLAN, {"digest": digest})
    return tuple(_saved_plan(connection, row, dry_run=dry_run) for row in found)


def _saved_plan(connection: Connection, row: StoredRow, *, dry_run: int) -> SavedPlan:
    """Read one plan from the entry that saved it, if that is as it was written.

    Raises:
        LedgerError: it was changed since, or cannot be read.

    """
    what, digest = f"plan {row['digest'][:12]}", row["digest"]
    body = proved(row, what)
    try:
        plan, report = proposal(body)
        if not plan.digest == report.plan_digest == digest:
            raise changed(what, row["seq"])
        return SavedPlan(
            plan=plan,
            report=report,
            status=PlanStatus(row["status"]),
            approval=approval(connection, digest, dry_run=dry_run),
        )
    except (KeyError, TypeError, ValueError) as e:
        raise LedgerError(f"ledger: {what} in entry {row['seq']}: {e}") from e


# Orders


def order(
    connection: Connection, client_order_id: ClientOrderId, *, dry_run: int
) -> OrderRecord | None:
    """Return one order, or None."""
    bound = {"run": dry_run, "name": client_order_id}
    row = row_or_none(connection, statements.ORDER, bound)
    return None if row is None else record_of(row)


def order_of(connection: Connection, fill: Fill, *, dry_run: int) -> OrderRecord | None:
    """Return the order that a fill belongs to, by our id or the venue's, or None."""
    if fill.client_order_id is not None:
        record = order(connection, fill.client_order_id, dry_run=dry_run)
        if record is not None:
            return record
    bound = {"run": dry_run, "on": fill.symbol, "named": fill.venue_order_id}
    row = row_or_none(connection, statements.ORDER_BY_VENUE, bound)
    return None if row is None else record_of(row)


def order_records(
    connection: Connection, *, plan_digest: str | None, dry_run: int
) -> tuple[OrderRecord, ...]:
    """Return orders of one plan, or all, oldest first."""
    if plan_digest is None:
        return tuple(map(record_of, rows(connection, statements.ORDERS, {"run": dry_run})))
    bound = {"run": dry_run, "digest": plan_digest}
    return tuple(map(record_of, rows(connection, statements.ORDERS_OF_PLAN, bound)))


def unresolved(connection: Connection) -> tuple[OrderRecord, ...]:
    """Return real orders that are not terminal, oldest first."""
    return tuple(map(record_of, rows(connection, statements.UNRESOLVED, {"run": 0})))


def committed(connection: Connection, *, since: datetime) -> dict[Symbol, Decimal]:
    """Return quote value at limit of real orders since an instant, by symbol."""
    bound = {"run": 0, "since": instant_text(since)}
    found = rows(connection, statements.ORDERS_SINCE, bound)
    return rules.committed(map(record_of, found), since=since)


def record_of(row: StoredRow) -> OrderRecord:
    """Read one order.

    Raises:
        LedgerError: the row describes no order.

    """
    try:
        intent = OrderIntent(
            client_order_id=ClientOrderId(row["client_order_id"]),
            plan_digest=row["plan_digest"],
            line=row["line"],
            attempt=row["attempt"],
            instrument=_instrument(row["instrument"]),
            lots=Lots(row["lots"]),
            limit=Ticks(row["limit_ticks"]),
            reduce_only=bool(row["reduce_only"]),
        )
        named = row["venue_order_id"]
        return OrderRecord(
            intent=intent,
            state=OrderState(row["state"]),
            venue_order_id=None if named is None else VenueOrderId(named),
            filled_lots=Lots(row["filled_lots"]),
            executed_lots=Lots(row["executed_lots"]),
            submitted_at=instant(row["submitted_at"]),
            simulated=row["dry_run"] != 0,
        )
    except ValueError as e:
        raise LedgerError(f"ledger: orders {row['client_order_id']}: {e}") from e


@lru_cache(maxsize=1024)
def _instrument(document: str) -> Instrument:
    """Read the instrument that an order was made for; few documents, many orders."""
    return from_document(Instrument, json.loads(document))


# Fills


def fill_rows(connection: Connection, *, dry_run: int, after: int = 0) -> tuple[Fill, ...]:
    """Return a run's fills that were booked by entries behind number *after*, oldest first."""
    bound = {"run": dry_run, "after": after}
    return tuple(map(fill_of, rows(connection, statements.FILLS, bound)))


def fills_by_id(
    connection: Connection, symbol: Symbol, trade_ids: Sequence[TradeId], *, dry_run: int
) -> dict[TradeId, Fill]:
    """Return what of a page is booked already, by trade id."""
    booked = {}
    for trade_id in trade_ids:
        bound = {"run": dry_run, "on": symbol, "trade": trade_id}
        row = row_or_none(connection, statements.FILL, bound)
        if row is not None:
            booked[trade_id] = fill_of(row)
    return booked


def external_fills(connection: Connection, told: VenueOrder, *, dry_run: int) -> tuple[Fill, ...]:
    """Return booked fills of the venue's order that no order of ours has, oldest first."""
    bound = {"run": dry_run, "on": told.symbol, "named": told.venue_order_id}
    return tuple(map(fill_of, rows(connection, statements.EXTERNAL_FILLS, bound)))


def fill_of(row: StoredRow) -> Fill:
    """Read one fill.

    Raises:
        LedgerError: the row describes no fill.

    """
    ours = row["client_order_id"]
    try:
        return Fill(
            symbol=Symbol(row["symbol"]),
            trade_id=TradeId(row["trade_id"]),
            venue_order_id=VenueOrderId(row["venue_order_id"]),
            client_order_id=None if ours is None else ClientOrderId(ours),
            side=Side(row["side"]),
            quantity=Decimal(row["quantity"]),
            fill_price=Decimal(row["fill_price"]),
            fee=Decimal(row["fee"]),
            fee_asset=Asset(row["fee_asset"]),
            filled_at=instant(row["filled_at"]),
        )
    except (InvalidOperation, ValueError) as e:
        raise LedgerError(f"ledger: fills {row['symbol']} {row['trade_id']}: {e}") from e


def cursor_place(
    connection: Connection, symbol: Symbol, *, dry_run: int
) -> tuple[str, TradeId] | None:
    """Return when the last booked execution of a symbol was, and its id; None before it."""
    row = row_or_none(connection, statements.CURSOR, {"run": dry_run, "on": symbol})
    return None if row is None else (row["filled_at"], TradeId(row["after_trade_id"]))


def fill_cursor(connection: Connection, symbol: Symbol, *, dry_run: int) -> FillCursor:
    """Return where to go on reading; before the first fill, shortly before the ledger began."""
    place = cursor_place(connection, symbol, dry_run=dry_run)
    began = rules.reading_begins(created_at(connection))
    return FillCursor(after=None if place is None else place[1], not_before=began)


# Account


def halted(connection: Connection) -> str | None:
    """Return why the kill switch is latched, or None."""
    row = row_or_none(connection, statements.HALT, {})
    return None if row is None else row["reason"]


def reducing(connection: Connection) -> str | None:
    """Return why only reductions are allowed, or None."""
    row = row_or_none(connection, statements.RESTRAINT, {})
    return None if row is None else row["reason"]


def events(connection: Connection) -> tuple[LedgerEvent, ...]:
    """Return every entry, oldest first."""
    return tuple(map(_event, rows(connection, statements.ENTRIES, {})))


def _event(row: StoredRow) -> LedgerEvent:
    """Open one entry.

    Raises:
        LedgerError: its body is no document.

    """
    try:
        body = json.loads(row["body"])
    except ValueError as e:
        raise LedgerError(f"ledger: entries seq {row['seq']}: {e}") from e
    return LedgerEvent(
        seq=row["seq"],
        at=row["at"],
        kind=row["kind"],
        subject=subject_of(body),
        dry_run=row["kind"] == EntryKind.DRY_RUN_BEGAN or body.get("dry_run", 0) != 0,
        body=body,
        hash=row["hash"],
    )


def instant(text: str) -> datetime:
    """Read an instant.

    Raises:
        NotThisShape: the text is no instant.

    """
    try:
        return datetime.fromisoformat(text)
    except ValueError as e:
        raise NotThisShape(f"{text!r} is not an instant") from e
