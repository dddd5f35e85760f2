"""People are told what happens, once each, and nothing that goes wrong there reaches an order."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from tests.acceptance.conftest import CONFIG, Account, AccountAt, Ended, has_no_traceback
from tests.acceptance.receiver import Receiver, receiving
from tests.acceptance.test_standing import granted

TOLD: Final = (
    CONFIG
    + """
[notify]
channels = ["webhook"]
webhook_url = "{hook}"
timeout_s = "1"
"""
)
SECRET: Final = "only-we-two-know"
SIGNED: Final = {"TRIMTAB__NOTIFY__WEBHOOK_SECRET": SECRET}
RUN: Final = ("run", "--execute", "--yes", "--json")


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as opened:
        yield opened


@pytest.fixture
async def account(account_at: AccountAt, receiver: Receiver) -> Account:
    """Return the drifted account, whose owner is told by webhook."""
    return await account_at(config=TOLD.replace("{hook}", receiver.url))


async def listed(account: Account) -> list[dict[str, Any]]:
    """Return the notices that were meant for somebody."""
    ended = await account.trimtab("notify", "list", "--json")
    assert ended.code == 0, ended.text
    return [each for each in ended.document if each["deliveries"]]


async def the_one(account: Account, kind: str) -> dict[str, Any]:
    """Return the only notice of a kind."""
    (found,) = [each for each in await listed(account) if each["kind"] == kind]
    return found


def is_done(ended: Ended) -> bool:
    """Whether a run executed its plan."""
    assert (ended.code, ended.document["status"]) == (0, "executed"), ended.text
    return has_no_traceback(ended)


async def test_each_event_of_a_run_is_told_once_and_not_again_after_it(
    account: Account, receiver: Receiver
) -> None:
    assert is_done(await account.trimtab(*RUN))
    assert sorted(receiver.kinds) == ["executed", "price_crossed"]
    (told,) = [each for each in receiver.got if each["kind"] == "executed"]
    assert told["subject"].startswith("trimtab binance main (local): a plan was executed whole")
    assert "Shortfall against the marks at planning: " in told["text"]
    assert told["text"].splitlines()[-1] == "next: trimtab status"
    for words in (RUN, ("recover",), ("plan",), ("reconcile",)):
        assert (await account.trimtab(*words)).code == 0
    assert len(receiver.got) == 2
    found = await the_one(account, "executed")
    assert found["deliveries"] == {
        "webhook": {"status": "delivered", "attempts": 1, "note": "answered 200"}
    }
    assert (await account.trimtab("ledger", "verify")).code == 0


async def test_a_plan_that_waits_for_a_yes_is_told_while_it_is_asked_for(
    account: Account, receiver: Receiver
) -> None:
    running = await account.started("run", "--execute")
    try:
        await receiver.came("approval_needed")
    finally:
        _, stderr = await running.communicate(b"no\n")
    assert running.returncode == 4, stderr.decode()
    (told,) = [each for each in receiver.got if each["kind"] == "approval_needed"]
    (plan,) = (await account.trimtab("ledger", "plans", "--json")).document
    assert told["text"].splitlines()[-1] == f"next: trimtab approve {plan['digest'][:12]}"
    assert "1. sell 0.01379 BTC/USDT at " in told["text"]
    assert receiver.kinds.count("approval_needed") == 1
    assert "plan_proposed" not in receiver.kinds


async def test_a_plan_is_told_as_proposed(account: Account, receiver: Receiver) -> None:
    assert (await account.trimtab("plan", "--json")).code == 0
    assert receiver.kinds.count("plan_proposed") == 1


async def test_what_is_posted_is_signed_and_holds_no_secret(
    account: Account, receiver: Receiver
) -> None:
    ended = await account.trimtab("notify", "test", "--json", variables=SIGNED)
    assert (ended.code, ended.document["status"]) == (0, "delivered"), ended.text
    (body,), (headers,) = receiver.bodies, receiver.headers
    at, _, sealed = headers["x-trimtab-signature"].partition(",")
    signed = at.removeprefix("t=").encode() + b"." + body
    made = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert sealed == f"v1={made}"
    assert headers["x-trimtab-notice"] == ended.document["notice"]["id"]
    assert SECRET not in body.decode() + ended.text
    assert abs(int(at.removeprefix("t=")) - time.time()) < 60


async def test_the_result_is_there_while_a_receiver_still_hangs(
    account: Account, receiver: Receiver
) -> None:
    receiver.hangs = True
    running = await account.started(*RUN)
    assert running.stdout is not None
    async with asyncio.timeout(30):
        text = await running.stdout.readuntil(b"\n}\n")
    assert running.returncode is None
    assert json.loads(text)["status"] == "executed"
    _, stderr = await running.communicate()
    assert running.returncode == 0, stderr.decode()


@pytest.mark.parametrize("trouble", ["hangs", "answers 500", "is not there"])
async def test_a_receiver_in_trouble_neither_delays_nor_changes_a_run(
    account: Account, receiver: Receiver, trouble: str
) -> None:
    words: tuple[str, ...] = RUN
    if trouble == "hangs":
        receiver.hangs = True
    elif trouble == "answers 500":
        receiver.status = 500
    else:
        words = (*RUN, "--set", "notify.webhook_url=http://127.0.0.1:9/hook")
    ended = await account.trimtab(*words)
    assert is_done(ended)
    found = await the_one(account, "executed")
    delivery = found["deliveries"]["webhook"]
    assert delivery["status"] == ("not_sent" if trouble == "is not there" else "unknown")
    assert (await account.trimtab("reconcile")).code == 0


async def test_what_was_not_taken_is_sent_by_the_next_command_and_shown_until_then(
    account: Account, receiver: Receiver
) -> None:
    receiver.status = 503
    assert is_done(await account.trimtab(*RUN))
    status = (await account.trimtab("status", "--json")).document
    undelivered = status["notices"]["undelivered"]
    assert len(undelivered) == 2
    assert "Notices not told everywhere: 2" in (await account.trimtab("status")).stdout
    receiver.status, before = 200, len(receiver.got)
    assert (await account.trimtab("recover")).code == 0
    assert len(receiver.got) == before + 2
    assert (await account.trimtab("status", "--json")).document["notices"]["undelivered"] == []


async def test_what_may_have_arrived_is_shown_and_sent_again_only_by_a_person(
    account: Account, receiver: Receiver
) -> None:
    receiver.status = 500
    assert is_done(await account.trimtab(*RUN))
    assert len(receiver.got) == 2
    receiver.status = 200
    assert (await account.trimtab("recover")).code == 0
    assert len(receiver.got) == 2
    told = await the_one(account, "executed")
    ended = await account.trimtab("notify", "retry", told["id"], "--json")
    assert (ended.code, ended.document["status"]) == (0, "delivered")
    assert len(receiver.got) == 3
    again = await account.trimtab("notify", "retry", told["id"])
    assert (again.code, len(receiver.got)) == (0, 3)


async def test_a_command_that_was_killed_while_sending_sends_nothing_twice(
    account: Account, receiver: Receiver
) -> None:
    receiver.hangs = True
    running = await account.started(*RUN)
    await receiver.came("executed")
    running.kill()
    await running.wait()
    receiver.hangs = False
    assert (await account.trimtab("recover")).code == 0
    counted = [each["id"] for each in receiver.got]
    assert len(counted) == len(set(counted)) == 2
    shown = await account.trimtab("notify", "list")
    assert "may have arrived" in shown.stdout


async def test_a_latch_is_told_and_unattended_runs_wait_until_somebody_has_read_it(
    account_at: AccountAt, receiver: Receiver
) -> None:
    config = TOLD.replace("{hook}", receiver.url) + '\n[approval]\nmode = "standing"\n'
    account = await account_at(config=config)
    await granted(account)
    assert (await account.trimtab("halt", "--reason", "the sky fell")).code == 0
    assert (await account.trimtab("unhalt")).code == 0
    assert receiver.kinds == ["halted"]
    (told,) = receiver.got
    assert "halted: the sky fell" in told["text"]
    assert told["critical"] is True
    ended = await account.trimtab(*RUN)
    error = ended.document["error"]
    assert (ended.code, error["code"]) == (4, "unread_notices"), ended.text
    assert f"nobody has read notice {told['id']} (halted)" in error["message"]
    assert f"trimtab notify ack {told['id']}" in error["next"]
    assert account.mutations() == 0
    assert (await account.trimtab("status", "--json")).document["notices"]["unread"] == [told["id"]]
    read = await account.trimtab("notify", "ack", told["id"], "--json")
    assert (read.code, read.document["notice"]["holds_unattended_runs"]) == (0, False)
    again = await account.trimtab("notify", "ack", told["id"], "--json")
    assert (again.code, again.document["status"]) == (0, "nothing_to_do"), again.text
    assert again.document["notice"] == read.document["notice"]
    shown = await account.trimtab("notify", "ack", told["id"])
    assert "It was read already, by " in shown.stdout
    assert is_done(await account.trimtab(*RUN))


@pytest.mark.parametrize("word", ["ack", "retry"])
async def test_a_notice_that_is_not_there_is_a_wrong_word(account: Account, word: str) -> None:
    ended = await account.trimtab("notify", word, "none-such", "--json")
    assert (ended.code, ended.document["error"]["next"]) == (2, "trimtab notify list")


async def test_what_comes_after_a_notice_that_is_not_there_reads_the_same_file(
    account: Account,
) -> None:
    own = account.config.rename(account.folder / "own.toml")
    named = ("--config", own.name)
    ended = await account.trimtab(*named, "notify", "ack", "none-such", "--json")
    step = ended.document["error"]["next"]
    assert (ended.code, step) == (2, "trimtab --config own.toml notify list")
    assert (await account.trimtab(*step.split()[1:])).code == 0


async def test_a_refused_plan_is_told_with_what_refused_it(
    account: Account, receiver: Receiver
) -> None:
    ended = await account.trimtab(*RUN, "--set", "risk.max_order_notional=10")
    assert ended.code == 3, ended.text
    (told,) = [each for each in receiver.got if each["kind"] == "refused"]
    assert "max_order_notional" in told["subject"]


async def test_only_chosen_events_are_told(account: Account, receiver: Receiver) -> None:
    assert is_done(await account.trimtab(*RUN, "--set", "notify.events=executed,halted"))
    assert receiver.kinds == ["executed"]


async def test_a_channel_without_its_secret_is_named_and_keeps_no_other_back(
    account: Account, receiver: Receiver
) -> None:
    more = ("--set", "notify.channels=telegram,webhook", "--set", "notify.telegram_chat=1")
    ended = await account.trimtab(*RUN, *more)
    assert is_done(ended)
    assert "no telegram_token" in ended.stderr
    assert "executed" in receiver.kinds


async def test_nobody_named_means_nothing_written_and_a_test_says_what_to_write(
    account_at: AccountAt,
) -> None:
    account = await account_at()
    assert is_done(await account.trimtab(*RUN))
    assert (await account.trimtab("notify", "list", "--json")).document == []
    ended = await account.trimtab("notify", "test", "--json")
    assert ended.code == 2
    assert "channels" in ended.document["error"]["next"]


async def test_a_plan_that_no_standing_approval_covers_is_told_as_one_that_needs_a_yes(
    account_at: AccountAt, receiver: Receiver
) -> None:
    told = TOLD.replace("{hook}", receiver.url) + 'events = ["approval_needed"]\n'
    account = await account_at(config=told + '\n[approval]\nmode = "standing"\n')
    ended = await account.trimtab(*RUN)
    assert (ended.code, account.mutations()) == (4, 0), ended.text
    assert receiver.kinds == ["approval_needed"]
