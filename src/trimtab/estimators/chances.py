"""How likely a price touches a level within some days.

Pure, floats. The price is taken to move lognormally without drift at a given volatility, and to
be watched all the time: the first passage of a geometric Brownian motion, by reflection. Days of
crashes are likelier than that: the figure is a guide. tests/property/test_replay.py holds it
against what came, and it must say more than the base rate does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from trimtab.estimators.indicators import YEAR_DAYS, recent_volatility
from trimtab.estimators.series import column, exact

_STILL: Final = 1e-12
"""A deviation that no level is near enough for."""
_PLACES: Final = 4


def touch_chance(*, level_ratio: float, annual_volatility: float, days: int) -> float:
    """Return the chance, 0 to 1, that a price touches *level_ratio* times itself, > 0, in time.

    1 where it stands already; 0 without volatility or days.
    """
    distance = math.log(level_ratio)
    if distance == 0.0:
        return 1.0
    spread = annual_volatility * math.sqrt(days / YEAR_DAYS)
    if spread < _STILL:
        return 0.0
    # The logarithm of a price without drift falls by half its variance, towards a level below.
    away, drift = abs(distance), math.copysign(spread * spread / 2.0, -distance)
    straight = _below((drift - away) / spread)
    return min(1.0, straight + _below((-away - drift) / spread) / level_ratio)


def touch_chance_of(closes: Sequence[Decimal], *, level_ratio: Decimal, days: int) -> Decimal:
    """Return the same at the recent volatility of *closes*, two or more, four places."""
    moved = recent_volatility(column(closes))
    chance = touch_chance(level_ratio=float(level_ratio), annual_volatility=moved, days=days)
    return exact(chance, _PLACES)


def _below(deviations: float) -> float:
    """Return the normal distribution function."""
    return math.erfc(-deviations / math.sqrt(2.0)) / 2.0
