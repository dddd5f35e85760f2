"""Where an account stands: weights against bands, positions, margin, orders, halt. Plans nothing.

Reads the venue and the ledger and writes to neither. Weights and ratios are fractions, values
quote units; positions are signed, long positive.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from trimtab.domain.errors import PlanningError
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.exposure import Exposure, exposure
from trimtab.domain.instruments import Asset, Instrument
from trimtab.domain.margin import maintenance, margin_ratio
from trimtab.domain.notices import NoticeRecord
from trimtab.domain.occasion import Occasion
from trimtab.domain.orders import OrderRecord
from trimtab.domain.overlays import Overlay
from trimtab.domain.plan import Drift, GroupDrift, TacticalPart
from trimtab.domain.policy import Policy, RebalancePolicy, Untargeted
from trimtab.domain.readings import Reading
from trimtab.domain.shared_wallet import backing, free_margin
from trimtab.domain.sleeves import NetOfSleeves, SleeveDrift
from trimtab.domain.snapshot import ContractState, OpenOrder, Position, Snapshot
from trimtab.domain.stops import StopRecord, names_of
from trimtab.domain.trading import Restraint
from trimtab.domain.transfers import TransferRecord
from trimtab.hedging.book import book_of
from trimtab.planning.apart import tactical_parts, without_tactical
from trimtab.planning.neutral import settled
from trimtab.planning.parted import Parted, beside_sleeves, nets_of, parted, sleeve_drifts
from trimtab.planning.stance import stance_of
from trimtab.planning.ways import ways_of
from trimtab.ports import (
    Clock,
    Ledger,
    MarketData,
    Portfolio,
    PriceHistory,
    ReferencePrice,
    SavedPlan,
)
from trimtab.risk.references import Bench
from trimtab.risk.survival import Survival, survival
from trimtab.risk.unplanned import Out, unplanned
from trimtab.targets.by_hand import aims_of
from trimtab.workflow.bearings import Bearing, Chart
from trimtab.workflow.coin_margined import CoinMargin, coin_margins
from trimtab.workflow.hedges import SeenHedge, seen_hedges
from trimtab.workflow.occasions import on_calendar
from trimtab.workflow.unattended import Standing, look_at_standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One asset in every wallet."""

    asset: Asset
    units: Decimal
    """Units in every wallet, signed."""
    locked: Decimal
    """Those of them bound in open orders, staking or earn, >= 0."""
    margin: Decimal
    """Those of them in futures wallets, unrealised profit included, signed."""
    mid: Decimal | None
    """Quote per unit, > 0; None without a market in the quote."""
    value: Decimal | None
    """Quote units, signed; None without a market in the quote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPosition:
    """One open futures position with what the venue says of its contract."""

    instrument: Instrument
    position: Position
    contract: ContractState

    @property
    def units(self) -> Decimal:
        """Base units, signed."""
        return self.instrument.units(self.position.lots)

    @property
    def notional(self) -> Decimal:
        """Size times mark, quote units, > 0."""
        with exact_arithmetic():
            return abs(self.units) * self.contract.mark

    @property
    def profit(self) -> Decimal:
        """Unrealised profit at mark, quote units, signed."""
        with exact_arithmetic():
            return self.units * (self.contract.mark - self.position.entry_price)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolMargin:
    """One futures wallet against what its positions need."""

    asset: Asset
    balance: Decimal
    """What backs them: margin and unrealised profit, and cash that lies in the same wallet."""
    free: Decimal
    """What new positions may use, settlement units, >= 0."""
    shares_cash: bool
    """Whether the spot balance of the asset is in the same wallet."""
    maintenance: Decimal
    """What the positions need by the venue's brackets, settlement units, >= 0."""
    ratio: Decimal
    """Margin balance over maintenance; higher is safer, infinite without a position."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestingOrder:
    """An order that rests on the venue."""

    order: OpenOrder
    quantity: Decimal
    """What is still open, base units, > 0."""
    is_ours: bool
    """Whether the ledger knows its client order id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStatus:
    """One account at one instant, by venue and ledger together."""

    snapshot: Snapshot
    nav: Decimal
    """Net asset value, quote units, signed; without what is ignored, where drifts are known."""
    drifts: tuple[Drift, ...]
    """In target order; empty when they could not be measured."""
    groups: tuple[GroupDrift, ...]
    """Groups that have one band, in file order; empty likewise."""
    overlays: tuple[Overlay, ...]
    """What moves the targets from the strategic ones, in the order applied; empty likewise."""
    readings: tuple[Reading, ...]
    """What of the past they rest on."""
    remarks: tuple[str, ...]
    """What has to be said of where that came from."""
    tactical: tuple[TacticalPart, ...]
    """What is held apart from all weights, until it is folded in; empty likewise."""
    sleeves: tuple[SleeveDrift, ...]
    """Contracts that are kept at a size of their own; empty likewise."""
    nets: tuple[NetOfSleeves, ...]
    """What sleeves do to the exposure of each asset that they touch; empty likewise."""
    unmeasured: str
    """Why there are no drifts; empty when there are."""
    holdings: tuple[Holding, ...]
    """By name."""
    positions: tuple[HeldPosition, ...]
    """By symbol."""
    pools: tuple[PoolMargin, ...]
    """By settlement asset."""
    coins: tuple[CoinMargin, ...]
    """Wallets of coin-margined contracts by coin; empty where they are not counted."""
    leverage: Decimal
    """Futures notional over value outside futures wallets, >= 0; may be infinite."""
    survival: Survival
    """How far prices may move from here, orders that are out counted as far as it hurts."""
    resting: tuple[RestingOrder, ...]
    unresolved: tuple[OrderRecord, ...]
    """Oldest first."""
    unresolved_transfers: tuple[TransferRecord, ...]
    """Oldest first."""
    bearings: tuple[Bearing, ...]
    """How the venue stands to independent prices, the quote first; empty when nobody is asked."""
    restraint: Restraint
    """What is latched: the kill switch, or that only reductions are allowed."""
    last_plan: SavedPlan | None
    """None before the first plan."""
    standing: tuple[Standing, ...]
    """Standing approvals that are in force, oldest first."""
    hedges: tuple[SeenHedge, ...]
    """Open ones, by first fill."""
    pot: Decimal
    """What hedges realised, less fees, with funding; quote units, signed."""
    unread: tuple[NoticeRecord, ...]
    """Notices that hold unattended runs until somebody reads them, oldest first."""
    missed: tuple[NoticeRecord, ...]
    """Notices that did not arrive everywhere, oldest first."""

    @property
    def taken_at(self) -> datetime:
        """When the account was read."""
        return self.snapshot.taken_at

    @property
    def margin_ratio(self) -> Decimal:
        """The lowest margin ratio of all futures wallets; infinite without a position."""
        ratios = (*(p.ratio for p in self.pools), *(p.ratio for p in self.coins))
        return min(ratios, default=Decimal("Infinity"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is looked at."""

    market: MarketData
    references: ReferencePrice
    history: PriceHistory
    ledger: Ledger
    clock: Clock


async def look(sight: Sight, portfolio: Portfolio, policy: Policy) -> AccountStatus:
    """Read venue, references and ledger once and put together where the account stands.

    Raises:
        VenueError: the account could not be read.
        LedgerError: the ledger could not be read.

    """
    need = policy.past_needed
    history = None if need.is_empty else await sight.history.read(need)
    snapshot, references = await asyncio.gather(
        sight.market.snapshot(portfolio), sight.references.read(portfolio.assets)
    )
    ledger, now = sight.ledger, sight.clock.now()
    records, plans = await ledger.orders(plan_digest=None), await ledger.plans()
    notices = await ledger.notices()
    standing = await look_at_standing(ledger, policy, key=snapshot.key, at=now)
    exposed = exposure(snapshot)
    book = book_of(await ledger.hedge_record(), snapshot.quote)
    occasion = Occasion(now=now, slot_due=False, hedges=book, wish=None, history=history)
    occasion = await on_calendar(occasion, policy, ledger)
    weighed = _own_weighed(snapshot, policy, occasion)
    bench = Bench(references=references, rules=policy.references, now=now)
    chart = Chart(bench=bench, quote=snapshot.quote, mids=exposed.mids)
    stops = await ledger.open_stops()
    unresolved, moving = await ledger.unresolved(), await ledger.unresolved_transfers()
    out = Out(orders=unresolved, transfers=moving, stops=stops)
    standing_now = unplanned(snapshot, policy, out=out, now=now)
    return AccountStatus(
        snapshot=snapshot,
        nav=weighed.nav,
        drifts=weighed.drifts,
        groups=weighed.groups,
        overlays=weighed.overlays,
        readings=weighed.readings,
        remarks=() if history is None else history.remarks,
        tactical=weighed.tactical,
        sleeves=weighed.sleeves,
        nets=weighed.nets,
        unmeasured=weighed.unmeasured,
        holdings=_holdings(snapshot, exposed),
        positions=_positions(snapshot),
        pools=_pools(snapshot),
        coins=coin_margins(snapshot),
        leverage=exposed.leverage(),
        survival=survival(standing_now),
        resting=_resting(snapshot, records, stops),
        unresolved=unresolved,
        unresolved_transfers=moving,
        bearings=chart.bearings(portfolio.assets),
        restraint=await ledger.restraint(),
        last_plan=plans[-1] if plans else None,
        standing=tuple(s for s in standing if s.is_in_force),
        hedges=seen_hedges(book, snapshot, policy.hedge, stops=stops, now=now),
        pot=book.pot(snapshot.quote),
        unread=tuple(r for r in notices if r.holds),
        missed=tuple(r for r in notices if r.is_missed(at=now)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weighed:
    """NAV, and weights against targets, or why there are none."""

    nav: Decimal
    drifts: tuple[Drift, ...]
    groups: tuple[GroupDrift, ...]
    overlays: tuple[Overlay, ...]
    readings: tuple[Reading, ...]
    unmeasured: str
    tactical: tuple[TacticalPart, ...] = ()
    sleeves: tuple[SleeveDrift, ...] = ()
    nets: tuple[NetOfSleeves, ...] = ()


def _own_weighed(snapshot: Snapshot, policy: Policy, occasion: Occasion) -> _Weighed:
    """Return NAV and drifts of what is not held apart, or why there are none."""
    try:
        account = parted(without_tactical(snapshot, policy.tactical), policy, occasion.hedges)
    except PlanningError as fault:
        nav = exposure(snapshot).nav(exposure(snapshot).unpriced)
        return _Weighed(
            nav=nav, drifts=(), groups=(), overlays=(), readings=(), unmeasured=str(fault)
        )
    tactical = tuple(tactical_parts(policy.tactical, account.own))
    return replace(_weighed(account, policy, occasion), tactical=tactical)


def _weighed(account: Parted, policy: Policy, occasion: Occasion) -> _Weighed:
    """Return NAV and drifts, or why there are none.

    What would make a plan an error (an untargeted holding) is shown here as a drift from 0.
    """
    lenient = replace(policy, rebalance=_lenient(policy.rebalance))
    exposed = account.own
    try:
        aims = aims_of(occasion.hedges, exposed)
        lenient = settled(lenient, account.snapshot, occasion)
        ways = ways_of(lenient, account.own_snapshot, exposed, occasion, aims)
        stance = beside_sleeves(
            stance_of(ways.policy, account.own_snapshot, exposed, occasion, aims), account
        )
        sleeves = sleeve_drifts(stance, account, moved=ZERO)
    except PlanningError as fault:
        nav = exposed.nav(exposed.unpriced)
        return _Weighed(
            nav=nav, drifts=(), groups=(), overlays=(), readings=(), unmeasured=str(fault)
        )
    found = stance.found
    return _Weighed(
        nav=found.nav,
        drifts=found.drifts,
        groups=found.groups,
        overlays=stance.targets.overlays,
        readings=stance.readings,
        unmeasured="",
        sleeves=sleeves,
        nets=nets_of(stance, account, (), {}),
    )


def _lenient(policy: RebalancePolicy) -> RebalancePolicy:
    """Return the policy with strays measured instead of refused."""
    if policy.untargeted is not Untargeted.ERROR:
        return policy
    return replace(policy, untargeted=Untargeted.SELL)


def _holdings(snapshot: Snapshot, exposed: Exposure) -> tuple[Holding, ...]:
    """Return what is held in any wallet."""
    held = (asset for asset in exposed.assets if exposed.holding(asset))
    return tuple(
        Holding(
            asset=asset,
            units=exposed.holding(asset),
            locked=snapshot.balances[asset].locked if asset in snapshot.balances else ZERO,
            margin=exposed.margin.get(asset, ZERO),
            mid=exposed.mids.get(asset),
            value=exposed.value(asset) if asset in exposed.mids else None,
        )
        for asset in held
    )


def _positions(snapshot: Snapshot) -> tuple[HeldPosition, ...]:
    """Return open positions with their contracts."""
    return tuple(
        HeldPosition(
            instrument=snapshot.instruments[symbol],
            position=position,
            contract=snapshot.contracts[symbol],
        )
        for symbol, position in sorted(snapshot.positions.items())
    )


def _pools(snapshot: Snapshot) -> tuple[PoolMargin, ...]:
    """Return each futures wallet with the maintenance that its positions need."""
    held, found = _positions(snapshot), []
    for asset, pool in sorted(snapshot.pools.items()):
        mine = [p for p in held if p.instrument.settle == asset]
        with exact_arithmetic():
            needed = sum((maintenance(p.notional, p.contract.brackets) for p in mine), ZERO)
            balance = backing(snapshot, asset)
            ratio = margin_ratio(balance=balance, maintenance_margin=needed)
        margin = PoolMargin(
            asset=asset,
            balance=balance,
            free=free_margin(snapshot, asset),
            shares_cash=pool.shares_cash,
            maintenance=needed,
            ratio=ratio,
        )
        found.append(margin)
    return tuple(found)


def _resting(
    snapshot: Snapshot, records: tuple[OrderRecord, ...], stops: tuple[StopRecord, ...]
) -> tuple[RestingOrder, ...]:
    """Return what rests on the venue, and whether it is ours."""
    ours = {r.intent.client_order_id for r in records if not r.simulated} | names_of(stops)
    return tuple(
        RestingOrder(
            order=order,
            quantity=snapshot.instruments[order.symbol].units(order.lots).copy_abs(),
            is_ours=order.client_order_id in ours,
        )
        for order in snapshot.open_orders
    )
