"""Payments of Bitget's futures wallet, from its bills and from its executions.

Not pure: it asks the venue. A bill of a trade does not say of which execution it is; the list of
executions says what each paid and brought, so commissions and profits are read there, and all
else from the bills. What either list leaves out shows when the wallet's balance is compared.
Source: Bitget API v2 "Get Account Bills" (at most 30 days at once, 100 rows, kept for 90 days)
and "Get Order Fill Details", 2025-12.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from trimtab.adapters.bitget.answers import fee_of, led_by, rows_under
from trimtab.adapters.bitget.fills import BitgetFills
from trimtab.adapters.bitget.markets import PRODUCT
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desks import contract_symbol_of
from trimtab.adapters.frame.listed_pages import Page, Row, whole_list
from trimtab.adapters.frame.timed_fills import risen_trade_id
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    field,
    instant_of,
    integer_of,
    milliseconds,
    text_of,
)
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Asset
from trimtab.domain.payments import Payment, PaymentId, PaymentKind
from trimtab.venues.profile import Desk

_BILLS: Final = Endpoint(desk=Desk.LINEAR, method="privateMixGetV2MixAccountBill")
_KINDS: Final[Mapping[str, PaymentKind]] = {
    "contract_settle_fee": PaymentKind.FUNDING,
    "risk_captital_user_transfer": PaymentKind.LIQUIDATION_CLEARANCE,
}
_TRANSFER: Final = "trans_"
_OF_TRADES: Final = frozenset(
    {
        *("open_long", "open_short", "close_long", "close_short", "buy", "sell"),
        *("force_close_long", "force_close_short", "force_buy", "force_sell"),
        *("burst_long_loss_query", "burst_short_loss_query", "burst_buy", "burst_sell"),
        *("delivery_long", "delivery_short", "adl_close_long", "adl_close_short"),
        *("adl_buy_in_single_side_mode", "adl_sell_in_single_side_mode"),
    }
)
"""Bills whose payments the list of executions tells."""
_MOVES_NOTHING: Final = frozenset(
    {"append_margin", "adjust_down_lever_append_margin", "reduce_margin", "auto_append_margin"}
)
"""Bills of margin that stays in the wallet."""
_WINDOW: Final = timedelta(days=30)
_KEPT: Final = timedelta(days=89)
"""Older rows are not kept by the venue (90 days), so that nobody need ask for them."""
_PAGE: Final = 100
_PAGES_MAX: Final = 1000

Windows = Iterable[tuple[datetime, datetime]]


class BitgetPayments:
    """Reads what moved the futures wallet."""

    def __init__(self, wire: Wire, markets: DeskMarkets, fills: BitgetFills) -> None:
        self._wire = wire
        self._markets = markets
        self._fills = fills

    async def since(self, start: datetime) -> tuple[Payment, ...]:
        """Return all payments from *start* on, oldest first.

        Raises:
            NotDone: the venue does not answer, or not readably.
            Refused: the venue denies the read.

        """
        await self._markets.load(())
        now = await self._wire.venue_now(Desk.LINEAR)
        found: dict[tuple[Asset, PaymentKind, PaymentId], Payment] = {}
        for first, last in _windows(max(start, now - _KEPT), now=now):
            bills = await self._bills(first=first, last=last)
            fills = await self._fills.rows(Desk.LINEAR, {}, start=first, end=last)
            for payment in (*_read(bills, bill_payments), *_read(fills, fill_payments)):
                if found.setdefault(payment.key, payment) != payment:
                    raise NotDone(f"payment {payment.payment_id}: comes with two contents")
        return tuple(sorted(found.values(), key=lambda p: (p.paid_at, p.kind, p.payment_id)))

    async def _bills(self, *, first: datetime, last: datetime) -> tuple[Row, ...]:
        """Return the bills of a window, both ends inclusive, every one readable."""
        asked = {
            **PRODUCT,
            "startTime": milliseconds(first),
            "endTime": milliseconds(last),
            "limit": _PAGE,
        }

        def page(answer: object) -> Page:
            """Read every row, so that one that cannot be read makes the answer unreadable."""
            rows = rows_under("bills", answer)
            for row in rows:
                bill_payments(row)
            return led_by(rows, "billId", full=_PAGE)

        return await whole_list(
            lambda further: self._wire.read(_BILLS, {**asked, **further}, page),
            lead="idLessThan",
            what="bills",
            pages_max=_PAGES_MAX,
        )


def _windows(start: datetime, *, now: datetime) -> Windows:
    """Yield stretches of time up to *now* that one question may span."""
    while start <= now:
        yield start, start + _WINDOW - timedelta(milliseconds=1)
        start += _WINDOW


def _read(rows: Iterable[Row], of: Callable[[Row], tuple[Payment, ...]]) -> list[Payment]:
    """Read rows that were found readable.

    Raises:
        NotDone: one is not.

    """
    try:
        return [payment for row in rows for payment in of(row)]
    except Unreadable as error:
        raise NotDone(f"a payment is unreadable: {error}") from error


def bill_payments(row: Row) -> tuple[Payment, ...]:
    """Read what a bill moved; nothing for one of a trade, or of margin that stays.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    word, name = text_of(row, "businessType"), field(row, "symbol")
    if not isinstance(name, str):
        raise Unreadable("symbol is not text")
    units, number, at = (
        decimal_of(row, "amount"),
        integer_of(row, "billId"),
        instant_of(row, "cTime"),
    )
    if word in _OF_TRADES or word in _MOVES_NOTHING:
        return ()
    transfer = PaymentKind.TRANSFER if word.startswith(_TRANSFER) else PaymentKind.OTHER
    kind = _KINDS.get(word, transfer)
    prefix = f"{word}-" if kind is PaymentKind.OTHER else ""
    return (
        Payment(
            kind=kind,
            word=word,
            symbol=contract_symbol_of(name.upper()) if name else None,
            asset=Asset(text_of(row, "coin").upper()),
            units=units,
            payment_id=PaymentId(f"{prefix}{number}"),
            trade_id=None,
            paid_at=at,
        ),
    )


def fill_payments(row: Row) -> tuple[Payment, ...]:
    """Read what an execution of a contract cost, and what it brought.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    trade = risen_trade_id(integer_of(row, "cTime"), text_of(row, "tradeId"))
    fee, coin = fee_of(row)
    symbol, at = contract_symbol_of(text_of(row, "symbol").upper()), instant_of(row, "cTime")
    settles = Asset(symbol.partition(":")[2])
    parts = (
        (PaymentKind.COMMISSION, coin, fee.copy_negate()),
        (PaymentKind.REALISED_PROFIT, settles, decimal_of(row, "profit")),
    )
    return tuple(
        Payment(
            kind=kind,
            word=text_of(row, "tradeSide"),
            symbol=symbol,
            asset=asset,
            units=units,
            payment_id=PaymentId(trade),
            trade_id=trade,
            paid_at=at,
        )
        for kind, asset, units in parts
        if units
    )
