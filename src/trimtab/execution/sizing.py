"""What of the approved rests can really be sent now. Pure and exact.

Same sign, never larger than the approved rest. Sells are bounded by free units, reductions
by the real position, buys by the quote that the sells really brought, at the approved limit
with the fee on top; a shortfall cuts the buys pro rata. What falls below the venue's
minimum is left. Openings of contracts are never cut to margin: the gate refuses them whole.

"Really there" is the smaller of two readings: the fresh balance, and the opening balance
plus our own fills. A balance that lags behind the fills cannot be spent twice, and money
that came from elsewhere is not this plan's to spend.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, floor_times, whole_times
from trimtab.domain.instruments import Asset, Instrument, Lots, Symbol, Ticks
from trimtab.domain.orders import Fill, Side
from trimtab.domain.plan import Leg
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.transfers import TransferLeg
from trimtab.execution.rests import RestReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What orders may be paid with."""

    free: Mapping[Asset, Decimal]
    """Free units outside futures wallets, >= 0; absent means none."""
    positions: Mapping[Symbol, int]
    """Signed lots of open positions; absent means flat."""
    quote: Asset
    reserve: Decimal
    """Units of the quote that stay untouched for fees, >= 0."""

    def spendable(self, asset: Asset) -> Decimal:
        """Return the units of *asset* that orders may use."""
        kept = self.reserve if asset == self.quote else ZERO
        with exact_arithmetic():
            return max(ZERO, self.free.get(asset, ZERO) - kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The rest of a leg, and the limit that its next order would have."""

    leg: Leg
    lots: Lots
    """Signed, never zero."""
    limit: Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """What of it is sent."""

    wanted: Wanted
    lots: Lots
    """Signed as wanted and not larger; zero when nothing can be sent."""
    reason: RestReason
    """Why it is less than wanted; ``NONE`` when it is not."""


def means(
    fresh: Snapshot,
    booked: Sequence[tuple[Instrument, Fill]],
    *,
    opening: Snapshot,
    moved: Mapping[Asset, Decimal],
    fee_reserve: Decimal,
) -> Means:
    """Return what is there by the fresh snapshot and by the opening one plus our fills *booked*.

    *moved* is what transfers of ours took out of the spot wallet since, signed units by asset.
    """
    free = {asset: balance.free for asset, balance in opening.balances.items()}
    positions = {symbol: int(p.lots) for symbol, p in opening.positions.items()}
    with exact_arithmetic():
        for asset, units in moved.items():
            free[asset] = free.get(asset, ZERO) - units
        for instrument, fill in booked:
            _book(fill, instrument, free=free, positions=positions)
        real = {a: b.free for a, b in fresh.balances.items()}
        now_free = {a: max(ZERO, min(free.get(a, ZERO), units)) for a, units in real.items()}
        opened = opening.balances.get(opening.quote)
        reserve = opened.free * fee_reserve if opened else ZERO
    smaller = {
        s: _nearer_zero((int(p.lots), positions.get(s, 0))) for s, p in fresh.positions.items()
    }
    return Means(free=now_free, positions=smaller, quote=opening.quote, reserve=reserve)


def _book(
    fill: Fill, instrument: Instrument, *, free: dict[Asset, Decimal], positions: dict[Symbol, int]
) -> None:
    """Add one fill of ours to what the opening snapshot had."""
    sign = 1 if fill.side is Side.BUY else -1
    if instrument.is_contract:
        lots = sign * whole_times(instrument.lot_size, fill.quantity)
        positions[fill.symbol] = positions.get(fill.symbol, 0) + lots
        return
    moves = (
        (instrument.base, sign * fill.quantity),
        (instrument.quote, -sign * fill.quantity * fill.fill_price),
        (fill.fee_asset, -fill.fee),
    )
    for asset, units in moves:
        free[asset] = free.get(asset, ZERO) + units


def _nearer_zero(pair: tuple[int, int]) -> int:
    """Return the smaller of two positions of one sign, flat when they disagree about it."""
    return min(pair, key=abs) if pair[0] * pair[1] > 0 else 0


def is_covered(transfer: TransferLeg, available: Means, fresh: Snapshot) -> bool:
    """Whether the wallet that a transfer leaves has all of it; it is never made in part."""
    units = transfer.units.copy_abs()
    if transfer.units > 0:
        return available.spendable(transfer.asset) >= units
    pool = fresh.pools.get(transfer.asset)
    return pool is not None and pool.withdrawable >= units


def resize(
    wanted: Sequence[Wanted], available: Means, room: Mapping[int, int]
) -> tuple[Sized, ...]:
    """Return what of *wanted* can be sent side by side, in its order.

    *room* is the most lots, >= 0, by line, where a leg waits for the other half of its pair.
    """
    free = {asset: available.spendable(asset) for asset in available.free}
    positions = dict(available.positions)
    halves = [_beside(each, room.get(each.leg.line)) for each in wanted]
    sized = [_bounded(each, free=free, positions=positions) for each in halves]
    buys = [k for k, each in enumerate(sized) if _spends(each)]
    for asset in sorted({sized[k].wanted.leg.instrument.quote for k in buys}):
        places = [k for k in buys if sized[k].wanted.leg.instrument.quote == asset]
        cut = _cut_to([sized[k] for k in places], free.get(asset, ZERO))
        for place, each in zip(places, cut, strict=True):
            sized[place] = each
    return tuple(_at_least_minimum(each) for each in sized)


def _beside(wanted: Wanted, most: int | None) -> Sized:
    """Bound one order by how far the other half of its pair has come; None is no bound."""
    if most is None or abs(wanted.lots) <= most:
        return Sized(wanted=wanted, lots=wanted.lots, reason=RestReason.NONE)
    sign = 1 if wanted.lots > 0 else -1
    return Sized(wanted=wanted, lots=Lots(sign * most), reason=RestReason.OTHER_HALF)


def _spends(sized: Sized) -> bool:
    """Whether the order is paid with free quote."""
    return sized.lots > 0 and not sized.wanted.leg.instrument.is_contract


def _bounded(half: Sized, *, free: dict[Asset, Decimal], positions: dict[Symbol, int]) -> Sized:
    """Bound one order by the venue's maximum, and by the units or the position it reduces.

    What it uses is taken off, so that two orders never sell the same units.
    """
    wanted, reason = half.wanted, half.reason
    leg, sign, most = wanted.leg, 1 if wanted.lots > 0 else -1, abs(half.lots)
    if most > leg.instrument.lots_max:
        most, reason = leg.instrument.lots_max, RestReason.AT_VENUE_MAXIMUM
    if leg.reduce_only:
        position = positions.get(leg.symbol, 0)
        if (room := max(0, -sign * position)) < most:
            most, reason = room, RestReason.NO_POSITION
        positions[leg.symbol] = position + sign * most
    elif sign < 0 and not leg.instrument.is_contract:
        units = free.get(leg.instrument.base, ZERO)
        if (room := floor_times(leg.instrument.lot_size, units)) < most:
            most, reason = room, RestReason.NO_UNITS
        with exact_arithmetic():
            free[leg.instrument.base] = units - leg.instrument.units(most)
    return Sized(wanted=wanted, lots=Lots(sign * most), reason=reason)


def _cost(sized: Sized, lots: int) -> Decimal:
    """Return what buying *lots* takes from the quote at worst: approved limit and fee."""
    instrument = sized.wanted.leg.instrument
    with exact_arithmetic():
        return instrument.units(lots) * sized.wanted.leg.limit_price * (ONE + instrument.taker_fee)


def _cut_to(buys: Sequence[Sized], cash: Decimal) -> list[Sized]:
    """Cut *buys* pro rata until they cost no more than *cash*, then fill up lot by lot."""
    with exact_arithmetic():
        total = sum((_cost(each, each.lots) for each in buys), ZERO)
        if total <= cash:
            return list(buys)
        shares = [divmod(each.lots * cash, total) for each in buys]
        lots = [int(whole) for whole, _ in shares]
        left = cash - sum((_cost(b, n) for b, n in zip(buys, lots, strict=True)), ZERO)
        # The largest fractions first; a lot that is too dear leaves room for a cheaper one.
        for k in sorted(range(len(buys)), key=lambda k: (-shares[k][1], k)):
            if lots[k] < buys[k].lots and (one := _cost(buys[k], 1)) <= left:
                lots[k], left = lots[k] + 1, left - one
    return [
        Sized(wanted=b.wanted, lots=Lots(n), reason=b.reason if n == b.lots else RestReason.NO_CASH)
        for b, n in zip(buys, lots, strict=True)
    ]


def _at_least_minimum(sized: Sized) -> Sized:
    """Leave an order that the venue would not take for its size, at the least that it may count at.

    That is what the gate asks too: what it refuses for its size would end the run in every market.
    """
    leg = sized.wanted.leg
    instrument = leg.instrument
    least = instrument.notional_min_reduce_only if leg.reduce_only else instrument.notional_min
    with exact_arithmetic():
        least_price = min(leg.mark, leg.limit_price, instrument.limit_price(sized.wanted.limit))
        value = abs(instrument.units(sized.lots)) * least_price
    if abs(sized.lots) >= instrument.lots_min and value >= least:
        return sized
    why = sized.reason if sized.reason is not RestReason.NONE else RestReason.BELOW_MINIMUM
    return Sized(wanted=sized.wanted, lots=Lots(0), reason=why)
