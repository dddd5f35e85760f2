"""``run --if-due``: whether a slot is to be run now, and what is said when none is.

Asks the ledger alone: where nothing is due, neither keys nor venue are touched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rich.console import Group
from rich.text import Text

from trimtab.adapters.system_clock import SystemClock
from trimtab.bootstrap import open_books, owner
from trimtab.bootstrap.schedule import schedule_of
from trimtab.cli.exits import Exit
from trimtab.cli.session import Result
from trimtab.cli.slot_documents import next_step, present_document, slot_line
from trimtab.config import Config
from trimtab.domain.errors import ConfigError
from trimtab.domain.slots import SlotState
from trimtab.ports import Ledger, PlanStatus
from trimtab.triggers.due import Dueness
from trimtab.workflow.slots import Schedule, SlotView, mark_missed, present_slot, slot_asked_for


@dataclass(frozen=True, slots=True, kw_only=True)
class DueSlot:
    """The slot that a run was asked to look at."""

    view: SlotView
    schedule: Schedule

    @property
    def runs(self) -> bool:
        """Whether it is run now."""
        return self.view.dueness is not None and self.view.dueness.runs


async def look_at_slot(config: Config, name: str | None, *, execute: bool) -> DueSlot | None:
    """Return the slot of that name, else the present one; None where the calendar is off.

    A run that would send marks what was missed; one that only looks writes nothing.

    Raises:
        ConfigError: there is no such slot, or it has not begun.

    """
    schedule, now = schedule_of(config), SystemClock().now()
    if schedule is None:
        if name is not None:
            raise ConfigError(
                f"--slot {name}: rebalance.calendar is off, so there are no slots",
                next_step="set rebalance.calendar, then trimtab schedule show",
            )
        return None
    async with open_books(config, dry_run=False) as ledger:
        if name is not None:
            view = await slot_asked_for(ledger, schedule, name, now=now)
            return DueSlot(view=view, schedule=schedule)
        view = await _present(ledger, schedule, execute=execute)
    return DueSlot(view=view, schedule=schedule)


async def _present(ledger: Ledger, schedule: Schedule, *, execute: bool) -> SlotView:
    """Return the present slot, after what was missed is marked."""
    now = SystemClock().now()
    if execute:
        await mark_missed(ledger, schedule, by=owner(), now=now)
    return await present_slot(ledger, schedule, now=now)


def not_due(found: DueSlot | None) -> Result:
    """Return that there is nothing to do, why, and what is next."""
    document = {
        "status": PlanStatus.NOTHING_TO_DO.value,
        "plan": None,
        "gate": None,
        "execution": None,
        "slot": None if found is None else present_document(found.view, found.schedule),
    }
    if found is None:
        told = "Nothing is due: rebalance.calendar is off.\nnext: trimtab plan"
    else:
        line = slot_line(found.view, found.schedule)
        told = f"{line}\nNothing was sent.\nnext: {next_step(found.view)}"
    return Result(document=document, view=Text(told), code=Exit.DONE)


async def with_slot(config: Config, result: Result, found: DueSlot) -> Result:
    """Return what a run came to, with where its slot stands afterwards.

    The slot is the one that ran: a clock that was set back meanwhile must not hide what was sent.
    """
    async with open_books(config, dry_run=False) as ledger:
        written = await ledger.slot(found.view.slot.name)
    state = None if written is None else written.state
    judged = Dueness.DONE if state is SlotState.DONE else found.view.dueness
    view = replace(found.view, state=state, dueness=judged)
    document = {**result.document, "slot": present_document(view, found.schedule)}
    line = Text(slot_line(view, found.schedule))
    return replace(result, document=document, view=Group(result.view, Text(), line))
