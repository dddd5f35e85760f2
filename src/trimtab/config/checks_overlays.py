"""What no single key of an overlay can tell: who it speaks of, sums, and days in order.

Pure. These read the raw tree, so they find their faults also when other keys are wrong. A
value that is itself of the wrong kind is left to the models.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic_core import PydanticCustomError

from trimtab.config.checks_groups import grouped, sum_flaws
from trimtab.config.faults import Flaw
from trimtab.config.positions import KeyPath
from trimtab.config.shape import nearest_fix
from trimtab.config.words import read_day

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wished:
    """The raw overlays, and what they may speak of."""

    overlays: Table
    targeted: tuple[str, ...] | None
    """Assets with a target; None where that cannot be told."""
    groups: Table
    """The groups of the portfolio by name; empty where it is made of assets."""
    is_net: bool
    """Whether futures count in weights."""


def overlay_flaws(wished: Wished) -> Iterator[Flaw]:
    """Yield every fault between the keys of the overlays."""
    season, rotation = wished.overlays.get("season"), wished.overlays.get("rotation")
    if isinstance(season, dict):
        yield from _season(season, wished)
    if isinstance(rotation, dict):
        yield from _rotation(rotation, wished)


def _season(season: Table, wished: Wished) -> Iterator[Flaw]:
    """Multipliers are for assets that have a target."""
    months, kept = season.get("months"), dict[str, str]()
    for name, table in wished.groups.items():
        if isinstance(table, dict) and table.get("inner") == "keep":
            kept |= dict.fromkeys(grouped({name: table}), name)
    for month, factors in months.items() if isinstance(months, dict) else ():
        for asset in factors if isinstance(factors, dict) else ():
            path = ("overlays", "season", "months", month, asset)
            yield from _stranger(path, asset, known=wished.targeted)
            if asset in kept:
                reason = f"is of group {kept[asset]}, whose values are kept as they are"
                fix = "remove it: each plan would multiply what the last one has bought"
                yield Flaw(path=path, reason=reason, fix=fix)


def _rotation(rotation: Table, wished: Wished) -> Iterator[Flaw]:
    """Check that a rotation says everything there is to say about assets, or about groups."""
    path = ("overlays", "rotation")
    key, other = ("groups", "targets") if wished.groups else ("targets", "groups")
    known = tuple(wished.groups) if wished.groups else wished.targeted
    if other in rotation:
        made = "groups" if wished.groups else "assets"
        fix = f"write [overlays.rotation.{key}]"
        yield Flaw(path=(*path, other), reason=f"the portfolio is made of {made}", fix=fix)
    weights = rotation.get(key)
    if weights in (None, {}) and other not in rotation:
        yield Flaw(path=path, reason="has no weights", fix=f"write [overlays.rotation.{key}]")
    if isinstance(weights, dict) and weights and known is not None:
        yield from _complete((*path, key), weights, known=known)
    if not wished.is_net:
        reason = 'is by futures, which basis = "spot" does not count'
        yield Flaw(path=path, reason=reason, fix='write basis = "net", or remove the rotation')
    yield from _days(rotation)


def _complete(path: KeyPath, weights: Table, *, known: tuple[str, ...]) -> Iterator[Flaw]:
    """Check that weights name all of the *known* and nobody else, and sum to 1."""
    for name in weights:
        yield from _stranger((*path, name), name, known=known)
    lacking = [name for name in known if name not in weights]
    if lacking:
        fix = f'add such as {lacking[0]} = "0.10"'
        yield Flaw(path=path, reason=f"says nothing about {', '.join(lacking)}", fix=fix)
    else:
        yield from sum_flaws(path, weights, rest="")


def _stranger(path: KeyPath, name: str, *, known: tuple[str, ...] | None) -> Iterator[Flaw]:
    """Check that *name* is known, where it is a name at all."""
    if known is None or name in known:
        return
    # Groups are written small and assets large; what is neither is no name at all.
    if name.islower() == any(other.islower() for other in known):
        yield Flaw(path=path, reason="has no target", fix=nearest_fix(name, known))


def _days(rotation: Table) -> Iterator[Flaw]:
    """Check that a rotation ends after it begins."""
    days: list[date] = []
    for key in ("from", "until"):
        try:
            days += [read_day(rotation[key])] if key in rotation else []
        except PydanticCustomError:
            return
    if days and days != sorted(set(days)):
        reason = f"must be after from, {days[1]} is not after {days[0]}"
        yield Flaw(path=("overlays", "rotation", "until"), reason=reason, fix="write a later day")
