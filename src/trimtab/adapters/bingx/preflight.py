"""What BingX tells of itself and of the key in use. Not pure: it asks.

Source: BingX API account "Query user API Key permissions", 2026.
"""

from __future__ import annotations

from typing import Final

from trimtab.adapters.bingx.margin import counts_of
from trimtab.adapters.bingx.wallets import key_rights_of
from trimtab.adapters.frame.raw_preflight import RawPreflight
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.exact import plain
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.ports.preflight import Beside
from trimtab.venues.profile import Desk

_RIGHTS: Final = Endpoint(desk=Desk.SPOT, method="accountV1PrivateGetAccountApiPermissions")
_ELSEWHERE: Final = (
    ("coin-margined", Endpoint(desk=Desk.LINEAR, method="cswapV1PrivateGetUserPositions")),
    ("USDT-margined", Endpoint(desk=Desk.LINEAR, method="swapV2PrivateGetUserPositions")),
)
_FEE_COIN: Final = Asset("USDT")
"""It tells of no coin of its own that pays fees."""


def bingx_preflight(
    wire: Wire, hosts: HostRecord, *, use: KeyUse, has_futures: bool
) -> RawPreflight:
    """Return what reads about the venue; it does not tell whether a coin pays fees."""

    async def rights() -> KeyRights:
        """Ask for the rights of the key."""
        return await wire.read(_RIGHTS, {}, lambda told: key_rights_of(told, use=use))

    async def beside() -> tuple[Beside, ...]:
        """Ask for contracts that nothing here reads: of coins, and of USDT without futures."""
        found: list[Beside] = []
        for place, endpoint in _ELSEWHERE[: 1 if has_futures else 2]:
            counts = await wire.read(endpoint, {}, counts_of)
            found += (Beside(place=f"{place} {s}", held=plain(n)) for s, n in counts)
        return tuple(found)

    return RawPreflight(wire, hosts, rights=rights, fee_coin=_FEE_COIN, beside=beside)
