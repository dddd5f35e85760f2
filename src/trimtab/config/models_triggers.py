"""When Trimtab acts by itself: calendar slots, and what comes near a limit.

Pure, as :mod:`trimtab.config.models` is, whose document has them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, Field

from trimtab.config.fields import (
    SECTION,
    DefaultText,
    Early,
    Exact,
    Fraction,
    Multiple,
    Unit,
    Whole,
)
from trimtab.config.words import read_instant
from trimtab.domain.slots import CatchUp
from trimtab.domain.urgency import BasisAction, ExpiryAction, UrgentAction

_PART: Final = (Field(ge=0, lt=1), Unit(name="fraction"))
"""A share of 1 that leaves something."""
_YEAR: Final = (Field(ge=0, le=31_536_000), Unit(name="s"))
"""Seconds in which a condition does not act, up to a year."""


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

    Margin, leverage and drawdown go before expiry, and all before drift and calendar. What is freed
    is not used again in the same plan.
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
    on_drawdown: UrgentAction = UrgentAction.OFF
    """When NAV, flows left out, falls so far below its highest look: futures are reduced, and no
    long is opened until it has come back, or it is told."""
    drawdown_early: Early = Decimal(0)
    """How far before risk.max_drawdown, of it: 0.4 acts from 60 % of the limit on."""
    drawdown_leverage: Multiple = Decimal(1)
    """Futures notional over value outside futures wallets that it is then reduced to."""
    on_basis: BasisAction = BasisAction.OFF
    """When the contract of a hedge trades far below its index: the hedge is bought back, which
    keeps the discount and gives the exposure back, or it is told."""
    basis_bps: Annotated[Exact, Field(gt=0, le=10_000), Unit(name="bps")] = Decimal(100)
    """How far below its index that is."""
    hysteresis: Early = Decimal(0)
    """How far beyond its threshold a condition ends, of it: a reduction goes so far, a loss has to
    come back so far, so that the next look finds room."""
    margin_hysteresis: Annotated[Exact | None, *_PART, DefaultText(text="hysteresis")] = None
    """The same for margin ratio and liquidation alone."""
    leverage_hysteresis: Annotated[Exact | None, *_PART, DefaultText(text="hysteresis")] = None
    """The same for leverage alone."""
    drawdown_hysteresis: Annotated[Exact | None, *_PART, DefaultText(text="hysteresis")] = None
    """The same for the drawdown alone."""
    expiry_hysteresis: Annotated[Exact | None, *_PART, DefaultText(text="hysteresis")] = None
    """The same for dated contracts alone: what is opened, or rolled into, has so much more than
    expiry_days."""
    carry_hysteresis: Annotated[Exact | None, *_PART, DefaultText(text="hysteresis")] = None
    """The same for the carry of hedges alone: one that was moved for it moves again for so much
    more than hedge.carry.min_gain_bps."""
    basis_hysteresis: Annotated[Exact | None, *_PART, DefaultText(text="hysteresis")] = None
    """The same for hedges that trade far below their index alone: in a contract that was left for
    it none is opened again until it has come back by so much of basis_bps."""
    cooldown_s: Annotated[Whole, *_YEAR] = 0
    """How long after an executed plan a condition of the same kind is only told."""
    margin_cooldown_s: Annotated[Whole | None, *_YEAR, DefaultText(text="cooldown_s")] = None
    """The same for margin ratio and liquidation alone."""
    leverage_cooldown_s: Annotated[Whole | None, *_YEAR, DefaultText(text="cooldown_s")] = None
    """The same for leverage alone."""
    drawdown_cooldown_s: Annotated[Whole | None, *_YEAR, DefaultText(text="cooldown_s")] = None
    """The same for the drawdown alone."""
    expiry_cooldown_s: Annotated[Whole | None, *_YEAR, DefaultText(text="cooldown_s")] = None
    """The same for dated contracts alone."""
    carry_cooldown_s: Annotated[Whole | None, *_YEAR, DefaultText(text="cooldown_s")] = None
    """The same for the carry of hedges alone."""
    basis_cooldown_s: Annotated[Whole | None, *_YEAR, DefaultText(text="cooldown_s")] = None
    """The same for hedges that trade far below their index alone."""
