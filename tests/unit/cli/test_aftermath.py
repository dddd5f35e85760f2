"""Bad luck is told in one paragraph: what happened, what is certain, what is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import NOW
from tests.unit.execution.test_machine import (
    OPENING,
    TERMS,
    ended_unfilled,
    started,
    submitted,
)
from tests.unit.risk.test_stops import rests
from trimtab.cli.aftermath import aftermath
from trimtab.domain.findings import GateReport
from trimtab.domain.stops import StopState
from trimtab.execution.events import Reviewed, Stopped, WasLost, WasRefused
from trimtab.execution.machine import begin, step
from trimtab.execution.report import ExecutionReport, Outcome, StopResult, report
from trimtab.execution.rests import RestReason
from trimtab.execution.state import RunState

REVIEW = GateReport(plan_digest="e" * 64, snapshot_id="s", findings=(), reviewed_at=NOW)


def told(state: RunState, note: str = "") -> str:
    return aftermath(report(state, REVIEW, note))


def test_a_run_that_did_all_of_its_plan_says_nothing() -> None:
    state, _ = begin((), (), TERMS, OPENING)
    assert told(state) == ""


def test_a_refused_order_names_the_cause_and_what_is_certain() -> None:
    state, [intent] = submitted("sell 0.1 BTC")
    no = WasRefused(client_order_id=intent.client_order_id, reason="-2010", at=NOW)
    state, _ = step(state, no)
    text = told(state)
    assert text.startswith("The run ended before all of the plan was done.")
    assert "Left undone because of: venue refused." in text
    assert "1 order ended, 0 of them with fills; every fill is in the ledger." in text


def test_an_unknown_order_is_named_and_said_to_be_never_sent_again() -> None:
    state, [first, second] = submitted("sell 0.1 BTC", "sell 1 ETH")
    state, _ = step(state, ended_unfilled(first))
    lost = WasLost(client_order_id=second.client_order_id, reason="reset", at=NOW)
    state, _ = step(state, lost)
    state, _ = step(state, Stopped(reason=RestReason.INTERRUPTED, at=NOW))
    text = told(state, note="connection reset.")
    assert "It was noted: connection reset." in text
    assert f"Not known yet: {second.client_order_id}." in text
    assert "looked up, never sent again" in text
    assert "1 order ended" in text


def test_several_causes_are_one_sentence() -> None:
    state, _ = started("sell 0.1 BTC")
    text = told(state, note="kill_switch: release it.; max_net: plan less.")
    assert "It was noted: kill_switch: release it; max_net: plan less." in text


def test_a_run_that_sent_nothing_says_so() -> None:
    state, _ = started("sell 0.1 BTC")
    state, _ = step(state, Reviewed(refusal="max_net", at=NOW))
    assert "refused. " in told(state)
    assert "No order is under way." in told(state)


@pytest.mark.parametrize(
    ("state", "is_bare"), [(StopState.REFUSED, True), (StopState.RESTING, False)]
)
def test_a_hedge_without_its_stop_is_said_to_be_closed_by_plans_alone(
    state: StopState, *, is_bare: bool
) -> None:
    intent = rests("0.05").intent
    stop = StopResult(
        line=intent.line,
        stop_id=intent.stop_id,
        hedge_id=intent.hedge_id,
        symbol=intent.instrument.symbol,
        quantity=intent.quantity,
        trigger_price=intent.trigger_price,
        state=state,
        is_well=False,
        is_unknown=False,
        note="",
    )
    ended, _ = begin((), (), TERMS, OPENING)
    partial = replace(report(ended, REVIEW, ""), outcome=Outcome.PARTIAL, stops=(stop,))
    text = aftermath(partial)
    assert f"No stop rests as it should on the venue for: {intent.hedge_id}." in text
    assert ("closed by plans alone" in text) is is_bare


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.EXECUTED])
def test_every_end_but_the_whole_one_has_its_sentence(outcome: Outcome) -> None:
    ended = ExecutionReport(
        outcome=outcome,
        orders=(),
        transfers=(),
        remainder=(),
        unmoved=(),
        unknown=(),
        review=REVIEW,
        note="",
    )
    assert aftermath(ended).count(". ") >= 1
