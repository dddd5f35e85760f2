"""The neutral yield sleeve, over HTTP: entered in pairs, held, left, and what it says of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from tests.acceptance.conftest import AccountAt
from tests.acceptance.later import Later
from tests.acceptance.portfolios import WIDE, Book, executed, planned, values
from trimtab.testnet import Scenario

PRICES: Final = {"BTC": 100_000, "ETH": 4_000}
PORTFOLIO: Final = """\
[portfolio.targets]
BTC = "0.50"
USDT = "0.30"

[portfolio.neutral]
weight = "0.20"
members = ["ETH"]
"""


@dataclass(frozen=True, kw_only=True)
class Paying(Book):
    """An account on an exchange where shorts have been paid, and may be paid otherwise from now."""

    past: str = "0.0001"
    """Rate at each of the last settlements."""
    rate: str = "0"
    """Rate from now on."""

    @property
    def scenario(self) -> Scenario:
        """The account, with that past."""
        whole = super().scenario
        past = type(whole.past).from_json({"funding": {"ETHUSDT": [self.past] * 60}})
        return replace(whole, past=past, funding_rates={"*": Decimal(self.rate)})


BOOK: Final = Paying(
    prices=PRICES,
    spot={"BTC": "0.05", "USDT": "4000"},
    wallet=1_000,
    portfolio=PORTFOLIO,
    rest='[hedge]\nleverage = 3\nmax_ratio = "0.5"\n',
    risk=WIDE + 'max_unhedged_notional = "600"\n',
)
"""NAV 10,000: 2,000 of it neutral, in slices of at most 600; the ceiling is of hedges alone."""


def shown(plan: dict[str, Any]) -> list[str]:
    """Return what ETH is by itself, in the sleeve, and both."""
    [net] = [n for n in plan["nets"] if n["asset"] == "ETH"]
    return [str(round(Decimal(net[key]), 3)) for key in ("own", "in_sleeves", "net")]


async def test_a_member_that_pays_is_entered_coin_and_short_in_turn(account_at: AccountAt) -> None:
    account = await BOOK.opened(account_at)
    found = await planned(account)
    assert found.code == 10, found.text
    plan = found.document["plan"]
    assert found.document["gate"]["verdict"] in ("pass", "warn"), found.text
    assert plan["order"] == "sliced"
    eth = [leg for leg in plan["legs"] if leg["symbol"].startswith("ETH")]
    assert {leg["side"] for leg in eth} == {"buy", "sell"}
    net = Decimal(0)
    for leg in eth:  # In the order of their stages: never a short that no coin covers.
        net += Decimal(leg["quantity"]) * (1 if leg["side"] == "buy" else -1)
        assert Decimal(0) <= net * 4_000 <= 610, leg
    assert net == 0
    [overlay] = plan["overlays"]
    assert (overlay["kind"], overlay["until"]) == ("neutral", "funding below 1 % a year")
    [reading] = [r for r in plan["readings"] if r["rule"] == "portfolio.neutral"]
    assert (reading["subject"], reading["holds"]) == ("ETH", True)

    await executed(account)
    status = (await account.trimtab("status", "--json")).document
    assert shown(status) == ["0.200", "-0.200", "0.000"]
    [sleeve] = status["sleeves"]
    assert (sleeve["scale"], sleeve["direction"], sleeve["breached"]) == ("neutral", "short", False)
    assert status["hedges"] == []
    told = (await account.trimtab("status")).stdout
    assert "neutral  sleeve, short: 20.00 % of 20.00 %" in told
    assert "No trigger prices: a price moves the sleeves too" in told
    assert {d["trigger_untold"] for d in status["assets"]} == {"sleeves"}
    explained = (await account.trimtab("explain", plan["digest"])).stdout
    assert "held with an equal short, for its funding" in explained


async def test_one_that_does_not_pay_enough_stays_in_the_quote_and_says_so(
    account_at: AccountAt,
) -> None:
    account = await replace(BOOK, past="0.00001").opened(account_at)
    found = await planned(account)
    assert (found.code, found.document["status"]) == (0, "nothing_to_do"), found.text
    [reading] = [r for r in found.document["plan"]["readings"] if r["rule"] == "portfolio.neutral"]
    assert (reading["limit"], reading["holds"]) == ("0.05", False)
    assert "pays a short 1.10 %" in (await account.trimtab("status")).stdout


async def test_it_is_left_when_shorts_are_no_longer_paid(account_at: AccountAt) -> None:
    book = replace(BOOK, rate="-0.0001", risk=WIDE)
    text = book.config.replace("{", "{{").replace("}", "}}")
    text = text.replace("{{url}}", "{url}").replace("{{folder}}", "{folder}")
    later = Later(account=await account_at(book.scenario, config=text))
    await later.asked("run")
    later.pass_days(3)
    held = await later.asked("run")
    assert held.document["status"] == "nothing_to_do", held.text
    later.pass_days(13)
    left = await later.asked("run")
    assert left.document["status"] == "executed", left.text
    moved = values(left.document, PRICES)
    assert moved.keys() >= {"ETH/USDT", "ETH/USDT:USDT"}
    assert int(moved["ETH/USDT"]) < 0 < int(moved["ETH/USDT:USDT"])
    status = (await later.trimtab("status", "--json")).document
    assert [p for p in status["positions"] if p["symbol"].startswith("ETH")] == []
    again = await later.asked("run")
    assert again.document["status"] == "nothing_to_do", again.text
    for words in (("ledger", "verify"), ("reconcile",)):
        checked = await later.trimtab(*words)
        assert checked.code == 0, checked.text
    assert later.account.exchange.audit() == ()


async def test_a_short_that_somebody_took_off_is_sold_again_before_anything_drifts(
    account_at: AccountAt,
) -> None:
    held = replace(
        BOOK,
        spot={"BTC": "0.05", "ETH": "0.5", "USDT": "2000"},
        positions=({"symbol": "ETHUSDT", "quantity": "-0.3", "entry": "4000"},),
    )
    account = await held.opened(account_at)
    found = await planned(account)
    assert values(found.document, PRICES) == {"ETH/USDT:USDT": "-800"}, found.text
    assert [f["subject"] for f in found.document["plan"]["firings"]] == ["neutral"]
    await executed(account)
