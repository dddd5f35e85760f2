"""What Kraken tells of the key in use and of what lies beside the wallet. Not pure: it asks.

Source: Kraken "Get API Key Info", "Get Extended Balance", 2026.
"""

from __future__ import annotations

from typing import Final

from trimtab.adapters.frame.raw_preflight import RawPreflight
from trimtab.adapters.kraken.answers import key_rights_of
from trimtab.adapters.kraken.instruments import beside_of
from trimtab.adapters.kraken.markets import WALLET
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.ports.preflight import Beside
from trimtab.venues.profile import Desk

_RIGHTS: Final = Endpoint(desk=Desk.SPOT, method="privatePostGetApiKeyInfo")
_FEE_COIN: Final = Asset("KFEE")


def kraken_preflight(wire: Wire, hosts: HostRecord, *, use: KeyUse) -> RawPreflight:
    """Return what reads about the venue; an account that holds fee credits is not read at all."""

    async def rights() -> KeyRights:
        """Ask for the rights of the key."""
        return await wire.read(_RIGHTS, {}, lambda told: key_rights_of(told, use=use))

    async def beside() -> tuple[Beside, ...]:
        """Ask for what is staked, earns or is on hold."""
        return await wire.read(WALLET, {}, beside_of)

    return RawPreflight(wire, hosts, rights=rights, fee_coin=_FEE_COIN, beside=beside)
