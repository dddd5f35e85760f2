"""How fast orders go out under the venue's limits, in virtual time, through ccxt and all of ours.

The bound is what no program can beat. An order may leave when the one before it has left, when
the one a whole limit before it left a window ago, and, if it buys, when every sell is answered:

    s(n) = max(s(n - 1), s(n - R) + W, last sell's answer), and the end is max(s(n) + L(n)).
"""

from __future__ import annotations

import asyncio
import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tests.contract.venue_cases import BTC, PERP, PORTFOLIO
from tests.fakes.far_line import FarLine, Trip
from tests.fakes.virtually import BEGAN_AT, LoopClock, now_s, virtually
from tests.wire.opened import intent, settings
from trimtab.adapters.open_venue import OpenedVenue, open_venue
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.orders import OrderIntent
from trimtab.domain.snapshot import Snapshot
from trimtab.testnet import Exchange, LimitTable, Scenario
from trimtab.venues.profile import Desk, OrderLimit

LATENCY_S, JITTER = 0.08, 0.2
RATIO_MAX = 1.05
SPOT, LINEAR = OrderLimit(count=100, seconds=10), OrderLimit(count=300, seconds=10)


def bound_s(latencies: Sequence[float], sells: int, limit: OrderLimit) -> float:
    """Return the least time in which orders of these round trips can all be answered."""
    left: list[float] = []
    sold_at = 0.0
    for n in range(len(latencies)):
        before = left[n - limit.count] + limit.seconds if n >= limit.count else 0.0
        left.append(max(left[-1] if left else 0.0, before, sold_at if n >= sells else 0.0))
        if n == sells - 1:
            sold_at = max(left[i] + latencies[i] for i in range(sells))
    return max(at + latency for at, latency in zip(left, latencies, strict=True))


def test_the_bound_is_that_of_a_window_and_of_the_slowest_answers() -> None:
    assert bound_s([1.0, 3.0, 2.0, 5.0], 2, SPOT) == 3.0 + 5.0
    assert bound_s([1.0] * 200, 100, SPOT) == 10.0 + 1.0
    assert bound_s([0.5] * 250, 125, SPOT) == 10.5 + 10.0 + 0.5


@dataclass(frozen=True)
class Paced:
    """What came of a run of orders."""

    took_s: float
    trips: list[Trip]

    @property
    def refused(self) -> int:
        return sum(trip.status != 200 for trip in self.trips)

    @property
    def latencies(self) -> list[float]:
        return [trip.answered_at - trip.left_at for trip in self.trips]


def rich(limits: LimitTable) -> Scenario:
    deep = {"level_notional": "100000000", "replenish": True}
    return Scenario.from_json(
        {
            "prices": {"BTC": "60000"},
            "spot": {"BTC": "100", "USDT": "10000000"},
            "futures": {"wallet": "10000000"},
            "rules": {"*": deep},
            "limits": {
                "spot_orders_10s": limits.spot_orders_10s,
                "usdm_orders_10s": limits.usdm_orders_10s,
            },
        }
    )


async def phase(at: OpenedVenue, orders: Sequence[OrderIntent]) -> None:
    """Send side by side, as the driver sends a stage."""
    await asyncio.gather(*(at.venue.submit(order) for order in orders), return_exceptions=True)


def orders_in(seen: Snapshot, symbol: str, count: int) -> tuple[list[OrderIntent], ...]:
    """Return as many sells as buys."""
    lots = 200 if symbol == BTC else 4
    instrument = seen.instruments[symbol]
    made = [
        intent(instrument, lots if line > count // 2 else -lots, limit, line=line)
        for line in range(1, count + 1)
        for limit in ["61000" if line > count // 2 else "59000"]
    ]
    return made[: count // 2], made[count // 2 :]


def paced(
    symbol: str,
    count: int,
    *,
    seed: int = 1,
    begins_s: float = 0.0,
    limits: LimitTable | None = None,
) -> Paced:
    """Send *count* orders, sells first, and say how long that took."""
    draw = random.Random(seed)

    def takes_s(method: str, path: str) -> float:
        return draw.lognormvariate(math.log(LATENCY_S), JITTER)

    async def work() -> Paced:
        began_ms = round(BEGAN_AT.timestamp() * 1000)
        given = rich(limits or LimitTable())
        exchange = Exchange(given, now_ms=lambda: began_ms + int(now_s() * 1000))
        line = FarLine(exchange, takes_s)
        ours = settings("http://127.0.0.1:1", clock=LoopClock())
        async with open_venue(ours, session=lambda: line) as at:  # type: ignore[arg-type, return-value]  # A session's likeness.
            seen = await at.market.snapshot(PORTFOLIO)
            sells, buys = orders_in(seen, symbol, count)
            await asyncio.sleep(begins_s - now_s())
            started = now_s()
            await phase(at, sells)
            await phase(at, buys)
            return Paced(now_s() - started, line.orders)

    return virtually(work)


@pytest.mark.parametrize(
    ("symbol", "limit", "count"),
    [
        (BTC, SPOT, 10),
        (BTC, SPOT, 50),
        (BTC, SPOT, 200),
        (PERP, LINEAR, 10),
        (PERP, LINEAR, 200),
    ],
)
def test_orders_go_out_as_fast_as_the_limits_allow_and_none_is_refused(
    symbol: str, limit: OrderLimit, count: int
) -> None:
    found = paced(symbol, count, begins_s=7)
    assert len(found.trips) == count
    assert found.refused == 0
    assert found.took_s <= RATIO_MAX * bound_s(found.latencies, count // 2, limit)


@pytest.mark.parametrize("seed", range(4))
def test_no_order_is_refused_wherever_the_window_of_the_venue_begins(seed: int) -> None:
    found = paced(BTC, 150, seed=seed, begins_s=5 + 1.83 * seed)
    assert (len(found.trips), found.refused) == (150, 0)


def test_no_order_is_refused_when_the_venue_states_smaller_limits_than_we_knew() -> None:
    found = paced(BTC, 50, begins_s=6, limits=LimitTable(spot_orders_10s=20))
    assert (len(found.trips), found.refused) == (50, 0)
    windows = Counter(int(trip.left_at // 10) for trip in found.trips)
    assert max(windows.values()) <= 20


def test_more_orders_than_a_venue_takes_at_once_are_refused_by_it() -> None:
    """The exchange of these tests does count: without a budget it refuses."""

    async def work() -> int:
        began_ms = round(BEGAN_AT.timestamp() * 1000)
        exchange = Exchange(rich(LimitTable()), now_ms=lambda: began_ms + int(now_s() * 1000))
        line = FarLine(exchange, lambda *_: LATENCY_S)
        ours = settings("http://127.0.0.1:1", clock=LoopClock())
        async with open_venue(ours, session=lambda: line) as at:  # type: ignore[arg-type, return-value]  # As above.
            seen = await at.market.snapshot(PORTFOLIO)
            sells, _ = orders_in(seen, BTC, 300)
            roomy = [OrderLimit(count=10_000, seconds=10)]
            at.venue._wire.budget.learn(Desk.SPOT, orders=roomy, weight=None)
            await phase(at, sells)
        return sum(trip.status == 429 for trip in line.orders)

    assert virtually(work) == 50


def test_what_is_counted_before_sending_is_never_less_than_what_the_venue_counts() -> None:
    """The table of weights, held against the local exchange's, request by request."""

    async def work() -> dict[Desk, tuple[int, int]]:
        began_ms = round(BEGAN_AT.timestamp() * 1000)
        exchange = Exchange(rich(LimitTable()), now_ms=lambda: began_ms + int(now_s() * 1000))
        line = FarLine(exchange, lambda *_: 0.001)
        ours = settings("http://127.0.0.1:1", clock=LoopClock())
        async with open_venue(ours, session=lambda: line) as at:  # type: ignore[arg-type, return-value]  # As above.
            budget = at.venue._wire.budget
            counted = Counter[Desk]()
            take = {desk: weights.take for desk, weights in budget._weights.items()}
            for desk, weights in budget._weights.items():

                async def noted(weight: int, *, rank: Rank, desk: Desk = desk) -> None:
                    counted[desk] += weight
                    await take[desk](weight, rank=rank)

                vars(weights)["take"] = noted
            await asyncio.sleep(1)
            seen = await at.market.snapshot(PORTFOLIO)
            for symbol in (BTC, PERP):
                order = orders_in(seen, symbol, 2)[0][0]
                await at.venue.submit(order)
                await at.venue.look_up(order)
                await at.venue.open_orders([symbol])
                await at.venue.evidence_of_absence(order)
            now_ms = exchange.state.now_ms
            hosts = {Desk.SPOT: "api", Desk.LINEAR: "fapi"}
            return {
                desk: (counted[desk], exchange._budgets[host].weight.used(now_ms))
                for desk, host in hosts.items()
            }

    for ours, theirs in virtually(work).values():
        assert 0 < theirs <= ours <= theirs + 5
