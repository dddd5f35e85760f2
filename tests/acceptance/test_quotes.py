"""Accounts that count in another stable than USDT: the whole way, coins and contracts."""

from __future__ import annotations

from decimal import Decimal

from tests.acceptance.conftest import CONFIG, AccountAt
from trimtab.testnet import Scenario

RUN = ("run", "--execute", "--yes", "--json")
WISHES = CONFIG.replace("USDT", "{quote}") + (
    '\n[rebalance]\nroute = "mixed"\nside = "overweight"\n\n[hedge]\nmax_topup = "1000"\n'
)
COINS_ALONE = ("--set", 'venue.markets=["spot"]', "--set", "hedge.max_topup=0")


def drifted(quote: str, *, wallet: int) -> Scenario:
    return Scenario.from_json(
        {
            "quote": quote,
            "prices": {"BTC": "58000", "ETH": "2500", quote: "1"},
            "spot": {"BTC": "0.12", "ETH": "1", quote: "1500"},
            "futures": {"wallet": wallet},
        }
    )


def config_of(quote: str) -> str:
    return WISHES.replace("{quote}", quote)


async def test_a_run_trades_coins_and_contracts_in_the_accounts_own_quote(
    account_at: AccountAt,
) -> None:
    account = await account_at(drifted("USDC", wallet=1000), config=config_of("USDC"))
    ran = await account.trimtab(*RUN)
    assert ran.code == 0, ran.text
    symbols = {leg["symbol"] for leg in ran.document["plan"]["legs"]}
    assert {"BTC/USDC:USDC", "BTC/USDC"} <= symbols
    assert {o["symbol"] for o in account.exchange.truth()["orders"]} == {"BTCUSDC"}
    compared = await account.trimtab("reconcile", "--json")
    assert compared.code == 0, compared.text
    assert account.exchange.audit() == ()
    again = await account.trimtab("plan", "--json")
    assert again.document["status"] == "nothing_to_do", again.text


async def test_margin_is_topped_up_in_the_accounts_own_quote(account_at: AccountAt) -> None:
    account = await account_at(drifted("USDC", wallet=10), config=config_of("USDC"))
    ran = await account.trimtab(*RUN)
    assert ran.code == 0, ran.text
    (moved,) = account.exchange.truth()["transfers"]
    assert (moved["asset"], Decimal(moved["units"]) > 0) == ("USDC", True)
    assert (await account.trimtab("reconcile")).code == 0


async def test_coins_alone_are_traded_in_a_quote_without_contracts(account_at: AccountAt) -> None:
    text = config_of("FDUSD").replace('route = "mixed"', 'route = "spot"')
    account = await account_at(drifted("FDUSD", wallet=0), config=text)
    ran = await account.trimtab(
        *RUN, "--set", 'venue.markets=["spot"]', "--set", "hedge.max_topup=0"
    )
    assert ran.code == 0, ran.text
    assert {o["symbol"] for o in account.exchange.truth()["orders"]} == {"BTCFDUSD"}
    assert (
        await account.trimtab(
            "reconcile", "--set", 'venue.markets=["spot"]', "--set", "hedge.max_topup=0"
        )
    ).code == 0


async def test_another_dollar_is_a_coin_with_a_price_and_not_the_quote(
    account_at: AccountAt,
) -> None:
    scenario = Scenario.from_json(
        {
            "quote": "USDC",
            "prices": {"BTC": "58000", "ETH": "2500", "USDT": "0.97"},
            "spot": {"BTC": "0.1", "ETH": "1", "USDT": "1000", "USDC": "1000"},
            "futures": {"wallet": 0},
        }
    )
    account = await account_at(scenario, config=config_of("USDC"))
    sold = ("--set", "portfolio.untargeted=sell")
    status = (await account.trimtab("status", "--json", *sold)).document
    assert Decimal(status["nav"]) == 5800 + 2500 + 970 + 1000
