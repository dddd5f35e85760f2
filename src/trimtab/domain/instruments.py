"""Instruments: what can be traded, and the grid its orders must lie on.

Quantities are base units everywhere (the venue adapter converts contracts once).
Sizes that are sent are whole signed lots, limits are whole ticks: an order that is
off the grid cannot be written down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NewType

from trimtab.domain.exact import exact_arithmetic

Asset = NewType("Asset", str)
"""A coin or stable by its venue name, such as ``BTC``."""
Symbol = NewType("Symbol", str)
"""ccxt's unified symbol: ``BTC/USDT``, ``BTC/USDT:USDT``, ``BTC/USDT:USDT-261225``."""
Lots = NewType("Lots", int)
"""Signed count of ``Instrument.lot_size``; positive buys or is long, negative sells or is short."""
Ticks = NewType("Ticks", int)
"""Count of ``Instrument.tick_size``, > 0."""


class MarketKind(StrEnum):
    """What is bought: the coin, a perpetual contract, or a dated one."""

    SPOT = "spot"
    SWAP = "swap"
    FUTURE = "future"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One market of one venue, linear contracts and spot pairs."""

    symbol: Symbol
    kind: MarketKind
    base: Asset
    quote: Asset
    settle: Asset
    """What profit is paid in; the quote for spot."""
    lot_size: Decimal
    """Base units in one lot, > 0."""
    tick_size: Decimal
    """Quote units per base unit in one tick, > 0."""
    lots_min: int
    """Smallest order, lots, >= 1."""
    lots_max: int
    """Largest order, lots, >= lots_min."""
    notional_min: Decimal
    """Least order value that the venue accepts, quote units, >= 0."""
    notional_min_reduce_only: Decimal
    """The same for a reduce-only order, quote units, >= 0."""
    contract_size: Decimal
    """Base units in one contract of the venue, > 0; 1 for spot."""
    taker_fee: Decimal
    """Fraction of value that a taker pays, >= 0; a rebate is counted as none until it is booked."""
    tradable: bool
    """Whether the venue accepts orders for it now."""
    expires_at: datetime | None
    """Delivery of a dated contract; None for what never expires."""

    def __post_init__(self) -> None:
        for name in ("lot_size", "tick_size", "contract_size"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{self.symbol}: {name} must be > 0, was {getattr(self, name)}")
        if not 1 <= self.lots_min <= self.lots_max:
            raise ValueError(f"{self.symbol}: need 1 <= lots_min <= lots_max")

    @property
    def is_contract(self) -> bool:
        """Whether a position, not a coin, is what an order leaves behind."""
        return self.kind is not MarketKind.SPOT

    def units(self, lots: int) -> Decimal:
        """Return signed *lots* as signed base units."""
        with exact_arithmetic():
            return lots * self.lot_size

    def limit_price(self, ticks: int) -> Decimal:
        """Return *ticks* as quote units per base unit."""
        with exact_arithmetic():
            return ticks * self.tick_size
