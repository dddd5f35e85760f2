"""Move shorts from one contract to another: both sides in one plan, slice by slice.

Pure and exact. Each slice is bought back first and opened in the other contract next, in stages of
their own, the same base units on both sides: what stands open between them is one slice, which is
at most ``risk.max_unhedged_notional``, and execution opens no more than was bought back. Source:
strategy definitions 4.7 and 4.8; docs/design/0038-dated-contracts.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import (
    BPS,
    ONE,
    ZERO,
    ceil_times,
    exact_arithmetic,
    floor_times,
    whole_times,
)
from trimtab.domain.hedges import Hedge, HedgeCause, HedgeId, units_of
from trimtab.domain.instruments import Instrument, Lots, Symbol
from trimtab.domain.plan import LegReason, Role, Untraded, UntradedReason
from trimtab.domain.policy import RiskLimits
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.allocation import Certificate
from trimtab.planning.contracts import Contracts
from trimtab.planning.costs import limit_ticks
from trimtab.planning.routes import Move
from trimtab.planning.sizes import Sized, Sizes, book_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Some hedges, or a short of the neutral sleeve, on the way from one contract to another."""

    hedges: tuple[Hedge, ...]
    """All on the contract that they leave, by first fill; none of a sleeve."""
    near: Instrument
    far: Instrument
    reason: LegReason
    beside: Decimal = ZERO
    """What is short there and is no hedge, base units, >= 0."""

    @property
    def units(self) -> Decimal:
        """All that goes, base units, > 0."""
        with exact_arithmetic():
            return units_of(self.hedges) + self.beside

    @property
    def cause(self) -> HedgeCause:
        """What the lines are declared for."""
        return HedgeCause.ROLL if self.reason is LegReason.ROLL else HedgeCause.CARRY


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolling:
    """What moving hedges comes to."""

    sizes: Sizes
    causes: Mapping[HedgeId, HedgeCause]
    """Of every hedge that is moved."""


NOT_ROLLING = Rolling(sizes=Sizes(sized=(), untraded=(), certificate=Certificate.EXACT), causes={})
"""Nothing is moved."""


def held_hedges(symbol: Symbol, contracts: Contracts) -> tuple[Hedge, ...]:
    """Return the hedges on a contract whose position is as short as they are together.

    Where somebody else took a part nothing is moved until a person has looked.
    """
    snapshot = contracts.snapshot
    # What is short for other assets is no part of this account, and has nowhere to go.
    hedges = tuple(h for h in contracts.book.open_on(symbol) if not h.is_cross)
    position = snapshot.positions.get(symbol)
    if position is None:
        return ()
    with exact_arithmetic():
        short = -snapshot.instruments[symbol].units(position.lots)
    return hedges if short >= units_of(hedges) else ()


def rolled(
    symbols: Sequence[Symbol],
    contracts: Contracts,
    *,
    reason: LegReason,
    beside: Sequence[Passage] = (),
) -> Rolling:
    """Return how the hedges on *symbols* move to the contract that comes after them.

    The passages *beside* them are of no hedge. What nothing explains stays where it is, and so
    does what has nowhere to go: both are told.
    """
    passages, left = list(beside), list[Untraded]()
    for symbol in symbols:
        near = contracts.snapshot.instruments[symbol]
        hedges, far = held_hedges(symbol, contracts), contracts.after(near.base, symbols)
        held = abs(near.units(contracts.snapshot.positions[symbol].lots))
        with exact_arithmetic():
            mid = contracts.exposed.mid(near.base)
            unexplained = (held - units_of(hedges)) * mid
            value = units_of(hedges) * mid
        if hedges and far is not None:
            passages.append(Passage(hedges=hedges, near=near, far=far, reason=reason))
        elif hedges:
            why = UntradedReason.NO_CONTRACT
            left.append(Untraded(asset=near.base, reason=why, value=value))
        if unexplained:
            why = UntradedReason.NO_HEDGE
            left.append(Untraded(asset=near.base, reason=why, value=unexplained))
    return moved(passages, contracts, untraded=left)


def moved(
    passages: Sequence[Passage], contracts: Contracts, *, untraded: Sequence[Untraded] = ()
) -> Rolling:
    """Return *passages* as whole lots by slices; hedges on an asset go to one contract."""
    limits, snapshot = contracts.policy.limits, contracts.snapshot
    found, left, causes = list[Sized](), list(untraded), dict[HedgeId, HedgeCause]()
    for passage in passages:
        slices = _slices(passage, snapshot, limits)
        with exact_arithmetic():
            rest = passage.units - sum(slices, ZERO)
            stays = rest * contracts.exposed.mid(passage.near.base)
        if stays:
            why = UntradedReason.BELOW_ONE_LOT
            left.append(Untraded(asset=passage.near.base, reason=why, value=stays))
        for place, units in enumerate(slices):
            found += _pair(passage, units, contracts, place=place)
        if slices:
            causes |= {h.hedge_id: passage.cause for h in passage.hedges}
    sizes = Sizes(sized=tuple(found), untraded=tuple(left), certificate=Certificate.EXACT)
    return Rolling(sizes=sizes, causes=causes)


def _pair(
    passage: Passage, units: Decimal, contracts: Contracts, *, place: int
) -> tuple[Sized, Sized]:
    """Return both sides of one slice: bought back at an odd step, opened at the next."""
    back = _side(passage, passage.near, units, contracts, step=1 + 2 * place)
    return back, _side(passage, passage.far, -units, contracts, step=2 + 2 * place)


def _side(
    passage: Passage, instrument: Instrument, units: Decimal, contracts: Contracts, *, step: int
) -> Sized:
    """Return one side of one slice, signed base units, with its limit."""
    with exact_arithmetic():
        value = units * contracts.exposed.mid(instrument.base)
    move = Move(
        asset=instrument.base,
        instrument=instrument,
        value=value,
        slack=ZERO,
        role=Role.ROLL,
        reason=passage.reason,
    )
    limit = limit_ticks(
        instrument,
        book_of(move, contracts.snapshot),
        buys=units > 0,
        max_slippage_bps=contracts.policy.limits.max_slippage_bps,
    )
    lots = Lots(whole_times(instrument.lot_size, units))
    return Sized(move=move, lots=lots, limit=limit, reason=passage.reason, step=step)


def _slices(passage: Passage, snapshot: Snapshot, limits: RiskLimits) -> tuple[Decimal, ...]:
    """Return the sizes of the slices, base units, > 0, equal to within a common lot.

    None where all of it is below what the venue takes in the contract to be opened. A slice is
    never below that either: where the limit is, the gate refuses what stands open.
    """
    near, far = passage.near, passage.far
    lot = common_lot(near.lot_size, far=far.lot_size)
    count = floor_times(lot, passage.units)
    least = _lots_at_least(far, snapshot, lot=lot)
    if count < least or not count:
        return ()
    most = max(least, _lots_at_most(passage, snapshot, limits, lot=lot))
    parts = min(-(-count // most), count // least)
    size, longer = divmod(count, parts)
    with exact_arithmetic():
        return tuple(lot * (size + (1 if place < longer else 0)) for place in range(parts))


def _lots_at_least(far: Instrument, snapshot: Snapshot, *, lot: Decimal) -> int:
    """Return how many common lots the venue takes at least in the contract to be opened."""
    with exact_arithmetic():
        value = lot * snapshot.contracts[far.symbol].mark
        least = far.units(far.lots_min)
    # A limit lies below the mark by the slippage that is allowed: one lot more for that.
    by_value = ceil_times(value, far.notional_min) + 1 if far.notional_min else 1
    return max(1, ceil_times(lot, least), by_value)


def _lots_at_most(passage: Passage, snapshot: Snapshot, limits: RiskLimits, *, lot: Decimal) -> int:
    """Return how many common lots one slice may be: by the open stretch, the order cap, venue."""
    sides = (passage.near, passage.far)
    with exact_arithmetic():
        dearest = max(snapshot.contracts[i.symbol].mark for i in sides)
        worst = lot * dearest * (ONE + limits.max_slippage_bps / BPS)
        cap = min(limits.max_unhedged_notional, limits.max_order_notional)
    by_venue = (floor_times(lot, i.units(i.lots_max)) for i in sides)
    return min(floor_times(worst, cap), *by_venue)


def common_lot(near: Decimal, *, far: Decimal) -> Decimal:
    """Return the least size that is whole lots of both, base units; both > 0."""
    with exact_arithmetic():
        places = max(0, *(-int(each.normalize().as_tuple().exponent) for each in (near, far)))
        whole = math.lcm(*(int(each.scaleb(places)) for each in (near, far)))
        return Decimal(whole).scaleb(-places)
