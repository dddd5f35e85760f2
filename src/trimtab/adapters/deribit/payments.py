"""What moved the wallet that backs linear perpetuals, from Deribit's log. Not pure: it asks.

A trade of a contract moves it by its fee; what the trade won or lost, and the funding that is paid
all the time, comes at 8:00 UTC with the settlement. Each is booked when it moves the balance, by
the amount by which it does (``change``). Trades of coins are told by their executions, and are left
out.
A row names its execution by the venue's number; the list of executions says by which name it is
booked here. Source: docs.deribit.com "private/get_transaction_log" (250 rows, one question in a
second, kept for ever), 2026.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from trimtab.adapters.deribit.answers import PERPETUAL, result_of, trade_number_of
from trimtab.adapters.deribit.contracts import contract_symbol
from trimtab.adapters.deribit.fills import DeribitWindows
from trimtab.adapters.frame.listed_pages import Page, Row, whole_list
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    field,
    instant_of,
    integer_of,
    mapping_of,
    milliseconds,
    rows_of,
    text_of,
)
from trimtab.domain.errors import NotDone
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import TradeId
from trimtab.domain.payments import Payment, PaymentId, PaymentKind
from trimtab.venues.profile import Desk

_LOG: Final = Endpoint(desk=Desk.LINEAR, method="privateGetGetTransactionLog")
_KINDS: Final[Mapping[str, PaymentKind]] = {
    "settlement": PaymentKind.REALISED_PROFIT,
    "trade": PaymentKind.REALISED_PROFIT,
    "deposit": PaymentKind.TRANSFER,
    "withdrawal": PaymentKind.TRANSFER,
    "transfer": PaymentKind.TRANSFER,
}
_ASIDE: Final = timedelta(minutes=1)
"""How far an execution may stand from its row in the log."""
_PAGE: Final = 250
_PAGES_MAX: Final = 400
_PAUSE_S: Final = 1

Names = Mapping[tuple[Symbol, int], TradeId]
"""Executions by market and the venue's number."""


class DeribitPayments:
    """Reads what moved the wallet, but for trades of coins."""

    def __init__(self, wire: Wire, fills: DeribitWindows, *, settle: Asset) -> None:
        self._wire = wire
        self._fills = fills
        self._settle = settle

    async def since(self, start: datetime) -> tuple[Payment, ...]:
        """Return all payments from *start* on, oldest first.

        Raises:
            NotDone: the venue does not answer, or not readably, or the log has no end.
            Refused: the venue denies the read.

        """
        now = await self._wire.venue_now(Desk.LINEAR)
        rows = await self._log(first=start, last=now)
        names = await self._names(rows)
        found: dict[tuple[Asset, PaymentKind, PaymentId], Payment] = {}
        for payment in _read(rows, names):
            if found.setdefault(payment.key, payment) != payment:
                raise NotDone(f"payment {payment.payment_id}: comes with two contents")
        return tuple(sorted(found.values(), key=lambda p: (p.paid_at, p.kind, p.payment_id)))

    async def _log(self, *, first: datetime, last: datetime) -> tuple[Row, ...]:
        """Return the rows of a stretch, both ends inclusive, every one readable."""
        asked = {
            "currency": self._settle,
            "start_timestamp": milliseconds(first),
            "end_timestamp": milliseconds(last),
            "count": _PAGE,
        }

        async def ask(further: Mapping[str, object]) -> Page:
            """Read a page, a second after the one before."""
            if further:
                await self._wire.clock.sleep(_PAUSE_S)
            return await self._wire.read(_LOG, {**asked, **further}, page)

        def page(answer: object) -> Page:
            """Read every row, so that one that cannot be read makes the answer unreadable."""
            told = mapping_of(result_of(answer))
            onward = field(told, "continuation")
            rows = rows_of(field(told, "logs"))
            for row in rows:
                _change(row, settle=self._settle)
            return rows, "" if onward is None else str(integer_of(told, "continuation"))

        return await whole_list(
            ask, lead="continuation", what="the log of the account", pages_max=_PAGES_MAX
        )

    async def _names(self, rows: tuple[Row, ...]) -> Names:
        """Return the names of the executions of contracts that the log speaks of."""
        found: dict[tuple[Symbol, int], TradeId] = {}
        times: dict[Symbol, list[datetime]] = {}
        for row in rows:
            symbol = _perpetual(row)
            if symbol is not None and text_of(row, "type") == "trade":
                times.setdefault(symbol, []).append(instant_of(row, "timestamp"))
        for symbol, at in sorted(times.items()):
            start, end = min(at) - _ASIDE, max(at) + _ASIDE
            for number, name in (await self._fills.named(symbol, start=start, end=end)).items():
                found[symbol, number] = name
        return found


def _read(rows: tuple[Row, ...], names: Names) -> Iterator[Payment]:
    """Yield payments of rows.

    Raises:
        NotDone: one is unreadable, or speaks of an execution that is not listed yet.

    """
    try:
        for row in rows:
            yield from payments_of(row, names)
    except Unreadable as error:
        raise NotDone(f"a payment is unreadable: {error}") from error


def _perpetual(row: Row) -> Symbol | None:
    """Return the perpetual that a row is about; None for what is about something else."""
    name = field(row, "instrument_name")
    if not isinstance(name, str) or not name.endswith(PERPETUAL):
        return None
    return contract_symbol(name)


def _is_of_coins(row: Row) -> bool:
    """Say whether a row is a trade of coins: their names have no hyphen."""
    return text_of(row, "type") == "trade" and "-" not in text_of(row, "instrument_name")


def _change(row: Row, *, settle: Asset) -> tuple[Decimal, Decimal]:
    """Read by how much a row changed the balance, and what was paid in fees of it.

    Raises:
        Unreadable: a field is missing or wrong, or it is about another coin.

    """
    if text_of(row, "currency") != settle:
        raise Unreadable("the log is of another coin")
    fee = ZERO if field(row, "commission") is None else decimal_of(row, "commission")
    return decimal_of(row, "change"), fee


def payments_of(row: Row, names: Names) -> tuple[Payment, ...]:
    """Read what a row of the log moved; nothing for a trade of coins.

    Raises:
        Unreadable: a field is missing or wrong, or its execution is not among *names*.

    """
    settle, word = Asset(text_of(row, "currency")), text_of(row, "type")
    if _is_of_coins(row):
        return ()
    change, fee = _change(row, settle=settle)
    symbol, trade, funding = _perpetual(row), None, ZERO
    if symbol is not None and word == "trade":
        trade = names.get((symbol, trade_number_of(row)))
        if trade is None:
            raise Unreadable("an execution that is paid for is not listed")
    if symbol is not None and word == "settlement":
        funding = decimal_of(row, "total_interest_pl")
    with exact_arithmetic():
        rest = change + fee - funding
    parts = (
        (PaymentKind.COMMISSION, -fee),
        (PaymentKind.FUNDING, funding),
        (_KINDS.get(word, PaymentKind.OTHER), rest),
    )
    return tuple(
        Payment(
            kind=kind,
            word=word,
            symbol=symbol,
            asset=settle,
            units=units,
            payment_id=PaymentId(str(integer_of(row, "id"))),
            trade_id=trade,
            paid_at=instant_of(row, "timestamp"),
        )
        for kind, units in parts
        if units
    )
