"""What moved the futures wallet of a MEXC account. Not pure: it asks the venue.

There is no list of everything: funding, moves between wallets and executions are told apart, and
executions for one contract at a time. Which contracts had any is known from the orders of the time,
from what is held, and from what paid funding. What is left out by all of them shows when balances
are compared. Sources: MEXC "Futures" API "Get Funding Fee Details", "Get Asset Transfer Records",
"Get All Historical Orders", 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.mexc.contract_fills import WINDOW, MexcContractFills, trade_of
from trimtab.adapters.mexc.contract_orders import PER_SECOND, number_in, order_rows
from trimtab.adapters.mexc.contracts import SETTLED_IN, rows_told
from trimtab.adapters.mexc.margin import positions_of
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    instant_of,
    milliseconds,
    text_of,
)
from trimtab.adapters.wire.pace import Pace
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.payments import Payment, PaymentId, PaymentKind
from trimtab.venues.profile import Desk


def _linear(method: str) -> Endpoint:
    """Return a question about contracts."""
    return Endpoint(desk=Desk.LINEAR, method=method)


_FUNDING: Final = _linear("contractPrivateGetPositionFundingRecords")
_MOVES: Final = _linear("contractPrivateGetAccountTransferRecord")
_ORDERS: Final = _linear("contractPrivateGetOrderListHistoryOrders")
_POSITIONS: Final = _linear("contractPrivateGetPositionOpenPositions")
_SIDES: Final = (1, 2)
_PAGE: Final = 100
_PAGES_MAX: Final = 200
_KEPT: Final = timedelta(days=89)
_OURS: Final = f"_{SETTLED_IN}"
"""How names of contracts end that are traded here."""
_SIGNS: Final[Mapping[str, int]] = {"IN": 1, "OUT": -1}
_STATES: Final = frozenset({"WAIT", "SUCCESS", "FAILED"})
_MADE: Final = "SUCCESS"


class MexcPayments:
    """Reads what moved the futures wallet."""

    def __init__(self, wire: Wire, markets: DeskMarkets, fills: MexcContractFills) -> None:
        self._wire = wire
        self._markets = markets
        self._fills = fills
        self._pace = Pace(wire.clock, per_second=PER_SECOND)

    async def since(self, start: datetime) -> tuple[Payment, ...]:
        """Return all payments from *start* on, oldest first.

        Raises:
            NotDone: the venue does not answer, or not readably, or a list has no end.
            Refused: the venue denies the read.

        """
        await self._markets.load(())
        now = await self._wire.venue_now(Desk.LINEAR)
        first = max(start, now - _KEPT)
        settled = map(funding_of, await self._funding(first=first, now=now))
        funding = [payment for payment in settled if payment is not None]
        rows = await self._pages(_MOVES, {"currency": SETTLED_IN}, _whole(move_of))
        moves = [move for row in rows if (move := move_of(row)) is not None]
        found: dict[tuple[Asset, PaymentKind, PaymentId], Payment] = {}
        for payment in (*funding, *moves, *await self._trades(funding, first=first, now=now)):
            if payment.paid_at >= first and found.setdefault(payment.key, payment) != payment:
                raise NotDone(f"payment {payment.payment_id}: comes with two contents")
        return tuple(sorted(found.values(), key=lambda p: (p.paid_at, p.kind, p.payment_id)))

    async def _funding(self, *, first: datetime, now: datetime) -> list[Row]:
        """Return what was settled for either side."""
        span = {"start_time": milliseconds(first), "end_time": milliseconds(now)}
        found: list[Row] = []
        for side in _SIDES:
            found += await self._pages(
                _FUNDING, {"position_type": side, **span}, _whole(funding_of)
            )
        return found

    async def _trades(
        self, funding: Iterable[Payment], *, first: datetime, now: datetime
    ) -> list[Payment]:
        """Return what executions cost and won, in every contract that may have had one.

        Those of contracts that settle in another coin moved the wallet of that coin.
        """
        orders = await self._orders(first=first, now=now)
        names = {name for row in orders if (name := text_of(row, "symbol")).endswith(_OURS)}
        held = await self._wire.read(_POSITIONS, {}, positions_of)
        names |= {each.position.market_id for each in held}
        symbols = {self._markets.symbol_of(Desk.LINEAR, name) for name in names}
        symbols |= {payment.symbol for payment in funding if payment.symbol is not None}
        found: list[Payment] = []
        for symbol in sorted(symbols):
            start = first
            while start <= now:
                end = start + WINDOW - timedelta(milliseconds=1)
                for row in await self._fills.rows(symbol, start=start, end=min(end, now)):
                    found += trade_payments(row, symbol)
                start += WINDOW
        return found

    async def _orders(self, *, first: datetime, now: datetime) -> list[Row]:
        """Return the orders since *first*; its bounds have two spellings, and both go out."""
        since, until = milliseconds(first), milliseconds(now)
        span = {"startTime": since, "endTime": until, "start_time": since, "end_time": until}
        return await self._pages(_ORDERS, span, order_rows)

    async def _pages(
        self,
        endpoint: Endpoint,
        which: Mapping[str, object],
        read: Callable[[object], tuple[Row, ...]],
    ) -> list[Row]:
        """Return the rows of all pages."""
        found: list[Row] = []
        for page in range(1, _PAGES_MAX + 1):
            asked = {**which, "page_num": page, "page_size": _PAGE}
            await self._pace.turn()
            rows = await self._wire.read(endpoint, asked, read)
            found += rows
            if len(rows) < _PAGE:
                return found
        raise NotDone("payments of contracts: a list has no end")


def funding_of(row: Row) -> Payment | None:
    """Read a settlement: what is positive was received. None for one in another coin.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    name = text_of(row, "symbol")
    base, _, quote = name.rpartition("_")
    if not base or not quote:
        raise Unreadable(f"a settlement of {name}, which is no contract")
    if quote != SETTLED_IN:
        return None
    return Payment(
        kind=PaymentKind.FUNDING,
        word="funding",
        symbol=Symbol(f"{base}/{quote}:{quote}"),
        asset=SETTLED_IN,
        units=decimal_of(row, "funding"),
        payment_id=PaymentId(f"funding-{number_in(row, 'id')}"),
        trade_id=None,
        paid_at=instant_of(row, "settleTime"),
    )


def move_of(row: Row) -> Payment | None:
    """Read a move between wallets; None for one that was not made.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    sign, state = _SIGNS.get(text_of(row, "type")), text_of(row, "state")
    units, at = decimal_of(row, "amount"), instant_of(row, "createTime")
    if sign is None or state not in _STATES or text_of(row, "currency") != SETTLED_IN:
        raise Unreadable("a move of no direction, of no known state, or of another coin")
    if state != _MADE:
        return None
    return Payment(
        kind=PaymentKind.TRANSFER,
        word=text_of(row, "type"),
        symbol=None,
        asset=SETTLED_IN,
        units=units if sign > 0 else units.copy_negate(),
        payment_id=PaymentId(f"transfer-{number_in(row, 'id')}"),
        trade_id=None,
        paid_at=at,
    )


def trade_payments(row: Row, symbol: Symbol) -> tuple[Payment, ...]:
    """Read what an execution cost and won: a fee that is positive was paid.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    trade = trade_of(row)
    parts = (
        (PaymentKind.COMMISSION, decimal_of(row, "fee").copy_negate()),
        (PaymentKind.REALISED_PROFIT, decimal_of(row, "profit")),
    )
    return tuple(
        Payment(
            kind=kind,
            word="deal",
            symbol=symbol,
            asset=SETTLED_IN,
            units=units,
            payment_id=PaymentId(trade),
            trade_id=trade,
            paid_at=instant_of(row, "timestamp"),
        )
        for kind, units in parts
        if units
    )


def _whole(read: Callable[[Row], object]) -> Callable[[object], tuple[Row, ...]]:
    """Return what reads a page, every row of it by *read*."""

    def page(answer: object) -> tuple[Row, ...]:
        """Read every row, so that one that cannot be read makes the answer unreadable."""
        rows = rows_told(answer)
        for row in rows:
            read(row)
        return rows

    return page
