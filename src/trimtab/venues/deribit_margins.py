"""What linear perpetuals of Deribit bind and have to maintain, as the venue tells it. Pure data.

No answer of the venue has such a table. Its page tells a formula for each coin: a rate, and how
much that grows with each unit of the coin in the position. A contract that is not here is not
opened. Source: support.deribit.com "Linear Perpetual", standard margin, a copy read on 2026-11-29;
the venue reworked these margins on 2026-08-05, and of what day the copy is, is not known. Two
positions whose margins were shown in public agree to the last digit: BTC_USDT, 0.003 units,
2024-01-19 (ccxt pull request 20880), and the inverse one of SOL, 2022-05-21 (ccxt pull request
13374).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginTerms:
    """The formula of one contract: a rate of the notional, plus the growth for each unit held."""

    initial: Decimal
    """Fraction of notional that an opening binds at least, 0 to 1."""
    maintenance: Decimal
    """Fraction of notional that has to be there at least, below ``initial``."""
    growth: Decimal
    """What each base unit of the position adds to both, fraction of notional, > 0."""
    units_max: Decimal
    """Base units up to which one rate stands for all sizes: it is then at most a twenty-fifth above
    the venue's own, and never below it, whatever the price. A larger position is not measured."""
    leverage_max: int
    """One over ``initial``; the venue must say the same of the contract."""


_BTC: Final = MarginTerms(
    initial=Decimal("0.02"),
    maintenance=Decimal("0.01"),
    growth=Decimal("0.00005"),
    units_max=Decimal(8),
    leverage_max=50,
)
_SOL: Final = MarginTerms(
    initial=Decimal("0.04"),
    maintenance=Decimal("0.02"),
    growth=Decimal("0.000005"),
    units_max=Decimal(160),
    leverage_max=25,
)

MARGINS: Final[Mapping[str, MarginTerms]] = MappingProxyType(
    {
        "BTC_USDC-PERPETUAL": _BTC,
        "BTC_USDT-PERPETUAL": _BTC,
        "SOL_USDC-PERPETUAL": _SOL,
    }
)
"""By the venue's name of the contract."""
