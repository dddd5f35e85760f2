"""How spot orders, fills, balances and markets are written on the wire.

Pure. Amounts have eight decimals. Shapes follow Binance's spot REST answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trimtab.testnet.catalogue import Listing, Market
from trimtab.testnet.exact import ONE, text8
from trimtab.testnet.orders import Fill, Order
from trimtab.testnet.scenario import LimitTable
from trimtab.testnet.state import State

Json = dict[str, Any]
_ORDER_TYPES = ("LIMIT", "LIMIT_MAKER", "MARKET")


def order_row(order: Order) -> Json:
    """Return an order as lookups show it."""
    return {
        "symbol": order.symbol,
        "orderId": order.number,
        "orderListId": -1,
        "clientOrderId": order.client_id,
        "price": text8(order.limit_price),
        "origQty": text8(order.quantity),
        "executedQty": text8(order.executed),
        "origQuoteOrderQty": text8(order.quote_quantity),
        "cummulativeQuoteQty": text8(order.quote_executed),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.kind,
        "side": order.side,
        "stopPrice": "0.00000000",
        "icebergQty": "0.00000000",
        "time": order.created_at,
        "updateTime": order.updated_at,
        "isWorking": True,
        "workingTime": order.created_at,
        "selfTradePreventionMode": "EXPIRE_MAKER",
    }


def placed(order: Order, fills: Sequence[Fill], response: str) -> Json:
    """Return the answer to a new order: ``ACK``, ``RESULT`` or ``FULL``."""
    acknowledged = {
        "symbol": order.symbol,
        "orderId": order.number,
        "orderListId": -1,
        "clientOrderId": order.client_id,
        "transactTime": order.updated_at,
    }
    if response == "ACK":
        return acknowledged
    left_out = {"stopPrice", "icebergQty", "time", "updateTime", "isWorking"}
    row = {k: v for k, v in order_row(order).items() if k not in left_out}
    result = acknowledged | row
    if response == "RESULT":
        return result
    return result | {
        "fills": [
            {
                "price": text8(fill.fill_price),
                "qty": text8(fill.quantity),
                "commission": text8(fill.commission),
                "commissionAsset": fill.commission_asset,
                "tradeId": fill.trade_id,
            }
            for fill in fills
        ]
    }


def cancelled(order: Order, cancel_id: str) -> Json:
    """Return the answer to a cancel, under the id of the cancel itself."""
    row = order_row(order)
    return row | {
        "origClientOrderId": order.client_id,
        "clientOrderId": cancel_id or f"cxl{order.number:019d}",
        "transactTime": order.updated_at,
    }


def fill_row(fill: Fill) -> Json:
    """Return a fill as ``myTrades`` shows it."""
    return {
        "symbol": fill.symbol,
        "id": fill.trade_id,
        "orderId": fill.order_id,
        "orderListId": -1,
        "price": text8(fill.fill_price),
        "qty": text8(fill.quantity),
        "quoteQty": text8(fill.quote),
        "commission": text8(fill.commission),
        "commissionAsset": fill.commission_asset,
        "time": fill.filled_at,
        "isBuyer": fill.side == "BUY",
        "isMaker": fill.maker,
        "isBestMatch": True,
    }


def account(state: State, *, omit_zero: bool) -> Json:
    """Return the spot account; every listed asset, unless zero balances are to be left out."""
    wallet = state.spot
    listed = dict.fromkeys([*wallet.assets(), state.scenario.quote])
    listed |= dict.fromkeys(pair.base for pair in state.listings[Market.SPOT].values())
    rule = state.listing(Market.SPOT, f"BTC{state.scenario.quote}").rule
    balances = [
        {"asset": a, "free": text8(wallet.free(a)), "locked": text8(wallet.locked(a))}
        for a in listed
        if not omit_zero or wallet.free(a) + wallet.locked(a)
    ]
    return {
        "makerCommission": int(rule.maker_fee * 10_000),
        "takerCommission": int(rule.taker_fee * 10_000),
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {
            "maker": text8(rule.maker_fee),
            "taker": text8(rule.taker_fee),
            "buyer": "0.00000000",
            "seller": "0.00000000",
        },
        "canTrade": True,
        "canWithdraw": False,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": state.now_ms,
        "accountType": "SPOT",
        "balances": balances,
        "permissions": ["SPOT"],
        "uid": 1,
    }


def listing_row(listing: Listing, *, permission_sets: bool) -> Json:
    """Return a pair as ``exchangeInfo`` shows it."""
    rule = listing.rule
    lots = {"stepSize": text8(rule.lot_size)}
    filters: list[Json] = [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": text8(rule.tick_size),
            "maxPrice": "1000000.00000000",
            "tickSize": text8(rule.tick_size),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": text8(rule.lot_size),
            "maxQty": text8(rule.max_quantity),
            **lots,
        },
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": "0.00000000",
            "maxQty": text8(rule.market_max_quantity),
            "stepSize": "0.00000000",
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": text8(rule.price_band),
            "bidMultiplierDown": text8((ONE / rule.price_band).quantize(ONE.scaleb(-8))),
            "askMultiplierUp": text8(rule.price_band),
            "askMultiplierDown": text8((ONE / rule.price_band).quantize(ONE.scaleb(-8))),
            "avgPriceMins": 5,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": text8(rule.min_notional),
            "applyMinToMarket": True,
            "maxNotional": "9000000.00000000",
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": rule.max_open_orders},
    ]
    return {
        "symbol": listing.symbol,
        "status": "TRADING",
        "baseAsset": listing.base,
        "baseAssetPrecision": 8,
        "quoteAsset": listing.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": _ORDER_TYPES,
        "icebergAllowed": False,
        "ocoAllowed": False,
        "otoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": filters,
        "permissions": [],
        "permissionSets": [["SPOT"]] if permission_sets else [],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_MAKER"],
    }


def rate_limits(table: LimitTable) -> list[Json]:
    """Return the budgets as ``exchangeInfo`` shows them."""
    shown = (
        ("REQUEST_WEIGHT", "MINUTE", 1, table.spot_weight_1m),
        ("ORDERS", "SECOND", 10, table.spot_orders_10s),
        ("ORDERS", "DAY", 1, table.spot_orders_1d),
    )
    return [
        {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}
        for kind, interval, number, limit in shown
    ]
