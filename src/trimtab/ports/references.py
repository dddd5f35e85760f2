"""Independent prices. See :mod:`trimtab.ports`, which has all of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from trimtab.domain.instruments import Asset
from trimtab.domain.references import References


class ReferencePrice(Protocol):
    """Public sources that have nothing to do with the venue."""

    async def read(self, assets: Collection[Asset]) -> References:
        """Return what each source says of each asset, in one bounded time.

        Every source gives a quotation or a silence for every asset, in the order of *assets*
        and then of the sources; what was read lately is not asked for again. Raises nothing
        of its own: a source that cannot be used is a silence, and whoever needs it refuses.
        """
        ...
