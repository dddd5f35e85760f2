"""Where a process can die: every point by name, and the numbers that the kill matrix goes by.

A point is passed each time the program comes to it. Most lie in the ledger's thread and at the
line; ``TAKEN`` lies at the exchange, ``APART`` between a request and its late acceptance.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Point(StrEnum):
    """A point at which a process can die."""

    ASKING = "asking the ledger"
    BEFORE_JOB = "before the ledger's job"
    STATEMENT = "a statement of the ledger"
    COMMIT = "a commit of the ledger"
    AFTER_JOB = "after the ledger's job"
    CLOSING = "the ledger is being closed"
    BEFORE_REQUEST = "before a request"
    REQUEST = "a request is under way"
    ANSWER = "an answer is here"
    MIGRATING = "a statement that makes the schema"
    BEFORE_INTENT = "before an intent's row"
    INTENT_OPEN = "an intent's row is written and not committed"
    INTENT_KEPT = "an intent is committed"
    BEFORE_ORDER = "before an order"
    ORDER = "an order is under way"
    TAKEN = "the exchange took an order, nobody was told"
    ORDER_ANSWER = "the answer to an order is here"
    BEFORE_STEP = "before a step of an order is written"
    STEP_KEPT = "a step of an order is committed"
    UNKNOWN_KEPT = "an unknown order is committed"
    BEFORE_FILLS = "before a page of fills is written"
    FILLS_OPEN = "fills are written, their cursor is not"
    FILLS_KEPT = "fills are committed, their order is not closed"
    SETTING = "a setting is under way"
    SETTING_ANSWER = "the answer to a setting is here"
    LOOKING = "a question about an order is under way"
    APPROVED = "an approval is committed"
    APART = "between an order's loss and its late acceptance"
    """Only a fault brings it; see :attr:`~tests.simulation.faults.Kind.LATE_THEN_KILL`."""


DRAWN: Final = tuple(p for p in Point if p is not Point.APART)
"""What a seed draws from."""
NUMBERED: Final[Mapping[str, tuple[Point, ...]]] = MappingProxyType(
    {
        "K0": (Point.BEFORE_INTENT,),
        "K1": (Point.INTENT_OPEN,),
        "K2": (Point.INTENT_KEPT,),
        "K3": (Point.BEFORE_ORDER,),
        "K4": (Point.ORDER,),
        "K5": (Point.TAKEN,),
        "K6": (Point.ORDER_ANSWER,),
        "K7": (Point.BEFORE_STEP,),
        "K8": (Point.STEP_KEPT, Point.UNKNOWN_KEPT),
        "K9": (Point.BEFORE_FILLS,),
        "K10": (Point.FILLS_OPEN,),
        "K11": (Point.FILLS_KEPT,),
        "K12": (Point.SETTING,),
        "K13": (Point.SETTING_ANSWER,),
        "K14": (Point.LOOKING,),
        "K15": (Point.APPROVED,),
        "K16": (Point.MIGRATING, Point.CLOSING),
    }
)
"""The points of the kill matrix. The program cancels nothing, since every order ends by itself:
K12 and K13 are its only other write, the setting of leverage. K14 is also every point again, in
the recovery that follows a kill. Between two legs lie K0 to K3, the second time that they are
passed."""
