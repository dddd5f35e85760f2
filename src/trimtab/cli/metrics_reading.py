"""What the metrics tell of an account, read once."""

from __future__ import annotations

from datetime import datetime

from trimtab.bootstrap import Shell
from trimtab.bootstrap.schedule import schedule_of
from trimtab.cli.metrics_text import Reading
from trimtab.cli.sight import sight_of
from trimtab.workflow.portfolio import portfolio_of
from trimtab.workflow.slots import last_done
from trimtab.workflow.status import look


async def reading_of(shell: Shell) -> Reading:
    """Read what the metrics tell, once.

    Raises:
        TrimtabError: account or ledger could not be read.

    """
    policy = shell.config.policy
    seen = await look(sight_of(shell), portfolio_of(policy), policy)
    last = await shell.ledger.last_executed()
    return Reading(
        status=seen,
        usage=shell.preflight.usage(),
        executed_at=None if last is None else last.made_at,
        slot_at=await _slot_at(shell),
    )


async def _slot_at(shell: Shell) -> datetime | None:
    """Return when the last slot began that was done; None where there is none."""
    schedule = schedule_of(shell.config)
    if schedule is None:
        return None
    slot = await last_done(shell.ledger, schedule, now=shell.clock.now())
    return None if slot is None else slot.begins_at
