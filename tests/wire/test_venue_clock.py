"""What time it is at the venue, and no order when that is too far from our time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from tests.contract.venue_cases import BTC, PERP, PORTFOLIO, scenario
from tests.fakes.scripted_venue import scripted_venue, told
from tests.fakes.virtually import LoopClock, now_s, virtually
from tests.wire.opened import intent, opened, perpetual_btc, spot_btc
from trimtab.adapters.system_clock import SystemClock
from trimtab.adapters.wire.venue_clock import VenueClocks, measure
from trimtab.domain.errors import NotDone, VenueError
from trimtab.domain.snapshot import ClockReading
from trimtab.testnet import LocalExchange, serve
from trimtab.testnet.server import wall_ms
from trimtab.venues.profile import Desk

LIMIT_MS = 500
BY_NTP = "set this machine's clock by NTP, then run the same command again"


def asking(
    ahead_ms: float, roads: list[tuple[float, float]], count: list[int] | None = None
) -> Callable[[], Awaitable[datetime]]:
    """Return what asks a clock that is ahead, over roads of (there, back) seconds."""
    true, ways = LoopClock(), iter(roads)

    async def ask() -> datetime:
        there, back = next(ways)
        await asyncio.sleep(there)
        exact = true.now() + timedelta(milliseconds=ahead_ms)
        await asyncio.sleep(back)
        if count is not None:
            count.append(1)
        return exact.replace(microsecond=exact.microsecond // 1000 * 1000)

    return ask


def measured(ahead_ms: float, roads: list[tuple[float, float]]) -> ClockReading:
    async def work() -> ClockReading:
        clocks = VenueClocks(LoopClock(), max_offset_ms=LIMIT_MS)
        return await clocks.measured(Desk.SPOT, asking(ahead_ms, roads))

    return virtually(work)


def test_the_shortest_round_trip_decides() -> None:
    crooked = (0.0, 0.2)
    reading = measured(5000, [crooked, crooked, (0.01, 0.01), crooked])
    assert abs(reading.offset_ms - 5000) <= 1
    assert 10 <= reading.uncertainty_ms <= 12


@pytest.mark.parametrize("road", [(0.0, 0.05), (0.05, 0.0), (0.3, 0.001)])
@pytest.mark.parametrize("ahead_ms", [-3000.9, 0.0, 0.5, 700.0])
def test_the_error_is_within_the_uncertainty_on_a_crooked_road(
    road: tuple[float, float], ahead_ms: float
) -> None:
    reading = measured(ahead_ms, [road] * 4)
    assert abs(reading.offset_ms - ahead_ms) <= reading.uncertainty_ms


def test_equal_clocks_have_no_offset() -> None:
    reading = measured(0, [(0.0, 0.0)] * 4)
    assert abs(reading.offset_ms) <= reading.uncertainty_ms <= 1


def test_a_measuring_holds_for_minutes_and_is_then_taken_again() -> None:
    async def work() -> list[int]:
        clocks, asked = VenueClocks(LoopClock(), max_offset_ms=LIMIT_MS), list[int]()
        ask, counts = asking(0, [(0.01, 0.01)] * 40, asked), []
        for pause_s in (0, 200, 99, 2):
            await asyncio.sleep(pause_s)
            await clocks.good(Desk.SPOT, ask)
            counts.append(len(asked))
        clocks.forget(Desk.SPOT)
        await clocks.good(Desk.SPOT, ask)
        return [*counts, len(asked)]

    assert virtually(work) == [4, 4, 4, 8, 12]


def test_whoever_comes_while_it_is_measured_waits_for_that() -> None:
    async def work() -> int:
        clocks, asked = VenueClocks(LoopClock(), max_offset_ms=LIMIT_MS), list[int]()
        ask = asking(0, [(0.01, 0.01)] * 40, asked)
        await asyncio.gather(*(clocks.good(Desk.SPOT, ask) for _ in range(9)))
        return len(asked)

    assert virtually(work) == 4


def test_every_desk_has_a_clock_of_its_own() -> None:
    async def work() -> list[float]:
        clock = LoopClock()
        clocks = VenueClocks(clock, max_offset_ms=LIMIT_MS)
        await clocks.measured(Desk.SPOT, asking(400, [(0.0, 0.0)] * 4))
        await clocks.measured(Desk.LINEAR, asking(-200, [(0.0, 0.0)] * 4))
        return [(clocks.now(desk) - clock.now()).total_seconds() for desk in Desk]

    assert virtually(work) == pytest.approx([0.4, -0.2, 0.0], abs=0.0015)


def test_the_time_of_the_venue_does_not_follow_a_wall_clock_that_is_set() -> None:
    async def work() -> tuple[float, int]:
        clock, asked = LoopClock(), list[int]()
        clocks = VenueClocks(clock, max_offset_ms=LIMIT_MS)
        ask = asking(0, [(0.0, 0.0)] * 8, asked)
        await clocks.good(Desk.SPOT, ask)
        clock.ahead_s = 7.0
        ahead_s = (clock.now() - clocks.now(Desk.SPOT)).total_seconds()
        await clocks.good(Desk.SPOT, ask)
        return ahead_s, len(asked)

    ahead_s, asked = virtually(work)
    assert ahead_s == pytest.approx(7.0, abs=0.001)
    assert asked == 8  # A step is reason enough to measure again.


@pytest.mark.parametrize(
    ("ahead_ms", "road_s", "is_close"),
    [
        (0, 0.0, True),
        (498, 0.0, True),
        (500, 0.0, False),
        (-498, 0.0, True),
        (-501, 0.0, False),
        (400, 0.09, True),
        (400, 0.11, False),
    ],
)
def test_an_order_is_held_back_when_offset_and_uncertainty_exceed_the_limit(
    ahead_ms: float, road_s: float, *, is_close: bool
) -> None:
    async def work() -> str:
        clocks = VenueClocks(LoopClock(), max_offset_ms=LIMIT_MS)
        await clocks.measured(Desk.SPOT, asking(ahead_ms, [(road_s, road_s)] * 4))
        if is_close:
            clocks.require_close(Desk.SPOT)
            return ""
        with pytest.raises(NotDone, match="allows 500; no order was sent") as raised:
            clocks.require_close(Desk.SPOT)
        return raised.value.next_step

    told = virtually(work)
    assert told == ("" if is_close else BY_NTP)


def test_an_old_measuring_is_less_sure() -> None:
    async def work() -> None:
        clocks = VenueClocks(LoopClock(), max_offset_ms=10)
        await clocks.measured(Desk.SPOT, asking(0, [(0.0, 0.0)] * 4))
        clocks.require_close(Desk.SPOT)
        await asyncio.sleep(200)  # 100 parts in a million are 20 ms by now.
        with pytest.raises(NotDone):
            clocks.require_close(Desk.SPOT)

    virtually(work)


def test_without_a_measuring_no_order_leaves() -> None:
    async def work() -> None:
        with pytest.raises(NotDone):
            VenueClocks(LoopClock(), max_offset_ms=LIMIT_MS).require_close(Desk.SPOT)

    virtually(work)


def test_an_anchor_goes_on_with_the_monotonic_clock() -> None:
    async def work() -> float:
        anchor = await measure(LoopClock(), asking(0, [(0.0, 0.0)] * 4))
        before, started = anchor.now(), now_s()
        await asyncio.sleep(12.5)
        return (anchor.now() - before).total_seconds() - (now_s() - started)

    assert virtually(work) == pytest.approx(0.0, abs=1e-5)


class Steppable(SystemClock):
    """The system clock, which somebody may set."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


def orders_at(exchange: LocalExchange) -> int:
    return sum(r["method"] == "POST" for r in exchange.truth()["requests"])


@pytest.mark.parametrize("symbol", [BTC, PERP])
@pytest.mark.parametrize(("ahead_ms", "sent"), [(300, 1), (-300, 1), (700, 0), (-700, 0)])
async def test_on_the_wire_an_order_leaves_only_while_the_clocks_are_close(
    symbol: str, ahead_ms: int, sent: int
) -> None:
    ahead = serve(scenario(), now_ms=lambda: wall_ms() + ahead_ms)
    async with ahead as exchange, opened(exchange.url) as at:
        seen = await at.market.snapshot(PORTFOLIO)
        order = intent(seen.instruments[symbol], 200 if symbol == BTC else 4, "61000")
        if sent:
            assert (await at.venue.submit(order)).filled_lots == order.lots
        else:
            with pytest.raises(NotDone, match="no order was sent"):
                await at.venue.submit(order)
        assert orders_at(exchange) == sent


async def test_a_request_is_stamped_by_the_clock_of_the_desk_that_it_goes_to() -> None:
    async with scripted_venue() as venue, opened(venue.url, max_clock_offset_ms=10**6) as at:
        for path, ahead_ms in (("/api/v3/time", 0), ("/fapi/v1/time", 70_000)):
            venue.script["GET", path] = lambda _, ahead_ms=ahead_ms: told(
                {"serverTime": wall_ms() + ahead_ms}
            )
        for instrument in (spot_btc(), perpetual_btc()):
            with pytest.raises(VenueError):
                await at.venue.submit(intent(instrument, 100, "60000"))
        spot, linear = (int(a.params["timestamp"]) for a in venue.arrivals if a.method == "POST")
    assert abs(linear - spot - 70_000) < 10_000


@pytest.mark.parametrize("step_s", [-2.0, 0.7, 3600.0])
async def test_a_wall_clock_that_is_set_after_the_gate_looked_stops_the_order(
    step_s: float,
) -> None:
    clock = Steppable()
    async with serve(scenario()) as exchange, opened(exchange.url, clock=clock) as at:
        seen = await at.market.snapshot(PORTFOLIO)
        assert abs(seen.clock.offset_ms) + seen.clock.uncertainty_ms < LIMIT_MS
        clock.ahead = timedelta(seconds=step_s)
        order = intent(seen.instruments[BTC], 200, "61000")
        with pytest.raises(NotDone, match="no order was sent"):
            await at.venue.submit(order)
        assert orders_at(exchange) == 0
        assert await at.venue.look_up(order) is None  # Reads go on: stamped by the venue's time.
        again = await at.market.snapshot(PORTFOLIO)
        assert abs(again.clock.offset_ms + step_s * 1000) < 200  # The gate refuses it from now on.
        clock.ahead = timedelta()
        assert (await at.venue.submit(order)).filled_lots == 200


async def test_a_wall_clock_that_is_set_while_an_order_waits_for_its_turn_stops_it() -> None:
    clock = Steppable()
    async with serve(scenario()) as exchange, opened(exchange.url, clock=clock) as at:
        seen = await at.market.snapshot(PORTFOLIO)
        async with at.venue._wire.budget._slots[Desk.SPOT]._turn:  # As behind other orders.
            order = intent(seen.instruments[BTC], 200, "61000")
            waiting = asyncio.ensure_future(at.venue.submit(order))
            await asyncio.sleep(0.05)
            clock.ahead = timedelta(seconds=5)
        with pytest.raises(NotDone, match="no order was sent"):
            await waiting
        assert orders_at(exchange) == 0


# A clock that tells whole seconds


def measured_by_seconds(ahead_ms: float, road: tuple[float, float]) -> ClockReading:
    true = LoopClock()

    async def ask() -> datetime:
        await asyncio.sleep(road[0])
        exact = true.now() + timedelta(milliseconds=ahead_ms)
        await asyncio.sleep(road[1])
        return exact.replace(microsecond=0)

    async def work() -> ClockReading:
        clocks = VenueClocks(LoopClock(), max_offset_ms=LIMIT_MS, unit_ms=1000)
        reading = await clocks.measured(Desk.SPOT, ask)
        assert abs(
            ((clocks.now(Desk.SPOT) - true.now()) / timedelta(milliseconds=1)) - ahead_ms
        ) <= (reading.uncertainty_ms)
        return reading

    return virtually(work)


@pytest.mark.parametrize("road", [(0.0, 0.0), (0.0, 0.05), (0.05, 0.0), (0.03, 0.03), (0.2, 0.001)])
@pytest.mark.parametrize("ahead_ms", [-3000.9, -420.0, 0.0, 0.5, 499.0, 700.0, 86_400_123.0])
def test_a_clock_of_seconds_is_narrowed_by_asking_where_one_ends(
    road: tuple[float, float], ahead_ms: float
) -> None:
    reading = measured_by_seconds(ahead_ms, road)
    assert abs(reading.offset_ms - ahead_ms) <= reading.uncertainty_ms
    assert reading.uncertainty_ms <= 35 + 1000 * sum(road)
