"""Trigger prices of a measured account: what each price may do until any band is left.

Pure and exact. Coins and contracts on them move with one price; wallets and the quote's own
exposure do not. What a hedge ratio leaves overweight on purpose moves with it too, in the regime
that it is in now; what a basket leaves is taken to stay. What is short by hand moves a target with
its value, but for one that it has moved to 0. Source: strategy definitions 2.6.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, ratio
from trimtab.domain.exposure import Exposure
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import Drift
from trimtab.domain.policy import Basis, RebalancePolicy, Route
from trimtab.domain.untold import Untold
from trimtab.planning.accepted import Terms
from trimtab.planning.units import Measure, Unit
from trimtab.targets.effective import Targets
from trimtab.triggers.bands import Band
from trimtab.triggers.reach import Moving, TriggerPrices, Watched, trigger_prices

_STILL = Moving(now=ZERO, slope=ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is measured, and by which rules."""

    exposed: Exposure
    targets: Targets
    policy: RebalancePolicy
    terms: Terms
    """What is accepted by."""
    units: Sequence[Unit]
    """What has a band."""


def with_trigger_prices(drifts: tuple[Drift, ...], scene: Scene) -> tuple[Drift, ...]:
    """Return *drifts* with the trigger prices of each asset; none once a band is left.

    None either where a mixed or auto route splits a drift, or one asset is hedged by another: what
    such a route lets be goes over from one regime to another with the price, or moves with another
    price, and a price that is not certain is not told.
    """
    untold = _untold(scene)
    if untold is not None:
        return tuple(replace(drift, untold=untold) for drift in drifts)
    with exact_arithmetic():
        return tuple(_priced(drift, scene) for drift in drifts)


def _untold(scene: Scene) -> Untold | None:
    """Return why no trigger prices are told, None where they are."""
    rules = scene.policy
    if any(rules.route_of(a) is Route.CROSS for a in rules.assets):
        return Untold.CROSS_HEDGE
    if any(rules.way_of(a) is not None for a in rules.assets):
        return Untold.SPLIT_ROUTE
    return Untold.BAND_LEFT if any(unit.breached for unit in scene.units) else None


def _priced(drift: Drift, scene: Scene) -> Drift:
    """Return one asset's drift with its trigger prices."""
    exposed, asset = scene.exposed, drift.asset
    slope = _net_units(scene, asset)
    if asset == exposed.quote or not slope:
        return drift
    whole = Moving(now=scene.terms.whole, slope=slope)
    found: TriggerPrices = trigger_prices(
        _watched(scene, asset, whole),
        whole,
        at=exposed.mid(asset),
        dust=scene.policy.dust_value,
    )
    return replace(drift, trigger_low=found.low, trigger_high=found.high)


def _net_units(scene: Scene, asset: Asset) -> Decimal:
    """Return by how much the whole changes with the price of *asset*, base units, signed."""
    if scene.policy.basis is Basis.SPOT:
        return scene.exposed.outside.get(asset, ZERO)
    return scene.exposed.holding(asset) + scene.exposed.futures.get(asset, ZERO)


def _watched(scene: Scene, moving: Asset, whole: Moving) -> Iterator[Watched]:
    """Yield every band, with what the value in it does while one price moves."""
    quote = scene.exposed.quote
    members = [m for unit in scene.units for m in unit.members]
    slopes = {m.asset: _accepted_slope(scene, m, moving, whole) for m in members}
    slopes[quote] = -sum((s for a, s in slopes.items() if a != quote), ZERO)
    by_hand = _hands(scene)
    for unit in scene.units:
        if unit.name == quote and unit.edges.high == ZERO:
            continue  # A quote that is a mere residual of 0 cannot breach.
        assets = [m.asset for m in unit.members]
        own = whole.slope if moving in assets else ZERO
        hands = sum((by_hand.get(a, ZERO) for a in assets), ZERO)
        slope = own - sum((slopes[a] + _hand_slope(scene, a, moving=moving) for a in assets), ZERO)
        target = sum((scene.targets.effective[a] for a in assets), ZERO)
        # What is short by hand moves value and target alike: it is taken off both.
        yield Watched(
            value=Moving(now=unit.value - hands * whole.now, slope=slope),
            target=target - hands,
            edges=Band(low=unit.edges.low - hands, high=unit.edges.high - hands),
        )


def _hands(scene: Scene) -> Mapping[Asset, Decimal]:
    """Return how far hedges by hand move targets that follow them; one at 0 stays there."""
    quote, terms = scene.exposed.quote, scene.terms
    hands = {a: s for a, s in terms.by_hand.items() if a != quote and a not in terms.beyond}
    return {**hands, quote: -sum(hands.values(), ZERO)}


def _hand_units(scene: Scene, asset: Asset) -> Decimal:
    """Return how many units of *asset* are short by hand, >= 0; 0 where no target moves by it."""
    terms = scene.terms
    part = terms.by_hand.get(asset, ZERO) - terms.beyond.get(asset, ZERO)
    return ratio(-part * terms.whole, scene.exposed.mid(asset)) if part else ZERO


def _hand_slope(scene: Scene, asset: Asset, *, moving: Asset) -> Decimal:
    """Return how what hedges by hand take from an asset, or give the quote, moves with a price."""
    units = ZERO if moving in scene.terms.beyond else _hand_units(scene, moving)
    if asset == scene.exposed.quote:
        return units
    return -units if asset == moving else ZERO


def _accepted_slope(scene: Scene, m: Measure, moving: Asset, whole: Moving) -> Decimal:
    """Return how the overweight that stays on purpose changes with the price that moves."""
    in_basket = any(m.asset in g.assets for g in scene.targets.groups if g.basket)
    on_futures = scene.policy.route_of(m.asset) is Route.FUTURES
    if m.asset == scene.exposed.quote or in_basket or not on_futures:
        return ZERO
    part, most = scene.terms.hedge.ratio, scene.terms.hedge.max_ratio
    is_moving, shift = m.asset == moving, scene.terms.by_hand.get(m.asset, ZERO)
    units = scene.exposed.units_at_risk(m.asset) if is_moving else ZERO
    held = Moving(now=scene.exposed.value(m.asset), slope=units)
    hand = _hand_units(scene, m.asset)
    short = Moving(
        now=hand * scene.exposed.mid(m.asset) if hand else ZERO, slope=hand if is_moving else ZERO
    )
    if m.asset in scene.terms.beyond:
        over = held.less(short, ONE)
    else:
        over = held.less(whole, scene.targets.effective[m.asset] - shift)
    if over.now <= ZERO:
        return ZERO
    room = Moving(now=most * held.now - short.now, slope=most * units - short.slope)
    if part * over.now <= room.now:
        return (ONE - part) * over.slope
    return over.less(room, ONE).slope
