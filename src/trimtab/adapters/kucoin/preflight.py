"""What KuCoin tells of itself and of the key in use. Not pure: it asks.

Margin and futures accounts are not asked for. Sources: KuCoin API "Get Apikey Info", "Get Account
List - Spot", 2025-11.
"""

from __future__ import annotations

from typing import Final

from trimtab.adapters.frame.raw_preflight import RawPreflight
from trimtab.adapters.kucoin.answers import beside_of, key_rights_of
from trimtab.adapters.kucoin.markets import ACCOUNTS
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.ports.preflight import Beside
from trimtab.venues.profile import Desk

_RIGHTS: Final = Endpoint(desk=Desk.SPOT, method="privateGetUserApiKey")
_FEE_COIN: Final = Asset("KCS")


def kucoin_preflight(wire: Wire, hosts: HostRecord, *, use: KeyUse) -> RawPreflight:
    """Return what reads about the venue; it does not tell whether its coin pays fees."""

    async def rights() -> KeyRights:
        """Ask for the rights of the key."""
        return await wire.read(_RIGHTS, {}, lambda told: key_rights_of(told, use=use))

    async def beside() -> tuple[Beside, ...]:
        """Ask for coins in other accounts of the same owner, the main account above all."""
        return await wire.read(ACCOUNTS, {}, beside_of)

    return RawPreflight(wire, hosts, rights=rights, fee_coin=_FEE_COIN, beside=beside)
