"""Lists that come in pages, each leading to the next, read to their end. Not pure: it asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from trimtab.domain.errors import NotDone

Row = Mapping[str, Any]
Page = tuple[tuple[Row, ...], str]
"""Rows, and what leads to the next page; empty at the end."""


async def whole_list(
    ask: Callable[[Mapping[str, object]], Awaitable[Page]], *, lead: str, what: str, pages_max: int
) -> tuple[Row, ...]:
    """Return the rows of all pages, in the order in which they came.

    *lead* is the parameter that takes what leads to a page; *what* names the list.

    Raises:
        NotDone: the list has no end, or leads back to where it was.

    """
    found: list[Row] = []
    further: dict[str, object] = {}
    for _ in range(pages_max):
        rows, onward = await ask(further)
        found += rows
        if not onward or not rows:
            return tuple(found)
        if further.get(lead) == onward:
            break
        further[lead] = onward
    raise NotDone(f"{what}: the list has no end")
