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
    assets = tuple(dict.fromkeys((*wanted.assets, *policy.sleeved)))
    hedged = tuple(a for a in assets if policy.hedges(a))
    apart = tuple(a for a in policy.tactical.holdings if a not in assets)
    return Portfolio(assets=(*assets, *apart), with_contracts=hedged)


def with_contracts_of(portfolio: Portfolio, assets: Iterable[Asset]) -> Portfolio:
    """Return *portfolio* with the contracts of *assets* read too."""
    wanted = dict.fromkeys((*portfolio.with_contracts, *assets))
    return dataclasses.replace(portfolio, with_contracts=tuple(wanted))
