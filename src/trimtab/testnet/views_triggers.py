"""How conditional orders of the futures host are written on the wire.

Pure. Prices carry the decimals of the tick, quantities those of the lot. Shapes follow Binance's
USD-M algo service: a number of the order that it became is text, empty before.
"""

from __future__ import annotations

from typing import Any

from trimtab.testnet.catalogue import Market
from trimtab.testnet.conditionals import Conditional
from trimtab.testnet.exact import ONE, ZERO, places, text
from trimtab.testnet.state import State

Json = dict[str, Any]


def placed(state: State, order: Conditional) -> Json:
    """Return the answer to a new one."""
    rule = state.listing(Market.USDM, order.symbol).rule
    tick = places(rule.tick_size)
    return {
        "algoId": order.number,
        "clientAlgoId": order.client_id,
        "algoType": "CONDITIONAL",
        "orderType": "STOP_MARKET",
        "symbol": order.symbol,
        "side": order.side,
        "positionSide": order.position_side,
        "timeInForce": order.time_in_force,
        "quantity": text(order.quantity, places(rule.lot_size)),
        "algoStatus": order.status,
        "triggerPrice": text(order.trigger_price, tick),
        "price": text(ZERO, tick),
        "icebergQuantity": None,
        "selfTradePreventionMode": "EXPIRE_MAKER",
        "workingType": order.working_type,
        "priceMatch": "NONE",
        "closePosition": False,
        "priceProtect": order.price_protect,
        "reduceOnly": order.reduce_only,
        "createTime": order.created_at,
        "updateTime": order.updated_at,
        "triggerTime": order.triggered_at,
        "goodTillDate": 0,
    }


def row(state: State, order: Conditional) -> Json:
    """Return one as lookups and lists show it, with the order that it became."""
    tick = places(state.listing(Market.USDM, order.symbol).rule.tick_size)
    average = ZERO
    if order.order_number:
        became = state.stores[Market.USDM].get(order.order_number)
        average = became.quote_executed / became.executed if became.executed else ZERO
    return placed(state, order) | {
        "actualOrderId": str(order.order_number or ""),
        "actualPrice": text(average.quantize(ONE.scaleb(-8)), max(5, tick)),
        "tpTriggerPrice": text(ZERO, tick),
        "tpPrice": text(ZERO, tick),
        "slTriggerPrice": text(ZERO, tick),
        "slPrice": text(ZERO, tick),
        "tpOrderType": "",
    }


def cancelled(order: Conditional) -> Json:
    """Return the answer to a withdrawal; its code is text."""
    return {
        "algoId": order.number,
        "clientAlgoId": order.client_id,
        "code": "200",
        "msg": "success",
    }
