"""Ways: how each asset's drift is split between coin and contract, on this account and occasion.

Pure and exact but for divisions. Source: strategy definitions 3.1 to 3.4 and 4.2;
docs/design/0031-routes.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from trimtab.domain.contracts import Contract
from trimtab.domain.exact import ZERO, exact_arithmetic, ratio
from trimtab.domain.exposure import Exposure
from trimtab.domain.history import FundingSettlement
from trimtab.domain.instruments import Asset, Instrument, MarketKind
from trimtab.domain.occasion import Occasion
from trimtab.domain.plan import LegReason, Role
from trimtab.domain.policy import Policy, Route
from trimtab.domain.routing import (
    ALL_SPOT,
    NO_SPOT,
    RouteChoice,
    RouteReason,
    RouteTable,
    Way,
)
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.contracts import Contracts
from trimtab.planning.route_costs import Venues, Wish, weighed
from trimtab.planning.routes import Move
from trimtab.targets.by_hand import Aim, hedged_targets, values_of
from trimtab.targets.effective import Targets
from trimtab.targets.portfolio import targets_of

_BY_ROUTE: Final = frozenset({Role.SPOT, Role.HEDGE})
"""What a route carries; an offset is taken before any route."""
_OF_DRIFTS: Final = frozenset({LegReason.TO_TARGET, LegReason.TO_BAND, LegReason.PART_OF_THE_WAY})
"""What takes a route; hedges by hand and the pot go where they say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What an auto route came to."""

    route: Route
    reason: RouteReason
    table: RouteTable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """The rules of an occasion with every route settled, and what was weighed for it."""

    policy: Policy
    weighed: Mapping[Asset, Weighed]
    """Of every asset with an auto route."""

    def choices(self, moves: Iterable[Move]) -> tuple[RouteChoice, ...]:
        """Return how each asset goes that *moves* correct, in their order."""
        values: dict[Asset, Decimal] = {}
        with exact_arithmetic():
            for move in moves:
                if move.role in _BY_ROUTE and move.reason in _OF_DRIFTS:
                    values[move.asset] = values.get(move.asset, ZERO) + move.value
        return tuple(self._choice(asset, value) for asset, value in values.items())

    def _choice(self, asset: Asset, value: Decimal) -> RouteChoice:
        """Return how one asset goes."""
        configured = Weighed(
            route=self.policy.rebalance.route_of(asset), reason=RouteReason.CONFIGURED, table=None
        )
        found = self.weighed.get(asset, configured)
        return RouteChoice(
            asset=asset,
            value=value,
            route=found.route.value,
            reason=found.reason,
            table=found.table,
        )


def ways_of(
    policy: Policy, snapshot: Snapshot, exposed: Exposure, occasion: Occasion, aims: Sequence[Aim]
) -> Ways:
    """Settle the route of every asset; nothing is reckoned where all routes are plain.

    Raises:
        PlanningError: an auto route cannot be weighed; says what to add.

    """
    rules = policy.rebalance
    split = [a for a in rules.assets if rules.way_of(a) is not None and a != snapshot.quote]
    if not split:
        return Ways(policy=policy, weighed={})
    targets = hedged_targets(
        targets_of(policy, exposed, occasion, aims), aims, exposed, policy=policy
    )
    scene = _Scene(
        snapshot=snapshot,
        exposed=exposed,
        targets=targets,
        policy=policy,
        occasion=occasion,
        nav=exposed.nav(targets.ignored),
        by_hand=values_of(aims, exposed),
    )
    ways, found = dict[Asset, Way](), dict[Asset, Weighed]()
    for asset in split:
        share, coarse = rules.spot_fraction, scene.tolerance(asset)
        if rules.route_of(asset) is Route.AUTO:
            found[asset] = scene.auto(asset)
            by_spot = found[asset].route is Route.SPOT
            share, coarse = (ALL_SPOT, ZERO) if by_spot else (NO_SPOT, coarse)
        ways[asset] = Way(spot=share, tolerance=coarse)
    return Ways(policy=replace(policy, rebalance=replace(rules, ways=ways)), weighed=found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """One account and what is wanted of it."""

    snapshot: Snapshot
    exposed: Exposure
    targets: Targets
    policy: Policy
    occasion: Occasion
    nav: Decimal
    """Without what is ignored, quote units."""
    by_hand: Mapping[Asset, Decimal]
    """What is short by hand and covers what its targets gave up, quote units, >= 0."""

    def auto(self, asset: Asset) -> Weighed:
        """Return the cheaper route of what no offset and no cover takes up, and both columns."""
        value = self._wish(asset)
        venues = self._venues(asset, sells=value < 0)
        if venues is None:
            return Weighed(route=Route.SPOT, reason=RouteReason.NO_CONTRACT, table=None)
        if not value:
            return Weighed(route=Route.SPOT, reason=RouteReason.CHEAPER, table=None)
        wish = Wish(
            asset=asset,
            value=value,
            mid=self.exposed.mid(asset),
            leverage=self.policy.hedge.leverage,
            now=self.snapshot.venue_at,
        )
        table = weighed(wish, venues, self.policy.auto)
        cheaper = table.futures.total < table.spot.total
        route = Route.FUTURES if cheaper else Route.SPOT
        return Weighed(route=route, reason=RouteReason.CHEAPER, table=table)

    def _wish(self, asset: Asset) -> Decimal:
        """Return what of the drift no offset and no cover takes up, quote units, positive buys."""
        held, by_hand = self.exposed.value(asset), self.by_hand.get(asset, ZERO)
        with exact_arithmetic():
            units = self.exposed.futures.get(asset, ZERO)
            futures = units * self.exposed.mid(asset) if units else ZERO
            over = held - self.targets.effective[asset] * self.nav - by_hand
            if over <= 0:
                return max(ZERO, -over - max(ZERO, futures))
            hedge, short = self.policy.hedge.ratio, max(ZERO, -futures - by_hand)
            return -max(ZERO, over - (ratio(short, hedge) if hedge else ZERO))

    def _venues(self, asset: Asset, *, sells: bool) -> Venues | None:
        """Return both markets of *asset*, None where one is missing, closed or was not read.

        A hedge is weighed in the contract that it would stand in; what is bought is a perpetual.
        """
        coin = _listed(self._named(asset), MarketKind.SPOT)
        contract = self._contract(asset, sells=sells)
        books = self.snapshot.books
        if coin is None or contract is None:
            return None
        if coin.symbol not in books or contract.symbol not in books:
            return None
        return Venues(
            coin=coin,
            coin_book=books[coin.symbol],
            contract=contract,
            contract_book=books[contract.symbol],
            state=self.snapshot.contracts[contract.symbol],
            past=self._past(asset),
        )

    def _contract(self, asset: Asset, *, sells: bool) -> Instrument | None:
        """Return the contract that is traded, None where there is none."""
        if not sells or self.policy.hedge.contract_of(asset) is Contract.PERPETUAL:
            return _listed(self._named(asset), MarketKind.SWAP)
        contracts = Contracts(
            snapshot=self.snapshot,
            exposed=self.exposed,
            policy=self.policy,
            occasion=self.occasion,
        )
        return contracts.where_hedged(asset)

    def _past(self, asset: Asset) -> tuple[FundingSettlement, ...]:
        """Return the settlements within the look-back that were read; may be empty."""
        history = self.occasion.history
        if history is None:
            return ()
        since = self.snapshot.venue_at - timedelta(days=self.policy.auto.funding_days)
        return tuple(s for s in history.funding.get(asset, ()) if s.settled_at > since)

    def tolerance(self, asset: Asset) -> Decimal:
        """Return the overweight without cover that whole orders in both markets may leave."""
        hedge, total = self.policy.hedge.ratio, ZERO
        hedging = self._contract(asset, sells=True)
        for instrument in self._named(asset):
            if instrument.is_contract and instrument != hedging:
                continue
            with exact_arithmetic():
                lots = instrument.units(instrument.lots_min) * self.exposed.mid(asset)
                step = max(lots, instrument.notional_min)
                is_hedge = instrument.is_contract and hedge
                total += ratio(step, hedge) if is_hedge else step
        return total

    def _named(self, asset: Asset) -> Iterable[Instrument]:
        """Yield the markets of *asset* against the quote that were read."""
        quote = self.snapshot.quote
        return (
            i for i in self.snapshot.instruments.values() if i.base == asset and i.quote == quote
        )


def _listed(markets: Iterable[Instrument], kind: MarketKind) -> Instrument | None:
    """Return the one of *kind* that can be traded now, or None."""
    return next((i for i in markets if i.kind is kind and i.tradable), None)
