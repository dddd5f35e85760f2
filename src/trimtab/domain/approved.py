"""An approval, and the only thing that the executor takes.

``ApprovedPlan`` is sealed: :func:`trimtab.approval.approve` makes it, from a passing report.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from trimtab.domain.findings import GateReport, Verdict
from trimtab.domain.plan import Plan

SEAL: Final = object()
"""Held by approval alone; a house test greps for any other use."""


class ApprovalKind(StrEnum):
    """Who said yes."""

    TYPED = "typed"
    """A person typed the asked-for words."""
    FLAG = "flag"
    """``--yes`` outside live."""
    STANDING = "standing"
    """A standing rule covers the plan."""
    REPLY = "reply"
    """A person replied to the message about it, with a one-time code."""
    DRY_RUN = "dry_run"
    """Nobody was asked: nothing can be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A yes to one digest, for a time."""

    plan_digest: str
    gate_digest: str
    kind: ApprovalKind
    by: str
    """Operating-system user and terminal, the rule's id, or channel and sender of a reply."""
    at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedPlan:
    """A plan, the report that passed it, and the yes."""

    plan: Plan
    report: GateReport
    approval: Approval
    seal: object

    def __post_init__(self) -> None:
        if self.seal is not SEAL:
            raise TypeError("an ApprovedPlan is made by approval.approve() only")
        bound = self.plan.digest == self.report.plan_digest == self.approval.plan_digest
        if not bound or self.report.verdict is Verdict.REFUSE:
            raise TypeError("plan, report and approval must be of one digest, and not refused")
