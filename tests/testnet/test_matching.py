"""Spot orders meet books as they would on the exchange."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.testnet.client import Client, rich
from trimtab.testnet.interventions import set_prices

FLAT_BOOK = {
    "spread_bps": "2",
    "level_gap_bps": "1",
    "level_notional": "60000",
    "levels": 3,
}


def client(**rule: Any) -> Client:
    return Client(rich(rules={"*": FLAT_BOOK | rule}))


def move(venue: Client, mid: str) -> None:
    set_prices(venue.exchange.state, mid={"BTC": mid}, mark={}, index={})


def test_a_market_buy_walks_the_asks_and_pays_its_commission_in_the_bought_asset() -> None:
    venue = client()
    answer = venue.spot("BUY", "MARKET", quantity="1.5")
    assert [(f["price"], f["qty"]) for f in answer["fills"]] == [
        ("60006.00000000", "1.00000000"),
        ("60012.00000000", "0.50000000"),
    ]
    assert {f["commissionAsset"] for f in answer["fills"]} == {"BTC"}
    assert venue.free("BTC") == Decimal("11.5") - Decimal("0.0015")
    assert venue.free("USDT") == Decimal(1_000_000) - Decimal(60006) - Decimal(30006)
    assert answer["status"] == "FILLED"


def test_a_market_sell_pays_its_commission_in_quote() -> None:
    venue = client()
    answer = venue.spot("SELL", "MARKET", quantity="0.1")
    assert venue.free("USDT") == Decimal(1_000_000) + Decimal("5999.4") - Decimal("5.9994")
    assert answer["cummulativeQuoteQty"] == "5999.40000000"


def test_a_market_order_beyond_the_book_fills_what_is_there_and_expires() -> None:
    answer = client().spot("SELL", "MARKET", quantity="9")
    assert (answer["status"], answer["executedQty"]) == ("EXPIRED", "3.20000000")


def test_a_quote_order_buys_the_whole_lots_that_its_budget_pays() -> None:
    answer = client().spot("BUY", "MARKET", quoteOrderQty="100")
    assert answer["executedQty"] == "0.00166000"
    assert Decimal(answer["cummulativeQuoteQty"]) <= 100
    assert answer["status"] == "FILLED"


def test_an_ioc_limit_takes_up_to_its_limit_and_expires_the_rest() -> None:
    answer = client().spot("BUY", "LIMIT", quantity="2", price="60006", timeInForce="IOC")
    assert (answer["status"], answer["executedQty"]) == ("EXPIRED", "1.00000000")


@pytest.mark.parametrize(("quantity", "status"), [("1", "FILLED"), ("1.1", "EXPIRED")])
def test_a_fok_limit_fills_whole_or_not_at_all(quantity: str, status: str) -> None:
    answer = client().spot("BUY", "LIMIT", quantity=quantity, price="60006", timeInForce="FOK")
    filled = quantity if status == "FILLED" else "0"
    assert (answer["status"], Decimal(answer["executedQty"])) == (status, Decimal(filled))


def test_a_gtc_limit_takes_what_crosses_and_reserves_for_the_rest() -> None:
    venue = client()
    answer = venue.spot("BUY", "LIMIT", quantity="2", price="60006", timeInForce="GTC")
    assert (answer["status"], answer["executedQty"]) == ("PARTIALLY_FILLED", "1.00000000")
    assert venue.exchange.truth()["balances"]["USDT"]["locked"] == "60006"
    bids = venue.public("/api/v3/depth", symbol="BTCUSDT")["bids"]
    asks = venue.public("/api/v3/depth", symbol="BTCUSDT")["asks"]
    assert bids[0] == ["60006.00000000", "1.00000000"]
    assert Decimal(asks[0][0]) > Decimal(bids[0][0])


def test_a_maker_order_that_would_take_is_refused_and_one_that_rests_is_accepted() -> None:
    venue = client()
    asked = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT_MAKER", "quantity": "1"}
    assert venue.code("POST", "/api/v3/order", **asked, price="60006") == -2010
    assert venue.ok("POST", "/api/v3/order", **asked, price="60005")["orderId"]


def test_a_resting_order_fills_at_its_own_limit_when_the_price_comes_to_it() -> None:
    venue = client(maker_fee="0.0005")
    order = venue.spot("BUY", "LIMIT", quantity="0.5", price="59000", timeInForce="GTC")
    move(venue, "58000")
    found = venue.ok("GET", "/api/v3/order", symbol="BTCUSDT", orderId=order["orderId"])
    fills = venue.ok("GET", "/api/v3/myTrades", symbol="BTCUSDT")
    assert found["status"] == "FILLED"
    assert [(f["price"], f["isMaker"]) for f in fills] == [("59000.00000000", True)]
    assert fills[0]["commission"] == "0.00025000"
    assert venue.exchange.truth()["balances"]["USDT"]["locked"] == "0"
    assert venue.exchange.audit() == ()


def test_a_resting_order_that_fills_in_part_keeps_reserving_for_the_rest() -> None:
    venue = client()
    order = venue.spot("BUY", "LIMIT", quantity="3", price="59000", timeInForce="GTC")
    move(venue, "58992")  # The best ask is 58997.90, the next one beyond 59000.
    found = venue.ok("GET", "/api/v3/order", symbol="BTCUSDT", orderId=order["orderId"])
    left = 3 - Decimal(found["executedQty"])
    assert (found["status"], 0 < left < 3) == ("PARTIALLY_FILLED", True)
    locked = Decimal(venue.exchange.truth()["balances"]["USDT"]["locked"])
    assert locked == left * 59_000
    assert venue.exchange.audit() == ()


def test_a_resting_sell_gives_back_what_it_reserved_when_cancelled() -> None:
    venue = client()
    order = venue.spot("SELL", "LIMIT", quantity="2", price="61000", timeInForce="GTC")
    assert venue.free("BTC") == 8
    ended = venue.ok("DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=order["orderId"])
    assert (ended["status"], ended["origClientOrderId"]) == ("CANCELED", order["clientOrderId"])
    assert venue.free("BTC") == 10


def test_cancelling_all_orders_leaves_none_open() -> None:
    venue = client()
    for limit in ("50000", "51000"):
        venue.spot("BUY", "LIMIT", quantity="0.1", price=limit, timeInForce="GTC")
    assert len(venue.ok("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")) == 2
    assert venue.ok("GET", "/api/v3/openOrders", symbol="BTCUSDT") == []
    assert venue.free("USDT") == 1_000_000


@pytest.mark.parametrize(("replenish", "second"), [(True, "60006"), (False, "60012")])
def test_a_book_refills_after_each_order_unless_it_is_told_not_to(
    replenish: bool, second: str
) -> None:
    venue = client(replenish=replenish)
    venue.spot("BUY", "MARKET", quantity="1")
    answer = venue.spot("BUY", "MARKET", quantity="1")
    assert Decimal(answer["fills"][0]["price"]) == Decimal(second)


def test_an_order_never_trades_with_the_accounts_own_resting_order() -> None:
    venue = client()
    venue.spot("SELL", "LIMIT", quantity="1", price="60008", timeInForce="GTC")
    answer = venue.spot("BUY", "LIMIT", quantity="1.5", price="60012", timeInForce="GTC")
    own = venue.ok("GET", "/api/v3/allOrders", symbol="BTCUSDT")[0]
    assert own["status"] == "EXPIRED_IN_MATCH"
    assert answer["executedQty"] == "1.50000000"


def test_an_own_order_beyond_the_last_fill_stays() -> None:
    venue = client()
    venue.spot("SELL", "LIMIT", quantity="1", price="60020", timeInForce="GTC")
    venue.spot("BUY", "LIMIT", quantity="0.5", price="60030", timeInForce="IOC")
    assert len(venue.ok("GET", "/api/v3/openOrders", symbol="BTCUSDT")) == 1


def test_a_client_id_is_unique_among_open_orders_only() -> None:
    venue = client()
    asked = {"quantity": "0.1", "newClientOrderId": "mine"}
    venue.spot("BUY", "MARKET", **asked)
    second = venue.spot("BUY", "LIMIT", price="50000", timeInForce="GTC", **asked)
    again = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", **asked}
    refused = venue.send("POST", "/api/v3/order", again)
    found = venue.ok("GET", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine")
    assert refused.payload == {"code": -2010, "msg": "Duplicate order sent."}
    assert found["orderId"] == second["orderId"]


def test_commissions_come_from_bnb_when_there_is_enough_of_it() -> None:
    venue = Client(rich(bnb_fees=True, spot={"BTC": "1", "BNB": "0.005", "USDT": "1000"}))
    first = venue.spot("SELL", "MARKET", quantity="0.01")
    second = venue.spot("SELL", "MARKET", quantity="0.5")
    assert first["fills"][0]["commissionAsset"] == "BNB"
    assert second["fills"][0]["commissionAsset"] == "USDT"
    assert venue.exchange.audit() == ()


def test_answers_are_as_long_as_the_client_asked() -> None:
    venue = client()
    ack = venue.spot("BUY", "MARKET", quantity="0.1", newOrderRespType="ACK")
    result = venue.spot("BUY", "MARKET", quantity="0.1", newOrderRespType="RESULT")
    full = venue.spot("BUY", "MARKET", quantity="0.1")
    assert "status" not in ack
    assert "fills" not in result
    assert result["status"] == "FILLED"
    assert len(full["fills"]) == 1


def test_a_test_order_is_checked_and_changes_nothing() -> None:
    venue = client()
    before = venue.exchange.truth()
    asked = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.1"}
    assert venue.ok("POST", "/api/v3/order/test", **asked) == {}
    assert (
        venue.code("POST", "/api/v3/order/test", **asked | {"side": "SELL", "quantity": "11"})
        == -2010
    )
    assert venue.exchange.truth() == before


def test_fills_are_paged_by_id_and_by_order() -> None:
    venue = client()
    orders = [venue.spot("BUY", "MARKET", quantity="0.1")["orderId"] for _ in range(5)]

    def ids(**params: Any) -> list[int]:
        rows = venue.ok("GET", "/api/v3/myTrades", symbol="BTCUSDT", **params)
        return [row["id"] for row in rows]

    assert ids() == [1, 2, 3, 4, 5]
    assert ids(limit=2) == [4, 5]
    assert ids(fromId=2, limit=2) == [2, 3]
    assert ids(orderId=orders[3]) == [4]
    assert ids(startTime=venue.clock_ms + 1) == []


def test_tiny_lots_and_no_fees_fill_to_the_last_digit() -> None:
    rules = {"*": {"lot_size": "0.00000001", "maker_fee": "0", "taker_fee": "0"}}
    venue = Client(rich(rules=rules))
    answer = venue.spot("BUY", "MARKET", quantity="0.01234567")
    assert answer["executedQty"] == "0.01234567"
    assert venue.free("BTC") == Decimal("10.01234567")


def test_a_commission_is_cut_off_at_the_eighth_decimal_and_never_rounded_up() -> None:
    venue = Client(rich(rules={"*": {"lot_size": "0.00000001"}}))
    answer = venue.spot("BUY", "MARKET", quantity="0.01234567")
    assert answer["fills"][0]["commission"] == "0.00001234"


def test_nothing_depends_on_the_ambient_decimal_context(hostile_decimal_context: None) -> None:
    venue = Client(rich())
    venue.spot("BUY", "MARKET", quantity="0.12345")
    venue.usdm("BUY", "MARKET", quantity="0.123")
    move(venue, "60123.45")
    assert venue.exchange.truth()["orders"][0]["executed"] == "0.12345"
    assert venue.exchange.audit() == ()
