"""What is written down: plans as they stand, and the steps of orders.

See :mod:`trimtab.ports`, which has all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trimtab.domain.approved import Approval
from trimtab.domain.findings import GateReport
from trimtab.domain.orders import ClientOrderId, Evidence, OrderState, VenueOrder
from trimtab.domain.plan import Plan
from trimtab.ports.venue import AbsenceEvidence


class PlanStatus(StrEnum):
    """Where a saved plan stands."""

    PROPOSED = "proposed"
    NOTHING_TO_DO = "nothing_to_do"
    REFUSED = "refused"
    DRY_RUN = "dry_run"
    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED = "expired"
    EXECUTING = "executing"
    EXECUTED = "executed"
    PARTIAL = "partial"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """A plan as the ledger has it."""

    plan: Plan
    report: GateReport
    status: PlanStatus
    approval: Approval | None
    """None while nobody has said yes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One step in the life of an order, with what it was concluded from."""

    client_order_id: ClientOrderId
    state: OrderState
    """The state that it enters."""
    order: VenueOrder | None
    """The venue's word, when it gave one."""
    evidence: Evidence | AbsenceEvidence | None
    note: str
    """One sentence for the operator; may be empty."""
    at: datetime
