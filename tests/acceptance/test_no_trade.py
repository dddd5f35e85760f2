"""The no-trade zone through the whole command: what it leaves, tells, and never holds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.acceptance.conftest import CONFIG, AccountAt, Ended
from tests.fakes.told_history import wandering
from trimtab.testnet import Scenario

DAYS = 120
SCENARIO = Scenario.from_json(
    {
        "prices": {"BTC": "58000", "ETH": "2500"},
        "spot": {"BTC": "0.0966", "ETH": "1.2", "USDT": "1400"},
        "past": {
            "closes": {
                "BTC": [*wandering(1, DAYS - 1, size=0.02, start=50_000.0), "58000"],
                "ETH": [*wandering(2, DAYS - 1, size=0.04, start=2_000.0), "2500"],
            }
        },
    }
)
"""Ten thousand, six points too much in BTC."""
PATIENT = '[rebalance.no_trade]\nrisk_aversion = "0.1"\nhorizon_days = 10\n\n[ledger]'
EAGER = '[rebalance.no_trade]\nrisk_aversion = "50"\n\n[ledger]'


def config(zone: str) -> str:
    return CONFIG.replace("[ledger]", zone)


def figures(ended: Ended) -> dict[str, dict[str, Any]]:
    """Return gain and cost by what they are of."""
    told = ended.document["plan"]["readings"]
    return {r["subject"]: r for r in told if r["rule"] == "rebalance.no_trade"}


async def test_a_drift_is_left_alone_where_trading_costs_more_than_it_gains(
    account_at: AccountAt,
) -> None:
    account = await account_at(SCENARIO, config=config(PATIENT))
    ran = await account.trimtab("run", "--execute", "--yes", "--json")
    assert (ran.code, ran.document["status"]) == (0, "nothing_to_do"), ran.text
    assert account.mutations() == 0
    left = {u["asset"]: u["reason"] for u in ran.document["plan"]["untraded"]}
    assert left["BTC"] == "not_worth_its_cost"
    bitcoin = figures(ran)["BTC"]
    assert Decimal(bitcoin["measured"]) < Decimal(bitcoin["limit"])
    assert bitcoin["holds"] is False
    shown = await account.trimtab("plan")
    assert "costs more than it gains" in shown.text
    assert "not worth its cost" in shown.text
    digest = ran.document["plan"]["digest"]
    told = await account.trimtab("explain", digest)
    assert "rebalance.no_trade" in told.text
    explained = await account.trimtab("explain", digest, "--json")
    assert explained.document["readings"] == ran.document["plan"]["readings"]


async def test_what_gains_more_is_traded_and_both_figures_are_shown(account_at: AccountAt) -> None:
    account = await account_at(SCENARIO, config=config(EAGER))
    ran = await account.trimtab("run", "--execute", "--yes", "--json")
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    told = figures(ran)
    assert Decimal(told["BTC"]["measured"]) > Decimal(told["BTC"]["limit"]) > 0
    assert told["portfolio"]["holds"] is True
    assert [leg["symbol"] for leg in ran.document["plan"]["legs"]] == ["BTC/USDT"]


async def test_a_slot_is_traded_whatever_it_costs(account_at: AccountAt) -> None:
    account = await account_at(SCENARIO, config=config(PATIENT))
    ran = await account.trimtab(
        "run", "--if-due", "--slot", "2026Q4", "--execute", "--yes", "--json"
    )
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    assert figures(ran)["BTC"]["holds"] is True


async def test_a_cut_of_leverage_is_never_held_back(account_at: AccountAt) -> None:
    scenario = Scenario.from_json(
        {
            "prices": {"BTC": "58000", "ETH": "2500"},
            "spot": {"BTC": "0.02", "ETH": "0.1", "USDT": "300"},
            "futures": {
                "wallet": 9_000,
                "positions": [{"symbol": "BTCUSDT", "quantity": "0.1", "entry": "58000"}],
            },
            "past": {
                "closes": {
                    "BTC": [*wandering(1, DAYS - 1, size=0.02, start=50_000.0), "58000"],
                    "ETH": [*wandering(2, DAYS - 1, size=0.04, start=2_000.0), "2500"],
                }
            },
        }
    )
    account = await account_at(scenario, config=config(PATIENT))
    planned = await account.trimtab("plan", "--json")
    assert planned.document["plan"]["trigger"] == "leverage", planned.text
    assert [leg["role"] for leg in planned.document["plan"]["legs"]] == ["close"]
