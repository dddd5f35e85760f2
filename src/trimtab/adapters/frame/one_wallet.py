"""The wallets of an account between which we move nothing. Pure."""

from __future__ import annotations

from datetime import datetime

from trimtab.domain.errors import Refused
from trimtab.domain.transfers import TransferIntent, VenueTransferId
from trimtab.ports import TransferList


class OneWallet:
    """Coins in one wallet, which is used for everything, or wallets that a person moves between."""

    def __init__(self, why: str = "the account has one wallet") -> None:
        self._why = why

    async def transfer(self, intent: TransferIntent) -> VenueTransferId:
        """Refuse: nothing is moved.

        Raises:
            Refused: always.

        """
        raise Refused(f"transfer {intent.transfer_id}: {self._why}")

    async def transfers(self, intent: TransferIntent, *, since: datetime) -> TransferList:
        """Refuse: there is no such list.

        Raises:
            Refused: always.

        """
        raise Refused(f"transfers of {intent.asset} since {since}: {self._why}")
