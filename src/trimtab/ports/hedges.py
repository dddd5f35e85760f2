"""What the shell needs of a ledger about hedges.

As in :mod:`trimtab.ports`; a module of its own, so that neither grows beyond a page.
"""

from __future__ import annotations

from typing import Protocol

from trimtab.domain.hedges import HedgeRecord


class HedgeLedger(Protocol):
    """What the hedge book follows from."""

    async def hedge_record(self) -> HedgeRecord:
        """Return lines that plans declared and that have fills, with fills and funding.

        Dry runs are excluded, also in a dry run: what it plans from is the truth.
        """
        ...
