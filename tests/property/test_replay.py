"""Daily prices of years through targets, triggers, planning and the gate, plan after plan."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import NOW, account, dec, occasion, policy, spot
from tests.fakes.told_history import history_of
from tests.property.past_closes import market
from tests.property.test_trigger_prices import at_price
from tests.unit.risk.cases import context
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.exposure import exposure
from trimtab.domain.findings import Verdict
from trimtab.domain.history import History
from trimtab.domain.history_policy import (
    NO_HISTORY_NEEDED,
    AdaptivePolicy,
    MomentumPolicy,
    RiskParityPolicy,
    VolatilityPolicy,
)
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import Policy, Threshold
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.compose import make_plan
from trimtab.planning.stance import stance_of
from trimtab.risk.gate import review

MARKET = market()
LOOK_BACK = 120
PAID_DAYS = 90
GRID = {"tick_size": dec("0.000001"), "lots_max": 10**12}
FINE = {i.symbol: i for i in (spot(c, **GRID) for c in MARKET.coins)}
"""Fine and wide enough for coins of cents."""
COINS = tuple(MARKET.coins)
ROOMY = {
    name: dec(1_000_000)
    for name in (
        "max_order_notional",
        "max_asset_notional",
        "max_run_notional",
        "max_day_notional",
    )
}


def past(number: int, days: int = LOOK_BACK) -> History:
    """What is known on the morning after a day."""
    rows = {c: [d.close for d in MARKET.coins[c][number - days : number]] for c in COINS}
    made_up = [f"{0.0001 * (1 + i % 7):.7f}" for i in range(3 * PAID_DAYS)]
    lately = range(max(0, number - PAID_DAYS), number)
    rates = {c: MARKET.settled(c, lately) or made_up for c in COINS}
    return history_of(rows, funding=rates)


def even(width: str, *, relative: bool = False, **history: Any) -> Policy:
    """Equal weights with a tenth in the quote."""
    share = (dec("0.9") / len(COINS)).quantize(dec("0.0001"))
    rest = 1 - share * len(COINS)
    wanted = policy(
        ", ".join(f"{c} {share}" for c in COINS) + f", USDT {rest}",
        threshold=Threshold(width=dec(width), relative=relative),
    )
    limits = dataclasses.replace(wanted.limits, **ROOMY, max_orders=200)
    return dataclasses.replace(
        wanted, limits=limits, history=dataclasses.replace(NO_HISTORY_NEEDED, **history)
    )


PARITY = RiskParityPolicy(
    assets=tuple(map(Asset, COINS)),
    stable=dec("0.1"),
    look_back_days=90,
    volatility=dec("0.8"),
)
ADAPTIVE = AdaptivePolicy(
    reference=dec("0.6"),
    look_back_days=30,
    calm_step=dec(1),
    usual_step=dec(1),
    wild_step=dec(1),
)
MOMENTUM = MomentumPolicy(
    assets=(),
    trim=dec("0.3"),
    votes=2,
    hold_days=5,
    look_back_days=60,
    rsi=dec(70),
    rsi_period=14,
    divergence_days=30,
    funding_days=60,
    interest_rise=dec("0.2"),
    interest_days=7,
)
PLANS = {
    "fixed": even("0.2", relative=True),
    "risk_parity": even("0.2", relative=True, risk_parity=PARITY, adaptive=ADAPTIVE),
    "volatility": even(
        "0.2", relative=True, volatility=VolatilityPolicy(target=dec("0.5"), look_back_days=30)
    ),
    "momentum": even("0.2", relative=True, momentum=MOMENTUM, chance_days=60),
}


def holding_text(units: Mapping[str, Decimal], number: int) -> str:
    """The account of a day in the notation of the builders."""
    coins = [f"{c} {units[c]} @ {MARKET.coins[c][number - 1].close}" for c in COINS]
    return ", ".join([*coins, f"USDT {units['USDT']}"])


def held_on(units: Mapping[str, Decimal], number: int) -> Snapshot:
    """The account of a day."""
    return account(holding_text(units, number), instruments=FINE)


@pytest.mark.parametrize("name", PLANS)
def test_every_plan_over_the_years_is_allowed_and_ends_inside_its_bands(name: str) -> None:
    rules, units = PLANS[name], {c: dec(0) for c in COINS} | {"USDT": dec(100_000)}
    plans = 0
    for number in range(LOOK_BACK, MARKET.days, 7):
        history = past(number)
        snapshot = held_on(units, number)
        plan = make_plan(snapshot, rules, occasion(history=history))
        if not plan.legs:
            continue
        plans += 1
        report = review(plan, snapshot, policy=rules, context=context(), now=NOW)
        assert report.verdict is not Verdict.REFUSE, report.findings
        with exact_arithmetic():
            for leg in plan.legs:
                signed = leg.instrument.units(leg.lots)
                base = leg.instrument.base
                units[base] += signed
                units["USDT"] -= signed * leg.mark
        assert min(units.values()) >= 0
        after = held_on(units, number)
        seen = stance_of(rules, after, exposure(after), occasion(history=history), ())
        assert not any(d.breached for d in seen.found.drifts), (number, seen.found.drifts)
        again = make_plan(after, rules, occasion(history=history))
        assert again.legs == (), (number, again.legs)
    assert plans >= 5


@pytest.mark.parametrize("width", ["0.1", "0.3"])
def test_no_close_beyond_a_trigger_price_is_missed_and_none_before_it_is_early(
    width: str,
) -> None:
    rules, checked, left = even(width, relative=True), 0, 0
    units = _evenly(LOOK_BACK)
    for number in range(LOOK_BACK, MARKET.days - 1, 3):
        held = held_on(units, number)
        seen = exposure(held)
        found = stance_of(rules, held, seen, occasion(), ()).found
        if any(d.breached for d in found.drifts):
            units = _evenly(number)
            continue
        for drift in (d for d in found.drifts if d.asset != "USDT"):
            price = dec(MARKET.coins[drift.asset][number].close)
            moved = stance_of(rules, held, at_price(seen, drift.asset, price), occasion(), ()).found
            is_left = any(d.breached for d in moved.drifts)
            low, high = drift.trigger_low, drift.trigger_high
            beyond = (low is not None and price < low) or (high is not None and price > high)
            assert is_left == beyond, (drift.asset, number)
            checked, left = checked + 1, left + is_left
    assert checked > 200
    assert left >= 1


def _evenly(number: int) -> dict[str, Decimal]:
    """Units at the targets by the closes before a day."""
    share = dec("0.9") / len(COINS) * 100_000
    closes = {c: dec(MARKET.coins[c][number - 1].close) for c in COINS}
    units = {c: (share / close).quantize(dec("0.000001")) for c, close in closes.items()}
    return units | {"USDT": dec(10_000)}


@pytest.mark.parametrize("days", [7, 30])
def test_chances_of_trigger_prices_score_better_than_the_base_rate(days: int) -> None:
    said: list[float] = []
    came: list[bool] = []
    for number in range(LOOK_BACK, MARKET.days - 31, 5):
        width = ("0.1", "0.2", "0.4")[number // 5 % 3]
        rules = even(width, relative=True, chance_days=60)
        held = held_on(_evenly(number), number)
        drifts = stance_of(
            rules, held, exposure(held), occasion(history=past(number)), ()
        ).found.drifts
        for drift in drifts:
            ahead = MARKET.coins.get(drift.asset, [])[number : number + days]
            sides = (
                (drift.chances_low, drift.trigger_low),
                (drift.chances_high, drift.trigger_high),
            )
            for side, (chances, price) in enumerate(sides):
                if price is None or not chances:
                    continue
                said += [float(c.chance) for c in chances if c.days == days]
                reach = float(price)
                came.append(any(d.high >= reach if side else d.low <= reach for d in ahead))
    rate = sum(came) / len(came)
    score = sum((p - hit) ** 2 for p, hit in zip(said, came, strict=True)) / len(came)
    base = sum((rate - hit) ** 2 for hit in came) / len(came)
    assert len(came) > 500
    assert 0.02 < rate < 0.98
    assert score < base, (score, base, rate)
