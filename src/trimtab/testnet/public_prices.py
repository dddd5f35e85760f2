"""What other exchanges say of the same coins: our mids in dollars, unless a test says otherwise.

State without I/O. Dollars per unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from trimtab.testnet.exact import ONE
from trimtab.testnet.rejections import invalid_symbol


class PublicPrices:
    """What other exchanges say; the local mids in dollars, unless set."""

    def __init__(self, quote: str) -> None:
        self._quote = quote
        self._set: dict[tuple[str, str], Decimal] = {}

    def set(self, source: str, given: Mapping[str, str]) -> None:
        """Fix what *source* says of assets, dollars per unit; an empty text takes it back."""
        for asset, value in given.items():
            self._set.pop((source, asset), None)
            if value:
                self._set[source, asset] = _positive(value)

    def dollars(self, *, source: str, asset: str, mids: Mapping[str, Decimal]) -> Decimal | None:
        """Return what *source* says of *asset*, None when nobody lists it."""
        if (source, asset) in self._set:
            return self._set[source, asset]
        peg = self._set.get((source, self._quote), ONE)
        return mids[asset] * peg if asset in mids else None


def _positive(value: str) -> Decimal:
    """Read a price.

    Raises:
        Rejection: -1121 when it is not above zero.

    """
    price = Decimal(value)
    if price <= 0:
        raise invalid_symbol()
    return price
