"""What Bybit tells of itself and of the key in use. Not pure: it asks.

Sources: Bybit API v5 "Get API Key Information" and spot margin trading "Get Status And Leverage",
2026. Whether a key may borrow is no right of the key but a switch of the account.
"""

from __future__ import annotations

from typing import Final

from trimtab.adapters.bybit_answers import is_margin_on, key_rights_of
from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.adapters.host_record import HostRecord
from trimtab.adapters.raw_preflight import RawPreflight
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.venues.profile import Desk

_RIGHTS: Final = Endpoint(desk=Desk.SPOT, method="privateGetV5UserQueryApi")
_MARGIN: Final = Endpoint(desk=Desk.SPOT, method="privateGetV5SpotMarginTradeState")
_FEE_COIN: Final = Asset("MNT")


def bybit_preflight(wire: Wire, hosts: HostRecord, *, use: KeyUse) -> RawPreflight:
    """Return what reads about the venue; it does not tell whether its coin pays fees."""

    async def rights() -> KeyRights:
        """Ask for the rights of the key and for the switch of the account."""
        borrows = await wire.read(_MARGIN, {}, is_margin_on)
        return await wire.read(
            _RIGHTS, {}, lambda told: key_rights_of(told, use=use, borrows=borrows)
        )

    return RawPreflight(wire, hosts, rights=rights, fee_coin=_FEE_COIN)
