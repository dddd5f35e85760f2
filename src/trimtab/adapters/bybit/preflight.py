"""What Bybit tells of itself and of the key in use. Not pure: it asks.

Sources: Bybit API v5 "Get API Key Information" and spot margin trading "Get Status And Leverage",
2026. Whether a key may borrow is no right of the key but a switch of the account.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trimtab.adapters.bybit.account import POSITIONS
from trimtab.adapters.bybit.answers import is_margin_on, key_rights_of
from trimtab.adapters.bybit.contracts import counts_of
from trimtab.adapters.frame.raw_preflight import RawPreflight
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.exact import plain
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.ports.preflight import Beside
from trimtab.venues.profile import Desk

_RIGHTS: Final = Endpoint(desk=Desk.SPOT, method="privateGetV5UserQueryApi")
_MARGIN: Final = Endpoint(desk=Desk.SPOT, method="privateGetV5SpotMarginTradeState")
_ELSEWHERE: Final[tuple[tuple[str, Mapping[str, object]], ...]] = (
    ("inverse", {"category": "inverse", "limit": 200}),
    ("option", {"category": "option", "limit": 200}),
    ("USDC-margined", {"category": "linear", "settleCoin": "USDC", "limit": 200}),
    ("USDT-margined", {"category": "linear", "settleCoin": "USDT", "limit": 200}),
)
"""Kinds of contracts and how they are asked for; the last are read where futures are used."""
_FEE_COIN: Final = Asset("MNT")


def bybit_preflight(
    wire: Wire, hosts: HostRecord, *, use: KeyUse, has_futures: bool
) -> RawPreflight:
    """Return what reads about the venue; it does not tell whether its coin pays fees."""

    async def rights() -> KeyRights:
        """Ask for the rights of the key and for the switch of the account."""
        borrows = await wire.read(_MARGIN, {}, is_margin_on)
        return await wire.read(
            _RIGHTS, {}, lambda told: key_rights_of(told, use=use, borrows=borrows)
        )

    async def beside() -> tuple[Beside, ...]:
        """Ask for contracts that nothing here reads, in whatever wallet of the account."""
        found: list[Beside] = []
        for place, asked in _ELSEWHERE[: 3 if has_futures else 4]:
            counts = await wire.read(POSITIONS, asked, counts_of)
            found += (Beside(place=f"{place} {name}", held=plain(n)) for name, n in counts)
        return tuple(found)

    return RawPreflight(wire, hosts, rights=rights, fee_coin=_FEE_COIN, beside=beside)
