"""A cap that lets a plan begin lets it go on: reductions count before they are sent nor after."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import Account, AccountAt
from tests.acceptance.test_faults import agrees
from trimtab.testnet import Scenario

SELLS_FUND_BUYS = Scenario.from_json(
    {"prices": {"BTC": "50000", "ETH": "2500"}, "spot": {"BTC": "0.18", "USDT": "1000"}}
)
"""BTC 9,000 of 10,000, where 5,000 are wanted: 4,000 are sold, and 3,000 of ETH bought."""


async def ran(account: Account, cap: str) -> tuple[int, str, int]:
    """Run under one cap; return code, status and how many orders were filled."""
    done = await account.trimtab("run", "--execute", "--yes", "--json", "--set", cap)
    orders = (await account.trimtab("ledger", "orders", "--json")).document
    return done.code, done.document["status"], len(orders)


@pytest.mark.parametrize(
    "cap", ["risk.max_run_notional=3500", "risk.max_day_notional=3500", "risk.max_turnover=0.35"]
)
async def test_sells_that_no_cap_counted_hold_up_no_buys_once_they_are_filled(
    account_at: AccountAt, cap: str
) -> None:
    account = await account_at(SELLS_FUND_BUYS)
    assert await ran(account, cap) == (0, "executed", 2)
    await agrees(account)


@pytest.mark.parametrize(
    "cap", ["risk.max_run_notional=2900", "risk.max_day_notional=2900", "risk.max_turnover=0.29"]
)
async def test_buys_that_a_cap_counts_are_refused_before_anything_is_sold(
    account_at: AccountAt, cap: str
) -> None:
    account = await account_at(SELLS_FUND_BUYS)
    assert await ran(account, cap) == (3, "refused", 0)
    assert account.mutations() == 0


async def test_a_dry_run_is_held_against_caps_like_a_real_one(account_at: AccountAt) -> None:
    account = await account_at(SELLS_FUND_BUYS)
    tried = await account.trimtab("run", "--json", "--set", "risk.max_run_notional=3500")
    assert tried.document["execution"]["remainder"] == []
