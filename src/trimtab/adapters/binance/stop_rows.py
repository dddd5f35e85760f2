"""Conditional orders as Binance USD-M writes them, read as ours. Pure.

Source: as in :mod:`trimtab.adapters.binance.stops`. Prices are quote per base unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from trimtab.adapters.binance.orders import venue_order_id
from trimtab.adapters.frame.order_rows import dearest, price_told
from trimtab.adapters.frame.units import lots_of, side_of, signed
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    field,
    instant_of,
    integer_of,
    mapping_of,
    rows_of,
    text_of,
)
from trimtab.domain.instruments import Instrument, Lots
from trimtab.domain.orders import ClientOrderId, Side, VenueOrderId
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

KIND: Final = "STOP_MARKET"
"""What is placed, and the only kind that is read as one of ours."""
TRIGGERED_BY: Final = "MARK_PRICE"
"""What triggers it."""
RESTS: Final = "NEW"
"""Status of one that waits."""
NO_ORDER: Final = frozenset({"CANCELED", "EXPIRED", "REJECTED"})
"""Statuses of what rests no more; one that had become an order names it all the same."""
UNDER_WAY: Final = "TRIGGERING"
"""Status of one on its way into the books, where it may still be turned down."""
_BECAME: Final = frozenset({"TRIGGERED", "FINISHED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldStop:
    """What the service says of one stop of ours."""

    stop: VenueStop
    """As it stands, but as resting when it became an order."""
    order_id: VenueOrderId | None
    """The order that it became."""
    triggered_at: datetime
    """1970 where it was not."""


def told_in(row: Mapping[str, Any], intent: StopIntent, market_id: str) -> ToldStop:
    """Read a stop.

    Raises:
        Unreadable: it is another one, of another kind, or in a state that is not known.

    """
    side, status = side_of(row), text_of(row, "algoStatus")
    of_kind = (text_of(row, "orderType"), text_of(row, "workingType"), row.get("reduceOnly"))
    if (text_of(row, "clientAlgoId"), text_of(row, "symbol")) != (intent.stop_id, market_id):
        raise Unreadable("the answer is of another stop")
    if of_kind != (KIND, TRIGGERED_BY, True) or row.get("closePosition") is not False:
        raise Unreadable("the stop of our name is of another kind")
    order_id = _became(row)
    if status in _BECAME and order_id is None:
        raise Unreadable(f"a stop is {status} and names no order")
    if status not in _BECAME | NO_ORDER | {RESTS, UNDER_WAY}:
        raise Unreadable(f"a stop is {status}")
    return ToldStop(
        stop=VenueStop(
            stop_id=intent.stop_id,
            venue_stop_id=_number(row),
            symbol=intent.instrument.symbol,
            lots=signed(lots_of(decimal_of(row, "quantity"), intent.instrument), side),
            trigger_price=decimal_of(row, "triggerPrice"),
            state=SeenStop.WITHDRAWN if status in NO_ORDER else SeenStop.RESTING,
            order=None,
            status=status,
        ),
        order_id=order_id,
        triggered_at=instant_of(row, "triggerTime"),
    )


def _became(row: Mapping[str, Any]) -> VenueOrderId | None:
    """Return the order that a stop became; the field is empty, or 0, where it became none.

    Raises:
        Unreadable: the field is missing, or no number.

    """
    if field(row, "actualOrderId") == "":
        return None
    number = integer_of(row, "actualOrderId")
    if number < 0:
        raise Unreadable("actualOrderId is not an id")
    return VenueOrderId(str(number)) if number else None


def _number(row: Mapping[str, Any]) -> VenueStopId:
    """Return the venue's number of a stop.

    Raises:
        Unreadable: there is none.

    """
    number = integer_of(row, "algoId")
    if number <= 0:
        raise Unreadable("algoId is not an id")
    return VenueStopId(str(number))


def fired_order_in(
    answer: object,
    intent: StopIntent,
    named: tuple[str, VenueOrderId],
    *,
    ended: frozenset[str],
) -> FiredOrder:
    """Read the order that a stop became, which is of the *named* market and number.

    Raises:
        Unreadable: it is another order, or does not say what was executed.

    """
    row = mapping_of(answer)
    side = side_of(row)
    if (text_of(row, "symbol"), venue_order_id(row)) != named or (side is Side.BUY) != (
        intent.lots > 0
    ):
        raise Unreadable("the answer is of another order")
    return FiredOrder(
        venue_order_id=named[1],
        filled_lots=signed(lots_of(decimal_of(row, "executedQty"), intent.instrument), side),
        ended=text_of(row, "status") in ended,
    )


def listed_in(row: Mapping[str, Any], instrument: Instrument) -> ListedStop:
    """Read a conditional order that rests, of whatever kind; one that trails has where it begins.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    closes_all = field(row, "closePosition") is True
    lots = 0 if closes_all else lots_of(decimal_of(row, "quantity"), instrument)
    price = decimal_of(row, "triggerPrice") or decimal_of(row, "activatePrice")
    if price <= 0:
        raise Unreadable("a conditional order that waits for no price")
    return ListedStop(
        symbol=instrument.symbol,
        stop_id=StopId(text_of(row, "clientAlgoId")),
        venue_stop_id=_number(row),
        lots=signed(lots, side_of(row)),
        trigger_price=price,
        reduce_only=closes_all or row.get("reduceOnly") is True,
    )


def word_in(answer: object) -> str:
    """Return the state of whatever is there under a name."""
    return text_of(mapping_of(answer), "algoStatus")


def names_in(answer: object) -> Mapping[str, VenueStopId]:
    """Return the names in a list of stops, with the venue's numbers."""
    return {text_of(row, "clientAlgoId"): _number(row) for row in rows_of(answer)}


def open_stop_in(row: Mapping[str, Any], instrument: Instrument, *, held: Lots) -> OpenOrder:
    """Read one as a resting order; one without a size closes what is *held*.

    It counts at its trigger, or at the limit that it has from then on where that is dearer.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    stop, side = listed_in(row, instrument), side_of(row)
    return OpenOrder(
        symbol=stop.symbol,
        client_order_id=ClientOrderId(stop.stop_id),
        venue_order_id=VenueOrderId(stop.venue_stop_id),
        lots=stop.lots or _closing(held, side),
        limit_price=dearest((stop.trigger_price, price_told(row, "price")), side),
        reduce_only=stop.reduce_only,
    )


def _closing(held: Lots, side: Side) -> Lots:
    """Return what an order of *side* takes off a position when it closes it; 0 the wrong way."""
    return Lots(-held) if (held > 0) == (side is Side.SELL) else Lots(0)
