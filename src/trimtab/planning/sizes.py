"""Size: moves in quote units to whole lots, under free cash, free units and minimums.

Pure and exact. Spot moves share the free quote; futures moves use none of it and are never
cut to margin silently: the gate judges them. The best lots are found by
:mod:`trimtab.planning.allocation`; this module states the problem and reads the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from trimtab.domain.errors import MissingMark
from trimtab.domain.exact import BPS, ONE, ZERO, ceil_times, exact_arithmetic, floor_times, ratio
from trimtab.domain.exposure import Exposure
from trimtab.domain.instruments import Lots, Ticks
from trimtab.domain.plan import LegReason, Role, Untraded, UntradedReason
from trimtab.domain.policy import Policy, RiskLimits
from trimtab.domain.snapshot import Book, Snapshot
from trimtab.planning.allocation import AllocationItem, Certificate, LotReason, allocate
from trimtab.planning.costs import cost_share, limit_ticks
from trimtab.planning.routes import Move


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """A move as whole lots with a limit."""

    move: Move
    lots: Lots
    """Signed, never zero."""
    limit: Ticks
    reason: LegReason
    step: int = 0
    """Place in an order of its own, >= 1; 0 where the kind of leg says when it goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """What becomes of all moves."""

    sized: tuple[Sized, ...]
    """In the order of the moves."""
    untraded: tuple[Untraded, ...]
    certificate: Certificate
    """What is proved about the lots."""


_UNTRADED: Final[Mapping[LotReason, UntradedReason]] = MappingProxyType(
    {
        LotReason.BELOW_ONE_LOT: UntradedReason.BELOW_ONE_LOT,
        LotReason.BELOW_MIN_NOTIONAL: UntradedReason.BELOW_MIN_NOTIONAL,
        LotReason.NO_FREE_CASH: UntradedReason.NO_FREE_CASH,
        LotReason.NOTHING_FREE: UntradedReason.NO_FREE_UNITS,
        LotReason.ON_TARGET: UntradedReason.BELOW_ONE_LOT,
    }
)
_CUT: Final[Mapping[LotReason, LegReason]] = MappingProxyType(
    {
        LotReason.CUT_TO_CASH: LegReason.CUT_TO_CASH,
        LotReason.FUNDS_ANOTHER: LegReason.FUNDS_ANOTHER,
    }
)


def sized(
    moves: tuple[Move, ...],
    snapshot: Snapshot,
    *,
    exposed: Exposure,
    limits: RiskLimits,
    moved: Decimal,
) -> Sizes:
    """Return the whole lots that come closest to *moves*, and what stays untraded and why.

    *moved* is what a transfer takes off the free quote, negative for what it brings; of that, too,
    the reserve stays.

    Raises:
        MissingMark: a market that a move needs has no order book in the snapshot.

    """
    closed = tuple(m for m in moves if not m.instrument.tradable)
    opened = tuple(m for m in moves if m.instrument.tradable)
    items = tuple(_item(m, snapshot, exposed=exposed, limits=limits) for m in opened)
    with exact_arithmetic():
        used = moved if moved > 0 else moved * (ONE - limits.fee_reserve)
        cash = free_quote(snapshot, limits) - used
    answer = allocate(items, cash)
    found, left = list[Sized](), [_left(m, UntradedReason.NOT_TRADABLE) for m in closed]
    for move, lots, reason in zip(opened, answer.lots, answer.reasons, strict=True):
        if lots == 0:
            left.append(_left(move, _UNTRADED[reason]))
            continue
        limit = limit_ticks(
            move.instrument,
            book_of(move, snapshot),
            buys=lots > 0,
            max_slippage_bps=limits.max_slippage_bps,
        )
        cut = _CUT.get(reason, move.reason)
        found.append(Sized(move=move, lots=Lots(lots), limit=limit, reason=cut))
    return Sizes(sized=tuple(found), untraded=tuple(left), certificate=answer.certificate)


def drawn(moves: Iterable[Move], snapshot: Snapshot, policy: Policy, *, moved: Decimal) -> Decimal:
    """Return what buys of coins cannot have of the free quote: what is *moved*, and what is bound.

    Openings among *moves* bind margin of it where cash and margin are one wallet; rounded up by a
    lot, and at the worst price.
    """
    pool = snapshot.pools.get(snapshot.quote)
    if pool is None or not pool.shares_cash:
        return moved
    taken, leverage = moved, policy.hedge.leverage
    with exact_arithmetic():
        worse = ratio(policy.limits.max_slippage_bps, BPS)
        for move in moves:
            if move.role is Role.HEDGE and move.instrument.tradable:
                value = abs(move.value) + lot_value_of(move, snapshot)
                share = ratio(ONE, Decimal(leverage)) + move.instrument.taker_fee + worse
                taken += value * (ONE + worse) * share
    return taken


def free_quote(snapshot: Snapshot, limits: RiskLimits) -> Decimal:
    """Return the quote that buys may use: what is free in spot, less the fee reserve."""
    balance = snapshot.balances.get(snapshot.quote)
    if balance is None:
        return ZERO
    with exact_arithmetic():
        return balance.free * (ONE - limits.fee_reserve)


def book_of(move: Move, snapshot: Snapshot) -> Book:
    """Return the order book of a move's market.

    Raises:
        MissingMark: the snapshot has none.

    """
    if (book := snapshot.books.get(move.instrument.symbol)) is None:
        raise MissingMark(f"{move.instrument.symbol}: no order book was read")
    return book


def _left(move: Move, reason: UntradedReason) -> Untraded:
    """Report a move that gets no leg."""
    return Untraded(asset=move.asset, reason=reason, value=move.value.copy_abs())


def _item(
    move: Move, snapshot: Snapshot, *, exposed: Exposure, limits: RiskLimits
) -> AllocationItem:
    """State one move as an item of the allocation.

    A lot counts at the mid, as the drift does, and pays or brings what its limit allows in
    the worst case, so that the plan never spends what the sells may fail to bring.
    """
    instrument, book = move.instrument, book_of(move, snapshot)
    buys = move.value > 0
    ticks = limit_ticks(instrument, book, buys=buys, max_slippage_bps=limits.max_slippage_bps)
    limit_price = instrument.limit_price(ticks)
    uses_cash = move.role is Role.SPOT
    minimum = _minimum(move, snapshot, mid=exposed.mid(move.asset))
    with exact_arithmetic():
        at_limit = instrument.lot_size * limit_price if uses_cash else ZERO
        mid = exposed.mid(move.asset)
        return AllocationItem(
            name=f"{instrument.symbol} {move.role}",
            desired=_desired(move, book, lot_value=instrument.lot_size * mid),
            lot_value=instrument.lot_size * mid,
            buy_cost_per_lot=at_limit * (ONE + instrument.taker_fee),
            sell_proceeds_per_lot=at_limit * (ONE - instrument.taker_fee),
            lots_min=instrument.lots_min,
            notional_min=_minimum_at_mid(minimum, mid=mid, limit_price=limit_price),
            buy_lots_max=_most(move, snapshot) if buys else 0,
            sell_lots_max=0 if buys else _most(move, snapshot),
        )


def _desired(move: Move, book: Book, *, lot_value: Decimal) -> Decimal:
    """Return the value to move; one to the band's edge in whole lots inward, costs included.

    Where a whole lot would carry it too far, the lots that do not.
    """
    if move.reason is not LegReason.TO_BAND:
        return move.value
    share = cost_share(move.instrument, book) if move.value > 0 else ZERO
    with exact_arithmetic():
        gross = ratio(abs(move.value), ONE - share)
        inward = ceil_times(lot_value, gross) * lot_value
        furthest = abs(move.value) + move.slack
        if inward > furthest:
            inward = floor_times(lot_value, furthest) * lot_value
        return inward if move.value > 0 else -inward


def _minimum(move: Move, snapshot: Snapshot, *, mid: Decimal) -> Decimal:
    """Return the least value of an order: the venue's, which only a whole close may go below.

    A reduction in part keeps to the opening's minimum, else what an opening overshoots for
    its minimum would be reduced again by the next plan.
    """
    instrument = move.instrument
    if move.role is not Role.CLOSE:
        return instrument.notional_min
    with exact_arithmetic():
        whole = _closable(move, snapshot) * mid
    in_part = move.value.copy_abs() < whole
    return instrument.notional_min if in_part else instrument.notional_min_reduce_only


def _closable(move: Move, snapshot: Snapshot) -> Decimal:
    """Return what a close may take off its position at most, base units, >= 0."""
    held = move.instrument.units(snapshot.positions[move.instrument.symbol].lots)
    with exact_arithmetic():
        return max(ZERO, abs(held) - move.kept)


def _minimum_at_mid(minimum: Decimal, *, mid: Decimal, limit_price: Decimal) -> Decimal:
    """Return the least value at mid whose value at the limit, as the venue counts, suffices."""
    return minimum if limit_price >= mid else ratio(minimum * mid, limit_price)


def _most(move: Move, snapshot: Snapshot) -> int:
    """Return the most lots that a move may take: position, free units, venue maximum."""
    instrument = move.instrument
    if move.role is Role.CLOSE:
        return floor_times(instrument.lot_size, _closable(move, snapshot))
    if move.role is Role.HEDGE or move.value > 0:
        return instrument.lots_max
    balance = snapshot.balances.get(move.asset)
    free = balance.free if balance is not None else ZERO
    return min(instrument.lots_max, floor_times(instrument.lot_size, free))


def lot_value_of(move: Move, snapshot: Snapshot) -> Decimal:
    """Return the value of one lot, quote units: a move may be rounded by less than that."""
    return move.instrument.units(Lots(1)) * book_of(move, snapshot).mid


def cost_of(move: Move, snapshot: Snapshot) -> Decimal:
    """Return fee and half spread of a move, quote units."""
    return abs(move.value) * cost_share(move.instrument, book_of(move, snapshot))
