"""``plan`` and ``run`` as a person and as a script use them."""

from __future__ import annotations

import asyncio
import json
import shlex

import pytest

from tests.acceptance.conftest import Account, AccountAt, has_no_traceback
from trimtab.testnet import Fault, Kind, Scenario

TWO_COINS = Scenario.from_json(
    {"prices": {"BTC": "60000", "ETH": "3000"}, "spot": {"BTC": "0.1", "ETH": "1", "USDT": "500"}}
)
"""BTC 63, ETH 32, quote 5 percent of 9,500: sells must fund buys."""


async def digits_asked_for(stream: asyncio.StreamReader) -> str:
    """Read standard error up to the prompt and return the words that it asks for."""
    seen = b""
    async with asyncio.timeout(60):
        while b"anything else to decline" not in seen:
            seen += await stream.read(1)
    return seen.decode().rsplit('Type "', 1)[1].split('"', 1)[0]


async def test_plan_saves_a_proposal_and_sends_nothing(account: Account) -> None:
    planned = await account.trimtab("plan", "--json")
    assert planned.code == 0
    document = planned.document
    assert document["status"] == "proposed"
    assert document["execution"] is None
    assert [leg["line"] for leg in document["plan"]["legs"]] == [1, 2]
    assert account.mutations() == 0


async def test_the_next_command_reads_the_file_that_was_named(account: Account) -> None:
    own = account.config.rename(account.folder / "own file.toml")
    planned = await account.trimtab("--config", own.name, "plan", "--set", "risk.max_orders=39")
    (line,) = [text for text in planned.stdout.splitlines() if text.startswith("next: ")]
    told, _, rest = line.removeprefix("next: ").partition("  (")
    assert rest.endswith(" (with the same --set)")
    program, *words = shlex.split(told)
    assert (program, words[:2]) == ("trimtab", ["--config", "own file.toml"])
    other = await account.trimtab(*words, "--yes", "--json")
    assert (other.code, other.document["error"]["next"]) == (
        4,
        "trimtab --config 'own file.toml' plan",
    )
    done = await account.trimtab(*words, "--set", "risk.max_orders=39", "--yes", "--json")
    assert (done.code, done.document["status"]) == (0, "executed"), done.text


async def test_a_dry_run_simulates_every_stage_and_sends_nothing(account_at: AccountAt) -> None:
    account = await account_at(TWO_COINS)
    ran = await account.trimtab("run", "--json")
    assert ran.code == 0, ran.text
    document = ran.document
    assert document["status"] == "dry_run"
    assert [o["status"] for o in document["execution"]["orders"]] == ["filled", "filled"]
    assert document["execution"]["remainder"] == []
    assert account.mutations() == 0
    assert account.exchange.truth()["orders"] == []


async def test_a_dry_run_that_is_done_says_what_sends_orders(account: Account) -> None:
    tried = await account.trimtab("run")
    last = tried.stdout.rstrip().splitlines()[-1]
    assert last == "next: the same command with --execute, which plans anew and asks first"
    assert account.mutations() == 0


async def test_a_typed_yes_executes_the_plan(account: Account) -> None:
    process = await account.started("run", "--execute")
    assert process.stdin is not None
    assert process.stderr is not None
    words = await digits_asked_for(process.stderr)
    stdout, _ = await asyncio.wait_for(process.communicate(words.encode() + b"\n"), 60)
    assert process.returncode == 0
    assert "Run executed" in stdout.decode()
    assert len(account.exchange.truth()["orders"]) == 2


@pytest.mark.parametrize("answer", ["no\n", "yes\n", "\n", "approve 00000000\n"])
async def test_anything_but_the_words_declines(account: Account, answer: str) -> None:
    ran = await account.trimtab("run", "--execute", "--json", stdin=answer)
    assert (ran.code, ran.document["status"]) == (4, "declined")
    assert account.mutations() == 0


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["for a person", "as JSON"])
async def test_one_next_command_follows_a_question_that_nobody_answered(
    account: Account, form: tuple[str, ...]
) -> None:
    ran = await account.trimtab("run", "--execute", *form, stdin="")
    (step,) = [line for line in ran.text.splitlines() if line.startswith("next: ")]
    assert (ran.code, step.startswith("next: trimtab approve ")) == (4, True), ran.text


async def test_the_end_of_input_leaves_the_plan_pending(account: Account) -> None:
    ran = await account.trimtab("run", "--execute", "--json", stdin="")
    assert (ran.code, ran.document["status"]) == (4, "proposed")
    assert account.mutations() == 0
    digest = ran.document["plan"]["digest"]
    done = await account.trimtab("run", "--execute", "--yes", "--plan", digest[:12], "--json")
    assert (done.code, done.document["status"]) == (0, "executed"), done.text
    assert done.document["plan"]["digest"] == digest
    again = await account.trimtab("run", "--execute", "--yes", "--plan", digest, "--json")
    assert again.code == 4
    assert "only a pending plan can be run" in again.document["error"]["message"]
    for wrong in ("0" * 64, digest[:7]):
        unknown = await account.trimtab("run", "--execute", "--yes", "--plan", wrong, "--json")
        assert (unknown.code, unknown.document["error"]["next"]) == (2, "trimtab ledger plans")


async def test_a_waiting_run_executes_what_is_approved_elsewhere(account: Account) -> None:
    process = await account.started("run", "--execute", "--json")
    assert process.stderr is not None
    words = await digits_asked_for(process.stderr)
    approved = await account.trimtab("approve", words.removeprefix("approve "))
    assert approved.code == 0, approved.text
    assert process.stdout is not None
    stdout = await asyncio.wait_for(process.stdout.read(), 60)
    assert await process.wait() == 0
    assert json.loads(stdout)["status"] == "executed"


async def test_a_waiting_run_ends_when_rejected_elsewhere(account: Account) -> None:
    process = await account.started("run", "--execute", "--json")
    assert process.stderr is not None
    words = await digits_asked_for(process.stderr)
    rejected = await account.trimtab("reject", words.removeprefix("approve "))
    assert rejected.code == 0, rejected.text
    assert process.stdout is not None
    stdout = await asyncio.wait_for(process.stdout.read(), 60)
    assert await process.wait() == 4
    assert json.loads(stdout)["status"] == "declined"
    assert account.mutations() == 0


async def test_a_price_that_moved_since_the_plan_sends_nothing(account: Account) -> None:
    process = await account.started("run", "--execute")
    assert process.stderr is not None
    words = await digits_asked_for(process.stderr)
    account.exchange.set_prices(mid={"BTC": "57000"})
    _, stderr = await asyncio.wait_for(process.communicate(words.encode() + b"\n"), 60)
    assert process.returncode == 4
    assert "moved from" in stderr.decode()
    assert account.mutations() == 0


async def test_a_refused_plan_ends_with_three_and_names_the_check(account: Account) -> None:
    ran = await account.trimtab(
        "run", "--execute", "--yes", "--json", "--set", "risk.max_order_notional=100"
    )
    assert (ran.code, ran.document["status"]) == (3, "refused")
    refused = {f["check"] for f in ran.document["gate"]["findings"] if f["verdict"] == "refuse"}
    assert "max_order_notional" in refused
    assert len(ran.document["plan"]["legs"]) == 2
    assert account.mutations() == 0


async def test_an_exchange_that_is_gone_ends_with_seven(account_at: AccountAt) -> None:
    account = await account_at()
    await account.exchange.stop()
    ran = await account.trimtab("plan")
    assert ran.code == 7, ran.text
    assert has_no_traceback(ran)
    assert "next:" in ran.stderr


async def test_json_puts_one_document_on_standard_output(account: Account) -> None:
    ran = await account.trimtab("--json", "run", "--execute", "--yes")
    document = json.loads(ran.stdout)
    assert document["status"] == "executed"
    assert "→ line 1" in ran.stderr
    fills = account.exchange.truth()["fills"]
    assert {o["status"] for o in document["execution"]["orders"]} == {"filled"}
    assert len(fills) >= 2


WRONG = [
    ("run", "--nonsense"),
    ("run", "--plan"),
    ("run", "--plan", "0123abcd"),
    ("--config",),
]


@pytest.mark.parametrize("words", WRONG)
async def test_wrong_arguments_end_with_two(account: Account, words: tuple[str, ...]) -> None:
    ended = await account.trimtab(*words)
    assert ended.code == 2, ended.text
    assert has_no_traceback(ended)
    assert "next:" in ended.stderr


@pytest.fixture
async def lost_answer(account: Account) -> Account:
    """An account whose first spot order is accepted while its answer is lost."""
    account.exchange.inject(Fault(kind=Kind.RESET_AFTER, method="POST", path="/api/v3/order"))
    return account


async def test_an_order_whose_answer_was_lost_is_found_and_never_sent_again(
    lost_answer: Account,
) -> None:
    ran = await lost_answer.trimtab("run", "--execute", "--yes", "--json")
    assert ran.code == 0, ran.text
    truth = lost_answer.exchange.truth()
    assert len(truth["orders"]) == 2
    assert {o["status"] for o in ran.document["execution"]["orders"]} == {"filled"}
    compared = await lost_answer.trimtab("reconcile", "--json")
    assert compared.code == 0, compared.text


async def test_a_killed_run_is_recovered_without_a_second_order(account: Account) -> None:
    account.exchange.inject(
        Fault(kind=Kind.TIMEOUT_AFTER, method="POST", path="/api/v3/order", seconds="30")
    )
    process = await account.started("run", "--execute", "--yes")
    # The first order is accepted and its answer held back; the run waits for it for seconds.
    for _ in range(600):
        if account.exchange.truth()["orders"]:
            break
        await asyncio.sleep(0.1)
    assert len(account.exchange.truth()["orders"]) == 1
    process.kill()
    await process.wait()
    before = len(account.exchange.truth()["orders"])
    recovered = await account.trimtab("recover", "--json")
    assert recovered.code == 0, recovered.text
    assert len(account.exchange.truth()["orders"]) == before
    compared = await account.trimtab("reconcile", "--json")
    assert compared.code == 0, compared.text
    again = await account.trimtab("run", "--execute", "--yes", "--json")
    assert again.code == 0, again.text
    assert account.exchange.audit() == ()
