"""Mixed and auto routes through the whole command over HTTP, and what they cost told in full."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import pytest

from tests.acceptance.conftest import AccountAt
from trimtab.testnet import Scenario

FINE: Final = {
    "lot_size": "0.000001",
    "tick_size": "0.01",
    "min_notional": "0",
    "maker_fee": "0",
    "taker_fee": "0",
    "spread_bps": "0.01",
    "level_notional": "10000000",
}
CONFIG: Final = """\
[account]
quote = "USDT"

[venue]
id = "binance"
environment = "local"
url = "{url}"

[portfolio.targets]
TARGETS

[rebalance]
REBALANCE

[hedge]
HEDGE

[auto]
AUTO

[ledger]
url = "sqlite:///{folder}/ledger.db"
"""


def config(*, targets: str, rebalance: str, hedge: str = "", auto: str = "") -> str:
    """Return a configuration, to be filled in with url and folder."""
    text = CONFIG.replace("TARGETS", targets).replace("REBALANCE", rebalance)
    return text.replace("HEDGE", hedge).replace("AUTO", auto)


def scenario(*, prices: dict[str, int], spot: dict[str, str], wallet: int, **more: Any) -> Scenario:
    """Return an account on a market with fine lots and no basis."""
    whole = {
        "prices": prices,
        "spot": spot,
        "futures": {"wallet": wallet},
        "rules": {"*": FINE},
        "basis": {"bps": {"*": "0"}},
        "funding": {"rates": {"*": "0"}},
    }
    return Scenario.from_json(whole | more)


def signed(plan: Any) -> dict[str, int]:
    """Return the whole quote units that each order moves, signed."""
    orders = [leg for leg in plan["legs"] if leg["kind"] != "transfer"]
    sign = {"buy": 1, "sell": -1}
    return {leg["symbol"]: sign[leg["side"]] * round(Decimal(leg["notional"])) for leg in orders}


G8B: Final = {
    "prices": {"BTC": 100_000, "ETH": 4_000, "ALT": 10},
    "spot": {"BTC": "0.03", "ETH": "0.75", "ALT": "800"},
    "wallet": 0,
}


async def test_g8b_sells_five_sixths_hedges_the_rest_and_funds_the_wallet(
    account_at: AccountAt,
) -> None:
    account = await account_at(
        scenario(**G8B),
        config=config(
            targets='BTC = "0.30"\nETH = "0.30"\nALT = "0.40"\nUSDT = "0"',
            rebalance='route = "mixed"\nspot_fraction = "5/6"\nthreshold = "15pp"\n'
            'side = "overweight"\nthresholds = {{ USDT = "20pp" }}',
            hedge='ratio = "0.5"\nmax_topup = "1000"',
        ),
    )
    planned = await account.trimtab("plan", "--json", "--detailed-exitcode")
    assert planned.code == 10, planned.text
    plan = planned.document["plan"]
    assert signed(plan) == {"ALT/USDT": -2000, "ALT/USDT:USDT": -200}
    [moved] = [leg for leg in plan["legs"] if leg["kind"] == "transfer"]
    assert moved["side"] == "buy"
    assert Decimal(200) <= Decimal(moved["quantity"]) < Decimal(202)
    assert [(r["asset"], r["route"]) for r in plan["routes"]] == [("ALT", "mixed")]

    ran = await account.trimtab("run", "--execute", "--yes", "--json")
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    again = await account.trimtab("run", "--execute", "--yes", "--json")
    assert (again.code, again.document["status"]) == (0, "nothing_to_do"), again.text
    assert (await account.trimtab("reconcile", "--json")).code == 0


async def test_auto_takes_the_short_where_funding_pays_and_shows_both_columns(
    account_at: AccountAt,
) -> None:
    account = await account_at(
        scenario(
            prices={"BTC": 100_000},
            spot={"BTC": "0.06", "USDT": "4000"},
            wallet=2_000,
            funding={"rates": {"*": "0.0001"}},
            rules={"*": FINE | {"taker_fee": "0.001"}},
        ),
        config=config(
            targets='BTC = "0.40"\nUSDT = "0.60"',
            rebalance='route = "auto"',
            auto="horizon_days = 30\nfunding_days = 0",
        ),
    )
    planned = await account.trimtab("plan", "--json", "--detailed-exitcode")
    assert planned.code == 10, planned.text
    plan = planned.document["plan"]
    assert signed(plan) == {"BTC/USDT:USDT": -1200}
    [route] = plan["routes"]
    assert (route["route"], route["reason"], route["value"]) == ("futures", "cheaper", "-1200.00")
    table = route["table"]
    assert (table["settlements"], table["rate"], table["rate_basis"]) == (90, "0.0001", "current")
    assert Decimal(table["futures"]["funding"]) == Decimal("-10.8")
    assert Decimal(table["futures"]["total"]) < Decimal(table["spot"]["total"])
    assert Decimal(table["break_even_rate"]) < Decimal("0.0001")
    shown = await account.trimtab("plan")
    assert "Break-even funding" in shown.stdout
    assert "90 settlements at 1 bps" in shown.stdout


async def test_auto_sells_where_a_short_would_pay_and_reads_realised_funding(
    account_at: AccountAt,
) -> None:
    account = await account_at(
        scenario(
            prices={"BTC": 100_000},
            spot={"BTC": "0.06", "USDT": "4000"},
            wallet=2_000,
            funding={"rates": {"*": "-0.0001"}},
        ),
        config=config(targets='BTC = "0.40"\nUSDT = "0.60"', rebalance='route = "auto"'),
    )
    planned = await account.trimtab("plan", "--json", "--detailed-exitcode")
    assert planned.code == 10, planned.text
    [route] = planned.document["plan"]["routes"]
    assert route["table"]["rate_basis"] == "mean_realised", planned.text


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ({"rebalance": 'route = "mixed"\nspot_fraction = "7/6"'}, "rebalance.spot_fraction"),
        ({"rebalance": 'route = "mixed"\nspot_fraction = "1/0"'}, "rebalance.spot_fraction"),
        ({"rebalance": 'route = "mixed"', "hedge": 'ratio = "0"'}, "rebalance.route"),
        ({"rebalance": "", "auto": "horizon_days = 0"}, "auto.horizon_days"),
        ({"rebalance": "", "auto": 'cost_basis = { BTC = "-1" }'}, "auto.cost_basis.BTC"),
    ],
)
async def test_a_route_that_cannot_be_is_named(
    account_at: AccountAt, keys: dict[str, str], fault: str
) -> None:
    text = config(targets='BTC = "0.40"\nUSDT = "0.60"', **keys)
    account = await account_at(config=text.replace("{ BTC", "{{ BTC").replace('1" }', '1" }}'))
    checked = await account.trimtab("config", "check", "--json")
    assert checked.code == 2
    assert fault in checked.text


async def test_tax_without_a_cost_basis_is_refused_with_the_key_to_set(
    account_at: AccountAt,
) -> None:
    account = await account_at(
        config=config(
            targets='BTC = "0.40"\nUSDT = "0.60"',
            rebalance='route = "auto"',
            auto='tax_rate = "0.25"\nfunding_days = 0',
        )
    )
    planned = await account.trimtab("plan", "--json")
    assert planned.code == 2, planned.text
    assert "[auto.cost_basis]" in planned.document["error"]["message"]
