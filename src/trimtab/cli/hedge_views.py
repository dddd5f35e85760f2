"""Hedges as ``status`` shows them: as a document, and for a person. Nothing prints here."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from trimtab.cli.tables import money, rows_table, words
from trimtab.domain.exact import plain, shown
from trimtab.workflow.hedges import SeenHedge


def hedges_table(hedges: Sequence[SeenHedge], quote: str) -> Table:
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
