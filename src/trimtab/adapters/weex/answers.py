"""Orders, executions, the wallet and markets as WEEX v3 writes them. Pure.

Each function reads one answer whole: a row that cannot be read makes the answer unreadable,
never shorter. Spot only: sizes are base units. Sources: WEEX API v3 "Get Order Details", "Get
Trade History", "Get Account Information", "Exchange information", 2026-03; that a fee is taken
from what is received is ccxt's reading (4.5.90, weex.parse_trade).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.order_rows import (
    OrderFields,
    open_order_in,
    order_id_in,
    order_in,
    received_id_in,
)
from trimtab.adapters.frame.received_orders import received
from trimtab.adapters.frame.timed_fills import risen_trade_id
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    fee_of,
    field,
    instant_of,
    integer_of,
    mapping_of,
    rows_of,
    text_of,
)
from trimtab.domain.exact import ONE, ZERO, ceil_times, exact_arithmetic, floor_times
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.orders import (
    ClientOrderId,
    Fill,
    OrderIntent,
    Side,
    VenueOrder,
    VenueOrderId,
)
from trimtab.domain.snapshot import Balance, OpenOrder, PriceBand

FIELDS: Final = OrderFields(
    client_id="clientOrderId",
    order_id="orderId",
    order_id_pattern=re.compile(r"[0-9]{1,64}"),
    size="origQty",
    filled="executedQty",
    status="status",
)
_NOT_THERE: Final = "FAILED_ORDER_NOT_FOUND"
_CANCELLED: Final = frozenset({"CANCELED", "CANCELLED"})
_FEE_MAX: Final = Decimal("0.01")
"""Of what is received; a fee above it is in another coin, or none."""
_BOUND_MAX: Final = Decimal("0.99")
"""A limit is never said to be taken at nothing, however far a market reaches."""

Names = Mapping[tuple[Symbol, VenueOrderId], ClientOrderId]
"""Orders whose client id is known: executions do not carry it."""


def order_row(answer: object) -> Row:
    """Return one order with its number as text, as the readers of rows want it.

    Raises:
        Unreadable: it is none, or has no number.

    """
    row = mapping_of(answer)
    return {**row, "orderId": str(integer_of(row, "orderId"))}


def order_rows(answer: object) -> tuple[Row, ...]:
    """Return the orders of a list; raises like :func:`order_row`."""
    return tuple(order_row(row) for row in rows_of(answer))


def placed_order(answer: object, intent: OrderIntent) -> VenueOrder:
    """Return the order of *intent* as its answer tells it: received, and no more.

    Raises:
        Unreadable: it is another order, or has no id.

    """
    return received(intent, received_id_in(order_row(answer), FIELDS, intent))


def order_of(row: Row, intent: OrderIntent, *, market_id: str, ended: frozenset[str]) -> VenueOrder:
    """Read an order, which must be the one of *intent*; raises Unreadable."""
    return order_in(row, FIELDS, intent, market_id=market_id, ended=ended)


def open_order_of(row: Row, instrument: Instrument) -> OpenOrder:
    """Read a resting order.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    price = decimal_of(row, "price")
    return open_order_in(row, FIELDS, instrument, limit_price=price, reduce_only=False)


def client_id_of(row: Row) -> tuple[VenueOrderId, ClientOrderId]:
    """Return the two names of an order.

    Raises:
        Unreadable: one of them is missing.

    """
    return order_id_in(row, FIELDS), ClientOrderId(text_of(row, FIELDS.client_id))


def cancelled_id(answer: object) -> VenueOrderId:
    """Return of which order an answer says that it rests no more: cancelled now, or not there.

    Raises:
        Unreadable: it says neither.

    """
    row = order_row(answer)
    is_gone = row.get("errorMsg") == _NOT_THERE
    if not is_gone and text_of(row, "status") not in _CANCELLED:
        raise Unreadable("the order is not said to be cancelled")
    return order_id_in(row, FIELDS)


def fill_of(row: Row, instrument: Instrument, names: Names) -> Fill:
    """Read an execution; *names* are the orders whose client id is known.

    Raises:
        Unreadable: a field is missing or wrong, or the fee is none in what is received.

    """
    buys = field(row, "isBuyer")
    if not isinstance(buys, bool):
        raise Unreadable("isBuyer is neither true nor false")
    quantity, fee = decimal_of(row, "qty"), decimal_of(row, "commission")
    with exact_arithmetic():
        most = _FEE_MAX * (quantity if buys else decimal_of(row, "quoteQty"))
    if not 0 <= fee <= most:
        raise Unreadable("commission is no fee in what was received")
    order_id = VenueOrderId(str(integer_of(row, "orderId")))
    return Fill(
        symbol=instrument.symbol,
        trade_id=risen_trade_id(integer_of(row, "time"), str(integer_of(row, "id"))),
        venue_order_id=order_id,
        client_order_id=names.get((instrument.symbol, order_id)),
        side=Side.BUY if buys else Side.SELL,
        quantity=quantity,
        fill_price=decimal_of(row, "price"),
        fee=fee,
        fee_asset=instrument.base if buys else instrument.quote,
        filled_at=instant_of(row, "time"),
    )


def balances_of(answer: object) -> Mapping[Asset, Balance]:
    """Read the wallet; coins of which nothing is held are left out.

    Raises:
        Unreadable: a field is missing or wrong, or a balance is negative.

    """
    balances = {}
    for row in rows_of(field(mapping_of(answer), "balances")):
        free, locked = decimal_of(row, "free"), decimal_of(row, "locked")
        if free < 0 or locked < 0:
            raise Unreadable(f"a balance of {text_of(row, 'asset')} is negative")
        if free or locked:
            balances[Asset(text_of(row, "asset"))] = Balance(free=free, locked=locked)
    return balances


def markets_of(answer: object) -> dict[Symbol, Row]:
    """Return the markets of the list by symbol.

    Raises:
        Unreadable: a row has no name.

    """
    rows = rows_of(field(mapping_of(answer), "symbols"))
    return {_pair(row): row for row in rows if text_of(row, "symbol")}


def _pair(row: Row) -> Symbol:
    """Return base and quote of a market."""
    return Symbol(f"{text_of(row, 'baseAsset')}/{text_of(row, 'quoteAsset')}")


def instrument_of(row: Row, *, taker_fee: Decimal) -> Instrument:
    """Read a market. What a taker pays is told there; *taker_fee* counts where it is more.

    No least value is told, only a least quantity.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    lot_size, quote = decimal_of(row, "stepSize"), Asset(text_of(row, "quoteAsset"))
    if lot_size <= 0:
        raise Unreadable("stepSize is not positive")
    return Instrument(
        symbol=_pair(row),
        kind=MarketKind.SPOT,
        base=Asset(text_of(row, "baseAsset")),
        quote=quote,
        settle=quote,
        lot_size=lot_size,
        tick_size=decimal_of(row, "tickSize"),
        lots_min=max(1, ceil_times(lot_size, decimal_of(row, "minTradeAmount"))),
        lots_max=floor_times(lot_size, decimal_of(row, "maxTradeAmount")),
        notional_min=ZERO,
        notional_min_reduce_only=ZERO,
        contract_size=ONE,
        taker_fee=max(taker_fee, fee_of(row, "takerFeeRate")),
        tradable=text_of(row, "status") == "TRADING" and _is_enabled(row),
        expires_at=None,
    )


def _is_enabled(row: Row) -> bool:
    """Say whether a market may be traded."""
    told: Any = field(row, "enableTrade")
    if not isinstance(told, bool):
        raise Unreadable("enableTrade is neither true nor false")
    return told


def price_band_of(row: Row) -> PriceBand:
    """Read between which multiples of its price a market takes limits.

    It tells how far a buy and how far a sell may be off; both ways are bounded alike, which errs
    to the safe side.

    Raises:
        Unreadable: what it says is no ratio.

    """
    buys, sells = (decimal_of(row, f"{side}LimitPriceRatio") for side in ("buy", "sell"))
    if min(buys, sells) <= 0:
        raise Unreadable("a ratio that limits prices is not positive")
    buys, sells = min(buys, _BOUND_MAX), min(sells, _BOUND_MAX)
    with exact_arithmetic():
        return PriceBand(
            buy_low=ONE - buys, buy_high=ONE + buys, sell_low=ONE - sells, sell_high=ONE + sells
        )
