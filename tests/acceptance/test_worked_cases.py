"""The worked cases of the strategy definitions, through the whole command over HTTP.

Zero fees, fine lots and a spread of nothing leave the arithmetic's own figures. What is
planned is then executed, and a second run has nothing left to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from tests.acceptance.conftest import AccountAt
from trimtab.testnet import Scenario

FINE = {
    "lot_size": "0.000001",
    "tick_size": "0.01",
    "min_notional": "0",
    "maker_fee": "0",
    "taker_fee": "0",
    "spread_bps": "0.01",
    "level_notional": "10000000",
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One row of the worked cases."""

    prices: Mapping[str, int]
    spot: Mapping[str, str]
    wallet: int
    targets: Mapping[str, str]
    rebalance: str
    expected: Mapping[str, str]
    """Signed value in whole quote units by market; the arithmetic's figures."""
    quote_after: str
    routes: Mapping[str, str] = field(default_factory=dict)
    leverage: int = 1
    ratio: str = "1.0"


CASES = {
    "G1": Case(
        prices={"BTC": 100_000, "ETH": 4_000},
        spot={"BTC": "0.07", "ETH": "0.75"},
        wallet=2_500,
        targets={"BTC": "0.48", "ETH": "0.32", "USDT": "0.20"},
        rebalance='route = "futures"',
        expected={"BTC/USDT:USDT": "-1000", "ETH/USDT:USDT": "1000"},
        quote_after="0.2",
    ),
    "G3": Case(
        prices={"BTC": 100_000, "ETH": 4_000, "SOL": 200},
        spot={"BTC": "0.06", "ETH": "0.625", "SOL": "7.5"},
        wallet=2_500,
        targets={"BTC": "0.40", "ETH": "0.24", "SOL": "0.16", "USDT": "0.20"},
        rebalance='route = "futures"',
        expected={"BTC/USDT:USDT": "-1000", "ETH/USDT:USDT": "500", "SOL/USDT:USDT": "500"},
        quote_after="0.2",
    ),
    "G4": Case(
        prices={"BTC": 100_000, "ETH": 4_000, "SOL": 200},
        spot={"BTC": "0.055", "ETH": "0.5", "SOL": "12.5"},
        wallet=2_500,
        targets={"BTC": "0.40", "ETH": "0.24", "SOL": "0.16", "USDT": "0.20"},
        rebalance='route = "futures"',
        expected={"BTC/USDT:USDT": "-500", "ETH/USDT:USDT": "1000", "SOL/USDT:USDT": "-500"},
        quote_after="0.2",
    ),
    "G5": Case(
        prices={"BTC": 100_000, "ALT": 10},
        spot={"BTC": "0.072", "ALT": "300", "USDT": "700"},
        wallet=1_100,
        targets={"BTC": "0.50", "ALT": "0.30", "USDT": "0.20"},
        rebalance='threshold = "5pp"',
        routes={"BTC": "futures"},
        expected={"BTC/USDT:USDT": "-1200", "ALT/USDT": "600"},
        quote_after="0.2",
        leverage=2,
    ),
    "G7": Case(
        prices={"BTC": 100_000, "ETH": 4_000},
        spot={"BTC": "0.058", "ETH": "0.675", "USDT": "1500"},
        wallet=0,
        targets={"BTC": "0.50", "ETH": "0.30", "USDT": "0.20"},
        rebalance='threshold = "10%"',
        expected={"BTC/USDT": "-800", "ETH/USDT": "300"},
        quote_after="0.2",
    ),
    "G14": Case(
        prices={"BTC": 100_000},
        spot={"BTC": "0.08"},
        wallet=2_000,
        targets={"BTC": "0.50", "USDT": "0.50"},
        rebalance='route = "futures"',
        expected={"BTC/USDT:USDT": "-1500"},
        quote_after="0.35",
        ratio="0.5",
    ),
}


def config_of(case: Case) -> str:
    """Return the configuration of a case, to be filled in with url and folder."""
    targets = "\n".join(f'{asset} = "{weight}"' for asset, weight in case.targets.items())
    routes = "\n".join(f'{asset} = "{route}"' for asset, route in case.routes.items())
    return f"""\
[account]
quote = "USDT"

[venue]
id = "binance"
environment = "local"
url = "{{url}}"

[portfolio.targets]
{targets}

[rebalance]
{case.rebalance}

[rebalance.routes]
{routes}

[hedge]
leverage = {case.leverage}
ratio = "{case.ratio}"

[ledger]
url = "sqlite:///{{folder}}/ledger.db"
"""


def scenario_of(case: Case) -> Scenario:
    """Return the account of a case on an exchange without fees."""
    return Scenario.from_json(
        {
            "prices": dict(case.prices),
            "spot": dict(case.spot),
            "futures": {"wallet": case.wallet},
            "rules": {"*": FINE},
            "basis": {"bps": {"*": "0"}},
            "funding": {"rates": {"*": "0"}},
        }
    )


def values(document: Mapping[str, Any], prices: Mapping[str, int]) -> dict[str, str]:
    """Return signed values at mid by market, in whole quote units."""
    moved = {}
    for leg in document["plan"]["legs"]:
        sign = 1 if leg["side"] == "buy" else -1
        value = sign * Decimal(leg["quantity"]) * prices[leg["symbol"].split("/")[0]]
        moved[leg["symbol"]] = str(round(value))
    return moved


@pytest.mark.parametrize("name", CASES)
async def test_a_worked_case_is_planned_executed_and_leaves_nothing_to_do(
    name: str, account_at: AccountAt
) -> None:
    case = CASES[name]
    account = await account_at(scenario_of(case), config=config_of(case))
    planned = await account.trimtab("plan", "--json", "--detailed-exitcode")
    assert planned.code == 10, planned.text
    document = planned.document
    assert document["status"] == "proposed"
    assert document["gate"]["verdict"] == "pass"
    assert values(document, case.prices) == case.expected
    after = {a: Decimal(w) for a, w in document["plan"]["after"]["weights"].items()}
    assert abs(after["USDT"] - Decimal(case.quote_after)) < Decimal("0.0001")
    assert account.mutations() == 0

    ran = await account.trimtab("run", "--execute", "--yes", "--json")
    assert ran.code == 0, ran.text
    assert ran.document["status"] == "executed"
    again = await account.trimtab("run", "--execute", "--yes", "--json")
    assert (again.code, again.document["status"]) == (0, "nothing_to_do"), again.text
    compared = await account.trimtab("reconcile", "--json")
    assert compared.code == 0, compared.text
    assert account.exchange.audit() == ()
    booked = (await account.trimtab("ledger", "fills", "--json")).document
    made = account.exchange.truth()["fills"]
    assert sorted(f["trade_id"] for f in booked) == sorted(str(f["trade_id"]) for f in made)
    assert sum(Decimal(f["quantity"]) for f in booked) == sum(Decimal(f["quantity"]) for f in made)


async def test_g11_shows_a_relative_band_and_the_prices_at_its_edges(
    account_at: AccountAt,
) -> None:
    case = Case(
        prices={"BTC": 100_000},
        spot={"BTC": "0.05", "USDT": "5000"},
        wallet=0,
        targets={"BTC": "0.50", "USDT": "0.50"},
        rebalance='threshold = "10%"',
        expected={},
        quote_after="0.5",
    )
    account = await account_at(scenario_of(case), config=config_of(case))
    planned = await account.trimtab("plan", "--json", "--detailed-exitcode")
    assert (planned.code, planned.document["status"]) == (0, "nothing_to_do"), planned.text
    bitcoin = planned.document["plan"]["drift"][0]
    assert (bitcoin["asset"], bitcoin["band_low"], bitcoin["band_high"]) == ("BTC", "0.45", "0.55")
    ratios = [round(Decimal(bitcoin[k]) / 100_000, 4) for k in ("alert_low", "alert_high")]
    assert ratios == [Decimal("0.8182"), Decimal("1.2222")]
