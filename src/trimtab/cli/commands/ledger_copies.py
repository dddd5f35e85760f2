"""``ledger backup`` and ``ledger restore``: a proved copy of the ledger's file, and back again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Final

from rich.text import Text

from trimtab.adapters.ledger.backup import Copied, PutBack, back_up, put_back
from trimtab.adapters.system_clock import SystemClock
from trimtab.bootstrap import owner
from trimtab.cli import session
from trimtab.cli.exits import Exit
from trimtab.cli.flags import FLAG
from trimtab.cli.session import Result, Work

AFTERWARDS: Final = ("trimtab recover", "trimtab reconcile")
"""What brings a ledger that was put back up to the venue."""


def backup(file: Path) -> Exit:
    """Copy the ledger to a new file, while runs go on, and prove the copy.

    Parameters
    ----------
    file
        A file that is not there yet; its head is written beside it.

    """
    config = session.configuration()

    async def work(_: Work) -> Result:
        """Copy on a thread: a large ledger takes its time."""
        made = await asyncio.to_thread(back_up, config.ledger_url, file)
        told = f"Wrote {made.file}: {made.entries} entries, proved, head {made.head[:16]}."
        return Result(document=_document("written", made), view=Text(told), code=Exit.DONE)

    return session.conduct(work)


def restore(file: Path, *, over_newer: Annotated[bool, FLAG] = False) -> Exit:
    """Prove a copy and put it in the ledger's place, which is kept beside it.

    Parameters
    ----------
    file
        What ledger backup wrote.
    over_newer
        Also when the ledger has entries that the copy lacks.

    """
    config = session.configuration()

    async def work(_: Work) -> Result:
        """Put it back on a thread, while no run holds the account."""
        wish = PutBack(key=config.key, over_newer=over_newer, owner=owner(), at=SystemClock().now())
        made = await asyncio.to_thread(put_back, config.ledger_url, file, wish)
        kept = "" if made.replaced is None else f"\nThe one before is kept as {made.replaced}."
        told = f"Put back {made.entries} entries as {made.file}, head {made.head[:16]}.{kept}\n"
        told += "\n".join(f"next: {step}" for step in AFTERWARDS)
        document = _document("restored", made) | {"next": list(AFTERWARDS)}
        return Result(document=document, view=Text(told), code=Exit.DONE)

    return session.conduct(work)


def _document(status: str, made: Copied) -> dict[str, object]:
    """Return what was copied, and where to."""
    return {
        "status": status,
        "file": str(made.file),
        "entries": made.entries,
        "head": made.head,
        "replaced": None if made.replaced is None else str(made.replaced),
    }
