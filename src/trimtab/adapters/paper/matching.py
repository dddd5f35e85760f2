"""An IOC limit order against a book that was read. Pure and exact.

Base units and quote units; what is taken is gone from the book. Fees are a taker's, in the
asset the venue would take them from: the bought coin on spot, the quote when selling, the
settlement asset for contracts. Whether that is fee-exact on the venue depends on its own
discounts, which a book does not tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import exact_arithmetic, whole_times
from trimtab.domain.instruments import Asset
from trimtab.domain.orders import OrderIntent, Side
from trimtab.domain.snapshot import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One level, or a part of it, that an order took."""

    lots: int
    """Taken, > 0."""
    quantity: Decimal
    """The same in base units."""
    price: Decimal
    """The level's price, which is what the fill gets."""
    fee: Decimal
    """Units of ``fee_asset``, >= 0."""
    fee_asset: Asset


def walk(
    levels: tuple[Level, ...], intent: OrderIntent
) -> tuple[tuple[Match, ...], tuple[Level, ...]]:
    """Return what *intent* takes from the opposite side, best first, and what is left of it."""
    rest = abs(intent.lots)
    matches, left = [], []
    for level in levels:
        within = _is_within(level.price, intent)
        most = whole_times(intent.instrument.lot_size, level.quantity)
        taken = min(rest, most) if within else 0
        rest -= taken
        quantity = intent.instrument.units(taken)
        if taken:
            matches.append(_match(intent, price=level.price, lots=taken, quantity=quantity))
        with exact_arithmetic():
            remaining = level.quantity - quantity
        if remaining:
            left.append(Level(price=level.price, quantity=remaining))
    return tuple(matches), tuple(left)


def _is_within(price: Decimal, intent: OrderIntent) -> bool:
    """Say whether the limit allows a price."""
    if intent.side is Side.BUY:
        return price <= intent.limit_price
    return price >= intent.limit_price


def _match(intent: OrderIntent, *, price: Decimal, lots: int, quantity: Decimal) -> Match:
    """Return one match with its fee."""
    instrument = intent.instrument
    with exact_arithmetic():
        if instrument.is_contract:
            fee, fee_asset = quantity * price * instrument.taker_fee, instrument.settle
        elif intent.side is Side.BUY:
            fee, fee_asset = quantity * instrument.taker_fee, instrument.base
        else:
            fee, fee_asset = quantity * price * instrument.taker_fee, instrument.quote
    return Match(lots=lots, quantity=quantity, price=price, fee=fee, fee_asset=fee_asset)
