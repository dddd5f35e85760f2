"""Input that no plan can be made from, over HTTP: named, with a way out, and nothing is sent.

Closes with gaps, windows that are too short and covariances without an inverse are in
test_price_history, groups that overlap and members without a market in test_groups, a contract that
ends today in test_dated.
"""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest

from tests.acceptance.conftest import CONFIG, Account, AccountAt, has_no_traceback
from tests.acceptance.portfolios import Book
from trimtab.testnet import Scenario
from trimtab.testnet.faults import Fault, Kind

PLAN_AND_RUN: Final = (("plan", "--json"), ("run", "--execute", "--yes", "--json"))
DEPTH: Final = "/api/v3/depth"
MARKS: Final = "/fapi/v1/premiumIndex"


def answered(account: Account, path: str, answer: object, **where: str) -> None:
    """Let the exchange give the same answer to each call of *path* from now on."""
    body = json.dumps(answer)
    told = Fault(kind=Kind.STATUS, path=path, where=where, status=200, body=body, count=0)
    account.exchange.inject(told)


def book(bid: str, ask: str) -> dict[str, Any]:
    """Return a book of one level on each side."""
    return {"lastUpdateId": 7, "bids": [[bid, "1"]], "asks": [[ask, "1"]]}


async def refused(account: Account) -> tuple[int, str, str]:
    """Return exit code, word and message with which plan and run both end, and nothing sent."""
    told = set()
    for words in PLAN_AND_RUN:
        ended = await account.trimtab(*words)
        error = ended.document["error"]
        assert error["next"], ended.text
        assert has_no_traceback(ended)
        told.add((ended.code, error["code"], error["message"]))
    assert account.mutations() == 0
    [one] = told
    return one


async def test_a_market_without_any_price_is_a_planning_error_by_its_name(account: Account) -> None:
    answered(account, DEPTH, {"lastUpdateId": 7, "bids": [], "asks": []}, symbol="ETHUSDT")
    code, word, message = await refused(account)
    assert (code, word) == (2, "missing_mark")
    assert "ETH: held or targeted, but no market in USDT was read" in message
    status = await account.trimtab("status", "--json")
    assert status.code == 0, status.text
    assert "ETH" in status.document["unmeasured"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (book("0", "0"), "a level of the book is not positive"),
        (book("0.00", "2500"), "a level of the book is not positive"),
        (book("-1", "2500"), "a level of the book is not positive"),
        (book("2600", "2500"), "a book must have both sides and must not be crossed"),
        (book("NaN", "2500"), "price is not a usable number"),
        (book("", "2500"), "price is not a number"),
        ({}, "bids is missing"),
    ],
    ids=["zero", "zero-bid", "negative", "crossed", "nan", "blank", "missing"],
)
async def test_a_price_that_cannot_be_one_is_unreadable_by_its_market(
    account: Account, answer: dict[str, Any], said: str
) -> None:
    answered(account, DEPTH, answer, symbol="ETHUSDT")
    code, word, message = await refused(account)
    assert (code, word) == (7, "not_done")
    assert f"ETH/USDT: {said}" in message


@pytest.mark.parametrize("mark", ["0", "0.00000000"])
async def test_a_contract_whose_mark_is_zero_is_not_traded(
    account_at: AccountAt, mark: str
) -> None:
    held = Book(
        prices={"BTC": 100_000},
        spot={"BTC": "0.08", "USDT": "1000"},
        wallet=1_000,
        portfolio='[portfolio.targets]\nBTC = "0.50"\nUSDT = "0.50"\n',
    )
    account = await held.opened(account_at)
    row = {"symbol": "BTCUSDT", "markPrice": mark, "indexPrice": "100000", "time": 1}
    row |= {"lastFundingRate": "0", "interestRate": "0", "nextFundingTime": 0}
    answered(account, MARKS, [row])
    code, word, message = await refused(account)
    assert (code, "BTC" in message) in ((2, True), (7, True)), word


async def test_an_asset_without_a_market_is_named(account_at: AccountAt) -> None:
    text = CONFIG.replace('ETH = "0.30"', 'NOPE = "0.30"')
    account = await account_at(Scenario.drifted(), config=text)
    code, word, message = await refused(account)
    assert (code, word) == (2, "missing_mark")
    assert "NOPE" in message


async def test_months_in_which_shorts_paid_are_told_and_change_no_plan(
    account_at: AccountAt,
) -> None:
    paid = Book(
        prices={"BTC": 100_000},
        spot={"BTC": "0.08"},
        wallet=4_000,
        portfolio='[portfolio.targets]\nBTC = "0.50"\nUSDT = "0.50"\n',
        positions=({"symbol": "BTCUSDT", "quantity": "-0.02", "entry": "100000"},),
        rest='[rebalance]\nroute = "futures"\n[hedge]\nleverage = 2\n[hedge.carry]\n'
        'on_gain = "alert"\nfunding_days = 90\nnegative_days = 60\n',
    )
    scenario = paid.scenario
    past = type(scenario.past).from_json({"funding": {"BTCUSDT": ["-0.0002"] * 300}})
    found = replace(scenario, past=past, funding_rates={"*": Decimal("-0.0002")})
    text = paid.config.replace("{", "{{").replace("}", "}}")
    text = text.replace("{{url}}", "{url}").replace("{{folder}}", "{folder}")
    account = await account_at(replace(found, positions=()), config=text)
    opened = await account.trimtab("run", "--execute", "--yes", "--json")
    assert (opened.code, opened.document["status"]) == (0, "executed"), opened.text
    again = await account.trimtab("plan", "--json")
    assert (again.code, again.document["status"]) == (0, "nothing_to_do"), again.text
    told = [a for a in again.document["plan"]["alerts"] if a["kind"] == "carry"]
    [alert] = [a for a in told if "shorts have paid funding at every settlement" in a["reason"]]
    assert Decimal(alert["measured"]) >= 60
    assert account.exchange.audit() == ()
