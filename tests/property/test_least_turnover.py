"""Repairs to the band against the optimum of an integer program, over coins, contracts and offsets.

The yardstick may use any market of any asset; the plan goes by its routes. Both know free coins,
free cash, positions and fees. What the program says is a float, and a plan may be a lot off in each
leg.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
from hypothesis import assume, event, given
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from tests.builders import account, book, dec, policy, spot, swap
from tests.property.test_planning import AT_MID, CALM, _hindered, filled, made
from trimtab.domain.instruments import Asset, Lots
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Destination, Policy, Route, Threshold
from trimtab.domain.snapshot import MarginMode, Position, Snapshot

NAMES = ("BTC", "ETH", "SOL", "ADA")
WITHIN = 1.01


@st.composite
def cases(draw: st.DrawFn) -> tuple[Snapshot, Policy]:
    """Return an account with coins, longs and shorts, and a policy that repairs to the band."""
    names = NAMES[: draw(st.integers(1, 4))]
    fee = dec(draw(st.sampled_from(("0", "0.0005", "0.002"))))
    listed, books, positions = {}, {}, {}
    text = [f"USDT {draw(st.integers(0, 8_000))}", "wallet 6000"]
    for name in names:
        mid = draw(st.integers(1, 50_000))
        lot = Decimal(1).scaleb(-2 - len(str(mid)))
        grid = {"lot_size": lot, "notional_min": dec(0), "taker_fee": fee, "lots_max": 10**12}
        for instrument in (spot(name, **grid), swap(name, **grid)):
            listed[instrument.symbol] = replace(instrument, tick_size=dec("0.000001"))
            books[instrument.symbol] = book(mid, half_spread_bps="0.0000001", depth=10**12)
        held = (draw(st.integers(0, 9_000)) / Decimal(mid)).quantize(lot)
        text.append(f"{name} {held:f} @ {mid}")
        if size := int(draw(st.integers(-100, 100)) * held / lot) // 200:
            positions[swap(name).symbol] = Position(
                symbol=swap(name).symbol,
                lots=Lots(size),
                entry_price=Decimal(mid),
                margin_mode=MarginMode.CROSS,
                liquidation_price=None,
            )
    shares = [draw(st.integers(1, 10)) for _ in names]
    whole = sum(shares) + draw(st.integers(1, 6))
    weights = [Decimal(100 * share // whole) / 100 for share in shares]
    targets = ", ".join(f"{n} {w}" for n, w in zip(names, weights, strict=True))
    wishes = policy(
        f"{targets}, USDT {1 - sum(weights, Decimal(0))}",
        limits=AT_MID,
        urgency=CALM,
        routes={Asset(n): draw(st.sampled_from((Route.SPOT, Route.FUTURES))) for n in names},
        threshold=Threshold(width=dec(draw(st.integers(2, 15))) / 100, relative=False),
        destination=Destination(to_band=True, fraction=dec(1)),
    )
    flat = account(", ".join(text), instruments=listed, books=books)
    return replace(flat, positions=positions), wishes


def least_turnover(snapshot: Snapshot, plan: Plan) -> float | None:
    """Return the least value to trade that puts every weight inside its band; None where none is.

    Per asset: coins bought, coins sold, contracts bought, contracts sold, in whole lots.
    """
    bands = {d.asset: (float(d.band_low), float(d.band_high)) for d in plan.drift}
    assets = [d.asset for d in plan.drift if d.asset != snapshot.quote]
    nav, quote = float(plan.nav), snapshot.quote
    most, value, fee, net = [], [], [], []
    for asset in assets:
        coin, perp = (i for i in snapshot.instruments.values() if i.base == asset)
        mid = snapshot.books[coin.symbol].mid
        free = snapshot.balances[asset].free
        position = snapshot.positions.get(perp.symbol)
        held = int(free / coin.lot_size)
        short = -position.lots if position else 0
        most += [10**9, held, 10**9, held - short]
        value += [float(coin.lot_size * mid)] * 4
        fee += [float(coin.taker_fee)] * 4
        net.append(float((free - short * perp.lot_size) * mid))
    worth = np.array(value)
    sign = np.tile([1.0, -1.0, 1.0, -1.0], len(assets))
    cost = worth * np.array(fee)
    rows, low, high = [], [], []
    for k, asset in enumerate(assets):
        own = np.zeros(len(worth))
        own[4 * k : 4 * k + 4] = (worth * sign)[4 * k : 4 * k + 4]
        _banded(rows, low, high, own=own, start=net[k], band=bands[asset], cost=cost, nav=nav)
    rest = -(worth * sign) - cost
    start = nav - sum(net)
    _banded(rows, low, high, own=rest, start=start, band=bands[quote], cost=cost, nav=nav)
    is_coin = np.tile([1.0, 1.0, 0.0, 0.0], len(assets))
    rows.append((worth * sign + cost) * is_coin)
    low.append(-np.inf)
    high.append(float(snapshot.balances[quote].free))
    found = milp(
        worth,
        constraints=LinearConstraint(np.array(rows), np.array(low), np.array(high)),
        bounds=Bounds(np.zeros(len(worth)), np.array(most, dtype=float)),
        integrality=np.ones(len(worth)),
        options={"mip_rel_gap": 1e-4},
    )
    return float(found.fun) if found.success else None


def _banded(
    rows: list[np.ndarray],
    low: list[float],
    high: list[float],
    *,
    own: np.ndarray,
    start: float,
    band: tuple[float, float],
    cost: np.ndarray,
    nav: float,
) -> None:
    """Add that a value lies inside its band of what costs leave of the whole."""
    for edge, below in ((band[0], True), (band[1], False)):
        rows.append(own + edge * cost)
        bound = edge * nav - start
        low.append(bound if below else -np.inf)
        high.append(np.inf if below else bound)


@given(cases())
def test_a_repair_to_the_band_is_within_a_hundredth_of_the_least_turnover_there_is(
    case: tuple[Snapshot, Policy],
) -> None:
    snapshot, wishes = case
    plan = made(snapshot, wishes)
    assume(not _hindered(plan))
    best = least_turnover(snapshot, plan)
    if not plan.legs:
        assert best is not None
        assert best <= float(wishes.rebalance.dust_value)
        return
    assume(best is not None)
    assert best is not None
    turnover = float(sum(leg.notional for leg in plan.legs))
    lots = sum(float(g.instrument.lot_size * g.mark) for g in plan.legs)
    kinds = {g.role.value for g in plan.legs}
    event(f"{', '.join(sorted(kinds))}")
    assert turnover <= WITHIN * best + 4 * lots


@given(cases())
def test_a_repair_that_was_filled_leaves_the_next_run_nothing_to_alter(
    case: tuple[Snapshot, Policy],
) -> None:
    snapshot, wishes = case
    free = {s: replace(i, taker_fee=dec(0)) for s, i in snapshot.instruments.items()}
    snapshot = replace(snapshot, instruments=free)
    plan = made(snapshot, wishes)
    assume(plan.legs)
    assume(not _hindered(plan))
    again = made(filled(snapshot, plan), wishes)
    assert [(g.symbol, g.lots) for g in again.legs] == []
