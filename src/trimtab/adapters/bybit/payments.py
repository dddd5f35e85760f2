"""What contracts paid and earned in a Bybit unified account, from its log. Not pure: it asks.

The log tells every movement of the wallet: change is cash flow plus funding less fee. Trades of
coins are told by their executions, and left out. A row of a contract's trade names its execution
by the venue's number alone; the list of executions says when that was, and so by which name it is
booked here. Source: Bybit API v5 "Get Transaction Log" (seven days at once, 50 rows, kept for two
years) and "Get Trade History", 2026.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from trimtab.adapters.bybit.answers import page_of, trade_id_of
from trimtab.adapters.bybit.fills import BybitFills
from trimtab.adapters.bybit.orders import SETTLED_IN
from trimtab.adapters.frame.desks import contract_symbol_of
from trimtab.adapters.frame.listed_pages import Page, Row, whole_list
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    field,
    instant_of,
    milliseconds,
    text_of,
)
from trimtab.domain.errors import NotDone
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset
from trimtab.domain.orders import TradeId
from trimtab.domain.payments import Payment, PaymentId, PaymentKind
from trimtab.venues.profile import Desk

_LOG: Final = Endpoint(desk=Desk.LINEAR, method="privateGetV5AccountTransactionLog")
_KINDS: Final[Mapping[str, PaymentKind]] = {
    "SETTLEMENT": PaymentKind.FUNDING,
    "TRANSFER_IN": PaymentKind.TRANSFER,
    "TRANSFER_OUT": PaymentKind.TRANSFER,
}
_OF_TRADES: Final = frozenset({"TRADE", "LIQUIDATION", "ADL"})
_WINDOW: Final = timedelta(days=7)
_ASIDE: Final = timedelta(minutes=1)
"""How far an execution may stand from its row in the log."""
_KEPT: Final = timedelta(days=720)
_PAGE: Final = 50
_PAGES_MAX: Final = 2000


class BybitPayments:
    """Reads what moved the wallet, but for trades of coins."""

    def __init__(self, wire: Wire, fills: BybitFills) -> None:
        self._wire = wire
        self._fills = fills

    async def since(self, start: datetime) -> tuple[Payment, ...]:
        """Return all payments from *start* on, oldest first.

        Raises:
            NotDone: the venue does not answer, or not readably.
            Refused: the venue denies the read.

        """
        now = await self._wire.venue_now(Desk.LINEAR)
        found: dict[tuple[Asset, PaymentKind, PaymentId], Payment] = {}
        first = max(start, now - _KEPT)
        while first <= now:
            last = first + _WINDOW - 2 * _ASIDE - timedelta(milliseconds=1)
            rows = await self._log(first=first, last=last)
            names = await self._names(rows, first=first - _ASIDE, last=last + _ASIDE)
            for payment in _read(rows, names):
                if found.setdefault(payment.key, payment) != payment:
                    raise NotDone(f"payment {payment.payment_id}: comes with two contents")
            first = last + timedelta(milliseconds=1)
        return tuple(sorted(found.values(), key=lambda p: (p.paid_at, p.kind, p.payment_id)))

    async def _log(self, *, first: datetime, last: datetime) -> tuple[Row, ...]:
        """Return the rows of a window, both ends inclusive, every one readable."""
        asked = {
            "accountType": "UNIFIED",
            "currency": SETTLED_IN,
            "startTime": milliseconds(first),
            "endTime": milliseconds(last),
            "limit": _PAGE,
        }

        def page(answer: object) -> Page:
            """Read every row, so that one that cannot be read makes the answer unreadable."""
            found = page_of(answer)
            for row in found[0]:
                _amounts(row)
            return found

        return await whole_list(
            lambda further: self._wire.read(_LOG, {**asked, **further}, page),
            lead="cursor",
            what="the log of the account",
            pages_max=_PAGES_MAX,
        )

    async def _names(
        self, rows: tuple[Row, ...], *, first: datetime, last: datetime
    ) -> Mapping[str, TradeId]:
        """Return the names of executions by the venue's numbers, if any is spoken of."""
        if not any(_is_trade_of_contract(row) for row in rows):
            return {}
        listed = await self._fills.rows(Desk.LINEAR, {}, start=first, end=last)
        return {str(row.get("execId")): trade_id_of(row, is_contract=True) for row in listed}


def _read(rows: tuple[Row, ...], names: Mapping[str, TradeId]) -> Iterator[Payment]:
    """Yield payments of rows.

    Raises:
        NotDone: one is unreadable, or speaks of an execution that is not listed yet.

    """
    try:
        for row in rows:
            yield from payments_of(row, names)
    except Unreadable as error:
        raise NotDone(f"a payment is unreadable: {error}") from error


def _is_trade_of_contract(row: Row) -> bool:
    return text_of(row, "type") in _OF_TRADES and field(row, "category") == "linear"


def _amounts(row: Row) -> tuple[Decimal, Decimal, Decimal]:
    """Read cash flow, funding and what was paid in fees, which make the change.

    Raises:
        Unreadable: a field is missing or wrong, or they do not.

    """
    flow, change = decimal_of(row, "cashFlow"), decimal_of(row, "change")
    funding, fee = (
        ZERO if field(row, name) == "" else decimal_of(row, name) for name in ("funding", "fee")
    )
    with exact_arithmetic():
        if flow + funding - fee != change:
            raise Unreadable("a change of the wallet is not what it is said to be made of")
    if text_of(row, "currency") != SETTLED_IN:
        raise Unreadable("the log is of another coin")
    return flow, funding, fee


def payments_of(row: Row, names: Mapping[str, TradeId]) -> tuple[Payment, ...]:
    """Read what a row of the log moved; nothing for a trade of coins.

    Raises:
        Unreadable: a field is missing or wrong, or its execution is not among *names*.

    """
    flow, funding, fee = _amounts(row)
    word, about, trade = text_of(row, "type"), field(row, "category"), None
    if word == "TRADE" and about == "spot":
        return ()
    if not isinstance(about, str):
        raise Unreadable("category is not text")
    name = PaymentId(f"{word}-{text_of(row, 'id')}")
    parts = [(_KINDS.get(word, PaymentKind.OTHER), flow + funding - fee)]
    if _is_trade_of_contract(row):
        trade = names.get(text_of(row, "tradeId"))
        if trade is None:
            raise Unreadable("an execution that is paid for is not listed")
        name = PaymentId(trade)
        parts = [(PaymentKind.COMMISSION, -fee), (PaymentKind.REALISED_PROFIT, flow)]
        if funding:
            parts.append((PaymentKind.FUNDING, funding))
    return tuple(
        Payment(
            kind=kind,
            word=word,
            symbol=contract_symbol_of(text_of(row, "symbol")) if about == "linear" else None,
            asset=Asset(SETTLED_IN),
            units=units,
            payment_id=name,
            trade_id=trade,
            paid_at=instant_of(row, "transactionTime"),
        )
        for kind, units in parts
        if units
    )
