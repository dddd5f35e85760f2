"""What has to be read of an account for a policy. Pure.

On its own, so that commands which only look import neither the planner nor the gate.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from trimtab.domain.instruments import Asset
from trimtab.domain.policy import Policy
from trimtab.ports import Portfolio


def portfolio_of(policy: Policy) -> Portfolio:
    """Return what *policy* needs to be read."""
    wanted = policy.rebalance
    assets = tuple(dict.fromkeys((*wanted.assets, *policy.beside_targets)))
    hedged = tuple(a for a in assets if policy.hedges(a))
    apart = tuple(a for a in policy.tactical.holdings if a not in assets)
    dated = tuple(a for a in hedged if policy.may_use_dated(a))
    return Portfolio(assets=(*assets, *apart), with_contracts=hedged, with_dated=dated)


def with_contracts_of(portfolio: Portfolio, assets: Iterable[Asset], policy: Policy) -> Portfolio:
    """Return *portfolio* with the contracts of *assets* read too, as *policy* may use them."""
    wanted = dict.fromkeys((*portfolio.with_contracts, *assets))
    dated = dict.fromkeys(a for a in wanted if policy.may_use_dated(a))
    return dataclasses.replace(portfolio, with_contracts=tuple(wanted), with_dated=tuple(dated))
