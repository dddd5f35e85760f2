"""One account at one instant, complete or not constructed at all.

Quantities are base units, values quote units, instants aware UTC. A snapshot holds what
was read; what follows from it (exposure, NAV, weights) is in :mod:`trimtab.domain.exposure`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset, Instrument, Lots, Symbol
from trimtab.domain.orders import ClientOrderId, VenueOrderId


class Environment(StrEnum):
    """Which exchange host is talked to."""

    LOCAL = "local"
    TESTNET = "testnet"
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountKey:
    """What a ledger is stamped with: one account on one venue in one environment."""

    venue: str
    """ccxt id, such as ``binance``; where contracts are held on another venue than coins, the ids
    of both, joined by ``+``, that of the coins first."""
    account: str
    """The name given in the configuration."""
    environment: Environment

    @property
    def venues(self) -> tuple[str, ...]:
        """The ccxt ids, that of the coins first: one, or two that may be equal."""
        return tuple(self.venue.split("+"))

    @property
    def is_split(self) -> bool:
        """Whether contracts are held on another venue than coins, or in another account there."""
        return len(self.venues) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Units of one asset outside futures wallets (spot; earn and staked count as locked)."""

    free: Decimal
    """Units that can be sold or spent, >= 0."""
    locked: Decimal
    """Units bound in open orders, staking or earn, >= 0."""

    @property
    def held(self) -> Decimal:
        """All units, free and locked."""
        with exact_arithmetic():
            return self.free + self.locked


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginPool:
    """One futures wallet: what margins positions that settle in one asset (cross margin)."""

    wallet_balance: Decimal
    """Units of the settlement asset without unrealised profit, signed."""
    unrealised_pnl: Decimal
    """Profit of open positions at mark, settlement units, signed."""
    free_margin: Decimal
    """What new positions may still use, settlement units, >= 0."""
    initial_margin: Decimal
    """Margin that positions and orders bind, settlement units, >= 0."""
    maintenance_margin: Decimal
    """The venue's own figure, settlement units, >= 0; ours is recomputed in risk."""
    shares_cash: bool = False
    """Whether the spot balance of the settlement asset lies in the same wallet: it backs positions
    too, and is not counted here. See :mod:`trimtab.domain.shared_wallet`."""
    settles_later: bool = False
    """Whether what executions win or lose stays unrealised until the venue settles all contracts of
    the wallet at once, so that no execution is paid for by itself. An entry price is then the one
    since which nothing was settled."""

    @property
    def balance(self) -> Decimal:
        """Margin balance: wallet plus unrealised profit, settlement units."""
        with exact_arithmetic():
            return self.wallet_balance + self.unrealised_pnl

    @property
    def withdrawable(self) -> Decimal:
        """What may leave the wallet, settlement units, >= 0: free, and no unrealised profit.

        Nothing leaves a wallet that is cash too: there is nowhere to go.
        """
        with exact_arithmetic():
            earned = self.wallet_balance - self.initial_margin
        return max(ZERO, min(self.free_margin, earned))


class MarginMode(StrEnum):
    """Whether a position shares its wallet's margin or has its own."""

    CROSS = "cross"
    ISOLATED = "isolated"


class PositionMode(StrEnum):
    """Whether long and short of one contract net out, or stand side by side."""

    ONE_WAY = "one_way"
    HEDGE = "hedge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """An open futures position; a flat one is not listed."""

    symbol: Symbol
    lots: Lots
    """Signed, never zero: positive is long, negative short."""
    entry_price: Decimal
    """Average entry, quote per base unit, > 0."""
    margin_mode: MarginMode
    liquidation_price: Decimal | None
    """The venue's own figure, quote per base unit; None when the venue gives none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """One step of a contract's maintenance table, by notional."""

    notional_floor: Decimal
    """Quote units, inclusive, >= 0."""
    notional_cap: Decimal
    """Quote units, exclusive, > notional_floor."""
    leverage_max: int
    """Highest leverage that may be set in this step, >= 1."""
    maintenance_ratio: Decimal
    """Fraction of notional, 0 to 1."""
    maintenance_deduction: Decimal
    """Quote units taken off, so that the table is continuous, >= 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractState:
    """What the venue says of one contract: its prices, funding and our settings on it."""

    mark: Decimal
    """Price for margin and profit, quote per base unit, > 0."""
    index: Decimal
    """Price of the underlying by the venue's index, quote per base unit, > 0."""
    funding_rate: Decimal
    """Next settlement per unit of notional, signed: positive means longs pay. 0 for dated."""
    leverage: int
    """Leverage that is set on the venue now, >= 1; the highest that it allows where none is set."""
    margin_mode: MarginMode
    brackets: tuple[Bracket, ...]
    """By rising notional, never empty."""
    read_at: datetime
    takes_leverage: bool = True
    """Whether leverage is something that is set. Where it is not, an opening counts at that of the
    policy all the same, which holds back more than the venue does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InverseContract:
    """A contract of a fixed value that is margined in, and pays in, the coin that it is on.

    Its prices are dollars per coin. What follows from them is in :mod:`trimtab.domain.inverse`.
    """

    symbol: Symbol
    """ccxt's unified symbol: ``BTC/USD:BTC``, ``BTC/USD:BTC-261225``."""
    coin: Asset
    """What it is on, is margined in and pays in."""
    face: Decimal
    """Dollars in one contract, > 0."""
    mark: Decimal
    """Price for margin and profit, dollars per coin, > 0."""
    index: Decimal
    """Price of the coin by the venue's index, dollars per coin, > 0."""
    brackets: tuple[Bracket, ...]
    """By rising notional, never empty; notionals and deductions are coins."""
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InversePosition:
    """An open position in an inverse contract; a flat one is not listed."""

    contract: InverseContract
    contracts: int
    """Signed, never zero: positive is long, negative short."""
    entry_price: Decimal
    """Average entry, dollars per coin, > 0."""
    leverage: int
    """What is set on the venue, >= 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinWallet:
    """What margins the inverse contracts on one coin: that coin (cross margin)."""

    pool: MarginPool
    """Units of the coin. Free margin is what the venue tells."""
    positions: tuple[InversePosition, ...]
    """By symbol; both sides of a contract may stand side by side."""
    orders: tuple[Symbol, ...]
    """Markets of the orders that rest there, one for each order."""


def _no_wallets() -> Mapping[Asset, CoinWallet]:
    """Return that nothing is margined in coins, or that it is not counted."""
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One step of an order book."""

    price: Decimal
    """Quote per base unit, > 0."""
    quantity: Decimal
    """Base units, > 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """An order book as it was read, both sides not empty, not crossed."""

    bids: tuple[Level, ...]
    """Best (highest) first."""
    asks: tuple[Level, ...]
    """Best (lowest) first."""
    read_at: datetime

    def __post_init__(self) -> None:
        if not self.bids or not self.asks or self.bids[0].price >= self.asks[0].price:
            raise ValueError("a book must have both sides and must not be crossed")

    @property
    def mid(self) -> Decimal:
        """Half way between best bid and best ask, quote per base unit."""
        with exact_arithmetic():
            return (self.bids[0].price + self.asks[0].price) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder:
    """An order that rests on the venue, whoever placed it."""

    symbol: Symbol
    client_order_id: ClientOrderId
    venue_order_id: VenueOrderId
    lots: Lots
    """What is still open, signed."""
    limit_price: Decimal
    """Quote per base unit, > 0."""
    reduce_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReading:
    """How far the venue's clock is ahead of ours, and how sure that is."""

    offset_ms: int
    """Venue time minus our time, signed."""
    uncertainty_ms: int
    """Half the shortest round trip, >= 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceBand:
    """Between which multiples of its own price a venue takes limits, each > 0.

    The price is the mark of a contract, and a recent average of a coin, for which the mid stands.
    """

    buy_low: Decimal
    """Least multiple of the price for a buy, > 0."""
    buy_high: Decimal
    """Greatest multiple for a buy, >= ``buy_low``."""
    sell_low: Decimal
    """Least multiple for a sell, > 0."""
    sell_high: Decimal
    """Greatest multiple for a sell, >= ``sell_low``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything a plan is made from. Read within seconds, never patched."""

    snapshot_id: str
    key: AccountKey
    taken_at: datetime
    quote: Asset
    """The account's numeraire stable; every value is in it."""
    instruments: Mapping[Symbol, Instrument]
    """The markets that the portfolio names, and those with a position or an open order."""
    balances: Mapping[Asset, Balance]
    """Spot and earn wallets by asset; absent means none."""
    pools: Mapping[Asset, MarginPool]
    """Futures wallets by settlement asset; empty when the account has no futures."""
    positions: Mapping[Symbol, Position]
    books: Mapping[Symbol, Book]
    """Order books of every instrument that may be traded or must be valued."""
    contracts: Mapping[Symbol, ContractState]
    """State of every futures instrument."""
    price_bands: Mapping[Symbol, PriceBand]
    """Of every instrument for which the venue states one."""
    open_orders: tuple[OpenOrder, ...]
    clock: ClockReading
    position_mode: PositionMode
    coin_wallets: Mapping[Asset, CoinWallet] = field(default_factory=_no_wallets)
    """Wallets of coin-margined contracts by coin, where they are counted. Nothing is traded there,
    and no book is kept of them."""

    @property
    def venue_at(self) -> datetime:
        """When it was taken, by the venue's clock."""
        return self.taken_at + timedelta(milliseconds=self.clock.offset_ms)
