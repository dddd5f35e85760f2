"""``explain``: why a saved plan, its orders and its stops are as they are. It sends nothing."""

from __future__ import annotations

from trimtab.bootstrap import open_books
from trimtab.cli import session
from trimtab.cli.commands.decisions import named
from trimtab.cli.exits import Exit
from trimtab.cli.explained import explained, explanation_document, explanation_view
from trimtab.cli.session import Result, Work


def explain(digest: str, line: int | None = None) -> Exit:
    """Tell why a saved plan is as it is: target, trigger, route, limits, cost.

    Parameters
    ----------
    digest
        The plan's digest, or its first eight digits or more.
    line
        One of its orders or stops; all of them when left out.

    """
    config = session.configuration()

    async def work(_: Work) -> Result:
        """Read the plan and put together what it rests on."""
        async with open_books(config, dry_run=True) as ledger:
            found = explained(named(await ledger.plans(), digest), line)
        return Result(
            document=explanation_document(found), view=explanation_view(found), code=Exit.DONE
        )

    return session.conduct(work)
