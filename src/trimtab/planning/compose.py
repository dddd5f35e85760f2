"""Snapshot and policy in, plan out: the one entry to planning.

Pure: the instant is part of the occasion. See → want → measure → decide → route → size → lay out,
each a value of its own; this module only puts them together and says where it ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Context, Decimal
from typing import Final

from trimtab.domain.canonical import digest
from trimtab.domain.exact import RATIO_DIGITS, ZERO, exact_arithmetic, ratio
from trimtab.domain.exposure import Exposure, exposure, traded_units
from trimtab.domain.firings import trigger_of
from trimtab.domain.instruments import Lots, Symbol
from trimtab.domain.occasion import Occasion
from trimtab.domain.plan import After, Plan, Role, Untraded, UntradedReason
from trimtab.domain.policy import Policy
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.basket import carried
from trimtab.planning.costs import cost_share
from trimtab.planning.decision import FRICTIONLESS, Decision, Friction, decide
from trimtab.planning.drift import Measurement, measure
from trimtab.planning.legs import Lines, lines
from trimtab.planning.routes import Move, routed
from trimtab.planning.sizes import book_of, sized
from trimtab.targets.effective import Targets
from trimtab.targets.portfolio import targets_of

COST_MARGIN: Final = Decimal("1.01")
"""The second decision trades a little more than the first, and so costs a little more."""


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
    exposed = exposure(snapshot)
    targets = targets_of(policy, exposed, occasion)
    found = measure(exposed, targets, policy=policy.rebalance, hedge=policy.hedge)
    wish = _Wish(found=found, targets=targets, exposed=exposed, policy=policy)
    decided = _decided(wish, snapshot, slot_due=occasion.slot_due)
    sizes = sized(decided.moves, snapshot, exposed=exposed, limits=policy.limits, moved=moved)
    moved = moved if sizes.sized else ZERO
    laid_out = lines(sizes.sized, snapshot, limits=policy.limits, moved=moved)
    return Plan(
        key=snapshot.key,
        snapshot_id=snapshot.snapshot_id,
        policy_digest=digest(policy),
        made_at=occasion.now,
        expires_at=occasion.now + timedelta(seconds=policy.approval.ttl_s),
        quote=snapshot.quote,
        nav=found.nav,
        trigger=trigger_of(decided.decision.firings),
        firings=decided.decision.firings,
        overlays=targets.overlays,
        drift=found.drifts,
        groups=found.groups,
        legs=laid_out.legs,
        transfers=laid_out.transfers,
        allocation=sizes.certificate,
        units_before={
            a: traded_units(snapshot, a) for a in sorted({g.instrument.base for g in laid_out.legs})
        },
        untraded=(
            *sizes.untraded,
            *decided.untraded,
            *_accepted(found),
            *_ignored(targets, exposed),
        ),
        after=_after(laid_out, snapshot, exposed=exposed, targets=targets, found=found),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What is decided about."""

    found: Measurement
    targets: Targets
    exposed: Exposure
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided:
    """What is decided, by market."""

    decision: Decision
    moves: tuple[Move, ...]
    untraded: tuple[Untraded, ...]
    """What no market carries."""


def _decided(wish: _Wish, snapshot: Snapshot, *, slot_due: bool) -> _Decided:
    """Decide twice: what the first answer would cost and round moves the edges of the second."""
    policy = wish.policy

    def under(friction: Friction) -> _Decided:
        """Decide where trading does *friction* to the whole."""
        decision = decide(wish.found, policy.rebalance, slot_due=slot_due, friction=friction)
        shared = carried(
            decision.corrections, wish.targets.groups, exposed=wish.exposed, hedge=policy.hedge
        )
        moves = routed(shared.corrections, snapshot, policy=policy.rebalance)
        return _Decided(decision=decision, moves=moves, untraded=shared.untraded)

    moves = under(FRICTIONLESS).moves
    with exact_arithmetic():
        cost = sum((_cost(move, snapshot) for move in moves), ZERO)
        rounding = sum((_lot_value(move, snapshot) for move in moves), ZERO)
        return under(Friction(cost=COST_MARGIN * cost, rounding=rounding))


def _lot_value(move: Move, snapshot: Snapshot) -> Decimal:
    """Return the value of one lot, quote units: a move may be rounded by less than that."""
    return move.instrument.units(Lots(1)) * book_of(move, snapshot).mid


def _cost(move: Move, snapshot: Snapshot) -> Decimal:
    """Return fee and half spread of a move, quote units."""
    return abs(move.value) * cost_share(move.instrument, book_of(move, snapshot))


def _accepted(found: Measurement) -> tuple[Untraded, ...]:
    """Report the overweight that hedging leaves."""
    return tuple(
        Untraded(asset=m.asset, reason=m.accepted_as, value=m.accepted)
        for m in found.measures
        if m.asset != found.quote and m.accepted
    )


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
    exposed: Exposure,
    targets: Targets,
    found: Measurement,
) -> After:
    """Return weights, leverage and tracking error when every leg fills at its planned price."""
    with exact_arithmetic():
        cost = sum((leg.expected_cost for leg in laid_out.legs), ZERO)
        nav = found.nav - cost
        net = {a: exposed.net(a) for a in targets.effective if a != found.quote}
        moved = sum((transfer.units for transfer in laid_out.transfers), ZERO)
        outside = exposed.value_outside(exposed.unpriced) - cost - moved
        lots = dict(_open_lots(snapshot))
        for leg in laid_out.legs:
            net[leg.instrument.base] += leg.instrument.units(leg.lots) * exposed.mid(
                leg.instrument.base
            )
            if leg.role is not Role.SPOT:
                lots[leg.symbol] = lots.get(leg.symbol, 0) + leg.lots
        gross = sum(
            (
                abs(snapshot.instruments[s].units(n)) * snapshot.contracts[s].mark
                for s, n in lots.items()
            ),
            ZERO,
        )
        net[found.quote] = nav - sum(net.values(), ZERO)
        weights = {a: ratio(net[a], nav) for a in targets.effective}
        squares = sum(((weights[a] - targets.effective[a]) ** 2 for a in weights), ZERO)
        return After(
            weights=weights,
            leverage=ratio(gross, outside) if gross and outside > 0 else ZERO,
            tracking_error=squares.sqrt(Context(prec=RATIO_DIGITS)),
        )


def _open_lots(snapshot: Snapshot) -> Mapping[Symbol, int]:
    """Return signed lots of open positions by symbol."""
    return {symbol: p.lots for symbol, p in snapshot.positions.items()}
