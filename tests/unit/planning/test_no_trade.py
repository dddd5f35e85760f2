"""The no-trade zone: gains against costs, in round figures and through whole plans."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from tests.builders import USDT, account, dec, occasion, policy, spot
from tests.fakes.told_history import history_of, wandering
from trimtab.domain.errors import NoHistory
from trimtab.domain.history_policy import NO_HISTORY_NEEDED, NoTradePolicy
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import LegReason, Plan, UntradedReason
from trimtab.domain.policy import Policy
from trimtab.planning.compose import make_plan
from trimtab.planning.decision import Correction
from trimtab.planning.no_trade import Ground, weighed

BTC, ETH, SOL = Asset("BTC"), Asset("ETH"), Asset("SOL")
FOUR = NoTradePolicy(risk_aversion=dec(4), horizon_days=100, look_back_days=60)
TOLD = history_of({"BTC": wandering(1, 60, size=0.02), "ETH": wandering(2, 60, size=0.02)})
ROUND = {
    BTC: {BTC: dec("0.0004"), ETH: dec("0.0002")},
    ETH: {BTC: dec("0.0002"), ETH: dec("0.0009")},
}
"""Two per cent a day, three per cent, and a correlation of a third."""


def ground(drifts: Mapping[Asset, int], rules: NoTradePolicy = FOUR) -> Ground:
    values = {asset: dec(value) for asset, value in drifts.items()}
    return Ground(drifts=values, covariances=ROUND, whole=dec(10_000), policy=rules)


def moving(**values: int) -> tuple[Correction, ...]:
    return tuple(
        Correction(
            asset=Asset(name),
            value=dec(value),
            slack=dec(0),
            reason=LegReason.TO_TARGET,
            by_spot=dec(1),
        )
        for name, value in values.items()
    )


def test_a_gain_is_half_the_price_of_the_variance_that_is_taken_off() -> None:
    above = ground({BTC: 1_000, ETH: 0})
    assert above.gain({BTC: dec(-1_000)}) == dec(8)  # ½ × 4 × 0.01 × 0.04 × 10,000
    assert above.gain({BTC: dec(-500)}) == dec(6)
    assert above.gain({BTC: dec(1_000)}) == dec(-24)
    assert above.gain({}) == above.gain({SOL: dec(-1_000)}) == 0
    together = ground({BTC: 1_000, ETH: -1_000})
    assert together.gain({BTC: dec(-1_000), ETH: dec(1_000)}) == dec(18)


def kept(found: Any) -> list[str]:
    return [correction.asset for correction in found.kept]


def test_what_gains_more_than_it_costs_is_traded_and_equal_is_not() -> None:
    above, sale = ground({BTC: 1_000, ETH: 0}), moving(BTC=-1_000)
    for cost, traded in (("7.99", ["BTC"]), ("8", []), ("8.01", [])):
        found = weighed(sale, {BTC: dec(cost)}, above, forced=())
        assert kept(found) == traded
        own, whole = found.readings
        assert (own.subject, own.measured, own.limit, own.holds) == (
            "BTC",
            dec(8),
            dec(cost),
            bool(traded),
        )
        assert (whole.subject, whole.measured) == ("portfolio", dec(8) if traded else dec(0))
        assert [(u.asset, u.reason, u.value) for u in found.untraded] == (
            [] if traded else [(BTC, UntradedReason.NOT_WORTH_ITS_COST, dec(1_000))]
        )


def test_what_gains_least_is_left_first_and_the_others_are_weighed_without_it() -> None:
    apart = ground({BTC: 1_000, ETH: -200})
    both = moving(BTC=-1_000, ETH=200)
    costs = {BTC: dec(1), ETH: dec(1)}
    assert kept(weighed(both, costs, apart, forced=())) == ["BTC"]
    assert kept(weighed(both, {BTC: dec(1), ETH: dec("0.1")}, apart, forced=())) == ["BTC", "ETH"]


def test_drifts_that_offset_each_other_are_weighed_together_at_last() -> None:
    twins = {a: dict.fromkeys((BTC, ETH), dec("0.0004")) for a in (BTC, ETH)}
    offset = dataclasses.replace(ground({BTC: 1_000, ETH: -1_000}), covariances=twins)
    both, cost = moving(BTC=-1_000, ETH=1_000), {BTC: dec(1), ETH: dec(1)}
    found = weighed(both, cost, offset, forced=())
    assert (kept(found), [r.measured for r in found.readings]) == ([], [dec(-8), dec(-8), dec(0)])
    assert kept(weighed(both, cost, offset, forced={BTC})) == ["BTC", "ETH"]
    free = dict.fromkeys(cost, dec(0))  # What gains nothing together is no better for being free.
    assert kept(weighed(both, free, offset, forced=())) == []


def test_what_is_forced_and_what_has_no_past_is_traded_in_any_case() -> None:
    above = ground({BTC: 1_000, ETH: 0})
    dear = {BTC: dec(99), SOL: dec(99)}
    found = weighed(moving(BTC=-1_000, SOL=-10), dear, above, forced={BTC})
    assert kept(found) == ["BTC", "SOL"]
    assert [(r.subject, r.measured) for r in found.readings] == [
        ("BTC", dec(8)),
        ("SOL", None),
        ("portfolio", dec(8)),
    ]


# Through whole plans


def rules(zone: NoTradePolicy | None = FOUR) -> Policy:
    history = dataclasses.replace(NO_HISTORY_NEEDED, no_trade=zone)
    return dataclasses.replace(policy("BTC 0.5, ETH 0.3, USDT 0.2"), history=history)


def planned(text: str, wanted: Policy, **on: Any) -> Plan:
    dear = {spot(a).symbol: spot(a, taker_fee=dec("0.001")) for a in ("BTC", "ETH")}
    return make_plan(account(text, instruments=dear), wanted, occasion(history=TOLD, **on))


OVER = "BTC 0.112 @ 50000, ETH 1 @ 3000, USDT 1400"
"""Ten thousand, six points too much in BTC."""


def test_a_zone_leaves_a_drift_that_the_band_would_correct() -> None:
    bands = planned(OVER, rules(None))
    assert [leg.symbol for leg in bands.legs] == ["BTC/USDT"]
    assert bands.readings == ()
    patient = NoTradePolicy(risk_aversion=dec("0.1"), horizon_days=10, look_back_days=60)
    left = planned(OVER, rules(patient))
    assert (left.legs, left.trigger) == ((), "drift")
    assert [(u.asset, u.reason) for u in left.untraded] == [
        (BTC, UntradedReason.NOT_WORTH_ITS_COST)
    ]
    assert [(r.rule, r.subject, r.holds) for r in left.readings] == [
        ("rebalance.no_trade", "BTC", False),
        ("rebalance.no_trade", "portfolio", False),
    ]
    eager = planned(
        OVER, rules(NoTradePolicy(risk_aversion=dec(50), horizon_days=90, look_back_days=60))
    )
    assert eager.legs == bands.legs
    gain, whole = eager.readings
    assert gain.measured is not None
    assert gain.limit is not None
    assert gain.measured > gain.limit > 0
    assert abs(gain.limit - eager.legs[0].expected_cost) < dec("0.1")
    assert (whole.measured, whole.limit) == (gain.measured, gain.limit)


def test_a_slot_trades_what_the_zone_would_leave() -> None:
    patient = NoTradePolicy(risk_aversion=dec("0.1"), horizon_days=10, look_back_days=60)
    due = planned(OVER, rules(patient), slot_due=True)
    assert [leg.symbol for leg in due.legs] == ["BTC/USDT"]
    assert due.readings[0].holds
    assert NOT_WORTH not in {u.reason for u in due.untraded}


NOT_WORTH = UntradedReason.NOT_WORTH_ITS_COST


def test_nothing_is_asked_of_the_past_while_every_weight_is_in_its_band() -> None:
    calm = planned("BTC 0.1 @ 50000, ETH 1 @ 3000, USDT 2000", rules())
    assert (calm.legs, calm.readings) == ((), ())


def test_the_past_that_is_needed_is_read_and_its_lack_is_told() -> None:
    need = rules().past_needed
    assert (need.assets, need.days) == ((BTC, ETH), 60)
    with pytest.raises(NoHistory, match=r"rebalance\.no_trade needs daily closes"):
        make_plan(account(OVER), rules(), occasion())
    without = make_plan(account(OVER), rules(), occasion(history=history_of({})))
    assert [leg.symbol for leg in without.legs] == ["BTC/USDT"]
    assert without.readings[0].measured is None
    assert USDT not in {r.subject for r in without.readings}


def test_coins_that_stood_still_move_with_nothing_and_gain_nothing() -> None:
    still = history_of({"BTC": ["50000"] * 60, "ETH": wandering(2, 60, size=0.02)})
    dear = account(OVER)
    left = make_plan(dear, rules(), occasion(history=still))
    assert (left.legs, left.readings[0].measured) == ((), dec(0))
    neither = history_of({"BTC": ["50000"] * 60, "ETH": ["3000"] * 60})
    assert make_plan(dear, rules(), occasion(history=neither)).legs == ()
