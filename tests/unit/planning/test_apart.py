"""What the operator keeps out of the plan's hands: flags, and the tactical part of the account."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.builders import account, dec, occasion, policy
from tests.unit.planning.test_groups import moves
from trimtab.domain.errors import PlanningError
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import Plan, UntradedReason
from trimtab.domain.policy import Destination, Route, Scope
from trimtab.domain.tactical import TacticalPolicy
from trimtab.planning.apart import without_tactical
from trimtab.planning.compose import make_plan

FLAG = {Asset("ETH"): "fundamentals changed"}


def planned(text: str, *, due: bool = False, **wishes: Any) -> Plan:
    return make_plan(account(text), policy(**wishes), occasion(slot_due=due))


def left(plan: Plan) -> list[tuple[str, UntradedReason, int, str]]:
    return [(u.asset, u.reason, round(u.value), u.note) for u in plan.untraded]


FLAGGED = [("ETH", UntradedReason.FLAGGED, 1000, "fundamentals changed")]


def test_a_flagged_asset_below_its_band_is_not_bought_and_makes_nothing_else_trade() -> None:
    plan = planned("BTC 5.2 @ 1000, ETH 20 @ 100, USDT 2800", flags=FLAG)
    # The quote is above its own band by then.
    assert [f.subject for f in plan.firings] == ["USDT"]
    assert moves(plan) == {"BTC": -200}
    assert left(plan) == FLAGGED


def test_a_flagged_asset_that_waits_is_named_where_nothing_acts() -> None:
    plan = planned("BTC 5.4 @ 1000, ETH 22 @ 100, USDT 2400", flags=FLAG)
    assert plan.firings == ()
    assert left(plan) == [("ETH", UntradedReason.FLAGGED, 800, "fundamentals changed")]


def test_a_flagged_asset_is_sold_like_any_other() -> None:
    plan = planned("BTC 4 @ 1000, ETH 40 @ 100, USDT 2000", flags=FLAG)
    assert moves(plan)["ETH"] == -1000
    assert plan.untraded == ()


def test_a_flagged_asset_inside_its_band_is_not_topped_up_by_a_slot() -> None:
    plan = planned("BTC 5.2 @ 1000, ETH 28 @ 100, USDT 2000", flags=FLAG, due=True)
    assert moves(plan) == {"BTC": -200}
    assert left(plan) == [("ETH", UntradedReason.FLAGGED, 200, "fundamentals changed")]


def test_a_short_beyond_the_coins_of_a_flagged_asset_may_come_back_to_nothing() -> None:
    text = "BTC 5 @ 1000, ETH 1 @ 100, USDT 4900, perp ETH -5, wallet 1000"
    plan = planned(text, flags=FLAG, route=Route.FUTURES)
    assert moves(plan)["ETH"] == 400
    assert left(plan)[0][:2] == ("ETH", UntradedReason.FLAGGED)


def test_only_the_way_to_nothing_is_bought_where_that_is_the_target() -> None:
    text = "BTC 8 @ 1000, ETH 1 @ 100, USDT 1900, perp ETH -9, wallet 1000"
    wanted = "BTC 0.8, ETH 0, USDT 0.2"
    plan = planned(text, targets=wanted, flags=FLAG, route=Route.FUTURES)
    assert moves(plan)["ETH"] == 800
    assert plan.untraded == ()


def test_flags_hold_on_the_way_to_the_band() -> None:
    band = Destination(to_band=True, fraction=dec(1))
    text = "BTC 6 @ 1000, ETH 20 @ 100, USDT 2000"
    plan = planned(text, flags=FLAG, destination=band, scope=Scope.BREACHED)
    assert set(moves(plan)) == {"BTC"}


# Tactical


def tactical(**fields: str) -> TacticalPolicy:
    """``SOL="5"`` declares coins, ``perp_SOL="-5"`` a position."""
    holdings = {Asset(k): dec(v) for k, v in fields.items() if not k.startswith("perp_")}
    positions = {
        Asset(k.removeprefix("perp_")): dec(v) for k, v in fields.items() if k.startswith("perp_")
    }
    return TacticalPolicy(holdings=holdings, positions=positions)


def test_declared_coins_leave_nav_and_weights() -> None:
    text = "BTC 6 @ 1000, ETH 30 @ 100, USDT 2000"
    plan = planned(text, tactical=tactical(BTC="1"))
    assert plan.nav == 10_000
    assert moves(plan) == {}
    assert [(p.asset, p.kind, p.units, p.value) for p in plan.tactical] == [
        ("BTC", "holding", 1, 1000)
    ]
    assert planned(text).nav == 11_000


def test_declared_coins_are_never_sold() -> None:
    text = "BTC 6 locked 1 @ 1000, ETH 20 @ 100, USDT 2000"
    plan = planned(text, targets="BTC 0, ETH 0.5, USDT 0.5", tactical=tactical(BTC="5.5"))
    assert moves(plan)["BTC"] == -500


def test_locked_units_serve_a_declaration_last() -> None:
    snapshot = account("BTC 6 locked 1 @ 1000, USDT 2000")
    own = without_tactical(snapshot, tactical(BTC="6.5")).balances[Asset("BTC")]
    assert (own.free, own.locked) == (0, dec("0.5"))


def test_a_declared_position_leaves_the_weights_with_its_profit_and_stays_in_leverage() -> None:
    text = "BTC 5 @ 1000, ETH 30 @ 100, USDT 1000, wallet 1000, perp BTC -1 from 1200"
    plan = planned(text, tactical=tactical(perp_BTC="-1"))
    assert plan.nav == 10_000
    assert [d.net_weight for d in plan.drift] == [dec("0.5"), dec("0.3"), dec("0.2")]
    assert moves(plan) == {}
    assert round(plan.after.leverage, 4) == dec("0.1111")


def test_a_part_of_a_position_may_be_declared() -> None:
    snapshot = account("BTC 5 @ 1000, USDT 1000, wallet 1000, perp BTC -1")
    own = without_tactical(snapshot, tactical(perp_BTC="-0.25"))
    (position,) = own.positions.values()
    assert own.instruments[position.symbol].units(position.lots) == dec("-0.75")


def test_a_declared_short_is_counted_beside_the_hedge_that_is_opened() -> None:
    text = "BTC 7 @ 1000, USDT 3000, wallet 4000, perp BTC -0.3"
    rules = {"targets": "BTC 0.4, USDT 0.6", "route": Route.FUTURES}
    [line] = planned(text, tactical=tactical(perp_BTC="-0.3"), **rules).hedging
    assert line.beside == dec("0.3")


def test_a_declared_position_is_no_offset() -> None:
    text = "BTC 4 @ 1000, ETH 30 @ 100, USDT 3000, wallet 1000, perp BTC -1"
    plan = planned(text, tactical=tactical(perp_BTC="-1"))
    assert [leg.instrument.kind for leg in plan.legs if leg.instrument.base == "BTC"] == ["spot"]


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"BTC": "7"}, "BTC: 7 units are declared tactical, and 6 are held"),
        ({"SOL": "1"}, "SOL: 1 units are declared tactical, and 0 are held"),
        ({"perp_ETH": "1"}, "ETH/USDT:USDT: a position of 1 is declared tactical, and there is"),
        ({"perp_BTC": "1"}, "BTC/USDT:USDT: a position of 1 is declared tactical, and -2.0 in"),
        ({"perp_BTC": "-3"}, "a position of -3 is declared tactical"),
        ({"perp_BTC": "-0.00001"}, "in lots of 0.0001 is open; correct portfolio.tactical"),
    ],
)
def test_a_declaration_that_the_account_does_not_cover_is_named(
    declared: dict[str, str], told: str
) -> None:
    text = "BTC 6 @ 1000, ETH 30 @ 100, USDT 2000, wallet 1000, perp BTC -2"
    with pytest.raises(PlanningError) as refused:
        planned(text, tactical=tactical(**declared))
    assert told in str(refused.value).replace("-2.0000", "-2.0")
    assert refused.value.next_step == "trimtab config show"


def test_what_is_apart_is_worth_nothing_without_a_market() -> None:
    snapshot = account("BTC 5 @ 1000, ETH 30 @ 100, USDT 2000, SOL 1 @ 50")
    bare = {s: i for s, i in snapshot.instruments.items() if i.base != "SOL"}
    wanted = policy(tactical=tactical(SOL="1"))
    plan = make_plan(replace(snapshot, instruments=bare), wanted, occasion())
    assert [p.value for p in plan.tactical] == [0]


def test_leverage_counts_coins_that_are_apart() -> None:
    text = "BTC 5 @ 1000, ETH 40 @ 100, USDT 1000, wallet 1000, perp BTC -1 from 1200"
    plan = planned(text, tactical=tactical(perp_BTC="-1", ETH="10"))
    assert moves(plan) == {}
    assert plan.after.leverage == dec("0.1")
