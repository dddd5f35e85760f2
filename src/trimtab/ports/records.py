"""What is written down: plans as they stand, steps of orders and settings, statements.

See :mod:`trimtab.ports`, which has all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from trimtab.domain.approved import Approval
from trimtab.domain.findings import GateReport
from trimtab.domain.instruments import Asset, Lots, Symbol
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


class SettingOutcome(StrEnum):
    """What became of a leverage setting."""

    SENDING = "sending"
    """About to be asked for; recorded before a byte is sent."""
    SET = "set"
    REFUSED = "refused"
    NOT_DONE = "not_done"
    UNKNOWN = "unknown"
    """It may be set; the next snapshot tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverageSetting:
    """One step of setting a contract's leverage and cross margin, recorded like an order."""

    plan_digest: str
    """The plan whose orders need it."""
    symbol: Symbol
    leverage: int
    """What is asked for, >= 1."""
    outcome: SettingOutcome
    note: str
    """The venue's answer when it said no; may be empty."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What the account held at an instant: where reconciliation starts to add up fills."""

    taken_at: datetime
    balances: Mapping[Asset, Decimal]
    """Units outside futures wallets, free and locked, by asset."""
    positions: Mapping[Symbol, Lots]
    """Signed lots of open positions; a flat one is not listed."""
