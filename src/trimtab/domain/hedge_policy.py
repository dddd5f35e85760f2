"""How futures stand in for spot: how much, in which contracts, and what ends it. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from trimtab.domain.contracts import NO_CARRY, CarryPolicy, Contract, GainAction
from trimtab.domain.cross import CrossPolicy
from trimtab.domain.instruments import Asset
from trimtab.domain.redeploy import RedeployPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgePolicy:
    """How futures stand in for spot."""

    ratio: Decimal
    """Share of an overweight that is hedged, 0 to 1."""
    max_ratio: Decimal
    """Ceiling of |hedge| to protected units, 0 to 1."""
    leverage: int
    """Set on the venue before the first futures order, 1 to 125."""
    max_topup: Decimal
    """Most that a plan may move between spot wallet and futures margin, quote units, >= 0."""
    profit_target: Decimal
    """Fall of the mark from a hedge's entry at which it closes, fraction, >= 0; 0 is off."""
    stop: Decimal
    """Rise of the mark from a hedge's entry at which it closes, fraction, >= 0; 0 is off."""
    max_age_days: int
    """Whole days after which a hedge closes, >= 0; 0 is off."""
    cooldown_days: int
    """Days without a new hedge on an asset whose last one closed and left it overweight, >= 0."""
    redeploy: RedeployPolicy | None = None
    """How what hedges brought is spent; None keeps it in the quote."""
    contract: Contract = Contract.PERPETUAL
    contracts: Mapping[Asset, Contract] = field(default_factory=lambda: MappingProxyType({}))
    """Exceptions from ``contract`` by asset."""
    carry: CarryPolicy = NO_CARRY
    cross: CrossPolicy | None = None
    """Which assets are hedged by the contracts of others; None where none is."""

    rests_stop: bool = False
    """Whether the stop of each hedge rests on the venue, so that it works with nobody there."""

    def contract_of(self, asset: Asset) -> Contract:
        """Return which contracts hedge *asset*."""
        return self.contracts.get(asset, self.contract)

    def compares(self, asset: Asset) -> bool:
        """Whether what contracts on *asset* bring has to be known."""
        return self.contract_of(asset) is Contract.AUTO or self.carry.on_gain is not GainAction.OFF

    def may_use_dated(self, asset: Asset) -> bool:
        """Whether dated contracts on *asset* may be traded, or are compared."""
        return self.contract_of(asset) is not Contract.PERPETUAL or self.compares(asset)
