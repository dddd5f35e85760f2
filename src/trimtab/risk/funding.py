"""The transfer that a plan needs between the own wallets, by the gate's own measure. Pure.

Openings of contracts that lack margin are topped up from free quote; buys that lack quote are
funded from idle margin. How much is missing or idle is what the gate's rules say of the plan, so
that no second formula can disagree with them: a futures wallet's balance enters each of its rules
one to one. Where the cap or the wallet does not cover it, the plan stays without a transfer, and
the gate refuses it whole or the buys stay cut. An account with one wallet has none. Units are
those of the quote, signed: positive goes into the futures wallet.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from trimtab.domain.canonical import digest
from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, ratio, rounded
from trimtab.domain.plan import LegReason, Plan, Role, UntradedReason
from trimtab.domain.transfers import UNIT
from trimtab.risk.case import Case
from trimtab.risk.moves import RESTING_STAGE
from trimtab.risk.numbers import on_numbers
from trimtab.risk.pool_rules import min_liquidation_distance, min_margin_ratio, shock
from trimtab.risk.prefixes import prefixes_of
from trimtab.risk.review import review_of
from trimtab.risk.state import AccountState
from trimtab.risk.wallet_rules import free_margin, free_quote

STEP: Final = Decimal("0.0001")
"""Transfers are rounded to it, and carry a mark of their own in the four digits behind it."""
_MARKS: Final = 9_999
_RULES: Final = (free_margin, min_margin_ratio, shock, min_liquidation_distance)
"""What a futures wallet must hold, each as an amount missing from it."""

PlanMaker = Callable[[Decimal], Plan]
"""Makes the same plan with a transfer of so many units into the futures wallet."""


def funded(case: Case, make: PlanMaker) -> Plan:
    """Return the plan of *case*, which has no transfer, with the one that it needs, if any.

    May raise PlanningError, as *make* does.
    """
    plan, most = case.plan, case.policy.hedge.max_topup
    lines = bool(plan.legs) or _is_short_of_cash(plan)
    if not most or not lines or any(f.verdict.severity for f in on_numbers(case)):
        return plan
    found = review_of(case).found
    pool = case.snapshot.pools.get(case.snapshot.quote)
    if isinstance(found, Exception) or pool is None or pool.shares_cash:
        return plan
    with exact_arithmetic():
        units = _topup(case, found.state) or _return(case, found.state, make)
        return make(units) if units else plan


def lacking(case: Case) -> Decimal:
    """Return what the futures wallet lacks for a plan, what it moves there included.

    Negative for what is idle, zero where it cannot be told.
    """
    found = review_of(case).found
    if isinstance(found, Exception):
        return ZERO
    with exact_arithmetic():
        moved = sum((t.units for t in case.plan.transfers), ZERO)
        return moved + (_missing(case, found.state) or ZERO)


def within_reach(case: Case) -> Decimal:
    """Return the most that a plan may move into the futures wallet, zero where it cannot be told.

    The configuration's limit, and no more than the spot wallet has.
    """
    found = review_of(case).found
    if isinstance(found, Exception):
        return ZERO
    with exact_arithmetic():
        return min(case.policy.hedge.max_topup, spendable(case, found.state))


def _topup(case: Case, state: AccountState) -> Decimal:
    """Return what openings lack in margin, zero when nothing, or when it cannot be had."""
    if not any(leg.instrument.is_contract and not leg.reduce_only for leg in case.plan.legs):
        return ZERO
    missing = _missing(case, state)
    if missing is None or missing <= ZERO:
        return ZERO
    most = min(case.policy.hedge.max_topup, spendable(case, state))
    return marked(missing, most=most, case=case)


def _return(case: Case, state: AccountState, make: PlanMaker) -> Decimal:
    """Return what buys lack in quote, negative, zero when nothing or when no margin is idle."""
    if not _is_short_of_cash(case.plan):
        return ZERO
    missing = _missing(case, state)
    pool = case.snapshot.pools[case.snapshot.quote]
    idle = pool.withdrawable if missing is None else min(-missing, pool.withdrawable)
    most = rounded(min(idle, case.policy.hedge.max_topup), UNIT, up=False)
    if most <= ZERO:
        return ZERO
    wanted = _paid_beyond_cash(case, make(-most))
    return -marked(wanted, most=most, case=case) if wanted > ZERO else ZERO


def _is_short_of_cash(plan: Plan) -> bool:
    """Whether a buy was cut, or left out, because quote was short."""
    cut = any(leg.reason is LegReason.CUT_TO_CASH for leg in plan.legs)
    return cut or any(u.reason is UntradedReason.NO_FREE_CASH for u in plan.untraded)


def _paid_beyond_cash(case: Case, plan: Plan) -> Decimal:
    """Return what must come for the spot orders of *plan*, at their limits, the reserve kept."""
    balance = case.snapshot.balances.get(plan.quote)
    free = ZERO if balance is None else balance.free * (ONE - case.limits.fee_reserve)
    taken = ZERO
    for leg in plan.legs:
        if leg.role is Role.SPOT:
            fee = leg.instrument.taker_fee if leg.lots > 0 else -leg.instrument.taker_fee
            sign = 1 if leg.lots > 0 else -1
            taken += sign * leg.quantity * leg.limit_price * (ONE + fee)
    return ratio(taken - free, ONE - case.limits.fee_reserve)


def _missing(case: Case, state: AccountState) -> Decimal | None:
    """Return what the futures wallet lacks at the plan's worst prefix, negative for what is idle.

    None where no rule concerns it. Where a rule is broken before the plan, nothing is missing
    that a transfer for this plan would be for.
    """
    prefixes = prefixes_of(state)
    worst: Decimal | None = None
    for rules in _RULES:
        for rule in rules(state, case):
            walk = prefixes[rule.settled]
            if walk[RESTING_STAGE].peak(rule) > ZERO:
                return ZERO
            peak = max(prefix.peak(rule) for prefix in walk.values())
            worst = peak if worst is None else max(worst, peak)
    return worst


def spendable(case: Case, state: AccountState) -> Decimal:
    """Return the quote that may leave the spot wallet before the openings, reserve kept.

    What sells bring at their limits is among it, as they come first; buys come later.
    """
    (rule,) = free_quote(state, case)
    brought = sum((m.cash for m in state.moves if m.is_leg and m.cash > ZERO), ZERO)
    start = prefixes_of(state)[rule.settled][RESTING_STAGE].peak(rule)
    return max(ZERO, rounded(brought - start, UNIT, up=False))


def marked(wanted: Decimal, *, most: Decimal, case: Case) -> Decimal:
    """Return the least transfer of at least *wanted* with a mark of its own, zero if beyond *most*.

    The venue knows a transfer by its units alone: the mark, which follows from the snapshot,
    tells it from others of the same size.
    """
    if wanted > most:
        return ZERO
    seed = digest({"snapshot": case.plan.snapshot_id, "made_at": case.plan.made_at})
    mark = (1 + int(seed[:12], 16) % _MARKS) * UNIT
    units = rounded(wanted, STEP, up=True) + mark
    return units if units <= most else rounded(most, UNIT, up=False)
