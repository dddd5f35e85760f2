"""The plan: drifts, legs in stages, what is left alone and why, and the digest of it all.

A plan is a value. Its digest is the SHA-256 of its canonical JSON and covers the snapshot
and the instant it was made, so no two plans share one and no two share a client order id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Final

from trimtab.domain.canonical import digest, to_document
from trimtab.domain.cross import CrossShort, Protection
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.firings import Firing
from trimtab.domain.hedges import HedgeLine
from trimtab.domain.instruments import Asset, Instrument, Lots, Symbol, Ticks
from trimtab.domain.orders import ClientOrderId, Side, client_order_id
from trimtab.domain.overlays import Overlay, OverlayKind
from trimtab.domain.readings import Reading
from trimtab.domain.routing import RouteChoice
from trimtab.domain.sleeves import NetOfSleeves, SleeveDrift
from trimtab.domain.snapshot import AccountKey
from trimtab.domain.stops import StopLine
from trimtab.domain.transfers import TransferId, TransferLeg, transfer_id
from trimtab.domain.untold import Untold

_NO_MOVE: Final = frozenset({OverlayKind.HEDGE, OverlayKind.NEUTRAL})
"""Overlays that change nothing of what is wanted to be exposed to."""


class Role(StrEnum):
    """What a leg is for."""

    SPOT = "spot"
    HEDGE = "hedge"
    """Every futures opening."""
    CLOSE = "close"
    """Every reduction of a futures position."""
    ROLL = "roll"
    """Both sides of a hedge that moves to another contract: bought back here, opened there."""


class LegReason(StrEnum):
    """Why a leg has the size it has. Stored in the ledger; never renamed."""

    TO_TARGET = "to_target"
    TO_BAND = "to_band"
    PART_OF_THE_WAY = "part_of_the_way"
    CUT_TO_CASH = "cut_to_cash"
    FUNDS_ANOTHER = "funds_another"
    BY_HAND = "by_hand"
    """A person asked for exactly this."""
    REDEPLOY = "redeploy"
    """What hedges brought buys what is underweight."""
    CLOSE_HEDGE = "close_hedge"
    """A hedge is at one of its ends."""
    MARGIN_RESCUE = "margin_rescue"
    """Takes off what endangers a futures wallet, though it may have protected a holding."""
    MARGIN = "margin"
    """Takes off what a futures wallet cannot carry."""
    LEVERAGE = "leverage"
    """Brings the leverage ratio down to its limit."""
    DRAWDOWN = "drawdown"
    EXPIRY = "expiry"
    """Closes a dated contract before it is delivered."""
    ROLL = "roll"
    """Moves a hedge to the next contract before its own is delivered."""
    CARRY = "carry"
    """Moves a hedge to a contract that brings more."""
    NEUTRAL = "neutral"
    """Makes a short as large as the coins that it stands against."""


class LineOrder(StrEnum):
    """Which order a plan's lines go in. Stored in the ledger; never renamed."""

    USUAL = "usual"
    """Reductions and sales, a transfer, hedges, buys."""
    SEARCHED = "searched"
    """Another one in which every prefix is safe; in the usual one it is not."""
    SLICED = "sliced"
    """The same, with legs that oppose each other in slices."""


class UntradedReason(StrEnum):
    """Why a drift was left alone. Stored in the ledger; never renamed."""

    BELOW_ONE_LOT = "below_one_lot"
    BELOW_MIN_NOTIONAL = "below_min_notional"
    NO_FREE_CASH = "no_free_cash"
    NO_FREE_UNITS = "no_free_units"
    HEDGE_RATIO = "hedge_ratio"
    """Accepted drift: the hedge ratio leaves it."""
    MAX_RATIO = "max_ratio"
    """Accepted drift: the members of a basket that have a contract may carry no more."""
    NO_CONTRACT = "no_contract"
    """Accepted drift: no member of a basket has a contract. Of a hedge that is to be rolled: there
    is no contract to roll it into."""
    NO_HEDGE = "no_hedge"
    """A position in a contract that is about to be delivered, and that no hedge explains."""
    FLAGGED = "flagged"
    """The operator has flagged the asset, so that it is never bought."""
    NO_CROSS_HEDGE = "no_cross_hedge"
    """Accepted drift: it follows the asset that would hedge it too little to be hedged by it."""
    DISCOUNT = "discount"
    """Accepted drift: its contract trades so far below its index that a hedge would be bought back,
    or was, and the contract has not come back since."""
    NOT_TRADABLE = "not_tradable"
    UNTARGETED = "untargeted"
    AT_VENUE_MAXIMUM = "at_venue_maximum"
    NOT_WORTH_ITS_COST = "not_worth_its_cost"
    """To correct it costs more than it gains: the no-trade zone leaves it."""
    WAITS_FOR_DIP = "waits_for_dip"
    """What hedges brought would buy it, and the buy-dip rule does not hold."""
    COOL_DOWN = "cool_down"
    """Accepted drift: a hedge on it was closed lately, and none is opened again yet."""
    REDUCTION_FIRST = "reduction_first"
    """Something urgent is taken off first; the next plan looks again."""
    MARGIN_LACKING = "margin_lacking"
    """What a futures wallet still lacks when all that may be cut is cut."""
    WOULD_RAISE_EXPOSURE = "would_raise_exposure"
    """Only a position that protects a holding is left to take off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """How likely a price is touched in time: lognormal, without drift, at recent volatility."""

    days: int
    """From the plan on, >= 1."""
    chance: Decimal
    """0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How far one asset is from where it should be."""

    asset: Asset
    spot_weight: Decimal
    """Holding value over NAV, fraction, >= 0."""
    net_weight: Decimal
    """Net exposure over NAV, fraction, signed, without what sleeves own."""
    strategic_target: Decimal
    """Fraction of the basis as configured, 0 to 1."""
    target: Decimal
    """Effective target after overlays, fraction of the basis, 0 to 1."""
    drift: Decimal
    """Weight of the basis minus effective target, fraction, signed."""
    band_low: Decimal
    """Lowest weight inside the band, fraction of the basis, 0 to 1."""
    band_high: Decimal
    """Highest weight inside the band, fraction of the basis, 0 to 1, >= ``band_low``."""
    breached: bool
    """Strictly outside the band, accepted hedge-ratio rest taken off."""
    alert_low: Decimal | None
    """Nearest mark below at which a band edge is reached, others fixed, > 0; None if none."""
    alert_high: Decimal | None
    """Nearest mark above, likewise."""
    trigger_low: Decimal | None
    """Nearest price below at which any asset leaves its band, others fixed, > 0; None if there is
    none, and once a band is left."""
    trigger_high: Decimal | None
    """Nearest price above, likewise."""
    chances_low: tuple[Chance, ...] = ()
    """How likely ``trigger_low`` is touched, the shortest time first; empty where not told."""
    chances_high: tuple[Chance, ...] = ()
    """How likely ``trigger_high`` is touched, likewise."""
    in_sleeves: Decimal = ZERO
    """What sleeves add to the net exposure, fraction of NAV, signed."""
    untold: Untold | None = None
    """Why no trigger prices are told; None where they are, or there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDrift:
    """How far a group that has one band is from where it should be; its members follow it."""

    group: str
    members: tuple[Asset, ...]
    """In file order; each is among the plan's drifts."""
    weight: Decimal
    """What the basis counts of all members, fraction, signed."""
    strategic_target: Decimal
    """Fraction of the basis as configured, 0 to 1."""
    target: Decimal
    """Effective target after overlays, fraction of the basis, 0 to 1."""
    drift: Decimal
    """Weight minus effective target, fraction, signed."""
    band_low: Decimal
    """Lowest weight inside the band, 0 to 1."""
    band_high: Decimal
    """Highest weight inside the band, 0 to 1, >= ``band_low``."""
    breached: bool
    """Strictly outside the band, accepted hedge-ratio rest taken off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One line of a plan: an order to be worked up to its limit."""

    line: int
    """1 and up, in the order of execution."""
    stage: int
    """1 and up; legs of a stage are in flight together."""
    instrument: Instrument
    lots: Lots
    """Signed, never zero."""
    limit: Ticks
    """Worst price approved."""
    mark: Decimal
    """Mid (spot) or mark (contract) at planning, quote per base unit."""
    reduce_only: bool
    role: Role
    reason: LegReason
    expected_cost: Decimal
    """Fees, half spread and impact, quote units, >= 0."""
    protects: Protection | None = None
    """The other asset that it stands for; None where it is for its own."""

    @property
    def symbol(self) -> Symbol:
        """The instrument's symbol."""
        return self.instrument.symbol

    @property
    def side(self) -> Side:
        """Direction, from the sign of the lots."""
        return Side.of(self.lots)

    @property
    def quantity(self) -> Decimal:
        """Unsigned size in base units."""
        return self.instrument.units(self.lots).copy_abs()

    @property
    def limit_price(self) -> Decimal:
        """The limit in quote units per base unit."""
        return self.instrument.limit_price(self.limit)

    @property
    def notional(self) -> Decimal:
        """Quantity times mark at planning, quote units, > 0."""
        with exact_arithmetic():
            return self.quantity * self.mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Untraded:
    """A drift that gets no leg, and why."""

    asset: Asset
    reason: UntradedReason
    value: Decimal
    """What a leg would have moved, quote units, >= 0."""
    note: str = ""
    """What else there is to say, such as the words of a flag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TacticalPart:
    """What the operator holds apart: out of NAV, weights and orders, in leverage and margin."""

    asset: Asset
    kind: str
    """``holding`` or ``position``."""
    units: Decimal
    """Base units, signed."""
    value: Decimal
    """At mid, quote units, signed; 0 without a market in the quote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """Where the account stands when every leg fills at its mark."""

    weights: Mapping[Asset, Decimal]
    """Net exposure over NAV by asset, without sleeves, fractions, signed."""
    leverage: Decimal
    """Futures notional over the value outside futures wallets, >= 0; infinite where none is."""
    tracking_error: Decimal
    """Root of the sum of squared drifts, quote included, fraction, >= 0."""


@dataclass(frozen=True, kw_only=True)  # No slots: the digest is kept once it was asked for.
class Plan:
    """A proposal for one account, made from one snapshot."""

    key: AccountKey
    snapshot_id: str
    policy_digest: str
    made_at: datetime
    expires_at: datetime
    quote: Asset
    nav: Decimal
    """Quote units, > 0."""
    trigger: str
    """Why it acts, most urgent first: a :class:`TriggerKind`; ``none`` when it does not."""
    firings: tuple[Firing, ...]
    """Every condition that made it act, most urgent first."""
    alerts: tuple[Firing, ...]
    """Every condition that held and is only told of, most urgent first."""
    overlays: tuple[Overlay, ...]
    """What moved the targets from the strategic ones, in the order applied."""
    readings: tuple[Reading, ...]
    """What was read from the past, rule by rule; empty where no rule asks."""
    drift: tuple[Drift, ...]
    """Targets in file order, then untargeted assets by name."""
    groups: tuple[GroupDrift, ...]
    """Groups that have one band, in file order; a member's own band is its part of it."""
    routes: tuple[RouteChoice, ...]
    """How each asset that is moved goes, and why, in target order."""
    legs: tuple[Leg, ...]
    """The orders, by line."""
    transfers: tuple[TransferLeg, ...]
    """Moves between the account's own wallets, by line; lines and stages are counted together."""
    hedging: tuple[HedgeLine, ...]
    """Which of them opens, grows, shrinks or closes which hedge, by line."""
    allocation: str
    """What is proved of the sizes: ``exact``, ``certified`` or ``bounded``; see planning."""
    units_before: Mapping[Asset, Decimal]
    """What the plan was made from: units of each asset that a leg moves, outside futures wallets
    and in contracts, signed. An account that has others by now needs another plan."""
    untraded: tuple[Untraded, ...]
    tactical: tuple[TacticalPart, ...]
    """What is held apart and is no part of any weight above, until it is folded in."""
    after: After
    sleeves: tuple[SleeveDrift, ...] = ()
    """In file order; those that a rule of the targets makes last."""
    nets: tuple[NetOfSleeves, ...] = ()
    """What sleeves do to the exposure of each asset that they touch, by name."""
    order: LineOrder = LineOrder.USUAL
    """Which order the lines go in."""
    crosses: tuple[CrossShort, ...] = ()
    """What is short for other assets, before and after it, by asset and contract."""
    mids: Mapping[Asset, Decimal] = field(default_factory=dict)
    """Mid of each coin that a leg moves, or whose contract it moves, quote units, > 0."""
    stops: tuple[StopLine, ...] = ()
    """Stops on the venue that it puts, changes or withdraws, by line."""

    @cached_property
    def digest(self) -> str:
        """The name of exactly this plan: 64 hex digits.

        One without transfers has the name that it had before plans could have any, and likewise
        one in the usual order, without mids or without stops.
        """
        document = to_document(self)
        if not self.transfers:
            del document["transfers"]
        if self.order is LineOrder.USUAL:
            del document["order"]
        if not self.mids:
            del document["mids"]
        if not self.stops:
            del document["stops"]
        return digest(document)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.legs and not self.transfers and not self.stops

    def order_id(self, line: int, *, attempt: int) -> ClientOrderId:
        """Return the client order id of one attempt at one line."""
        return client_order_id(plan_digest=self.digest, line=line, attempt=attempt)

    def transfer_id(self, line: int) -> TransferId:
        """Return our name of the transfer in one line."""
        return transfer_id(plan_digest=self.digest, line=line)


def under_name(plan: Plan, name: str) -> Plan:
    """Return *plan* with the digest that the version gave it which made it, and said less."""
    plan.__dict__["digest"] = name
    return plan


def targets_unhedged(plan: Plan) -> Mapping[Asset, Decimal]:
    """Return the effective targets without what is short by hand or held neutral, fractions.

    A person opened that hedge and may close it again, and what is neutral is exposed to nothing:
    neither is a move of what is wanted.
    """
    targets = {drift.asset: drift.target for drift in plan.drift}
    shifts = [o.shift for o in plan.overlays if o.kind in _NO_MOVE]
    with exact_arithmetic():
        for asset, shift in ((a, s) for each in shifts for a, s in each.items()):
            targets[asset] = targets.get(asset, ZERO) - shift
    return targets
