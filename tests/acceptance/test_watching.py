"""The foreground scheduler in a process of its own, and the timers that call for runs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shlex
import signal
import socket
from asyncio.subprocess import Process
from typing import Any, Final

import pytest
from aiohttp import ClientError, ClientSession

from tests.acceptance.conftest import Account, AccountAt, trimtab
from tests.acceptance.test_interrupts import until
from tests.acceptance.test_metrics import samples_of
from tests.acceptance.test_slots import CALM, GRANT, SCHEDULED, of_present, present
from tests.house.source import ROOT

OFTEN: Final = SCHEDULED + "poll_s = 1\n"
STANDING: Final = OFTEN + '\n[approval]\nmode = "standing"\n'
TIMERS: Final = ROOT / "config" / "timers"


async def stopped(process: Process) -> tuple[int, dict[str, Any], str]:
    """Ask a watch to stop; return its code, its document and what it told."""
    process.send_signal(signal.SIGTERM)
    stdout, stderr = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, json.loads(stdout), stderr.decode()


async def done(account: Account) -> None:
    """Wait until the present slot is done."""
    for _ in range(60):
        if (await of_present(account))[-1:] == ["done"]:
            return
        await asyncio.sleep(0.5)
    pytest.fail("the slot was not done")


async def test_a_watch_runs_the_slot_under_a_grant_once_and_drains_when_told_to_stop(
    account_at: AccountAt,
) -> None:
    account = await account_at(CALM, config=STANDING)
    assert (await account.trimtab(*GRANT)).code == 0
    process = await account.started("schedule", "run", "--execute", "--yes", "--json")
    await done(account)
    sent = account.mutations()
    await asyncio.sleep(3)
    code, document, told = await stopped(process)
    assert (code, document["status"], document["runs"]) == (0, "stopped", 1), told
    assert document["rounds"] >= 2
    assert account.mutations() == sent
    assert (await of_present(account)).count("done") == 1
    assert (await account.trimtab("reconcile")).code == 0


async def test_without_execute_a_watch_tells_and_sends_nothing(account_at: AccountAt) -> None:
    account = await account_at(config=OFTEN)
    process = await account.started("schedule", "run", "--json")
    await until(lambda: account.exchange.truth()["requests"])
    await asyncio.sleep(4)
    code, document, told = await stopped(process)
    assert (code, document["runs"], account.mutations()) == (0, 0, 0)
    assert told.count(f"slot {present()}: would run") == 1
    assert await of_present(account) == []


async def scraped(port: int) -> str:
    """Return what a scraper reads once a round was read."""
    async with ClientSession() as session, asyncio.timeout(60):
        while True:
            with contextlib.suppress(ClientError):
                async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
                    text = await answer.text()
                    if "trimtab_nav" in text:
                        return text
            await asyncio.sleep(0.2)


async def test_a_watch_serves_what_its_rounds_read_and_a_scrape_asks_the_venue_nothing(
    account_at: AccountAt,
) -> None:
    account = await account_at(CALM, config=SCHEDULED + "poll_s = 3600\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = await account.started("schedule", "run", "--json", "--metrics", str(port))
    shown = samples_of(await scraped(port))
    assert shown["trimtab_unresolved_orders"] == {"": 0.0}
    assert set(shown["trimtab_drift"]) == {"BTC", "ETH", "USDT"}
    asked = len(account.exchange.truth()["requests"])
    for _ in range(5):
        await scraped(port)
    assert len(account.exchange.truth()["requests"]) == asked
    code, document, told = await stopped(process)
    assert (code, document["failed"]) == (0, 0), told


@pytest.mark.parametrize("place", ["0", "70000", "here", "127.0.0.1:"])
async def test_a_place_for_metrics_that_is_none_is_refused(account: Account, place: str) -> None:
    ended = await account.trimtab("schedule", "run", "--metrics", place, "--json")
    assert ended.code == 2, ended.text
    assert "must be a port" in ended.document["error"]["message"]


async def test_a_port_that_is_taken_ends_the_watch_at_once(account: Account) -> None:
    port = account.exchange.url.rsplit(":", 1)[1]
    ended = await account.trimtab("schedule", "run", "--metrics", port, "--json")
    assert ended.code == 2, ended.text
    assert "cannot be served there" in ended.document["error"]["message"]
    assert account.exchange.truth()["requests"] == []


def commands() -> list[str]:
    """Return what the service files and the cron lines call, without the place of the program."""
    found = []
    for file in sorted(TIMERS.iterdir()):
        text = file.read_text(encoding="utf-8")
        found += re.findall(r"/usr/local/bin/trimtab (.+)$", text, re.MULTILINE)
    return found


def test_the_timers_call_something() -> None:
    assert len(commands()) == 4
    timer = (TIMERS / "trimtab-due.timer").read_text(encoding="utf-8")
    assert "Persistent=true" in timer


@pytest.mark.parametrize("line", commands())
async def test_what_a_timer_calls_exists_with_all_its_options(line: str, account: Account) -> None:
    words = shlex.split(line.replace("$(date +\\%F)", "day"))[2:]
    names = [w for w in words if not w.startswith(("-", "/"))]
    told = await trimtab([*names, "--help"], folder=account.folder)
    assert told.code == 0, told.text
    for option in (w for w in words if w.startswith("--")):
        assert option in told.stdout
