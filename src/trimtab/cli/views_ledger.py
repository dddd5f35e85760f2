"""Orders, fills, entries and plans of the ledger for a person. Nothing prints here.

Quantities are base units, values quote units, instants UTC to the second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.adapters.ledger.rows import LedgerEvent, VerifyReport
from trimtab.cli.documents import Document
from trimtab.cli.rows import Rows
from trimtab.cli.tables import STYLES, fee_text, money, wallets, words
from trimtab.domain.exact import exact_arithmetic, plain
from trimtab.domain.orders import Fill, OrderRecord, Side
from trimtab.domain.payments import Payment, PaymentKind
from trimtab.domain.plan import Plan
from trimtab.domain.slots import SlotMove
from trimtab.domain.transfers import TransferRecord
from trimtab.ports import SavedPlan

SIDES = ((Side.BUY, "green"), (Side.SELL, "red"))
"""Styles of the two directions."""
DIGITS_SHOWN = 12
"""How much of a digest is shown."""


def instant(at: datetime) -> str:
    """Return an instant to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S}"


def side(of: Side) -> Text:
    """Return a direction in its colour."""
    return Text(of.value, dict(SIDES)[of])


def slots_view(found: Sequence[SlotMove]) -> RenderableType:
    """Return what became of calendar slots, oldest first."""
    if not found:
        return Text("No slots yet.\nnext: trimtab schedule show")
    rows = [
        (instant(m.at), m.slot, words(m.state.value), m.plan_digest[:DIGITS_SHOWN], m.by)
        for m in found
    ]
    return Rows(("at", "slot", "state", "plan", "by"), rows)


def orders_view(found: Sequence[OrderRecord]) -> RenderableType:
    """Return orders, oldest first."""
    if not found:
        return Text("No orders yet.\nnext: trimtab run --execute")
    columns = ("submitted", "market", "side", ">quantity", ">limit", ">filled", "state", "order")
    return Rows(columns, [_order(r) for r in found])


def _order(record: OrderRecord) -> list[str | Text]:
    """Return one order."""
    intent = record.intent
    style = "" if record.state.is_terminal else "bold yellow"
    return [
        f"{record.submitted_at:%m-%d %H:%M}",
        intent.instrument.symbol,
        side(intent.side),
        plain(intent.quantity),
        plain(intent.limit_price),
        plain(intent.instrument.units(record.filled_lots).copy_abs()),
        Text(record.state.value, style),
        intent.client_order_id,
    ]


def fills_view(found: Sequence[Fill]) -> RenderableType:
    """Return executions, oldest first."""
    if not found:
        return Text("No fills yet.\nnext: trimtab run --execute")
    columns = ("filled", "market", "side", ">quantity", ">price", ">value", "fee")
    return Rows((*columns, "whose", "trade"), [_fill(f) for f in found])


def _fill(fill: Fill) -> list[str | Text]:
    """Return one execution."""
    with exact_arithmetic():
        value = fill.quantity * fill.fill_price
    return [
        instant(fill.filled_at),
        fill.symbol,
        side(fill.side),
        plain(fill.quantity),
        plain(fill.fill_price),
        money(value),
        fee_text(fill.fee, fill.fee_asset),
        Text("external", "yellow") if fill.client_order_id is None else "ours",
        fill.trade_id,
    ]


def payments_view(found: Sequence[Payment]) -> RenderableType:
    """Return what moved futures wallets, oldest first."""
    if not found:
        return Text("No payments yet.\nnext: trimtab reconcile --adopt")
    rows: list[list[str | Text]] = [
        [
            instant(p.paid_at),
            words(p.kind.value) if p.kind is not PaymentKind.OTHER else p.word,
            p.symbol or "",
            Text(plain(p.units), "green" if p.units > 0 else "red"),
            p.asset,
            p.trade_id or "",
        ]
        for p in found
    ]
    return Rows(("paid", "what", "market", ">amount", "", "trade"), rows)


def transfers_view(found: Sequence[TransferRecord]) -> RenderableType:
    """Return moves between the own wallets, oldest first."""
    if not found:
        return Text("No transfers yet.\nnext: trimtab plan")
    columns = ("begun", "asset", "wallets", ">units", "state", "transfer", "venue's number")
    return Rows(columns, [_transfer(r) for r in found])


def _transfer(record: TransferRecord) -> list[str | Text]:
    """Return one transfer."""
    intent = record.intent
    return [
        instant(record.begun_at),
        intent.asset,
        wallets(intent.units),
        plain(intent.units.copy_abs()),
        Text(record.state.value, "" if record.state.is_terminal else "bold yellow"),
        intent.transfer_id,
        record.venue_transfer_id or "",
    ]


def events_view(found: Iterable[LedgerEvent]) -> RenderableType:
    """Return every entry, oldest first; those of dry runs are dim."""
    rows = [
        [
            Text(part, "dim" if e.dry_run else "")
            for part in (
                str(e.seq),
                e.at[:19].replace("T", " "),
                words(e.kind),
                "dry run" if e.dry_run else "",
                e.subject[:28],
                e.hash[:DIGITS_SHOWN],
            )
        ]
        for e in found
    ]
    return Rows((">seq", "at", "what", "", "about", "hash"), rows)


def plans_view(found: Sequence[SavedPlan]) -> RenderableType:
    """Return plans and where they stand, oldest first."""
    if not found:
        return Text("No plans yet.\nnext: trimtab plan")
    rows: list[list[str | Text]] = [
        [
            saved.plan.digest[:DIGITS_SHOWN],
            words(saved.status.value),
            instant(saved.plan.made_at),
            _until(saved.plan),
            Text(saved.report.verdict.value, STYLES[saved.report.verdict]),
            money(saved.plan.nav),
            str(len(saved.plan.legs)),
        ]
        for saved in found
    ]
    return Rows(("plan", "status", "made", "expires", "gate", ">NAV", ">legs"), rows)


def _until(plan: Plan) -> str:
    """Return when a plan expires, without the day where that is the one it was made on."""
    same = plan.made_at.date() == plan.expires_at.date()
    return f"{plan.expires_at:%H:%M:%S}" if same else instant(plan.expires_at)


def verify_document(report: VerifyReport) -> Document:
    """Return the proof, or what is wrong, the first thing to look at first."""
    return {
        "status": "sound" if report.is_sound else "damaged",
        "entries": report.entries,
        "head": report.head,
        "faults": [{"table": f.table, "row": f.row, "what": f.what} for f in report.faults],
    }


def verify_view(report: VerifyReport) -> RenderableType:
    """Return the proof, or every fault, the first thing to look at first."""
    if report.is_sound:
        return Text.assemble(
            ("sound", "green"),
            f"  {report.entries} entries, every table adds up to them, head {report.head[:16]}.",
        )
    lines = [
        Text(f"{' '.join(filter(None, (f.table, f.row)))}: {f.what}", "bold red" if not n else "")
        for n, f in enumerate(report.faults)
    ]
    rest = Text(
        f"The chain is whole up to entry {report.entries}. Nothing may be sent on this ledger.\n"
        "next: trimtab ledger restore FILE with the last good backup, then trimtab ledger verify"
    )
    return Group(*lines, rest)
