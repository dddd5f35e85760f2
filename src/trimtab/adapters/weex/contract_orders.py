"""Orders of contracts of one WEEX account, found in its lists. Not pure: it asks the venue.

A question about one order takes the venue's number alone, and the answer to an order tells it. One
whose answer was lost is looked for by our name in the lists of open orders and of those that ended,
first as far back as these go, then mostly in two days. Nothing says by when an order that ended
stands there, so that it is never proved absent. What an order is for is told twice, by the side of
its position and by ``reduceOnly``: one of which other things are told than were sent is a
contradiction, for a person. Sources: WEEX API "Contract" v3 "Get Order Info", "Get Current Orders"
(pages of 100), "Get Order History" (1,000 rows, 90 days), "Get Current Conditional Orders",
2026-07.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

from trimtab.adapters.frame.absence import one_or_none
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders, OrderQuestions
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.look_back import LookBack
from trimtab.adapters.frame.order_rows import (
    Names,
    OrderFields,
    dearest,
    dearest_told,
    name_in,
    open_order_in,
    order_id_in,
    order_in,
    price_told,
    received_id_in,
)
from trimtab.adapters.frame.received_orders import received
from trimtab.adapters.frame.units import side_of
from trimtab.adapters.weex.contracts import truth_of
from trimtab.adapters.weex.orders import TimedList
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    field,
    mapping_of,
    rows_of,
    text_of,
)
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.orders import ClientOrderId, OrderIntent, Side, VenueOrder, VenueOrderId
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk


def _looking(method: str) -> Endpoint:
    """Return a question on whose answer an order's fate hangs."""
    return Endpoint(desk=Desk.LINEAR, method=method, rank=Rank.LOOK_UP)


_BY_NUMBER: Final = _looking("contractPrivateGetCapiV3Order")
_OPEN: Final = _looking("contractPrivateGetCapiV3OpenOrders")
_PAST: Final = _looking("contractPrivateGetCapiV3OrderHistory")
_WAITING: Final = _looking("contractPrivateGetCapiV3OpenAlgoOrders")
_OURS: Final = "clientOrderId"
_THEIRS: Final = "orderId"
_WAITS: Final = "algoId"
_PAGE: Final = 100
_FIRST_PAGE: Final[Mapping[str, int]] = {_THEIRS: 0, _WAITS: 1}
"""How the first page is called, in lists of orders by what these call a number."""
_PAGES_MAX: Final = 20
_PAST_PAGE: Final = 1000
_KEPT: Final = timedelta(days=89)
"""A day less than the list of orders that ended goes back."""
_FIELDS: Final = OrderFields(
    client_id=_OURS,
    order_id=_THEIRS,
    order_id_pattern=re.compile(r"[1-9][0-9]{0,31}"),
    size="origQty",
    filled="executedQty",
    status="status",
)
_POSITIONS: Final = frozenset({"LONG", "SHORT"})
INCONCLUSIVE: Final = (
    "WEEX finds an order of a contract by its own number alone, and does not say by when one that"
    " ended stands in its lists"
)
"""Why even the silence of every list proves nothing."""


def position_side(side: Side, *, closes: bool) -> str:
    """Return the position that an order opens or closes, in the venue's words."""
    return "LONG" if (side is Side.BUY) is not closes else "SHORT"


def only_reduces(row: Row) -> bool:
    """Say whether a resting order only reduces, which two of its fields have to say.

    Raises:
        Unreadable: one is missing or wrong.

    """
    is_closing = _position_in(row) == position_side(side_of(row), closes=True)
    return is_closing and ("reduceOnly" not in row or truth_of(row, "reduceOnly"))


def _position_in(row: Row) -> str:
    """Return of which position an order is; raises Unreadable."""
    told = text_of(row, "positionSide")
    if told not in _POSITIONS:
        raise Unreadable("positionSide is neither LONG nor SHORT")
    return told


def number_in(row: Row, name: str) -> str:
    """Return a number of the venue, which it writes as text or as a number; raises Unreadable."""
    value = field(row, name)
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise Unreadable(f"{name} is no number")
    return str(value)


def written_anew(row: Row) -> Row:
    """Return an order with its number as text, and a name where nobody gave it one.

    Raises:
        Unreadable: it has no number.

    """
    return {**row, _OURS: row.get(_OURS) or "", _THEIRS: number_in(row, _THEIRS)}


def order_row(answer: object) -> Row:
    """Return the order that an answer is about; raises Unreadable."""
    return written_anew(mapping_of(answer))


def order_rows(answer: object) -> tuple[Row, ...]:
    """Return the orders of a list, every one with a number; raises Unreadable."""
    return tuple(map(written_anew, rows_of(answer)))


def order_of(
    row: Row,
    intent: OrderIntent,
    *,
    market_id: str,
    ended: frozenset[str],
    sent: Mapping[ClientOrderId, str],
) -> VenueOrder:
    """Read an order, which must be the one of *intent*, with how it is otherwise than it was sent.

    *sent* tells of which position orders were sent since the venue is open. Of an older one that
    only reduces it is known that it has to close; any other was sent against what was held, or not.

    Raises:
        Unreadable: it is another one, or does not say what was executed or of which position it is.

    """
    order = order_in(row, _FIELDS, intent, market_id=market_id, ended=ended)
    told = _position_in(row)
    closing = position_side(intent.side, closes=True)
    wanted = sent.get(intent.client_order_id, closing if intent.reduce_only else told)
    reduces = truth_of(row, "reduceOnly") if "reduceOnly" in row else told == closing
    if told == wanted and reduces is (told == closing):
        return order
    words = f"{told}, reduceOnly {str(reduces).lower()}"
    what = "close" if wanted == closing else "open"
    fault = f"the venue says {words} of an order that was sent to {what} {wanted}"
    return replace(order, contradiction=fault)


def open_order_of(row: Row, instrument: Instrument) -> OpenOrder:
    """Read a resting order.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    price = dearest_told([price_told(row, n) for n in ("price", "stopPrice")], side_of(row))
    return open_order_in(row, _FIELDS, instrument, limit_price=price, reduce_only=only_reduces(row))


def waiting_order_of(row: Row, instrument: Instrument) -> OpenOrder:
    """Read an order that waits for a trigger; one that closes all of a position has no size.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    prices = (decimal_of(row, "triggerPrice"), price_told(row, "price"))
    size = decimal_of(row, "quantity")
    told = {
        **row,
        _OURS: row.get("clientAlgoId") or "",
        _THEIRS: number_in(row, _WAITS),
        "origQty": size,
        "executedQty": 0,
    }
    reduces = only_reduces(row)
    if size <= 0 and not (reduces and truth_of(row, "closePosition")):
        raise Unreadable("an order that waits for a trigger has no size")
    limit = dearest(prices, side_of(row))
    return open_order_in(told, _FIELDS, instrument, limit_price=limit, reduce_only=reduces)


def placed_order(answer: object, intent: OrderIntent) -> VenueOrder:
    """Return the order of *intent*, of which the answer says that it was received.

    Raises:
        Unreadable: it is another order, has no number, or is not said to be accepted.

    """
    row = mapping_of(answer)
    if not truth_of(row, "success"):
        raise Unreadable("the order is not said to be accepted")
    return received(intent, received_id_in(written_anew(row), _FIELDS, intent))


def cancelled_number(answer: object) -> VenueOrderId:
    """Return the venue's number of the order that is cancelled; raises Unreadable."""
    row = mapping_of(answer)
    if not truth_of(row, "success"):
        raise Unreadable("the order is not said to be cancelled")
    return order_id_in(written_anew(row), _FIELDS)


class WeexContractQuestions:
    """Asks for orders of contracts."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets
        self.names: Names = {}
        """Orders of ours that were seen; whoever reads them writes it down."""
        self.sent: dict[ClientOrderId, str] = {}
        """The position that an order was sent to open or close; whoever sends it writes it down."""
        self._back = LookBack(_KEPT)

    async def row(self, symbol: Symbol, named: Mapping[str, str]) -> Row | None:
        """Ask for one order; None where no list shows it now.

        Raises:
            NotDone: a question was not answered, or a list has no end.
            Refused: the venue denies the read.

        """
        name = named.get(_OURS)
        number = named.get(_THEIRS) if name is None else self._number_of(symbol, name)
        if number is not None:
            asked = {"orderId": number}
            found = await one_or_none(self._wire, _BY_NUMBER, asked, order_row)
            if found is not None or name is None:
                return found
        market = {"symbol": self._markets.market_id(symbol)}
        resting = await self._pages(_OPEN, market, by=_THEIRS)
        back = self._back.of(ClientOrderId(name or ""))
        for rows in (resting, await self._past(symbol, back)):
            ours = {row[_THEIRS]: row for row in rows if row[_OURS] == name}
            if len(ours) > 1:
                raise NotDone(f"{name}: two orders have this name")
            if ours:
                return next(iter(ours.values()))
        return None

    def _number_of(self, symbol: Symbol, name: str) -> VenueOrderId | None:
        """Return the venue's number of an order that was seen."""
        found = (n for (market, n), ours in self.names.items() if (market, ours) == (symbol, name))
        return next(found, None)

    async def resting(self, desk: Desk, which: Mapping[str, str]) -> Sequence[Row]:  # noqa: ARG002 -- the shape of a question; there is one desk.
        """Return what rests, in all markets or in one.

        Raises:
            NotDone: the venue does not answer, or the list has no end.
            Refused: the venue denies the read.

        """
        return await self._pages(_OPEN, which, by=_THEIRS)

    async def waiting(self) -> tuple[Row, ...]:
        """Return what waits for a trigger; raises like :meth:`resting`."""
        return tuple(await self._pages(_WAITING, {}, by=_WAITS))

    async def past(self, symbol: Symbol) -> Sequence[Row]:
        """Return all orders of a market that ended; raises like :meth:`resting`."""
        return await self._past(symbol, _KEPT)

    async def _past(self, symbol: Symbol, back: timedelta) -> Sequence[Row]:
        """Return the orders of a market that are no older; raises like :meth:`resting`."""
        now = await self._wire.venue_now(Desk.LINEAR)
        told = TimedList(wire=self._wire, endpoint=_PAST, rows_max=_PAST_PAGE)
        which = {"symbol": self._markets.market_id(symbol)}
        return await told.between(which, start=now - back, end=now, read=order_rows)

    async def _pages(
        self, endpoint: Endpoint, which: Mapping[str, str], *, by: str
    ) -> Sequence[Row]:
        """Return the rows of all pages, each once *by* its number."""
        found: dict[str, Row] = {}
        first = _FIRST_PAGE[by]
        for page in range(first, first + _PAGES_MAX):
            asked = {**which, "limit": _PAGE, "page": page}
            rows = await self._wire.read(endpoint, asked, partial(_numbered, by=by))
            found |= rows
            if len(rows) < _PAGE:
                return list(found.values())
        raise NotDone("orders of contracts: the list has no end")


def _numbered(answer: object, *, by: str) -> Mapping[str, Row]:
    """Return rows by their numbers; raises Unreadable."""
    rows = rows_of(answer) if by == _WAITS else order_rows(answer)
    return {number_in(row, by): row for row in rows}


def weex_contract_orders(
    wire: Wire, markets: DeskMarkets, asks: WeexContractQuestions
) -> DeskOrders:
    """Return what reads orders of contracts, as *asks* asks for them."""
    questions = OrderQuestions(
        row=asks.row,
        resting=asks.resting,
        past=asks.past,
        ours={Desk.LINEAR: _OURS},
        theirs=_THEIRS,
        market_of=lambda row: text_of(row, "symbol"),
        order_of=partial(order_of, sent=asks.sent),
        open_order_of=open_order_of,
        order_id_of=partial(order_id_in, fields=_FIELDS),
        name_of=partial(name_in, fields=_FIELDS),
        names_in=lambda row: (row.get(_OURS),),
    )
    orders = DeskOrders(wire, markets, questions)
    asks.names = orders.names
    return orders
