"""Payments of the futures wallets of Binance, read by windows of time until now.

Not pure: it asks the venue. Rows are merged as sets: one that comes twice counts once, one
that comes twice with different contents makes the answer unreadable. Which thousand rows of a
longer window come is not documented, so a window that is full is halved and asked for again.

Source: Binance, "Get Income History (USER_DATA)", GET /fapi/v1/income, 2026-01: weight 30; at
most 1,000 rows; startTime and endTime inclusive; without either the last seven days; rows of
the last three months; ``income`` is positive for what flows in; ``tranId`` is unique within one
``incomeType`` of a user; ``symbol`` and ``tradeId`` are empty where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from trimtab.adapters.frame.desks import contract_symbol_of
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    field,
    instant_of,
    integer_of,
    milliseconds,
    rows_of,
    text_of,
)
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Asset
from trimtab.domain.orders import TradeId
from trimtab.domain.payments import Payment, PaymentId, PaymentKind
from trimtab.venues.profile import Desk

_INCOME: Final = Endpoint(desk=Desk.LINEAR, method="fapiPrivateGetIncome")
_KINDS: Final[Mapping[str, PaymentKind]] = {
    "FUNDING_FEE": PaymentKind.FUNDING,
    "REALIZED_PNL": PaymentKind.REALISED_PROFIT,
    "COMMISSION": PaymentKind.COMMISSION,
    "TRANSFER": PaymentKind.TRANSFER,
    "INSURANCE_CLEAR": PaymentKind.LIQUIDATION_CLEARANCE,
}
"""One word each, since ids are unique within a word; all others are OTHER and keep theirs."""
_WINDOW: Final = timedelta(days=7)
_WINDOW_MIN: Final = timedelta(milliseconds=1)
_KEPT: Final = timedelta(days=100)
"""Older rows are not kept by the venue (three months), so that nobody need ask for them."""
_PAGE: Final = 1000
_PAGES_MAX: Final = 1000

Rows = Mapping[tuple[str, PaymentId], Mapping[str, Any]]
"""Rows by the venue's word and our id."""


class PaymentReader:
    """Reads the list of payments of an account that may use futures."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def since(self, start: datetime) -> tuple[Payment, ...]:
        """Return all payments from *start* on, oldest first.

        Raises:
            NotDone: the venue does not answer, or not readably, or one millisecond has more
                payments than a page.
            Refused: the venue denies the read.

        """
        now = await self._wire.venue_now(Desk.LINEAR)
        start, window = max(start, now - _KEPT), _WINDOW
        found: dict[tuple[str, PaymentId], Mapping[str, Any]] = {}
        for _ in range(_PAGES_MAX):
            if start > now:
                payments = (payment_of(row) for row in found.values())
                return tuple(sorted(payments, key=lambda p: (p.paid_at, p.kind, p.payment_id)))
            count, page = await self._page(start, end=start + window)
            if count >= _PAGE and window <= _WINDOW_MIN:
                raise NotDone(f"payments at {start}: more than a page in one millisecond")
            if count >= _PAGE:
                window = max(window / 2, _WINDOW_MIN)
                continue
            for key, row in page.items():
                if found.setdefault(key, row) != row:
                    raise NotDone(f"payment {key[1]}: comes with two contents")
            start, window = start + window, min(_WINDOW, window * 2)
        raise NotDone(f"payments since {start}: the list has no end")

    async def _page(self, start: datetime, *, end: datetime) -> tuple[int, Rows]:
        """Return one page, from *start* to before *end*: how many rows came, and the rows by id."""
        first, last = milliseconds(start), milliseconds(end) - 1
        asked = {"startTime": first, "endTime": last, "limit": _PAGE}

        def read(answer: object) -> tuple[int, Rows]:
            """Take every row whole."""
            rows = rows_of(answer)
            page: dict[tuple[str, PaymentId], Mapping[str, Any]] = {}
            for row in rows:
                payment_of(row)  # A row that cannot be read makes the answer unreadable.
                key = (text_of(row, "incomeType"), payment_id(row))
                if page.setdefault(key, row) != row:
                    raise Unreadable(f"payment {key[1]} comes with two contents")
            return len(rows), page

        return await self._wire.read(_INCOME, asked, read)


def _text_or_empty(row: Mapping[str, Any], name: str) -> str:
    """Return a field that is text and may be empty.

    Raises:
        Unreadable: it is missing, or no text.

    """
    value = field(row, name)
    if not isinstance(value, str):
        raise Unreadable(f"{name} is not text")
    return value


def payment_id(row: Mapping[str, Any]) -> PaymentId:
    """Return what names a row within its asset and kind, whatever is listed by then.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    word, number = text_of(row, "incomeType"), integer_of(row, "tranId")
    place = (_text_or_empty(row, "symbol"), _text_or_empty(row, "tradeId"))
    return PaymentId("-".join(filter(None, ("" if word in _KINDS else word, str(number), *place))))


def payment_of(row: Mapping[str, Any]) -> Payment:
    """Read one row. Its market may be listed no more: the symbol is made from the name alone.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    word, asset = text_of(row, "incomeType"), Asset(text_of(row, "asset"))
    name, trade_id = _text_or_empty(row, "symbol"), _text_or_empty(row, "tradeId")
    return Payment(
        kind=_KINDS.get(word, PaymentKind.OTHER),
        word=word,
        symbol=contract_symbol_of(name) if name else None,
        asset=asset,
        units=decimal_of(row, "income"),
        payment_id=payment_id(row),
        trade_id=TradeId(trade_id) if trade_id else None,
        paid_at=instant_of(row, "time"),
    )
