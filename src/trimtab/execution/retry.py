"""What may be asked again, after how long, and how often. Pure.

A write is never sent again by a rule of this module but one: an attempt that certainly
reached nothing, or was proved absent, may be followed by a *new* attempt with a new client
order id. Everything else here is about questions. Waits are seconds, and every list of
them is finite: a run that gets no answers ends, and says so.

Source: docs/design/0006-execution.md; Binance REST "Timing security" (``recvWindow`` is
checked against the server's clock up to the matching engine, 10 s processing limit).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

WAITS_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Before each further question about one order; the last one repeats."""
LOOK_UPS_MAX: Final = 12
"""Questions by client order id in one run; about a minute and a quarter."""
LOOK_UPS_MAX_HURRIED: Final = 2
"""The same once somebody waits for the run to end."""
ASK_WITHIN_S: Final = 5
"""Most time for one look-up with its repeats; beyond it counts as not answered."""
LISTS_WITHIN_S: Final = 15
"""The same for a question to lists, which may have many pages."""
UNANSWERED_MAX_S: Final = 60
"""How long after the fence a venue that answers nothing is still asked: a silence costs a
run more than a refusal does, and recovery asks again."""
UNANSWERED_MIN: Final = 4
"""Questions that are asked all the same, however long ago the fence was."""
FILL_READS_MAX: Final = 7
"""Readings of the executions of one ended order; about a quarter of a minute."""
FILL_READS_MAX_HURRIED: Final = 3
"""The same once somebody waits for the run to end."""
MISSING_MIN: Final = 3
"""Spaced look-ups without a sight of the order before its absence may be concluded."""
PROOFS_MAX: Final = 3
"""Collections of the whole evidence for one order in one run."""
SAID_AFTER_S: Final = 300
"""From then on behind the fence a person may say what no list proves: pages are late too."""
TOO_EARLY: Final = "too early for a person's word"
RESENDS_MAX: Final = 2
"""New attempts at one leg in place of attempts that came to nothing."""
RETRY_AFTER_MAX_S: Final = 30.0
"""Longest silence that a run waits out before a new attempt; beyond it gives up."""
PROCESSING_LIMIT_S: Final = 10
"""How long the venue may still work on a request that it took in."""
CLOCK_MARGIN_S: Final = 2
"""How far the two clocks may be apart beyond what is measured, with room to spare."""
SUBMIT_WITHIN_S: Final = 60
"""Most time from an intent's commit to the end of its request; the driver cuts it off there."""
FENCE_OFF_MAX_S: Final = 600
"""No fence is farther off, unless our clock was set back: then it is not waited for."""
SET_BACK: Final = "this machine's clock was set back: by it the request has not left yet"


def wait_s(asked: int) -> float:
    """Return the wait before the next question when *asked* were asked already."""
    return WAITS_S[min(asked, len(WAITS_S) - 1)]


def look_up_wait_s(looked: int, *, hurried: bool) -> float | None:
    """Return the wait before the next look-up, or None when there have been enough."""
    most = LOOK_UPS_MAX_HURRIED if hurried else LOOK_UPS_MAX
    return wait_s(looked) if looked < most else None


def one_left(looked: int) -> int:
    """Return how many look-ups count as asked after evidence that is not whole.

    What a list shows behind a far fence has to be looked for, though none was left.
    """
    return min(looked, LOOK_UPS_MAX - 1)


def is_given_up(asked: int, *, fence_at: datetime, at: datetime) -> bool:
    """Whether a venue that has not answered by *at* is asked no more in this run."""
    return asked >= UNANSWERED_MIN and at >= fence_at + timedelta(seconds=UNANSWERED_MAX_S)


def fill_read_wait_s(reads: int, *, hurried: bool) -> float | None:
    """Return the wait before the next reading of fills: none before the first; None: enough."""
    most = FILL_READS_MAX_HURRIED if hurried else FILL_READS_MAX
    if reads >= most:
        return None
    return wait_s(reads - 1) if reads else 0.0


def fence_at(sent_by: datetime, *, receive_window_ms: int) -> datetime:
    """Return the instant after which a request sent by *sent_by* can no longer become an order."""
    window = timedelta(milliseconds=receive_window_ms)
    return sent_by + window + timedelta(seconds=PROCESSING_LIMIT_S + CLOCK_MARGIN_S)


def recovery_fence_at(
    submitted_at: datetime, *, recovered_at: datetime, receive_window_ms: int
) -> datetime:
    """Return the fence of an order whose process ended, nobody knows when.

    It sent nothing after recovery began (its lease is gone), nor later than the driver's own
    limit after the commit. Where recovery begins before the commit, our clock was set back, and
    says nothing of when it began.
    """
    limit = submitted_at + timedelta(seconds=SUBMIT_WITHIN_S)
    latest = limit if recovered_at < submitted_at else min(recovered_at, limit)
    return fence_at(latest, receive_window_ms=receive_window_ms)


def is_set_back(fence_at: datetime, *, at: datetime) -> bool:
    """Whether our clock must have been set back since what the fence is of was sent."""
    return (fence_at - at).total_seconds() > FENCE_OFF_MAX_S


def may_prove_absence(*, missing: int, proofs: int) -> bool:
    """Whether enough look-ups saw nothing, and the evidence may still be collected."""
    return missing >= MISSING_MIN and proofs < PROOFS_MAX


def may_be_said_at(fence_at: datetime) -> datetime:
    """Return from when on a person may say that an order is absent."""
    return fence_at + timedelta(seconds=SAID_AFTER_S)


def is_fence_next(looked: int, fence_at: datetime, *, at: datetime) -> bool:
    """Whether the fence is what comes next: before the next look-up, or when none is left."""
    return looked >= LOOK_UPS_MAX or (fence_at - at).total_seconds() <= wait_s(looked)


def resend_wait_s(came_to_nothing: int, *, retry_after_ms: int) -> float | None:
    """Return the wait before a new attempt at a leg, or None to leave it.

    *came_to_nothing* counts the attempts at the leg that never became an order, >= 1.
    """
    asked_for = retry_after_ms / 1000
    if came_to_nothing > RESENDS_MAX or asked_for > RETRY_AFTER_MAX_S:
        return None
    return max(asked_for, wait_s(came_to_nothing - 1))
