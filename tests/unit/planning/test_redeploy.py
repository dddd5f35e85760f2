"""What the pot buys, and when it waits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import account, dec, occasion, policy
from tests.hedge_cases import hedges
from tests.unit.triggers.test_dip import rule, told
from trimtab.domain.errors import HistoryError
from trimtab.domain.exact import ZERO
from trimtab.domain.hedges import HedgeBook, HedgeCause
from trimtab.domain.history import History
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import LegReason, Plan, UntradedReason
from trimtab.domain.redeploy import RedeployPolicy
from trimtab.planning.compose import make_plan, make_plan_moving

BTC, ETH = Asset("BTC"), Asset("ETH")
WON = ("open btc 1 @ 1000", "close btc 1 @ 700")
INSIDE = "BTC 4.8 @ 1000, ETH 28 @ 100, USDT 2400, wallet 0"
"""BTC 48 %, ETH 28 %, USDT 24 %: all inside five points of 50, 30 and 20."""


def past(*assets: Asset) -> History:
    closes = told(100, 100, 82)
    return History(until=closes.until, closes=dict.fromkeys(assets, closes.closes[BTC]))


def planned(
    text: str = INSIDE,
    *,
    book: HedgeBook | None = None,
    history: History | None = None,
    candidates: tuple[Asset, ...] = (),
    moved: Decimal = ZERO,
    **wishes: Any,
) -> Plan:
    redeploy = RedeployPolicy(candidates=candidates, dip=rule(high_days=3, **wishes))
    rules = policy(hedge={"redeploy": redeploy})
    given = occasion(hedges=hedges(*WON) if book is None else book, history=history)
    return make_plan_moving(moved, account(text), rules, given)


def bought(plan: Plan) -> dict[str, Decimal]:
    return {leg.instrument.base: leg.quantity * leg.mark for leg in plan.legs}


def test_a_pot_buys_the_most_underweight_first_up_to_its_target() -> None:
    plan = planned(history=past(BTC, ETH))
    assert bought(plan) == {BTC: dec(200), ETH: dec(100)}
    assert plan.trigger == "redeploy"
    assert {leg.reason for leg in plan.legs} == {LegReason.REDEPLOY}
    assert {(h.hedge_id, h.cause) for h in plan.hedging} == {("pot", HedgeCause.REDEPLOY)}
    assert {r.subject for r in plan.readings} == {BTC, ETH}


def test_closes_are_read_for_what_the_pot_may_buy() -> None:
    redeploy = RedeployPolicy(candidates=(ETH,), dip=rule(high_days=3))
    need = policy(hedge={"redeploy": redeploy}).past_needed
    assert (need.assets, need.days) == ((ETH,), redeploy.dip.days)


def test_a_flagged_coin_is_not_bought_from_the_pot() -> None:
    redeploy = RedeployPolicy(candidates=(), dip=rule(high_days=3))
    rules = policy(hedge={"redeploy": redeploy}, flags={BTC: "fundamentals changed"})
    given = occasion(hedges=hedges(*WON), history=past(BTC, ETH))
    assert bought(make_plan(account(INSIDE), rules, given)) == {ETH: dec(200)}


def test_named_candidates_are_bought_in_their_order_and_no_others() -> None:
    assert bought(planned(history=past(ETH), candidates=(ETH,))) == {ETH: dec(200)}


def test_no_more_than_the_quotes_overweight_is_spent() -> None:
    text = "BTC 4.8 @ 1000, ETH 31 @ 100, USDT 2100, wallet 0"
    assert bought(planned(text, history=past(BTC, ETH))) == {BTC: dec(100)}


@pytest.mark.parametrize(
    "events",
    [(), ("open btc 1 @ 1000", "close btc 1 @ 1100")],
    ids=["no pot", "a pot of losses"],
)
def test_a_pot_that_is_not_positive_buys_nothing(events: tuple[str, ...]) -> None:
    plan = planned(book=hedges(*events), history=past(BTC, ETH))
    assert (plan.legs, plan.untraded, plan.readings) == ((), (), ())


def test_a_pot_waits_where_the_rule_does_not_hold_and_says_so() -> None:
    plan = planned(history=past(BTC, ETH), fall_high=dec("0.16"))
    assert (plan.legs, plan.trigger) == ((), "none")
    assert [(u.asset, u.reason, u.value) for u in plan.untraded] == [
        (BTC, "waits_for_dip", dec(200)),
        (ETH, "waits_for_dip", dec(200)),
    ]


def test_a_coin_whose_past_does_not_tell_waits_and_the_others_do_not() -> None:
    plan = planned(history=past(ETH))
    assert bought(plan) == {ETH: dec(200)}
    assert [u.asset for u in plan.untraded] == [BTC]
    assert [(r.name, r.holds) for r in plan.readings if r.subject == BTC] == [("closes", False)]


def test_without_any_past_a_pot_is_not_spent() -> None:
    with pytest.raises(HistoryError):
        planned()


def test_a_drift_goes_before_the_pot() -> None:
    text = "BTC 6.2 @ 1000, ETH 14 @ 100, USDT 2400, wallet 0"
    assert planned(text, history=past(BTC, ETH)).trigger == "drift"


def test_what_is_too_small_to_order_is_not_begun() -> None:
    little = hedges("open btc 1 @ 1000", "close btc 1 @ 999")
    plan = planned(book=little, history=past(BTC, ETH))
    assert (plan.legs, plan.firings, plan.trigger) == ((), (), "none")


def test_what_lacks_free_quote_is_told_and_paid_by_what_comes_out_of_the_futures_wallet() -> None:
    text = "BTC 4.8 @ 1000, ETH 28 @ 100, wallet 2400"
    bare = planned(text, history=past(BTC, ETH))
    assert (bare.legs, bare.firings) == ((), ())
    assert {(u.asset, u.reason) for u in bare.untraded} == {
        (BTC, UntradedReason.NO_FREE_CASH),
        (ETH, UntradedReason.NO_FREE_CASH),
    }
    plan = planned(text, history=past(BTC, ETH), moved=dec(-310))
    assert bought(plan) == {BTC: dec(200), ETH: dec(100)}
    assert [t.units for t in plan.transfers] == [-310]
    assert {h.hedge_id for h in plan.hedging} == {"pot"}


def test_what_the_pot_bought_is_no_longer_in_it() -> None:
    book = hedges(*WON, "buy pot 0.2 @ 1000 fee 0.1")
    assert book.pot(Asset("USDT")) == dec("99.9")
    assert [h.hedge_id for h in book.hedges] == ["btc"]
