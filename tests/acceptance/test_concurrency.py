"""Several runs on one account: one sends, the others are told why they do not."""

from __future__ import annotations

from tests.acceptance.conftest import Account


async def test_a_plan_from_before_another_run_is_not_executed_after_it(account: Account) -> None:
    planned = await account.trimtab("plan", "--json")
    digest = planned.document["plan"]["digest"]
    assert (await account.trimtab("run", "--execute", "--yes")).code == 0
    sent = account.mutations()
    late = await account.trimtab("run", "--execute", "--yes", "--plan", digest, "--json")
    assert late.code == 4, late.text
    assert "the account changed, nothing was sent" in late.document["error"]["message"]
    assert account.mutations() == sent
