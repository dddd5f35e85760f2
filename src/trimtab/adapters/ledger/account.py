"""Statements of the account and payments of its futures wallets: how they are read and written.

Not pure: it reads and writes tables. A write takes the pen first; either everything that it
appends is committed or nothing is. Units are those of the asset, positions signed lots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation

from sqlalchemy import Connection

from trimtab.adapters.ledger import reads, rules, statements
from trimtab.adapters.ledger.pen import Hand, Pen
from trimtab.adapters.ledger.projection import EntryKind
from trimtab.adapters.ledger.statements import StoredRow, row_or_none, rows
from trimtab.adapters.ledger.writes import must_hold
from trimtab.domain.canonical import instant_text, to_document
from trimtab.domain.errors import LedgerError
from trimtab.domain.exact import ZERO
from trimtab.domain.instruments import Asset, Lots, Symbol
from trimtab.domain.orders import Fill, TradeId
from trimtab.domain.payments import Payment, PaymentId, PaymentKind
from trimtab.domain.shared_wallet import holdings_of
from trimtab.domain.snapshot import Balance, Snapshot
from trimtab.domain.statement import ExternalFlow, Statement

# Statements


def save_statement(
    pen: Pen,
    snapshot: Snapshot,
    *,
    marks: Mapping[Symbol, TradeId | None],
    flows: Sequence[ExternalFlow],
    is_bracketed: bool,
) -> None:
    """Append what the account held, and what was adopted with it."""
    units = holdings_of(snapshot)
    nothing = Balance(free=ZERO, locked=ZERO)
    held = [
        {"wallet": "spot", "name": a, "quantity": u, "lots": 0}
        | {"bound": snapshot.balances.get(a, nothing).locked}
        for a, u in units.outside.items()
    ]
    held += [
        {"wallet": "margin", "name": a, "quantity": units.wallets[a], "lots": 0}
        | {"bound": p.initial_margin}
        for a, p in snapshot.pools.items()
    ]
    for symbol, position in snapshot.positions.items():
        instrument = snapshot.instruments[symbol]
        size = {"quantity": instrument.units(position.lots), "bound": "0"}
        held.append({"wallet": "position", "name": symbol, "lots": position.lots} | size)
    body = {
        "snapshot_id": snapshot.snapshot_id,
        "taken_at": snapshot.taken_at,
        "venue_at": snapshot.venue_at,
        "is_bracketed": is_bracketed,
        "marks": marks,
        "flows": list(flows),
        "rows": held,
    }
    pen.append(EntryKind.BALANCES_SAVED, to_document(body))


def statement(connection: Connection) -> Statement | None:
    """Return what was saved last, or None."""
    seq = statement_seq(connection)
    if seq == 0:
        return None
    told = rows(connection, statements.STATEMENT, {"at": seq})
    held = rows(connection, statements.BALANCES, {"at": seq})
    marks = rows(connection, statements.MARKS, {"at": seq})
    return Statement(
        taken_at=reads.instant((told or held)[0]["taken_at"]),
        marks={Symbol(r["symbol"]): _trade_or_none(r["after_trade_id"]) for r in marks},
        is_bracketed=bool(told and told[0]["is_bracketed"]),
        balances={Asset(r["name"]): Decimal(r["quantity"]) for r in _wallet(held, "spot")},
        wallets={Asset(r["name"]): Decimal(r["quantity"]) for r in _wallet(held, "margin")},
        positions={Symbol(r["name"]): Lots(r["lots"]) for r in _wallet(held, "position")},
    )


def _wallet(held: Sequence[StoredRow], name: str) -> list[StoredRow]:
    """Return the rows of one wallet."""
    return [row for row in held if row["wallet"] == name]


def statement_seq(connection: Connection) -> int:
    """Return the entry that saved the last statement; 0 when there is none.

    A ledger from before schema 0002 has rows of balances alone.
    """
    found = row_or_none(connection, statements.STATEMENT_SEQ, {})
    older = row_or_none(connection, statements.BALANCES_SEQ, {})
    return max((row["seq"] for row in (found, older) if row is not None), default=0)


def fills_after_statement(connection: Connection, *, dry_run: int) -> tuple[Fill, ...]:
    """Return a run's fills that were booked since the last statement was saved, oldest first."""
    return reads.fill_rows(connection, dry_run=dry_run, after=statement_seq(connection))


# Payments


def book_payments(pen: Pen, hand: Hand, told: Sequence[Payment]) -> tuple[Payment, ...]:
    """Append what is new of a list of payments, and the cursor behind it."""
    must_hold(pen, hand)
    known = {p.key: p for each in told if (p := _booked(pen.connection, each)) is not None}
    fresh = rules.fresh_payments(told, known)
    if not fresh:
        return ()
    before = _cursor(pen.connection, hand.account)
    newest = max(instant_text(payment.paid_at) for payment in fresh)
    body = {
        "account": hand.account,
        "payments": fresh,
        "cursor": {"paid_at": newest if before is None else max(before, newest)},
        "first": before is None,
    }
    pen.append(EntryKind.PAYMENTS_BOOKED, to_document(body))
    return fresh


def payments_from(connection: Connection, account: str) -> datetime:
    """Return from when on to go on reading payments."""
    cursor = _cursor(connection, account)
    if cursor is None:
        return rules.reading_begins(reads.created_at(connection))
    return rules.payments_read_from(reads.instant(cursor))


def payment_rows(connection: Connection) -> tuple[Payment, ...]:
    """Return all payments, oldest first."""
    return tuple(map(payment_of, rows(connection, statements.PAYMENTS, {"after": 0})))


def payments_after_statement(connection: Connection) -> tuple[Payment, ...]:
    """Return what was booked since the last statement was saved, oldest first."""
    bound = {"after": statement_seq(connection)}
    return tuple(map(payment_of, rows(connection, statements.PAYMENTS, bound)))


def payments_since(connection: Connection, since: datetime) -> tuple[Payment, ...]:
    """Return booked payments that were made after an instant, oldest first."""
    bound = {"since": instant_text(since)}
    return tuple(map(payment_of, rows(connection, statements.PAYMENTS_SINCE, bound)))


def _booked(connection: Connection, told: Payment) -> Payment | None:
    """Return the payment that is booked under the key of *told*, or None."""
    bound = {"of": told.asset, "why": told.kind.value, "named": told.payment_id}
    found = rows(connection, statements.PAYMENT, bound)
    return payment_of(found[0]) if found else None


def _cursor(connection: Connection, account: str) -> str | None:
    """Return when the newest booked payment was; None before the first."""
    row = row_or_none(connection, statements.PAYMENT_CURSOR, {"account": account})
    return None if row is None else str(row["paid_at"])


def payment_of(row: StoredRow) -> Payment:
    """Read one payment.

    Raises:
        LedgerError: the row describes no payment.

    """
    symbol = row["symbol"]
    try:
        return Payment(
            kind=PaymentKind(row["kind"]),
            word=row["word"],
            symbol=None if symbol is None else Symbol(symbol),
            asset=Asset(row["asset"]),
            units=Decimal(row["units"]),
            payment_id=PaymentId(row["payment_id"]),
            trade_id=_trade_or_none(row["trade_id"]),
            paid_at=reads.instant(row["paid_at"]),
        )
    except (InvalidOperation, ValueError) as e:
        raise LedgerError(f"ledger: payments {row['kind']} {row['payment_id']}: {e}") from e


def _trade_or_none(text: str | None) -> TradeId | None:
    """Read an execution's id that may be missing."""
    return None if text is None else TradeId(text)
