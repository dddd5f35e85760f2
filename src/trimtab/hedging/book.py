"""The hedge book as a fold over what the ledger has: declared lines, fills, funding. Pure, exact.

Sells of a declared line grow its hedge, buys shrink the hedges of theirs, in the order declared.
What else is bought back (a liquidation, a person's own trade, a reduction in a hurry) comes off
what no hedge explains first, then off the oldest hedge. Closing in part realises at the average
entry; divisions round at 28 digits, and the last part takes the rest, so that sums are exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic, ratio
from trimtab.domain.hedges import (
    MOVES,
    POT_ID,
    Hedge,
    HedgeBook,
    HedgeCause,
    HedgeFill,
    HedgeId,
    HedgeLine,
    HedgePart,
    HedgeRecord,
    HedgeStep,
    StepKind,
)
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import Fill, Side
from trimtab.domain.payments import Payment

Place = tuple[HedgeId, Symbol]
"""One hedge in one contract: it keeps its id where it is rolled."""
Lines = Mapping[tuple[str, int], tuple[HedgeLine, ...]]
"""What is declared, by plan and line."""


def book_of(record: HedgeRecord, quote: Asset) -> HedgeBook:
    """Return every hedge as *record* adds up to; contracts settle in *quote*."""
    declared: dict[tuple[str, int], tuple[HedgeLine, ...]] = {}
    for each in record.declared:
        place = (each.plan_digest, each.line.line)
        declared[place] = (*declared.get(place, ()), each.line)
    fold = _Fold(declared=declared, quote=quote)
    # A payment is for what was held just before: at one instant it goes before the fill.
    events: list[Payment | HedgeFill] = [*record.funding, *record.fills]
    for event in sorted(events, key=_instant):
        if isinstance(event, Payment):
            fold.pay(event)
        else:
            fold.fill(event)
    return HedgeBook(
        hedges=tuple(fold.hedges.values()),
        steps=tuple(fold.steps),
        parts=tuple(fold.parts),
        beside=fold.beside,
    )


def _instant(event: Payment | HedgeFill) -> datetime:
    """Return when something happened, the venue's clock."""
    return event.paid_at if isinstance(event, Payment) else event.fill.filled_at


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What of an execution one hedge takes."""

    hedge_id: HedgeId | None
    """None for what no hedge explains."""
    units: Decimal
    """Base units, > 0."""
    cause: HedgeCause


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moving:
    """What was bought back of hedges to be opened again elsewhere, and is not yet."""

    units: dict[HedgeId, Decimal] = field(default_factory=dict)
    """Base units, > 0."""
    profit: dict[HedgeId, Decimal] = field(default_factory=dict)
    """What those units have gained so far, quote units, signed."""

    def units_of(self, hedge_id: HedgeId) -> Decimal:
        """Return what one hedge waits for."""
        return self.units.get(hedge_id, ZERO)

    def shares(
        self, fill: Fill, lines: Sequence[HedgeLine]
    ) -> Iterator[tuple[HedgeLine, Decimal, Decimal]]:
        """Yield the units and the fee of a sell for each hedge that it is declared for.

        Those that move have as much as was bought back of them, the last has the rest.
        """
        left, fee = fill.quantity, fill.fee
        for line in lines:
            is_last = line == lines[-1]
            units = left if is_last else min(left, self.units_of(line.hedge_id))
            share = fee if is_last else ratio(fill.fee * units, fill.quantity)
            left, fee = left - units, fee - share
            if units:
                yield line, units, share

    def left(self, part: _Part, *, profit: Decimal) -> None:
        """Take a part of a hedge that leaves its contract with what it gained."""
        assert part.hedge_id is not None, "Only what a hedge explains is moved."
        self.units[part.hedge_id] = self.units_of(part.hedge_id) + part.units
        self.profit[part.hedge_id] = self.profit.get(part.hedge_id, ZERO) + profit

    def arrived(self, line: HedgeLine, units: Decimal) -> Decimal:
        """Return the profit that comes along with *units* that are opened for *line*."""
        waits = self.units_of(line.hedge_id)
        if line.cause not in MOVES or not waits:
            return ZERO
        profit = self.profit.pop(line.hedge_id)
        del self.units[line.hedge_id]
        if units >= waits:
            return profit
        brought = ratio(profit * units, waits)
        self.units[line.hedge_id] = waits - units
        self.profit[line.hedge_id] = profit - brought
        return brought


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fold:
    """The books while they are added up."""

    declared: Lines
    quote: Asset
    hedges: dict[Place, Hedge] = field(default_factory=dict)
    moving: _Moving = field(default_factory=_Moving)
    beside: dict[Symbol, Decimal] = field(default_factory=dict)
    """Base units that a contract is short and that no hedge explains, once it had a hedge."""
    steps: list[HedgeStep] = field(default_factory=list)
    parts: list[HedgePart] = field(default_factory=list)

    def fill(self, event: HedgeFill) -> None:
        """Take one execution."""
        fill, lines = event.fill, self.declared.get((event.plan_digest, event.line), ())
        with exact_arithmetic():
            if lines and lines[0].hedge_id == POT_ID:
                self._spent(fill)
            elif fill.side is Side.BUY:
                self._bought(fill, tuple(self._parts(fill, lines)))
            elif lines:
                for line, units, fee in self.moving.shares(fill, lines):
                    self._sold(fill, line, units=units, fee=fee)
            elif fill.symbol in self.beside:
                self.beside[fill.symbol] += fill.quantity

    def _spent(self, fill: Fill) -> None:
        """Take what a buy of coins cost out of the pot."""
        self._step(fill, POT_ID, StepKind.REDEPLOYED, -fill.quantity * fill.fill_price)
        self._step(fill, POT_ID, StepKind.FEE, -fill.fee)

    def _sold(self, fill: Fill, line: HedgeLine, *, units: Decimal, fee: Decimal) -> None:
        """Grow one hedge, or begin it."""
        if not self._open_on(fill.symbol):
            self.beside[fill.symbol] = line.beside
        place = (line.hedge_id, fill.symbol)
        known = self.hedges.get(place) or _begun(line, fill, self._first_of(line.hedge_id))
        arrived = self.moving.arrived(line, units)
        self._step(fill, line.hedge_id, StepKind.FEE, -fee)
        self.parts.append(HedgePart(hedge_id=line.hedge_id, fill=fill, units=units))
        self.hedges[place] = replace(
            known,
            units=known.units + units,
            proceeds=known.proceeds + units * fill.fill_price,
            carried=known.carried + arrived,
            fees=_with_fee(known, fill, fee),
            closed_at=None,
            closed_by=None,
        )

    def _first_of(self, hedge_id: HedgeId) -> Hedge | None:
        """Return a hedge where it was opened first, None when it is new."""
        return next((h for h in self.hedges.values() if h.hedge_id == hedge_id), None)

    def _parts(self, fill: Fill, lines: Sequence[HedgeLine]) -> Iterator[_Part]:
        """Say which hedges a buy comes off, and how much of it."""
        left, beside = fill.quantity, self.beside.get(fill.symbol, ZERO)
        places = [((x.hedge_id, fill.symbol), x.cause) for x in lines]
        named = [(self.hedges[p], cause) for p, cause in places if p in self.hedges]
        mine = {hedge.hedge_id for hedge, _ in named}
        others = (h for h in self._open_on(fill.symbol) if h.hedge_id not in mine)
        claims = [
            *((h.hedge_id, h.units, cause) for h, cause in named),
            (None, beside, HedgeCause.OUTSIDE),
            *((h.hedge_id, h.units, HedgeCause.OUTSIDE) for h in others),
        ]
        for hedge_id, units, cause in claims:
            taken = min(left, units)
            if not taken:
                continue
            left -= taken
            if hedge_id is None:
                self.beside[fill.symbol] = beside - taken
            yield _Part(hedge_id=hedge_id, units=taken, cause=cause)

    def _bought(self, fill: Fill, parts: Sequence[_Part]) -> None:
        """Shrink hedges by their parts of a buy; its fee is shared by size.

        What is bought beyond all parts opens a long and bears its own share.
        """
        left, fee = fill.quantity, fill.fee
        for part in parts:
            left -= part.units
            share = ratio(fill.fee * part.units, fill.quantity) if left else fee
            fee -= share
            if part.hedge_id is not None:
                self._shrunk(self.hedges[part.hedge_id, fill.symbol], fill, part, share)

    def _shrunk(self, hedge: Hedge, fill: Fill, part: _Part, fee: Decimal) -> None:
        """Buy back a part of one hedge at its average entry."""
        closes = part.units == hedge.units
        sold = hedge.proceeds if closes else ratio(hedge.proceeds * part.units, hedge.units)
        profit = sold - part.units * fill.fill_price
        carried = hedge.carried if closes else ratio(hedge.carried * part.units, hedge.units)
        if part.cause in MOVES:
            self.moving.left(part, profit=profit + carried)
        self._step(fill, hedge.hedge_id, StepKind.PROFIT, profit)
        self._step(fill, hedge.hedge_id, StepKind.FEE, -fee)
        self.parts.append(HedgePart(hedge_id=hedge.hedge_id, fill=fill, units=part.units))
        self.hedges[hedge.hedge_id, hedge.symbol] = replace(
            hedge,
            units=hedge.units - part.units,
            proceeds=hedge.proceeds - sold,
            carried=hedge.carried - carried,
            realised=hedge.realised + profit,
            fees=_with_fee(hedge, fill, fee),
            closed_at=fill.filled_at if closes else None,
            closed_by=part.cause if closes else None,
        )

    def pay(self, payment: Payment) -> None:
        """Share one funding payment by size among whatever is short."""
        if payment.symbol is None:
            return
        held = self._open_on(payment.symbol)
        with exact_arithmetic():
            beside = self.beside.get(payment.symbol, ZERO)
            total, left = sum((h.units for h in held), beside), payment.units
            for place, hedge in enumerate(held, start=1):
                takes_rest = place == len(held) and not beside
                share = left if takes_rest else ratio(payment.units * hedge.units, total)
                left -= share
                self.hedges[hedge.hedge_id, hedge.symbol] = replace(
                    hedge, funding=hedge.funding + share
                )
                self.steps.append(_paid(payment, hedge.hedge_id, share))

    def _step(self, fill: Fill, hedge_id: HedgeId, kind: StepKind, units: Decimal) -> None:
        """Note what an execution brought a hedge or cost it; nothing is no step."""
        if units:
            step = HedgeStep(
                at=fill.filled_at,
                hedge_id=hedge_id,
                kind=kind,
                asset=fill.fee_asset if kind is StepKind.FEE else self.quote,
                units=units,
                reference=fill.trade_id,
            )
            self.steps.append(step)

    def _open_on(self, symbol: Symbol) -> tuple[Hedge, ...]:
        """Return open hedges in one contract, oldest first."""
        return tuple(h for h in self.hedges.values() if h.symbol == symbol and h.is_open)


def _paid(payment: Payment, hedge_id: HedgeId, units: Decimal) -> HedgeStep:
    """Return a hedge's share of a funding payment."""
    return HedgeStep(
        at=payment.paid_at,
        hedge_id=hedge_id,
        kind=StepKind.FUNDING,
        asset=payment.asset,
        units=units,
        reference=payment.payment_id,
    )


def _begun(line: HedgeLine, fill: Fill, first: Hedge | None) -> Hedge:
    """Return a hedge of nothing yet; one that comes from elsewhere is as old as it was there."""
    return Hedge(
        hedge_id=line.hedge_id,
        asset=line.asset,
        symbol=line.symbol,
        origin=line.origin,
        drift_back=line.drift_back,
        opened_at=fill.filled_at if first is None else first.opened_at,
        units=ZERO,
        proceeds=ZERO,
        carried=ZERO,
        realised=ZERO,
        fees={},
        funding=ZERO,
        closed_at=None,
        closed_by=None,
        beta=line.beta,
    )


def _with_fee(hedge: Hedge, fill: Fill, fee: Decimal) -> Mapping[Asset, Decimal]:
    """Return the fees of a hedge with one more."""
    return {**hedge.fees, fill.fee_asset: hedge.fees.get(fill.fee_asset, ZERO) + fee}
