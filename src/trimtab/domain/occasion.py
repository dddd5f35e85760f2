"""What a plan is made on the occasion of: the instant, and what is known beside the snapshot.

Pure values. A snapshot is one account at one instant; the occasion is everything else that may
change what is planned from it, so that the same snapshot, policy and occasion give the same plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from trimtab.domain.firings import TriggerKind
from trimtab.domain.hedges import HedgeBook, Wish
from trimtab.domain.history import History
from trimtab.domain.stops import StopRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """When and why a plan is asked for."""

    now: datetime
    """The instant of planning, aware UTC."""
    slot_due: bool
    """Whether a calendar slot is due: it trades to target inside the bands too."""
    ahead_of_utc: timedelta = timedelta(0)
    """By how much the clocks of the configured zone are ahead at ``now``, signed."""
    phase_steps: int = 0
    """Steps of the wished phase that executed plans have taken, >= 0."""
    hedges: HedgeBook
    """Every hedge of the account, open and closed."""
    wish: Wish | None
    """What a person asks of hedges, which is then all that is planned; None when nobody does."""
    history: History | None = None
    """What prices did, as far as the policy needs it; None where nothing was read."""
    slot: str = ""
    """Name of the slot that is due; empty when none is."""
    losses: tuple[Decimal, ...] = ()
    """Loss from the highest look, fraction, at each look of late, oldest first, the present one
    last; empty where no rule asks or the present one could not be measured."""
    stops: tuple[StopRecord, ...] = ()
    """Stops of ours that may still fill, oldest first."""
    cooling: frozenset[TriggerKind] = frozenset()
    """Kinds of condition that acted so lately that they only alert."""
