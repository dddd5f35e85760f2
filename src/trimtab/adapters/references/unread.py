"""Independent prices where nobody is asked: the port, without a client and without a socket."""

from __future__ import annotations

from collections.abc import Collection

from trimtab.domain.instruments import Asset
from trimtab.domain.references import NO_REFERENCES, References


class UnreadReferences:
    """Says nothing. Live needs more and refuses."""

    async def read(self, assets: Collection[Asset]) -> References:  # noqa: ARG002 -- the port's signature.
        """Return nothing; see :class:`trimtab.ports.ReferencePrice`."""
        return NO_REFERENCES
