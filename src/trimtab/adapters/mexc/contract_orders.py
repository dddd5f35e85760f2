"""Orders of contracts of one MEXC account, found by our name. Not pure: it asks the venue.

What the venue answers about a name that it does not know is documented nowhere: an empty answer
and the code of a cancel (2040) are taken for that it shows none now, all else is no answer. What
rests, what was lately ordered and what was executed is asked besides when absence is to be proved.
Sources: MEXC "Futures" API "Get Order by External ID", "Get Current Orders", "Get All Historical
Orders", 2026: pages of 100.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from trimtab.adapters.frame.absence import one_or_none
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders, OrderQuestions
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.order_rows import (
    OrderFields,
    name_in,
    open_order_in,
    order_id_in,
    order_in,
)
from trimtab.adapters.mexc.contracts import rows_told, told_of
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    field,
    integer_of,
    mapping_of,
    text_of,
)
from trimtab.adapters.wire.pace import Pace
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.orders import Side, VenueOrderId
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk


def _looking(method: str) -> Endpoint:
    """Return a question on whose answer an order's fate hangs."""
    return Endpoint(desk=Desk.LINEAR, method=method, rank=Rank.LOOK_UP)


_BY_NAME: Final = _looking("contractPrivateGetOrderExternalSymbolExternalOid")
_BY_NUMBER: Final = _looking("contractPrivateGetOrderGetOrderId")
_OPEN: Final = _looking("contractPrivateGetOrderListOpenOrders")
_PAST: Final = _looking("contractPrivateGetOrderListHistoryOrders")
_IN_A_ROW: Final = (_BY_NUMBER, _OPEN, _PAST)
"""Questions of which many may follow each other."""
_OURS: Final = "external_oid"
_THEIRS: Final = "orderId"
PER_SECOND: Final = 9
"""Of twenty that the venue takes of each question in two seconds, where one is asked in a row."""
_PAGE: Final = 100
_PAGES_MAX: Final = 50
_SIDES: Final[Mapping[int, Side]] = {1: Side.BUY, 2: Side.BUY, 3: Side.SELL, 4: Side.SELL}
"""1 and 3 open, 2 and 4 close."""
_CLOSES: Final = frozenset({2, 4})
_FIELDS: Final = OrderFields(
    client_id="externalOid",
    order_id="orderId",
    order_id_pattern=re.compile(r"[1-9][0-9]{0,24}"),
    size="vol",
    filled="dealVol",
    status="state",
)


def side_in(row: Row) -> Side:
    """Return the side of an order or of an execution, which is told with what it is for.

    Raises:
        Unreadable: it is none of the four.

    """
    side = _SIDES.get(integer_of(row, "side"))
    if side is None:
        raise Unreadable("side is none of the four")
    return side


def number_in(row: Row, name: str) -> str:
    """Return a number of the venue, which it writes as text or as a number.

    Raises:
        Unreadable: it is neither.

    """
    value = field(row, name)
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise Unreadable(f"{name} is no number")
    return str(value)


def written_anew(row: Row) -> Row:
    """Return an order with its side, number and status as other venues write them.

    Raises:
        Unreadable: one of them is missing or wrong.

    """
    name = field(row, _FIELDS.client_id)
    return {
        **row,
        _FIELDS.order_id: number_in(row, _FIELDS.order_id),
        _FIELDS.client_id: "" if name is None else name,
        _FIELDS.status: str(integer_of(row, _FIELDS.status)),
        "side": side_in(row).value,
        "closes": integer_of(row, "side") in _CLOSES,
    }


def order_row(answer: object) -> Row | None:
    """Return the order that an answer is about; None where it is empty.

    Raises:
        Unreadable: it is none.

    """
    told = told_of(answer)
    return None if told is None else written_anew(mapping_of(told))


def order_rows(answer: object) -> tuple[Row, ...]:
    """Return the orders of a page, every one readable.

    Raises:
        Unreadable: one is not.

    """
    return tuple(map(written_anew, rows_told(answer)))


def open_order_of(row: Row, instrument: Instrument) -> OpenOrder:
    """Read a resting order.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    reduces = row["closes"] is True or row.get("reduceOnly") is True
    price = decimal_of(row, "price")
    return open_order_in(row, _FIELDS, instrument, limit_price=price, reduce_only=reduces)


def received_number(answer: object) -> VenueOrderId:
    """Return the venue's number of an order that it has received; the answer has nothing else.

    Raises:
        Unreadable: there is none.

    """
    row = mapping_of(told_of(answer))
    return order_id_in({"orderId": number_in(row, "orderId")}, _FIELDS)


def cancelled_number(answer: object) -> VenueOrderId:
    """Return the venue's number of the one order that an answer says is cancelled.

    Raises:
        Unreadable: there is none, or more than one.

    """
    rows = rows_told(answer)
    if len(rows) != 1 or integer_of(rows[0], "errorCode"):
        raise Unreadable("it is not one order that is cancelled")
    return order_id_in({"orderId": number_in(rows[0], "orderId")}, _FIELDS)


class MexcContractQuestions:
    """Asks for orders of contracts."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets
        self._paces = {each: Pace(wire.clock, per_second=PER_SECOND) for each in _IN_A_ROW}

    async def row(self, symbol: Symbol, named: Mapping[str, str]) -> Row | None:
        """Ask for one order; None where the venue knows none under that name.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        if _OURS in named:
            asked = {"symbol": self._markets.market_id(symbol), **named}
            return await one_or_none(self._wire, _BY_NAME, asked, order_row)
        asked = {"order_id": named[_THEIRS]}
        await self._paces[_BY_NUMBER].turn()
        return await one_or_none(self._wire, _BY_NUMBER, asked, order_row)

    async def resting(self, desk: Desk, which: Mapping[str, str]) -> Sequence[Row]:  # noqa: ARG002 -- the shape of a question; there is one desk.
        """Return what rests, in all markets or in one.

        Raises:
            NotDone: the venue does not answer, or the list has no end.
            Refused: the venue denies the read.

        """
        rows = await self._pages(_OPEN, {})
        name = which.get("symbol")
        return rows if name is None else [row for row in rows if row.get("symbol") == name]

    async def past(self, symbol: Symbol) -> Sequence[Row]:
        """Return the orders of a market of the last seven days.

        Raises:
            NotDone: the question was not answered, or the list has no end.
            Refused: the venue denies the read.

        """
        return await self._pages(_PAST, {"symbol": self._markets.market_id(symbol)})

    async def _pages(self, endpoint: Endpoint, which: Mapping[str, str]) -> list[Row]:
        """Return the rows of all pages, each order once."""
        found: dict[str, Row] = {}
        for page in range(1, _PAGES_MAX + 1):
            asked = {**which, "page_num": page, "page_size": _PAGE}
            await self._paces[endpoint].turn()
            rows = await self._wire.read(endpoint, asked, order_rows)
            found |= {row[_FIELDS.order_id]: row for row in rows}
            if len(rows) < _PAGE:
                return list(found.values())
        raise NotDone("orders of contracts: the list has no end")


def mexc_contract_orders(wire: Wire, markets: DeskMarkets) -> DeskOrders:
    """Return what reads orders of contracts."""
    asks = MexcContractQuestions(wire, markets)
    questions = OrderQuestions(
        row=asks.row,
        resting=asks.resting,
        past=asks.past,
        ours={Desk.LINEAR: _OURS},
        theirs=_THEIRS,
        market_of=lambda row: text_of(row, "symbol"),
        order_of=lambda row, intent, *, market_id, ended: order_in(
            row, _FIELDS, intent, market_id=market_id, ended=ended
        ),
        open_order_of=open_order_of,
        order_id_of=partial(order_id_in, fields=_FIELDS),
        name_of=partial(name_in, fields=_FIELDS),
        names_in=lambda row: (row.get(_FIELDS.client_id),),
    )
    return DeskOrders(wire, markets, questions)
