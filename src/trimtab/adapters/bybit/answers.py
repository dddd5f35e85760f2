"""Orders, executions, wallets and markets as Bybit v5 writes them. Pure.

Each function reads one answer whole: a row that cannot be read makes the answer unreadable,
never shorter. Sizes are base units. What is of contracts alone is in modules beside it. Sources:
Bybit API v5 "Get Open & Closed Orders",
"Get Trade History", "Get Wallet Balance", "Get Instruments Info", "Get API Key Information", 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from trimtab.adapters.frame.order_rows import (
    OrderFields,
    dearest,
    dearest_told,
    lots_worth,
    name_in,
    open_order_in,
    order_id_in,
    price_told,
    received_id_in,
)
from trimtab.adapters.frame.received_orders import received
from trimtab.adapters.frame.timed_fills import risen_trade_id
from trimtab.adapters.frame.units import side_of
from trimtab.adapters.wire.exact import (
    Unreadable,
    Unserved,
    decimal_of,
    fee_of,
    field,
    instant_of,
    integer_of,
    mapping_of,
    rows_of,
    text_of,
    words_of,
)
from trimtab.domain.exact import ONE, ceil_times, exact_arithmetic, floor_times, plain
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.orders import (
    Fill,
    OrderIntent,
    Side,
    TradeId,
    VenueOrder,
    VenueOrderId,
)
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.domain.snapshot import Balance, OpenOrder, PriceBand

Row = Mapping[str, Any]
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NUMBERS: Final = 10**20
_ROUNDED: Final = Decimal("0.000001")
"""How far the parts of a coin's worth may be from the whole by rounding, as a fraction of them."""
FIELDS: Final = OrderFields(
    client_id="orderLinkId",
    order_id="orderId",
    order_id_pattern=re.compile(r"[A-Za-z0-9-]{1,64}"),
    size="qty",
    filled="cumExecQty",
    status="orderStatus",
)


def result_of(answer: object) -> Row:
    """Return what an answer of v5 is about.

    Raises:
        Unreadable: it has no result, or is none of success.

    """
    told = mapping_of(answer)
    if field(told, "retCode") != 0:
        raise Unreadable("retCode is not 0")
    return mapping_of(field(told, "result"))


def rows_in(answer: object) -> tuple[Row, ...]:
    """Return the list of an answer; raises like :func:`result_of`."""
    return rows_of(field(result_of(answer), "list"))


def page_of(answer: object) -> tuple[tuple[Row, ...], str]:
    """Return the list of an answer and the cursor of the next page, empty at the end.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    cursor = field(result_of(answer), "nextPageCursor")
    if not isinstance(cursor, str):
        raise Unreadable("nextPageCursor is not text")
    return rows_in(answer), cursor


def placed_order(answer: object, intent: OrderIntent) -> VenueOrder:
    """Return the order of *intent*, of which the answer says that it was received.

    Raises:
        Unreadable: it is another order, or has no id.

    """
    return received(intent, received_id_in(result_of(answer), FIELDS, intent))


def cancelled_id(answer: object) -> VenueOrderId:
    """Return the venue's id of the order that is cancelled.

    Raises:
        Unreadable: there is none.

    """
    return order_id_in(result_of(answer), FIELDS)


def open_order_of(row: Row, instrument: Instrument) -> OpenOrder:
    """Read a resting order; one that waits counts at the dearer of its trigger and its limit.

    One of coins that goes to the market then may say what it spends or brings instead of its size.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    price = decimal_of(row, "price")
    trigger = price_told(row, "triggerPrice") if price else decimal_of(row, "triggerPrice")
    limit_price = dearest_told((price, trigger), side_of(row))
    if not instrument.is_contract and _is_valued(row):
        value = decimal_of(row, FIELDS.size)
        lots = lots_worth(instrument, value=value, price=dearest((limit_price,), side_of(row)))
        row = {**row, FIELDS.size: instrument.units(lots)}
    reduces = instrument.is_contract and field(row, "reduceOnly")
    if not isinstance(reduces, bool):
        raise Unreadable("reduceOnly is not a truth value")
    return open_order_in(row, FIELDS, instrument, limit_price=limit_price, reduce_only=reduces)


def _is_valued(row: Row) -> bool:
    """Say whether the size of an order of coins is a value: that of a market buy usually is.

    Raises:
        Unreadable: it is not known in what it is.

    """
    if row.get("orderType") != "Market":
        return False
    unit = row.get("marketUnit", "")
    if unit not in ("", "baseCoin", "quoteCoin"):
        raise Unreadable("marketUnit is not known")
    return unit == "quoteCoin" or (not unit and side_of(row) is Side.BUY)


def fill_of(row: Row, instrument: Instrument) -> Fill:
    """Read an execution.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    name = name_in(row, FIELDS)
    return Fill(
        symbol=instrument.symbol,
        trade_id=trade_id_of(row, is_contract=instrument.is_contract),
        venue_order_id=order_id_in(row, FIELDS),
        client_order_id=name or None,
        side=side_of(row),
        quantity=decimal_of(row, "execQty"),
        fill_price=decimal_of(row, "execPrice"),
        fee=decimal_of(row, "execFee"),
        fee_asset=_fee_asset(row, instrument),
        filled_at=instant_of(row, "execTime"),
    )


def trade_id_of(row: Row, *, is_contract: bool) -> TradeId:
    """Return the name of an execution, which rises with time.

    Those of coins have a number; those of contracts a name of 128 bits, of which as much is taken
    as a number has room for. Two of one millisecond that come to the same number would be
    unreadable, and not one.

    Raises:
        Unreadable: it has neither.

    """
    number = text_of(row, "execId")
    if is_contract and _UUID.fullmatch(number):
        number = str(int(number.replace("-", ""), 16) % _NUMBERS)
    return risen_trade_id(integer_of(row, "execTime"), number)


def _fee_asset(row: Row, instrument: Instrument) -> Asset:
    """Return what a fee was paid in; contracts may leave it out, and pay in what they settle in."""
    told = field(row, "feeCurrency")
    if told == "" and instrument.is_contract:
        return instrument.settle
    return Asset(text_of(row, "feeCurrency"))


def balances_of(answer: object) -> Mapping[Asset, Balance]:
    """Read the unified wallet as one of coins; those of which nothing is held are left out.

    Raises:
        Unreadable: a field is missing or wrong.
        Unserved: a coin is owed, backs a position, or has worth that is no balance.

    """
    (account,) = rows_in(answer) or (None,)
    balances = {}
    for row in rows_of(field(mapping_of(account), "coin")):
        coin = text_of(row, "coin")
        held, locked = decimal_of(row, "walletBalance"), decimal_of(row, "locked")
        require_own(row)
        if any(_bound(row, name) for name in ("totalPositionIM", "totalOrderIM", "unrealisedPnl")):
            raise Unserved(
                f"{coin} backs contracts, and only coins are read",
                mend='close them, or add "swap" to venue.markets',
            )
        with exact_arithmetic():
            free = held - locked
        if free < 0 or locked < 0:
            raise Unreadable(f"a balance of {coin} is negative")
        if free or locked:
            balances[Asset(coin)] = Balance(free=free, locked=locked)
    return balances


def require_own(row: Row) -> None:
    """Refuse a coin that is owed, or that is worth more than there is of it.

    Options that were bought bind nothing and have no margin: only their worth shows.

    Raises:
        Unreadable: a field is missing or wrong.
        Unserved: as above.

    """
    coin = text_of(row, "coin")
    if decimal_of(row, "borrowAmount") or decimal_of(row, "spotBorrow"):
        raise Unserved(f"{coin} is borrowed", mend="pay it back")
    held, profit = decimal_of(row, "walletBalance"), decimal_of(row, "unrealisedPnl")
    with exact_arithmetic():
        more = decimal_of(row, "equity") - held - profit
        if abs(more) > _ROUNDED * (abs(held) + abs(profit) + ONE):
            raise Unserved(
                f"{plain(more)} {coin} is worth of options or a bonus, and no balance",
                mend="close the options, or use an account without",
            )


def _bound(row: Row, name: str) -> Decimal | int:
    """Return how much of a coin backs contracts; the venue writes nothing for isolated margin."""
    return 0 if field(row, name) == "" else decimal_of(row, name)


def instrument_of(row: Row, *, taker_fee: Decimal) -> Instrument:
    """Read a market.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    sizes, prices = mapping_of(field(row, "lotSizeFilter")), mapping_of(field(row, "priceFilter"))
    base, quote = Asset(text_of(row, "baseCoin")), Asset(text_of(row, "quoteCoin"))
    lot_size = decimal_of(sizes, "basePrecision")
    if lot_size <= 0:
        raise Unreadable("basePrecision is not positive")
    return Instrument(
        symbol=Symbol(f"{base}/{quote}"),
        kind=MarketKind.SPOT,
        base=base,
        quote=quote,
        settle=quote,
        lot_size=lot_size,
        tick_size=decimal_of(prices, "tickSize"),
        lots_min=max(1, ceil_times(lot_size, decimal_of(sizes, "minOrderQty"))),
        lots_max=floor_times(lot_size, decimal_of(sizes, "maxOrderQty")),
        notional_min=decimal_of(sizes, "minOrderAmt"),
        notional_min_reduce_only=decimal_of(sizes, "minOrderAmt"),
        contract_size=ONE,
        taker_fee=taker_fee,
        tradable=text_of(row, "status") == "Trading",
        expires_at=None,
    )


def price_band_of(row: Row) -> PriceBand | None:
    """Read between which multiples of its price a market surely takes limits; None: it is silent.

    The venue may take more: it widens the nearer of its two bounds when the market moves.

    Raises:
        Unreadable: what it says is no ratio.

    """
    bounds = mapping_of(row.get("riskParameters", {}))
    if "priceLimitRatioX" not in bounds:
        return None
    near = decimal_of(bounds, "priceLimitRatioX")
    if not 0 < near < 1:
        raise Unreadable("priceLimitRatioX is no ratio")
    with exact_arithmetic():
        low, high = ONE - near, ONE + near
    return PriceBand(buy_low=low, buy_high=high, sell_low=low, sell_high=high)


def taker_fee_of(answer: object, market_id: str) -> Decimal:
    """Read what a taker pays in a market, fraction of value.

    Raises:
        Unreadable: it does not say, or of another market.

    """
    for row in rows_in(answer):
        if text_of(row, "symbol") == market_id:
            return fee_of(row, "takerFeeRate")
    raise Unreadable(f"no fee of {market_id}")


def key_rights_of(answer: object, *, use: KeyUse, borrows: bool) -> KeyRights:
    """Read the rights of a key that is in *use*, in an account that *borrows* or does not.

    Raises:
        Unreadable: one of them is missing.

    """
    row = result_of(answer)
    allowed = {name: _words(words) for name, words in mapping_of(field(row, "permissions")).items()}
    reads_only = integer_of(row, "readOnly")
    if reads_only not in {0, 1}:
        raise Unreadable("readOnly is neither 0 nor 1")
    trades, wallet = not reads_only, allowed.get("Wallet", frozenset())
    contracts = allowed.get("ContractTrade", frozenset()) | allowed.get("Derivatives", frozenset())
    addresses = _words(field(row, "ips"))
    return KeyRights(
        use=use,
        reads=True,
        trades_spot=trades and "SpotTrade" in allowed.get("Spot", frozenset()),
        trades_futures=trades and bool(contracts),
        withdraws="Withdraw" in wallet,
        transfers_out="SubMemberTransfer" in wallet,
        transfers_within="AccountTransfer" in wallet,
        borrows=trades and borrows,
        trades_options=trades and bool(allowed.get("Options")),
        is_bound_to_ip=bool(addresses) and "*" not in addresses,
        wallet=f"bybit {integer_of(row, 'userID')}" if "userID" in row else "",
    )


def _words(value: object) -> frozenset[str]:
    """Return a list of words, none where the venue writes null.

    Raises:
        Unreadable: it is none.

    """
    return frozenset() if value is None else words_of(value, "a list of words")


def is_margin_on(answer: object) -> bool:
    """Read whether spot orders of the account may borrow.

    Raises:
        Unreadable: it does not say.

    """
    mode = text_of(result_of(answer), "spotMarginMode")
    if mode not in {"0", "1"}:
        raise Unreadable("spotMarginMode is neither 0 nor 1")
    return mode == "1"
