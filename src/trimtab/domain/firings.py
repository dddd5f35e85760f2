"""Why a plan acts: the conditions that held when it was made, most urgent first.

Pure values. Weights and ratios are fractions. Source: strategy definitions 2.1 to 2.5; the order
of urgency is that of 2.4.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

ACCOUNT: Final = "account"
"""The subject of what was seen at all of it."""


class TriggerKind(StrEnum):
    """What made a plan act, most urgent first. Stored with the plan; never renamed."""

    BY_HAND = "by_hand"
    """A person asked for exactly this; nothing else is decided in the same plan."""
    MARGIN_RESCUE = "margin_rescue"
    """A person asked for it: a futures wallet in danger is topped up, else its positions cut, even
    where exposure returns by it; nothing else is decided in the same plan."""
    MARGIN = "margin"
    LEVERAGE = "leverage"
    DRAWDOWN = "drawdown"
    """NAV is so far below its highest look that futures are reduced."""
    EXPIRY = "expiry"
    STOP = "stop"
    BASIS = "basis"
    """A hedge's contract trades far below its coin: what it gained by that is taken."""
    DRIFT = "drift"
    MOMENTUM = "momentum"
    """A trim is due: what several signs call overheated is sold down, even inside its band."""
    CALENDAR = "calendar"
    """A slot is due: trades to target inside the band too."""
    CARRY = "carry"
    """Another contract would bring a hedge more; only when nothing before it acts."""
    REDEPLOY = "redeploy"
    """What hedges brought buys what is underweight; only when nothing else acts."""
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """One condition that held."""

    kind: TriggerKind
    subject: str
    """Asset, contract, hedge or slot that it was seen at; ``account`` for all of it."""
    measured: Decimal | None
    """What was seen; None where nothing is measured."""
    limit: Decimal | None
    """What it was held against, in the unit of ``measured``; None likewise."""
    reason: str
    """One line for the operator."""


def by_urgency(firings: Iterable[Firing]) -> tuple[Firing, ...]:
    """Return *firings*, most urgent first, in their own order where equally urgent."""
    ranks = list(TriggerKind)
    return tuple(sorted(firings, key=lambda firing: ranks.index(firing.kind)))


def trigger_of(firings: Iterable[Firing]) -> TriggerKind:
    """Return the most urgent kind, or that nothing fired."""
    return min((f.kind for f in firings), key=list(TriggerKind).index, default=TriggerKind.NONE)


def slot_of(firings: Iterable[Firing]) -> str:
    """Return the name of the slot that a plan is for; empty when it is for none.

    What is more urgent than drift makes a plan of its own, and the slot waits for the next.
    """
    fired = tuple(firings)
    if trigger_of(fired) not in (TriggerKind.DRIFT, TriggerKind.CALENDAR):
        return ""
    named = (f.subject for f in fired if f.kind is TriggerKind.CALENDAR and f.subject != ACCOUNT)
    return next(named, "")


def is_more_urgent(kind: TriggerKind, *, than: TriggerKind) -> bool:
    """Whether *kind* comes before the other in the order of urgency."""
    ranks = list(TriggerKind)
    return ranks.index(kind) < ranks.index(than)
