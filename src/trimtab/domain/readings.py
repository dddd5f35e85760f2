"""What was read from the past for a plan, figure by figure, and what it was held against.

Pure values. A plan carries all of them, those that changed nothing too: a rule that stays silent
has to show why.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

PORTFOLIO: Final = "portfolio"
"""Subject of what is read of all assets together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One figure."""

    rule: str
    """The configuration's name of the rule it was read for, such as ``overlays.volatility``."""
    subject: str
    """The asset it is of; :data:`PORTFOLIO` for all of them."""
    name: str
    """What is measured, lower_snake_case, such as ``volatility`` or ``rsi``."""
    measured: Decimal | None
    """What was seen; None where it cannot be told."""
    limit: Decimal | None
    """What it was held against, in the unit of ``measured``; None for what only informs."""
    holds: bool
    """Whether the rule acts on it."""
    text: str
    """One line for the operator: the unit, and what follows."""
