"""``status``: where the account stands. Reads; plans and writes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from dataclasses import dataclass
from typing import Annotated, Any, Final

from cyclopts import Parameter

from trimtab.bootstrap import Shell, open_shell
from trimtab.bootstrap.schedule import schedule_of
from trimtab.cli import session
from trimtab.cli.documents import Document
from trimtab.cli.exits import Exit
from trimtab.cli.options import OPTIONS
from trimtab.cli.session import Result, Work
from trimtab.cli.sight import sight_of
from trimtab.cli.slot_documents import slot_document, wall
from trimtab.cli.status_document import status_document
from trimtab.cli.streams import put
from trimtab.config import Config
from trimtab.domain.errors import ConfigError, VenueError
from trimtab.domain.rights import KeyUse
from trimtab.workflow.portfolio import portfolio_of
from trimtab.workflow.slots import next_slots
from trimtab.workflow.status import AccountStatus, look

WATCH_S_MAX: Final = 3600
"""Longest time between two looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """What a person is shown; made when it is printed."""

    seen: AccountStatus
    calendar: str
    """What is said of the calendar."""

    def __rich__(self) -> Any:  # noqa: ANN401 -- whatever rich can print.
        """Return what rich asks for."""
        from trimtab.cli.views_status import status_view  # noqa: PLC0415 -- JSON needs no rich.

        return status_view(self.seen, calendar=self.calendar)


def status(*, watch: Annotated[int | None, Parameter(name="--watch")] = None) -> Exit:
    """Show holdings, weights, drift, positions and orders.

    Parameters
    ----------
    watch
        Show it again every so many seconds, 1 to 3600, until interrupted; JSON as lines.

    """
    config = session.configuration()
    if watch is not None and not 1 <= watch <= WATCH_S_MAX:
        raise ConfigError(
            f"--watch must be 1 to {WATCH_S_MAX} seconds, was {watch}",
            next_step="trimtab status --watch 10",
        )

    async def work(given: Work) -> Result | Exit:
        """Read once, or again and again."""
        async with open_shell(config, os.environ, use=KeyUse.READ, dry_run=False) as shell:
            if watch is None:
                return await _looked(shell)
            await _watched(shell, given, every_s=watch)
        return Exit.DONE

    return session.conduct(work)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    """The slot that is due, else the one that begins next."""

    document: Document
    told: str


async def _slot(config: Config, shell: Shell) -> _Slot | None:
    """Return the slot that is due, else the one that begins next; None where none ever does."""
    schedule = schedule_of(config)
    if schedule is None:
        return None
    present, after = await next_slots(shell.ledger, schedule, now=shell.clock.now(), count=2)
    is_due = present.dueness is not None and present.dueness.runs
    chosen, zone = present if is_due else after, schedule.calendar.zone
    begun = wall(chosen.slot.begins_at, zone)
    told = f"slot {chosen.slot.name} is due since {begun}: trimtab run --if-due"
    if not is_due:
        told = f"next slot {chosen.slot.name} begins {begun}"
    return _Slot(document=slot_document(chosen, schedule), told=told)


async def _watched(shell: Shell, given: Work, *, every_s: int) -> None:
    """Look and show until somebody wants the command to stop."""
    while not given.stop.is_set():
        await _shown(shell)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(every_s):
                await given.stop.wait()


async def _looked(shell: Shell) -> Result:
    """Read once."""
    config = shell.config
    seen = await look(sight_of(shell), portfolio_of(config.policy), config.policy)
    slot = await _slot(config, shell)
    document = status_document(seen, next_slot=None if slot is None else slot.document)
    calendar = "off" if slot is None else f"{config.calendar}, {slot.told}"
    return Result(document=document, view=_View(seen=seen, calendar=calendar), code=Exit.DONE)


async def _shown(shell: Shell) -> None:
    """Read and show once; a venue that does not answer is said, and looked at again."""
    try:
        seen = await _looked(shell)
    except VenueError as fault:
        session.note(f"not read: {fault}; next: {fault.next_step}")
        return
    if OPTIONS.get().as_json:
        put(json.dumps(seen.document) + "\n")
    else:
        session.show(seen.view)
