"""The run machine, step by step; its properties are in tests/property."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal

from tests.builders import NOW, account, legs_of
from tests.unit.execution.cases import fill
from trimtab.domain.instruments import Lots
from trimtab.domain.orders import ClientOrderId, OrderIntent, VenueOrder, VenueOrderId
from trimtab.execution.events import (
    FillsBooked,
    Finish,
    Review,
    Reviewed,
    Shown,
    Stopped,
    Submit,
    Survey,
    Surveyed,
    Unsurveyed,
    WasRefused,
)
from trimtab.execution.machine import Step, begin, step
from trimtab.execution.rests import RestReason
from trimtab.execution.state import Phase, RunState, Terms
from trimtab.execution.tracking import Outlook

OPENING = account("BTC 1 @ 60000, ETH 10 @ 3000, USDT 100")
TERMS = Terms(
    plan_digest="e" * 64,
    expires_at=NOW + timedelta(seconds=300),
    max_reprices=2,
    receive_window_ms=5_000,
    fee_reserve=Decimal(0),
)
PASSED = Reviewed(refusal="", at=NOW)


def started(*texts: str) -> Step:
    return begin(legs_of(OPENING, *texts), (), TERMS, OPENING)


def submitted(*texts: str) -> tuple[RunState, tuple[OrderIntent, ...]]:
    state, _ = started(*texts)
    state, [command] = step(state, PASSED)
    assert isinstance(command, Submit)
    return state, command.intents


def ended_unfilled(intent: OrderIntent) -> Shown:
    order = VenueOrder(
        client_order_id=intent.client_order_id,
        venue_order_id=VenueOrderId("v1"),
        symbol=intent.instrument.symbol,
        lots=intent.lots,
        filled_lots=Lots(0),
        ended=True,
        status="EXPIRED",
    )
    return Shown(client_order_id=intent.client_order_id, order=order, at=NOW)


def test_a_run_without_legs_is_over_at_once() -> None:
    state, commands = started()
    assert (state.phase, commands) == (Phase.FINISHED, (Finish(),))


def test_nothing_is_sent_before_the_gate_has_looked() -> None:
    state, [command] = started("sell 0.1 BTC")
    assert isinstance(command, Review)
    assert state.phase is Phase.REVIEWING
    assert list(state.orders) == []


def test_a_market_without_a_book_is_left() -> None:
    unread = dataclasses.replace(OPENING, books={})
    state, commands = begin(legs_of(OPENING, "sell 0.1 BTC"), (), TERMS, unread)
    assert commands == (Finish(),)
    assert [w.rest_reason for w in state.legs] == [RestReason.NO_PRICE]


def test_the_order_of_a_leg_is_named_by_plan_line_and_attempt() -> None:
    state, [first] = submitted("sell 0.1 BTC")
    state, [again] = step(state, ended_unfilled(first))
    assert again == Survey(after_s=0.0)
    state, _ = step(state, Surveyed(snapshot=OPENING, at=NOW))
    _, [command] = step(state, PASSED)
    assert isinstance(command, Submit)
    [second] = command.intents
    assert (first.attempt, second.attempt) == (1, 2)
    assert first.client_order_id != second.client_order_id
    assert second.limit < first.limit


def test_a_round_waits_for_every_order_of_it() -> None:
    state, [first, second] = submitted("sell 0.1 BTC", "sell 1 ETH")
    state, commands = step(state, ended_unfilled(first))
    assert (state.phase, commands) == (Phase.WORKING, ())
    refused = WasRefused(client_order_id=second.client_order_id, reason="no", at=NOW)
    state, commands = step(state, refused)
    assert commands == (Survey(after_s=0.0),)


def test_a_buy_cut_to_cash_is_not_tried_again_in_its_stage() -> None:
    state, [intent] = submitted("buy 1 ETH @ 3010")
    assert 0 < intent.lots < 10_000
    filled = dataclasses.replace(ended_unfilled(intent).order, filled_lots=intent.lots)
    state, _ = step(state, Shown(client_order_id=intent.client_order_id, order=filled, at=NOW))
    whole = fill(intent.lots, instrument=intent.instrument, price=3_000)
    state, commands = step(
        state,
        FillsBooked(
            client_order_id=intent.client_order_id,
            symbol=intent.instrument.symbol,
            fills=(whole,),
            at=NOW,
        ),
    )
    assert commands == (Finish(),)
    assert [w.rest_reason for w in state.legs] == [RestReason.NO_CASH]


def test_events_that_do_not_fit_the_phase_change_nothing() -> None:
    state, [intent] = submitted("sell 0.1 BTC")
    for event in (
        PASSED,
        Surveyed(snapshot=OPENING, at=NOW),
        Unsurveyed(reason="late", at=NOW),
        WasRefused(client_order_id=ClientOrderId("a stranger's"), reason="", at=NOW),
    ):
        assert step(state, event) == (state, ())
    refused = WasRefused(client_order_id=intent.client_order_id, reason="no", at=NOW)
    over, _ = step(state, refused)
    assert over.phase is Phase.FINISHED
    assert step(over, Stopped(reason=RestReason.HALTED, at=NOW)) == (over, ())
    late, commands = step(over, ended_unfilled(intent))
    assert (late.phase, commands) == (Phase.FINISHED, ())


def test_a_contradiction_between_rounds_ends_the_run() -> None:
    state, [intent] = submitted("sell 0.1 BTC")
    state, _ = step(state, ended_unfilled(intent))
    assert state.phase is Phase.SURVEYING
    same, commands = step(state, ended_unfilled(intent))
    assert (same.phase, commands) == (Phase.SURVEYING, ())
    more = dataclasses.replace(ended_unfilled(intent).order, filled_lots=Lots(-5))
    state, commands = step(state, Shown(client_order_id=intent.client_order_id, order=more, at=NOW))
    assert commands == (Finish(),)
    assert state.stop is RestReason.CONTRADICTED
    assert [o.outlook for o in state.orders] == [Outlook.CONTRADICTED]


def test_the_first_reason_to_stop_stays() -> None:
    state, _ = submitted("sell 0.1 BTC")
    state, commands = step(state, Stopped(reason=RestReason.HALTED, at=NOW))
    assert commands == ()
    state, _ = step(state, Stopped(reason=RestReason.INTERRUPTED, at=NOW))
    assert state.stop is RestReason.HALTED


def test_an_order_cut_to_the_venues_maximum_is_followed_by_the_next_slice() -> None:
    instrument = dataclasses.replace(OPENING.instruments["BTC/USDT"], lots_max=400)
    snapshot = dataclasses.replace(
        OPENING, instruments={**OPENING.instruments, "BTC/USDT": instrument}
    )
    state, _ = begin(legs_of(snapshot, "sell 0.1 BTC"), (), TERMS, snapshot)
    sizes = []
    for number in range(1, 4):
        state, [command] = step(state, PASSED)
        assert isinstance(command, Submit)
        [intent] = command.intents
        sizes.append(intent.lots)
        state, _ = _filled(state, intent, number)
        state, _ = step(state, Surveyed(snapshot=snapshot, at=NOW))
    assert sizes == [-400, -400, -200]
    assert state.phase is Phase.FINISHED
    assert [w.rest for w in state.legs] == [0]


def _filled(state: RunState, intent: OrderIntent, number: int) -> Step:
    name = intent.client_order_id
    order = dataclasses.replace(
        ended_unfilled(intent).order,
        filled_lots=intent.lots,
        venue_order_id=VenueOrderId(f"v{number}"),
    )
    state, _ = step(state, Shown(client_order_id=name, order=order, at=NOW))
    whole = fill(
        intent.lots,
        number,
        instrument=intent.instrument,
        venue_order_id=VenueOrderId(f"v{number}"),
    )
    return step(
        state,
        FillsBooked(client_order_id=name, symbol=intent.instrument.symbol, fills=(whole,), at=NOW),
    )


def test_fills_read_for_one_order_close_its_neighbour_of_the_same_market() -> None:
    state, [first, second] = submitted("sell 0.1 BTC", "sell 0.2 BTC")
    fills = []
    for number, intent in enumerate((first, second), start=1):
        name = VenueOrderId(f"v{number}")
        seen = dataclasses.replace(
            ended_unfilled(intent).order, filled_lots=intent.lots, venue_order_id=name
        )
        state, _ = step(state, Shown(client_order_id=intent.client_order_id, order=seen, at=NOW))
        fills.append(fill(intent.lots, number, venue_order_id=name))
    read = FillsBooked(
        client_order_id=first.client_order_id,
        symbol=first.instrument.symbol,
        fills=tuple(fills),
        at=NOW,
    )
    state, commands = step(state, read)
    assert commands == (Finish(),)
    assert [w.rest for w in state.legs] == [0, 0]


def test_a_leg_with_an_order_in_flight_is_not_workable() -> None:
    state, _ = submitted("sell 0.1 BTC")
    assert not state.legs[0].is_workable
