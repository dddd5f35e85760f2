"""The life of an order is one table."""

from __future__ import annotations

from itertools import product

import pytest

from tests.unit.execution.order_states_page import PAGE, page
from trimtab.domain.orders import OrderState
from trimtab.execution.lifecycle import (
    TRANSITIONS,
    EventKind,
    IllegalTransition,
    is_allowed,
    next_state,
    settled,
)

TERMINAL = [s for s in OrderState if s.is_terminal]


@pytest.mark.parametrize(("state", "event"), list(product(OrderState, EventKind)))
def test_an_event_leads_where_the_table_says_or_nowhere(
    state: OrderState, event: EventKind
) -> None:
    if (state, event) in TRANSITIONS:
        after = next_state(state, event)
        assert after is TRANSITIONS[state, event]
        assert is_allowed(state, after=after)
    else:
        with pytest.raises(IllegalTransition, match=f"{state} cannot be told {event}"):
            next_state(state, event)


@pytest.mark.parametrize("state", TERMINAL)
def test_a_terminal_state_absorbs(state: OrderState) -> None:
    assert [after for after in OrderState if is_allowed(state, after=after)] == [state]


@pytest.mark.parametrize("state", TERMINAL)
def test_a_late_fill_is_told_apart_and_reopens_nothing(state: OrderState) -> None:
    assert next_state(state, EventKind.LATE_FILL) is state


@pytest.mark.parametrize("state", [s for s in OrderState if not s.is_terminal])
def test_only_a_closed_order_can_have_a_late_fill(state: OrderState) -> None:
    with pytest.raises(IllegalTransition):
        next_state(state, EventKind.LATE_FILL)


def test_unknown_is_left_only_by_being_found_or_proved_absent() -> None:
    reached = {a for a in OrderState if is_allowed(OrderState.UNKNOWN, after=a)}
    assert reached == {
        OrderState.UNKNOWN,
        OrderState.OPEN,
        OrderState.SETTLING,
        OrderState.FILLED,
        OrderState.EXPIRED,
        OrderState.ABSENT,
    }


def test_nothing_leads_back_to_submitting() -> None:
    assert not any(is_allowed(before, after=OrderState.SUBMITTING) for before in OrderState)


def test_what_the_venue_has_shown_can_no_longer_be_absent() -> None:
    for state in (OrderState.OPEN, OrderState.SETTLING, OrderState.FILLED, OrderState.EXPIRED):
        assert not is_allowed(state, after=OrderState.ABSENT)
        assert not is_allowed(state, after=OrderState.UNKNOWN)


def test_an_order_proved_absent_cannot_be_shown_by_the_venue() -> None:
    for event in (EventKind.ACCEPTED, EventKind.ENDED):
        with pytest.raises(IllegalTransition):
            next_state(OrderState.ABSENT, event)


@pytest.mark.parametrize(
    ("ordered", "executed", "booked", "event"),
    [
        (10, 10, 10, EventKind.SETTLED_WHOLE),
        (10, 4, 4, EventKind.SETTLED_WITH_REST),
        (10, 0, 0, EventKind.SETTLED_WITH_REST),
        (-10, -10, -10, EventKind.SETTLED_WHOLE),
        (10, 10, 9, None),
        (10, 4, 0, None),
        (10, 0, 3, None),
    ],
)
def test_an_order_closes_only_when_its_booked_fills_are_what_was_executed(
    ordered: int, executed: int, booked: int, event: EventKind | None
) -> None:
    assert settled(ordered=ordered, executed=executed, booked=booked) is event


def test_the_page_of_order_states_is_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
