"""The host of coin-margined contracts, which are told and not traded. Pure over the state.

Shapes and weights are Binance's: sizes are contracts, prices dollars, everything else coins.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from trimtab.testnet.coin_contracts import (
    CoinContract,
    CoinStake,
    contracts,
    liquidation_mark,
    stakes_of,
    table,
)
from trimtab.testnet.exact import ZERO, booked, text8
from trimtab.testnet.routes import Route, Table
from trimtab.testnet.scenario import CoinAccount
from trimtab.testnet.state import State
from trimtab.testnet.wire import Params

Json = dict[str, Any]


def coins_text(units: Decimal) -> str:
    """Write an amount as it is told, to eight places."""
    return text8(booked(units))


def server_time(state: State, _params: Params) -> Json:
    """Return the time of the host."""
    return {"serverTime": state.now_ms}


def list_contracts(state: State, _params: Params) -> Json:
    """Return every contract."""
    return {
        "timezone": "UTC",
        "serverTime": state.now_ms,
        "rateLimits": [],
        "exchangeFilters": [],
        "symbols": [_listing(each) for each in contracts(state).values()],
    }


def _listing(contract: CoinContract) -> Json:
    """Return a contract as the list shows it."""
    return {
        "symbol": contract.symbol,
        "pair": f"{contract.coin}USD",
        "contractType": contract.like.contract,
        "deliveryDate": contract.like.delivers_at,
        "contractStatus": "TRADING",
        "contractSize": int(contract.face),
        "marginAsset": contract.coin,
        "baseAsset": contract.coin,
        "quoteAsset": "USD",
    }


def premium_index(state: State, _params: Params) -> list[Json]:
    """Return mark and index of every contract."""
    return [
        {
            "symbol": each.symbol,
            "pair": f"{each.coin}USD",
            "markPrice": text8(each.mark(state)),
            "indexPrice": text8(each.index(state)),
            "lastFundingRate": "" if each.like.dated else "0.00010000",
            "time": state.now_ms,
        }
        for each in contracts(state).values()
    ]


def account(state: State, _params: Params) -> Json:
    """Return what each coin's wallet holds: every coin that has contracts."""
    held = state.scenario.coin_margined
    coins = dict.fromkeys(each.coin for each in contracts(state).values())
    return {
        "assets": [_wallet(state, coin, held.get(coin, CoinAccount())) for coin in coins],
        "canTrade": True,
    }


def _wallet(state: State, coin: str, held: CoinAccount) -> Json:
    """Return one coin's wallet."""
    stakes = stakes_of(state, held)
    profit = sum((s.profit for s in stakes), ZERO)
    initial = sum((s.initial for s in stakes), ZERO)
    return {
        "asset": coin,
        "walletBalance": coins_text(held.wallet),
        "unrealizedProfit": coins_text(profit),
        "marginBalance": coins_text(held.wallet + profit),
        "maintMargin": coins_text(sum((s.maintained for s in stakes), ZERO)),
        "initialMargin": coins_text(initial),
        "availableBalance": coins_text(max(ZERO, held.wallet + profit - initial)),
    }


def positions(state: State, _params: Params) -> list[Json]:
    """Return every contract with what is open in it."""
    told = [
        _risk(stake, held.wallet)
        for held in state.scenario.coin_margined.values()
        for stake in stakes_of(state, held)
    ]
    named = {row["symbol"] for row in told}
    flat = [{"symbol": s, "positionAmt": "0"} for s in contracts(state) if s not in named]
    return [*told, *flat]


def _risk(stake: CoinStake, wallet: Decimal) -> Json:
    """Return one position as its risk is told."""
    return {
        "symbol": stake.position.symbol,
        "positionAmt": str(stake.position.contracts),
        "entryPrice": coins_text(stake.position.entry),
        "markPrice": coins_text(stake.mark),
        "unRealizedProfit": coins_text(stake.profit),
        "liquidationPrice": coins_text(liquidation_mark(wallet, stake)),
        "leverage": str(stake.leverage),
        "marginType": "isolated" if stake.position.isolated else "cross",
        "positionSide": "BOTH",
        "notionalValue": coins_text(stake.worth),
    }


def open_orders(state: State, _params: Params) -> list[Json]:
    """Return the orders that rest."""
    names = (name for held in state.scenario.coin_margined.values() for name in held.orders)
    return [{"symbol": name, "orderId": n, "status": "NEW"} for n, name in enumerate(names, 1)]


def brackets(state: State, _params: Params) -> list[Json]:
    """Return the maintenance table of every contract."""
    steps = [
        {
            "bracket": step.number,
            "initialLeverage": step.leverage,
            "qtyCap": int(step.cap),
            "qtyFloor": int(step.floor),
            "maintMarginRatio": str(step.rate),
            "cum": str(step.cum),
        }
        for step in table()
    ]
    return [{"symbol": symbol, "brackets": steps} for symbol in contracts(state)]


def table_of_routes() -> Table:
    """Return the endpoints of the host."""
    read = "read"
    return {
        ("GET", "/dapi/v1/time"): Route(action=server_time),
        ("GET", "/dapi/v1/exchangeInfo"): Route(action=list_contracts),
        ("GET", "/dapi/v1/premiumIndex"): Route(action=premium_index, weight=10),
        ("GET", "/dapi/v1/account"): Route(action=account, weight=5, right=read),
        ("GET", "/dapi/v1/positionRisk"): Route(action=positions, right=read),
        ("GET", "/dapi/v1/openOrders"): Route(action=open_orders, weight_all=40, right=read),
        ("GET", "/dapi/v2/leverageBracket"): Route(action=brackets, right=read),
    }
