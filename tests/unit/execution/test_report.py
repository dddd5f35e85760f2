"""What a run came to: its end, its orders, its rests and why."""

from __future__ import annotations

import dataclasses

import pytest

from tests.builders import NOW, dec, legs_of, plan, report_on
from tests.unit.execution.cases import fill
from tests.unit.execution.test_machine import OPENING, TERMS, ended_unfilled, submitted
from trimtab.domain.instruments import Asset, Lots
from trimtab.domain.orders import OrderState, Side
from trimtab.execution.events import (
    FillsBooked,
    Finish,
    OrderEvent,
    Shown,
    Stopped,
    WasLost,
    WasNotSent,
    WasRefused,
)
from trimtab.execution.machine import begin, step
from trimtab.execution.report import (
    ExecutionReport,
    Outcome,
    average,
    fees,
    report,
    unstarted,
)
from trimtab.execution.rests import RestReason
from trimtab.execution.state import RunState

LEG = "sell 0.25 BTC"
REVIEW = report_on(plan(OPENING, LEG))


def after(*news: OrderEvent) -> RunState:
    state, _ = submitted(LEG)
    for event in news:
        state, _ = step(state, event)
    return state


[INTENT] = submitted(LEG)[1]
NAME = INTENT.client_order_id
REFUSED = WasRefused(client_order_id=NAME, reason="-2010", at=NOW)
LOST = WasLost(client_order_id=NAME, reason="reset", at=NOW)
FLOODED = WasNotSent(client_order_id=NAME, reason="429", retry_after_ms=60_000, at=NOW)
INTERRUPTED = Stopped(reason=RestReason.INTERRUPTED, at=NOW)
UNFILLED = ended_unfilled(INTENT)


def filled(lots: int) -> tuple[Shown, FillsBooked]:
    order = dataclasses.replace(UNFILLED.order, filled_lots=Lots(lots))
    return (
        Shown(client_order_id=NAME, order=order, at=NOW),
        FillsBooked(
            client_order_id=NAME,
            symbol=INTENT.instrument.symbol,
            fills=(fill(lots, instrument=INTENT.instrument),),
            at=NOW,
        ),
    )


HALF = after(*filled(-1_237), INTERRUPTED)


def told(state: RunState) -> ExecutionReport:
    return report(state, REVIEW, "")


@pytest.mark.parametrize(
    ("news", "outcome", "reason"),
    [
        (filled(-2_500), Outcome.EXECUTED, None),
        ((*filled(-400), INTERRUPTED), Outcome.INTERRUPTED, RestReason.INTERRUPTED),
        ((REFUSED,), Outcome.PARTIAL, RestReason.VENUE_REFUSED),
        ((FLOODED,), Outcome.NOTHING_SENT, RestReason.NOT_SENT),
        ((LOST,), Outcome.UNKNOWN, RestReason.UNRESOLVED),
        ((LOST, INTERRUPTED), Outcome.UNKNOWN, RestReason.UNRESOLVED),
        (filled(-400)[:1], Outcome.UNKNOWN, RestReason.UNRESOLVED),
    ],
)
def test_what_needs_an_act_names_the_end_of_a_run(
    news: tuple[OrderEvent, ...], outcome: Outcome, reason: RestReason | None
) -> None:
    found = told(after(*news))
    assert found.outcome is outcome
    assert [rest.reason for rest in found.remainder] == ([] if reason is None else [reason])
    assert found.unknown == ((NAME,) if outcome is Outcome.UNKNOWN else ())


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        (RestReason.GATE_REFUSED, Outcome.REFUSED),
        (RestReason.MARKET_UNREAD, Outcome.NOTHING_SENT),
        (RestReason.LEVERAGE_NOT_SET, Outcome.NOTHING_SENT),
        (RestReason.HALTED, Outcome.HALTED),
        (RestReason.APPROVAL_EXPIRED, Outcome.PARTIAL),
    ],
)
def test_a_run_that_ends_before_its_first_order_says_why(
    reason: RestReason, outcome: Outcome
) -> None:
    legs = legs_of(OPENING, LEG, "then buy 1 ETH")
    before = unstarted(plan(OPENING, *legs), reason, REVIEW, "said")
    assert (before.outcome, before.orders, before.note) == (outcome, (), "said")
    assert [(r.line, r.lots, r.reason) for r in before.remainder] == [
        (1, -2_500, reason),
        (2, 10_000, reason),
    ]
    state, _ = begin(legs, (), TERMS, OPENING)
    state, commands = step(state, Stopped(reason=reason, at=NOW))
    assert commands == (Finish(),)
    assert told(state).outcome is outcome


def test_every_outcome_has_its_own_exit_code() -> None:
    codes = {outcome: outcome.exit_code for outcome in Outcome}
    assert codes[Outcome.EXECUTED] == 0
    assert len(set(codes.values())) == len(Outcome)


@pytest.mark.usefixtures("hostile_decimal_context")
def test_an_order_is_told_with_what_it_filled_whatever_the_ambient_context() -> None:
    [line] = told(HALF).orders
    assert (line.state, line.side, line.filled_lots) == (OrderState.EXPIRED, Side.SELL, -1_237)
    assert line.filled == dec("0.1237")
    assert (line.average_fill_price, line.fees) == (dec(60_000), {Asset("USDT"): dec("0.01")})
    [rest] = told(HALF).remainder
    assert (rest.side, rest.lots, rest.quantity) == (Side.SELL, -1_263, dec("0.1263"))


def test_the_average_weighs_by_quantity_and_is_none_without_a_fill() -> None:
    assert average(()) is None
    assert average((fill(1, 1, price=100), fill(3, 2, price=200))) == 175


def test_fees_are_summed_by_asset_in_the_order_they_were_first_paid_in() -> None:
    bnb, usdt = Asset("BNB"), Asset("USDT")
    paid = fees(
        (
            fill(1, 1),
            fill(1, 2, fee=dec("0.5"), fee_asset=bnb),
            fill(1, 3, fee=dec("-0.03")),
        )
    )
    assert list(paid.items()) == [(usdt, dec("-0.02")), (bnb, dec("0.5"))]
