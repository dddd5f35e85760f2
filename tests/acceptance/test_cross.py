"""Hedges by the contract of another asset, through the whole command over HTTP."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from tests.acceptance.conftest import AccountAt
from tests.acceptance.portfolios import WIDE, Book, executed, planned, values
from trimtab.testnet import Scenario

PRICES: Final = {"BTC": 100_000, "ALT": 10}
CONFIG: Final = """\
[rebalance]
threshold = "4pp"
routes = { ALT = "cross" }
[hedge]
leverage = 2
[hedge.cross]
by = { ALT = "BTC" }
look_back_days = 40
"""


def closes(beta: str, *, noise: str = "0") -> dict[str, list[str]]:
    """Return closes in which ALT moves *beta* times what BTC does, and *noise* beside it."""
    steps = (1, -2, 3, -1, 2, -3, 1, -1)
    btc, alt = [Decimal(100_000)], [Decimal(10)]
    for day in range(39):
        move = Decimal(steps[day % 8]) / 100
        btc.append(btc[-1] * (1 + move))
        odd = Decimal(1 if day % 4 < 2 else -1) * Decimal(noise)
        alt.append(alt[-1] * (1 + move * Decimal(beta) + odd))
    return {"BTC": [f"{c:.8f}" for c in btc], "ALT": [f"{c:.8f}" for c in alt]}


@dataclass(frozen=True, kw_only=True)
class Followed(Book):
    """An account on an exchange that keeps a past in which ALT follows BTC."""

    noise: str = "0"

    @property
    def scenario(self) -> Scenario:
        """The account on an exchange without fees, with that past."""
        whole = Book.scenario.__get__(self)
        past = type(whole.past).from_json({"closes": closes("1.5", noise=self.noise)})
        return replace(whole, past=past)


ACCOUNT: Final[dict[str, Any]] = {
    "prices": PRICES,
    "spot": {"BTC": "0.03", "ALT": "500", "USDT": "2000"},
    "wallet": 5_000,
    "portfolio": '[portfolio.targets]\nALT = "0.20"\nBTC = "0.20"\nUSDT = "0.60"',
    "rest": CONFIG,
    "risk": WIDE,
    "spot_only": ("ALT",),
}


async def test_an_asset_without_a_contract_is_hedged_by_another_at_its_beta(
    account_at: AccountAt,
) -> None:
    account = await Followed(**ACCOUNT).opened(account_at)
    found = await planned(account)
    assert found.code == 10, found.text
    assert found.document["gate"]["verdict"] == "pass", found.text
    plan = found.document["plan"]
    assert values(found.document, PRICES) == {"BTC/USDT:USDT": "-3000"}
    [leg] = plan["legs"]
    assert (leg["protects"], Decimal(leg["beta"])) == ("ALT", Decimal("1.5"))
    figures = {r["name"]: r for r in plan["readings"] if r["rule"] == "hedge.cross"}
    assert Decimal(figures["beta"]["measured"]) == Decimal("1.5")
    assert Decimal(figures["r_squared"]["measured"]) == 1
    shown = await account.trimtab("plan")
    assert "Line 1 stands for 2,000.00 USDT of ALT, at beta 1.5." in " ".join(shown.stdout.split())

    await executed(account)
    status = (await account.trimtab("status", "--json")).document
    weights = {d["asset"]: round(float(d["net_weight"]), 3) for d in status["assets"]}
    assert weights == {"ALT": 0.2, "BTC": 0.2, "USDT": 0.6}
    [hedge] = status["hedges"]
    assert (hedge["asset"], hedge["symbol"], Decimal(hedge["beta"])) == (
        "ALT",
        "BTC/USDT:USDT",
        Decimal("1.5"),
    )
    assert hedge["covered"]
    assert Decimal(status["leverage"]) == Decimal("0.3"), "3,000 short on 10,000 outside"

    closed = await account.trimtab("close-hedges", "--execute", "--yes", "--json")
    assert (closed.code, closed.document["status"]) == (0, "executed"), closed.text
    assert (await account.trimtab("status", "--json")).document["hedges"] == []
    verified = await account.trimtab("ledger", "verify", "--json")
    assert verified.code == 0, verified.text


async def test_a_poor_fit_opens_nothing_and_says_why(account_at: AccountAt) -> None:
    account = await Followed(**ACCOUNT, noise="0.05").opened(account_at)
    found = await planned(account)
    assert (found.code, found.document["status"]) == (0, "nothing_to_do"), found.text
    [left] = [u for u in found.document["plan"]["untraded"] if u["asset"] == "ALT"]
    assert left["reason"] == "no_cross_hedge"
    assert "must explain 0.6" in left["note"]
