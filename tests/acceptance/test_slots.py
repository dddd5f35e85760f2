"""A calendar slot is run once, whoever starts it, and only when it is due."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final

import pytest

from tests.acceptance.conftest import CONFIG, Account, AccountAt, Ended, has_no_traceback
from tests.acceptance.test_concurrency import IN_FLIGHT, failed_checks
from tests.acceptance.test_faults import agrees
from tests.acceptance.test_interrupts import until
from trimtab.testnet import Fault, Kind, Scenario

SCHEDULED: Final = (
    CONFIG
    + """
[schedule]
activated_at = "2020-01-01T00:00:00Z"
grace_days = 366
"""
)
"""A slot of it is due on any day."""
CALM: Final = Scenario.from_json(
    {
        "prices": {"BTC": "58000", "ETH": "2500"},
        "spot": {"BTC": "0.0900", "ETH": "1.20", "USDT": "1000"},
        "futures": {"wallet": 1000},
    }
)
"""BTC 51 %, ETH 29 %: inside every band, and not at the target."""
DUE: Final = ("run", "--if-due", "--execute", "--yes", "--json")


@pytest.fixture
async def account(account_at: AccountAt) -> Account:
    """Return the drifted account, its present quarter due."""
    return await account_at(config=SCHEDULED)


def present() -> str:
    """Return the name of the quarter that it is now."""
    now = datetime.now(UTC)
    return f"{now.year}Q{(now.month + 2) // 3}"


async def moves(account: Account) -> list[tuple[str, str]]:
    """Return every step of a slot in the ledger."""
    events = (await account.trimtab("ledger", "events", "--json")).document
    return [(e["body"]["slot"], e["body"]["state"]) for e in events if e["kind"] == "slot_moved"]


async def of_present(account: Account) -> list[str]:
    """Return the steps of the present slot."""
    return [state for slot, state in await moves(account) if slot == present()]


async def test_a_due_slot_is_traded_once_and_not_again(account: Account) -> None:
    ran = await account.trimtab(*DUE)
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    fired = [f for f in ran.document["plan"]["firings"] if f["kind"] == "calendar"]
    assert [f["subject"] for f in fired] == [present()]
    told = ran.document["slot"]
    assert (told["name"], told["state"], told["reason"]) == (present(), "done", "done")
    sent = account.mutations()
    account.exchange.set_prices(mid={"BTC": "90000"})
    again = await account.trimtab(*DUE)
    assert (again.code, again.document["status"]) == (0, "nothing_to_do"), again.text
    assert again.document["plan"] is None
    assert again.document["slot"]["reason"] == "done"
    named = await account.trimtab(*DUE, "--slot", present())
    assert (named.code, named.document["status"]) == (0, "nothing_to_do"), named.text
    assert account.mutations() == sent
    assert await of_present(account) == ["planned", "partial", "done"]
    assert (await account.trimtab("ledger", "verify")).code == 0


async def test_of_eight_at_once_one_executes_and_none_twice(account: Account) -> None:
    await account.trimtab("status")  # It makes the ledger.
    ended = await asyncio.gather(*(account.trimtab(*DUE) for _ in range(8)))
    codes = sorted(each.code for each in ended)
    # Who plans between another's order and its answer is refused for that.
    assert set(codes) <= {0, 3, 8}, [each.text for each in ended]
    refused = [each.document["gate"] for each in ended if each.code == 3]
    assert all(failed_checks(gate) <= IN_FLIGHT for gate in refused), refused
    executed = [e for e in ended if e.code == 0 and e.document["status"] == "executed"]
    assert len(executed) == 1
    for other in ended:
        if other.code == 0 and other is not executed[0]:
            assert other.document["status"] == "nothing_to_do"
            assert other.document["slot"]["state"] == "done"
    last = await account.trimtab(*DUE)
    assert (last.code, last.document["slot"]["state"]) == (0, "done")
    plans = (await account.trimtab("ledger", "plans", "--json")).document
    assert [p["status"] for p in plans].count("executed") == 1
    assert (await of_present(account)).count("done") == 1
    assert (await account.trimtab("reconcile")).code == 0


async def test_inside_the_bands_a_due_slot_trades_to_target_and_a_plain_run_does_not(
    account_at: AccountAt,
) -> None:
    account = await account_at(CALM, config=SCHEDULED)
    plain = await account.trimtab("run", "--execute", "--yes", "--json")
    assert plain.document["status"] == "nothing_to_do", plain.text
    ran = await account.trimtab(*DUE)
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    assert ran.document["plan"]["trigger"] == "calendar"


async def test_a_dry_run_of_a_due_slot_sends_nothing_and_leaves_it_due(account: Account) -> None:
    ran = await account.trimtab("run", "--if-due", "--json")
    assert (ran.code, ran.document["status"]) == (0, "dry_run"), ran.text
    assert (ran.document["slot"]["due"], ran.document["slot"]["state"]) == (True, None)
    assert account.mutations() == 0
    assert await moves(account) == []


@pytest.mark.parametrize(
    ("stdin", "state", "code"), [("no\n", "declined", 4), ("", "awaiting_approval", 4)]
)
async def test_what_is_declined_or_not_decided_is_not_done_and_due_again(
    account: Account, stdin: str, state: str, code: int
) -> None:
    ended = await account.trimtab("run", "--if-due", "--execute", "--json", stdin=stdin)
    assert ended.code == code, ended.text
    assert ended.document["slot"]["state"] == state
    assert ended.document["slot"]["due"] is True
    assert (await account.trimtab(*DUE)).document["status"] == "executed"


async def test_a_pending_plan_of_a_slot_takes_it_when_it_is_approved_elsewhere(
    account: Account,
) -> None:
    pending = await account.trimtab("run", "--if-due", "--execute", "--json")
    name = pending.document["plan"]["digest"][:12]
    again = await account.trimtab("run", "--if-due", "--execute", "--json")
    other = again.document["plan"]["digest"][:12]
    for digest in (name, other):
        assert (await account.trimtab("approve", digest)).code == 0
    ran = await account.trimtab("run", "--execute", "--plan", name, "--json")
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    sent = account.mutations()
    late = await account.trimtab("run", "--execute", "--plan", other, "--json")
    assert (late.code, late.document["status"]) == (0, "nothing_to_do"), late.text
    assert account.mutations() == sent
    assert (await of_present(account))[-2:] == ["partial", "done"]


async def test_a_rejection_from_another_terminal_declines_the_slot(account: Account) -> None:
    pending = await account.trimtab("run", "--if-due", "--execute", "--json")
    name = pending.document["plan"]["digest"][:12]
    assert (await account.trimtab("reject", name)).code == 0
    assert (await of_present(account))[-1] == "declined"


async def test_what_the_gate_refuses_is_due_again(account: Account) -> None:
    refused = await account.trimtab(*DUE, "--set", "risk.max_order_notional=10")
    assert (refused.code, refused.document["slot"]["state"]) == (3, "refused"), refused.text
    assert (await account.trimtab(*DUE)).document["status"] == "executed"


async def test_nothing_is_due_before_activation_and_the_first_order_activates(
    account_at: AccountAt,
) -> None:
    account = await account_at()
    ended = await account.trimtab("run", "--if-due", "--execute", "--yes", "--json")
    assert (ended.code, ended.document["status"]) == (0, "nothing_to_do"), ended.text
    assert ended.document["slot"]["reason"] == "before_activation"
    assert (await account.trimtab("run", "--execute", "--yes")).code == 0
    ended = await account.trimtab(*DUE)
    assert ended.document["slot"]["reason"] == "before_activation"
    told = await account.trimtab("run", "--if-due")
    assert "began before this account was activated" in told.stdout
    assert f"next: trimtab run --if-due --slot {present()}" in told.stdout
    sent = account.mutations()
    account.exchange.set_prices(mid={"BTC": "70000"})
    named = await account.trimtab(*DUE, "--slot", present())
    assert (named.code, named.document["slot"]["state"]) == (0, "done"), named.text
    assert account.mutations() > sent


ONE_DAY: Final = ("--set", "schedule.grace_days=0")


async def test_a_slot_that_was_asked_for_by_name_is_not_said_to_be_due_until_its_grace_ended(
    account: Account,
) -> None:
    named = await account.trimtab("run", "--if-due", "--slot", present(), *ONE_DAY)
    assert named.code == 0, named.text
    assert "asked for by name" in named.stdout
    assert "due, until" not in named.stdout
    by_itself = await account.trimtab(
        "run", "--if-due", "--json", "--set", "schedule.grace_days=92"
    )
    assert by_itself.document["slot"]["reason"] == "due"


async def test_behind_its_grace_a_slot_is_missed_and_needs_the_explicit_command(
    account: Account,
) -> None:
    ended = await account.trimtab(*DUE, *ONE_DAY)
    assert (ended.code, ended.document["status"]) == (0, "nothing_to_do"), ended.text
    slot = ended.document["slot"]
    assert (slot["state"], slot["reason"], slot["due"]) == ("missed", "missed", False)
    assert account.mutations() == 0
    assert (await moves(account)).count((present(), "missed")) == 1
    assert len(await moves(account)) == 13, "The twelve before it were missed, too."
    again = await account.trimtab(*DUE, *ONE_DAY)
    assert again.document["slot"]["state"] == "missed"
    assert len(await moves(account)) == 13
    named = await account.trimtab(*DUE, *ONE_DAY, "--slot", present())
    assert (named.code, named.document["slot"]["state"]) == (0, "done"), named.text


async def test_a_missed_slot_runs_late_where_the_schedule_says_so(account: Account) -> None:
    ended = await account.trimtab(*DUE, *ONE_DAY, "--set", "schedule.catch_up=run")
    assert (ended.code, ended.document["status"]) == (0, "executed"), ended.text
    assert await of_present(account) == ["missed", "planned", "partial", "done"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--if-due", "--slot", "2999Q1"), "which is not yet"),
        (("--if-due", "--slot", "2026-11"), "has no such slot"),
        (("--slot", "2026Q1"), "names what --if-due is to run"),
        (("--if-due", "--plan", "12345678"), "give one of them"),
        (("--if-due", "--slot", "2026Q1", "--set", "rebalance.calendar=off"), "calendar is off"),
    ],
)
async def test_words_that_name_no_slot_that_has_begun_are_wrong(
    account: Account, words: tuple[str, ...], told: str
) -> None:
    ended = await account.trimtab("run", *words, "--json")
    assert ended.code == 2, ended.text
    assert told in ended.document["error"]["message"]
    assert ended.document["error"]["next"]
    assert has_no_traceback(ended)


async def test_where_the_calendar_is_off_nothing_is_due(account: Account) -> None:
    ended = await account.trimtab("run", "--if-due", "--json", "--set", "rebalance.calendar=off")
    assert (ended.code, ended.document["slot"]) == (0, None)


async def test_nothing_due_asks_no_venue_and_needs_no_key(account: Account) -> None:
    nobody = ("--set", "venue.url=http://127.0.0.1:9")
    assert (await account.trimtab(*DUE)).code == 0
    assert (await account.trimtab(*DUE, *nobody)).code == 0


async def test_the_schedule_and_the_status_tell_what_is_due_and_what_comes_next(
    account: Account,
) -> None:
    shown = (await account.trimtab("schedule", "show", "--json")).document
    first, second = shown["slots"][:2]
    assert (first["name"], first["due"], first["state"]) == (present(), True, None)
    assert (second["reason"], second["due"]) == ("not_begun", False)
    assert (await account.trimtab("status", "--json")).document["next_slot"] == first
    assert "is due since" in (await account.trimtab("status")).stdout
    assert (await account.trimtab(*DUE)).code == 0
    assert (await account.trimtab("status", "--json")).document["next_slot"] == second
    told = await account.trimtab("schedule", "show")
    assert (told.code, "done" in told.stdout) == (0, True)
    off = await account.trimtab("schedule", "show", "--json", "--set", "rebalance.calendar=off")
    assert (off.code, off.document["slots"]) == (0, [])


async def test_init_activates_the_account_from_now_on(account: Account) -> None:
    made = await account.trimtab("init", "own.toml")
    assert made.code == 0, made.text
    own = ("--config", "own.toml", "--set", f"ledger.url=sqlite:///{account.folder}/ledger.db")
    shown = (await account.trimtab(*own, "schedule", "show", "--json")).document
    activated = datetime.fromisoformat(shown["activated_at"])
    assert abs((datetime.now(UTC) - activated).total_seconds()) < 60
    assert shown["slots"][0]["reason"] == "before_activation"


STANDING: Final = SCHEDULED + '\n[approval]\nmode = "standing"\n'
GRANT: Final = (
    *("standing", "grant", "--triggers", "calendar", "--max-notional", "1000"),
    *("--max-run-notional", "2000", "--max-day-notional", "4000", "--max-runs", "3"),
    *("--expires", "1d", "--yes", "--json"),
)


async def test_a_quarter_runs_with_nobody_there_under_a_grant_for_the_calendar(
    account_at: AccountAt,
) -> None:
    account = await account_at(config=STANDING)
    uncovered = await account.trimtab(*DUE)
    assert uncovered.code == 4, uncovered.text
    assert (await of_present(account))[-1] == "awaiting_approval"
    assert (await account.trimtab(*GRANT)).code == 0
    drifted = await account.trimtab("run", "--execute", "--yes", "--json")
    assert drifted.code == 4, "It is for the calendar alone."
    ran = await account.trimtab(*DUE)
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    assert ran.document["slot"]["state"] == "done"
    assert_quiet(await account.trimtab(*DUE))


def assert_quiet(ended: Ended) -> None:
    """Hold a run that had nothing to do against what a timer expects."""
    assert (ended.code, ended.document["status"]) == (0, "nothing_to_do"), ended.text


async def test_after_a_crash_the_slot_is_partial_and_goes_on_from_what_is_there(
    account: Account,
) -> None:
    account.exchange.inject(
        Fault(kind=Kind.TIMEOUT_AFTER, method="POST", path="/api/v3/order", seconds="2")
    )
    process = await account.started(*DUE)
    await until(account.mutations)
    process.kill()
    await process.communicate()
    account.exchange.clear_faults()
    shown = (await account.trimtab("schedule", "show", "--json")).document
    assert shown["slots"][0]["state"] == "partial", shown
    ran = await account.trimtab(*DUE)
    assert (ran.code, ran.document["slot"]["state"]) == (0, "done"), ran.text
    assert (await of_present(account)).count("done") == 1
    await agrees(account)
    assert_quiet(await account.trimtab("plan", "--json"))
