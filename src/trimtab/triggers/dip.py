"""The buy-dip rule: whether a fallen price may be bought now.

Pure. Looks at closes of days that have ended, oldest first, and at nothing else. Source: strategy
definitions 4.6.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from trimtab.domain.dips import Dip, DipRule, DipSign
from trimtab.domain.exact import ONE, exact_arithmetic, plain, ratio
from trimtab.domain.history import History, read_history
from trimtab.domain.instruments import Asset
from trimtab.domain.readings import Reading
from trimtab.estimators.indicators import averages

BELOW_DAYS: Final = 5
"""A close that is back above was below within so many days before."""


def dip(asset: Asset, rule: DipRule, history: History | None) -> Dip:
    """Return whether *asset* may be bought by *rule*, and every figure that it rests on.

    Raises:
        HistoryError: the closes are not there, or not to be decided from.

    """
    told = read_history(history, for_what="the buy-dip rule")
    closes = told.window([asset], days=rule.days).closes[asset]
    figures = tuple(_SIGNS[sign](asset, rule, closes) for sign in rule.signs)
    held = [figure.holds for figure in figures]
    return Dip(holds=all(held) if rule.all_of_them else any(held), figures=figures)


def _average(asset: Asset, rule: DipRule, closes: Sequence[Decimal]) -> Reading:
    """Whether the last close is above its average and one of the days before was below."""
    average = averages(closes, rule.average_days)
    before = zip(closes[-1 - BELOW_DAYS : -1], average[-1 - BELOW_DAYS : -1], strict=True)
    came_back = any(close < mean for close, mean in before)
    return Reading(
        rule="dip",
        subject=asset,
        name=DipSign.AVERAGE,
        measured=closes[-1],
        limit=average[-1],
        holds=closes[-1] > average[-1] and came_back,
        text=f"close against its average of {rule.average_days} days,"
        f" {'below it' if came_back else 'never below it'} within {BELOW_DAYS} days before",
    )


def _support(asset: Asset, rule: DipRule, closes: Sequence[Decimal]) -> Reading:
    """Whether the last close is near the support level."""
    level = rule.support or min(closes[-rule.recent_days :])
    with exact_arithmetic():
        off = abs(ratio(closes[-1], level) - ONE)
    return Reading(
        rule="dip",
        subject=asset,
        name=DipSign.SUPPORT,
        measured=off,
        limit=rule.support_within,
        holds=off <= rule.support_within,
        text=f"distance of the close from the support at {plain(level)}",
    )


def _fall(asset: Asset, rule: DipRule, closes: Sequence[Decimal]) -> Reading:
    """Whether the last close is so far below the recent high."""
    with exact_arithmetic():
        fall = ONE - ratio(closes[-1], max(closes[-rule.recent_days :]))
    return Reading(
        rule="dip",
        subject=asset,
        name=DipSign.FALL,
        measured=fall,
        limit=rule.fall_min,
        holds=rule.fall_min <= fall <= rule.fall_max,
        text=f"below the high of {rule.recent_days} days, at most {plain(rule.fall_max)}",
    )


_SIGNS: Final[Mapping[DipSign, Callable[[Asset, DipRule, Sequence[Decimal]], Reading]]] = {
    DipSign.AVERAGE: _average,
    DipSign.SUPPORT: _support,
    DipSign.FALL: _fall,
}
