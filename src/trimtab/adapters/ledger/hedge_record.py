"""What the hedge book follows from, as the tables have it. Not pure: it reads a connection.

A role of its own, so that neither it nor ``sql_ledger`` grows beyond a page.
Only real rows: a dry run's simulated fills open no hedge.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

from sqlalchemy import Connection, bindparam, select
from typing_extensions import override

from trimtab.adapters.ledger import account, reads
from trimtab.adapters.ledger.account_role import View
from trimtab.adapters.ledger.schema import fills, hedge_lines, orders, payments, plans
from trimtab.adapters.ledger.statements import StoredRow, rows
from trimtab.domain.errors import LedgerError
from trimtab.domain.hedges import (
    DeclaredLine,
    DriftBack,
    HedgeCause,
    HedgeFill,
    HedgeId,
    HedgeLine,
    HedgeOrigin,
    HedgeRecord,
)
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.payments import PaymentKind
from trimtab.ports import HedgeLedger, PlanStatus

_MARKETS: Final = select(hedge_lines.c.symbol).distinct()
LINES: Final = (
    select(hedge_lines)
    .join(plans, plans.c.digest == hedge_lines.c.plan_digest)
    .where(plans.c.status != bindparam("pending"))
    .order_by(hedge_lines.c.seq, hedge_lines.c.line, hedge_lines.c.position)
)
FILLS: Final = (
    select(fills, orders.c.plan_digest, orders.c.line)
    .join(
        orders,
        (orders.c.dry_run == fills.c.dry_run)
        & (orders.c.client_order_id == fills.c.client_order_id),
        isouter=True,
    )
    .where(fills.c.dry_run == bindparam("run"), fills.c.symbol.in_(_MARKETS))
    .order_by(fills.c.filled_at, fills.c.seq, fills.c.position)
)
FUNDING: Final = (
    select(payments)
    .where(payments.c.kind == bindparam("kind"), payments.c.symbol.in_(_MARKETS))
    .order_by(payments.c.paid_at, payments.c.seq, payments.c.position)
)


def hedge_record(connection: Connection) -> HedgeRecord:
    """Return declared lines that have fills, fills and funding, each oldest first."""
    declared = tuple(map(_declared, rows(connection, LINES, {"pending": PlanStatus.PROPOSED})))
    if not declared:  # Most accounts: nothing else is read.
        return HedgeRecord(declared=(), fills=(), funding=())
    booked = tuple(map(_fill, rows(connection, FILLS, {"run": 0})))
    paid = rows(connection, FUNDING, {"kind": PaymentKind.FUNDING.value})
    filled = {(fill.plan_digest, fill.line) for fill in booked}
    return HedgeRecord(
        declared=tuple(d for d in declared if (d.plan_digest, d.line.line) in filled),
        fills=booked,
        funding=tuple(map(account.payment_of, paid)),
    )


def _fill(row: StoredRow) -> HedgeFill:
    """Read one execution, with the line that ordered it if any of ours did."""
    is_ours = row["plan_digest"] is not None
    return HedgeFill(
        fill=reads.fill_of(row),
        plan_digest=row["plan_digest"] if is_ours else "",
        line=row["line"] if is_ours else 0,
    )


def _declared(row: StoredRow) -> DeclaredLine:
    """Read one declaration.

    Raises:
        LedgerError: the row describes none.

    """
    try:
        line = HedgeLine(
            line=row["line"],
            hedge_id=HedgeId(row["hedge_id"]),
            asset=Asset(row["asset"]),
            symbol=Symbol(row["symbol"]),
            origin=HedgeOrigin(row["origin"]),
            cause=HedgeCause(row["cause"]),
            drift_back=DriftBack(row["drift_back"]),
            beside=Decimal(row["beside"]),
            beta=Decimal(row["beta"]),
        )
    except (InvalidOperation, ValueError) as e:
        told = f"{row['plan_digest'][:12]} line {row['line']}"
        raise LedgerError(f"ledger: hedge_lines {told}: {e}") from e
    return DeclaredLine(plan_digest=row["plan_digest"], line=line)


class SqlHedges(HedgeLedger, View):
    """What the hedge book follows from."""

    @override
    async def hedge_record(self) -> HedgeRecord:
        """Return real declarations, fills and funding, in a dry run too."""
        return await self._writer.read(hedge_record)
