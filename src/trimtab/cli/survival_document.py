"""The survival line as the document that users script against. Prints nothing, needs no rich.

Moves are fractions of the price as read, exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from trimtab.domain.exact import plain
from trimtab.risk.survival import Edge, Span, Survival

LINES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "limit_low": "down to a limit",
        "limit_high": "up to a limit",
        "liquidation_low": "down to liquidation",
        "liquidation_high": "up to liquidation",
    }
)
"""The edges of a span by their keys in the document, and what they are called in the table."""


def survival_document(line: Survival) -> dict[str, Any]:
    """Return how far prices may move; an edge is null where no move within reach breaks it."""
    return {
        "unmeasured": line.unmeasured or None,
        "spans": [_span_document(span) for span in line.spans],
    }


def _span_document(span: Span) -> dict[str, Any]:
    """Return one span; the asset is null for all prices together."""
    edges = {key: _edge_document(getattr(span, key)) for key in LINES}
    return {"place": span.place.value, "asset": span.asset, **edges}


def _edge_document(edge: Edge | None) -> dict[str, Any] | None:
    """Return one edge, or null."""
    if edge is None:
        return None
    return {"move": plain(edge.move), "check": edge.check, "past": edge.is_past}
