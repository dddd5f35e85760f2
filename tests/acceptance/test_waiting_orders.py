"""Conditional orders that somebody else has waiting at the exchange count like any open order."""

from __future__ import annotations

from tests.acceptance.conftest import Account
from tests.acceptance.strangers import shorted, waiting_order


async def test_one_that_would_open_more_than_may_be_held_stops_a_plan_that_passes_without_it(
    account: Account,
) -> None:
    free = await account.trimtab("plan", "--json")
    await waiting_order(account, name="by-hand", quantity="1")
    held = await account.trimtab("plan", "--json")
    assert (free.code, held.code) == (0, 3), held.text
    refused = {f["check"] for f in held.document["gate"]["findings"] if f["verdict"] == "refuse"}
    assert "max_leverage" in refused
    assert "by-hand" in held.text


async def test_it_is_shown_as_somebody_elses_and_warned_of(account: Account) -> None:
    await shorted(account, quantity="0.01", symbol="BTCUSDT")
    await waiting_order(account, name="by-hand", quantity="0.01", reduceOnly="true")
    told = await account.trimtab("status", "--json")
    examined = await account.trimtab("doctor", "--json")
    (resting,) = told.document["open_orders"]
    assert (resting["client_order_id"], resting["symbol"]) == ("by-hand", "BTC/USDT:USDT")
    assert resting["ours"] is False
    (foreign,) = [c for c in examined.document["checks"] if c["check"] == "foreign_orders"]
    assert (foreign["outcome"], "BTC/USDT:USDT" in foreign["found"]) == ("warn", True)
