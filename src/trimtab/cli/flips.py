"""Flip certificates as a table for a person and as the document that users script against.

Prints nothing. Values are exact in the document, and with eight decimals at most in the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from rich.console import RenderableType
from rich.text import Text

from trimtab.cli.rows import Rows
from trimtab.domain.exact import exact_arithmetic, plain, trimmed
from trimtab.risk.certificate import Flip, Flips, Lever, Turned

SHOWN_PLACES: Final = 8
LEVERS: Final[Mapping[Lever, str]] = MappingProxyType(
    {
        Lever.LIMIT: "{}",
        Lever.DEPOSIT: "deposit into the {} wallet",
        Lever.MID: "mid of {}",
        Lever.TARGET: "target of {}",
    }
)
"""What a person calls a change."""
HEADINGS: Final[Mapping[Turned, tuple[str, str]]] = MappingProxyType(
    {
        Turned.REFUSED: ("any of these lets it pass", ">still refused at"),
        Turned.NOTHING_TO_DO: ("any of these gives it work", ">still idle at"),
    }
)
"""What the changes do, and what one step less leaves."""


def flips_document(told: Flips) -> dict[str, Any] | None:
    """Return the single changes that turn an answer, null where there is none to turn."""
    if told.turned is Turned.NONE:
        return None
    return {
        "turns": told.turned.value,
        "changes": [_flip_document(flip) for flip in told.found],
        "none_because": told.none_because or None,
    }


def _flip_document(flip: Flip) -> dict[str, Any]:
    """Return one change: with ``value`` the answer turns, one ``step`` nearer it does not."""
    return {
        "lever": flip.lever.value,
        "name": flip.name,
        "present": plain(flip.present),
        "value": plain(flip.value),
        "step": plain(flip.step),
    }


def flips_view(told: Flips) -> RenderableType:
    """Return the single changes that turn an answer, or why there are none."""
    if not told.found:
        verb = "lets it pass" if told.turned is Turned.REFUSED else "gives it work"
        return Text(f"No single change {verb}: {told.none_because}.")
    does, rest = HEADINGS[told.turned]
    return Rows((does, ">now", ">from", rest), [_row(flip) for flip in told.found])


def _row(flip: Flip) -> tuple[str, ...]:
    """Return one change with the last value that does not turn the answer."""
    with exact_arithmetic():
        short = flip.value - flip.step if flip.rises else flip.value + flip.step
    figures = (trimmed(value, SHOWN_PLACES) for value in (flip.present, flip.value, short))
    return LEVERS[flip.lever].format(flip.name), *figures
