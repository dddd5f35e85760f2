"""One transfer from its commit to its end: news in, questions out. Pure.

It has no id on the venue, so it is known by its exact units, its direction, and when it was sent.
Two rules are in the table's shape: one whose outcome is unknown leaves ``UNKNOWN`` only by being
found or by a proof of absence, never by being sent again; terminal states absorb. Absence is
proved when, after the fence by both clocks, neither the venue's list of transfers nor that of
payments shows it, and earlier looks did not either. Source: docs/design/0021-transfers.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, assert_never

from trimtab.domain.transfers import (
    ListedState,
    ListedTransfer,
    TransferIntent,
    TransferState,
    VenueTransferId,
)
from trimtab.execution import retry
from trimtab.execution.lifecycle import IllegalTransition
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

LISTED_BEFORE: Final = timedelta(seconds=60)
"""How far before its commit a transfer is looked for: clocks differ."""


class TransferEventKind(StrEnum):
    """What became known of a transfer."""

    NOT_SENT = "not_sent"
    """Certainly nothing reached the venue, or it answered that it did not act."""
    REFUSED = "refused"
    """The venue said no, or lists it as failed."""
    LOST = "lost"
    """The request may have arrived."""
    MADE = "made"
    """The venue acknowledged it, or lists it as made."""
    ABSENCE_PROVED = "absence_proved"
    """After the fence no list shows it."""


_S, _E = TransferState, TransferEventKind

TRANSITIONS: Final[Mapping[tuple[TransferState, TransferEventKind], TransferState]] = (
    MappingProxyType(
        {
            (_S.SENDING, _E.NOT_SENT): _S.ABSENT,
            (_S.SENDING, _E.REFUSED): _S.REFUSED,
            (_S.SENDING, _E.LOST): _S.UNKNOWN,
            (_S.SENDING, _E.MADE): _S.DONE,
            (_S.UNKNOWN, _E.LOST): _S.UNKNOWN,
            (_S.UNKNOWN, _E.REFUSED): _S.REFUSED,
            (_S.UNKNOWN, _E.MADE): _S.DONE,
            (_S.UNKNOWN, _E.ABSENCE_PROVED): _S.ABSENT,
        }
    )
)
"""Every transition there is. What is not listed cannot happen."""
_ALLOWED: Final = frozenset((before, after) for (before, _), after in TRANSITIONS.items())


def next_state(state: TransferState, event: TransferEventKind) -> TransferState:
    """Return the state that *event* leads to.

    Raises:
        IllegalTransition: the table has no such row.

    """
    after = TRANSITIONS.get((state, event))
    if after is None:
        raise IllegalTransition(f"a transfer that is {state} cannot be told {event}")
    return after


def is_allowed(before: TransferState, *, after: TransferState) -> bool:
    """Whether some event leads from *before* to *after* in one step."""
    return (before, after) in _ALLOWED


# One transfer


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedTransfer:
    """What is known of one transfer, and how often was asked."""

    intent: TransferIntent
    state: TransferState
    venue_transfer_id: VenueTransferId | None
    """None until the venue has named it."""
    since: datetime
    """Listed before it, it is another one."""
    fence_at: datetime
    """After it, a request not yet taken can no longer be."""
    receive_window_ms: int
    """How long after its timestamp the venue may accept the request."""
    may_have_left: bool
    """Whether a byte of it may have reached the venue."""
    outlook: Outlook
    note: str
    """The last reason given, for the operator; may be empty."""
    looked: int
    """Readings of the lists asked for, >= 0."""
    missing: int
    """Readings that were answered and showed nothing of it, >= 0."""

    @property
    def is_done(self) -> bool:
        """Whether nothing more is asked about it."""
        return self.state.is_terminal or self.outlook is not Outlook.ASKING

    @property
    def is_unknown(self) -> bool:
        """Whether recovery or a person must look at it."""
        return not self.state.is_terminal


Followed = tuple[TrackedTransfer, tuple[SeekTransfer, ...]]
"""A transfer after some news, and what to ask next."""


def follow(intent: TransferIntent, *, at: datetime, receive_window_ms: int) -> TrackedTransfer:
    """Return a transfer that is about to be sent."""
    return TrackedTransfer(
        intent=intent,
        state=TransferState.SENDING,
        venue_transfer_id=None,
        since=at - LISTED_BEFORE,
        fence_at=retry.fence_at(at, receive_window_ms=receive_window_ms),
        receive_window_ms=receive_window_ms,
        may_have_left=False,
        outlook=Outlook.ASKING,
        note="",
        looked=0,
        missing=0,
    )


def heard(transfer: TrackedTransfer, event: TransferEvent, *, hurried: bool) -> Followed:
    """Return *transfer* after *event*; news of one that is closed changes nothing.

    *hurried* is whether somebody waits for the run to end.
    """
    if transfer.state.is_terminal:
        return transfer, ()
    match event:
        case TransferMade():
            made = _moved(transfer, _E.MADE, note="")
            return dataclasses.replace(made, venue_transfer_id=event.venue_transfer_id), ()
        case TransferRefused() | TransferNotSent():
            return _declined(transfer, event), ()
        case TransferLost():
            return _lost(transfer, event, hurried=hurried)
        case TransferSought():
            return _sought(transfer, event, hurried=hurried)
        case TransferUnread():
            told = dataclasses.replace(transfer, note=event.reason)
            return _asked(told, hurried=hurried, otherwise=Outlook.UNANSWERED)
        case _:
            assert_never(event)


def resumed(transfer: TrackedTransfer) -> Followed:
    """Return a transfer that a process left behind, and the first question about it."""
    left = _moved(transfer, _E.LOST, note=transfer.note)
    return _asked(left, hurried=False, otherwise=Outlook.UNANSWERED)


def _moved(transfer: TrackedTransfer, event: TransferEventKind, *, note: str) -> TrackedTransfer:
    """Return a transfer after an event of the table; any but NOT_SENT may have left."""
    state = next_state(transfer.state, event)
    return dataclasses.replace(transfer, state=state, note=note, may_have_left=True)


def _declined(
    transfer: TrackedTransfer, event: TransferRefused | TransferNotSent
) -> TrackedTransfer:
    """Return a transfer that was certainly not made."""
    if isinstance(event, TransferRefused):
        return _moved(transfer, _E.REFUSED, note=event.reason)
    unsent = _moved(transfer, _E.NOT_SENT, note=event.reason)
    return dataclasses.replace(unsent, may_have_left=False)


def _lost(transfer: TrackedTransfer, event: TransferLost, *, hurried: bool) -> Followed:
    """Put the fence behind the last instant at which a byte may have left, and ask."""
    fence = retry.fence_at(event.at, receive_window_ms=transfer.receive_window_ms)
    lost = dataclasses.replace(_moved(transfer, _E.LOST, note=event.reason), fence_at=fence)
    return _asked(lost, hurried=hurried, otherwise=Outlook.UNANSWERED)


def _sought(transfer: TrackedTransfer, event: TransferSought, *, hurried: bool) -> Followed:
    """Conclude from the lists, or ask again."""
    if len(event.listed) > 1:
        several = f"the venue lists {len(event.listed)} transfers of exactly these units"
        return dataclasses.replace(transfer, outlook=Outlook.CONTRADICTED, note=several), ()
    if event.listed:
        return _listed(transfer, event.listed[0], hurried=hurried)
    if event.elsewhere:
        doubt = dataclasses.replace(transfer, note=f"only payments show it: {event.elsewhere}")
        return _asked(doubt, hurried=hurried, otherwise=Outlook.UNPROVED)
    return _missed(transfer, event, hurried=hurried)


def _listed(transfer: TrackedTransfer, row: ListedTransfer, *, hurried: bool) -> Followed:
    """Conclude from the one row that it can be, or wait for what the venue makes of it."""
    named = dataclasses.replace(transfer, venue_transfer_id=row.venue_transfer_id)
    if row.state is ListedState.MADE:
        return _moved(named, _E.MADE, note="found in the venue's list"), ()
    if row.state is ListedState.FAILED:
        return _moved(named, _E.REFUSED, note="the venue lists it as failed"), ()
    waits = dataclasses.replace(named, note="the venue lists it as pending")
    return _asked(waits, hurried=hurried, otherwise=Outlook.STILL_OPEN)


def _missed(transfer: TrackedTransfer, event: TransferSought, *, hurried: bool) -> Followed:
    """Conclude its absence after the fence, or ask again."""
    note = "no list shows it"
    if retry.is_set_back(transfer.fence_at, at=event.at):
        note = retry.SET_BACK
    missed = dataclasses.replace(transfer, missing=transfer.missing + 1, note=note)
    if event.at >= missed.fence_at and missed.missing >= retry.MISSING_MIN:
        return _moved(missed, _E.ABSENCE_PROVED, note="no list shows it after the fence"), ()
    return _asked(missed, hurried=hurried, otherwise=Outlook.UNPROVED)


def _asked(transfer: TrackedTransfer, *, hurried: bool, otherwise: Outlook) -> Followed:
    """Ask the lists once more, or give it up as it is."""
    wait = retry.look_up_wait_s(transfer.looked, hurried=hurried)
    if wait is None:
        return dataclasses.replace(transfer, outlook=otherwise), ()
    question = SeekTransfer(intent=transfer.intent, after_s=wait, since=transfer.since)
    return dataclasses.replace(transfer, looked=transfer.looked + 1), (question,)


def is_step(after: TrackedTransfer, *, before: TrackedTransfer) -> bool:
    """Whether the ledger must hear what became of a transfer."""
    return (after.state, after.outlook) != (before.state, before.outlook)
