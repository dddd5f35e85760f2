"""No-trade zone: a drift is corrected only where that gains more than it costs.

Pure; exact but for divisions. What a correction gains is the variance that it takes off, priced:
½ λ (d'Σd before - d'Σd after) x NAV, d being the drifts of risky assets as weights and Σ their
covariance over the horizon. What it costs is fee, half spread and impact of its legs in the books
as they were read. A correction stands beside the others that are traded: what gains least is left
out first, and the rest is weighed anew; last, all of it together. Source: strategy definitions 6.2;
design: docs/design/0034-no-trade-zone.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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

_HALF: Final = Decimal("0.5")

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
            return self.worth(self.left({}).variance - self.left(moves).variance)

    def worth(self, off: Decimal) -> Decimal:
        """Return what so much less variance is worth, quote units; callers bring exactness."""
        return ratio(self.policy.risk_aversion * self.policy.horizon_days * off, 2 * self.whole)

    def left(self, moves: Mapping[Asset, Decimal]) -> _Left:
        """Return what *moves* leave; callers bring exactness."""
        after = {a: d + moves.get(a, ZERO) for a, d in self.drifts.items()}
        some = {a: value for a, value in after.items() if value}
        pulls = {
            a: sum((self.both(one=a, two=b) * y for b, y in some.items()), ZERO) for a in after
        }
        twice = sum((x * pulls[a] for a, x in some.items()), ZERO)
        return _Left(pulls=pulls, variance=twice * _HALF)

    def both(self, *, one: Asset, two: Asset) -> Decimal:
        """Return the covariances of two assets, either way round, added up."""
        return self.covariances[one][two] + self.covariances[two][one]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Left:
    """The drifts that some moves leave, by what one move more changes.

    So one correction beside all others costs a product, and not the variance of all again.
    """

    pulls: Mapping[Asset, Decimal]
    """By risky asset what one quote unit more adds to the variance, but for its own square."""
    variance: Decimal
    """Of what is left, per day, square quote units."""

    def with_move(self, asset: Asset, move: Decimal, ground: Ground) -> Decimal:
        """Return the variance after one *move* more."""
        return self.variance + move * (
            self.pulls[asset] + move * ground.both(one=asset, two=asset) * _HALF
        )

    def moved(self, asset: Asset, move: Decimal, ground: Ground) -> _Left:
        """Return what is left after one *move* more."""
        pulls = {a: pull + ground.both(one=a, two=asset) * move for a, pull in self.pulls.items()}
        return _Left(pulls=pulls, variance=self.with_move(asset, move, ground))


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
    with exact_arithmetic():
        start = ground.left({}).variance
        beside = _Beside(ground=ground, start=start, left=ground.left(kept))
        while loose:
            margins = {a: beside.gain(a, kept[a], kept=True) - costs[a] for a in loose}
            least = min(loose, key=lambda a: margins[a])
            if margins[least] > ZERO:
                break
            beside = replace(beside, left=beside.left.moved(least, -kept.pop(least), ground))
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
            *_told(moves, ground, kept=kept, costs=costs),
            _told_of_all(kept, ground, costs=costs),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside:
    """What one correction gains beside the others that are kept."""

    ground: Ground
    start: Decimal
    """The variance before all."""
    left: _Left
    """What those that are kept leave."""

    def gain(self, asset: Asset, move: Decimal, *, kept: bool) -> Decimal:
        """Return what a correction gains that is *kept* itself, or that would come to them."""
        other = self.left.with_move(asset, -move if kept else move, self.ground)
        with_it, without = (self.left.variance, other) if kept else (other, self.left.variance)
        worth = self.ground.worth
        return worth(self.start - with_it) - worth(self.start - without)


def _worth(
    moves: Mapping[Asset, Decimal], ground: Ground, *, costs: Mapping[Asset, Decimal]
) -> Decimal:
    """Return what corrections gain together, less their cost."""
    with exact_arithmetic():
        return ground.gain(moves) - sum((costs[asset] for asset in moves), ZERO)


def _told(
    moves: Mapping[Asset, Decimal],
    ground: Ground,
    *,
    kept: Mapping[Asset, Decimal],
    costs: Mapping[Asset, Decimal],
) -> Iterator[Reading]:
    """Yield the gain of each correction against its cost."""
    with exact_arithmetic():
        start, left = ground.left({}).variance, ground.left(kept)
        beside = _Beside(ground=ground, start=start, left=left)
        known = (a for a in moves if a in ground.drifts)
        gains = {a: beside.gain(a, moves[a], kept=a in kept) for a in known}
    for asset in moves:
        if asset not in gains:
            yield _reading(asset, None, costs[asset], holds=True, text="has no past: is traded")
            continue
        traded = asset in kept
        text = f"{_over(ground)}: {'is traded' if traded else 'is left alone'}"
        yield _reading(asset, gains[asset], costs[asset], holds=traded, text=text)


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
