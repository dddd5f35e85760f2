"""A run places stops of exactly what is filled, once, and knows what became of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import NOW, dec
from tests.fakes.memory_notices import NoticeStore
from tests.fakes.memory_venue import Fault
from tests.workflow.floor import PORTFOLIO, Floor, findings
from tests.workflow.stop_scenes import (
    HEDGE,
    PERP,
    opening,
    then_buys_back,
    then_mends,
    with_a_stop,
)
from tests.workflow.test_telling import office_of
from trimtab.approval import approve, grant
from trimtab.domain.approved import ApprovalKind
from trimtab.domain.findings import Verdict
from trimtab.domain.hedges import HedgeBook, HedgeCause
from trimtab.domain.instruments import Asset, Lots
from trimtab.domain.notices import NoticeKind
from trimtab.domain.stops import SeenStop, StopId, StopRecord, StopState
from trimtab.execution.report import Outcome, stops_alone
from trimtab.execution.tracking import Outlook
from trimtab.hedging.book import book_of
from trimtab.workflow.kept_stops import placed_last
from trimtab.workflow.preflight import Wiring
from trimtab.workflow.recovered_stops import without_stop
from trimtab.workflow.telling import write_down


def stops(floor: Floor) -> list[StopRecord]:
    return list(floor.store.real.stops.values())


def resting(floor: Floor) -> list[tuple[StopId, int]]:
    return [
        (each.intent.stop_id, each.intent.lots)
        for each in floor.stops.rested
        if each.state is SeenStop.RESTING
    ]


async def book(floor: Floor) -> HedgeBook:
    _, ledger = floor.desk()
    return book_of(await ledger.hedge_record(), Asset("USDT"))


async def opened(floor: Floor | None = None) -> tuple[Floor, StopId, int]:
    """Return a floor with a hedge and its stop, and the stop's name and lots."""
    floor = floor or opening()
    assert (await floor.execute()).outcome is Outcome.EXECUTED
    ((name, lots),) = resting(floor)
    return floor, name, lots


async def test_the_stop_rests_after_the_fills_at_the_average_entry_plus_the_rule() -> None:
    floor, name, lots = await opened()
    (record,) = stops(floor)
    (hedge,) = (await book(floor)).open
    assert (record.state, record.intent.stop_id) == (StopState.RESTING, name)
    assert lots == -floor.venue.truth.positions[PERP]
    above = record.intent.trigger_price - hedge.entry * dec("1.1")
    assert 0 <= above < record.intent.instrument.tick_size
    floor.check_the_promises()


async def test_a_hedge_that_filled_in_part_has_a_stop_of_that_part() -> None:
    floor = opening({(1, attempt): Fault.PARTIAL for attempt in range(1, 9)})
    outcome = await floor.execute()
    ((_, lots),) = resting(floor)
    assert lots == -floor.venue.truth.positions[PERP]
    assert lots < floor.plan.stops[0].lots
    assert outcome.stops[0].is_well


async def test_a_hedge_of_which_nothing_filled_has_no_stop() -> None:
    floor = opening({(1, attempt): Fault.UNFILLED for attempt in range(1, 9)})
    outcome = await floor.execute()
    assert (resting(floor), outcome.stops) == ([], ())


async def test_a_stop_whose_answer_was_lost_is_found_and_not_placed_again() -> None:
    for fault in (Fault.RESET_AFTER, Fault.LATE, Fault.INVISIBLE):
        floor = opening(stop_fault=fault)
        assert (await floor.execute()).outcome is Outcome.EXECUTED
        assert floor.venue.requests.count("place_stop") == 1
        assert [record.state for record in stops(floor)] == [StopState.RESTING]
        floor.check_the_promises()


async def test_a_stop_that_never_arrived_is_proved_absent_and_leaves_the_run_partial() -> None:
    floor = opening(stop_fault=Fault.RESET_BEFORE)
    outcome = await floor.execute()
    assert outcome.outcome is Outcome.PARTIAL
    assert floor.venue.requests.count("place_stop") == 1
    assert [record.state for record in stops(floor)] == [StopState.ABSENT]


@pytest.mark.parametrize(
    ("fault", "state"), [(Fault.REFUSED, StopState.REFUSED), (Fault.THROTTLED, StopState.ABSENT)]
)
async def test_a_stop_that_the_venue_does_not_take_leaves_the_run_partial(
    fault: Fault, state: StopState
) -> None:
    floor = opening(stop_fault=fault)
    outcome = await floor.execute()
    assert (outcome.outcome, [r.state for r in stops(floor)]) == (Outcome.PARTIAL, [state])


async def test_an_answer_about_another_stop_ends_with_the_outcome_unknown() -> None:
    floor = opening(stop_fault=Fault.OTHER_ANSWER)
    outcome = await floor.execute()
    assert outcome.outcome is Outcome.UNKNOWN
    assert outcome.unknown == (stops(floor)[0].intent.stop_id,)
    assert (await floor.recover()).exit_code == 0
    assert [record.state for record in stops(floor)] == [StopState.RESTING]


async def test_a_stop_that_cannot_be_looked_up_stays_unknown_until_recovery() -> None:
    floor = opening(stop_fault=Fault.RESET_AFTER)
    floor.venue.unreachable.add("look_up_stop")
    outcome = await floor.execute()
    assert (outcome.outcome, outcome.outcome.exit_code) == (Outcome.UNKNOWN, 6)
    assert [record.state for record in stops(floor)] == [StopState.UNKNOWN]
    unanswered = await floor.recover()
    assert (unanswered.exit_code, len(unanswered.unresolved_stops)) == (7, 1)
    floor.venue.unreachable.clear()
    recovery = await floor.recover()
    assert (recovery.exit_code, [s.record.state for s in recovery.stops]) == (
        0,
        [StopState.RESTING],
    )
    floor.check_the_promises()


async def test_a_stop_that_fired_with_nobody_there_is_booked_as_the_close_of_its_hedge() -> None:
    floor, name, lots = await opened()
    floor.stops.fire(name, at=dec(66_050))
    recovery = await floor.recover()
    (hedge,) = (await book(floor)).hedges
    assert recovery.exit_code == 0
    assert (hedge.is_open, hedge.closed_by, hedge.hedge_id) == (False, HedgeCause.STOP, HEDGE)
    assert hedge.realised < 0
    (fired,) = [f for f in floor.fills if f.client_order_id == name]
    assert fired.quantity == stops(floor)[0].intent.instrument.units(lots)
    await floor.pay_up()
    assert (await floor.reconcile()).differences == ()
    floor.check_the_promises()


async def test_recovery_tells_nothing_of_a_stop_that_rests_as_before() -> None:
    floor, _, _ = await opened()
    recovery = await floor.recover()
    assert (recovery.exit_code, recovery.stops) == (0, ())
    assert "place_stop" not in floor.venue.requests[floor.venue.requests.index("look_up_stop") :]


async def test_a_stop_that_somebody_withdrew_is_told_and_put_again_by_the_next_plan() -> None:
    floor, name, lots = await opened()
    floor.stops.rested[0].state = SeenStop.WITHDRAWN
    recovery = await floor.recover()
    assert [s.record.state for s in recovery.stops] == [StopState.WITHDRAWN]
    await then_mends(floor, lots=lots)
    assert (await floor.execute()).outcome is Outcome.EXECUTED
    ((other, again),) = resting(floor)
    assert (other != name, again) == (True, lots)


async def test_a_stop_that_no_list_shows_any_more_rests_no_more() -> None:
    floor, _, _ = await opened()
    floor.stops.rested.clear()
    recovery = await floor.recover()
    assert [s.record.state for s in recovery.stops] == [StopState.WITHDRAWN]


async def test_a_hedge_that_shrinks_has_its_stop_withdrawn_first_and_a_smaller_one_last() -> None:
    floor, name, lots = await opened()
    before = len(floor.venue.requests)
    await then_buys_back(floor, "0.02", left=lots - 20, withdraws=name)
    assert (await floor.execute()).outcome is Outcome.EXECUTED
    asked = floor.venue.requests[before:]
    writes = [r for r in asked if r in ("withdraw_stop", "submit", "place_stop")]
    assert writes == ["withdraw_stop", "submit", "place_stop"]
    ((other, left),) = resting(floor)
    assert (other != name, left) == (True, -floor.venue.truth.positions[PERP])
    floor.check_the_promises()


async def test_a_hedge_that_closes_has_no_stop_any_more() -> None:
    floor, name, _ = await opened()
    await then_buys_back(floor, "0.05", left=0, withdraws=name)
    assert (await floor.execute()).outcome is Outcome.EXECUTED
    assert resting(floor) == []
    assert (await book(floor)).open == ()


async def test_a_hedge_whose_close_did_not_fill_gets_its_stop_back() -> None:
    floor, name, lots = await opened()
    await then_buys_back(floor, "0.05", left=0, withdraws=name)
    floor.venue.faults = {(1, attempt): Fault.UNFILLED for attempt in range(1, 9)}
    await floor.execute()
    ((other, again),) = resting(floor)
    assert (other != name, again) == (True, lots)


async def test_a_plan_whose_stop_has_fired_sends_no_order() -> None:
    floor, name, _ = await opened()
    await then_buys_back(floor, "0.05", left=0, withdraws=name)
    floor.venue.on_request["withdraw_stop"] = lambda: _fires_once(floor, name)
    submits = floor.venue.requests.count("submit")
    outcome = await floor.execute()
    assert (outcome.outcome, "has fired" in outcome.note) == (Outcome.PARTIAL, True)
    assert floor.venue.requests.count("submit") == submits
    assert (await floor.recover()).exit_code == 0
    assert (await book(floor)).open == ()


def _fires_once(floor: Floor, name: StopId) -> None:
    """Let the stop fire at the moment in which it is to be withdrawn."""
    floor.venue.on_request.clear()
    floor.stops.fire(name, at=dec(66_050))


async def test_a_withdrawal_whose_answer_was_lost_is_looked_up_before_an_order_follows() -> None:
    floor, name, lots = await opened()
    await then_buys_back(floor, "0.02", left=lots - 20, withdraws=name)
    floor.stops.withdrawal_lost = True
    assert (await floor.execute()).outcome is Outcome.EXECUTED
    assert floor.venue.requests.count("withdraw_stop") == 1
    floor.check_the_promises()


async def test_a_stop_that_cannot_be_withdrawn_keeps_the_plan_from_its_orders() -> None:
    floor, name, lots = await opened()
    await then_buys_back(floor, "0.02", left=lots - 20, withdraws=name)
    floor.stops.withdrawal_fails = True
    submits = floor.venue.requests.count("submit")
    outcome = await floor.execute()
    assert (outcome.outcome, "could not be withdrawn" in outcome.note) == (Outcome.PARTIAL, True)
    assert (floor.venue.requests.count("submit"), resting(floor)) == (submits, [(name, lots)])


async def test_a_withdrawal_of_which_nothing_is_known_ends_with_the_outcome_unknown() -> None:
    floor, name, lots = await opened()
    await then_buys_back(floor, "0.02", left=lots - 20, withdraws=name)
    floor.venue.unreachable.update({"look_up_stop"})
    submits = floor.venue.requests.count("submit")
    outcome = await floor.execute()
    assert (outcome.outcome, outcome.outcome.exit_code) == (Outcome.UNKNOWN, 6)
    assert floor.venue.requests.count("submit") == submits
    assert [s.is_well for s in outcome.stops] == [False]


async def test_what_the_gate_refuses_leaves_every_stop_where_it_is() -> None:
    floor, name, lots = await opened()
    await then_buys_back(floor, "0.02", left=lots - 20, withdraws=name)
    floor.gate.refuse_from = len(floor.gate.seen) + 1
    assert (await floor.execute()).outcome is Outcome.REFUSED
    assert resting(floor) == [(name, lots)]


async def test_a_halt_since_the_gate_looked_puts_no_stop() -> None:
    floor = opening()
    floor.venue.on_request["submit"] = lambda: floor.store.halts.append(
        ("by hand", "ada", floor.clock.now())
    )
    outcome = await floor.execute()
    assert (resting(floor), [s.state for s in outcome.stops]) == ([], [StopState.ABSENT])
    assert "halted" in outcome.stops[0].note


async def test_a_dry_run_places_and_withdraws_no_stop() -> None:
    floor = opening()
    floor.kind = ApprovalKind.DRY_RUN
    await floor.execute()
    assert (floor.stops.rested, stops(floor)) == ([], [])


async def test_a_stop_of_our_name_that_is_another_one_is_left_to_a_person() -> None:
    floor, _, _ = await opened()
    rested = floor.stops.rested[0]
    rested.intent = replace(rested.intent, lots=Lots(rested.intent.lots + 1))
    recovery = await floor.recover()
    assert recovery.exit_code == 6
    assert [s.outlook for s in recovery.unresolved_stops] == [Outlook.CONTRADICTED]


async def test_a_stop_that_fired_is_told_once_and_not_of_before_notices_began() -> None:
    floor, name, _ = await opened()
    floor.stops.fire(name, at=dec(66_050))
    await floor.recover()
    _, ledger = floor.desk()
    late = floor.clock.now() + timedelta(seconds=1)
    for began_at, kinds in ((late, []), (NOW, [NoticeKind.STOP_FIRED])):
        office = office_of(ledger, floor.clock, {})
        office = replace(office, began_at=began_at)
        for _ in range(2):
            await write_down(office, is_asked=False)
        told = [r.notice.kind for r in await ledger.notices()]
        assert [k for k in told if k is NoticeKind.STOP_FIRED] == kinds
        floor.store.told = NoticeStore()


async def test_absence_is_not_proved_while_the_venues_clock_is_before_the_fence() -> None:
    floor = opening(stop_fault=Fault.RESET_BEFORE)
    floor.venue.behind_s = 10_000
    assert (await floor.execute()).outcome is Outcome.UNKNOWN
    assert [record.state for record in stops(floor)] == [StopState.UNKNOWN]


async def test_a_stop_whose_fence_is_hours_off_because_the_clock_was_set_back_stays_unknown() -> (
    None
):
    floor = opening(stop_fault=Fault.RESET_BEFORE)
    floor.venue.behind_s = 10_000
    assert (await floor.execute()).outcome is Outcome.UNKNOWN
    floor.venue.behind_s = 0
    floor.clock.move(-36_000)
    began = floor.clock.now()
    (told,) = (await floor.recover()).unresolved_stops
    assert (told.record.state, told.outlook) == (StopState.UNKNOWN, Outlook.UNPROVED)
    assert floor.clock.now() - began < timedelta(minutes=2)
    floor.clock.move(36_000)
    assert (await floor.recover()).exit_code == 0
    assert [record.state for record in stops(floor)] == [StopState.ABSENT]


async def test_an_order_that_a_stop_became_is_waited_for_and_never_vanishes() -> None:
    floor, name, _ = await opened()
    floor.stops.fire(name, at=dec(66_050))
    became = floor.stops.rested[0].order
    assert became is not None
    became.ended = False
    told = (await floor.recover()).unresolved_stops
    assert [(s.record.state, s.outlook) for s in told] == [(StopState.FIRED, Outlook.STILL_OPEN)]
    (rested,) = floor.stops.rested
    floor.stops.rested.clear()
    told = (await floor.recover()).unresolved_stops
    assert [(s.record.state, s.outlook) for s in told] == [(StopState.FIRED, Outlook.UNPROVED)]
    floor.stops.rested.append(rested)
    became.ended = True
    assert (await floor.recover()).exit_code == 0
    assert (await book(floor)).open == ()


async def test_a_withdrawal_that_shows_late_is_waited_for_before_an_order_follows() -> None:
    floor, name, lots = await opened()
    await then_buys_back(floor, "0.02", left=lots - 20, withdraws=name)
    floor.stops.lag_s = 2.0
    assert (await floor.execute()).outcome is Outcome.EXECUTED
    floor.check_the_promises()


async def test_a_dry_run_of_a_close_leaves_the_stop_where_it_is() -> None:
    floor, name, lots = await opened()
    await then_buys_back(floor, "0.05", left=0, withdraws=name)
    floor.kind = ApprovalKind.DRY_RUN
    await floor.execute()
    assert resting(floor) == [(name, lots)]


async def test_a_run_that_is_asked_to_stop_at_once_withdraws_nothing() -> None:
    floor, name, lots = await opened()
    await then_buys_back(floor, "0.05", left=0, withdraws=name)
    floor.stop.set()
    assert (await floor.execute()).outcome is Outcome.INTERRUPTED
    assert resting(floor) == [(name, lots)]


async def test_a_plan_that_the_gate_passed_under_a_halt_puts_its_stops_under_it() -> None:
    floor, _, lots = await opened()
    floor.stops.rested[0].state = SeenStop.WITHDRAWN
    await floor.recover()
    await then_mends(floor, lots=lots)
    report = findings(floor.plan, Verdict.WARN, check="kill_switch")
    at = floor.plan.made_at
    yes = grant(report, kind=ApprovalKind.TYPED, by="a test", at=at, ttl_s=300)
    approved = approve(floor.plan, report, yes, now=at)
    desk, ledger = floor.desk()
    await floor.save(ledger)
    await ledger.set_halt("by hand", by="ada", at=at)
    wiring = Wiring(
        desk=desk,
        market=floor.venue,
        portfolio=PORTFOLIO,
        policy=floor.policy,
        regate=floor.gate,
        rests_on=None,
    )
    async with ledger.holding_account(owner="a run"):
        outcome = await placed_last(approved, wiring, stops_alone(report))
    assert [s.is_well for s in outcome.stops] == [True]


async def test_a_stop_that_fired_hours_before_anybody_looked_is_booked_all_the_same() -> None:
    floor, name, _ = await opened()
    await floor.clock.sleep(50_000)
    floor.stops.fire(name, at=dec(66_050))
    await floor.clock.sleep(50_000)
    assert (await floor.recover()).exit_code == 0
    assert [h.closed_by for h in (await book(floor)).hedges] == [HedgeCause.STOP]
    floor.check_the_promises()


async def test_a_hedge_whose_stop_is_gone_is_told_until_it_has_one_again() -> None:
    floor, _, lots = await opened()
    _, ledger = floor.desk()
    rules, quote = floor.policy.hedge, Asset("USDT")
    assert await without_stop(ledger, rules, quote) == ()
    floor.stops.rested[0].state = SeenStop.WITHDRAWN
    await floor.recover()
    assert await without_stop(ledger, rules, quote) == (HEDGE,)
    assert await without_stop(ledger, replace(rules, rests_stop=False), quote) == ()
    await then_mends(floor, lots=lots)
    await floor.execute()
    assert await without_stop(ledger, rules, quote) == ()


async def test_the_gate_sees_the_account_as_it_is_once_the_stops_are_withdrawn() -> None:
    """Withdrawing takes its time: what was read before it may be too old to send an order by."""
    floor, name, lots = await opened()
    await then_buys_back(floor, "0.02", left=lots - 20, withdraws=name)
    floor.stops.lag_s = 4.0
    ages = list[timedelta]()
    floor.gate.on_review = lambda number: ages.append(
        floor.clock.now() - floor.gate.seen[number - 1][1].taken_at
    )
    assert (await floor.execute()).outcome is Outcome.EXECUTED
    assert (len(ages) >= 2, max(ages) < timedelta(seconds=1)) == (True, True)


async def test_a_run_that_cannot_read_the_account_once_its_stops_are_withdrawn_puts_them_back() -> (
    None
):
    floor, name, lots = await opened()
    await then_buys_back(floor, "0.02", left=lots - 20, withdraws=name)
    submits = floor.venue.requests.count("submit")
    floor.venue.on_request["withdraw_stop"] = lambda: floor.venue.unreachable.add("snapshot")
    outcome = await floor.execute()
    assert (outcome.outcome, [s.is_well for s in outcome.stops]) == (Outcome.NOTHING_SENT, [True])
    ((other, again),) = resting(floor)
    assert (other != name, again) == (True, lots)
    assert floor.venue.requests.count("submit") == submits


async def test_the_gate_sees_the_stop_of_a_hedge_that_came_short_as_it_will_be_put() -> None:
    """Seen as planned it would be larger than its hedge, and end the run in every market."""
    floor = Floor(
        "BTC 0.2 @ 60000, ETH 1 @ 3000, USDT 1000, wallet 2000",
        *("sell 0.05 perp BTC", "then sell 0.5 ETH"),
        faults={(1, attempt): Fault.PARTIAL for attempt in range(1, 9)},
    )
    with_a_stop(floor)
    outcome = await floor.execute()
    filled = -floor.venue.truth.positions[PERP]
    last, _ = floor.gate.seen[-1]
    assert [leg.symbol for leg in last.legs] == ["ETH/USDT"]
    assert [line.lots for line in last.stops] == [filled] != [floor.plan.stops[0].lots]
    assert [s.is_well for s in outcome.stops] == [True]
    assert [lots for _, lots in resting(floor)] == [filled]
