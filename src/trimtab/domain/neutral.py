"""A neutral yield sleeve: coins with an equal short in a contract, held for what that brings.

Pure values. Carry is a fraction of the notional a year; positive is what a short receives: the
funding of a perpetual, the basis of a dated contract. A member is held while it pays, else its part
of the weight is quote. Source: strategy definitions 1.11; docs/design/0044-neutral-yield-sleeve.md,
docs/design/0062-neutral-dated.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from trimtab.domain.contracts import Contract
from trimtab.domain.exact import exact_arithmetic, ratio
from trimtab.domain.history import HistoryNeed
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.readings import Reading

NEUTRAL: Final = "neutral"
"""Name of the sleeve, and of its overlay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeutralPolicy:
    """Which coins may be held so, how much of them, and while what is paid."""

    weight: Decimal
    """Of all members together, fraction of NAV, above 0 to 1."""
    members: tuple[Asset, ...]
    """In file order, never empty, in equal parts; no target and no sleeve names them."""
    min_carry: Decimal
    """Above which a member is entered, >= 0; four trades are paid over ``horizon_days``, or by the
    delivery of a dated contract."""
    exit_carry: Decimal
    """Below which one that is held is left, without costs; not above ``min_carry``."""
    funding_days: int
    """Days back over which realised funding is averaged, >= 1."""
    horizon_days: int
    """For how long a member is reckoned to be held, >= 1."""
    band: Decimal
    """How far a member's weight may stray, share of it, 0 to 1."""
    contract: Contract = Contract.PERPETUAL
    """Where the short stands, perpetual or dated."""
    entered: tuple[Asset, ...] = ()
    """Members that are to be held as one account and occasion have it; none in a configuration."""
    readings: tuple[Reading, ...] = ()
    """What that rests on, likewise."""
    shorts: Mapping[Asset, Symbol] = field(default_factory=dict)
    """The dated contract in which a member is to be short, likewise; without, its perpetual."""

    @property
    def dated(self) -> tuple[Asset, ...]:
        """The members whose short stands in a dated contract: all of them, or none."""
        return self.members if self.contract is Contract.DATED else ()

    @property
    def weights(self) -> Mapping[Asset, Decimal]:
        """The weight of each member while it is held; the last one takes what is left over."""
        part = ratio(self.weight, Decimal(len(self.members)))
        parts = dict.fromkeys(self.members, part)
        with exact_arithmetic():
            parts[self.members[-1]] = self.weight - part * (len(self.members) - 1)
        return parts

    @property
    def need(self) -> HistoryNeed:
        """What of the past it has to know: funding, which no dated contract pays."""
        perpetuals = () if self.dated else self.members
        return HistoryNeed(assets=(), days=self.funding_days, perpetuals=perpetuals)
