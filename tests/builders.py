"""Accounts, books, legs and plans in a compact notation, for tests of any room.

An account is one line of items, separated by commas:

====================================  =====================================================
item                                  meaning
====================================  =====================================================
``USDT 700``                          free units; an amount without a price is the quote's
``BTC 0.1 @ 60000``                   free units, a spot market around that mid, its perpetual
``BTC 0.1 locked 0.05 @ 60000``       the same with locked units beside the free ones
``ETH @ 3000``                        the markets alone
``perp BTC -0.02``                    a position in the perpetual, entered at the mid
``perp BTC -0.02 from 59000``         the same with its entry price
``dated BTC 0.01 at 60500``           a position in the dated contract, at another mark
``wallet 500``                        futures wallet balance in quote, without unrealised profit
``order BTC -0.01 @ 61000``           an open order on the spot market
``order perp BTC 0.01 @ 59000``       the same on the perpetual, ``reduce`` behind it if so
====================================  =====================================================

A leg reads ``sell 0.01 BTC``, ``buy 0.02 perp BTC``, ``sell 0.01 dated BTC``; behind it may
stand ``@ 59900`` (the limit, else 20 bps beyond the mark) and ``reduce``, or ``roll`` for a side of
a hedge that moves. ``then`` before it
opens the next stage. ``move 500 in`` is a transfer into the futures wallet, ``move 500 out`` one
out of it; lines and stages are counted together.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from trimtab.domain.exact import ceil_times, floor_times, ratio
from trimtab.domain.exposure import traded_units
from trimtab.domain.findings import Finding, GateReport, Tag, Verdict
from trimtab.domain.firings import TriggerKind
from trimtab.domain.hedge_policy import HedgePolicy
from trimtab.domain.hedges import NO_HEDGES
from trimtab.domain.instruments import Asset, Instrument, Lots, MarketKind, Symbol, Ticks
from trimtab.domain.occasion import Occasion
from trimtab.domain.orders import ClientOrderId, VenueOrderId
from trimtab.domain.overlay_policy import NO_OVERLAYS, OverlayPolicy
from trimtab.domain.plan import After, Leg, LegReason, Plan, Role
from trimtab.domain.policy import (
    ApprovalPolicy,
    Basis,
    Destination,
    DriftSide,
    ExecutionPolicy,
    Policy,
    RebalancePolicy,
    ReferencePolicy,
    RiskLimits,
    Route,
    Scope,
    Target,
    Threshold,
    Untargeted,
)
from trimtab.domain.routing import AutoPolicy, Share
from trimtab.domain.shared_wallet import SharedWallet, losses_of
from trimtab.domain.sleeves import Direction, Sleeve, SleeveScale
from trimtab.domain.snapshot import (
    AccountKey,
    Balance,
    Book,
    Bracket,
    ClockReading,
    ContractState,
    Environment,
    Level,
    MarginMode,
    MarginPool,
    OpenOrder,
    Position,
    PositionMode,
    PriceBand,
    Snapshot,
)
from trimtab.domain.tactical import NOTHING_TACTICAL, TacticalPolicy
from trimtab.domain.transfers import TransferLeg, TransferReason
from trimtab.domain.urgency import ExpiryAction, Tempo, UrgencyPolicy, UrgentAction

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EXPIRY = datetime(2026, 12, 25, 8, 0, tzinfo=UTC)
USDT = Asset("USDT")
KEY = AccountKey(venue="binance", account="main", environment=Environment.LOCAL)

Number = Decimal | int | str


def dec(number: Number) -> Decimal:
    """Return an exact decimal of text or a whole number."""
    return Decimal(number)


# Instruments


def spot(base: str, quote: str = "USDT", **overrides: Any) -> Instrument:
    """Return a spot pair: lots of 0.0001, ticks of 0.01, least notional 5, fee 0.1 %."""
    symbol = f"{base}/{quote}"
    return _instrument(
        symbol, MarketKind.SPOT, base, quote, {"taker_fee": dec("0.001")} | overrides
    )


def swap(base: str, quote: str = "USDT", **overrides: Any) -> Instrument:
    """Return a linear perpetual on the same grid, fee 0.05 %."""
    return _instrument(f"{base}/{quote}:{quote}", MarketKind.SWAP, base, quote, overrides)


def dated(base: str, quote: str = "USDT", **overrides: Any) -> Instrument:
    """Return a linear dated contract that expires at ``EXPIRY``."""
    symbol = f"{base}/{quote}:{quote}-261225"
    return _instrument(symbol, MarketKind.FUTURE, base, quote, {"expires_at": EXPIRY} | overrides)


def _instrument(
    symbol: str, kind: MarketKind, base: str, quote: str, overrides: Mapping[str, Any]
) -> Instrument:
    fields: dict[str, Any] = {
        "symbol": Symbol(symbol),
        "kind": kind,
        "base": Asset(base),
        "quote": Asset(quote),
        "settle": Asset(quote),
        "lot_size": dec("0.0001"),
        "tick_size": dec("0.01"),
        "lots_min": 1,
        "lots_max": 100_000_000,
        "notional_min": dec(5),
        "notional_min_reduce_only": dec(0),
        "contract_size": dec(1),
        "taker_fee": dec("0.0005"),
        "tradable": True,
        "expires_at": None,
    }
    return Instrument(**fields | dict(overrides))


# Market state


def book(
    mid: Number,
    *,
    half_spread_bps: Number = 1,
    depth: Number = 1_000_000,
    levels: int = 10,
    read_at: datetime = NOW,
) -> Book:
    """Return a book around *mid*: level k stands k half spreads away, *depth* quote in each."""
    middle, step, value = dec(mid), dec(half_spread_bps) / 10_000, dec(depth)

    def side(sign: int) -> tuple[Level, ...]:
        prices = [middle * (1 + sign * step * k) for k in range(1, levels + 1)]
        return tuple(Level(price=p, quantity=ratio(value, p)) for p in prices)

    return Book(bids=side(-1), asks=side(1), read_at=read_at)


BRACKETS = tuple(
    Bracket(
        notional_floor=dec(low),
        notional_cap=dec(high),
        leverage_max=leverage,
        maintenance_ratio=dec(rate),
        maintenance_deduction=dec(deduction),
    )
    for low, high, leverage, rate, deduction in (
        (0, 50_000, 125, "0.004", 0),
        (50_000, 500_000, 100, "0.005", 50),
        (500_000, 10_000_000, 50, "0.01", 2_550),
        (10_000_000, 100_000_000, 20, "0.025", 152_550),
    )
)
"""Four continuous steps of a maintenance table."""


def contract(mark: Number, **overrides: Any) -> ContractState:
    """Return a contract's state: index at the mark, no funding, leverage 1, cross, BRACKETS."""
    fields: dict[str, Any] = {
        "mark": dec(mark),
        "index": dec(mark),
        "funding_rate": dec(0),
        "leverage": 1,
        "margin_mode": MarginMode.CROSS,
        "brackets": BRACKETS,
        "read_at": NOW,
    }
    return ContractState(**fields | overrides)


BAND = PriceBand(buy_low=dec("0.2"), buy_high=dec(5), sell_low=dec("0.2"), sell_high=dec(5))
"""A fifth to five times its price, as on most spot markets."""

# Accounts

_NUMBER = r"-?\d+(?:\.\d+)?"
_HOLDING = re.compile(
    rf"(?P<asset>[A-Z0-9]+)(?: (?P<free>{_NUMBER}))?(?: locked (?P<locked>{_NUMBER}))?"
    rf"(?: @ (?P<mid>{_NUMBER}))?$"
)
_POSITION = re.compile(
    rf"(?P<kind>perp|dated) (?P<asset>[A-Z0-9]+)(?: (?P<units>{_NUMBER}))?"
    rf"(?: from (?P<entry>{_NUMBER}))?(?: at (?P<mark>{_NUMBER}))?$"
)
_ORDER = re.compile(
    rf"order (?:(?P<kind>perp|dated) )?(?P<asset>[A-Z0-9]+) (?P<units>{_NUMBER})"
    rf" @ (?P<limit>{_NUMBER})(?P<reduce> reduce)?$"
)
_WALLET = re.compile(rf"wallet (?P<balance>{_NUMBER})$")
_LEG = re.compile(
    rf"(?P<then>then )?(?P<side>buy|sell) (?P<units>{_NUMBER}) (?:(?P<kind>perp|dated) )?"
    rf"(?P<asset>[A-Z0-9]+)(?: @ (?P<limit>{_NUMBER}))?(?P<reduce> reduce)?(?P<roll> roll)?$"
)


_TRANSFER = re.compile(rf"(?P<then>then )?move (?P<units>{_NUMBER}) (?P<way>in|out)$")


class _Account:
    """What the items of the notation add up to."""

    def __init__(self, quote: str) -> None:
        self.quote = quote
        self.instruments: dict[Symbol, Instrument] = {}
        self.balances: dict[Asset, Balance] = {}
        self.books: dict[Symbol, Book] = {}
        self.contracts: dict[Symbol, ContractState] = {}
        self.positions: dict[Symbol, Position] = {}
        self.orders: list[OpenOrder] = []
        self.wallet: Decimal | None = None
        self.is_one_wallet = False

    def take(self, item: str) -> None:
        """Read one item of the notation."""
        if item == "one wallet":
            self.is_one_wallet = True
        elif match := _WALLET.match(item):
            self.wallet = dec(match["balance"])
        elif match := _ORDER.match(item):
            self._order(match)
        elif match := _POSITION.match(item):
            self._position(match)
        elif match := _HOLDING.match(item):
            self._holding(match)
        else:
            raise ValueError(f"not an item of the account notation: {item!r}")

    def _holding(self, match: re.Match[str]) -> None:
        asset = match["asset"]
        if match["free"] is not None:
            free, locked = dec(match["free"]), dec(match["locked"] or 0)
            self.balances[Asset(asset)] = Balance(free=free, locked=locked)
        if match["mid"] is not None:
            for instrument in (spot(asset, self.quote), swap(asset, self.quote)):
                self._list(instrument, dec(match["mid"]))

    def _list(self, instrument: Instrument, mark: Decimal) -> None:
        self.instruments[instrument.symbol] = instrument
        self.books[instrument.symbol] = book(mark)
        if instrument.is_contract:
            self.contracts[instrument.symbol] = contract(mark)

    def _position(self, match: re.Match[str]) -> None:
        instrument = market(match["kind"], match["asset"], self.quote)
        if match["mark"] is not None or instrument.symbol not in self.instruments:
            mid = self.books[spot(match["asset"], self.quote).symbol].mid
            self._list(instrument, dec(match["mark"] or mid))
            state = self.contracts[instrument.symbol]
            self.contracts[instrument.symbol] = dataclasses.replace(state, index=mid)
        if match["units"] is not None:
            entry = match["entry"] or self.contracts[instrument.symbol].mark
            self.positions[instrument.symbol] = Position(
                symbol=instrument.symbol,
                lots=lots(instrument, match["units"]),
                entry_price=dec(entry),
                margin_mode=MarginMode.CROSS,
                liquidation_price=None,
            )

    def _order(self, match: re.Match[str]) -> None:
        instrument = market(match["kind"], match["asset"], self.quote)
        name = f"o{len(self.orders) + 1}"
        self.orders.append(
            OpenOrder(
                symbol=instrument.symbol,
                client_order_id=ClientOrderId(name),
                venue_order_id=VenueOrderId(name),
                lots=lots(instrument, match["units"]),
                limit_price=dec(match["limit"]),
                reduce_only=match["reduce"] is not None,
            )
        )

    def pools(self) -> dict[Asset, MarginPool]:
        """Return the quote's futures wallet, none when the account has no futures."""
        if self.wallet is None and not self.positions and not self.is_one_wallet:
            return {}
        profit = initial = maintenance = dec(0)
        for symbol, position in self.positions.items():
            state, units = self.contracts[symbol], self.instruments[symbol].units(position.lots)
            notional = abs(units) * state.mark
            profit += units * (state.mark - position.entry_price)
            initial += notional / state.leverage
            step = next(b for b in state.brackets if notional < b.notional_cap)
            maintenance += notional * step.maintenance_ratio - step.maintenance_deduction
        balance = self.wallet or dec(0)
        if self.is_one_wallet:
            return self._one_wallet(profit, initial, maintenance)
        return {
            Asset(self.quote): MarginPool(
                wallet_balance=balance,
                unrealised_pnl=profit,
                free_margin=max(dec(0), balance + profit - initial),
                initial_margin=initial,
                maintenance_margin=maintenance,
            )
        }

    def profits(self) -> Iterator[Decimal]:
        """Yield the unrealised profit of each position."""
        for symbol, position in self.positions.items():
            units = self.instruments[symbol].units(position.lots)
            yield units * (self.contracts[symbol].mark - position.entry_price)

    def _one_wallet(
        self, profit: Decimal, initial: Decimal, maintenance: Decimal
    ) -> dict[Asset, MarginPool]:
        """Divide the quote that is held: it is cash and margin at once."""
        held = self.balances.get(Asset(self.quote), Balance(free=dec(0), locked=dec(0)))
        whole = SharedWallet(
            units=held.held,
            locked=held.locked,
            unrealised_pnl=profit,
            losses=losses_of(self.profits()),
            initial_margin=initial,
            maintenance_margin=maintenance,
        )
        self.balances[Asset(self.quote)], pool = whole.parts
        return {Asset(self.quote): pool}


def market(kind: str | None, asset: str, quote: str = "USDT") -> Instrument:
    """Return the instrument that the notation means: spot without a word, ``perp``, ``dated``."""
    return {None: spot, "perp": swap, "dated": dated}[kind](asset, quote)


def lots(instrument: Instrument, units: Number) -> Lots:
    """Return *units* as signed lots; they must lie on the grid."""
    count = dec(units) / instrument.lot_size
    if count != int(count):
        raise ValueError(f"{instrument.symbol}: {units} is not on a grid of {instrument.lot_size}")
    return Lots(int(count))


def account(
    text: str,
    *,
    quote: str = "USDT",
    instruments: Mapping[Symbol, Instrument] | None = None,
    books: Mapping[Symbol, Book] | None = None,
    contracts: Mapping[Symbol, ContractState] | None = None,
    **overrides: Any,
) -> Snapshot:
    """Return the account that *text* describes; the mappings replace single entries."""
    read = _Account(quote)
    for item in re.split(r"\s*,\s*", text.strip()):
        if item:
            read.take(item)
    read.instruments |= dict(instruments or {})
    read.contracts |= dict(contracts or {})
    fields: dict[str, Any] = {
        "snapshot_id": "snapshot-1",
        "key": KEY,
        "taken_at": NOW,
        "quote": Asset(quote),
        "instruments": read.instruments,
        "pools": read.pools(),
        "balances": read.balances,
        "positions": read.positions,
        "books": read.books | dict(books or {}),
        "contracts": read.contracts,
        "price_bands": dict.fromkeys(read.instruments, BAND),
        "open_orders": tuple(read.orders),
        "clock": ClockReading(offset_ms=0, uncertainty_ms=0),
        "position_mode": PositionMode.ONE_WAY,
    }
    return Snapshot(**fields | overrides)


# Plans


def legs_of(snapshot: Snapshot, *texts: str) -> tuple[Leg, ...]:
    """Return the orders that *texts* describe, numbered from 1 among all lines."""
    found: list[Leg] = []
    stage = 1
    for line, text in enumerate(texts, start=1):
        stage += 1 if text.startswith("then move ") else 0
        if _TRANSFER.match(text):
            continue
        match = _LEG.match(text)
        if match is None:
            raise ValueError(f"not a leg: {text!r}")
        stage += 1 if match["then"] else 0
        name = market(match["kind"], match["asset"], snapshot.quote).symbol
        instrument = snapshot.instruments[name]
        sign = 1 if match["side"] == "buy" else -1
        signed = Lots(sign * lots(instrument, match["units"]))
        limit = dec(match["limit"]) if match["limit"] else None
        rolls = {"role": Role.ROLL, "reason": LegReason.ROLL} if match["roll"] else {}
        found.append(
            leg(
                snapshot,
                instrument,
                signed,
                line=line,
                stage=stage,
                limit_price=limit,
                reduce_only=match["reduce"] is not None or (bool(rolls) and signed > 0),
                **rolls,
            )
        )
    return tuple(found)


def transfers_of(snapshot: Snapshot, *texts: str) -> tuple[TransferLeg, ...]:
    """Return the transfers that *texts* describe, numbered from 1 among all lines."""
    found: list[TransferLeg] = []
    stage = 1
    for line, text in enumerate(texts, start=1):
        stage += 1 if text.startswith("then ") else 0
        match = _TRANSFER.match(text)
        if match is not None:
            inward = match["way"] == "in"
            reason = TransferReason.TOPS_UP_MARGIN if inward else TransferReason.FUNDS_BUYS
            found.append(
                TransferLeg(
                    line=line,
                    stage=stage,
                    asset=snapshot.quote,
                    units=dec(match["units"]) * (1 if inward else -1),
                    reason=reason,
                )
            )
    return tuple(found)


def leg(
    snapshot: Snapshot,
    instrument: Instrument,
    signed_lots: int,
    *,
    line: int = 1,
    stage: int = 1,
    limit_price: Decimal | None = None,
    **overrides: Any,
) -> Leg:
    """Return one leg; its limit is 20 bps beyond the mark unless given."""
    state, read = snapshot.contracts.get(instrument.symbol), snapshot.books.get(instrument.symbol)
    mark = state.mark if state else read.mid if read else dec(1)
    buys = signed_lots > 0
    wanted = limit_price or mark * (1 + (1 if buys else -1) * dec("0.0020"))
    ticks = (ceil_times if buys else floor_times)(instrument.tick_size, wanted)
    reduces = bool(overrides.get("reduce_only"))
    role = Role.SPOT if not instrument.is_contract else Role.CLOSE if reduces else Role.HEDGE
    fields: dict[str, Any] = {
        "line": line,
        "stage": stage,
        "instrument": instrument,
        "lots": Lots(signed_lots),
        "limit": Ticks(ticks),
        "mark": mark,
        "reduce_only": False,
        "role": role,
        "reason": LegReason.TO_TARGET,
        "expected_cost": dec(0),
    }
    return Leg(**fields | overrides)


def plan(snapshot: Snapshot, *legs: str | Leg, **overrides: Any) -> Plan:
    """Return a plan made from *snapshot* of legs in notation, or of ready ones."""
    texts = [each for each in legs if isinstance(each, str)]
    ready = tuple(each for each in legs if isinstance(each, Leg))
    found = ready or legs_of(snapshot, *texts)
    fields: dict[str, Any] = {
        "key": snapshot.key,
        "snapshot_id": snapshot.snapshot_id,
        "policy_digest": "0" * 64,
        "made_at": snapshot.taken_at,
        "expires_at": snapshot.taken_at + timedelta(seconds=300),
        "quote": snapshot.quote,
        "allocation": "exact",
        "nav": dec(10_000),
        "trigger": "drift",
        "firings": (),
        "alerts": (),
        "overlays": (),
        "readings": (),
        "drift": (),
        "groups": (),
        "routes": (),
        "legs": found,
        "transfers": transfers_of(snapshot, *texts),
        "hedging": (),
        "mids": {leg.instrument.base: leg.mark for leg in found},
        "units_before": {
            leg.instrument.base: traded_units(snapshot, leg.instrument.base) for leg in found
        },
        "untraded": (),
        "tactical": (),
        "after": After(weights={}, leverage=dec(0), tracking_error=dec(0)),
    }
    return Plan(**fields | overrides)


def report_on(proposal: Plan, verdict: Verdict = Verdict.PASS) -> GateReport:
    """Return a report on a plan with one finding."""
    found = Finding(
        check="max_leverage",
        verdict=verdict,
        subject="plan",
        measured="0.5",
        limit="2.5",
        unit="ratio",
        reason=None,
        tag=Tag.EXPOSURE,
        source="account",
        at=NOW,
    )
    return GateReport(
        plan_digest=proposal.digest,
        snapshot_id=proposal.snapshot_id,
        findings=(found,),
        reviewed_at=NOW,
    )


def occasion(**overrides: Any) -> Occasion:
    """Return the occasion of an account without hedges, when nobody asks for anything."""
    fields: dict[str, Any] = {"now": NOW, "slot_due": False, "hedges": NO_HEDGES, "wish": None}
    return Occasion(**fields | overrides)


# Policies

LIMITS = RiskLimits(
    max_leverage=dec("2.5"),
    max_net=dec("1.5"),
    max_gross=dec(6),
    max_synthetic_long=dec(1),
    max_order_notional=dec(5_000),
    max_asset_notional=dec(20_000),
    max_run_notional=dec(20_000),
    max_day_notional=dec(40_000),
    max_orders=200,
    max_unhedged_notional=dec(5_000),
    min_margin_ratio=dec(3),
    min_liquidation_distance=dec("0.10"),
    shock=dec("0.20"),
    shock_kappa=dec(1),
    max_slippage_bps=dec(30),
    price_collar_bps=dec(100),
    max_depeg_bps=dec(50),
    max_snapshot_age_s=dec(30),
    max_clock_offset_ms=500,
    fee_reserve=dec("0.002"),
    symbols=(),
    max_daily_loss=dec("0.20"),
    max_drawdown=dec("0.30"),
    max_nav_jump=dec("0.30"),
    max_rejects=200,
    max_minute_orders=1_000,
    max_day_orders=1_000,
    duplicate_window_s=300,
    max_spread_bps=dec(50),
    max_depth_share=dec("0.25"),
    max_funding_bps=dec(10),
    max_basis_bps=dec(100),
    min_expiry_days=7,
    max_turnover=dec(10),
    max_target_move=dec("0.30"),
    max_statement_age_days=100,
)
"""The contract's defaults; counts and turnover are wider, for plans of many legs."""


UNREFERENCED = ReferencePolicy(
    sources=(), required=False, max_age_s=dec(60), max_disagreement_bps=dec(50)
)
"""Nobody is asked for independent prices, as in local and testnet."""


AUTO = AutoPolicy(
    horizon_days=90,
    tax_rate=dec(0),
    losses_usable=False,
    deferral=dec(1),
    p_back=dec(1),
    margin_rate=dec(0),
    cost_basis={},
    funding_days=30,
    funding_cap_share=dec("0.75"),
    funding_hours=8,
)
"""The contract's defaults."""


URGENCY = UrgencyPolicy(
    leverage=UrgentAction.REDUCE,
    leverage_early=dec(0),
    margin=UrgentAction.REDUCE,
    margin_early=dec(0),
    liquidation=UrgentAction.REDUCE,
    liquidation_early=dec(0),
    expiry=ExpiryAction.ALERT,
    expiry_days=7,
    drawdown=UrgentAction.OFF,
    drawdown_early=dec(0),
    drawdown_leverage=dec(1),
    tempos={
        kind: Tempo(hysteresis=dec(0), cooldown_s=0)
        for kind in (
            TriggerKind.MARGIN,
            TriggerKind.LEVERAGE,
            TriggerKind.DRAWDOWN,
            TriggerKind.EXPIRY,
            TriggerKind.CARRY,
        )
    },
)
"""The contract's defaults."""


def paced(
    rules: UrgencyPolicy = URGENCY, *, hysteresis: Number = 0, rest_s: int = 0
) -> UrgencyPolicy:
    """Return rules whose every kind of condition has this tempo."""
    tempo = Tempo(hysteresis=dec(hysteresis), cooldown_s=rest_s)
    return dataclasses.replace(rules, tempos=dict.fromkeys(rules.tempos, tempo))


def limits(**overrides: Any) -> RiskLimits:
    """Return the default limits with some keys replaced; numbers may be text."""
    exact = {f.name for f in dataclasses.fields(LIMITS) if f.type == "Decimal"}
    values = {k: dec(v) if k in exact else v for k, v in overrides.items()}
    return dataclasses.replace(LIMITS, **values)


def sleeve(text: str, **overrides: Any) -> Sleeve:
    """Return a sleeve of ``alts 0.05 long SOL 0.6 XRP 0.4``; one member needs no share."""
    name, size, direction, *members = text.split()
    pairs = zip(members[::2], members[1::2] or ["1"], strict=True)
    fields: dict[str, Any] = {
        "name": name,
        "scale": SleeveScale.WEIGHT,
        "size": dec(size),
        "direction": Direction(direction),
        "members": {Asset(a): dec(share) for a, share in pairs},
        "band": dec("0.04"),
    }
    return Sleeve(**fields | overrides)


def policy(
    targets: str = "BTC 0.5, ETH 0.3, USDT 0.2",
    *,
    overlays: OverlayPolicy = NO_OVERLAYS,
    tactical: TacticalPolicy = NOTHING_TACTICAL,
    sleeves: tuple[Sleeve, ...] = (),
    hedge: Mapping[str, Any] | None = None,
    limits: RiskLimits = LIMITS,
    references: ReferencePolicy = UNREFERENCED,
    urgency: UrgencyPolicy = URGENCY,
    auto: AutoPolicy = AUTO,
    **rebalance: Any,
) -> Policy:
    """Return a policy of *targets*; ``hedge`` and the rest replace single fields."""
    pairs = [item.split() for item in re.split(r"\s*,\s*", targets) if item]
    wanted = tuple(Target(asset=Asset(a), weight=dec(w)) for a, w in pairs)
    fields: dict[str, Any] = {
        "basis": Basis.NET,
        "targets": wanted,
        "groups": (),
        "untargeted": Untargeted.IGNORE,
        "route": Route.SPOT,
        "routes": {},
        "spot_fraction": Share(numerator=1, denominator=2),
        "ways": {},
        "threshold": Threshold(width=dec("0.05"), relative=False),
        "thresholds": {},
        "scope": Scope.ALL,
        "side": DriftSide.BOTH,
        "destination": Destination(to_band=False, fraction=dec(1)),
        "flags": {},
        "dust_value": dec(5),
    }
    hedging: dict[str, Any] = {
        "ratio": dec(1),
        "max_ratio": dec(1),
        "leverage": 1,
        "max_topup": dec(0),
        "profit_target": dec(0),
        "stop": dec(0),
        "max_age_days": 0,
        "cooldown_days": 7,
    }
    return Policy(
        rebalance=RebalancePolicy(**fields | rebalance),
        hedge=HedgePolicy(**hedging | dict(hedge or {})),
        auto=auto,
        urgency=urgency,
        limits=limits,
        references=references,
        approval=ApprovalPolicy(ttl_s=300, max_move_bps=dec(50), two_step_above=dec(5_000)),
        execution=ExecutionPolicy(max_reprices=3, receive_window_ms=5_000, order_timeout_s=dec(15)),
        overlays=overlays,
        tactical=tactical,
        sleeves=sleeves,
    )
