"""Algo orders of OKX v5 in process: how the list of what waits writes one of each kind."""

from __future__ import annotations

from typing import Any

from tests.conformance.floors import Waiting
from tests.conformance.trading import now_ms

ALGO_KINDS = ("conditional", "oco", "trigger", "move_order_stop", "iceberg", "twap", "chase")
"""What the list may be asked for, one at a time."""
_EMPTY = (
    *("activePx", "actualPx", "attachAlgoOrds", "callbackRatio", "callbackSpread", "ccy"),
    *("closeFraction", "failCode", "moveTriggerPx", "ordId", "ordPx", "pxLimit", "pxSpread"),
    *("pxVar", "slOrdPx", "slTriggerPx", "slTriggerPxType", "szLimit", "tag", "tgtCcy"),
    *("timeInterval", "tpOrdPx", "tpTriggerPx", "tpTriggerPxType", "triggerPx", "triggerTime"),
)
"""What is written empty where it does not apply."""


def algo_row(market: str, order: Waiting, number: int, *, count: str) -> dict[str, Any]:
    """Return how a stop at market is told; *count* is its size as the market counts it."""
    is_swap = market.endswith("-SWAP")
    return dict.fromkeys(_EMPTY, "") | {
        "algoId": str(431_375_349_042_380_800 + number),
        "algoClOrdId": order.name,
        "clOrdId": "",
        "instId": market,
        "instType": "SWAP" if is_swap else "SPOT",
        "ordType": "trigger",
        "side": "buy" if order.is_buy else "sell",
        "posSide": "net" if is_swap else "",
        "tdMode": "cross" if is_swap else "cash",
        "sz": count,
        "tgtCcy": "" if is_swap else "base_ccy",
        "triggerPx": str(order.trigger),
        "triggerPxType": "mark" if order.by_mark else "last",
        "ordPx": "-1",
        "reduceOnly": "true" if order.reduces else "false",
        "actualSz": "0",
        "actualSide": "",
        "lever": "20" if is_swap else "",
        "last": "60000",
        "state": "live",
        "cTime": str(now_ms()),
    }
