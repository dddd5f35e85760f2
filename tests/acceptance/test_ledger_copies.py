"""A ledger is copied while runs go on, and put back only when nothing is lost by it."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.acceptance.conftest import Account, Ended
from tests.acceptance.test_faults import SPOT, agrees
from tests.acceptance.test_interrupts import until
from tests.acceptance.test_stale_plans import is_refused
from trimtab.testnet import Fault, Kind

RUN = ("run", "--execute", "--yes", "--json")


async def head(account: Account, *words: str) -> str:
    """Return the head of a ledger that is sound."""
    ended = await account.trimtab("ledger", "verify", "--json", *words)
    assert (ended.code, ended.document["status"]) == (0, "sound"), ended.text
    told: str = ended.document["head"]
    return told


async def backed_up(account: Account, name: str = "copy.db") -> Ended:
    """Back the ledger up."""
    ended = await account.trimtab("ledger", "backup", name, "--json")
    assert (ended.code, ended.document["status"]) == (0, "written"), ended.text
    return ended


def as_ledger(account: Account, name: str) -> tuple[str, str]:
    """Return the option that takes a file for the ledger."""
    return ("--set", f"ledger.url=sqlite:///{account.folder / name}")


def files(account: Account) -> list[str]:
    """Return the names of everything in the folder that has to do with a ledger."""
    return sorted(p.name for p in account.folder.iterdir() if ".db" in p.name)


async def test_a_copy_is_one_proved_file_with_its_head_beside_it(account: Account) -> None:
    await account.trimtab(*RUN)
    made = (await backed_up(account)).document
    assert (
        made["head"] == await head(account) == await head(account, *as_ledger(account, "copy.db"))
    )
    copy = account.folder / "copy.db"
    assert copy.stat().st_mode & 0o077 == 0
    assert [n for n in files(account) if n.startswith("copy.db")][:2] == ["copy.db", "copy.db.head"]
    assert not [n for n in files(account) if ".part" in n]
    again = await account.trimtab("ledger", "backup", "copy.db", "--json")
    is_refused(again, code=2, message="is there already", next_step="choose another name")


async def test_a_copy_taken_during_a_run_is_sound_and_the_run_goes_on(account: Account) -> None:
    account.exchange.inject(Fault(kind=Kind.SLOW, method="POST", path=SPOT, seconds="3"))
    process = await account.started(*RUN)
    await until(account.mutations)
    await backed_up(account)
    stdout, stderr = await process.communicate()
    assert process.returncode == 0, (stdout, stderr)
    copied = as_ledger(account, "copy.db")
    assert await head(account) != await head(account, *copied)
    orders = (await account.trimtab("ledger", "orders", "--json", *copied)).document
    assert "submitting" in {order["status"] for order in orders}
    await agrees(account)


async def test_a_ledger_that_is_gone_is_put_back_and_brought_up_to_the_venue(
    account: Account,
) -> None:
    await account.trimtab(*RUN)
    before = await head(account)
    await backed_up(account)
    for name in ("ledger.db", "ledger.db.head"):
        (account.folder / name).unlink()
    ended = await account.trimtab("ledger", "restore", "copy.db", "--json")
    assert (ended.code, ended.document["status"]) == (0, "restored"), ended.text
    assert ended.document["replaced"] is None
    assert await head(account) == before
    assert (await account.trimtab("recover")).code == 0
    await agrees(account)


async def test_over_a_ledger_with_newer_entries_it_is_put_back_only_when_told(
    account: Account,
) -> None:
    await account.trimtab("plan")
    old = (await backed_up(account)).document["head"]
    await account.trimtab(*RUN)
    newest = await head(account)
    ended = await account.trimtab("ledger", "restore", "copy.db", "--json")
    is_refused(ended, code=8, message="has entries that the copy lacks", next_step="trimtab")
    assert await head(account) == newest
    ended = await account.trimtab("ledger", "restore", "copy.db", "--over-newer", "--json")
    assert (ended.code, ended.document["head"]) == (0, old), ended.text
    kept = Path(ended.document["replaced"]).name
    orders = account.exchange.truth()["orders"]
    account.by_others.extend(order["client_id"] for order in orders)  # Their yes is in the other.
    assert await head(account, *as_ledger(account, kept)) == newest
    assert await head(account) == old
    compared = await account.trimtab("reconcile", "--json")
    assert compared.code == 1, "What was ordered since is not in it."
    assert (await account.trimtab("reconcile", "--adopt")).code == 0


async def test_where_the_head_alone_is_left_it_is_asked(account: Account) -> None:
    await account.trimtab("plan")
    await backed_up(account)
    await account.trimtab("plan")
    (account.folder / "ledger.db").unlink()
    ended = await account.trimtab("ledger", "restore", "copy.db", "--json")
    is_refused(ended, code=8, message="has entries that the copy lacks", next_step="trimtab")
    assert not (account.folder / "ledger.db").exists()


async def test_while_a_run_holds_the_account_nothing_is_put_back(account: Account) -> None:
    await account.trimtab("plan")
    await backed_up(account)
    account.exchange.inject(Fault(kind=Kind.SLOW, method="POST", path=SPOT, seconds="3"))
    process = await account.started(*RUN)
    await until(account.mutations)
    ended = await account.trimtab("ledger", "restore", "copy.db", "--over-newer", "--json")
    assert ended.code == 8, ended.text
    assert "is held by" in ended.document["error"]["message"]
    await process.communicate()
    assert process.returncode == 0
    await agrees(account)


async def test_a_copy_that_is_not_sound_is_neither_made_nor_put_back(account: Account) -> None:
    await account.trimtab("plan")
    await backed_up(account)
    before = await head(account)
    with sqlite3.connect(account.folder / "copy.db") as connection:
        connection.execute("DROP TRIGGER plans_no_delete")
        connection.execute("UPDATE plans SET status = 'approved'")
    connection.close()
    ended = await account.trimtab("ledger", "restore", "copy.db", "--json")
    is_refused(ended, code=8, message="is not sound", next_step="trimtab ledger verify")
    assert await head(account) == before
    shutil.copy(account.folder / "copy.db", account.folder / "ledger.db")
    ended = await account.trimtab("ledger", "backup", "second.db", "--json")
    is_refused(ended, code=8, message="is not sound", next_step="trimtab ledger verify")
    assert not [n for n in files(account) if n.startswith("second.db")]


async def test_the_copy_of_another_account_is_not_put_back(account: Account) -> None:
    await account.trimtab("plan")
    await backed_up(account)
    other = ("--set", "account.name=other", *as_ledger(account, "other.db"))
    ended = await account.trimtab("ledger", "restore", "copy.db", "--json", *other)
    is_refused(ended, code=2, message="of another account", next_step="trimtab config show")
    assert not (account.folder / "other.db").exists()


async def test_what_is_no_copy_is_not_put_back(account: Account) -> None:
    await account.trimtab("plan")
    (account.folder / "notes.txt").write_text("buy low\n", encoding="utf-8")
    ended = await account.trimtab("ledger", "restore", "notes.txt", "--json")
    is_refused(ended, code=8, message="nothing was put back", next_step="trimtab ledger restore")
    assert (account.folder / "notes.txt").read_text(encoding="utf-8") == "buy low\n"
    assert (await account.trimtab("ledger", "verify")).code == 0


@pytest.mark.parametrize(
    ("words", "code", "message", "next_step"),
    [
        (("backup", "new.db"), 8, "is not there", "trimtab config show"),
        (
            ("restore", "copy.db"),
            2,
            "copy.db: there is no such file",
            "trimtab ledger restore FILE",
        ),
    ],
)
async def test_what_is_not_there_or_on_a_server_is_told(
    account: Account, words: tuple[str, str], code: int, message: str, next_step: str
) -> None:
    missing = await account.trimtab("ledger", *words, "--json")
    is_refused(missing, code=code, message=message, next_step=next_step)
    server = ("--set", "ledger.url=postgresql+psycopg://trimtab@127.0.0.1:1/db")
    ended = await account.trimtab("ledger", *words, "--json", *server)
    is_refused(ended, code=2, message="by its own tools", next_step="pg_dump")
    assert files(account) == []
