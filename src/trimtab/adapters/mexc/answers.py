"""Coins, orders and executions as MEXC's spot API v3 writes them. Pure.

Each function reads one answer whole: a row that cannot be read makes the answer unreadable, never
shorter. Sizes are base units. Sources: MEXC "Spot V3", "New Order", "Query Order", "Account Trade
List", "Account Information", "Query Symbol Commission", "Query API Key Info", 2026.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from trimtab.adapters.frame.timed_fills import risen_trade_id
from trimtab.adapters.frame.units import lots_of, side_of, signed
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
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.instruments import Asset, Instrument
from trimtab.domain.orders import ClientOrderId, Fill, OrderIntent, Side, VenueOrder, VenueOrderId
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.domain.snapshot import Balance, OpenOrder

Row = Mapping[str, Any]
Names = Mapping[tuple[str, str], ClientOrderId]
"""Our names of orders, by the venue's market and its number of the order."""

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NUMBER_BYTES: Final = 8
_VALID: Final = "VALID"
_READS_COINS: Final = frozenset({"SPOT_ACCOUNT_READ"})
_READS_CONTRACTS: Final = frozenset({"CONTRACT_ACCOUNT_READ", "CONTRACT_DEAL_READ"})
_PERMISSION: Final = re.compile(r"[A-Z]+(_[A-Z]+)*_(READ|WRITE)")


def received_id(answer: object, intent: OrderIntent, *, market_id: str) -> VenueOrderId:
    """Return the venue's id of the order of *intent*, which it has received.

    The answer repeats the order, but not our name of it; older ones repeat the market alone.

    Raises:
        Unreadable: it is another order, or has no id.

    """
    row = mapping_of(answer)
    is_other = text_of(row, "symbol") != market_id
    is_other |= "side" in row and side_of(row) is not intent.side
    is_other |= "origQty" in row and decimal_of(row, "origQty") != intent.quantity
    if is_other:
        raise Unreadable("the answer is of another order")
    return venue_order_id(row)


def venue_order_id(row: Row) -> VenueOrderId:
    """Return the venue's id of an order.

    Raises:
        Unreadable: there is none.

    """
    order_id = text_of(row, "orderId")
    if not _ID.fullmatch(order_id):
        raise Unreadable("orderId is not an id")
    return VenueOrderId(order_id)


def order_of(row: Row, intent: OrderIntent, *, market_id: str, ended: frozenset[str]) -> VenueOrder:
    """Read an order, which must be the one of *intent*.

    Raises:
        Unreadable: it is another one, has no id, or does not say what was executed.

    """
    side = side_of(row)
    told = (text_of(row, "clientOrderId"), text_of(row, "symbol"), side)
    if told != (intent.client_order_id, market_id, intent.side):
        raise Unreadable("the answer is of another order")
    status = text_of(row, "status")
    return VenueOrder(
        client_order_id=intent.client_order_id,
        venue_order_id=venue_order_id(row),
        symbol=intent.instrument.symbol,
        lots=signed(lots_of(_ordered(row), intent.instrument), side),
        filled_lots=signed(lots_of(decimal_of(row, "executedQty"), intent.instrument), side),
        ended=status in ended,
        status=status,
    )


def _ordered(row: Row) -> Decimal:
    """Return the size of an order; the page about one order calls it otherwise than the lists."""
    return decimal_of(row, "origQty" if "origQty" in row else "Qty")


def client_id_of(row: Row) -> ClientOrderId | None:
    """Return the name that an order was given; None for one without.

    Raises:
        Unreadable: it is no text.

    """
    name = field(row, "clientOrderId")
    if name is not None and not isinstance(name, str):
        raise Unreadable("clientOrderId is not text")
    return ClientOrderId(name) if name else None


def open_order_of(row: Row, instrument: Instrument) -> OpenOrder:
    """Read a resting order.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    with exact_arithmetic():
        rest = _ordered(row) - decimal_of(row, "executedQty")
    return OpenOrder(
        symbol=instrument.symbol,
        client_order_id=client_id_of(row) or ClientOrderId(""),
        venue_order_id=venue_order_id(row),
        lots=signed(lots_of(rest, instrument), side_of(row)),
        limit_price=decimal_of(row, "price"),
        reduce_only=False,  # There is nothing to reduce on spot.
    )


def fill_of(row: Row, instrument: Instrument, *, market_id: str, names: Names) -> Fill:
    """Read an execution; whose it is where it says so, or *names* does.

    The venue's number of it is text without an order; a number drawn from it stands in its place.

    Raises:
        Unreadable: a field is missing or wrong, or it is of another market.

    """
    if text_of(row, "symbol") != market_id:
        raise Unreadable("an execution of another market")
    is_buy, order = field(row, "isBuyer"), venue_order_id(row)
    if not isinstance(is_buy, bool):
        raise Unreadable("isBuyer is neither true nor false")
    return Fill(
        symbol=instrument.symbol,
        trade_id=risen_trade_id(integer_of(row, "time"), _drawn(text_of(row, "id"))),
        venue_order_id=order,
        client_order_id=client_id_of(row) or names.get((market_id, order)),
        side=Side.BUY if is_buy else Side.SELL,
        quantity=decimal_of(row, "qty"),
        fill_price=decimal_of(row, "price"),
        fee=decimal_of(row, "commission"),
        fee_asset=Asset(text_of(row, "commissionAsset")),
        filled_at=instant_of(row, "time"),
    )


def _drawn(venue_number: str) -> str:
    """Return twenty digits at most, always the same ones for a number of the venue.

    Raises:
        Unreadable: it is none.

    """
    if not _ID.fullmatch(venue_number):
        raise Unreadable("the number of an execution is none")
    drawn = hashlib.sha256(venue_number.encode()).digest()[:_NUMBER_BYTES]
    return str(int.from_bytes(drawn))


def balances_of(answer: object) -> Mapping[Asset, Balance]:
    """Read the spot wallet; coins of which nothing is held are left out.

    Raises:
        Unreadable: a field is missing or wrong, or a coin is told twice.

    """
    balances: dict[Asset, Balance] = {}
    seen = set[str]()
    for row in rows_of(field(mapping_of(answer), "balances")):
        coin, free, locked = (
            text_of(row, "asset"),
            decimal_of(row, "free"),
            decimal_of(row, "locked"),
        )
        if coin in seen:
            raise Unreadable(f"{coin} is told twice")
        seen.add(coin)
        if free < 0 or locked < 0:
            raise Unreadable(f"a balance of {coin} is negative")
        if free or locked:
            balances[Asset(coin)] = Balance(free=free, locked=locked)
    return balances


def wrapped_in(answer: object) -> Row:
    """Return what an answer is about that carries its code also when all is well.

    Raises:
        Unreadable: it carries another code, or nothing.

    """
    told = mapping_of(answer)
    if field(told, "code") != 0:
        raise Unreadable("code is not 0")
    return mapping_of(field(told, "data"))


def taker_fee_of(answer: object) -> Decimal:
    """Read what a taker pays in a market, fraction of value.

    Raises:
        Unreadable: it does not say.

    """
    return fee_of(wrapped_in(answer), "takerCommission")


def key_rights_of(answer: object, *, use: KeyUse, key: str, has_futures: bool) -> KeyRights:
    """Read the rights of the key that is in *use*.

    Rights come as one list of words; one that is of no known form is not passed over.

    Raises:
        Unreadable: it is another key, one that is not valid, or a word is of no known form.

    """
    row = mapping_of(answer)
    if text_of(row, "accessKey") != key or text_of(row, "status") != _VALID:
        raise Unreadable("another key, or one that is not valid")
    words = frozenset(filter(None, text_of(row, "permissions").split(",")))
    if strange := sorted(word for word in words if not _PERMISSION.fullmatch(word)):
        raise Unreadable(f"permissions has the strange word {strange[0]}")
    addresses = field(row, "ipWhiteList")
    if not isinstance(addresses, str):
        raise Unreadable("ipWhiteList is not text")
    return KeyRights(
        use=use,
        reads=words >= (_READS_COINS | _READS_CONTRACTS if has_futures else _READS_COINS),
        trades_spot="SPOT_DEAL_WRITE" in words,
        trades_futures="CONTRACT_DEAL_WRITE" in words,
        withdraws=any("WITHDRAW" in word and word.endswith("WRITE") for word in words),
        # A right to move money moves it between wallets and to sub-accounts alike.
        transfers_out="SPOT_TRANSFER_WRITE" in words,
        transfers_within="SPOT_TRANSFER_WRITE" in words,
        borrows=any("MARGIN" in word and word.endswith("WRITE") for word in words),
        trades_options=False,  # There are none.
        is_bound_to_ip=bool(addresses.strip()),
    )
