"""Groups through the whole command: one band, values kept, baskets, and what none can carry."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.acceptance.conftest import AccountAt, has_no_traceback
from tests.acceptance.portfolios import FUTURES, Book, executed, planned, values

GROUPS = """\
[portfolio.groups.core]
weight = "0.56"
members = ["BTC"]
[portfolio.groups.growth]
weight = "0.24"
members = ["SOL", "AVAX"]
inner = "keep"
basket = true
[portfolio.groups.stable]
weight = "0.20"
members = ["USDT"]
"""
G6 = Book(
    prices={"BTC": 100_000, "SOL": 200, "AVAX": 40},
    spot={"BTC": "0.075", "SOL": "19.5", "AVAX": "65"},
    wallet=3_500,
    portfolio=GROUPS,
)


async def test_g6_shorts_the_excess_of_a_group_pro_rata(account_at: AccountAt) -> None:
    account = await G6.opened(account_at)
    plan = await planned(account)
    assert plan.code == 10, plan.text
    assert values(plan.document, G6.prices) == {
        "BTC/USDT:USDT": "2300",
        "SOL/USDT:USDT": "-1380",
        "AVAX/USDT:USDT": "-920",
    }
    (growth,) = plan.document["plan"]["groups"]
    assert growth == {
        "group": "growth",
        "members": ["SOL", "AVAX"],
        "weight": "0.371429",
        "strategic_target": "0.24",
        "target": "0.24",
        "drift": "0.131429",
        "band_low": "0.19",
        "band_high": "0.29",
        "breached": True,
    }
    subjects = {f["subject"] for f in plan.document["plan"]["firings"]}
    assert subjects == {"BTC", "growth"}
    shown = await account.trimtab("plan")
    assert "growth 37.14 % of 24.00 %, band 19.00 % to 29.00 %: SOL, AVAX  outside" in shown.text
    await executed(account)
    status = await account.trimtab("status", "--json")
    assert round(Decimal(status.document["groups"][0]["weight"]), 4) == Decimal("0.24")
    assert "growth 24.00 % of 24.00 %" in (await account.trimtab("status")).text


async def test_g6s_corrects_the_overweight_only(account_at: AccountAt) -> None:
    book = replace(G6, rest=FUTURES.replace("[hedge]", 'side = "overweight"\n[hedge]'))
    account = await book.opened(account_at)
    plan = await planned(account)
    assert values(plan.document, G6.prices) == {
        "SOL/USDT:USDT": "-1380",
        "AVAX/USDT:USDT": "-920",
    }
    ran = await account.trimtab("run", "--execute", "--yes", "--json")
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text


BARE = replace(
    G6,
    prices=G6.prices | {"ALT": 10},
    spot={"BTC": "0.075", "SOL": "9", "AVAX": "30", "ALT": "350"},
    portfolio=GROUPS.replace('["SOL", "AVAX"]', '["SOL", "AVAX", "ALT"]'),
    spot_only=("ALT",),
)
"""The growth group holds SOL 1800, AVAX 1200 and ALT 3500, which has no contract: 2300 too much."""


async def test_a_member_without_a_contract_is_hedged_by_the_others(account_at: AccountAt) -> None:
    account = await BARE.opened(account_at)
    plan = await planned(account)
    assert plan.code == 10, plan.text
    assert values(plan.document, BARE.prices) == {
        "BTC/USDT:USDT": "2300",
        "SOL/USDT:USDT": "-1380",
        "AVAX/USDT:USDT": "-920",
    }
    assert plan.document["plan"]["untraded"] == []
    await executed(account)


async def test_what_a_basket_cannot_carry_is_reported(account_at: AccountAt) -> None:
    book = replace(BARE, rest=FUTURES + 'max_ratio = "0.5"\n')
    account = await book.opened(account_at)
    plan = await planned(account)
    assert values(plan.document, BARE.prices) == {
        "BTC/USDT:USDT": "2300",
        "SOL/USDT:USDT": "-900",
        "AVAX/USDT:USDT": "-600",
    }
    left = {u["asset"]: u["reason"] for u in plan.document["plan"]["untraded"]}
    assert left == dict.fromkeys(("SOL", "AVAX", "ALT"), "max_ratio")
    assert sum(Decimal(u["value"]) for u in plan.document["plan"]["untraded"]) == 800
    await executed(account)


async def test_a_basket_without_any_contract_is_left_alone(account_at: AccountAt) -> None:
    book = replace(BARE, spot_only=("SOL", "AVAX", "ALT"))
    account = await book.opened(account_at)
    plan = await planned(account)
    assert values(plan.document, BARE.prices) == {"BTC/USDT:USDT": "2300"}
    left = {u["asset"]: u["reason"] for u in plan.document["plan"]["untraded"]}
    assert left == dict.fromkeys(("SOL", "AVAX", "ALT"), "no_contract")


async def test_a_group_that_shares_equally_buys_and_sells_inside(account_at: AccountAt) -> None:
    portfolio = """\
[portfolio.groups.core]
weight = "0.60"
members = ["BTC", "ETH"]
inner = "equal"
[portfolio.groups.stable]
weight = "0.40"
members = ["USDT"]
"""
    book = Book(
        prices={"BTC": 100_000, "ETH": 4_000},
        spot={"BTC": "0.04", "ETH": "0.5", "USDT": "4000"},
        wallet=0,
        portfolio=portfolio,
        rest='[rebalance]\nroute = "spot"\n',
    )
    account = await book.opened(account_at)
    plan = await planned(account)
    assert values(plan.document, book.prices) == {"BTC/USDT": "-1000", "ETH/USDT": "1000"}
    assert plan.document["plan"]["groups"] == []
    await executed(account)


async def test_members_inside_the_band_of_their_group_are_left_alone(account_at: AccountAt) -> None:
    portfolio = """\
[portfolio.groups.core]
weight = "0.60"
shares = { BTC = "0.5", ETH = "0.5" }
threshold = "5pp"
[portfolio.groups.stable]
weight = "0.40"
members = ["USDT"]
"""
    book = Book(
        prices={"BTC": 100_000, "ETH": 4_000},
        spot={"BTC": "0.045", "ETH": "0.375", "USDT": "4000"},
        wallet=0,
        portfolio=portfolio,
        rest='[rebalance]\nroute = "spot"\n',
    )
    account = await book.opened(account_at)
    plan = await planned(account)
    assert (plan.code, plan.document["status"]) == (0, "nothing_to_do"), plan.text
    assert [d["breached"] for d in plan.document["plan"]["drift"]] == [False] * 3


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('["BTC"]', '["BTC", "SOL"]', "portfolio.groups.growth.members[0]: SOL is in group core"),
        ('"0.56"', '"0.46"', "portfolio.groups: weights must sum to 1, sum is 0.9; raise them"),
        ('["SOL", "AVAX"]', "[]", "portfolio.groups.growth: names no asset; write members"),
    ],
)
async def test_wrong_groups_end_with_their_place(
    account_at: AccountAt, old: str, new: str, told: str
) -> None:
    account = await replace(G6, portfolio=GROUPS.replace(old, new)).opened(account_at)
    ended = await account.trimtab("plan")
    assert ended.code == 2
    assert told in ended.text
    assert "trimtab.toml:" in ended.text
    assert has_no_traceback(ended)


async def test_a_member_without_a_market_is_named(account_at: AccountAt) -> None:
    portfolio = GROUPS.replace('["BTC"]', '["BTC", "NOPE"]')
    account = await replace(G6, portfolio=portfolio).opened(account_at)
    ended = await account.trimtab("plan", "--json")
    assert ended.code == 2, ended.text
    assert "NOPE" in ended.document["error"]["message"]
    assert ended.document["error"]["next"].startswith("trimtab ")
    assert account.mutations() == 0
