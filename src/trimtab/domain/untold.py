"""Why no trigger prices are told. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Untold(StrEnum):
    """Why the price at which any band is left first is not told. Stored with the plan."""

    BAND_LEFT = "band_left"
    SPLIT_ROUTE = "split_route"
    CROSS_HEDGE = "cross_hedge"
    SLEEVES = "sleeves"


WHY_UNTOLD: Final[Mapping[Untold, str]] = MappingProxyType(
    {
        Untold.BAND_LEFT: "a band is left already",
        Untold.SPLIT_ROUTE: "what a mixed or auto route leaves overweight changes with the price",
        Untold.CROSS_HEDGE: "what a cross-hedge covers moves with the price of another asset",
        Untold.SLEEVES: "a price moves the sleeves too, and with them every weight",
    }
)
"""The same for a person."""
