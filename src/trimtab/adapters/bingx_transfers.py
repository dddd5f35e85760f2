"""Moves between the spot and the futures wallet of one BingX account, and their list.

Not pure: it moves money. The venue takes no id of ours, so its answer tells only its own number,
and a lost answer is looked for in the list: by direction, asset, exact amount and time. Amounts
go out as text, exactly as planned.

Source: BingX API "Asset Transfer New", "Asset transfer records new", 2026: pages of 100, and an
answer without the envelope of others.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from trimtab.adapters.bingx_answers import told_of
from trimtab.adapters.ccxt_answers import (
    Unreadable,
    decimal_of,
    field,
    instant_of,
    mapping_of,
    milliseconds,
    rows_of,
    text_of,
)
from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.adapters.listed_pages import Row
from trimtab.adapters.order_sending import RawCall, raw, while_close
from trimtab.adapters.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Asset
from trimtab.domain.transfers import (
    ListedState,
    ListedTransfer,
    TransferIntent,
    VenueTransferId,
)
from trimtab.ports import TransferList
from trimtab.venues.profile import Desk, TransferWays

_LIST: Final = Endpoint(
    desk=Desk.SPOT, method="apiV3PrivateGetAssetTransferRecord", rank=Rank.LOOK_UP
)
_PAGE: Final = 100
_PAGES_MAX: Final = 50
_STATES: Final[Mapping[str, ListedState]] = {
    "CONFIRMED": ListedState.MADE,
    "PENDING": ListedState.PENDING,
    "FAILED": ListedState.FAILED,
}


class BingxWallets:
    """The wallets of an account. Opened and closed by ``ccxt_open.open_venue``."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def transfer(self, intent: TransferIntent) -> VenueTransferId:
        """Send *intent* once; see :meth:`trimtab.ports.Wallets.transfer`."""
        asked = {
            **_ways(self._wire.profile.transfer_ways, intent.units),
            "asset": intent.asset,
            "amount": format(intent.units.copy_abs(), "f"),
        }
        call = raw(self._wire, RawCall(method="apiAssetV1PrivatePostTransfer", asked=asked))
        send = while_close(self._wire, Desk.SPOT, call)
        judgement = await self._wire.write(Desk.SPOT, send, read=_number, rank=Rank.ORDER)
        return judgement.told(f"transfer {intent.transfer_id} of {intent.asset}")

    async def transfers(self, intent: TransferIntent, *, since: datetime) -> TransferList:
        """Return the list of one direction; see :meth:`trimtab.ports.Wallets.transfers`.

        The venue's clock is read first, so that the list is at least as young as it says.
        """
        asked_at = self._wire.clock.now()
        venue_now = await self._wire.venue_now(Desk.SPOT)
        ways = _ways(self._wire.profile.transfer_ways, intent.units)
        asked = {**ways, "startTime": milliseconds(since), "pageSize": _PAGE}

        def page_of(answer: object) -> tuple[ListedTransfer, ...]:
            """Read every row of a page, each of the way that was asked for."""
            page = mapping_of(answer)
            field(page, "total")
            return tuple(_row_of(row, ways, intent.units) for row in rows_of(field(page, "rows")))

        found: dict[VenueTransferId, ListedTransfer] = {}
        for page in range(1, _PAGES_MAX + 1):
            rows = await self._wire.read(_LIST, {**asked, "pageIndex": page}, page_of)
            found |= {row.venue_transfer_id: row for row in rows}
            if len(rows) < _PAGE:
                mine = (row for row in found.values() if row.asset == intent.asset)
                ordered = sorted(mine, key=lambda row: (row.moved_at, row.venue_transfer_id))
                return TransferList(asked_at=asked_at, venue_now=venue_now, listed=tuple(ordered))
        raise NotDone(f"transfers since {since}: the list has no end")


def _ways(words: TransferWays, units: Decimal) -> Mapping[str, str]:
    """Return from where and to where a move goes."""
    spot, futures = words.out_of_futures, words.into_futures
    source, target = (spot, futures) if units > 0 else (futures, spot)
    return {"fromAccount": source, "toAccount": target}


def _number(answer: object) -> VenueTransferId | None:
    """Read the number by which a transfer that is acknowledged is listed."""
    return VenueTransferId(text_of(mapping_of(told_of(answer)), "transferId"))


def _row_of(row: Row, ways: Mapping[str, str], units: Decimal) -> ListedTransfer:
    """Read one row.

    Raises:
        Unreadable: a field is missing or wrong, or it went another way than was asked for.

    """
    moved, state = decimal_of(row, "amount"), _STATES.get(text_of(row, "status"))
    if any(text_of(row, name) != word for name, word in ways.items()):
        raise Unreadable("a transfer that went another way")
    if state is None or moved <= 0:
        raise Unreadable(f"a transfer of {moved}, status {row['status']}")
    return ListedTransfer(
        venue_transfer_id=VenueTransferId(text_of(row, "transferId")),
        asset=Asset(text_of(row, "asset")),
        units=moved if units > 0 else moved.copy_negate(),
        state=state,
        moved_at=instant_of(row, "timestamp"),
    )
