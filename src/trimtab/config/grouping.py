"""Groups of a valid document in the domain's values, with the bands that they bring.

Pure. A group of one asset is that asset: its band is the asset's own.
"""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.config.models import Document
from trimtab.config.models_portfolio import Group
from trimtab.domain.exact import ONE, exact_arithmetic, ratio
from trimtab.domain.history_policy import RiskParityPolicy, parity_of
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import AssetGroup, Inner, Target, Threshold


def groups_of(document: Document) -> Iterator[AssetGroup]:
    """Yield every group in file order."""
    for name, group in document.portfolio.groups.items():
        members = _members(group)
        yield AssetGroup(
            name=name,
            weight=group.weight,
            inner=group.inner,
            members=members,
            threshold=_band(group, document) if len(members) > 1 else None,
            basket=group.basket,
            look_back_days=group.look_back_days,
        )


def thresholds_of(document: Document) -> dict[Asset, Threshold]:
    """Return the bands of single assets: exceptions, and groups of one asset."""
    alone = {
        _members(group)[0].asset: group.threshold
        for group in document.portfolio.groups.values()
        if group.threshold is not None and len(_members(group)) == 1
    }
    return alone | {Asset(a): band for a, band in document.rebalance.thresholds.items()}


def _members(group: Group) -> tuple[Target, ...]:
    """Return the assets of a group with their shares, which sum to 1."""
    if group.shares:
        return tuple(Target(asset=Asset(a), weight=share) for a, share in group.shares.items())
    count = len(group.members)
    with exact_arithmetic():
        part = ratio(ONE, ONE * count)
        parts = [part] * (count - 1)
        parts.append(ONE - part * (count - 1))
    pairs = zip(group.members, parts, strict=True)
    return tuple(Target(asset=Asset(a), weight=share) for a, share in pairs)


def _band(group: Group, document: Document) -> Threshold | None:
    """Return the band of a whole group; where values are kept there is always one."""
    if group.threshold is None and group.inner is Inner.KEEP:
        return document.rebalance.threshold
    return group.threshold


def parities_of(document: Document) -> Iterator[RiskParityPolicy]:
    """Yield how every group that shares its risk equally is to be split."""
    for group in document.portfolio.groups.values():
        if group.inner is Inner.RISK_PARITY:
            yield parity_of(map(Asset, group.members), look_back_days=group.look_back_days)
