"""The spot wallet: what is held, and what open orders reserve.

State without I/O. Amounts are units of the asset on a grid of 1e-8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from trimtab.testnet.exact import ZERO
from trimtab.testnet.scenario import Holding


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Value that entered, left or changed wallets."""

    number: int
    """The exchange's ``tranId``."""
    kind: str
    """``DEPOSIT_SPOT``, ``DEPOSIT_USDM``, ``MAIN_UMFUTURE`` or ``UMFUTURE_MAIN``."""
    asset: str
    """What moved."""
    units: Decimal
    """How much; a negative deposit is a withdrawal."""
    moved_at: int
    """Milliseconds."""


class SpotWallet:
    """Balances of the spot account."""

    def __init__(self, opening: Mapping[str, Holding]) -> None:
        self._free = {asset: held.free for asset, held in opening.items()}
        self._frozen = {asset: held.locked for asset, held in opening.items()}
        self._reserved: dict[int, tuple[str, Decimal]] = {}

    def assets(self) -> list[str]:
        """Return the assets that were ever held, in order of first holding."""
        return list(self._free)

    def free(self, asset: str) -> Decimal:
        """Return what can be spent of *asset*."""
        return self._free.get(asset, ZERO)

    def locked(self, asset: str) -> Decimal:
        """Return what is held back of *asset*, by orders or from the start."""
        by_orders = (units for name, units in self._reserved.values() if name == asset)
        return sum(by_orders, self._frozen.get(asset, ZERO))

    def move(self, asset: str, units: Decimal) -> None:
        """Add *units*, negative to take, to what is free."""
        self._free[asset] = self.free(asset) + units

    def reserve(self, number: int, asset: str, units: Decimal) -> None:
        """Make order *number* hold back exactly *units* of *asset*; 0 lets go."""
        held_asset, held = self._reserved.pop(number, (asset, ZERO))
        self.move(held_asset, held)
        self.move(asset, -units)
        if units:
            self._reserved[number] = (asset, units)
