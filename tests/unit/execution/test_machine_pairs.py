"""A run in which one half of a pair comes short, and the other half stops beside it."""

from __future__ import annotations

import dataclasses

from tests.builders import NOW, account, legs_of
from tests.unit.execution.cases import fill
from tests.unit.execution.test_machine import PASSED, TERMS, ended_unfilled
from trimtab.domain.instruments import Lots
from trimtab.domain.orders import OrderIntent
from trimtab.execution.events import FillsBooked, Shown, Submit, Surveyed
from trimtab.execution.machine import begin, step
from trimtab.execution.rests import RestReason
from trimtab.execution.state import Phase, RunState

HEDGED = account("BTC 1 @ 60000, USDT 100, perp BTC -1, wallet 90000")


def filled(state: RunState, intent: OrderIntent, lots: int) -> RunState:
    """Return the run after an order ended with so many lots filled, and those were read."""
    name = intent.client_order_id
    shown = dataclasses.replace(ended_unfilled(intent).order, filled_lots=Lots(lots))
    state, _ = step(state, Shown(client_order_id=name, order=shown, at=NOW))
    if not lots:
        return state
    part = fill(lots, instrument=intent.instrument, client_order_id=name)
    booked = FillsBooked(
        client_order_id=name, symbol=intent.instrument.symbol, fills=(part,), at=NOW
    )
    return step(state, booked)[0]


def test_coins_are_sold_as_far_as_their_hedge_was_bought_back_and_no_further() -> None:
    legs = legs_of(HEDGED, "buy 0.1 perp BTC reduce", "then sell 0.1 BTC")
    state, _ = begin(legs, (), TERMS, HEDGED)
    sent = []
    while state.phase is not Phase.FINISHED:
        state, [command] = step(state, PASSED)
        assert isinstance(command, Submit)
        [intent] = command.intents
        sent.append((intent.line, intent.lots))
        first_try = len(sent) == 1
        bought = 300 if first_try else 0
        state = filled(state, intent, intent.lots if intent.line == 2 else bought)
        if state.phase is Phase.SURVEYING:
            state, _ = step(state, Surveyed(snapshot=HEDGED, at=NOW))
    assert sent == [(1, 1_000), (1, 700), (1, 700), (2, -300)]
    assert [(w.rest, w.rest_reason) for w in state.legs] == [
        (700, RestReason.REPRICES_USED_UP),
        (-700, RestReason.OTHER_HALF),
    ]


def test_coins_stay_where_nothing_of_their_hedge_was_bought_back() -> None:
    legs = legs_of(HEDGED, "buy 0.1 perp BTC reduce", "then sell 0.1 BTC")
    state, _ = begin(legs, (), dataclasses.replace(TERMS, max_reprices=0), HEDGED)
    state, [command] = step(state, PASSED)
    assert isinstance(command, Submit)
    state = filled(state, command.intents[0], 0)
    state, _ = step(state, Surveyed(snapshot=HEDGED, at=NOW))
    assert state.phase is Phase.FINISHED
    assert [w.rest_reason for w in state.legs] == [
        RestReason.REPRICES_USED_UP,
        RestReason.OTHER_HALF,
    ]
