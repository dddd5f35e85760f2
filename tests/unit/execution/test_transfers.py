"""One transfer from its commit to its end: what is concluded, and what is asked next."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.builders import NOW, USDT
from tests.unit.execution.cases import DIGEST, WINDOW_MS, later
from trimtab.domain.transfers import (
    ListedState,
    ListedTransfer,
    TransferIntent,
    TransferState,
    VenueTransferId,
    transfer_id,
)
from trimtab.execution.lifecycle import IllegalTransition
from trimtab.execution.retry import (
    LOOK_UPS_MAX,
    LOOK_UPS_MAX_HURRIED,
    MISSING_MIN,
    SET_BACK,
)
from trimtab.execution.tracking import Outlook
from trimtab.execution.transfer_events import (
    SeekTransfer,
    TransferEvent,
    TransferLost,
    TransferMade,
    TransferNotSent,
    TransferRefused,
    TransferSought,
    TransferUnread,
)
from trimtab.execution.transfers import (
    TRANSITIONS,
    TrackedTransfer,
    TransferEventKind,
    follow,
    heard,
    is_allowed,
    is_step,
    next_state,
    resumed,
)

NAME = transfer_id(plan_digest=DIGEST, line=2)
INTENT = TransferIntent(
    transfer_id=NAME, plan_digest=DIGEST, line=2, asset=USDT, units=Decimal("200.00000001")
)
SENT = follow(INTENT, at=NOW, receive_window_ms=WINDOW_MS)
LOST = TransferLost(transfer_id=NAME, reason="reset", at=NOW)
UNREAD = TransferUnread(transfer_id=NAME, reason="no route", at=NOW)


def row(state: ListedState = ListedState.MADE, number: int = 7) -> ListedTransfer:
    return ListedTransfer(
        venue_transfer_id=VenueTransferId(str(number)),
        asset=USDT,
        units=INTENT.units,
        state=state,
        moved_at=NOW,
    )


def seen(*rows: ListedTransfer, at: float = 1, elsewhere: str = "") -> TransferSought:
    return TransferSought(transfer_id=NAME, listed=rows, elsewhere=elsewhere, at=later(at))


def after(*events: TransferEvent, hurried: bool = False) -> tuple[TrackedTransfer, int]:
    """Return the transfer after all of *events*, and how many questions the last one asks."""
    transfer, asks = SENT, ()
    for event in events:
        transfer, asks = heard(transfer, event, hurried=hurried)
    return transfer, len(asks)


def test_an_acknowledged_transfer_is_done_and_has_the_venues_number() -> None:
    made = TransferMade(transfer_id=NAME, venue_transfer_id=VenueTransferId("9"), at=NOW)
    transfer, asks = after(made)
    assert (transfer.state, transfer.venue_transfer_id, asks) == (TransferState.DONE, "9", 0)
    assert transfer.is_done
    assert not transfer.is_unknown


@pytest.mark.parametrize(
    ("event", "state", "may_have_left"),
    [
        (TransferRefused(transfer_id=NAME, reason="-5013", at=NOW), TransferState.REFUSED, True),
        (TransferNotSent(transfer_id=NAME, reason="429", at=NOW), TransferState.ABSENT, False),
    ],
)
def test_what_the_venue_did_not_do_is_closed_with_its_reason(
    event: TransferRefused | TransferNotSent, state: TransferState, *, may_have_left: bool
) -> None:
    transfer, asks = after(event)
    assert (transfer.state, transfer.may_have_left, asks) == (state, may_have_left, 0)
    assert transfer.note == event.reason


def test_a_lost_answer_moves_the_fence_and_asks_the_lists() -> None:
    late = dataclasses.replace(LOST, at=later(30))
    transfer, asks = heard(SENT, late, hurried=False)
    assert transfer.state is TransferState.UNKNOWN
    assert transfer.is_unknown
    assert transfer.fence_at == SENT.fence_at + timedelta(seconds=30)
    assert asks == (SeekTransfer(intent=INTENT, after_s=0.5, since=NOW - timedelta(seconds=60)),)


def test_one_that_the_list_shows_is_done() -> None:
    transfer, asks = after(LOST, seen(), seen(row()))
    assert (transfer.state, transfer.venue_transfer_id, asks) == (TransferState.DONE, "7", 0)


def test_one_that_the_list_shows_as_failed_moved_nothing() -> None:
    transfer, asks = after(LOST, seen(row(ListedState.FAILED)))
    assert (transfer.state, asks) == (TransferState.REFUSED, 0)


def test_one_that_is_pending_is_asked_about_until_it_is_made() -> None:
    waits, asks = after(LOST, seen(row(ListedState.PENDING), at=100))
    assert (waits.state, waits.missing, asks) == (TransferState.UNKNOWN, 0, 1)
    done, _ = after(LOST, seen(row(ListedState.PENDING)), seen(row()))
    assert done.state is TransferState.DONE


def test_two_of_the_same_units_are_for_a_person() -> None:
    transfer, asks = after(LOST, seen(row(), row(number=8)))
    assert (transfer.state, transfer.outlook) == (TransferState.UNKNOWN, Outlook.CONTRADICTED)
    assert transfer.is_done
    assert asks == 0


def test_absence_needs_the_fence_and_several_looks() -> None:
    early, _ = after(LOST, *[seen(at=1)] * MISSING_MIN)
    assert early.state is TransferState.UNKNOWN
    few, _ = after(LOST, *[seen(at=100)] * (MISSING_MIN - 1))
    assert few.state is TransferState.UNKNOWN
    proved, asks = after(LOST, *[seen(at=100)] * MISSING_MIN)
    assert (proved.state, asks) == (TransferState.ABSENT, 0)


def test_the_fence_itself_is_enough_and_a_moment_before_is_not() -> None:
    fence = SENT.fence_at
    looks = [seen()] * (MISSING_MIN - 1)
    at = dataclasses.replace(seen(), at=fence)
    before = dataclasses.replace(seen(), at=fence - timedelta(milliseconds=1))
    assert after(LOST, *looks, at)[0].state is TransferState.ABSENT
    assert after(LOST, *looks, before)[0].state is TransferState.UNKNOWN


def test_what_only_the_payments_show_is_not_absent() -> None:
    paid = seen(at=100, elsewhere="payment 4")
    transfer, asks = after(LOST, *[paid] * MISSING_MIN)
    assert (transfer.state, transfer.missing, asks) == (TransferState.UNKNOWN, 0, 1)


@pytest.mark.parametrize(
    ("event", "outlook"),
    [
        (UNREAD, Outlook.UNANSWERED),
        (seen(at=1), Outlook.UNPROVED),
        (seen(at=100, elsewhere="payment 4"), Outlook.UNPROVED),
        (seen(row(ListedState.PENDING)), Outlook.STILL_OPEN),
    ],
)
def test_questions_are_bounded_and_it_stays_unknown(event: TransferEvent, outlook: Outlook) -> None:
    transfer, asks = after(LOST, *[event] * (LOOK_UPS_MAX - 1))
    assert (transfer.outlook, asks) == (Outlook.ASKING, 1)
    given_up, asks = heard(transfer, event, hurried=False)
    assert (given_up.state, given_up.outlook, asks) == (TransferState.UNKNOWN, outlook, ())
    assert given_up.is_done


def test_somebody_who_waits_is_not_kept_waiting() -> None:
    transfer, asks = after(LOST, *[UNREAD] * LOOK_UPS_MAX_HURRIED, hurried=True)
    assert (transfer.outlook, asks) == (Outlook.UNANSWERED, 0)


def test_news_of_a_closed_one_changes_nothing() -> None:
    done, _ = after(LOST, seen(row()))
    assert heard(done, LOST, hurried=False) == (done, ())


@pytest.mark.parametrize("state", [TransferState.SENDING, TransferState.UNKNOWN])
def test_what_a_process_left_behind_is_unknown_and_asked_about(state: TransferState) -> None:
    left = dataclasses.replace(SENT, state=state)
    transfer, asks = resumed(left)
    assert (transfer.state, len(asks)) == (TransferState.UNKNOWN, 1)


def test_the_ledger_hears_of_states_and_of_giving_up() -> None:
    lost, _ = after(LOST)
    assert is_step(lost, before=SENT)
    asked, _ = after(LOST, UNREAD)
    assert not is_step(asked, before=lost)
    given_up = dataclasses.replace(lost, outlook=Outlook.UNPROVED)
    assert is_step(given_up, before=lost)


def test_closed_states_have_no_way_on_and_unknown_ends_by_sight_or_proof_alone() -> None:
    for state in TransferState:
        ways = {kind for before, kind in TRANSITIONS if before is state}
        assert bool(ways) is not state.is_terminal
    assert TransferEventKind.NOT_SENT not in {
        kind for before, kind in TRANSITIONS if before is TransferState.UNKNOWN
    }
    with pytest.raises(IllegalTransition):
        next_state(TransferState.DONE, TransferEventKind.MADE)
    assert is_allowed(TransferState.SENDING, after=TransferState.UNKNOWN)
    assert not is_allowed(TransferState.ABSENT, after=TransferState.DONE)


def test_a_transfer_of_nothing_cannot_be_written_down() -> None:
    with pytest.raises(ValueError, match="must be finite and not 0"):
        dataclasses.replace(INTENT, units=Decimal(0))
    with pytest.raises(ValueError, match="must be finite and not 0"):
        dataclasses.replace(INTENT, units=Decimal("NaN"))


def test_a_line_of_a_plan_has_one_name() -> None:
    assert transfer_id(plan_digest=DIGEST, line=2) == NAME
    assert len({NAME, *(transfer_id(plan_digest=DIGEST, line=n) for n in (1, 3))}) == 3
    assert (len(NAME), NAME[0]) == (28, "m")


def test_a_clock_that_was_set_back_is_told_where_it_keeps_the_fence_far_off() -> None:
    transfer, _ = after(LOST, seen(at=-3_600))
    assert (transfer.state, transfer.note) == (TransferState.UNKNOWN, SET_BACK)
    assert after(LOST, seen(at=-10))[0].note != SET_BACK
