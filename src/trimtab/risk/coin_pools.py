"""Rules of the wallets of coin-margined contracts: margin ratio, shock, liquidation. Pure, exact.

Nothing is traded there, so that no leg changes what is measured: a limit that is broken is told
with every plan and holds none up. Balance, profit and maintenance are coins, and the coin moves
with its contracts. At a coin's price of x times the present one a position of u coins has earned
u (1 - 1/x) coins and needs r |u| / x - c; brought into quote at that price, mid times x, balance
and need are x B + u (x - 1) and r |u| - c x: affine in x like those of contracts in the quote.
Design: docs/design/0061-coin-margined-contracts.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from trimtab.domain.exact import ONE, ZERO
from trimtab.domain.instruments import Asset
from trimtab.domain.inverse import (
    liquidation_distance,
    marked_units,
    multiple_of,
    wallet_maintenance,
)
from trimtab.domain.margin import margin_ratio
from trimtab.domain.policy import RiskLimits
from trimtab.domain.snapshot import CoinWallet, InversePosition
from trimtab.risk.case import Case
from trimtab.risk.convex import Affine, Excess, Term
from trimtab.risk.crossings import STEP
from trimtab.risk.crossings import Excess as AtStep
from trimtab.risk.rule import Gauge, Rule, Settled, below
from trimtab.risk.scenarios import AS_READ, scenarios
from trimtab.risk.state import AccountState
from trimtab.risk.wallet_needs import LIQUIDATION


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinPool:
    """The wallet of one coin and what it margins."""

    coin: Asset
    mid: Decimal
    """Quote per coin, > 0."""
    wallet: CoinWallet

    @property
    def name(self) -> str:
        """What it is called."""
        return f"{self.coin} coin-margined wallet"

    @property
    def advice(self) -> str:
        """What helps it, the end of a sentence."""
        return f"take contracts off by hand, or move {self.coin} into that wallet"

    @property
    def ratio(self) -> Decimal:
        """Balance over maintenance at marks; infinite without a position."""
        needed = wallet_maintenance(self.wallet)
        return margin_ratio(balance=self.wallet.pool.balance, maintenance_margin=needed)

    def excess(self, *, factor: Decimal, move: Decimal) -> Decimal:
        """Return factor x maintenance less balance when the coin's price is *move* times as high.

        Quote units, valued at that price.
        """
        needed = earned = ZERO
        for held in self.wallet.positions:
            units = marked_units(held)
            earned += units * (move - ONE)
            needed += _needed(held, move)
        return self.mid * (factor * needed - move * self.wallet.pool.balance - earned)

    def excess_alone(self, held: InversePosition, *, move: Decimal, further: Decimal) -> Decimal:
        """Return maintenance less balance when the mark of *held* alone moves *further* than all.

        Quote units, times *further*, which changes no sign.
        """
        needed = earned = ZERO
        for each in self.wallet.positions:
            if each is not held:
                needed += further * _needed(each, move)
                earned += further * marked_units(each) * (move - ONE)
        needed += _needed(held, move * further)
        earned += marked_units(held) * (move * further - ONE)
        return self.mid * (needed - move * further * self.wallet.pool.balance - earned)

    def distance(self, held: InversePosition) -> Decimal:
        """Return the liquidation distance of one position, the others still."""
        multiple = multiple_of(self.wallet, held)
        return liquidation_distance(units=marked_units(held), multiple=multiple)


def _needed(held: InversePosition, move: Decimal) -> Decimal:
    """Return the maintenance of a position at *move* times its mark, coins at mark, times *move*.

    Times the moved price over the present one it is affine in each bracket, and so has no fraction
    line under a price of nothing. Brackets above what the coins come to then do not count.
    """
    size, brackets = abs(marked_units(held)), held.contract.brackets
    steps = (
        b.maintenance_ratio * size - b.maintenance_deduction * move
        for b in brackets
        if b.notional_floor * move <= size
    )
    return max(ZERO, *steps)


def coin_pools(state: AccountState) -> tuple[CoinPool, ...]:
    """Return the wallets that margin something, by coin."""
    return tuple(
        CoinPool(coin=coin, mid=state.mids[coin], wallet=held.wallet)
        for coin, held in state.coins.items()
    )


def min_margin_ratio(state: AccountState, case: Case) -> tuple[Rule, ...]:
    """Guard margin balance over maintenance margin, at prices as read."""
    limit = case.limits.min_margin_ratio
    return tuple(
        replace(
            _rule(pool, "min_margin_ratio", (pool.excess(factor=limit, move=ONE),)),
            what=f"margin ratio of the {pool.name}",
            limit=limit,
            gauge=_always(pool.ratio),
        )
        for pool in coin_pools(state)
    )


def shock(state: AccountState, case: Case) -> tuple[Rule, ...]:
    """Guard balance after the shock of the coin >= kappa x maintenance at shocked notional."""
    kappa, size = case.limits.shock_kappa, case.limits.shock
    rules: list[Rule] = []
    for pool in coin_pools(state):
        for scenario in scenarios((pool.coin,)):
            moves = (ONE + size, ONE - size) if scenario.moved else (ONE,)
            excesses = (pool.excess(factor=kappa, move=move) for move in moves)
            what = f"what the {pool.name} has left over {kappa} x maintenance"
            rules.append(replace(_rule(pool, "shock", excesses), what=what, scenario=scenario.name))
    return tuple(rules)


def min_liquidation_distance(state: AccountState, case: Case) -> tuple[Rule, ...]:
    """Guard how far each contract's own mark may move before liquidation, the others still."""
    limit = case.limits.min_liquidation_distance
    rules: list[Rule] = []
    for pool in coin_pools(state):
        for held in pool.wallet.positions:
            sides = (ONE + limit, ONE - limit)
            excesses = (pool.excess_alone(held, move=ONE, further=side) for side in sides)
            rules.append(
                replace(
                    _rule(pool, "min_liquidation_distance", excesses),
                    what=f"liquidation distance of {held.contract.symbol}",
                    limit=limit,
                    gauge=_always(pool.distance(held)),
                )
            )
    return tuple(rules)


def _rule(pool: CoinPool, code: str, excesses: Iterable[Decimal]) -> Rule:
    """Return a rule that no move changes, at prices as read and with nothing for its limit."""
    branches = ((Affine(constant=value, slopes={}),) for value in excesses)
    return Rule(
        code=code,
        what=pool.name,
        scenario=AS_READ,
        worst_of=tuple(Excess(terms=(Term(branches=branch),)) for branch in branches),
        capped_by=(),
        settled=Settled.ANY_FILL,
        limit=ZERO,
        gauge=below(ZERO),
        guarded=frozenset(),
        advice=pool.advice,
    )


def _always(value: Decimal) -> Gauge:
    """Return the gauge of what no fill changes."""
    return lambda _, __: value


def coin_needs_of(
    pool: CoinPool, moved: frozenset[Asset], limits: RiskLimits
) -> Mapping[str, AtStep]:
    """Return by code what *pool* needs beyond its balance while the assets *moved* move."""
    kappa, shocked = limits.shock_kappa, limits.shock
    alone = limits.min_liquidation_distance

    def after_shock(move: Decimal) -> Decimal:
        sides = (ONE, ONE + shocked, ONE - shocked)
        return max(pool.excess(factor=kappa, move=move * side) for side in sides)

    def moved_alone(move: Decimal) -> Decimal:
        return max(
            pool.excess_alone(held, move=move, further=side)
            for held in pool.wallet.positions
            for side in (ONE, ONE + alone, ONE - alone)
        )

    needs: dict[str, Callable[[Decimal], Decimal]] = {
        LIQUIDATION: lambda move: pool.excess(factor=ONE, move=move),
        "min_margin_ratio": lambda move: pool.excess(factor=limits.min_margin_ratio, move=move),
        "shock": after_shock,
        "min_liquidation_distance": moved_alone,
    }
    return {code: _by_step(need, moves=pool.coin in moved) for code, need in needs.items()}


def _by_step(need: Callable[[Decimal], Decimal], *, moves: bool) -> AtStep:
    """Return *need* at a move in steps; as it is now where the coin does not move."""
    if moves:
        return lambda step: need(ONE + step * STEP)
    now = need(ONE)
    return lambda _: now
