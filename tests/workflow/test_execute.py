"""A run carries out what was approved, once, and writes down what happened."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import account, book
from tests.fakes.memory_ledger import MemoryLedger
from tests.fakes.memory_venue import Fault, MemoryVenue
from tests.workflow.floor import Floor
from trimtab.domain.approved import ApprovalKind
from trimtab.domain.errors import (
    ApprovalError,
    LedgerError,
    MissingMark,
    OutcomeUnknown,
    Refused,
    VenueError,
)
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.leverage import SettingOutcome
from trimtab.domain.orders import OrderIntent, OrderState
from trimtab.execution import retry
from trimtab.execution.report import Outcome
from trimtab.execution.rests import RestReason
from trimtab.ports import PlanStatus

HOLDINGS = "BTC 0.2 @ 60000, ETH 1 @ 3000, USDT 1000, wallet 500"
SELL, BUY = "sell 0.1 BTC", "then buy 1.5 ETH"


async def test_a_plan_that_fills_ends_executed_and_recorded() -> None:
    floor = Floor(HOLDINGS, SELL, BUY)
    report = await floor.execute()
    assert (report.outcome, report.outcome.exit_code) == (Outcome.EXECUTED, 0)
    assert report.remainder == report.unknown == ()
    assert [(o.line, o.state, o.filled) for o in report.orders] == [
        (1, OrderState.FILLED, Decimal("0.1")),
        (2, OrderState.FILLED, Decimal("1.5")),
    ]
    sold, bought = report.orders
    assert sold.fees == {"USDT": Decimal("5.9994")}
    assert bought.fees == {"ETH": Decimal("0.0015")}
    assert sold.average_fill_price == Decimal(59994)
    assert floor.store.plans[floor.plan.digest].status is PlanStatus.EXECUTED
    floor.check_the_promises()
    assert (await floor.reconcile()).differences == ()


async def test_the_intent_is_in_the_ledger_before_the_request_leaves() -> None:
    floor = Floor(HOLDINGS, SELL)
    submit, seen = floor.venue.submit, list[OrderState]()

    async def watched(intent):
        seen.append(floor.store.real.orders[intent.client_order_id].state)
        return await submit(intent)

    floor.venue.submit = watched
    await floor.execute()
    assert seen == [OrderState.SUBMITTING]


async def test_no_garbage_is_collected_while_orders_are_out_and_again_after_any_end() -> None:
    floor = Floor(HOLDINGS, SELL)
    submit, seen = floor.venue.submit, list[bool]()

    async def watched(intent):
        seen.append(gc.isenabled())
        return await submit(intent)

    floor.venue.submit = watched
    await floor.execute()
    assert (seen, gc.isenabled()) == ([False], True)

    broken = Floor(HOLDINGS, SELL)

    def disk_full(_: int) -> None:
        broken.store.fail_next = True

    broken.gate.on_review = disk_full
    with pytest.raises(LedgerError):
        await broken.execute()
    assert gc.isenabled()


async def test_a_run_leaves_the_collection_of_garbage_off_where_it_was_off() -> None:
    gc.disable()
    try:
        await Floor(HOLDINGS, SELL).execute()
        assert not gc.isenabled()
    finally:
        gc.enable()


async def test_when_the_intent_cannot_be_committed_nothing_is_sent() -> None:
    floor = Floor(HOLDINGS, SELL)

    def disk_full(_: int) -> None:
        floor.store.fail_next = True

    floor.gate.on_review = disk_full
    with pytest.raises(LedgerError):
        await floor.execute()
    assert "submit" not in floor.venue.requests


async def test_legs_of_a_stage_are_sent_side_by_side() -> None:
    floor = Floor(HOLDINGS, SELL, "sell 0.5 ETH")
    await floor.execute()
    first_two = floor.watcher.told[:2]
    assert first_two == ["sent 1.1", "sent 2.1"]


async def test_the_next_stage_waits_for_the_sells_and_spends_what_they_brought() -> None:
    floor = Floor(
        "BTC 0.2 @ 60000, ETH @ 3000, USDT 0",
        "sell 0.1 BTC",
        "then buy 1.9 ETH",
        faults={(1, k): Fault.UNFILLED for k in (2, 3, 4)} | {(1, 1): Fault.PARTIAL},
    )
    report = await floor.execute()
    assert report.outcome is Outcome.PARTIAL
    assert report.outcome.exit_code == 5
    left = {rest.line: rest.reason for rest in report.remainder}
    assert left == {1: RestReason.REPRICES_USED_UP, 2: RestReason.NO_CASH}
    bought = next(o for o in report.orders if o.line == 2)
    sold_for = Decimal("0.0333") * 59994 * Decimal("0.999")
    cost = bought.filled * floor.plan.legs[1].limit_price * Decimal("1.001")
    assert sold_for - Decimal("0.0001") * 3100 < cost <= sold_for
    floor.check_the_promises()


async def test_a_rest_is_re_priced_deeper_up_to_the_approved_bound_and_no_further() -> None:
    floor = Floor(HOLDINGS, SELL, faults={(1, k): Fault.UNFILLED for k in range(1, 9)})
    report = await floor.execute()
    limits = [r.intent.limit for r in floor.records.values()]
    assert limits == sorted(limits, reverse=True)
    assert len(set(limits)) == len(limits) == 4
    assert limits[0] == 5_999_400 - 2
    assert limits[-1] == floor.plan.legs[0].limit
    assert [r.reason for r in report.remainder] == [RestReason.REPRICES_USED_UP]


async def test_a_rest_too_small_for_the_venue_is_left_and_reported() -> None:
    floor = Floor(HOLDINGS, "sell 0.003 ETH", faults={(1, k): Fault.PARTIAL for k in (1, 2)})
    report = await floor.execute()
    assert report.outcome is Outcome.PARTIAL
    assert [(r.lots, r.reason) for r in report.remainder] == [(-14, RestReason.BELOW_MINIMUM)]
    floor.check_the_promises()


LOST = [
    Fault.RESET_AFTER,
    Fault.LATE,
    Fault.INVISIBLE,
    Fault.OTHER_ANSWER,
    Fault.SLOW_TRADES,
    Fault.GAP,
    Fault.RESTS,
    Fault.LOW_SUMMARY,
]


@pytest.mark.parametrize("fault", LOST)
async def test_an_order_whose_answer_misleads_is_found_and_never_sent_again(fault: Fault) -> None:
    floor = Floor(HOLDINGS, SELL, BUY, faults={(1, 1): fault})
    report = await floor.execute()
    assert report.outcome is Outcome.EXECUTED
    assert floor.states == {"1.1": OrderState.FILLED, "2.1": OrderState.FILLED}
    floor.check_the_promises()
    assert (await floor.reconcile()).differences == ()


async def test_an_order_proved_absent_is_sent_again_as_a_new_attempt() -> None:
    floor = Floor(HOLDINGS, SELL, faults={(1, 1): Fault.RESET_BEFORE})
    began = floor.clock.now()
    report = await floor.execute()
    assert report.outcome is Outcome.EXECUTED
    assert floor.states == {"1.1": OrderState.ABSENT, "1.2": OrderState.FILLED}
    absent = next(t for t in floor.store.real.transitions if t.state is OrderState.ABSENT)
    assert absent.evidence is not None
    assert (absent.at - began).total_seconds() >= 5 + 10
    floor.check_the_promises()


async def test_absence_is_not_concluded_while_the_venues_clock_is_behind_the_fence() -> None:
    floor = Floor(HOLDINGS, SELL, faults={(1, 1): Fault.RESET_BEFORE})
    floor.venue.behind_s = 1_000
    report = await floor.execute()
    assert (report.outcome, report.outcome.exit_code) == (Outcome.UNKNOWN, 6)
    assert floor.states == {"1.1": OrderState.UNKNOWN}
    assert report.unknown == (floor.plan.order_id(1, attempt=1),)
    assert [r.reason for r in report.remainder] == [RestReason.UNRESOLVED]
    assert floor.store.plans[floor.plan.digest].status is PlanStatus.UNKNOWN


async def test_an_unknown_order_stops_what_comes_after_it() -> None:
    floor = Floor(HOLDINGS, SELL, BUY, faults={(1, 1): Fault.RESET_AFTER})
    floor.venue.unreachable = {"look_up", "evidence_of_absence"}
    report = await floor.execute()
    assert report.outcome is Outcome.UNKNOWN
    assert floor.states == {"1.1": OrderState.UNKNOWN}
    assert floor.venue.requests.count("submit") == 1
    floor.venue.unreachable = set()
    assert (await floor.recover()).exit_code == 0
    floor.check_the_promises()


async def test_an_order_that_rests_for_ever_is_reported_unknown_in_bounded_time() -> None:
    floor = Floor(HOLDINGS, SELL, faults={(1, 1): Fault.RESTS_FOR_EVER})
    began = floor.clock.now()
    report = await floor.execute()
    assert report.outcome is Outcome.UNKNOWN
    assert floor.states == {"1.1": OrderState.OPEN}
    assert (floor.clock.now() - began).total_seconds() < 100
    assert (await floor.recover()).exit_code == 6


async def test_fills_that_cannot_be_read_leave_the_order_settling() -> None:
    floor = Floor(HOLDINGS, SELL)
    floor.venue.unreachable = {"fills"}
    report = await floor.execute()
    assert report.outcome is Outcome.UNKNOWN
    assert floor.states == {"1.1": OrderState.SETTLING}
    floor.venue.unreachable = set()
    recovery = await floor.recover()
    assert (recovery.exit_code, len(recovery.resolved)) == (0, 1)
    floor.check_the_promises()


async def test_a_refused_leg_is_left_and_the_others_go_on() -> None:
    floor = Floor(HOLDINGS, SELL, "sell 0.5 ETH", faults={(1, 1): Fault.REFUSED})
    report = await floor.execute()
    assert report.outcome is Outcome.PARTIAL
    assert [(r.line, r.reason) for r in report.remainder] == [(1, RestReason.VENUE_REFUSED)]
    assert floor.states == {"1.1": OrderState.REFUSED, "2.1": OrderState.FILLED}
    floor.check_the_promises()


async def test_a_throttled_order_gets_a_new_attempt_after_the_silence_asked_for() -> None:
    floor = Floor(HOLDINGS, SELL, faults={(1, 1): Fault.THROTTLED})
    began = floor.clock.now()
    report = await floor.execute()
    assert report.outcome is Outcome.EXECUTED
    assert floor.states == {"1.1": OrderState.ABSENT, "1.2": OrderState.FILLED}
    assert (floor.clock.now() - began).total_seconds() >= 3
    floor.check_the_promises()


async def test_when_the_venue_takes_nothing_the_run_ends_as_nothing_sent() -> None:
    floor = Floor(HOLDINGS, SELL, faults={(1, k): Fault.THROTTLED for k in range(1, 9)})
    report = await floor.execute()
    assert (report.outcome, report.outcome.exit_code) == (Outcome.NOTHING_SENT, 7)
    assert set(floor.states.values()) == {OrderState.ABSENT}
    assert len(floor.states) == 3


async def test_an_unreadable_venue_ends_the_run_before_it_begins() -> None:
    floor = Floor(HOLDINGS, SELL)
    floor.venue.unreachable = {"snapshot"}
    report = await floor.execute()
    assert report.outcome is Outcome.NOTHING_SENT
    assert report.remainder[0].reason is RestReason.MARKET_UNREAD
    assert floor.store.plans[floor.plan.digest].status is PlanStatus.APPROVED


async def test_an_unreadable_venue_between_stages_leaves_the_rest() -> None:
    floor = Floor(HOLDINGS, SELL, BUY)
    floor.gate.on_review = lambda _: floor.venue.unreachable.add("snapshot")
    report = await floor.execute()
    assert report.outcome is Outcome.PARTIAL
    assert [(r.line, r.reason) for r in report.remainder] == [(2, RestReason.MARKET_UNREAD)]
    assert report.note == "snapshot: no route"


async def test_a_refusal_just_before_the_first_order_sends_nothing() -> None:
    floor = Floor(HOLDINGS, SELL)
    floor.gate.refuse_from = 1
    report = await floor.execute()
    assert (report.outcome, report.outcome.exit_code) == (Outcome.REFUSED, 3)
    assert report.note == "max_leverage (plan): too much"
    assert floor.store.plans[floor.plan.digest].status is PlanStatus.REFUSED
    assert "submit" not in floor.venue.requests


async def test_a_refusal_before_the_second_stage_ends_partial() -> None:
    floor = Floor(HOLDINGS, SELL, BUY)
    floor.gate.refuse_from = 2
    report = await floor.execute()
    assert report.outcome is Outcome.PARTIAL
    assert [(r.line, r.reason) for r in report.remainder] == [(2, RestReason.GATE_REFUSED)]


async def test_the_gate_sees_what_is_left_as_it_would_be_sent() -> None:
    floor = Floor(HOLDINGS, SELL, BUY, faults={(1, 1): Fault.PARTIAL})
    await floor.execute()
    shown = [[(leg.line, leg.lots) for leg in p.legs] for p, _ in floor.gate.seen]
    assert shown == [[(1, -1000), (2, 15000)], [(1, -667), (2, 15000)], [(2, 15000)]]
    assert floor.gate.seen[0][0].digest == floor.plan.digest


async def test_a_price_that_moved_too_far_since_planning_needs_a_new_approval() -> None:
    floor = Floor(HOLDINGS, SELL)
    floor.venue.books[Symbol("BTC/USDT")] = book(59_000)
    with pytest.raises(ApprovalError, match="moved"):
        await floor.execute()
    assert floor.venue.requests == ["snapshot"]


@pytest.mark.parametrize(
    ("holdings", "leg", "now"),
    [
        ("BTC 0.1 @ 60000, USDT 1000", "sell 0.01 BTC", "BTC 0.0999 @ 60000, USDT 1000"),
        ("BTC 0.1 @ 60000, USDT 1000", "sell 0.01 BTC", "BTC 0.2 @ 60000, USDT 1000"),
        (
            "BTC 0.1 @ 60000, USDT 1000, wallet 900",
            "sell 0.01 perp BTC",
            "BTC 0.1 @ 60000, USDT 1000, wallet 900, perp BTC -0.01",
        ),
    ],
)
async def test_an_account_that_changed_since_the_plan_needs_a_new_one(
    holdings: str, leg: str, now: str
) -> None:
    floor = Floor(holdings, leg)
    floor.venue = MemoryVenue(account(now), floor.clock, None)
    with pytest.raises(ApprovalError, match="the account changed, nothing was sent"):
        await floor.execute()
    assert floor.venue.requests == ["snapshot"]


async def test_an_approval_that_ran_out_sends_nothing() -> None:
    floor = Floor(HOLDINGS, SELL)
    approved = floor.approved()
    floor.approved = lambda: approved
    floor.clock.move(300)
    with pytest.raises(ApprovalError, match="expired"):
        await floor.execute()


async def test_no_attempt_is_made_after_the_approval_ran_out() -> None:
    floor = Floor(HOLDINGS, SELL, BUY)
    floor.gate.on_review = lambda n: floor.clock.move(300) if n == 2 else None
    report = await floor.execute()
    assert [(r.line, r.reason) for r in report.remainder] == [(2, RestReason.APPROVAL_EXPIRED)]


async def test_a_best_price_beyond_the_bound_is_not_chased() -> None:
    floor = Floor(HOLDINGS, "sell 0.1 BTC @ 60500")
    report = await floor.execute()
    assert report.outcome is Outcome.PARTIAL
    assert [r.reason for r in report.remainder] == [RestReason.BEYOND_BOUND]
    assert "submit" not in floor.venue.requests


# Stop and halt


async def test_a_stop_before_the_first_order_sends_nothing() -> None:
    floor = Floor(HOLDINGS, SELL)
    floor.stop.set()
    report = await floor.execute()
    assert (report.outcome, report.outcome.exit_code) == (Outcome.INTERRUPTED, 130)
    assert "submit" not in floor.venue.requests


async def test_a_stop_during_the_gate_sends_nothing() -> None:
    floor = Floor(HOLDINGS, SELL)
    floor.gate.on_review = lambda _: floor.stop.set()
    report = await floor.execute()
    assert report.outcome is Outcome.INTERRUPTED
    assert "submit" not in floor.venue.requests


async def test_a_stop_lets_what_is_in_flight_end_and_sends_nothing_new() -> None:
    floor = Floor(HOLDINGS, SELL, BUY)
    submit = floor.venue.submit

    async def stopping(intent):
        floor.stop.set()
        return await submit(intent)

    floor.venue.submit = stopping
    report = await floor.execute()
    assert report.outcome is Outcome.INTERRUPTED
    assert floor.states == {"1.1": OrderState.FILLED}
    assert [(r.line, r.reason) for r in report.remainder] == [(2, RestReason.INTERRUPTED)]
    floor.check_the_promises()


async def test_a_stop_does_not_wait_for_the_fence_and_leaves_the_order_to_recovery() -> None:
    floor = Floor(HOLDINGS, SELL, faults={(1, 1): Fault.RESET_BEFORE})
    submit, began = floor.venue.submit, floor.clock.now()

    async def stopping(intent):
        floor.stop.set()
        return await submit(intent)

    floor.venue.submit = stopping
    report = await floor.execute()
    assert report.outcome is Outcome.UNKNOWN
    assert (floor.clock.now() - began).total_seconds() < 1
    floor.stop.clear()
    recovery = await floor.recover()
    assert recovery.exit_code == 0
    assert [r.after for r in recovery.resolved] == [OrderState.ABSENT]


async def test_a_halt_latched_during_the_review_stops_the_run() -> None:
    floor = Floor(HOLDINGS, SELL, BUY)

    def latch(review: int) -> None:
        if review == 2:
            floor.store.halts.append(("by hand", "a test", floor.clock.now()))

    floor.gate.on_review = latch
    report = await floor.execute()
    assert report.outcome is Outcome.PARTIAL
    assert [(r.line, r.reason) for r in report.remainder] == [(2, RestReason.HALTED)]
    assert report.note == "by hand"


async def test_a_halt_before_the_first_order_is_exit_8() -> None:
    floor = Floor(HOLDINGS, SELL)
    now = floor.clock.now()
    floor.gate.on_review = lambda _: floor.store.halts.append(("by hand", "a test", now))
    report = await floor.execute()
    assert (report.outcome, report.outcome.exit_code) == (Outcome.HALTED, 8)


@pytest.mark.parametrize(
    ("at_round", "outcome", "sent"), [(1, Outcome.HALTED, 0), (2, Outcome.PARTIAL, 1)]
)
async def test_a_halt_latched_between_the_gates_last_look_and_the_commit_sends_nothing_more(
    at_round: int, outcome: Outcome, sent: int
) -> None:
    floor = Floor(HOLDINGS, SELL, BUY)
    rounds = 0

    class LatchedOnTheWay:
        """A ledger in which somebody latches the kill switch just before a round is committed."""

        def __init__(self, port: Any) -> None:
            self._port = port

        def __getattr__(self, name: str) -> Any:
            return getattr(self._port, name)

        async def begin(self, *args: object, **kwargs: object) -> None:
            nonlocal rounds
            rounds += 1
            if rounds == at_round:
                floor.store.halts.append(("by hand", "a test", floor.clock.now()))
            await self._port.begin(*args, **kwargs)

    def latching(port: object) -> object:
        return LatchedOnTheWay(port) if isinstance(port, MemoryLedger) else port

    report = await floor.execute(latching)
    assert (report.outcome, floor.venue.requests.count("submit")) == (outcome, sent)
    assert report.remainder[0].reason is RestReason.HALTED
    assert "halted: by hand" in report.note
    assert len(floor.records) == sent
    floor.check_the_promises()


async def test_under_a_halt_only_a_gate_that_judged_it_lets_a_plan_pass() -> None:
    floor = Floor(HOLDINGS, SELL)
    floor.store.halts.append(("by hand", "a test", floor.clock.now()))
    report = await floor.execute()
    assert (report.outcome, report.note) == (Outcome.REFUSED, "halted: by hand")
    floor = Floor(HOLDINGS, SELL)
    floor.store.halts.append(("by hand", "a test", floor.clock.now()))
    floor.gate.checks = "kill_switch"
    assert (await floor.execute()).outcome is Outcome.EXECUTED


# Contracts

HEDGE = "sell 0.05 perp BTC"


def with_leverage(*legs: str, leverage: int = 3) -> Floor:
    floor = Floor(HOLDINGS, *legs)
    hedge = dataclasses.replace(floor.policy.hedge, leverage=leverage)
    floor.policy = dataclasses.replace(floor.policy, hedge=hedge)
    return floor


async def test_leverage_is_set_before_the_first_order_and_recorded_twice() -> None:
    floor = with_leverage(HEDGE)
    report = await floor.execute()
    assert report.outcome is Outcome.EXECUTED
    asked = floor.venue.requests
    assert asked.index("set_leverage") < asked.index("submit")
    assert [s.outcome for s in floor.store.real.settings] == [
        SettingOutcome.SENDING,
        SettingOutcome.SET,
    ]
    assert floor.watcher.told[0] == "leverage BTC/USDT:USDT 3"
    assert floor.venue.truth.positions == {"BTC/USDT:USDT": -500}
    assert (await floor.reconcile()).differences == ()


async def test_leverage_that_is_right_already_is_not_touched() -> None:
    floor = Floor(HOLDINGS, HEDGE)
    await floor.execute()
    assert "set_leverage" not in floor.venue.requests


async def test_where_no_leverage_is_set_an_opening_is_sent_without() -> None:
    floor = with_leverage(HEDGE)
    base = floor.venue.base
    contracts = {
        symbol: dataclasses.replace(state, takes_leverage=False)
        for symbol, state in base.contracts.items()
    }
    floor.venue.base = dataclasses.replace(base, contracts=contracts)
    assert (await floor.execute()).outcome is Outcome.EXECUTED
    assert "set_leverage" not in floor.venue.requests


async def test_leverage_that_cannot_be_set_means_nothing_is_sent() -> None:
    floor = with_leverage(HEDGE)
    floor.venue.unreachable = {"set_leverage"}
    report = await floor.execute()
    assert report.outcome is Outcome.NOTHING_SENT
    assert [s.outcome for s in floor.store.real.settings][-1] is SettingOutcome.NOT_DONE
    assert "submit" not in floor.venue.requests


async def test_a_gate_that_refuses_keeps_leverage_as_it_is() -> None:
    floor = with_leverage(HEDGE)
    floor.gate.refuse_from = 1
    report = await floor.execute()
    assert report.outcome is Outcome.REFUSED
    assert "set_leverage" not in floor.venue.requests


@pytest.mark.parametrize(
    ("error", "recorded"),
    [(Refused("-4161"), SettingOutcome.REFUSED), (OutcomeUnknown("504"), SettingOutcome.UNKNOWN)],
)
async def test_leverage_that_was_refused_or_lost_and_is_not_set_sends_nothing(
    error: VenueError, recorded: SettingOutcome
) -> None:
    floor = with_leverage(HEDGE)

    async def fails(symbol, *, leverage):
        raise error

    floor.venue.set_leverage = fails
    report = await floor.execute()
    assert report.outcome is Outcome.NOTHING_SENT
    assert floor.store.real.settings[-1].outcome is recorded
    assert "submit" not in floor.venue.requests


async def test_leverage_whose_answer_was_lost_is_read_back_and_not_set_again() -> None:
    floor = with_leverage(HEDGE)
    really = floor.venue.set_leverage

    async def loses_the_answer(symbol, *, leverage):
        await really(symbol, leverage=leverage)
        raise OutcomeUnknown("504")

    floor.venue.set_leverage = loses_the_answer
    report = await floor.execute()
    assert report.outcome is Outcome.EXECUTED
    assert floor.venue.requests.count("set_leverage") == 1


async def test_a_gate_that_cannot_measure_has_refused() -> None:
    floor = Floor(HOLDINGS, SELL)

    def unmeasured(_: int) -> None:
        raise MissingMark("BTC: no price")

    floor.gate.on_review = unmeasured
    report = await floor.execute()
    assert report.outcome is Outcome.REFUSED
    assert report.note == "the gate could not measure: BTC: no price"
    assert "submit" not in floor.venue.requests


async def test_a_request_that_does_not_end_in_time_leaves_the_outcome_unknown() -> None:
    floor = Floor(HOLDINGS, SELL)
    submit = floor.venue.submit

    async def hangs(intent):
        await submit(intent)
        raise TimeoutError

    floor.venue.submit = hangs
    report = await floor.execute()
    assert report.outcome is Outcome.EXECUTED
    assert OrderState.UNKNOWN in {t.state for t in floor.store.real.transitions}
    floor.check_the_promises()


async def test_a_stop_before_the_fence_asks_for_no_evidence() -> None:
    floor = Floor(HOLDINGS, SELL, faults={(1, 1): Fault.RESET_BEFORE})

    def stop_at_the_fence(reason: str, *, seconds: float) -> None:
        if reason.startswith("until"):
            floor.stop.set()

    floor.watcher.waiting = stop_at_the_fence
    report = await floor.execute()
    assert report.outcome is Outcome.UNKNOWN
    assert "evidence_of_absence" not in floor.venue.requests
    assert "before the fence" in report.orders[0].note


async def test_a_stop_before_leverage_is_set_changes_nothing_on_the_venue() -> None:
    floor = with_leverage(HEDGE)
    floor.stop.set()
    report = await floor.execute()
    assert (report.outcome, report.outcome.exit_code) == (Outcome.INTERRUPTED, 130)
    assert "set_leverage" not in floor.venue.requests
    assert "submit" not in floor.venue.requests


async def test_a_venue_that_falls_silent_is_asked_for_a_bounded_time() -> None:
    floor = Floor(HOLDINGS, SELL, faults={(1, 1): Fault.RESET_AFTER})
    began = floor.clock.now()

    async def silent(_: OrderIntent) -> None:
        floor.venue.requests.append("look_up")
        await floor.clock.sleep(retry.ASK_WITHIN_S)
        raise TimeoutError

    floor.venue.look_up = silent
    report = await floor.execute()
    assert (report.outcome, report.orders[0].note) == (Outcome.UNKNOWN, "no answer in time")
    assert floor.venue.requests.count("look_up") < retry.LOOK_UPS_MAX
    assert (floor.clock.now() - began).total_seconds() < 17 + retry.UNANSWERED_MAX_S + 15


async def test_a_dry_run_sets_no_leverage() -> None:
    floor = Floor(HOLDINGS, HEDGE, kind=ApprovalKind.DRY_RUN)
    hedge = dataclasses.replace(floor.policy.hedge, leverage=3)
    floor.policy = dataclasses.replace(floor.policy, hedge=hedge)
    report = await floor.execute()
    assert report.outcome is Outcome.EXECUTED
    assert "set_leverage" not in floor.venue.requests
    assert all(record.simulated for record in floor.watcher.moves)
    assert floor.store.real.orders == {}


async def test_a_reduction_is_never_larger_than_the_real_position() -> None:
    legs = ("sell 0.01 BTC", "then buy 0.02 perp BTC reduce")
    floor = Floor(f"{HOLDINGS}, perp BTC -0.02", *legs)
    perpetual = Symbol("BTC/USDT:USDT")
    floor.gate.on_review = lambda _: floor.venue.truth.positions.update({perpetual: -150})
    report = await floor.execute()
    assert floor.records["2.1"].intent.lots == 150
    assert [r.reason for r in report.remainder] == [RestReason.NO_POSITION]


async def test_the_same_plan_cannot_be_executed_twice() -> None:
    floor = Floor(HOLDINGS, SELL)
    await floor.execute()
    floor.venue = MemoryVenue(floor.opening, floor.clock, None)  # As if somebody bought it back.
    with pytest.raises(LedgerError, match="cannot become executing"):
        await floor.execute()
    assert "submit" not in floor.venue.requests


async def test_a_cancelled_run_still_hears_out_and_records_what_is_in_flight() -> None:
    floor = Floor(HOLDINGS, SELL, BUY)
    submit, sending = floor.venue.submit, asyncio.Event()

    async def slow(intent):
        sending.set()
        await asyncio.sleep(0.01)
        return await submit(intent)

    floor.venue.submit = slow
    run = asyncio.ensure_future(floor.execute())
    await sending.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert floor.states == {"1.1": OrderState.SETTLING}
    assert (await floor.recover()).exit_code == 0
    floor.check_the_promises()


async def test_the_statement_is_made_before_the_first_run_and_stays() -> None:
    floor = Floor(HOLDINGS, SELL)
    await floor.execute()
    floor.clock.move(10)
    floor.venue.truth.free[Asset("USDT")] += 1
    floor.plan = dataclasses.replace(
        floor.plan,
        made_at=floor.clock.now(),
        units_before={Asset("BTC"): floor.venue.truth.free[Asset("BTC")]},
    )
    await floor.execute()
    assert len(floor.store.statements) == 1
    assert [d.name for d in (await floor.reconcile()).differences] == ["USDT"]
