"""Whoever reads what a command says may go at any time: what it does, and its code, stay."""

from __future__ import annotations

import asyncio
import os
from asyncio.subprocess import DEVNULL
from collections.abc import Iterator

import pytest

from tests.acceptance.conftest import TRIMTAB, WITHIN_S, Account, environ_of
from tests.acceptance.test_faults import agrees


@pytest.fixture
def unread() -> Iterator[int]:
    """Return a pipe that nobody reads any more."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


async def ended(account: Account, *words: str, out: int, err: int, unbuffered: str = "") -> int:
    """Run a command and return its code."""
    process = await asyncio.create_subprocess_exec(
        *words if words[0] == "sh" else (TRIMTAB, *words),
        cwd=account.folder,
        env=environ_of({"PYTHONUNBUFFERED": unbuffered}),
        stdin=DEVNULL,
        stdout=out,
        stderr=err,
    )
    return await asyncio.wait_for(process.wait(), WITHIN_S)


async def test_a_run_that_nobody_listens_to_is_done_whole(account: Account, unread: int) -> None:
    words = ("run", "--execute", "--yes", "--json")
    assert await ended(account, *words, out=DEVNULL, err=unread) == 0
    orders = (await account.trimtab("ledger", "orders", "--json")).document
    assert [order["status"] for order in orders] == ["filled", "filled"]
    await agrees(account)


@pytest.mark.parametrize("form", [(), ("--json",)])
async def test_what_was_not_read_to_its_end_ends_with_its_own_code(
    account: Account, unread: int, form: tuple[str, ...]
) -> None:
    narrow = (*form, "--set", "risk.max_order_notional=1")
    assert await ended(account, "status", *form, out=unread, err=DEVNULL) == 0
    assert await ended(account, "plan", *narrow, out=unread, err=DEVNULL) == 3
    assert await ended(account, "nonsense", *form, out=unread, err=unread) == 2


async def test_a_run_whose_plan_nobody_reads_sends_nothing(account: Account, unread: int) -> None:
    words = ("run", "--execute", "--yes")
    assert await ended(account, *words, out=unread, err=DEVNULL) == 130
    assert account.mutations() == 0
    assert await ended(account, *words, "--json", out=unread, err=DEVNULL) == 0
    await agrees(account)


async def test_help_that_nobody_reads_is_no_mismatch(account: Account, unread: int) -> None:
    assert await ended(account, "--help", out=unread, err=DEVNULL) == 130


@pytest.mark.parametrize("unbuffered", ["", "1"])
async def test_a_run_whose_result_finds_the_disk_full_ends_with_the_runs_own_code(
    account: Account, unbuffered: str
) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        words = ("run", "--execute", "--yes", "--json")
        assert await ended(account, *words, out=full, err=DEVNULL, unbuffered=unbuffered) == 0
        assert await ended(account, "status", "--json", out=full, err=DEVNULL) == 0
        assert await ended(account, "status", out=full, err=DEVNULL, unbuffered=unbuffered) == 0
        assert await ended(account, "nonsense", "--json", out=full, err=DEVNULL) == 2
    finally:
        os.close(full)
    orders = (await account.trimtab("ledger", "orders", "--json")).document
    assert [order["status"] for order in orders] == ["filled", "filled"]
    await agrees(account)


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&- >&- 2>&-"])
async def test_a_run_that_was_started_with_a_closed_stream_is_done_whole(
    account: Account, closed: str
) -> None:
    shut = ("sh", "-c", f'exec "$0" "$@" {closed}', str(TRIMTAB))
    words = ("run", "--execute", "--yes")
    assert await ended(account, *shut, *words, out=DEVNULL, err=DEVNULL) == 0
    orders = (await account.trimtab("ledger", "orders", "--json")).document
    assert [order["status"] for order in orders] == ["filled", "filled"]
    await agrees(account)
    assert await ended(account, *shut, "nonsense", out=DEVNULL, err=DEVNULL) == 2
