"""What Deribit tells of itself and of the key in use. Not pure: it asks.

Source: docs.deribit.com "private/list_api_keys", 2026: the key is one of a list. An account whose
list asks for a security key does not tell it here.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from trimtab.adapters.deribit.answers import key_rights_of
from trimtab.adapters.frame.raw_preflight import RawPreflight
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.venues.profile import Desk

_KEYS: Final = Endpoint(desk=Desk.SPOT, method="privateGetListApiKeys")
_FEE_COIN: Final = Asset("USDC")
"""The venue has no coin of its own; fees are told with each execution."""


def deribit_preflight(
    wire: Wire, hosts: HostRecord, *, client_id: str, use: KeyUse
) -> RawPreflight:
    """Return what reads about the venue."""

    async def rights() -> KeyRights:
        """Ask for all keys, and read the one in use."""
        return await wire.read(_KEYS, {}, partial(key_rights_of, client_id=client_id, use=use))

    return RawPreflight(wire, hosts, rights=rights, fee_coin=_FEE_COIN)
