"""``approve`` and ``reject``: a pending plan is decided once, by its digest, from anywhere."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.acceptance.conftest import Account, has_no_traceback

WITHIN_S = 30


async def proposed(account: Account, *words: str) -> str:
    """Plan, and return the digest."""
    digest: str = (await account.trimtab("plan", "--json", *words)).document["plan"]["digest"]
    return digest


async def test_an_approved_plan_is_executed_by_the_run_that_names_it(account: Account) -> None:
    digest = await proposed(account)
    approved = await account.trimtab("approve", digest[:8])
    sent_before = account.mutations()
    ran = await account.trimtab("run", "--execute", "--plan", digest[:12], "--json")
    assert approved.code == 0, approved.text
    assert f"next: trimtab run --execute --plan {digest[:12]}" in approved.stdout
    assert f"Plan {digest[:12]}" in approved.stderr, "The plan is shown beside the result."
    assert sent_before == 0
    assert (ran.code, ran.document["status"]) == (0, "executed")
    assert ran.document["plan"]["digest"] == digest


async def test_approve_as_json_says_by_whom_and_until_when(account: Account) -> None:
    digest = await proposed(account)
    told = await account.trimtab("approve", digest.upper(), "--json")
    assert told.code == 0
    assert told.document["status"] == "approved"
    assert told.document["plan"]["digest"] == digest
    assert told.document["approval"]["expires_at"] <= told.document["plan"]["expires_at"]
    assert "@" in told.document["approval"]["by"]
    assert told.stderr == ""


async def test_a_run_that_waits_goes_on_when_its_plan_is_approved_elsewhere(
    account: Account,
) -> None:
    waiting = await account.started("run", "--execute", "--json")
    assert waiting.stderr is not None
    async with asyncio.timeout(WITHIN_S):
        await waiting.stderr.readuntil(b"to decline: ")
    digest = (await account.trimtab("ledger", "plans", "--json")).document[-1]["digest"]
    approved = await account.trimtab("approve", digest)
    async with asyncio.timeout(WITHIN_S):
        stdout, _ = await waiting.communicate()
    assert (approved.code, waiting.returncode) == (0, 0)
    assert json.loads(stdout)["status"] == "executed"


async def test_a_rejected_plan_can_neither_be_approved_nor_run(account: Account) -> None:
    digest = await proposed(account)
    rejected = await account.trimtab("reject", digest[:8], "--json")
    approved = await account.trimtab("approve", digest[:8])
    ran = await account.trimtab("run", "--execute", "--plan", digest)
    assert (rejected.code, rejected.document["status"]) == (0, "declined")
    assert (approved.code, ran.code) == (4, 4)
    assert "is declined already" in approved.stderr
    assert account.mutations() == 0


async def test_a_plan_that_the_gate_refused_cannot_be_approved(account: Account) -> None:
    refused = await account.trimtab("plan", "--json", "--set", "risk.max_order_notional=10")
    ended = await account.trimtab("approve", refused.document["plan"]["digest"])
    assert (refused.code, ended.code) == (3, 4)
    assert "the gate refused it" in ended.stderr
    assert "next: trimtab plan" in ended.stderr


async def test_a_plan_whose_time_is_over_expires_when_it_is_decided(account: Account) -> None:
    digest = await proposed(account, "--set", "approval.ttl_s=1")
    await asyncio.sleep(1)
    ended = await account.trimtab("approve", digest, "--json")
    (saved,) = (await account.trimtab("ledger", "plans", "--json")).document
    assert ended.code == 4
    assert ended.document["error"]["code"] == "approval_error"
    assert saved["status"] == "expired"


async def test_a_plan_is_approved_once_and_a_second_yes_names_the_run(account: Account) -> None:
    digest = await proposed(account)
    await account.trimtab("approve", digest)
    again = await account.trimtab("approve", digest)
    assert again.code == 4
    assert f"next: trimtab run --execute --plan {digest[:12]}" in again.stderr


@pytest.mark.parametrize("command", ["approve", "reject"])
@pytest.mark.parametrize("digest", ["abc", "0123456789", "zzzzzzzzzz", "%%%%%%%%"])
async def test_digits_that_name_no_plan_are_wrong_input(
    account: Account, command: str, digest: str
) -> None:
    ended = await account.trimtab(command, digest)
    assert ended.code == 2
    assert has_no_traceback(ended)
    assert "next: trimtab ledger plans" in ended.stderr


async def test_a_decision_needs_a_digest(account: Account) -> None:
    ended = await account.trimtab("approve")
    assert ended.code == 2
    assert "DIGEST" in ended.stderr.upper()
