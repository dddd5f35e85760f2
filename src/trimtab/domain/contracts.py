"""Which contracts carry hedges, and when another would bring more.

Pure values. Source: strategy definitions 4.7 and 4.8; docs/design/0038-dated-contracts.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from trimtab.domain.exact import ratio

DAY_S: Final = 86_400


class Contract(StrEnum):
    """Which contracts hedge."""

    PERPETUAL = "perpetual"
    DATED = "dated"
    """The nearest one that is not about to be delivered; it is rolled before it is."""
    AUTO = "auto"
    """Whichever of them brings more over the horizon."""


class GainAction(StrEnum):
    """What is done when another contract would bring a hedge more."""

    OFF = "off"
    ALERT = "alert"
    """It is told with every plan and changes none."""
    SWAP = "swap"
    """The hedge is moved, once nothing else acts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryPolicy:
    """What contracts are compared by."""

    on_gain: GainAction
    horizon_days: int
    """For how long a hedge is reckoned to be held, > 0."""
    funding_days: int
    """Days back over which realised funding is averaged, >= 0; 0 takes the next rate."""
    min_gain_bps: Decimal
    """What another contract must bring more than the present one, of the notional, >= 0."""
    negative_days: int
    """Days in a row of shorts paying after which that is told, >= 0; 0 is off."""


NO_CARRY: Final = CarryPolicy(
    on_gain=GainAction.OFF,
    horizon_days=90,
    funding_days=30,
    min_gain_bps=Decimal(20),
    negative_days=0,
)
"""Contracts are not compared."""


def days_between(start: datetime, *, until: datetime) -> Decimal:
    """Return the days from *start* to *until*, signed, to the second."""
    return ratio(Decimal(int((until - start).total_seconds())), Decimal(DAY_S))
