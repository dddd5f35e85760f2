"""The markets of coins of Hyperliquid, and one account's readers. Not pure: it asks.

A price has five significant digits, or is whole, and no more decimals than eight less those of a
size. The grid is the coarsest up to twice the present price, and limits are held to half of it
away, so that every limit on the grid is a price that the venue takes. Names of coins are the
venue's own: UBTC is UBTC. Of coins that share a name only a canonical one is in a market here.
Sources: Hyperliquid docs "Tick and lot size", "Spot" of the info endpoint, "Asset IDs", 2026;
bounds of a price (80 per cent from the reference) as ccxt 4.5.90 quotes the venue.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from trimtab.adapters.frame.contract_values import book_of
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.market_list import MarketList
from trimtab.adapters.frame.raw_account import Holdings, ToldContract
from trimtab.adapters.hyperliquid.answers import (
    balances_of,
    require_account,
    require_plain,
    taker_fee_of,
)
from trimtab.adapters.wire.calls import Endpoint, Wire, together
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    field,
    integer_of,
    mapping_of,
    rows_of,
    text_of,
)
from trimtab.domain.exact import ONE, ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.snapshot import Book, PriceBand
from trimtab.venues.profile import Desk

_QUESTION: Final = Endpoint(desk=Desk.SPOT, method="publicPostInfo")
_NAME: Final = re.compile(r"[A-Za-z0-9]{1,20}")
_ASSET_BASE: Final = 10_000
"""What the number of a market of coins is counted from in orders."""
_DIGITS: Final = 5
_DECIMALS: Final = 8
_LEAST_VALUE: Final = Decimal(10)
_LOTS_MAX: Final = 10**12
"""No most is told."""
_AT_ONCE: Final = 10
_BAND: Final = PriceBand(
    buy_low=Decimal("0.5"),
    buy_high=Decimal("1.5"),
    sell_low=Decimal("0.5"),
    sell_high=Decimal("1.5"),
)
"""Narrower than the venue's: the grid holds up to twice a price that may be five minutes old."""

Coins = dict[int, Asset]
"""Coins whose name no other has, by the venue's number."""


def hyperliquid_markets(wire: Wire, coins: Coins, *, user: str) -> DeskMarkets:
    """Return the list of markets of coins, not yet read; *coins* is filled with it."""

    async def ask() -> Mapping[Symbol, Row]:
        """Read the list, and what the account pays."""
        fees = {"type": "userFees", "user": user}
        told, fee = await together(
            wire.read(_QUESTION, {"type": "spotMetaAndAssetCtxs"}, _listed_of),
            wire.read(_QUESTION, fees, taker_fee_of),
        )
        known, rows = told
        coins.clear()
        coins.update(known)
        return {symbol: {**row, "fee": fee} for symbol, row in rows.items()}

    async def fee(desk: Desk, name: str) -> Decimal:  # noqa: ARG001 -- the frame's shape.
        """Return nothing: what a taker pays stands with the market."""
        return ZERO

    listed = MarketList(
        wire.clock, ask=ask, instrument_of=instrument_of, price_band_of=lambda _: _BAND
    )
    return DeskMarkets({Desk.SPOT: listed}, fee=fee)


def _listed_of(answer: object) -> tuple[Coins, dict[Symbol, Row]]:
    """Read coins and markets.

    Raises:
        Unreadable: a row is missing what makes it one, or a market comes twice.

    """
    if not isinstance(answer, list) or len(answer) != 2:  # noqa: PLR2004 -- the list, and prices.
        raise Unreadable("markets and their prices are no pair")
    tokens = rows_of(field(mapping_of(answer[0]), "tokens"))
    by_number = {integer_of(row, "index"): row for row in tokens}
    if len(by_number) != len(tokens):
        raise Unreadable("a coin's number comes twice")
    coins = _coins_of(by_number)
    prices = {text_of(row, "coin"): row for row in rows_of(answer[1])}
    rows: dict[Symbol, Row] = {}
    for row in rows_of(field(mapping_of(answer[0]), "universe")):
        pair = _pair(row)
        if not coins.keys() >= set(pair):
            continue  # Another coin has the name of one of them.
        name = text_of(row, "name")
        symbol = Symbol(f"{coins[pair[0]]}/{coins[pair[1]]}")
        if symbol in rows:
            raise Unreadable(f"{symbol} comes twice")
        rows[symbol] = {
            "symbol": name,
            "base": coins[pair[0]],
            "quote": coins[pair[1]],
            "asset": _ASSET_BASE + integer_of(row, "index"),
            "szDecimals": field(by_number[pair[0]], "szDecimals"),
            "markPx": prices.get(name, {}).get("markPx"),
        }
    return coins, rows


def _coins_of(by_number: Mapping[int, Row]) -> Coins:
    """Return the coins that their name alone tells: of several the one that is canonical.

    Raises:
        Unreadable: one has no name, or does not say whether it is canonical.

    """
    bearers: dict[str, list[int]] = {}
    for number, row in by_number.items():
        bearers.setdefault(text_of(row, "name"), []).append(number)
    coins: Coins = {}
    for name, numbers in bearers.items():
        proper = [n for n in numbers if field(by_number[n], "isCanonical") is True] or numbers
        if len(proper) == 1 and _NAME.fullmatch(name):
            coins[proper[0]] = Asset(name)
    return coins


def _pair(row: Row) -> tuple[int, int]:
    """Return the numbers of base and quote of a market.

    Raises:
        Unreadable: they are not two numbers.

    """
    told: Any = field(row, "tokens")
    if not isinstance(told, list) or [type(each) for each in told] != [int, int]:
        raise Unreadable("tokens are not two numbers")
    return told[0], told[1]


def instrument_of(row: Row, *, taker_fee: Decimal) -> Instrument:
    """Read a market; one that tells no price is not traded.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    decimals = integer_of(row, "szDecimals")
    if not 0 <= decimals <= _DECIMALS:
        raise Unreadable("szDecimals is no count of decimals")
    told = field(row, "markPx")
    mark = ZERO if told is None else decimal_of(row, "markPx")
    return Instrument(
        symbol=Symbol(f"{row['base']}/{row['quote']}"),
        kind=MarketKind.SPOT,
        base=row["base"],
        quote=row["quote"],
        settle=row["quote"],
        lot_size=_tenth(decimals),
        tick_size=tick_of(mark, size_decimals=decimals) if mark > 0 else ONE,
        lots_min=1,
        lots_max=_LOTS_MAX,
        notional_min=_LEAST_VALUE,
        notional_min_reduce_only=_LEAST_VALUE,
        contract_size=ONE,
        taker_fee=max(taker_fee, decimal_of(row, "fee")),
        tradable=mark > 0,
        expires_at=None,
    )


def tick_of(price: Decimal, *, size_decimals: int) -> Decimal:
    """Return a grid on which every price up to twice *price*, > 0, is one that the venue takes."""
    with exact_arithmetic():
        first = (2 * price).adjusted()
    return max(_tenth(_DECIMALS - size_decimals), min(ONE, _tenth(_DIGITS - 1 - first)))


def _tenth(decimals: int) -> Decimal:
    """Return one at that decimal; before the point where it is negative."""
    return Decimal((0, (1,), -decimals))


class HyperliquidAccount:
    """Readers of one account of coins; see ``frame.raw_account.ReadsAccount``."""

    at_once = _AT_ONCE

    def __init__(
        self, wire: Wire, markets: DeskMarkets, orders: DeskOrders, coins: Coins, *, user: str
    ) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders
        self._coins = coins
        self._user = user
        self._is_account = False

    async def holdings(self) -> Holdings:
        """Read the wallet of coins and what rests, where coins back nothing."""
        if not self._is_account:  # An address does not become another's while it is open.
            self._is_account = await self._ask("userRole", require_account)
        await self._ask("userAbstraction", require_plain)
        balances, resting = await together(
            self._ask("spotClearinghouseState", lambda told: balances_of(told, self._coins)),
            self._orders.all_resting(Desk.SPOT),
        )
        return Holdings(balances=balances, pools={}, positions=(), resting=resting)

    async def _ask(self, what: str, read: Any) -> Any:  # noqa: ANN401 -- what *read* returns.
        """Ask about the account."""
        return await self._wire.read(_QUESTION, {"type": what, "user": self._user}, read)

    async def contract(self, symbol: Symbol) -> ToldContract | None:  # noqa: ARG002 -- see there.
        """Return nothing: there are none here."""
        return None

    async def book(self, instrument: Instrument, *, read_at: datetime) -> Book | None:
        """Read one book; None for a one-sided one."""
        name = self._markets.market_id(instrument.symbol)

        def read(answer: object) -> Book | None:
            """Read both sides of the market that was asked for."""
            told = mapping_of(answer)
            sides: Any = field(told, "levels")
            if text_of(told, "coin") != name or not isinstance(sides, list) or len(sides) != 2:  # noqa: PLR2004 -- bids and asks.
                raise Unreadable("the book is of another market, or has not two sides")
            bids, asks = ([_level(row) for row in rows_of(side)] for side in sides)
            return book_of({"bids": bids, "asks": asks}, instrument, read_at=read_at)

        return await self._wire.read(_QUESTION, {"type": "l2Book", "coin": name}, read)


def _level(row: Row) -> list[Any]:
    """Return a level of a book as a pair; raises Unreadable."""
    return [field(row, "px"), field(row, "sz")]
