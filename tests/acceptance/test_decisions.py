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


@pytest.mark.parametrize("answer", ["no\n", "yes\n", "approve\n", "\n"])
async def test_a_run_of_a_plan_takes_nothing_but_the_words_of_the_prompt(
    account: Account, answer: str
) -> None:
    digest = await proposed(account)
    ended = await account.trimtab("run", "--execute", "--plan", digest, "--json", stdin=answer)
    again = await account.trimtab("approve", digest)
    assert (ended.code, ended.document["status"]) == (4, "declined"), ended.text
    assert "is declined already" in again.stderr


async def test_a_run_at_the_end_of_input_leaves_the_plan_pending(account: Account) -> None:
    digest = await proposed(account)
    ended = await account.trimtab("run", "--execute", "--plan", digest, "--json", stdin="")
    assert (ended.code, ended.document["status"]) == (4, "proposed"), ended.text
    assert f"next: trimtab approve {digest[:8]}" in ended.stderr
    assert (await account.trimtab("approve", digest)).code == 0


async def test_the_prompt_shows_account_environment_orders_sides_and_digest(
    account: Account,
) -> None:
    digest = await proposed(account)
    asked = (await account.trimtab("run", "--execute", "--plan", digest, stdin="no\n")).stderr
    assert (
        "This sends 2 orders worth 1,299.82 USDT to main on binance (local): "
        "sells 799.82, buys 500.00." in asked
    ), asked
    assert f'Type "approve {digest[:8]}" to approve, anything else to decline: ' in asked


async def test_above_the_threshold_a_second_answer_is_asked_for_in_other_words(
    account: Account,
) -> None:
    rule = ("--set", "approval.two_step_above=1000")
    run = ("run", "--execute", *rule, "--plan")
    digest = await proposed(account, *rule)
    first, second = f"approve {digest[:8]}", "sell 800 buy 500 USDT"
    twice = await account.trimtab(*run, digest, stdin=f"{first}\n{first}\n")
    assert (twice.code, f'Type "{second}" to approve' in twice.stderr) == (4, True), twice.text
    digest = await proposed(account, *rule)
    first = f"approve {digest[:8]}"
    once = await account.trimtab(*run, digest, "--json", stdin=f"{first}\n")
    assert (once.code, once.document["status"]) == (4, "proposed"), once.text
    both = await account.trimtab(*run, digest, stdin=f"{first}\n{second}\n")
    assert both.code == 0, both.text
    assert "At stake: 13.0 % of the account's" in both.stderr


async def test_a_plan_is_not_approved_under_another_configuration_than_its_own(
    account: Account,
) -> None:
    digest = await proposed(account)
    ended = await account.trimtab("approve", digest, "--set", "risk.shock=0.1")
    assert ended.code == 4
    assert "made under another configuration" in ended.stderr
    assert "next: trimtab plan" in ended.stderr


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


async def test_a_yes_is_taken_back_while_nothing_of_its_plan_was_begun(account: Account) -> None:
    digest = await proposed(account)
    approved = await account.trimtab("approve", digest)
    rejected = await account.trimtab("reject", digest, "--json")
    ran = await account.trimtab("run", "--execute", "--plan", digest)
    assert (approved.code, rejected.code, ran.code) == (0, 0, 4), rejected.text
    assert rejected.document["status"] == "declined"
    assert "is declined already" in ran.stderr
    assert account.mutations() == 0


async def test_a_plan_that_was_executed_cannot_be_rejected(account: Account) -> None:
    digest = await proposed(account)
    await account.trimtab("approve", digest)
    assert (await account.trimtab("run", "--execute", "--plan", digest)).code == 0
    rejected = await account.trimtab("reject", digest)
    assert rejected.code == 4
    assert "is executed already" in rejected.stderr


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
