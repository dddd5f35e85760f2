"""Hedge or sale, looked at again when the hedge is closed: by the ledger, through the command."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.acceptance.conftest import Account, AccountAt
from tests.acceptance.test_dated import BOOK, begun
from tests.acceptance.test_routes import FINE, config, scenario
from trimtab.testnet.interventions import fund

RUN = ("run", "--execute", "--yes", "--json")


async def chosen_short(account_at: AccountAt) -> Account:
    """Return an account whose auto route shorted 1,200 of BTC, because funding was to pay."""
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
    ran = await account.trimtab(*RUN)
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    return account


async def book_of(account: Account) -> list[dict[str, Any]]:
    """Return the hedge book as the ledger tells it."""
    ended = await account.trimtab("ledger", "hedges", "--json")
    assert ended.code == 0, ended.text
    told: list[dict[str, Any]] = ended.document
    return told


async def test_a_hedge_that_auto_chose_is_scored_against_sale_and_prediction_once_closed(
    account_at: AccountAt,
) -> None:
    account = await chosen_short(account_at)
    [standing] = await book_of(account)
    assert (standing["closed_at"], standing["score"]) == (None, None)
    fund(account.exchange.exchange.state, {"BTCUSDT": "-0.002"})
    closed = await account.trimtab("close-hedges", "--execute", "--yes", "--json")
    assert closed.code == 0, closed.text
    assert (await account.trimtab("reconcile", "--json")).code == 0
    [hedge] = await book_of(account)
    assert (hedge["closed_by"], hedge["units"]) == ("by_hand", "0")
    score = {name: Decimal(figure) for name, figure in hedge["score"].items()}
    assert abs(score["sale"] - Decimal("1.2")) < Decimal("0.02")
    assert score["predicted"] < 0
    assert abs(score["fees"] - Decimal("2.4")) < Decimal("0.02")
    assert abs(score["funding"] - Decimal("2.4")) < Decimal("0.02")
    parts = ("fees", "slippage", "funding", "margin")
    assert abs(score["realised"] - sum(score[part] for part in parts)) <= Decimal("0.02")
    assert abs(score["saved"] - (score["sale"] - score["realised"])) <= Decimal("0.01")
    assert score["saved"] < 0
    shown = await account.trimtab("ledger", "hedges")
    assert "the sale was cheaper" in shown.text


async def test_where_funding_paid_as_predicted_the_hedge_was_the_cheaper(
    account_at: AccountAt,
) -> None:
    account = await chosen_short(account_at)
    for _ in range(9):
        fund(account.exchange.exchange.state, {"BTCUSDT": "0.001"})
    closed = await account.trimtab("close-hedges", "--execute", "--yes", "--json")
    assert closed.code == 0, closed.text
    [hedge] = await book_of(account)
    score = hedge["score"]
    assert abs(Decimal(score["funding"]) + Decimal("10.8")) < Decimal("0.1")
    assert Decimal(score["saved"]) > 0
    assert abs(Decimal(score["beyond_prediction"])) < Decimal("0.2")
    shown = await account.trimtab("ledger", "hedges")
    assert "the hedge was cheaper" in shown.text


async def test_a_hedge_by_hand_has_no_score_and_an_empty_book_says_so(
    account_at: AccountAt,
) -> None:
    account = await account_at()
    empty = await account.trimtab("ledger", "hedges")
    assert (empty.code, "No hedge was ever opened" in empty.text) == (0, True)
    assert await book_of(account) == []
    for size in ("5%", "0"):
        ended = await account.trimtab("hedge", "BTC", size, "--execute", "--yes", "--json")
        assert ended.code == 0, ended.text
    [hedge] = await book_of(account)
    assert (hedge["origin"], hedge["closed_by"], hedge["score"]) == ("by_hand", "by_hand", None)


async def test_a_dated_hedge_that_auto_chose_is_scored_over_its_rolls(
    account_at: AccountAt,
) -> None:
    rest = BOOK.rest.replace('route = "futures"', 'route = "auto"')
    later = await begun(account_at, replace(BOOK, rest=f"{rest}[auto]\nhorizon_days = 60\n"))
    opened = await later.asked("run")
    [choice] = opened.document["plan"]["routes"]
    assert (choice["route"], choice["table"]["rate_basis"]) == ("futures", "premium")
    assert choice["table"]["contract"].startswith("BTC/USDT:USDT-")
    # 6 % a year above the coin, of which 60 days earn about 1 %.
    assert abs(Decimal(choice["table"]["rate"]) - Decimal("0.0098")) < Decimal("0.0006")
    assert Decimal(choice["table"]["futures"]["total"]) < 0
    told = await later.trimtab("explain", opened.document["plan"]["digest"])
    assert "by its premium" in told.text
    later.pass_days(75)
    rolled = await later.asked("run")
    assert rolled.document["plan"]["trigger"] == "expiry"
    assert [h["score"] for h in (await later.trimtab("ledger", "hedges", "--json")).document] == [
        None,
        None,
    ]
    later.pass_days(20)
    closed = await later.asked("close-hedges")
    assert closed.document["status"] == "executed"
    rows = (await later.trimtab("ledger", "hedges", "--json")).document
    first, last = rows
    assert (first["closed_by"], first["score"]) == ("roll", None)
    score = last["score"]
    assert 94 < Decimal(score["days"]) < 96
    # 2,000 short for 95 days at 6 % a year, all of it earned but for what is still above.
    assert abs(Decimal(score["basis"]) + Decimal("31.2")) < Decimal("2.5"), score
    assert Decimal(score["saved"]) > 0
