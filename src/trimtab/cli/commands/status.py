"""``status``: where the account stands. Reads; plans and writes nothing."""

from __future__ import annotations

import os

from trimtab.bootstrap import open_shell
from trimtab.cli import session
from trimtab.cli.exits import Exit
from trimtab.cli.session import Result, Work
from trimtab.cli.views_status import status_document, status_view
from trimtab.workflow.status import look


def status() -> Exit:
    """Show holdings, weights, drift, positions and orders."""
    config = session.configuration()

    async def work(_: Work) -> Result:
        """Read once."""
        async with open_shell(config, os.environ, dry_run=False) as shell:
            planner = shell.planner
            seen = await look(shell.market, shell.ledger, planner.portfolio, planner.policy)
        return Result(
            document=status_document(seen),
            view=status_view(seen, calendar=config.calendar),
            code=Exit.DONE,
        )

    return session.conduct(work)
