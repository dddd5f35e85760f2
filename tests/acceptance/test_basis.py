"""A hedge whose contract trades far below its index, over HTTP: told, bought back, left, opened."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.acceptance.conftest import AccountAt
from tests.acceptance.portfolios import Book
from trimtab.testnet.interventions import set_prices

RUN: Final = ("run", "--execute", "--yes", "--json")


def hedged(action: str, *, hedge: str = "", triggers: str = "") -> Book:
    """Return BTC 8000 of 12000: 2000 too much, which a short of 0.02 takes off."""
    return Book(
        prices={"BTC": 100_000},
        spot={"BTC": "0.08"},
        wallet=4_000,
        portfolio='[portfolio.targets]\nBTC = "0.50"\nUSDT = "0.50"\n',
        rest=f'[rebalance]\nroute = "futures"\n[hedge]\nleverage = 2\n{hedge}'
        f'[triggers]\non_basis = "{action}"\nbasis_bps = "80"\n{triggers}',
    )


@pytest.mark.parametrize("action", ["close", "alert"])
async def test_a_discount_is_kept_by_buying_back_or_it_is_told(
    account_at: AccountAt, action: str
) -> None:
    account = await hedged(action).opened(account_at)
    opened = await account.trimtab(*RUN)
    assert (opened.code, opened.document["status"]) == (0, "executed"), opened.text
    state = account.exchange.exchange.state
    set_prices(state, mid={}, mark={"BTCUSDT": "99100"}, index={"BTCUSDT": "100000"})
    ran = await account.trimtab(*RUN)
    plan = ran.document["plan"]
    [reading] = [r for r in plan["readings"] if r["rule"] == "triggers.on_basis"]
    assert (reading["measured"], reading["limit"], reading["holds"]) == ("90", "80", True)
    if action == "alert":
        assert ran.document["status"] == "nothing_to_do", ran.text
        assert [a["kind"] for a in plan["alerts"]] == ["basis"]
        return
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    assert plan["trigger"] == "basis"
    assert [h["cause"] for h in plan["hedges"]] == ["basis"]
    status = (await account.trimtab("status", "--json")).document
    assert (status["hedges"], status["positions"]) == ([], [])
    again = await account.trimtab(*RUN)
    assert again.document["status"] == "nothing_to_do", again.text
    assert [u["reason"] for u in again.document["plan"]["untraded"]] == ["cool_down"]
    for words in (("ledger", "verify"), ("reconcile",)):
        assert (await account.trimtab(*words)).code == 0


async def test_a_discount_that_hovers_is_shown_and_opens_nothing_until_it_has_come_back(
    account_at: AccountAt,
) -> None:
    book = hedged("close", hedge="cooldown_days = 0\n", triggers='basis_hysteresis = "0.5"\n')
    account = await book.opened(account_at)
    state = account.exchange.exchange.state

    async def ran_at(mark: str) -> dict[str, Any]:
        set_prices(state, mid={}, mark={"BTCUSDT": mark}, index={"BTCUSDT": "100000"})
        ran = await account.trimtab(*RUN)
        assert ran.code == 0, ran.text
        return dict(ran.document)

    assert (await ran_at("100000"))["status"] == "executed"
    assert (await ran_at("99200"))["plan"]["trigger"] == "basis"
    for mark in ("99210", "99590"):
        hovers = await ran_at(mark)
        assert hovers["status"] == "nothing_to_do"
        [left] = hovers["plan"]["untraded"]
        assert left["reason"] == "discount"
        assert left["note"].endswith("a hedge is opened in it again from 40 bps down")
    [reading] = hovers["plan"]["readings"]
    assert (reading["measured"], reading["limit"], reading["holds"]) == ("41", "40", True)
    status = (await account.trimtab("status", "--json")).document
    assert reading in status["readings"]
    planned = (await account.trimtab("plan", "--json")).document["plan"]
    told = await account.trimtab("explain", planned["digest"])
    assert "no hedge is opened in it" in " ".join(told.text.split()), told.text
    again = await ran_at("99600")
    assert (again["status"], again["plan"]["hedges"][0]["cause"]) == ("executed", "drift")
    assert (await account.trimtab("ledger", "verify")).code == 0
