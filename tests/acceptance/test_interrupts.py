"""Signals and a halt in the middle of a run: nothing new leaves, nothing sent is lost."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.conftest import Account, AccountAt
from tests.acceptance.test_faults import FUTURES, HEDGED, MARGIN, SPOT, agrees
from trimtab.testnet import Fault, Kind

RUN = ("run", "--execute", "--yes", "--json")
WITHIN_S = 40
INTERRUPTED_IMPORT: Final = """
import importlib.metadata, os, signal, sys

MODULE = sys.argv.pop(1)

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == MODULE:
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)  # A job in the background ignores it.
sys.meta_path.insert(0, Interrupts())
(command,) = importlib.metadata.entry_points(group="console_scripts", name="trimtab")
command.load()()
"""
"""The installed command, interrupted where it begins to import a module."""


async def begun(account: Account, fault: Fault) -> Process:
    """Start a run and wait until a request that changes something has arrived."""
    account.exchange.inject(fault)
    process = await account.started(*RUN)
    await until(account.mutations)
    return process


async def until(happened: Callable[[], object]) -> None:
    """Wait until something was seen on the exchange."""
    for _ in range(WITHIN_S * 50):
        if happened():
            return
        await asyncio.sleep(0.02)
    pytest.fail("it did not happen")


async def ended(process: Process) -> int:
    """Wait for the end and return its code."""
    await asyncio.wait_for(process.communicate(), WITHIN_S)
    assert process.returncode is not None
    return process.returncode


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_hears_out_the_order_in_flight_and_sends_no_other(
    account: Account, number: signal.Signals
) -> None:
    slow = Fault(kind=Kind.TIMEOUT_AFTER, method="POST", path=SPOT, seconds="1")
    process = await begun(account, slow)
    process.send_signal(number)
    assert await ended(process) == 130
    assert len(account.exchange.truth()["orders"]) == account.mutations() == 1
    await agrees(account)


async def test_a_second_signal_ends_the_run_and_recovery_finds_the_rest(account: Account) -> None:
    hidden = Fault(kind=Kind.DROP_TRADES_PAGE, method="GET", path="/api/v3/myTrades", count=0)
    account.exchange.inject(hidden)
    process = await begun(account, Fault(kind=Kind.TIMEOUT_AFTER, method="POST", seconds="1"))
    process.send_signal(signal.SIGINT)
    await asyncio.sleep(0.2)
    process.send_signal(signal.SIGINT)
    assert await ended(process) == 130
    assert len(account.exchange.truth()["orders"]) == 1
    account.exchange.clear_faults()
    assert (await account.trimtab("recover")).code == 0
    await agrees(account)


async def test_a_signal_before_the_first_order_leaves_leverage_alone(account_at: AccountAt) -> None:
    account = await account_at(MARGIN, config=HEDGED)
    slow = Fault(kind=Kind.SLOW, method="GET", path="/fapi/v3/account", seconds="1")
    account.exchange.inject(slow)
    process = await account.started(*RUN)
    await until(lambda: account.exchange.truth()["requests"])
    process.send_signal(signal.SIGINT)
    assert await ended(process) == 130
    assert account.mutations() == 0


async def test_a_signal_at_the_prompt_leaves_the_plan_pending_and_sends_nothing(
    account: Account,
) -> None:
    process = await account.started("run", "--execute", "--json")
    assert process.stderr is not None
    await asyncio.wait_for(process.stderr.readuntil(b"to decline: "), WITHIN_S)
    process.send_signal(signal.SIGINT)
    stdout, stderr = await asyncio.wait_for(process.communicate(), WITHIN_S)
    assert process.returncode == 130, stderr
    assert json.loads(stdout)["status"] == "proposed"
    assert account.mutations() == 0
    (plan,) = (await account.trimtab("ledger", "plans", "--json")).document
    assert plan["status"] == "proposed"


@pytest.mark.parametrize("module", ["cyclopts", "trimtab.cli.options", "trimtab.cli.session"])
def test_a_signal_while_the_command_is_imported_ends_with_its_code_and_one_line(
    tmp_path: Path, module: str
) -> None:
    words = [sys.executable, "-c", INTERRUPTED_IMPORT, module, "status"]
    ended = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 130
    assert ended.stdout == ""
    assert ended.stderr == "interrupted; what was sent is recorded; next: trimtab recover\n"


async def test_a_halt_from_elsewhere_lets_no_further_order_leave(account_at: AccountAt) -> None:
    account = await account_at(MARGIN, config=HEDGED)
    process = await begun(
        account, Fault(kind=Kind.TIMEOUT_AFTER, method="POST", path=FUTURES, seconds="10")
    )
    await until(lambda: account.exchange.truth()["orders"])
    halted = await account.trimtab("halt")
    assert halted.code == 0, halted.text
    assert await ended(process) == 5
    assert len(account.exchange.truth()["orders"]) == 1
    await agrees(account)
