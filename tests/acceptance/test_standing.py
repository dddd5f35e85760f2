"""Runs that nobody watches send what a standing approval covers, and nothing else."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from tests.acceptance.conftest import CONFIG, Account, AccountAt, Ended, has_no_traceback
from tests.acceptance.test_stale_plans import edited, in_body, is_refused, row

STANDING: Final = CONFIG + '\n[approval]\nmode = "standing"\n'
CAPS: Final = {
    "--max-notional": "1000",
    "--max-run-notional": "2000",
    "--max-day-notional": "4000",
    "--max-runs": "3",
    "--expires": "1d",
}
"""Wide enough for the drifted account's plan, which could send 800 by one order and 1302 in all."""
LIVE: Final = ("--set", "venue.environment=live", "--set", "venue.url=")
UNATTENDED: Final = ("run", "--execute", "--yes", "--json")


@pytest.fixture
async def account(account_at: AccountAt) -> Account:
    """Return the drifted account, its runs resting on standing approvals."""
    return await account_at(config=STANDING)


def grant_of(**changed: str) -> list[str]:
    """Return the words of a grant; ``max_runs="1"`` changes ``--max-runs``."""
    options = CAPS | {f"--{name.replace('_', '-')}": value for name, value in changed.items()}
    return ["standing", "grant", *(word for pair in options.items() for word in pair)]


async def granted(account: Account, *words: str, **changed: str) -> str:
    """Grant without a prompt, and return the digest."""
    ended = await account.trimtab(*grant_of(**changed), "--yes", "--json", *words)
    assert (ended.code, ended.document["status"]) == (0, "granted"), ended.text
    digest: str = ended.document["standing"]["digest"]
    return digest


async def listed(account: Account) -> list[dict[str, Any]]:
    """Return what ``standing list`` says."""
    found: list[dict[str, Any]] = (await account.trimtab("standing", "list", "--json")).document
    return found


def is_uncovered(account: Account, ended: Ended, why: str) -> bool:
    """Whether a run ended with 4, said why, and sent nothing."""
    is_refused(ended, code=4, message=why, next_step="trimtab")
    return account.mutations() == 0


async def test_a_run_that_a_standing_approval_covers_goes_with_nobody_asked(
    account: Account,
) -> None:
    digest = await granted(account)
    ran = await account.trimtab(*UNATTENDED)
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text
    (seen,) = await listed(account)
    assert seen["in_force"] is True
    assert (seen["used"]["runs"], seen["used"]["day"]) == (1, "1301.32")
    assert seen["plans"][0]["plan_digest"] == ran.document["plan"]["digest"]
    events = (await account.trimtab("ledger", "events", "--json")).document
    (yes,) = [each["body"] for each in events if each["kind"] == "approved"]
    assert (yes["approval"]["kind"], yes["approval"]["by"]) == ("standing", digest)
    assert (await account.trimtab("reconcile")).code == 0
    assert (await account.trimtab("ledger", "verify")).code == 0


async def test_without_one_nothing_is_sent_and_the_plan_waits_for_a_person(
    account: Account,
) -> None:
    ended = await account.trimtab(*UNATTENDED)
    assert is_uncovered(account, ended, "no standing approval covers it (none was granted)")
    (saved,) = (await account.trimtab("ledger", "plans", "--json")).document
    assert saved["status"] == "proposed"
    name = saved["digest"][:8]
    yes = await account.trimtab("approve", name, stdin=f"approve {name}\n")
    assert yes.code == 0, yes.text
    assert (await account.trimtab("run", "--execute", "--plan", name)).code == 0


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"max_notional": "799"}, "its largest order would be 799.82, above its 799"),
        ({"max_run_notional": "1301"}, "the run would be 1301.32, above its 1301"),
        ({"max_day_notional": "1301"}, "the day would be 1301.32, above its 1301"),
        ({"symbols": "BTC/USDT"}, "does not name ETH/USDT"),
        ({"kinds": "swap"}, "does not name BTC/USDT, ETH/USDT"),
        ({"triggers": "calendar"}, "is not for plans of trigger drift"),
    ],
)
async def test_a_plan_beyond_a_cap_or_the_scope_is_not_sent(
    account: Account, changed: dict[str, str], why: str
) -> None:
    await granted(account, **changed)
    assert is_uncovered(account, await account.trimtab(*UNATTENDED), why)


async def test_what_rested_on_it_before_counts_in_another_process(account: Account) -> None:
    await granted(account, max_day_notional="2000")
    await granted(account, max_runs="1", symbols="BTC/USDT")
    assert (await account.trimtab(*UNATTENDED)).code == 0
    sent = account.mutations()
    account.exchange.set_prices(mid={"BTC": "80000"})
    ended = await account.trimtab(*UNATTENDED)
    is_refused(ended, code=4, message="the day would be ", next_step="trimtab approve")
    assert account.mutations() == sent


async def test_it_ends_with_its_time(account: Account) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=4)
    await granted(account, expires=soon.isoformat())
    await asyncio.sleep(4)
    assert is_uncovered(account, await account.trimtab(*UNATTENDED), "expired at ")


async def test_it_ends_when_it_is_revoked_which_may_be_said_twice(account: Account) -> None:
    digest = await granted(account)
    for _ in range(2):
        ended = await account.trimtab("standing", "revoke", digest[:8], "--json")
        assert (ended.code, ended.document["status"]) == (0, "revoked"), ended.text
    assert is_uncovered(account, await account.trimtab(*UNATTENDED), "was revoked by ")
    (seen,) = await listed(account)
    assert (seen["in_force"], seen["revoked"] is None) == (False, False)
    unknown = await account.trimtab("standing", "revoke", "0" * 8)
    short = await account.trimtab("standing", "revoke", digest[:7])
    assert (unknown.code, short.code) == (2, 2)
    assert "none has that name" in unknown.stderr
    assert "give 8 digits" in short.stderr


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ("risk.shock=0.19", "was granted under another configuration"),
        ("portfolio.targets.BTC=0.49", "was granted under another configuration"),
        ("risk.max_run_notional=1999", "its 2000 is wider than risk.max_run_notional 1999"),
    ],
)
async def test_under_another_configuration_it_covers_nothing(
    account: Account, setting: str, why: str
) -> None:
    await granted(account)
    words = ("--set", setting)
    if "targets" in setting:
        words += ("--set", "portfolio.targets.USDT=0.21")
    assert is_uncovered(account, await account.trimtab(*UNATTENDED, *words), why)


async def test_that_of_another_account_covers_nothing(account: Account) -> None:
    await granted(account)
    other = f"ledger.url=sqlite:///{account.folder}/other.db"
    ended = await account.trimtab(*UNATTENDED, "--set", "account.name=other", "--set", other)
    assert is_uncovered(account, ended, "none was granted")
    mixed = await account.trimtab(*UNATTENDED, "--set", "account.name=other")
    assert (mixed.code, account.mutations()) == (2, 0), mixed.text


OTHER_NAME: Final = """UPDATE standings SET digest =
    CASE substr(digest, 1, 1) WHEN '0' THEN '1' ELSE '0' END || substr(digest, 2)"""
EDITS: Final = (
    ("a cap", in_body("standing_granted", '"run":"1301"', '"run":"1999"', rehash=False)),
    ("a cap, hashed", in_body("standing_granted", '"run":"1301"', '"run":"1999"', rehash=True)),
    ("its name", row(OTHER_NAME)),
    ("its entry", row("UPDATE standings SET seq = 1")),
)
"""What is edited of a grant that does not cover the plan, so that it would."""


async def test_an_edited_one_covers_nothing(account: Account) -> None:
    await granted(account, max_run_notional="1301")
    assert (await account.trimtab("plan")).code == 0, "The edited entry is not the last one."
    whole = account.folder.with_name("whole")
    shutil.copytree(account.folder, whole)
    for what, edit in EDITS:
        shutil.rmtree(account.folder)
        shutil.copytree(whole, account.folder)
        edited(account.folder / "ledger.db", edit)
        ended = await account.trimtab(*UNATTENDED)
        assert ended.code == 4, f"{what}: {ended.text}"
        assert "cannot be proved" in ended.document["error"]["message"], f"{what}: {ended.text}"
        assert account.mutations() == 0, what
        (seen,) = await listed(account)
        assert (seen["in_force"], seen["granted"]) == (False, None), what
        found = (await account.trimtab("doctor", "--json")).document["checks"]
        (told,) = [c for c in found if c["check"] == "standing_approvals"]
        assert told["outcome"] == "fail", what


async def test_a_revocation_that_was_taken_out_is_not_forgotten(account: Account) -> None:
    await account.trimtab("standing", "revoke", await granted(account))
    edited(account.folder / "ledger.db", row("DELETE FROM standing_revocations"))
    assert is_uncovered(account, await account.trimtab(*UNATTENDED), "its revocation was changed")


def all_of(*edits: Callable[[sqlite3.Connection], object]) -> Callable[[sqlite3.Connection], None]:
    """Return one edit made of several, that fit each other."""

    def edit(connection: sqlite3.Connection) -> None:
        for each in edits:
            each(connection)

    return edit


LESS_IN_ENTRY: Final = in_body("approved", '"draw":"1301.32"', '"draw":"1"', rehash=True)
LESS_IN_ROW: Final = row("UPDATE standing_uses SET draw = '1'")
COUNTS: Final = (
    ("a use is gone", row("DELETE FROM standing_uses")),
    ("less was drawn", LESS_IN_ROW),
    ("it was long ago", row("UPDATE standing_uses SET at = '2020-01-01T00:00:00.000000Z'")),
    ("less in its entry", LESS_IN_ENTRY),
    ("less in both, hashed", all_of(LESS_IN_ENTRY, LESS_IN_ROW)),
)
"""What is edited of a count that is used up, so that something would be left."""


async def test_an_edited_count_gives_nothing_back(account: Account) -> None:
    await granted(account, max_runs="2", max_day_notional="2000")
    assert (await account.trimtab(*UNATTENDED)).code == 0
    sent = account.mutations()
    account.exchange.set_prices(mid={"BTC": "80000"})
    whole = account.folder.with_name("whole")
    shutil.copytree(account.folder, whole)
    for what, edit in COUNTS:
        shutil.rmtree(account.folder)
        shutil.copytree(whole, account.folder)
        edited(account.folder / "ledger.db", edit)
        ended = await account.trimtab(*UNATTENDED)
        assert ended.code == 4, f"{what}: {ended.text}"
        assert "cannot be proved" in ended.document["error"]["message"], f"{what}: {ended.text}"
        assert account.mutations() == sent, what


async def test_while_halted_nothing_is_sent(account: Account) -> None:
    await granted(account, "--allow-warnings")
    assert (await account.trimtab("halt", "--reason", "a test")).code == 0
    ended = await account.trimtab(*UNATTENDED)
    assert ended.code == 3, ended.text
    assert account.mutations() == 0
    (seen,) = await listed(account)
    assert seen["reasons"] == ["the account is halted (a test)"]


WARNED: Final = STANDING.replace('"0.30"', '"0.25"').replace('"0.20"', '"0.25"')
"""One sale is due; with ``risk.max_net`` broken already, the gate lets it through and warns."""


async def test_a_plan_that_the_gate_warns_about_goes_only_where_that_was_granted(
    account_at: AccountAt,
) -> None:
    account = await account_at(config=WARNED + '\n[risk]\nmax_net = "0.7"\n')
    await granted(account)
    assert is_uncovered(account, await account.trimtab(*UNATTENDED), "the gate warns (max_net)")
    await granted(account, "--allow-warnings")
    ran = await account.trimtab(*UNATTENDED)
    assert (ran.code, ran.document["status"]) == (0, "executed"), ran.text


async def test_of_two_unattended_runs_at_once_one_has_the_last_of_the_cap(
    account: Account,
) -> None:
    await granted(account, max_runs="1")
    plans = [(await account.trimtab("plan", "--json")).document["plan"]["digest"] for _ in "12"]
    ended = await asyncio.gather(*(account.trimtab(*UNATTENDED, "--plan", p) for p in plans))
    codes = sorted(each.code for each in ended)
    assert codes in ([0, 4], [0, 8]), [each.text for each in ended]
    orders = account.exchange.truth()["orders"]
    assert sorted(order["symbol"] for order in orders) == ["BTCUSDT", "ETHUSDT"]
    (seen,) = await listed(account)
    assert seen["used"]["runs"] == 1
    assert seen["reasons"] == ["its 1 runs are used up"]


async def test_a_run_may_take_a_plan_that_was_saved(account: Account) -> None:
    await granted(account)
    digest = (await account.trimtab("plan", "--json")).document["plan"]["digest"]
    ran = await account.trimtab(*UNATTENDED, "--plan", digest)
    assert (ran.code, ran.document["plan"]["digest"]) == (0, digest), ran.text


async def test_in_the_mode_confirm_yes_rests_on_nothing(account: Account) -> None:
    await granted(account)
    ran = await account.trimtab(*UNATTENDED, "--set", "approval.mode=confirm")
    assert ran.code == 0, ran.text
    assert (await listed(account))[0]["used"]["runs"] == 0
    live = await account.trimtab(*UNATTENDED, "--set", "approval.mode=confirm", *LIVE)
    assert live.code == 4
    assert "grant a standing approval" in live.document["error"]["message"]


# Granting


async def test_granting_shows_everything_and_wants_the_words(account: Account) -> None:
    ended = await account.trimtab(*grant_of(), stdin="yes\n")
    assert ended.code == 4, ended.text
    for told in (
        "main on binance (local)",
        "one order   up to 1,000.00 USDT",
        "one run     up to 2,000.00 USDT",
        "24 hours    up to 4,000.00 USDT",
        "all in all  up to 3 runs",
        "markets     BTC/USDT, BTC/USDT:USDT, ETH/USDT, ETH/USDT:USDT",
        'Type "grant ',
    ):
        assert told in ended.stderr, ended.stderr
    silent = await account.trimtab(*grant_of(), "--json")
    assert (silent.code, silent.document["status"]) == (4, "declined")
    assert await listed(account) == []


async def answering(account: Account, *words: str) -> Ended:
    """Grant, and type whatever is asked for, as a person would."""
    process = await account.started(*words)
    assert process.stderr is not None
    assert process.stdin is not None
    shown = b""
    async with asyncio.timeout(30):
        while chunk := await process.stderr.read(4_096):
            shown += chunk
            if shown.endswith(b"to decline: "):
                wanted = shown.rsplit(b'Type "', 1)[1].split(b'"', 1)[0]
                process.stdin.write(wanted + b"\n")
        stdout, _ = await process.communicate()
    assert process.returncode is not None
    return Ended(code=process.returncode, stdout=stdout.decode(), stderr=shown.decode())


async def test_the_words_grant_and_above_the_threshold_others_are_asked_for_too(
    account: Account,
) -> None:
    once = await answering(account, *grant_of())
    assert (once.code, once.stderr.count("Type ")) == (0, 1), once.text
    rule = ("--set", "approval.two_step_above=1999")
    twice = await answering(account, *grant_of(), *rule)
    assert (twice.code, twice.stderr.count("Type ")) == (0, 2), twice.text
    assert 'Type "4000 USDT a day until ' in twice.stderr
    assert len(await listed(account)) == 2


async def test_in_live_the_words_hold_account_and_caps_and_yes_grants_nothing(
    account: Account,
) -> None:
    flag = await account.trimtab(*grant_of(), "--yes", "--json", *LIVE)
    is_refused(flag, code=4, message="--yes grants nothing in live", next_step="trimtab standing")
    typed = await answering(account, *grant_of(), *LIVE)
    assert typed.code == 0, typed.text
    assert "(LIVE, real money)" in typed.stderr
    assert ' main 2000 x 3" to grant' in typed.stderr


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"max_notional": "5001"}, "wider than risk.max_order_notional 5000"),
        ({"max_run_notional": "20001"}, "wider than risk.max_run_notional 20000"),
        ({"max_day_notional": "40001"}, "wider than risk.max_day_notional 40000"),
        ({"expires": "367d"}, "longer than 366 days"),
        ({"expires": "2020-01-01"}, "expire before it is granted"),
        ({"max_runs": "1001"}, "more than 1000 runs"),
        ({"max_runs": "0"}, "--max-runs 0: write a whole number from 1"),
        ({"max_notional": "1e3"}, "--max-notional 1e3: write a value in quote units"),
        ({"symbols": "DOGE/USDT"}, "--symbols DOGE/USDT: write one or more of BTC/USDT"),
        ({"triggers": "by_hand"}, "--triggers by_hand: write one or more of calendar, drift"),
    ],
)
async def test_what_nobody_may_grant_is_refused_by_name(
    account: Account, changed: dict[str, str], why: str
) -> None:
    ended = await account.trimtab(*grant_of(**changed), "--yes", "--json")
    is_refused(ended, code=2, message=why, next_step="trimtab standing grant --help")
    assert await listed(account) == []


async def test_a_grant_that_nobody_answers_names_a_command_that_works_as_typed(
    account: Account,
) -> None:
    ended = await account.trimtab(*grant_of())
    assert ended.code == 4, ended.text
    assert ended.stderr.endswith("anything else to decline: \nNobody answered.\n")
    step = ended.stdout.splitlines()[-1].removeprefix("next: trimtab ")
    assert (await account.trimtab(*step.split())).code == 0


# Showing


async def test_doctor_and_status_show_those_in_force(account: Account) -> None:
    async def examined(*words: str) -> dict[str, Any]:
        checks = (await account.trimtab("doctor", "--json", *words)).document["checks"]
        (told,) = [check for check in checks if check["check"] == "standing_approvals"]
        found: dict[str, Any] = told
        return found

    assert (await examined())["outcome"] == "warn"
    assert (await examined("--set", "approval.mode=confirm"))["found"] == "none in force"
    digest = await granted(account)
    await account.trimtab("standing", "revoke", await granted(account, max_runs="1"))
    assert await examined() == {
        "check": "standing_approvals",
        "outcome": "pass",
        "found": f"1 in force: {digest[:12]}",
        "fix": None,
    }
    unused = await examined("--set", "approval.mode=confirm")
    assert "not used while approval.mode is confirm" in unused["found"]
    (shown,) = (await account.trimtab("status", "--json")).document["standing"]
    assert shown["digest"] == digest
    for words in (("status",), ("standing", "list")):
        ended = await account.trimtab(*words)
        assert digest[:12] in ended.stdout, ended.text
        assert has_no_traceback(ended)
