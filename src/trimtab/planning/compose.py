"""Snapshot and policy in, plan out: the one entry to planning.

Pure: the instant is part of the occasion. See → want → measure → decide → route → size → lay out,
each a value of its own; this module only puts them together and says where it ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Context, Decimal

from trimtab.domain.canonical import digest
from trimtab.domain.errors import PlanningError
from trimtab.domain.exact import RATIO_DIGITS, ZERO, exact_arithmetic, ratio
from trimtab.domain.exposure import Exposure, exposure, leverage_ratio, traded_units
from trimtab.domain.firings import trigger_of
from trimtab.domain.hedges import DriftBack, HedgeWish, RescueWish, StopsWish
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.occasion import Occasion
from trimtab.domain.plan import After, Plan, Role, Untraded, UntradedReason
from trimtab.domain.policy import Basis, Policy
from trimtab.domain.snapshot import Snapshot
from trimtab.hedging.declare import Terms, declared
from trimtab.planning.apart import tactical_parts, without_tactical
from trimtab.planning.basis import why_shut
from trimtab.planning.by_hand import ByHand, wished
from trimtab.planning.choice import chosen, drift_back_of, overweights_of
from trimtab.planning.contracts import Contracts
from trimtab.planning.cross import cross_choices, shorts_of
from trimtab.planning.drift import Measurement
from trimtab.planning.legs import Lines, Moved, lines
from trimtab.planning.neutral import settled
from trimtab.planning.parted import (
    Parted,
    after_legs,
    beside_sleeves,
    nets_of,
    parted,
    scale_of,
    sleeve_drifts,
)
from trimtab.planning.scene import Choice, Scene
from trimtab.planning.sizes import Sizes
from trimtab.planning.stance import Stance, stance_of
from trimtab.planning.stops import Account, stop_firings, stop_lines
from trimtab.planning.units import Measure
from trimtab.planning.ways import ways_of
from trimtab.targets.by_hand import aims_of, values_of
from trimtab.targets.effective import Targets


def make_plan(snapshot: Snapshot, policy: Policy, occasion: Occasion) -> Plan:
    """Return the plan for *snapshot* without a transfer; without legs when nothing is to do.

    Raises:
        PlanningError: the inputs cannot be planned from; says what to mend.

    """
    return make_plan_moving(ZERO, snapshot, policy, occasion)


def make_plan_moving(
    moved: Decimal, snapshot: Snapshot, policy: Policy, occasion: Occasion
) -> Plan:
    """Return the plan for *snapshot* with a transfer of *moved* into futures, if it has legs.

    *moved* is signed units of the quote; negative comes out of the futures wallet, zero is none.

    Raises:
        PlanningError: the inputs cannot be planned from; says what to mend.

    """
    everything, snapshot = snapshot, without_tactical(snapshot, policy.tactical)
    account = parted(snapshot, policy, occasion.hedges)
    own, own_snapshot = account.own, account.own_snapshot
    by_hand = _by_hand(occasion, account, policy)
    aims = aims_of(occasion.hedges, own) if by_hand is None else by_hand.aims
    ways = ways_of(settled(policy, snapshot, occasion), own_snapshot, own, occasion, aims)
    stance = beside_sleeves(stance_of(ways.policy, own_snapshot, own, occasion, aims), account)
    targets, found = stance.targets, stance.found
    scene = Scene(
        account=account,
        targets=targets,
        found=found,
        sleeves=sleeve_drifts(stance, account, moved=moved),
        crossing=account.crossing(stance),
        policy=stance.rules,
        occasion=occasion,
        overweights=overweights_of(found, targets, values_of(aims, own)),
        moved=moved,
    )
    choice, sizes = chosen(scene, by_hand)
    transfer = _moved(scene, choice, sizes)
    laid_out = lines(sizes.sized, snapshot, limits=policy.limits, moved=transfer)
    after = _after(laid_out, everything, account=account, targets=targets, found=found)
    scale = scale_of(account, nav=found.nav, moved=transfer.units)
    plan = Plan(
        key=snapshot.key,
        snapshot_id=snapshot.snapshot_id,
        policy_digest=digest(policy),
        made_at=occasion.now,
        expires_at=occasion.now + timedelta(seconds=policy.approval.ttl_s),
        quote=snapshot.quote,
        nav=found.nav,
        trigger=trigger_of(choice.firings),
        firings=choice.firings,
        alerts=choice.alerts,
        overlays=targets.overlays,
        readings=stance.readings + choice.readings,
        drift=found.drifts,
        groups=found.groups,
        routes=ways.choices(choice.corrections(account.theirs)) + cross_choices(choice.moves),
        legs=laid_out.legs,
        transfers=laid_out.transfers,
        hedging=declared(account.own_legs(laid_out.legs), _terms(scene, choice, everything)),
        allocation=sizes.certificate,
        units_before=_units_before(everything, laid_out),
        untraded=(
            *sizes.untraded,
            *choice.untraded,
            *_accepted(stance),
            *_ignored(targets, own),
        ),
        tactical=tuple(tactical_parts(policy.tactical, own)),
        after=after,
        sleeves=after_legs(scene.sleeves, account, laid_out.legs, scale),
        nets=nets_of(stance, account, laid_out.legs, after.weights),
        crosses=shorts_of(scene.crossing, laid_out.legs),
        mids={asset: account.exposed.mid(asset) for asset in _moved_assets(laid_out)},
    )
    return _with_stops(plan, snapshot, scene)


def _with_stops(plan: Plan, snapshot: Snapshot, scene: Scene) -> Plan:
    """Return a plan with what it does about stops on the venue; they may be all that it does."""
    account = Account(
        book=scene.occasion.hedges,
        resting=scene.occasion.stops,
        snapshot=snapshot,
        policy=scene.policy.hedge,
    )
    stops = stop_lines(plan.legs, plan.hedging, account)
    firings = plan.firings or stop_firings(stops)
    return replace(plan, stops=stops, firings=firings, trigger=trigger_of(firings))


def _units_before(everything: Snapshot, laid_out: Lines) -> Mapping[Asset, Decimal]:
    """Return the units of each asset that a line moves, as the plan found them."""
    return {asset: traded_units(everything, asset) for asset in _moved_assets(laid_out)}


def _moved_assets(laid_out: Lines) -> tuple[Asset, ...]:
    """Return the assets that a leg moves, by name."""
    return tuple(sorted({leg.instrument.base for leg in laid_out.legs}))


def _moved(scene: Scene, choice: Choice, sizes: Sizes) -> Moved:
    """Return the transfer of a plan: none that has no order, unless it rescues margin."""
    rescues = isinstance(scene.occasion.wish, RescueWish)
    is_for = rescues or (choice.moves and sizes.sized)
    return Moved(units=scene.moved if is_for else ZERO, comes_first=rescues)


def _by_hand(occasion: Occasion, account: Parted, policy: Policy) -> ByHand | None:
    """Return what a person asks of hedges, or None when nobody does."""
    wish = occasion.wish
    if wish is None or isinstance(wish, RescueWish | StopsWish):
        return None
    if isinstance(wish, HedgeWish) and wish.asset in policy.sleeved:
        raise PlanningError(
            f"{wish.asset}: its perpetual is a sleeve's; change the size of the sleeve instead",
            next_step="trimtab config show",
        )
    contracts = Contracts(
        snapshot=account.own_snapshot, exposed=account.own, policy=policy, occasion=occasion
    )
    return wished(wish, contracts)


def _terms(scene: Scene, choice: Choice, everything: Snapshot) -> Terms:
    """Return what the lines of a choice are declared by.

    A hedge beside a sale stands for what the sale leaves, which may lie inside the band at once:
    it closes at the target. A short that is held apart is paid its own funding, and what is bought
    back of it comes off no hedge: it is counted beside them.
    """
    sold = (m.asset for m in choice.moves if m.role is Role.SPOT and m.value < 0)
    return Terms(
        book=scene.occasion.hedges,
        snapshot=everything,
        causes=choice.causes,
        by_hand=choice.by_hand,
        drift_back={**drift_back_of(scene.overweights), **dict.fromkeys(sold, DriftBack.TARGET)},
        spends_pot=choice.spends_pot,
    )


def _accepted(stance: Stance) -> tuple[Untraded, ...]:
    """Report the overweight that hedging leaves, and why a contract is not opened for it."""
    found = stance.found
    left = (m for m in found.measures if m.asset != found.quote and m.accepted > 0)
    return tuple(_left(m, stance) for m in left)


def _left(m: Measure, stance: Stance) -> Untraded:
    """Report what hedging leaves of one asset."""
    asset, reason, note = m.asset, m.accepted_as, stance.betas.refused.get(m.asset, "")
    if note:
        reason = UntradedReason.NO_CROSS_HEDGE
    elif asset in stance.shut and reason is UntradedReason.COOL_DOWN:
        reason, note = UntradedReason.DISCOUNT, why_shut(stance.shut[asset])
    return Untraded(asset=asset, reason=reason, value=m.accepted, note=note)


def _ignored(targets: Targets, exposed: Exposure) -> tuple[Untraded, ...]:
    """Report what is held and left out of account; without a price its value is 0."""
    return tuple(
        Untraded(
            asset=asset,
            reason=UntradedReason.UNTARGETED,
            value=exposed.value(asset).copy_abs() if asset in exposed.mids else ZERO,
        )
        for asset in sorted(targets.ignored)
    )


def _after(
    laid_out: Lines,
    snapshot: Snapshot,
    *,
    account: Parted,
    targets: Targets,
    found: Measurement,
) -> After:
    """Return weights, leverage and tracking error when every leg fills at its planned price."""
    exposed = account.own
    with exact_arithmetic():
        cost = sum((leg.expected_cost for leg in laid_out.legs), ZERO)
        nav = found.nav - cost
        net = {a: exposed.net(a) for a in targets.effective if a != found.quote}
        moved = sum((transfer.units for transfer in laid_out.transfers), ZERO)
        # Contracts pay their fees from the futures wallet, which is no part of it.
        paid = sum((g.expected_cost for g in laid_out.legs if g.role is Role.SPOT), ZERO)
        outside = exposed.value_outside(exposed.unpriced) - paid - moved
        lots = dict(_open_lots(snapshot))
        for leg in laid_out.legs:
            base = leg.instrument.base
            # Else it is outside weights: a sleeve's, or traded only because it is urgent.
            value = leg.instrument.units(leg.lots) * exposed.mid(base)
            if leg.protects is not None:
                net[leg.protects.asset] += leg.protects.of(value)
            elif base in net and leg.symbol not in account.theirs:
                net[base] += value
            if leg.role is not Role.SPOT:
                lots[leg.symbol] = lots.get(leg.symbol, 0) + leg.lots
        gross = sum(
            (
                abs(snapshot.instruments[s].units(n)) * snapshot.contracts[s].mark
                for s, n in lots.items()
            ),
            exposed.inverse_notional,
        )
        net[found.quote] = nav - sum(net.values(), ZERO)
        outside += _apart(snapshot, exposed)
        weights = {a: ratio(net[a], nav) for a in targets.effective}
        counted: Mapping[Asset, Decimal] = weights
        if found.basis is Basis.SPOT:
            whole = found.whole - paid - moved
            counted = _held_weights(laid_out, exposed, targets, whole=whole)
        squares = sum(((counted[a] - targets.effective[a]) ** 2 for a in counted), ZERO)
        return After(
            weights=weights,
            leverage=leverage_ratio(gross, outside=outside),
            tracking_error=squares.sqrt(Context(prec=RATIO_DIGITS)),
        )


def _held_weights(
    laid_out: Lines, exposed: Exposure, targets: Targets, *, whole: Decimal
) -> Mapping[Asset, Decimal]:
    """Return the shares of *whole* that holdings outside futures wallets are after all legs."""
    quote = exposed.quote
    held = {a: exposed.value_outside_of(a) for a in targets.effective if a != quote}
    for leg in laid_out.legs:
        base = leg.instrument.base
        if leg.role is Role.SPOT and base in held:
            held[base] += leg.instrument.units(leg.lots) * exposed.mid(base)
    held[quote] = whole - sum(held.values(), ZERO)
    return {asset: ratio(value, whole) for asset, value in held.items()}


def _apart(everything: Snapshot, own: Exposure) -> Decimal:
    """Return the value outside futures wallets of what is held apart: leverage counts it too."""
    whole = exposure(everything)
    return whole.value_outside(whole.unpriced) - own.value_outside(own.unpriced)


def _open_lots(snapshot: Snapshot) -> Mapping[Symbol, int]:
    """Return signed lots of open positions by symbol."""
    return {symbol: p.lots for symbol, p in snapshot.positions.items()}
