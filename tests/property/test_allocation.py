"""What holds for every lot allocation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_UP, Context, Decimal, localcontext
from itertools import product
from math import ceil, floor

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from trimtab.domain.exact import exact_arithmetic
from trimtab.planning.allocation import Allocation, AllocationItem, Certificate, allocate

Items = list[AllocationItem]
FEES = [Decimal(0), Decimal("0.001"), Decimal("0.01")]


def cents(low: int, high: int) -> st.SearchStrategy[Decimal]:
    """Return decimals with two places."""
    return st.integers(low, high).map(lambda whole: Decimal(whole) / 100)


@st.composite
def markets(draw: st.DrawFn, name: str, desired_max: int, lot_min: int) -> AllocationItem:
    """Draw one item; limits in cents."""
    lot = draw(cents(lot_min, 2000))
    fee, slip = draw(st.sampled_from(FEES)), draw(st.sampled_from(FEES))
    futures = draw(st.integers(0, 9)) == 0
    desired = draw(cents(-desired_max, desired_max))
    return AllocationItem(
        name=name,
        desired=desired,
        lot_value=lot,
        buy_cost_per_lot=Decimal(0) if futures else lot * (1 + slip) * (1 + fee),
        sell_proceeds_per_lot=Decimal(0) if futures else lot * (1 - slip) * (1 - fee),
        lots_min=draw(st.sampled_from([1, 1, 1, 2])),
        notional_min=draw(st.sampled_from([Decimal(0), Decimal(5), Decimal(10), Decimal(20)])),
        buy_lots_max=draw(st.sampled_from([0, 3, 10**9])),
        sell_lots_max=draw(st.sampled_from([0, 3, 5, 10**9])),
    )


@st.composite
def accounts(draw: st.DrawFn, low: int, high: int, *, fine: bool) -> tuple[Items, Decimal]:
    """Draw items and cash that is usually short; *fine* lots go down to a cent."""
    count = draw(st.integers(low, high))
    desired_max, lot_min = (50_000, 1) if fine else (5000, 500)
    items = [draw(markets(f"A{place:02}", desired_max, lot_min)) for place in range(count)]
    return items, draw(st.one_of(cents(0, 2000), cents(-3000, 20_000)))


TINY = accounts(0, 4, fine=False)
SMALL = accounts(0, 12, fine=True)
LARGE = accounts(26, 40, fine=True)


def smallest(item: AllocationItem) -> int:
    """Return the smallest order in lots."""
    return max(item.lots_min, ceil(item.notional_min / item.lot_value))


def largest(item: AllocationItem) -> int:
    """Return the most lots: what may be traded, and a smallest order beyond the desired value."""
    free = item.sell_lots_max if item.desired < 0 else item.buy_lots_max
    return min(free, floor(abs(item.desired) / item.lot_value) + smallest(item))


def legal(item: AllocationItem) -> Iterator[int]:
    """List the signed lots that an item may have."""
    yield 0
    sign = (item.desired > 0) - (item.desired < 0)
    if sign:
        yield from (sign * lots for lots in range(smallest(item), largest(item) + 1))


def used(items: Items, lots: tuple[int, ...]) -> Decimal:
    """Return the cash that *lots* use."""
    with exact_arithmetic():
        return sum(
            (
                count * (item.buy_cost_per_lot if count > 0 else item.sell_proceeds_per_lot)
                for item, count in zip(items, lots, strict=True)
            ),
            Decimal(0),
        )


def rank(items: Items, lots: tuple[int, ...]) -> tuple[Decimal, int, Decimal]:
    """Return squared miss, legs and turnover: what is to be least, in this order."""
    pairs = list(zip(items, lots, strict=True))
    with exact_arithmetic():
        return (
            sum(
                ((count * item.lot_value - item.desired) ** 2 for item, count in pairs), Decimal(0)
            ),
            sum(count != 0 for count in lots),
            sum((abs(count) * item.lot_value for item, count in pairs), Decimal(0)),
        )


def best_rank(items: Items, limit: Decimal) -> tuple[Decimal, int, Decimal]:
    """Return the least rank of all legal lots that use at most *limit*, by trying them."""
    choices = [
        [(used([item], (lots,)), *rank([item], (lots,))) for lots in legal(item)] for item in items
    ]
    with exact_arithmetic():
        sums = (
            (sum((part[0] for part in parts), Decimal(0)), parts) for parts in product(*choices)
        )
        return min(
            (
                sum((part[1] for part in parts), Decimal(0)),
                sum(part[2] for part in parts),
                sum((part[3] for part in parts), Decimal(0)),
            )
            for total, parts in sums
            if total <= limit
        )


def least_use(items: Items) -> Decimal:
    """Return the least cash that legal lots can use."""
    return used(
        items,
        tuple(
            -largest(item) if item.desired < 0 and largest(item) >= smallest(item) else 0
            for item in items
        ),
    )


def rounded_down(items: Items, cash: Decimal) -> tuple[int, ...]:
    """Return what a careful clerk would do: cut toward zero, buys in turn while cash lasts."""
    lots = [0] * len(items)
    left = cash
    for place, item in sorted(enumerate(items), key=lambda pair: pair[1].desired):
        count = floor(abs(item.desired) / item.lot_value)
        if item.desired < 0:
            count = min(count, item.sell_lots_max)
        elif item.buy_cost_per_lot:
            count = min(count, item.buy_lots_max, max(0, floor(left / item.buy_cost_per_lot)))
        else:
            count = min(count, item.buy_lots_max)
        if count >= smallest(item):
            lots[place] = -count if item.desired < 0 else count
            left -= used([item], (lots[place],))
    return tuple(lots)


def check(items: Items, cash: Decimal, plan: Allocation) -> None:
    """Fail unless *plan* is legal and tells the truth about itself."""
    for item, lots in zip(items, plan.lots, strict=True):
        assert lots * item.desired >= 0
        assert lots == 0 or smallest(item) <= abs(lots) <= largest(item)
        beyond = abs(lots) * item.lot_value - abs(item.desired)
        assert beyond <= max(item.lot_value, smallest(item) * item.lot_value)
    assert plan.cash_used == used(items, plan.lots)
    assert plan.cash_used <= max(cash, least_use(items))
    assert plan.squared_miss == rank(items, plan.lots)[0]
    assert 0 <= plan.bound <= plan.squared_miss
    assert (plan.certificate is Certificate.EXACT) == (plan.bound == plan.squared_miss)


@given(TINY)
def test_no_legal_allocation_of_a_few_items_is_better(account: tuple[Items, Decimal]) -> None:
    items, cash = account
    plan = allocate(items, cash)
    assert rank(items, plan.lots) == best_rank(items, max(cash, least_use(items)))
    assert plan.certificate is Certificate.EXACT
    check(items, cash, plan)


@given(SMALL)
def test_every_allocation_is_legal_and_proved(account: tuple[Items, Decimal]) -> None:
    items, cash = account
    plan = allocate(items, cash)
    check(items, cash, plan)
    assert plan.certificate is not Certificate.BOUNDED


@settings(max_examples=40)
@given(LARGE)
def test_every_large_allocation_is_legal(account: tuple[Items, Decimal]) -> None:
    items, cash = account
    check(items, cash, allocate(items, cash))


@given(SMALL)
def test_rounding_down_is_never_better(account: tuple[Items, Decimal]) -> None:
    items, cash = account
    clerk = rounded_down(items, cash)
    assume(used(items, clerk) <= cash)
    assert allocate(items, cash).squared_miss <= rank(items, clerk)[0]


@settings(max_examples=40)
@given(LARGE)
def test_rounding_down_is_never_better_in_a_large_account(account: tuple[Items, Decimal]) -> None:
    items, cash = account
    clerk = rounded_down(items, cash)
    assume(used(items, clerk) <= cash)
    assert allocate(items, cash).squared_miss <= rank(items, clerk)[0]


@given(SMALL, st.randoms(use_true_random=False))
def test_the_order_of_the_items_does_not_matter(
    account: tuple[Items, Decimal], luck: object
) -> None:
    items, cash = account
    places = list(range(len(items)))
    luck.shuffle(places)  # type: ignore[attr-defined]  # Hypothesis does not name the class.
    plan, shuffled = allocate(items, cash), allocate([items[place] for place in places], cash)
    assert shuffled.lots == tuple(plan.lots[place] for place in places)
    assert shuffled.reasons == tuple(plan.reasons[place] for place in places)
    assert shuffled.bound == plan.bound


@given(SMALL, st.integers(-6, 6))
def test_the_unit_of_money_does_not_matter(account: tuple[Items, Decimal], power: int) -> None:
    items, cash = account
    factor = Decimal(1).scaleb(power)
    scaled = [
        replace(
            item,
            desired=item.desired * factor,
            lot_value=item.lot_value * factor,
            buy_cost_per_lot=item.buy_cost_per_lot * factor,
            sell_proceeds_per_lot=item.sell_proceeds_per_lot * factor,
            notional_min=item.notional_min * factor,
        )
        for item in items
    ]
    plan, same = allocate(items, cash), allocate(scaled, cash * factor)
    assert (same.lots, same.reasons, same.certificate) == (
        plan.lots,
        plan.reasons,
        plan.certificate,
    )
    assert same.squared_miss == plan.squared_miss * factor * factor


@given(SMALL)
def test_the_ambient_decimal_context_does_not_matter(account: tuple[Items, Decimal]) -> None:
    items, cash = account
    plan = allocate(items, cash)
    with localcontext(Context(prec=2, rounding=ROUND_UP)):
        assert allocate(items, cash) == plan


@given(TINY, cents(0, 5000))
def test_more_cash_never_makes_the_miss_larger(
    account: tuple[Items, Decimal], more: Decimal
) -> None:
    items, cash = account
    assert allocate(items, cash + more).squared_miss <= allocate(items, cash).squared_miss


@given(SMALL, cents(0, 5000))
def test_more_cash_never_raises_the_miss_above_a_poorer_floor(
    account: tuple[Items, Decimal], more: Decimal
) -> None:
    items, cash = account
    assert allocate(items, cash + more).bound <= allocate(items, cash).squared_miss
