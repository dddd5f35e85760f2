"""What a command imports is what it takes to start: each pays for its own work alone."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pytest

from tests.acceptance.conftest import Account, Ended, trimtab

TOLD: Final = MappingProxyType({"PYTHONPROFILEIMPORTTIME": "1"})
"""Makes the interpreter write every import on standard error."""


def imported(ended: Ended) -> frozenset[str]:
    """Return every module that the command imported, and the packages they are in."""
    return named(ended.stderr)


async def imported_by_the_interpreter() -> frozenset[str]:
    """Return what a process imports that runs nothing: coverage and the like, when they watch."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "pass",
        env={**os.environ, **TOLD},
        stderr=asyncio.subprocess.PIPE,
    )
    _, stderr = await process.communicate()
    return named(stderr.decode())


def named(told: str) -> frozenset[str]:
    """Return the modules that the interpreter told of, and the packages they are in."""
    lines = [line for line in told.splitlines() if line.startswith("import time:")]
    modules = [line.rpartition("|")[2].strip().split(".") for line in lines]
    return frozenset(".".join(parts[:end]) for parts in modules for end in range(1, len(parts) + 1))


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["ledger", "--help"]])
async def test_help_pays_for_the_command_line_alone(tmp_path: Path, words: list[str]) -> None:
    ended = await trimtab(words, folder=tmp_path, variables=TOLD)
    assert ended.code == 0
    there = imported(ended) - await imported_by_the_interpreter()
    assert "cyclopts" in there
    assert there.isdisjoint({"ccxt", "sqlalchemy", "pydantic", "aiohttp", "numpy", "asyncio"})
    assert there.isdisjoint({"traceback", "markdown_it", "trimtab.domain", "trimtab.cli.session"})


async def test_status_pays_neither_for_plans_and_orders_nor_for_what_nobody_sees(
    account: Account,
) -> None:
    await account.trimtab("status")  # The first one makes the ledger, with alembic.
    ended = await account.trimtab("status", "--json", variables=TOLD)
    assert ended.code == 0
    there = imported(ended)
    assert {"ccxt.async_support.base.exchange", "sqlalchemy", "trimtab.workflow.status"} <= there
    assert there.isdisjoint({"alembic", "numpy", "requests", "urllib3", "rich.console"})
    assert there.isdisjoint({"psycopg", "trimtab.adapters.ledger.postgres"})
    assert there.isdisjoint(
        {
            "trimtab.adapters.paper.venue",
            "trimtab.execution.machine",
            "trimtab.planning.compose",
            "trimtab.risk.gate",
            "trimtab.workflow.run",
        }
    )


async def test_a_plan_of_few_assets_pays_neither_for_arrays_nor_for_execution(
    account: Account,
) -> None:
    ended = await account.trimtab("plan", variables=TOLD)
    assert ended.code == 0
    there = imported(ended)
    assert "trimtab.planning.allocation" in there
    assert there.isdisjoint({"numpy", "requests"})
