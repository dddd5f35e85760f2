"""When Trimtab acts by itself: calendar slots, and what comes near a limit.

Pure, as :mod:`trimtab.config.models` is, whose document has them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from trimtab.config.fields import SECTION, DefaultText, Early, Fraction, Unit, Whole
from trimtab.config.words import read_instant
from trimtab.domain.slots import CatchUp
from trimtab.domain.urgency import ExpiryAction, UrgentAction


class Schedule(BaseModel):
    """When a slot of rebalance.calendar runs by itself."""

    model_config = SECTION

    grace_days: Annotated[Whole, Field(ge=0, le=366), Unit(name="days")] = 7
    """How long after its beginning a slot is due; then it is marked missed."""
    catch_up: CatchUp = CatchUp.ASK
    """What becomes of a missed slot: it asks for the explicit command, or the latest runs late."""
    activated_at: Annotated[
        str, BeforeValidator(read_instant), DefaultText(text="the first order in the ledger")
    ] = ""
    """Slots that began before it are not due; init writes the instant, with its offset."""
    rehearse_days: Annotated[Whole, Field(ge=0, le=31), Unit(name="days")] = 3
    """How long before a slot it is rehearsed and told of, over notify.channels; 0 never."""
    poll_s: Annotated[Whole, Field(ge=1, le=3600), Unit(name="s")] = 60
    """Wait of schedule run between two looks at the calendar and the account."""


class Triggers(BaseModel):
    """What acts when the account comes near a limit, before anything else is traded.

    Margin goes before leverage, leverage before expiry, and all before drift and calendar. What is
    freed is not used again in the same plan.
    """

    model_config = SECTION

    on_leverage: UrgentAction = UrgentAction.REDUCE
    """When futures notional passes risk.max_leverage: futures are reduced to it, or it is told."""
    leverage_early: Early = Decimal(0)
    """How far before risk.max_leverage, of it: 0.1 acts from 90 % of the limit on."""
    on_margin: UrgentAction = UrgentAction.REDUCE
    """When the margin ratio falls below risk.min_margin_ratio."""
    margin_early: Fraction = Decimal(0)
    """How far before risk.min_margin_ratio, of it: 0.5 acts below 1.5 times the limit."""
    on_liquidation: UrgentAction = UrgentAction.REDUCE
    """When a contract is nearer to liquidation than risk.min_liquidation_distance."""
    liquidation_early: Fraction = Decimal(0)
    """How far before risk.min_liquidation_distance, of it."""
    on_expiry: ExpiryAction = ExpiryAction.ROLL
    """When a dated contract is about to be delivered: its hedges are rolled into the next one, its
    position is closed, or it is told. What no hedge explains is only told."""
    expiry_days: Annotated[Whole, Field(ge=0, le=365), Unit(name="days")] = 7
    """Days to delivery below which that is so."""
    hysteresis: Early = Decimal(0)
    """How far beyond its threshold a reduction goes, of it, so that the next look finds room."""
    cooldown_s: Annotated[Whole, Field(ge=0, le=31_536_000), Unit(name="s")] = 0
    """How long after an executed plan a condition of the same kind is only told."""
