"""No-trade zone: a drift is corrected only where that gains more than it costs.

Pure; exact but for divisions. What a correction gains is the variance that it takes off, priced:
½ λ (d'Σd before - d'Σd after) x NAV, d being the drifts of risky assets as weights and Σ their
covariance over the horizon. What it costs is fee, half spread and impact of its legs in the books
as they were read. A correction stands beside the others that are traded: what gains least is left
out first, and the rest is weighed anew; last, all of it together. Source: strategy definitions 6.2;
design: docs/design/0034-no-trade-zone.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ZERO, exact_arithmetic, ratio, rounded
from trimtab.domain.history import History, read_history
from trimtab.domain.history_policy import NoTradePolicy, risky_of
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import Untraded, UntradedReason
from trimtab.domain.readings import PORTFOLIO, Reading
from trimtab.planning.decision import Correction
from trimtab.planning.drift import Measurement

RULE: Final = "rebalance.no_trade"
_CENT: Final = Decimal("0.01")
"""Figures are shown to it; what is decided is decided before."""

Covariances = Mapping[Asset, Mapping[Asset, Decimal]]
"""By pairs of risky assets, per day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What corrections are weighed on."""

    drifts: Mapping[Asset, Decimal]
    """How far each risky asset is above its target, quote units, signed."""
    covariances: Covariances
    whole: Decimal
    """What weights are a share of, quote units, > 0."""
    policy: NoTradePolicy

    def gain(self, moves: Mapping[Asset, Decimal]) -> Decimal:
        """Return what moving exposure takes off the variance, priced, quote units, signed.

        *moves* are quote units, positive buys; an asset that has no past is not counted.
        """
        with exact_arithmetic():
            after = {a: d + moves.get(a, ZERO) for a, d in self.drifts.items()}
            off = self._variance(self.drifts) - self._variance(after)
            days = self.policy.horizon_days
            return ratio(self.policy.risk_aversion * days * off, 2 * self.whole)

    def _variance(self, drifts: Mapping[Asset, Decimal]) -> Decimal:
        """Return the variance of values per day, square quote units."""
        moved = [(a, value) for a, value in drifts.items() if value]
        return sum((x * y * self.covariances[a][b] for a, x in moved for b, y in moved), ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """Which corrections are worth their cost."""

    kept: tuple[Correction, ...]
    """In their order."""
    untraded: tuple[Untraded, ...]
    """Those that are not."""
    readings: tuple[Reading, ...]
    """Gain against cost, correction by correction, then of all that are kept."""


def ground_of(policy: NoTradePolicy, history: History | None, found: Measurement) -> Ground:
    """Return what corrections of *found* are weighed on.

    Raises:
        HistoryError: the closes are not there, or not to be decided from.

    """
    from trimtab.estimators.portfolio import covariances  # noqa: PLC0415 -- only who asks for it pays for numpy.

    told = read_history(history, for_what=RULE)
    known = (m for m in found.measures if m.asset in told.closes and m.asset != found.quote)
    drifts = {m.asset: -m.correction for m in known if m.asset in risky_of([m.asset])}
    window = told.window(drifts, days=policy.look_back_days) if drifts else None
    return Ground(
        drifts=drifts,
        covariances={} if window is None else covariances(window),
        whole=found.whole,
        policy=policy,
    )


def weighed(
    corrections: Sequence[Correction],
    costs: Mapping[Asset, Decimal],
    ground: Ground,
    *,
    forced: Collection[Asset],
) -> Weighed:
    """Return which of *corrections* gain more than their *costs*, quote units, >= 0, by asset.

    What is *forced* is kept, and so is what has no past.
    """
    moves = {c.asset: c.value for c in corrections}
    loose = [a for a in moves if a in ground.drifts and a not in forced]
    kept = dict(moves)
    while loose:
        least = min(loose, key=lambda a: _margin(a, kept, ground, costs=costs))
        if _margin(least, kept, ground, costs=costs) > ZERO:
            break
        del kept[least]
        loose.remove(least)
    without = {a: move for a, move in kept.items() if a not in loose}
    if _worth(kept, ground, costs=costs) <= _worth(without, ground, costs=costs):
        kept = without  # Drifts that offset each other can each be worth it only beside the other.
    left = [c for c in corrections if c.asset not in kept]
    return Weighed(
        kept=tuple(c for c in corrections if c.asset in kept),
        untraded=tuple(
            Untraded(asset=c.asset, reason=UntradedReason.NOT_WORTH_ITS_COST, value=abs(c.value))
            for c in left
        ),
        readings=(
            *(_told(a, moves[a], kept, ground, costs=costs) for a in moves),
            _told_of_all(kept, ground, costs=costs),
        ),
    )


def _margin(
    asset: Asset, kept: Mapping[Asset, Decimal], ground: Ground, *, costs: Mapping[Asset, Decimal]
) -> Decimal:
    """Return what one correction gains beside the others, less its cost."""
    with exact_arithmetic():
        return _own_gain(asset, kept[asset], kept, ground) - costs[asset]


def _worth(
    moves: Mapping[Asset, Decimal], ground: Ground, *, costs: Mapping[Asset, Decimal]
) -> Decimal:
    """Return what corrections gain together, less their cost."""
    with exact_arithmetic():
        return ground.gain(moves) - sum((costs[asset] for asset in moves), ZERO)


def _own_gain(
    asset: Asset, move: Decimal, kept: Mapping[Asset, Decimal], ground: Ground
) -> Decimal:
    """Return what one correction gains beside the others that are kept."""
    others = {a: m for a, m in kept.items() if a != asset}
    with exact_arithmetic():
        return ground.gain({**others, asset: move}) - ground.gain(others)


def _told(
    asset: Asset,
    move: Decimal,
    kept: Mapping[Asset, Decimal],
    ground: Ground,
    *,
    costs: Mapping[Asset, Decimal],
) -> Reading:
    """Return the gain of one correction against its cost."""
    if asset not in ground.drifts:
        return _reading(asset, None, costs[asset], holds=True, text="has no past: is traded")
    gain, traded = _own_gain(asset, move, kept, ground), asset in kept
    text = f"{_over(ground)}: {'is traded' if traded else 'is left alone'}"
    return _reading(asset, gain, costs[asset], holds=traded, text=text)


def _told_of_all(
    kept: Mapping[Asset, Decimal], ground: Ground, *, costs: Mapping[Asset, Decimal]
) -> Reading:
    """Return the gain of all that is traded against its cost."""
    with exact_arithmetic():
        cost = sum((costs[asset] for asset in kept), ZERO)
    text = f"{_over(ground)}: all that is traded"
    return _reading(PORTFOLIO, ground.gain(kept), cost, holds=bool(kept), text=text)


def _over(ground: Ground) -> str:
    """Return what the figures are, the start of a text."""
    return f"in quote over {ground.policy.horizon_days} days, against the cost"


def _reading(
    subject: str, gain: Decimal | None, cost: Decimal, *, holds: bool, text: str
) -> Reading:
    """Return one figure, to the cent below."""
    return Reading(
        rule=RULE,
        subject=subject,
        name="gain",
        measured=None if gain is None else rounded(gain, _CENT, up=False),
        limit=rounded(cost, _CENT, up=False),
        holds=holds,
        text=text,
    )
