"""Prices and lots that arrays propose, and the search that starts from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import pytest

from trimtab.estimators.lot_prices import (
    USUAL_EFFORT,
    Effort,
    LotProposal,
    lot_arrays,
    propose_lots,
)
from trimtab.planning.lot_problem import LotProblem, LotRange, lot_problem, relaxed
from trimtab.planning.lot_search import Incumbent, filled, rounded_down, search


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One competing item."""

    desired: int
    lot: int
    use: int
    low: int = 1
    high: int
    idle: bool = True
    alone: int


def buy(desired: int, lot: int, *, low: int = 1) -> Row:
    """Return a buy that is best alone at the nearest lots, at face value."""
    best = round(desired / lot)
    return Row(desired=desired, lot=lot, use=lot, low=low, high=best, alone=best)


def sell(desired: int, lot: int, *, high: int) -> Row:
    """Return a sell that may go beyond what is best alone."""
    best = round(desired / lot)
    return Row(desired=desired, lot=lot, use=-lot, low=best, high=high, idle=False, alone=best)


def problem(*rows: Row, cash: int) -> LotProblem:
    """Return the competition between *rows*."""
    return lot_problem(
        sizes=[(row.desired, row.lot) for row in rows],
        use=[row.use for row in rows],
        alone=[row.alone for row in rows],
        legal=LotRange(
            low=tuple(row.low for row in rows),
            high=tuple(row.high for row in rows),
            idle=tuple(row.idle for row in rows),
        ),
        cash=cash,
    )


def proposed(*rows: Row, cash: int, effort: Effort = USUAL_EFFORT) -> LotProposal:
    """Return what the arrays propose."""
    arrays = lot_arrays(
        desired=[row.desired for row in rows],
        lot=[row.lot for row in rows],
        use=[row.use for row in rows],
        legal=([row.low for row in rows], [row.high for row in rows], [row.idle for row in rows]),
    )
    return propose_lots(arrays, cash, effort)


def test_a_shortage_is_spread_evenly_at_the_price_of_its_miss() -> None:
    proposal = proposed(buy(100, 1), buy(40, 1), cash=120)
    assert proposal.lots == (90, 30)
    # Ten short on each: the next unit of cash saves between 10**2 - 9**2 and 11**2 - 10**2.
    assert 19 <= Fraction(*proposal.price) <= 21


def test_cash_that_does_not_pay_for_a_coarse_lot_goes_to_finer_ones() -> None:
    assert proposed(buy(100, 50), buy(100, 30), buy(100, 1), cash=200).lots == (1, 2, 90)


def test_lots_that_miss_alike_cost_no_cash() -> None:
    assert proposed(Row(desired=15, lot=10, use=10, high=2, alone=1), cash=15).lots == (1,)


def test_a_buy_that_its_minimum_order_keeps_out_leaves_its_cash_to_others() -> None:
    assert proposed(buy(60, 1, low=50), buy(60, 1), cash=70).lots == (0, 60)


def test_sells_beyond_their_target_share_the_shortage() -> None:
    assert proposed(buy(100, 1), sell(60, 1, high=90), cash=20).lots == (90, 70)


@pytest.mark.parametrize(
    "effort",
    [
        replace(USUAL_EFFORT, pricings=1),
        replace(USUAL_EFFORT, guesses=0),
        replace(USUAL_EFFORT, fills=1),
    ],
)
def test_however_little_is_tried_the_lots_keep_the_limit(effort: Effort) -> None:
    rows = [*(buy(100, lot) for lot in range(1, 41)), sell(60, 1, high=90)]
    proposal = proposed(*rows, cash=2000, effort=effort)
    assert sum(row.use * lots for row, lots in zip(rows, proposal.lots, strict=True)) <= 2000


@pytest.mark.parametrize("price", [0, 3, 10**6])
def test_no_lots_cost_less_than_the_bound_of_any_price(price: int) -> None:
    case = problem(buy(7, 3), buy(11, 2), sell(5, 4, high=3), cash=8)
    point = relaxed(case, case.legal, price)
    for lots in [(0, 5, 1), (2, 3, 1), (2, 5, 3), (1, 4, 1)]:
        assert case.use_of(lots) <= case.cash
        assert case.cost_of(lots) >= point.bound


def test_the_bound_of_lots_that_spend_all_cash_is_their_cost() -> None:
    case = problem(buy(7, 3), buy(11, 2), sell(5, 4, high=3), cash=12)
    point = relaxed(case, case.legal, 0)
    assert point.excess == 0
    assert point.bound == point.cost == case.cost_of(point.lots)


def test_of_equal_misses_less_turnover_costs_less_and_a_leg_costs_more_than_turnover() -> None:
    case = problem(Row(desired=15, lot=10, use=10, high=2, alone=1), buy(5, 10), cash=0)
    assert case.cost_of((1, 0)) < case.cost_of((2, 0)) < case.cost_of((1, 1))


def test_a_bound_that_suffices_at_the_first_price_ends_the_search() -> None:
    case = problem(buy(100, 1), buy(40, 1), cash=120)
    start = Incumbent(lots=(88, 32), cost=case.cost_of((88, 32)))
    slack = 21 * case.weight
    found = search(
        case,
        first=start,
        price=20 * case.weight,
        enough=lambda cost: cost - slack,
        steps_max=0,
    )
    assert found.best == start
    assert start.cost - slack <= found.floor <= case.cost_of((90, 30))


def test_rounding_down_cuts_buys_pro_rata_and_spends_the_rest() -> None:
    assert rounded_down(problem(buy(100, 10), buy(50, 10), cash=100)).lots == (7, 3)


def test_rounding_down_sells_all_it_may_where_less_does_not_pay() -> None:
    assert rounded_down(problem(buy(100, 10), sell(60, 1, high=90), cash=-80)).lots == (1, 90)


def test_filling_spends_first_where_it_saves_most() -> None:
    case = problem(buy(100, 10), sell(60, 1, high=90), cash=-60)
    assert filled(case, (0, 90)).lots == (3, 90)


def test_filling_takes_back_what_was_sold_too_much() -> None:
    case = problem(buy(100, 10), sell(60, 1, high=90), cash=30)
    assert filled(case, (10, 90)).lots == (10, 70)


def test_filling_stops_at_the_minimum_order() -> None:
    dust = Row(desired=4, lot=1, use=-1, low=10, high=14, alone=0)
    assert filled(problem(dust, cash=-12), (14,)).lots == (12,)
    assert filled(problem(dust, cash=-5), (14,)).lots == (10,)
    assert filled(problem(dust, cash=0), (14,)).lots == (0,)
