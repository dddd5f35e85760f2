"""Cross-hedges of an account: at which beta, what they stand for, and what opens or closes them.

Pure and exact but for betas and divisions. What is short for another asset is taken out of the
account that targets see, and counts there as a short on what it stands for. A hedge keeps the
beta that it was opened at; where the beta has changed, what it grows by is another hedge. Source:
strategy definitions 3.6; docs/design/0039-cross-hedges.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from trimtab.domain.cross import CrossPolicy, CrossShort, Protection
from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, floor_times, rounded
from trimtab.domain.exposure import Exposure
from trimtab.domain.hedges import Hedge, HedgeBook
from trimtab.domain.instruments import Asset, Instrument, Lots, Symbol
from trimtab.domain.plan import Leg, Role
from trimtab.domain.policy import RebalancePolicy, Route
from trimtab.domain.routing import RouteChoice, RouteReason
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.betas import Betas
from trimtab.planning.decision import Correction
from trimtab.planning.routes import Move, market_of, routed

_GRAIN: Final = Decimal("1e-12")
"""Below any lot's value: what a rounded division may lack, quote units."""


def open_crosses(book: HedgeBook, snapshot: Snapshot) -> tuple[Hedge, ...]:
    """Return the open cross-hedges by first fill, each as large as is really short of it."""
    left: dict[Symbol, Decimal] = {}
    found = []
    for hedge in book.open:
        position = snapshot.positions.get(hedge.symbol)
        if not hedge.is_cross or position is None:
            continue
        with exact_arithmetic():
            short = -snapshot.instruments[hedge.symbol].units(position.lots)
            room = left.setdefault(hedge.symbol, max(ZERO, short))
            units = min(hedge.units, room)
            left[hedge.symbol] = room - units
        if units:
            found.append(replace(hedge, units=units))
    return tuple(found)


def without_crosses(snapshot: Snapshot, crosses: Sequence[Hedge]) -> Snapshot:
    """Return the account without what is short for other assets."""
    positions = dict(snapshot.positions)
    for hedge in crosses:
        instrument, position = snapshot.instruments[hedge.symbol], positions[hedge.symbol]
        with exact_arithmetic():
            lots = Lots(position.lots + floor_times(instrument.units(Lots(1)), hedge.units))
        positions[hedge.symbol] = replace(position, lots=lots)
        if not lots:
            del positions[hedge.symbol]
    return replace(snapshot, positions=positions)


def attributed(own: Exposure, crosses: Sequence[Hedge], snapshot: Snapshot) -> Exposure:
    """Return *own*, which has no cross-hedges, with each as a short on what it stands for."""
    futures = dict(own.futures)
    for hedge in crosses:
        stands_for = value_of(hedge, own, snapshot)
        with exact_arithmetic():
            units = Protection(asset=hedge.asset, beta=own.mid(hedge.asset)).of(stands_for)
            futures[hedge.asset] = futures.get(hedge.asset, ZERO) - units
    return replace(own, futures=futures) if crosses else own


def value_of(hedge: Hedge, exposed: Exposure, snapshot: Snapshot) -> Decimal:
    """Return the value of its asset that a cross-hedge stands for, quote units, >= 0."""
    base = snapshot.instruments[hedge.symbol].base
    with exact_arithmetic():
        notional = hedge.units * exposed.mid(base)
    return Protection(asset=hedge.asset, beta=hedge.beta).of(notional)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """What cross-hedges are opened and closed with."""

    rules: RebalancePolicy
    cross: CrossPolicy | None
    betas: Betas
    crosses: tuple[Hedge, ...]
    """Those that are open, as large as is really short."""
    own_snapshot: Snapshot
    """The account without them."""
    own: Exposure
    """The same, with each as a short on what it stands for."""

    def routed(
        self,
        corrections: Sequence[Correction],
        *,
        kept: Mapping[Symbol, Decimal],
        short_in: Callable[[Asset], Instrument],
    ) -> tuple[Move, ...]:
        """Return what carries *corrections*: by own markets first, then by those of others.

        *kept* and *short_in* are as for :func:`trimtab.planning.routes.routed`, which may raise.
        """
        plainly = tuple(c for c in corrections if not self._takes(c))
        moves = self._plainly(plainly, kept=kept, short_in=short_in)
        mine = (c for c in corrections if self._takes(c))
        crossing = (self._short(c) if c.value < 0 else self._long(c, kept=kept) for c in mine)
        return (*moves, *(move for each in crossing for move in each))

    def _plainly(
        self,
        corrections: tuple[Correction, ...],
        *,
        kept: Mapping[Symbol, Decimal],
        short_in: Callable[[Asset], Instrument],
    ) -> tuple[Move, ...]:
        """Return what carries *corrections* by own markets."""
        return routed(
            corrections, self.own_snapshot, exposed=self.own, kept=kept, short_in=short_in
        )

    def _takes(self, correction: Correction) -> bool:
        """Whether a correction goes by another asset's contract."""
        return self.rules.route_of(correction.asset) is Route.CROSS

    def _short(self, correction: Correction) -> Iterator[Move]:
        """Yield the opening of a hedge, in whole lots, rounded down."""
        protection = self.betas.found.get(correction.asset)
        if protection is None or self.cross is None:
            return
        contract = self._perpetual(self.cross.by[correction.asset])
        notional = protection.needed(-correction.value)
        lots = _whole_lots(notional, lot_value=self._lot_value(contract))
        if lots:
            yield self._move(correction, contract, -lots, protection=protection)

    def _long(self, correction: Correction, *, kept: Mapping[Symbol, Decimal]) -> Iterator[Move]:
        """Yield what buys hedges back, oldest first, then the coin for what none stands for."""
        rest = correction.value
        for hedge in (h for h in self.crosses if h.asset == correction.asset):
            contract = self.own_snapshot.instruments[hedge.symbol]
            protection = Protection(asset=hedge.asset, beta=hedge.beta)
            stands_for = value_of(hedge, self.own, self.own_snapshot)
            part = min(rest, stands_for)
            lot_value = self._lot_value(contract)
            with exact_arithmetic():
                whole = floor_times(contract.units(Lots(1)), hedge.units)
                rest -= part
            needed = _whole_lots(protection.needed(part), lot_value=lot_value)
            lots = whole if part == stands_for else needed
            if lots:
                yield self._move(correction, contract, lots, protection=protection)
        if rest:
            coins = replace(correction, value=rest, slack=ZERO, by_spot=ONE)
            yield from self._plainly((coins,), kept=kept, short_in=self._perpetual)

    def _perpetual(self, asset: Asset) -> Instrument:
        """Return the contract on *asset* itself."""
        return market_of(asset, self.own_snapshot, contract=True)

    def _lot_value(self, contract: Instrument) -> Decimal:
        """Return the value of a lot at mid, quote units."""
        with exact_arithmetic():
            return contract.units(Lots(1)) * self.own.mid(contract.base)

    def _move(
        self, correction: Correction, contract: Instrument, lots: int, *, protection: Protection
    ) -> Move:
        """Return a move of whole lots in the contract of another asset."""
        with exact_arithmetic():
            value = lots * self._lot_value(contract)
        return Move(
            asset=contract.base,
            instrument=contract,
            value=value,
            slack=ZERO,
            role=Role.HEDGE if lots < 0 else Role.CLOSE,
            reason=correction.reason,
            protects=protection,
        )


def _whole_lots(notional: Decimal, *, lot_value: Decimal) -> int:
    """Return how many lots *notional* is, rounded down; what only a division took is given back."""
    return floor_times(lot_value, rounded(notional, _GRAIN, up=True))


def cross_choices(moves: Sequence[Move]) -> tuple[RouteChoice, ...]:
    """Return how assets go that are hedged by the contracts of others, in the order of *moves*."""
    return tuple(
        RouteChoice(
            asset=move.protects.asset,
            value=move.protects.of(move.value),
            route=Route.CROSS.value,
            reason=RouteReason.CONFIGURED,
            table=None,
        )
        for move in moves
        if move.protects is not None and move.role is Role.HEDGE
    )


def shorts_of(crossing: Crossing, legs: Sequence[Leg]) -> tuple[CrossShort, ...]:
    """Return what is short for other assets now and after *legs*, by contract and asset."""
    before: dict[tuple[Asset, Symbol], Decimal] = {}
    stands_for: dict[tuple[Asset, Symbol], Decimal] = {}
    moved: dict[tuple[Asset, Symbol], Decimal] = {}
    with exact_arithmetic():
        for hedge in crossing.crosses:
            key = (hedge.asset, hedge.symbol)
            value = value_of(hedge, crossing.own, crossing.own_snapshot)
            before[key] = before.get(key, ZERO) + hedge.units
            stands_for[key] = stands_for.get(key, ZERO) + value
        for leg in legs:
            if leg.protects is not None:
                key = (leg.protects.asset, leg.symbol)
                moved[key] = moved.get(key, ZERO) - leg.instrument.units(leg.lots)
        return tuple(
            CrossShort(
                asset=asset,
                symbol=symbol,
                before=before.get((asset, symbol), ZERO),
                after=before.get((asset, symbol), ZERO) + moved.get((asset, symbol), ZERO),
                stands_for=stands_for.get((asset, symbol), ZERO),
            )
            for asset, symbol in sorted({*before, *moved})
        )
