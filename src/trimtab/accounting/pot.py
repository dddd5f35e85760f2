"""The harvest pot in double entry: what hedges realised, less fees, with funding. Pure, exact.

The pot is an earmark on the quote inside NAV, no wallet of its own: a signed carry-forward, losses
included. Every step of the hedge book becomes an entry whose postings sum to 0 in each asset; the
pot is what they leave on its account. Positive postings are received. Source: strategy
definitions 4.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.hedges import HedgeId, HedgeStep, StepKind
from trimtab.domain.instruments import Asset

POT: Final = "assets:pot"
"""What may be redeployed while it is positive."""
OUTSIDE: Final = "assets:outside-pot"
"""Fees in other assets than the quote: paid, but no part of the pot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One side of an entry."""

    account: str
    """Colons between its parts, such as ``income:hedges:btc-1f09ac:profit``."""
    asset: Asset
    units: Decimal
    """Signed units of ``asset``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PotEntry:
    """One step of a hedge in double entry."""

    at: datetime
    """The venue's clock."""
    hedge_id: HedgeId
    kind: StepKind
    reference: str
    """The execution or payment behind it."""
    postings: tuple[Posting, ...]
    """They sum to 0."""
    balance: Decimal
    """The pot after it, quote units, signed."""


def pot_entries(steps: Sequence[HedgeStep], quote: Asset) -> tuple[PotEntry, ...]:
    """Return *steps* as balanced entries, in their order."""
    balance, entries = ZERO, list[PotEntry]()
    for step in steps:
        mine = POT if step.asset == quote else OUTSIDE
        with exact_arithmetic():
            other = Posting(account=_other(step), asset=step.asset, units=-step.units)
            balance += step.units if mine == POT else ZERO
        entries.append(
            PotEntry(
                at=step.at,
                hedge_id=step.hedge_id,
                kind=step.kind,
                reference=step.reference,
                postings=(Posting(account=mine, asset=step.asset, units=step.units), other),
                balance=balance,
            )
        )
    return tuple(entries)


def _other(step: HedgeStep) -> str:
    """Return the account that a step's units came from or went to."""
    if step.kind is StepKind.REDEPLOYED:
        return "assets:coins"
    side = "expenses" if step.kind is StepKind.FEE else "income"
    return f"{side}:hedges:{step.hedge_id}:{step.kind.value}"
