"""What is held apart, for a person. Nothing prints here."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text

from trimtab.cli.tables import money
from trimtab.domain.exact import plain
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import TacticalPart


def tactical_lines(parts: Iterable[TacticalPart], *, quote: Asset) -> list[RenderableType]:
    """Return what is held apart, one line for each part."""
    return [
        Text.assemble(
            ("tactical", "bold cyan"),
            f"  {part.kind} of {plain(part.units)} {part.asset}, {money(part.value)} {quote}: out"
            " of NAV and weights until it is taken out of portfolio.tactical",
        )
        for part in parts
    ]
