"""What may be asked again, after how long, and how often."""

from __future__ import annotations

import pytest

from tests.builders import NOW
from tests.unit.execution.cases import later
from trimtab.execution import retry


def test_look_ups_wait_half_a_second_and_then_twice_as_long_up_to_eight() -> None:
    waits = [retry.look_up_wait_s(n, hurried=False) for n in range(retry.LOOK_UPS_MAX + 1)]
    assert waits == [0.5, 1, 2, 4, *[8] * 8, None]


def test_fills_are_read_at_once_and_then_again_a_bounded_number_of_times() -> None:
    waits = [retry.fill_read_wait_s(n, hurried=False) for n in range(8)]
    assert waits == [0, 0.5, 1, 2, 4, 8, 8, None]
    assert retry.fill_read_wait_s(3, hurried=True) is None


@pytest.mark.parametrize(
    ("asked", "seconds", "given_up"), [(4, 59.9, False), (3, 60, False), (4, 60, True)]
)
def test_a_silent_venue_is_given_up_a_minute_after_the_fence_but_asked_four_times(
    asked: int, seconds: float, given_up: bool
) -> None:
    assert retry.is_given_up(asked, fence_at=NOW, at=later(seconds)) is given_up


def test_the_fence_is_the_window_the_processing_limit_and_the_margin_after_the_sending() -> None:
    assert retry.fence_at(NOW, receive_window_ms=5_000) == later(5 + 10 + 2)


@pytest.mark.parametrize(
    ("recovered", "sent_by"), [(0, 0), (3, 3), (60, 60), (3_600, 60), (-1, 60), (-3_600, 60)]
)
def test_a_dead_process_sent_nothing_after_recovery_began_nor_after_its_own_limit(
    recovered: int, sent_by: int
) -> None:
    fence = retry.recovery_fence_at(NOW, recovered_at=later(recovered), receive_window_ms=5_000)
    assert fence == later(sent_by + 17)


@pytest.mark.parametrize(
    ("missing", "proofs", "may"), [(2, 0, False), (3, 0, True), (3, 2, True), (3, 3, False)]
)
def test_absence_may_be_asked_for_after_three_misses_three_times(
    missing: int, proofs: int, may: bool
) -> None:
    assert retry.may_prove_absence(missing=missing, proofs=proofs) is may


@pytest.mark.parametrize(
    ("nothing", "retry_after_ms", "wait"),
    [
        (1, 0, 0.5),
        (2, 0, 1.0),
        (1, 3_000, 3.0),
        (3, 0, None),
        (1, 30_000, 30.0),
        (1, 30_001, None),
    ],
)
def test_an_attempt_that_came_to_nothing_may_be_followed_by_two_more(
    nothing: int, retry_after_ms: int, wait: float | None
) -> None:
    assert retry.resend_wait_s(nothing, retry_after_ms=retry_after_ms) == wait
