"""Trigger prices: at them nothing has left its band, a hair beyond them something has."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.builders import account, dec, occasion, policy
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.exposure import Exposure, exposure
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import Basis, Policy, Route, Threshold
from trimtab.planning.drift import Measurement
from trimtab.planning.stance import stance_of

HAIR = dec("1e-9")
"""Of a price; less than any tick."""
NAMES = ("BTC", "ETH", "SOL", "ADA")
OCCASION = occasion()
BARE = account("USDT 1000")
"""Its contracts are asked for by rules of the basis alone, and no scene has one."""


def measured(exposed: Exposure, rules: Policy) -> Measurement:
    return stance_of(rules, BARE, exposed, OCCASION, ()).found


def at_price(exposed: Exposure, asset: Asset, price: Decimal) -> Exposure:
    """The same account when one price is another: profit of its futures moves the wallet."""
    with exact_arithmetic():
        futures = exposed.futures.get(asset, Decimal(0))
        gain = futures * (price - exposed.mids[asset])
        margin = dict(exposed.margin)
        if gain:
            margin[exposed.quote] = margin.get(exposed.quote, Decimal(0)) + gain
        settled = dict(exposed.signed_notional)
        if futures:
            settled[exposed.quote] = settled[exposed.quote] + gain
        return dataclasses.replace(
            exposed,
            mids=dict(exposed.mids) | {asset: price},
            margin=margin,
            signed_notional=settled,
        )


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Exposure, Policy]:
    count = draw(st.integers(1, 4))
    names = NAMES[:count]
    items, net = [], []
    basis = draw(st.sampled_from(Basis))
    for name in names:
        price = draw(st.integers(1, 90_000))
        value = draw(st.integers(50, 9_000))
        items.append(f"{name} {dec(value) / price:.6f} @ {price}")
        short = 0
        if basis is Basis.NET and draw(st.booleans()):
            short = draw(st.integers(-2_000, 2_000))
            lots = round(short / price, 4)
            if lots:
                items.append(f"perp {name} {lots}")
        net.append(value + short)
    cash = draw(st.integers(200, 9_000))
    items += [f"USDT {cash}", f"wallet {draw(st.integers(3000, 9000))}"]
    exposed = exposure(account(", ".join(items)))
    whole = sum(max(0, v) for v in net) + cash + 5_000
    # Targets near the weights, so that bands are usually kept.
    weights = {n: round(max(0, v) / whole, 2) for n, v in zip(names, net, strict=True)}
    targets = ", ".join(f"{n} {w}" for n, w in weights.items())
    rest = round(1 - sum(weights.values()), 2)
    assume(rest >= 0)
    width = Threshold(width=dec(draw(st.integers(2, 30))) / 100, relative=draw(st.booleans()))
    ratio = dec(draw(st.sampled_from(["1", "1", "0.5", "0"]))) if basis is Basis.NET else dec(1)
    rules = policy(
        f"{targets}, USDT {rest}",
        hedge={"ratio": ratio, "max_ratio": dec(draw(st.sampled_from(["1", "0.25"])))},
        threshold=width,
        basis=basis,
        route=draw(st.sampled_from((Route.SPOT, Route.FUTURES)))
        if basis is Basis.NET
        else Route.SPOT,
        dust_value=dec(draw(st.sampled_from([0, 5, 200]))),
    )
    return exposed, rules


@given(scenes())
def test_no_band_is_left_before_a_trigger_price_and_one_is_left_beyond_it(
    scene: tuple[Exposure, Policy],
) -> None:
    exposed, rules = scene
    found = measured(exposed, rules)
    for drift in found.drifts:
        if any(m.breached for m in found.measures):
            assert (drift.trigger_low, drift.trigger_high) == (None, None)
            continue
        at = exposed.mids[drift.asset]
        for edge, sign in ((drift.trigger_low, -1), (drift.trigger_high, 1)):
            if edge is None:
                continue
            with exact_arithmetic():
                short = edge - sign * HAIR * at
                beyond = edge + sign * HAIR * at
            if _regimes(exposed, rules) != _regimes(at_price(exposed, drift.asset, beyond), rules):
                continue  # What stays overweight on purpose is told in its present regime.
            if (short - at) * sign > 0:
                assert not _any_breach(exposed, rules, drift.asset, short)
            if beyond > 0:
                assert _any_breach(exposed, rules, drift.asset, beyond)


def _regimes(exposed: Exposure, rules: Policy) -> list[tuple[bool, bool]]:
    """For each asset: whether more is held than wanted, and whether a hedge of it is capped."""
    found, hedge = [], rules.hedge
    with exact_arithmetic():
        whole = exposed.nav()
        for target in rules.rebalance.targets:
            held = exposed.value(target.asset)
            over = held - target.weight * whole
            found.append((over > 0, hedge.ratio * over > hedge.max_ratio * held))
    return found


def _any_breach(exposed: Exposure, rules: Policy, asset: Asset, price: Decimal) -> bool:
    return any(m.breached for m in measured(at_price(exposed, asset, price), rules).measures)


@given(scenes(), st.integers(1, 40))
def test_no_band_is_left_anywhere_between_the_two(
    scene: tuple[Exposure, Policy], part: int
) -> None:
    exposed, rules = scene
    found = measured(exposed, rules)
    if any(m.breached for m in found.measures):
        return
    for drift in (d for d in found.drifts if d.asset != exposed.quote):
        at = exposed.mids[drift.asset]
        with exact_arithmetic():
            low = drift.trigger_low or at / 1000
            high = drift.trigger_high or at * 20
            price = low + (high - low) * part * dec("0.0243")
        moved = at_price(exposed, drift.asset, price)
        if low < price < high and _regimes(moved, rules) == _regimes(exposed, rules):
            assert not _any_breach(exposed, rules, drift.asset, price)
