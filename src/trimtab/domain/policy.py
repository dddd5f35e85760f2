"""What the operator wants and allows: targets, routes, hedging, limits, approval, execution.

Weights and ratios are fractions of 1, values quote units, ``bps`` 1/10,000. Built by the
configuration from a valid file; complete, with no default that was not written down there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

from trimtab.domain.declared import DeclaredTiers
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.hedge_policy import HedgePolicy
from trimtab.domain.history import HistoryNeed
from trimtab.domain.history_policy import NO_HISTORY_NEEDED, HistoryPolicy, risky_of
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.neutral import NeutralPolicy
from trimtab.domain.overlay_policy import NO_OVERLAYS, OverlayPolicy
from trimtab.domain.references import ReferenceSource
from trimtab.domain.rights import KeyTrust
from trimtab.domain.routing import ALL_SPOT, AutoPolicy, Share, Way
from trimtab.domain.sleeves import Sleeve, assets_of
from trimtab.domain.tactical import NOTHING_TACTICAL, TacticalPolicy
from trimtab.domain.urgency import UrgencyPolicy

RECEIVE_WINDOW_MS_MAX: Final = 60_000
"""Longest window that can be configured, milliseconds."""


class Basis(StrEnum):
    """What a weight is a share of."""

    NET = "net"
    """Net exposure (holding plus futures) of NAV."""
    SPOT = "spot"
    """Holding value of all holdings outside futures wallets."""


class Untargeted(StrEnum):
    """What happens to an asset that is held but not named."""

    IGNORE = "ignore"
    SELL = "sell"
    ERROR = "error"


class Route(StrEnum):
    """How a drift is corrected."""

    SPOT = "spot"
    FUTURES = "futures"
    MIXED = "mixed"
    """A share by spot, the rest hedged at the ratio."""
    AUTO = "auto"
    """Each asset by the cheaper of the two over a horizon."""
    CROSS = "cross"
    """An overweight by a short of another asset's contract, at its beta."""


class Scope(StrEnum):
    """Who moves when one asset is outside its band."""

    ALL = "all"
    BREACHED = "breached"


class DriftSide(StrEnum):
    """Which drifts are corrected."""

    BOTH = "both"
    OVERWEIGHT = "overweight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """How far a weight may stray before the plan acts; a breach is strictly outside."""

    width: Decimal
    """Weight (0.05 for 5pp) or, when relative, fraction of the target; >= 0."""
    relative: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a correction ends: ``fraction`` 1 is the target; to the band's edge otherwise."""

    to_band: bool
    fraction: Decimal
    """Share of the way to the target, in (0, 1]; 1 when ``to_band``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The strategic weight of one asset."""

    asset: Asset
    weight: Decimal
    """Fraction of the basis, 0 to 1."""


class Inner(StrEnum):
    """How the weight of a group is split over its members."""

    FIXED = "fixed"
    """As written."""
    EQUAL = "equal"
    KEEP = "keep"
    """As their present values stand: an excess is trimmed pro rata."""
    RISK_PARITY = "risk_parity"
    """So that their shares in the group's risk are equal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetGroup:
    """Assets that have one weight together."""

    name: str
    weight: Decimal
    """Fraction of the basis, 0 to 1."""
    inner: Inner
    members: tuple[Target, ...]
    """In file order, never empty; weights are fractions of the group and sum to 1. Equal parts
    where nothing is written."""
    threshold: Threshold | None
    """Band of the group as a whole; None where every member has its own."""
    basket: bool
    """Whether members with a contract hedge for those without; only where values are kept."""
    look_back_days: int
    """Closes that shares of equal risk are estimated from, > 0; read for those only."""

    @property
    def assets(self) -> tuple[Asset, ...]:
        """Its members in file order."""
        return tuple(member.asset for member in self.members)


@dataclass(frozen=True, slots=True, kw_only=True)
class RebalancePolicy:
    """Targets, bands and routes."""

    basis: Basis
    targets: tuple[Target, ...]
    """In file order, the quote among them or as the residual; weights sum to 1. Empty where
    groups say it."""
    groups: tuple[AssetGroup, ...]
    """In file order; weights sum to 1. Empty where targets say it."""
    untargeted: Untargeted
    route: Route
    routes: Mapping[Asset, Route]
    """Exceptions from ``route`` by asset."""
    spot_fraction: Share
    """Share that a mixed route trades by spot."""
    ways: Mapping[Asset, Way]
    """Mixed and auto routes as one account and occasion have them; empty in a configuration."""
    threshold: Threshold
    thresholds: Mapping[Asset, Threshold]
    """Exceptions from ``threshold`` by asset."""
    scope: Scope
    side: DriftSide
    destination: Destination
    flags: Mapping[Asset, str]
    """Assets that are never bought, each with the words that say why."""
    dust_value: Decimal
    """Holdings below it are ignored when untargeted, quote units, >= 0."""

    @property
    def assets(self) -> tuple[Asset, ...]:
        """Every asset that has a target, in file order."""
        grouped = (asset for group in self.groups for asset in group.assets)
        return (*(target.asset for target in self.targets), *grouped)

    def route_of(self, asset: Asset) -> Route:
        """Return the route that *asset* takes."""
        return self.routes.get(asset, self.route)

    def way_of(self, asset: Asset) -> Way | None:
        """Return how the drift of *asset* is split; None where its route alone says so."""
        route = self.route_of(asset)
        if route in (Route.SPOT, Route.FUTURES, Route.CROSS):
            return None
        by_itself = self.spot_fraction if route is Route.MIXED else ALL_SPOT
        return self.ways.get(asset, Way(spot=by_itself, tolerance=ZERO))

    def banded(self, asset: Asset) -> tuple[Decimal, Threshold]:
        """Return the weight as written and the threshold of what has a band: it, or its group."""
        in_groups = ((g, m) for g in self.groups for m in g.members if m.asset == asset)
        for group, member in in_groups:
            if group.threshold is not None:
                return group.weight, group.threshold
            with exact_arithmetic():
                return group.weight * member.weight, self.threshold_of(asset)
        weight = next(t.weight for t in self.targets if t.asset == asset)
        return weight, self.threshold_of(asset)

    def threshold_of(self, asset: Asset) -> Threshold:
        """Return the threshold that *asset* has."""
        return self.thresholds.get(asset, self.threshold)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimits:
    """What may never happen. Names are the configuration's keys and the checks' codes."""

    max_leverage: Decimal
    """Futures notional over the value outside futures wallets, multiple, >= 0."""
    max_net: Decimal
    """Sum of |net exposure| of all but the quote over NAV, multiple, >= 0."""
    max_gross: Decimal
    """Risky holdings plus futures notional over NAV, multiple, >= 0."""
    max_synthetic_long: Decimal
    """Long futures, netted by asset, over NAV, multiple, >= 0."""
    max_order_notional: Decimal
    """Value of one order, quote units, >= 0."""
    max_asset_notional: Decimal
    """Value sent in one asset in 24 hours, provable reductions left out, quote units, >= 0."""
    max_run_notional: Decimal
    """Value sent by one run, provable reductions left out, quote units, >= 0."""
    max_day_notional: Decimal
    """Value sent in 24 hours, provable reductions left out, quote units, >= 0."""
    max_orders: int
    """Orders of one run, sent and planned, each line as one, >= 0."""
    max_unhedged_notional: Decimal
    """Exposure open between two opposing legs of one asset, quote units, >= 0."""
    min_margin_ratio: Decimal
    """Balance over maintenance margin of a futures wallet, >= 1; 1 is liquidation."""
    min_liquidation_distance: Decimal
    """How far a mark may move against its position before liquidation, fraction, 0 to 1."""
    shock: Decimal
    """Price move, up and down, that every reachable state must survive, fraction, in [0, 1)."""
    shock_kappa: Decimal
    """Maintenance margins that the balance must still cover after the shock, multiple, >= 1."""
    max_slippage_bps: Decimal
    """Loss against the book's mid, walked to the full size of the order, >= 0."""
    price_collar_bps: Decimal
    """Distance of a limit from each reference of its value, >= 0."""
    max_depeg_bps: Decimal
    """Distance of a stable from its dollar, either way, at which it is still bought, >= 0."""
    max_snapshot_age_s: Decimal
    """Age of the snapshot when the gate sees it, > 0."""
    max_clock_offset_ms: int
    """Difference between our clock and the venue's, either way, >= 0."""
    fee_reserve: Decimal
    """Fraction of free quote kept for fees, in [0, 1)."""
    symbols: tuple[Symbol, ...]
    """The only markets that may be traded; empty for all that targets need."""
    max_daily_loss: Decimal
    """Loss from the highest look of 24 hours, fraction of NAV adjusted for flows, 0 to 1."""
    max_drawdown: Decimal
    """The same from the highest look since the last release, 0 to 1."""
    max_nav_jump: Decimal
    """Change of NAV adjusted for flows between two looks within 24 hours, fraction, >= 0."""
    max_rejects: int
    """Orders that the venue refuses in 24 hours before the account is halted, >= 1."""
    max_minute_orders: int
    """Orders sent in a minute, with those planned, >= 0; of the run itself each line as one."""
    max_day_orders: int
    """Orders sent in 24 hours, with those planned, >= 0; of the run itself likewise."""
    duplicate_window_s: int
    """How long an order of another plan makes its twin a duplicate, >= 0."""
    max_spread_bps: Decimal
    """Best ask less best bid over their mid, >= 0."""
    max_depth_share: Decimal
    """Size of an order over what its book shows within the slippage bound, 0 to 1."""
    max_funding_bps: Decimal
    """What a position to be opened pays at one funding settlement, of its notional, >= 0."""
    max_basis_bps: Decimal
    """Distance of mark from index of a contract to be opened, either way, >= 0; of a dated one,
    for each 30 days that it still has."""
    min_expiry_days: int
    """Days that a contract to be opened must still have, >= 0."""
    max_turnover: Decimal
    """Value sent by one run, provable reductions left out, over NAV, multiple, >= 0."""
    max_target_move: Decimal
    """Change of one target since the last executed plan, weight, 0 to 1."""
    max_statement_age_days: int
    """Age of the last statement of the account that reconciliation starts from, >= 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencePolicy:
    """Which independent prices are read, and when they are good enough."""

    sources: tuple[ReferenceSource, ...]
    """Who is asked, in this order; empty: nobody."""
    required: bool
    """Whether a plan is refused without them; in live it is in any case."""
    max_age_s: Decimal
    """Age of a quotation when the gate sees it, > 0."""
    max_disagreement_bps: Decimal
    """Distance of the highest quotation of an asset from its lowest, >= 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalPolicy:
    """For how long, and how far from the planned prices, an approval holds."""

    ttl_s: int
    """From planning to expiry, > 0."""
    max_move_bps: Decimal
    """Move of a mid against its leg since planning, >= 0."""
    two_step_above: Decimal
    """Notional of a plan above which a person is asked twice, quote units, >= 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionPolicy:
    """How a leg is worked."""

    max_reprices: int
    """New orders for the rest of a leg after its first, >= 0."""
    receive_window_ms: int
    """How long after its timestamp the venue may accept a request, >= 1; what is configured, or
    what a venue of the account says of itself where that is longer."""
    order_timeout_s: Decimal
    """Wait for an order's answer; above the venue's own 10 s, so that its verdict wins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All of it, and the digest of the configuration it came from."""

    rebalance: RebalancePolicy
    hedge: HedgePolicy
    auto: AutoPolicy
    urgency: UrgencyPolicy
    limits: RiskLimits
    references: ReferencePolicy
    approval: ApprovalPolicy
    execution: ExecutionPolicy
    history: HistoryPolicy = NO_HISTORY_NEEDED
    overlays: OverlayPolicy = NO_OVERLAYS
    tactical: TacticalPolicy = NOTHING_TACTICAL
    sleeves: tuple[Sleeve, ...] = ()
    """In file order; those that a rule of the targets makes are not among them."""
    neutral: NeutralPolicy | None = None
    """Coins that may be held with an equal short; None where none is."""
    key_trust: KeyTrust = KeyTrust.TOLD
    """Whose word counts, in live, for what the key may do."""
    tiers: DeclaredTiers = field(default_factory=dict)
    """What positions have to maintain, where the venue of the contracts does not tell it."""

    @property
    def sleeved(self) -> tuple[Asset, ...]:
        """Every asset whose perpetuals are a sleeve's, and nothing else's."""
        parity = self.history.risk_parity
        scaled = () if parity is None or not parity.uses_futures else parity.assets
        return (*assets_of(self.sleeves), *scaled, *self.neutral_members)

    @property
    def neutral_members(self) -> tuple[Asset, ...]:
        """Every asset that may be held neutral, in file order."""
        return () if self.neutral is None else self.neutral.members

    @property
    def neutral_dated(self) -> tuple[Asset, ...]:
        """Every asset whose dated contracts are the neutral sleeve's, in file order."""
        return () if self.neutral is None else self.neutral.dated

    def may_use_dated(self, asset: Asset) -> bool:
        """Whether a hedge, or the short of a neutral member, may stand in a dated contract."""
        return asset in self.neutral_dated or self.hedge.may_use_dated(asset)

    @property
    def beside_targets(self) -> tuple[Asset, ...]:
        """Every asset whose contracts are traded for a sleeve, or for another asset."""
        cross = self.hedge.cross
        return (*self.sleeved, *(cross.by.values() if cross is not None else ()))

    @property
    def past_needed(self) -> HistoryNeed:
        """What of the past has to be read for this policy; often nothing."""
        assets, redeploy = self.rebalance.assets, self.hedge.redeploy
        need = self.history.need(assets)
        if redeploy is not None:
            need = need.joined(redeploy.need(assets))
        if self.hedge.cross is not None:
            need = need.joined(self.hedge.cross.need)
        if self.neutral is not None:
            need = need.joined(self.neutral.need)
        risky = risky_of(assets)
        weighed = tuple(a for a in risky if self.rebalance.route_of(a) is Route.AUTO)
        compared = tuple(a for a in risky if self.hedges(a) and self.hedge.compares(a))
        days = max(self.hedge.carry.funding_days, self.hedge.carry.negative_days)
        for names, back in ((weighed, self.auto.funding_days), (compared, days)):
            if names and back:
                need = need.joined(HistoryNeed(assets=(), days=back, perpetuals=names))
        return need

    def hedges(self, asset: Asset) -> bool:
        """Whether contracts on *asset* may be traded: by a route, a rotation or a sleeve."""
        by_route = self.rebalance.route_of(asset) not in (Route.SPOT, Route.CROSS)
        return by_route or self.overlays.rotation is not None or asset in self.beside_targets
