"""Any JSON at all in place of an answer: read exactly, or unreadable, and never an order."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from tests.wire.opened import intent, perpetual_btc, spot_btc
from trimtab.adapters.binance import account
from trimtab.adapters.binance.orders import fill_of, open_order_of, order_of
from trimtab.adapters.frame.contract_values import book_of
from trimtab.adapters.wire.exact import Unreadable, document, rows_of
from trimtab.adapters.wire.transport import Capture
from trimtab.adapters.wire.verdict import Judgement, Verdict, judge_read, judge_write
from trimtab.domain.instruments import Asset
from trimtab.domain.orders import VenueOrder
from trimtab.venues.binance import BINANCE
from trimtab.venues.profile import Desk

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ORDER = intent(spot_btc(), 100, "60000")
NAMES = [
    *("symbol", "orderId", "clientOrderId", "origQty", "executedQty", "status", "side", "price"),
    *("code", "msg", "balances", "asset", "free", "locked", "commissionRates", "taker", "assets"),
    *("walletBalance", "unrealizedProfit", "availableBalance", "initialMargin", "maintMargin"),
    *("positionAmt", "entryPrice", "liquidationPrice", "dualSidePosition", "bids", "asks", "id"),
    *("markPrice", "indexPrice", "lastFundingRate", "brackets", "notionalFloor", "notionalCap"),
    *("initialLeverage", "maintMarginRatio", "cum", "leverage", "marginType", "qty", "time"),
    *("commission", "commissionAsset", "isBuyer", "buyer", "takerCommissionRate", "stopPrice"),
]
TELLING = [
    "",
    "0",
    "-1",
    "1e400",
    "1e-400",
    "NaN",
    "Infinity",
    "\u0661",
    "1_0",
    "BUY",
    "SELL",
    "CROSSED",
]
OURS = [ORDER.client_order_id, "BTCUSDT", "FILLED", "0.001", "60000", 4711, -2010, -4116, "200"]

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
leaves |= st.sampled_from(TELLING) | st.sampled_from(OURS)
answers = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=12)
    ),
    max_leaves=30,
)

READERS: list[Callable[[Any], object]] = [
    account.spot_account,
    lambda answer: account.margin_pools(answer, Asset("USDT")),
    account.open_positions,
    account.position_mode,
    account.contract_prices,
    account.brackets,
    account.contract_settings,
    account.taker_fee,
    lambda answer: book_of(answer, perpetual_btc(), read_at=NOW),
    lambda answer: [fill_of(row, spot_btc(), {}) for row in rows_of(answer)],
    lambda answer: [open_order_of(row, perpetual_btc()) for row in rows_of(answer)],
]


def capture(body: bytes, status: int) -> Capture:
    return Capture(
        method="POST",
        host="api.binance.com",
        path="/api/v3/order",
        http_status=status,
        headers={},
        body=body,
        cause="",
        handed_to_socket=True,
        sent_at=NOW,
        answered_at=NOW,
    )


def judged(body: bytes, status: int) -> Judgement[VenueOrder]:
    return judge_write(
        [capture(body, status)],
        BINANCE.codes[Desk.SPOT],
        read=lambda told: order_of(told, ORDER, market_id="BTCUSDT", ended=BINANCE.ended_statuses),
        now=NOW,
        cause=None,
    )


def outcome(reader: Callable[[Any], object], body: bytes) -> str:
    try:
        reader(document(body))
    except Unreadable:
        return "unreadable"
    return "a value"


@given(answer=answers)
@example(answer={"balances": [], "commissionRates": {"taker": "1e-70"}})
@example(answer=[[]])
def test_a_reader_gives_a_value_or_says_that_it_is_unreadable(answer: Any) -> None:
    body = json.dumps(answer).encode()
    assert {outcome(reader, body) for reader in READERS} <= {"a value", "unreadable"}


@given(answer=answers, status=st.sampled_from([200, 201, 301, 400, 404, 409, 429, 500, 503]))
def test_only_an_echo_of_our_order_is_an_acceptance(answer: Any, status: int) -> None:
    verdict = judged(json.dumps(answer).encode(), status).verdict
    if verdict is Verdict.ACCEPTED:
        assert status == 200
        assert answer["clientOrderId"] == ORDER.client_order_id
        assert (answer["symbol"], answer["side"].upper()) == ("BTCUSDT", "BUY")
        assert int(answer["orderId"]) > 0
    if verdict is Verdict.REFUSED:
        assert 400 <= status < 500
        assert str(answer["code"]) in BINANCE.codes[Desk.SPOT].refused


@given(body=st.binary(max_size=200), status=st.sampled_from([200, 400, 418, 502]))
def test_bytes_that_are_no_answer_prove_nothing(body: bytes, status: int) -> None:
    verdict = judged(body, status).verdict
    assert verdict is (Verdict.THROTTLED if status == 418 else Verdict.UNKNOWN)
    read = judge_read(capture(body, status), BINANCE.codes[Desk.SPOT])
    assert (read.verdict is Verdict.ACCEPTED) == (read.accepted is not None)
