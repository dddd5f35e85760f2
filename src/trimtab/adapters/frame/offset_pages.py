"""Lists that are read by how many rows were read already. Not pure: it asks.

Such a list moves while it is read: what comes to it pushes rows on, so that one may be told twice,
and what leaves it would have one passed over. It was read whole when no fewer rows are known than
the last answer says that there are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from trimtab.domain.errors import NotDone

T = TypeVar("T")


async def read_whole(
    ask: Callable[[int], Awaitable[tuple[Mapping[str, T], int]]], *, what: str, pages_max: int
) -> Mapping[str, T]:
    """Return all rows by their numbers; *ask* takes where a page begins.

    It returns the rows of a page, and how many there are in all.

    Raises:
        NotDone: the list has no end, breaks off, or was another one while it was read.

    """
    found: dict[str, T] = {}
    read = 0
    for _ in range(pages_max):
        rows, count = await ask(read)
        found |= rows
        read += len(rows)
        if read >= count:
            if len(found) < count:
                raise NotDone(f"{what}: the list changed while it was read")
            return found
        if not rows:
            raise NotDone(f"{what}: the list breaks off")
    raise NotDone(f"{what}: the list has no end")
