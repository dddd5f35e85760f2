"""The numbered cases that an adapter has to pass, and what each is needed for. Pure.

A case is run through ccxt and the adapter against a venue that answers in its own format
(tests/conformance); what it came to is written down in :mod:`trimtab.venues.shown`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Needed(StrEnum):
    """What cannot be promised while a case has not been passed."""

    READ = "read"
    """Even a dry run: the account would be misread."""
    SEND = "send"
    """Any order: it might be sent twice, lost, or of another size."""
    ALONE = "alone"
    """Orders that nobody watches: what goes wrong has to be seen by a person."""
    STOPS = "stops"
    """Stops that rest on the venue. Without it none is placed there; nothing else is less."""


class Outcome(StrEnum):
    """What a case came to."""

    PASS = "pass"  # noqa: S105 -- no password.
    NOT_APPLICABLE = "not_applicable"
    """The venue has nothing that the case could go wrong with."""
    NOT_SUPPORTED = "not_supported"
    """The adapter does not do it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing that an adapter must get right."""

    number: str
    title: str
    """What holds, in one line."""
    needed: Needed


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """What one case came to."""

    outcome: Outcome
    reason: str
    """Why it was not run; empty for a pass."""

    def __post_init__(self) -> None:
        if (self.outcome is Outcome.PASS) == bool(self.reason):
            raise ValueError("a case that was not passed has a reason, a pass has none")


def _case(number: int, title: str, needed: Needed) -> tuple[str, Case]:
    """Return a case by its number."""
    name = f"VC-{number:02d}"
    return name, Case(number=name, title=title, needed=needed)


CASES: Final = MappingProxyType(
    dict(
        (
            _case(
                1,
                "markets are read with grid, least sizes, contract size and price band",
                Needed.READ,
            ),
            _case(2, "balances are read to the last digit", Needed.READ),
            _case(3, "positions are read in base units, with side, entry and margin", Needed.READ),
            _case(4, "the book is read in base units, best first", Needed.READ),
            _case(5, "mark, index, funding and brackets are read", Needed.READ),
            _case(6, "an account that cannot be read is no empty account", Needed.READ),
            _case(7, "an order goes out as planned: name, side, size, limit, at once", Needed.SEND),
            _case(
                8, "an order is found by our name, and one that is not there is not", Needed.SEND
            ),
            _case(
                9, "a second order under a name is proof of the first, not a refusal", Needed.SEND
            ),
            _case(10, "an order whose answer is lost is unknown, and is found", Needed.SEND),
            _case(11, "a refusal is a refusal, and says why", Needed.SEND),
            _case(12, "an order that filled in part says how much", Needed.SEND),
            _case(13, "a cancel that comes too late is no error", Needed.SEND),
            _case(14, "fills come once each, over pages, with fee and our name", Needed.SEND),
            _case(15, "the fence is in every order", Needed.SEND),
            _case(
                16,
                "an order that never came is in no list, and absent where that is a proof",
                Needed.SEND,
            ),
            _case(
                17, "a request that came too fast was not done, and silence is kept", Needed.SEND
            ),
            _case(
                18,
                "a request with a wrong time was not done, and the clock is measured",
                Needed.SEND,
            ),
            _case(19, "an answer that cannot be read leaves an order unknown", Needed.SEND),
            _case(20, "contracts and base units are converted exactly, both ways", Needed.SEND),
            _case(
                21, "leverage and margin mode are set, and left when they are as asked", Needed.SEND
            ),
            _case(22, "funding and other payments are listed", Needed.ALONE),
            _case(23, "what the key may do is told", Needed.ALONE),
            _case(
                24,
                "no request leaves for a host, or without a header, of another place",
                Needed.SEND,
            ),
            _case(
                25,
                "a move between wallets is sent once, and found when its answer is lost",
                Needed.SEND,
            ),
            _case(
                26,
                "a stop rests as planned: reduce-only, by the mark, under our name; found when"
                " its answer is lost, absent when it never came",
                Needed.STOPS,
            ),
            _case(
                27,
                "a stop that fired names the order that it became; one that was withdrawn says so",
                Needed.STOPS,
            ),
            _case(
                28,
                "what waits for a trigger is among the open orders, whoever placed it",
                Needed.ALONE,
            ),
        )
    )
)
"""Every case, by number."""
