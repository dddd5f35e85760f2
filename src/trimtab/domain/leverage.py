"""Steps of setting a contract's leverage, recorded like an order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trimtab.domain.instruments import Symbol


class SettingOutcome(StrEnum):
    """What became of a leverage setting."""

    SENDING = "sending"
    """About to be asked for; recorded before a byte is sent."""
    SET = "set"
    REFUSED = "refused"
    NOT_DONE = "not_done"
    UNKNOWN = "unknown"
    """It may be set; the next snapshot tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverageSetting:
    """One step of setting a contract's leverage and cross margin, recorded like an order."""

    plan_digest: str
    """The plan whose orders need it."""
    symbol: Symbol
    leverage: int
    """What is asked for, >= 1."""
    outcome: SettingOutcome
    note: str
    """The venue's answer when it said no; may be empty."""
    at: datetime
