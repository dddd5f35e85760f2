"""Volatility overlay: less risk while prices move more than wanted.

Pure. k = min(1, wanted / realised); every risky target times k, the rest to the quote. Realised is
that of the targets as they are before it. Source: strategy definitions 1.6.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, plain, ratio, rounded, trimmed
from trimtab.domain.history import History, read_history
from trimtab.domain.history_policy import VolatilityPolicy, risky_of
from trimtab.domain.instruments import Asset
from trimtab.domain.overlays import Overlay, OverlayKind
from trimtab.domain.readings import Reading
from trimtab.targets.effective import Targets

RULE: Final = "overlays.volatility"
_STEP: Final = Decimal("0.000001")


def volatility_overlay(
    policy: VolatilityPolicy, targets: Targets, history: History | None, *, quote: Asset
) -> tuple[tuple[Overlay, ...], tuple[Reading, ...]]:
    """Return the overlay, none where nothing moves too much, and the figure it rests on.

    Raises:
        HistoryError: the closes are not there, or not to be decided from.

    """
    from trimtab.estimators.portfolio import realised_volatility  # noqa: PLC0415 -- only who asks for it pays for numpy.

    weighed = [a for a in targets.effective if targets.effective[a] and a != quote]
    risky = {a: targets.effective[a] for a in risky_of(weighed)}
    if not risky:
        return (), ()
    told = read_history(history, for_what=RULE)
    window = told.window(risky, days=policy.look_back_days)
    realised = realised_volatility(window, risky)
    scale = ONE
    if realised > policy.target:
        scale = rounded(ratio(policy.target, realised), _STEP, up=False)
    reading = Reading(
        rule=RULE,
        subject="portfolio",
        name="volatility",
        measured=realised,
        limit=policy.target,
        holds=scale < ONE,
        text=f"a year, over {policy.look_back_days} days; risky targets × {plain(scale)}",
    )
    if scale == ONE:
        return (), (reading,)
    with exact_arithmetic():
        shift = {a: weight * (scale - ONE) for a, weight in risky.items()}
        shift[quote] = -sum(shift.values(), ZERO)
    overlay = Overlay(
        overlay_id="volatility",
        kind=OverlayKind.VOLATILITY,
        reason=f"realised {trimmed(realised, 4)} a year, wanted {plain(policy.target)}:"
        f" risky targets × {plain(scale)}",
        until=f"a realised volatility of {plain(policy.target)}",
        shift=shift,
    )
    return (overlay,), (reading,)
