"""What BingX tells of itself and of the key in use. Not pure: it asks.

Source: BingX API account "Query user API Key permissions", 2026.
"""

from __future__ import annotations

from typing import Final

from trimtab.adapters.bingx_wallets import key_rights_of
from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.adapters.host_record import HostRecord
from trimtab.adapters.raw_preflight import RawPreflight
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.venues.profile import Desk

_RIGHTS: Final = Endpoint(desk=Desk.SPOT, method="accountV1PrivateGetAccountApiPermissions")
_FEE_COIN: Final = Asset("USDT")
"""It tells of no coin of its own that pays fees."""


def bingx_preflight(wire: Wire, hosts: HostRecord, *, use: KeyUse) -> RawPreflight:
    """Return what reads about the venue; it does not tell whether a coin pays fees."""

    async def rights() -> KeyRights:
        """Ask for the rights of the key."""
        return await wire.read(_RIGHTS, {}, lambda told: key_rights_of(told, use=use))

    return RawPreflight(wire, hosts, rights=rights, fee_coin=_FEE_COIN)
