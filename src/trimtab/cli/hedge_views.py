"""Hedges as ``status`` shows them: as a document, and for a person. Nothing prints here."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from trimtab.accounting.pot import PotEntry
from trimtab.cli.tables import money, rows_table, words
from trimtab.domain.exact import plain, shown
from trimtab.workflow.hedges import SeenHedge


def hedges_view(
    hedges: Sequence[SeenHedge], pot: Decimal, quote: str
) -> tuple[RenderableType, ...]:
    """Return open hedges, if any, and what hedges have brought so far."""
    line = Text(f"Pot of what hedges brought: {money(pot)} {quote}.  trimtab ledger pot")
    return (_hedges_table(hedges, quote), line) if hedges else (line,)


def pot_table(entries: Sequence[PotEntry]) -> RenderableType:
    """Return the pot entry by entry, oldest first."""
    if not entries:
        return Text("No hedge has earned or cost anything yet.\nnext: trimtab status")
    rows: list[list[str | Text]] = [
        [
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            entry.hedge_id,
            entry.kind.value,
            plain(entry.postings[0].units),
            entry.postings[0].asset,
            money(entry.balance),
            entry.reference,
        ]
        for entry in entries
    ]
    columns = ("at (UTC)", "hedge", "for", ">received", "asset", ">pot after", "by")
    return rows_table(columns, rows)


def _hedges_table(hedges: Sequence[SeenHedge], quote: str) -> Table:
    """Return open hedges, with what closes each."""
    columns = ("hedge", "why", ">short", ">entry", ">mark", f">profit {quote}", ">realised")
    return rows_table((*columns, ">funding", ">days", "closes at"), [_row(seen) for seen in hedges])


def _row(seen: SeenHedge) -> list[str | Text]:
    """Return one open hedge."""
    hedge = seen.hedge
    return [
        hedge.hedge_id,
        words(hedge.origin.value),
        Text(f"{plain(hedge.units)} {hedge.asset}", "" if seen.is_covered else "bold red"),
        shown(hedge.entry, 2),
        "" if seen.mark is None else shown(seen.mark, 2),
        "" if seen.profit is None else money(seen.profit),
        money(hedge.realised),
        money(hedge.funding),
        str(seen.age.days),
        seen.ends if seen.is_covered else "position is smaller: trimtab reconcile",
    ]
