"""The whole command when the exchange, the network or the ledger's file misbehaves."""

from __future__ import annotations

import asyncio
import sqlite3
from decimal import Decimal

import pytest

from tests.acceptance.conftest import CONFIG, Account, AccountAt, Ended, has_no_traceback
from trimtab.testnet import Fault, Kind, Scenario

RUN = ("run", "--execute", "--yes", "--json")
SPOT, FUTURES = "/api/v3/order", "/fapi/v1/order"
HEDGED = CONFIG.replace("[ledger]", '[rebalance]\nroute = "futures"\n\n[ledger]')
"""The same wishes, reached by perpetuals."""
MARGIN = Scenario.from_json(
    {
        "prices": {"BTC": "58000", "ETH": "2500"},
        "spot": {"BTC": "0.1", "ETH": "1"},
        "futures": {"wallet": 1700},
    }
)


async def struck(account: Account, *faults: Fault) -> Ended:
    """Run with *faults* in force, and hold what came of it against the exchange."""
    for fault in faults:
        account.exchange.inject(fault)
    ended = await account.trimtab(*RUN)
    account.exchange.clear_faults()
    assert has_no_traceback(ended), ended.text
    assert "local-secret" not in ended.text
    return ended


async def agrees(account: Account) -> None:
    """Ledger and exchange tell the same, each leg was ordered once and never beyond the plan."""
    compared = await account.trimtab("reconcile", "--json")
    assert compared.code == 0, compared.text
    assert account.exchange.audit() == ()
    truth = account.exchange.truth()
    names = [order["client_id"] for order in truth["orders"]]
    assert len(names) == len(set(names))
    fills = (await account.trimtab("ledger", "fills", "--json")).document
    booked = sorted((f["symbol"].split(":")[0], f["trade_id"], f["quantity"]) for f in fills)
    real = [(f["symbol"].replace("USDT", "/USDT"), f) for f in truth["fills"]]
    assert booked == sorted((name, str(f["trade_id"]), f["quantity"]) for name, f in real)


def filled(account: Account) -> dict[str, Decimal]:
    """Return what the exchange executed, by market."""
    found: dict[str, Decimal] = {}
    for fill in account.exchange.truth()["fills"]:
        found[fill["symbol"]] = found.get(fill["symbol"], Decimal(0)) + Decimal(fill["quantity"])
    return found


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=Kind.RESET_BEFORE, method="POST"),
        Fault(kind=Kind.LATE, method="POST", seconds="2"),
        Fault(kind=Kind.LATE, method="POST", seconds="9", ignore_window=True),
        Fault(kind=Kind.STATUS, method="POST", status=503, body="<html>", executes=True),
        Fault(kind=Kind.CUT_BODY, method="POST"),
    ],
    ids=["reset_before", "late", "late_beyond_the_window", "503_executed", "cut_body"],
)
async def test_whatever_happens_to_an_order_each_leg_is_filled_once(
    account_at: AccountAt, fault: Fault
) -> None:
    async def case(path: str, scenario: Scenario, config: str) -> None:
        account = await account_at(scenario, config=config, name=path.split("/")[1])
        fields = {name: getattr(fault, name) for name in Fault.__slots__}
        ended = await struck(account, Fault(**{**fields, "path": path}))
        assert ended.code == 0, ended.text
        legs = {leg["symbol"]: leg for leg in ended.document["plan"]["legs"]}
        wanted = {n.split(":")[0].replace("/", ""): Decimal(v["quantity"]) for n, v in legs.items()}
        assert filled(account) == wanted
        await agrees(account)

    await asyncio.gather(case(SPOT, Scenario.drifted(), CONFIG), case(FUTURES, MARGIN, HEDGED))


async def test_trades_that_stay_hidden_are_told_as_unknown_and_recovered(account: Account) -> None:
    hidden = Fault(kind=Kind.DROP_TRADES_PAGE, method="GET", path="/api/v3/myTrades", count=0)
    ended = await struck(account, hidden)
    assert (ended.code, ended.document["status"]) == (6, "unknown")
    assert len(account.exchange.truth()["orders"]) == 1  # Nothing went out after it.
    told = await account.trimtab("recover", "--json")
    assert told.code == 0, told.text
    await agrees(account)


async def test_a_ban_is_kept_and_ends_the_run_at_once(account: Account) -> None:
    ban = Fault(
        kind=Kind.STATUS,
        method="POST",
        path=SPOT,
        status=418,
        body='{"code": -1003, "msg": "Way too much request weight used."}',
        headers={"Retry-After": "300"},
    )
    ended = await struck(account, ban)
    assert ended.code == 7, ended.text
    requests = account.exchange.truth()["requests"]
    assert requests[-1]["path"] == SPOT  # Not one request during the ban.
    assert account.exchange.truth()["orders"] == []


async def test_a_short_silence_is_waited_out(account: Account) -> None:
    throttled = Fault(
        kind=Kind.STATUS,
        method="GET",
        path="/api/v3/account",
        status=429,
        body='{"code": -1003, "msg": "Too much request weight used."}',
        headers={"Retry-After": "1"},
    )
    ended = await struck(account, throttled)
    assert ended.code == 0, ended.text


async def test_a_changed_configuration_needs_a_new_plan(account: Account) -> None:
    digest = (await account.trimtab("plan", "--json")).document["plan"]["digest"]
    text = account.config.read_text(encoding="utf-8").replace('"0.50"', '"0.45"')
    account.config.write_text(text.replace('"0.20"', '"0.25"'), encoding="utf-8")
    ended = await account.trimtab(*RUN, "--plan", digest)
    assert ended.code == 4, ended.text
    assert "the configuration changed" in ended.document["error"]["message"]
    assert account.mutations() == 0


async def test_a_byte_of_a_saved_plan_that_was_changed_stops_it(account: Account) -> None:
    digest = (await account.trimtab("plan", "--json")).document["plan"]["digest"]
    assert (await account.trimtab("approve", digest)).code == 0
    database = sqlite3.connect(account.folder / "ledger.db")
    guards = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (guard,) in guards:
        database.execute(f"DROP TRIGGER {guard}")
    changed = "UPDATE entries SET body = replace(body, '\"lots\":-1', '\"lots\":-2') WHERE seq IN "
    assert database.execute(f"{changed} (SELECT seq FROM plans)").rowcount == 1
    database.commit()
    database.close()
    ended = await account.trimtab(*RUN, "--plan", digest)
    assert ended.code == 8, ended.text
    assert "was changed; nothing was sent" in ended.document["error"]["message"]
    assert account.mutations() == 0


async def test_nothing_is_sent_that_another_process_keeps_from_being_recorded(
    account: Account,
) -> None:
    await account.trimtab("plan")
    database = sqlite3.connect(account.folder / "ledger.db", isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    ended = await account.trimtab(*RUN)
    database.close()
    assert ended.code == 8, ended.text
    assert "another process has it locked" in ended.document["error"]["message"]
    assert account.mutations() == 0


async def test_a_ledger_that_was_deleted_is_missed_and_not_begun_anew(account: Account) -> None:
    assert (await account.trimtab(*RUN)).code == 0
    sent = account.mutations()
    account.by_others.extend(o["client_id"] for o in account.exchange.truth()["orders"])
    for file in account.folder.glob("ledger.db*"):
        if file.suffix != ".head":
            file.unlink()
    ended = await account.trimtab(*RUN)
    assert ended.code == 8, ended.text
    assert "is gone or empty" in ended.document["error"]["message"]
    assert ended.document["error"]["next"].startswith("trimtab ledger restore FILE")
    assert account.mutations() == sent
