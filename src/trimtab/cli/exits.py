"""Exit codes, and which error ends with which. Users script against them.

The page is docs/exit-codes.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from trimtab.domain.errors import (
    ApprovalError,
    ChannelError,
    ConfigError,
    Halted,
    LedgerError,
    NotDone,
    OutcomeUnknown,
    PlanningError,
    Refused,
    TrimtabError,
)
from trimtab.ports import PlanStatus


class Exit(IntEnum):
    """What a finished process says to its caller."""

    DONE = 0
    MISMATCH = 1
    WRONG_INPUT = 2
    REFUSED = 3
    NOT_APPROVED = 4
    PARTIAL = 5
    UNKNOWN = 6
    UNREACHABLE = 7
    HELD = 8
    TRADES_DUE = 10
    BUG = 70
    INTERRUPTED = 130


_BY_ERROR: Final[tuple[tuple[type[TrimtabError], Exit], ...]] = (
    (ConfigError, Exit.WRONG_INPUT),
    (PlanningError, Exit.WRONG_INPUT),
    (ApprovalError, Exit.NOT_APPROVED),
    (OutcomeUnknown, Exit.UNKNOWN),
    (ChannelError, Exit.UNREACHABLE),
    (NotDone, Exit.UNREACHABLE),
    (Refused, Exit.UNREACHABLE),
    (LedgerError, Exit.HELD),
    (Halted, Exit.HELD),
)

_BY_STATUS: Final[Mapping[PlanStatus, Exit]] = MappingProxyType(
    {
        PlanStatus.PROPOSED: Exit.DONE,
        PlanStatus.NOTHING_TO_DO: Exit.DONE,
        PlanStatus.REFUSED: Exit.REFUSED,
        PlanStatus.DRY_RUN: Exit.DONE,
        PlanStatus.DECLINED: Exit.NOT_APPROVED,
        PlanStatus.EXPIRED: Exit.NOT_APPROVED,
        PlanStatus.EXECUTED: Exit.DONE,
        PlanStatus.PARTIAL: Exit.PARTIAL,
        PlanStatus.UNKNOWN: Exit.UNKNOWN,
    }
)


def exit_of_error(error: TrimtabError) -> Exit:
    """Return the code that a command ends with when *error* stops it."""
    for kind, code in _BY_ERROR:
        if isinstance(error, kind):
            return code
    return Exit.BUG


def exit_of_status(status: PlanStatus) -> Exit:
    """Return the code that says where a plan ended."""
    return _BY_STATUS.get(status, Exit.NOT_APPROVED)
