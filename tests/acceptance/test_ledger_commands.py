"""``ledger``: what is written down, listed, proved, and handed to other programs."""

from __future__ import annotations

import csv
import io
import json
import sqlite3

import pytest

from tests.acceptance.conftest import Account, has_no_traceback
from tests.acceptance.strangers import in_and_out

FILL_KEYS = [
    "venue",
    "account",
    "symbol",
    "trade_id",
    "client_order_id",
    "side",
    "quantity",
    "price",
    "fee",
    "fee_asset",
    "filled_at",
]


async def executed(account: Account) -> None:
    """Bring the account to its targets."""
    ended = await account.trimtab("run", "--execute", "--yes")
    assert ended.code == 0, ended.text


async def test_the_fills_of_the_ledger_are_those_of_the_exchange(account: Account) -> None:
    await executed(account)
    told = (await account.trimtab("ledger", "fills", "--json")).document
    real = account.exchange.truth()["fills"]
    assert told
    assert [list(fill) for fill in told] == [FILL_KEYS] * len(told)
    assert sorted(f["quantity"] for f in told) == sorted(f["quantity"] for f in real)
    assert {f["client_order_id"] for f in told} == {f["client_id"] for f in real}
    assert [f["filled_at"] for f in told] == sorted(f["filled_at"] for f in told)
    assert {(f["venue"], f["account"]) for f in told} == {("binance", "main")}


async def test_each_list_has_a_row_per_thing_for_a_person_and_for_a_script(
    account: Account,
) -> None:
    await executed(account)
    for name in ("orders", "fills", "events", "plans"):
        shown = await account.trimtab("ledger", name)
        told = await account.trimtab("ledger", name, "--json")
        assert (shown.code, told.code) == (0, 0)
        assert len(shown.stdout.splitlines()) == len(told.document) + 1, "One line is the heading."
        assert all(len(line) <= 100 for line in shown.stdout.splitlines())


async def test_an_order_is_listed_with_its_plan_and_its_end(account: Account) -> None:
    await executed(account)
    orders = (await account.trimtab("ledger", "orders", "--json")).document
    plans = (await account.trimtab("ledger", "plans", "--json")).document
    assert {o["plan_digest"] for o in orders} == {plans[-1]["digest"]}
    assert {o["status"] for o in orders} == {"filled"}
    assert plans[-1]["status"] == "executed"


async def test_a_dry_run_leaves_its_plan_and_neither_order_nor_fill(account: Account) -> None:
    ended = await account.trimtab("run")
    orders = await account.trimtab("ledger", "orders", "--json")
    fills = await account.trimtab("ledger", "fills", "--json")
    plans = await account.trimtab("ledger", "plans", "--json")
    assert ended.code == 0, ended.text
    assert (orders.document, fills.document) == ([], [])
    assert len(plans.document) == 1


@pytest.mark.parametrize("name", ["orders", "fills", "plans"])
async def test_an_empty_list_says_so_and_which_command_comes_next(
    account: Account, name: str
) -> None:
    shown = await account.trimtab("ledger", name)
    assert shown.code == 0
    assert shown.stdout.startswith("No ")
    assert "next: trimtab" in shown.stdout
    assert account.exchange.truth()["requests"] == []


async def test_verify_proves_a_sound_ledger(account: Account) -> None:
    await executed(account)
    shown = await account.trimtab("ledger", "verify")
    told = await account.trimtab("ledger", "verify", "--json")
    assert (shown.code, told.code) == (0, 0)
    assert shown.stdout.startswith("sound")
    assert (told.document["status"], told.document["faults"]) == ("sound", [])


async def test_verify_names_the_first_bad_row_and_ends_with_one(account: Account) -> None:
    await executed(account)
    connection = sqlite3.connect(account.folder / "ledger.db")
    connection.execute("DROP TRIGGER entries_no_update")
    connection.execute("UPDATE entries SET body = replace(body, 'a', 'b') WHERE seq IN (2, 5)")
    connection.commit()
    connection.close()
    shown = await account.trimtab("ledger", "verify")
    told = await account.trimtab("ledger", "verify", "--json")
    rows = [fault["row"] for fault in told.document["faults"]]
    assert (shown.code, told.code) == (1, 1)
    assert rows[0] == "seq 2"
    assert "entries seq 2: was changed" in shown.stdout.splitlines()[0]
    assert "next: trimtab ledger restore FILE with the last good backup" in shown.stdout


async def test_verify_of_a_file_that_is_no_ledger_is_a_fault_and_no_traceback(
    account: Account,
) -> None:
    (account.folder / "ledger.db").write_text("not a database, but long enough" * 200)
    ended = await account.trimtab("ledger", "verify")
    assert ended.code == 1
    assert has_no_traceback(ended)


async def test_verify_without_a_ledger_says_that_there_is_none(account: Account) -> None:
    ended = await account.trimtab("ledger", "verify")
    assert ended.code == 8
    assert "is not there" in ended.stderr
    assert "next: trimtab config show" in ended.stderr
    assert not (account.folder / "ledger.db").exists()


async def test_exports_say_the_same_fills_in_three_forms(account: Account) -> None:
    await executed(account)
    fills = (await account.trimtab("ledger", "fills", "--json")).document
    as_csv = await account.trimtab("ledger", "export")
    as_json = await account.trimtab("ledger", "export", "--format", "json")
    as_beancount = await account.trimtab("ledger", "export", "--format", "beancount")
    assert list(csv.DictReader(io.StringIO(as_csv.stdout))) == fills
    assert json.loads(as_json.stdout) == fills
    assert as_beancount.stdout.count("\n  trade: ") == len(fills)
    assert (as_csv.code, as_json.code, as_beancount.code) == (0, 0, 0)


async def test_payments_are_exported_in_three_forms(account: Account) -> None:
    await executed(account)
    await in_and_out(account, quantity="0.5")
    await account.trimtab("reconcile", "--adopt")
    payments = (await account.trimtab("ledger", "payments", "--json")).document
    as_csv = await account.trimtab("ledger", "export", "--of", "payments")
    as_json = await account.trimtab("ledger", "export", "--of", "payments", "--format", "json")
    as_beancount = await account.trimtab("ledger", "export", "--format", "beancount")
    listed = [{k: "" if v is None else v for k, v in p.items()} for p in payments]
    assert list(csv.DictReader(io.StringIO(as_csv.stdout))) == listed
    assert json.loads(as_json.stdout) == payments
    assert as_beancount.stdout.count("\n  payment: ") == len(payments) >= 3
    shown = await account.trimtab("ledger", "payments")
    assert "realised profit" in shown.stdout
    assert (await account.trimtab("ledger", "verify")).code == 0


@pytest.mark.parametrize("name", ["transfers", "slots"])
async def test_transfers_and_slots_are_exported_as_they_are_listed(
    account: Account, name: str
) -> None:
    present = (await account.trimtab("schedule", "show", "--json")).document["slots"][0]["name"]
    ran = await account.trimtab("run", "--if-due", "--slot", present, "--execute", "--yes")
    assert ran.code == 0, ran.text
    listed = (await account.trimtab("ledger", name, "--json")).document
    as_json = await account.trimtab("ledger", "export", "--of", name, "--format", "json")
    as_csv = await account.trimtab("ledger", "export", "--of", name)
    assert json.loads(as_json.stdout) == listed
    assert [row["state" if name == "slots" else "status"] for row in listed] == (
        ["planned", "partial", "done"] if name == "slots" else []
    )
    assert len(list(csv.DictReader(io.StringIO(as_csv.stdout)))) == len(listed)


async def test_an_export_to_a_file_never_writes_over_one(account: Account) -> None:
    await executed(account)
    first = await account.trimtab("ledger", "export", "--output", "fills.csv", "--json")
    text = (account.folder / "fills.csv").read_text(encoding="utf-8")
    again = await account.trimtab("ledger", "export", "--format", "json", "--output", "fills.csv")
    assert (first.code, first.document["status"]) == (0, "written")
    assert again.code == 2
    assert "next: " in again.stderr
    assert (account.folder / "fills.csv").read_text(encoding="utf-8") == text


async def test_an_export_as_one_json_document_carries_its_text(account: Account) -> None:
    await executed(account)
    told = await account.trimtab("ledger", "export", "--format", "beancount", "--json")
    assert told.code == 0
    assert told.document["format"] == "beancount"
    assert "Assets:Binance:Main" in told.document["text"]


@pytest.mark.parametrize(
    ("words", "asks"),
    [
        (["export", "--format", "pdf"], "ledger export"),
        (["fills", "x"], "ledger fills"),
        (["nothing"], "ledger"),
        (["verify", "--deep"], "ledger verify"),
    ],
)
async def test_ledger_refuses_words_that_it_does_not_know(
    account: Account, words: list[str], asks: str
) -> None:
    ended = await account.trimtab("ledger", *words)
    assert ended.code == 2
    assert has_no_traceback(ended)
    assert f"next: trimtab {asks} --help\n" in ended.stderr


async def test_a_ledger_of_another_account_is_wrong_input(account: Account) -> None:
    await account.trimtab("ledger", "plans")
    ended = await account.trimtab("ledger", "plans", "--set", "account.name=other")
    assert ended.code == 2
    assert "is of binance main local" in ended.stderr
