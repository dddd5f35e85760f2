"""What would turn an answer of the gate: one change, with its proof. Pure.

A flip is a certificate: with ``value`` the answer turns, with one ``step`` less it does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from trimtab.domain.plan import Plan
from trimtab.domain.policy import Policy
from trimtab.domain.snapshot import Snapshot

Maker = Callable[[Snapshot, Policy], Plan]
"""Plans again, from another account or under other rules. May raise PlanningError."""
_STRIDE = 4
"""How much farther each look goes when the guess was too near."""


class Lever(StrEnum):
    """What is changed."""

    LIMIT = "limit"
    """A key of the configuration."""
    DEPOSIT = "deposit"
    """Quote that is brought into a wallet."""
    MID = "mid"
    """The mid of an asset, its marks, books and indices moving with it."""
    TARGET = "target"
    """The target of an asset; the quote takes the difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """One change that turns the answer."""

    lever: Lever
    name: str
    """The limit's key, ``spot`` or ``futures``, or the asset."""
    present: Decimal
    """Where it stands; 0 for a deposit."""
    value: Decimal
    """Where the answer turns."""
    step: Decimal
    """One step of the grid, in the unit of ``value``, > 0."""

    @property
    def rises(self) -> bool:
        """Whether the answer turns at ``value`` and above, or at it and below."""
        return self.value > self.present


class Turned(StrEnum):
    """Which answer flips would turn."""

    NONE = "none"
    """The plan passes: there is nothing to turn."""
    REFUSED = "refused"
    NOTHING_TO_DO = "nothing_to_do"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flips:
    """The single changes that turn an answer."""

    turned: Turned
    found: tuple[Flip, ...]
    """Limits by check, then deposits; or a falling price, a rising one and a target."""
    none_because: str
    """Why no single change does it, the end of a sentence; empty when one does."""


def turning_point(turns: Callable[[int], bool], *, guess: int, farthest: int) -> int | None:
    """Return a count of steps that turns the answer while one step less does not, or None.

    At 0 it does not turn. Where it stays turned once it has, this is the smallest count. The
    search begins at *guess* and looks farther in growing strides; None when nothing that it
    looked at up to *farthest* turns.
    """
    low, high = 0, min(max(1, guess), farthest)
    stride = 1
    if farthest < 1:
        return None
    while not turns(high):
        if high == farthest:
            return None
        low, high, stride = high, min(high + stride, farthest), stride * _STRIDE
    stride = 1
    while high - low > 1:
        # Near the upper end first: a good guess is certified by the first look.
        probe = max(high - stride, (low + high) // 2)
        stride *= _STRIDE
        low, high = (low, probe) if turns(probe) else (probe, high)
    return high
