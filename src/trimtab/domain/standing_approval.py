"""A standing approval: a person's yes, given beforehand, to plans within a scope and caps. Pure.

Values only. Whether one covers a plan is decided in :mod:`trimtab.approval`, what a person types
to grant one is in :mod:`trimtab.domain.standing_question`. Values are quote units, instants aware
UTC. Source: docs/design/0015-standing-approvals.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from trimtab.domain.canonical import digest
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import MarketKind, Symbol
from trimtab.domain.plan import Plan
from trimtab.domain.snapshot import AccountKey

DAY: Final = timedelta(hours=24)
"""What a cap per day is counted over."""
LIFE_MAX: Final = timedelta(days=366)
"""How long a standing approval may hold: someone looks at it at least once a year."""
RUNS_MAX: Final = 1_000
"""How many runs one may approve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingScope:
    """Which plans are meant. What is not named is not meant."""

    key: AccountKey
    """Venue, account and environment."""
    policy_digest: str
    """The configuration it was granted under, 64 hex digits; under another it covers nothing."""
    symbols: tuple[Symbol, ...]
    """Markets that may be traded, by name; never empty."""
    kinds: tuple[MarketKind, ...]
    """Kinds of market that may be traded, by name; never empty."""
    triggers: tuple[str, ...]
    """Why a plan may act, by name: ``calendar``, ``drift``; never empty."""
    allow_warnings: bool
    """Whether a plan that the gate warns about is meant too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingCaps:
    """How much may be sent. Each is finite and > 0: there is no cap that means "any"."""

    order: Decimal
    """Value of one order, quote units."""
    run: Decimal
    """Value of all orders of one run, quote units."""
    day: Decimal
    """Value of all runs of 24 hours that rest on it, quote units."""
    runs: int
    """Runs that may rest on it, all in all."""

    def __post_init__(self) -> None:
        caps = (self.order, self.run, self.day)
        if not all(cap.is_finite() and cap > 0 for cap in caps) or self.runs < 1:
            raise ValueError("every cap of a standing approval must be finite and above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingApproval:
    """What a person granted. Its digest is its name; an edited one is another one."""

    scope: StandingScope
    caps: StandingCaps
    granted_by: str
    """Operating-system user, host and process."""
    granted_at: datetime
    expires_at: datetime

    @property
    def digest(self) -> str:
        """The name of exactly this grant: 64 hex digits."""
        return digest(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproved:
    """What stands where a grant should: the ledger cannot prove it, so it covers nothing."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """Who took a grant back, and when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingUse:
    """One plan that was approved by it; it counts whatever came of the plan."""

    plan_digest: str
    draw: Decimal
    """What the plan could send, quote units, finite, >= 0."""
    at: datetime

    def __post_init__(self) -> None:
        if not self.draw.is_finite() or self.draw < 0:
            raise ValueError("what a plan could send must be finite and not below 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingRecord:
    """A standing approval as the ledger has it."""

    digest: str
    """The name that it was granted under."""
    approval: StandingApproval | Unproved
    revoked: Revocation | None
    """None when nobody took it back."""
    uses: tuple[StandingUse, ...]
    """Oldest first."""

    def drawn_since(self, since: datetime) -> Decimal:
        """Return what the uses after an instant could send together, quote units, >= 0.

        A use from the future, by a clock that was set back, counts.
        """
        with exact_arithmetic():
            return sum((use.draw for use in self.uses if use.at > since), ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """What a plan could send at most, each order at the dearer of its mark and its limit."""

    largest: Decimal
    """Of one order, quote units, >= 0."""
    total: Decimal
    """Of all orders, reductions too, quote units, >= 0."""


def draw_of(plan: Plan) -> Draw:
    """Add up what *plan* could send."""
    with exact_arithmetic():
        values = [leg.quantity * max(leg.mark, leg.limit_price) for leg in plan.legs]
        return Draw(largest=max(values, default=ZERO), total=sum(values, ZERO))
