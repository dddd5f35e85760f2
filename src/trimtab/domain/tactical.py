"""Tactical: what is held apart for a time, out of NAV, weights and orders. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from trimtab.domain.instruments import Asset


@dataclass(frozen=True, slots=True, kw_only=True)
class TacticalPolicy:
    """What is held apart for a time: out of NAV, weights and orders, in leverage and margin."""

    holdings: Mapping[Asset, Decimal]
    """Units outside futures wallets, > 0."""
    positions: Mapping[Asset, Decimal]
    """Base units of perpetuals, signed, never zero."""


NOTHING_TACTICAL: Final = TacticalPolicy(
    holdings=MappingProxyType({}), positions=MappingProxyType({})
)
"""All of the account is the portfolio."""
