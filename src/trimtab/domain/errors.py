"""Every error the package raises on purpose, by who must act on it.

A refusal by the gate is a value (see findings), an exception is news from the world,
an assertion is our bug. Each error says what is true now and which command comes next.
"""

from __future__ import annotations

from trimtab.domain.orders import Evidence


class TrimtabError(Exception):
    """Base of all errors raised on purpose.

    ``true_now`` says what the operator can rely on; ``next_step`` is the command or act that
    gets further. Faces print them last.
    """

    true_now = "No order was sent by this command."
    next_step = "trimtab doctor"

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        if next_step:
            self.next_step = next_step


class ConfigError(TrimtabError):
    """The configuration is wrong. All faults are listed at once; nothing was sent."""

    next_step = "trimtab config check"


class PlanningError(TrimtabError):
    """The inputs cannot be planned from. Nothing was sent; the operator must mend them."""

    next_step = "trimtab status"


class MissingMark(PlanningError):
    """A held or targeted asset has no usable price in the snapshot."""


class UntargetedHolding(PlanningError):
    """An asset is held that no target names, and the policy says that this is an error."""


class MissingInstrument(PlanningError):
    """The route needs a market that the venue does not list or does not trade."""


class HistoryError(PlanningError):
    """What prices did cannot be decided from."""

    next_step = "trimtab review"


class NoHistory(HistoryError):
    """No daily close of an asset is known where one is needed."""


class ShortHistory(HistoryError):
    """An asset has fewer daily closes than the look-back needs."""

    next_step = "lower the look-back or choose other assets, then trimtab config check"


class HistoryGap(HistoryError):
    """A day is missing among the daily closes of an asset."""


class BadClose(HistoryError):
    """A daily close is not a price."""


class SingularCovariance(HistoryError):
    """The assets' risks cannot be told apart, or one has none, so that they cannot be shared."""

    next_step = "choose other assets or another look-back, then trimtab config check"


class ApprovalError(TrimtabError):
    """The plan may not be executed: not approved, expired, changed, or used already."""

    next_step = "trimtab run --execute"


class UnreadNotices(ApprovalError):
    """Somebody must read what happened before runs that nobody watches go on."""

    next_step = "trimtab notify list"


class ChannelError(TrimtabError):
    """A channel could not be read for replies. No plan was decided by it."""

    next_step = "trimtab notify replies"


class VenueError(TrimtabError):
    """The venue did not do what was asked. Subclasses say what it did instead."""

    def __init__(
        self, message: str, *, next_step: str = "", evidence: Evidence | None = None
    ) -> None:
        super().__init__(message, next_step=next_step)
        self.evidence = evidence
        """The raw answer that the verdict was taken from; None when nothing was asked."""


class NotDone(VenueError):
    """The venue certainly did not act. Safe to send again after ``retry_after_ms``."""

    next_step = "run the same command again; where that does not help, trimtab doctor"

    def __init__(
        self,
        message: str,
        *,
        next_step: str = "",
        evidence: Evidence | None = None,
        retry_after_ms: int = 0,
    ) -> None:
        super().__init__(message, next_step=next_step, evidence=evidence)
        self.retry_after_ms = retry_after_ms
        """Milliseconds during which the venue wants silence, >= 0."""


class Refused(VenueError):
    """The venue answered no. Sending the same again changes nothing."""

    next_step = "trimtab doctor"


class OutcomeUnknown(VenueError):
    """The venue may have acted. Look up what was sent; never send it again blindly."""

    true_now = "What it names may be on the exchange; it is not sent again, and nothing follows it."
    next_step = "trimtab recover"


class LedgerError(TrimtabError):
    """The ledger conflicts, is out of balance, or cannot be written. Nothing more is sent."""

    true_now = "Nothing was sent that is not in the ledger."
    next_step = "trimtab ledger verify"


class AccountHeld(LedgerError):
    """Another run holds the account, or took it over from this one."""

    next_step = "wait for the other run to end, then run the same command again"


class Halted(LedgerError):
    """The kill switch was latched since the gate looked. Nothing of the round was begun."""

    next_step = "trimtab unhalt"
