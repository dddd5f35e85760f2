"""How a run ends early, what it tells of its orders on the way, and under which terms it runs."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from tests.builders import NOW, account, legs_of, plan, policy, report_on
from tests.unit.execution.cases import fill
from tests.unit.execution.test_machine import (
    OPENING,
    PASSED,
    TERMS,
    ended_unfilled,
    started,
    submitted,
)
from trimtab.approval import approve, grant
from trimtab.domain.approved import ApprovalKind
from trimtab.domain.instruments import Lots
from trimtab.domain.orders import OrderState
from trimtab.execution import retry
from trimtab.execution.events import (
    FillsBooked,
    Finish,
    NoAnswer,
    NotBegun,
    Reviewed,
    Shown,
    Submit,
    Survey,
    Surveyed,
    WasLost,
    WasNotSent,
)
from trimtab.execution.machine import is_transition, moved, step
from trimtab.execution.rests import RestReason
from trimtab.execution.state import Phase, RunState, Terms
from trimtab.execution.tracking import Outlook


def test_a_refusal_of_the_fresh_gate_ends_the_run_before_an_order() -> None:
    state, _ = started("sell 0.1 BTC")
    state, commands = step(state, Reviewed(refusal="max_net", at=NOW))
    assert (commands, state.stop, list(state.orders)) == (
        (Finish(),),
        RestReason.GATE_REFUSED,
        [],
    )


def test_a_round_that_could_not_begin_leaves_no_order_and_ends_the_run() -> None:
    state, _ = submitted("sell 0.1 BTC", "sell 1 ETH")
    state, commands = step(state, NotBegun(reason=RestReason.HALTED, at=NOW))
    assert (commands, state.stop, list(state.orders)) == ((Finish(),), RestReason.HALTED, [])


def test_a_later_round_that_could_not_begin_leaves_the_orders_of_earlier_ones() -> None:
    state, [intent] = submitted("sell 0.1 BTC")
    state, _ = step(state, ended_unfilled(intent))
    state, _ = step(state, Surveyed(snapshot=OPENING, at=NOW))
    state, _ = step(state, PASSED)
    assert len(list(state.orders)) == 2
    state, _ = step(state, NotBegun(reason=RestReason.HALTED, at=NOW))
    assert [o.intent.attempt for o in state.orders] == [1]


@pytest.mark.parametrize(("late_ms", "is_sent"), [(-1, True), (0, False)])
def test_no_order_is_sent_at_or_after_the_end_of_the_approval(
    late_ms: int, *, is_sent: bool
) -> None:
    state, _ = started("sell 0.1 BTC")
    at = TERMS.expires_at + timedelta(milliseconds=late_ms)
    state, [command] = step(state, Reviewed(refusal="", at=at))
    assert isinstance(command, Submit) is is_sent
    assert state.stop is (RestReason.NONE if is_sent else RestReason.APPROVAL_EXPIRED)


def test_a_market_that_left_the_approved_bound_is_not_followed() -> None:
    state, [intent] = submitted("sell 0.1 BTC")
    state, _ = step(state, ended_unfilled(intent))
    fallen = account("BTC 1 @ 50000, ETH 10 @ 3000, USDT 100")
    state, commands = step(state, Surveyed(snapshot=fallen, at=NOW))
    assert commands == (Finish(),)
    assert [w.rest_reason for w in state.legs] == [RestReason.BEYOND_BOUND]


def test_a_leg_is_left_when_its_attempts_keep_coming_to_nothing() -> None:
    state, _ = started("sell 0.1 BTC")
    waits = []
    for _ in range(retry.RESENDS_MAX + 1):
        state, [command] = step(state, PASSED)
        assert isinstance(command, Submit)
        [intent] = command.intents
        nothing = WasNotSent(
            client_order_id=intent.client_order_id, reason="429", retry_after_ms=0, at=NOW
        )
        state, [command] = step(state, nothing)
        if isinstance(command, Survey):
            waits.append(command.after_s)
            state, _ = step(state, Surveyed(snapshot=OPENING, at=NOW))
    assert waits == [0.5, 1.0]
    assert state.phase is Phase.FINISHED
    assert [w.rest_reason for w in state.legs] == [RestReason.NOT_SENT]


def test_a_leg_is_left_when_its_reprices_are_used_up() -> None:
    state, _ = started("sell 0.1 BTC")
    limits = []
    while state.phase is not Phase.FINISHED:
        state, [command] = step(state, PASSED)
        assert isinstance(command, Submit)
        [intent] = command.intents
        limits.append(intent.limit)
        state, _ = step(state, ended_unfilled(intent))
        if state.phase is Phase.SURVEYING:
            state, _ = step(state, Surveyed(snapshot=OPENING, at=NOW))
    assert len(limits) == 1 + TERMS.max_reprices
    assert limits[-1] == legs_of(OPENING, "sell 0.1 BTC")[0].limit
    assert [w.rest_reason for w in state.legs] == [RestReason.REPRICES_USED_UP]


def test_an_order_that_nobody_answers_for_ends_the_run_unresolved() -> None:
    state, [intent] = submitted("sell 0.1 BTC", "then buy 1 ETH")
    name = intent.client_order_id
    state, _ = step(state, WasLost(client_order_id=name, reason="reset", at=NOW))
    for _ in range(retry.LOOK_UPS_MAX):
        assert state.phase is Phase.WORKING
        state, commands = step(state, NoAnswer(client_order_id=name, reason="no route", at=NOW))
    assert commands == (Finish(),)
    assert state.stop is RestReason.UNRESOLVED
    assert [o.outlook for o in state.orders] == [Outlook.UNANSWERED]


def test_the_driver_hears_of_each_order_whose_life_or_fills_went_on() -> None:
    before, [first, second] = submitted("sell 0.1 BTC", "sell 1 ETH")
    seen = dataclasses.replace(ended_unfilled(first).order, filled_lots=Lots(-10))
    after, _ = step(before, Shown(client_order_id=first.client_order_id, order=seen, at=NOW))
    [changed] = moved(after, before=before)
    assert changed.intent == first
    assert is_transition(changed, before=before)
    told = FillsBooked(
        client_order_id=first.client_order_id,
        symbol=first.instrument.symbol,
        fills=(fill(-4),),
        at=NOW,
    )
    part, _ = step(after, told)
    [changed] = moved(part, before=after)
    assert (changed.intent, changed.state) == (first, OrderState.SETTLING)
    assert not is_transition(changed, before=after)
    assert not is_transition(changed, before=_without_orders(before))
    assert [o.intent for o in moved(before, before=_without_orders(before))] == []
    assert second.line == 2


def _without_orders(state: RunState) -> RunState:
    return dataclasses.replace(
        state, legs=tuple(dataclasses.replace(w, orders=()) for w in state.legs)
    )


def test_a_run_has_the_terms_of_its_approval_and_policy() -> None:
    proposal = plan(OPENING, "sell 0.1 BTC", expires_at=NOW + timedelta(seconds=300))
    report = report_on(proposal)
    for ttl_s in (60, 600):
        consent = grant(report, kind=ApprovalKind.TYPED, by="a person", at=NOW, ttl_s=ttl_s)
        terms = Terms.of(approve(proposal, report, consent, now=NOW), policy())
        assert terms == Terms(
            plan_digest=proposal.digest,
            expires_at=NOW + timedelta(seconds=min(ttl_s, 300)),
            max_reprices=3,
            receive_window_ms=5_000,
            fee_reserve=policy().limits.fee_reserve,
        )
