"""``status``: where the account stands. Reads; plans and writes nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from trimtab.bootstrap import Shell, open_shell
from trimtab.bootstrap.schedule import schedule_of
from trimtab.cli import session
from trimtab.cli.documents import Document
from trimtab.cli.exits import Exit
from trimtab.cli.session import Result, Work
from trimtab.cli.slot_documents import slot_document, wall
from trimtab.cli.status_document import status_document
from trimtab.config import Config
from trimtab.domain.rights import KeyUse
from trimtab.workflow.portfolio import portfolio_of
from trimtab.workflow.slots import next_slots
from trimtab.workflow.status import AccountStatus, Sight, look


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


def status() -> Exit:
    """Show holdings, weights, drift, positions and orders."""
    config = session.configuration()

    async def work(_: Work) -> Result:
        """Read once."""
        async with open_shell(config, os.environ, use=KeyUse.READ, dry_run=False) as shell:
            portfolio = portfolio_of(config.policy)
            sight = Sight(
                market=shell.market,
                references=shell.references,
                history=shell.history,
                ledger=shell.ledger,
                clock=shell.clock,
            )
            seen = await look(sight, portfolio, config.policy)
            slot = await _slot(config, shell)
        document = status_document(seen, next_slot=None if slot is None else slot.document)
        calendar = "off" if slot is None else f"{config.calendar}, {slot.told}"
        return Result(document=document, view=_View(seen=seen, calendar=calendar), code=Exit.DONE)

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
