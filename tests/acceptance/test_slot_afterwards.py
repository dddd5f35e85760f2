"""What is told of a slot behind its run is of the slot that ran, whatever the clock does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.text import Text

from tests.acceptance.test_slots import SCHEDULED
from trimtab.adapters.system_clock import SystemClock
from trimtab.bootstrap import open_books
from trimtab.bootstrap.schedule import schedule_of
from trimtab.cli.exits import Exit
from trimtab.cli.session import Result
from trimtab.cli.slot_runs import DueSlot, with_slot
from trimtab.config import load
from trimtab.domain.slots import SlotMove, SlotState
from trimtab.triggers.calendar import slot_after, slot_at
from trimtab.triggers.due import Dueness
from trimtab.workflow.slots import SlotView

RAN = Result(document={"status": "executed"}, view=Text("executed"), code=Exit.DONE)


@pytest.mark.parametrize(
    ("state", "reason"), [(SlotState.DONE, "done"), (SlotState.PARTIAL, "due")]
)
async def test_a_clock_that_is_set_back_behind_the_slots_beginning_hides_no_run(
    tmp_path: Path, state: SlotState, reason: str
) -> None:
    file = tmp_path / "trimtab.toml"
    text = SCHEDULED.format(url="http://127.0.0.1:8900", folder=tmp_path)
    file.write_text(text, encoding="utf-8")
    config = load(file, environ={}, sets=(), home=tmp_path, cwd=tmp_path)
    schedule, clock = schedule_of(config), SystemClock()
    assert schedule is not None
    slot = slot_after(schedule.calendar, slot_at(schedule.calendar, datetime.now(UTC)))
    until = slot.begins_at + timedelta(days=7)  # As the clock of before saw it.
    view = SlotView(slot=slot, state=None, dueness=Dueness.DUE, grace_until=until)
    move = SlotMove(slot=slot.name, state=state, plan_digest="", by="ada", at=clock.now())
    async with open_books(config, dry_run=False) as books, books.holding_account(owner="ada"):
        await books.settle_slot(move)
    told = await with_slot(config, RAN, DueSlot(view=view, schedule=schedule))
    assert (told.code, told.document["status"]) == (Exit.DONE, "executed")
    assert (told.document["slot"]["name"], told.document["slot"]["reason"]) == (slot.name, reason)
    assert told.document["slot"]["state"] == state.value
