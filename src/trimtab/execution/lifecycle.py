"""The life of an order as one table: state and event in, state out.

Pure. Ledger, run machine and recovery all take their transitions from here;
docs/order-states.md is rendered from it. Three rules are in the table's shape:

* A write whose outcome is unknown leaves ``UNKNOWN`` only by being found, by a proof of
  absence, or by a person's word where a venue can give no proof; never by being sent again or
  by a late refusal.
* ``FILLED`` and ``EXPIRED`` are entered by events that :func:`settled` alone makes, and it
  makes them only when the booked fills equal what the venue executed.
* Terminal states absorb. A fill that still comes is booked and told apart
  (:attr:`EventKind.LATE_FILL`): it never re-opens an order.

A report that arrives twice or out of order leaves the state where it is. What would
contradict something proved (the venue shows an order that was proved absent) has no row.

Source: docs/design/0006-execution.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from trimtab.domain.orders import OrderState


class EventKind(StrEnum):
    """What became known of an order."""

    NOT_SENT = "not_sent"
    """Certainly nothing reached the venue: no byte left, or it answered that it did not act."""
    REFUSED = "refused"
    """The venue said no to the order."""
    LOST = "lost"
    """The request may have arrived: no answer, an unreadable one, or our process ended."""
    ACCEPTED = "accepted"
    """The venue has the order and may fill it further."""
    ENDED = "ended"
    """The venue will not fill it further; fills are still to be booked."""
    ABSENCE_PROVED = "absence_proved"
    """After the fence no list of the venue shows it."""
    ABSENCE_SAID = "absence_said"
    """The same where lists prove nothing, and a person looked at the venue and says so."""
    SETTLED_WHOLE = "settled_whole"
    """Ended, executed whole, and the booked fills sum to that."""
    SETTLED_WITH_REST = "settled_with_rest"
    """Ended with a rest, perhaps all of it, and the booked fills sum to what was executed."""
    LATE_FILL = "late_fill"
    """A fill was booked on an order that had been closed: news for a person."""


_S, _E = OrderState, EventKind

TRANSITIONS: Final[Mapping[tuple[OrderState, EventKind], OrderState]] = MappingProxyType(
    {
        (_S.SUBMITTING, _E.NOT_SENT): _S.ABSENT,
        (_S.SUBMITTING, _E.REFUSED): _S.REFUSED,
        (_S.SUBMITTING, _E.LOST): _S.UNKNOWN,
        (_S.SUBMITTING, _E.ACCEPTED): _S.OPEN,
        (_S.SUBMITTING, _E.ENDED): _S.SETTLING,
        (_S.SUBMITTING, _E.SETTLED_WHOLE): _S.FILLED,
        (_S.SUBMITTING, _E.SETTLED_WITH_REST): _S.EXPIRED,
        (_S.UNKNOWN, _E.LOST): _S.UNKNOWN,
        (_S.UNKNOWN, _E.ACCEPTED): _S.OPEN,
        (_S.UNKNOWN, _E.ENDED): _S.SETTLING,
        (_S.UNKNOWN, _E.ABSENCE_PROVED): _S.ABSENT,
        (_S.UNKNOWN, _E.ABSENCE_SAID): _S.ABSENT,
        (_S.UNKNOWN, _E.SETTLED_WHOLE): _S.FILLED,
        (_S.UNKNOWN, _E.SETTLED_WITH_REST): _S.EXPIRED,
        (_S.OPEN, _E.LOST): _S.OPEN,
        (_S.OPEN, _E.ACCEPTED): _S.OPEN,
        (_S.OPEN, _E.ENDED): _S.SETTLING,
        (_S.OPEN, _E.SETTLED_WHOLE): _S.FILLED,
        (_S.OPEN, _E.SETTLED_WITH_REST): _S.EXPIRED,
        (_S.SETTLING, _E.LOST): _S.SETTLING,
        (_S.SETTLING, _E.ACCEPTED): _S.SETTLING,
        (_S.SETTLING, _E.ENDED): _S.SETTLING,
        (_S.SETTLING, _E.SETTLED_WHOLE): _S.FILLED,
        (_S.SETTLING, _E.SETTLED_WITH_REST): _S.EXPIRED,
        (_S.FILLED, _E.LOST): _S.FILLED,
        (_S.FILLED, _E.ACCEPTED): _S.FILLED,
        (_S.FILLED, _E.ENDED): _S.FILLED,
        (_S.FILLED, _E.SETTLED_WHOLE): _S.FILLED,
        (_S.FILLED, _E.LATE_FILL): _S.FILLED,
        (_S.EXPIRED, _E.LOST): _S.EXPIRED,
        (_S.EXPIRED, _E.ACCEPTED): _S.EXPIRED,
        (_S.EXPIRED, _E.ENDED): _S.EXPIRED,
        (_S.EXPIRED, _E.SETTLED_WITH_REST): _S.EXPIRED,
        (_S.EXPIRED, _E.LATE_FILL): _S.EXPIRED,
        (_S.REFUSED, _E.REFUSED): _S.REFUSED,
        (_S.REFUSED, _E.LATE_FILL): _S.REFUSED,
        (_S.ABSENT, _E.NOT_SENT): _S.ABSENT,
        (_S.ABSENT, _E.ABSENCE_PROVED): _S.ABSENT,
        (_S.ABSENT, _E.LATE_FILL): _S.ABSENT,
    }
)
"""Every transition there is. What is not listed cannot happen."""

_ALLOWED: Final = frozenset((before, after) for (before, _), after in TRANSITIONS.items())


class IllegalTransition(AssertionError):
    """An order was asked to do what the table does not know: our bug, or a contradiction."""


def next_state(state: OrderState, event: EventKind) -> OrderState:
    """Return the state that *event* leads to.

    Raises:
        IllegalTransition: the table has no such row.

    """
    after = TRANSITIONS.get((state, event))
    if after is None:
        raise IllegalTransition(f"an order that is {state} cannot be told {event}")
    return after


def is_allowed(before: OrderState, *, after: OrderState) -> bool:
    """Whether some event leads from *before* to *after* in one step."""
    return (before, after) in _ALLOWED


def settled(*, ordered: int, executed: int, booked: int) -> EventKind | None:
    """Return the event that closes an ended order, or None while its fills are not all booked.

    All three are signed lots: ordered, executed as the venue reports, sum of booked fills.
    """
    if booked != executed:
        return None
    return EventKind.SETTLED_WHOLE if executed == ordered else EventKind.SETTLED_WITH_REST
