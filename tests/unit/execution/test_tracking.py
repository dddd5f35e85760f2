"""One order from its commit to its end."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from tests.builders import NOW, spot
from tests.unit.execution.cases import (
    DOUBTED,
    LOST,
    NO_ANSWER,
    NOT_SENT,
    ORDER,
    REFUSED,
    UNREAD,
    absent,
    after,
    booked,
    fill,
    in_state,
    later,
    said_absent,
    shown,
    unprovable,
    unseen,
)
from trimtab.domain.instruments import Lots
from trimtab.domain.orders import OrderState, VenueOrderId
from trimtab.execution import retry
from trimtab.execution.events import (
    FillsUnread,
    LookUp,
    NoAnswer,
    OrderEvent,
    ProveAbsence,
    ReadFills,
)
from trimtab.execution.tracking import (
    Outlook,
    Told,
    TrackedOrder,
    is_step,
    overheard,
    resume,
    told,
)


def test_an_order_that_ends_unfilled_is_closed_without_a_question() -> None:
    order, asks = after(shown(0))
    assert (order.state, asks) == (OrderState.EXPIRED, ())


def test_an_order_closes_when_its_fills_add_up_and_not_before() -> None:
    order, asks = after(shown(10))
    assert order.state is OrderState.SETTLING
    assert asks == (ReadFills(intent=ORDER.intent, after_s=0.0, from_start=False),)
    order, asks = told(order, booked(fill(4)), hurried=False)
    assert order.state is OrderState.SETTLING
    assert asks == (ReadFills(intent=ORDER.intent, after_s=0.5, from_start=True),)
    order, asks = told(order, booked(fill(4), fill(6, 2)), hurried=False)
    assert (order.state, asks, order.booked) == (OrderState.FILLED, (), 10)


def test_a_fill_that_is_read_twice_counts_once() -> None:
    order, _ = after(shown(10), booked(fill(4), fill(4)), booked(fill(4)))
    assert (order.state, order.booked) == (OrderState.SETTLING, 4)


def test_fills_of_other_orders_and_symbols_do_not_count() -> None:
    stranger = fill(10, venue_order_id=VenueOrderId("v2"))
    elsewhere = fill(10, instrument=spot("ETH"), client_order_id=ORDER.intent.client_order_id)
    order, _ = after(shown(10), booked(stranger, elsewhere))
    assert order.booked == 0


def test_a_fill_known_by_our_client_id_counts_before_the_venue_named_the_order() -> None:
    ours = fill(10, client_order_id=ORDER.intent.client_order_id)
    order, _ = after(LOST, booked(ours))
    assert (order.state, order.booked) == (OrderState.UNKNOWN, 10)


def test_when_trades_run_ahead_of_the_summary_the_order_is_looked_up_again() -> None:
    order, asks = after(shown(4), booked(fill(10)))
    assert order.state is OrderState.SETTLING
    assert isinstance(asks[0], LookUp)
    assert told(order, shown(10), hurried=False)[0].state is OrderState.FILLED


@pytest.mark.parametrize(("news", "hurried"), [(UNREAD, False), (booked(), True)])
def test_the_reading_of_fills_is_bounded(news, hurried: bool) -> None:
    order, asks = after(shown(10), hurried=hurried)
    readings = 0
    while asks:
        readings += 1
        order, asks = told(order, news, hurried=hurried)
    most = retry.FILL_READS_MAX_HURRIED if hurried else retry.FILL_READS_MAX
    assert readings == most
    assert (order.state, order.outlook) == (OrderState.SETTLING, Outlook.UNSETTLED)
    assert order.is_unresolved


def test_a_refusal_closes_the_order() -> None:
    order, asks = after(REFUSED)
    assert (order.state, asks, order.may_have_left) == (OrderState.REFUSED, (), True)


def test_an_order_that_certainly_did_not_leave_is_absent() -> None:
    order, asks = after(NOT_SENT)
    assert (order.state, asks, order.may_have_left) == (OrderState.ABSENT, (), False)


@pytest.mark.parametrize("news", [REFUSED, NOT_SENT])
def test_a_verdict_that_comes_after_another_contradicts_it(news) -> None:
    order, _ = after(LOST, news)
    assert (order.state, order.outlook) == (OrderState.UNKNOWN, Outlook.CONTRADICTED)


@pytest.mark.parametrize("news", [REFUSED, NOT_SENT])
def test_a_refused_order_with_fills_is_a_contradiction(news) -> None:
    ours = fill(1, client_order_id=ORDER.intent.client_order_id)
    order, _ = after(booked(ours), news)
    assert order.outlook is Outlook.CONTRADICTED


def test_a_lost_order_is_looked_up_and_a_doubled_report_asks_nothing_more() -> None:
    order, asks = after(LOST)
    assert (order.state, asks) == (
        OrderState.UNKNOWN,
        (LookUp(intent=ORDER.intent, after_s=0.5),),
    )
    assert told(order, LOST, hurried=False) == (order, ())


def test_the_fence_counts_from_when_the_answer_was_lost() -> None:
    order, _ = after(dataclasses.replace(LOST, at=later(30)))
    assert order.fence_at == later(30 + 5 + 10 + 2)


def test_absence_is_asked_for_after_three_misses_when_the_fence_is_near() -> None:
    order, asks = after(LOST, unseen(100), unseen(100))
    assert isinstance(asks[0], LookUp)
    order, asks = told(order, unseen(100), hurried=False)
    assert asks == (ProveAbsence(intent=ORDER.intent, fence_at=later(17)),)
    order, asks = told(order, absent(100), hurried=False)
    assert (order.state, asks) == (OrderState.ABSENT, ())


def test_before_the_fence_is_near_the_order_is_looked_up_further() -> None:
    _, asks = after(LOST, unseen(0), unseen(0), unseen(0))
    assert asks == (LookUp(intent=ORDER.intent, after_s=4.0),)


@pytest.mark.parametrize("misses", [0, 1, 2])
def test_a_proof_without_three_misses_is_none(misses: int) -> None:
    order, asks = after(LOST, *[unseen(100)] * misses, absent(100))
    assert order.state is OrderState.UNKNOWN
    assert isinstance(asks[0], LookUp)


def test_a_proof_from_before_the_fence_is_none() -> None:
    order, _ = after(LOST, *[unseen(100)] * 3, absent(16))
    assert order.state is OrderState.UNKNOWN


def test_an_order_with_fills_is_not_absent_whatever_the_lists_show() -> None:
    ours = fill(1, client_order_id=ORDER.intent.client_order_id)
    order, _ = after(LOST, booked(ours), *[unseen(100)] * 3, absent(100))
    assert order.outlook is Outlook.CONTRADICTED


def test_where_silence_proves_nothing_an_order_stays_unknown_and_a_person_is_asked() -> None:
    order, asks = after(LOST, *[unseen(100)] * 3, unprovable(100))
    assert (order.state, order.outlook) == (OrderState.UNKNOWN, Outlook.UNPROVABLE)
    assert (asks, order.note) == ((), "its lists may be late")


FENCE_S = 17
"""When the fence of an order is that left at once: window, processing, margin."""


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (FENCE_S + retry.SAID_AFTER_S, OrderState.ABSENT),
        (FENCE_S + retry.SAID_AFTER_S - 1, OrderState.UNKNOWN),
    ],
)
def test_a_persons_word_counts_some_minutes_after_the_fence(at: int, state: OrderState) -> None:
    order, asks = after(LOST, *[unseen(at)] * 3, said_absent(at))
    assert (order.state, asks) == (state, ())
    assert order.is_done
    word = "absent by the word of ann@desk" if order.state.is_terminal else "too early"
    assert word in order.note


def test_what_a_list_showed_behind_a_far_fence_is_looked_for_once_more_and_adopted() -> None:
    far = dataclasses.replace(ORDER, fence_at=later(1_000))
    order, asks = after(LOST, *[unseen(0)] * retry.LOOK_UPS_MAX, order=far)
    assert asks == (ProveAbsence(intent=ORDER.intent, fence_at=later(1_000)),)
    doubted, asks = told(order, DOUBTED, hurried=False)
    assert asks == (LookUp(intent=ORDER.intent, after_s=8.0),)
    found, _ = told(doubted, shown(0), hurried=False)
    assert found.state is OrderState.EXPIRED
    for _ in range(retry.PROOFS_MAX - 1):
        order, asks = _again(order)
        assert isinstance(asks[0], ProveAbsence)
    order, asks = _again(order)
    assert (order.outlook, asks) == (Outlook.UNPROVED, ())


def _again(order: TrackedOrder) -> Told:
    """Return *order* after evidence that is not whole and one more look that sees nothing."""
    doubted, _ = told(order, DOUBTED, hurried=False)
    return told(doubted, unseen(1_000), hurried=False)


@pytest.mark.parametrize("misses", [0, 1, 2])
@pytest.mark.parametrize("news", [unprovable(400), said_absent(400)])
def test_nobody_is_asked_and_no_word_counts_before_three_misses(
    news: OrderEvent, misses: int
) -> None:
    order, asks = after(LOST, *[unseen(400)] * misses, news)
    assert (order.state, order.outlook) == (OrderState.UNKNOWN, Outlook.ASKING)
    assert isinstance(asks[0], LookUp)


def test_an_order_with_fills_is_not_absent_whatever_a_person_says() -> None:
    ours = fill(1, client_order_id=ORDER.intent.client_order_id)
    order, _ = after(LOST, booked(ours), *[unseen(400)] * 3, said_absent(400))
    assert order.outlook is Outlook.CONTRADICTED


def test_an_order_that_was_said_to_be_absent_and_shows_is_a_contradiction() -> None:
    order, _ = after(LOST, *[unseen(400)] * 3, said_absent(400), shown(10))
    assert order.outlook is Outlook.CONTRADICTED


def test_a_word_about_an_order_that_the_venue_has_shown_changes_nothing() -> None:
    order, _ = after(shown(0, ended=False))
    assert told(order, said_absent(400), hurried=False) == (order, ())


def test_a_far_fence_is_waited_out_once_the_look_ups_are_used_up() -> None:
    far = dataclasses.replace(ORDER, receive_window_ms=120_000, fence_at=later(132))
    order, asks = after(LOST, order=far)
    while asks and isinstance(asks[0], LookUp):
        order, asks = told(order, unseen(10), hurried=False)
    assert asks == (ProveAbsence(intent=ORDER.intent, fence_at=later(132)),)
    assert order.looked == retry.LOOK_UPS_MAX
    order, asks = told(order, absent(133), hurried=False)
    assert (order.state, asks) == (OrderState.ABSENT, ())


def test_doubtful_evidence_is_asked_for_a_bounded_number_of_times() -> None:
    order, asks = after(LOST)
    proofs = 0
    while asks:
        proofs += isinstance(asks[0], ProveAbsence)
        news = DOUBTED if isinstance(asks[0], ProveAbsence) else unseen(100)
        order, asks = told(order, news, hurried=False)
    assert proofs == retry.PROOFS_MAX
    assert (order.state, order.outlook) == (OrderState.UNKNOWN, Outlook.UNPROVED)


@pytest.mark.parametrize(
    ("news", "outlook"),
    [
        (NO_ANSWER, Outlook.UNANSWERED),
        (shown(0, ended=False), Outlook.STILL_OPEN),
        (shown(0, lots=Lots(11)), Outlook.UNANSWERED),
    ],
)
@pytest.mark.parametrize("hurried", [True, False])
def test_look_ups_are_bounded(news, outlook: Outlook, hurried: bool) -> None:
    order, asks = after(LOST, hurried=hurried)
    look_ups = 0
    while asks:
        look_ups += 1
        order, asks = told(order, news, hurried=hurried)
    assert look_ups == (retry.LOOK_UPS_MAX_HURRIED if hurried else retry.LOOK_UPS_MAX)
    assert order.outlook is outlook


@pytest.mark.parametrize(
    ("begin", "silence", "outlook"),
    [(LOST, NO_ANSWER, Outlook.UNANSWERED), (shown(10), UNREAD, Outlook.UNSETTLED)],
)
def test_long_after_the_fence_a_silent_venue_is_asked_no_more(
    begin: OrderEvent, silence: NoAnswer | FillsUnread, outlook: Outlook
) -> None:
    order, _ = after(begin)
    late = dataclasses.replace(silence, at=order.fence_at + timedelta(minutes=1))
    for _ in range(retry.UNANSWERED_MIN):
        order, asks = told(order, late, hurried=False)
    assert (asks, order.outlook) == ((), outlook)


def test_in_a_hurry_absence_is_left_to_recovery() -> None:
    order, asks = after(LOST, unseen(100), unseen(100), unseen(100), hurried=True)
    assert (asks, order.outlook) == ((), Outlook.UNPROVED)


def test_an_open_order_that_is_not_visible_stays_open() -> None:
    order, asks = after(shown(0, ended=False), *[unseen(100)] * 5)
    assert order.state is OrderState.OPEN
    assert isinstance(asks[0], LookUp)


def test_an_answer_about_another_order_leaves_the_outcome_unknown() -> None:
    order, asks = after(shown(10, lots=Lots(11)))
    assert order.state is OrderState.UNKNOWN
    assert isinstance(asks[0], LookUp)
    assert order.venue_order_id is None


def test_a_late_report_about_another_order_changes_nothing_on_a_closed_one() -> None:
    closed, _ = after(shown(0))
    assert told(closed, shown(0, lots=Lots(11)), hurried=False)[0].state is OrderState.EXPIRED


@pytest.mark.parametrize(
    ("before", "news"),
    [
        ((REFUSED,), shown(0)),
        ((NOT_SENT,), shown(0, ended=False)),
        ((shown(10),), shown(10, venue_order_id=VenueOrderId("v2"))),
        ((), shown(11)),
        ((), shown(-1)),
        ((shown(0),), shown(5)),
        ((shown(0),), booked(fill(5))),
        ((shown(10),), booked(fill(11))),
        ((), shown(0, contradiction="it is on the side LONG")),
        ((LOST,), shown(10, contradiction="it is on the side LONG")),
    ],
)
def test_what_contradicts_a_conclusion_needs_a_person(before, news) -> None:
    order, asks = after(*before, news)
    assert (order.outlook, asks) == (Outlook.CONTRADICTED, ())


def test_an_order_that_says_other_than_was_sent_is_told_and_its_fills_are_booked() -> None:
    ours = fill(10, client_order_id=ORDER.intent.client_order_id)
    order, _ = after(shown(10, contradiction="it is on the side LONG"), booked(ours))
    assert (order.outlook, order.booked) == (Outlook.CONTRADICTED, 10)
    assert "it is on the side LONG" in order.note
    assert order.is_done
    again, asks = told(order, shown(10), hurried=False)
    assert (again, asks) == (order, ())


@pytest.mark.parametrize("before", [(), (LOST,), (shown(0, ended=False),)])
def test_an_order_that_says_other_than_was_sent_has_ended_all_the_same(before) -> None:
    otherwise = shown(10, contradiction="it is on the side LONG")
    ended, _ = after(*before, otherwise)
    assert (ended.state, ended.reported) == (OrderState.SETTLING, 10)
    assert ended.venue_order_id == otherwise.order.venue_order_id
    left = dataclasses.replace(
        ended, outlook=Outlook.ASKING, fills=(fill(10),)
    )  # What recovery finds.
    assert resume(left)[0].state is OrderState.FILLED
    rests, _ = after(*before, shown(4, ended=False, contradiction="it is on the side LONG"))
    assert (rests.outlook, rests.state) == (Outlook.CONTRADICTED, OrderState.OPEN)


def test_a_late_fill_is_kept_and_the_state_stays() -> None:
    order, _ = after(shown(0), booked(fill(5)))
    assert (order.state, order.booked, order.executed) == (OrderState.EXPIRED, 5, 5)


def test_reports_out_of_order_leave_a_closed_order_as_it_is() -> None:
    closed, _ = after(shown(10), booked(fill(10)))
    for news in (shown(4, ended=False), LOST, unseen(100), NO_ANSWER, absent(), DOUBTED, UNREAD):
        order, asks = told(closed, news, hurried=False)
        assert (order.state, asks) == (OrderState.FILLED, ())
        assert (order.outlook, order.reported) == (Outlook.ASKING, 10)


def test_what_was_executed_never_shrinks() -> None:
    order, _ = after(shown(10, ended=False), shown(4, ended=False))
    assert order.reported == 10


def test_questions_answered_before_the_sending_was_change_nothing() -> None:
    assert after(unseen(100)) == (ORDER, ())
    assert after(absent()) == (ORDER, ())


def test_an_order_given_up_and_seen_after_all_is_asked_about_again() -> None:
    given_up = in_state(OrderState.UNKNOWN, outlook=Outlook.UNANSWERED)
    order, asks = told(given_up, shown(10), hurried=False)
    assert (order.outlook, order.state) == (Outlook.ASKING, OrderState.SETTLING)
    assert isinstance(asks[0], ReadFills)


def test_fills_read_for_another_order_are_overheard() -> None:
    settling, _ = after(shown(10))
    assert overheard(settling, (fill(10),)).state is OrderState.FILLED
    assert overheard(settling, (fill(4),)).state is OrderState.SETTLING
    unknown, _ = after(LOST)
    assert overheard(unknown, (fill(10, venue_order_id=VenueOrderId("v2")),)) == unknown


def test_an_order_left_behind_is_taken_up_where_it_stands() -> None:
    order, asks = resume(ORDER)
    assert order.state is OrderState.UNKNOWN
    assert isinstance(asks[0], LookUp)
    order, asks = resume(in_state(OrderState.SETTLING, reported=Lots(10)))
    assert isinstance(asks[0], ReadFills)
    whole = in_state(
        OrderState.SETTLING,
        reported=Lots(10),
        venue_order_id=VenueOrderId("v1"),
        fills=(fill(10),),
    )
    assert resume(whole)[0].state is OrderState.FILLED
    assert isinstance(resume(in_state(OrderState.OPEN))[1][0], LookUp)


def test_only_steps_in_its_life_are_recorded_and_none_of_an_order_being_sent() -> None:
    lost, _ = after(LOST)
    assert is_step(lost, before=ORDER)
    assert not is_step(dataclasses.replace(lost, looked=9), before=lost)
    assert not is_step(dataclasses.replace(ORDER, note="x"), before=ORDER)
    assert ORDER.fence_at - (later(17) - NOW) == NOW
