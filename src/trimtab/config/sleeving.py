"""Sleeves of a valid document in the domain's values. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from trimtab.config.models import Document
from trimtab.config.models_sleeves import Sleeve
from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, ratio
from trimtab.domain.instruments import Asset
from trimtab.domain.neutral import NeutralPolicy
from trimtab.domain.policy import Threshold
from trimtab.domain.sleeves import Sleeve as SleevePolicy
from trimtab.domain.sleeves import SleeveScale, reach_of

_OF_MULTIPLE: Final = Threshold(width=Decimal("0.10"), relative=True)


def sleeves_of(document: Document) -> Iterator[SleevePolicy]:
    """Yield every sleeve in file order."""
    for name, sleeve in document.portfolio.sleeves.items():
        is_multiple = sleeve.multiple is not None
        size = (sleeve.multiple if is_multiple else sleeve.weight) or ZERO
        usual = _OF_MULTIPLE if is_multiple else document.rebalance.threshold
        strays = sleeve.threshold or usual
        yield SleevePolicy(
            name=name,
            scale=SleeveScale.MULTIPLE if is_multiple else SleeveScale.WEIGHT,
            size=size,
            direction=sleeve.direction,
            members=_members(sleeve),
            band=reach_of(size, width=strays.width, relative=strays.relative),
        )


def _members(sleeve: Sleeve) -> Mapping[Asset, Decimal]:
    """Return the underlyings with their shares, which sum to 1."""
    if sleeve.shares:
        return MappingProxyType({Asset(a): share for a, share in sleeve.shares.items()})
    count = len(sleeve.members)
    part = ratio(ONE, Decimal(count))
    parts = dict.fromkeys(map(Asset, sleeve.members), part)
    with exact_arithmetic():
        parts[Asset(sleeve.members[-1])] = ONE - part * (count - 1)
    return MappingProxyType(parts)


def neutral_of(document: Document) -> NeutralPolicy | None:
    """Return the neutral yield sleeve, None where none is written."""
    neutral = document.portfolio.neutral
    if neutral is None:
        return None
    return NeutralPolicy(
        weight=neutral.weight,
        members=tuple(map(Asset, neutral.members)),
        min_carry=neutral.min_carry,
        exit_carry=neutral.exit_carry,
        funding_days=neutral.funding_days,
        horizon_days=neutral.horizon_days,
        band=neutral.band,
        contract=neutral.contract,
    )
