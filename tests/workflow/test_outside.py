"""Somebody else's hand, and a venue that breaks its promise: booked, named, and stopped for."""

from __future__ import annotations

from dataclasses import replace

from tests.builders import policy
from tests.fakes.memory_ledger import MemoryLedger
from tests.fakes.memory_venue import Fault
from tests.fakes.told_history import NOTHING_TOLD
from tests.workflow.floor import Floor
from trimtab.adapters.references.unread import UnreadReferences
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import OrderState
from trimtab.execution.tracking import Outlook
from trimtab.ports import PlanStatus
from trimtab.risk.context import GateContext
from trimtab.workflow.propose import Planner, gate_context
from trimtab.workflow.recover import recover

HOLDINGS = "BTC 0.2 @ 60000, ETH 1 @ 3000, USDT 1000, wallet 500"
LEGS = ("sell 0.1 BTC", "sell 0.01 perp BTC")
PERP = Symbol("BTC/USDT:USDT")


async def known_to_the_gate(floor: Floor) -> GateContext:
    """Return what the gate would be told now."""
    _, ledger = floor.desk()
    planner = Planner(
        market=floor.venue,
        payments=floor.venue,
        references=UnreadReferences(),
        history=NOTHING_TOLD,
        ledger=ledger,
        keys=floor.venue,
        clock=floor.clock,
        policy=policy(),
        owner="a test",
        wish=None,
    )
    snapshot = await floor.venue.snapshot(planner.portfolio)
    return await gate_context(planner, snapshot, floor.plan, holder=None)


async def after_a_run(fault: Fault | None = None) -> Floor:
    floor = Floor(HOLDINGS, *LEGS, faults={(1, 1): fault} if fault else {})
    await floor.execute()
    floor.clock.move(60)
    return floor


async def test_after_a_run_the_gate_knows_of_nobody_else() -> None:
    context = await known_to_the_gate(await after_a_run())
    assert (context.outside, context.late) == ({}, ())


async def test_before_the_first_statement_there_is_nothing_to_hold_positions_against() -> None:
    floor = Floor("BTC 0.2 @ 60000, USDT 1000, wallet 500, perp BTC -0.01", "sell 0.1 BTC")
    assert (await known_to_the_gate(floor)).outside == {}


async def test_a_contract_traded_by_somebody_else_is_told_until_it_is_adopted() -> None:
    floor = await after_a_run()
    floor.venue.trade_by_hand(floor.plan.legs[1].instrument, 50)
    assert list((await known_to_the_gate(floor)).outside) == [PERP]
    await floor.reconcile()
    assert list((await known_to_the_gate(floor)).outside) == [PERP]
    floor.clock.move(1)
    await floor.reconcile(adopt=True)
    assert (await known_to_the_gate(floor)).outside == {}


async def test_a_fill_of_somebody_else_that_a_run_booked_in_passing_is_told_too() -> None:
    floor = await after_a_run()
    floor.venue.trade_by_hand(floor.plan.legs[1].instrument, 50)
    _, ledger = floor.desk()
    async with ledger.holding_account(owner="a run"):
        cursor = await ledger.fill_cursor(PERP)
        await ledger.book_fills(PERP, await floor.venue.fills(PERP, since=cursor))
    told = (await known_to_the_gate(floor)).outside
    assert "by no order of ours" in told[PERP]


async def test_an_open_order_of_ours_explains_no_position_yet() -> None:
    floor = Floor(HOLDINGS, "sell 0.01 perp BTC", faults={(1, 1): Fault.RESTS_FOR_EVER})
    await floor.execute()
    floor.venue.truth.positions[PERP] = -7
    assert (await known_to_the_gate(floor)).outside == {}


async def taken_after_its_fence() -> Floor:
    """Return a floor whose order was proved absent, and accepted by the venue later."""
    floor = Floor(HOLDINGS, "sell 0.1 BTC", faults={(1, n): Fault.RESET_BEFORE for n in (1, 2, 3)})
    await floor.execute()
    assert set(floor.states.values()) == {OrderState.ABSENT}
    floor.venue._place(floor.records["1.1"].intent, None)
    return floor


async def test_an_order_taken_after_its_fence_is_found_booked_and_a_contradiction() -> None:
    floor = await taken_after_its_fence()
    recovery = await floor.recover()
    assert recovery.exit_code == 6
    [found] = recovery.orders
    assert (found.before, found.after) == (OrderState.ABSENT, OrderState.ABSENT)
    assert (found.outlook, found.filled_lots) == (Outlook.CONTRADICTED, -1000)
    assert sum(f.quantity for f in floor.fills) == floor.plan.legs[0].quantity
    assert {f.client_order_id for f in floor.fills} == {floor.records["1.1"].intent.client_order_id}
    assert [r.intent.attempt for r in (await known_to_the_gate(floor)).late] == [1]


async def test_a_person_who_adopts_an_order_taken_late_lets_runs_go_on() -> None:
    floor = await taken_after_its_fence()
    await floor.recover()
    floor.clock.move(1)
    assert (await floor.reconcile(adopt=True)).exit_code == 0
    assert (await known_to_the_gate(floor)).late == ()
    assert (await floor.recover()).orders == ()


async def test_adoption_names_the_order_that_a_late_fill_belongs_to() -> None:
    floor = await taken_after_its_fence()
    adopted = (await floor.reconcile(adopt=True)).adopted
    ours = floor.records["1.1"].intent.client_order_id
    assert {f.client_order_id for f in adopted} == {ours}
    last = floor.store.real.transitions[-1]
    assert (last.client_order_id, last.state) == (ours, OrderState.ABSENT)
    assert "came after it was closed" in last.note


async def test_an_order_that_stays_absent_is_not_spoken_of_again() -> None:
    floor = Floor(HOLDINGS, "sell 0.1 BTC", faults={(1, n): Fault.RESET_BEFORE for n in (1, 2, 3)})
    await floor.execute()
    recovery = await floor.recover()
    assert (recovery.exit_code, recovery.orders) == (0, ())
    assert floor.venue.requests.count("look_up") > 0


async def test_orders_proved_absent_long_ago_are_not_looked_for_any_more() -> None:
    floor = await taken_after_its_fence()
    floor.clock.move(90_000)
    asked = len(floor.venue.requests)
    assert (await floor.recover()).orders == ()
    assert len(floor.venue.requests) == asked


async def left_executing(floor: Floor) -> MemoryLedger:
    """Return the ledger of a run that was killed before it could say how its plan ended."""
    saved = floor.store.plans[floor.plan.digest]
    floor.store.plans[floor.plan.digest] = replace(saved, status=PlanStatus.EXECUTING)
    _, ledger = floor.desk()
    return ledger


async def status_after_recovery(floor: Floor) -> PlanStatus:
    await left_executing(floor)
    await floor.recover()
    return floor.store.plans[floor.plan.digest].status


async def test_a_plan_whose_run_died_is_told_how_it_ended() -> None:
    assert await status_after_recovery(await after_a_run()) is PlanStatus.EXECUTED
    assert await status_after_recovery(await after_a_run(Fault.UNFILLED)) is PlanStatus.EXECUTED
    refused = await after_a_run(Fault.REFUSED)
    assert await status_after_recovery(refused) is PlanStatus.PARTIAL
    rests = await after_a_run(Fault.RESTS_FOR_EVER)
    assert await status_after_recovery(rests) is PlanStatus.UNKNOWN


async def test_a_plan_whose_run_died_before_its_first_order_has_a_rest() -> None:
    floor = Floor(HOLDINGS, *LEGS)
    desk, ledger = floor.desk()
    await floor.save(ledger)
    await ledger.set_plan_status(floor.plan.digest, PlanStatus.EXECUTING)
    async with ledger.holding_account(owner="a recovery"):
        assert (await recover(desk, receive_window_ms=5_000)).orders == ()
    assert floor.store.plans[floor.plan.digest].status is PlanStatus.PARTIAL
