"""``doctor``: one line per thing that a run needs, with the fix; 1 when any failed."""

from __future__ import annotations

import dataclasses
import sqlite3
from decimal import Decimal
from typing import Any

from tests.acceptance.conftest import Account, AccountAt, Ended, has_no_traceback
from tests.acceptance.strangers import resting_order
from trimtab.adapters.ledger.files import place_of
from trimtab.adapters.ledger.lease import locked
from trimtab.testnet import Fault, Kind, Scenario
from trimtab.testnet.interventions import set_clock


def checks(ended: Ended) -> dict[str, dict[str, Any]]:
    """Return the examinations by name."""
    return {check["check"]: check for check in ended.document["checks"]}


async def test_a_sound_set_up_passes_everything_that_the_host_can_tell(account: Account) -> None:
    told = await account.trimtab("doctor", "--json")
    outcomes = {name: check["outcome"] for name, check in checks(told).items()}
    not_told = {name for name, outcome in outcomes.items() if outcome != "pass"}
    assert told.code == 0
    assert not_told == {"key_rights", "references"}
    assert {outcomes[name] for name in not_told} == {"not_checked"}
    assert account.mutations() == 0


async def test_doctor_for_a_person_is_one_quiet_table_with_a_next_step(account: Account) -> None:
    shown = await account.trimtab("doctor")
    assert shown.code == 0
    assert "FAIL" not in shown.stdout
    assert account.exchange.url in shown.stdout
    assert shown.stdout.splitlines()[-1] == "next: trimtab plan"
    assert all(len(line) <= 100 for line in shown.stdout.splitlines())


async def test_an_exchange_that_is_not_there_is_a_line_with_its_fix(account: Account) -> None:
    await account.exchange.stop()
    shown = await account.trimtab("doctor")
    assert shown.code == 1
    assert has_no_traceback(shown)
    assert "FAIL" in shown.stdout
    told, port = " ".join(shown.stdout.split()), account.exchange.url.rpartition(":")[2]
    assert f"start it with trimtab testnet --port {port}, or set" in told
    planned = await account.trimtab("plan", "--json")
    assert planned.code == 7
    assert planned.document["error"]["next"].endswith("trimtab doctor")


async def test_a_key_that_is_not_accepted_is_told_from_a_venue_that_is_not_there(
    account: Account,
) -> None:
    wrong = {"TRIMTAB__VENUE__API_KEY": "canary-key", "TRIMTAB__VENUE__API_SECRET": "canary-two"}
    told = await account.trimtab("doctor", "--json", variables=wrong)
    found = checks(told)
    assert told.code == 1
    assert (found["venue"]["outcome"], found["key"]["outcome"]) == ("pass", "fail")
    assert "canary" not in told.text
    planned = await account.trimtab("plan", "--json", variables=wrong)
    assert (planned.code, planned.document["error"]["next"]) == (7, "trimtab doctor")


async def test_a_clock_that_is_off_fails_with_what_was_measured(account: Account) -> None:
    set_clock(account.exchange.exchange.state, offset_ms=4000)
    told = await account.trimtab("doctor", "--json")
    clock = checks(told)["clock_offset"]
    assert (told.code, clock["outcome"]) == (1, "fail")
    assert clock["found"].startswith(("+3", "+4"))


async def test_hedge_mode_fails_only_where_contracts_are_used(account_at: AccountAt) -> None:
    account = await account_at(dataclasses.replace(Scenario.drifted(), dual_side=True))
    idle = await account.trimtab("doctor", "--json")
    used = await account.trimtab("doctor", "--json", "--set", "rebalance.route=futures")
    assert (idle.code, checks(idle)["position_mode"]["outcome"]) == (0, "warn")
    assert (used.code, checks(used)["position_mode"]["outcome"]) == (1, "fail")


async def test_what_lies_in_other_wallets_of_the_venue_is_told(account_at: AccountAt) -> None:
    beside = {"COIN-M Futures": "120.504", "Earn": "0", "Cross Margin": "7"}
    given = dataclasses.replace(
        Scenario.drifted(), elsewhere={name: Decimal(value) for name, value in beside.items()}
    )
    account = await account_at(given)
    told = checks(await account.trimtab("doctor", "--json"))["other_wallets"]
    assert (told["outcome"], told["found"]) == (
        "warn",
        "beside the account: COIN-M Futures 120.5 USDT; Cross Margin 7 USDT",
    )
    coins = await account.trimtab("doctor", "--json", "--set", 'venue.markets=["spot"]')
    assert "USDⓈ-M Futures 1000 USDT" in checks(coins)["other_wallets"]["found"]


async def test_other_wallets_that_are_not_told_keep_nothing_from_being_looked_at(
    account: Account,
) -> None:
    path = "/sapi/v1/asset/wallet/balance"
    account.exchange.inject(Fault(kind=Kind.STATUS, path=path, status=403, body="no", count=0))
    told = await account.trimtab("doctor", "--json")
    assert (told.code, checks(told)["other_wallets"]["outcome"]) == (0, "not_checked")
    assert checks(told)["order_budget"]["outcome"] == "pass"


async def test_an_account_of_a_kind_that_is_not_served_is_told_what_to_set(
    account_at: AccountAt,
) -> None:
    account = await account_at(dataclasses.replace(Scenario.drifted(), multi_assets=True))
    told = await account.trimtab("doctor", "--json")
    venue = checks(told)["venue"]
    assert (told.code, venue["outcome"]) == (1, "fail")
    assert "several coins back contracts together" in venue["found"]
    assert venue["fix"] == "set single-asset mode for futures at the venue, then trimtab doctor"
    run = await account.trimtab("run", "--execute", "--yes", "--json")
    assert (run.code, account.mutations()) == (7, 0), run.text
    assert run.document["error"]["next"] == venue["fix"]


async def test_leverage_that_a_run_will_set_is_a_warning(account: Account) -> None:
    told = await account.trimtab("doctor", "--json", "--set", "rebalance.route=futures")
    leverage = checks(told)["leverage"]
    assert (told.code, leverage["outcome"]) == (0, "warn")
    assert "BTC/USDT:USDT" in leverage["found"]


async def test_a_target_without_a_market_fails_by_name(account: Account) -> None:
    words = ["--set", "portfolio.targets.NOPE=0.10", "--set", "portfolio.targets.ETH=0.20"]
    told = await account.trimtab("doctor", "--json", *words)
    markets = checks(told)["markets"]
    assert (told.code, markets["outcome"]) == (1, "fail")
    assert "NOPE/USDT not listed" in markets["found"]


async def test_an_order_that_is_not_ours_is_a_warning(account: Account) -> None:
    await resting_order(account, client_order_id="somebody-else")
    told = await account.trimtab("doctor", "--json")
    foreign = checks(told)["foreign_orders"]
    assert (told.code, foreign["outcome"]) == (0, "warn")
    assert "BTC/USDT" in foreign["found"]


async def test_a_halt_and_a_held_account_are_warnings_with_the_command_that_ends_them(
    account: Account,
) -> None:
    await account.trimtab("halt", "storm")
    with locked(place_of(f"sqlite:///{account.folder}/ledger.db"), "another run"):
        told = await account.trimtab("doctor", "--json")
    found = checks(told)
    assert told.code == 0
    assert (found["halt"]["outcome"], found["halt"]["fix"]) == ("warn", "trimtab unhalt")
    assert found["lock"]["outcome"] == "warn"
    assert "another run" in found["lock"]["found"]


async def test_a_damaged_ledger_fails_and_the_venue_is_looked_at_all_the_same(
    account: Account,
) -> None:
    await account.trimtab("plan")
    with sqlite3.connect(account.folder / "ledger.db") as connection:
        connection.execute("UPDATE plans SET status = 'executed'")
    connection.close()
    told = await account.trimtab("doctor", "--json")
    found = checks(told)
    assert (told.code, found["ledger"]["outcome"]) == (1, "fail")
    assert found["ledger"]["fix"] == "trimtab ledger verify"
    assert found["venue"]["outcome"] == "pass"


async def test_a_file_that_is_no_ledger_fails_without_a_traceback(account: Account) -> None:
    (account.folder / "ledger.db").write_text("not a database, but long enough" * 200)
    told = await account.trimtab("doctor", "--json")
    found = checks(told)
    assert (told.code, found["ledger"]["outcome"]) == (1, "fail")
    assert found["halt"]["outcome"] == "not_checked"
    assert found["venue"]["outcome"] == "pass"


async def test_python_without_assertions_fails_and_nothing_is_opened(account: Account) -> None:
    told = await account.trimtab("doctor", "--json", variables={"PYTHONOPTIMIZE": "1"})
    assert told.code == 1
    assert checks(told)["python"]["outcome"] == "fail"


async def test_live_says_honestly_what_this_version_lacks_and_asks_nobody_without_a_key(
    account: Account,
) -> None:
    words = ["--set", "venue.environment=live", "--set", "venue.url="]
    told = await account.trimtab("doctor", "--json", *words)
    found = checks(told)
    assert told.code == 1
    assert found["host"]["outcome"] == "warn"
    assert found["key"]["outcome"] == "fail"
    assert found["key_rights"]["outcome"] == "not_checked"
    assert found["references"]["outcome"] == "fail"
    assert "0 of 2 independent prices" in found["references"]["found"]


async def test_a_faulty_configuration_ends_with_two_before_anything_is_asked(
    account: Account,
) -> None:
    ended = await account.trimtab("doctor", "--set", "risk.shock=-1")
    assert ended.code == 2
    assert has_no_traceback(ended)
    assert "risk.shock" in ended.stderr
    assert account.exchange.truth()["requests"] == []
