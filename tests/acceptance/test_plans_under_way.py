"""What the gate let begin meets no limit on its way that it did not meet at first.

Nothing changes on the market here but by the plan's own orders. A refusal half-way would leave
coins sold and nothing bought.
"""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import CONFIG, Account, AccountAt
from tests.acceptance.test_faults import RUN, agrees
from trimtab.testnet import Fault, Kind, Scenario

PRICES = {"BTC": "50000", "ETH": "2500", "SOL": "100"}
THIN_ETH = Scenario.from_json(
    {
        "prices": PRICES,
        "spot": {"BTC": "0.18", "USDT": "1000"},
        "rules": {"spot:ETHUSDT": {"level_notional": "1000", "level_gap_bps": "1", "levels": 40}},
    }
)
"""4,000 of BTC are sold; the 3,000 of ETH are bought in several orders, each deeper in the book."""
ALL_IN_COINS = CONFIG.replace('ETH = "0.30"\nUSDT = "0.20"', 'ETH = "0.50"')
TWO_SELLS = CONFIG.replace(
    'BTC = "0.50"\nETH = "0.30"\nUSDT = "0.20"',
    'BTC = "0.25"\nSOL = "0.25"\nETH = "0.40"\nUSDT = "0.10"',
)


async def filled(account: Account, *sets: str) -> tuple[int, list[tuple[str, str]], list[str]]:
    """Run; return the code, market and filled quantity of each order, and why something is left."""
    words = [word for each in sets for word in ("--set", each)]
    done = await account.trimtab(*RUN, *words)
    orders = (await account.trimtab("ledger", "orders", "--json")).document
    left = done.document["execution"]["remainder"]
    await agrees(account)
    return done.code, [(o["symbol"], o["filled"]) for o in orders], [r["reason"] for r in left]


@pytest.mark.parametrize(
    "cap",
    [
        "risk.max_run_notional=3000",
        "risk.max_day_notional=3000",
        "risk.max_asset_notional=3000",
        "risk.max_turnover=0.3",
        "risk.max_orders=2",
        "risk.max_minute_orders=2",
        "risk.max_day_orders=2",
    ],
)
async def test_what_is_bought_in_several_orders_counts_as_it_was_planned(
    account_at: AccountAt, cap: str
) -> None:
    account = await account_at(THIN_ETH)
    code, orders, left = await filled(account, cap)
    assert (code, left) == (0, [])
    assert len(orders) > 2


@pytest.mark.parametrize("slippage", ["30", "10", "3"])
async def test_what_sells_bring_can_be_spent_but_for_the_reserve_that_was_planned(
    account_at: AccountAt, slippage: str
) -> None:
    start = Scenario.from_json({"prices": PRICES, "spot": {"BTC": "0.2", "USDT": "10"}})
    account = await account_at(start, config=ALL_IN_COINS)
    sets = (f"risk.max_slippage_bps={slippage}", "risk.max_order_notional=10000")
    code, orders, left = await filled(account, *sets)
    assert (code, left) == (0, [])
    assert [symbol for symbol, _ in orders] == ["BTC/USDT", "ETH/USDT"]


@pytest.mark.parametrize("depth", ["100000", "1000"], ids=["one_order", "two_orders"])
async def test_a_sell_that_fails_cuts_the_buys_and_stops_no_other_sell(
    account_at: AccountAt, depth: str
) -> None:
    start = Scenario.from_json(
        {
            "prices": PRICES,
            "spot": {"BTC": "0.09", "SOL": "45", "USDT": "1000"},
            "rules": {"spot:SOLUSDT": {"level_notional": depth, "level_gap_bps": "3"}},
        }
    )
    account = await account_at(start, config=TWO_SELLS)
    closed = '{"code":-2010,"msg":"Market is closed."}'
    path, bitcoin = "/api/v3/order", {"symbol": "BTCUSDT"}
    account.exchange.inject(
        Fault(kind=Kind.STATUS, method="POST", path=path, where=bitcoin, status=400, body=closed)
    )
    code, orders, left = await filled(account)
    assert (code, left) == (5, ["venue_refused", "no_cash"])
    sold = [quantity for symbol, quantity in orders if symbol == "SOL/USDT"]
    assert sold == (["20"] if depth == "100000" else ["10", "10"])
    assert orders[-1] == ("ETH/USDT", "1.1935")


async def test_a_rest_below_the_venue_s_least_is_left_and_stops_no_other_leg(
    account_at: AccountAt,
) -> None:
    """0.0001003 BTC are left: 5.01 at the next limit, and 4.9999 at the approved one."""
    rules = {"level_notional": "3994.985", "level_gap_bps": "3", "lot_size": "0.0000001"}
    start = Scenario.from_json(
        {
            "prices": PRICES,
            "spot": {"BTC": "0.18", "USDT": "1000"},
            "rules": {"spot:BTCUSDT": {**rules, "min_notional": "5"}},
        }
    )
    account = await account_at(start)
    code, orders, left = await filled(account)
    assert (code, left) == (5, ["below_minimum"])
    assert orders == [("BTC/USDT", "0.0798997"), ("ETH/USDT", "1.2")]
