"""The wallets of dry runs: money goes from one to the other in memory, and nothing is sent.

Shares what was read and simulated with the paper venue, so that a later stage is sized by it.
"""

from __future__ import annotations

from datetime import datetime

from trimtab.adapters.paper.account import PaperFunds
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.payments import Payment, PaymentId, PaymentKind
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.transfers import (
    ListedState,
    ListedTransfer,
    TransferId,
    TransferIntent,
    VenueTransferId,
)
from trimtab.ports import Clock, TransferList


class PaperWallets:
    """The port over the funds of a :class:`~trimtab.adapters.paper.venue.PaperVenue`."""

    def __init__(self, funds: PaperFunds, *, clock: Clock) -> None:
        self._funds = funds
        self._clock = clock
        self._made: dict[TransferId, ListedTransfer] = {}

    async def transfer(self, intent: TransferIntent) -> VenueTransferId:
        """Simulate *intent*; see :meth:`trimtab.ports.Wallets.transfer`."""
        if intent.transfer_id in self._made:
            raise OutcomeUnknown(f"{intent.transfer_id}: simulated before; look for it")
        if self._funds.seen is None:
            raise NotDone("no account was read to simulate against")
        if not _covers(self._funds.shown(self._funds.seen), intent):
            raise Refused(f"{intent.asset}: the wallet has less than is to leave it")
        made = ListedTransfer(
            venue_transfer_id=VenueTransferId(f"paper-{intent.transfer_id}"),
            asset=intent.asset,
            units=intent.units,
            state=ListedState.MADE,
            moved_at=self._clock.now(),
        )
        self._made[intent.transfer_id] = made
        gained = self._funds.gained
        with exact_arithmetic():
            gained[intent.asset] = gained.get(intent.asset, ZERO) - intent.units
        self._funds.paid.append(_payment_of(made))
        return made.venue_transfer_id

    async def transfers(self, intent: TransferIntent, *, since: datetime) -> TransferList:
        """Return simulated transfers in the direction of *intent* since then, oldest first."""
        now = self._clock.now()
        same = [t for t in self._made.values() if (t.units > 0) == (intent.units > 0)]
        listed = tuple(t for t in same if t.asset == intent.asset and t.moved_at >= since)
        return TransferList(asked_at=now, venue_now=now, listed=listed)


def _covers(shown: Snapshot, intent: TransferIntent) -> bool:
    """Say whether the wallet that a transfer leaves has all of it."""
    units = intent.units.copy_abs()
    if intent.units > 0:
        held = shown.balances.get(intent.asset)
        return held is not None and held.free >= units
    pool = shown.pools.get(intent.asset)
    return pool is not None and pool.withdrawable >= units


def _payment_of(made: ListedTransfer) -> Payment:
    """Return what a simulated transfer did to the futures wallet."""
    return Payment(
        kind=PaymentKind.TRANSFER,
        word="simulated",
        symbol=None,
        asset=made.asset,
        units=made.units,
        payment_id=PaymentId(made.venue_transfer_id),
        trade_id=None,
        paid_at=made.moved_at,
    )
