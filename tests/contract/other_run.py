"""A run in a process of its own, which holds the account and begins orders."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

HOLDER: Final = """
import asyncio, sys
from tests.builders import KEY, NOW
from tests.contract.ledger_cases import StandingClock, intent
from trimtab.adapters.ledger.sql_ledger import open_ledger
from trimtab.domain.errors import AccountHeld

async def hold():
    async with open_ledger(sys.argv[1], KEY, dry_run=False, clock=StandingClock()) as ledger:
        try:
            async with ledger.holding_account(owner="the other run"):
                await ledger.begin([intent()], at=NOW, halt_seen=None)
                print("holding", flush=True)
                sys.stdin.readline()
                await ledger.begin([intent(line=2)], at=NOW, halt_seen=None)
                print("begun", flush=True)
        except AccountHeld:
            print("held by another", flush=True)

asyncio.run(hold())
"""


@contextmanager
def another_process(program: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run a program until the block ends."""
    command = [sys.executable, "-c", program, *words]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": "."}, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def another_run(url: str) -> Iterator[subprocess.Popen[str]]:
    """Run a process that has begun line 1 and holds the account until it is told to go on."""
    with another_process(HOLDER, url) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holding\n"
        yield process
