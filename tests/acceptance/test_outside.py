"""Somebody else's hand in our contracts stops the hedge logic until a person has looked."""

from __future__ import annotations

from tests.acceptance.conftest import AccountAt
from tests.acceptance.strangers import shorted
from tests.acceptance.test_faults import HEDGED, MARGIN

RUN = ("run", "--execute", "--yes", "--json")


async def test_a_contract_traded_by_hand_is_named_and_no_hedge_is_opened_until_adopted(
    account_at: AccountAt,
) -> None:
    account = await account_at(MARGIN, config=HEDGED)
    ran = await account.trimtab(*RUN)
    assert ran.code == 0, ran.text
    before = account.mutations()
    await shorted(account, quantity="0.4")
    refused = await account.trimtab(*RUN)
    assert (refused.code, refused.document["status"]) == (3, "refused")
    found = [
        f
        for f in refused.document["gate"]["findings"]
        if f["check"] == "external_fills" and f["verdict"] == "refuse"
    ]
    assert found, refused.text
    assert "ETH/USDT:USDT" in found[0]["reason"]
    assert "trimtab reconcile" in found[0]["reason"]
    assert account.mutations() == before + 1  # The stranger's own order.
    assert (await account.trimtab("reconcile")).code == 1
    adopted = await account.trimtab("reconcile", "--adopt")
    assert adopted.code == 0, adopted.text
    again = await account.trimtab(*RUN)
    assert again.code == 0, again.text
    assert (await account.trimtab("reconcile")).code == 0
