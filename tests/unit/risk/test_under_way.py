"""What is left of a plan under way is held against what the whole of it passed at first."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from tests.builders import NOW, account, legs_of, limits, policy
from tests.unit.risk.cases import CALM, ask, context, record, refused, unknown, verdict
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import OrderRecord
from trimtab.risk.context import Beginning

ETH = Symbol("ETH/USDT")


def begun(*, nav: str = "19000", free_quote: str = "0", pairs: str = "") -> Beginning:
    named = frozenset(map(Asset, pairs.split()))
    return Beginning(nav=Decimal(nav), free_quote=Decimal(free_quote), pairs=named)


def test_turnover_is_over_what_the_account_was_worth_before_the_first_order() -> None:
    """1,750 are sent and 3,000 planned: a quarter of 19,000, and more of what fees have left."""
    rules = policy(limits=limits(max_turnover="0.25"))
    poorer = account("USDT 3999, BTC 0.15 @ 60000, ETH 2 @ 3000")
    sent = {ETH: Decimal(1_750)}
    for facts, expected in (
        (context(run_notional=sent), "refuse"),
        (context(run_notional=sent, begun=begun()), "pass"),
        (context(run_notional=sent, begun=begun(nav="18999")), "refuse"),
    ):
        assert verdict(ask(poorer, "buy 1 ETH", rules=rules, facts=facts), "max_turnover") == (
            expected
        )


def test_an_account_that_was_worth_nothing_turns_nothing_over() -> None:
    facts = context(begun=begun(nav="0"))
    assert "max_turnover" in refused(ask(account(CALM), "buy 1 ETH", facts=facts))


def test_the_reserve_is_a_share_of_the_quote_that_was_free_before_the_first_order() -> None:
    """Sells have brought 6,000 of 6,100: all of them may be spent but for a tenth of the 100."""
    rules = policy(limits=limits(fee_reserve="0.1"))
    rich, cost = account("USDT 6100, BTC 0.1 @ 60000, ETH @ 3000"), Decimal("2.02") * 3000
    buy = "buy 2.02 ETH @ 3000"
    assert cost * Decimal("1.001") <= 6100 - 10
    for facts, expected in (
        (context(), "refuse"),
        (context(begun=begun(free_quote="100")), "pass"),
        (context(begun=begun(free_quote="400")), "refuse"),
    ):
        assert verdict(ask(rich, buy, rules=rules, facts=facts), "free_quote") == expected


def test_what_is_left_of_one_half_of_a_pair_may_be_apart_as_the_pair_may() -> None:
    """0.04 BTC were bought for a hedge of 0.04, which is still to be opened."""
    bought, rest = account("USDT 5000, BTC 0.24 @ 60000, wallet 9000"), "sell 0.04 perp BTC"
    bound = {Asset("BTC"): Decimal("0.2")}
    for most, pairs, expected in (
        ("2400", "", {"net_overshoot"}),
        ("2400", "BTC", set()),
        ("2393", "BTC", {"max_unhedged_notional"}),
    ):
        rules = policy(limits=limits(max_unhedged_notional=most))
        facts = context(net_bounds=bound, begun=begun(pairs=pairs))
        assert refused(ask(bought, rest, rules=rules, facts=facts)) == expected


@pytest.mark.parametrize("name", ["max_minute_orders", "max_day_orders"])
def test_orders_for_one_line_of_the_plan_under_way_count_as_one(name: str) -> None:
    rest, rules = "buy 0.1 ETH", policy(limits=limits(**{name: 3}))
    (leg,) = legs_of(account(CALM), rest)
    own = [dataclasses.replace(unknown(leg), submitted_at=NOW) for _ in range(3)]
    digest = own[0].intent.plan_digest
    for count, own_plan, expected in (
        (2, digest, "pass"),
        (3, digest, "refuse"),
        (0, "", "refuse"),
    ):
        others = [_of_another_plan(each) for each in own[:count]]
        facts = context(record=record(sent=(*own, *others), own_plan=own_plan))
        assert verdict(ask(account(CALM), rest, rules=rules, facts=facts), name) == expected


def _of_another_plan(order: OrderRecord) -> OrderRecord:
    return dataclasses.replace(
        order, intent=dataclasses.replace(order.intent, plan_digest="another")
    )


@pytest.mark.parametrize(
    "bad", [{"nav": "NaN"}, {"nav": "Infinity"}, {"free_quote": "NaN"}, {"free_quote": "-1"}]
)
def test_no_check_passes_on_a_beginning_that_is_no_number(bad: dict[str, str]) -> None:
    assert "finite" in refused(ask(account(CALM), "buy 1 ETH", facts=context(begun=begun(**bad))))
