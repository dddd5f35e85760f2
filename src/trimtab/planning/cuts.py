"""Cut: which futures are taken off, and how far, until an urgent condition no longer holds.

Pure and exact. Only what lowers both |notional| and |net exposure| is taken: a short that protects
a holding stays, because closing it would raise what is exposed. For leverage each quote unit of
notional helps alike, so the cut is shared pro rata to what may be taken off. For the margin of a
wallet what helps most per value goes first: the highest maintenance rate, and for the liquidation
of one contract that contract. Every cut is rounded up to whole lots.

Source: strategy definitions 2.3 and 2.4; docs/design/0025-urgent-reductions.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import (
    BPS,
    ONE,
    ZERO,
    ceil_times,
    exact_arithmetic,
    floor_times,
    ratio,
)
from trimtab.domain.exposure import Exposure
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.margin import maintenance
from trimtab.domain.policy import RiskLimits
from trimtab.domain.snapshot import ContractState, Snapshot
from trimtab.planning.costs import least_reduction
from trimtab.triggers.strain import Futures


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressure:
    """One bound of the futures wallet: factor x maintenance - balance, at moved marks, <= 0."""

    factor: Decimal
    """How often the balance must cover the maintenance, > 0."""
    moved: Mapping[Symbol, Decimal]
    """By contract the multiple that its mark moves to; 1 where it is not named."""


class Cutting:
    """What has been cut so far, in lots by contract; grows only."""

    def __init__(
        self,
        snapshot: Snapshot,
        limits: RiskLimits,
        *,
        held: Futures,
        rooms: Mapping[Symbol, Decimal],
    ) -> None:
        """Begin to cut what is *held*, of each asset no more than the *rooms* of its contracts."""
        self._snapshot = snapshot
        self._held = held
        self._room = rooms
        self._slippage = limits.max_slippage_bps
        self.lots: dict[Symbol, int] = {}
        """Lots taken off, > 0, by contract."""

    def ease_leverage(self, limit: Decimal, *, outside: Decimal, beside: Decimal) -> Decimal:
        """Cut until the sum of notional is within *limit* times *outside*; return what lacks.

        *outside* is the value outside futures wallets, *beside* the notional where nothing is
        traded, quote units; what lacks too, >= 0.
        """
        for _ in self._held.units:
            with exact_arithmetic():
                rooms = {s: self._left(s) * self._mark(s) for s in self._held.units}
                able, excess = (
                    sum(rooms.values(), ZERO),
                    self._excess(limit, outside=outside) + beside,
                )
                if excess <= 0 or not able:
                    break
                for symbol, room in rooms.items():
                    share = room if excess >= able else ratio(excess * room, able)
                    self._take(symbol, ratio(share, self._mark(symbol)))
        with exact_arithmetic():
            return max(ZERO, self._excess(limit, outside=outside) + beside)

    def ease_margin(self, pressure: Pressure) -> Decimal:
        """Cut until the futures wallet bears *pressure*; return what its balance still lacks."""
        with exact_arithmetic():
            # Each step ends it, or empties a bracket or a position; of both there are few.
            while (lacking := self._lacking(pressure)) > 0:
                best = max(self._offers(pressure), default=None)
                if best is None:
                    return lacking
                _, symbol, freed, room = best
                self._take(symbol, min(room, ratio(lacking, freed)))
        return ZERO

    def move_against(self, symbol: Symbol, *, by: Decimal) -> Pressure:
        """Return that the wallet bears the mark of *symbol* moving *by* against its position.

        A fraction; liquidation is farther away exactly when it does.
        """
        with exact_arithmetic():
            moved = ONE - by if self._held.units[symbol] > 0 else ONE + by
        return Pressure(factor=ONE, moved={symbol: moved})

    def take_whole(self, symbol: Symbol) -> None:
        """Close the position in *symbol*, whatever that does to exposure."""
        self.lots[symbol] = abs(self._snapshot.positions[symbol].lots)

    def _take(self, symbol: Symbol, units: Decimal) -> None:
        """Take off *units*, rounded up to an order of whole lots, never beyond what may go."""
        if units <= 0:
            return
        instrument = self._snapshot.instruments[symbol]
        most = floor_times(instrument.lot_size, self._left(symbol))
        lots = max(ceil_times(instrument.lot_size, units), self._least(symbol))
        self.lots[symbol] = self.lots.get(symbol, 0) + min(most, lots)

    def _left(self, symbol: Symbol) -> Decimal:
        """Return the units that may still be taken off, whole lots, also beside its siblings.

        None where the venue takes no order so small: it would hold the others up.
        """
        instrument = self._snapshot.instruments[symbol]
        net, position = self._room[symbol], abs(self._held.units[symbol])
        instruments = self._snapshot.instruments
        alike = (s for s in self.lots if instruments[s].base == instrument.base)
        taken = sum(map(self._cut, alike), ZERO)
        room = min(position - self._cut(symbol), net - taken)
        lots = floor_times(instrument.lot_size, max(ZERO, room))
        return lots * instrument.lot_size if lots >= self._least(symbol) else ZERO

    def _least(self, symbol: Symbol) -> int:
        """Return the fewest lots of an order that takes off, valued at its limit at worst."""
        book = self._snapshot.books.get(symbol)
        price = self._mark(symbol) if book is None else min(self._mark(symbol), book.mid)
        instrument = self._snapshot.instruments[symbol]
        worst = max(instrument.tick_size, price * (ONE - self._slippage / BPS))
        return least_reduction(instrument, price=worst)

    def _excess(self, limit: Decimal, *, outside: Decimal) -> Decimal:
        """Return the notional beyond *limit* times *outside*, quote units, signed."""
        with exact_arithmetic():
            return sum(map(self._notional, self._held.units), ZERO) - limit * outside

    def _cut(self, symbol: Symbol) -> Decimal:
        return self._snapshot.instruments[symbol].units(self.lots.get(symbol, 0))

    def _mark(self, symbol: Symbol) -> Decimal:
        return self._held.contracts[symbol].mark

    def _notional(self, symbol: Symbol) -> Decimal:
        return (abs(self._held.units[symbol]) - self._cut(symbol)) * self._mark(symbol)

    def _cost(self, symbol: Symbol) -> Decimal:
        """Return what taking off one unit costs the wallet at worst, quote units."""
        fee = self._snapshot.instruments[symbol].taker_fee
        return self._mark(symbol) * (self._slippage / BPS + fee * (ONE + self._slippage / BPS))

    def _lacking(self, pressure: Pressure) -> Decimal:
        """Return how much balance *pressure* asks for beyond what there is, quote units."""
        cuts = {s: (self._cut(s), self._cost(s)) for s in self._held.units}
        return lacking_of(pressure, self._held, cuts)

    def _offers(self, pressure: Pressure) -> Iterable[tuple[Decimal, Symbol, Decimal, Decimal]]:
        """Yield what helps: balance set free per value, contract, the same per unit, and units.

        The units are those until the help changes with the bracket.
        """
        for symbol, units in self._held.units.items():
            contract, moved = self._held.contracts[symbol], pressure.moved.get(symbol, ONE)
            left, mark = abs(units) - self._cut(symbol), contract.mark * moved
            rate, floor = _step(left * mark, contract)
            against = (ONE - moved) * contract.mark * (1 if units > 0 else -1)
            freed = pressure.factor * rate * mark + against - self._cost(symbol)
            room = self._left(symbol)
            if freed > 0 and room > 0:
                reach = min(room, _above(left, floor=floor, mark=mark))
                yield ratio(freed, contract.mark), symbol, freed, reach


def lacking_of(
    pressure: Pressure, held: Futures, cuts: Mapping[Symbol, tuple[Decimal, Decimal]]
) -> Decimal:
    """Return how much balance *pressure* asks of a wallet beyond what it has, signed quote units.

    *cuts* are units taken off, >= 0, by contract, with what one of them costs.
    """
    with exact_arithmetic():
        total = -held.balance
        for symbol, units in held.units.items():
            contract, moved = held.contracts[symbol], pressure.moved.get(symbol, ONE)
            cut, cost = cuts.get(symbol, (ZERO, ZERO))
            left = abs(units) - cut
            profit = left * contract.mark * (moved - ONE) * (1 if units > 0 else -1)
            needed = maintenance(left * contract.mark * moved, contract.brackets)
            total += pressure.factor * needed - profit + cut * cost
        return total


def _above(left: Decimal, *, floor: Decimal, mark: Decimal) -> Decimal:
    """Return the units of a position that lie above the notional *floor* of its bracket."""
    return left - ratio(floor, mark) if floor < left * mark else left


def _step(notional: Decimal, contract: ContractState) -> tuple[Decimal, Decimal]:
    """Return the rate of the bracket that *notional* reaches into, and where it begins."""
    reached = [b for b in contract.brackets if b.notional_floor < notional]
    step = reached[-1] if reached else contract.brackets[0]
    return step.maintenance_ratio, step.notional_floor


def lowering_rooms(
    snapshot: Snapshot, exposed: Exposure, held: Futures
) -> Mapping[Symbol, Decimal]:
    """Return by contract the units by which its asset's |net exposure| may fall, >= 0.

    Zero where the position stands against what its asset is exposed to.
    """
    rooms: dict[Symbol, Decimal] = {}
    with exact_arithmetic():
        for symbol, units in held.units.items():
            net = _net_units(exposed, snapshot.instruments[symbol].base)
            rooms[symbol] = abs(net) if net * units > 0 else ZERO
    return rooms


def _net_units(exposed: Exposure, asset: Asset) -> Decimal:
    """Return the net exposure to *asset* in base units, signed."""
    return exposed.holding(asset) + exposed.futures.get(asset, ZERO)
