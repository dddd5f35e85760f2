"""Conditional orders as OKX v5 writes them, read as ours. Pure.

They have names and numbers of their own, and name the orders that they became. Sizes count
contracts. Source: as in :mod:`trimtab.adapters.okx.stops`. Prices are quote per base unit.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.order_rows import OrderFields, order_id_in
from trimtab.adapters.frame.units import contracts, lots_of, side_of, signed
from trimtab.adapters.okx.answers import FIELDS, acknowledged, number_of
from trimtab.adapters.wire.exact import Unreadable, decimal_of, field, instant_of, text_of
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Lots
from trimtab.domain.orders import Fill, Side, VenueOrderId
from trimtab.domain.snapshot import OpenOrder
from trimtab.domain.stops import (
    FiredOrder,
    ListedStop,
    SeenStop,
    StopId,
    StopIntent,
    VenueStop,
    VenueStopId,
)

KIND: Final = "conditional"
"""What is placed, and the only kind that is read as one of ours."""
TRIGGERED_BY: Final = "mark"
AT_MARKET: Final = "-1"
"""The limit of an order that has none."""
RESTS: Final = "live"
_FIRED: Final = "effective"
_OVER: Final = frozenset({"canceled", "order_failed"})
"""Cancelled before its trigger, or turned down when it was reached. ``pause`` is no state that is
explained of such orders, and the ``partially`` ones are of those that the venue splits: no answer.
"""
_ALGO: Final = OrderFields(
    client_id="algoClOrdId",
    order_id="algoId",
    order_id_pattern=re.compile(r"[0-9]{1,64}"),
    size="sz",
    filled="actualSz",
    status="state",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldStop:
    """What is said of one stop of ours."""

    stop: VenueStop
    """As it stands, but as resting when it became an order."""
    order_id: VenueOrderId | None
    """The order that it became."""
    triggered_at: datetime | None
    """None where it was not, or is not said."""


def received_in(answer: object, intent: StopIntent) -> VenueStopId:
    """Return the venue's number of the stop of *intent*, which it has received.

    Raises:
        Unreadable: it was turned down, is another one, or has no number.

    """
    row = acknowledged(answer)
    require_name(row, intent)
    return _number(row)


def withdrawn_in(answer: object, intent: StopIntent) -> bool:
    """Say that the cancel of a stop, which is asked for alone, was taken.

    Its name in the answer is one that the venue gives up: empty, or ours.

    Raises:
        Unreadable: it was not, or another one is named.

    """
    row = acknowledged(answer)
    if row.get("algoClOrdId", "") not in ("", intent.stop_id):
        raise Unreadable("the answer is of another stop")
    return bool(_number(row))


def require_name(row: Row, intent: StopIntent) -> None:
    """Refuse what is not of the name of *intent*.

    Raises:
        Unreadable: it is another one.

    """
    if text_of(row, _ALGO.client_id) != intent.stop_id:
        raise Unreadable("the answer is of another stop")


def _number(row: Row) -> VenueStopId:
    """Return the venue's number of a stop; raises Unreadable without one."""
    return VenueStopId(order_id_in(row, _ALGO))


def named_in(rows: Iterable[Row], intent: StopIntent) -> tuple[Row, ...]:
    """Return the *rows*, of stops or of orders, that bear the name of *intent*, in order.

    Raises:
        Unreadable: one does not say whether it bears one.

    """
    found = []
    for row in rows:
        name = field(row, _ALGO.client_id)
        if not isinstance(name, str):
            raise Unreadable("algoClOrdId is not text")
        if name == intent.stop_id:
            found.append(row)
    return tuple(found)


def word_in(row: Row, intent: StopIntent) -> str:
    """Return the state of whatever is there under our name; raises Unreadable."""
    require_name(row, intent)
    return text_of(row, _ALGO.status)


def told_in(row: Row, intent: StopIntent, market_id: str) -> ToldStop:
    """Read the stop of *intent*.

    Raises:
        Unreadable: it is another one, of another kind, was split, or is in a state that is not
            known.

    """
    require_name(row, intent)
    side, status, order_id = side_of(row), text_of(row, _ALGO.status), _became(row)
    if text_of(row, "instId") != market_id or (side is Side.BUY) != (intent.lots > 0):
        raise Unreadable("the stop of our name is of another market or side")
    _require_kind(row)
    if status not in _OVER | {RESTS, _FIRED}:
        raise Unreadable(f"a stop is {status}")
    if (status == _FIRED and order_id is None) or (status == RESTS and order_id is not None):
        raise Unreadable(f"a stop is {status} and its order is {order_id}")
    lots = signed(lots_of(decimal_of(row, _ALGO.size), intent.instrument), side)
    stop = VenueStop(
        stop_id=intent.stop_id,
        venue_stop_id=_number(row),
        symbol=intent.instrument.symbol,
        lots=lots,
        trigger_price=decimal_of(row, "slTriggerPx"),
        state=SeenStop.WITHDRAWN if status in _OVER else SeenStop.RESTING,
        order=None,
        status=status,
    )
    triggered = order_id is not None and field(row, "triggerTime") != ""
    at = instant_of(row, "triggerTime") if triggered else None
    return ToldStop(stop=stop, order_id=order_id, triggered_at=at)


def _require_kind(row: Row) -> None:
    """Refuse a stop of another kind than is placed.

    Raises:
        Unreadable: it is one.

    """
    kind = tuple(text_of(row, name) for name in ("ordType", "slTriggerPxType", "reduceOnly"))
    if kind != (KIND, TRIGGERED_BY, "true") or decimal_of(row, "slOrdPx") != Decimal(AT_MARKET):
        raise Unreadable("the stop of our name is of another kind")
    if number_of(row, "tpTriggerPx") or number_of(row, "closeFraction"):
        raise Unreadable("the stop of our name takes profit, or closes a part")


def _became(row: Row) -> VenueOrderId | None:
    """Return the order that a stop became; None where it became none.

    Raises:
        Unreadable: it became several, or the list of them is none.

    """
    listed = field(row, "ordIdList")
    if not isinstance(listed, list) or len(listed) > 1:
        raise Unreadable("a stop was split, or does not say what it became")
    latest = row.get("ordId", "")
    if not listed and latest == "":
        return None
    if listed and latest not in ("", listed[0]):
        raise Unreadable("a stop names two orders")
    return order_id_in({FIELDS.order_id: listed[0] if listed else latest}, FIELDS)


def fired_order_in(
    row: Row, intent: StopIntent, *, market_id: str, ended: Collection[str]
) -> FiredOrder:
    """Read the order that a stop became, as orders are told.

    Raises:
        Unreadable: it is of another market, side or stop, or does not say what was executed.

    """
    side = side_of(row)
    if text_of(row, "instId") != market_id or (side is Side.BUY) != (intent.lots > 0):
        raise Unreadable("the answer is of another order")
    if row.get(_ALGO.client_id, "") not in ("", intent.stop_id):
        raise Unreadable("the order is of another stop")
    status = text_of(row, FIELDS.status)
    if status not in {*ended, "live", "partially_filled"}:
        raise Unreadable(f"an order is {status}")
    filled = signed(lots_of(decimal_of(row, FIELDS.filled), intent.instrument), side)
    if abs(filled) > abs(intent.lots):
        raise Unreadable(f"an order of {intent.lots} has filled {filled}")
    return FiredOrder(
        venue_order_id=order_id_in(row, FIELDS), filled_lots=filled, ended=status in ended
    )


def fired_by(row: Row, intent: StopIntent, order: FiredOrder) -> VenueStop:
    """Return the stop of *intent* by the order that bears its name, where it shows itself no more.

    Raises:
        Unreadable: the order does not say which stop it was.

    """
    require_name(row, intent)
    return VenueStop(
        stop_id=intent.stop_id,
        venue_stop_id=_number(row),
        symbol=intent.instrument.symbol,
        lots=intent.lots,
        trigger_price=intent.trigger_price,
        state=SeenStop.FIRED,
        order=order,
        status="order",
    )


def executed_order(order_id: VenueOrderId, intent: StopIntent, fills: Iterable[Fill]) -> FiredOrder:
    """Return an order that shows no more by its executions; without any it filled nothing.

    Raises:
        Unreadable: they are of another side, or of more than was ordered.

    """
    ours = tuple(fill for fill in fills if fill.venue_order_id == order_id)
    if {fill.side for fill in ours} - {Side.BUY if intent.lots > 0 else Side.SELL}:
        raise Unreadable("executions of the order that a stop became are of the other side")
    with exact_arithmetic():
        units = sum((fill.quantity for fill in ours), ZERO)
    sign = 1 if intent.lots > 0 else -1
    filled = Lots(sign * lots_of(contracts(units, intent.instrument), intent.instrument))
    if abs(filled) > abs(intent.lots):
        raise Unreadable("more was executed than the stop has")
    return FiredOrder(venue_order_id=order_id, filled_lots=filled, ended=True)


def listed_of(order: OpenOrder) -> ListedStop:
    """Return what waits, whoever placed it, as a stop; it waits at the dearest of its prices."""
    return ListedStop(
        symbol=order.symbol,
        stop_id=StopId(order.client_order_id),
        venue_stop_id=VenueStopId(order.venue_order_id),
        lots=order.lots,
        trigger_price=order.limit_price,
        reduce_only=order.reduce_only,
    )


def most_at_market(row: Row) -> Decimal:
    """Return how much of a contract one stop at market may be of, without being split; contracts.

    Raises:
        Unreadable: the market does not say.

    """
    return min(decimal_of(row, "maxMktSz"), decimal_of(row, "maxStopSz"))
