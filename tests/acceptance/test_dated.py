"""Hedges in dated contracts, over HTTP: opened, rolled before delivery, moved for carry."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from tests.acceptance.conftest import AccountAt, Ended
from tests.acceptance.later import Later, deliveries_after, name_of
from tests.acceptance.page import Page
from tests.acceptance.portfolios import Book
from tests.house.source import ROOT

PRICE: Final = 100_000
BOOK: Final = Book(
    prices={"BTC": PRICE},
    spot={"BTC": "0.08"},
    wallet=4_000,
    portfolio="""\
[portfolio.targets]
BTC = "0.50"
USDT = "0.50"
""",
    rest="""\
[rebalance]
route = "futures"
[hedge]
leverage = 2
contract = "dated"
""",
)
"""BTC 8000 of 12000: 2000 too much, which a short of 0.02 takes off."""
MARKETS: Final = 'markets = ["spot", "swap", "future"]\n'


async def begun(account_at: AccountAt, book: Book = BOOK, *, early: int = 80) -> Later:
    """Serve a book, *early* days before a delivery."""
    text = book.config.replace("{", "{{").replace("}", "}}")
    text = text.replace("{{url}}", "{url}").replace("{{folder}}", "{folder}")
    text = text.replace('environment = "local"\n', f'environment = "local"\n{MARKETS}')
    later = Later(account=await account_at(book.scenario, config=text))
    nearest = deliveries_after(later.now + timedelta(days=early + 1))[0]
    later.until(nearest - timedelta(days=early))
    return later


def legs_of(ended: Ended) -> list[tuple[str, str, str, str]]:
    """Return market, side, size and role of each leg."""
    legs: list[dict[str, Any]] = ended.document["plan"]["legs"]
    return [(leg["symbol"], leg["side"], leg["quantity"], leg["role"]) for leg in legs]


async def hedge_of(later: Later) -> dict[str, Any]:
    """Return the one open hedge as status tells it."""
    status = await later.trimtab("status", "--json")
    assert status.code == 0, status.text
    [hedge] = status.document["hedges"]
    found: dict[str, Any] = hedge
    return found


async def test_a_drift_is_hedged_in_the_nearest_dated_contract_and_its_basis_is_no_drift(
    account_at: AccountAt,
) -> None:
    later = await begun(account_at)
    near = name_of("BTC", deliveries_after(later.now)[0])
    ran = await later.asked("run")
    assert legs_of(ran) == [(near, "sell", "0.02", "hedge")]
    assert ran.document["plan"]["legs"][0]["kind"] == "future"
    bitcoin = ran.document["plan"]["after"]["weights"]["BTC"]
    assert Decimal(bitcoin).quantize(Decimal("0.0001")) == Decimal("0.5")
    again = await later.asked("run")
    assert again.document["status"] == "nothing_to_do", again.text
    assert (await hedge_of(later))["symbol"] == near


async def test_a_hedge_is_rolled_before_delivery_and_keeps_its_id(account_at: AccountAt) -> None:
    later = await begun(account_at)
    near, far = (name_of("BTC", at) for at in deliveries_after(later.now)[:2])
    await later.asked("run")
    before = await hedge_of(later)
    later.pass_days(75)
    rolled = await later.asked("run")
    assert rolled.document["plan"]["trigger"] == "expiry"
    assert legs_of(rolled) == [(near, "buy", "0.02", "roll"), (far, "sell", "0.02", "roll")]
    assert [leg["stage"] for leg in rolled.document["plan"]["legs"]] == [1, 2]
    assert [leg["reduce_only"] for leg in rolled.document["plan"]["legs"]] == [True, False]
    after = await hedge_of(later)
    assert (after["id"], after["symbol"], after["units"]) == (before["id"], far, "0.02")
    assert after["opened_at"] == before["opened_at"]
    again = await later.asked("run")
    assert again.document["status"] == "nothing_to_do", again.text
    for words in (("ledger", "verify"), ("reconcile",)):
        checked = await later.trimtab(*words)
        assert checked.code == 0, checked.text
    assert later.account.exchange.audit() == ()


async def test_the_runbook_of_a_roll_can_be_followed_to_its_end(account_at: AccountAt) -> None:
    later = await begun(account_at)
    far = name_of("BTC", deliveries_after(later.now)[1])
    await later.asked("run")
    before = await hedge_of(later)
    later.pass_days(75)
    page = Page(ROOT / "runbooks" / "rolling.md", later.account)
    seen = await page.follow("status", variables=later.variables)
    assert before["symbol"] in seen.stdout
    planned = await page.follow("plan", variables=later.variables)
    assert planned.stdout.count(" roll") >= 2, planned.text
    await page.follow("run --execute", variables=later.variables)
    await page.follow("status", variables=later.variables)
    done = await page.follow("plan", variables=later.variables)
    assert "Nothing to do" in done.text
    await page.follow("reconcile", variables=later.variables)
    page.is_over()
    after = await hedge_of(later)
    assert (after["id"], after["symbol"], after["units"]) == (before["id"], far, "0.02")


async def test_a_hedge_moves_to_the_contract_that_brings_more_and_says_why(
    account_at: AccountAt,
) -> None:
    carry = '[hedge.carry]\non_gain = "swap"\nfunding_days = 0\nmin_gain_bps = "5"\n'
    rest = BOOK.rest.replace('contract = "dated"\n', "") + carry
    later = await begun(account_at, replace(BOOK, rest=rest))
    far = name_of("BTC", deliveries_after(later.now)[1])
    ran = await later.asked("run")
    assert legs_of(ran) == [("BTC/USDT:USDT", "sell", "0.02", "hedge")]
    moved = await later.asked(
        "run"
    )  # Funding is nothing, and dated contracts stand 6 % a year above.
    plan = moved.document["plan"]
    assert plan["trigger"] == "carry"
    assert {(s, side, role) for s, side, _, role in legs_of(moved)} == {
        ("BTC/USDT:USDT", "buy", "roll"),
        (far, "sell", "roll"),
    }
    seen = {(r["subject"], r["name"]): r["measured"] for r in plan["readings"]}
    assert Decimal(seen["BTC/USDT:USDT", "income_a_year"]) == 0
    assert abs(Decimal(seen[far, "income_a_year"]) - Decimal("0.06")) < Decimal("0.001")
    assert Decimal(seen["BTC/USDT:USDT", "gain_bps"]) > 5
    again = await later.asked("run")
    assert again.document["status"] == "nothing_to_do", again.text
    reviewed = await later.trimtab("review", "--json")
    told = {r["name"] for r in reviewed.document["readings"] if r["rule"] == "hedge.carry"}
    assert {"income_a_year", "gain_bps"} <= told


async def test_a_hedge_is_not_grown_in_a_contract_that_ends_today(account_at: AccountAt) -> None:
    later = await begun(account_at)
    near = name_of("BTC", deliveries_after(later.now)[0])
    await later.asked("hedge", "BTC", "10%")
    later.until(deliveries_after(later.now)[0] - timedelta(hours=6))
    refused = await later.trimtab("hedge", "BTC", "20%", "--execute", "--yes", "--json")
    assert (refused.code, refused.document["status"]) == (3, "refused"), refused.text
    found = [f for f in refused.document["gate"]["findings"] if f["verdict"] == "refuse"]
    assert [f["check"] for f in found] == ["min_expiry_days"]
    assert near in found[0]["reason"]


async def test_dated_contracts_need_their_kind_among_the_markets(account_at: AccountAt) -> None:
    later = await begun(account_at)
    config = later.account.config
    text = config.read_text(encoding="utf-8").replace(', "future"]', "]")
    config.write_text(text, encoding="utf-8")
    checked = await later.trimtab("config", "check")
    assert checked.code == 2
    assert 'add "future" to venue.markets' in checked.text
