"""Payments of BingX's futures wallet, from its list of income and from its executions.

Not pure: it asks the venue. A fee in the list of income is of a trade by another number than the
list of executions has, so fees are read there, and all else from the list of income. What either
leaves out shows when the wallet's balance is compared. Source: BingX API USDT-M "Get Account
Profit and Loss Fund Flow" (1,000 rows, kept for three months), 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from trimtab.adapters.bingx.answers import told_of
from trimtab.adapters.bingx.fills import BingxFills
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.halved_windows import whole_stretch
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    field,
    instant_of,
    milliseconds,
    rows_of,
    text_of,
)
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import Fill
from trimtab.domain.payments import Payment, PaymentId, PaymentKind
from trimtab.venues.profile import Desk

_INCOME: Final = Endpoint(desk=Desk.LINEAR, method="swapV2PrivateGetUserIncome")
_FEE: Final = "TRADING_FEE"
_KINDS: Final[Mapping[str, PaymentKind]] = {
    "TRANSFER": PaymentKind.TRANSFER,
    "REALIZED_PNL": PaymentKind.REALISED_PROFIT,
    "FUNDING_FEE": PaymentKind.FUNDING,
    "INSURANCE_CLEAR": PaymentKind.LIQUIDATION_CLEARANCE,
}
_WINDOW: Final = timedelta(days=7)
_KEPT: Final = timedelta(days=89)
"""Older rows are not kept by the venue, so that nobody need ask for them."""
_FULL: Final = 1000


class BingxPayments:
    """Reads what moved the futures wallet."""

    def __init__(self, wire: Wire, markets: DeskMarkets, fills: BingxFills) -> None:
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
            rows = await self._rows(first=first, last=last)
            payments = [payment for row in rows for payment in income_payments(row)]
            payments += await self._fees(rows, first=first, last=last)
            for payment in payments:
                if found.setdefault(payment.key, payment) != payment:
                    raise NotDone(f"payment {payment.payment_id}: comes with two contents")
        return tuple(sorted(found.values(), key=lambda p: (p.paid_at, p.kind, p.payment_id)))

    async def _rows(self, *, first: datetime, last: datetime) -> tuple[Row, ...]:
        """Return the list of income of a stretch, every row readable."""

        def page(answer: object) -> tuple[Row, ...]:
            """Read every row, so that one that cannot be read makes the answer unreadable."""
            rows = rows_of(told_of(answer))
            for row in rows:
                income_payments(row)
            return rows

        async def ask(*, start: datetime, end: datetime) -> tuple[Row, ...] | None:
            """Read one stretch."""
            asked = {
                "startTime": milliseconds(start),
                "endTime": milliseconds(end),
                "limit": _FULL,
            }
            rows = await self._wire.read(_INCOME, asked, page)
            return rows if len(rows) < _FULL else None

        return await whole_stretch(ask, start=first, end=last, what="income")

    async def _fees(self, rows: Iterable[Row], *, first: datetime, last: datetime) -> list[Payment]:
        """Return what executions cost in the markets of which a fee or a profit is listed."""
        of_trades = {_FEE, "REALIZED_PNL"}
        names = {text_of(row, "symbol") for row in rows if row["incomeType"] in of_trades}
        found: list[Payment] = []
        for name in sorted(names):
            symbol = self._markets.symbol_of(Desk.LINEAR, name)
            fills = await self._fills.between(symbol, start=first, end=last)
            found += [_commission(fill) for fill in fills if fill.fee]
        return found


def _windows(start: datetime, *, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield stretches of time up to *now* that one question surely may span."""
    while start <= now:
        yield start, start + _WINDOW - timedelta(milliseconds=1)
        start += _WINDOW


def income_payments(row: Row) -> tuple[Payment, ...]:
    """Read what a row of income moved; nothing for a fee, which its execution tells.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    word, name = text_of(row, "incomeType"), field(row, "symbol")
    if not isinstance(name, str):
        raise Unreadable("symbol is not text")
    units, number, at = decimal_of(row, "income"), text_of(row, "tranId"), instant_of(row, "time")
    asset = Asset(text_of(row, "asset"))
    if word == _FEE or not units:
        return ()
    return (
        Payment(
            kind=_KINDS.get(word, PaymentKind.OTHER),
            word=word,
            symbol=Symbol(f"{name.replace('-', '/')}:{asset}") if name else None,
            asset=asset,
            units=units,
            payment_id=PaymentId(f"{word}-{number}"),
            trade_id=None,
            paid_at=at,
        ),
    )


def _commission(fill: Fill) -> Payment:
    """Return what an execution cost."""
    return Payment(
        kind=PaymentKind.COMMISSION,
        word=_FEE,
        symbol=fill.symbol,
        asset=fill.fee_asset,
        units=fill.fee.copy_negate(),
        payment_id=PaymentId(fill.trade_id),
        trade_id=fill.trade_id,
        paid_at=fill.filled_at,
    )
