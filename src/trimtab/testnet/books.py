"""Order books: made-up liquidity around a mid, and what is left of it.

State without I/O. A side is a sequence of levels, best first. Level i lies at
mid * (1 ± (spread / 2 + i * gap)) on the outer tick and holds a deterministic amount.
With ``replenish`` off, what was consumed stays away until the mid moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from trimtab.testnet.catalogue import Listing, Market
from trimtab.testnet.exact import BPS, ONE, ceil_to, floor_to

_SHAPE = (10, 13, 9, 16, 12, 19, 15)
"""Tenths of the base size, by level in turn, so that a book does not look drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One price of a book."""

    limit_price: Decimal
    """Quote per base unit."""
    quantity: Decimal
    """Base units resting there, > 0."""


class Books:
    """What has been consumed of each book."""

    def __init__(self) -> None:
        self._consumed: dict[tuple[Market, str, str], dict[Decimal, Decimal]] = {}
        self._untouched: dict[tuple[Market, str, str], tuple[Listing, Decimal, list[Level]]] = {}
        """What was last made up, with what it was made from: between moves of a mid all is asked
        for again and again."""

    def levels(self, listing: Listing, side: str, mid: Decimal) -> Iterator[Level]:
        """Yield the levels that an order of *side* meets, best first."""
        place = (listing.market, listing.symbol, side)
        taken = self._consumed.get(place, {})
        made = self._untouched.get(place)
        if made is None or made[0] is not listing or made[1] != mid:
            made = self._untouched[place] = (listing, mid, list(made_up(listing, side, mid)))
        for level in made[2]:
            left = level.quantity - taken.get(level.limit_price, Decimal(0))
            if left > 0:
                yield Level(limit_price=level.limit_price, quantity=left)

    def consume(self, listing: Listing, side: str, eaten: Sequence[Level]) -> None:
        """Remember what an order of *side* took, unless the book refills at once."""
        if listing.rule.replenish:
            return
        taken = self._consumed.setdefault((listing.market, listing.symbol, side), {})
        for level in eaten:
            taken[level.limit_price] = taken.get(level.limit_price, Decimal(0)) + level.quantity

    def refill(self) -> None:
        """Put back everything consumed, as when prices move."""
        self._consumed.clear()


def made_up(listing: Listing, side: str, mid: Decimal) -> Iterator[Level]:
    """Yield the untouched levels that an order of *side* (``BUY`` meets asks) walks."""
    rule = listing.rule
    tick = rule.tick_size
    asks = side == "BUY"
    outward = tick if asks else -tick
    before = mid
    for i in range(rule.levels):
        away = BPS * (rule.spread_bps / 2 + i * rule.level_gap_bps)
        limit_price = (
            ceil_to(mid * (ONE + away), tick) if asks else floor_to(mid * (ONE - away), tick)
        )
        crowded = i > 0 and (limit_price - before) * outward <= 0
        if crowded:  # A coarse tick would put two levels on one price.
            limit_price = before + outward
        if limit_price <= 0:
            return
        before = limit_price
        size = rule.level_notional * _SHAPE[i % len(_SHAPE)] / 10 / mid
        yield Level(
            limit_price=limit_price, quantity=max(rule.lot_size, floor_to(size, rule.lot_size))
        )


def crossing(levels: Iterator[Level], side: str, limit_price: Decimal) -> Iterator[Level]:
    """Yield the levels that an order of *side* at *limit_price* may take; 0 takes all."""
    for level in levels:
        beyond = (
            level.limit_price > limit_price if side == "BUY" else level.limit_price < limit_price
        )
        if limit_price and beyond:
            return
        yield level
