"""Moves between the spot and the futures wallet of one Bitget account, and their list.

Not pure: it moves money. The venue takes a name of ours, and a second move under it is answered
with the first; what it answers with and what it lists have different numbers, so that our name
is what tells a move. Amounts go out as text, exactly as planned.

Source: Bitget API v2 "Transfer", "Get Transfer Record", 2025-12: pages of 500, the newest first;
``status`` is Successful, Processing or Failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from trimtab.adapters.bitget.answers import row_in, rows_in
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.order_sending import while_close
from trimtab.adapters.frame.wallet_moves import listed_moves, ways_of
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    instant_of,
    milliseconds,
    text_of,
)
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.instruments import Asset
from trimtab.domain.transfers import (
    ListedState,
    ListedTransfer,
    TransferIntent,
    VenueTransferId,
)
from trimtab.ports import TransferList
from trimtab.venues.profile import Desk

_LIST: Final = Endpoint(
    desk=Desk.SPOT, method="privateSpotGetV2SpotAccountTransferRecords", rank=Rank.LOOK_UP
)
_PAGE: Final = 500
_STATES: Final[Mapping[str, ListedState]] = {
    "successful": ListedState.MADE,
    "processing": ListedState.PENDING,
    "failed": ListedState.FAILED,
}


class BitgetWallets:
    """The wallets of an account. Opened and closed by ``open_venue.open_venue``."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def transfer(self, intent: TransferIntent) -> VenueTransferId:
        """Send *intent* once; see :meth:`trimtab.ports.Wallets.transfer`."""
        source, target = ways_of(self._wire.profile.transfer_ways, intent.units)
        asked = {
            "fromType": source,
            "toType": target,
            "amount": format(intent.units.copy_abs(), "f"),
            "coin": intent.asset,
            "clientOid": intent.transfer_id,
        }

        def made(answer: object) -> VenueTransferId | None:
            """Acknowledge the move under our name, which it is listed by."""
            row = row_in(answer)
            is_ours = text_of(row, "clientOid") == intent.transfer_id and text_of(row, "transferId")
            return VenueTransferId(intent.transfer_id) if is_ours else None

        send = while_close(
            self._wire,
            Desk.SPOT,
            lambda: self._wire.exchange.privateSpotPostV2SpotWalletTransfer(asked),
        )
        judgement = await self._wire.write(Desk.SPOT, send, read=made, rank=Rank.ORDER)
        return judgement.told(f"transfer {intent.transfer_id} of {intent.asset}")

    async def transfers(self, intent: TransferIntent, *, since: datetime) -> TransferList:
        """Return the list of one direction; see :meth:`trimtab.ports.Wallets.transfers`."""
        source, target = ways_of(self._wire.profile.transfer_ways, intent.units)
        asked = {
            "coin": intent.asset,
            "fromType": source,
            "startTime": milliseconds(since),
            "limit": _PAGE,
        }

        async def ask(number: int) -> tuple[Iterable[ListedTransfer], bool]:
            """Read one page, and keep what went where it was meant to."""
            rows = await self._wire.read(_LIST, {**asked, "pageNum": number}, _checked)
            ours = (row for row in rows if row["toType"] == target)
            return [_row_of(row, is_inward=intent.units > 0) for row in ours], len(rows) >= _PAGE

        return await listed_moves(self._wire, ask, asset=intent.asset, since=since)


def _checked(answer: object) -> tuple[Row, ...]:
    """Return every row of a page, each readable.

    Raises:
        Unreadable: one is not.

    """
    rows = rows_in(answer)
    for row in rows:
        _row_of(row, is_inward=True)
    return rows


def _row_of(row: Row, *, is_inward: bool) -> ListedTransfer:
    """Read one row.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    units, state = decimal_of(row, "size"), _STATES.get(text_of(row, "status").lower())
    if state is None or units <= 0 or not text_of(row, "toType"):
        raise Unreadable(f"a transfer of {units}, status {row['status']}")
    name = row.get("clientOid") or text_of(row, "transferId")
    if not isinstance(name, str):
        raise Unreadable("a transfer without a name")
    return ListedTransfer(
        venue_transfer_id=VenueTransferId(name),
        asset=Asset(text_of(row, "coin").upper()),
        units=units if is_inward else units.copy_negate(),
        state=state,
        moved_at=instant_of(row, "ts"),
    )
