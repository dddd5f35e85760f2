"""Futures: positions, margin, funding, liquidation, delivery."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from tests.testnet.client import START_MS, Client, rich
from trimtab.testnet.brackets import brackets_for, maintenance
from trimtab.testnet.interventions import (
    force_deleveraging,
    force_liquidation,
    fund,
    set_clock,
    set_prices,
)

NO_SPREAD = {"usdm": {"spread_bps": "0", "level_notional": "10000000", "taker_fee": "0"}}
DATED = "BTCUSDT_261225"
DATED_EXPIRY_MS = 1_798_185_600_000


def client(**changes: Any) -> Client:
    return Client(rich(rules=NO_SPREAD, **changes))


def move(venue: Client, **given: dict[str, str]) -> None:
    set_prices(venue.exchange.state, **{"mid": {}, "mark": {}, "index": {}} | given)


def risk(venue: Client, symbol: str = "BTCUSDT") -> dict[str, Any]:
    found: list[dict[str, Any]] = venue.ok("GET", "/fapi/v3/positionRisk", symbol=symbol)
    assert len(found) == 1
    return found[0]


def test_a_short_that_is_bought_back_lower_realises_its_profit() -> None:
    venue = client()
    venue.usdm("SELL", "MARKET", quantity="0.5")
    move(venue, mid={"BTC": "58000"})
    venue.usdm("BUY", "MARKET", quantity="0.2")
    assert venue.wallet() == 100_000 + Decimal("0.2") * 2000
    assert venue.position() == Decimal("-0.3")
    assert Decimal(risk(venue)["entryPrice"]) == 60_000
    assert venue.exchange.audit() == ()


def test_an_order_through_zero_closes_and_opens_at_the_new_entry() -> None:
    venue = client()
    venue.usdm("BUY", "MARKET", quantity="0.1")
    move(venue, mid={"BTC": "61000"})
    venue.usdm("SELL", "MARKET", quantity="0.3")
    assert venue.wallet() == 100_100
    assert venue.position() == Decimal("-0.2")
    assert Decimal(risk(venue)["entryPrice"]) == 61_000
    assert venue.exchange.audit() == ()


def test_commission_is_taken_from_the_wallet_and_listed_as_income() -> None:
    venue = Client(rich(rules={"usdm": {"spread_bps": "0", "level_notional": "10000000"}}))
    venue.usdm("BUY", "MARKET", quantity="1")
    assert venue.wallet() == 100_000 - 30
    rows = venue.ok("GET", "/fapi/v1/income", incomeType="COMMISSION")
    assert [row["income"] for row in rows] == ["-30.00000000"]


@pytest.mark.parametrize(
    ("kind", "quantity", "outcome"),
    [
        ("MARKET", "0.3", "EXPIRED"),
        ("MARKET", "0.2", "FILLED"),
        ("LIMIT", "0.3", "-2022"),
        ("LIMIT", "0.2", "NEW"),
    ],
)
def test_reduce_only_never_turns_a_position(kind: str, quantity: str, outcome: str) -> None:
    venue = client()
    venue.usdm("BUY", "MARKET", quantity="0.2")
    asked = {
        "symbol": "BTCUSDT",
        "side": "SELL",
        "type": kind,
        "quantity": quantity,
        "reduceOnly": "true",
        "newOrderRespType": "RESULT",
    }
    if kind == "LIMIT":
        asked |= {"price": "61000", "timeInForce": "GTC"}
    answer = venue.send("POST", "/fapi/v1/order", asked)
    seen = answer.payload["status"] if answer.status == 200 else str(answer.payload["code"])
    assert seen == outcome
    assert venue.position() == (0 if kind == "MARKET" else Decimal("0.2"))


def test_reduce_only_on_the_positions_own_side_or_without_one_is_refused() -> None:
    venue = client()
    asked = {"symbol": "BTCUSDT", "type": "MARKET", "quantity": "0.1", "reduceOnly": "true"}
    assert venue.code("POST", "/fapi/v1/order", side="SELL", **asked) == -2022
    venue.usdm("BUY", "MARKET", quantity="0.1")
    assert venue.code("POST", "/fapi/v1/order", side="BUY", **asked) == -2022


def test_resting_reducers_expire_with_the_position() -> None:
    venue = client()
    venue.usdm("BUY", "MARKET", quantity="0.1")
    resting = {"quantity": "0.1", "price": "65000", "timeInForce": "GTC", "reduceOnly": "true"}
    order = venue.usdm("SELL", "LIMIT", **resting)
    venue.usdm("SELL", "MARKET", quantity="0.1")
    found = venue.ok("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=order["orderId"])
    assert found["status"] == "EXPIRED"


def test_a_resting_reducer_fills_no_more_than_what_is_left_and_then_expires() -> None:
    venue = client()
    venue.usdm("BUY", "MARKET", quantity="0.2")
    resting = {"quantity": "0.2", "price": "65000", "timeInForce": "GTC", "reduceOnly": "true"}
    order = venue.usdm("SELL", "LIMIT", **resting)
    venue.usdm("SELL", "MARKET", quantity="0.15")
    move(venue, mid={"BTC": "66000"})
    found = venue.ok("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=order["orderId"])
    assert (found["status"], found["executedQty"]) == ("EXPIRED", "0.050")
    assert venue.position() == 0


def test_a_gtc_limit_answers_new_even_if_it_crossed() -> None:
    venue = client()
    answer = venue.usdm("BUY", "LIMIT", quantity="0.1", price="60100", timeInForce="GTC")
    found = venue.ok("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=answer["orderId"])
    assert (answer["status"], answer["executedQty"]) == ("NEW", "0.000")
    assert (found["status"], found["executedQty"]) == ("FILLED", "0.100")


def test_an_ioc_limit_shows_its_outcome_at_once() -> None:
    answer = client().usdm("BUY", "LIMIT", quantity="0.1", price="59000", timeInForce="IOC")
    assert (answer["status"], answer["executedQty"]) == ("EXPIRED", "0.000")


def test_an_unfillable_fok_and_a_crossing_gtx_leave_no_order_behind() -> None:
    venue = client()
    asked = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": "0.1"}
    fok = venue.code("POST", "/fapi/v1/order", **asked, price="59000", timeInForce="FOK")
    gtx = venue.code("POST", "/fapi/v1/order", **asked, price="60100", timeInForce="GTX")
    assert (fok, gtx) == (-5021, -5022)
    assert venue.ok("GET", "/fapi/v1/allOrders", symbol="BTCUSDT") == []


def test_margin_is_required_for_what_is_opened_and_not_for_what_is_closed() -> None:
    venue = client(futures={"wallet": "600", "leverage": {"*": 10}})
    asked = {"symbol": "BTCUSDT", "type": "MARKET"}
    assert venue.code("POST", "/fapi/v1/order", side="BUY", quantity="0.101", **asked) == -2019
    venue.usdm("BUY", "MARKET", quantity="0.1")
    assert venue.code("POST", "/fapi/v1/order", side="BUY", quantity="0.002", **asked) == -2019
    venue.usdm("SELL", "MARKET", quantity="0.1")
    assert venue.position() == 0


def test_open_orders_tie_up_margin() -> None:
    venue = client()
    venue.usdm("BUY", "LIMIT", quantity="1", price="59000", timeInForce="GTC")
    (row,) = venue.ok("GET", "/fapi/v2/balance")
    assert Decimal(row["availableBalance"]) == 100_000 - 5900


def test_a_position_above_its_leverage_bracket_is_refused() -> None:
    venue = client(futures={"wallet": "10000000", "leverage": {"BTCUSDT": 125}})
    asked = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET"}
    assert venue.code("POST", "/fapi/v1/order", quantity="5.001", **asked) == -2027
    venue.usdm("BUY", "MARKET", quantity="5")
    assert venue.code("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=126) == -4028


def test_maintenance_is_continuous_at_every_edge_of_the_brackets() -> None:
    for table in (brackets_for("BTC", dated=False), brackets_for("SOL", dated=False)):
        for below, above in pairwise(table):
            at_edge = above.floor * above.rate - above.cum
            assert maintenance(table, below.cap) == at_edge


@pytest.mark.parametrize(("wallet", "quantity"), [("1000", "0.1"), ("100000", "12")])
def test_the_liquidation_price_shown_is_where_liquidation_comes(wallet: str, quantity: str) -> None:
    venue = client(futures={"wallet": wallet, "leverage": {"*": 10}})
    venue.usdm("SELL", "MARKET", quantity=quantity)
    limit = Decimal(risk(venue)["liquidationPrice"])
    move(venue, mark={"BTCUSDT": str(limit.quantize(Decimal("0.01")) - Decimal("0.02"))})
    assert venue.position() == -Decimal(quantity)
    move(venue, mark={"BTCUSDT": str(limit.quantize(Decimal("0.01")) + Decimal("0.02"))})
    assert venue.position() == 0
    last = venue.exchange.truth()["orders"][-1]
    assert last["client_id"].startswith("autoclose-")
    assert venue.exchange.audit() == ()


def test_insurance_makes_good_what_a_gap_left_below_zero() -> None:
    venue = client(futures={"wallet": "700", "leverage": {"*": 10}})
    venue.usdm("BUY", "MARKET", quantity="0.1")
    move(venue, mid={"BTC": "40000"})
    assert venue.wallet() == 0
    kinds = [row["incomeType"] for row in venue.ok("GET", "/fapi/v1/income")]
    assert kinds[-1] == "INSURANCE_CLEAR"
    assert venue.exchange.audit() == ()


def test_liquidation_cancels_orders_and_closes_the_largest_maintenance_first() -> None:
    venue = client(futures={"wallet": "1200", "leverage": {"*": 10}})
    venue.usdm("BUY", "MARKET", quantity="0.1")
    venue.usdm("BUY", "MARKET", symbol="ETHUSDT", quantity="1")
    venue.usdm("BUY", "LIMIT", quantity="0.002", price="40000", timeInForce="GTC")
    move(venue, mid={"BTC": "48200"})
    assert venue.position() == 0
    assert venue.position("ETHUSDT") == 1
    assert venue.ok("GET", "/fapi/v1/openOrders") == []


def test_an_isolated_position_loses_no_more_than_its_own_wallet() -> None:
    venue = client()
    venue.ok("POST", "/fapi/v1/marginType", symbol="BTCUSDT", marginType="ISOLATED")
    venue.usdm("BUY", "MARKET", quantity="1")
    assert Decimal(risk(venue)["isolatedWallet"]) == 6000
    venue.usdm("SELL", "MARKET", quantity="0.5")
    assert Decimal(risk(venue)["isolatedWallet"]) == 3000
    limit = Decimal(risk(venue)["liquidationPrice"])
    assert 54_000 < limit < 54_300
    move(venue, mark={"BTCUSDT": str(limit - 1)})
    assert venue.position() == 0
    assert 97_000 <= venue.wallet() < 97_200
    assert venue.exchange.audit() == ()


def test_modes_cannot_change_under_a_position() -> None:
    venue = client()
    venue.usdm("BUY", "MARKET", quantity="0.1")
    margin = {"symbol": "BTCUSDT", "marginType": "ISOLATED"}
    assert venue.code("POST", "/fapi/v1/marginType", **margin) == -4048
    assert venue.code("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true") == -4068
    assert venue.code("POST", "/fapi/v1/marginType", **margin | {"marginType": "CROSSED"}) == -4046


def test_hedge_mode_keeps_a_long_and_a_short_side_by_side() -> None:
    venue = client()
    venue.ok("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")
    venue.usdm("BUY", "MARKET", quantity="0.2", positionSide="LONG")
    venue.usdm("SELL", "MARKET", quantity="0.1", positionSide="SHORT")
    asked = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.3"}
    assert venue.code("POST", "/fapi/v1/order", **asked) == -4061
    assert venue.code("POST", "/fapi/v1/order", positionSide="LONG", **asked) == -2022
    rows = venue.ok("GET", "/fapi/v2/positionRisk", symbol="BTCUSDT")
    assert {r["positionSide"]: Decimal(r["positionAmt"]) for r in rows} == {
        "LONG": Decimal("0.2"),
        "SHORT": Decimal("-0.1"),
    }
    assert venue.exchange.audit() == ()


def test_a_short_receives_funding_when_the_rate_is_positive() -> None:
    venue = client()
    venue.usdm("SELL", "MARKET", quantity="1")
    fund(venue.exchange.state, {"BTCUSDT": "0.0003"})
    assert venue.wallet() == 100_000 + 18
    (row,) = venue.ok("GET", "/fapi/v1/income", incomeType="FUNDING_FEE")
    assert (row["symbol"], row["income"]) == ("BTCUSDT", "18.00000000")
    latest = venue.public("/fapi/v1/fundingRate", symbol="BTCUSDT", limit=1)
    assert latest[0]["fundingRate"] == "0.00030000"


def test_funding_settles_each_time_the_clock_passes_it() -> None:
    venue = client()
    venue.usdm("BUY", "MARKET", quantity="1")
    due = venue.public("/fapi/v1/premiumIndex", symbol="BTCUSDT")["nextFundingTime"]
    assert due > START_MS
    venue.clock_ms = due - 1
    assert venue.wallet() == 100_000
    venue.clock_ms = due
    assert venue.wallet() == 100_000 - 6
    set_clock(venue.exchange.state, offset_ms=24 * 3_600_000)
    assert venue.wallet() == 100_000 - 4 * 6
    assert len(venue.exchange.truth()["funding"]) == 4


def test_a_dated_contract_stands_at_its_basis_and_settles_at_the_index() -> None:
    venue = client(basis={"dated": "0.10"})
    row = venue.public("/fapi/v1/premiumIndex", symbol=DATED)
    years = Decimal(DATED_EXPIRY_MS - START_MS) / (365 * 86_400_000)
    expected = 60_000 * (1 + Decimal("0.1") * years)
    assert abs(Decimal(row["markPrice"]) - expected) <= Decimal("0.01")
    venue.usdm("SELL", "MARKET", symbol=DATED, quantity="1")
    venue.usdm("SELL", "LIMIT", symbol=DATED, quantity="1", price="65000", timeInForce="GTC")
    entry = Decimal(risk(venue, DATED)["entryPrice"])
    venue.clock_ms = DATED_EXPIRY_MS
    assert venue.position(DATED) == 0
    assert venue.wallet() == 100_000 + entry - 60_000
    last = venue.exchange.truth()["orders"][-1]
    assert last["client_id"].startswith("settlement_autoclose-")
    asked = {"symbol": DATED, "side": "BUY", "type": "MARKET", "quantity": "1"}
    assert venue.code("POST", "/fapi/v1/order", **asked) == -4108
    assert venue.exchange.audit() == ()


def test_two_dated_contracts_are_listed_for_btc_and_eth() -> None:
    rows = client().public("/fapi/v1/exchangeInfo")["symbols"]
    dated = [(r["symbol"], r["contractType"]) for r in rows if r["contractType"] != "PERPETUAL"]
    assert dated == [
        ("BTCUSDT_260925", "CURRENT_QUARTER"),
        ("BTCUSDT_261225", "NEXT_QUARTER"),
        ("ETHUSDT_260925", "CURRENT_QUARTER"),
        ("ETHUSDT_261225", "NEXT_QUARTER"),
    ]


def test_marks_follow_the_index_with_their_basis_until_overridden() -> None:
    venue = client(basis={"bps": {"BTCUSDT": "10"}})
    assert venue.exchange.truth()["marks"]["BTCUSDT"] == "60060"
    move(venue, mid={"BTC": "50000"})
    assert venue.exchange.truth()["marks"]["BTCUSDT"] == "50050"
    move(venue, index={"BTCUSDT": "51000"})
    assert venue.exchange.truth()["marks"]["BTCUSDT"] == "51051"
    move(venue, mark={"BTCUSDT": "52000"})
    assert venue.exchange.truth()["marks"]["BTCUSDT"] == "52000"
    move(venue, mark={"BTCUSDT": ""}, index={"BTCUSDT": ""})
    assert venue.exchange.truth()["marks"]["BTCUSDT"] == "50050"


def test_deleveraging_and_forced_liquidation_leave_fills_of_their_own() -> None:
    venue = client()
    venue.usdm("BUY", "MARKET", quantity="0.5")
    force_deleveraging(venue.exchange.state, "BTCUSDT", quantity="0.2")
    assert venue.position() == Decimal("0.3")
    force_liquidation(venue.exchange.state, "BTCUSDT")
    assert venue.position() == 0
    ids = [order["client_id"] for order in venue.exchange.truth()["orders"]]
    assert ids[1] == "adl_autoclose"
    assert ids[2].startswith("autoclose-")
    assert venue.exchange.audit() == ()


def test_a_countdown_cancels_the_open_orders_when_it_runs_out() -> None:
    venue = client()
    venue.usdm("BUY", "LIMIT", quantity="0.1", price="55000", timeInForce="GTC")
    venue.ok("POST", "/fapi/v1/countdownCancelAll", symbol="BTCUSDT", countdownTime=5000)
    venue.clock_ms += 4999
    assert len(venue.ok("GET", "/fapi/v1/openOrders")) == 1
    venue.clock_ms += 1
    assert venue.ok("GET", "/fapi/v1/openOrders") == []


def test_transfers_move_quote_between_the_wallets_and_never_margin_in_use() -> None:
    venue = client(futures={"wallet": "600", "leverage": {"*": 10}})
    move_in = {"type": "MAIN_UMFUTURE", "asset": "USDT"}
    move_out = {"type": "UMFUTURE_MAIN", "asset": "USDT"}
    venue.ok("POST", "/sapi/v1/asset/transfer", amount="400", **move_in)
    venue.usdm("BUY", "MARKET", quantity="0.1")
    assert venue.code("POST", "/sapi/v1/asset/transfer", amount="401", **move_out) == -5013
    venue.ok("POST", "/sapi/v1/asset/transfer", amount="400", **move_out)
    rows = venue.ok("GET", "/sapi/v1/asset/transfer", type="UMFUTURE_MAIN")
    assert (rows["total"], rows["rows"][0]["amount"]) == (1, "400.00000000")
    assert (venue.free("USDT"), venue.wallet()) == (1_000_000, 600)
    assert venue.exchange.audit() == ()


def test_unrealised_profit_backs_positions_and_cannot_leave_the_wallet() -> None:
    venue = client(futures={"wallet": "1000", "leverage": {"*": 10}})
    venue.usdm("BUY", "MARKET", quantity="0.1")
    move(venue, mid={"BTC": "70000"})
    (row,) = venue.ok("GET", "/fapi/v2/balance")
    assert Decimal(row["availableBalance"]) == 1000 + 1000 - 700
    assert Decimal(row["maxWithdrawAmount"]) == 300
    asked = {"type": "UMFUTURE_MAIN", "asset": "USDT"}
    assert venue.code("POST", "/sapi/v1/asset/transfer", amount="300.01", **asked) == -5013


def test_an_account_that_starts_with_positions_adds_up() -> None:
    position = {"symbol": "BTCUSDT", "quantity": "-0.5", "entry": "61000.123"}
    venue = client(futures={"wallet": "5000", "positions": [position], "leverage": {"*": 5}})
    assert Decimal(risk(venue)["unRealizedProfit"]) == Decimal("500.0615")
    venue.usdm("BUY", "MARKET", quantity="0.167")
    venue.usdm("BUY", "MARKET", quantity="0.333")
    assert venue.wallet() == Decimal("5500.0615")
    assert venue.exchange.audit() == ()
