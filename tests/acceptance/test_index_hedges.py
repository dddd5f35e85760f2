"""A group hedged by a contract on an index, over HTTP: together it follows, alone none does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from tests.acceptance.conftest import AccountAt, has_no_traceback
from tests.acceptance.portfolios import Book, executed, planned, values
from trimtab.testnet import Scenario

DAYS: Final = 90
PRICES: Final = {"BTC": 100_000, "SOL": 100, "AVAX": 20, "DEFI": 1_000}
PORTFOLIO: Final = """\
[portfolio.groups.core]
weight = "0.5"
members = ["BTC"]
[portfolio.groups.alts]
weight = "0.2"
members = ["SOL", "AVAX"]
threshold = "5pp"
[portfolio.groups.stable]
weight = "0.3"
members = ["USDT"]
"""
REST: Final = """\
[hedge]
leverage = 3
[hedge.cross]
groups = { alts = "DEFI" }
"""


def closes(swing: int) -> dict[str, list[str]]:
    """Return closes in which the coins swing against each other, and together follow the index."""
    told: dict[str, list[str]] = {"DEFI": [], "SOL": [], "AVAX": []}
    for day in range(DAYS):
        index = Decimal(1000 + 37 * (day * 7 % 11) - 20 * (day * 3 % 7))
        apart = Decimal(swing * (1 if day % 2 else -1)) / 1000
        told["DEFI"].append(str(index))
        told["SOL"].append(str(index / 10 * (1 + apart)))
        told["AVAX"].append(str(index / 50 * (1 - apart)))
    return told


@dataclass(frozen=True, kw_only=True)
class Told(Book):
    """An account on an exchange with an index that is traded by contract alone."""

    swing: int = 200
    """How far each coin swings against the other, thousandths."""

    @property
    def scenario(self) -> Scenario:
        """The account with that past."""
        whole = super().scenario
        past = type(whole.past).from_json({"closes": closes(self.swing)})
        return replace(whole, past=past, contract_only=frozenset({"DEFI"}))


BOOK: Final = Told(
    prices=PRICES,
    spot={"BTC": "0.05", "SOL": "20", "AVAX": "100"},
    wallet=1_000,
    portfolio=PORTFOLIO,
    rest=REST,
)
"""NAV 10,000: the alts are 4,000 of it and are to be 2,000, each 2,000 to be 1,000."""


def figures(plan: dict[str, Any]) -> dict[str, Decimal]:
    """Return what the hedge of the group rests on."""
    return {
        r["name"]: Decimal(r["measured"])
        for r in plan["readings"]
        if (r["rule"], r["subject"]) == ("hedge.cross", "alts")
    }


async def test_the_excess_of_a_group_is_short_by_a_contract_on_an_index(
    account_at: AccountAt,
) -> None:
    account = await BOOK.opened(account_at)
    found = await planned(account)
    plan = found.document["plan"]
    assert found.document["gate"]["verdict"] in ("pass", "warn"), found.text
    seen = figures(plan)
    assert abs(seen["beta"] - 1) < Decimal("0.01"), "half of each follows the index one to one"
    assert seen["r_squared"] > Decimal("0.99")
    shorts = [leg for leg in plan["legs"] if leg["symbol"] == "DEFI/USDT:USDT"]
    assert {leg["protects"] for leg in shorts} == {"SOL", "AVAX"}
    short = sum(Decimal(leg["quantity"]) for leg in shorts) * 1_000
    assert abs(short - 2_000) < 25, found.text
    [alts] = [g for g in plan["groups"] if g["group"] == "alts"]
    assert (alts["weight"], alts["breached"]) == ("0.4", True)
    await executed(account)
    status = (await account.trimtab("status", "--json")).document
    [alts] = [g for g in status["groups"] if g["group"] == "alts"]
    assert abs(Decimal(alts["weight"]) - Decimal("0.2")) < Decimal("0.005")
    assert {h["asset"] for h in status["hedges"]} == {"SOL", "AVAX"}
    assert "DEFI" in (await account.trimtab("status")).stdout


async def test_one_by_one_its_members_follow_too_little(account_at: AccountAt) -> None:
    alone = REST.replace('groups = { alts = "DEFI" }', 'by = { SOL = "DEFI", AVAX = "DEFI" }')
    routes = '[rebalance]\nroutes = { SOL = "cross", AVAX = "cross" }\n'
    account = await replace(BOOK, rest=routes + alone).opened(account_at)
    found = await planned(account)
    reasons = {u["asset"]: u["reason"] for u in found.document["plan"]["untraded"]}
    assert (reasons["SOL"], reasons["AVAX"]) == ("no_cross_hedge", "no_cross_hedge")
    assert "DEFI/USDT:USDT" not in values(found.document, PRICES)


async def test_a_group_that_does_not_follow_together_either_is_left_with_its_figure(
    account_at: AccountAt,
) -> None:
    lone = replace(BOOK, swing=400, spot={"BTC": "0.05", "SOL": "40"})
    account = await lone.opened(account_at)
    found = await planned(account)
    left = [u for u in found.document["plan"]["untraded"] if u["reason"] == "no_cross_hedge"]
    assert {u["asset"] for u in left} == {"SOL"}, found.text
    assert "of alts's variance" in left[0]["note"]
    assert "DEFI/USDT:USDT" not in values(found.document, PRICES)


async def test_a_group_that_is_not_there_is_named_with_its_place(account_at: AccountAt) -> None:
    wrong = REST.replace("alts =", "alt =")
    account = await replace(BOOK, rest=wrong).opened(account_at)
    ended = await account.trimtab("plan")
    assert ended.code == 2
    assert "hedge.cross.groups.alt: is no group of the portfolio" in ended.text
    assert has_no_traceback(ended)
