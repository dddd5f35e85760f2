"""What Hyperliquid tells of itself and of the wallet that signs. Not pure: it asks.

The role of the signing address says whether it is an API wallet, and whose. The address is drawn
from the private key here, and nothing else of that leaves. Source: Hyperliquid docs "Info
endpoint", "Query a user's role", 2026.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from trimtab.adapters.frame.raw_preflight import RawPreflight
from trimtab.adapters.hyperliquid.answers import (
    in_vaults_of,
    key_rights_of,
    margin_of,
    staked_of,
)
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.exact import plain
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.ports.preflight import Beside
from trimtab.venues.profile import Desk

_QUESTION: Final = Endpoint(desk=Desk.SPOT, method="publicPostInfo")
_FEE_COIN: Final = Asset("HYPE")
_PLACES: Final = (
    ("clearinghouseState", "perpetuals", margin_of, "USDC"),
    ("delegatorSummary", "staking", staked_of, "HYPE"),
    ("userVaultEquities", "vaults", in_vaults_of, "USDC"),
)
"""What is asked, what the place is called, how it is read, and what it is counted in."""


def hyperliquid_preflight(wire: Wire, hosts: HostRecord, *, user: str, use: KeyUse) -> RawPreflight:
    """Return what reads about the venue; its coin lowers fees and pays none."""

    async def rights() -> KeyRights:
        """Ask for the role of the address that signs."""
        exchange = wire.exchange
        address = exchange.eth_get_address_from_private_key(exchange.privateKey)
        read = partial(key_rights_of, account=user, use=use)
        return await wire.read(_QUESTION, {"type": "userRole", "user": address}, read)

    async def beside() -> tuple[Beside, ...]:
        """Ask for what margins contracts, what is staked and what lies in vaults."""
        found: list[Beside] = []
        for kind, place, read, coin in _PLACES:
            units = await wire.read(_QUESTION, {"type": kind, "user": user}, read)
            if units:
                found.append(Beside(place=place, held=f"{plain(units)} {coin}"))
        return tuple(found)

    return RawPreflight(wire, hosts, rights=rights, fee_coin=_FEE_COIN, beside=beside)
