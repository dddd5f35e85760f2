"""Everything a running exchange knows, in one place, with its clock.

State without I/O. The desks and settlement change it; views, truth and audit read it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from trimtab.testnet.accounts import SpotWallet, Transfer
from trimtab.testnet.books import Books
from trimtab.testnet.catalogue import NEVER_MS, Listing, Market, listings, quarters_from
from trimtab.testnet.conditionals import ConditionalStore
from trimtab.testnet.exact import booked
from trimtab.testnet.orders import OrderStore
from trimtab.testnet.positions import Position
from trimtab.testnet.prices import Prices
from trimtab.testnet.public_prices import PublicPrices
from trimtab.testnet.rejections import invalid_symbol
from trimtab.testnet.scenario import Scenario

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_FIRST_TRANSFER = 100_000_001
_NEW_ACCOUNT_LEVERAGE = 20
_USUAL_RATE = Decimal("0.0001")
_USUAL_HOURS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Income:
    """One change of the futures wallet."""

    number: int
    """The exchange's ``tranId``."""
    kind: str
    """``REALIZED_PNL``, ``COMMISSION``, ``FUNDING_FEE``, ``TRANSFER``, ``INSURANCE_CLEAR``."""
    symbol: str
    """The contract; empty for transfers."""
    units: Decimal
    """Signed quote; positive is received."""
    trade_id: int
    """The fill behind it; 0 for none."""
    booked_at: int
    """Milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """One funding settlement of a contract, whether or not a position was open."""

    symbol: str
    """The contract."""
    rate: Decimal
    """Ratio of notional; positive means longs paid."""
    mark: Decimal
    """The mark it was computed at."""
    settled_at: int
    """Milliseconds."""


class FuturesAccount:
    """The futures wallet in the quote, its positions and their settings."""

    def __init__(self, scenario: Scenario, *, now_ms: int) -> None:
        self.wallet = scenario.wallet
        self.dual_side = scenario.dual_side
        self.multi_assets = scenario.multi_assets
        self.incomes: list[Income] = []
        self.settlements: list[Settlement] = []
        self._leverage = dict(scenario.leverage)
        self._isolated = {s for s, kind in scenario.margin_types.items() if kind == "isolated"}
        self._positions: dict[tuple[str, str], Position] = {}
        for given in scenario.positions:
            cost = booked(given.quantity * given.entry)
            apart = abs(cost) / self.leverage(given.symbol) if given.symbol in self._isolated else 0
            self._positions[(given.symbol, given.side)] = Position(
                quantity=given.quantity,
                cost=cost,
                isolated=booked(Decimal(apart)),
                updated_at=now_ms,
            )

    def credit(self, income: Income) -> None:
        """Book *income* into the wallet."""
        self.wallet += income.units
        self.incomes.append(income)

    def position(self, symbol: str, *, side: str) -> Position:
        """Return the position of *symbol* on *side*, flat if there never was one."""
        return self._positions.get((symbol, side), Position())

    def put(self, symbol: str, *, side: str, position: Position) -> None:
        """Keep *position*."""
        self._positions[(symbol, side)] = position

    def open_positions(self) -> list[tuple[str, str, Position]]:
        """Return symbol, side and position of all that are not flat, oldest first."""
        return [(s, side, p) for (s, side), p in self._positions.items() if p.quantity]

    def leverage(self, symbol: str) -> int:
        """Return the leverage set for *symbol*."""
        return self._leverage.get(symbol, self._leverage.get("*", _NEW_ACCOUNT_LEVERAGE))

    def set_leverage(self, symbol: str, leverage: int) -> None:
        """Set the leverage of *symbol*."""
        self._leverage[symbol] = leverage

    def is_isolated(self, symbol: str) -> bool:
        """Say whether positions of *symbol* have a wallet of their own."""
        return symbol in self._isolated

    def set_isolated(self, symbol: str, *, isolated: bool) -> None:
        """Set the margin type of *symbol*."""
        if isolated:
            self._isolated.add(symbol)
        else:
            self._isolated.discard(symbol)


class State:
    """One exchange: what is listed, priced, held, ordered and filled, and what time it is."""

    def __init__(self, scenario: Scenario, clock: Callable[[], int], *, offset_ms: int) -> None:
        self._clock = clock
        self.offset_ms = offset_ms
        self.scenario = scenario
        self.started_at = self.now_ms
        self.listings = listings(scenario, self.started_at)
        self.prices = Prices(scenario, start_ms=self.started_at)
        self.public = PublicPrices(scenario.quote)
        self.books = Books()
        for given in scenario.positions:
            if given.symbol not in self.listings[Market.USDM]:
                raise ValueError(f"position: {given.symbol} is not listed")
        self.spot = SpotWallet(scenario.spot)
        self.usdm = FuturesAccount(scenario, now_ms=self.started_at)
        self.stores = {market: OrderStore() for market in Market}
        self.conditionals = ConditionalStore()
        self.transfers: list[Transfer] = []
        self.rates = dict(scenario.funding_rates)
        self.funding_due = {s: self._next_funding(s) for s in self.perpetuals()}
        self.countdowns: dict[str, int] = {}
        self._listed_until = self._next_quarter()
        self._last_transfer = _FIRST_TRANSFER

    @property
    def now_ms(self) -> int:
        """The exchange's clock in milliseconds since 1970."""
        return self._clock() + self.offset_ms

    def listing(self, market: Market, symbol: str) -> Listing:
        """Return what is listed as *symbol*.

        Raises:
            Rejection: -1121.

        """
        found = self.listings[market].get(symbol)
        if found is None:
            raise invalid_symbol()
        return found

    def perpetuals(self) -> list[str]:
        """Return the contracts that never expire."""
        contracts = self.listings[Market.USDM].values()
        return [c.symbol for c in contracts if c.delivers_at == NEVER_MS]

    def mark(self, symbol: str) -> Decimal:
        """Return the mark of contract *symbol* now."""
        return self.prices.mark(self.listing(Market.USDM, symbol), self.now_ms)

    def mid(self, listing: Listing) -> Decimal:
        """Return the middle of a book now."""
        return self.prices.book_mid(listing, self.now_ms)

    def funding_rate(self, symbol: str) -> Decimal:
        """Return the rate that the next settlement of *symbol* will have."""
        return self.rates.get(symbol, self.rates.get("*", _USUAL_RATE))

    def funding_hours(self, symbol: str) -> int:
        """Return the hours between settlements of *symbol*."""
        return self.scenario.funding_hours.get(symbol, _USUAL_HOURS)

    def list_quarters(self) -> None:
        """List the contracts of the next quarter once the nearest is about to be delivered.

        What was listed stays known: its orders, fills and deliveries are asked for later.
        """
        if self.now_ms >= self._listed_until:
            self.listings[Market.USDM] |= quarters_from(self.scenario, self.now_ms)
            self._listed_until = self._next_quarter()

    def next_number(self) -> int:
        """Return a fresh number for a transfer or an income, and use it up."""
        self._last_transfer += 1
        return self._last_transfer

    def _next_quarter(self) -> int:
        """Return when the nearest dated contract gives its place to a new one, milliseconds.

        With none listed it is never.
        """
        nearest = (c.delivers_at for c in self.listings[Market.USDM].values() if c.dated)
        ahead = (at - _DAY_MS for at in nearest if at - _DAY_MS > self.now_ms)
        return min(ahead, default=NEVER_MS)

    def _next_funding(self, symbol: str) -> int:
        """Return the first settlement of *symbol* after the start."""
        step = self.funding_hours(symbol) * _HOUR_MS
        return (self.started_at // step + 1) * step
