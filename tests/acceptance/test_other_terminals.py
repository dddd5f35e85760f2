"""A locale without UTF-8 and a width that is none change how a result looks, and nothing else."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import Account, trimtab

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
