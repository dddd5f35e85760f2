"""Betas: what an asset, or a group, returns for a return of whose contract hedges it.

Exact but for the estimate. The series of a group is the value of what is held of its members, so
that one contract on an index has to follow all of them together and none by itself. Source:
strategy definitions 3.5 and 3.6; docs/design/0039-cross-hedges.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from trimtab.domain.cross import CrossPolicy, Protection
from trimtab.domain.errors import HistoryError
from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, plain, ratio
from trimtab.domain.exposure import Exposure
from trimtab.domain.history import History, Window, read_history
from trimtab.domain.instruments import Asset
from trimtab.domain.readings import Reading

RULE: Final = "hedge.cross"


@dataclass(frozen=True, slots=True, kw_only=True)
class Betas:
    """What each asset may be hedged at, and why others may not."""

    found: Mapping[Asset, Protection]
    """Of those whose beta is to be relied on."""
    refused: Mapping[Asset, str]
    """Why none is opened or grown, by asset."""
    readings: tuple[Reading, ...]
    """The figures that this rests on, by asset or group."""


NO_BETAS: Final = Betas(found=MappingProxyType({}), refused=MappingProxyType({}), readings=())
"""Nothing is hedged by another."""


def betas_of(policy: CrossPolicy | None, history: History | None, exposed: Exposure) -> Betas:
    """Return at which beta each asset is hedged by another; a few bars or a poor fit are refused.

    Raises:
        NoHistory: nothing was read.

    """
    if policy is None:
        return NO_BETAS
    told = read_history(history, for_what=RULE)
    found, refused, readings = dict[Asset, Protection](), dict[Asset, str](), list[Reading]()
    for name, members in policy.teams.items():
        team = _Team(name=name, members=members, leader=policy.by[members[0]])
        try:
            beta, r_squared = _following(told, team, exposed, days=policy.look_back_days)
        except HistoryError as fault:
            refused |= dict.fromkeys(members, str(fault))
            continue
        readings += _readings(team, beta=beta, r_squared=r_squared, policy=policy)
        why = _refused(team, beta=beta, r_squared=r_squared, policy=policy)
        if why:
            refused |= dict.fromkeys(members, why)
        else:
            found |= {asset: Protection(asset=asset, beta=beta) for asset in members}
    return Betas(found=found, refused=refused, readings=tuple(readings))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Team:
    """Who has one beta to one other."""

    name: str
    """The asset's code, or the group's name."""
    members: tuple[Asset, ...]
    leader: Asset

    @property
    def whose(self) -> str:
        """How it is spoken of."""
        return "its" if self.members == (self.name,) else f"{self.name}'s"


def _refused(team: _Team, *, beta: Decimal, r_squared: Decimal, policy: CrossPolicy) -> str:
    """Return why a team is not hedged, empty where it is."""
    if beta <= ZERO:
        return f"{team.whose} beta to {team.leader} is {plain(beta)}, and must be above 0"
    if r_squared < policy.min_r2:
        return (
            f"{team.leader} explains {plain(r_squared)} of {team.whose} variance, "
            f"and must explain {plain(policy.min_r2)}"
        )
    return ""


def _following(
    history: History, team: _Team, exposed: Exposure, *, days: int
) -> tuple[Decimal, Decimal]:
    """Return beta and R² of *team* to its leader, on simple returns of the same days."""
    from trimtab.estimators.portfolio import following  # noqa: PLC0415 -- only who asks for it pays for numpy.

    window = history.window([*team.members, team.leader], days=days)
    if any(len(set(closes)) == 1 for closes in window.closes.values()):
        return ZERO, ZERO  # Who stands still follows nobody.
    together = Asset(team.name)
    series = _together([window.closes[a] for a in team.members], _units(team, window, exposed))
    both = {together: series, team.leader: window.closes[team.leader]}
    found = following(Window(until=window.until, closes=both), together, leader=team.leader)
    return found.beta, found.r_squared


def _units(team: _Team, window: Window, exposed: Exposure) -> tuple[Decimal, ...]:
    """Return how many units of each member count: as they are held, else equal values."""
    if len(team.members) == 1:
        return (ONE,)
    held = tuple(max(ZERO, exposed.holding(a)) for a in team.members)
    if any(held):
        return held
    return tuple(ratio(ONE, window.closes[a][-1]) for a in team.members)


def _together(closes: Sequence[Sequence[Decimal]], units: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """Return the value of *units* of each at every close, oldest first."""
    with exact_arithmetic():
        return tuple(
            sum((n * close for n, close in zip(units, day, strict=True)), ZERO)
            for day in zip(*closes, strict=True)
        )


def _readings(
    team: _Team, *, beta: Decimal, r_squared: Decimal, policy: CrossPolicy
) -> Iterator[Reading]:
    """Yield both figures, with what they are held against."""
    days = f"to {team.leader}, over {policy.look_back_days} days"
    shared = {"rule": RULE, "subject": team.name}
    yield Reading(**shared, name="beta", measured=beta, limit=ZERO, holds=beta > ZERO, text=days)
    yield Reading(
        **shared,
        name="r_squared",
        measured=r_squared,
        limit=policy.min_r2,
        holds=r_squared >= policy.min_r2,
        text=f"of {team.whose} variance is explained by {team.leader}",
    )
