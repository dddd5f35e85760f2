"""Returns: the exposure that a plan gives back by buying hedges back. Pure and exact."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import Plan, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """The exposure that comes back when hedges on an asset are bought back."""

    asset: Asset
    before: Decimal
    """Net exposure over NAV now, fraction, signed."""
    after: Decimal
    """The same when every leg has filled."""


def returns_of(plan: Plan) -> tuple[Return, ...]:
    """Return what a plan gives back that buys hedges back, in the order of its drifts.

    Nothing where as many coins, but for a lot, are sold beside it, or a hedge only changes its
    contract.
    """
    bought = {leg.line for leg in plan.legs if leg.lots > 0 and leg.role is not Role.ROLL}
    assets = {line.asset for line in plan.hedging if line.line in bought}
    return tuple(
        Return(asset=d.asset, before=d.net_weight, after=plan.after.weights[d.asset])
        for d in plan.drift
        if d.asset in assets and not _is_sold_beside(d.asset, plan, bought)
    )


def _is_sold_beside(asset: Asset, plan: Plan, bought: AbstractSet[int]) -> bool:
    """Say whether a plan sells as many coins as it buys back in contracts."""
    mine = [leg for leg in plan.legs if leg.instrument.base == asset]
    back = [g for g in mine if g.line in bought and g.instrument.is_contract]
    sold = [g for g in mine if g.lots < 0 and not g.instrument.is_contract]
    with exact_arithmetic():
        lot = max((g.instrument.lot_size for g in mine), default=ZERO)
        return bool(sold) and sum(g.instrument.units(g.lots) for g in (*back, *sold)) <= lot
