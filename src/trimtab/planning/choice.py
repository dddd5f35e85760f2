"""Choose: what one plan is for, when a person, a hedge's condition and drifts all want something.

Pure. A wish by hand makes a plan of its own, and so does what is urgent. A hedge that is due to
close goes before drifts: what it gives back is measured by the next plan, not guessed by this one.
A due slot goes before both, for it trades everything to target. Source: strategy definitions 2.4
and 4.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic, ratio
from trimtab.domain.firings import TriggerKind, by_urgency
from trimtab.domain.hedges import DriftBack, HedgeCause, RescueWish, StopsWish, units_of
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.occasion import Occasion
from trimtab.domain.plan import LegReason, UntradedReason
from trimtab.domain.snapshot import Snapshot
from trimtab.hedging.closing import Closing, Overweight, Sight, due
from trimtab.planning.basis import discounts_of
from trimtab.planning.by_hand import ByHand, closing_moves, firings_of, moves_of
from trimtab.planning.carry import Carry, carry_of, swapped
from trimtab.planning.correction import calls_of, corrected
from trimtab.planning.drift import Measurement
from trimtab.planning.neutral import Account, paired
from trimtab.planning.redeploy import redeployed
from trimtab.planning.rescue import rescue
from trimtab.planning.scene import NOTHING, Choice, Scene
from trimtab.planning.sizes import Sizes, drawn, sized
from trimtab.planning.urgent import Urgent, deferred, urgent_in, without_longs
from trimtab.targets.effective import Targets


def chosen(scene: Scene, by_hand: ByHand | None) -> tuple[Choice, Sizes]:
    """Return what a plan is for and the whole lots that it comes to.

    A close that cannot be ordered (its rest is below the venue's minimum) keeps no drift waiting.

    Raises:
        PlanningError: it cannot be planned; says what to mend.

    """
    if isinstance(scene.occasion.wish, RescueWish):
        return _rescued(scene)
    if isinstance(scene.occasion.wish, StopsWish):
        return _sized(NOTHING, scene)
    urgent = urgent_in(scene.contracts)
    if urgent.firings and by_hand is None:
        return _urgent(urgent, scene)
    carry, basis = carry_of(scene.contracts), discounts_of(scene.contracts)
    choice, sizes = _unhurried(scene, by_hand, carry)
    if urgent.shuts_longs:
        sizes = without_longs(sizes)
    told = [firing for firing in carry.told if firing not in choice.firings]
    return replace(
        choice,
        alerts=by_urgency((*urgent.told, *basis.told, *told)),
        untraded=(*choice.untraded, *urgent.sizes.untraded),
        readings=choice.readings + carry.readings + basis.readings,
    ), sizes


def _rescued(scene: Scene) -> tuple[Choice, Sizes]:
    """Return what a rescue cuts, and nothing else."""
    found = rescue(scene.contracts, moved=scene.moved)
    return replace(NOTHING, firings=found.firings, causes=found.causes), found.sizes


def _urgent(urgent: Urgent, scene: Scene) -> tuple[Choice, Sizes]:
    """Return what is urgent alone; corrections wait, and say so."""
    correction = corrected(scene)
    firings = by_urgency((*urgent.firings, *correction.firings))
    waiting = (*correction.untraded, *deferred(correction.moves))
    choice = replace(
        NOTHING, firings=firings, alerts=urgent.alerts, untraded=waiting, causes=urgent.causes
    )
    return choice, urgent.sizes


def _unhurried(scene: Scene, by_hand: ByHand | None, carry: Carry) -> tuple[Choice, Sizes]:
    """Return what a plan is for when nothing is urgent, or a person asked for something."""
    if by_hand is not None:
        return _sized(chosen_by_hand(by_hand, scene.occasion, scene.snapshot), scene)
    closings = due_closings(scene)
    if closings:
        choice, sizes = _sized(chosen_closings(closings, scene.snapshot), scene)
        if sizes.sized:
            return choice, sizes
    correction = corrected(scene)
    if correction.firings:
        return _with_shorts(*_sized(correction, scene), scene)
    moving = swapped(carry, scene.contracts)
    if moving.sizes.sized:
        leaving = {each.move.instrument.symbol for each in moving.sizes.sized}
        firings = tuple(f for f in carry.gains if f.subject in leaving)
        left = (*correction.untraded, *moving.sizes.untraded)
        return replace(NOTHING, firings=firings, causes=moving.causes, untraded=left), moving.sizes
    return _spent(scene, correction)


def _with_shorts(choice: Choice, sizes: Sizes, scene: Scene) -> tuple[Choice, Sizes]:
    """Return a correction with the shorts of the neutral sleeve, as large as its coins will be."""
    policy = scene.policy
    if policy.neutral is None:
        return choice, sizes
    account = Account(
        snapshot=scene.snapshot,
        exposed=scene.exposed,
        limits=policy.limits,
        neutral=policy.neutral,
    )
    sizes = paired(sizes, account)
    shorts = tuple(s.move for s in sizes.sized if s.reason is LegReason.NEUTRAL)
    return replace(choice, moves=choice.moves + shorts), sizes


def _spent(scene: Scene, idle: Choice) -> tuple[Choice, Sizes]:
    """Return what the pot buys when nothing else acts; what cannot be ordered is not begun.

    *idle* is the correction that found nothing to do, with what it left alone.
    """
    policy, book = scene.policy.hedge.redeploy, scene.occasion.hedges
    if policy is None:
        return _sized(idle, scene)
    quote = scene.snapshot.quote
    flags = scene.policy.rebalance.flags
    barred = {*flags, *scene.policy.neutral_members}
    free = tuple(m for m in scene.found.measures if m.asset not in barred)
    found = redeployed(
        book.pot(quote),
        replace(scene.found, measures=free),
        scene.snapshot,
        policy=policy,
        history=scene.occasion.history,
    )
    untraded = idle.untraded + found.waits
    silent = replace(NOTHING, untraded=untraded, readings=found.readings)
    spends = replace(silent, firings=found.firings, moves=found.moves, spends_pot=True)
    choice, sizes = _sized(spends, scene)
    if sizes.sized:
        return choice, sizes
    # Money of the futures wallet may pay what there is no quote for.
    unpaid = tuple(u for u in sizes.untraded if u.reason is UntradedReason.NO_FREE_CASH)
    return _sized(replace(silent, untraded=untraded + unpaid), scene)


def _sized(choice: Choice, scene: Scene) -> tuple[Choice, Sizes]:
    """Return a choice with its lots."""
    snapshot, limits = scene.snapshot, scene.policy.limits
    moved = drawn(choice.moves, snapshot, scene.policy, moved=scene.moved)
    return choice, sized(choice.moves, snapshot, exposed=scene.exposed, limits=limits, moved=moved)


def chosen_by_hand(given: ByHand, occasion: Occasion, snapshot: Snapshot) -> Choice:
    """Return what a person asked for, and nothing else."""
    book, aim = occasion.hedges, given.opening
    causes = {c.hedge.hedge_id: c.cause for c in given.closings}
    if aim is not None:
        causes |= {h.hedge_id: HedgeCause.BY_HAND for h in book.by_hand(aim.asset)}
    return replace(
        NOTHING,
        firings=firings_of(given, book),
        moves=moves_of(given, book, snapshot),
        causes=causes,
        by_hand={} if aim is None else {aim.symbol: aim.hedge_id},
    )


def chosen_closings(closings: tuple[Closing, ...], snapshot: Snapshot) -> Choice:
    """Return what buys back the hedges that are due, in the order of the book."""
    return replace(
        NOTHING,
        firings=by_urgency(c.firing for c in closings),
        moves=closing_moves(closings, snapshot, LegReason.CLOSE_HEDGE),
        causes={c.hedge.hedge_id: c.cause for c in closings},
    )


def due_closings(scene: Scene) -> tuple[Closing, ...]:
    """Return the hedges that are to close now.

    While a slot or a step is due only those at their stop, profit target or age: they are more
    urgent, and what is no longer needed is bought back by the correction itself.
    """
    occasion = scene.occasion
    sight = Sight(
        overweights=scene.overweights,
        marks=_marks(scene),
        now=occasion.now,
        discounts=discounts_of(scene.contracts).closing,
        discount_limit=scene.policy.urgency.basis_bps,
    )
    closings = due(occasion.hedges, scene.policy.hedge, sight)
    if calls_of(scene.policy, occasion):
        return tuple(c for c in closings if c.firing.kind is TriggerKind.STOP)
    return closings


def _marks(scene: Scene) -> Mapping[Symbol, Decimal]:
    """Return the marks of contracts that are as short as the hedges on them.

    Where somebody else took a part, nothing closes by itself until a person has looked.
    """
    snapshot, marks = scene.account.hedged, dict[Symbol, Decimal]()
    for symbol, position in snapshot.positions.items():
        with exact_arithmetic():
            short = -snapshot.instruments[symbol].units(position.lots)
        if short > 0 and short >= units_of(scene.occasion.hedges.open_on(symbol)):
            marks[symbol] = snapshot.contracts[symbol].mark
    return marks


def overweights_of(
    found: Measurement, targets: Targets, short_by_hand: Mapping[Asset, Decimal]
) -> Mapping[Asset, Overweight]:
    """Return what hedges of corrections stand for, by asset; the quote has none.

    *short_by_hand* is in quote units, >= 0: what is covered so is no overweight.
    Members of a basket hedge for each other: each stands for the whole of it.
    """
    drifts = {d.asset: d for d in found.drifts}
    by_hand = {asset: ratio(value, found.nav) for asset, value in short_by_hand.items()}
    alone = [[asset] for asset in drifts if asset != found.quote]
    baskets = [list(group.assets) for group in targets.groups if group.basket]
    weights: dict[Asset, Overweight] = {}
    for assets in (*alone, *baskets):
        mine = [drifts[asset] for asset in assets]
        with exact_arithmetic():
            together = Overweight(
                weight=sum((d.spot_weight - by_hand.get(d.asset, ZERO) for d in mine), ZERO),
                target=sum((d.target for d in mine), ZERO),
                band_high=sum((d.band_high for d in mine), ZERO),
            )
        weights |= dict.fromkeys(assets, together)
    return weights


def drift_back_of(overweights: Mapping[Asset, Overweight]) -> Mapping[Asset, DriftBack]:
    """Return what a hedge that is opened now closes at: the band, where it is left already."""
    return {
        asset: DriftBack.BAND if each.weight > each.band_high else DriftBack.TARGET
        for asset, each in overweights.items()
    }
