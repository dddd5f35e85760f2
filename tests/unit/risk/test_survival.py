"""The survival line on accounts that can be counted by hand, and where it cannot be measured."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from tests.builders import LIMITS, NOW, account, plan, policy
from tests.unit.risk.cases import CALM, context
from trimtab.domain.policy import Policy
from trimtab.domain.snapshot import Snapshot
from trimtab.risk.case import Case
from trimtab.risk.crossings import FALL_STEPS, RISE_STEPS, end_of, reach
from trimtab.risk.survival import Edge, Place, Span, Survival, survival

SHORT = "USDT 5000, BTC 0.1 @ 60000, perp BTC -0.05, wallet 700"
"""A wallet of 700 under a short of 3,000."""


def line_of(
    snapshot: Snapshot | str, *legs: str, rules: Policy | None = None, **facts: object
) -> Survival:
    """Return the survival line of an account and a plan."""
    seen = account(snapshot) if isinstance(snapshot, str) else snapshot
    return survival(
        Case(
            plan=plan(seen, *legs),
            snapshot=seen,
            policy=rules or policy(),
            context=context(**facts),
            now=NOW,
        )
    )


def span_at(line: Survival, place: Place, asset: str | None = None) -> Span:
    """Return one span."""
    (found,) = (s for s in line.spans if (s.place, s.asset) == (place, asset))
    return found


def edge(move: str, check: str, *, is_past: bool = False) -> Edge:
    """Return an edge."""
    return Edge(move=Decimal(move), check=check, is_past=is_past)


def test_a_short_is_liquidated_where_its_loss_meets_balance_less_maintenance() -> None:
    # 700 - 3000 m = 0.004 x 3000 (1 + m): m = 688 / 3012.
    (found,) = line_of(SHORT).spans
    assert found.liquidation_high == edge("0.228419", "liquidation")
    assert found.liquidation_low is None


def test_the_first_limit_to_break_is_named_at_its_move() -> None:
    # The shock by a fifth: 700 - 3000 (1.2 (1 + m) - 1) = 0.004 x 3600 (1 + m): m = 85.6 / 3614.4.
    (found,) = line_of(SHORT).spans
    assert found.limit_high == edge("0.023683", "shock")
    loose = policy(limits=dataclasses.replace(LIMITS, shock=Decimal(0)))
    (other,) = line_of(SHORT, rules=loose).spans
    # The distance of a tenth: 3700 = 3012 x 1.1 (1 + m).
    assert other.limit_high == edge("0.116745", "min_liquidation_distance")


def test_a_fall_breaks_the_leverage_of_an_account_whose_coins_cover_its_futures() -> None:
    # |notional| is 0.2 u, outside 0.05 u + 1000: 0.2 u > 2.5 (0.05 u + 1000) from u = 33,333 on,
    # upwards; a long loses 0.2 u on the way down.
    (found,) = line_of("USDT 1000, BTC 0.05 @ 30000, perp BTC 0.2, wallet 90000").spans
    assert found.limit_high == edge("0.111111", "max_leverage")


def test_a_plan_is_looked_at_now_at_its_worst_stop_and_at_its_end() -> None:
    line = line_of(CALM, "buy 0.1 perp BTC", "then sell 0.1 perp BTC reduce")
    now, worst, end = (span_at(line, place) for place in Place)
    assert now.liquidation_low is None
    # Bought at 60,120 with a fee of 3.006: 4984.994 + 6000 m = 24 (1 + m).
    assert worst.liquidation_low == edge("-0.830152", "liquidation")
    assert end.liquidation_low is end.liquidation_high is None


def test_no_fall_breaks_the_leverage_of_coins_alone_however_orders_stop() -> None:
    # Buys of 1,000 that only the sells can fund: never bought and not sold at once.
    held = account("USDT 300, BTC 1 @ 60000, ETH 0 @ 3000")
    line = line_of(held, "sell 0.02 BTC", "then buy 0.33 ETH")
    assert [(s.limit_low, s.limit_high) for s in line.spans] == [(None, None)] * len(line.spans)
    assert {s.place for s in line.spans} == set(Place)


def test_an_order_that_is_out_counts_as_filled_where_that_hurts() -> None:
    resting = "order perp BTC 0.1 @ 60000"
    (together, *_) = line_of(f"{CALM}, {resting}").spans
    assert together.place is Place.NOW
    assert together.liquidation_low is not None


def test_assets_are_told_apart_where_there_are_two() -> None:
    names = [span.asset for span in line_of(CALM).spans]
    assert names == [None, "BTC", "ETH"]
    both = line_of(f"{CALM}, perp BTC -0.1, perp ETH 1")
    together, bitcoin, ether = (span_at(both, Place.NOW, asset) for asset in names)
    # 5000 - 6000 b + 3000 e = 24 (1 + b) + 12 (1 + e), one of them 0 or both the same.
    assert bitcoin.liquidation_high == edge("0.824037", "liquidation")
    assert ether.liquidation_low is None
    assert together.liquidation_high == edge("1.635046", "liquidation")
    assert [span.asset for span in line_of("USDT 10, BTC 1 @ 60000").spans] == [None]


def test_a_limit_that_is_broken_already_is_past_at_no_move() -> None:
    (found,) = line_of("USDT 5000, BTC 0.1 @ 60000, perp BTC -0.05, wallet 20").spans
    broken = edge("0", "min_margin_ratio", is_past=True)
    assert (found.limit_low, found.limit_high) == (broken, broken)


def test_without_a_mark_there_is_no_line() -> None:
    blind = dataclasses.replace(account(SHORT), contracts={})
    line = line_of(blind)
    assert line == Survival(
        spans=(), unmeasured="no mark of BTC/USDT:USDT was read; read the market again"
    )


def test_with_a_number_that_is_not_usable_there_is_no_line() -> None:
    endless = dataclasses.replace(LIMITS, max_net=Decimal("Infinity"))
    line = line_of(SHORT, rules=policy(limits=endless))
    assert line == Survival(spans=(), unmeasured="a number is not usable; read the account again")


def test_with_a_number_that_would_be_rounded_there_is_no_line() -> None:
    long = dataclasses.replace(LIMITS, shock=Decimal("0." + "1" * 199))
    line = line_of(SHORT, rules=policy(limits=long))
    assert line == Survival(spans=(), unmeasured="a number is out of range; read again")


# The search


def test_an_end_is_the_last_step_that_holds() -> None:
    for root in (1, 7, 999_999, RISE_STEPS - 1):
        assert end_of(lambda step, root=root: Decimal(step - root), sign=1) == root
    for root in (-1, -7, 1 + FALL_STEPS):
        assert end_of(lambda step, root=root: Decimal(root - step), sign=-1) == root
    assert end_of(lambda _: Decimal(0), sign=1) is None


def test_an_end_between_two_steps_is_the_nearer_one() -> None:
    assert end_of(lambda step: Decimal(step) - Decimal("7.5"), sign=1) == 7
    # The chord of the outer branch lands below the root of the inner one.
    bent = [(Decimal(1), Decimal(100)), (Decimal(1000), Decimal(10**6))]
    assert end_of(lambda step: max(a * step - b for a, b in bent), sign=1) == 100


def test_where_one_of_two_ways_ends_the_other_may_go_on() -> None:
    def first(step: int) -> Decimal:
        return Decimal(step - 10)

    def second(step: int) -> Decimal:
        return abs(Decimal(step) - 25) - 20

    assert reach([first], sign=1) == 10
    assert reach([first, second], sign=1) == 45
    assert reach([first, lambda _: Decimal(-1)], sign=1) is None
    assert reach([first, lambda step: abs(Decimal(step) - 25) - 3], sign=1) == 10
