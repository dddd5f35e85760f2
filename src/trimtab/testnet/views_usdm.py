"""How futures orders, fills, balances, positions and contracts are written on the wire.

Pure. Prices carry the decimals of the tick, quantities those of the lot, money eight.
Shapes follow Binance's USD-M REST answers.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from trimtab.testnet.brackets import notional_cap
from trimtab.testnet.catalogue import Listing, Market
from trimtab.testnet.exact import ONE, ZERO, places, plain, text, text8
from trimtab.testnet.margin import Pool, Stake, liquidation_price, pool, stake_of, stakes
from trimtab.testnet.orders import Fill, Order
from trimtab.testnet.positions import Position
from trimtab.testnet.scenario import LimitTable
from trimtab.testnet.state import Income, State

Json = dict[str, Any]


def order_row(state: State, order: Order) -> Json:
    """Return an order as lookups show it."""
    listing = state.listing(Market.USDM, order.symbol)
    tick, lot = places(listing.rule.tick_size), places(listing.rule.lot_size)
    average = order.quote_executed / order.executed if order.executed else ZERO
    return {
        "orderId": order.number,
        "symbol": order.symbol,
        "status": order.status,
        "clientOrderId": order.client_id,
        "price": text(order.limit_price, tick),
        "avgPrice": text(average.quantize(ONE.scaleb(-8)), max(2, tick)),
        "origQty": text(order.quantity, lot),
        "executedQty": text(order.executed, lot),
        "cumQty": text(order.executed, lot),
        "cumQuote": text(order.quote_executed, tick),
        "timeInForce": order.time_in_force,
        "type": order.kind,
        "reduceOnly": order.reduce_only,
        "closePosition": False,
        "side": order.side,
        "positionSide": order.position_side,
        "stopPrice": text(ZERO, tick),
        "workingType": "CONTRACT_PRICE",
        "priceProtect": False,
        "origType": order.kind,
        "priceMatch": "NONE",
        "selfTradePreventionMode": "EXPIRE_MAKER",
        "goodTillDate": 0,
        "time": order.created_at,
        "updateTime": order.updated_at,
    }


def placed(state: State, order: Order, response: str) -> Json:
    """Return the answer to a new order.

    ``RESULT`` shows what became of market, IOC and FOK orders; a GTC limit is shown as it
    was on arrival, NEW and unfilled, even if it crossed.
    """
    shows_outcome = response == "RESULT" and (
        order.kind == "MARKET" or order.time_in_force in {"IOC", "FOK"}
    )
    shown = order
    if not shows_outcome:
        shown = replace(order, status="NEW", executed=ZERO, quote_executed=ZERO)
    row = order_row(state, shown)
    del row["time"]
    return row


def fill_row(state: State, fill: Fill) -> Json:
    """Return a fill as ``userTrades`` shows it."""
    rule = state.listing(Market.USDM, fill.symbol).rule
    return {
        "symbol": fill.symbol,
        "id": fill.trade_id,
        "orderId": fill.order_id,
        "side": fill.side,
        "price": text(fill.fill_price, places(rule.tick_size)),
        "qty": text(fill.quantity, places(rule.lot_size)),
        "realizedPnl": text8(fill.realized),
        "quoteQty": text8(fill.quote),
        "commission": text8(fill.commission),
        "commissionAsset": fill.commission_asset,
        "time": fill.filled_at,
        "positionSide": fill.position_side,
        "buyer": fill.side == "BUY",
        "maker": fill.maker,
        "marginAsset": fill.commission_asset,
    }


def income_row(income: Income, *, quote: str) -> Json:
    """Return an income as ``income`` shows it."""
    return {
        "symbol": income.symbol,
        "incomeType": income.kind,
        "income": text8(income.units),
        "asset": quote,
        "info": income.kind,
        "time": income.booked_at,
        "tranId": income.number,
        "tradeId": str(income.trade_id) if income.trade_id else "",
    }


def _asset_row(state: State, cross: Pool, held: list[Stake]) -> Json:
    """Return the wallet's only asset as the account shows it."""
    profit = sum((s.profit for s in held), ZERO)
    initial = sum((s.initial for s in held), ZERO)
    return {
        "asset": state.scenario.quote,
        "walletBalance": text8(state.usdm.wallet),
        "unrealizedProfit": text8(profit),
        "marginBalance": text8(state.usdm.wallet + profit),
        "maintMargin": text8(sum((s.maintained for s in held), ZERO)),
        "initialMargin": text8(initial + cross.order_initial),
        "positionInitialMargin": text8(initial),
        "openOrderInitialMargin": text8(cross.order_initial),
        "crossWalletBalance": text8(cross.wallet),
        "crossUnPnl": text8(cross.profit),
        "availableBalance": text8(cross.available),
        "maxWithdrawAmount": text8(cross.withdrawable),
        "marginAvailable": True,
        "updateTime": state.now_ms,
    }


def balance(state: State) -> list[Json]:
    """Return the futures balance list."""
    row = _asset_row(state, pool(state), stakes(state))
    shown = ("asset", "crossWalletBalance", "crossUnPnl", "availableBalance", "maxWithdrawAmount")
    return [
        {
            "accountAlias": "LoCaL",
            "balance": row["walletBalance"],
            **{name: row[name] for name in shown},
            "marginAvailable": True,
            "updateTime": state.now_ms,
        }
    ]


def account(state: State, *, version: int) -> Json:
    """Return the futures account; version 2 lists every contract, version 3 the open ones."""
    held, cross = stakes(state), pool(state)
    row = _asset_row(state, cross, held)
    totals = {
        "totalInitialMargin": "initialMargin",
        "totalMaintMargin": "maintMargin",
        "totalWalletBalance": "walletBalance",
        "totalUnrealizedProfit": "unrealizedProfit",
        "totalMarginBalance": "marginBalance",
        "totalPositionInitialMargin": "positionInitialMargin",
        "totalOpenOrderInitialMargin": "openOrderInitialMargin",
        "totalCrossWalletBalance": "crossWalletBalance",
        "totalCrossUnPnl": "crossUnPnl",
        "availableBalance": "availableBalance",
        "maxWithdrawAmount": "maxWithdrawAmount",
    }
    shown = _all_stakes(state, held) if version == 2 else held  # noqa: PLR2004 -- the endpoint's version.
    return {
        **_account_settings(version),
        **{total: row[name] for total, name in totals.items()},
        "assets": [row],
        "positions": [_account_position(stake, version=version) for stake in shown],
    }


def _account_settings(version: int) -> Json:
    """Return what only version 2 tells about the account itself."""
    if version > 2:  # noqa: PLR2004 -- the endpoint's version.
        return {}
    return {
        "feeTier": 0,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "updateTime": 0,
        "multiAssetsMargin": False,
        "tradeGroupId": -1,
    }


def _all_stakes(state: State, held: list[Stake]) -> list[Stake]:
    """Return *held* and a flat stake for every other contract."""
    side = "LONG" if state.usdm.dual_side else "BOTH"
    seen = {stake.listing.symbol for stake in held}
    flat = [
        stake_of(state, symbol, side=side, position=Position(), orders=[])
        for symbol in state.listings[Market.USDM]
        if symbol not in seen
    ]
    return [*held, *flat]


def _account_position(stake: Stake, *, version: int) -> Json:
    """Return a position as the account lists it."""
    row = {
        "symbol": stake.listing.symbol,
        "positionSide": stake.side,
        "positionAmt": text(stake.position.quantity, places(stake.listing.rule.lot_size)),
        "unrealizedProfit": text8(stake.profit),
        "isolatedMargin": text8(_isolated_margin(stake)),
        "notional": text8(stake.notional),
        "isolatedWallet": text8(stake.position.isolated),
        "initialMargin": text8(stake.initial + stake.order_initial),
        "maintMargin": text8(stake.maintained),
        "updateTime": stake.position.updated_at,
    }
    if version > 2:  # noqa: PLR2004 -- the endpoint's version.
        return row
    return row | {
        "positionInitialMargin": text8(stake.initial),
        "openOrderInitialMargin": text8(stake.order_initial),
        "leverage": str(stake.leverage),
        "isolated": stake.isolated,
        "entryPrice": plain(stake.position.entry.quantize(ONE.scaleb(-8))),
        "maxNotional": plain(notional_cap(stake.listing.brackets, stake.leverage)),
        "bidNotional": plain(stake.bids),
        "askNotional": plain(stake.asks),
    }


def _isolated_margin(stake: Stake) -> Decimal:
    """Return the margin of an isolated position; 0 on cross margin."""
    return stake.position.isolated + stake.profit if stake.isolated else ZERO


def position_risk(state: State, *, version: int, symbol: str) -> list[Json]:
    """Return positions with their risk; version 2 also lists flat contracts."""
    held, cross = stakes(state), pool(state)
    shown = _all_stakes(state, held) if version == 2 else held  # noqa: PLR2004 -- the endpoint's version.
    wanted = [s for s in shown if symbol in {"", s.listing.symbol}]
    return [_risk_row(stake, cross, version=version) for stake in wanted]


def _risk_row(stake: Stake, cross: Pool, *, version: int) -> Json:
    """Return one position with its risk."""
    entry = plain(stake.position.entry.quantize(ONE.scaleb(-8)))
    liquidated_at = liquidation_price(stake, cross)
    row = {
        "symbol": stake.listing.symbol,
        "positionSide": stake.side,
        "positionAmt": text(stake.position.quantity, places(stake.listing.rule.lot_size)),
        "entryPrice": entry,
        "breakEvenPrice": entry,
        "markPrice": text8(stake.mark),
        "unRealizedProfit": text8(stake.profit),
        "liquidationPrice": plain(liquidated_at.quantize(ONE.scaleb(-8))),
        "isolatedMargin": text8(_isolated_margin(stake)),
        "notional": text8(stake.notional),
        "isolatedWallet": text8(stake.position.isolated),
        "updateTime": stake.position.updated_at,
    }
    if version == 2:  # noqa: PLR2004 -- the endpoint's version.
        return row | {
            "leverage": str(stake.leverage),
            "maxNotionalValue": plain(notional_cap(stake.listing.brackets, stake.leverage)),
            "marginType": "isolated" if stake.isolated else "cross",
            "isAutoAddMargin": "false",
        }
    return row | {
        "marginAsset": stake.listing.quote,
        "initialMargin": text8(stake.initial + stake.order_initial),
        "maintMargin": text8(stake.maintained),
        "positionInitialMargin": text8(stake.initial),
        "openOrderInitialMargin": text8(stake.order_initial),
        "adl": 2,
        "bidNotional": plain(stake.bids),
        "askNotional": plain(stake.asks),
    }


def listing_row(listing: Listing, *, listed_at: int) -> Json:
    """Return a contract as ``exchangeInfo`` shows it."""
    rule = listing.rule
    lot = text(rule.lot_size, places(rule.lot_size))
    tick = text(rule.tick_size, places(rule.tick_size))
    lots = {"stepSize": lot, "minQty": lot}
    return {
        "symbol": listing.symbol,
        "pair": listing.base + listing.quote,
        "contractType": listing.contract,
        "deliveryDate": min(listing.delivers_at, rule.delists_at),
        "onboardDate": listed_at,
        "status": "TRADING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": listing.base,
        "quoteAsset": listing.quote,
        "marginAsset": listing.quote,
        "pricePrecision": places(rule.tick_size),
        "quantityPrecision": places(rule.lot_size),
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "triggerProtect": "0.0500",
        "liquidationFee": "0.000000",
        "marketTakeBound": "0.05",
        "maxMoveOrderLimit": 10000,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": tick,
                "maxPrice": "1000000",
                "tickSize": tick,
            },
            {"filterType": "LOT_SIZE", "maxQty": plain(rule.max_quantity), **lots},
            {"filterType": "MARKET_LOT_SIZE", "maxQty": plain(rule.market_max_quantity), **lots},
            {"filterType": "MAX_NUM_ORDERS", "limit": rule.max_open_orders},
            {"filterType": "MIN_NOTIONAL", "notional": plain(rule.min_notional)},
            {
                "filterType": "PERCENT_PRICE",
                "multiplierUp": text(rule.price_band, 4),
                "multiplierDown": format((ONE / rule.price_band).quantize(ONE.scaleb(-4)), "f"),
                "multiplierDecimal": "4",
            },
        ],
        "orderTypes": ["LIMIT", "MARKET", "STOP_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
    }


def bracket_row(listing: Listing) -> Json:
    """Return a contract's leverage table as ``leverageBracket`` shows it."""
    return {
        "symbol": listing.symbol,
        "notionalCoef": 1.0,
        "brackets": [
            {
                "bracket": b.number,
                "initialLeverage": b.leverage,
                "notionalCap": int(b.cap),
                "notionalFloor": int(b.floor),
                "maintMarginRatio": float(b.rate),
                "cum": float(b.cum),
            }
            for b in listing.brackets
        ],
    }


def rate_limits(table: LimitTable) -> list[Json]:
    """Return the budgets as ``exchangeInfo`` shows them."""
    shown = (
        ("REQUEST_WEIGHT", "MINUTE", 1, table.usdm_weight_1m),
        ("ORDERS", "SECOND", 10, table.usdm_orders_10s),
        ("ORDERS", "MINUTE", 1, table.usdm_orders_1m),
    )
    return [
        {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}
        for kind, interval, number, limit in shown
    ]
