"""The survival line as a table for a person. Prints nothing.

Moves are fractions of the price as read, in percent with two decimals, cut towards no move, so
that everything shown is survived.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.rows import Rows
from trimtab.cli.survival_document import LINES
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.instruments import Asset
from trimtab.risk.crossings import RISE_STEPS, STEP
from trimtab.risk.survival import Edge, Place, Span, Survival

PLACES: Final[Mapping[Place, str]] = MappingProxyType(
    {Place.NOW: "now", Place.WORST_PREFIX: "worst stop on the way", Place.END: "at the end"}
)
"""What a place is called in the table."""
CENTS: Final = 10_000
"""Hundredths of a percent in a whole."""


def survival_view(line: Survival) -> RenderableType:
    """Return the moves that end something, one line each, and what is said of all others."""
    if not line.spans:
        return Text(f"Survival line: {line.unmeasured}", "yellow")
    farthest = 1 + int(RISE_STEPS * STEP)
    others = f"fall to nothing or rise to {farthest} times breaks no limit"
    rows = list(_rows(line))
    if not rows:
        return Text(f"Survival line: any price may move; a {others}.")
    places = [PLACES[place] for place in dict.fromkeys(span.place for span in line.spans)]
    table = Rows(("prices survive", "a move", *places), rows)
    return Group(table, Text(f"Where nothing is shown, a {others}.", "dim"))


def _rows(line: Survival) -> Iterator[list[str | Text]]:
    """Yield a line for every move that ends something at some place."""
    by_asset: dict[Asset | None, list[Span]] = {}
    for span in line.spans:
        by_asset.setdefault(span.asset, []).append(span)
    for asset, spans in by_asset.items():
        name = asset or "all together"
        for key, said in LINES.items():
            edges: list[Edge | None] = [getattr(span, key) for span in spans]
            if any(edges):
                yield [name, said, *(_cell(edge) for edge in edges)]
                name = ""


def _cell(edge: Edge | None) -> str | Text:
    """Return one edge: the move and what breaks beyond it; liquidation has said so already."""
    if edge is None:
        return ""
    name = "" if edge.check == "liquidation" else f" {edge.check}"
    if edge.is_past:
        return Text(f"broken{name}", "bold yellow")
    return f"{percent_survived(edge.move)}{name}"


def percent_survived(move: Decimal) -> str:
    """Return a move in percent, cut towards none; what is cut to nothing has no sign."""
    with exact_arithmetic():
        cents = int(move * CENTS)
        return f"{Decimal(cents).scaleb(-2):{'+' if cents else ''}f} %"
