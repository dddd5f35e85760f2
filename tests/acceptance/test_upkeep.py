"""``recover``, ``reconcile``, ``halt`` and ``unhalt`` after what can happen to a run."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.acceptance.conftest import Account, AccountAt, has_no_traceback
from tests.acceptance.strangers import bought, in_and_out, resting_order, shorted
from trimtab.adapters.ledger.files import place_of
from trimtab.adapters.ledger.lease import locked
from trimtab.testnet import Fault, Kind, Scenario
from trimtab.testnet.interventions import deposit, fund

WITHIN_S = 30


async def executed(account: Account) -> None:
    """Bring the account to its targets."""
    ended = await account.trimtab("run", "--execute", "--yes")
    assert ended.code == 0, ended.text


async def killed_with_an_order_out(account: Account) -> None:
    """Kill a run whose first order was accepted, before it hears of it."""
    fault = Fault(kind=Kind.TIMEOUT_AFTER, method="POST", path="/api/v3/order", seconds="10")
    account.exchange.inject(fault)
    run = await account.started("run", "--execute", "--yes")
    await arrived(account, "POST", "/api/v3/order")
    run.send_signal(signal.SIGKILL)
    await run.communicate()
    account.exchange.clear_faults()


async def arrived(account: Account, method: str, path: str) -> None:
    """Wait until the exchange has had a request."""
    async with asyncio.timeout(WITHIN_S):
        for _ in range(WITHIN_S * 20):
            rows = account.exchange.truth()["requests"]
            if any((r["method"], r["path"]) == (method, path) for r in rows):
                return
            await asyncio.sleep(0.05)


async def test_recover_finds_the_order_of_a_run_that_was_killed(account: Account) -> None:
    await killed_with_an_order_out(account)
    (left,) = (await account.trimtab("status", "--json")).document["unresolved_orders"]
    told = await account.trimtab("recover", "--json")
    (order,) = told.document["orders"]
    fills = (await account.trimtab("ledger", "fills", "--json")).document
    assert told.code == 0, told.text
    assert told.document["status"] == "resolved"
    assert (order["client_order_id"], order["before"]) == (left["client_order_id"], "submitting")
    assert (order["after"], order["filled"]) == ("filled", left["quantity"])
    assert len(fills) == len(account.exchange.truth()["fills"])
    assert (await account.trimtab("reconcile")).code == 0


async def test_recover_shows_before_and_after_and_the_next_command(account: Account) -> None:
    await killed_with_an_order_out(account)
    shown = await account.trimtab("recover")
    assert shown.code == 0
    assert "submitting" in shown.stdout
    assert "1 of 1 resolved." in shown.stdout
    assert shown.stdout.splitlines()[-1] == "next: trimtab reconcile"


async def test_recover_with_nothing_open_asks_nobody(account: Account) -> None:
    told = await account.trimtab("recover", "--json")
    assert (told.code, told.document["status"]) == (0, "nothing_to_do")
    assert account.exchange.truth()["requests"] == []


async def test_recover_that_is_interrupted_ends_soon_and_can_be_run_again(
    account: Account,
) -> None:
    await killed_with_an_order_out(account)
    lost = Fault(kind=Kind.TIMEOUT_BEFORE, method="GET", path="/api/v3/order", seconds="3", count=0)
    account.exchange.inject(lost)
    asking = await account.started("recover", "--json")
    await arrived(account, "GET", "/api/v3/order")
    asking.send_signal(signal.SIGINT)
    async with asyncio.timeout(WITHIN_S):
        stdout, _ = await asking.communicate()
    account.exchange.clear_faults()
    again = await account.trimtab("recover", "--json")
    assert asking.returncode == 130
    assert json.loads(stdout)["status"] == "interrupted"
    assert (again.code, again.document["status"]) == (0, "resolved")


async def test_recover_waits_for_no_other_run_and_says_who_holds_the_account(
    account: Account,
) -> None:
    await killed_with_an_order_out(account)
    with locked(place_of(f"sqlite:///{account.folder}/ledger.db"), "another run"):
        ended = await account.trimtab("recover")
    assert ended.code == 8
    assert "another run" in ended.stderr
    assert "next: " in ended.stderr


async def test_a_fresh_account_reconciles_and_is_told_what_was_not_compared(
    account: Account,
) -> None:
    ended = await account.trimtab("reconcile")
    assert ended.code == 0
    assert "not compared" in ended.stdout
    assert account.mutations() == 0


async def test_an_executed_run_reconciles_in_every_respect(account: Account) -> None:
    await executed(account)
    sent = account.mutations()
    told = await account.trimtab("reconcile", "--json")
    assert told.code == 0, told.text
    assert (told.document["status"], told.document["differences"]) == ("clean", [])
    assert told.document["balances_compared"] is True
    assert account.mutations() == sent


async def test_a_person_who_traded_by_hand_is_found_out_and_adopted(account: Account) -> None:
    await executed(account)
    await bought(account, quantity="0.05")
    found = await account.trimtab("reconcile")
    told = await account.trimtab("reconcile", "--json")
    adopted = await account.trimtab("reconcile", "--adopt", "--json")
    clean = await account.trimtab("reconcile")
    subjects = {d["subject"] for d in told.document["differences"]}
    assert (found.code, told.code) == (1, 1)
    assert "next: trimtab reconcile --adopt" in found.stdout
    assert subjects == {"fill", "balance"}
    assert {d["who"] for d in told.document["differences"]} == {"adopt"}
    assert (adopted.code, clean.code) == (0, 0), adopted.text
    assert adopted.document["adopted"][0]["client_order_id"] is None


async def test_a_position_that_somebody_opened_and_closed_again_is_found_by_its_executions(
    account: Account,
) -> None:
    await executed(account)
    await in_and_out(account, quantity="0.05")
    told = await account.trimtab("reconcile", "--json")
    adopted = await account.trimtab("reconcile", "--adopt", "--json")
    assert (told.code, adopted.code) == (1, 0), told.text + adopted.text
    assert len(adopted.document["adopted"]) == 2


async def test_a_position_that_came_and_went_in_a_market_that_nobody_targets_is_found(
    account_at: AccountAt,
) -> None:
    prices = {**Scenario.drifted().prices, "SOL": Decimal(150)}
    account = await account_at(replace(Scenario.drifted(), prices=prices))
    await executed(account)
    await in_and_out(account, quantity="2", symbol="SOLUSDT")
    told = await account.trimtab("reconcile", "--json")
    adopted = await account.trimtab("reconcile", "--adopt", "--json")
    assert (told.code, adopted.code) == (1, 0), told.text + adopted.text
    names = {d["name"].split()[0] for d in told.document["differences"]}
    assert names == {"SOL/USDT:USDT"}
    assert len(adopted.document["adopted"]) == 2


async def test_funding_is_no_difference_and_is_in_the_ledger_once_it_is_adopted(
    account: Account,
) -> None:
    await executed(account)
    await shorted(account, quantity="0.5")
    await account.trimtab("reconcile", "--adopt")
    fund(account.exchange.exchange.state, {"ETHUSDT": "0.0003"})
    told = await account.trimtab("reconcile", "--json")
    shown = await account.trimtab("reconcile")
    adopted = await account.trimtab("reconcile", "--adopt")
    listed = (await account.trimtab("ledger", "payments", "--json")).document
    assert (told.code, adopted.code) == (0, 0), told.text
    assert [p["kind"] for p in told.document["payments"]] == ["funding"]
    assert told.document["payments_booked"] == 0
    assert "1 payment since the last statement" in shown.stdout
    assert "funding" in adopted.stdout
    incomes = account.exchange.truth()["incomes"]
    assert [Decimal(p["amount"]) for p in listed] == [Decimal(i["units"]) for i in incomes]
    assert {p["kind"] for p in listed} == {"commission", "funding"}


async def test_what_the_exchange_does_not_list_is_left_to_a_person_and_never_covered_up(
    account: Account,
) -> None:
    await executed(account)
    await shorted(account, quantity="0.5")
    hidden = Fault(
        kind=Kind.DROP_TRADES_PAGE,
        method="GET",
        path="/fapi/v1/userTrades",
        where={"symbol": "ETHUSDT"},
        count=0,
    )
    account.exchange.inject(hidden)
    refused = await account.trimtab("reconcile", "--adopt", "--json")
    account.exchange.clear_faults()
    adopted = await account.trimtab("reconcile", "--adopt", "--json")
    assert (refused.code, refused.document["left_to_person"]) == (1, True)
    assert {d["subject"] for d in refused.document["differences"]} == {"position", "fill"}
    assert {d["who"] for d in refused.document["differences"]} == {"person"}
    assert "runbooks/unexplained.md" in refused.document["next"]
    assert (adopted.code, len(adopted.document["adopted"])) == (0, 1), adopted.text


async def test_a_deposit_is_adopted_as_what_it_is(account: Account) -> None:
    await executed(account)
    state = account.exchange.exchange.state
    deposit(state, asset="USDT", units="250", wallet="spot")
    deposit(state, asset="USDT", units="40", wallet="usdm")
    adopted = await account.trimtab("reconcile", "--adopt", "--json")
    events = (await account.trimtab("ledger", "events", "--json")).document
    assert adopted.code == 0, adopted.text
    assert adopted.document["external_flows"] == [{"asset": "USDT", "amount": "250"}]
    assert [p["kind"] for p in adopted.document["payments"]] == ["transfer"]
    (flow,) = [e for e in events if e["kind"] == "balances_saved"][-1]["body"]["flows"]
    assert flow == {"asset": "USDT", "units": "250"}


async def test_reconcile_without_the_exchange_ends_with_seven(account: Account) -> None:
    await account.exchange.stop()
    ended = await account.trimtab("reconcile")
    assert ended.code == 7
    assert has_no_traceback(ended)
    assert "next: " in ended.stderr


async def test_halt_latches_and_cancels_what_rests_under_our_names_only(account: Account) -> None:
    await executed(account)
    ours = (await account.trimtab("ledger", "orders", "--json")).document[0]["client_order_id"]
    await resting_order(account, client_order_id=ours)
    await resting_order(account, client_order_id="somebody-else")
    told = await account.trimtab("halt", "storm", "--json")
    resting = [o for o in account.exchange.truth()["orders"] if o["status"] == "NEW"]
    assert told.code == 0, told.text
    (order,) = told.document["orders"]
    assert (told.document["status"], told.document["reason"]) == ("halted", "storm")
    assert (order["client_order_id"], order["outcome"]) == (ours, "cancelled")
    assert [o["client_id"] for o in resting] == ["somebody-else"]


async def test_a_halt_keeps_runs_from_sending_until_it_is_released(account: Account) -> None:
    await account.trimtab("halt", "wind")
    await account.trimtab("halt", "storm")
    refused = await account.trimtab("run", "--execute", "--yes")
    released = await account.trimtab("unhalt")
    ran = await account.trimtab("run", "--execute", "--yes")
    assert refused.code == 3
    assert released.code == 0
    assert released.stdout.startswith("Released. It was last halted at 20"), "Not since then."
    assert "storm" in released.stdout
    assert ran.code == 0


async def test_a_halt_holds_though_the_exchange_is_not_there(account: Account) -> None:
    await executed(account)
    await account.exchange.stop()
    told = await account.trimtab("halt", "--json")
    again = await account.trimtab("unhalt", "--json")
    assert told.code == 7
    assert told.document["status"] == "halted"
    assert told.document["venue_error"]
    assert again.document["halted"]["reason"] == "halted by hand"


async def test_a_cancel_that_is_not_answered_is_told_as_unknown(account: Account) -> None:
    await executed(account)
    ours = (await account.trimtab("ledger", "orders", "--json")).document[0]["client_order_id"]
    await resting_order(account, client_order_id=ours)
    account.exchange.inject(Fault(kind=Kind.RESET_AFTER, method="DELETE", path="/api/v3/order"))
    told = await account.trimtab("halt", "--json")
    assert (told.code, told.document["orders"][0]["outcome"]) == (6, "unknown")
    assert told.document["next"] == "trimtab halt, once the venue answers"


async def test_a_halt_latches_while_another_run_holds_the_account(account: Account) -> None:
    await account.trimtab("ledger", "plans")
    with locked(place_of(f"sqlite:///{account.folder}/ledger.db"), "another run"):
        ended = await account.trimtab("halt", "storm")
    status = await account.trimtab("status", "--json")
    assert ended.code == 0, ended.text
    assert status.document["halt_reason"] == "storm"


async def test_a_release_without_a_halt_is_no_error(account: Account) -> None:
    told = await account.trimtab("unhalt", "--json")
    assert (told.code, told.document["status"]) == (0, "not_halted")


@pytest.mark.parametrize("words", [["recover", "x"], ["reconcile", "--adapt"], ["unhalt", "x"]])
async def test_upkeep_refuses_words_that_it_does_not_know(
    account: Account, words: list[str]
) -> None:
    ended = await account.trimtab(*words)
    assert ended.code == 2
    assert has_no_traceback(ended)
    assert f"next: trimtab {words[0]} --help" in ended.stderr


@pytest.mark.parametrize("trouble", ["locked", "damaged"])
async def test_a_halt_that_cannot_be_written_says_so_and_what_to_do_by_hand(
    account: Account, trouble: str
) -> None:
    await account.trimtab("plan")
    database = sqlite3.connect(account.folder / "ledger.db", isolation_level=None)
    if trouble == "locked":
        database.execute("BEGIN IMMEDIATE")
    else:
        database.close()
        (account.folder / "ledger.db").write_text("not a database, but long enough" * 200)
    told = await account.trimtab("halt", "storm", "--json")
    shown = await account.trimtab("halt", "storm")
    database.close()
    assert (told.code, shown.code) == (8, 8)
    error = told.document["error"]
    assert error["message"].startswith("not known to be halted: ledger ")
    assert error["next"].startswith("at the venue, by hand: cancel every open order")
    assert error["next"].endswith("; then trimtab halt")
    assert "no order was cancelled" in error["true_now"]
    assert "Halted" not in shown.text
    assert "latched" not in shown.text
