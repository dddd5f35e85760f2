"""A command that is forked is the command that is started: nobody could tell them apart."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.acceptance import warm
from tests.acceptance.conftest import CONFIG, Account, Ended, environ_of, trimtab
from tests.acceptance.test_interrupts import until
from trimtab.testnet import Fault, Kind

GONE_WITHIN_S = 5
"""Sooner than a command gives up an exchange that is silent."""


async def cold(*words: str, folder: Path, stdin: str = "") -> Ended:
    """Run a command in an interpreter of its own."""
    return await trimtab(words, folder=folder, stdin=stdin, anew=True)


@pytest.mark.parametrize(
    "words", [["--help"], ["bogus"], ["config", "show"], ["explain", "ab", "--json"]]
)
async def test_a_forked_command_ends_and_tells_as_one_that_is_started(
    tmp_path: Path, words: list[str]
) -> None:
    text = CONFIG.format(url="http://127.0.0.1:9", folder=tmp_path)
    (tmp_path / "trimtab.toml").write_text(text, encoding="utf-8")
    assert await trimtab(words, folder=tmp_path) == await cold(*words, folder=tmp_path)


async def test_a_forked_command_is_asked_and_declines_as_one_that_is_started(
    account: Account,
) -> None:
    words = ("run", "--execute", "--json")
    forked = await account.trimtab(*words, stdin="no\n")
    started = await cold(*words, folder=account.folder, stdin="no\n")
    assert forked.code == started.code == 4
    assert forked.document["status"] == started.document["status"] == "declined"
    assert forked.stderr.count("to decline") == started.stderr.count("to decline") == 1


async def test_two_forked_commands_share_no_name_and_no_folder(
    account: Account, tmp_path: Path
) -> None:
    told = ("--log-level", "info", "--log-format", "json", "--set")
    # Each has a ledger of its own to make, and logs that: of one ledger the later says nothing.
    first, second, elsewhere = await asyncio.gather(
        account.trimtab("status", *told, f"ledger.url=sqlite:///{tmp_path}/first.db"),
        account.trimtab("status", *told, f"ledger.url=sqlite:///{tmp_path}/second.db"),
        trimtab(("status",), folder=tmp_path),
    )
    assert first.code == second.code == 0
    names = [ended.stderr.partition('"run": "')[2][:12] for ended in (first, second)]
    assert len(names[0]) == 12
    assert names[0] != names[1]
    assert elsewhere.code == 2  # No configuration lies there.


@pytest.mark.parametrize("name", ["PYTHONOPTIMIZE", "LD_PRELOAD", "COVERAGE_PROCESS_START"])
def test_what_is_read_at_the_start_of_an_interpreter_needs_a_start(name: str) -> None:
    assert warm.suits(environ_of({"TRIMTAB__VENUE__URL": "x", "NO_COLOR": "1"}))
    assert not warm.suits(environ_of({name: "x"}))


async def test_a_forked_command_that_nobody_waits_for_is_killed(account: Account) -> None:
    environ = environ_of(None)
    account.exchange.inject(Fault(kind=Kind.TIMEOUT_BEFORE, method="GET", seconds="60", count=0))
    words = ("status",)
    wait = warm.ended(words, folder=account.folder, environ=environ, stdin="")
    task = asyncio.create_task(wait)
    await until(lambda: bool(account.exchange.truth()["requests"]))
    assert running(account.folder)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(GONE_WITHIN_S):
        await until(lambda: not running(account.folder))


def running(folder: Path) -> list[str]:
    """Return the processes that run in *folder*."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == folder:
                found.append(process.name)
        except OSError:
            continue
    return found
