"""Leverage brackets: how much leverage a notional allows, and what must be maintained.

Pure. Maintenance margin is ``notional * rate - cum``; ``cum`` makes it continuous at
the edges. Rates are ratios, notionals in USDT. Shapes follow Binance's USD-M brackets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from trimtab.testnet.exact import ZERO

_MAJOR = (
    *((300_000, 125, "0.004"), (800_000, 100, "0.005"), (3_000_000, 75, "0.0065")),
    *((12_000_000, 50, "0.01"), (70_000_000, 25, "0.02"), (100_000_000, 20, "0.025")),
    *((230_000_000, 10, "0.05"), (480_000_000, 5, "0.1"), (600_000_000, 4, "0.125")),
    *((800_000_000, 3, "0.15"), (1_200_000_000, 2, "0.25"), (1_800_000_000, 1, "0.5")),
)
_ALT = (
    *((10_000, 75, "0.005"), (50_000, 50, "0.01"), (300_000, 25, "0.02")),
    *((600_000, 20, "0.025"), (3_000_000, 10, "0.05"), (6_000_000, 5, "0.1")),
    *((7_500_000, 4, "0.125"), (15_000_000, 2, "0.25"), (30_000_000, 1, "0.5")),
)
_DATED = (
    *((375_000, 25, "0.02"), (2_000_000, 10, "0.05"), (4_000_000, 5, "0.1")),
    *((10_000_000, 4, "0.125"), (20_000_000, 3, "0.15"), (40_000_000, 2, "0.25")),
    *((400_000_000, 1, "0.5"),),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """One step of a contract's table."""

    number: int
    """From 1, growing with notional."""
    floor: Decimal
    """Notional from which it holds, exclusive but for the first."""
    cap: Decimal
    """Notional up to which it holds, inclusive."""
    leverage: int
    """Most leverage allowed in it."""
    rate: Decimal
    """Maintenance margin ratio."""
    cum: Decimal
    """Deduction, quote."""


def _table(steps: Sequence[tuple[int, int, str]]) -> tuple[Bracket, ...]:
    """Build a table, with the deductions that make maintenance continuous."""
    table: list[Bracket] = []
    floor = rate_before = cum = ZERO
    for number, (cap, leverage, ratio) in enumerate(steps, start=1):
        rate = Decimal(ratio)
        cum += floor * (rate - rate_before)
        table.append(
            Bracket(
                number=number,
                floor=floor,
                cap=Decimal(cap),
                leverage=leverage,
                rate=rate,
                cum=cum,
            )
        )
        floor, rate_before = Decimal(cap), rate
    return tuple(table)


def brackets_for(base: str, *, dated: bool) -> tuple[Bracket, ...]:
    """Return the table of a contract on *base*, by rising notional."""
    if dated:
        return _table(_DATED)
    return _table(_MAJOR if base in {"BTC", "ETH"} else _ALT)


def bracket_of(table: Sequence[Bracket], notional: Decimal) -> Bracket:
    """Return the bracket that *notional* falls in; the last one beyond the table."""
    return next((b for b in table if notional <= b.cap), table[-1])


def maintenance(table: Sequence[Bracket], notional: Decimal) -> Decimal:
    """Return the maintenance margin of *notional* in quote, >= 0."""
    step = bracket_of(table, notional)
    return max(ZERO, notional * step.rate - step.cum)


def notional_cap(table: Sequence[Bracket], leverage: int) -> Decimal:
    """Return the largest notional that *leverage* may carry."""
    return max((b.cap for b in table if b.leverage >= leverage), default=ZERO)
