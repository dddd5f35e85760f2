"""What a venue that is spoken to by raw calls tells of itself and of the key. Not pure: it asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from trimtab.adapters.frame.kept_rights import KeptRights
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyStanding
from trimtab.ports.preflight import Beside, BudgetUse, FeeTerms, HostAnswer


class RawPreflight:
    """Reads about the venue itself. Opened and closed by ``open_venue.open_venue``."""

    def __init__(
        self,
        wire: Wire,
        hosts: HostRecord,
        *,
        rights: Callable[[], Awaitable[KeyStanding]],
        fee_coin: Asset,
        beside: Callable[[], Awaitable[tuple[Beside, ...] | None]] | None = None,
    ) -> None:
        """Take *rights*, which asks for those of the key, and the venue's own coin for fees.

        *beside* asks what lies there besides; without it nothing does.
        """
        self._beside = beside
        self._wire = wire
        self._hosts = hosts
        self._ask = rights
        self._fee_coin = fee_coin
        self._rights = KeptRights(wire.clock)

    def answered(self) -> tuple[HostAnswer, ...]:
        """Return who answered; see :meth:`trimtab.ports.preflight.Preflight.answered`."""
        return self._hosts.answers()

    def usage(self) -> tuple[BudgetUse, ...]:
        """Return limits and use; see :meth:`trimtab.ports.preflight.Preflight.usage`."""
        return self._wire.budget.usage()

    async def key_rights(self) -> KeyStanding:
        """Return what the key may do; see :meth:`trimtab.ports.preflight.KeyWitness.key_rights`."""
        return await self._rights.told(self._ask)

    async def beside(self) -> tuple[Beside, ...] | None:
        """Return what lies there besides; see :meth:`trimtab.ports.Preflight.beside`."""
        return None if self._beside is None else await self._beside()

    async def fee_terms(self) -> FeeTerms:
        """Return that it is not told whether the venue's coin pays fees."""
        return FeeTerms(
            coin=self._fee_coin, on_spot=None, futures_coin=self._fee_coin, on_futures=None
        )
