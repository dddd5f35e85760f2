"""What Bybit tells of itself and of the key in use. Not pure: it asks.

Sources: Bybit API v5 "Get API Key Information" and spot margin trading "Get Status And Leverage",
2026. Whether a key may borrow is no right of the key but a switch of the account.
"""

from __future__ import annotations

from typing import Final

from trimtab.adapters.bybit_answers import is_margin_on, key_rights_of
from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.adapters.host_record import HostRecord
from trimtab.adapters.kept_rights import KeptRights
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyRights, KeyStanding, KeyUse
from trimtab.ports.preflight import BudgetUse, FeeTerms, HostAnswer
from trimtab.venues.profile import Desk

_RIGHTS: Final = Endpoint(desk=Desk.SPOT, method="privateGetV5UserQueryApi")
_MARGIN: Final = Endpoint(desk=Desk.SPOT, method="privateGetV5SpotMarginTradeState")
_FEE_COIN: Final = Asset("MNT")


class BybitPreflight:
    """Reads about the venue itself. Opened and closed by ``ccxt_open.open_venue``."""

    def __init__(self, wire: Wire, hosts: HostRecord, *, use: KeyUse) -> None:
        self._wire = wire
        self._hosts = hosts
        self._use = use
        self._rights = KeptRights(wire.clock)

    def answered(self) -> tuple[HostAnswer, ...]:
        """Return who answered; see :meth:`trimtab.ports.preflight.Preflight.answered`."""
        return self._hosts.answers()

    def usage(self) -> tuple[BudgetUse, ...]:
        """Return limits and use; see :meth:`trimtab.ports.preflight.Preflight.usage`."""
        return self._wire.budget.usage()

    async def key_rights(self) -> KeyStanding:
        """Return what the key may do; see :meth:`trimtab.ports.preflight.KeyWitness.key_rights`."""
        return await self._rights.told(self._asked_rights)

    async def _asked_rights(self) -> KeyRights:
        """Ask for the rights of the key and for the switch of the account."""
        borrows = await self._wire.read(_MARGIN, {}, is_margin_on)
        return await self._wire.read(
            _RIGHTS, {}, lambda told: key_rights_of(told, use=self._use, borrows=borrows)
        )

    async def fee_terms(self) -> FeeTerms:
        """Return that the venue does not tell whether its coin pays fees."""
        return FeeTerms(coin=_FEE_COIN, on_spot=None, on_futures=None)
