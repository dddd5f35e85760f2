"""The wallets of an account that has only one: nothing moves. Pure."""

from __future__ import annotations

from datetime import datetime

from trimtab.domain.errors import Refused
from trimtab.domain.transfers import TransferIntent, VenueTransferId
from trimtab.ports import TransferList


class OneWallet:
    """Coins in one wallet, which is used for everything."""

    async def transfer(self, intent: TransferIntent) -> VenueTransferId:
        """Refuse: there is nowhere to move to.

        Raises:
            Refused: always.

        """
        raise Refused(f"transfer {intent.transfer_id}: the account has one wallet")

    async def transfers(self, intent: TransferIntent, *, since: datetime) -> TransferList:
        """Refuse: there is no such list.

        Raises:
            Refused: always.

        """
        raise Refused(f"transfers of {intent.asset} since {since}: the account has one wallet")
