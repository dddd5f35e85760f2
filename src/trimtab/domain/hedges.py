"""Hedges: shorts that stand for coins; why each is there, what closes it, what it has brought.

Pure values. A hedge is always short, so its units are base units >= 0; prices are quote per base
unit; profit, fees and funding are quote units. A plan declares which of its lines changes which
hedge; everything else follows from fills and payments (:mod:`trimtab.hedging.book`), so that the
hedge book can never disagree with the ledger. Source: strategy definitions 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NewType

from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, ratio
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import Fill
from trimtab.domain.payments import Payment

HedgeId = NewType("HedgeId", str)
"""The asset in lower case and six hex digits, such as ``btc-1f09ac``; unique in a ledger."""


POT_ID: Final = HedgeId("pot")
"""What lines that spend the pot are declared for."""


class HedgeOrigin(StrEnum):
    """Why a hedge is there. Stored with the plan; never renamed."""

    DRIFT = "drift"
    """A correction by the route ``futures``: it stands for an overweight."""
    BY_HAND = "by_hand"
    """A person asked for it: the targets move with it until a person ends it."""


class HedgeCause(StrEnum):
    """Why a line of a plan changes a hedge. Stored with the plan; never renamed."""

    DRIFT = "drift"
    """A correction opens, grows or shrinks it."""
    BY_HAND = "by_hand"
    DRIFT_BACK = "drift_back"
    """What it stood for is no longer overweight."""
    PROFIT_TARGET = "profit_target"
    STOP = "stop"
    AGE = "age"
    BASIS = "basis"
    """Its contract traded far below its coin."""
    ROLL = "roll"
    """It moves to the next contract before its own is delivered."""
    CARRY = "carry"
    """It moves to a contract that brings more."""
    MARGIN_RESCUE = "margin_rescue"
    """A futures wallet was in danger: it was bought back though its exposure returns."""
    REDEPLOY = "redeploy"
    """No change of a hedge: what hedges brought buys coins; declared for the pot."""
    OUTSIDE = "outside"
    """It was bought back by no order that names it: a liquidation, or a person's own trade."""


MOVES: Final = frozenset({HedgeCause.ROLL, HedgeCause.CARRY})
"""Causes for which a hedge only changes its contract."""


class DriftBack(StrEnum):
    """Where the weight of the holding must return to for a drift's hedge to close. Stored."""

    BAND = "band"
    """Inside the band: it was outside when the hedge was opened."""
    TARGET = "target"
    """To the target: it was inside the band already."""
    NEVER = "never"
    """A hedge by hand stands for no overweight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeLine:
    """What one line of a plan does to one hedge: sells grow it, buys shrink it."""

    line: int
    """Line of the plan, >= 1. One that buys back several hedges is declared for each, in the
    order in which its fills are counted."""
    hedge_id: HedgeId
    asset: Asset
    symbol: Symbol
    """The contract that is short; for the pot, the market in which it is spent."""
    origin: HedgeOrigin
    cause: HedgeCause
    drift_back: DriftBack
    beside: Decimal
    """Base units that the contract was short at planning and that no hedge explains, >= 0."""
    beta: Decimal = ONE
    """Return of the asset for a return of the contract, > 0; 1 where it is its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredLine:
    """A line as the ledger has it, with the plan it is of."""

    plan_digest: str
    line: HedgeLine


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeFill:
    """One execution in a contract that hedges, and the line of the plan that ordered it."""

    fill: Fill
    plan_digest: str
    """Empty for an execution of nobody's of ours."""
    line: int
    """0 likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeRecord:
    """All that a hedge book follows from, dry runs excluded."""

    declared: tuple[DeclaredLine, ...]
    """Lines that have fills, in the order in which their plans were saved."""
    fills: tuple[HedgeFill, ...]
    """In every market that a line names, oldest first."""
    funding: tuple[Payment, ...]
    """Of the same markets, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hedge:
    """One hedge in one contract, open or closed; rolled, it goes on in another by the same id."""

    hedge_id: HedgeId
    asset: Asset
    symbol: Symbol
    origin: HedgeOrigin
    drift_back: DriftBack
    opened_at: datetime
    """Its first fill, the venue's clock."""
    units: Decimal
    """Base units that are short now, >= 0; 0 when closed."""
    proceeds: Decimal
    """What those units were sold for, quote units, >= 0: units times average entry."""
    carried: Decimal
    """What they had gained in contracts that they were rolled out of, quote units, signed."""
    realised: Decimal
    """Profit of what was bought back, at average entry, quote units, signed."""
    fees: Mapping[Asset, Decimal]
    """Paid so far by asset; a rebate is negative."""
    funding: Decimal
    """Received so far, quote units, signed: a short is paid when the rate is positive."""
    closed_at: datetime | None
    """None while it is open."""
    closed_by: HedgeCause | None
    """What the last fill was for; None while it is open."""
    beta: Decimal = ONE
    """Return of the asset for a return of the contract, > 0; 1 where it is its own."""

    @property
    def is_cross(self) -> bool:
        """Whether the contract is of another asset than what it stands for."""
        return not self.symbol.startswith(f"{self.asset}/")

    @property
    def is_open(self) -> bool:
        """Whether any unit is still short."""
        return self.closed_at is None

    @property
    def entry(self) -> Decimal:
        """Average price of the open units, quote per base unit; 0 when closed."""
        return ratio(self.proceeds, self.units) if self.units else ZERO

    @property
    def entry_with_rolls(self) -> Decimal:
        """Average price as if the open units had never been rolled; 0 when closed."""
        with exact_arithmetic():
            return ratio(self.proceeds + self.carried, self.units) if self.units else ZERO

    def profit_at(self, mark: Decimal) -> Decimal:
        """Unrealised profit of the open units at *mark*, quote units, signed."""
        with exact_arithmetic():
            return self.proceeds - self.units * mark

    def result(self, quote: Asset) -> Decimal:
        """Realised profit less fees in the quote plus funding, quote units, signed."""
        with exact_arithmetic():
            return self.realised - self.fees.get(quote, ZERO) + self.funding


class StepKind(StrEnum):
    """What a hedge earned or cost at once. Written into exports; never renamed."""

    PROFIT = "profit"
    """Of units that were bought back, at the average entry."""
    FEE = "fee"
    FUNDING = "funding"
    REDEPLOYED = "redeployed"
    """Spent on coins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeStep:
    """One thing that a hedge earned or cost."""

    at: datetime
    """The venue's clock."""
    hedge_id: HedgeId
    kind: StepKind
    asset: Asset
    units: Decimal
    """Units of ``asset``, signed: positive is received."""
    reference: str
    """The execution or payment behind it, by the venue's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgePart:
    """What of one execution grew or shrank one hedge."""

    hedge_id: HedgeId
    fill: Fill
    units: Decimal
    """Base units, > 0; a buy may be shared by several hedges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeBook:
    """Every hedge of an account."""

    hedges: tuple[Hedge, ...]
    """By first fill."""
    steps: tuple[HedgeStep, ...]
    """Oldest first; what the sums of the hedges are the sums of."""
    parts: tuple[HedgePart, ...] = ()
    """Which execution changed which hedge, oldest first."""
    beside: Mapping[Symbol, Decimal] = field(default_factory=dict)
    """Base units that a contract is short beyond its hedges, >= 0, where it had one."""

    @property
    def open(self) -> tuple[Hedge, ...]:
        """Those that are open, by first fill."""
        return tuple(h for h in self.hedges if h.is_open)

    def pot(self, quote: Asset) -> Decimal:
        """Return what hedges realised, less fees, with funding, less what was spent; signed."""
        with exact_arithmetic():
            return sum((s.units for s in self.steps if s.asset == quote), ZERO)

    def open_on(self, symbol: Symbol) -> tuple[Hedge, ...]:
        """Return the open hedges in one contract, by first fill."""
        return tuple(h for h in self.open if h.symbol == symbol)

    def by_hand(self, asset: Asset) -> tuple[Hedge, ...]:
        """Return the open hedges of *asset* that a person asked for."""
        return tuple(h for h in self.open if h.asset == asset and h.origin is HedgeOrigin.BY_HAND)


NO_HEDGES: Final = HedgeBook(hedges=(), steps=())
"""The book of an account that never had a hedge."""


def units_of(hedges: tuple[Hedge, ...]) -> Decimal:
    """Return the units that *hedges* are short together, base units, >= 0."""
    with exact_arithmetic():
        return sum((h.units for h in hedges), ZERO)


def kept_by_hand(book: HedgeBook) -> Mapping[Symbol, Decimal]:
    """Return the units that are short by hand and no correction may buy back, by contract."""
    symbols = {h.symbol for h in book.open if h.origin is HedgeOrigin.BY_HAND}
    return MappingProxyType(
        {
            symbol: units_of(
                tuple(h for h in book.open_on(symbol) if h.origin is HedgeOrigin.BY_HAND)
            )
            for symbol in sorted(symbols)
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeWish:
    """That a person wants an asset hedged, whatever its weight."""

    asset: Asset
    share: Decimal | None
    """Fraction of the holding that is to be short by hand, >= 0; None when units are wanted."""
    units: Decimal
    """Base units that are to be short by hand, >= 0; 0 when a share is wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseWish:
    """That a person wants hedges closed."""

    hedge_ids: tuple[str, ...]
    """Ids, or beginnings of ids that fit one open hedge; empty for all that are open."""
    sells: bool
    """Whether the coins that they cover are sold beside it, so that no exposure comes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RescueWish:
    """That a person wants a futures wallet in danger mended, even if exposure returns by it."""


Wish = HedgeWish | CloseWish | RescueWish
