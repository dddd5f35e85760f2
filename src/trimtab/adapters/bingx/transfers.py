"""Moves between the spot and the futures wallet of one BingX account, and their list.

Not pure: it moves money. The venue takes no id of ours, so its answer tells only its own number,
and a lost answer is looked for in the list: by direction, asset, exact amount and time. Amounts
go out as text, exactly as planned.

Source: BingX API "Asset Transfer New", "Asset transfer records new", 2026: pages of 100, and an
answer without the envelope of others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from trimtab.adapters.bingx.answers import told_of
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.order_sending import RawCall, raw, while_close
from trimtab.adapters.frame.wallet_moves import listed_moves, ways_of
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    field,
    instant_of,
    mapping_of,
    milliseconds,
    rows_of,
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
from trimtab.venues.profile import Desk, TransferWays

_LIST: Final = Endpoint(
    desk=Desk.SPOT, method="apiV3PrivateGetAssetTransferRecord", rank=Rank.LOOK_UP
)
_PAGE: Final = 100
_STATES: Final[Mapping[str, ListedState]] = {
    "CONFIRMED": ListedState.MADE,
    "PENDING": ListedState.PENDING,
    "FAILED": ListedState.FAILED,
}


class BingxWallets:
    """The wallets of an account. Opened and closed by ``open_venue.open_venue``."""

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
        """Return the list of one direction; see :meth:`trimtab.ports.Wallets.transfers`."""
        ways = _ways(self._wire.profile.transfer_ways, intent.units)
        asked = {**ways, "startTime": milliseconds(since), "pageSize": _PAGE}

        def page_of(answer: object) -> tuple[ListedTransfer, ...]:
            """Read every row of a page, each of the way that was asked for."""
            page = mapping_of(answer)
            field(page, "total")
            return tuple(_row_of(row, ways, intent.units) for row in rows_of(field(page, "rows")))

        async def ask(number: int) -> tuple[Iterable[ListedTransfer], bool]:
            """Read one page."""
            rows = await self._wire.read(_LIST, {**asked, "pageIndex": number}, page_of)
            return rows, len(rows) >= _PAGE

        return await listed_moves(self._wire, ask, asset=intent.asset, since=since)


def _ways(words: TransferWays, units: Decimal) -> Mapping[str, str]:
    """Return from where and to where a move goes, in the venue's words."""
    source, target = ways_of(words, units)
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
