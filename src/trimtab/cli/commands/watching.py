"""``schedule run``: the foreground scheduler, for slots and for what thresholds ask for.

Each round opens keys, ledger and venue anew, as a run of its own would.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Annotated

from rich.text import Text

from trimtab.adapters.system_clock import SystemClock
from trimtab.bootstrap import Shell, on_paper, open_shell
from trimtab.bootstrap.schedule import schedule_of
from trimtab.cli import session
from trimtab.cli.beside import refuse_unread_stops
from trimtab.cli.commands.trading import allowed, consent_of, local_runner
from trimtab.cli.exits import Exit
from trimtab.cli.flags import FLAG
from trimtab.cli.prompt import local_approver
from trimtab.cli.session import Result, Work
from trimtab.cli.telling import afterwards, telling_approver
from trimtab.config import Config
from trimtab.domain.rights import KeyUse
from trimtab.workflow.rounds import Watch, Watched, keep_watch
from trimtab.workflow.run import Runner

Reader = Callable[[Shell], Awaitable[None]]
"""Reads anew what is served."""


def watch(
    *,
    execute: Annotated[bool, FLAG] = False,
    yes: Annotated[bool, FLAG] = False,
    metrics: str | None = None,
) -> Exit:
    """Keep running what is due, slots and thresholds, until it is stopped.

    Parameters
    ----------
    execute
        Send orders. Without it nothing is run, and what would be is told.
    yes
        Approve unasked: never in live, but for what a standing approval covers.
    metrics
        Serve what each round read to Prometheus, at this port on loopback, or at HOST:PORT.

    """
    config = session.configuration()

    async def work(given: Work) -> Result:
        """Watch, and tell what came of it."""
        consent = consent_of(config, yes=yes) if execute else None
        if consent is not None:
            allowed(config, consent)
        use = KeyUse.READ if consent is None else KeyUse.SEND
        with _serving(metrics) as reads:
            seen = await keep_watch(
                Watch(
                    opened=partial(_opened, config, given, use, reads),
                    schedule=schedule_of(config),
                    consent=consent,
                    clock=SystemClock(),
                    stop=given.stop,
                    poll_s=float(config.poll_s),
                    tell=session.note,
                )
            )
        return _ended(seen)

    return session.conduct(work)


def _serving(place: str | None) -> AbstractContextManager[Reader | None]:
    """Serve metrics at a place, where one is given; yield what reads them anew."""
    if place is None:
        return nullcontext()
    from trimtab.cli.metrics_served import served  # noqa: PLC0415  who serves none pays for none

    return served(place)


@asynccontextmanager
async def _opened(
    config: Config, given: Work, use: KeyUse, reads: Reader | None
) -> AsyncIterator[Runner]:
    """Open what one round works with; people are told of it once it is over, however it ended."""
    sends = use is KeyUse.SEND
    told = afterwards(config, SystemClock(), rehearses=True, asks=True) if sends else None
    try:
        async with (
            open_shell(config, os.environ, use=use, dry_run=False) as shell,
            telling_approver(local_approver(config), shell, waits=True) as asked,
        ):
            await refuse_unread_stops(shell.ledger, config)
            # Who sends nothing works with paper: there is no call then that could send anything.
            worked = shell if sends else on_paper(shell)
            yield replace(local_runner(worked, given, None), approver=asked)
            if reads is not None and not given.stop.is_set():
                await reads(shell)
    finally:
        if told is not None:
            await told(given.stop)


def _ended(seen: Watched) -> Result:
    """Return what a watch came to; one that was stopped in the middle of a run says so."""
    document = {
        "status": "interrupted" if seen.interrupted else "stopped",
        "rounds": seen.rounds,
        "runs": seen.runs,
        "failed": seen.failed,
    }
    rounds, runs = _counted(seen.rounds, "round"), _counted(seen.runs, "run")
    told = f"Stopped after {rounds}, {runs}, {seen.failed} with an error."
    if seen.interrupted:
        told += "\nA run was stopped on its way.\nnext: trimtab recover"
    code = Exit.INTERRUPTED if seen.interrupted else Exit.DONE
    return Result(document=document, view=Text(told), code=code)


def _counted(count: int, what: str) -> str:
    """Return so many of something."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
