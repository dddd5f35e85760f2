"""Orders, executions and the wallet of coins as Hyperliquid writes them. Pure.

Each function reads one answer whole: a row that cannot be read makes the answer unreadable, never
shorter. Sizes are base units; a fee is in what is received and negative where it is a rebate. What
an order's row says of its size is as old as its last change of status, so that nothing that was
executed is taken from it. Sources: Hyperliquid docs "Info endpoint" and "Exchange endpoint", 2026;
the venue's answer in issue 141 of its Python SDK (2025) for sizes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.order_rows import (
    OrderFields,
    dearest,
    name_in,
    open_order_in,
    order_id_in,
    order_in,
    price_told,
)
from trimtab.adapters.frame.received_orders import received
from trimtab.adapters.frame.timed_fills import risen_trade_id
from trimtab.adapters.frame.units import lots_of, signed
from trimtab.adapters.hyperliquid.names import cloid_of, name_of_cloid
from trimtab.adapters.wire.exact import (
    Unreadable,
    Unserved,
    decimal_of,
    field,
    instant_of,
    integer_of,
    mapping_of,
    rows_of,
    text_of,
)
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset, Instrument
from trimtab.domain.orders import ClientOrderId, Fill, OrderIntent, Side, VenueOrder, VenueOrderId
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.domain.snapshot import Balance, OpenOrder

FIELDS: Final = OrderFields(
    client_id="name",
    order_id="oid",
    order_id_pattern=re.compile(r"[0-9]{1,64}"),
    size="origSz",
    filled="executed",
    status="status",
)
_SIDES: Final[Mapping[str, Side]] = {"B": Side.BUY, "A": Side.SELL}
_COIN: Final = re.compile(r"@[0-9]+|[^/:@#]+/[^/:@#]+")
"""How a market of coins is called: a number of its own, or two names for the oldest."""
PLAIN_MODES: Final = frozenset({"default", "disabled"})
"""States of an account whose coins back nothing."""


def is_of_coins(market_id: str) -> bool:
    """Say whether a market is one of coins."""
    return bool(_COIN.fullmatch(market_id))


def status_row(answer: object) -> Row | None:
    """Return the order that was asked for, None where the venue knows none.

    Raises:
        Unreadable: it says neither.

    """
    told = mapping_of(answer)
    if told == {"status": "unknownOid"}:
        return None
    if text_of(told, "status") != "order":
        raise Unreadable("an order is neither told nor unknown")
    return _with_status(mapping_of(field(told, "order")))


def past_rows(answer: object) -> tuple[Row, ...]:
    """Return the orders of the list of past ones; raises like :func:`status_row`."""
    return tuple(_with_status(row) for row in rows_of(answer))


def _with_status(row: Row) -> Row:
    """Return the row of an order with what became of it."""
    return {
        **order_row(mapping_of(field(row, "order"))),
        "status": text_of(row, "status"),
        "statusTimestamp": integer_of(row, "statusTimestamp"),
    }


def order_row(row: Row) -> Row:
    """Return an order's row as the readers of rows want it.

    Raises:
        Unreadable: it has no number, side, market or name that can be read.

    """
    return {
        **row,
        "oid": str(integer_of(row, "oid")),
        "symbol": text_of(row, "coin"),
        "side": side_of(row).value,
        "name": name_of_cloid(row.get("cloid")),
        "executed": ZERO,
    }


def open_rows(answer: object) -> tuple[Row, ...]:
    """Return the resting orders of coins; those of contracts are of another wallet.

    Raises:
        Unreadable: a row cannot be read.

    """
    rows = tuple(order_row(row) for row in rows_of(answer))
    return tuple(row for row in rows if is_of_coins(row["symbol"]))


def side_of(row: Row) -> Side:
    """Return the side of an order or an execution.

    Raises:
        Unreadable: it is neither.

    """
    side = _SIDES.get(text_of(row, "side"))
    if side is None:
        raise Unreadable("side is neither B nor A")
    return side


def placed_order(answer: object, intent: OrderIntent) -> VenueOrder:
    """Return the order of *intent* as its answer tells it: ended with what was executed, or taken.

    Raises:
        Unreadable: it acknowledges nothing, another order, or more than was ordered.

    """
    told = _one_status(answer, "order")
    kind = "filled" if "filled" in mapping_of(told) else "resting"
    row = mapping_of(field(mapping_of(told), kind))
    if row.get("cloid", cloid_of(intent.client_order_id)) != cloid_of(intent.client_order_id):
        raise Unreadable("the answer is of another order")
    order = received(intent, VenueOrderId(str(integer_of(row, "oid"))))
    if kind == "resting":
        return order
    filled = lots_of(decimal_of(row, "totalSz"), intent.instrument)
    if not 0 < filled <= abs(intent.lots):
        raise Unreadable("totalSz is not a part of the order")
    side = Side.of(intent.lots)
    return replace(order, filled_lots=signed(filled, side), ended=True, status="filled")


def cancelled_id(answer: object) -> None:
    """Return that an answer says of the one order that it was asked about that it is cancelled.

    Raises:
        Unreadable: it does not.

    """
    if _one_status(answer, "cancel") != "success":
        raise Unreadable("the order is not said to be cancelled")


def _one_status(answer: object, kind: str) -> object:
    """Return what an answer says of the one thing that was asked."""
    told = mapping_of(answer)
    response = mapping_of(field(told, "response"))
    if (field(told, "status"), field(response, "type")) != ("ok", kind):
        raise Unreadable(f"the answer is none to a request of type {kind}")
    statuses: Any = field(mapping_of(field(response, "data")), "statuses")
    if not isinstance(statuses, list) or len(statuses) != 1:
        raise Unreadable("one status was asked for")
    return statuses[0]


def order_of(row: Row, intent: OrderIntent, *, market_id: str, ended: frozenset[str]) -> VenueOrder:
    """Read an order, which must be the one of *intent*, with what was executed beside it.

    Raises:
        Unreadable: it is another one, or does not say what was executed.

    """
    order = order_in(row, FIELDS, intent, market_id=market_id, ended=ended)
    return order if row.get("is_settled") is True else replace(order, ended=False)


def open_order_of(row: Row, instrument: Instrument) -> OpenOrder:
    """Read a resting order, or one that waits: its limit is the dearest price that it names.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    prices = (decimal_of(row, "limitPx"), price_told(row, "triggerPx"))
    reduces = field(row, "reduceOnly")
    if not isinstance(reduces, bool):
        raise Unreadable("reduceOnly is neither true nor false")
    rest = {**row, FIELDS.size: field(row, "sz")}
    price = dearest(prices, Side(row["side"]))
    return open_order_in(rest, FIELDS, instrument, limit_price=price, reduce_only=reduces)


def order_id_of(row: Row) -> VenueOrderId:
    """Return the venue's number of an order; raises Unreadable."""
    return order_id_in(row, FIELDS)


def name_of(row: Row) -> ClientOrderId:
    """Return our name of an order, empty where it has none; raises Unreadable."""
    return name_in(row, FIELDS)


def fill_of(row: Row, instrument: Instrument) -> Fill:
    """Read an execution.

    Raises:
        Unreadable: a field is missing or wrong, or the fee is in neither coin of the market.

    """
    coins = {str(coin): coin for coin in (instrument.base, instrument.quote)}
    fee_coin = coins.get(text_of(row, "feeToken"))
    if fee_coin is None:
        raise Unreadable("feeToken is neither of the market's coins")
    number, quantity, price = integer_of(row, "tid"), decimal_of(row, "sz"), decimal_of(row, "px")
    if quantity <= 0 or price <= 0:
        raise Unreadable("an execution is of nothing")
    return Fill(
        symbol=instrument.symbol,
        trade_id=risen_trade_id(integer_of(row, "time"), str(number)),
        venue_order_id=VenueOrderId(str(integer_of(row, "oid"))),
        client_order_id=name_of_cloid(row.get("cloid")) or None,
        side=side_of(row),
        quantity=quantity,
        fill_price=price,
        fee=decimal_of(row, "fee"),
        fee_asset=fee_coin,
        filled_at=instant_of(row, "time"),
    )


def balances_of(answer: object, coins: Mapping[int, Asset]) -> Mapping[Asset, Balance]:
    """Read the wallet of coins; *coins* are those that their name alone tells, by number.

    A coin whose name another one has too is told with its number: no market prices it.

    Raises:
        Unreadable: a field is missing or wrong, a coin is told twice, or owed.

    """
    found: dict[Asset, Balance] = {}
    for row in rows_of(field(mapping_of(answer), "balances")):
        number, name = integer_of(row, "token"), text_of(row, "coin")
        coin = coins.get(number, Asset(f"{name}#{number}"))
        total, hold = decimal_of(row, "total"), decimal_of(row, "hold")
        if coin in found or (number in coins and coin != name):
            raise Unreadable(f"{name} is told twice, or under another number")
        if not 0 <= hold <= total:
            raise Unreadable(f"{name}: more is held back than there is, or it is owed")
        if total:
            with exact_arithmetic():
                found[coin] = Balance(free=total - hold, locked=hold)
    return found


def require_plain(answer: object) -> bool:
    """Return that the coins of an account back nothing.

    Raises:
        Unserved: they back contracts, or loans.
        Unreadable: it is not told.

    """
    if not isinstance(answer, str) or not answer:
        raise Unreadable("the state of the account is no text")
    if answer not in PLAIN_MODES:
        raise Unserved(
            f"coins and contracts share one balance ({answer})",
            mend="set the account to keep spot and perps apart (manual mode)",
        )
    return True


def require_account(answer: object) -> bool:
    """Return that an address is that of an account of its own.

    Raises:
        Unserved: it is an API wallet's, a sub-account's, a vault's, or nobody's.
        Unreadable: it is not told.

    """
    role = text_of(mapping_of(answer), "role")
    if role != "user":
        raise Unserved(
            f"the address that is set as the key is no account of its own ({role})",
            mend="set the address of the account, not that of its API wallet",
        )
    return True


def key_rights_of(answer: object, *, account: str, use: KeyUse) -> KeyRights:
    """Return what the wallet that signs may do for *account*, from the role of its address.

    An API wallet trades for the account that approved it, and may put what margins contracts into a
    vault; coins it moves nowhere. A wallet of an account may do everything there.

    Raises:
        Unreadable: it is not told.

    """
    told = mapping_of(answer)
    role = text_of(told, "role")
    whose = mapping_of(field(told, "data")) if role == "agent" else {}
    trades = bool(whose) and text_of(whose, "user").lower() == account.lower()
    owns = role not in {"agent", "missing"}
    return KeyRights(
        use=use,
        reads=True,
        trades_spot=trades or owns,
        trades_futures=trades or owns,
        withdraws=owns,
        transfers_out=owns,
        transfers_within=trades or owns,
        borrows=False,
        trades_options=False,
        is_bound_to_ip=False,
    )


def taker_fee_of(answer: object) -> Decimal:
    """Return what a taker of coins pays, fraction of value.

    Raises:
        Unreadable: it is not told.

    """
    return max(ZERO, decimal_of(mapping_of(answer), "userSpotCrossRate"))


def margin_of(answer: object) -> Decimal:
    """Return what an account is worth where contracts are margined, USDC; raises Unreadable."""
    return decimal_of(mapping_of(field(mapping_of(answer), "marginSummary")), "accountValue")


def staked_of(answer: object) -> Decimal:
    """Return what lies in staking, delegated or not, HYPE; raises Unreadable."""
    told = mapping_of(answer)
    with exact_arithmetic():
        return sum(
            (
                decimal_of(told, part)
                for part in ("delegated", "undelegated", "totalPendingWithdrawal")
            ),
            ZERO,
        )


def in_vaults_of(answer: object) -> Decimal:
    """Return what lies in vaults, USDC; raises Unreadable."""
    with exact_arithmetic():
        return sum((decimal_of(row, "equity") for row in rows_of(answer)), ZERO)
