"""Weights as they stand, and what becomes of holdings that no target names.

Pure. A target weight is a fraction of the policy's basis. Source: strategy definitions
1.1; the configuration has already made sure that weights lie in [0, 1] and sum to 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from trimtab.domain.errors import UntargetedHolding
from trimtab.domain.exact import ZERO
from trimtab.domain.exposure import Exposure
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import AssetGroup, RebalancePolicy, Untargeted
from trimtab.targets.effective import Targets


def targets_from(
    weights: Mapping[Asset, Decimal], policy: RebalancePolicy, exposed: Exposure
) -> Targets:
    """Return *weights* as targets, with untargeted holdings treated as the policy says.

    Raises:
        UntargetedHolding: one is worth the dust value or more, and the policy forbids that.
        MissingMark: an untargeted holding to be sold has no price.

    """
    bands = tuple(group for group in policy.groups if group.threshold is not None)
    strategic = dict(weights)
    strategic.setdefault(exposed.quote, ZERO)
    strays = [a for a in exposed.assets if a not in strategic and _is_held(exposed, a)]
    if policy.untargeted is Untargeted.IGNORE:
        return _targets(strategic, ignored=frozenset(strays), groups=bands)
    dust = frozenset(a for a in strays if _is_dust(policy, exposed, a))
    worth_it = [a for a in strays if a not in dust]
    if worth_it and policy.untargeted is Untargeted.ERROR:
        names = ", ".join(worth_it)
        raise UntargetedHolding(
            f"held, but no target names it: {names}; add a target or set untargeted",
            next_step="trimtab config show",
        )
    return _targets(strategic, strays=worth_it, ignored=dust, groups=bands)


def _targets(
    strategic: Mapping[Asset, Decimal],
    *,
    strays: Iterable[Asset] = (),
    ignored: frozenset[Asset],
    groups: tuple[AssetGroup, ...],
) -> Targets:
    """Return strategic weights and *strays* at 0, with nothing laid over them yet."""
    all_weights = dict(strategic) | dict.fromkeys(strays, ZERO)
    return Targets(
        strategic=all_weights,
        effective=all_weights,
        overlays=(),
        strays=frozenset(strays),
        ignored=ignored,
        groups=groups,
    )


def _is_held(exposed: Exposure, asset: Asset) -> bool:
    """Whether any unit or contract of *asset* is there."""
    return bool(exposed.holding(asset) or exposed.futures.get(asset, ZERO))


def _is_dust(policy: RebalancePolicy, exposed: Exposure, asset: Asset) -> bool:
    """Whether a stray is too small to matter; one with a position never is."""
    if exposed.futures.get(asset, ZERO):
        return False
    if asset not in exposed.mids:
        return True  # Nothing sells it here, whatever it is worth: it can only be left alone.
    return exposed.value(asset) < policy.dust_value
