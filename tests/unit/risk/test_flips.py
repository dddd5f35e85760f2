"""Flip certificates that can be counted by hand, and where there are none."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.builders import LIMITS, NOW, account, book, occasion, plan, policy
from tests.unit.risk.cases import KEY_IN_ORDER, context
from trimtab.domain.errors import PlanningError
from trimtab.domain.plan import Plan
from trimtab.domain.policy import DriftSide, Policy, Route, Threshold
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.compose import make_plan, make_plan_moving
from trimtab.risk.case import Case
from trimtab.risk.certificate import Flip, Flips, Lever, Maker, Turned, turning_point
from trimtab.risk.flips import flips
from trimtab.risk.funding import funded
from trimtab.risk.gate import review

HEAVY = "USDT 1000, BTC 0.1 @ 60000, ETH 1 @ 3000"
"""60, 30 and 10 percent of 10,000: 1,000 of BTC to sell."""
CALM = "USDT 2000, BTC 0.0833 @ 60000, ETH 1 @ 3000"
"""On its targets."""


def again(snapshot: Snapshot, rules: Policy) -> Plan:
    """Plan as the command does."""
    return make_plan(snapshot, rules, occasion())


def always(*legs: str) -> Maker:
    """Return a planner that knows one answer."""
    return lambda snapshot, _: plan(snapshot, *legs)


def never(snapshot: Snapshot, rules: Policy) -> Plan:
    """Plan, and leave all orders out."""
    return dataclasses.replace(again(snapshot, rules), legs=())


def told(
    text: str | Snapshot, rules: Policy | None = None, *, make: Maker = again, **facts: object
) -> Flips:
    """Return what would turn the answer for an account."""
    snapshot = account(text) if isinstance(text, str) else text
    under = rules or policy()
    proposal, facts_known = make(snapshot, under), context(**facts)
    report = review(proposal, snapshot, policy=under, context=facts_known, now=NOW)
    case = Case(plan=proposal, snapshot=snapshot, policy=under, context=facts_known, now=NOW)
    return flips(case, report, make)


def limits(**changed: object) -> Policy:
    """Return a policy with some limits replaced."""
    return policy(limits=dataclasses.replace(LIMITS, **changed))


def flip(lever: Lever, name: str, *figures: str) -> Flip:
    """Return a flip of present, value and step."""
    present, value, step = map(Decimal, figures)
    return Flip(lever=lever, name=name, present=present, value=value, step=step)


# Refusals


def test_a_plan_that_passes_has_nothing_to_turn() -> None:
    assert told(HEAVY) == Flips(turned=Turned.NONE, found=(), none_because="")


def test_a_cap_on_an_order_is_turned_by_the_first_whole_value_that_holds_it() -> None:
    one = told(HEAVY, limits(max_order_notional=Decimal("100.5")), make=always("buy 0.01 ETH"))
    assert one.turned is Turned.NONE
    big = told(HEAVY, limits(max_order_notional=Decimal("100.5")), make=always("buy 0.2001 ETH"))
    # 600.3 at the mark.
    assert big.found == (flip(Lever.LIMIT, "risk.max_order_notional", "100.5", "601", "1"),)


def test_a_limit_from_below_is_turned_downwards() -> None:
    held = account("USDT 5000, BTC 0 @ 60000, wallet 4000")
    found = told(held, limits(min_margin_ratio=Decimal(400)), make=always("buy 0.05 perp BTC"))
    # Bought at 60,120 with a fee of 1.503: 3992.497 over 12 is 332.708.
    expected = flip(Lever.LIMIT, "risk.min_margin_ratio", "400", "332.7", "0.01")
    assert found.found[0] == expected
    assert not found.found[0].rises


def test_a_refusal_for_margin_names_the_deposit_and_counts_what_is_missing_below_nothing() -> None:
    short = account("USDT 5000, BTC 0.1 @ 60000, perp BTC -0.05, wallet 2900")
    assert short.pools[short.quote].free_margin == 0
    found = told(short, make=always("sell 0.01 perp BTC"))
    assert found.turned is Turned.REFUSED
    # Bound are 3,000 and, at a limit of 59,880, 598.8, a loss of 1.2 and a fee of 0.2994.
    [deposit] = found.found
    assert (deposit.lever, deposit.name, deposit.present) == (Lever.DEPOSIT, "futures", 0)
    assert deposit.value == 702


def test_a_wallet_that_nothing_was_moved_into_can_be_paid_into() -> None:
    flat = dataclasses.replace(account(f"{HEAVY}, perp BTC -0.01, wallet 5"), pools={})
    assert told(flat, make=always("sell 0.01 perp BTC")).none_because
    bare = account("USDT 5000, BTC 0.1 @ 60000, wallet 0")
    [deposit] = told(bare, make=always("sell 0.01 perp BTC")).found
    assert deposit.name == "futures"


def test_a_refusal_for_cash_names_the_deposit_into_the_spot_wallet() -> None:
    found = told("USDT 100, ETH 0 @ 3000", make=always("buy 0.1 ETH"))
    # 0.1 at 3,006 and a fee of 0.3006; the reserve of 0.2 % is of what is free.
    [deposit] = [f for f in found.found if f.lever is Lever.DEPOSIT]
    assert deposit == flip(Lever.DEPOSIT, "spot", "0", "202", "1")


def test_a_check_without_a_limit_says_so() -> None:
    found = told(HEAVY, make=always("sell 1 BTC"))
    assert found.found == ()
    assert found.none_because == "free_units has no limit that could be set"


def test_two_checks_that_refuse_are_not_turned_by_one_limit() -> None:
    tight = limits(max_order_notional=Decimal(10), max_run_notional=Decimal(10))
    found = told(HEAVY, tight, make=always("buy 0.2 ETH"))
    assert found.found == ()
    assert found.none_because == (
        "max_order_notional and max_run_notional refuse it, and no one change satisfies both"
    )


def test_a_limit_that_no_setting_satisfies_says_so() -> None:
    old = NOW.replace(year=NOW.year - 1)
    stale = dataclasses.replace(account(HEAVY), taken_at=old)
    found = told(stale, make=always("buy 0.01 ETH"))
    assert found.none_because == "no limit and no deposit satisfies data_age"


def test_a_cap_that_no_deposit_satisfies_names_the_cap_alone() -> None:
    found = told(HEAVY, limits(max_gross=Decimal(0)), make=always("buy 0.1 ETH"))
    assert [f.name for f in found.found] == ["risk.max_gross"]


def test_a_limit_on_what_could_not_be_measured_is_looked_for_from_where_it_stands() -> None:
    thin = account(HEAVY, books={"ETH/USDT": book(3000, depth=10)})
    deep = limits(max_depth_share=Decimal(1_000))
    found = told(thin, deep, make=always("buy 0.2 ETH"))
    assert found.none_because == "no limit and no deposit satisfies max_slippage_bps"


@pytest.mark.parametrize(
    "second", [PlanningError("no plan"), "nothing"], ids=["no plan", "no legs"]
)
def test_a_change_after_which_there_is_no_plan_does_not_count(second: Exception | str) -> None:
    rules = limits(max_order_notional=Decimal(100))

    def make(snapshot: Snapshot, under: Policy) -> Plan:
        if under == rules:
            return plan(snapshot, "buy 0.2 ETH")
        if isinstance(second, Exception):
            raise second
        return plan(snapshot)

    assert told(HEAVY, rules, make=make).none_because == (
        "no limit and no deposit satisfies max_order_notional"
    )


def test_the_ceiling_of_a_hedge_is_a_limit_like_the_others() -> None:
    half = policy(hedge={"max_ratio": Decimal("0.5")})
    held = "USDT 1000, BTC 0.1 @ 60000, wallet 9000"
    [found, *_] = told(held, half, make=always("sell 0.08 perp BTC")).found
    assert found == flip(Lever.LIMIT, "hedge.max_ratio", "0.5", "0.8", "0.01")


def test_a_number_that_is_out_of_range_is_told_and_ends_nothing() -> None:
    def make(snapshot: Snapshot, under: Policy) -> Plan:
        if under.limits.max_order_notional != 100:
            raise ArithmeticError
        return plan(snapshot, "buy 0.2 ETH")

    found = told(HEAVY, limits(max_order_notional=Decimal(100)), make=make)
    assert found == Flips(
        turned=Turned.REFUSED, found=(), none_because="a number is out of range; read again"
    )


# Nothing to do


def test_a_calm_account_names_the_nearest_fall_rise_and_target() -> None:
    found = told("USDT 5000, BTC 0.0833 @ 60000", policy("BTC 0.5, USDT 0.5"))
    fall, rise, target = found.found
    assert found.turned is Turned.NOTHING_TO_DO
    assert [f.lever for f in found.found] == [Lever.MID, Lever.MID, Lever.TARGET]
    # 45 and 55 percent, and what a lot and the costs of trading add.
    assert Decimal(49_000) < fall.value < Decimal("49111.4") < fall.present == 60_000
    assert Decimal("73362.7") < rise.value < Decimal(73_600)
    assert (fall.rises, rise.rises) == (False, True)
    assert (target.present, target.name) == (Decimal("0.5"), "BTC")
    assert Decimal("0.549") < target.value < Decimal("0.553")


def test_the_quote_alone_has_nothing_that_could_move() -> None:
    found = told("USDT 5000, BTC @ 60000", policy("USDT 1"))
    assert found.found == ()
    assert found.none_because == "no price up to ten times its own and no target does it"


def test_a_planner_that_never_acts_has_no_flip() -> None:
    assert told(CALM, make=never).found == ()


def test_a_change_that_cannot_be_planned_from_gives_no_work() -> None:
    calm, rules = account(CALM), policy()

    def make(snapshot: Snapshot, under: Policy) -> Plan:
        if snapshot is calm and under is rules:
            return again(snapshot, under)
        raise PlanningError("the other")

    assert told(calm, rules, make=make).found == ()


def test_an_asset_that_is_overweight_by_less_than_it_can_trade_looks_for_a_lower_target() -> None:
    found = told("USDT 2000, BTC 0.0867 @ 60000, ETH 1 @ 3000")
    assert next(f for f in found.found if f.lever is Lever.TARGET).value < Decimal("0.5")


def test_the_quote_takes_the_difference_also_where_it_has_no_target_yet() -> None:
    found = told("USDT 0, BTC 0.05 @ 60000, ETH 1 @ 3000", policy("BTC 0.5, ETH 0.5"))
    target = next(f for f in found.found if f.lever is Lever.TARGET)
    assert target.value < target.present == Decimal("0.5")


def test_a_target_is_not_raised_beyond_what_the_quote_can_give() -> None:
    held = "USDT 100, BTC 0.05 @ 60000, ETH 0.97 @ 3000"
    found = told(held, policy("BTC 0.5, ETH 0.49, USDT 0.01"), make=never)
    assert found.found == ()


def test_an_asset_that_is_not_held_moves_nothing_but_may_be_wanted() -> None:
    found = told("USDT 5000, BTC @ 60000", policy("BTC 0, USDT 1"))
    [target] = found.found
    assert (target.lever, target.name, target.present) == (Lever.TARGET, "BTC", 0)
    assert Decimal("0.05") < target.value < Decimal("0.051")


def test_a_price_may_take_another_asset_out_of_its_band() -> None:
    narrow = policy("BTC 0.5, ETH 0.1, USDT 0.4", thresholds={})
    found = told("USDT 4000, BTC 0.0834 @ 60000, ETH 0.3334 @ 3000", narrow)
    assert {f.name for f in found.found if f.lever is Lever.MID} <= {"BTC", "ETH"}


# The search


def from_on(first: int) -> Callable[[int], bool]:
    """Return an answer that turns at *first* and stays so."""
    return lambda count: count >= first


@pytest.mark.parametrize("first", [1, 2, 3, 17, 63, 64, 65, 1000])
@pytest.mark.parametrize("guess", [-3, 1, 2, 16, 64, 999, 1000, 5000])
def test_a_turning_point_is_found_from_any_guess(first: int, guess: int) -> None:
    assert turning_point(from_on(first), guess=guess, farthest=1000) == first


def test_what_does_not_turn_within_reach_has_no_turning_point() -> None:
    assert turning_point(from_on(1001), guess=1, farthest=1000) is None
    assert turning_point(from_on(1), guess=1, farthest=0) is None


def test_an_answer_that_turns_more_than_once_is_still_certified() -> None:
    for guess in range(1, 40):
        found = turning_point(lambda count: count in {5, 6} or count > 20, guess=guess, farthest=50)
        assert found in {5, 21}


# Transfers


def topped(snapshot: Snapshot, rules: Policy) -> Plan:
    """Plan as the command does, with the transfer that the plan needs."""
    on = occasion()
    bare = make_plan(snapshot, rules, on)
    case = Case(plan=bare, snapshot=snapshot, policy=rules, context=context(), now=NOW)
    return funded(case, lambda units: make_plan_moving(units, snapshot, rules, on))


def test_missing_margin_is_turned_by_the_first_whole_topup_that_is_enough() -> None:
    key = dataclasses.replace(KEY_IN_ORDER, transfers_within=True)
    rules = policy(
        hedge={"max_topup": Decimal(100)}, route=Route.FUTURES, side=DriftSide.OVERWEIGHT
    )
    held = "USDT 2000, BTC 0.12 @ 60000, ETH 0.5 @ 3000, wallet 100"
    found = told(held, rules, make=topped, key=key).found
    (turn,) = (each for each in found if each.name == "hedge.max_topup")
    assert (turn.lever, turn.present, turn.step) == (Lever.LIMIT, Decimal(100), Decimal(1))
    least = dataclasses.replace(rules, hedge=dataclasses.replace(rules.hedge, max_topup=turn.value))
    (transfer,) = topped(account(held), least).transfers
    assert turn.value - 1 < transfer.units <= turn.value


def test_where_the_spot_wallet_has_too_little_no_topup_turns_it() -> None:
    rules = policy(
        hedge={"max_topup": Decimal(100)}, route=Route.FUTURES, side=DriftSide.OVERWEIGHT
    )
    poor = "USDT 200, BTC 0.12 @ 60000, ETH 0.5 @ 3000, wallet 100"
    found = told(poor, rules, make=topped).found
    assert "hedge.max_topup" not in {each.name for each in found}


def test_between_two_venues_no_topup_is_named_however_much_would_do() -> None:
    key = dataclasses.replace(KEY_IN_ORDER, transfers_within=True)
    rules = policy(
        hedge={"max_topup": Decimal(100)}, route=Route.FUTURES, side=DriftSide.OVERWEIGHT
    )
    held = account("USDT 2000, BTC 0.12 @ 60000, ETH 0.5 @ 3000, wallet 100")
    split = dataclasses.replace(held, key=dataclasses.replace(held.key, venue="binance+bitget"))
    one, two = (
        {each.name for each in told(seen, rules, make=topped, key=key).found}
        for seen in (held, split)
    )
    assert "hedge.max_topup" in one
    assert "hedge.max_topup" not in two


# How much is asked


class Counted:
    """A planner that tells how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, snapshot: Snapshot, rules: Policy) -> Plan:
        """Plan with the transfer that is needed."""
        self.asked += 1
        return topped(snapshot, rules)


@pytest.mark.parametrize(("topup", "most"), [(0, 16), (50, 16), (1_000, 16)])
def test_what_margin_lacks_is_where_the_search_begins_so_that_few_plans_are_made(
    topup: int, most: int
) -> None:
    key = dataclasses.replace(KEY_IN_ORDER, transfers_within=True)
    names = [f"C{n}" for n in range(12)]
    held = ", ".join(f"{a} {10 + n % 5} @ 100" for n, a in enumerate(names))
    rules = policy(
        ", ".join(f"{a} 0.03" for a in names) + ", USDT 0.64",
        hedge={"max_topup": Decimal(topup)},
        route=Route.FUTURES,
        threshold=Threshold(width=Decimal("0.001"), relative=False),
    )
    make = Counted()
    found = told(f"USDT 12000, wallet 100, {held}", rules, make=make, key=key).found
    assert {each.name for each in found} == {"hedge.max_topup", "futures"}
    # From one step upwards it would be more than forty.
    assert make.asked <= most


def test_no_count_of_steps_is_planned_twice() -> None:
    seen = list[tuple[Decimal, Decimal]]()

    def make(snapshot: Snapshot, rules: Policy) -> Plan:
        """Plan, and write down what was asked."""
        seen.append((snapshot.pools[snapshot.quote].wallet_balance, rules.hedge.max_topup))
        return topped(snapshot, rules)

    rules = policy(
        hedge={"max_topup": Decimal(100)}, route=Route.FUTURES, side=DriftSide.OVERWEIGHT
    )
    key = dataclasses.replace(KEY_IN_ORDER, transfers_within=True)
    held = "USDT 2000, BTC 0.12 @ 60000, ETH 0.5 @ 3000, wallet 100"
    assert len(told(held, rules, make=make, key=key).found) > 1
    assert len(set(seen)) == len(seen)
