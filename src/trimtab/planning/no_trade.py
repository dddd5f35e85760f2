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
from operator import add, mul
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
        return _start(self).after(moves).gain

    def worth(self, off: Decimal) -> Decimal:
        """Return what so much less variance is worth, quote units; callers bring exactness."""
        return ratio(self.policy.risk_aversion * self.policy.horizon_days * off, 2 * self.whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Left:
    """The drifts that some moves leave, by what one move more changes.

    So one correction beside all others costs a product, and not the variance of all again.
    """

    ground: Ground
    twice: Mapping[Asset, tuple[Decimal, ...]]
    """The covariances of two risky assets, either way round, added up: rows as drifts are."""
    before: Decimal
    """The variance before all moves, per day, square quote units."""
    variance: Decimal
    """Of what is left."""
    pulls: Mapping[Asset, Decimal]
    """By risky asset what one quote unit more adds to the variance, but for its own square."""
    gain: Decimal
    """What the moves took off the variance, priced, quote units, signed."""

    def gain_of(self, asset: Asset, move: Decimal, *, kept: bool) -> Decimal:
        """Return what a move gains that is one of them, *kept*, or that would come to them."""
        with exact_arithmetic():
            other = self._with_move(asset, -move if kept else move)
            beside = self.ground.worth(self.before - other)
            return self.gain - beside if kept else beside - self.gain

    def moved(self, asset: Asset, move: Decimal) -> _Left:
        """Return what is left after one *move* more."""
        columns = zip(self.pulls.items(), self.twice[asset], strict=True)
        with exact_arithmetic():
            pulls = {a: pull + both * move for (a, pull), both in columns}
            return self._leaving(pulls, self._with_move(asset, move))

    def after(self, moves: Mapping[Asset, Decimal]) -> _Left:
        """Return what *moves*, quote units by asset, leave of the drifts."""
        with exact_arithmetic():
            left = tuple(d + moves.get(a, ZERO) for a, d in self.ground.drifts.items())
            pulls = _pulls(self.twice, left)
            return self._leaving(pulls, _variance(pulls, left))

    def _with_move(self, asset: Asset, move: Decimal) -> Decimal:
        """Return the variance after one *move* more; callers bring exactness."""
        own = self.ground.covariances[asset][asset]
        return self.variance + move * (self.pulls[asset] + move * own)

    def _leaving(self, pulls: Mapping[Asset, Decimal], variance: Decimal) -> _Left:
        """Return that so much is left; callers bring exactness."""
        gain = self.ground.worth(self.before - variance)
        return replace(self, pulls=pulls, variance=variance, gain=gain)


def _start(ground: Ground) -> _Left:
    """Return what is there before all moves."""
    drifts = tuple(ground.drifts.values())
    rows = [[ground.covariances[a][b] for b in ground.drifts] for a in ground.drifts]
    with exact_arithmetic():
        columns = zip(*rows, strict=True)
        sums = (tuple(map(add, row, column)) for row, column in zip(rows, columns, strict=True))
        twice = dict(zip(ground.drifts, sums, strict=True))
        pulls = _pulls(twice, drifts)
        variance = _variance(pulls, drifts)
    return _Left(
        ground=ground, twice=twice, before=variance, variance=variance, pulls=pulls, gain=ZERO
    )


def _pulls(
    twice: Mapping[Asset, tuple[Decimal, ...]], drifts: Sequence[Decimal]
) -> Mapping[Asset, Decimal]:
    """Return what one quote unit more adds where *drifts* are left; callers bring exactness."""
    return {asset: sum(map(mul, row, drifts), ZERO) for asset, row in twice.items()}


def _variance(pulls: Mapping[Asset, Decimal], drifts: Sequence[Decimal]) -> Decimal:
    """Return the variance of *drifts*, per day, square quote units; callers bring exactness."""
    return sum(map(mul, pulls.values(), drifts), ZERO) * _HALF


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
    start = _start(ground)
    kept, left = dict(moves), start.after(moves)
    while loose:
        margins = {a: left.gain_of(a, kept[a], kept=True) - costs[a] for a in loose}
        least = min(loose, key=lambda a: margins[a])
        if margins[least] > ZERO:
            break
        left = left.moved(least, -kept.pop(least))
        loose.remove(least)
    all_kept = _Kept(moves=kept, left=left, costs=costs)
    firm = {a: move for a, move in kept.items() if a not in loose}
    alone = _Kept(moves=firm, left=start.after(firm) if firm else start, costs=costs)
    # Drifts that offset each other can each be worth it only beside the other.
    best = all_kept if all_kept.worth > alone.worth else alone
    return Weighed(
        kept=tuple(c for c in corrections if c.asset in best.moves),
        untraded=tuple(
            Untraded(asset=c.asset, reason=UntradedReason.NOT_WORTH_ITS_COST, value=abs(c.value))
            for c in corrections
            if c.asset not in best.moves
        ),
        readings=(*_told(moves, best), _told_of_all(best)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """Corrections that are traded, what they leave, and what corrections cost."""

    moves: Mapping[Asset, Decimal]
    left: _Left
    costs: Mapping[Asset, Decimal]

    @property
    def cost(self) -> Decimal:
        """Of all that is traded, quote units."""
        with exact_arithmetic():
            return sum((self.costs[asset] for asset in self.moves), ZERO)

    @property
    def worth(self) -> Decimal:
        """What they gain together, less their cost."""
        with exact_arithmetic():
            return self.left.gain - self.cost


def _told(moves: Mapping[Asset, Decimal], kept: _Kept) -> Iterator[Reading]:
    """Yield the gain of each correction against its cost."""
    ground = kept.left.ground
    for asset, move in moves.items():
        traded, cost = asset in kept.moves, kept.costs[asset]
        if asset not in ground.drifts:
            yield _reading(asset, None, cost, holds=True, text="has no past: is traded")
            continue
        gain = kept.left.gain_of(asset, move, kept=traded)
        text = f"{_over(ground)}: {'is traded' if traded else 'is left alone'}"
        yield _reading(asset, gain, cost, holds=traded, text=text)


def _told_of_all(kept: _Kept) -> Reading:
    """Return the gain of all that is traded against its cost."""
    text = f"{_over(kept.left.ground)}: all that is traded"
    return _reading(PORTFOLIO, kept.left.gain, kept.cost, holds=bool(kept.moves), text=text)


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
