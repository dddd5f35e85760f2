"""A whole cycle in real processes: a slot is due, people are told, somebody elsewhere says yes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from typing import Final

import pytest
from aiosmtpd.smtp import Envelope

from tests.acceptance.conftest import TRIMTAB, Account, AccountAt
from tests.acceptance.receiver import Receiver, receiving
from tests.acceptance.test_interrupts import until
from tests.acceptance.test_slots import CALM, SCHEDULED, of_present, present
from tests.wire.test_notifiers import Mailbox, serving

TOLD: Final = (
    SCHEDULED
    + """
poll_s = 1

[notify]
channels = ["webhook", "email"]
webhook_url = "{hook}"
email_host = "127.0.0.1"
email_port = {port}
email_tls = "none"
email_from = "bot@example.org"
email_to = ["ada@example.org"]
"""
)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as opened:
        yield opened


async def without_a_terminal(account: Account, *words: str) -> Process:
    """Start a command as a service or a timer does: nobody can type an answer."""
    return await asyncio.create_subprocess_exec(
        TRIMTAB, *words, cwd=account.folder, env=os.environ, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )


def text_of(letter: Envelope) -> str:
    """Return subject and text of a mail."""
    assert isinstance(letter.content, bytes)
    read = message_from_bytes(letter.content, policy=policy.default)
    body = read.get_body()
    assert body is not None
    return f"{read['Subject']}\n{body.get_content()}"


async def cycle_of(account: Account, receiver: Receiver, mailbox: Mailbox) -> str:
    """Return the plan that was asked about, by the message that came, once both have told it."""
    await receiver.came("approval_needed")
    (asked,) = [each for each in receiver.got if each["kind"] == "approval_needed"]
    await until(lambda: any("needs your approval" in text_of(m) for m in mailbox.taken))
    command: str = asked["text"].splitlines()[-1].removeprefix("next: trimtab approve ")
    assert (await of_present(account))[-1] == "awaiting_approval"
    assert account.mutations() == 0
    return command


async def is_over(account: Account, receiver: Receiver, mailbox: Mailbox) -> None:
    """Hold the end of a cycle to what was asked for: done once, reported, the next slot known."""
    await receiver.came("executed")
    (report,) = [each for each in receiver.got if each["kind"] == "executed"]
    shown = (await account.trimtab("schedule", "show", "--json")).document["slots"]
    assert (shown[0]["name"], shown[0]["state"]) == (present(), "done")
    assert f"The next slot, {shown[1]['name']}, begins at " in report["text"]
    await until(lambda: any("was executed whole" in text_of(m) for m in mailbox.taken))
    assert (await of_present(account)).count("done") == 1
    assert (await account.trimtab("status", "--json")).document["next_slot"] == shown[1]
    assert (await account.trimtab("reconcile")).code == 0
    ids = [each["id"] for each in receiver.got]
    assert len(ids) == len(set(ids))


async def test_a_watch_waits_for_a_yes_from_elsewhere_executes_and_reports(
    account_at: AccountAt, receiver: Receiver
) -> None:
    mailbox = Mailbox()
    with serving(mailbox) as port:
        config = TOLD.replace("{hook}", receiver.url).replace("{port}", str(port))
        account = await account_at(CALM, config=config)
        watch = await without_a_terminal(account, "schedule", "run", "--execute", "--json")
        try:
            digest = await cycle_of(account, receiver, mailbox)
            assert (await account.trimtab("approve", digest)).code == 0
            await is_over(account, receiver, mailbox)
        finally:
            watch.send_signal(signal.SIGTERM)
            stdout, stderr = await asyncio.wait_for(watch.communicate(), 60)
        told = json.loads(stdout)
        assert (watch.returncode, told["status"], told["runs"]) == (0, "stopped", 1), stderr


async def test_a_timer_leaves_a_plan_pending_and_two_commands_carry_it_out(
    account_at: AccountAt, receiver: Receiver
) -> None:
    mailbox = Mailbox()
    with serving(mailbox) as port:
        config = TOLD.replace("{hook}", receiver.url).replace("{port}", str(port))
        account = await account_at(CALM, config=config)
        fired = await without_a_terminal(account, "run", "--if-due", "--execute", "--json")
        stdout, stderr = await asyncio.wait_for(fired.communicate(), 60)
        assert (fired.returncode, json.loads(stdout)["status"]) == (4, "proposed"), stderr
        digest = await cycle_of(account, receiver, mailbox)
        assert (await account.trimtab("approve", digest)).code == 0
        ran = await account.trimtab("run", "--execute", "--plan", digest, "--json")
        assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
        await is_over(account, receiver, mailbox)
        again = await account.trimtab("run", "--if-due", "--execute", "--json")
        assert again.document["status"] == "nothing_to_do"
