"""What commands look at an account with, from an open shell."""

from __future__ import annotations

from trimtab.bootstrap import Shell
from trimtab.workflow.status import Sight


def sight_of(shell: Shell) -> Sight:
    """Return what is looked with."""
    return Sight(
        market=shell.market,
        references=shell.references,
        history=shell.history,
        ledger=shell.ledger,
        clock=shell.clock,
    )
