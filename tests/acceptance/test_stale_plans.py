"""What was approved is what is executed: whatever changed since, nothing is sent."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from tests.acceptance.conftest import Account, Ended, has_no_traceback
from tests.acceptance.strangers import placed
from trimtab.adapters.ledger.chain import entry_hash
from trimtab.testnet import Fault, Kind

WITHIN_S: Final = 60


async def approved(account: Account, *words: str) -> str:
    """Plan, approve, and return the digest."""
    planned = await account.trimtab("plan", "--json", *words)
    digest: str = planned.document["plan"]["digest"]
    yes = await account.trimtab("approve", digest, *words)
    assert yes.code == 0, yes.text
    return digest


async def executed(account: Account, digest: str, *words: str) -> Ended:
    """Run exactly the plan that was approved."""
    return await account.trimtab("run", "--execute", "--plan", digest, "--json", *words)


async def admin(account: Account, what: str, **given: object) -> None:
    """Change something of the exchange from outside any account."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{account.exchange.url}/admin/{what}", json=given) as answer,
    ):
        assert answer.status == 200, await answer.text()


def is_refused(ended: Ended, *, code: int, message: str, next_step: str) -> None:
    """Assert that a command ended in words, with its code and the next command."""
    assert ended.code == code, ended.text
    error = ended.document["error"]
    assert message in error["message"], error
    assert error["next"].startswith(next_step), error
    assert has_no_traceback(ended)


async def test_what_was_approved_and_did_not_change_is_executed(account: Account) -> None:
    digest = await approved(account)
    ran = await executed(account, digest)
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text


@pytest.mark.parametrize("mid", ["57600", "40000"])
async def test_a_price_beyond_the_bound_voids_the_approval(account: Account, mid: str) -> None:
    digest = await approved(account)
    account.exchange.set_prices(mid={"BTC": mid})
    ended = await executed(account, digest)
    is_refused(ended, code=4, message="BTC/USDT: moved from", next_step="trimtab run --execute")
    assert account.mutations() == 0


async def test_a_price_within_the_bound_does_not(account: Account) -> None:
    digest = await approved(account)
    account.exchange.set_prices(mid={"BTC": "57990"})
    assert (await executed(account, digest)).code == 0


@pytest.mark.parametrize(("asset", "units"), [("BTC", "0.001"), ("ETH", "-0.01")])
async def test_a_balance_that_changed_voids_the_approval(
    account: Account, asset: str, units: str
) -> None:
    digest = await approved(account)
    await admin(account, "deposit", asset=asset, units=units, wallet="spot")
    ended = await executed(account, digest)
    is_refused(
        ended, code=4, message="the account changed, nothing was sent", next_step="trimtab run"
    )
    assert account.mutations() == 0


async def test_a_trade_by_hand_voids_the_approval(account: Account) -> None:
    digest = await approved(account)
    await placed(account, symbol="BTCUSDT", side="SELL", type="MARKET", quantity="0.001")
    ended = await executed(account, digest)
    is_refused(ended, code=4, message="the account changed", next_step="trimtab run --execute")
    assert account.mutations() == 1, "The hand's own order is the only one."


@pytest.mark.parametrize(
    "setting",
    [
        "risk.max_order_notional=4999",
        "risk.max_day_notional=100000",
        "risk.shock=0.19",
        "approval.ttl_s=86400",
        "approval.max_move_bps=10000",
        "approval.two_step_above=1",
        "execution.max_reprices=2",
    ],
)
async def test_a_configuration_that_changed_voids_the_approval(
    account: Account, setting: str
) -> None:
    digest = await approved(account)
    ended = await executed(account, digest, "--set", setting)
    is_refused(ended, code=4, message="the configuration changed since", next_step="trimtab plan")
    assert account.mutations() == 0


async def test_an_approval_ends_with_its_time(account: Account) -> None:
    rule = ("--set", "approval.ttl_s=6")
    digest = await approved(account, *rule)
    await asyncio.sleep(6)
    ended = await executed(account, digest, *rule)
    is_refused(ended, code=4, message="the approval expired", next_step="trimtab run --execute")
    assert account.mutations() == 0


async def test_a_clock_that_went_wrong_since_lets_nothing_out(account: Account) -> None:
    digest = await approved(account)
    await admin(account, "clock", offset_ms=4000)
    ended = await executed(account, digest)
    assert (ended.code, ended.document["status"]) == (3, "refused"), ended.text
    assert ended.document["execution"]["note"].startswith("clock_offset (account)")
    assert has_no_traceback(ended)
    assert account.mutations() == 0


# One byte of the ledger


def edited(ledger: Path, edit: Callable[[sqlite3.Connection], object]) -> None:
    """Change the database behind the ledger's back, triggers and references out of the way."""
    with closing(sqlite3.connect(ledger)) as connection:
        kept = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = kept.fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        edit(connection)
        for _, sql in triggers:
            connection.execute(sql)
        connection.commit()


def in_body(kind: str, old: str, new: str, *, rehash: bool) -> Callable[[sqlite3.Connection], None]:
    """Return an edit of the newest entry of a kind; *rehash* makes its hash fit again."""

    def edit(connection: sqlite3.Connection) -> None:
        query = "SELECT seq, at, kind, body, prev_hash FROM entries WHERE kind = ? ORDER BY seq"
        seq, at, _, body, before = connection.execute(query, (kind,)).fetchall()[-1]
        other = body.replace(old, new, 1)
        assert other != body, f"{old} is not in {body}"
        connection.execute("UPDATE entries SET body = ? WHERE seq = ?", (other, seq))
        if rehash:
            fits = entry_hash(seq=seq, at=at, kind=kind, body=other, prev_hash=before)
            connection.execute("UPDATE entries SET hash = ? WHERE seq = ?", (fits, seq))

    return edit


def row(statement: str) -> Callable[[sqlite3.Connection], None]:
    """Return an edit of a row of the tables."""

    def edit(connection: sqlite3.Connection) -> None:
        assert connection.execute(statement).rowcount == 1

    return edit


OTHER_NAME: Final = """UPDATE plans SET digest =
    CASE substr(digest, 1, 1) WHEN '0' THEN '1' ELSE '0' END || substr(digest, 2)"""
LONGER: Final = "UPDATE approvals SET expires_at = '2099-01-01T00:00:00.000000Z'"
EDITS: Final = (
    ("one lot more", in_body("plan_saved", '"lots":-', '"lots":-1', rehash=False), 8),
    ("one lot more, hashed", in_body("plan_saved", '"lots":-', '"lots":-1', rehash=True), 8),
    ("a finding", in_body("plan_saved", '"verdict":"pass"', '"verdict":"warn"', rehash=False), 8),
    (
        "a finding, hashed",
        in_body("plan_saved", '"tag":"exposure"', '"tag":"integrity"', rehash=True),
        4,
    ),
    ("the plan's name", row(OTHER_NAME), 8),
    ("the end of the yes", row(LONGER), 8),
    ("who said yes", row("UPDATE approvals SET by = 'eve'"), 8),
    ("the yes to which findings", row("UPDATE approvals SET gate_digest = plan_digest"), 8),
    (
        "the entry of the yes",
        in_body("approved", '"kind":"typed"', '"kind":"flag"', rehash=False),
        8,
    ),
    (
        "the entry of the yes, hashed",
        in_body("approved", '"kind":"typed"', '"kind":"flag"', rehash=True),
        8,
    ),
)
"""What is edited, how, and the code that the command then ends with."""


async def test_one_byte_of_plan_findings_or_yes_lets_nothing_out(account: Account) -> None:
    digest = await approved(account)
    whole = account.folder.with_name("whole")
    shutil.copytree(account.folder, whole)
    for what, edit, code in EDITS:
        shutil.rmtree(account.folder)
        shutil.copytree(whole, account.folder)
        edited(account.folder / "ledger.db", edit)
        ended = await executed(account, digest)
        assert ended.code == code, f"{what}: {ended.text}"
        error = ended.document["error"]
        assert error["next"].startswith("trimtab"), f"{what}: {error}"
        assert has_no_traceback(ended), what
        assert account.mutations() == 0, what
    shutil.rmtree(account.folder)
    shutil.copytree(whole, account.folder)
    assert (await executed(account, digest)).code == 0, "Unedited, it is executed."


async def test_a_plan_that_is_set_back_to_approved_by_hand_is_not_executed_twice(
    account: Account,
) -> None:
    digest = await approved(account)
    assert (await executed(account, digest)).code == 0
    sent = account.mutations()
    edited(account.folder / "ledger.db", row("UPDATE plans SET status = 'approved'"))
    assert (await executed(account, digest)).code == 4
    assert account.mutations() == sent


# Once


async def test_of_two_processes_that_run_one_approved_plan_at_once_one_executes(
    account: Account,
) -> None:
    digest = await approved(account)
    ended = await asyncio.gather(*(executed(account, digest) for _ in range(2)))
    codes = sorted(each.code for each in ended)
    assert codes in ([0, 4], [0, 8]), [each.text for each in ended]
    assert all(has_no_traceback(each) for each in ended)
    orders = account.exchange.truth()["orders"]
    assert sorted(order["symbol"] for order in orders) == ["BTCUSDT", "ETHUSDT"]
    again = await executed(account, digest)
    is_refused(again, code=4, message="is executed already", next_step="trimtab plan")
    assert len(account.exchange.truth()["orders"]) == 2


async def test_a_plan_whose_run_was_killed_in_the_middle_is_not_run_again(
    account: Account,
) -> None:
    digest = await approved(account)
    slow = Fault(kind=Kind.TIMEOUT_AFTER, method="POST", path="/api/v3/order", seconds="30")
    account.exchange.inject(slow)
    process = await account.started("run", "--execute", "--plan", digest, "--json")
    for _ in range(WITHIN_S * 50):
        if account.exchange.truth()["orders"]:
            break
        await asyncio.sleep(0.02)
    process.kill()
    await process.wait()
    account.exchange.clear_faults()
    sent = account.mutations()
    again = await executed(account, digest)
    is_refused(again, code=4, message="is partial already", next_step="trimtab plan")
    assert account.mutations() == sent == 1
    (saved,) = (await account.trimtab("ledger", "plans", "--json")).document
    assert saved["status"] == "partial"
    assert (await account.trimtab("reconcile")).code == 0
