"""Conditional orders that somebody else has waiting at the exchange count like any open order."""

from __future__ import annotations

from tests.acceptance.conftest import Account, AccountAt, Ended
from tests.acceptance.strangers import CONDITIONAL, shorted, waiting_order
from tests.acceptance.test_hedges import ONE_COIN, opened
from tests.acceptance.test_stops import RESTS, hedged, resting
from trimtab.testnet import Fault, Kind
from trimtab.testnet.interventions import withdraw


async def test_one_that_would_open_more_than_may_be_held_stops_a_plan_that_passes_without_it(
    account: Account,
) -> None:
    free = await account.trimtab("plan", "--json")
    await waiting_order(account, name="by-hand", quantity="1")
    held = await account.trimtab("plan", "--json")
    assert (free.code, held.code) == (0, 3), held.text
    refused = {f["check"] for f in held.document["gate"]["findings"] if f["verdict"] == "refuse"}
    assert "max_leverage" in refused
    assert "by-hand" in held.text


async def test_it_is_shown_as_somebody_elses_and_warned_of(account: Account) -> None:
    await shorted(account, quantity="0.01", symbol="BTCUSDT")
    await waiting_order(account, name="by-hand", quantity="0.01", reduceOnly="true")
    told = await account.trimtab("status", "--json")
    examined = await account.trimtab("doctor", "--json")
    (resting,) = told.document["open_orders"]
    assert (resting["client_order_id"], resting["symbol"]) == ("by-hand", "BTC/USDT:USDT")
    assert resting["ours"] is False
    (foreign,) = [c for c in examined.document["checks"] if c["check"] == "foreign_orders"]
    assert (foreign["outcome"], "BTC/USDT:USDT" in foreign["found"]) == ("warn", True)


async def test_a_stop_of_a_hedge_is_ours_and_no_difference(account_at: AccountAt) -> None:
    account = await hedged(account_at)
    told = await account.trimtab("status", "--json")
    examined = await account.trimtab("doctor", "--json")
    compared = await account.trimtab("reconcile", "--json")
    (stop,) = resting(account)
    (order,) = told.document["open_orders"]
    assert (order["client_order_id"], order["ours"]) == (stop["client_id"], True)
    found = {c["check"]: c for c in examined.document["checks"]}
    assert {found[name]["outcome"] for name in ("foreign_orders", "stops")} == {"pass"}
    assert found["stops"]["found"] == "1 on the venue, as wanted"
    assert compared.code == 0, compared.text


async def test_a_stop_that_bears_our_kind_of_name_and_that_the_ledger_has_not_needs_a_person(
    account_at: AccountAt,
) -> None:
    account = await hedged(account_at)
    lost = "s" + "a" * 27
    await waiting_order(
        account, name=lost, quantity="0.05", triggerPrice="12000", reduceOnly="true"
    )
    told = await account.trimtab("status", "--json")
    compared = await account.trimtab("reconcile", "--json")
    assert {o["client_order_id"]: o["ours"] for o in told.document["open_orders"]}[lost] is False
    assert compared.code == 1, compared.text
    (difference,) = compared.document["differences"]
    assert (difference["name"], difference["expected"]) == (lost, "no such order")
    examined = await account.trimtab("doctor", "--json")
    found = {c["check"]: c for c in examined.document["checks"]}
    assert (found["stops"]["outcome"], found["foreign_orders"]["outcome"]) == ("fail", "pass")
    assert f"{lost} in BTC/USDT:USDT (unknown there)" in found["stops"]["found"]
    assert "trimtab reconcile" in found["stops"]["fix"]


async def placing(account_at: AccountAt, *, hidden_ms: int) -> tuple[Account, Ended]:
    """Have a hedge opened whose stop is taken, unanswered, and in no list for a while."""
    account = await opened(account_at, ONE_COIN, hedge=RESTS)
    hidden = dict.fromkeys(("order", "open_orders", "all_orders"), hidden_ms)
    for kind, more in ((Kind.RESET_AFTER, {}), (Kind.INVISIBLE, {"hide_ms": hidden})):
        account.exchange.inject(Fault(kind=kind, method="POST", path=CONDITIONAL, **more))
    ran = await account.trimtab("hedge", "BTC", "10%", "--execute", "--yes", "--json")
    return account, ran


async def test_a_stop_that_shows_late_is_waited_for_and_placed_once(account_at: AccountAt) -> None:
    account, ran = await placing(account_at, hidden_ms=1500)
    assert ran.code == 0, ran.text
    [stop] = ran.document["execution"]["stops"]
    assert (stop["status"], len(resting(account))) == ("resting", 1)


async def test_a_stop_that_shows_only_after_its_absence_was_proved_is_told(
    account_at: AccountAt,
) -> None:
    account, ran = await placing(account_at, hidden_ms=600_000)
    assert ran.code == 5, ran.text
    [stop] = ran.document["execution"]["stops"]
    assert (stop["status"], len(account.exchange.truth()["conditionals"])) == ("absent", 1)
    [late] = resting(account)
    account.exchange.exchange.state.conditionals.veil.hide(late["number"], until_ms={})
    compared = await account.trimtab("reconcile", "--json")
    assert compared.code == 1, compared.text
    told = {d["name"]: d["expected"] for d in compared.document["differences"]}
    assert told[late["client_id"]] == "stop absent"
    by_hand = f"cancel {late['client_id']} on the exchange's page of conditional orders"
    assert compared.document["next"] == f"{by_hand}, then trimtab reconcile"
    examined = await account.trimtab("doctor", "--json")
    (stops,) = [c for c in examined.document["checks"] if c["check"] == "stops"]
    assert (examined.code, stops["outcome"]) == (1, "fail")
    assert f"{late['client_id']} in BTC/USDT:USDT (absent)" in stops["found"]
    withdraw(account.exchange.exchange.state, client_id=late["client_id"])
    assert (await account.trimtab("reconcile")).code == 0
