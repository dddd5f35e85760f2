"""Which hedges a run left without a stop is told as it is: no hedge missed, none told falsely."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import NOW, dec, report_on
from tests.fakes.memory_venue import Fault
from tests.workflow.floor import Floor
from tests.workflow.stop_scenes import HEDGE, NONE, RULES, opening, then_buys_back, then_mends
from tests.workflow.test_stops import opened, resting
from tests.workflow.test_telling import office_of
from trimtab.domain.errors import OutcomeUnknown
from trimtab.domain.findings import Verdict
from trimtab.domain.notices import NoticeKind, notice_id
from trimtab.domain.stops import FIRST_STOP_LINE, SeenStop, StopState
from trimtab.execution.reconcile import Actor
from trimtab.execution.report import Outcome
from trimtab.execution.tracking import Outlook
from trimtab.ports import PlanStatus
from trimtab.workflow.bare_hedges import left_bare
from trimtab.workflow.recovered_stops import require_known
from trimtab.workflow.telling import write_down


async def bare(floor: Floor) -> tuple[str, ...]:
    """Return which hedges the present plan is said to have left bare."""
    _, ledger = floor.desk()
    return await left_bare(floor.plan, ledger)


async def told(floor: Floor) -> list[str]:
    """Return what is told of the present plan, as text."""
    _, ledger = floor.desk()
    office = replace(office_of(ledger, floor.clock, {}), began_at=NOW)
    await write_down(office, is_asked=False)
    ids = {notice_id(office.key, kind, event=floor.plan.digest) for kind in NoticeKind}
    return [r.notice.text for r in await ledger.notices() if r.notice.id in ids]


def unfilled(floor: Floor) -> None:
    """Let no order of the first line fill."""
    floor.venue.faults = {(1, attempt): Fault.UNFILLED for attempt in range(1, 9)}


async def test_a_hedge_whose_close_did_not_fill_and_whose_stop_was_not_put_back_is_told() -> None:
    floor, name, _ = await opened()
    await then_buys_back(floor, "0.05", left=0, withdraws=name)
    unfilled(floor)
    floor.stops.faults[FIRST_STOP_LINE] = Fault.REFUSED
    outcome = await floor.execute()
    assert (outcome.outcome, resting(floor)) == (Outcome.PARTIAL, [])
    assert await bare(floor) == (HEDGE,)
    assert HEDGE in "".join(await told(floor))


@pytest.mark.parametrize("trades", [True, False])
async def test_a_refused_plan_names_what_mends_stops_unless_it_is_that_itself(
    *, trades: bool
) -> None:
    floor = opening(stop_fault=Fault.REFUSED)
    await floor.execute()
    if trades:
        await then_buys_back(floor, "0.02", left=30, withdraws=NONE)
    else:
        await then_mends(floor, lots=50)
    _, ledger = floor.desk()
    await ledger.save_plan(floor.plan, report_on(floor.plan, Verdict.REFUSE), PlanStatus.REFUSED)
    (text,) = await told(floor)
    assert f"stop on the venue that is missing: {HEDGE}" in text
    assert text.endswith("next: trimtab mend-stops" if trades else "next: trimtab status")


async def test_a_hedge_whose_stop_could_not_be_withdrawn_still_has_it() -> None:
    floor, name, lots = await opened()
    await then_buys_back(floor, "0.02", left=lots - 20, withdraws=name)
    floor.stops.withdrawal_fails = True
    await floor.execute()
    assert resting(floor) == [(name, lots)]
    assert await bare(floor) == ()
    assert "No stop was put" not in "".join(await told(floor))


async def test_a_hedge_that_is_to_have_no_stop_any_more_is_not_told_as_left_without() -> None:
    floor, name, _ = await opened()
    floor.policy = replace(RULES, hedge=replace(RULES.hedge, rests_stop=False))
    await then_buys_back(floor, "0.02", left=0, withdraws=name)
    assert (await floor.execute()).outcome is Outcome.EXECUTED
    assert (resting(floor), await bare(floor)) == ([], ())
    assert "No stop was put" not in "".join(await told(floor))


async def test_a_fired_stop_that_is_said_to_be_withdrawn_is_left_to_a_person() -> None:
    floor, name, _ = await opened()
    floor.stops.fire(name, at=dec(66_050))
    (rested,) = floor.stops.rested
    assert rested.order is not None
    rested.order.ended = False
    assert (await floor.recover()).exit_code == 6
    rested.order, rested.state = None, SeenStop.WITHDRAWN
    report = await floor.recover()
    assert [s.outlook for s in report.unresolved_stops] == [Outlook.CONTRADICTED]


async def test_a_withdrawal_that_a_killed_run_never_asked_for_leaves_its_plan_partial() -> None:
    floor, name, lots = await opened()
    await then_mends(floor, lots=0, withdraws=name)
    _, ledger = floor.desk()
    await floor.save(ledger)
    async with ledger.holding_account(owner="a run"):
        await ledger.set_plan_status(floor.plan.digest, PlanStatus.EXECUTING)
    await floor.recover()
    assert resting(floor) == [(name, lots)]
    assert (await ledger.plan(floor.plan.digest)).status is PlanStatus.PARTIAL


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.THROTTLED])
async def test_a_run_that_took_a_stop_away_and_put_none_has_not_sent_nothing(fault: Fault) -> None:
    """Exit code 3 says that the gate refused and nothing was sent, 7 that the venue was gone."""
    floor, name, lots = await opened()
    await then_buys_back(floor, "0.02", left=lots - 20, withdraws=name)
    floor.gate.refuse_from = len(floor.gate.seen) + 2
    floor.stops.faults[FIRST_STOP_LINE] = fault
    outcome = await floor.execute()
    assert (resting(floor), [s.is_well for s in outcome.stops]) == ([], [False])
    assert outcome.outcome is Outcome.PARTIAL
    assert await bare(floor) == (HEDGE,)


async def test_a_plan_of_which_nothing_was_begun_is_not_called_partial() -> None:
    floor, name, lots = await opened()
    await then_buys_back(floor, "0.02", left=lots - 20, withdraws=name)
    floor.stop.set()
    outcome = await floor.execute()
    _, ledger = floor.desk()
    assert (outcome.outcome, resting(floor)) == (Outcome.INTERRUPTED, [(name, lots)])
    assert (await ledger.plan(floor.plan.digest)).status is PlanStatus.APPROVED


async def test_a_stop_that_fired_and_rests_in_a_list_that_lags_is_asked_about_again() -> None:
    floor, name, _ = await opened()
    floor.stops.fire(name, at=dec(66_050))
    became = floor.stops.rested[0].order
    assert became is not None
    became.ended = False
    assert (await floor.recover()).exit_code == 6
    order, floor.stops.rested[0].order = became, None
    floor.stops.rested[0].state = SeenStop.RESTING
    report = await floor.recover()
    assert report.exit_code == 6
    floor.stops.rested[0].state, floor.stops.rested[0].order = SeenStop.FIRED, order
    order.ended = True
    assert (await floor.recover()).exit_code == 0
    assert [r.state for r in floor.store.real.stops.values()] == [StopState.DONE]


async def test_a_halt_takes_no_stop_away_that_the_run_had_withdrawn() -> None:
    """It leaves stops where they are: what protects while nobody does anything is put back."""
    floor, name, lots = await opened()
    await then_buys_back(floor, "0.02", left=lots - 20, withdraws=name)
    floor.venue.on_request["withdraw_stop"] = lambda: floor.store.halts.append(
        ("by hand", "ada", floor.clock.now())
    )
    submits = floor.venue.requests.count("submit")
    outcome = await floor.execute()
    ((other, again),) = resting(floor)
    assert (other != name, again) == (True, lots)
    assert (outcome.outcome, floor.venue.requests.count("submit")) == (Outcome.REFUSED, submits)
    assert [s.is_well for s in outcome.stops] == [True]


async def test_a_stop_that_rests_by_the_ledger_alone_is_a_difference() -> None:
    floor, name, _ = await opened()
    assert (await floor.reconcile()).differences == ()
    floor.stops.rested[0].state = SeenStop.WITHDRAWN
    (told,) = (await floor.reconcile()).differences
    assert (told.name, told.actual, told.who) == (name, "rests no more", Actor.RECOVER)
    await floor.recover()
    assert (await floor.reconcile()).differences == ()


async def test_a_stop_of_which_nothing_is_known_is_a_difference() -> None:
    floor = opening(stop_fault=Fault.RESET_AFTER)
    floor.venue.unreachable.add("look_up_stop")
    await floor.execute()
    (told,) = (await floor.reconcile()).differences
    assert (told.actual, told.who) == ("unknown", Actor.RECOVER)


async def test_nothing_is_adopted_while_it_is_not_known_where_a_stop_stands() -> None:
    floor, name, _ = await opened()
    floor.stops.fire(name, at=dec(66_050))
    floor.venue.unreachable.add("look_up_stop")
    with pytest.raises(OutcomeUnknown, match=name):
        require_known((await floor.recover()).stops)
    floor.venue.unreachable.clear()
    require_known((await floor.recover()).stops)
