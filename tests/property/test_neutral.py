"""Neutral sleeves of any kind: filled they are exposed to nothing, and leave nothing to plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import LIMITS, NOW, URGENCY, account, dec, occasion, policy, spot, swap
from tests.property.test_planning import filled
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.exposure import traded_units
from trimtab.domain.history import FundingSettlement, History
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.neutral import NeutralPolicy
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.urgency import UrgentAction
from trimtab.planning.compose import make_plan

FREE = {"taker_fee": ZERO, "notional_min": ZERO, "lots_max": 10**12}
PRICES = {"BTC": 50_000, "ETH": 2_000, "SOL": 100}
LISTED = {i.symbol: i for a in PRICES for i in (spot(a, **FREE), swap(a, **FREE))}
CALM = replace(
    URGENCY, leverage=UrgentAction.OFF, margin=UrgentAction.OFF, liquidation=UrgentAction.OFF
)
AT_MID = replace(LIMITS, max_slippage_bps=ZERO, fee_reserve=ZERO, max_order_notional=dec(10**12))
MEMBERS = (Asset("ETH"), Asset("SOL"))
RATES = st.sampled_from(("-0.0001", "0", "0.00002", "0.0001", "0.001"))


def past(rates: dict[Asset, str]) -> History:
    """Return 14 days of settlements at one rate for each member."""
    at = [NOW - timedelta(hours=8 * n) for n in range(41, -1, -1)]
    funding = {
        a: tuple(FundingSettlement(settled_at=t, rate=dec(rate)) for t in at)
        for a, rate in rates.items()
    }
    return History(until=(NOW - timedelta(days=1)).date(), closes={}, funding=funding)


@given(
    st.tuples(st.integers(0, 4_000), st.integers(0, 80_000)),
    st.tuples(st.integers(-4_000, 4_000), st.integers(-80_000, 80_000)),
    st.tuples(RATES, RATES),
    st.tuples(st.integers(5_000, 60_000), st.integers(1, 40)),
)
def test_filled_both_sides_are_equal_to_a_lot_and_nothing_is_left_to_plan(
    coins: tuple[int, int],
    shorts: tuple[int, int],
    rates: tuple[str, str],
    rest: tuple[int, int],
) -> None:
    quote, percent = rest
    items = [f"BTC 0.2 @ {PRICES['BTC']}"]
    for asset, held, short in zip(MEMBERS, coins, shorts, strict=True):
        items.append(f"{asset} {Decimal(held) / 10_000:f} @ {PRICES[asset]}")
        items += [f"perp {asset} {Decimal(short) / 10_000:f}"] if short else []
    text = ", ".join([*items, f"USDT {quote}", "wallet 5000"])
    weight = Decimal(percent) / 100
    neutral = NeutralPolicy(
        weight=weight,
        members=MEMBERS,
        min_carry=dec("0.05"),
        exit_carry=dec("0.01"),
        funding_days=14,
        horizon_days=90,
        band=dec("0.2"),
    )
    rules = replace(
        policy(f"BTC {Decimal('0.9') - weight}, USDT 0.1", limits=AT_MID, urgency=CALM),
        neutral=neutral,
    )
    history = past(dict(zip(MEMBERS, rates, strict=True)))
    snapshot = account(text, instruments=LISTED)
    plan = make_plan(snapshot, rules, occasion(history=history))
    after = filled(snapshot, plan)
    for asset in MEMBERS:
        lot = LISTED[plan_symbol(asset)].lot_size
        with exact_arithmetic():
            off = abs(traded_units(after, asset)) * PRICES[asset]
            most = max(Decimal(5), lot * PRICES[asset], dec("0.002") * after_value(after, asset))
        assert off <= most, plan.legs
    again = make_plan(after, rules, occasion(history=history))
    assert again.legs == (), (plan.legs, again.firings)


def plan_symbol(asset: Asset) -> Symbol:
    """Return the perpetual of an asset."""
    return Symbol(f"{asset}/USDT:USDT")


def after_value(after: Snapshot, asset: Asset) -> Decimal:
    """Return what is held of an asset, quote units."""
    held = after.balances.get(asset)
    return ZERO if held is None else held.held * PRICES[asset]
