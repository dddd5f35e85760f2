"""Notices: what people are told, how far each got on each channel, and who has read it. Pure.

A notice tells of one event, and its id is made of that event: whoever finds the same event again
makes the same notice, so that nothing is told twice. Stored; never renamed. Instants aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from trimtab.domain.canonical import digest
from trimtab.domain.snapshot import AccountKey

ID_DIGITS: Final = 12
"""Hex digits of a notice's id."""
ATTEMPTS_MAX: Final = 200
"""How often one notice is tried on one channel, all commands together."""
TRIES: Final = 3
"""How often one command tries one notice on one channel."""
ASKS_AT_ONCE: Final = timedelta(days=1)
"""How old a notice may be that asks for something at once, and still be sent."""
WORTH_A_LOOK: Final = timedelta(days=7)
"""How long any other is sent, and shown if it did not arrive, unless somebody has read it."""
PAUSE: Final = timedelta(minutes=1)
"""After the second command that could not send a notice; doubled by each one after it."""
LONGEST_PAUSE: Final = timedelta(hours=4)
"""However often it could not be sent: what is lost for hours is told within some hours more."""


class NoticeKind(StrEnum):
    """What a notice tells of."""

    BEGUN = "begun"
    """Notices begin here: what was before is not told. Sent to nobody."""
    PLAN_PROPOSED = "plan_proposed"
    APPROVAL_NEEDED = "approval_needed"
    EXECUTED = "executed"
    PARTIAL = "partial"
    REFUSED = "refused"
    HALTED = "halted"
    REDUCING = "reducing"
    UNRESOLVED = "unresolved"
    MARGIN_WARNING = "margin_warning"
    STOP_FIRED = "stop_fired"
    """A stop bought a hedge back while nobody was there."""
    PRICE_CROSSED = "price_crossed"
    MONTHLY_REVIEW = "monthly_review"
    SLOT_MISSED = "slot_missed"
    EXPIRED = "expired"
    """A yes was asked for and not given in time, or given and nothing was begun in time."""
    REPLIED = "replied"
    """What became of a reply."""
    REHEARSAL = "rehearsal"
    """What the next slot would do, some days before it begins. Nothing is sent."""
    TEST = "test"

    @property
    def is_critical(self) -> bool:
        """Whether runs that nobody watches wait until somebody has read it."""
        return self in _CRITICAL

    @property
    def sent_within(self) -> timedelta:
        """How old such a notice may be and still be sent; beyond it would only confuse."""
        return ASKS_AT_ONCE if self in _PASSING else WORTH_A_LOOK


_PASSING: Final = frozenset(
    {
        NoticeKind.PLAN_PROPOSED,
        NoticeKind.APPROVAL_NEEDED,
        NoticeKind.PRICE_CROSSED,
        NoticeKind.REHEARSAL,
    }
)
_CRITICAL: Final = frozenset(
    {
        NoticeKind.HALTED,
        NoticeKind.REDUCING,
        NoticeKind.UNRESOLVED,
        NoticeKind.MARGIN_WARNING,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message; holds no secret, and ends with the command that comes next."""

    id: str
    """:data:`ID_DIGITS` hex digits, made of the event that it tells of."""
    kind: NoticeKind
    key: AccountKey
    at: datetime
    """When it was written, our clock."""
    subject: str
    """One line."""
    text: str
    """Plain text, some lines; the last begins with ``next: ``."""
    short: str
    """All of it in one line, for a phone."""
    next_step: str
    """The command that comes next."""


def notice_id(key: AccountKey, kind: NoticeKind, *, event: str) -> str:
    """Return the id of the notice of one event of an account."""
    named = {"key": key, "kind": kind, "event": event}
    return digest(named)[:ID_DIGITS]


class Step(StrEnum):
    """How far a notice got on a channel."""

    WAITING = "waiting"
    """Nothing was tried."""
    SENDING = "sending"
    """Marked before it was sent, and no outcome recorded: it may have arrived."""
    DELIVERED = "delivered"
    NOT_SENT = "not_sent"
    """Certainly not taken; tried again."""
    REFUSED = "refused"
    """The receiver said no; not tried again."""
    UNKNOWN = "unknown"
    """It may have arrived; not tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How far a notice got on one channel."""

    step: Step
    attempts: int
    """How often it was marked as being sent, >= 0."""
    note: str
    """Why it is so, without secrets; may be empty."""
    stepped_at: datetime | None
    """When it got so far; None before the first try."""

    def rests(self, *, at: datetime) -> bool:
        """Whether it is left alone at an instant: who is away is asked ever more rarely.

        The next command tries at once, since what was away for a moment is back by then. A clock
        that was set back forgets the pause.
        """
        commands = self.attempts // TRIES
        if self.stepped_at is None or commands < 2:  # noqa: PLR2004  the first, and the next
            return False
        doubled: int = 2 ** min(commands - 2, 10)
        over = self.stepped_at + min(PAUSE * doubled, LONGEST_PAUSE)
        return self.stepped_at <= at < over


NOT_TRIED: Final = Delivery(step=Step.WAITING, attempts=0, note="", stepped_at=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Who has read a notice, and when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRecord:
    """A notice as the ledger has it."""

    notice: Notice
    deliveries: Mapping[str, Delivery]
    """By channel, those it was meant for."""
    read: Acknowledgement | None
    """None while nobody has said so."""

    @property
    def holds(self) -> bool:
        """Whether runs that nobody watches wait for somebody to read it."""
        return self.notice.kind.is_critical and self.read is None

    def is_due(self, channel: str, *, at: datetime) -> bool:
        """Whether it is to be tried on *channel* now."""
        delivery = self.deliveries.get(channel)
        return (
            delivery is not None
            and self.notice.kind is not NoticeKind.TEST
            and may_be_tried(delivery)
            and delivery.attempts < ATTEMPTS_MAX
            and not delivery.rests(at=at)
            and at - self.notice.at <= self.notice.kind.sent_within
        )

    def is_missed(self, *, at: datetime) -> bool:
        """Whether it did not arrive everywhere, and that is still worth a look."""
        is_news = at - self.notice.at <= WORTH_A_LOOK and self.notice.kind is not NoticeKind.TEST
        return is_news and self.read is None and bool(self.undelivered)

    @property
    def undelivered(self) -> tuple[str, ...]:
        """Channels on which it is not known to have arrived, in their order."""
        return tuple(c for c, d in self.deliveries.items() if d.step is not Step.DELIVERED)


def may_be_tried(delivery: Delivery) -> bool:
    """Whether trying can send nothing twice: it certainly did not arrive so far."""
    return delivery.step in (Step.WAITING, Step.NOT_SENT)
