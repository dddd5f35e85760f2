"""Coin-margined contracts that somebody holds by hand: a true picture, and no trade in them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.acceptance.conftest import Account, AccountAt
from trimtab.testnet import Scenario

NAMED = """\
[account]
quote = "USDT"

[venue]
id = "binance"
environment = "local"
url = "{url}"
coin_margined = true

[portfolio.targets]
BTC = "0.50"
USDT = "0.50"

[ledger]
url = "sqlite:///{folder}/ledger.db"
"""
SHORT = {"symbol": "BTCUSD_PERP", "contracts": -30, "entry": "60000"}
"""3,000 dollars that were 0.05 BTC."""


def held(**changed: Any) -> Scenario:
    """An account with 0.05 BTC, 3,000 USDT in two wallets, and a short on 0.1 BTC of margin."""
    fields: dict[str, Any] = {
        "prices": {"BTC": "60000"},
        "spot": {"BTC": "0.05", "USDT": "2000"},
        "futures": {"wallet": "1000"},
        "coin_margined": {"BTC": {"wallet": "0.1", "positions": [SHORT]}},
    }
    return Scenario.from_json(fields | changed)


async def weight_of_bitcoin(account: Account) -> str:
    """What status says of it."""
    seen = (await account.trimtab("status", "--json")).document
    (bitcoin,) = (a for a in seen["assets"] if a["asset"] == "BTC")
    told: str = bitcoin["net_weight"]
    return told


async def test_a_coin_margined_short_is_in_nav_weights_leverage_and_margin(
    account_at: AccountAt,
) -> None:
    """At 75,000 the wallet has 0.09 BTC, the short is 0.04: 0.1 BTC net of 13,500."""
    account = await account_at(held(prices={"BTC": "75000"}), config=NAMED)
    seen = (await account.trimtab("status", "--json")).document
    (bitcoin,) = (a for a in seen["assets"] if a["asset"] == "BTC")
    assert seen["nav"] == "13500.00"
    assert Decimal(bitcoin["net_weight"]).quantize(Decimal("1e-6")) == Decimal("0.555556")
    # 3,000 over 3,750 + 2,000.
    assert Decimal(seen["leverage"]).quantize(Decimal("1e-4")) == Decimal("0.5217")
    (wallet,) = seen["coin_margined"]
    assert (wallet["asset"], wallet["balance"]) == ("BTC", "0.09")
    assert wallet["margin_ratio"] == seen["margin_ratio"] == "562.5"
    assert wallet["positions"] == [
        {
            "symbol": "BTC/USD:BTC",
            "side": "short",
            "contracts": -30,
            "contract_size": "100",
            "quantity": "-0.04",
            "notional_usd": "3000.00",
            "entry_price": "60000",
            "mark": "75000",
            "unrealised_pnl": "-0.01",
            "leverage_set": 20,
            "liquidation_price": None,
        }
    ]
    told = await account.trimtab("status")
    assert "BTC/USD:BTC" in told.text
    assert "coin-margined BTC 562.50" in told.text


async def test_the_liquidation_price_and_the_survival_line_are_of_the_coin_and_its_contracts(
    account_at: AccountAt,
) -> None:
    """0.01 BTC under a short of 0.05: gone at 60,000 x 0.0498 / 0.04."""
    thin = {"BTC": {"wallet": "0.01", "positions": [SHORT]}}
    account = await account_at(held(coin_margined=thin), config=NAMED)
    seen = (await account.trimtab("status", "--json")).document
    (wallet,) = seen["coin_margined"]
    assert wallet["positions"][0]["liquidation_price"] == "74700.00000000"
    (now,) = (s for s in seen["survival"]["spans"] if s["asset"] is None)
    assert now["liquidation_high"]["move"] == "0.245"


async def test_a_plan_trades_coins_until_the_weight_with_the_contracts_is_right(
    account_at: AccountAt,
) -> None:
    account = await account_at(held(prices={"BTC": "75000"}), config=NAMED)
    done = await account.trimtab("run", "--execute", "--yes", "--json")
    assert done.code == 0, done.text
    assert abs(Decimal(await weight_of_bitcoin(account)) - Decimal("0.5")) < Decimal("0.001")
    orders = account.exchange.truth()["orders"]
    assert {(order["symbol"], order["side"]) for order in orders} == {("BTCUSDT", "SELL")}
    compared = await account.trimtab("reconcile", "--json")
    assert compared.code == 0, compared.text


async def test_a_wallet_in_danger_is_told_with_every_plan_and_holds_none_up(
    account_at: AccountAt,
) -> None:
    thin = {"BTC": {"wallet": "0.002", "positions": [SHORT]}}
    account = await account_at(
        held(spot={"BTC": "0.2", "USDT": "2000"}, coin_margined=thin), config=NAMED
    )
    planned = await account.trimtab("plan", "--json")
    assert planned.code == 0, planned.text
    warned = {f["check"] for f in planned.document["gate"]["findings"] if f["verdict"] == "warn"}
    assert {"shock", "min_liquidation_distance"} <= warned
    assert "BTC coin-margined wallet" in planned.text


async def test_while_an_order_rests_there_no_plan_passes_and_it_says_which(
    account_at: AccountAt,
) -> None:
    resting = {"BTC": {"wallet": "0.1", "positions": [SHORT], "orders": ["BTCUSD_PERP"]}}
    account = await account_at(held(prices={"BTC": "75000"}, coin_margined=resting), config=NAMED)
    planned = await account.trimtab("plan")
    assert planned.code == 3
    assert "an order rests in BTC/USD:BTC" in " ".join(planned.text.split())
    told = await account.trimtab("status")
    assert "Orders rest in BTC/USD:BTC" in " ".join(told.text.split())


async def test_without_the_word_they_are_in_no_figure_and_doctor_says_how_they_would_be(
    account_at: AccountAt,
) -> None:
    account = await account_at(held(), config=NAMED.replace("coin_margined = true\n", ""))
    seen = (await account.trimtab("status", "--json")).document
    assert (seen["nav"], seen["coin_margined"]) == ("6000.00", [])
    told = await account.trimtab("doctor", "--json")
    (other,) = (c for c in told.document["checks"] if c["check"] == "other_wallets")
    assert "COIN-M Futures 6000 USDT" in other["found"]
    assert "venue.coin_margined = true" in other["fix"]
    account.config.write_text(
        account.config.read_text(encoding="utf-8").replace(
            "[portfolio", "coin_margined = true\n\n[portfolio"
        ),
        encoding="utf-8",
    )
    told = await account.trimtab("doctor", "--json")
    (other,) = (c for c in told.document["checks"] if c["check"] == "other_wallets")
    assert other["outcome"] == "pass"
