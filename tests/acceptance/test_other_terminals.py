"""A locale without UTF-8, a width that is none, a folder that is gone: told, and no bug."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import pytest

from tests.acceptance.conftest import TRIMTAB, WITHIN_S, Account, environ_of, trimtab

ASCII = {"PYTHONIOENCODING": "ascii"}


async def test_where_letters_are_lacking_a_run_is_done_and_shown_all_the_same(
    account: Account,
) -> None:
    ran = await account.trimtab("run", "--execute", "--yes", variables=ASCII)
    assert ran.code == 0, ran.text
    assert "Run executed" in ran.stdout
    assert "?" in ran.stdout
    planned = await account.trimtab("plan", "--json", variables=ASCII)
    assert planned.document["status"] == "nothing_to_do"
    assert planned.stdout.isascii()


async def test_help_is_shown_where_letters_are_lacking(account: Account) -> None:
    told = await trimtab(("--help",), folder=account.folder, variables=ASCII)
    assert (told.code, "--config FILE" in told.stdout) == (0, True), told.text


@pytest.mark.parametrize("width", ["", "0", "wide", "-5"])
async def test_a_width_that_is_none_is_the_usual_one(account: Account, width: str) -> None:
    usual = await account.trimtab("status", variables={"COLUMNS": "120"})
    shown = await account.trimtab("status", variables={"COLUMNS": width})
    assert shown.code == 0, shown.text
    assert shown.stdout.splitlines()[1:] == usual.stdout.splitlines()[1:]


async def test_a_folder_that_is_gone_is_told_as_one(account: Account, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    asked = f'cd "{gone}" && rmdir "{gone}" && exec "{TRIMTAB}" plan'
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", asked, env=environ_of(None), stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE
    )
    _, told = await asyncio.wait_for(process.communicate(), WITHIN_S)
    assert process.returncode == 2, told
    assert b"next: cd to one that is" in told
    assert account.mutations() == 0
