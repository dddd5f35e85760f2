"""What contracts paid and earned in an OKX account, from its bills. Not pure: it asks.

Bills tell every movement of the wallet. Trades of coins are told by their executions, and left
out; a bill of a contract's trade names its execution. Bills of seven days stand in one list and
those of three months in another, of which it is not said how soon it knows one: where it is needed
both are asked. Whether the bound of a time is in it is not said either. Source: OKX API
v5 "Get bills details (last 7 days)", "Get bills details (last 3 months)", 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from trimtab.adapters.frame.listed_pages import Page, Row, whole_list
from trimtab.adapters.frame.timed_fills import risen_trade_id
from trimtab.adapters.okx.answers import led_by, number_of, rows_in
from trimtab.adapters.okx.contracts import SETTLED_IN
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
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.payments import Payment, PaymentId, PaymentKind
from trimtab.venues.profile import Desk

_RECENT: Final = Endpoint(desk=Desk.LINEAR, method="privateGetAccountBills")
_OLD: Final = Endpoint(desk=Desk.LINEAR, method="privateGetAccountBillsArchive")
_RECENT_FOR: Final = timedelta(days=6)
_KEPT: Final = timedelta(days=89)
_KINDS: Final[Mapping[str, PaymentKind]] = {"1": PaymentKind.TRANSFER, "8": PaymentKind.FUNDING}
_TRADE: Final = "2"
_OF_TRADES: Final = frozenset({_TRADE, "5", "9"})
"""Trades, liquidations, and positions that were closed for others."""
_ROUNDING: Final = Decimal("0.00000001")
"""How far apart figures of one bill may be that are rounded one by one, units."""
_COINS: Final = frozenset({"SPOT", "MARGIN"})
_PAGE: Final = 100
_PAGES_MAX: Final = 2000


class OkxPayments:
    """Reads what moved the wallet, but for trades of coins."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def since(self, start: datetime) -> tuple[Payment, ...]:
        """Return all payments from *start* on, oldest first.

        Raises:
            NotDone: the venue does not answer, or not readably.
            Refused: the venue denies the read.

        """
        now = await self._wire.venue_now(Desk.LINEAR)
        first, recent = max(start, now - _KEPT), now - _RECENT_FOR
        rows = await self._listed(_RECENT, max(first, recent))
        if first < recent:
            rows = (*await self._listed(_OLD, first), *rows)
        found: dict[tuple[Asset, PaymentKind, PaymentId], Payment] = {}
        for payment in (each for row in rows for each in payments_of(row)):
            if found.setdefault(payment.key, payment) != payment:
                raise NotDone(f"payment {payment.payment_id}: comes with two contents")
        told = (payment for payment in found.values() if payment.paid_at >= first)
        return tuple(sorted(told, key=lambda p: (p.paid_at, p.kind, p.payment_id)))

    async def _listed(self, endpoint: Endpoint, first: datetime) -> tuple[Row, ...]:
        """Return the bills of one list from *first* on, and some of a moment before."""
        asked = {"ccy": SETTLED_IN, "begin": milliseconds(first) - 1, "limit": _PAGE}

        def page(answer: object) -> Page:
            """Read every row, so that one that cannot be read makes the answer unreadable."""
            rows = rows_in(answer)
            for row in rows:
                payments_of(row)
            return led_by(rows, "billId", full=_PAGE)

        return await whole_list(
            lambda further: self._wire.read(endpoint, {**asked, **further}, page),
            lead="after",
            what="the bills of the account",
            pages_max=_PAGES_MAX,
        )


def payments_of(row: Row) -> tuple[Payment, ...]:
    """Read what a bill moved; nothing for a trade of coins.

    What moved the wallet is its change, of which the fee is one part and the profit the rest. What
    a liquidation takes besides is told nowhere, and counts as lost.

    Raises:
        Unreadable: a field is missing or wrong, or a change is not what it is made of.

    """
    word, about, change = text_of(row, "type"), field(row, "instType"), decimal_of(row, "balChg")
    if text_of(row, "ccy") != SETTLED_IN:
        raise Unreadable("a bill of another coin")
    if word in _OF_TRADES and about in _COINS:
        return ()
    name, trade = PaymentId(f"{word}-{text_of(row, 'billId')}"), None
    parts = [(_KINDS.get(word, PaymentKind.OTHER), change)]
    if word in _OF_TRADES and about == "SWAP":
        trade = risen_trade_id(integer_of(row, "fillTime"), text_of(row, "tradeId"))
        fee, won = number_of(row, "fee"), number_of(row, "pnl")
        with exact_arithmetic():
            profit = change - fee
            if word == _TRADE and abs(profit - won) > _ROUNDING:
                raise Unreadable("a change of the wallet is not what it is said to be made of")
        name = PaymentId(trade)
        parts = [(PaymentKind.COMMISSION, fee), (PaymentKind.REALISED_PROFIT, profit)]
    return tuple(
        Payment(
            kind=kind,
            word=word,
            symbol=_symbol_of(text_of(row, "instId")) if about == "SWAP" else None,
            asset=Asset(SETTLED_IN),
            units=units,
            payment_id=name,
            trade_id=trade,
            paid_at=instant_of(row, "ts"),
        )
        for kind, units in parts
        if units
    )


def _symbol_of(market_id: str) -> Symbol:
    """Return the symbol of a perpetual that settles in USDT.

    Raises:
        Unreadable: it is none.

    """
    parts = market_id.split("-")
    if len(parts) != 3 or parts[1:] != [SETTLED_IN, "SWAP"]:  # noqa: PLR2004 -- its three parts.
        raise Unreadable(f"a bill of {market_id}, which is no perpetual of {SETTLED_IN}")
    return Symbol(f"{parts[0]}/{SETTLED_IN}:{SETTLED_IN}")
