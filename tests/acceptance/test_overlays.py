"""Overlays, flags and the tactical part through the whole command, on the local exchange."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.acceptance.conftest import Account, AccountAt, has_no_traceback
from tests.acceptance.portfolios import FUTURES, WIDE, Book, executed, planned, values

TODAY = datetime.now(UTC).date()
MONTH = f"{TODAY:%b}".lower()
OTHER = f"{TODAY.replace(day=15) + timedelta(days=60):%b}".lower()

G13 = Book(
    prices={"BTC": 100_000, "UNI": 1_000},
    spot={"BTC": "0.8", "UNI": "20"},
    wallet=25_000,
    portfolio="""\
[portfolio.targets]
BTC = "0.64"
UNI = "0.16"
USDT = "0.20"
""",
    rest="""\
[overlays.rotation]
targets = { BTC = "0.48", UNI = "0.32", USDT = "0.20" }

[rebalance]
route = "spot"
[hedge]
leverage = 2
""",
)


def rewritten(account: Account, old: str, new: str) -> None:
    """Change the configuration of an account."""
    text = account.config.read_text(encoding="utf-8")
    assert old in text
    account.config.write_text(text.replace(old, new), encoding="utf-8")


async def test_g13_rotates_by_futures_and_closes_them_when_the_box_has_ended(
    account_at: AccountAt,
) -> None:
    account = await G13.opened(account_at)
    plan = await planned(account)
    assert plan.code == 10, plan.text
    moved = {"BTC/USDT:USDT": "-20000", "UNI/USDT:USDT": "20000"}
    assert values(plan.document, G13.prices) == moved
    drift = plan.document["plan"]["drift"]
    assert [(d["strategic_target"], d["target"]) for d in drift] == [
        ("0.64", "0.48"),
        ("0.16", "0.32"),
        ("0.2", "0.2"),
    ]
    assert plan.document["plan"]["overlays"] == [
        {
            "id": "rotation",
            "kind": "rotation",
            "reason": "rotated by futures",
            "until": "by hand",
            "shift": {"BTC": "-0.16", "UNI": "0.16"},
        }
    ]
    await executed(account)
    status = (await account.trimtab("status", "--json")).document
    assert [o["id"] for o in status["overlays"]] == ["rotation"]
    btc = status["assets"][0]
    assert (btc["strategic_target"], btc["target"]) == ("0.64", "0.48")

    rewritten(account, "[overlays.rotation]\n", f"[overlays.rotation]\nuntil = {TODAY}\n")
    # The hedge goes first, since what it stood for is over; then what was bought for it.
    back = {"BTC/USDT:USDT": "20000", "UNI/USDT:USDT": "-20000"}
    for symbol, value in back.items():
        closing = (await account.trimtab("plan", "--json")).document
        assert closing["plan"]["overlays"] == []
        (leg,) = [leg for leg in closing["plan"]["legs"] if leg["symbol"] == symbol]
        assert (leg["role"], leg["reduce_only"]) == ("close", True)
        # What the spread has cost is no part of the futures.
        assert abs(Decimal(values(closing, G13.prices)[symbol]) - Decimal(value)) <= 5
        ran = await account.trimtab("run", "--execute", "--yes", "--json")
        assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    held = (await account.trimtab("status", "--json")).document["positions"]
    assert all(Decimal(position["notional"]) <= 5 for position in held)
    assert (await account.trimtab("reconcile", "--json")).code == 0


async def test_a_rotation_of_groups_waits_for_its_first_day(account_at: AccountAt) -> None:
    groups = """\
[portfolio.groups.large]
weight = "0.64"
members = ["BTC"]
[portfolio.groups.defi]
weight = "0.16"
members = ["UNI"]
[portfolio.groups.stable]
weight = "0.20"
members = ["USDT"]
"""
    tomorrow = TODAY + timedelta(days=1)
    rest = G13.rest.replace(
        'targets = { BTC = "0.48", UNI = "0.32", USDT = "0.20" }',
        f'groups = {{ large = "0.48", defi = "0.32", stable = "0.20" }}\nfrom = {tomorrow}',
    )
    account = await replace(G13, portfolio=groups, rest=rest).opened(account_at)
    assert (await planned(account)).document["status"] == "nothing_to_do"
    rewritten(account, f"from = {tomorrow}", f"from = {TODAY}")
    moved = {"BTC/USDT:USDT": "-20000", "UNI/USDT:USDT": "20000"}
    assert values((await planned(account)).document, G13.prices) == moved


HELD = Book(
    prices={"BTC": 100_000, "ETH": 4_000},
    spot={"BTC": "0.05", "ETH": "0.75", "USDT": "2000"},
    wallet=0,
    portfolio='[portfolio.targets]\nBTC = "0.50"\nETH = "0.30"\nUSDT = "0.20"\n',
    rest='[rebalance]\nroute = "spot"\n',
)
"""At its targets: BTC 5000, ETH 3000, USDT 2000."""


async def test_a_season_favours_what_the_month_says(account_at: AccountAt) -> None:
    rest = f'[overlays.season.months.{MONTH}]\nBTC = "2"\n{HELD.rest}'
    account = await replace(HELD, rest=rest).opened(account_at)
    plan = await planned(account)
    # 8000 of coins are shared as 2 x 5000 to 3000.
    assert values(plan.document, HELD.prices) == {"BTC/USDT": "1154", "ETH/USDT": "-1154"}
    (season,) = plan.document["plan"]["overlays"]
    assert (season["id"], season["until"]) == ("season", f"the end of {MONTH}")
    await executed(account)


async def test_a_season_of_another_month_changes_nothing(account_at: AccountAt) -> None:
    rest = f'[overlays.season.months.{OTHER}]\nBTC = "2"\n{HELD.rest}'
    account = await replace(HELD, rest=rest).opened(account_at)
    assert (await planned(account)).document["status"] == "nothing_to_do"


async def test_a_month_may_hedge_a_part_of_the_overweight(account_at: AccountAt) -> None:
    book = replace(
        HELD,
        spot={"BTC": "0.08"},
        wallet=2_000,
        portfolio='[portfolio.targets]\nBTC = "0.50"\nUSDT = "0.50"\n',
        rest=f'[overlays.season.hedge_ratio]\n{MONTH} = "0.5"\n{FUTURES}',
    )
    account = await book.opened(account_at)
    plan = await planned(account)
    assert values(plan.document, book.prices) == {"BTC/USDT:USDT": "-1500"}
    assert plan.document["plan"]["overlays"][0]["reason"] == f"{MONTH}: hedge ratio 0.5"
    await executed(account)


async def test_a_flagged_asset_is_never_bought_and_its_flag_is_named(
    account_at: AccountAt,
) -> None:
    flags = '[portfolio.flags]\nETH = "fundamentals changed"\n'
    book = replace(HELD, spot={"BTC": "0.05", "ETH": "0.5", "USDT": "3000"})
    account = await replace(book, portfolio=book.portfolio + flags).opened(account_at)
    plan = await planned(account)
    assert plan.document["plan"]["legs"] == []
    assert plan.document["plan"]["untraded"] == [
        {"asset": "ETH", "reason": "flagged", "value": "1000.00", "note": "fundamentals changed"}
    ]
    assert "flagged: fundamentals changed" in (await account.trimtab("plan")).text
    rewritten(account, flags, "")
    assert values((await planned(account)).document, book.prices) == {"ETH/USDT": "1000"}


async def test_what_is_tactical_is_apart_until_it_is_folded_in(account_at: AccountAt) -> None:
    tactical = '[portfolio.tactical]\nholdings = { ETH = "0.5" }\npositions = { BTC = "-0.01" }\n'
    book = replace(
        HELD,
        spot={"BTC": "0.05", "ETH": "1.25", "USDT": "1000"},
        wallet=1_000,
        portfolio=HELD.portfolio + tactical,
        rest='[rebalance]\nroute = "spot"\n',
        positions=({"symbol": "BTCUSDT", "quantity": "-0.01", "entry": "100000"},),
    )
    account = await book.opened(account_at)
    plan = await planned(account)
    assert plan.document["status"] == "nothing_to_do", plan.text
    assert plan.document["plan"]["nav"] == "10000.00"
    parts = [
        {"asset": "ETH", "kind": "holding", "units": "0.5", "value": "2000.00"},
        {"asset": "BTC", "kind": "position", "units": "-0.01", "value": "-1000.00"},
    ]
    assert plan.document["plan"]["tactical"] == parts
    assert round(Decimal(plan.document["plan"]["after"]["leverage"]), 3) == Decimal("0.091")
    status = await account.trimtab("status", "--json")
    assert (status.document["tactical"], status.document["nav"]) == (parts, "10000.00")
    assert "holding of 0.5 ETH" in (await account.trimtab("status")).text

    rewritten(account, tactical, "")
    folded = (await account.trimtab("plan", "--json")).document["plan"]
    assert (folded["nav"], folded["tactical"]) == ("12000.00", [])
    assert folded["legs"]


async def test_a_phase_takes_one_step_for_each_plan_that_was_executed(
    account_at: AccountAt,
) -> None:
    begun = TODAY - timedelta(days=1)
    book = replace(
        HELD,
        spot={"BTC": "0.0", "ETH": "0.75", "USDT": "7000"},
        rest=f"[overlays.phase]\nsteps = 2\nfrom = {begun}\nevery_days = 1\n{HELD.rest}",
        risk=WIDE + "duplicate_window_s = 0\n",  # Both steps are the same order.
    )
    account = await book.opened(account_at)
    plan = await planned(account)
    assert values(plan.document, book.prices) == {"BTC/USDT": "2500"}
    subjects = [f["subject"] for f in plan.document["plan"]["firings"]]
    assert subjects[-1] == f"phase {begun} step 1"
    again = await planned(account)  # A plan alone takes no step.
    assert values(again.document, book.prices) == {"BTC/USDT": "2500"}
    ran = await account.trimtab("run", "--execute", "--yes", "--json")
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text

    second = (await account.trimtab("plan", "--json")).document
    assert [o["reason"] for o in second["plan"]["overlays"]] == ["step 2 of 2 is due"]
    bought = Decimal(values(second, book.prices)["BTC/USDT"])
    assert abs(bought - 2_490) <= 10  # All that is left, as far as the cash reaches.
    await executed(account)
    done = (await account.trimtab("plan", "--json")).document
    assert done["plan"]["overlays"] == []


async def test_a_phase_waits_from_one_step_to_the_next(account_at: AccountAt) -> None:
    book = replace(
        HELD,
        spot={"BTC": "0.0", "ETH": "0.75", "USDT": "7000"},
        rest=f"[overlays.phase]\nsteps = 4\nfrom = {TODAY}\n{HELD.rest}",
    )
    account = await book.opened(account_at)
    assert values((await planned(account)).document, book.prices) == {"BTC/USDT": "1250"}
    await executed(account)
    told = " ".join((await account.trimtab("plan")).text.split())
    assert f"step 2 of 4 is due at {TODAY + timedelta(days=7)} 00:00 UTC" in told


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        ('[overlays.season.months.december]\nBTC = "2"\n', 'must be a month, was "december"'),
        ('[overlays.season.months.foo]\nBTC = "2"\n', "write one of jan, feb"),
        ('[overlays.season.months.dec]\nSOL = "2"\n', "months.dec.SOL: has no target"),
        ('[overlays.rotation]\ntargets = { BTC = "1" }\n', "says nothing about ETH, USDT"),
        ("[overlays.rotation]\nfrom = 2026-12-02\nuntil = 2026-12-01\n", "must be after from"),
        ("[overlays.phase]\nsteps = 1\n", "overlays.phase.from: is required"),
        ('[portfolio.flags]\nETHH = "x"\n', 'did you mean "ETH"?'),
    ],
)
async def test_a_wrong_overlay_ends_with_its_place(
    account_at: AccountAt, rest: str, told: str
) -> None:
    account = await replace(HELD, rest=rest + HELD.rest).opened(account_at)
    ended = await account.trimtab("plan")
    assert ended.code == 2
    assert told in ended.text
    assert "trimtab.toml:" in ended.text
    assert has_no_traceback(ended)


async def test_a_declaration_beyond_the_account_ends_with_what_to_correct(
    account_at: AccountAt,
) -> None:
    tactical = '[portfolio.tactical.holdings]\nETH = "9"\n'
    account = await replace(HELD, portfolio=HELD.portfolio + tactical).opened(account_at)
    ended = await account.trimtab("plan", "--json")
    assert ended.code == 2
    assert "ETH: 9 units are declared tactical" in ended.document["error"]["message"]
    assert ended.document["error"]["next"] == "trimtab config show"
    assert "ETH: 9 units are declared tactical" in (await account.trimtab("status")).text
