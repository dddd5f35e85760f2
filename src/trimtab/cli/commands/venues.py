"""``venues``: what is known of every exchange, and what may be promised of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli import session
from trimtab.cli.exits import Exit
from trimtab.cli.rows import Point, Rows
from trimtab.cli.session import Result
from trimtab.cli.tables import words
from trimtab.cli.venue_document import Row, known_document, market_rows, shown_document
from trimtab.domain.errors import ConfigError
from trimtab.domain.snapshot import Environment
from trimtab.venues.facts import Market, VenueFacts
from trimtab.venues.known import KNOWN
from trimtab.venues.promise import Level, Promise
from trimtab.venues.register import PROMISES

STYLES: Final[Mapping[Level, str]] = MappingProxyType(
    {
        Level.LIVE: "bold green",
        Level.LIVE_WITH_PERSON: "green",
        Level.DRY_RUN_ONLY: "yellow",
        Level.FACTS_ONLY: "dim",
    }
)
"""How a level is shown."""


def listed() -> Exit:
    """List every venue with what may be promised of each of its markets, and why no more."""
    document = {"venues": [known_document(venue) for venue in KNOWN.values()]}
    next_step = Text("\nnext: trimtab venues show ID says everything that is known of one")
    return session.emit(Result(document=document, view=Group(_all(), next_step), code=Exit.DONE))


def show(venue_id: str, /) -> Exit:
    """Show everything that is known of one venue, with its sources.

    Parameters
    ----------
    venue_id
        The venue, such as binance.

    """
    if venue_id not in KNOWN:
        told = f"nothing is known of {venue_id!r}; there are: {', '.join(KNOWN)}"
        return session.fail(ConfigError(told, next_step="trimtab venues"))
    venue = KNOWN[venue_id]
    return session.emit(
        Result(document=shown_document(venue), view=Group(*_parts(venue)), code=Exit.DONE)
    )


def _all() -> RenderableType:
    """Return one line for each market of each venue."""
    rows = []
    for venue in KNOWN.values():
        sandbox = venue.places.get(Environment.TESTNET)
        for market, promise in PROMISES[venue.venue_id].items():
            rows.append(
                (
                    Text(venue.venue_id, "bold"),
                    Text(market.value),
                    Text(words(promise.level.value), STYLES[promise.level]),
                    Text(words(promise.by_facts.value), STYLES[promise.by_facts]),
                    Text("yes" if sandbox is not None and market in sandbox.markets else "no"),
                    Text(_why(promise), "dim"),
                )
            )
    heads = ("venue", "market", "promise", "at most", "sandbox", "~why no more than that")
    return Rows(heads, rows)


def _why(promise: Promise) -> str:
    """Return what keeps a venue from more, were there an adapter; else that there is none."""
    reasons = promise.reasons[-1:] if promise.level is Level.FACTS_ONLY else promise.reasons[:1]
    return "".join(reasons)


def _parts(venue: VenueFacts) -> Iterator[RenderableType]:
    """Yield the facts of a venue for a person."""
    yield Text.assemble((venue.name, "bold"), f", held against ccxt {venue.checked_with}\n")
    yield Rows(("environment", "hosts", "header", "markets", "~source"), _places(venue))
    if venue.no_sandbox:
        yield Text(f"no sandbox: {venue.no_sandbox}")
    for market in venue.markets:
        yield Text()
        yield from _market(venue, market)
    if venue.traps:
        yield Text("\nWhat goes wrong unless one knows it:", "bold")
        yield from (Point(Text(trap)) for trap in venue.traps)


def _places(venue: VenueFacts) -> list[tuple[Text, ...]]:
    """Return where each environment is."""
    return [
        (
            Text(environment.value, "bold"),
            Text(", ".join(sorted(place.hosts))),
            Text("" if place.header is None else ": ".join(place.header)),
            Text(", ".join(market.value for market in Market if market in place.markets)),
            Text(place.source, "dim"),
        )
        for environment, place in venue.places.items()
    ]


def _market(venue: VenueFacts, market: Market) -> Iterator[RenderableType]:
    """Yield one part of a venue: its promise, then its facts."""
    promise = PROMISES[venue.venue_id][market]
    yield Text.assemble(
        (market.value, "bold"), "  ", (words(promise.level.value), STYLES[promise.level])
    )
    yield from (Point(Text(reason, "dim")) for reason in promise.reasons)
    rows = market_rows(venue.markets[market])
    yield Rows(("fact", "~what, and where it is from"), [_fact(row) for row in rows])


def _fact(row: Row) -> tuple[Text, Text]:
    """Return a fact, and what it is with its source, which wrap as one."""
    fact, what, source = row
    told = Text(what)
    return Text(fact), told.append(f" ({source})", "dim") if source else told
