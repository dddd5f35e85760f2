"""Whatever is ordered and however prices move, the books balance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.testnet.client import Client, rich
from trimtab.testnet.interventions import deposit, fund, set_prices

SYMBOLS = ("BTCUSDT", "ETHUSDT")
MIDS = {"BTCUSDT": 60_000, "ETHUSDT": 2_500}

order = st.fixed_dictionaries(
    {
        "host": st.sampled_from(["/api/v3/order", "/fapi/v1/order"]),
        "symbol": st.sampled_from(SYMBOLS),
        "side": st.sampled_from(["BUY", "SELL"]),
        "kind": st.sampled_from(["MARKET", "GTC", "IOC", "FOK", "MAKER"]),
        "lots": st.integers(3, 900),
        "away_bps": st.integers(-60, 60),
        "reduce_only": st.sampled_from([False, False, False, True]),
        "client_id": st.sampled_from(["", "a", "b"]),
    }
)
cancel = st.fixed_dictionaries(
    {
        "cancel": st.sampled_from(["/api/v3/openOrders", "/fapi/v1/allOpenOrders"]),
        "symbol": st.sampled_from(SYMBOLS),
    }
)
move = st.fixed_dictionaries(
    {"btc_bps": st.one_of(st.integers(-300, 300), st.integers(-2500, 2500))}
)
settle = st.fixed_dictionaries({"rate": st.sampled_from(["0.0001", "-0.003", "0.0075"])})
transfer = st.fixed_dictionaries(
    {
        "transfer": st.sampled_from(["MAIN_UMFUTURE", "UMFUTURE_MAIN"]),
        "units": st.decimals("0.00000001", 5000, places=8),
    }
)
gift = st.fixed_dictionaries({"deposit": st.sampled_from(["spot", "usdm"])})
event = st.one_of(cancel, move, settle, transfer, gift)
burst = st.tuples(st.lists(order, min_size=1, max_size=6), st.lists(event, max_size=2))
streams = st.lists(burst, min_size=3, max_size=10).map(
    lambda bursts: [step for orders, events in bursts for step in (*orders, *events)]
)


def place(venue: Client, step: dict[str, Any]) -> None:
    """Place a random order; a refusal is as good as an acceptance."""
    spot = step["host"].startswith("/api")
    asked: dict[str, Any] = {
        "symbol": step["symbol"],
        "side": step["side"],
        "type": "MARKET",
        "quantity": format(step["lots"] * Decimal("0.001"), "f"),
    }
    if step["kind"] != "MARKET":
        mid = Decimal(MIDS[step["symbol"]])
        limit = (mid * (1 + Decimal(step["away_bps"]) / 10_000)).quantize(Decimal("0.1"))
        maker = "LIMIT_MAKER" if spot else "LIMIT"
        asked |= {"type": maker if step["kind"] == "MAKER" else "LIMIT", "price": limit}
        if asked["type"] == "LIMIT":
            asked["timeInForce"] = "GTX" if step["kind"] == "MAKER" else step["kind"]
    if not spot and step["reduce_only"]:
        asked["reduceOnly"] = "true"
    if step["client_id"]:
        asked["newClientOrderId"] = step["client_id"]
    assert venue.send("POST", step["host"], asked).status in {200, 400, 429}


def cancel_all(venue: Client, step: dict[str, Any]) -> None:
    """Cancel what is open of a symbol."""
    venue.send("DELETE", step["cancel"], {"symbol": step["symbol"]})


def move_btc(venue: Client, step: dict[str, Any]) -> None:
    """Move the mid of BTC, and with it marks and resting orders."""
    mid = Decimal(60_000) * (1 + Decimal(step["btc_bps"]) / 10_000)
    set_prices(venue.exchange.state, mid={"BTC": str(mid)}, mark={}, index={})


def settle_funding(venue: Client, step: dict[str, Any]) -> None:
    """Settle a funding of both contracts, some time later."""
    venue.clock_ms += 3_600_000
    fund(venue.exchange.state, dict.fromkeys(SYMBOLS, step["rate"]))


def move_quote(venue: Client, step: dict[str, Any]) -> None:
    """Transfer between the wallets."""
    asked = {"type": step["transfer"], "asset": "USDT", "amount": format(step["units"], "f")}
    venue.send("POST", "/sapi/v1/asset/transfer", asked)


def give(venue: Client, step: dict[str, Any]) -> None:
    """Deposit a little from outside."""
    deposit(venue.exchange.state, asset="USDT", units="12.34567891", wallet=step["deposit"])


ACTS: dict[str, Callable[[Client, dict[str, Any]], None]] = {
    "host": place,
    "cancel": cancel_all,
    "btc_bps": move_btc,
    "rate": settle_funding,
    "transfer": move_quote,
    "deposit": give,
}


def run(stream: list[dict[str, Any]]) -> Client:
    """Run a stream on an account that is neither poor nor rich."""
    venue = Client(
        rich(
            spot={"BTC": "2", "ETH": "20", "USDT": "50000"},
            futures={"wallet": "9000", "leverage": {"*": 20}},
            rules={"*": {"level_notional": "30000", "levels": 12, "replenish": False}},
        )
    )
    for step in stream:
        venue.clock_ms += 37
        next(act for key, act in ACTS.items() if key in step)(venue, step)
    return venue


@settings(max_examples=60)
@given(streams)
def test_accounts_always_agree_with_the_tape(stream: list[dict[str, Any]]) -> None:
    assert run(stream).exchange.audit() == ()


@settings(max_examples=40)
@given(streams)
def test_no_free_balance_is_ever_negative_and_fills_sum_to_what_was_executed(
    stream: list[dict[str, Any]],
) -> None:
    truth = run(stream).exchange.truth()
    assert all(Decimal(held["free"]) >= 0 for held in truth["balances"].values())
    assert Decimal(truth["wallet"]) >= 0
    filled: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for fill in truth["fills"]:
        filled[(fill["market"], fill["order_id"])] += Decimal(fill["quantity"])
    for placed in truth["orders"]:
        executed = Decimal(placed["executed"])
        assert executed == filled[(placed["market"], placed["number"])]
        assert executed <= Decimal(placed["quantity"])
        assert (placed["status"] == "FILLED") == (executed == Decimal(placed["quantity"]))


@settings(max_examples=15)
@given(streams)
def test_the_same_stream_always_ends_in_the_same_truth(stream: list[dict[str, Any]]) -> None:
    assert run(stream).exchange.truth() == run(stream).exchange.truth()


@pytest.mark.parametrize(
    ("spoil", "names"),
    [
        (lambda s: s.spot.move("BTC", Decimal("0.00000001")), "spot BTC free"),
        (lambda s: setattr(s.usdm, "wallet", s.usdm.wallet + 1), "futures wallet"),
        (lambda s: s.spot.reserve(5, "USDT", Decimal(1)), "spot USDT locked"),
    ],
)
def test_the_audit_sees_the_smallest_error(spoil: Callable[[Any], None], names: str) -> None:
    venue = Client(rich())
    venue.spot("BUY", "MARKET", quantity="0.1")
    venue.usdm("BUY", "MARKET", quantity="0.1")
    spoil(venue.exchange.state)
    assert names in " ".join(venue.exchange.audit())
