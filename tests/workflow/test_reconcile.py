"""Reconciliation holds the ledger against the venue, and writes nothing unless asked to."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.fakes.memory_venue import Fault
from tests.workflow.floor import Floor
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.statement import ExternalFlow
from trimtab.execution.reconcile import Actor, Subject

HOLDINGS = "BTC 0.2 @ 60000, ETH 1 @ 3000, USDT 1000, wallet 500"
LEGS = ("sell 0.1 BTC", "sell 0.01 perp BTC")


async def after_a_run(fault: Fault | None = None) -> Floor:
    floor = Floor(HOLDINGS, *LEGS, faults={(1, 1): fault} if fault else {})
    await floor.execute()
    floor.clock.move(60)
    return floor


async def test_after_a_run_both_agree() -> None:
    result = await (await after_a_run()).reconcile()
    assert (result.differences, result.exit_code, result.has_statement) == ((), 0, True)


async def test_before_the_first_run_there_is_nothing_to_hold_balances_against() -> None:
    result = await Floor(HOLDINGS, *LEGS).reconcile()
    assert (result.exit_code, result.has_statement) == (0, False)


async def test_somebody_elses_executions_are_found_and_adopted_on_request() -> None:
    floor = await after_a_run()
    before = len(floor.fills)
    floor.venue.trade_by_hand(floor.plan.legs[0].instrument, -100)
    floor.venue.trade_by_hand(floor.plan.legs[1].instrument, -50)
    result = await floor.reconcile()
    assert result.exit_code == 1
    assert {d.subject for d in result.differences} == {
        Subject.FILL,
        Subject.BALANCE,
        Subject.POSITION,
    }
    assert len(result.payments) == 3  # Of the run, and the fee and the profit of the stranger.
    assert {d.who for d in result.differences} == {Actor.ADOPT}
    assert len(floor.fills) == before
    floor.clock.move(60)
    adopted = await floor.reconcile(adopt=True)
    assert (len(adopted.adopted), adopted.differences, adopted.flows) == (2, (), ())
    assert [f.client_order_id for f in floor.fills[before:]] == [None] * 2
    assert (await floor.reconcile()).exit_code == 0


async def test_an_execution_after_the_statement_is_found_though_clocks_differ() -> None:
    floor = await after_a_run()
    statement = await floor.desk()[1].statement()
    assert statement is not None
    floor.venue.trade_by_hand(floor.plan.legs[0].instrument, -100)
    last = floor.venue.truth.trades[-1]
    last.fill = dataclasses.replace(last.fill, filled_at=statement.taken_at - timedelta(seconds=1))
    adopted = (await floor.reconcile(adopt=True)).adopted
    assert [fill.trade_id for fill in adopted] == [last.fill.trade_id]


async def test_no_first_statement_is_taken_of_lists_that_hide_an_execution() -> None:
    floor = Floor(HOLDINGS, *LEGS)
    floor.venue.trade_by_hand(floor.plan.legs[1].instrument, -50)
    late = floor.venue.truth.trades[-1]
    late.shown_at += timedelta(seconds=300)
    floor.clock.move(120)
    with pytest.raises(NotDone, match="does not hold still"):
        await floor.reconcile(adopt=True)
    assert floor.store.statements == []
    floor.clock.move(300)
    await floor.reconcile(adopt=True)
    assert len(floor.store.statements) == 1
    assert (await floor.reconcile()).differences == ()


async def test_a_first_statement_does_not_wait_for_an_execution_that_is_never_listed() -> None:
    floor = Floor(HOLDINGS, *LEGS)
    floor.venue.trade_by_hand(floor.plan.legs[1].instrument, -50)
    floor.venue.truth.trades[-1].shown_at += timedelta(hours=3)
    floor.clock.move(3600)
    with pytest.raises(NotDone, match="does not hold still"):
        await floor.reconcile(adopt=True)
    floor.clock.move(61)
    await floor.reconcile(adopt=True)
    assert len(floor.store.statements) == 1
    floor.clock.move(3 * 3600)  # Listed at last, and long in the account.
    assert (await floor.reconcile()).differences == ()


async def test_the_closing_of_a_position_that_the_snapshot_no_longer_shows_is_adopted() -> None:
    floor = Floor("BTC 0.2 @ 60000, USDT 1000, wallet 500, perp BTC -0.01", "sell 0.1 BTC")
    await floor.execute()
    floor.clock.move(60)
    base, perpetual = floor.venue.base, Symbol("BTC/USDT:USDT")
    floor.venue.trade_by_hand(base.instruments[perpetual], 100)
    floor.venue.base = dataclasses.replace(
        base,
        instruments={s: i for s, i in base.instruments.items() if s != perpetual},
        contracts={s: c for s, c in base.contracts.items() if s != perpetual},
    )
    assert [f.symbol for f in (await floor.reconcile(adopt=True)).adopted] == [perpetual]


async def test_a_closing_is_explained_though_nothing_names_its_market_any_more() -> None:
    floor = Floor("BTC 0.2 @ 60000, USDT 1000, wallet 500, perp BTC -0.01", "sell 0.1 BTC")
    await floor.execute()
    floor.clock.move(60)
    base, perpetual = floor.venue.base, Symbol("BTC/USDT:USDT")
    floor.venue.trade_by_hand(base.instruments[perpetual], 100)
    for paid in floor.venue.truth.paid:
        paid.shown_at += timedelta(seconds=300)
    floor.venue.base = dataclasses.replace(
        base,
        instruments={s: i for s, i in base.instruments.items() if s != perpetual},
        contracts={s: c for s, c in base.contracts.items() if s != perpetual},
    )
    found = (await floor.reconcile()).differences
    assert [d.who for d in found if d.subject is Subject.POSITION] == [Actor.ADOPT]


async def test_a_deposit_is_a_difference_until_it_is_adopted() -> None:
    floor = await after_a_run()
    floor.venue.truth.free[Asset("USDT")] += 250
    [found] = (await floor.reconcile()).differences
    assert (found.subject, found.name, found.who) == (Subject.BALANCE, "USDT", Actor.ADOPT)
    assert Decimal(found.actual) - Decimal(found.expected) == 250
    adopted = await floor.reconcile(adopt=True)
    flow = ExternalFlow(asset=Asset("USDT"), units=Decimal(250))
    assert (adopted.exit_code, adopted.flows, floor.store.flows) == (0, (flow,), [flow])
    assert (await floor.reconcile(adopt=True)).flows == ()


async def test_an_order_that_is_not_closed_names_recovery() -> None:
    floor = await after_a_run(Fault.RESTS_FOR_EVER)
    differences = (await floor.reconcile()).differences
    assert [(d.subject, d.actual, d.who) for d in differences] == [
        (Subject.ORDER, "open", Actor.RECOVER)
    ]


async def test_a_resting_order_that_the_ledger_closed_or_never_had_needs_a_person() -> None:
    floor = await after_a_run()
    floor.venue.truth.placed[0].ended = False
    [found] = (await floor.reconcile()).differences
    assert (found.expected, found.who) == ("filled", Actor.PERSON)
    stranger = floor.venue.truth.placed[0]
    stranger.intent = dataclasses.replace(stranger.intent, client_order_id="stranger")
    [found] = (await floor.reconcile()).differences
    assert (found.expected, found.who) == ("no such order", Actor.PERSON)


async def test_fills_of_an_order_that_is_not_settled_are_left_to_recovery() -> None:
    floor = Floor(HOLDINGS, *LEGS)
    floor.venue.unreachable = {"fills"}
    await floor.execute()
    floor.venue.unreachable = set()
    found = (await floor.reconcile()).differences
    fills = [d for d in found if d.subject is Subject.FILL]
    assert {d.who for d in fills} == {Actor.RECOVER}


async def test_a_strangers_fill_is_not_recoverys_because_two_markets_number_orders_alike() -> None:
    floor = await after_a_run(Fault.RESTS_FOR_EVER)
    floor.venue.trade_by_hand(floor.plan.legs[1].instrument, -50)
    last, resting = floor.venue.truth.trades[-1], floor.records["1.1"]
    assert resting.venue_order_id is not None
    last.fill = dataclasses.replace(last.fill, venue_order_id=resting.venue_order_id)
    found = (await floor.reconcile()).differences
    assert [d.who for d in found if d.subject is Subject.FILL] == [Actor.ADOPT]


async def test_a_fill_that_the_venue_tells_otherwise_or_not_at_all_needs_a_person() -> None:
    floor = await after_a_run()
    first = floor.venue.truth.trades[0]
    first.fill = dataclasses.replace(first.fill, fee=Decimal(1))
    [found] = (await floor.reconcile()).differences
    assert (found.subject, found.who) == (Subject.FILL, Actor.PERSON)
    floor.venue.truth.trades.remove(first)
    [found] = (await floor.reconcile()).differences
    assert (found.actual, found.name) == ("not listed", "BTC/USDT 1")


async def test_a_position_that_fills_do_not_explain_is_a_difference() -> None:
    floor = await after_a_run()
    floor.venue.truth.positions[Symbol("BTC/USDT:USDT")] = -70
    [found] = (await floor.reconcile()).differences
    assert (found.subject, found.expected, found.actual, found.who) == (
        Subject.POSITION,
        "-100 lots",
        "-70 lots",
        Actor.PERSON,
    )
