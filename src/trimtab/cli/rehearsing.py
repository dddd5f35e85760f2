"""Rehearses the next slot some days before it begins, and writes down what people are told of it.

A dry run with the key that reads; its plan is kept as every dry run's is. Nothing is sent.
"""

from __future__ import annotations

import os
from datetime import timedelta

from trimtab import notices
from trimtab.bootstrap import open_books, open_shell
from trimtab.bootstrap.execution import planner_of
from trimtab.bootstrap.schedule import schedule_of
from trimtab.cli.beside import refuse_unread_stops
from trimtab.config import Config
from trimtab.domain.notices import NoticeKind
from trimtab.domain.rights import KeyUse
from trimtab.domain.slots import Slot
from trimtab.notices import Telling
from trimtab.ports import Clock
from trimtab.workflow.propose import propose
from trimtab.workflow.rehearsal import unrehearsed


async def rehearse(config: Config, clock: Clock) -> None:
    """Rehearse the next slot if it is time and somebody wants to hear of it.

    Raises:
        TrimtabError: it could not be planned; the next command tries again.

    """
    slot = await _wanted(config, clock)
    if slot is None:
        return
    async with open_shell(config, os.environ, use=KeyUse.READ, dry_run=True) as shell:
        await refuse_unread_stops(shell.ledger, config)
        proposal = await propose(planner_of(shell, wish=None), slot_due=True, slot=slot.name)
    telling = Telling(key=config.key, at=clock.now())
    notice = notices.rehearsal(telling, slot, proposal.plan, proposal.report)
    async with open_books(config, dry_run=False) as ledger:
        await ledger.post(notice, tuple(channel.value for channel in config.notify.channels))


async def _wanted(config: Config, clock: Clock) -> Slot | None:
    """Return the slot that is to be rehearsed, None when none is."""
    schedule, ahead = schedule_of(config), timedelta(days=config.rehearse_days)
    if schedule is None or not ahead or not config.notify.channels:
        return None
    if NoticeKind.REHEARSAL not in config.notify.events:
        return None
    async with open_books(config, dry_run=False) as ledger:
        return await unrehearsed(ledger, schedule, config.key, ahead=ahead, now=clock.now())
