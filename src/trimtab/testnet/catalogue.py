"""What is listed: spot pairs, perpetuals and dated contracts, with their rules.

Pure. Ticks, lots and least notionals are realistic, not copied; a scenario overrides
any of them. Prices are quote per base unit. Dated contracts expire on the last Friday
of the quarter at 08:00 UTC.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from trimtab.testnet.brackets import Bracket, brackets_for
from trimtab.testnet.exact import ONE, exactly, floor_to
from trimtab.testnet.scenario import Scenario

NEVER_MS = 4_133_404_800_000
"""The delivery instant that perpetuals are listed with (2100-12-25), as Binance does."""
_FRIDAY = 4
_MAX_LOTS = 10_000_000
_EXPIRY_HOUR = 8


class Market(Enum):
    """The two hosts."""

    SPOT = "spot"
    """``/api`` and ``/sapi``."""
    USDM = "usdm"
    """``/fapi``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The trading rule of one market and the made-up liquidity of its book."""

    tick_size: Decimal
    """Grid of limit prices, quote per base unit, > 0."""
    lot_size: Decimal
    """Grid of quantities, base units, > 0."""
    min_notional: Decimal
    """Least order value, quote, >= 0."""
    maker_fee: Decimal
    """Commission ratio of a fill that was resting."""
    taker_fee: Decimal
    """Commission ratio of a fill that crossed."""
    max_quantity: Decimal
    """Largest order, base units; a market order may have a quarter of it."""
    spread_bps: Decimal = Decimal(1)
    """Best ask over best bid, basis points of the mid."""
    level_gap_bps: Decimal = Decimal("0.5")
    """Distance between levels, basis points of the mid."""
    level_notional: Decimal = Decimal(20_000)
    """Quote value resting at the best level; deeper levels hold more."""
    levels: int = 100
    """Levels on each side."""
    replenish: bool = True
    """Whether what an order consumed is back for the next one."""
    max_open_orders: int = 200
    """Open orders allowed per symbol."""
    price_band: Decimal = Decimal(5)
    """A limit may lie between mid / band and mid * band, > 1."""
    delists_at: int = NEVER_MS
    """When a perpetual is announced to be settled for good, milliseconds; it trades until then."""

    @property
    def market_max_quantity(self) -> Decimal:
        """Largest market order in base units."""
        return floor_to(self.max_quantity / 4, self.lot_size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One market that can be traded."""

    symbol: str
    """Such as ``BTCUSDT`` or ``BTCUSDT_261225``."""
    market: Market
    """The host it is listed on."""
    base: str
    """What is bought and sold."""
    quote: str
    """What it is bought and sold for, and a contract settled in."""
    rule: Rule
    """Its trading rule."""
    contract: str = ""
    """``PERPETUAL``, ``CURRENT_QUARTER`` or ``NEXT_QUARTER``; empty on spot."""
    delivers_at: int = NEVER_MS
    """Delivery instant in milliseconds; :data:`NEVER_MS` unless dated."""
    brackets: tuple[Bracket, ...] = ()
    """Leverage table of a contract; empty on spot."""

    @property
    def dated(self) -> bool:
        """Whether it is a contract that expires."""
        return self.delivers_at != NEVER_MS


_BUILT_IN: tuple[tuple[str, str, str, str, str, str, str], ...] = (
    # base, mid, spot tick, spot lot, contract tick, contract lot, contract least notional
    ("BTC", "60000", "0.01", "0.00001", "0.1", "0.001", "50"),
    ("ETH", "2500", "0.01", "0.0001", "0.01", "0.001", "20"),
    ("SOL", "150", "0.01", "0.001", "0.01", "0.01", "5"),
    ("AVAX", "25", "0.01", "0.01", "0.001", "1", "5"),
    ("BNB", "600", "0.01", "0.001", "0.01", "0.01", "5"),
    ("XRP", "2.2", "0.0001", "0.1", "0.0001", "0.1", "5"),
    ("ADA", "0.7", "0.0001", "0.1", "0.0001", "1", "5"),
    ("DOGE", "0.2", "0.00001", "1", "0.00001", "1", "5"),
    ("LINK", "15", "0.01", "0.01", "0.001", "0.01", "20"),
    ("DOT", "5", "0.001", "0.01", "0.001", "0.1", "5"),
    ("LTC", "100", "0.01", "0.001", "0.01", "0.001", "20"),
    ("UNI", "8", "0.001", "0.01", "0.001", "1", "5"),
    ("ALT", "1", "0.0001", "0.1", "0.0001", "1", "5"),
    ("USDC", "1", "0.0001", "1", "0.0001", "1", "5"),
    ("USDT", "1", "0.0001", "1", "0.0001", "1", "5"),
)
_SPOT_ONLY = frozenset({"USDC", "USDT"})
_WITH_DATED = ("BTC", "ETH")


@exactly
def built_in_mids(quote: str) -> dict[str, Decimal]:
    """Return the mid in *quote*, a dollar, of every built-in asset, the quote included."""
    return {quote: ONE, **{row[0]: Decimal(row[1]) for row in _BUILT_IN if row[0] != quote}}


def _grids(base: str, mid: Decimal) -> tuple[str, str, str, str, str]:
    """Return the grids of *base*; an asset that is not built in gets them from its mid."""
    for row in _BUILT_IN:
        if row[0] == base:
            return row[2:]
    size = mid.adjusted()  # 60000 -> 4, 0.2 -> -1
    tick = format(Decimal(1).scaleb(size - 4), "f")
    lot = format(Decimal(1).scaleb(-max(0, size)), "f")
    return tick, lot, tick, lot, "5"


def _overridden(rule: Rule, scopes: Mapping[str, Mapping[str, Any]], names: list[str]) -> Rule:
    """Apply the overrides of *names* in turn."""
    kinds = {f.name: f.type for f in fields(Rule)}
    changes: dict[str, Any] = {}
    for name in names:
        for key, value in scopes.get(name, {}).items():
            if key not in kinds:
                raise ValueError(f"rules[{name}]: unknown key {key}")
            changes[key] = Decimal(value) if kinds[key] == "Decimal" else value
    return replace(rule, **changes)


def _friday(*, year: int, month: int) -> datetime:
    """Return the expiry in *month*: its last Friday at 08:00 UTC."""
    last = datetime(year, month, calendar.monthrange(year, month)[1], _EXPIRY_HOUR, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() - _FRIDAY) % 7)


def expiries(now_ms: int) -> tuple[tuple[str, datetime], tuple[str, datetime]]:
    """Return the two quarterly expiries after *now_ms*, nearest first, with their type."""
    now = datetime.fromtimestamp(now_ms // 1000, tz=UTC)
    quarters = [_friday(year=y, month=m) for y in (now.year, now.year + 1) for m in (3, 6, 9, 12)]
    first, second = [q for q in quarters if q > now + timedelta(days=1)][:2]
    return ("CURRENT_QUARTER", first), ("NEXT_QUARTER", second)


@exactly
def listings(scenario: Scenario, now_ms: int) -> dict[Market, dict[str, Listing]]:
    """List every market of *scenario* by host and symbol, built-in assets first.

    Raises:
        ValueError: an override names an unknown rule.

    """
    quote = scenario.quote
    mids = built_in_mids(quote) | dict(scenario.prices)
    listed: dict[Market, dict[str, Listing]] = {Market.SPOT: {}, Market.USDM: {}}
    for base, mid in mids.items():
        if base == quote:
            continue
        tick, lot, swap_tick, swap_lot, least = _grids(base, mid)
        spot = Rule(
            tick_size=Decimal(tick),
            lot_size=Decimal(lot),
            max_quantity=Decimal(lot) * _MAX_LOTS,
            min_notional=Decimal(5),
            maker_fee=Decimal("0.001"),
            taker_fee=Decimal("0.001"),
        )
        swap = Rule(
            tick_size=Decimal(swap_tick),
            lot_size=Decimal(swap_lot),
            max_quantity=Decimal(swap_lot) * _MAX_LOTS,
            min_notional=Decimal(least),
            price_band=Decimal("1.1"),
            maker_fee=Decimal("0.0002"),
            taker_fee=Decimal("0.0005"),
        )
        symbol = base + quote
        pair = Listing(symbol=symbol, market=Market.SPOT, base=base, quote=quote, rule=spot)
        contracts = (
            () if base in _SPOT_ONLY | scenario.spot_only else _contracts(pair, swap, now_ms)
        )
        coins = () if base in scenario.contract_only else (pair,)
        for listing in (*coins, *contracts):
            host = listing.market.value
            names = ["*", host, f"{host}:{symbol}", f"{host}:{listing.symbol}"]
            rule = _overridden(listing.rule, scenario.rules, names)
            listed[listing.market][listing.symbol] = replace(listing, rule=rule)
    return listed


def quarters_from(scenario: Scenario, now_ms: int) -> dict[str, Listing]:
    """Return the dated contracts that are on offer at *now_ms*, by symbol."""
    listed = listings(scenario, now_ms)[Market.USDM]
    return {symbol: listing for symbol, listing in listed.items() if listing.dated}


def _contracts(pair: Listing, rule: Rule, now_ms: int) -> tuple[Listing, ...]:
    """Return the perpetual on the coin of *pair*, and its dated contracts if it has any."""
    base = pair.base
    perpetual = Listing(
        symbol=pair.symbol,
        market=Market.USDM,
        base=base,
        quote=pair.quote,
        rule=rule,
        contract="PERPETUAL",
        brackets=brackets_for(base, dated=False),
    )
    if base not in _WITH_DATED:
        return (perpetual,)
    dated = (
        replace(
            perpetual,
            symbol=f"{pair.symbol}_{expiry:%y%m%d}",
            contract=kind,
            delivers_at=int(expiry.timestamp()) * 1000,
            brackets=brackets_for(base, dated=True),
        )
        for kind, expiry in expiries(now_ms)
    )
    return (perpetual, *dated)
