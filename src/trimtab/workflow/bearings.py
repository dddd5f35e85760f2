"""How independent prices stand to the account's own, asset by asset, for a person to see. Pure.

Shown, never judged: the gate has the last word, and it looks at its own instant. Values are in
the account's quote per unit, the quote's own in dollars.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import BPS, ONE, exact_arithmetic, ratio
from trimtab.domain.instruments import Asset
from trimtab.domain.references import Quotation, Silence
from trimtab.risk.case import Unmeasured
from trimtab.risk.references import Bench


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearing:
    """One asset, by sources outside the venue."""

    asset: Asset
    unit: str
    """What the value is counted in: the quote, or ``USD`` for the quote itself."""
    value: Decimal | None
    """Units of it per unit of the asset, > 0; None when nothing is measured."""
    off_bps: Decimal | None
    """Distance of the venue's mid from the value, signed; of the quote from its dollar.

    None without a value, or without a mid.
    """
    why: str
    """Why nothing is measured; empty when something is."""
    quotations: tuple[Quotation, ...]
    """What every source said, dollars, fresh or not."""
    silences: tuple[Silence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What bearings are taken from."""

    bench: Bench
    quote: Asset
    mids: Mapping[Asset, Decimal]
    """The venue's, quote per unit, > 0; of assets that have one."""

    def bearings(self, assets: Collection[Asset]) -> tuple[Bearing, ...]:
        """Return where every asset stands, the quote first; nothing when nobody is asked."""
        if not self.bench.rules.sources:
            return ()
        coins = (asset for asset in dict.fromkeys(assets) if asset != self.quote)
        return (self._quote(), *(self._coin(asset) for asset in coins))

    def _quote(self) -> Bearing:
        """Return where the quote stands to its dollar."""
        try:
            value = self.bench.agreement(self.quote).value
        except Unmeasured as why:
            return self._unmeasured(self.quote, why)
        return self._measured(self.quote, value, off_bps=_off(value, of=ONE))

    def _coin(self, asset: Asset) -> Bearing:
        """Return where the venue's mid of a coin stands to what others say."""
        try:
            worth, peg = self.bench.agreement(asset), self.bench.agreement(self.quote)
        except Unmeasured as why:
            return self._unmeasured(asset, why)
        value, mid = ratio(worth.value, peg.value), self.mids.get(asset)
        return self._measured(asset, value, off_bps=None if mid is None else _off(mid, of=value))

    def _measured(self, asset: Asset, value: Decimal, *, off_bps: Decimal | None) -> Bearing:
        """Return a line with figures."""
        return self._line(asset, value=value, off_bps=off_bps, why="")

    def _unmeasured(self, asset: Asset, why: Unmeasured) -> Bearing:
        """Return a line that says why it has no figures."""
        return self._line(asset, value=None, off_bps=None, why=str(why))

    def _line(
        self, asset: Asset, *, value: Decimal | None, off_bps: Decimal | None, why: str
    ) -> Bearing:
        """Return one asset's line with what every source said."""
        references = self.bench.references
        return Bearing(
            asset=asset,
            unit="USD" if asset == self.quote else self.quote,
            value=value,
            off_bps=off_bps,
            why=why,
            quotations=tuple(q for q in references.quotations if q.asset == asset),
            silences=tuple(s for s in references.silences if s.asset == asset),
        )


def _off(value: Decimal, *, of: Decimal) -> Decimal:
    """Return the signed distance of *value* from what it should be, bps."""
    with exact_arithmetic():
        return ratio((value - of) * BPS, of)
