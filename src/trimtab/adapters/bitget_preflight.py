"""What Bitget tells of itself and of the key in use. Not pure: it asks.

Source: Bitget API v2 "Get Account Information", 2025-12. In demo trading the venue answers it
with 40081, 40105 or 40110: it does not tell them there.
"""

from __future__ import annotations

from typing import Final

from trimtab.adapters.bitget_wallets import key_rights_of
from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.adapters.host_record import HostRecord
from trimtab.adapters.kept_rights import KeptRights
from trimtab.domain.errors import Refused
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyStanding, KeyUse, UntoldRights
from trimtab.ports.preflight import BudgetUse, FeeTerms, HostAnswer
from trimtab.venues.profile import Desk

_RIGHTS: Final = Endpoint(desk=Desk.SPOT, method="privateSpotGetV2SpotAccountInfo")
_NOT_IN_DEMO: Final = frozenset({"40081", "40105", "40110"})
_FEE_COIN: Final = Asset("BGB")


class BitgetPreflight:
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

    async def _asked_rights(self) -> KeyStanding:
        """Ask for the rights of the key where the venue tells them."""
        use = self._use
        try:
            return await self._wire.read(_RIGHTS, {}, lambda told: key_rights_of(told, use=use))
        except Refused as refusal:
            if refusal.evidence is None or refusal.evidence.code not in _NOT_IN_DEMO:
                raise
            return UntoldRights(why="demo trading: the venue does not tell them", is_absent=True)

    async def fee_terms(self) -> FeeTerms:
        """Return that ccxt 4.5.90 has no question for whether the venue's coin pays fees."""
        return FeeTerms(coin=_FEE_COIN, on_spot=None, on_futures=None)
