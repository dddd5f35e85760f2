"""Executions of contracts of one WEEX account, and what moved its wallet. Not pure: it asks.

Executions come in stretches of at most seven days, without our name. The list of income tells
funding and moves between wallets; what an execution cost and won is told by itself, because it is
not said how the list counts a trade. What both leave out shows when balances are compared. Sources:
WEEX API "Contract" v3 "Get Trade Details", "Get Account Income" (100 rows and a cursor, 100 days),
2026-07.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders
from trimtab.adapters.frame.desks import contract_symbol_of
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.order_rows import Names
from trimtab.adapters.frame.timed_fills import MarketFills, as_set, risen_trade_id
from trimtab.adapters.frame.units import side_of
from trimtab.adapters.weex.contract_orders import number_in
from trimtab.adapters.weex.contracts import truth_of
from trimtab.adapters.weex.orders import TimedList
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
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.instruments import Asset, Instrument, Symbol
from trimtab.domain.orders import Fill, TradeId, VenueOrderId
from trimtab.domain.payments import Payment, PaymentId, PaymentKind
from trimtab.venues.profile import Desk

_FILLS: Final = Endpoint(
    desk=Desk.LINEAR, method="contractPrivateGetCapiV3UserTrades", rank=Rank.LOOK_UP
)
_INCOME: Final = Endpoint(desk=Desk.LINEAR, method="contractPrivatePostCapiV3AccountIncome")
_WINDOW: Final = timedelta(days=7)
_KEPT: Final = timedelta(days=99)
"""One question for income spans a hundred days at most; older rows are not asked for."""
_PAGE: Final = 100
_PAGES_MAX: Final = 500
_VALUE_OFF: Final = Decimal("0.01")
"""By how much size times price may miss the value of an execution, as a share and in the quote."""
_KINDS: Final[Mapping[str, PaymentKind]] = {
    "position_funding": PaymentKind.FUNDING,
    "deposit": PaymentKind.TRANSFER,
    "withdraw": PaymentKind.TRANSFER,
    "transfer_in": PaymentKind.TRANSFER,
    "transfer_out": PaymentKind.TRANSFER,
    "order_fix_margin_amount": PaymentKind.LIQUIDATION_CLEARANCE,
}
_TOLD_BY_EXECUTIONS: Final = frozenset(
    f"position_{what}_{side}" for what in ("open", "close") for side in ("long", "short")
)
_WITHIN: Final = frozenset({"margin_move_in", "margin_move_out"})
"""What moves margin between positions of the wallet, and nothing into it or out of it."""


def weex_contract_fills(wire: Wire, markets: DeskMarkets, orders: DeskOrders) -> MarketFills:
    """Return what reads executions of single contracts."""

    async def between(symbol: Symbol, *, start: datetime, end: datetime) -> tuple[Fill, ...]:
        """Return the executions of a contract from *start* to *end*, both inclusive."""
        instrument, name = markets.instrument(symbol), markets.market_id(symbol)

        def read(answer: object) -> tuple[Fill, ...]:
            """Read every row, so that one that cannot be read makes the answer unreadable."""
            rows = rows_of(answer)
            fills = [fill_of(row, instrument, market_id=name, names=orders.names) for row in rows]
            as_set(fills)
            return tuple(fills)

        return await _trades(wire).between({"symbol": name}, start=start, end=end, read=read)

    return MarketFills(wire, markets, between, window=_WINDOW, names=orders.client_ids)


def _trades(wire: Wire) -> TimedList:
    """Return the list of executions."""
    return TimedList(wire=wire, endpoint=_FILLS, rows_max=_PAGE)


def trade_of(row: Row) -> TradeId:
    """Return the name of an execution, which rises with time; raises Unreadable."""
    return risen_trade_id(integer_of(row, "time"), number_in(row, "id"))


def fill_of(row: Row, instrument: Instrument, *, market_id: str, names: Names) -> Fill:
    """Read an execution; whose it is *names* says.

    Raises:
        Unreadable: a field is missing or wrong, it is of another market, or its size is not
            counted in coins.

    """
    if text_of(row, "symbol") != market_id:
        raise Unreadable("an execution of another market")
    order, quantity = VenueOrderId(number_in(row, "orderId")), decimal_of(row, "qty")
    price, value = decimal_of(row, "price"), decimal_of(row, "quoteQty")
    with exact_arithmetic():
        apart = abs(quantity * price - value)
    if quantity <= 0 or not order.isdigit() or apart > _VALUE_OFF * value + _VALUE_OFF:
        raise Unreadable("an execution of no order, or whose size and price do not make its value")
    return Fill(
        symbol=instrument.symbol,
        trade_id=trade_of(row),
        venue_order_id=order,
        client_order_id=names.get((instrument.symbol, order)),
        side=side_of(row),
        quantity=quantity,
        fill_price=price,
        fee=decimal_of(row, "commission"),
        fee_asset=Asset(text_of(row, "commissionAsset")),
        filled_at=instant_of(row, "time"),
    )


class WeexPayments:
    """Reads what moved the futures wallet."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets

    async def since(self, start: datetime) -> tuple[Payment, ...]:
        """Return all payments from *start* on, oldest first.

        Raises:
            NotDone: the venue does not answer, or not readably, or a list has no end.
            Refused: the venue denies the read.

        """
        await self._markets.load(())
        now = await self._wire.venue_now(Desk.LINEAR)
        first = max(start, now - _KEPT)
        found: dict[tuple[Asset, PaymentKind, PaymentId], Payment] = {}
        told = [*await self._income(first=first, now=now), *await self._traded(first, now=now)]
        for payment in told:
            if found.setdefault(payment.key, payment) != payment:
                raise NotDone(f"payment {payment.payment_id}: comes with two contents")
        return tuple(sorted(found.values(), key=lambda p: (p.paid_at, p.kind, p.payment_id)))

    async def _traded(self, first: datetime, *, now: datetime) -> list[Payment]:
        """Return what executions in all contracts cost and won."""
        found: list[Payment] = []
        while first <= now:
            end = min(now, first + _WINDOW - timedelta(milliseconds=1))
            read = _whole(trade_payments)
            for row in await _trades(self._wire).between({}, start=first, end=end, read=read):
                found += trade_payments(row)
            first += _WINDOW
        return found

    async def _income(self, *, first: datetime, now: datetime) -> list[Payment]:
        """Return the list of income, page by page."""
        span = {"startTime": milliseconds(first), "endTime": milliseconds(now), "limit": _PAGE}
        found: list[Payment] = []
        onward: Mapping[str, object] = {}
        for _ in range(_PAGES_MAX):
            rows, further = await self._wire.read(_INCOME, {**span, **onward}, _income_page)
            found += (payment for row in rows for payment in income_payments(row))
            if not further:
                return found
            if further == onward:
                break
            onward = further
        raise NotDone("income of contracts: the list has no end")


def _income_page(answer: object) -> tuple[tuple[Row, ...], Mapping[str, object]]:
    """Read a page of income, and what leads to the next; nothing at the end."""
    page = mapping_of(answer)
    rows = _whole(income_payments)(field(page, "items"))
    if not truth_of(page, "hasNextPage"):
        return rows, {}
    key = mapping_of(field(page, "nextKey"))
    return rows, {name: integer_of(key, name) for name in ("nextKeyId", "nextKeyTime")}


def _whole(read: Callable[[Row], Iterable[Payment]]) -> Callable[[object], tuple[Row, ...]]:
    """Return what reads a list, every row of it by *read*."""

    def page(answer: object) -> tuple[Row, ...]:
        """Read every row, so that one that cannot be read makes the answer unreadable."""
        rows = rows_of(answer)
        for row in rows:
            tuple(read(row))
        return rows

    return page


def income_payments(row: Row) -> Iterator[Payment]:
    """Read what a row of income moved; nothing for what executions tell.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    word, units = text_of(row, "incomeType"), decimal_of(row, "income")
    name = row.get("symbol")
    if name is not None and not isinstance(name, str):
        raise Unreadable("symbol is not text")
    asset, at = Asset(text_of(row, "asset")), instant_of(row, "time")
    number = number_in(row, "billId")
    if word in _TOLD_BY_EXECUTIONS | _WITHIN or not units:
        return
    yield Payment(
        kind=_KINDS.get(word, PaymentKind.OTHER),
        word=word,
        symbol=contract_symbol_of(name) if name else None,
        asset=asset,
        units=units,
        payment_id=PaymentId(f"{word}-{number}"),
        trade_id=None,
        paid_at=at,
    )


def trade_payments(row: Row) -> Iterator[Payment]:
    """Read what an execution cost and won: a commission that is positive was paid.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    trade, symbol = trade_of(row), contract_symbol_of(text_of(row, "symbol"))
    paid_in, at = Asset(text_of(row, "commissionAsset")), instant_of(row, "time")
    won_in = Asset(symbol.partition(":")[2]) if ":" in symbol else paid_in
    parts = (
        (PaymentKind.COMMISSION, paid_in, decimal_of(row, "commission").copy_negate()),
        (PaymentKind.REALISED_PROFIT, won_in, decimal_of(row, "realizedPnl")),
    )
    for kind, asset, units in parts:
        if units:
            yield Payment(
                kind=kind,
                word="trade",
                symbol=symbol,
                asset=asset,
                units=units,
                payment_id=PaymentId(trade),
                trade_id=trade,
                paid_at=at,
            )
