"""Slots: the stretches of a calendar, each of which an account rebalances in at most once.

Pure values. Instants are aware UTC. Source: strategy definitions 2.1; docs/design/0029-slots.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class SlotState(StrEnum):
    """Where a slot of an account stands. Stored in the ledger; never renamed."""

    PLANNED = "planned"
    """A plan was made for it; nothing was sent."""
    AWAITING_APPROVAL = "awaiting_approval"
    """Its plan waits for a person's yes."""
    DECLINED = "declined"
    """A person said no; it is not done, and is planned anew while its grace lasts."""
    REFUSED = "refused"
    """The gate refused its plan; likewise."""
    PARTIAL = "partial"
    """Its orders began, and nothing says yet that all of it was done."""
    DONE = "done"
    """The only final one."""
    MISSED = "missed"
    """Its grace is over, or the next slot began; only an explicit command runs it."""


class CatchUp(StrEnum):
    """What becomes of a slot whose grace is over."""

    ASK = "ask"
    """It needs the explicit command."""
    RUN = "run"
    """It runs late, as long as it is the latest one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One stretch of a calendar."""

    name: str
    """Unique in its calendar: ``2026Q4``, ``2026-11``, ``2026H2``, or its local start."""
    begins_at: datetime
    ends_at: datetime
    """When the next one begins, > ``begins_at``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotTerms:
    """From when on, and for how long, a slot runs by itself."""

    activated_at: datetime | None
    """Slots that began before it are not due; None: the ledger's first order decides."""
    grace: timedelta
    """How long after its beginning a slot is due, >= 0."""
    catch_up: CatchUp


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotMove:
    """One step of a slot: what the ledger keeps of it."""

    slot: str
    """The slot's name."""
    state: SlotState
    """The state that it enters."""
    plan_digest: str
    """The plan that it is about; empty where there is none."""
    by: str
    """Who ran it."""
    at: datetime
