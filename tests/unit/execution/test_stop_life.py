"""The life of a resting stop."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from tests.builders import dec, swap
from trimtab.domain.hedges import HedgeId
from trimtab.domain.instruments import Lots, Symbol, Ticks
from trimtab.domain.orders import VenueOrderId
from trimtab.domain.stops import (
    FiredOrder,
    SeenStop,
    StopId,
    StopIntent,
    StopState,
    VenueStop,
    VenueStopId,
)
from trimtab.execution.lifecycle import IllegalTransition
from trimtab.execution.stop_life import (
    TRANSITIONS,
    StopEventKind,
    contradiction,
    event_of,
    is_allowed,
    next_state,
)

INTENT = StopIntent(
    stop_id=StopId("s1"),
    plan_digest="ab" * 32,
    hedge_id=HedgeId("btc-1f09ac"),
    line=3,
    instrument=swap("BTC", lot_size=dec("0.001"), tick_size=dec("0.1")),
    lots=Lots(500),
    trigger=Ticks(700_000),
)
SEEN = VenueStop(
    stop_id=INTENT.stop_id,
    venue_stop_id=VenueStopId("9"),
    symbol=INTENT.instrument.symbol,
    lots=INTENT.lots,
    trigger_price=dec(70_000),
    state=SeenStop.RESTING,
    order=None,
    status="NEW",
)
FIRED = FiredOrder(venue_order_id=VenueOrderId("77"), filled_lots=Lots(500), ended=True)


def test_nothing_leads_out_of_a_terminal_state() -> None:
    assert not [before for before, _ in TRANSITIONS if before.is_terminal]


def test_nothing_leads_back_to_sending() -> None:
    assert StopState.SENDING not in TRANSITIONS.values()


def test_an_unknown_stop_ends_only_by_being_seen_or_by_a_proof_of_absence() -> None:
    out = {event for before, event in TRANSITIONS if before is StopState.UNKNOWN}

    assert out == {
        StopEventKind.LOST,
        StopEventKind.RESTS,
        StopEventKind.FIRED,
        StopEventKind.WITHDRAWN,
        StopEventKind.ENDED,
        StopEventKind.ABSENCE_PROVED,
    }


def test_what_is_not_in_the_table_is_refused() -> None:
    assert next_state(StopState.RESTING, StopEventKind.FIRED) is StopState.FIRED
    with pytest.raises(IllegalTransition, match="resting cannot be told lost"):
        next_state(StopState.RESTING, StopEventKind.LOST)


def test_a_step_is_allowed_exactly_where_an_event_makes_it() -> None:
    steps = {(before, after) for (before, _), after in TRANSITIONS.items()}

    for before, after in itertools.product(StopState, repeat=2):
        assert is_allowed(before, after=after) is ((before, after) in steps)


@pytest.mark.parametrize(
    ("state", "order", "event"),
    [
        (SeenStop.RESTING, None, StopEventKind.RESTS),
        (SeenStop.FIRED, replace(FIRED, ended=False), StopEventKind.FIRED),
        (SeenStop.FIRED, FIRED, StopEventKind.ENDED),
        (SeenStop.WITHDRAWN, None, StopEventKind.WITHDRAWN),
    ],
)
def test_the_venues_word_is_an_event(
    state: SeenStop, order: FiredOrder | None, event: StopEventKind
) -> None:
    assert event_of(replace(SEEN, state=state, order=order)) is event


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"stop_id": StopId("s2")}, "its name is s2, ours is s1"),
        ({"symbol": Symbol("ETH/USDT:USDT")}, "its market is ETH/USDT:USDT"),
        ({"lots": Lots(501)}, "its lots is 501, ours is 500"),
        ({"trigger_price": dec(70_001)}, "its trigger is 70001, ours is 70000"),
    ],
)
def test_a_stop_of_our_name_that_is_not_ours_is_told(other: dict[str, Any], told: str) -> None:
    assert told in contradiction(INTENT, replace(SEEN, **other))


def test_our_own_stop_contradicts_nothing() -> None:
    assert not contradiction(INTENT, SEEN)


@pytest.mark.parametrize("state", [SeenStop.FIRED, SeenStop.WITHDRAWN])
def test_where_one_that_rests_no_more_had_rested_contradicts_nothing(state: SeenStop) -> None:
    order = FIRED if state is SeenStop.FIRED else None
    moved = replace(SEEN, state=state, order=order, lots=Lots(480), trigger_price=dec(69_000))
    assert not contradiction(INTENT, moved)


@pytest.mark.parametrize("filled", [501, -1])
def test_one_that_filled_more_than_it_was_put_for_contradicts(filled: int) -> None:
    order = replace(FIRED, filled_lots=Lots(filled))
    seen = replace(SEEN, state=SeenStop.FIRED, order=order)
    assert contradiction(INTENT, seen) == f"it filled {filled} lots, ours is of 500"
