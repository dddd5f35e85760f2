"""Parted: one account as its targets see it, beside all of it. Pure and exact.

Targets, bands, hedges and corrections know the account by itself: without what sleeves own, and
with what is short for another asset counted there. Leverage, margin, urgent reductions and orders
know all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic, ratio
from trimtab.domain.exposure import Exposure, exposure
from trimtab.domain.hedges import Hedge, HedgeBook
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.plan import Drift, Leg
from trimtab.domain.policy import Policy
from trimtab.domain.sleeves import NetOfSleeves, SleeveDrift, SleeveScale
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.untold import Untold
from trimtab.planning.cross import Crossing, attributed, open_crosses, without_crosses
from trimtab.planning.sleeves import Scale, measured, sleeve_symbols, without_sleeves
from trimtab.planning.stance import Stance
from trimtab.triggers.bands import Band, sleeved_alert_prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted:
    """An account, with its sleeves and by itself."""

    snapshot: Snapshot
    """All of it."""
    exposed: Exposure
    hedged: Snapshot
    """Without what sleeves own."""
    own_snapshot: Snapshot
    """Without what is short for other assets either."""
    own: Exposure
    """The same, with what is short for other assets as a short on those."""
    crosses: tuple[Hedge, ...]
    """Open cross-hedges by first fill, each as large as is really short."""
    theirs: frozenset[Symbol]
    """Contracts that sleeves own."""

    def crossing(self, stance: Stance) -> Crossing:
        """Return what goes by the contracts of other assets, on *stance*."""
        return Crossing(
            rules=stance.rules.rebalance,
            cross=stance.rules.hedge.cross,
            betas=stance.betas,
            crosses=self.crosses,
            own_snapshot=self.own_snapshot,
            own=self.own,
        )

    def own_legs(self, legs: Iterable[Leg]) -> tuple[Leg, ...]:
        """Return those of *legs* that no sleeve is for."""
        return tuple(leg for leg in legs if leg.symbol not in self.theirs)


def parted(snapshot: Snapshot, policy: Policy, book: HedgeBook) -> Parted:
    """Return *snapshot* with its sleeves and by itself, with the hedges of *book*."""
    hedged = without_sleeves(snapshot, policy.sleeved, dated=policy.neutral_dated)
    crosses = open_crosses(book, hedged)
    own_snapshot = without_crosses(hedged, crosses) if crosses else hedged
    exposed = exposure(snapshot)
    own = exposed if own_snapshot is snapshot else exposure(own_snapshot)
    return Parted(
        snapshot=snapshot,
        exposed=exposed,
        hedged=hedged,
        own_snapshot=own_snapshot,
        own=attributed(own, crosses, own_snapshot),
        crosses=crosses,
        theirs=sleeve_symbols(snapshot, policy.sleeved, dated=policy.neutral_dated),
    )


def scale_of(account: Parted, *, nav: Decimal, moved: Decimal) -> Scale:
    """Return what sizes of sleeves are shares of.

    *moved* is what a transfer of the same plan takes out of the spot wallet, quote units, signed.
    """
    with exact_arithmetic():
        outside = account.exposed.value_outside(account.exposed.unpriced) - moved
    return Scale(nav=nav, outside=outside)


def sleeve_drifts(stance: Stance, account: Parted, *, moved: Decimal) -> tuple[SleeveDrift, ...]:
    """Return how far each sleeve of the targets is from its size; *moved* as above."""
    scale = scale_of(account, nav=stance.found.nav, moved=moved)
    dust = stance.rules.rebalance.dust_value
    return measured(stance.targets.sleeves, account.snapshot, scale, dust=dust)


def beside_sleeves(stance: Stance, account: Parted) -> Stance:
    """Return *stance* with what sleeves add to each exposure, and prices that allow for it.

    No trigger prices are told: the price that moves a coin moves a sleeve too, and with it every
    weight. Members of groups have no alert prices for the same reason.
    """
    if not stance.targets.sleeves:
        return stance
    grouped = {a for g in stance.targets.groups for a in g.assets}
    added = in_sleeves(account)
    found, nav = stance.found, stance.found.nav
    drifts = tuple(
        _beside(d, ratio(added.get(d.asset, ZERO), nav), account, is_alone=d.asset not in grouped)
        for d in found.drifts
    )
    return replace(stance, found=replace(found, drifts=drifts))


def _beside(drift: Drift, added: Decimal, account: Parted, *, is_alone: bool) -> Drift:
    """Return one drift with what sleeves add to it, *added*, a fraction of NAV."""
    bare = replace(
        drift,
        in_sleeves=added,
        untold=Untold.SLEEVES,
        trigger_low=None,
        trigger_high=None,
        chances_low=(),
        chances_high=(),
    )
    if not added or drift.asset == account.exposed.quote:
        return bare
    if not is_alone:
        return replace(bare, alert_low=None, alert_high=None)
    with exact_arithmetic():
        net = drift.net_weight + added
    prices = sleeved_alert_prices(
        weight=drift.net_weight,
        net_weight=net,
        price=account.exposed.mid(drift.asset),
        edges=Band(low=drift.band_low, high=drift.band_high),
    )
    return replace(bare, alert_low=prices.low, alert_high=prices.high)


def in_sleeves(account: Parted) -> Mapping[Asset, Decimal]:
    """Return what sleeves add to each net exposure, quote units, signed; the sum is 0."""
    added: dict[Asset, Decimal] = {}
    with exact_arithmetic():
        for symbol in sorted(account.theirs):
            position = account.snapshot.positions.get(symbol)
            if position is not None:
                instrument = account.snapshot.instruments[symbol]
                value = instrument.units(position.lots) * account.exposed.mid(instrument.base)
                added[instrument.base] = added.get(instrument.base, ZERO) + value
        if added:
            added[account.exposed.quote] = -sum(added.values(), ZERO)
    return added


def after_legs(
    drifts: tuple[SleeveDrift, ...], account: Parted, legs: tuple[Leg, ...], scale: Scale
) -> tuple[SleeveDrift, ...]:
    """Return *drifts* with the size that each sleeve has when every leg fills at its mark."""
    moved = _moved(account, legs)
    return tuple(_after(drift, moved, scale) for drift in drifts)


def _after(drift: SleeveDrift, moved: Mapping[Asset, Decimal], scale: Scale) -> SleeveDrift:
    """Return one sleeve with its size afterwards."""
    is_multiple = drift.scale is SleeveScale.MULTIPLE
    whole = scale.outside if is_multiple else scale.nav
    with exact_arithmetic():
        value = sum((m.notional + moved.get(m.asset, ZERO) for m in drift.members), ZERO)
        size = drift.direction.sign * value
    return replace(drift, after=ratio(size, whole) if whole > 0 else ZERO)


def _moved(
    account: Parted, legs: tuple[Leg, ...], *, at_mid: bool = False
) -> Mapping[Asset, Decimal]:
    """Return the notional that legs move in contracts of sleeves, signed: at mark, or at mid.

    A size is measured by the mark; what nets with coins is valued as they are.
    """
    moved: dict[Asset, Decimal] = {}
    with exact_arithmetic():
        for leg in legs:
            if leg.symbol in account.theirs:
                base = leg.instrument.base
                price = account.exposed.mid(base) if at_mid else leg.mark
                value = leg.instrument.units(leg.lots) * price
                moved[base] = moved.get(base, ZERO) + value
    return moved


def nets_of(
    stance: Stance,
    account: Parted,
    legs: tuple[Leg, ...],
    after: Mapping[Asset, Decimal],
) -> tuple[NetOfSleeves, ...]:
    """Return what sleeves do to each exposure that they touch, now and after *legs*, by name.

    *after* are the weights without sleeves then; what is not among them stays.
    """
    if not stance.targets.sleeves:
        return ()
    nav, quote = stance.found.nav, account.exposed.quote
    now, moved = in_sleeves(account), _moved(account, legs, at_mid=True)
    nets = []
    for asset in sorted({*now, *moved} - {quote}):
        own, value = ratio(account.own.net(asset), nav), now.get(asset, ZERO)
        with exact_arithmetic():
            value_after = value + moved.get(asset, ZERO)
        nets.append(
            NetOfSleeves(
                asset=asset,
                own=own,
                in_sleeves=ratio(value, nav),
                own_after=after.get(asset, own),
                in_sleeves_after=ratio(value_after, nav),
            )
        )
    return tuple(nets)
