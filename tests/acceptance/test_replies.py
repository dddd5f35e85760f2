"""A person with a phone decides a waiting plan, and nobody without the phone's code does."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import stat
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from tests.acceptance.conftest import TRIMTAB, Account, AccountAt
from tests.acceptance.page import Page
from tests.acceptance.test_interrupts import until
from tests.acceptance.test_slots import CALM, SCHEDULED, of_present
from tests.acceptance.topic import Topics, code_now, plan_status, serving_topics, spelt
from tests.house.source import ROOT

FOLDER: Final = ROOT / "runbooks"
HEARD: Final = (
    SCHEDULED
    + """
poll_s = 1

[notify]
channels = ["ntfy"]
ntfy_url = "{url_of_topics}"
ntfy_topic = "told"
replies = ["ntfy"]
ntfy_reply_topic = "answers"
"""
)
SECRET: Final = "KRSXG5CTMVRXEZLUKN2HEZLFOQYTEMZU"
KEY: Final = {"TRIMTAB__NOTIFY__REPLY_SECRET": SECRET}
DUE: Final = ("run", "--if-due", "--execute", "--json")


@pytest.fixture
async def topics() -> AsyncIterator[Topics]:
    async with serving_topics() as opened:
        yield opened


@pytest.fixture
async def account(account_at: AccountAt, topics: Topics) -> Account:
    """Return an account whose slot is due, and whose owner replies."""
    return await account_at(CALM, config=HEARD.replace("{url_of_topics}", topics.url))


async def alone(account: Account, *words: str) -> Process:
    """Start a command as a service does, with the secret: nobody can type an answer."""
    return await asyncio.create_subprocess_exec(
        TRIMTAB,
        *words,
        cwd=account.folder,
        env=os.environ | KEY,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )


async def ended(process: Process) -> tuple[int, Any, str]:
    """Wait for the end of a command."""
    stdout, stderr = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, json.loads(stdout), stderr.decode()


async def approvals(account: Account) -> list[dict[str, Any]]:
    """Return every yes in the ledger."""
    events = (await account.trimtab("ledger", "events", "--json")).document
    return [e["body"]["approval"] for e in events if e["kind"] == "approved"]


async def test_a_watch_carries_out_what_a_reply_approves_and_tells_it(
    account: Account, topics: Topics
) -> None:
    watch = await alone(account, "schedule", "run", "--execute", "--json")
    try:
        asked = await topics.came("needs your approval")
        words = spelt(asked, "approve")
        topics.publish("answers", "approve it please")
        topics.publish("answers", f"{words} {code_now(SECRET)}")
        await topics.came("a reply approved plan")
        report = await topics.came("was executed whole")
        assert "The next slot, " in report
        (yes,) = await approvals(account)
        assert (yes["kind"], yes["by"]) == ("reply", "ntfy unnamed")
        assert (await of_present(account))[-1] == "done"
    finally:
        watch.send_signal(signal.SIGTERM)
    code, document, told = await ended(watch)
    assert (code, document["runs"], document["failed"]) == (0, 1, 0), told
    assert (await account.trimtab("ledger", "verify")).code == 0
    assert (await account.trimtab("reconcile")).code == 0


async def test_a_timer_that_waits_ends_with_a_no_that_was_replied(
    account: Account, topics: Topics
) -> None:
    fired = await alone(account, *DUE, "--wait")
    asked = await topics.came("needs your approval")
    topics.publish("answers", f"{spelt(asked, 'reject')} {code_now(SECRET)}")
    code, document, told = await ended(fired)
    assert (code, document["status"]) == (4, "declined"), told
    assert (await of_present(account))[-1] == "declined"
    assert account.mutations() == 0
    assert len(topics.told("a reply rejected plan")) == 1


async def test_a_plan_that_was_left_pending_is_approved_by_a_reply_that_another_command_reads(
    account: Account, topics: Topics
) -> None:
    code, document, told = await ended(await alone(account, *DUE))
    assert (code, document["status"]) == (4, "proposed"), told
    digest = document["plan"]["digest"]
    asked = await topics.came("needs your approval")
    nothing = await account.trimtab("notify", "replies", "--json", variables=KEY)
    assert (nothing.code, nothing.document["replies"]) == (0, [])
    topics.publish("answers", f"{spelt(asked, 'approve')} {code_now(SECRET)}")
    read = await account.trimtab("notify", "replies", "--json", variables=KEY)
    assert read.code == 0, read.text
    (reply,) = read.document["replies"]
    assert (reply["plan"], reply["outcome"]) == (digest, "approved")
    assert account.mutations() == 0
    again = await account.trimtab("notify", "replies", variables=KEY)
    assert "No reply decides anything." in again.stdout
    words = read.document["next"].removeprefix("trimtab ").split()
    ran = await account.trimtab(*words, "--json")
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    assert (await of_present(account))[-1] == "done"


async def test_of_four_commands_that_read_at_once_one_takes_the_reply(
    account: Account, topics: Topics
) -> None:
    await ended(await alone(account, *DUE))
    words = spelt(await topics.came("needs your approval"), "approve")
    topics.publish("answers", f"{words} {code_now(SECRET)}")
    reading = (account.trimtab("notify", "replies", "--json", variables=KEY) for _ in range(4))
    read = await asyncio.gather(*reading)
    assert [each.code for each in read] == [0] * 4, [each.text for each in read]
    assert [r["outcome"] for each in read for r in each.document["replies"]] == ["approved"]
    assert len(await approvals(account)) == 1


async def test_three_wrong_codes_leave_a_plan_to_the_machine(
    account: Account, topics: Topics
) -> None:
    _, document, _ = await ended(await alone(account, *DUE))
    digest = document["plan"]["digest"]
    words = spelt(await topics.came("needs your approval"), "approve")
    for _ in range(3):
        topics.publish("answers", f"{words} {code_now(SECRET, beside=40)}")
    topics.publish("answers", f"{words} {code_now(SECRET)}")
    read = await account.trimtab("notify", "replies", "--json", variables=KEY)
    outcomes = [reply["outcome"] for reply in read.document["replies"]]
    assert outcomes == ["wrong_code"] * 3 + ["locked"], read.text
    assert await plan_status(account, digest) == "proposed"
    assert len(topics.told("no more replies are taken for plan")) == 1
    assert (await account.trimtab("approve", digest[:12])).code == 0
    ran = await account.trimtab("run", "--execute", "--plan", digest, "--json")
    assert ran.document["status"] == "executed"


async def test_a_code_that_was_used_decides_no_other_plan_after_a_restart(
    account: Account, topics: Topics
) -> None:
    await ended(await alone(account, *DUE))
    first = await topics.came("needs your approval")
    code = code_now(SECRET)
    topics.publish("answers", f"{spelt(first, 'reject')} {code}")
    read = await account.trimtab("notify", "replies", "--json", variables=KEY)
    assert [r["outcome"] for r in read.document["replies"]] == ["rejected"]
    await ended(await alone(account, *DUE))
    await until(lambda: len(topics.told("needs your approval")) == 2)
    second = topics.told("needs your approval")[1]
    topics.publish("answers", f"{spelt(second, 'approve')} {code}")
    read = await account.trimtab("notify", "replies", "--json", variables=KEY)
    assert [r["outcome"] for r in read.document["replies"]] == ["old_code"]
    assert account.mutations() == 0


async def test_what_is_asked_twice_cannot_be_approved_by_a_reply(
    account: Account, topics: Topics
) -> None:
    small = ("--set", "approval.two_step_above=1")
    await ended(await alone(account, *DUE, *small))
    asked = await topics.came("needs your approval")
    assert "approved at the machine" in asked
    words = spelt(asked, "reject").replace("reject", "approve")
    topics.publish("answers", f"{words} {code_now(SECRET)}")
    read = await account.trimtab("notify", "replies", "--json", *small, variables=KEY)
    assert [r["outcome"] for r in read.document["replies"]] == ["at_the_machine"]


async def test_a_plan_that_nobody_decides_in_time_is_told_of(
    account: Account, topics: Topics
) -> None:
    code, document, told = await ended(
        await alone(account, *DUE, "--wait", "--set", "approval.ttl_s=3")
    )
    assert (code, document["status"]) == (4, "proposed"), told
    text = await topics.came("was not decided in time")
    assert "Nothing of it was sent." in text
    assert len(topics.told("was not decided in time")) == 1
    assert topics.polled > 0


async def test_a_secret_is_shown_once_and_stored_when_a_code_has_proved_it(
    account: Account,
) -> None:
    kept = account.folder / "reply-secret"
    account.folder.chmod(0o700)
    words = ("notify", "enrol", "--file", str(kept), "--json")
    process = await account.started(*words)
    assert process.stderr is not None
    assert process.stdin is not None
    shown = (await process.stderr.readuntil(b"shows now: ")).decode()
    found = re.search(r"secret=([A-Z2-7]{32})&issuer=Trimtab", shown)
    assert found is not None, shown
    assert not kept.exists()
    process.stdin.write(b"000000\n")
    await process.stderr.readuntil(b"shows now: ")
    process.stdin.write(f"{code_now(found[1])}\n".encode())
    code, document, _ = await ended(process)
    assert (code, document["status"], document["stored_in"]) == (0, "enrolled", "file")
    assert (kept.read_text(), stat.S_IMODE(kept.stat().st_mode)) == (f"{found[1]}\n", 0o600)
    set_now = {"TRIMTAB__NOTIFY__REPLY_SECRET_FILE": str(kept)}
    again = await account.trimtab(*words, variables=set_now)
    assert (again.code, "is set already" in again.text) == (2, True)
    other = await account.trimtab(*words)
    assert (other.code, "is there already" in other.text) == (2, True), other.text
    assert found[1] not in again.text + other.text
    doctor = await account.trimtab("doctor", "--json", variables=set_now)
    (check,) = [c for c in doctor.document["checks"] if c["check"] == "notices"]
    assert check["outcome"] == "pass", check
    missing = await account.trimtab("doctor", "--json")
    (check,) = [c for c in missing.document["checks"] if c["check"] == "notices"]
    assert "no reply_secret" in str(check)


async def test_the_runbook_is_followed_from_the_first_secret_to_a_new_one(
    account: Account, topics: Topics
) -> None:
    account.folder.chmod(0o700)
    page = Page(FOLDER / "replies.md", account)
    assert page.left[0] == page.left[-1] == "notify enrol --file FILE"
    secret = await enrolled(account, page, "first")
    here = {"TRIMTAB__NOTIFY__REPLY_SECRET_FILE": str(account.folder / "first")}
    await page.follow("doctor", variables=here)
    brief = here | {"TRIMTAB__APPROVAL__TTL_S": "2"}
    await page.follow("run --if-due --execute --wait", code=4, answers=False, variables=brief)
    assert (await account.trimtab(*DUE, variables=here)).code == 4
    await until(lambda: len(topics.told("needs your approval")) == 2)
    words = spelt(topics.told("needs your approval")[1], "approve")
    topics.publish("answers", f"{words} {code_now(secret)}")
    read = await page.follow("notify replies", variables=here)
    digest = words.split()[1]
    assert f"trimtab run --execute --plan {digest}" in read.stdout
    await page.follow("run --execute --plan", DIGEST=digest, variables=here)
    assert (await of_present(account))[-1] == "done"
    await page.follow("ledger plans")
    assert await enrolled(account, page, "second") != secret
    page.is_over()


async def enrolled(account: Account, page: Page, file: str) -> str:
    """Follow the page's enrolment with an app that shows the right code; return the secret."""
    line = page.left.pop(0).replace("FILE", str(account.folder / file))
    process = await account.started(*line.split())
    assert process.stderr is not None
    assert process.stdin is not None
    shown = (await process.stderr.readuntil(b"shows now: ")).decode()
    found = re.search(r"secret=([A-Z2-7]{32})&", shown)
    assert found is not None, shown
    process.stdin.write(f"{code_now(found[1])}\n".encode())
    await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    return found[1]


@pytest.mark.parametrize("stdin", ["", "111111\n222222\n333333\n"])
async def test_without_a_right_code_nothing_is_stored(account: Account, stdin: str) -> None:
    kept = account.folder / "reply-secret"
    account.folder.chmod(0o700)
    tried = await account.trimtab("notify", "enrol", "--file", str(kept), "--json", stdin=stdin)
    assert (tried.code, tried.document["status"]) == (4, "not_enrolled"), tried.text
    assert not kept.exists()


async def test_without_the_secret_a_run_waits_and_says_what_is_missing(
    account: Account, topics: Topics
) -> None:
    ran = await account.trimtab(*DUE)
    assert (ran.code, ran.document["status"]) == (4, "proposed")
    assert "no reply_secret" in ran.stderr
    assert "trimtab notify enrol" in ran.stderr
    read = await account.trimtab("notify", "replies", "--json")
    assert (read.code, topics.polled) == (2, 0)
