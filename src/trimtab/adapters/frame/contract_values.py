"""Positions, prices and settings of contracts, and books, whichever venue told them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trimtab.adapters.frame.units import base_units, lots_of
from trimtab.adapters.wire.exact import Unreadable, field, mapping_of, number
from trimtab.domain.instruments import Instrument, Lots
from trimtab.domain.snapshot import Book, Bracket, ContractState, Level, MarginMode, Position


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPosition:
    """A position by the venue's own name of its market."""

    market_id: str
    count: Decimal
    """Contracts, signed."""
    entry_price: Decimal
    """Average entry, quote per base unit, > 0."""
    liquidation_price: Decimal | None
    """None when the venue gives none (it writes 0)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractPrices:
    """Prices and funding of one contract."""

    mark: Decimal
    """Price for margin and profit, quote per base unit, > 0."""
    index: Decimal
    """Price of the underlying, quote per base unit, > 0."""
    funding_rate: Decimal
    """Signed fraction of notional; 0 for a dated contract, which has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractSettings:
    """What is set for one contract on this account."""

    leverage: int
    margin_mode: MarginMode
    takes_leverage: bool = True
    """False where no leverage is set: then it is the highest that the venue allows."""


def position_of(
    parts: Iterable[OpenPosition], instrument: Instrument, margin_mode: MarginMode
) -> Position | None:
    """Return one market's position; in hedge mode, what its two sides amount to.

    Raises:
        Unreadable: a size is off the grid.

    """
    legs = sorted(parts, key=lambda part: part.count.copy_abs(), reverse=True)
    lots = sum(lots_of(part.count, instrument) for part in legs)
    if not lots:
        return None
    return Position(
        symbol=instrument.symbol,
        lots=Lots(lots),
        entry_price=legs[0].entry_price,
        margin_mode=margin_mode,
        liquidation_price=legs[0].liquidation_price,
    )


def contract_state(
    prices: ContractPrices,
    settings: ContractSettings,
    steps: tuple[Bracket, ...],
    *,
    read_at: datetime,
) -> ContractState:
    """Put together what was read of one contract."""
    return ContractState(
        mark=prices.mark,
        index=prices.index,
        funding_rate=prices.funding_rate,
        leverage=settings.leverage,
        margin_mode=settings.margin_mode,
        brackets=steps,
        read_at=read_at,
        takes_leverage=settings.takes_leverage,
    )


def book_of(answer: object, instrument: Instrument, *, read_at: datetime) -> Book | None:
    """Read an order book; None when a side is empty, for then it has no mid.

    Raises:
        Unreadable: a level is wrong, or the book is crossed.

    """
    try:
        row = mapping_of(answer)
        bids, asks = (_levels(field(row, side), instrument) for side in ("bids", "asks"))
        if not bids or not asks:
            return None
        return Book(bids=bids[::-1], asks=asks, read_at=read_at)
    except ValueError as error:
        raise Unreadable(f"{instrument.symbol}: {error}") from error


def _levels(side: object, instrument: Instrument) -> tuple[Level, ...]:
    """Read one side of a book, by rising price; empty levels are left out."""
    if not isinstance(side, list):
        raise Unreadable("a side of the book is missing")
    levels = []
    for step in side:
        if not isinstance(step, list) or len(step) < 2:  # noqa: PLR2004 -- price and quantity
            raise Unreadable("a level of the book is not a pair")
        price, count = number(step[0], "price"), number(step[1], "quantity")
        if price <= 0 or count < 0:
            raise Unreadable("a level of the book is not positive")
        if count:
            levels.append(Level(price=price, quantity=base_units(count, instrument)))
    return tuple(sorted(levels, key=lambda level: level.price))
