"""Several runs on one account: one sends, the others are told why they do not."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.acceptance.conftest import Account, has_no_traceback

IN_FLIGHT = {"unresolved_orders", "concurrent_run", "duplicate_intent"}
"""Checks that an order of another run breaks while it is on its way."""


def failed_checks(gate: dict[str, Any]) -> set[str]:
    return {each["check"] for each in gate["findings"] if each["verdict"] == "refuse"}


async def test_a_plan_from_before_another_run_is_not_executed_after_it(account: Account) -> None:
    planned = await account.trimtab("plan", "--json")
    digest = planned.document["plan"]["digest"]
    assert (await account.trimtab("run", "--execute", "--yes")).code == 0
    sent = account.mutations()
    late = await account.trimtab("run", "--execute", "--yes", "--plan", digest, "--json")
    assert late.code == 4, late.text
    assert "the account changed, nothing was sent" in late.document["error"]["message"]
    assert account.mutations() == sent


async def test_of_four_runs_at_once_each_order_goes_out_once(account: Account) -> None:
    words = ("run", "--execute", "--yes", "--json")
    ended = await asyncio.gather(*(account.trimtab(*words) for _ in range(4)))
    # Who comes late plans on what is there then, or is told that the account is held or moved;
    # who plans between another's order and its answer is refused for that.
    assert {each.code for each in ended} <= {0, 3, 4, 8}, [each.text for each in ended]
    refused = [each.document["gate"] for each in ended if each.code == 3]
    assert all(failed_checks(gate) <= IN_FLIGHT for gate in refused), refused
    assert all(has_no_traceback(each) for each in ended)
    assert [each.code for each in ended if each.document["status"] == "executed"] == [0]
    orders = account.exchange.truth()["orders"]
    assert sorted(order["symbol"] for order in orders) == ["BTCUSDT", "ETHUSDT"]
    compared = await account.trimtab("reconcile", "--json")
    assert compared.code == 0, compared.text
    assert account.exchange.audit() == ()
