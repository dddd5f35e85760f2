"""What a plan under way has sent: its provable reductions count against no cap."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from tests.builders import NOW, account, dec, plan, policy
from tests.unit.risk.cases import context
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import (
    OrderIntent,
    OrderRecord,
    OrderState,
    VenueOrderId,
    client_order_id,
)
from trimtab.domain.plan import Leg, Plan
from trimtab.domain.snapshot import Snapshot
from trimtab.workflow.passage import Passage, passage_of, with_sent
from trimtab.workflow.past import Paid

HELD = account("USDT 1000, BTC 0.2 @ 60000, ETH @ 3000")
BTC, ETH, PERP = Symbol("BTC/USDT"), Symbol("ETH/USDT"), Symbol("BTC/USDT:USDT")
BOTH = plan(HELD, "sell 0.1 BTC", "then buy 1 ETH")


def way(whole: Plan = BOTH, *, opening: Snapshot = HELD) -> Passage:
    paid = Paid(payments=(), fault="")
    return passage_of(whole, opening, policy(), paid=paid, now=NOW)


def filled(leg: Leg, *, simulated: bool = False, whole: Plan = BOTH) -> OrderRecord:
    """Return the one order of a leg, filled."""
    name = client_order_id(plan_digest=whole.digest, line=leg.line, attempt=1)
    intent = OrderIntent(
        client_order_id=name,
        plan_digest=whole.digest,
        line=leg.line,
        attempt=1,
        instrument=leg.instrument,
        lots=leg.lots,
        limit=leg.limit,
        reduce_only=leg.reduce_only,
    )
    return OrderRecord(
        intent=intent,
        state=OrderState.FILLED,
        venue_order_id=VenueOrderId("1"),
        filled_lots=leg.lots,
        executed_lots=leg.lots,
        submitted_at=NOW,
        simulated=simulated,
    )


def test_a_sale_of_what_is_held_reduces_and_a_buy_does_not() -> None:
    assert way().reductions == {1}


def test_where_nothing_can_be_measured_every_line_counts() -> None:
    unread = dataclasses.replace(HELD, books={}, contracts={})
    paid = Paid(payments=(), fault="")
    unmeasured = passage_of(BOTH, unread, policy(), paid=paid, now=NOW)
    assert unmeasured.reductions == frozenset()
    assert unmeasured.begun is None


@pytest.mark.parametrize("simulated", [False, True])
def test_what_reduced_is_taken_off_the_day_only_where_the_day_has_it(
    simulated: bool,
) -> None:
    sale, buy = BOTH.legs
    used = filled(sale).intent
    value = used.quantity * used.limit_price
    bought = filled(buy).intent
    cost = bought.quantity * bought.limit_price
    day = context(day_notional={BTC: dec("500") + value, ETH: dec(7) + cost})
    sent = [filled(sale, simulated=simulated), filled(buy)]
    found = with_sent(day, way(), sent, rest=dataclasses.replace(BOTH, legs=()))
    assert found.run_notional.keys() == {ETH}
    assert found.run_orders == 2
    off = dec(0) if not simulated else value
    assert found.day_notional == {BTC: dec("500") + off, ETH: dec(7) + buy.notional}


def test_what_was_sent_counts_at_the_mark_it_was_approved_at_whatever_its_limit() -> None:
    _, buy = BOTH.legs
    assert filled(buy).intent.limit_price > buy.mark
    found = with_sent(context(), way(), [filled(buy)], rest=BOTH)
    assert found.run_notional == {ETH: buy.notional}


@pytest.mark.parametrize("day", [{}, {PERP: dec(7)}], ids=["first of its day", "not the first"])
def test_a_hedge_that_is_bought_back_counts_once_it_is_sent_as_it_did_when_it_was_planned(
    day: dict[Symbol, Decimal],
) -> None:
    hedged = account("USDT 1000, BTC 0.2 @ 60000, perp BTC -0.1, wallet 5000")
    whole = plan(hedged, "buy 0.05 perp BTC reduce")
    (back,) = whole.legs
    found = with_sent(
        context(day_notional=day),
        way(whole, opening=hedged),
        [filled(back, whole=whole)],
        rest=dataclasses.replace(whole, legs=()),
    )
    assert found.run_notional == {PERP: back.notional}
    assert found.day_notional == {PERP: day.get(PERP, dec(0)) + back.notional}


def test_the_rest_is_told_what_the_account_was_before_the_first_order() -> None:
    begun = with_sent(context(), way(), [], rest=BOTH).begun
    assert begun is not None
    assert (begun.nav, begun.free_quote) == (dec(13_000), dec(1_000))


def test_a_line_that_is_sent_counts_as_one_with_what_is_left_of_it() -> None:
    sale, buy = BOTH.legs
    rest = dataclasses.replace(BOTH, legs=(buy,))
    sent = [filled(sale), filled(buy), filled(buy)]
    assert with_sent(context(), way(), sent, rest=rest).run_orders == 1
    whole = dataclasses.replace(BOTH, legs=())
    assert with_sent(context(), way(), sent, rest=whole).run_orders == 2
