"""Another order of a plan's lines, asked of the whole gate."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from tests.builders import NOW, account, contract, limits, occasion, plan, policy, swap
from tests.unit.risk.cases import KEY_IN_ORDER, context, refused
from trimtab.domain.findings import GateReport, Verdict
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Policy, Route
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.compose import make_plan, make_plan_moving
from trimtab.planning.order import TRIES_MAX
from trimtab.risk.case import Case
from trimtab.risk.funding import funded
from trimtab.risk.gate import review
from trimtab.risk.ordering import judge_of, ordered, passes
from trimtab.risk.registry import CHECKS

MOVES = context(key=dataclasses.replace(KEY_IN_ORDER, transfers_within=True))
MARKS = {"BTC": 60_000, "ETH": 3_000, "SOL": 100}
AT_TEN = {swap(asset).symbol: contract(mark, leverage=10) for asset, mark in MARKS.items()}
POOR = account("USDT 100, BTC 0.1 @ 60000, ETH 0 @ 3000, wallet 5000")
COVERED = account("USDT 5000, BTC 0.1 @ 60000, perp BTC -0.05, wallet 9000")


def thin() -> Snapshot:
    """Return an account whose long in ETH carries two shorts when everything rises."""
    read = account(
        "USDT 2000, BTC 0.1 @ 60000, ETH 1 @ 3000, SOL 30 @ 100, perp BTC -0.03, perp SOL -18,"
        " perp ETH 1, wallet 700",
        contracts=AT_TEN,
    )
    [(quote, pool)] = read.pools.items()
    held = dataclasses.replace(pool, initial_margin=Decimal(660), free_margin=Decimal(40))
    return dataclasses.replace(read, pools={quote: held})


def asked(snapshot: Snapshot, proposal: Plan, rules: Policy) -> tuple[Case, GateReport]:
    report = review(proposal, snapshot, policy=rules, context=MOVES, now=NOW)
    return Case(plan=proposal, snapshot=snapshot, policy=rules, context=MOVES, now=NOW), report


def test_margin_comes_before_a_close_that_would_leave_the_shorts_alone() -> None:
    snapshot, on = thin(), occasion()
    rules = policy(
        "BTC 0.2143, SOL 0.0816, ETH 0.2041, USDT 0.5",
        route=Route.FUTURES,
        hedge={"max_topup": Decimal(1_500), "leverage": 10},
    )
    bare, _ = asked(snapshot, make_plan(snapshot, rules, on), rules)
    usual = funded(bare, lambda units: make_plan_moving(units, snapshot, rules, on))
    case, report = asked(snapshot, usual, rules)
    assert refused(report) == {"shock"}
    found, passed = ordered(case, report)
    assert passed.verdict is not Verdict.REFUSE
    assert passed.plan_digest == found.digest
    assert passes(case, first=frozenset())
    assert [(t.line, t.stage) for t in found.transfers] == [(1, 1)]
    assert [(g.line, g.stage, g.symbol) for g in found.legs] == [
        (2, 2, "ETH/USDT:USDT"),
        (3, 3, "BTC/USDT:USDT"),
    ]
    assert [g.lots for g in found.legs] == [g.lots for g in usual.legs]


def test_nothing_is_looked_for_where_the_gate_passes_or_refuses_for_another_reason() -> None:
    safe = plan(POOR, "sell 0.02 BTC", "then buy 0.1 ETH")
    case, report = asked(POOR, safe, policy())
    assert ordered(case, report) == (safe, report)
    unfunded = plan(POOR, "buy 0.3 ETH", "then sell 0.02 BTC")
    case, report = asked(POOR, unfunded, policy(limits=limits(max_orders=1)))
    assert refused(report) == {"free_quote", "max_orders"}
    assert ordered(case, report) == (unfunded, report)


def test_a_plan_that_no_order_can_help_keeps_its_report() -> None:
    beyond = plan(POOR, "buy 1 ETH", "then sell 0.02 BTC")
    case, report = asked(POOR, beyond, policy())
    assert refused(report) == {"free_quote"}
    assert ordered(case, report) == (beyond, report)
    broken = account("USDT 5000, BTC 0.1 @ 60000, ETH 0 @ 3000, perp BTC 0.5, wallet 90")
    case, report = asked(broken, plan(broken, "buy 0.01 perp BTC"), policy())
    assert judge_of(case)(case.plan) is None
    unread = dataclasses.replace(POOR, books={}, contracts={})
    case, report = asked(unread, plan(POOR, "buy 0.3 ETH", "then sell 0.02 BTC"), policy())
    assert judge_of(case)(case.plan) is None


def reasons(report: GateReport) -> list[str]:
    """Return why the gate refuses."""
    return [f.reason or "" for f in report.findings if f.verdict is Verdict.REFUSE]


def test_a_search_without_a_result_is_told_in_every_reason() -> None:
    half = policy(
        limits=limits(max_unhedged_notional=Decimal(15)), hedge={"max_ratio": Decimal("0.5")}
    )
    pair = plan(COVERED, "sell 0.05 BTC", "buy 0.05 perp BTC reduce")
    case, report = asked(COVERED, pair, half)
    assert refused(report) == {"max_ratio", "max_unhedged_notional"}
    kept, told = ordered(case, report)
    assert (kept, refused(told), len(told.findings)) == (pair, refused(report), len(CHECKS))
    for reason in reasons(told):
        assert reason.startswith("no order of the lines is safe, slices of pairs included; in this")


def test_slices_that_the_gate_refuses_as_orders_are_told_as_such() -> None:
    few = policy(
        limits=limits(max_unhedged_notional=Decimal(1_500), max_orders=2),
        hedge={"max_ratio": Decimal("0.5")},
    )
    pair = plan(COVERED, "sell 0.05 BTC", "buy 0.05 perp BTC reduce")
    case, report = asked(COVERED, pair, few)
    assert refused(report) == {"max_ratio", "max_unhedged_notional"}
    kept, told = ordered(case, report)
    assert kept == pair
    assert all(reason.startswith("only slices would be safe") for reason in reasons(told))


def test_a_search_that_was_cut_short_claims_no_more_than_it_saw() -> None:
    half = policy(
        limits=limits(max_unhedged_notional=Decimal(15)), hedge={"max_ratio": Decimal("0.5")}
    )
    rich = account("USDT 5000, BTC 0.1 @ 60000, ETH 1 @ 3000, perp BTC -0.05, wallet 9000")
    others = [f"then sell 0.0{n} ETH" for n in range(1, 10)]
    others += [f"then sell 0.0{n} perp ETH" for n in range(1, 6)]
    case, report = asked(
        rich, plan(rich, "sell 0.05 BTC", "buy 0.05 perp BTC reduce", *others), half
    )
    assert refused(report) == {"max_ratio", "max_unhedged_notional"}
    _, told = ordered(case, report)
    assert all(
        reason.startswith(f"none of the orders is safe that {TRIES_MAX}")
        for reason in reasons(told)
    )
