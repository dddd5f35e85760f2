"""Orders and executions as Binance writes them, read as ours. Pure.

A contract of its linear markets is one base unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trimtab.adapters.frame.units import base_units, lots_of, side_of, signed
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    field,
    instant_of,
    integer_of,
    mapping_of,
    text_of,
)
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.instruments import Asset, Instrument, Symbol
from trimtab.domain.orders import (
    ClientOrderId,
    Fill,
    OrderIntent,
    Side,
    TradeId,
    VenueOrder,
    VenueOrderId,
)
from trimtab.domain.snapshot import OpenOrder


def order_of(
    answer: object, intent: OrderIntent, *, market_id: str, ended: frozenset[str]
) -> VenueOrder:
    """Read an order, which must be the one of *intent*.

    Raises:
        Unreadable: it is another one, has no id, or does not say what was executed.

    """
    row = mapping_of(answer)
    side = side_of(row)
    told = (text_of(row, "clientOrderId"), text_of(row, "symbol"), side)
    if told != (intent.client_order_id, market_id, intent.side):
        raise Unreadable("the answer is of another order")
    status = text_of(row, "status")
    return VenueOrder(
        client_order_id=intent.client_order_id,
        venue_order_id=venue_order_id(row),
        symbol=intent.instrument.symbol,
        lots=signed(lots_of(decimal_of(row, "origQty"), intent.instrument), side),
        filled_lots=signed(lots_of(decimal_of(row, "executedQty"), intent.instrument), side),
        ended=status in ended,
        status=status,
    )


def venue_order_id(row: Mapping[str, Any]) -> VenueOrderId:
    """Return the venue's id of an order or of a trade's order.

    Raises:
        Unreadable: there is none.

    """
    number = integer_of(row, "orderId")
    if number <= 0:
        raise Unreadable("orderId is not an id")
    return VenueOrderId(str(number))


def open_order_of(row: Mapping[str, Any], instrument: Instrument) -> OpenOrder:
    """Read a resting order; one that waits for a trigger has its trigger as its limit.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    with exact_arithmetic():
        rest = decimal_of(row, "origQty") - decimal_of(row, "executedQty")
    limit_price = decimal_of(row, "price") or decimal_of(row, "stopPrice")
    return OpenOrder(
        symbol=instrument.symbol,
        client_order_id=ClientOrderId(text_of(row, "clientOrderId")),
        venue_order_id=venue_order_id(row),
        lots=signed(lots_of(rest, instrument), side_of(row)),
        limit_price=limit_price,
        reduce_only=row.get("reduceOnly") is True,
    )


def fill_of(
    row: Mapping[str, Any],
    instrument: Instrument,
    names: Mapping[tuple[Symbol, VenueOrderId], ClientOrderId],
) -> Fill:
    """Read an execution; *names* are the orders whose client id is known.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    buyer = field(row, "buyer" if instrument.is_contract else "isBuyer")
    if not isinstance(buyer, bool):
        raise Unreadable("the side of a trade is missing")
    order_id = venue_order_id(row)
    return Fill(
        symbol=instrument.symbol,
        trade_id=TradeId(str(integer_of(row, "id"))),
        venue_order_id=order_id,
        client_order_id=names.get((instrument.symbol, order_id)),
        side=Side.BUY if buyer else Side.SELL,
        quantity=base_units(decimal_of(row, "qty"), instrument),
        fill_price=decimal_of(row, "price"),
        fee=decimal_of(row, "commission"),
        fee_asset=Asset(text_of(row, "commissionAsset")),
        filled_at=instant_of(row, "time"),
    )
