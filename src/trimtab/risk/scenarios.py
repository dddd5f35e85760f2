"""The price moves under which the futures wallets must stand. Pure and exact.

A scenario is a set of underlyings that move together, by the shock, up or down, whichever
hurts: the two sides of one question, so that a repair is measured against the side that
threatens it and not against the side that would have saved it. Every contract on an underlying
moves with it: both legs of a roll together. A depeg of the quote by d is the common move up
by 1 / (1 - d) - 1 that hurts shorts: a shock s covers depegs up to s / (1 + s).
"""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.domain.instruments import Asset

AS_READ = "prices as read"
"""Name of the scenario in which nothing moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Which underlyings move by the shock, all in one direction, in both directions in turn."""

    name: str
    moved: frozenset[Asset]
    """Empty when nothing moves."""


def scenarios(underlyings: tuple[Asset, ...]) -> tuple[Scenario, ...]:
    """Return: none, each underlying alone, all together; the last only for two and more."""
    none = Scenario(name=AS_READ, moved=frozenset())
    each = (Scenario(name=f"{a} up or down", moved=frozenset({a})) for a in underlyings)
    if len(underlyings) < 2:  # noqa: PLR2004  all of one is that one
        return (none, *each)
    together = Scenario(name="all up or all down", moved=frozenset(underlyings))
    return (none, *each, together)
