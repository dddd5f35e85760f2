"""What the ledger keeps of standing approvals: grants, revocations, and what rested on them.

See :mod:`trimtab.ports`, which has all of it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from trimtab.domain.approved import Approval
from trimtab.domain.policy import Policy
from trimtab.domain.standing_approval import StandingApproval, StandingRecord


class StandingApprovalLedger(Protocol):
    """Standing approvals. Nothing of them is ever changed, only added to."""

    async def grant_standing(self, given: StandingApproval) -> None:
        """Record a grant; it is in force when this returns."""
        ...

    async def revoke_standing(self, digest: str, *, by: str, at: datetime) -> None:
        """Record that a grant is taken back; nothing begins under it once this returns.

        Raises:
            LedgerError: it is not there, or was revoked already.

        """
        ...

    async def standing_approvals(self) -> tuple[StandingRecord, ...]:
        """Return all grants with what rested on them, oldest first.

        One whose entries are not as they were written is there, and unproved.
        """
        ...

    async def approve_standing(
        self, plan_digest: str, *, standing: str, policy: Policy, at: datetime
    ) -> Approval:
        """Record the yes of the grant named *standing* to a plan under *policy*, and return it.

        Whether it covers the plan (halt, scope, what is left of every cap) is decided in the
        transaction that records the yes: of two runs at once, one has the last of a cap.

        Raises:
            ApprovalError: it does not cover the plan, or the plan was decided meanwhile.

        """
        ...
