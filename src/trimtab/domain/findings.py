"""What the gate answers: one finding per check and subject, and the strictest of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """How a check ended, from harmless to forbidding."""

    PASS = "pass"  # noqa: S105  a verdict, not a password
    WARN = "warn"
    REFUSE = "refuse"

    @property
    def severity(self) -> int:
        """0 for pass, 1 for warn, 2 for refuse."""
        return tuple(Verdict).index(self)


class Tag(StrEnum):
    """What a rule guards. Reductions are exempt from exposure caps, never from integrity."""

    EXPOSURE = "exposure"
    INTEGRITY = "integrity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check of one subject: what was measured against which limit."""

    check: str
    """Stable code, the configuration key where the limit has one: ``max_leverage``."""
    verdict: Verdict
    subject: str
    """``plan``, ``account``, or the leg or prefix: ``leg 2``, ``prefix 1: all down``."""
    measured: str | None
    """What was found, as text with the check's unit; None when it could not be measured."""
    limit: str | None
    """What it was held against; None when the check has no number."""
    unit: str
    """Unit of both, such as ``ratio``, ``USDT``, ``bps``, ``s``; empty for none."""
    reason: str | None
    """One sentence for the operator; None on a plain pass."""
    tag: Tag
    source: str
    """What the value was taken from: ``account``, ``order_book``, ``contract``, ``ledger`` …"""
    at: datetime
    """When that was read, our clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """Every finding on one plan. Its verdict is the strictest of them."""

    plan_digest: str
    snapshot_id: str
    findings: tuple[Finding, ...]
    """In the order of docs/checks.md, then by subject; never empty."""
    reviewed_at: datetime

    @property
    def verdict(self) -> Verdict:
        """The most restrictive verdict; refuse when nothing was checked."""
        verdicts = [f.verdict for f in self.findings]
        return max(verdicts, key=lambda v: v.severity, default=Verdict.REFUSE)
