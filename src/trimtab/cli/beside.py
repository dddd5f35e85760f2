"""Tells before the first run of two venues what lies where the coins are and nothing reads it."""

from __future__ import annotations

from trimtab.bootstrap import Shell
from trimtab.cli import session
from trimtab.domain.errors import VenueError


async def note_left_behind(shell: Shell) -> None:
    """Say what no plan counts, until the first run has taken a statement of the account.

    Whoever moves hedges to another venue has a new ledger, and may have some left where they were.
    What keeps it from being looked at keeps nothing else.
    """
    if not shell.config.key.is_split or await shell.ledger.statement() is not None:
        return
    try:
        found = await shell.preflight.beside() or ()
    except VenueError as fault:
        session.note(f"whether hedges are left where the coins are was not told: {fault}")
        return
    for each in found:
        session.note(f"in no weight and no limit: {each.place} {each.held}; see trimtab doctor")
