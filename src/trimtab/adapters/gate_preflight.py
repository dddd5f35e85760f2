"""What Gate tells of itself and of the key in use. Not pure: it asks.

Source: Gate API v4 "Query All Main Account Key Information", 2026.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.adapters.gate_answers import key_rights_of
from trimtab.adapters.host_record import HostRecord
from trimtab.adapters.raw_preflight import RawPreflight
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.venues.profile import Desk

_KEYS: Final = Endpoint(desk=Desk.SPOT, method="privateAccountGetMainKeys")
_FEE_COIN: Final = Asset("GT")


def gate_preflight(wire: Wire, hosts: HostRecord, *, use: KeyUse, key: str) -> RawPreflight:
    """Return what reads about the venue; *key* is the public part of the key in use."""

    async def rights() -> KeyRights:
        """Ask for the rights of the key."""
        return await wire.read(_KEYS, {}, partial(key_rights_of, use=use, key=key))

    return RawPreflight(wire, hosts, rights=rights, fee_coin=_FEE_COIN)
