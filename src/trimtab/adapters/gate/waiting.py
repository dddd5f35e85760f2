"""Orders of one Gate account that wait for a trigger, in a list of their own. Pure.

Of the price that triggers one and the price that it names then, the dearer counts. How many rows an
answer holds at most is not said, so that whoever asks goes on until an answer brings nothing new.
An order that buys at market may count coins or what it spends; the larger size counts. Source: Gate
API v4 "Query running auto order list", 2026.
"""

from __future__ import annotations

from typing import Final

from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.order_rows import dearest, lots_worth, price_told
from trimtab.adapters.frame.units import lots_of, side_of, signed
from trimtab.adapters.gate.answers import name_of, require_own
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    field,
    integer_of,
    mapping_of,
    rows_of,
    text_of,
)
from trimtab.domain.exact import ONE
from trimtab.domain.instruments import Instrument
from trimtab.domain.orders import ClientOrderId, Side, VenueOrderId
from trimtab.domain.snapshot import OpenOrder

_OWN: Final = "normal"


def waiting_rows(answer: object) -> tuple[Row, ...]:
    """Return what waits, each row with its number under ``id`` as text.

    Raises:
        Unreadable: one cannot be read, or is of an account with borrowed coins.

    """
    rows = tuple({**row, "id": str(integer_of(row, "id"))} for row in rows_of(answer))
    for row in rows:
        require_own(row, text_of(mapping_of(field(row, "put")), "account"), own=_OWN)
    return rows


def waiting_order_of(row: Row, instrument: Instrument) -> OpenOrder:
    """Read one, at its whole size.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    put, trigger = mapping_of(field(row, "put")), mapping_of(field(row, "trigger"))
    side, amount = side_of(put), decimal_of(put, "amount")
    if amount <= 0:
        raise Unreadable("an order that waits has no size")
    price = dearest((decimal_of(trigger, "price"), price_told(put, "price")), side)
    if put.get("type", "limit") == "market" and side is Side.BUY:
        spent = lots_worth(instrument, value=amount, price=price)
        lots = max(spent, lots_worth(instrument, value=amount, price=ONE))
    else:
        lots = lots_of(amount, instrument)
    return OpenOrder(
        symbol=instrument.symbol,
        client_order_id=_told_name(put),
        venue_order_id=VenueOrderId(text_of(row, "id")),
        lots=signed(lots, side),
        limit_price=price,
        reduce_only=False,
    )


def _told_name(put: Row) -> ClientOrderId:
    """Return what an order bears, empty where it bears nothing."""
    told = put.get("text")
    return name_of(told) if isinstance(told, str) else ClientOrderId("")
