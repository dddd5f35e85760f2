"""Tells people what a command came to, once its result is printed. Never changes its exit code.

A command opens nothing of this unless ``notify.channels`` names somebody. What goes wrong here is
a line on standard error, and the next command tries again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Final

from trimtab.bootstrap import Shell, open_books
from trimtab.bootstrap.notifiers import open_notifiers
from trimtab.bootstrap.schedule import schedule_of
from trimtab.cli import session
from trimtab.cli.hearing import hearing
from trimtab.cli.session import Afterwards
from trimtab.config import Config
from trimtab.domain.errors import TrimtabError
from trimtab.domain.findings import GateReport
from trimtab.domain.plan import Plan
from trimtab.ports import Answer, Approver, Clock, Ledger
from trimtab.workflow.telling import Office, tell
from trimtab.workflow.waiting import UntilItsTimeIsOver

WITHIN_S: Final = 20.0
"""How long a command tells people at most, all channels together."""


def afterwards(
    config: Config,
    clock: Clock,
    *,
    rehearses: bool = False,
    asks: bool = False,
    about: str = "",
) -> Afterwards | None:
    """Return what tells people at the end of a command; None where nobody is told.

    One that *rehearses* tells of the next slot too, days before it begins. One that *asks* wants a
    yes to the plan that it leaves pending, though it may have asked nobody itself; that is its own,
    or the one that it is *about*: what begins the digest that it was given.
    """
    if not config.notify.channels:
        return None
    began_at = clock.now()

    async def told() -> None:
        """Tell what the ledger has that nobody was told of."""
        if rehearses:
            await _rehearsed(config, clock)
        async with (
            open_books(config, dry_run=False) as ledger,
            open_office(config, ledger, clock) as office,
        ):
            await tell(office.since(began_at, about=about), is_asked=asks)

    async def bounded(stop: asyncio.Event) -> None:
        """Tell, unless somebody wants the command to end."""
        telling = asyncio.ensure_future(told())
        waited = {telling}
        if not stop.is_set():
            waited.add(asyncio.ensure_future(_stopped(stop)))
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waited:
                task.cancel()
            _note_faults(await asyncio.gather(telling, return_exceptions=True))

    return bounded


async def _rehearsed(config: Config, clock: Clock) -> None:
    """Rehearse the next slot if it is time; what keeps it from that keeps nothing else."""
    from trimtab.cli.rehearsing import rehearse  # noqa: PLC0415  other commands plan nothing

    try:
        await rehearse(config, clock)
    except TrimtabError as fault:
        session.note(f"rehearsal: {fault}; next: {fault.next_step}")


async def _stopped(stop: asyncio.Event) -> None:
    """Return once somebody wants the command to end."""
    await stop.wait()


def _note_faults(ended: Iterable[BaseException | None]) -> None:
    """Say what went wrong, and that it changes nothing."""
    for fault in ended:
        if isinstance(fault, TrimtabError):
            session.note(f"notify: {fault}; next: {fault.next_step}")
        elif isinstance(fault, Exception):
            session.note(f"notify: a bug ({type(fault).__name__}); next: trimtab notify list")


@asynccontextmanager
async def open_office(config: Config, ledger: Ledger, clock: Clock) -> AsyncIterator[Office]:
    """Open the configured channels; say which of them cannot be."""
    async with open_notifiers(config, os.environ, clock) as opened:
        for channel, fault in opened.unopened.items():
            session.note(f"notify: {channel}: {fault}; next: {fault.next_step}")
        yield Office(
            ledger=ledger,
            clock=clock,
            key=config.key,
            carriers=opened.carriers,
            channels=tuple(channel.value for channel in config.notify.channels),
            kinds=config.notify.events,
            schedule=schedule_of(config),
            replies=config.policy.approval if config.notify.replies else None,
            within_s=WITHIN_S,
            began_at=clock.now(),
        )


class TellingApprover:
    """Tells people that a yes is needed while somebody is asked here; waits for neither."""

    def __init__(self, approver: Approver, told: Callable[[], Awaitable[None]]) -> None:
        self._approver = approver
        self._told = told
        self._telling: asyncio.Future[None] | None = None

    async def ask(self, plan: Plan, report: GateReport) -> Answer:
        """Ask, and have it told meanwhile."""
        self._telling = asyncio.ensure_future(self._told())
        return await self._approver.ask(plan, report)

    async def finished(self) -> None:
        """Hear out what is being told; it is bounded."""
        if self._telling is not None:
            _note_faults(await asyncio.gather(self._telling, return_exceptions=True))


@asynccontextmanager
async def telling_approver(
    approver: Approver, shell: Shell, *, waits: bool, about: str = ""
) -> AsyncIterator[Approver]:
    """Yield who is asked, telling people and hearing replies meanwhile where anybody is told.

    One that *waits* does so for as long as the plan holds, though nobody may be here. *about* is
    what begins the digest of the saved plan that is asked about; empty where there is none.
    """
    config, ledger, clock = shell.config, shell.ledger, shell.clock

    def patient(asked: Approver) -> Approver:
        """Return who is asked, waiting where it is wanted."""
        return UntilItsTimeIsOver(approver=asked, clock=clock) if waits else asked

    if not config.notify.channels:
        yield patient(approver)
        return
    began_at = clock.now()

    async def told() -> None:
        """Tell that a yes is needed; the channels are opened only now."""
        async with open_office(config, ledger, clock) as office:
            await tell(office.since(began_at, about=about), is_asked=True)

    teller = TellingApprover(approver, told)
    try:
        yield hearing(patient(teller), config, ledger, clock, told=told)
    finally:
        await teller.finished()
