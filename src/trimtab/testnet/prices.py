"""Prices: one mid per asset, and what contracts make of it.

State without I/O. Mids and marks are quote per base unit. Index is the spot mid unless
overridden; a perpetual's mark is index * (1 + basis), a dated contract's is index *
(1 + annual basis * years to expiry). The past before the start is made up from the
seed and ends at the opening mid; after the start it is what was set.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from zlib import crc32

from trimtab.testnet.catalogue import Listing, Market, built_in_mids
from trimtab.testnet.exact import BPS, ONE, ZERO, round_to
from trimtab.testnet.rejections import invalid_symbol
from trimtab.testnet.scenario import Scenario

_YEAR_MS = Decimal(365 * 86_400_000)
_WAVES = ((86_400_000 * 61, "0.12"), (86_400_000 * 9, "0.05"), (3_600_000 * 17, "0.012"))
"""Period in milliseconds and amplitude of the made-up past."""


def wave(*, seed: str, at_ms: int, period_ms: int) -> Decimal:
    """Return a triangle wave in [-1, 1] whose phase comes from *seed*."""
    phase = crc32(seed.encode()) % period_ms
    turn = Decimal((at_ms + phase) % period_ms) / period_ms
    return 4 * abs(turn - Decimal("0.5")) - 1


class Prices:
    """The mids, marks and indices in force, and the path they took."""

    def __init__(self, scenario: Scenario, *, start_ms: int) -> None:
        self._quote = scenario.quote
        self._mids = built_in_mids(scenario.quote) | dict(scenario.prices)
        self._opening = dict(self._mids)
        self._basis = scenario.basis_bps
        self._dated_basis = scenario.dated_basis
        self._seed = scenario.seed
        self._start_ms = start_ms
        self._marks: dict[str, Decimal] = {}
        self._indices: dict[str, Decimal] = {}
        self._path: dict[str, list[tuple[int, Decimal]]] = {}

    def set_mids(self, mids: Mapping[str, Decimal], *, now_ms: int) -> None:
        """Move the mids of assets that are already listed."""
        for asset, mid in mids.items():
            if asset not in self._mids or asset == self._quote or mid <= 0:
                raise invalid_symbol()
            self._mids[asset] = mid
            self._path.setdefault(asset, []).append((now_ms, mid))

    def override(self, *, marks: Mapping[str, str], indices: Mapping[str, str]) -> None:
        """Fix marks or indices by contract; an empty text takes the override away."""
        for book, given in ((self._marks, marks), (self._indices, indices)):
            for symbol, value in given.items():
                if value:
                    book[symbol] = Decimal(value)
                else:
                    book.pop(symbol, None)

    @property
    def mids(self) -> Mapping[str, Decimal]:
        """The spot mids of all assets, the quote included."""
        return MappingProxyType(self._mids)

    def mid(self, asset: str) -> Decimal:
        """Return the spot mid of *asset*; 1 for the quote."""
        return self._mids[asset]

    def index(self, listing: Listing) -> Decimal:
        """Return the index of a contract."""
        return self._indices.get(listing.symbol, self._mids[listing.base])

    def mark(self, listing: Listing, now_ms: int) -> Decimal:
        """Return the mark of a contract, on a grid of a tenth of its tick."""
        if listing.symbol in self._marks:
            return self._marks[listing.symbol]
        index = self.index(listing)
        if listing.dated:
            years = Decimal(max(0, listing.delivers_at - now_ms)) / _YEAR_MS
            factor = ONE + self._dated_basis * years
        else:
            factor = ONE + BPS * self._basis.get(listing.symbol, self._basis.get("*", ZERO))
        return round_to(index * factor, listing.rule.tick_size / 10)

    def book_mid(self, listing: Listing, now_ms: int) -> Decimal:
        """Return the middle of the book of *listing*."""
        if listing.market is Market.SPOT:
            return self._mids[listing.base]
        return self.mark(listing, now_ms)

    def mid_at(self, asset: str, at_ms: int) -> Decimal:
        """Return the mid of *asset* at an instant, past ones included."""
        path = self._path.get(asset, [])
        if at_ms >= self._start_ms:
            passed = bisect_right(path, at_ms, key=lambda step: step[0])
            return path[passed - 1][1] if passed else self._opening[asset]
        swing = ZERO
        for period, amplitude in _WAVES:
            seed = f"{self._seed}:{asset}:{period}"
            then = wave(seed=seed, at_ms=at_ms, period_ms=period)
            opening = wave(seed=seed, at_ms=self._start_ms, period_ms=period)
            swing += Decimal(amplitude) * (then - opening)
        return self._opening[asset] * (ONE + swing)
