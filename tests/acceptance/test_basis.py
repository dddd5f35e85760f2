"""A hedge whose contract trades far below its index, over HTTP: told, bought back, left to rest."""

from __future__ import annotations

from typing import Final

import pytest

from tests.acceptance.conftest import AccountAt
from tests.acceptance.portfolios import Book
from trimtab.testnet.interventions import set_prices

RUN: Final = ("run", "--execute", "--yes", "--json")


def hedged(action: str) -> Book:
    """Return BTC 8000 of 12000: 2000 too much, which a short of 0.02 takes off."""
    return Book(
        prices={"BTC": 100_000},
        spot={"BTC": "0.08"},
        wallet=4_000,
        portfolio='[portfolio.targets]\nBTC = "0.50"\nUSDT = "0.50"\n',
        rest='[rebalance]\nroute = "futures"\n[hedge]\nleverage = 2\n'
        f'[triggers]\non_basis = "{action}"\nbasis_bps = "80"\n',
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
