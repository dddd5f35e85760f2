"""What Coinbase tells of the key in use, and of what lies beside its portfolio. Not pure: it asks.

Sources: Coinbase Advanced Trade API "Get API Key Permissions", "List Accounts", "List Portfolios",
2026.
"""

from __future__ import annotations

from typing import Final

from trimtab.adapters.coinbase.answers import (
    beside_of,
    key_rights_of,
    other_portfolios_of,
    permissions_of,
)
from trimtab.adapters.coinbase.markets import PERMISSIONS, accounts_of
from trimtab.adapters.frame.raw_preflight import RawPreflight
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.ports.preflight import Beside
from trimtab.venues.profile import Desk

_PORTFOLIOS: Final = Endpoint(desk=Desk.SPOT, method="v3PrivateGetBrokeragePortfolios")
_FEE_COIN: Final = Asset("USD")


def coinbase_preflight(wire: Wire, hosts: HostRecord, *, use: KeyUse) -> RawPreflight:
    """Return what reads about the venue, which has no coin of its own for fees."""

    async def rights() -> KeyRights:
        """Ask for the rights of the key."""
        return key_rights_of(await wire.read(PERMISSIONS, {}, permissions_of), use=use)

    async def beside() -> tuple[Beside, ...]:
        """Ask for vaults, accounts for contracts, and the owner's other portfolios."""
        told = await wire.read(PERMISSIONS, {}, permissions_of)
        rows = await accounts_of(wire)
        others = await wire.read(_PORTFOLIOS, {}, lambda a: other_portfolios_of(a, told))
        try:
            return (*beside_of(rows), *others)
        except Unreadable as error:
            raise NotDone(f"the accounts are unreadable: {error}") from error

    return RawPreflight(wire, hosts, rights=rights, fee_coin=_FEE_COIN, beside=beside)
