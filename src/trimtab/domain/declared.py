"""What a person declares of a venue that does not tell it: tiers of maintenance margin. Pure.

They are part of the policy, so that an approval is bound to them. A tier's rate is of the whole
position, as the venue's app shows it, and holds up to and with its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.instruments import Asset


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceTier:
    """One tier of a contract's maintenance margin."""

    up_to: Decimal
    """Largest notional that it holds for, quote units, > 0."""
    rate: Decimal
    """What a position in it has to maintain, fraction of its notional, above 0 and below 1."""


DeclaredTiers = Mapping[Asset, tuple[MaintenanceTier, ...]]
"""By the coin of a perpetual, each rising in both; at least one tier each."""
