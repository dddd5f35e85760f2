"""Each runbook is followed, command by command, on an account that has the trouble it is for."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

import pytest

from tests.acceptance.conftest import CONFIG, Account, AccountAt
from tests.acceptance.page import Page, commands_of
from tests.acceptance.receiver import receiving
from tests.acceptance.strangers import bought, in_and_out, shorted
from tests.acceptance.test_hedges import ONE_COIN, asked, hedges_of, opened
from tests.acceptance.test_keys import TRADING, two_keys
from tests.acceptance.test_notify import TOLD
from tests.acceptance.test_slots import CALM, SCHEDULED, present
from tests.acceptance.test_upkeep import killed_with_an_order_out
from tests.house.source import ROOT
from trimtab.testnet import Fault, Kind
from trimtab.testnet.interventions import force_liquidation, set_clock, withdraw

FOLDER: Final = ROOT / "runbooks"
RUN: Final = ("run", "--execute", "--yes", "--json")
STANDING: Final = '\n[approval]\nmode = "standing"\n'
HIDDEN: Final = Fault(kind=Kind.DROP_TRADES_PAGE, method="GET", path="/api/v3/myTrades", count=0)
ELSEWHERE: Final = {
    "ledger-server.md": "tests/acceptance/test_server_ledger.py",
    "margin-warning.md": "tests/acceptance/test_rescue.py",
    "replies.md": "tests/acceptance/test_replies.py",
    "rolling.md": "tests/acceptance/test_dated.py",
}
"""Pages that need what is not here, such as a server or a later day, and the test that has them."""

Scene = Callable[[AccountAt], Awaitable[Page]]
SCENES: dict[str, Scene] = {}


def scene(name: str) -> Callable[[Scene], Scene]:
    """Name the page that a scene follows."""

    def named(followed: Scene) -> Scene:
        SCENES[name] = followed
        return followed

    return named


async def ran(account: Account, *words: str, code: int = 0) -> Any:
    """Run a command for real, and return its document."""
    ended = await account.trimtab(*(words or RUN))
    assert ended.code == code, ended.text
    return ended.document


def adopts_orders(account: Account) -> None:
    """Say that the ledger at the end does not have the yes to what was sent so far."""
    orders = account.exchange.truth()["orders"]
    account.by_others.extend(order["client_id"] for order in orders)


@scene("exchange-down.md")
async def the_exchange_is_down(account_at: AccountAt) -> Page:
    account = await account_at()
    account.exchange.inject(Fault(kind=Kind.RESET_BEFORE, method="*", path="*", count=0))
    await ran(account, code=7)
    page = Page(FOLDER / "exchange-down.md", account)
    await page.follow("doctor", code=1)
    account.exchange.clear_faults()
    for command in ("recover", "reconcile", "plan"):
        await page.follow(command)
    return page


@scene("banned.md")
async def the_address_is_banned(account_at: AccountAt) -> Page:
    account = await account_at()
    body, wait = (
        '{"code": -1003, "msg": "Way too much request weight used."}',
        {"Retry-After": "300"},
    )
    ban = Fault(kind=Kind.STATUS, method="POST", status=418, body=body, headers=wait)
    account.exchange.inject(ban)
    await ran(account, code=7)
    page = Page(FOLDER / "banned.md", account)
    asked_before = len(account.exchange.truth()["requests"])
    await page.follow("ledger orders")
    await page.follow("schedule show")
    assert len(account.exchange.truth()["requests"]) == asked_before
    for command in ("doctor", "recover", "reconcile", "plan"):
        await page.follow(command)
    return page


@scene("clock-skew.md")
async def the_clock_is_off(account_at: AccountAt) -> Page:
    account = await account_at()
    set_clock(account.exchange.exchange.state, offset_ms=4000)
    await ran(account, "plan", "--json", code=3)
    page = Page(FOLDER / "clock-skew.md", account)
    await page.follow("doctor", code=1)
    set_clock(account.exchange.exchange.state, offset_ms=0)
    for command in ("doctor", "recover", "reconcile", "plan"):
        await page.follow(command)
    return page


@scene("first-live-run.md")
async def the_first_live_run(account_at: AccountAt) -> Page:
    account = await account_at()
    page = Page(FOLDER / "first-live-run.md", account)
    for command in ("config check", "doctor", "status", "plan", "run"):
        await page.follow(command)
    assert account.mutations() == 0
    await page.follow("run --execute")
    assert account.mutations() > 0
    assert (await ran(account))["status"] == "nothing_to_do"
    await page.follow("reconcile")
    await page.follow("ledger verify")
    return page


@scene("halted.md")
async def the_account_is_halted(account_at: AccountAt) -> Page:
    account = await account_at()
    await ran(account)
    await bought(account, quantity="0.05")
    page = Page(FOLDER / "halted.md", account)
    for command in ("halt", "status", "ledger events", "recover"):
        await page.follow(command)
    await page.follow("reconcile", code=1)
    await page.follow("reconcile --adopt")
    await page.follow("unhalt")
    assert (await ran(account, "plan", "--json"))["status"] in ("proposed", "nothing_to_do")
    return page


@scene("hedge-taken.md")
async def a_hedge_was_liquidated(account_at: AccountAt) -> Page:
    account = await opened(account_at, ONE_COIN)
    await asked(account, "hedge", "BTC", "20%")
    account.exchange.set_prices(mid={"BTC": "10050"})
    force_liquidation(account.exchange.exchange.state, "BTCUSDT")
    page = Page(FOLDER / "hedge-taken.md", account)
    await page.follow("reconcile", code=1)
    for command in ("reconcile --adopt", "ledger pot", "hedge BTC", "hedge BTC"):
        await page.follow(command)
    assert [hedge["covered"] for hedge in await hedges_of(account)] == [True]
    await ran(account, "reconcile", "--json")
    return page


@scene("stops.md")
async def a_stop_was_withdrawn(account_at: AccountAt) -> Page:
    account = await opened(account_at, ONE_COIN, hedge='stop = "0.10"\nstop_rests = true')
    await asked(account, "hedge", "BTC", "10%")
    [stop] = account.exchange.truth()["conditionals"]
    withdraw(account.exchange.exchange.state, client_id=stop["client_id"])
    page = Page(FOLDER / "stops.md", account)
    for command in ("recover", "status"):
        await page.follow(command)
    tight = {
        "TRIMTAB__RISK__MAX_ORDER_NOTIONAL": "1",
        "TRIMTAB__PORTFOLIO__TARGETS__BTC": "0.2",
        "TRIMTAB__PORTFOLIO__TARGETS__USDT": "0.8",
    }
    refused = await page.follow("run", code=3, variables=tight)
    assert refused.stdout.rstrip().endswith("next: trimtab mend-stops")
    for command in ("mend-stops", "mend-stops --execute"):
        await page.follow(command, variables=tight)
    states = [each["status"] for each in account.exchange.truth()["conditionals"]]
    assert states == ["EXPIRED", "NEW"]
    await ran(account, "reconcile", "--json")
    return page


@scene("key-changed.md")
async def the_key_has_leaked(account_at: AccountAt) -> Page:
    rights = ("read", "trade", "futures")
    account = await account_at(two_keys(reading=rights, trading=rights))
    leaked = {name: word.replace("trading", "reading") for name, word in TRADING.items()}
    first = await account.trimtab(*RUN, variables=leaked)
    assert first.code == 0, first.text
    page = Page(FOLDER / "key-changed.md", account)
    state = account.exchange.exchange.state
    left = tuple(c for c in state.scenario.credentials if c.key != "reading-key")
    state.scenario = dataclasses.replace(state.scenario, credentials=left)
    await page.follow("halt", code=7, variables=leaked)
    for command in ("doctor", "recover", "reconcile", "reconcile --adopt", "unhalt", "plan"):
        await page.follow(command, variables=TRADING)
    return page


@scene("ledger-damaged.md")
async def the_ledger_is_damaged(account_at: AccountAt) -> Page:
    account = await account_at()
    await ran(account)
    await ran(account, "ledger", "backup", "copy.db", "--json")
    with contextlib.closing(sqlite3.connect(account.folder / "ledger.db")) as database, database:
        database.execute("DROP TRIGGER entries_no_update")
        database.execute("UPDATE entries SET body = replace(body, 'a', 'b') WHERE seq IN (2, 5)")
    page = Page(FOLDER / "ledger-damaged.md", account)
    await page.follow("doctor", code=1)
    await page.follow("ledger verify", code=1)
    await page.follow("ledger restore", FILE="copy.db")
    for command in ("ledger verify", "recover", "reconcile", "reconcile --adopt"):
        await page.follow(command)
    return page


@scene("ledger-restored.md")
async def the_ledger_is_put_back(account_at: AccountAt) -> Page:
    account = await account_at()
    await ran(account, "plan", "--json")
    page = Page(FOLDER / "ledger-restored.md", account)
    await page.follow("ledger backup")
    await ran(account)
    adopts_orders(account)
    await page.follow("ledger verify")
    await page.follow("ledger restore", code=8)
    for command in ("ledger restore", "halt", "recover"):
        await page.follow(command)
    await page.follow("reconcile", code=1)
    for command in ("reconcile --adopt", "standing list", "schedule show", "unhalt"):
        await page.follow(command)
    await ran(account, "reconcile", "--json")
    return page


@scene("moving-machine.md")
async def the_machine_is_another(account_at: AccountAt) -> Page:
    account = await account_at()
    await ran(account)
    page = Page(FOLDER / "moving-machine.md", account)
    for command in ("recover", "reconcile", "ledger backup"):
        await page.follow(command)
    old = account.folder / "old machine"
    old.mkdir()
    for file in account.folder.glob("ledger.db*"):
        shutil.move(file, old)
    for command in ("config check", "ledger restore", "ledger verify", "doctor", "reconcile"):
        await page.follow(command)
    for command in ("schedule show", "run"):
        await page.follow(command)
    assert (await ran(account))["status"] == "nothing_to_do"
    return page


@scene("notices.md")
async def notices_hold_a_run(account_at: AccountAt) -> Page:
    async with receiving() as receiver:
        account = await account_at(config=TOLD.replace("{hook}", receiver.url))
        receiver.status = 500
        await ran(account)
        await ran(account, "halt", "the sky fell", "--json")
        await ran(account, "unhalt", "--json")
        receiver.status = 200
        page = Page(FOLDER / "notices.md", account)
        await page.follow("notify list")
        await page.follow("notify test")
        found = await ran(account, "notify", "list", "--json")
        (lost,) = [each["id"] for each in found if each["kind"] == "executed"]
        (latch,) = [each["id"] for each in found if each["kind"] == "halted"]
        await page.follow("notify retry", ID=lost)
        await page.follow("notify ack", ID=latch)
        assert (await ran(account, "status", "--json"))["notices"]["unread"] == []
    return page


@scene("partial-run.md")
async def a_run_was_killed(account_at: AccountAt) -> Page:
    account = await account_at()
    await killed_with_an_order_out(account)
    page = Page(FOLDER / "partial-run.md", account)
    for command in ("recover", "reconcile", "plan", "ledger events", "run --execute"):
        await page.follow(command)
    assert (await ran(account, "plan", "--json"))["status"] == "nothing_to_do"
    return page


@scene("quarterly-run.md")
async def a_quarter_has_begun(account_at: AccountAt) -> Page:
    account = await account_at(CALM, config=SCHEDULED + "poll_s = 1\n")
    page, slot = Page(FOLDER / "quarterly-run.md", account), {"2026Q4": present()}
    for command in ("schedule show", "doctor", "run"):
        await page.follow(command)
    await page.follow("run --if-due --execute", code=4, answers=False)
    plans = await ran(account, "ledger", "plans", "--json")
    digest = plans[-1]["digest"][:12]
    await page.follow("approve", DIGEST=digest)
    await page.follow("run --execute --plan", DIGEST=digest)
    await page.follow("recover")
    await page.follow("run --if-due --slot", **slot)
    await page.follow("run --if-due --slot", **slot)
    account.config.write_text(account.config.read_text(encoding="utf-8") + STANDING, "utf-8")
    await page.follow("standing grant")
    await page.follow("run --if-due --execute --yes")
    await page.follow("schedule run", stop_after_s=6)
    await page.follow("schedule run --execute --yes", stop_after_s=6)
    shown = await ran(account, "schedule", "show", "--json")
    assert shown["slots"][0]["state"] == "done"
    return page


@scene("reducing.md")
async def the_account_is_reducing(account_at: AccountAt) -> Page:
    account = await account_at()
    await ran(account)
    account.exchange.set_prices(mid={"BTC": "30000", "ETH": "1500"})
    await ran(account, "plan", "--json", code=3)
    page = Page(FOLDER / "reducing.md", account)
    for command in ("status", "reconcile", "ledger fills", "ledger payments"):
        await page.follow(command)
    await page.follow("plan", code=3)
    await page.follow("run --execute", code=3)
    await page.follow("unhalt")
    await page.follow("reconcile --adopt")
    await ran(account, "plan", "--json")
    return page


@scene("tax-year-end.md")
async def the_tax_year_ends(account_at: AccountAt) -> Page:
    account = await account_at(config=SCHEDULED)
    await ran(account, "run", "--if-due", "--execute", "--yes", "--json")
    await in_and_out(account, quantity="0.5")
    page = Page(FOLDER / "tax-year-end.md", account)
    await page.follow("reconcile", code=1)
    await page.follow("reconcile --adopt")
    await page.follow("ledger verify")
    for _ in range(5):
        await page.follow("ledger export")
    await page.follow("ledger pot")
    await page.follow("ledger backup")
    for name in ("fills", "payments"):
        rows = await ran(account, "ledger", name, "--json")
        lines = (account.folder / f"{name}-2026.csv").read_text("utf-8").splitlines()
        assert len(lines) == len(rows) + 1 > 1
    slots = (account.folder / "slots-2026.csv").read_text("utf-8")
    assert present() in slots
    assert "done" in slots
    return page


@scene("unattended.md")
async def a_timer_is_to_run_it(account_at: AccountAt) -> Page:
    account = await account_at(config=CONFIG + STANDING)
    await ran(account, code=4)
    page = Page(FOLDER / "unattended.md", account)
    for command in ("standing list", "doctor", "ledger plans"):
        await page.follow(command)
    (plan,) = await ran(account, "ledger", "plans", "--json")
    digest = plan["digest"][:12]
    await page.follow("approve", DIGEST=digest)
    await page.follow("run --execute --plan", DIGEST=digest)
    await page.follow("standing grant")
    await page.follow("run --execute --yes")
    (grant,) = await ran(account, "standing", "list", "--json")
    await page.follow("standing revoke", DIGEST=grant["digest"][:12])
    await page.follow("halt")
    return page


@scene("unexplained.md")
async def a_position_is_not_explained(account_at: AccountAt) -> Page:
    account = await account_at()
    await ran(account)
    adopts_orders(account)
    await shorted(account, quantity="0.5")
    page = Page(FOLDER / "unexplained.md", account)
    account.exchange.inject(
        dataclasses.replace(HIDDEN, path="/fapi/v1/userTrades", where={"symbol": "ETHUSDT"})
    )
    await page.follow("reconcile --adopt", code=1)
    for command in ("ledger events", "ledger fills", "ledger payments", "recover"):
        await page.follow(command)
    text = account.config.read_text(encoding="utf-8")
    account.config.write_text(text.replace("/ledger.db", "/anew.db"), encoding="utf-8")
    await page.follow("config check")
    # As after three months: the exchange lists neither the execution nor what was paid for it.
    account.exchange.inject(dataclasses.replace(HIDDEN, path="/fapi/v1/income"))
    await page.follow("reconcile --adopt")
    await ran(account, "ledger", "verify", "--json")
    return page


@scene("unknown-order.md")
async def an_outcome_is_unknown(account_at: AccountAt) -> Page:
    account = await account_at()
    account.exchange.inject(HIDDEN)
    await ran(account, code=6)
    account.exchange.clear_faults()
    page = Page(FOLDER / "unknown-order.md", account)
    for command in ("ledger orders", "ledger transfers", "recover", "status", "reconcile", "plan"):
        await page.follow(command)
    return page


@scene("upgrading.md")
async def a_new_version_is_installed(account_at: AccountAt) -> Page:
    account = await account_at()
    await ran(account)
    page = Page(FOLDER / "upgrading.md", account)
    for command in ("recover", "reconcile", "ledger backup", "--version", "config check"):
        await page.follow(command)
    sent = account.mutations()
    for command in ("ledger verify", "doctor", "reconcile", "run"):
        await page.follow(command)
    assert account.mutations() == sent
    return page


def pages() -> Iterator[str]:
    """Yield the runbooks that have a command."""
    for file in sorted(FOLDER.glob("*.md")):
        if file.name != "README.md" and file.name not in ELSEWHERE:
            yield file.name


@pytest.mark.parametrize("name", list(pages()))
@pytest.mark.timeout(300)
async def test_a_runbook_can_be_followed_to_its_end(name: str, account_at: AccountAt) -> None:
    assert name in SCENES, "a runbook without a scene is a promise that nobody has tried"
    page = await SCENES[name](account_at)
    page.is_over()


def test_every_scene_is_of_a_page_and_every_page_has_commands() -> None:
    assert sorted(SCENES) == list(pages())
    assert all(commands_of(FOLDER / name) for name in SCENES)
