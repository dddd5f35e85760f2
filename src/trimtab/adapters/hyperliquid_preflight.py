"""What Hyperliquid tells of itself and of the wallet that signs. Not pure: it asks.

The role of the signing address says whether it is an API wallet, and whose. The address is drawn
from the private key here, and nothing else of that leaves. Source: Hyperliquid docs "Info
endpoint", "Query a user's role", 2026.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.adapters.host_record import HostRecord
from trimtab.adapters.hyperliquid_answers import key_rights_of
from trimtab.adapters.raw_preflight import RawPreflight
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.venues.profile import Desk

_QUESTION: Final = Endpoint(desk=Desk.SPOT, method="publicPostInfo")
_FEE_COIN: Final = Asset("HYPE")


def hyperliquid_preflight(wire: Wire, hosts: HostRecord, *, user: str, use: KeyUse) -> RawPreflight:
    """Return what reads about the venue; its coin lowers fees and pays none."""

    async def rights() -> KeyRights:
        """Ask for the role of the address that signs."""
        exchange = wire.exchange
        address = exchange.eth_get_address_from_private_key(exchange.privateKey)
        read = partial(key_rights_of, account=user, use=use)
        return await wire.read(_QUESTION, {"type": "userRole", "user": address}, read)

    return RawPreflight(wire, hosts, rights=rights, fee_coin=_FEE_COIN)
