"""Cross-hedges of a valid document in the domain's values, and the routes that follow. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from trimtab.config.models import Document
from trimtab.domain.cross import CrossPolicy
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import Route


def cross_of(document: Document) -> CrossPolicy | None:
    """Return which assets are hedged by the contracts of others, None where none is."""
    wanted = document.hedge.cross
    if wanted is None or not (wanted.by or wanted.groups):
        return None
    by = {Asset(a): Asset(other) for a, other in wanted.by.items()}
    groups = {name: _members(document, name) for name in wanted.groups}
    for name, members in groups.items():
        by |= dict.fromkeys(members, Asset(wanted.groups[name]))
    return CrossPolicy(
        by=MappingProxyType(by),
        look_back_days=wanted.look_back_days,
        min_r2=wanted.min_r2,
        groups=MappingProxyType(groups),
    )


def routes_of(document: Document) -> Mapping[Asset, Route]:
    """Return the routes that single assets take: as written, and members of hedged groups."""
    cross = document.hedge.cross
    names = () if cross is None else tuple(cross.groups)
    grouped = (asset for name in names for asset in _members(document, name))
    written = {Asset(a): route for a, route in document.rebalance.routes.items()}
    return MappingProxyType({**written, **dict.fromkeys(grouped, Route.CROSS)})


def _members(document: Document, name: str) -> tuple[Asset, ...]:
    """Return the members of one group, in file order."""
    group = document.portfolio.groups[name]
    return tuple(Asset(a) for a in (group.members or group.shares))
