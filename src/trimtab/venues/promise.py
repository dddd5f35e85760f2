"""What may be promised of a venue, derived from its facts and from what was shown. Pure.

Nobody sets a promise. A venue can be no more than its facts allow: an order is sent for good only
where it can be found under our own name and a fence keeps it from coming late; with nobody there,
only where its absence can be proved besides. And a venue is no more than its adapter has shown in
the numbered cases (:mod:`trimtab.venues.cases`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from trimtab.domain.errors import ApprovalError, ConfigError, TrimtabError
from trimtab.venues.cases import CASES, Needed, Outcome, Showing
from trimtab.venues.facts import FenceKind, Market, MarketFacts, VenueFacts, Way

SEARCHED_S: Final = 86_400
"""For how long after its proof of absence an order is searched once more, before every run."""
SETTLED_S: Final = 120
"""After that, at the latest, a run has looked for an order of its own behind the fence."""


class Level(StrEnum):
    """What may be done, from the least to the most."""

    FACTS_ONLY = "facts_only"
    """It is described; no adapter opens it."""
    DRY_RUN_ONLY = "dry_run_only"
    """It may be read and planned for; no order is sent."""
    LIVE_WITH_PERSON = "live_with_person"
    """Orders are sent when a person says so each time; no standing approval counts."""
    LIVE = "live"
    """An order happens once or provably not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What holds for one part of a venue."""

    level: Level
    by_facts: Level
    """Most that the venue itself allows."""
    reasons: tuple[str, ...]
    """Why it is no more, the gravest first; empty where it is all that there is."""


Shown = Mapping[str, Showing]
"""What the cases of one part of a venue came to, by number; empty without an adapter."""
_RANK: Final = tuple(Level)


def promise(facts: MarketFacts, shown: Shown) -> Promise:
    """Return what may be promised of a part of a venue."""
    allowed, because = _allowed(facts)
    reached, lacking = _reached(shown)
    level = min(allowed, reached, key=_RANK.index)
    binding = (lacking if reached is level else ()) + (because if allowed is level else ())
    if allowed is reached is Level.DRY_RUN_ONLY:
        binding = because + lacking  # What no adapter can mend comes first.
    rest = (because if allowed is not level else ()) + (lacking if reached is not level else ())
    return Promise(level=level, by_facts=allowed, reasons=binding + rest)


def promises(
    venue: VenueFacts, shown: Mapping[tuple[str, Market], Shown]
) -> Mapping[Market, Promise]:
    """Return what may be promised of every part of *venue*."""
    return {
        market: promise(facts, shown.get((venue.venue_id, market), {}))
        for market, facts in venue.markets.items()
    }


def objection(
    promise: Promise, *, venue_id: str, is_live: bool, is_unattended: bool
) -> TrimtabError | None:
    """Return what stands against sending orders under *promise*; None when nothing does.

    *is_unattended* says that a standing approval gives the yes, and no person.
    """
    look = f"trimtab venues show {venue_id}"
    why = "".join(promise.reasons[:1])
    if promise.level in {Level.FACTS_ONLY, Level.DRY_RUN_ONLY}:
        told = f"{venue_id} is for dry runs only: {why}; nothing was sent"
        return ConfigError(told, next_step=look)
    if promise.level is Level.LIVE_WITH_PERSON and is_live and is_unattended:
        told = f"{venue_id} is traded only when a person says yes: {why}; nothing was sent"
        return ApprovalError(told, next_step="trimtab run --execute, without --yes")
    return None


def weakest(given: Iterable[Promise]) -> Promise:
    """Return the promise of *given*, at least one, that allows least."""
    return min(given, key=lambda each: _RANK.index(each.level))


def _allowed(facts: MarketFacts) -> tuple[Level, tuple[str, ...]]:
    """Return the most that the venue itself allows, and why no more."""
    if facts.look_up.way is Way.NONE:
        return Level.DRY_RUN_ONLY, ("no order can be looked up by the name that we gave it",)
    if facts.fence.kind is FenceKind.NONE:
        return Level.DRY_RUN_ONLY, ("nothing keeps a late order from arriving at any time",)
    kept_s = facts.look_up.kept_s
    if kept_s is not None and kept_s < SETTLED_S:
        told = f"an ended order is found by our name for {kept_s} seconds, gone before it is proved"
        return Level.DRY_RUN_ONLY, (f"{told} absent",)
    because = []
    if facts.look_up.way is Way.LISTED:
        because.append(
            "an order whose answer is lost is looked for in lists, whose silence proves nothing: a"
            " person decides about it"
        )
    if not facts.fence.holds_at_match:
        because.append(
            f"its fence ({facts.fence.name}) is known to hold when a request arrives, not when an"
            " order is matched"
        )
    if kept_s is None:
        because.append("it does not say for how long an ended order is found by our name")
    elif kept_s < SEARCHED_S:
        because.append(f"an ended order is found by our name for {kept_s} seconds only")
    if not facts.exact_sizes:
        because.append("ccxt turns sizes into floats on their way")
    return (Level.LIVE_WITH_PERSON if because else Level.LIVE), tuple(because)


def _reached(shown: Shown) -> tuple[Level, tuple[str, ...]]:
    """Return how far the adapter has shown itself, and which cases keep it from more."""
    if not shown:
        return Level.FACTS_ONLY, ("no adapter opens it, so none of the cases has been shown",)
    limits = {
        Needed.READ: Level.FACTS_ONLY,
        Needed.SEND: Level.DRY_RUN_ONLY,
        Needed.ALONE: Level.LIVE_WITH_PERSON,
    }
    level, lacking = Level.LIVE, []
    for number, case in CASES.items():
        if case.needed not in limits:
            continue  # Resting stops: they are refused by themselves where there are none.
        showing = shown.get(number)
        if showing is not None and showing.outcome is not Outcome.NOT_SUPPORTED:
            continue
        why = "has not been shown" if showing is None else showing.reason
        lacking.append((limits[case.needed], f"{number}, {case.title}: {why}"))
        level = min(level, limits[case.needed], key=_RANK.index)
    lacking.sort(key=lambda each: _RANK.index(each[0]))
    return level, tuple(text for _, text in lacking)
