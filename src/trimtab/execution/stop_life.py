"""The life of a resting stop as a table: what became known of it, and where that leads. Pure.

Three rules are in the table's shape: one whose outcome is unknown leaves ``UNKNOWN`` only by being
seen or by a proof of absence, never by being sent again; one that rests ends only by the venue's
word; terminal states absorb. Source: docs/design/0053-resting-stops.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from trimtab.domain.stops import SeenStop, StopIntent, StopRecord, StopState, VenueStop
from trimtab.execution.lifecycle import IllegalTransition


class StopEventKind(StrEnum):
    """What became known of a stop."""

    NOT_SENT = "not_sent"
    """Certainly nothing reached the venue, or it answered that it did not act."""
    REFUSED = "refused"
    LOST = "lost"
    """The request may have arrived."""
    RESTS = "rests"
    FIRED = "fired"
    WITHDRAWN = "withdrawn"
    ABSENCE_PROVED = "absence_proved"
    """After the fence no list shows it."""
    ENDED = "ended"
    """The order that it became has ended."""


_S, _E = StopState, StopEventKind

TRANSITIONS: Final[Mapping[tuple[StopState, StopEventKind], StopState]] = MappingProxyType(
    {
        (_S.SENDING, _E.NOT_SENT): _S.ABSENT,
        (_S.SENDING, _E.REFUSED): _S.REFUSED,
        (_S.SENDING, _E.LOST): _S.UNKNOWN,
        (_S.SENDING, _E.RESTS): _S.RESTING,
        (_S.SENDING, _E.FIRED): _S.FIRED,
        (_S.SENDING, _E.WITHDRAWN): _S.WITHDRAWN,
        (_S.SENDING, _E.ENDED): _S.DONE,
        (_S.UNKNOWN, _E.LOST): _S.UNKNOWN,
        (_S.UNKNOWN, _E.RESTS): _S.RESTING,
        (_S.UNKNOWN, _E.FIRED): _S.FIRED,
        (_S.UNKNOWN, _E.WITHDRAWN): _S.WITHDRAWN,
        (_S.UNKNOWN, _E.ABSENCE_PROVED): _S.ABSENT,
        (_S.UNKNOWN, _E.ENDED): _S.DONE,
        (_S.RESTING, _E.FIRED): _S.FIRED,
        (_S.RESTING, _E.WITHDRAWN): _S.WITHDRAWN,
        (_S.RESTING, _E.ENDED): _S.DONE,
        (_S.FIRED, _E.FIRED): _S.FIRED,
        (_S.FIRED, _E.ENDED): _S.DONE,
    }
)
"""Every transition there is. What is not listed cannot happen."""
_ALLOWED: Final = frozenset((before, after) for (before, _), after in TRANSITIONS.items())
_SEEN: Final = MappingProxyType(
    {SeenStop.RESTING: _E.RESTS, SeenStop.FIRED: _E.FIRED, SeenStop.WITHDRAWN: _E.WITHDRAWN}
)


def next_state(state: StopState, event: StopEventKind) -> StopState:
    """Return the state that *event* leads to.

    Raises:
        IllegalTransition: the table has no such row.

    """
    after = TRANSITIONS.get((state, event))
    if after is None:
        raise IllegalTransition(f"a stop that is {state} cannot be told {event}")
    return after


def is_allowed(before: StopState, *, after: StopState) -> bool:
    """Whether some event leads from *before* to *after* in one step."""
    return (before, after) in _ALLOWED


def event_of(seen: VenueStop) -> StopEventKind:
    """Return what the venue's word of a stop is as an event."""
    if seen.order is not None and seen.order.ended:
        return _E.ENDED
    return _SEEN[seen.state]


def contradiction(intent: StopIntent, seen: VenueStop) -> str:
    """Return in what the venue's stop of our name differs from ours; empty where it does not.

    Where it waits, and of how much, matters while it rests: somebody may have moved it at the
    venue. One that fired is known by what it filled, and one that is gone by nothing more.
    """
    pairs: list[tuple[str, object, object]] = [
        ("name", intent.stop_id, seen.stop_id),
        ("market", intent.instrument.symbol, seen.symbol),
    ]
    if seen.state is SeenStop.RESTING:
        pairs.append(("lots", intent.lots, seen.lots))
        pairs.append(("trigger", intent.trigger_price, seen.trigger_price))
    differs = [
        f"its {word} is {theirs}, ours is {ours}" for word, ours, theirs in pairs if ours != theirs
    ]
    filled = 0 if seen.order is None else seen.order.filled_lots
    if filled * intent.lots < 0 or abs(filled) > abs(intent.lots):
        differs.append(f"it filled {filled} lots, ours is of {intent.lots}")
    return "; ".join(differs)


def unfired(record: StopRecord, seen: VenueStop) -> str:
    """Return that a stop that fired is said to have been withdrawn; empty where it is not."""
    is_undone = record.state is StopState.FIRED and seen.state is SeenStop.WITHDRAWN
    return f"it had fired, and the venue says {seen.status}" if is_undone else ""
