"""The page of venues, written from facts, cases and promises. Pure, but for its last line."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Final

from trimtab.domain.snapshot import Environment
from trimtab.venues.cases import CASES, Needed, Outcome, Showing
from trimtab.venues.facts import Market, VenueFacts
from trimtab.venues.known import KNOWN
from trimtab.venues.promise import Level, Shown
from trimtab.venues.register import PROMISES
from trimtab.venues.shown import SHOWN

_HEAD: Final = """\
# Venues

Generated from facts and from what was shown; change `src/trimtab/venues/`, then run
`python -m trimtab.venues.page > docs/venues.md`.

A promise is derived, nobody sets it. It is the lesser of two: what the venue itself allows, and
what our adapter has shown in the numbered cases below. `trimtab venues` says the same, and
`trimtab venues show ID` says every fact with its source.

"""
_LEVELS: Final[Mapping[Level, str]] = {
    Level.LIVE: "an order happens once or provably not at all; standing approvals count",
    Level.LIVE_WITH_PERSON: "orders are sent when a person says so each time",
    Level.DRY_RUN_ONLY: "it is read and planned for; `run --execute` ends with 2",
    Level.FACTS_ONLY: "it is described; no adapter opens it, and `venue.id` does not take it",
}
_NEEDED: Final[Mapping[Needed, str]] = {
    Needed.READ: "anything, even a dry run",
    Needed.SEND: "any order",
    Needed.ALONE: "orders that nobody watches",
    Needed.STOPS: "stops that rest",
}
_CELLS: Final[Mapping[Outcome, str]] = {
    Outcome.PASS: "pass",
    Outcome.NOT_APPLICABLE: "—",
    Outcome.NOT_SUPPORTED: "no",
}


def markdown() -> str:
    """Return the page."""
    return "".join(_lines())


def _lines() -> Iterator[str]:
    """Yield the page in parts."""
    yield _HEAD
    yield "| promise | what it means |\n|---|---|\n"
    yield from (f"| {_word(level)} | {what} |\n" for level, what in _LEVELS.items())
    yield "\n## Promises\n\n| venue | market | promise | at most | why no more |\n"
    yield "|---|---|---|---|---|\n"
    for venue in KNOWN.values():
        yield from _promised(venue)
    yield from _matrix()
    yield "\n## Sandboxes\n\n| venue | hosts | header | markets |\n|---|---|---|---|\n"
    for venue in KNOWN.values():
        yield _sandbox(venue)


def _matrix() -> Iterator[str]:
    """Yield what every case came to, for every adapter, and the reasons below."""
    yield "\n## Cases\n\nReal ccxt and the adapter, against a venue in process that answers in its"
    yield " own format (`tests/conformance`).\n\n"
    heads = [f"{venue_id} {market.value}" for venue_id, market in SHOWN]
    yield f"| case | what holds | needed for | {' | '.join(heads)} |\n"
    yield f"|---|---|---|{'---|' * len(heads)}\n"
    for number, case in CASES.items():
        cells = [_cell(shown.get(number)) for shown in SHOWN.values()]
        yield f"| {number} | {case.title} | {_NEEDED[case.needed]} | {' | '.join(cells)} |\n"
    yield "\n"
    for (venue_id, market), shown in SHOWN.items():
        yield from _reasons(f"{venue_id} {market.value}", shown)


def _word(level: Level) -> str:
    """Return a level as the page writes it."""
    return f"`{level.value}`"


def _promised(venue: VenueFacts) -> Iterator[str]:
    """Yield one row for each market of a venue."""
    for market, promise in PROMISES[venue.venue_id].items():
        why = "; ".join(promise.reasons)
        levels = f"{_word(promise.level)} | {_word(promise.by_facts)}"
        yield f"| {venue.name} | {market.value} | {levels} | {why} |\n"


def _cell(showing: Showing | None) -> str:
    """Return what a case came to."""
    return "not shown" if showing is None else _CELLS[showing.outcome]


def _reasons(head: str, shown: Shown) -> Iterator[str]:
    """Yield why cases were not run."""
    for number, showing in shown.items():
        if showing.reason:
            yield f"- {head}, {number}: {showing.reason}\n"


def _sandbox(venue: VenueFacts) -> str:
    """Return where a venue is tried without money."""
    place = venue.places.get(Environment.TESTNET)
    if place is None:
        return f"| {venue.name} | none: {venue.no_sandbox} | | |\n"
    header = "" if place.header is None else f"`{': '.join(place.header)}`"
    markets = ", ".join(market.value for market in Market if market in place.markets)
    return f"| {venue.name} | {', '.join(sorted(place.hosts))} | {header} | {markets} |\n"


if __name__ == "__main__":
    sys.stdout.write(markdown())
