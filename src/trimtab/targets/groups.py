"""Groups: one weight for several assets, split inside as written, equally, or as values stand.

Pure and exact: the members' weights sum to their group's to the last digit. Source: strategy
definitions 1.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic, ratio
from trimtab.domain.exposure import Exposure
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import AssetGroup, Basis, Inner, RebalancePolicy


def group_weights(
    policy: RebalancePolicy, exposed: Exposure, risks: Mapping[str, Mapping[Asset, Decimal]]
) -> Mapping[Asset, Decimal]:
    """Return the weight of every asset of every group, in file order.

    *risks* are the shares, by group, of those whose members share its risk equally.

    Raises:
        MissingMark: values are to be kept, and one of them has no price.

    """
    weights: dict[Asset, Decimal] = {}
    for group in policy.groups:
        shares = risks.get(group.name) or shares_of(group, exposed, policy.basis)
        weights |= split(group.weight, shares)
    return weights


def shares_of(group: AssetGroup, exposed: Exposure, basis: Basis) -> Mapping[Asset, Decimal]:
    """Return how much of the group each member is to be, in any unit, each >= 0, not all 0.

    Where values are kept it is what the basis counts, and equal parts where nothing is there yet.
    """
    written = {member.asset: member.weight for member in group.members}
    if group.inner is not Inner.KEEP:
        return written
    count = exposed.net if basis is Basis.NET else exposed.value_outside_of
    values = {asset: max(ZERO, count(asset)) for asset in written}
    return values if any(values.values()) else written


def split(weight: Decimal, shares: Mapping[Asset, Decimal]) -> Mapping[Asset, Decimal]:
    """Return *weight* in parts as *shares*, in their order; the parts sum to it exactly.

    What rounding leaves goes to the largest share, by name among equals, so that the order of
    the file changes nothing.
    """
    with exact_arithmetic():
        whole = sum(shares.values(), ZERO)
        parts = {asset: ratio(weight * share, whole) for asset, share in shares.items()}
        largest = min(shares, key=lambda asset: (-shares[asset], asset))
        parts[largest] += weight - sum(parts.values(), ZERO)
    return parts
