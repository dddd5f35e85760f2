"""Orders, executions, the wallet and rights as Gate v4 writes them. Pure.

Each function reads one answer whole: a row that cannot be read makes the answer unreadable, never
shorter. Spot only: sizes are base units. The venue takes names that begin with ``t-`` and tells
them so; here they are without it. What was not given by a customer (``web``, ``apiv4``) is told as
it is. Sources: Gate API v4 "Create an order", "Query personal trading records", "List spot trading
accounts", "Query mode of the unified account", "Query All Main Account Key Information", 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.order_rows import (
    OrderFields,
    name_in,
    open_order_in,
    order_id_in,
    order_in,
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
    instant,
    integer_of,
    mapping_of,
    rows_of,
    text_of,
)
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset, Instrument
from trimtab.domain.orders import ClientOrderId, Fill, OrderIntent, VenueOrder, VenueOrderId
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.domain.snapshot import Balance, OpenOrder

PREFIX: Final = "t-"
"""What a customer's name of an order begins with at the venue."""
FIELDS: Final = OrderFields(
    client_id="name",
    order_id="id",
    order_id_pattern=re.compile(r"[0-9]{1,64}"),
    size="amount",
    filled="filled",
    status="status",
)
_OWN: Final = "spot"
"""The account whose orders are counted."""
_PAID_IN: Final[Mapping[str, Asset]] = {"gt_fee": Asset("GT"), "point_fee": Asset("POINT")}
"""Fees in a coin of their own; any other names its coin."""
_NORMAL: Final = 1
_MASK: Final = re.compile(r"([^*]{4,})\*+")
_LEAVING: Final = frozenset({"wallet", "custody", "otc"})
"""Rights with which money may leave the account; one for withdrawals alone is not told."""
_WITHIN: Final = frozenset({"earn", "copy"})
_BORROWING: Final = frozenset({"margin", "loan", "unified"})
_HARMLESS: Final = frozenset(
    {"spot", "futures", "delivery", "options", "account", "pilot", "alpha", "crossx"}
)


def name_of(text: str) -> ClientOrderId:
    """Return the name of an order, without what the venue wants before those of customers."""
    return ClientOrderId(text.removeprefix(PREFIX))


def _name_in(row: Row) -> ClientOrderId:
    """Return the name that a row bears, empty where it bears none; raises Unreadable."""
    told = field(row, "text")
    if not isinstance(told, str):
        raise Unreadable("text is not text")
    return name_of(told)


def order_row(answer: object) -> Row:
    """Return one order as the readers of rows want it: its name, its market, what was executed.

    Raises:
        Unreadable: a part is missing or wrong, or it contradicts itself about what was executed.

    """
    row = mapping_of(answer)
    with exact_arithmetic():
        filled = decimal_of(row, "amount") - decimal_of(row, "left")
    if "filled_amount" in row and decimal_of(row, "filled_amount") != filled:
        raise Unreadable("filled_amount is not what left leaves of amount")
    return {
        **row,
        "symbol": text_of(row, "currency_pair"),
        "name": _name_in(row),
        "filled": filled,
    }


def ended_rows(answer: object) -> tuple[Row, ...]:
    """Return the orders of a list of the past, of which only names and numbers are read.

    Raises:
        Unreadable: one has no name or no number.

    """
    return tuple({**row, "name": _name_in(row)} for row in _numbered(answer))


def _numbered(answer: object) -> tuple[Row, ...]:
    """Return rows that each have a number; raises Unreadable."""
    rows = rows_of(answer)
    for row in rows:
        order_id_in(row, FIELDS)
    return rows


def resting_rows(answer: object) -> tuple[Row, ...]:
    """Return the resting orders of one market.

    Raises:
        Unreadable: one cannot be read, or is of an account with borrowed coins.

    """
    rows = tuple(order_row(row) for row in rows_of(answer))
    for row in rows:
        require_own(row, text_of(row, "account"), own=_OWN)
        if text_of(row, "type") != "limit":
            raise Unreadable("an order at market rests")
    return rows


def all_resting_rows(answer: object) -> tuple[Row, ...]:
    """Return a page of the resting orders of all markets; raises like :func:`resting_rows`."""
    return tuple(
        row
        for part in rows_of(answer)
        for row in resting_rows(list(rows_of(field(part, "orders"))))
    )


def require_own(row: Row, account: str, *, own: str) -> None:
    """Refuse an order that is not of the spot account.

    Raises:
        Unserved: it is of another.

    """
    if account != own:
        name = row.get("currency_pair") or row.get("market")
        raise Unserved(
            f"an order in {name} is open in the account {account}, no such order is counted here",
            mend="cancel it",
        )


def placed_order(
    answer: object, intent: OrderIntent, *, market_id: str, ended: frozenset[str]
) -> VenueOrder:
    """Return the order of *intent*, of which the answer says what was executed, or only its id.

    Raises:
        Unreadable: it is another order, or has no id.

    """
    row = mapping_of(answer)
    if "status" in row:
        return order_in(order_row(row), FIELDS, intent, market_id=market_id, ended=ended)
    named = {**row, "name": _name_in(row)}
    return received(intent, received_id_in(named, FIELDS, intent))


def cancelled_id(answer: object) -> VenueOrderId:
    """Return the venue's id of the order that is cancelled.

    Raises:
        Unreadable: there is none, or it is not said to be cancelled.

    """
    row = mapping_of(answer)
    if text_of(row, "status") != "cancelled":
        raise Unreadable("the order is not said to be cancelled")
    return order_id_in(row, FIELDS)


def order_of(row: Row, intent: OrderIntent, *, market_id: str, ended: frozenset[str]) -> VenueOrder:
    """Read an order, which must be the one of *intent*; raises Unreadable."""
    return order_in(row, FIELDS, intent, market_id=market_id, ended=ended)


def open_order_of(row: Row, instrument: Instrument) -> OpenOrder:
    """Read a resting order; raises Unreadable."""
    price = decimal_of(row, "price")
    return open_order_in(row, FIELDS, instrument, limit_price=price, reduce_only=False)


def order_id_of(row: Row) -> VenueOrderId:
    """Return the venue's number of an order; raises Unreadable without one."""
    return order_id_in(row, FIELDS)


def client_id_of(row: Row) -> ClientOrderId:
    """Return our name of an order; raises Unreadable."""
    return name_in(row, FIELDS)


def fill_of(row: Row, instrument: Instrument, *, market_id: str) -> Fill:
    """Read an execution. Its fee is in what was received, in GT, or in points, in one of them.

    Raises:
        Unreadable: a field is missing or wrong, it is of another market, or its fee is in several.

    """
    if text_of(row, "currency_pair") != market_id:
        raise Unreadable("an execution of another market")
    fee, fee_asset = _fee_in(row, instrument)
    stamp_ms = int(decimal_of(row, "create_time_ms"))
    return Fill(
        symbol=instrument.symbol,
        trade_id=risen_trade_id(stamp_ms, text_of(row, "id")),
        venue_order_id=VenueOrderId(text_of(row, "order_id")),
        client_order_id=_name_in(row) or None,
        side=side_of(row),
        quantity=decimal_of(row, "amount"),
        fill_price=decimal_of(row, "price"),
        fee=fee,
        fee_asset=fee_asset,
        filled_at=instant(stamp_ms),
    )


def _fee_in(row: Row, instrument: Instrument) -> tuple[Decimal, Asset]:
    """Return what an execution cost, and in what; raises Unreadable."""
    told = {name: decimal_of(row, name) for name in ("fee", "gt_fee", "point_fee")}
    paid = [name for name, fee in told.items() if fee]
    if len(paid) > 1:
        raise Unreadable("the fee of an execution is in several coins")
    if not paid:
        return ZERO, instrument.quote
    (name,) = paid
    return told[name], _PAID_IN.get(name) or Asset(text_of(row, "fee_currency"))


def balances_of(answer: object) -> Mapping[Asset, Balance]:
    """Read the spot wallet; coins of which nothing is held are left out.

    Raises:
        Unreadable: it lists nothing, a field is missing or wrong, or a balance is negative.

    """
    rows, balances = rows_of(answer), {}
    if not rows:
        raise Unreadable("the wallet lists no coin at all")
    for row in rows:
        coin, free, locked = text_of(row, "currency"), *_parts_of(row)
        if free < 0 or locked < 0:
            raise Unreadable(f"a balance of {coin} is negative")
        if Asset(coin) in balances:
            raise Unreadable(f"{coin} is listed twice")
        balances[Asset(coin)] = Balance(free=free, locked=locked)
    return {asset: held for asset, held in balances.items() if held.free or held.locked}


def _parts_of(row: Row) -> tuple[Decimal, Decimal]:
    """Return what is free and what is locked of a coin; raises Unreadable."""
    return decimal_of(row, "available"), decimal_of(row, "locked")


def is_classic(answer: object) -> bool:
    """Read that coins are no collateral for each other in the account, and return that it is so.

    Raises:
        Unserved: the account is a unified one.

    """
    mode = text_of(mapping_of(answer), "mode")
    if mode != "classic":
        raise Unserved(
            f"it is a unified account in mode {mode}, where coins back each other",
            mend="use an account in classic mode",
        )
    return True


def taker_fee_of(answer: object) -> Decimal:
    """Read what a taker pays, fraction of value, without what paying in GT would save.

    Raises:
        Unreadable: it is no number.

    """
    return fee_of(mapping_of(answer), "taker_fee")


def key_rights_of(answer: object, *, use: KeyUse, key: str) -> KeyRights:
    """Read the rights of the key in use, whose public part is *key*, from those of the account.

    A list masks the end of each key. One object is about the only key of the account.

    Raises:
        Unreadable: the key is not among them, or could be several, or a part is wrong.

    """
    row = _key_row(answer, key)
    if integer_of(row, "state") != _NORMAL:
        raise Unreadable("the key is locked or frozen")
    perms: dict[str, bool] = {}
    for perm in rows_of(field(row, "perms")):
        read_only = field(perm, "read_only")
        if not isinstance(read_only, bool):
            raise Unreadable("read_only is not a truth value")
        perms[text_of(perm, "name")] = not read_only
    writes = {name for name, may_write in perms.items() if may_write}
    unknown = writes - _LEAVING - _WITHIN - _BORROWING - _HARMLESS
    addresses = field(row, "ip_whitelist")
    if not isinstance(addresses, list):
        raise Unreadable("ip_whitelist is no list")
    return KeyRights(
        use=use,
        reads="spot" in perms,
        trades_spot="spot" in writes,
        trades_futures="futures" in writes,
        withdraws="wallet" in writes or bool(unknown),
        transfers_out=bool(writes & _LEAVING or unknown),
        transfers_within=bool(writes & (_LEAVING | _WITHIN)),
        borrows=bool(writes & _BORROWING),
        trades_options="options" in writes,
        is_bound_to_ip=bool(addresses),
    )


def _key_row(answer: object, key: str) -> Row:
    """Return the row of a key; raises Unreadable unless there is exactly one."""
    if isinstance(answer, dict):
        return mapping_of(answer)
    found = [row for row in rows_of(answer) if _is_of(text_of(row, "key"), key=key)]
    if len(found) != 1:
        raise Unreadable(f"the key in use fits {len(found)} of those that the venue lists")
    return found[0]


def _is_of(masked: str, *, key: str) -> bool:
    """Say whether a key may be the one of which *masked* shows the beginning."""
    shown = _MASK.fullmatch(masked)
    return masked == key or bool(shown and key.startswith(shown[1]))
