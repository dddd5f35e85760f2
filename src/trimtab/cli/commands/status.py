"""``status``: where the account stands. Reads; plans and writes nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from trimtab.bootstrap import open_shell
from trimtab.cli import session
from trimtab.cli.exits import Exit
from trimtab.cli.session import Result, Work
from trimtab.cli.status_document import status_document
from trimtab.domain.rights import KeyUse
from trimtab.workflow.portfolio import portfolio_of
from trimtab.workflow.status import AccountStatus, Sight, look


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """What a person is shown; made when it is printed."""

    seen: AccountStatus
    calendar: str

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
        return Result(
            document=status_document(seen),
            view=_View(seen=seen, calendar=config.calendar),
            code=Exit.DONE,
        )

    return session.conduct(work)
