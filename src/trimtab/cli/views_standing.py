"""Standing approvals for a person. Nothing prints here; values are quote units, instants UTC."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text

from trimtab.cli.rows import Rows
from trimtab.cli.tables import money
from trimtab.domain.standing_approval import Unproved
from trimtab.workflow.unattended import Standing

SHOWN_DIGITS = 12
"""How much of a digest is shown."""


def standing_table(seen: Iterable[Standing]) -> RenderableType:
    """Return standing approvals with their caps, and what is left of them."""
    columns = ("standing approval", ">order", ">run", ">day, used", ">runs, used", "until", "state")
    return Rows(columns, [_row(each) for each in seen])


def _row(seen: Standing) -> list[str | Text]:
    """Return one standing approval."""
    record, given = seen.record, seen.record.approval
    name = record.digest[:SHOWN_DIGITS]
    if isinstance(given, Unproved):
        return [name, *[""] * 5, Text("; ".join(seen.idle), "bold red")]
    caps = given.caps
    state = Text("in force", "green") if seen.is_in_force else Text("; ".join(seen.idle), "yellow")
    return [
        name,
        money(caps.order),
        money(caps.run),
        f"{money(caps.day)}, {money(seen.drawn)}",
        f"{caps.runs}, {len(record.uses)}",
        f"{given.expires_at:%Y-%m-%d %H:%M}",
        state,
    ]
