"""The gate where nothing is left to chance: inside the corners, on the exchange, outside limits.

Whole rules of whole plans at a thousand random fills each; shocks asked of the local exchange,
whether the account stands or not; and repairs of accounts that are beyond a limit.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from decimal import Decimal
from typing import Final

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.builders import LIMITS, NOW, account, plan, policy
from tests.property.test_gate import MIDS, OPEN, STEP, accounts, legs_for
from tests.property.test_gate_bugs import Question, lacks, questions, with_orders
from tests.simulation.planting import Bug, bug, edit, planted
from tests.unit.risk.cases import ask, context, refused, warned
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.findings import Verdict
from trimtab.domain.policy import RiskLimits
from trimtab.domain.snapshot import Snapshot
from trimtab.risk import asset_rules, exposure_rules, pool_rules, wallet_rules
from trimtab.risk.case import Case
from trimtab.risk.convex import Convex, Fills
from trimtab.risk.prefixes import prefixes_of
from trimtab.risk.rule import Rule
from trimtab.risk.state import AccountState, account_state

RULES: Final[tuple[Callable[[AccountState, Case], tuple[Rule, ...]], ...]] = (
    asset_rules.max_ratio,
    asset_rules.max_unhedged_notional,
    asset_rules.naked_short,
    asset_rules.net_overshoot,
    exposure_rules.max_gross,
    exposure_rules.max_leverage,
    exposure_rules.max_net,
    exposure_rules.max_synthetic_long,
    pool_rules.min_liquidation_distance,
    pool_rules.min_margin_ratio,
    pool_rules.shock,
    wallet_rules.free_margin,
    wallet_rules.free_quote,
    wallet_rules.free_units,
)
INTERIORS: Final = 1_000
NOISE: Final = 1e-6
"""Quote units by which a float may differ from the exact value; values here are below 1e8."""


# No inside beats the corner


def insides(convex: Convex, fills: Fills, shares: np.ndarray) -> np.ndarray:
    """Return the excess at each row of *shares*, one column per moving fill."""
    moving = sorted(fills.moving)
    total = np.zeros(len(shares))
    for term in convex.terms:
        branches = []
        for branch in term.branches:
            constant = branch.constant + sum(
                (s for j, s in branch.slopes.items() if j in fills.settled), Decimal(0)
            )
            slopes = np.array([float(branch.slopes.get(j, 0)) for j in moving])
            branches.append(float(constant) + shares @ slopes)
        total += np.max(branches, axis=0)
    return total


def beaten(snapshot: Snapshot, texts: list[str], *, seed: int) -> list[str]:
    """Return the rules of which a random inside is worse than the worst corner of a stage."""
    proposal = plan(snapshot, *texts)
    case = Case(plan=proposal, snapshot=snapshot, policy=policy(), context=context(), now=NOW)
    found, chance = list[str](), np.random.default_rng(seed)
    with exact_arithmetic():
        state = account_state(case)
        prefixes = prefixes_of(state)
        every = (rule for rules in RULES for rule in rules(state, case))
        for rule in every:
            for prefix in prefixes[rule.settled].values():
                shares = chance.random((INTERIORS, len(prefix.fills.moving)))
                for convex in (*rule.worst_of, *rule.capped_by):
                    most = float(convex.peak(prefix.fills, {})) + NOISE
                    if np.max(insides(convex, prefix.fills, shares)) > most:
                        found.append(rule.code)
    return found


@given(accounts(), legs_for(), st.integers(0, 2**32))
def test_no_random_inside_of_any_rule_of_a_plan_is_worse_than_its_worst_corner(
    snapshot: Snapshot, texts: list[str], seed: int
) -> None:
    assert not beaten(snapshot, texts, seed=seed)


NEGATIVE_ONLY = edit("risk.convex:_branch_peak", "slope > 0 and", "slope < 0 and")
FIRST_BRANCH = edit(
    "risk.convex:Term.peak",
    "max(_branch_peak(branch, fills) for branch in self.branches)",
    "_branch_peak(self.branches[0], fills)",
)


@pytest.mark.parametrize("mistake", [NEGATIVE_ONLY, FIRST_BRANCH], ids=["slopes", "branches"])
def test_a_corner_that_is_not_the_worst_is_beaten_by_an_inside(mistake: Bug) -> None:
    held = account("USDT 9000, BTC 0.1 @ 60000, perp BTC -0.02, ETH 0 @ 3000, wallet 500")
    legs = ["sell 0.05 perp BTC", "buy 0.4 ETH"]
    assert not beaten(held, legs, seed=1)
    with planted(bug("corner", "insides", 0, mistake)):
        assert beaten(held, legs, seed=1)


# No shock finds the exchange worse off


def worsened(question: Question) -> bool:
    """Say whether a plan that passed leaves a shock, at some corner, worse than before it."""
    held, out, texts = question
    resting = plan(held.snapshot, *out).legs
    report = ask(with_orders(held.snapshot, resting), *texts)
    if "shock" in refused(report):
        return False
    before, after = (
        lacks(held, legs) for legs in (resting, (*resting, *plan(held.snapshot, *texts).legs))
    )
    return any(
        max(after[asset, sign] for sign in (-1, 0, 1))
        > max(Decimal(0), *(before[asset, sign] for sign in (-1, 0, 1)))
        for asset, _ in after
    )


@given(questions())
def test_no_shock_finds_the_exchange_worse_off_after_a_plan_that_passed(
    question: Question,
) -> None:
    assert not worsened(question)


# Outside limits


@st.composite
def beyond(draw: st.DrawFn) -> tuple[Snapshot, RiskLimits]:
    """Draw an account whose positions all point one way, and limits of which it breaks some."""
    side = draw(st.sampled_from([-1, 1]))
    parts = [f"USDT {draw(st.integers(0, 20_000))}", f"wallet {draw(st.integers(10, 9_000))}"]
    for asset, mid in MIDS.items():
        parts.append(f"{asset} {draw(st.integers(0, 12)) * STEP[asset]} @ {mid}")
        if size := draw(st.integers(0, 9)):
            parts.append(f"perp {asset} {side * size * STEP[asset]}")
    tight = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "max_leverage": st.just(Decimal("0.01")),
                "max_net": st.just(Decimal("0.01")),
                "max_gross": st.just(Decimal("0.01")),
                "max_synthetic_long": st.just(Decimal("0.01")),
                "min_margin_ratio": st.just(Decimal(10_000)),
                "shock": st.just(Decimal("0.99")),
                "min_liquidation_distance": st.just(Decimal("0.99")),
            },
        )
    )
    return account(", ".join(parts)), dataclasses.replace(OPEN, **tight)


WIDE: Final = frozenset({"max_leverage", "max_net", "max_gross"})
"""Limits of which every leg may make an excess worse; the others concern contracts."""
POOL: Final = frozenset({"min_margin_ratio", "shock", "min_liquidation_distance"})


def reduction(snapshot: Snapshot) -> tuple[list[str], list[str]]:
    """Return legs that bring every asset's exposure to zero, and the same legs reversed.

    Longs are closed and naked shorts bought back; coins are sold where no long stands beside.
    """
    texts, reverse = [], []
    for asset in MIDS:
        position = snapshot.positions.get(f"{asset}/USDT:USDT")
        units = Decimal(0) if position is None else position.lots * Decimal("0.0001")
        held = snapshot.balances[asset].free
        net = held + units
        if units > 0:
            texts.append(f"sell {units} perp {asset} reduce")
            reverse.append(f"buy {units} perp {asset}")
        elif net < 0:
            texts.append(f"buy {-net} perp {asset} reduce")
            reverse.append(f"sell {-net} perp {asset}")
        elif net > 0:
            texts.append(f"sell {net} {asset}")
            reverse.append(f"buy {net} {asset}")
    return texts, reverse


@given(beyond())
@example((account("USDT 0, BTC 0.1 @ 60000, ETH 0 @ 3000, perp ETH 2, wallet 10"), OPEN))
@example((account("USDT 0, BTC 0.1 @ 60000, ETH 0 @ 3000, perp ETH -2, wallet 10"), OPEN))
def test_outside_a_limit_nothing_and_a_reduction_pass_and_the_reverse_does_not(
    drawn: tuple[Snapshot, RiskLimits],
) -> None:
    snapshot, limits = drawn
    rules = policy(limits=limits)
    texts, reverse = reduction(snapshot)
    nothing = ask(snapshot, rules=rules)
    outside = warned(nothing) & (WIDE | POOL)
    assume(texts and outside)
    assert refused(nothing) == set()
    assert refused(ask(snapshot, *texts, rules=rules)) == set()
    opens = any("perp" in text for text in reverse)
    if outside & WIDE or opens:
        assert ask(snapshot, *reverse, rules=rules).verdict is Verdict.REFUSE


def test_repairs_refused_and_raises_let_through_are_both_seen() -> None:
    held = account("USDT 0, BTC 0.1 @ 60000, ETH 0 @ 3000, perp ETH 2, wallet 10")
    texts, reverse = reduction(held)
    rules = policy(limits=OPEN)
    strict = edit("risk.prefixes:Walk.judge", "allowed = max(ZERO, before)", "allowed = ZERO")
    with planted(bug("no repairs", "outside", 0, strict)):
        assert refused(ask(held, *texts, rules=rules))
    lenient = edit("risk.prefixes:Walk._outside", "rule.guarded & self.barred", "()")
    blind = edit("risk.prefixes:Walk.judge", "allowed = max(ZERO, before)", "allowed = 10**9")
    with planted(bug("raises", "outside", 0, lenient, blind)):
        assert "shock" not in refused(ask(held, *reverse, rules=rules))
    assert "shock" in refused(ask(held, *reverse, rules=rules))


def test_the_limits_that_are_asked_are_those_of_the_catalogue() -> None:
    assert {f.name for f in dataclasses.fields(LIMITS)} >= WIDE | POOL
