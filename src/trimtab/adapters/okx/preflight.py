"""What OKX tells of itself and of the key in use. Not pure: it asks.

Source: OKX API v5 "Get account configuration", 2026.
"""

from __future__ import annotations

from typing import Final

from trimtab.adapters.frame.raw_preflight import RawPreflight
from trimtab.adapters.okx.answers import key_rights_of
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.venues.profile import Desk

_CONFIG: Final = Endpoint(desk=Desk.SPOT, method="privateGetAccountConfig")
_FEE_COIN: Final = Asset("OKB")


def okx_preflight(wire: Wire, hosts: HostRecord, *, use: KeyUse) -> RawPreflight:
    """Return what reads about the venue; its coin lowers fees and pays none."""

    async def rights() -> KeyRights:
        """Ask for the rights of the key."""
        return await wire.read(_CONFIG, {}, lambda told: key_rights_of(told, use=use))

    return RawPreflight(wire, hosts, rights=rights, fee_coin=_FEE_COIN)
