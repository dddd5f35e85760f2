"""The three ready profiles: weights by group, their members, and the limits they ship.

Pure tables (strategy book 1.3). A profile is a layer below the file: whatever the file,
a variable or an option sets by itself wins, except that a profile excludes own targets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

USUAL_PROFILE: Final = "conservative"
"""What is chosen for whoever names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One ready portfolio. The quote is its stable share."""

    name: str
    meaning: str
    """One line for the operator."""
    weights: Mapping[str, str]
    """Fractions of the basis by asset, quote excluded, as written in a file."""
    stable: str
    """Fraction of the basis that stays in the quote."""
    max_leverage: str
    """Futures notional over spot value, at most."""
    max_ratio: str
    """Hedge over protected units, at most."""


PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {
        "conservative": Profile(
            name="conservative",
            meaning="70 % core, 20 % stable, 10 % alts; futures at most 1.5 x spot",
            weights=MappingProxyType({"BTC": "0.45", "ETH": "0.25", "SOL": "0.05", "BNB": "0.05"}),
            stable="0.20",
            max_leverage="1.5",
            max_ratio="0.5",
        ),
        "moderate": Profile(
            name="moderate",
            meaning="50 % core, 30 % stable, 20 % alts; futures at most 2.5 x spot",
            weights=MappingProxyType({"BTC": "0.30", "ETH": "0.20", "SOL": "0.10", "BNB": "0.10"}),
            stable="0.30",
            max_leverage="2.5",
            max_ratio="0.5",
        ),
        "aggressive": Profile(
            name="aggressive",
            meaning="30 % core, 10 % stable, 60 % alts; futures at most 4.0 x spot",
            weights=MappingProxyType(
                {
                    "BTC": "0.20",
                    "ETH": "0.10",
                    "SOL": "0.15",
                    "BNB": "0.15",
                    "XRP": "0.15",
                    "AVAX": "0.15",
                }
            ),
            stable="0.10",
            max_leverage="4.0",
            max_ratio="0.5",
        ),
    }
)
"""By name."""


def profile_layer(profile: Profile, *, quote: str) -> dict[str, Any]:
    """Return what *profile* sets, as the tree of a file."""
    return {
        "portfolio": {"targets": {**profile.weights, quote: profile.stable}},
        "hedge": {"max_ratio": profile.max_ratio},
        "risk": {"max_leverage": profile.max_leverage},
    }
