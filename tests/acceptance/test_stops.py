"""Stops that rest on the venue, through the whole command over HTTP."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.acceptance.conftest import Account, AccountAt
from tests.acceptance.test_faults import agrees
from tests.acceptance.test_hedges import ONE_COIN, asked, hedges_of, opened, short_of
from trimtab.testnet import Fault, Kind
from trimtab.testnet.interventions import withdraw

RESTS = 'stop = "0.10"\nstop_rests = true'


async def hedged(account_at: AccountAt) -> Account:
    """Return an account with a hedge of a tenth and its stop."""
    account = await opened(account_at, ONE_COIN, hedge=RESTS)
    ran = await asked(account, "hedge", "BTC", "10%")
    [stop] = ran.document["execution"]["stops"]
    assert (stop["status"], stop["rests"], stop["quantity"]) == ("resting", True, "0.1")
    return account


def resting(account: Account) -> list[dict[str, Any]]:
    """Return the conditional orders that rest on the exchange."""
    told: list[dict[str, Any]] = account.exchange.truth()["conditionals"]
    return [each for each in told if each["status"] == "NEW"]


async def test_a_stop_works_with_trimtab_off_and_is_booked_to_its_hedge(
    account_at: AccountAt,
) -> None:
    account = await hedged(account_at)
    [rests] = resting(account)
    assert (rests["side"], Decimal(rests["quantity"])) == ("BUY", Decimal("0.1"))
    [before] = await hedges_of(account)
    assert (before["stop"]["status"], before["stop"]["as_it_should"]) == ("resting", True)
    assert before["stop"]["trigger_price"] == "10999.99"
    account.exchange.set_prices(mid={"BTC": "11200"})
    assert short_of(account) == 0
    sent = account.mutations()
    recovered = await account.trimtab("recover", "--json")
    assert recovered.code == 0, recovered.text
    [told] = recovered.document["stops"]
    assert (told["before"], told["after"]) == ("resting", "done")
    assert account.mutations() == sent
    await agrees(account)
    assert await hedges_of(account) == []
    [score] = (await account.trimtab("ledger", "hedges", "--json")).document
    assert (score["id"], score["closed_by"]) == (before["id"], "stop")
    assert Decimal(score["realised_pnl"]) < -100
    again = await account.trimtab("recover", "--json")
    assert again.document["status"] == "nothing_to_do"


async def stops_examined(account: Account) -> tuple[str, str]:
    """Return how the doctor's look at stops ended, and its fix."""
    told = await account.trimtab("doctor", "--json")
    assert told.code == 0, told.text
    (found,) = [c for c in told.document["checks"] if c["check"] == "stops"]
    return found["outcome"], found["fix"]


async def test_a_plan_on_a_ledger_that_has_not_booked_a_fired_stop_says_so_and_is_refused(
    account_at: AccountAt,
) -> None:
    account = await hedged(account_at)
    account.exchange.set_prices(mid={"BTC": "11200"})
    planned = await account.trimtab("hedge", "BTC", "20%", "--json")
    assert planned.code == 3, planned.text
    (finding,) = [
        f
        for f in planned.document["gate"]["findings"]
        if (f["check"], f["verdict"]) == ("unresolved_orders", "refuse")
    ]
    assert "has fired or was withdrawn" in finding["reason"]
    assert "trimtab recover" in finding["reason"]
    told = await account.trimtab("plan")
    assert "rests no more: it has fired or was withdrawn" in " ".join(told.stdout.split())
    assert told.stdout.rstrip().endswith("next: trimtab recover, then trimtab plan")
    [hedge] = await hedges_of(account)
    assert (hedge["stop"]["status"], hedge["stop"]["shown_by_venue"]) == ("resting", False)
    assert "gone: trimtab recover" in " ".join((await account.trimtab("status")).stdout.split())
    assert await stops_examined(account) == ("warn", "trimtab recover, then trimtab plan")
    assert (await account.trimtab("recover")).code == 0
    assert await stops_examined(account) == ("pass", None)
    assert "rests no more" not in (await account.trimtab("plan")).stdout


async def test_a_hedge_that_lost_its_stop_is_told_by_recover_and_doctor_until_a_run_puts_it(
    account_at: AccountAt,
) -> None:
    account = await hedged(account_at)
    [hedge] = await hedges_of(account)
    [rests] = resting(account)
    withdraw(account.exchange.exchange.state, client_id=rests["client_id"])
    for _ in range(2):  # The second finds nothing to do, and tells it all the same.
        told = await account.trimtab("recover", "--json")
        assert told.document["hedges_without_stop"] == [hedge["id"]]
        assert told.document["next"] == "trimtab run --execute"
    shown = await account.trimtab("recover")
    assert f"No stop on the venue: {hedge['id']}." in shown.stdout
    assert await stops_examined(account) == ("warn", "trimtab run --execute")
    ran = await asked(account, "run")
    assert f"no stop on the venue: {hedge['id']}" in ran.stderr
    assert len(resting(account)) == 1
    told = await account.trimtab("recover", "--json")
    assert (told.document["hedges_without_stop"], told.document["next"]) == ([], "trimtab plan")


async def test_a_stop_that_the_exchange_withdrew_is_told_and_put_again_by_the_next_run(
    account_at: AccountAt,
) -> None:
    account = await hedged(account_at)
    [rests] = resting(account)
    withdraw(account.exchange.exchange.state, client_id=rests["client_id"])
    ran = await asked(account, "run")
    assert "is withdrawn now" in ran.stderr
    plan = ran.document["plan"]
    [stop] = plan["stops"]
    assert (plan["legs"], plan["trigger"]) == ([], "stop")
    assert (stop["act"], stop["quantity"], stop["trigger_price"]) == ("put", "0.1", "10999.99")
    [again] = resting(account)
    assert again["client_id"] == stop["stop_id"] != rests["client_id"]
    assert (await asked(account, "run")).document["status"] == "nothing_to_do"


async def test_stops_are_mended_alone_where_the_rest_of_the_plan_is_refused(
    account_at: AccountAt,
) -> None:
    account = await hedged(account_at)
    [hedge] = await hedges_of(account)
    [rests] = resting(account)
    withdraw(account.exchange.exchange.state, client_id=rests["client_id"])
    drifts = ("--set", "portfolio.targets.BTC=0.2", "--set", "portfolio.targets.USDT=0.8")
    narrow = (*drifts, "--set", "risk.max_order_notional=1")
    deaf = "--set notify.channels=webhook --set notify.webhook_url=http://127.0.0.1:9/hook"
    refused = await account.trimtab("run", "--execute", "--yes", *narrow, *deaf.split())
    assert (refused.code, resting(account)) == (3, []), refused.text
    assert refused.stdout.rstrip().endswith("next: trimtab mend-stops (with the same --set)")
    notices = (await account.trimtab("notify", "list", "--json")).document
    [notice] = [each for each in notices if each["kind"] == "refused"]
    assert f"stop on the venue that is missing: {hedge['id']}." in notice["text"]
    assert notice["text"].splitlines()[-1] == "next: trimtab mend-stops"
    planned = await account.trimtab("plan", *narrow)
    assert f"{hedge['id']} has no stop on the venue still" in " ".join(planned.stdout.split())
    assert planned.stdout.rstrip().endswith("next: trimtab mend-stops (with the same --set)")

    tried = await account.trimtab("mend-stops", *narrow, "--json")
    assert (tried.code, resting(account)) == (0, []), tried.text
    shown = await account.trimtab("mend-stops", "--execute", *narrow, stdin="no\n")
    assert (shown.code, resting(account)) == (4, []), shown.text
    sent = account.mutations()
    mended = await asked(account, "mend-stops", *narrow)
    assert "trimtab mend-stops puts it" in " ".join(refused.stderr.split())
    assert "mend-stops" not in mended.stderr
    [stop] = mended.document["plan"]["stops"]
    assert (stop["act"], stop["quantity"], stop["hedge_id"]) == ("put", "0.1", hedge["id"])
    assert (mended.document["plan"]["legs"], mended.document["plan"]["trigger"]) == ([], "stop")
    [again] = resting(account)
    assert (again["client_id"], account.mutations() - sent) == (stop["stop_id"], 1)
    assert (await asked(account, "mend-stops")).document["status"] == "nothing_to_do"


async def test_a_stop_that_would_fire_at_once_is_said_to_be_beyond_mending(
    account_at: AccountAt,
) -> None:
    account = await hedged(account_at)
    [hedge] = await hedges_of(account)
    [rests] = resting(account)
    withdraw(account.exchange.exchange.state, client_id=rests["client_id"])
    assert (await account.trimtab("recover")).code == 0
    account.exchange.set_prices(mid={"BTC": "11200"})
    for execute in ((), ("--execute", "--yes")):
        tried = await account.trimtab("mend-stops", *execute)
        assert (tried.code, resting(account)) == (0, []), tried.text
        told = " ".join(tried.stdout.split())
        assert f"{hedge['id']} has no stop on the venue still, and none can rest now" in told
        assert told.endswith("next: trimtab plan")


async def test_stops_are_mended_while_halted_with_a_warning(account_at: AccountAt) -> None:
    account = await hedged(account_at)
    [rests] = resting(account)
    withdraw(account.exchange.exchange.state, client_id=rests["client_id"])
    assert (await account.trimtab("halt")).code == 0
    mended = await asked(account, "mend-stops")
    assert mended.document["gate"]["verdict"] == "warn"
    assert len(resting(account)) == 1


async def test_a_stop_shrinks_with_its_hedge_and_vanishes_with_it(account_at: AccountAt) -> None:
    account = await hedged(account_at)
    ran = await asked(account, "hedge", "BTC", "4%")
    [stop] = ran.document["plan"]["stops"]
    assert (stop["act"], stop["quantity"]) == ("change", "0.04")
    [rests] = resting(account)
    assert Decimal(rests["quantity"]) == short_of(account) == Decimal("0.04")
    closed = await asked(account, "close-hedges")
    [gone] = closed.document["plan"]["stops"]
    assert (gone["act"], gone["quantity"], gone["withdraws"]) == (
        "withdraw",
        None,
        rests["client_id"],
    )
    assert (resting(account), short_of(account)) == ([], 0)
    await agrees(account)


async def test_a_plan_shows_the_stop_that_it_puts_and_asks_for_it(account_at: AccountAt) -> None:
    account = await opened(account_at, ONE_COIN, hedge=RESTS)
    declined = await account.trimtab("hedge", "BTC", "10%", "--execute", stdin="no\n")
    assert declined.code == 4, declined.text
    assert "rests on the venue afterwards: 0.1 BTC at 11000 as planned" in declined.text
    assert (resting(account), short_of(account)) == ([], 0)


async def test_a_dry_run_puts_no_stop(account_at: AccountAt) -> None:
    account = await opened(account_at, ONE_COIN, hedge=RESTS)
    sent = account.mutations()
    tried = await account.trimtab("hedge", "BTC", "10%", "--json")
    assert tried.code == 0, tried.text
    assert len(tried.document["plan"]["stops"]) == 1
    assert (account.mutations(), resting(account)) == (sent, [])


async def test_a_stop_whose_answer_was_lost_is_adopted_and_rests_once(
    account_at: AccountAt,
) -> None:
    account = await opened(account_at, ONE_COIN, hedge=RESTS)
    cut = Fault(kind=Kind.CUT_BODY, method="POST", path="/fapi/v1/algoOrder")
    account.exchange.inject(cut)
    ran = await asked(account, "hedge", "BTC", "10%")
    [stop] = ran.document["execution"]["stops"]
    assert (stop["status"], len(account.exchange.truth()["conditionals"])) == ("resting", 1)


async def test_a_halt_leaves_stops_on_the_venue_and_says_so(account_at: AccountAt) -> None:
    account = await hedged(account_at)
    halted = await account.trimtab("halt", "--json")
    assert halted.code == 0, halted.text
    [kept] = halted.document["stops"]
    assert (kept["status"], kept["trigger_price"]) == ("resting", "10999.99")
    assert len(resting(account)) == 1


async def test_without_the_key_no_stop_rests_and_one_that_does_is_withdrawn(
    account_at: AccountAt,
) -> None:
    account = await hedged(account_at)
    ran = await asked(account, "run", "--set", "hedge.stop_rests=false")
    [gone] = ran.document["plan"]["stops"]
    assert (gone["act"], resting(account)) == ("withdraw", [])
    [hedge] = await hedges_of(account)
    assert hedge["stop"] == {"status": "missing"}


async def test_a_venue_on_which_none_can_rest_is_refused_by_name(account_at: AccountAt) -> None:
    account = await opened(account_at, ONE_COIN, hedge=RESTS)
    text = account.config.read_text(encoding="utf-8")
    text = text.replace('id = "binance"', 'id = "bitget"').replace('"local"', '"live"')
    account.config.write_text(text, encoding="utf-8")
    checked = await account.trimtab("config", "check")
    assert checked.code == 2
    assert "no stop can rest on bitget yet" in checked.text


async def test_a_stop_in_contracts_that_are_no_longer_read_is_told_by_name_with_the_way_out(
    account_at: AccountAt,
) -> None:
    account = await hedged(account_at)
    [hedge] = await hedges_of(account)
    sent, coins = account.mutations(), ("--set", "venue.markets=spot")
    for words in (
        ["recover"],
        ["plan"],
        ["run"],
        ["run", "--execute", "--yes"],
        ["schedule", "run"],
        ["reconcile", "--adopt"],
    ):
        told = await account.trimtab(*words, *coins, "--json")
        assert told.code == 2, told.text
        error = told.document["error"]
        assert f"the stop of {hedge['id']} may fill at any time" in error["message"]
        assert 'add "swap" to venue.markets, then trimtab recover' in error["next"]
    examined = await account.trimtab("doctor", *coins, "--json")
    (stops,) = [c for c in examined.document["checks"] if c["check"] == "stops"]
    assert (examined.code, stops["outcome"]) == (1, "fail")
    assert 'add "swap" to venue.markets' in stops["fix"]
    for words in (["status"], ["reconcile"]):  # Who only looks is held back by nothing.
        assert (await account.trimtab(*words, *coins)).code == 0
    assert account.mutations() == sent
    assert (await account.trimtab("recover")).code == 0
    assert (await asked(account, "close-hedges")).code == 0
    assert (await account.trimtab("plan", *coins)).code == 0


async def test_a_statement_that_is_adopted_books_a_fired_stop_to_its_hedge(
    account_at: AccountAt,
) -> None:
    account = await hedged(account_at)
    account.exchange.set_prices(mid={"BTC": "11200"})
    assert (await account.trimtab("reconcile")).code == 1
    adopted = await account.trimtab("reconcile", "--adopt", "--json")
    assert adopted.code == 0, adopted.text
    [score] = (await account.trimtab("ledger", "hedges", "--json")).document
    assert score["closed_by"] == "stop"
    assert (await asked(account, "run")).code == 0
    await agrees(account)


async def test_a_stop_is_explained_by_its_hedge_and_by_when_it_fires(
    account_at: AccountAt,
) -> None:
    account = await hedged(account_at)
    [first] = resting(account)
    plan = (await asked(account, "hedge", "BTC", "4%")).document["plan"]
    [stop] = plan["stops"]
    for line in ("", str(stop["line"])):
        words = ["explain", plan["digest"], *line.split()]
        told = await account.trimtab(*words, "--json")
        assert told.document["stops"] == [stop]
        shown = " ".join((await account.trimtab(*words)).text.split())
        assert f"{first['client_id']} is withdrawn before the orders; 0.04 BTC of" in shown
        assert "once the mark of BTC/USDT:USDT is 10999.99 or more" in shown
    assert told.document["legs"] == [], "the line is the stop's"
    assert [d["asset"] for d in told.document["targets"]] == ["BTC"]
    closed = (await asked(account, "close-hedges")).document["plan"]
    shown = (await account.trimtab("explain", closed["digest"])).text
    assert "no more or has no stop by the rules" in " ".join(shown.split())
    other = await account.trimtab("explain", closed["digest"], "7")
    assert (other.code, "in 1, 1001" in other.text) == (2, True)
