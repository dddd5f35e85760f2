"""What holds for every search, however early it may stop."""

from __future__ import annotations

from itertools import product

from hypothesis import assume, given
from hypothesis import strategies as st

from trimtab.planning.lot_problem import LotProblem, LotRange, lot_problem, relaxed
from trimtab.planning.lot_search import rounded_down, search


@st.composite
def problems(draw: st.DrawFn) -> LotProblem:
    """Draw up to four competing items, short of cash, with cash enough for the thriftiest."""
    sizes, use, alone = [], [], []
    low, high, idle = [], [], []
    for _ in range(draw(st.integers(1, 4))):
        lot, least = draw(st.integers(1, 30)), draw(st.integers(1, 3))
        desired = draw(st.integers(1, 8 * lot))
        best = round(desired / lot)
        best = 0 if best < least else best
        buys = best > 0 and draw(st.booleans())
        sizes.append((desired, lot))
        use.append((lot if buys else -lot) + draw(st.integers(0, lot - 1)) * (1 if buys else 0))
        alone.append(best)
        low.append(least if buys or best == 0 else best)
        high.append(best if buys else best + least)
        idle.append(buys or best == 0)
    thriftiest = sum(rate * most for rate, most in zip(use, high, strict=True) if rate < 0)
    asked = sum(rate * best for rate, best in zip(use, alone, strict=True))
    assume(thriftiest < asked)
    return lot_problem(
        sizes=sizes,
        use=use,
        alone=alone,
        legal=LotRange(low=tuple(low), high=tuple(high), idle=tuple(idle)),
        cash=draw(st.integers(thriftiest, asked - 1)),
    )


def least_cost(problem: LotProblem) -> int:
    """Return the least cost by trying all lots."""
    legal = problem.legal
    choices = [
        [*([0] if idle else []), *range(low, high + 1)]
        for low, high, idle in zip(legal.low, legal.high, legal.idle, strict=True)
    ]
    return min(
        problem.cost_of(lots) for lots in product(*choices) if problem.use_of(lots) <= problem.cash
    )


@given(problems(), st.integers(0, 2000), st.integers(0, 60))
def test_the_floor_is_true_and_near_as_asked(
    problem: LotProblem, miss: int, steps_max: int
) -> None:
    slack = miss * problem.weight
    least = least_cost(problem)
    for steps in (steps_max, 10**6):
        found = search(
            problem,
            first=rounded_down(problem),
            price=0,
            enough=lambda cost: cost - slack,
            steps_max=steps,
        )
        assert problem.use_of(found.best.lots) <= problem.cash
        assert found.best.cost == problem.cost_of(found.best.lots)
        assert found.floor <= least <= found.best.cost
    assert found.best.cost - found.floor <= slack


@given(problems(), st.integers(0, 3000))
def test_the_bound_of_any_price_is_true(problem: LotProblem, price: int) -> None:
    whole = price * problem.weight // 10
    assert relaxed(problem, problem.legal, whole).bound <= least_cost(problem)
