"""Coin-margined contracts of Binance: what backs them, what is open, what they are priced at.

Reads and places nothing. Not pure: it asks the venue, whose three lists of the account come first
and those of the markets only where there is something. Contracts are counted whole, prices are
dollars per coin, balances, brackets and deductions coins. Sources: COIN-M "Account Information",
"Position Information", "Notional Bracket for Symbol" (by symbol, caps as quantities of the base
asset), "Index Price and Mark Price", "Exchange Information".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from trimtab.adapters.binance.account import contract_prices
from trimtab.adapters.frame.contract_values import ContractPrices
from trimtab.adapters.wire.calls import Endpoint, Wire, together
from trimtab.adapters.wire.exact import (
    Unreadable,
    Unserved,
    decimal_of,
    field,
    integer_of,
    mapping_of,
    rows_of,
    text_of,
)
from trimtab.domain.exact import ZERO, exact_arithmetic, ratio
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.snapshot import (
    Bracket,
    CoinWallet,
    InverseContract,
    InversePosition,
    MarginPool,
)
from trimtab.venues.profile import Desk

Row = Mapping[str, Any]
_DOLLAR: Final = "USD"
_PERPETUAL: Final = "PERP"
_UNITS_TOLERANCE: Final = Decimal("0.001")
"""How far our coins of a position may be from the venue's own figure, as a fraction."""


def _inverse(method: str) -> Endpoint:
    """Return a read of the desk of coin-margined contracts."""
    return Endpoint(desk=Desk.INVERSE, method=method)


_ACCOUNT: Final = _inverse("dapiPrivateGetAccount")
_POSITIONS: Final = _inverse("dapiPrivateGetPositionRisk")
_OPEN: Final = _inverse("dapiPrivateGetOpenOrders")
_BRACKETS: Final = _inverse("dapiPrivateV2GetLeverageBracket")
_PRICES: Final = _inverse("dapiPublicGetPremiumIndex")
_MARKETS: Final = _inverse("dapiPublicGetExchangeInfo")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPosition:
    """A coin-margined position by the venue's name of its market."""

    market_id: str
    contracts: int
    """Signed, not zero."""
    entry_price: Decimal
    """Average entry, dollars per coin, > 0."""
    leverage: int
    """What is set on the venue, >= 1."""
    mark: Decimal
    """What the venue valued it at, dollars per coin, > 0."""
    units: Decimal
    """Coins by the venue's own figure at that mark, >= 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedContract:
    """What a market is, by the venue's list."""

    symbol: Symbol
    coin: Asset
    face: Decimal
    """Dollars in one contract, > 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Markets:
    """What was told of all markets, by the venue's names."""

    listed: Mapping[str, ListedContract]
    prices: Mapping[str, ContractPrices]
    steps: Mapping[str, tuple[Bracket, ...]]
    asked_at: datetime


async def read_coin_wallets(wire: Wire, *, counted: bool) -> Mapping[Asset, CoinWallet]:
    """Return the wallets of coin-margined contracts by coin, those with nothing in them left out.

    None, and nothing is asked, unless they are *counted*.

    Raises:
        NotDone: no usable answer, or a position that could not be counted truly.
        Refused: the venue declines the read.
        Unreadable: the answers do not fit each other.

    """
    if not counted:
        return {}
    pools, positions, orders = await together(
        wire.read(_ACCOUNT, {}, coin_pools),
        wire.read(_POSITIONS, {}, told_positions),
        wire.read(_OPEN, {}, lambda answer: tuple(text_of(r, "symbol") for r in rows_of(answer))),
    )
    if not pools and not positions and not orders:
        return {}
    asked_at = wire.clock.now()
    listed, prices, steps = await together(
        wire.read(_MARKETS, {}, listed_contracts),
        wire.read(_PRICES, {}, contract_prices),
        wire.read(_BRACKETS, {}, coin_brackets),
    )
    markets = _Markets(listed=listed, prices=prices, steps=steps, asked_at=asked_at)
    return dict(_wallets(pools, positions, orders, markets))


def _wallets(
    pools: Mapping[Asset, MarginPool],
    positions: Iterable[ToldPosition],
    orders: Iterable[str],
    markets: _Markets,
) -> Iterator[tuple[Asset, CoinWallet]]:
    """Yield each coin with its wallet.

    Raises:
        Unreadable: a position or an order is in what is not listed, or its coin has no wallet.

    """
    held = [(_listed(told.market_id, markets).coin, told) for told in positions]
    resting = [_listed(name, markets) for name in orders]
    if lost := sorted({*(c for c, _ in held), *(i.coin for i in resting)} - pools.keys()):
        raise Unreadable(f"{lost[0]}: contracts without a wallet")
    for coin, pool in sorted(pools.items()):
        mine = sorted((t for c, t in held if c == coin), key=lambda told: told.market_id)
        yield (
            coin,
            CoinWallet(
                pool=pool,
                positions=tuple(_position(told, markets) for told in mine),
                orders=tuple(i.symbol for i in resting if i.coin == coin),
            ),
        )


def _listed(market_id: str, markets: _Markets) -> ListedContract:
    """Return what a market is.

    Raises:
        Unreadable: the venue does not list it.

    """
    if market_id not in markets.listed:
        raise Unreadable(f"{market_id}: the venue does not list this market")
    return markets.listed[market_id]


def _position(told: ToldPosition, markets: _Markets) -> InversePosition:
    """Return a position with its contract.

    Raises:
        Unreadable: a part of it is missing, or it comes to other coins than the venue says.

    """
    name, listed = told.market_id, _listed(told.market_id, markets)
    if name not in markets.prices or not markets.steps.get(name):
        raise Unreadable(f"{name}: no price or brackets")
    with exact_arithmetic():
        ours = ratio(abs(told.contracts) * listed.face, told.mark)
        apart = abs(ours - told.units)
        if apart > _UNITS_TOLERANCE * ours:
            raise Unreadable(f"{name}: {told.contracts} contracts are not what the venue says")
    return InversePosition(
        contract=InverseContract(
            symbol=listed.symbol,
            coin=listed.coin,
            face=listed.face,
            mark=markets.prices[name].mark,
            index=markets.prices[name].index,
            brackets=markets.steps[name],
            read_at=markets.asked_at,
        ),
        contracts=told.contracts,
        entry_price=told.entry_price,
        leverage=told.leverage,
    )


def coin_pools(answer: object) -> Mapping[Asset, MarginPool]:
    """Read what each coin's wallet holds; those in which nothing is held or bound are left out.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    pools = {}
    for row in rows_of(field(mapping_of(answer), "assets")):
        pool = MarginPool(
            wallet_balance=decimal_of(row, "walletBalance"),
            unrealised_pnl=decimal_of(row, "unrealizedProfit"),
            free_margin=max(ZERO, decimal_of(row, "availableBalance")),
            initial_margin=decimal_of(row, "initialMargin"),
            maintenance_margin=decimal_of(row, "maintMargin"),
        )
        if pool.wallet_balance or pool.unrealised_pnl or pool.initial_margin:
            pools[Asset(text_of(row, "asset"))] = pool
    return pools


def told_positions(answer: object) -> tuple[ToldPosition, ...]:
    """Read positions that are not flat.

    Raises:
        Unreadable: a field is missing or wrong, or a size is no whole number of contracts.
        Unserved: one has a margin of its own.

    """
    found = []
    for row in rows_of(answer):
        count = decimal_of(row, "positionAmt")
        if not count:
            continue
        name = text_of(row, "symbol")
        if text_of(row, "marginType") != "cross":
            raise Unserved(
                f"the coin-margined position in {name} has a margin of its own (isolated)",
                mend="set it to cross margin at the venue, or write venue.coin_margined = false",
            )
        if count != int(count):
            raise Unreadable(f"{name}: {count} is no whole number of contracts")
        mark, entry = decimal_of(row, "markPrice"), decimal_of(row, "entryPrice")
        if mark <= 0 or entry <= 0:
            raise Unreadable(f"{name}: no mark or no entry")
        told = ToldPosition(
            market_id=name,
            contracts=int(count),
            entry_price=entry,
            leverage=integer_of(row, "leverage"),
            mark=mark,
            units=decimal_of(row, "notionalValue").copy_abs(),
        )
        found.append(told)
    return tuple(found)


def listed_contracts(answer: object) -> Mapping[str, ListedContract]:
    """Read contracts that are priced in dollars and margined in their own coin, by name.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    found = {}
    for row in rows_of(field(mapping_of(answer), "symbols")):
        name, base = text_of(row, "symbol"), text_of(row, "baseAsset")
        quote, margin = text_of(row, "quoteAsset"), text_of(row, "marginAsset")
        face = decimal_of(row, "contractSize")
        if quote != _DOLLAR or margin != base or face <= 0:
            continue
        _, _, expiry = name.partition("_")
        dated = "" if expiry == _PERPETUAL else f"-{expiry}"
        symbol = Symbol(f"{base}/{quote}:{margin}{dated}")
        found[name] = ListedContract(symbol=symbol, coin=Asset(base), face=face)
    return found


def coin_brackets(answer: object) -> Mapping[str, tuple[Bracket, ...]]:
    """Read maintenance tables by the venue's name of the market; each begins at nothing.

    Where a step begins is where the one below it ends: its own word for it is spelled in two ways.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    return {
        text_of(row, "symbol"): tuple(_steps(rows_of(field(row, "brackets"))))
        for row in rows_of(answer)
    }


def _steps(rows: Iterable[Row]) -> Iterator[Bracket]:
    """Yield the steps of one table by rising cap."""
    floor = ZERO
    for row in sorted(rows, key=lambda row: decimal_of(row, "qtyCap")):
        cap = decimal_of(row, "qtyCap")
        yield Bracket(
            notional_floor=floor,
            notional_cap=cap,
            leverage_max=integer_of(row, "initialLeverage"),
            maintenance_ratio=decimal_of(row, "maintMarginRatio"),
            maintenance_deduction=decimal_of(row, "cum"),
        )
        floor = cap
