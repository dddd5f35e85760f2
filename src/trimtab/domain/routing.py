"""Routes: what an auto route weighs, and what it found. Pure values.

Values and costs are quote units; a cost is positive when it is paid, negative when it is earned.
Rates of funding are fractions of the notional per settlement, positive when longs pay. Source:
strategy definitions 3.3, 3.4 and 8.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from trimtab.domain.exact import exact_arithmetic, plain, ratio
from trimtab.domain.instruments import Asset, Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of 1 that stays exact where decimals end: five sixths."""

    numerator: int
    """>= 0 and <= ``denominator``."""
    denominator: int
    """>= 1."""

    def of(self, value: Decimal) -> Decimal:
        """Return this share of *value*, in its unit."""
        with exact_arithmetic():
            return ratio(value * self.numerator, Decimal(self.denominator))

    @property
    def text(self) -> str:
        """How it is written: ``5/6``, or a decimal where that is exact."""
        whole = ratio(Decimal(self.numerator), Decimal(self.denominator))
        with exact_arithmetic():
            is_exact = whole * self.denominator == self.numerator
        return plain(whole) if is_exact else f"{self.numerator}/{self.denominator}"


ALL_SPOT = Share(numerator=1, denominator=1)
NO_SPOT = Share(numerator=0, denominator=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How one asset's drift is split between its coin and its contract."""

    spot: Share
    """Share of what no hedge covers yet that goes by spot; the rest goes by futures."""
    tolerance: Decimal
    """Overweight without cover that whole orders may leave, quote units, >= 0: it is let be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoPolicy:
    """What an auto route weighs beside the books that were read."""

    horizon_days: int
    """For how long a hedge would be held, >= 1."""
    tax_rate: Decimal
    """Tax on a realised gain, fraction of it, 0 to 1."""
    losses_usable: bool
    """Whether a realised loss saves as much tax as a gain costs."""
    deferral: Decimal
    """Share of that tax which a hedge puts off beyond the horizon, 0 to 1."""
    p_back: Decimal
    """Chance that the drift goes back by itself, so that the coin is never traded, 0 to 1."""
    margin_rate: Decimal
    """What bound margin could earn elsewhere, fraction a year, >= 0."""
    cost_basis: Mapping[Asset, Decimal]
    """What a unit was bought for on average, quote per unit, > 0; needed where tax counts."""
    funding_days: int
    """Days back over which realised funding is averaged, >= 0; 0 takes the next rate."""
    funding_cap_share: Decimal
    """The venue's limit on a funding rate, as a share of the first maintenance rate, > 0."""
    funding_hours: int
    """Hours between settlements where no past tells them, >= 1."""


class RouteReason(StrEnum):
    """Why an asset takes its route. Stored with the plan; never renamed."""

    CONFIGURED = "configured"
    CHEAPER = "cheaper"
    """It costs less than the other over the horizon; equal goes to spot."""
    NO_CONTRACT = "no_contract"
    """The venue lists no contract on it that could be traded now."""


class FuturesCheaper(StrEnum):
    """When the contract costs less than the coin, by how long it is held."""

    BEFORE = "before"
    """For fewer days than break-even."""
    AFTER = "after"
    """For more days than break-even."""
    ALWAYS = "always"
    NEVER = "never"


class RateBasis(StrEnum):
    """What the expected funding rests on."""

    MEAN_REALISED = "mean_realised"
    CURRENT = "current"
    """The rate of the next settlement, because no past was read."""
    PREMIUM = "premium"
    """What a dated contract stands above the coin, as far as the horizon earns it: once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteCosts:
    """One column of the comparison."""

    fee: Decimal
    """Of all crossings, quote units, >= 0."""
    half_spread: Decimal
    """From mid to best level, likewise."""
    impact: Decimal
    """Beyond the best level, walked through the book as it was read."""
    tax: Decimal
    """On what a sale realises, quote units; negative where a loss saves some."""
    funding: Decimal
    """Minus the payments that are expected; 0 for the coin."""
    margin: Decimal
    """What bound margin does not earn meanwhile; 0 for the coin."""
    back: Decimal
    """Trading the coin after all, by its chance; 0 for the coin."""

    @property
    def total(self) -> Decimal:
        """The sum of the column."""
        with exact_arithmetic():
            trading = self.fee + self.half_spread + self.impact
            return trading + self.tax + self.funding + self.margin + self.back


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTable:
    """Both columns, and where they meet."""

    spot: RouteCosts
    futures: RouteCosts
    crossings: int
    """How often a contract is traded: once and back, and twice for each roll."""
    horizon_days: int
    """For how long a hedge would be held, >= 1."""
    settlements: int
    """Within the horizon, by the contract's own interval; a premium counts once."""
    rate: Decimal
    """Expected per settlement, within the venue's limit; of a dated contract, its premium."""
    rate_basis: RateBasis
    break_even_rate: Decimal | None
    """Rate per settlement at which both cost the same; None without a settlement."""
    break_even_days: Decimal | None
    """Days at which both cost the same at that rate; None where they never do."""
    futures_cheaper: FuturesCheaper
    contract: Symbol | None = None
    """Which contract was weighed; None in plans that were made before it was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteChoice:
    """The route of one asset in one plan."""

    asset: Asset
    value: Decimal
    """What is to be moved by it, offsets left out, quote units, positive buys."""
    route: str
    """``spot``, ``futures`` or ``mixed``."""
    reason: RouteReason
    table: RouteTable | None
    """Both columns where they were weighed."""
