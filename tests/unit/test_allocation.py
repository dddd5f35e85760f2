"""Lot allocation on small cases that can be worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from trimtab.planning import allocation
from trimtab.planning.allocation import (
    Allocation,
    AllocationItem,
    Certificate,
    LotReason,
    allocate,
    allocate_within,
)

FREE = 10**9


def item(
    name: str,
    desired: str,
    lot: str,
    *,
    minimum: str = "0",
    lots_min: int = 1,
    most: int = FREE,
    cash: str = "1",
) -> AllocationItem:
    """Return an item whose lots cost and bring *cash* per unit of value."""
    per_lot = Decimal(lot) * Decimal(cash)
    return AllocationItem(
        name=name,
        desired=Decimal(desired),
        lot_value=Decimal(lot),
        buy_cost_per_lot=per_lot,
        sell_proceeds_per_lot=per_lot,
        lots_min=lots_min,
        notional_min=Decimal(minimum),
        buy_lots_max=most,
        sell_lots_max=most,
    )


def one(thing: AllocationItem, cash: str = "1000") -> tuple[int, LotReason]:
    """Return the lots and the reason of a lone item."""
    plan = allocate([thing], Decimal(cash))
    return plan.lots[0], plan.reasons[0]


def many(count: int, lot: str = "1", cost: str = "1") -> list[AllocationItem]:
    """Return *count* equal buys of one lot."""
    return [item(f"A{place:02}", lot, lot, cash=cost) for place in range(count)]


def test_no_items_are_no_lots() -> None:
    assert allocate([], Decimal(5)) == Allocation(
        lots=(),
        reasons=(),
        squared_miss=Decimal(0),
        bound=Decimal(0),
        certificate=Certificate.EXACT,
        cash_used=Decimal(0),
    )


@pytest.mark.parametrize(
    ("thing", "lots", "reason"),
    [
        (item("A", "0", "10"), 0, LotReason.ON_TARGET),
        (item("A", "26", "10"), 3, LotReason.TO_TARGET),
        (item("A", "-24", "10"), -2, LotReason.TO_TARGET),
        (item("A", "25", "10"), 2, LotReason.TO_TARGET),
        (item("A", "5", "10"), 0, LotReason.BELOW_ONE_LOT),
        (item("A", "5.01", "10"), 1, LotReason.TO_TARGET),
        (item("A", "12", "10", minimum="24.1"), 0, LotReason.BELOW_MIN_NOTIONAL),
        (item("A", "16", "10", minimum="24.1"), 3, LotReason.TO_TARGET),
        (item("A", "16", "10", lots_min=4), 0, LotReason.BELOW_MIN_NOTIONAL),
        (item("A", "-60", "10", most=0), 0, LotReason.NOTHING_FREE),
        (item("A", "-60", "10", most=2, minimum="30"), 0, LotReason.BELOW_MIN_NOTIONAL),
        (item("A", "-60", "10", most=2), -2, LotReason.AT_MAXIMUM),
        (item("A", "-60", "10", most=6), -6, LotReason.TO_TARGET),
        (item("A", "60", "10", most=3), 3, LotReason.AT_MAXIMUM),
    ],
)
def test_a_lone_item_goes_as_near_as_its_lots_allow(
    thing: AllocationItem, lots: int, reason: LotReason
) -> None:
    assert one(thing) == (lots, reason)


def test_a_buy_is_cut_to_the_cash_there_is() -> None:
    assert one(item("A", "60", "10"), cash="39.99") == (3, LotReason.CUT_TO_CASH)


def test_one_step_of_cash_too_little_is_too_little() -> None:
    assert one(item("A", "60", "10"), cash="59") == (5, LotReason.CUT_TO_CASH)
    assert one(item("A", "60", "10"), cash="60") == (6, LotReason.TO_TARGET)


def test_a_buy_without_cash_says_so() -> None:
    assert one(item("A", "60", "10"), cash="9.99") == (0, LotReason.NO_FREE_CASH)


def test_fees_and_limit_prices_count_against_the_cash() -> None:
    assert one(item("A", "60", "10", cash="1.001"), cash="60") == (5, LotReason.CUT_TO_CASH)


def test_futures_use_no_cash() -> None:
    plan = allocate([item("A", "60", "10", cash="0"), item("B", "-60", "10", cash="0")], Decimal(0))
    assert plan.lots == (6, -6)
    assert plan.cash_used == 0


def test_sells_pay_for_buys() -> None:
    plan = allocate([item("BUY", "60", "10"), item("SELL", "-60", "10")], Decimal(0))
    assert (plan.lots, plan.cash_used) == ((6, -6), 0)


def test_a_shortage_is_spread_evenly_in_value() -> None:
    plan = allocate([item("LARGE", "100", "1"), item("SMALL", "40", "1")], Decimal(120))
    assert plan.lots == (90, 30)
    assert plan.reasons == (LotReason.CUT_TO_CASH, LotReason.CUT_TO_CASH)
    assert (plan.squared_miss, plan.bound, plan.certificate) == (200, 200, Certificate.EXACT)


def test_a_fine_sell_goes_beyond_its_target_to_fund_a_lumpy_buy() -> None:
    items = [item("LUMPY", "100", "100"), item("FINE", "-95", "1", minimum="10")]
    plan = allocate(items, Decimal(0))
    assert plan.lots == (1, -100)
    assert plan.reasons == (LotReason.TO_TARGET, LotReason.FUNDS_ANOTHER)


def test_a_lumpy_buy_may_take_the_last_cash_that_sells_can_bring() -> None:
    items = [item("LUMPY", "100", "100"), item("FINE", "-95", "1", minimum="10", most=100)]
    assert allocate(items, Decimal(0)).lots == (1, -100)


def test_a_sell_never_goes_beyond_its_target_by_more_than_a_minimum_order() -> None:
    items = [item("LUMPY", "100", "100"), item("FINE", "-85", "1", minimum="10")]
    plan = allocate(items, Decimal(0))
    assert plan.lots == (0, -85)
    assert plan.reasons == (LotReason.NO_FREE_CASH, LotReason.TO_TARGET)


def test_a_sell_below_its_minimum_order_is_made_where_it_funds_a_buy() -> None:
    items = [item("LUMPY", "100", "100"), item("DUST", "-4", "1", minimum="10")]
    assert allocate(items, Decimal(0)).lots == (0, 0)
    assert allocate(items, Decimal(90)).lots == (1, -10)


def test_of_equal_misses_the_one_with_fewer_legs_wins() -> None:
    # Cash for two lots of ten: one buy of two lots misses as little as two buys of one.
    items = [item("A", "15", "10"), item("B", "25", "10")]
    assert allocate(items, Decimal(20)).lots == (0, 2)


def test_of_equal_legs_the_one_with_less_turnover_wins() -> None:
    # B may be left 5 short or taken 5 beyond; both miss by 25.
    assert allocate([item("A", "10", "10"), item("B", "-25", "10")], Decimal(-10)).lots == (1, -2)


def test_a_debt_that_sales_cover_is_covered() -> None:
    plan = allocate([item("A", "-20", "10", minimum="20"), item("B", "50", "10")], Decimal(-40))
    assert (plan.lots, plan.cash_used) == ((-4, 0), -40)


def test_a_debt_beyond_all_sales_sells_what_may_be_sold_and_buys_nothing() -> None:
    plan = allocate([item("A", "-20", "10"), item("B", "50", "10")], Decimal(-1000))
    assert plan.lots == (-3, 0)
    assert plan.reasons == (LotReason.FUNDS_ANOTHER, LotReason.NO_FREE_CASH)
    assert plan.certificate is Certificate.EXACT


def test_a_debt_leaves_alone_a_sell_that_cannot_reach_its_minimum_order() -> None:
    plan = allocate(
        [item("A", "-5", "1", minimum="10", most=7), item("B", "-9", "1")], Decimal(-11)
    )
    assert plan.lots == (0, -10)


def test_lots_keep_the_limit_where_floats_cannot_see_it() -> None:
    count = allocation.PROPOSE_ITEMS_MIN
    plan = allocate(many(count, cost="1.00000000000000000000000001"), Decimal(count))
    assert sum(plan.lots) == count - 1
    assert plan.certificate is Certificate.EXACT


def test_values_far_beyond_a_float_are_exact() -> None:
    plan = allocate([item("A", "1e40", "3e-20"), item("B", "7", "2")], Decimal("1e39"))
    assert plan.cash_used <= Decimal("1e39")
    assert plan.certificate is Certificate.EXACT


@pytest.mark.parametrize(
    "wrong",
    [
        {"lot_value": Decimal(0)},
        {"lots_min": 0},
        {"buy_cost_per_lot": Decimal(-1)},
        {"notional_min": Decimal(-1)},
        {"sell_lots_max": -1},
    ],
)
def test_an_item_that_makes_no_sense_cannot_be_written_down(wrong: dict[str, object]) -> None:
    sound: dict[str, object] = {
        "name": "A",
        "desired": Decimal(1),
        "lot_value": Decimal(1),
        "buy_cost_per_lot": Decimal(1),
        "sell_proceeds_per_lot": Decimal(1),
        "lots_min": 1,
        "notional_min": Decimal(1),
        "buy_lots_max": 1,
        "sell_lots_max": 1,
    }
    AllocationItem(**sound)  # type: ignore[arg-type]  # The table holds plain objects.
    with pytest.raises(ValueError, match="A: "):
        AllocationItem(**sound | wrong)  # type: ignore[arg-type]  # As above.


def drifted(count: int) -> list[AllocationItem]:
    """Return *count* items with coarse and fine lots, buys over sells, by a fixed rule."""
    return [
        item(
            f"A{place:02}",
            str((place * 7919 % 199 - 95) + Decimal("0.37")),
            str(
                Decimal(1 + place * 31 % 89) / 3 * 3 / 7 // Decimal("0.01") * Decimal("0.01")
                + Decimal("0.01")
            ),
            minimum=str(5 * (1 + place % 4)),
            cash="1.001",
        )
        for place in range(count)
    ]


def test_a_search_that_must_give_up_says_how_good_its_lots_may_be() -> None:
    exact = allocate(drifted(12), Decimal(10))
    hasty = allocate_within(drifted(12), Decimal(10), steps_max=0)
    assert hasty.certificate is Certificate.BOUNDED
    assert hasty.bound <= exact.squared_miss <= hasty.squared_miss


def test_many_items_are_certified_without_a_search_to_the_end() -> None:
    plan = allocate(drifted(60), Decimal(10))
    assert plan.certificate is Certificate.CERTIFIED
    assert 0 < plan.bound < plan.squared_miss
