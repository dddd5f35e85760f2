"""What Bitget tells of itself and of the key in use. Not pure: it asks.

Source: Bitget API v2 "Get Account Information", 2025-12. In demo trading the venue answers it
with 40081, 40105 or 40110: it does not tell them there.
"""

from __future__ import annotations

from typing import Final

from trimtab.adapters.bitget.markets import PRODUCT
from trimtab.adapters.bitget.wallets import key_rights_of, positions_of
from trimtab.adapters.frame.raw_preflight import RawPreflight
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.errors import Refused
from trimtab.domain.exact import plain
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyStanding, KeyUse, UntoldRights
from trimtab.ports.preflight import Beside
from trimtab.venues.profile import Desk

_RIGHTS: Final = Endpoint(desk=Desk.SPOT, method="privateSpotGetV2SpotAccountInfo")
_NOT_IN_DEMO: Final = frozenset({"40081", "40105", "40110"})
_POSITIONS: Final = Endpoint(desk=Desk.LINEAR, method="privateMixGetV2MixPositionAllPosition")
_PRODUCTS: Final = ("COIN-FUTURES", "USDC-FUTURES")
"""Contracts that are never part of an account."""
_FEE_COIN: Final = Asset("BGB")


def bitget_preflight(
    wire: Wire, hosts: HostRecord, *, use: KeyUse, has_futures: bool
) -> RawPreflight:
    """Return what reads about the venue.

    ccxt 4.5.90 has no question for whether its coin pays fees.
    """

    async def rights() -> KeyStanding:
        """Ask for the rights of the key where the venue tells them."""
        try:
            return await wire.read(_RIGHTS, {}, lambda told: key_rights_of(told, use=use))
        except Refused as refusal:
            if refusal.evidence is None or refusal.evidence.code not in _NOT_IN_DEMO:
                raise
            return UntoldRights(why="demo trading: the venue does not tell them", is_absent=True)

    async def beside() -> tuple[Beside, ...]:
        """Ask for contracts that nothing here reads: of coins, of USDC, of USDT without futures."""
        found: list[Beside] = []
        for product in _PRODUCTS if has_futures else (*_PRODUCTS, PRODUCT["productType"]):
            rows = await wire.read(_POSITIONS, {"productType": product}, positions_of)
            found += (
                Beside(place=f"{product} {p.market_id}", held=plain(p.count))
                for p in (row.position for row in rows)
            )
        return tuple(found)

    return RawPreflight(wire, hosts, rights=rights, fee_coin=_FEE_COIN, beside=beside)
