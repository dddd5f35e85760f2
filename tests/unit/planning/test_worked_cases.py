"""The worked cases of the strategy definitions, through the planner with plain values.

Lots are fine and fees zero, so the figures are the arithmetic's own. The same cases run
through the whole command in tests/acceptance.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.builders import LIMITS, account, book, dec, occasion, policy, spot, swap
from trimtab.domain.exact import shown
from trimtab.domain.instruments import Asset, Instrument, Symbol
from trimtab.domain.plan import Plan, Role
from trimtab.domain.policy import DriftSide, Route, Threshold
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.compose import make_plan

FINE = {"lot_size": dec("0.00000001"), "notional_min": dec(0), "taker_fee": dec(0)} | {
    "lots_max": 10**15
}
ROOMY = replace(LIMITS, max_slippage_bps=dec(0), fee_reserve=dec(0))


def fine_account(text: str, **prices: int) -> Snapshot:
    """Return an account whose markets have fine lots, no fees and books without a spread."""
    markets: dict[Symbol, Instrument] = {}
    books = {}
    for asset, mid in prices.items():
        for instrument in (spot(asset, **FINE), swap(asset, **FINE)):
            markets[instrument.symbol] = instrument
            books[instrument.symbol] = book(mid, half_spread_bps="0.00001")
    return account(text, instruments=markets, books=books)


def planned(snapshot: Snapshot, targets: str, **wishes: object) -> Plan:
    wanted = policy(targets, limits=ROOMY, **wishes)
    return make_plan(snapshot, wanted, occasion())


def moves(plan: Plan) -> dict[str, str]:
    """Return signed whole quote units by symbol and role."""
    return {
        f"{leg.instrument.base} {leg.role}": shown(leg.instrument.units(leg.lots) * leg.mark, 0)
        for leg in plan.legs
    }


G1 = fine_account("BTC 0.07 @ 100000, ETH 1 @ 3000, wallet 2500", BTC=100_000, ETH=3_000)
G3 = fine_account(
    "BTC 0.06 @ 100000, ETH 0.5 @ 5000, SOL 10 @ 150, wallet 2500", BTC=100_000, ETH=5_000, SOL=150
)
G4 = fine_account(
    "BTC 0.055 @ 100000, ETH 0.4 @ 5000, SOL 10 @ 250, wallet 2500",
    BTC=100_000,
    ETH=5_000,
    SOL=250,
)
G5 = fine_account("BTC 0.072 @ 100000, ALT 3000 @ 1, USDT 700, wallet 1100", BTC=100_000, ALT=1)
G7 = fine_account("BTC 0.058 @ 100000, ETH 0.9 @ 3000, USDT 1500", BTC=100_000, ETH=3_000)


def test_g1_corrects_a_drifted_pair_with_futures_alone() -> None:
    plan = planned(G1, "BTC 0.48, ETH 0.32, USDT 0.20", route=Route.FUTURES)
    assert moves(plan) == {"BTC hedge": "-1000", "ETH hedge": "1000"}


def test_g3_shorts_the_winner_and_longs_two_losers() -> None:
    plan = planned(G3, "BTC 0.40, ETH 0.24, SOL 0.16, USDT 0.20", route=Route.FUTURES)
    assert moves(plan) == {"BTC hedge": "-1000", "ETH hedge": "500", "SOL hedge": "500"}


def test_g4_longs_the_loser_and_shorts_two_winners() -> None:
    plan = planned(G4, "BTC 0.40, ETH 0.24, SOL 0.16, USDT 0.20", route=Route.FUTURES)
    assert moves(plan) == {"BTC hedge": "-500", "ETH hedge": "1000", "SOL hedge": "-500"}


def test_g5_puts_a_hedge_and_a_purchase_into_one_plan() -> None:
    plan = planned(G5, "BTC 0.50, ALT 0.30, USDT 0.20", routes={Asset("BTC"): Route.FUTURES})
    assert moves(plan) == {"BTC hedge": "-1200", "ALT spot": "600"}
    assert shown(plan.after.weights[Asset("USDT")], 6) == "0.200000"
    assert [leg.stage for leg in plan.legs] == [1, 2]


def test_g7_sells_one_and_buys_the_other() -> None:
    relative = Threshold(width=dec("0.10"), relative=True)
    plan = planned(G7, "BTC 0.50, ETH 0.30, USDT 0.20", threshold=relative)
    assert moves(plan) == {"BTC spot": "-800", "ETH spot": "300"}
    assert shown(plan.after.weights[Asset("USDT")], 6) == "0.200000"


def test_g11_a_relative_band_and_the_prices_at_its_edges() -> None:
    snapshot = fine_account("BTC 0.05 @ 100000, USDT 5000", BTC=100_000)
    relative = Threshold(width=dec("0.10"), relative=True)
    plan = planned(snapshot, "BTC 0.50, USDT 0.50", threshold=relative)
    bitcoin = next(d for d in plan.drift if d.asset == "BTC")
    assert (bitcoin.band_low, bitcoin.band_high) == (dec("0.45"), dec("0.55"))
    assert bitcoin.alert_low is not None
    assert bitcoin.alert_high is not None
    assert shown(bitcoin.alert_high / 100_000, 4) == "1.2222"
    assert shown(bitcoin.alert_low / 100_000, 4) == "0.8182"
    assert plan.legs == ()


def test_g14_half_a_hedge_leaves_the_rest_and_nothing_to_plan_again() -> None:
    text, prices = "BTC 0.08 @ 100000, wallet 2000", {"BTC": 100_000}
    half = {"ratio": dec("0.5")}
    plan = planned(
        fine_account(text, **prices), "BTC 0.5, USDT 0.5", route=Route.FUTURES, hedge=half
    )
    assert moves(plan) == {"BTC hedge": "-1500"}
    hedged = fine_account(f"{text}, perp BTC -0.015", **prices)
    markets = {s: swap("BTC", **FINE) for s in hedged.positions}
    position = next(iter(hedged.positions.values()))
    fine = replace(
        hedged,
        instruments=hedged.instruments | markets,
        positions={position.symbol: replace(position, lots=-1_500_000)},
    )
    again = planned(fine, "BTC 0.5, USDT 0.5", route=Route.FUTURES, hedge=half)
    assert again.legs == ()
    assert not any(d.breached for d in again.drift)


def test_an_opposite_position_is_reduced_before_anything_is_bought() -> None:
    snapshot = fine_account("BTC 0.03 @ 100000, USDT 6500, wallet 1500", BTC=100_000)
    short = account("BTC @ 100000, wallet 1500, perp BTC -0.01").positions
    position = next(iter(short.values()))
    fine = replace(snapshot, positions={position.symbol: replace(position, lots=-1_000_000)})
    plan = planned(fine, "BTC 0.5, USDT 0.5")
    assert moves(plan) == {"BTC close": "1000", "BTC spot": "2500"}
    assert [leg.reduce_only for leg in plan.legs] == [True, False]


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        (DriftSide.BOTH, {"BTC spot": "-800", "ETH spot": "300"}),
        (DriftSide.OVERWEIGHT, {"BTC spot": "-800"}),
    ],
)
def test_only_the_asked_for_side_is_corrected(side: DriftSide, expected: dict[str, str]) -> None:
    plan = planned(
        G7,
        "BTC 0.50, ETH 0.30, USDT 0.20",
        threshold=Threshold(width=dec("0.05"), relative=False),
        side=side,
    )
    # BTC stands at 58 %, strictly outside 45 to 55.
    assert moves(plan) == expected


def test_every_leg_has_a_limit_within_the_allowed_slippage_and_a_cost() -> None:
    wanted = policy("BTC 0.50, ETH 0.30, USDT 0.20")
    snapshot = account("BTC 0.06 @ 100000, ETH 0.8 @ 3000, USDT 1600")
    plan = make_plan(snapshot, wanted, occasion())
    assert plan.legs
    for leg in plan.legs:
        sign = 1 if leg.lots > 0 else -1
        assert 0 < sign * (leg.limit_price - leg.mark) * 10_000 <= 30 * leg.mark
        assert leg.expected_cost > 0
    assert {leg.role for leg in plan.legs} == {Role.SPOT}


def test_the_digest_changes_with_the_instant_and_nothing_else_is_needed() -> None:
    first = planned(G7, "BTC 0.50, ETH 0.30, USDT 0.20")
    assert first.digest == planned(G7, "BTC 0.50, ETH 0.30, USDT 0.20").digest
    assert replace(first, nav=first.nav + Decimal(1)).digest != first.digest
    assert len(first.order_id(1, attempt=1)) == 28
    assert first.order_id(1, attempt=1) != first.order_id(1, attempt=2)
