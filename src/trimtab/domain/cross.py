"""Cross-hedges: a short on one asset that stands for another, at its beta. Pure values.

A beta is the return of what is protected for a return of what is short. A cross-hedge is
attributed: its notional over beta counts for what it protects and for nothing else in weights;
caps, leverage and margin count it where it is. Source: strategy definitions 3.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from trimtab.domain.exact import exact_arithmetic, ratio
from trimtab.domain.history import HistoryNeed
from trimtab.domain.instruments import Asset, Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossPolicy:
    """Which assets are hedged by the contract of another, and how sure that must be."""

    by: Mapping[Asset, Asset]
    """Whose perpetual is short for an asset, in file order, members of groups among them; never
    itself."""
    look_back_days: int
    """Common closes that a beta is estimated from, >= 30."""
    min_r2: Decimal
    """Least share of the variance that the other must explain, 0 to 1."""
    groups: Mapping[str, tuple[Asset, ...]] = field(default_factory=dict)
    """Members that are hedged together, at the beta of what is held of them all, by group."""

    @property
    def teams(self) -> Mapping[str, tuple[Asset, ...]]:
        """Who has one beta: each asset alone by its code, groups by their names."""
        grouped = {a for members in self.groups.values() for a in members}
        return {**{str(a): (a,) for a in self.by if a not in grouped}, **self.groups}

    @property
    def need(self) -> HistoryNeed:
        """What has to be read for it."""
        assets = tuple(dict.fromkeys(a for pair in self.by.items() for a in pair))
        return HistoryNeed(assets=assets, days=self.look_back_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """What a short on another asset stands for."""

    asset: Asset
    beta: Decimal
    """Its return for a return of what is short, > 0."""

    def of(self, notional: Decimal) -> Decimal:
        """Return the value of the asset that *notional* stands for, quote units, signed alike."""
        return ratio(notional, self.beta)

    def needed(self, value: Decimal) -> Decimal:
        """Return the notional that stands for *value* of the asset, quote units, signed alike."""
        with exact_arithmetic():
            return value * self.beta


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossShort:
    """What of one contract is short for one other asset, before a plan and after it."""

    asset: Asset
    """What it stands for."""
    symbol: Symbol
    """What is short."""
    before: Decimal
    """Base units, >= 0."""
    after: Decimal
    """The same when every leg has filled."""
    stands_for: Decimal
    """Value of the asset that ``before`` stands for, quote units, >= 0."""

    @property
    def most(self) -> Decimal:
        """Base units that are short at most on the way."""
        return max(self.before, self.after)
