"""What a plan must move between the wallets, by the gate's own measure."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from tests.builders import NOW, account, limits, occasion, policy
from tests.unit.risk.cases import KEY_IN_ORDER, context
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import LegReason, Plan, Role
from trimtab.domain.policy import DriftSide, Policy, Route
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.transfers import UNIT, TransferReason
from trimtab.planning.compose import make_plan, make_plan_moving
from trimtab.risk.case import Case
from trimtab.risk.funding import STEP, funded, lacking, within_reach
from trimtab.risk.gate import review

ON = occasion()
MOVES = context(key=dataclasses.replace(KEY_IN_ORDER, transfers_within=True))
SHORT = "USDT 2000, BTC 0.12 @ 60000, ETH 0.5 @ 3000, wallet 100"


def rules(most: str = "3000", **fields: object) -> Policy:
    fields = {"route": Route.FUTURES, "side": DriftSide.OVERWEIGHT} | fields
    return policy(hedge={"max_topup": Decimal(most)}, **fields)


def made(snapshot: Snapshot, under: Policy) -> Plan:
    """Return the plan with the transfer that it needs, if any."""

    def moving(units: Decimal) -> Plan:
        return make_plan_moving(units, snapshot, under, ON)

    bare = make_plan(snapshot, under, ON)
    return funded(Case(plan=bare, snapshot=snapshot, policy=under, context=MOVES, now=NOW), moving)


def refuses(plan: Plan, snapshot: Snapshot, under: Policy) -> set[str]:
    report = review(plan, snapshot, policy=under, context=MOVES, now=NOW)
    return {f.check for f in report.findings if f.verdict == "refuse"}


def moved(plan: Plan) -> Decimal:
    (transfer,) = plan.transfers
    return transfer.units


def test_openings_are_topped_up_by_the_least_that_the_gate_asks_for() -> None:
    snapshot, under = account(SHORT), rules()
    plan = made(snapshot, under)
    (transfer,) = plan.transfers
    assert (transfer.line, transfer.stage, transfer.reason) == (1, 1, TransferReason.TOPS_UP_MARGIN)
    assert [leg.line for leg in plan.legs] == list(range(2, 2 + len(plan.legs)))
    assert refuses(plan, snapshot, under) == set()
    less = make_plan_moving(transfer.units - 2 * STEP, snapshot, under, ON)
    assert refuses(less, snapshot, under) == {"free_margin"}


def test_the_shock_asks_for_more_than_the_initial_margin_at_high_leverage() -> None:
    snapshot = account(SHORT)
    strict = policy(
        hedge={"max_topup": Decimal(3000), "leverage": 20},
        route=Route.FUTURES,
        side=DriftSide.OVERWEIGHT,
        limits=limits(shock="0.5"),
    )
    plan = made(snapshot, strict)
    assert refuses(plan, snapshot, strict) == set()
    less = make_plan_moving(moved(plan) - 2 * STEP, snapshot, strict, ON)
    assert refuses(less, snapshot, strict) == {"shock"}


def test_the_units_carry_a_mark_of_their_own_that_follows_from_the_snapshot() -> None:
    snapshot, under = account(SHORT), rules()
    first, same = (moved(made(snapshot, under)) for _ in range(2))
    other = moved(made(dataclasses.replace(snapshot, snapshot_id="another"), under))
    assert first == same
    assert first != other
    marks = [units % STEP for units in (first, other)]
    assert all(UNIT <= mark < STEP for mark in marks)
    assert abs(first - other) < STEP


def test_sales_of_a_first_stage_fund_it() -> None:
    snapshot = account("USDT 10, BTC 0.12 @ 60000, ETH 1 @ 3000, wallet 100")
    mixed = rules(routes={"ETH": Route.SPOT})
    wanted = dataclasses.replace(mixed, rebalance=policy("BTC 0.55, ETH 0.1, USDT 0.35").rebalance)
    wanted = dataclasses.replace(
        wanted,
        rebalance=dataclasses.replace(
            wanted.rebalance, route=Route.FUTURES, routes={"ETH": Route.SPOT}
        ),
    )
    plan = made(snapshot, wanted)
    (transfer,) = plan.transfers
    sale, *hedges = plan.legs
    assert (sale.symbol, sale.stage, transfer.stage) == ("ETH/USDT", 1, 2)
    assert (sale.line, transfer.line) == (1, 2)
    assert all(hedge.stage == 3 for hedge in hedges)
    assert refuses(plan, snapshot, wanted) == set()


@pytest.mark.parametrize(
    ("holdings", "under"),
    [
        (SHORT, rules("100")),
        (SHORT, rules("0")),
        (SHORT.replace("USDT 2000", "USDT 100"), rules()),
        ("USDT 2000, BTC 0.12 @ 60000, ETH 0.5 @ 3000", rules()),
    ],
    ids=["beyond_the_cap", "no_cap", "beyond_free_quote", "no_futures_wallet"],
)
def test_where_it_cannot_be_had_there_is_no_transfer_and_the_gate_refuses(
    holdings: str, under: Policy
) -> None:
    snapshot = account(holdings)
    plan = made(snapshot, under)
    assert plan == make_plan(snapshot, under, ON)
    assert refuses(plan, snapshot, under)


def test_the_cap_itself_is_enough_and_one_unit_less_is_not() -> None:
    snapshot = account(SHORT)
    units = moved(made(snapshot, rules()))
    exact = units - units % STEP
    assert moved(made(snapshot, rules(str(units)))) == units
    assert moved(made(snapshot, rules(str(exact)))) == exact
    assert made(snapshot, rules(str(exact - STEP))).transfers == ()


def test_a_wallet_that_is_outside_a_limit_already_is_not_topped_up_for_openings() -> None:
    snapshot = account("USDT 3000, BTC 0.12 @ 60000, ETH 0.5 @ 3000, perp ETH 2, wallet 100")
    under = rules()
    assert made(snapshot, under).transfers == ()


def test_nothing_to_do_needs_no_transfer() -> None:
    snapshot = account("USDT 2000, BTC 0.1 @ 50000, ETH 1 @ 3000, wallet 10")
    assert made(snapshot, rules()).transfers == ()


def test_numbers_that_are_none_move_nothing() -> None:
    snapshot = account(SHORT)
    bad = context(day_notional={"BTC/USDT": Decimal("NaN")})
    bare = make_plan(snapshot, rules(), ON)
    case = Case(plan=bare, snapshot=snapshot, policy=rules(), context=bad, now=NOW)
    assert funded(case, lambda _: pytest.fail("it was planned again")) == bare


def test_an_account_that_cannot_be_measured_moves_nothing() -> None:
    snapshot = account(SHORT)
    bare = make_plan(snapshot, rules(), ON)
    blind = dataclasses.replace(snapshot, contracts={})
    case = Case(plan=bare, snapshot=blind, policy=rules(), context=MOVES, now=NOW)
    assert funded(case, lambda _: pytest.fail("it was planned again")) == bare


# Buys


CUT = "USDT 100, BTC 0.05 @ 60000, ETH 1 @ 3000, wallet 4000"


def test_idle_margin_funds_buys_that_lack_quote_and_no_more() -> None:
    snapshot, under = account(CUT), rules(route=Route.SPOT, side=DriftSide.BOTH)
    bare = make_plan(snapshot, under, ON)
    assert LegReason.CUT_TO_CASH in {leg.reason for leg in bare.legs}
    plan = made(snapshot, under)
    (transfer,) = plan.transfers
    assert (transfer.reason, transfer.stage) == (TransferReason.FUNDS_BUYS, 1)
    assert {leg.reason for leg in plan.legs} == {LegReason.TO_TARGET}
    assert refuses(plan, snapshot, under) == set()
    less = make_plan_moving(transfer.units + 2 * STEP, snapshot, under, ON)
    assert less.legs != plan.legs


def test_idle_margin_funds_buys_where_no_quote_is_free_at_all() -> None:
    snapshot = account("BTC 0.05 @ 60000, ETH 1 @ 3000, wallet 4000")
    under = rules(route=Route.SPOT, side=DriftSide.BOTH)
    assert make_plan(snapshot, under, ON).legs == ()
    plan = made(snapshot, under)
    assert [leg.reason for leg in plan.legs] == [LegReason.TO_TARGET]
    assert moved(plan) < -1990
    assert refuses(plan, snapshot, under) == set()
    assert made(snapshot, rules("1", route=Route.SPOT, side=DriftSide.BOTH)).transfers == ()


def test_a_hedge_beside_the_buys_is_not_paid_out_of_what_comes() -> None:
    snapshot = account("USDT 100, BTC 0.12 @ 60000, ETH 0.3 @ 3000, wallet 4000")
    mixed = rules(route=Route.SPOT, side=DriftSide.BOTH, routes={Asset("BTC"): Route.FUTURES})
    plan = made(snapshot, mixed)
    assert [leg.role for leg in plan.legs] == [Role.HEDGE, Role.SPOT]
    buys = plan.legs[1]
    # At their limit, with the fee and what the gate keeps for fees, less what is free.
    cost = buys.quantity * buys.limit_price * (1 + buys.instrument.taker_fee)
    lacking_quote = cost / Decimal("0.998") - 100
    assert 0 <= -moved(plan) - lacking_quote <= STEP
    assert refuses(plan, snapshot, mixed) == set()


def test_what_comes_out_is_bounded_by_the_cap() -> None:
    snapshot, under = account(CUT), rules("500", route=Route.SPOT, side=DriftSide.BOTH)
    plan = made(snapshot, under)
    assert Decimal(-500) <= moved(plan) < Decimal(-495)
    assert refuses(plan, snapshot, under) == set()


def test_what_comes_out_is_bounded_by_the_wallet() -> None:
    snapshot = account("USDT 100, BTC 0.05 @ 60000, wallet 300")
    under = policy("BTC 1, USDT 0", hedge={"max_topup": Decimal(3000)})
    plan = made(snapshot, under)
    assert Decimal(-300) <= moved(plan) < Decimal(-290)
    assert refuses(plan, snapshot, under) == set()


def test_profit_that_is_not_realised_stays_in_the_wallet() -> None:
    snapshot = account("USDT 100, BTC 0.05 @ 60000, SOL @ 100, perp SOL 5 from 20, wallet 600")
    under = policy("BTC 1, USDT 0", hedge={"max_topup": Decimal(3000)})
    plan = made(snapshot, under)
    assert Decimal(-100) <= moved(plan) < Decimal(-95)
    assert refuses(plan, snapshot, under) == set()


def test_what_positions_need_stays_in_the_wallet() -> None:
    snapshot = account("USDT 100, BTC 0.05 @ 60000, SOL @ 100, perp SOL 5, wallet 600")
    under = policy("BTC 1, USDT 0", hedge={"max_topup": Decimal(3000)})
    plan = made(snapshot, under)
    assert refuses(plan, snapshot, under) == set()
    more = make_plan_moving(moved(plan) - 10, snapshot, under, ON)
    assert refuses(more, snapshot, under) == {"free_margin"}


def test_a_wallet_without_idle_margin_lets_nothing_go() -> None:
    snapshot = account(CUT.replace("wallet 4000", "perp ETH -1, wallet 3000"))
    assert made(snapshot, rules(route=Route.SPOT, side=DriftSide.BOTH)).transfers == ()


def test_what_is_lacking_counts_what_is_moved_and_is_nothing_where_it_cannot_be_told() -> None:
    snapshot, under = account(SHORT), rules()
    bare = make_plan(snapshot, under, ON)
    case = Case(plan=bare, snapshot=snapshot, policy=under, context=MOVES, now=NOW)
    topped_up = dataclasses.replace(case, plan=made(snapshot, under))
    assert 0 < lacking(case) <= moved(topped_up.plan)
    assert abs(lacking(topped_up) - lacking(case)) <= 2 * STEP
    assert within_reach(case) == spent_at_most(snapshot)
    unread = dataclasses.replace(case, snapshot=dataclasses.replace(snapshot, pools={}))
    assert (lacking(unread), within_reach(unread)) == (0, 0)


def spent_at_most(snapshot: Snapshot) -> Decimal:
    """Return the free quote less the reserve: nothing is sold before."""
    return snapshot.balances[snapshot.quote].free * Decimal("0.998")
