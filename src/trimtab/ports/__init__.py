"""What the shell needs from the outside world, in our words and our errors.

Adapters implement these; the workflow awaits them. Every method says which of our errors
it raises; an adapter lets nothing else out. Reads fail as NotDone or Refused, writes also
as OutcomeUnknown. Instants are aware UTC.
"""

from __future__ import annotations

from trimtab.ports.account import AccountLedger
from trimtab.ports.faces import Answer, Approver, Progress, StopSignal
from trimtab.ports.hedges import HedgeLedger
from trimtab.ports.history import PriceHistory
from trimtab.ports.ledger import FillLedger, Ledger, OrderLedger, PlanLedger
from trimtab.ports.notices import NoticeLedger, Notifier, PlanHead, Receipt
from trimtab.ports.preflight import (
    Beside,
    BudgetUse,
    FeeTerms,
    HostAnswer,
    KeyWitness,
    Preflight,
)
from trimtab.ports.records import PlanStatus, SavedPlan, Transition
from trimtab.ports.references import ReferencePrice
from trimtab.ports.replies import ReplyChannel, ReplyLedger
from trimtab.ports.restraint import RestraintLedger
from trimtab.ports.slots import SlotLedger
from trimtab.ports.standing_approvals import StandingApprovalLedger
from trimtab.ports.stops import StopLedger, Stops, StopStep
from trimtab.ports.transfers import TransferLedger, TransferList, TransferStep, Wallets
from trimtab.ports.venue import (
    AbsenceEvidence,
    Clock,
    FillCursor,
    MarketData,
    PaymentList,
    Portfolio,
    Venue,
)

__all__ = [
    "AbsenceEvidence",
    "AccountLedger",
    "Answer",
    "Approver",
    "Beside",
    "BudgetUse",
    "Clock",
    "FeeTerms",
    "FillCursor",
    "FillLedger",
    "HedgeLedger",
    "HostAnswer",
    "KeyWitness",
    "Ledger",
    "MarketData",
    "NoticeLedger",
    "Notifier",
    "OrderLedger",
    "PaymentList",
    "PlanHead",
    "PlanLedger",
    "PlanStatus",
    "Portfolio",
    "Preflight",
    "PriceHistory",
    "Progress",
    "Receipt",
    "ReferencePrice",
    "ReplyChannel",
    "ReplyLedger",
    "RestraintLedger",
    "SavedPlan",
    "SlotLedger",
    "StandingApprovalLedger",
    "StopLedger",
    "StopSignal",
    "StopStep",
    "Stops",
    "TransferLedger",
    "TransferList",
    "TransferStep",
    "Transition",
    "Venue",
    "Wallets",
]
