"""What is asked after every acceptance test can say no: a yes or a finding less is seen."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.acceptance.conftest import Account
from tests.acceptance.dominance import unruled

LESS = (
    "UPDATE approvals SET plan_digest = 'x' || substr(plan_digest, 2)",
    "DELETE FROM findings",
    "UPDATE findings SET verdict = 'refuse' WHERE rowid = 1",
    "UPDATE plans SET verdict = 'refuse'",
)
"""What is taken from the ledger of a run that was in order."""


@pytest.mark.parametrize("edit", LESS)
async def test_an_order_whose_yes_is_missing_is_named(account: Account, edit: str) -> None:
    assert (await account.trimtab("run", "--execute", "--yes")).code == 0
    orders = account.exchange.truth()["orders"]
    copy = account.folder / "copy.db"
    with (
        closing(sqlite3.connect(account.folder / "ledger.db")) as whole,
        closing(sqlite3.connect(copy)) as database,
    ):
        whole.backup(database)
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            database.execute(f"DROP TRIGGER {name}")
        database.execute("PRAGMA foreign_keys = OFF")
        assert database.execute(edit).rowcount > 0
        database.commit()
    assert len(orders) == 2
    assert unruled(orders, copy, by_others=()) == [order["client_id"] for order in orders]


async def test_an_order_that_no_ledger_names_is_named(account: Account) -> None:
    assert (await account.trimtab("run", "--execute", "--yes")).code == 0
    stray = {"client_id": "tt-stray"}
    assert unruled([stray], account.folder / "ledger.db", by_others=()) == ["tt-stray"]
