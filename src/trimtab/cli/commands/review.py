"""``review``: how the portfolio moved, for a monthly look. Reads; plans and trades nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from trimtab.bootstrap import open_shell
from trimtab.cli import session
from trimtab.cli.exits import Exit
from trimtab.cli.review_document import review_document
from trimtab.cli.session import Result, Work
from trimtab.domain.rights import KeyUse
from trimtab.workflow.portfolio import portfolio_of
from trimtab.workflow.review import Reviewed, review_account
from trimtab.workflow.status import Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """What a person is shown; made when it is printed."""

    seen: Reviewed

    def __rich__(self) -> Any:  # noqa: ANN401 -- whatever rich can print.
        """Return what rich asks for."""
        from trimtab.cli.views_review import review_view  # noqa: PLC0415 -- JSON needs no rich.

        return review_view(self.seen)


def review() -> Exit:
    """Report drift, correlations, volatilities and the effective number of bets."""
    config = session.configuration()

    async def work(_: Work) -> Result:
        """Read once."""
        async with open_shell(config, os.environ, use=KeyUse.READ, dry_run=False) as shell:
            sight = Sight(
                market=shell.market,
                references=shell.references,
                history=shell.history,
                ledger=shell.ledger,
                clock=shell.clock,
            )
            seen = await review_account(sight, portfolio_of(config.policy), config.policy)
        return Result(document=review_document(seen), view=_View(seen=seen), code=Exit.DONE)

    return session.conduct(work)
