"""Choose: what one plan is for, when a person, a hedge's condition and drifts all want something.

Pure. A wish by hand makes a plan of its own, and so does what is urgent. A hedge that is due to
close goes before drifts: what it gives back is measured by the next plan, not guessed by this one.
A due slot goes before both, for it trades everything to target. Source: strategy definitions 2.4
and 4.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ZERO, exact_arithmetic, ratio
from trimtab.domain.exposure import Exposure
from trimtab.domain.firings import Firing, TriggerKind, by_urgency
from trimtab.domain.hedges import (
    DriftBack,
    HedgeCause,
    HedgeId,
    RescueWish,
    kept_by_hand,
    units_of,
)
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.occasion import Occasion
from trimtab.domain.plan import LegReason, Untraded
from trimtab.domain.policy import Policy
from trimtab.domain.readings import Reading
from trimtab.domain.sleeves import SleeveDrift
from trimtab.domain.snapshot import Snapshot
from trimtab.hedging.closing import Closing, Overweight, Sight, due
from trimtab.planning.basket import carried
from trimtab.planning.by_hand import ByHand, closing_moves, firings_of, moves_of
from trimtab.planning.carry import Carry, carry_of, swapped
from trimtab.planning.contracts import Contracts
from trimtab.planning.costs import expected_cost
from trimtab.planning.cross import Crossing
from trimtab.planning.decision import (
    FRICTIONLESS,
    Correction,
    Decision,
    Friction,
    decide,
    slot_call,
)
from trimtab.planning.drift import Measurement
from trimtab.planning.no_trade import Ground, Weighed, ground_of, weighed
from trimtab.planning.parted import Parted
from trimtab.planning.redeploy import redeployed
from trimtab.planning.rescue import rescue
from trimtab.planning.routes import Move
from trimtab.planning.sizes import Sizes, book_of, cost_of, lot_value_of, sized
from trimtab.planning.sleeves import Asked, sleeve_moves
from trimtab.planning.sleeves import firings_of as sleeve_firings
from trimtab.planning.urgent import Urgent, deferred, urgent_in, without_longs
from trimtab.targets.effective import Targets
from trimtab.targets.phase import step_due


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Why a plan acts, and by which moves."""

    firings: tuple[Firing, ...]
    """Most urgent first."""
    alerts: tuple[Firing, ...]
    """What is only told of, likewise."""
    moves: tuple[Move, ...]
    causes: Mapping[HedgeId, HedgeCause]
    """Hedges that are to be bought back, all or in part, and why; drifts name none."""
    by_hand: Mapping[Symbol, HedgeId]
    """Hedges that are to be opened or grown by hand, by contract."""
    untraded: tuple[Untraded, ...]
    """What no market carries, and what the pot waits with."""
    readings: tuple[Reading, ...]
    """What of the past it rests on."""
    spends_pot: bool
    """Whether its buys are paid by what hedges brought."""

    def corrections(self, theirs: frozenset[Symbol]) -> tuple[Move, ...]:
        """Return the moves that are for their own asset, and for no sleeve.

        *theirs* are the contracts of sleeves. What goes by the contract of another asset has its
        own way to be told.
        """
        mine = (m for m in self.moves if m.protects is None)
        return tuple(m for m in mine if m.instrument.symbol not in theirs)


COST_MARGIN: Final = Decimal("1.01")
"""The second decision trades a little more than the first, and so costs a little more."""
NOTHING: Final = Choice(
    firings=(),
    alerts=(),
    moves=(),
    causes={},
    by_hand={},
    untraded=(),
    readings=(),
    spends_pot=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is chosen from."""

    account: Parted
    targets: Targets
    found: Measurement
    sleeves: tuple[SleeveDrift, ...]
    """How far each sleeve is from its size."""
    crossing: Crossing
    """What goes by the contracts of other assets."""
    policy: Policy
    occasion: Occasion
    overweights: Mapping[Asset, Overweight]
    """What hedges of corrections stand for, by asset."""
    moved: Decimal
    """What a transfer of the same plan takes out of the spot wallet, quote units, signed."""

    @property
    def snapshot(self) -> Snapshot:
        """All of the account, its sleeves too."""
        return self.account.snapshot

    @property
    def exposed(self) -> Exposure:
        """Likewise."""
        return self.account.exposed

    @property
    def contracts(self) -> Contracts:
        """The contracts of the account, and in which one its hedges are opened."""
        return Contracts(
            snapshot=self.snapshot,
            exposed=self.exposed,
            policy=self.policy,
            occasion=self.occasion,
        )


def chosen(scene: Scene, by_hand: ByHand | None) -> tuple[Choice, Sizes]:
    """Return what a plan is for and the whole lots that it comes to.

    A close that cannot be ordered (its rest is below the venue's minimum) keeps no drift waiting.

    Raises:
        PlanningError: it cannot be planned; says what to mend.

    """
    if isinstance(scene.occasion.wish, RescueWish):
        return _rescued(scene)
    urgent = urgent_in(scene.contracts)
    if urgent.firings and by_hand is None:
        return _urgent(urgent, scene)
    carry = carry_of(scene.contracts)
    choice, sizes = _unhurried(scene, by_hand, carry)
    if urgent.shuts_longs:
        sizes = without_longs(sizes)
    told = [firing for firing in carry.told if firing not in choice.firings]
    return replace(
        choice,
        alerts=by_urgency((*urgent.told, *told)),
        untraded=(*choice.untraded, *urgent.sizes.untraded),
        readings=choice.readings + carry.readings,
    ), sizes


def _rescued(scene: Scene) -> tuple[Choice, Sizes]:
    """Return what a rescue cuts, and nothing else."""
    found = rescue(scene.contracts, moved=scene.moved)
    return replace(NOTHING, firings=found.firings, causes=found.causes), found.sizes


def _urgent(urgent: Urgent, scene: Scene) -> tuple[Choice, Sizes]:
    """Return what is urgent alone; corrections wait, and say so."""
    corrected = _corrected(scene)
    firings = by_urgency((*urgent.firings, *corrected.firings))
    waiting = (*corrected.untraded, *deferred(corrected.moves))
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
    corrected = _corrected(scene)
    if corrected.firings:
        return _sized(corrected, scene)
    moving = swapped(carry, scene.contracts)
    if moving.sizes.sized:
        leaving = {each.move.instrument.symbol for each in moving.sizes.sized}
        firings = tuple(f for f in carry.gains if f.subject in leaving)
        left = (*corrected.untraded, *moving.sizes.untraded)
        return replace(NOTHING, firings=firings, causes=moving.causes, untraded=left), moving.sizes
    return _spent(scene, corrected)


def _spent(scene: Scene, idle: Choice) -> tuple[Choice, Sizes]:
    """Return what the pot buys when nothing else acts; what cannot be ordered is not begun.

    *idle* is the correction that found nothing to do, with what it left alone.
    """
    policy, book = scene.policy.hedge.redeploy, scene.occasion.hedges
    if policy is None:
        return _sized(idle, scene)
    quote = scene.snapshot.quote
    flags = scene.policy.rebalance.flags
    free = tuple(m for m in scene.found.measures if m.asset not in flags)
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
    return (choice, sizes) if sizes.sized else _sized(silent, scene)


def _sized(choice: Choice, scene: Scene) -> tuple[Choice, Sizes]:
    """Return a choice with its lots."""
    limits = scene.policy.limits
    return choice, sized(
        choice.moves, scene.snapshot, exposed=scene.exposed, limits=limits, moved=scene.moved
    )


def _corrected(scene: Scene) -> Choice:
    """Decide twice: what the first answer would cost and round moves the edges of the second."""
    snapshot, policy, own = scene.snapshot, scene.policy, scene.account.own
    kept, groups = kept_by_hand(scene.occasion.hedges), scene.targets.groups
    calls, zone = calls_of(policy, scene.occasion), policy.history.no_trade
    beside = tuple(sleeve_firings(scene.sleeves))
    ground = None if zone is None else ground_of(zone, scene.occasion.history, scene.found)

    short_in = scene.contracts.short

    def under(friction: Friction) -> Choice:
        """Decide where trading does *friction* to the whole."""
        decision = decide(
            scene.found, policy.rebalance, calls=calls, friction=friction, beside=beside
        )
        shared = carried(decision.corrections, groups, exposed=own, hedge=policy.hedge)
        moves = scene.crossing.routed(shared.corrections, kept=kept, short_in=short_in)
        of_sleeves = _of_sleeves(scene, decision, is_called=bool(calls))
        untraded = decision.untraded + shared.untraded
        found = replace(
            NOTHING, firings=decision.firings, moves=moves + of_sleeves, untraded=untraded
        )
        if ground is None or not shared.corrections:
            return found
        worth = _worthwhile(shared.corrections, moves, ground, scene)
        moves = scene.crossing.routed(worth.kept, kept=kept, short_in=short_in)
        moves += of_sleeves
        left = untraded + worth.untraded
        return replace(found, moves=moves, untraded=left, readings=worth.readings)

    moves = under(FRICTIONLESS).moves
    with exact_arithmetic():
        cost = sum((cost_of(move, snapshot) for move in moves), ZERO)
        rounding = sum((lot_value_of(move, snapshot) for move in moves), ZERO)
        return under(Friction(cost=COST_MARGIN * cost, rounding=rounding))


def _of_sleeves(scene: Scene, decision: Decision, *, is_called: bool) -> tuple[Move, ...]:
    """Return what brings sleeves back: with what else acts, or because one left its band."""
    if not decision.firings:
        return ()
    asked = Asked(rules=scene.policy.rebalance, is_called=is_called)
    return sleeve_moves(scene.sleeves, scene.snapshot, scene.exposed, asked)


def _worthwhile(
    corrections: tuple[Correction, ...], moves: tuple[Move, ...], ground: Ground, scene: Scene
) -> Weighed:
    """Weigh *corrections*, which come to *moves*, against their cost.

    What is called for, by a slot or a step, and what momentum trims is traded in any case.
    """
    costs = dict.fromkeys((c.asset for c in corrections), ZERO)
    with exact_arithmetic():
        for move in moves:
            book = book_of(move, scene.snapshot)
            quantity, buys = ratio(abs(move.value), book.mid), move.value > 0
            cost = expected_cost(move.instrument, book, quantity=quantity, buys=buys)
            costs[move.asset if move.protects is None else move.protects.asset] += cost
    called = bool(calls_of(scene.policy, scene.occasion))
    forced = costs.keys() if called else scene.found.trims.keys()
    return weighed(corrections, costs, ground, forced=forced)


def calls_of(policy: Policy, occasion: Occasion) -> tuple[Firing, ...]:
    """Return what asks for a plan whatever the drift: a slot, a step of a phase."""
    step = step_due(policy.overlays.phase, occasion)
    return (*slot_call(occasion), *((step,) if step is not None else ()))


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
    sight = Sight(overweights=scene.overweights, marks=_marks(scene), now=occasion.now)
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
