"""What WEEX tells of itself: of the key it tells nothing.

Source: WEEX API v3, 2026-03. What "Get Account Information" calls permissions are the account's.
"""

from __future__ import annotations

from typing import Final

from trimtab.adapters.frame.raw_preflight import RawPreflight
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyStanding, UntoldRights

_FEE_COIN: Final = Asset("WXT")
_UNTOLD: Final = UntoldRights(why="the venue does not tell what a key may do", is_absent=True)


def weex_preflight(wire: Wire, hosts: HostRecord) -> RawPreflight:
    """Return what reads about the venue; it does not tell whether its coin pays fees."""

    async def rights() -> KeyStanding:
        """Say that there is no such question."""
        return _UNTOLD

    return RawPreflight(wire, hosts, rights=rights, fee_coin=_FEE_COIN)
