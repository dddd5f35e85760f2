"""What the gate holds every wallet of contracts against: those in the quote, and those in coins.

Pure. Each is the check of its name; the parts are :mod:`trimtab.risk.pool_rules`, which a plan can
move, and :mod:`trimtab.risk.coin_pools`, which it cannot.
"""

from __future__ import annotations

from trimtab.risk import coin_pools, pool_rules
from trimtab.risk.case import Case
from trimtab.risk.rule import Rule
from trimtab.risk.state import AccountState


def min_margin_ratio(state: AccountState, case: Case) -> tuple[Rule, ...]:
    """Guard margin balance over maintenance margin of every wallet."""
    return (*pool_rules.min_margin_ratio(state, case), *coin_pools.min_margin_ratio(state, case))


def shock(state: AccountState, case: Case) -> tuple[Rule, ...]:
    """Guard what every wallet has left over kappa x maintenance after every shock."""
    return (*pool_rules.shock(state, case), *coin_pools.shock(state, case))


def min_liquidation_distance(state: AccountState, case: Case) -> tuple[Rule, ...]:
    """Guard how far each contract's own mark may move before its wallet is liquidated."""
    return (
        *pool_rules.min_liquidation_distance(state, case),
        *coin_pools.min_liquidation_distance(state, case),
    )
