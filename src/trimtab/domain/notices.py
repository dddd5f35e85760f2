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
ATTEMPTS_MAX: Final = 30
"""How often one notice is tried on one channel, all commands together."""
OLDEST: Final = timedelta(days=1)
"""How old a notice may be and still be sent; what is older would only confuse."""

WORTH_A_LOOK: Final = timedelta(days=7)
"""How long a notice that did not arrive is shown, unless somebody has read it."""


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
    PRICE_CROSSED = "price_crossed"
    MONTHLY_REVIEW = "monthly_review"
    SLOT_MISSED = "slot_missed"
    TEST = "test"

    @property
    def is_critical(self) -> bool:
        """Whether runs that nobody watches wait until somebody has read it."""
        return self in _CRITICAL


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


NOT_TRIED: Final = Delivery(step=Step.WAITING, attempts=0, note="")


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
            and at - self.notice.at <= OLDEST
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
