"""``schedule``: the slots of the calendar, and a foreground loop that runs what is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.adapters.system_clock import SystemClock
from trimtab.bootstrap import open_books
from trimtab.bootstrap.schedule import schedule_of
from trimtab.cli import session
from trimtab.cli.documents import Document
from trimtab.cli.exits import Exit
from trimtab.cli.rows import Rows
from trimtab.cli.session import Result, Work
from trimtab.cli.slot_documents import next_step, slot_document, wall, words_of
from trimtab.config import Config
from trimtab.domain.canonical import to_document
from trimtab.workflow.slots import Schedule, SlotView, activation, next_slots

SHOWN: Final = 5
"""How many slots are shown: the present one, and those after it."""


def show() -> Exit:
    """Show the present slot and the next ones, when they begin, and whether one is due."""
    config = session.configuration()

    async def work(_: Work) -> Result:
        """Ask the ledger alone."""
        schedule, now = schedule_of(config), SystemClock().now()
        if schedule is None:
            told = "There are no slots: rebalance.calendar is off.\nnext: trimtab plan"
            document = _document(config, None, ())
            return Result(document=document, view=Text(told), code=Exit.DONE)
        async with open_books(config, dry_run=False) as ledger:
            views = await next_slots(ledger, schedule, now=now, count=SHOWN)
            since = await activation(ledger, schedule)
        document = _document(config, since.at, [slot_document(v, schedule) for v in views])
        view = _view(config, schedule, views, since=since.at)
        return Result(document=document, view=view, code=Exit.DONE)

    return session.conduct(work)


def _document(config: Config, since: datetime | None, slots: Sequence[Document]) -> Document:
    """Return the calendar and its slots, the present one first."""
    terms = config.slot_terms
    return {
        "calendar": config.calendar,
        "timezone": config.timezone,
        "activated_at": None if since is None else to_document(since),
        "grace_days": terms.grace.days,
        "catch_up": terms.catch_up.value,
        "slots": list(slots),
    }


def _view(
    config: Config, schedule: Schedule, views: Sequence[SlotView], *, since: datetime | None
) -> RenderableType:
    """Return the same for a person."""
    zone = schedule.calendar.zone
    rows = [(v.slot.name, wall(v.slot.begins_at, zone), words_of(v.state), _due(v)) for v in views]
    active = "not yet: nothing runs by itself" if since is None else f"since {wall(since, zone)}"
    head = Text.assemble((config.calendar, "bold"), f" in {config.timezone}, active {active}.")
    table = Rows(("slot", "begins", "state", "~due"), rows)
    return Group(head, table, Text(f"next: {next_step(views[0])}"))


def _due(view: SlotView) -> str:
    """Say whether a slot is due, and until when."""
    if view.dueness is None:
        return f"then, until {view.grace_until:%Y-%m-%d %H:%M} UTC"
    if view.dueness.runs:
        return f"now, until {view.grace_until:%Y-%m-%d %H:%M} UTC"
    return f"no: {view.dueness.value.replace('_', ' ')}"
