"""Correct: the moves that bring assets and sleeves back to where they should be.

Pure. What a plan is for is chosen by :mod:`trimtab.planning.choice`. Source: strategy definitions
2.2 and 6.2.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ZERO, exact_arithmetic, ratio
from trimtab.domain.firings import Firing
from trimtab.domain.hedges import kept_by_hand
from trimtab.domain.occasion import Occasion
from trimtab.domain.policy import Policy
from trimtab.planning.basket import carried
from trimtab.planning.costs import expected_cost
from trimtab.planning.decision import (
    FRICTIONLESS,
    Correction,
    Decision,
    Friction,
    decide,
    slot_call,
)
from trimtab.planning.no_trade import Ground, Weighed, ground_of, weighed
from trimtab.planning.routes import Move
from trimtab.planning.scene import NOTHING, Choice, Scene
from trimtab.planning.sizes import book_of, cost_of, lot_value_of
from trimtab.planning.sleeves import Asked, sleeve_moves
from trimtab.planning.sleeves import firings_of as sleeve_firings
from trimtab.targets.phase import step_due

COST_MARGIN: Final = Decimal("1.01")
"""The second decision trades a little more than the first, and so costs a little more."""


def corrected(scene: Scene) -> Choice:
    """Decide twice: what the first answer would cost and round moves the edges of the second."""
    snapshot, policy, own = scene.snapshot, scene.policy, scene.account.own
    kept, groups = kept_by_hand(scene.occasion.hedges), scene.targets.groups
    calls, zone = calls_of(policy, scene.occasion), policy.history.no_trade
    beside = tuple(sleeve_firings(scene.sleeves))
    ground = None if zone is None else ground_of(zone, scene.occasion.history, scene.found)

    short_in, resting = scene.contracts.short, scene.found.resting

    def under(friction: Friction) -> Choice:
        """Decide where trading does *friction* to the whole."""
        decision = decide(
            scene.found, policy.rebalance, calls=calls, friction=friction, beside=beside
        )
        shared = carried(
            decision.corrections, groups, exposed=own, hedge=policy.hedge, resting=resting
        )
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
