"""Orders, executions, the wallet and markets as Deribit v2 writes them. Pure.

Each function reads one answer whole: a row that cannot be read makes the answer unreadable,
never shorter. Sizes are base units, those of linear contracts too; what is of contracts alone is in
modules beside it. Numbers are JSON numbers, read by their digits.
Sources: docs.deribit.com "private/buy", "private/get_user_trades_by_instrument_and_time",
"private/get_account_summaries", "public/get_instruments", "private/list_api_keys", 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.order_rows import (
    OrderFields,
    dearest,
    open_order_in,
    order_id_in,
    order_in,
)
from trimtab.adapters.frame.timed_fills import risen_trade_id
from trimtab.adapters.frame.units import side_of
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
    words_of,
)
from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, ratio
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.orders import ClientOrderId, Fill, OrderIntent, VenueOrder, VenueOrderId
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.domain.snapshot import Balance, OpenOrder, PriceBand

FIELDS: Final = OrderFields(
    client_id="label",
    order_id="order_id",
    order_id_pattern=re.compile(r"[A-Za-z0-9_-]{1,64}"),
    size="amount",
    filled="filled_amount",
    status="order_state",
)
_TRADE: Final = re.compile(r"(?:[A-Z0-9_]+-)?([0-9]{1,20})", re.ASCII)
_TRADING: Final = frozenset({"trade:read_write", "block_trade:read_write", "block_rfq:read_write"})
LOTS_MAX: Final = 10**12
"""The venue names no largest order; limits of value are the gate's."""
PERPETUAL: Final = "-PERPETUAL"
"""How names of perpetuals end."""


def result_of(answer: object) -> Any:  # noqa: ANN401 -- JSON is what it is until it is read.
    """Return what an answer is about.

    Raises:
        Unreadable: it has no result.

    """
    return field(mapping_of(answer), "result")


def order_row(row: Row) -> Row:
    """Return an order as the readers of rows want it: market and side under their usual names.

    Raises:
        Unreadable: one of them is missing.

    """
    return {
        **row,
        "symbol": text_of(row, "instrument_name"),
        "side": text_of(row, "direction"),
    }


def one_order(answer: object) -> Row:
    """Return the one order of an answer; raises Unreadable."""
    return order_row(mapping_of(result_of(answer)))


def orders_in(answer: object) -> tuple[Row, ...]:
    """Return the orders of an answer; raises Unreadable."""
    return tuple(order_row(row) for row in rows_of(result_of(answer)))


def order_of(row: Row, intent: OrderIntent, *, market_id: str, ended: frozenset[str]) -> VenueOrder:
    """Read an order, which must be the one of *intent*; raises Unreadable."""
    return order_in(row, FIELDS, intent, market_id=market_id, ended=ended)


def placed_order(answer: object, intent: OrderIntent, *, ended: frozenset[str]) -> VenueOrder:
    """Read the order of *intent* from the answer to it, which says what became of it so far.

    Raises:
        Unreadable: it is another order, or does not say what was executed.

    """
    row = order_row(mapping_of(field(mapping_of(result_of(answer)), "order")))
    return order_of(row, intent, market_id=market_name(intent.instrument), ended=ended)


def market_name(instrument: Instrument) -> str:
    """Return what the venue calls a market of coins or a linear perpetual."""
    pair = f"{instrument.base}_{instrument.quote}"
    return f"{pair}{PERPETUAL}" if instrument.is_contract else pair


def cancelled_id(answer: object) -> VenueOrderId:
    """Return which order an answer shows as cancelled.

    Raises:
        Unreadable: it is not.

    """
    row = one_order(answer)
    if text_of(row, "order_state") != "cancelled":
        raise Unreadable("the order is not said to be cancelled")
    return order_id_in(row, FIELDS)


def open_order_of(row: Row, instrument: Instrument) -> OpenOrder:
    """Read a resting order; one that waits counts at the dearer of its trigger and its limit.

    Of one that waits it is not told what was executed, and of one that waits for another order no
    trigger.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    waits = text_of(row, "order_state") == "untriggered"
    limit = dearest(_waited_prices(row), side_of(row)) if waits else decimal_of(row, "price")
    reduces = row.get("reduce_only", False)  # Left out where it is about coins.
    if not isinstance(reduces, bool):
        raise Unreadable("reduce_only is not a truth value")
    told = {FIELDS.filled: "0", **row} if waits else row
    return open_order_in(told, FIELDS, instrument, limit_price=limit, reduce_only=reduces)


def _waited_prices(row: Row) -> list[Decimal]:
    """Return the trigger of an order that waits, and its limit if it has one; raises Unreadable."""
    names = ["trigger_price"] if "trigger_price" in row else []
    names += ["price"] if row.get("price") != "market_price" else []
    return [decimal_of(row, name) for name in names]


def client_id_of(row: Row) -> tuple[VenueOrderId, ClientOrderId]:
    """Return the two names of an order; raises Unreadable."""
    return order_id_in(row, FIELDS), ClientOrderId(text_of(row, "label"))


def trades_in(answer: object) -> tuple[tuple[Row, ...], bool]:
    """Return the executions of an answer, and whether there are more.

    Raises:
        Unreadable: it does not say.

    """
    told = mapping_of(result_of(answer))
    has_more = field(told, "has_more")
    if not isinstance(has_more, bool):
        raise Unreadable("has_more is neither true nor false")
    return rows_of(field(told, "trades")), has_more


def trade_number_of(row: Row) -> int:
    """Return the venue's own number of an execution; raises Unreadable."""
    numbered = _TRADE.fullmatch(text_of(row, "trade_id"))
    if numbered is None:
        raise Unreadable("trade_id is no number")
    return int(numbered[1])


def fill_of(row: Row, instrument: Instrument) -> Fill:
    """Read an execution.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    name = row.get("label", "")
    if not isinstance(name, str):
        raise Unreadable("label is not text")
    return Fill(
        symbol=instrument.symbol,
        trade_id=risen_trade_id(integer_of(row, "timestamp"), str(trade_number_of(row))),
        venue_order_id=order_id_in(row, FIELDS),
        client_order_id=ClientOrderId(name) if name else None,
        side=side_of({"side": text_of(row, "direction")}),
        quantity=decimal_of(row, "amount"),
        fill_price=decimal_of(row, "price"),
        fee=decimal_of(row, "fee"),
        fee_asset=Asset(text_of(row, "fee_currency")),
        filled_at=instant_of(row, "timestamp"),
    )


def balances_of(answer: object) -> Mapping[Asset, Balance]:
    """Read every currency as coins; those of which nothing is held are left out.

    Raises:
        Unreadable: a field is missing or wrong, coins back contracts or one another, or a balance
            is negative.

    """
    return coins_in(summaries_in(answer))


def summaries_in(answer: object) -> tuple[Row, ...]:
    """Return what is told of each currency; raises Unreadable."""
    return rows_of(field(mapping_of(result_of(answer)), "summaries"))


def coins_in(rows: Iterable[Row]) -> Mapping[Asset, Balance]:
    """Read currencies that are held as coins; raises like :func:`balances_of`."""
    balances = {}
    for row in rows:
        coin = text_of(row, "currency")
        if field(row, "cross_collateral_enabled") is not False:
            raise Unreadable(f"{coin} stands for other coins; an account of coins alone is read")
        if any(decimal_of(row, name) for name in ("maintenance_margin", "options_value")):
            raise Unreadable(f"{coin} backs contracts; an account of coins alone is read")
        held, free = decimal_of(row, "balance"), decimal_of(row, "available_funds")
        with exact_arithmetic():
            locked = held - free
        if free < 0 or locked < 0:
            raise Unreadable(f"a balance of {coin} is negative")
        if held:
            balances[Asset(coin)] = Balance(free=free, locked=locked)
    return balances


def markets_of(answer: object) -> dict[Symbol, Row]:
    """Return the spot markets of the list by symbol, under the name that other lists have.

    Raises:
        Unreadable: a row has no name.

    """
    return {
        _pair(row): {**row, "symbol": text_of(row, "instrument_name")}
        for row in rows_of(result_of(answer))
        if text_of(row, "kind") == "spot"
    }


def _pair(row: Row) -> Symbol:
    """Return base and quote of a market."""
    return Symbol(f"{text_of(row, 'base_currency')}/{text_of(row, 'quote_currency')}")


def instrument_of(row: Row, *, taker_fee: Decimal) -> Instrument:
    """Read a market. What a taker pays is told there; *taker_fee* counts where it is more.

    Sizes are multiples of the least one, which the venue surely takes. Where ticks differ by price
    the coarsest is taken. A market that is matched on Coinbase Exchange is not traded: it is not
    said that an order is stopped there when its time is over.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    lot_size, quote = decimal_of(row, "min_trade_amount"), Asset(text_of(row, "quote_currency"))
    if lot_size <= 0:
        raise Unreadable("min_trade_amount is not positive")
    return Instrument(
        symbol=_pair(row),
        kind=MarketKind.SPOT,
        base=Asset(text_of(row, "base_currency")),
        quote=quote,
        settle=quote,
        lot_size=lot_size,
        tick_size=tick_size_of(row),
        lots_min=1,
        lots_max=LOTS_MAX,
        notional_min=ZERO,
        notional_min_reduce_only=ZERO,
        contract_size=ONE,
        taker_fee=max(taker_fee, fee_of(row, "taker_commission")),
        tradable=is_open(row) and not is_routed(row),
        expires_at=None,
    )


def tick_size_of(row: Row) -> Decimal:
    """Return the coarsest tick of a market, of which all finer ones must be parts.

    Raises:
        Unreadable: they are not, or it does not say.

    """
    steps = field(row, "tick_size_steps") if "tick_size_steps" in row else []
    finest = decimal_of(row, "tick_size")
    ticks = [finest, *(decimal_of(step, "tick_size") for step in rows_of(steps))]
    if min(ticks) <= 0 or any(ratio(max(ticks), tick) % 1 for tick in ticks):
        raise Unreadable("tick_size and its steps have no common grid")
    return max(ticks)


def is_open(row: Row) -> bool:
    """Say whether a market takes orders.

    Raises:
        Unreadable: it does not say.

    """
    is_active = field(row, "is_active")
    if not isinstance(is_active, bool):
        raise Unreadable("is_active is neither true nor false")
    return is_active and row.get("state", "open") == "open"


def is_routed(row: Row) -> bool:
    """Say whether a market is matched elsewhere; the venue leaves both words out where it is not.

    Raises:
        Unreadable: one of them is there and neither true nor false.

    """
    told = [row[name] for name in ("is_cbe_routed", "is_csr") if name in row]
    if not all(isinstance(each, bool) for each in told):
        raise Unreadable("is_cbe_routed is neither true nor false")
    return any(told)


def price_band_of(answer: object, mid: Decimal) -> PriceBand:
    """Read between which multiples of *mid* a market takes limits now.

    Raises:
        Unreadable: it does not say, or what it says is no band.

    """
    told = mapping_of(result_of(answer))
    low, high = ratio(decimal_of(told, "min_price"), mid), ratio(decimal_of(told, "max_price"), mid)
    if not 0 < low <= 1 <= high:
        raise Unreadable("min_price and max_price are no band around the market")
    return PriceBand(buy_low=low, buy_high=high, sell_low=low, sell_high=high)


def _scopes(told: object) -> frozenset[str]:
    """Return the rights of a key, which are a list of words, or one text of them."""
    return words_of(told.split() if isinstance(told, str) else told, "max_scope")


def key_rights_of(answer: object, *, client_id: str, use: KeyUse) -> KeyRights:
    """Read the rights of the key *client_id* from the list of all keys of the account.

    Who may change the account may make itself another key, so that whatever may write and is not of
    trading counts as carrying away. There is one right for all trading.

    Raises:
        Unreadable: it is not in the list, is switched off, or does not say what it may do.

    """
    keys = rows_of(result_of(answer))
    mine = [row for row in keys if text_of(row, "client_id") == client_id]
    if len(mine) != 1 or mine[0].get("enabled", True) is not True:
        raise Unreadable("the key in use is not among those of the account")
    scopes = _scopes(field(mine[0], "max_scope"))
    trades = "trade:read_write" in scopes
    carries = any(scope.endswith(":read_write") for scope in scopes - _TRADING)
    return KeyRights(
        use=use,
        reads=bool({"account:read", "account:read_write"} & scopes)
        and bool({"trade:read", "trade:read_write"} & scopes),
        trades_spot=trades,
        trades_futures=trades,
        withdraws=carries,
        transfers_out=carries,
        transfers_within=False,  # There is one wallet for each currency.
        borrows=False,  # An account whose coins stand for others is not read.
        trades_options=False,
        is_bound_to_ip=bool(mine[0].get("ip_whitelist")),
        trades_everything=trades,
        wallet=_account_of(keys),
    )


def _account_of(keys: Iterable[Mapping[str, Any]]) -> str:
    """Name the account of a list of keys: it says no name, but is the same to each key of one.

    Of a key nothing may be shown, so that it is a digest.
    """
    first = min(text_of(row, "client_id") for row in keys)
    return f"deribit account {sha256(first.encode()).hexdigest()[:12]}"
