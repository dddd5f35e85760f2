"""What MEXC tells of the key in use. Not pure: it asks.

Source: MEXC "Spot V3" Query API Key Info, 2026. The account's own ``canTrade`` and ``canWithdraw``
are no rights of a key and are not read.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from trimtab.adapters.frame.raw_preflight import RawPreflight
from trimtab.adapters.mexc.answers import key_rights_of
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.venues.profile import Desk

_RIGHTS: Final = Endpoint(desk=Desk.SPOT, method="spotPrivateGetApiKeyInfo")
_FEE_COIN: Final = Asset("MX")


def mexc_preflight(
    wire: Wire, hosts: HostRecord, *, use: KeyUse, key: str, has_futures: bool
) -> RawPreflight:
    """Return what reads about the venue; *key* is the public part of the key in use."""

    async def rights() -> KeyRights:
        """Ask for the rights of the key."""
        asked = {"accessKey": key}
        read = partial(key_rights_of, use=use, key=key, has_futures=has_futures)
        return await wire.read(_RIGHTS, asked, read)

    return RawPreflight(wire, hosts, rights=rights, fee_coin=_FEE_COIN)
