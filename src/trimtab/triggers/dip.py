"""The buy-dip rule: whether a coin is one to be bought now, by its daily closes.

Pure. Any or all of: the last close is above its exponential average and one of the ten closes
before it was not; the last close is so far below the recent high; it is near a support level.
Source: strategy definitions 4.6.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import exact_arithmetic, ratio, trimmed
from trimtab.domain.history import History
from trimtab.domain.instruments import Asset
from trimtab.domain.readings import Reading
from trimtab.domain.redeploy import DipRule

RULE: Final = "hedge.redeploy"
BACK_DAYS: Final = 10
"""Within how many closes before the last one a coin must have been below, to be back above."""
_PLACES: Final = 12
"""Digits behind the point to which an average is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dip:
    """What the rule says of one coin."""

    asset: Asset
    holds: bool
    readings: tuple[Reading, ...]
    """Every condition that is on, with its figures."""


def dip(asset: Asset, history: History, rule: DipRule) -> Dip:
    """Return whether *rule* holds for *asset*; one without any condition never does.

    Raises:
        HistoryError: its closes are not there, or not to be decided from.

    """
    closes = history.window([asset], days=rule.days).closes[asset]
    readings = tuple(_conditions(asset, closes, rule))
    said = [reading.holds for reading in readings]
    return Dip(
        asset=asset, holds=bool(said) and (all if rule.every else any)(said), readings=readings
    )


def _conditions(asset: Asset, closes: Sequence[Decimal], rule: DipRule) -> Iterator[Reading]:
    """Yield each condition that is on."""
    if rule.ema_days:
        yield _back_above(asset, closes, rule.ema_days)
    if rule.high_days:
        yield _fallen(asset, closes, rule)
    if asset in rule.supports:
        yield _supported(asset, closes[-1], rule)


def _back_above(asset: Asset, closes: Sequence[Decimal], period: int) -> Reading:
    """Say whether the last close came back above the average."""
    from trimtab.estimators.indicators import ema  # noqa: PLC0415 -- only who asks for it pays for numpy.
    from trimtab.estimators.series import column, exact  # noqa: PLC0415 -- only who asks for it pays for numpy.

    averages = [exact(value, _PLACES) for value in ema(column(closes), period)]
    pairs = list(zip(closes[-len(averages) :], averages, strict=True))
    was_below = any(close <= average for close, average in pairs[-BACK_DAYS - 1 : -1])
    holds = closes[-1] > averages[-1] and was_below
    text = f"close against its {period}-day average, below within {BACK_DAYS} days before"
    return _reading(asset, "ema", (closes[-1], averages[-1]), holds=holds, text=text)


def _fallen(asset: Asset, closes: Sequence[Decimal], rule: DipRule) -> Reading:
    """Say whether the last close is so far below the recent high."""
    high = max(closes[-rule.high_days :])
    with exact_arithmetic():
        fall = ratio(high - closes[-1], high)
        most = trimmed(rule.fall_high * 100, 2)
    holds = rule.fall_low <= fall <= rule.fall_high
    text = f"below the high of {rule.high_days} days, at most {most} %"
    return _reading(asset, "fall", (fall, rule.fall_low), holds=holds, text=text)


def _supported(asset: Asset, close: Decimal, rule: DipRule) -> Reading:
    """Say whether the last close is near its support level."""
    level = rule.supports[asset]
    with exact_arithmetic():
        away = ratio(abs(close - level), level)
    holds = away <= rule.support_within
    text = f"away from the support level {level}"
    return _reading(asset, "support", (away, rule.support_within), holds=holds, text=text)


def _reading(
    asset: Asset, name: str, figures: tuple[Decimal, Decimal], *, holds: bool, text: str
) -> Reading:
    """Return one figure and what it is held against."""
    measured, limit = figures
    return Reading(
        rule=RULE, subject=asset, name=name, measured=measured, limit=limit, holds=holds, text=text
    )
