"""Independent prices that a test says: the port ReferencePrice, without a socket."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from trimtab.domain.instruments import Asset
from trimtab.domain.references import Quotation, References, ReferenceSource, Silence
from trimtab.ports import Clock

Said = Mapping[tuple[ReferenceSource, Asset], Decimal | str]
"""Dollars per unit, or why there are none; what is not said is not listed."""


class SpokenReferences:
    """Says what it was told to; what a test changes is heard with the next read."""

    def __init__(self, sources: Collection[ReferenceSource], said: Said, clock: Clock) -> None:
        self.said = dict(said)
        self.reads: list[tuple[Asset, ...]] = []
        self._sources = tuple(sources)
        self._clock = clock

    async def read(self, assets: Collection[Asset]) -> References:
        self.reads.append(tuple(assets))
        wanted = [(s, a) for a in dict.fromkeys(assets) for s in self._sources]
        told = [(s, a, self.said.get((s, a), "does not list it")) for s, a in wanted]
        return References(
            quotations=tuple(
                Quotation(source=s, asset=a, value=word, quoted_at=self._clock.now())
                for s, a, word in told
                if isinstance(word, Decimal)
            ),
            silences=tuple(
                Silence(source=s, asset=a, why=word) for s, a, word in told if isinstance(word, str)
            ),
        )
