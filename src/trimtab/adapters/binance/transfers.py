"""Moves between the wallets of one Binance account, sent once, and their list.

Not pure: it moves money. The venue takes no id of ours, so its answer tells only its own number,
and a lost answer is looked for in the list: by direction, asset, exact amount and time. Amounts
go out as text, exactly as planned.

Source: Binance Wallet, "User Universal Transfer" (POST /sapi/v1/asset/transfer, answers
``tranId``; the key needs ``permitsUniversalTransfer``) and "Query User Universal Transfer
History" (GET, weight 1; one ``type`` a call, pages of 100 at most, the newest first, half a year;
``status`` is CONFIRMED, PENDING or FAILED). The sandbox has no ``/sapi``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from trimtab.adapters.frame.order_sending import while_close
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    instant_of,
    integer_of,
    mapping_of,
    milliseconds,
    rows_of,
    text_of,
)
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Asset
from trimtab.domain.transfers import (
    ListedState,
    ListedTransfer,
    TransferIntent,
    VenueTransferId,
)
from trimtab.ports import TransferList
from trimtab.venues.profile import Desk

_LIST: Final = Endpoint(desk=Desk.SPOT, method="sapiGetAssetTransfer", rank=Rank.LOOK_UP)
_PAGE: Final = 100
_PAGES_MAX: Final = 50
_STATES: Final[Mapping[str, ListedState]] = {
    "CONFIRMED": ListedState.MADE,
    "PENDING": ListedState.PENDING,
    "FAILED": ListedState.FAILED,
}


class BinanceWallets:
    """The wallets of an account on a venue. Opened and closed by ``open_venue.open_venue``."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def transfer(self, intent: TransferIntent) -> VenueTransferId:
        """Send *intent* once; see :meth:`trimtab.ports.Wallets.transfer`."""
        asked = {
            "type": self._way(intent.units),
            "asset": intent.asset,
            "amount": format(intent.units.copy_abs(), "f"),
        }

        send = while_close(
            self._wire, Desk.SPOT, lambda: self._wire.exchange.sapiPostAssetTransfer(asked)
        )
        judgement = await self._wire.write(Desk.SPOT, send, read=_number, rank=Rank.ORDER)
        return judgement.told(f"transfer {intent.transfer_id} of {intent.asset}")

    async def transfers(self, intent: TransferIntent, *, since: datetime) -> TransferList:
        """Return the list of one direction; see :meth:`trimtab.ports.Wallets.transfers`.

        The venue's clock is read first, so that the list is at least as young as it says.
        """
        asked_at = self._wire.clock.now()
        venue_now = await self._wire.venue_now(Desk.SPOT)
        asked = {
            "type": self._way(intent.units),
            "startTime": milliseconds(since),
            "size": _PAGE,
        }
        found: dict[VenueTransferId, ListedTransfer] = {}
        for page in range(1, _PAGES_MAX + 1):
            rows = await self._wire.read(_LIST, {**asked, "current": page}, self._rows_of)
            found |= {row.venue_transfer_id: row for row in rows}
            if len(rows) < _PAGE:
                mine = (row for row in found.values() if row.asset == intent.asset)
                ordered = sorted(mine, key=lambda row: (row.moved_at, row.venue_transfer_id))
                return TransferList(asked_at=asked_at, venue_now=venue_now, listed=tuple(ordered))
        raise NotDone(f"transfers since {since}: the list has no end")

    def _way(self, units: Decimal) -> str:
        """Return the venue's word for a direction."""
        words = self._wire.profile.transfer_ways
        return words.into_futures if units > 0 else words.out_of_futures

    def _rows_of(self, answer: object) -> tuple[ListedTransfer, ...]:
        """Read every row of a page; a page without rows may leave the list out."""
        page = mapping_of(answer)
        if integer_of(page, "total") == 0 and "rows" not in page:
            return ()
        return tuple(self._row_of(row) for row in rows_of(page.get("rows")))

    def _row_of(self, row: Mapping[str, Any]) -> ListedTransfer:
        """Read one row.

        Raises:
            Unreadable: a field is missing or wrong, or of a kind that was not asked for.

        """
        words, way, said = self._wire.profile.transfer_ways, text_of(row, "type"), row.get("status")
        units, state = decimal_of(row, "amount"), _STATES.get(str(said))
        if state is None or units <= 0 or way not in (words.into_futures, words.out_of_futures):
            raise Unreadable(f"a transfer of type {way}, amount {units}, status {said}")
        return ListedTransfer(
            venue_transfer_id=VenueTransferId(str(integer_of(row, "tranId"))),
            asset=Asset(text_of(row, "asset")),
            units=units if way == words.into_futures else units.copy_negate(),
            state=state,
            moved_at=instant_of(row, "timestamp"),
        )


def _number(answer: object) -> VenueTransferId | None:
    """Read the venue's number of a transfer that it acknowledges."""
    return VenueTransferId(str(integer_of(mapping_of(answer), "tranId")))
