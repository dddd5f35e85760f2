"""Limits of the venue, obeyed by every task. Virtual time: instants are exact."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.fakes.virtually import BEGAN_AT, LoopClock, all_of, now_s, virtually
from trimtab.adapters.wire.budget import Budget
from trimtab.adapters.wire.transport import Capture
from trimtab.adapters.wire.venue_clock import VenueClocks
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.venues.binance import BINANCE
from trimtab.venues.profile import Desk, OrderLimit


def budget_of(clocks: VenueClocks | None = None) -> Budget:
    return Budget(BINANCE, clocks or VenueClocks(LoopClock(), max_offset_ms=500))


def answer(
    status: int,
    *,
    host: str = "api.binance.com",
    body: bytes = b"",
    trip_s: float = 0.0,
    **headers: str,
) -> Capture:
    now = BEGAN_AT + timedelta(seconds=now_s())
    return Capture(
        method="GET",
        host=host,
        path="/api/v3/depth",
        http_status=status,
        headers={name.replace("_", "-"): said for name, said in headers.items()},
        body=body,
        cause="",
        handed_to_socket=True,
        sent_at=now - timedelta(seconds=trip_s),
        answered_at=now,
    )


def silence_of(budget: Budget) -> int:
    with pytest.raises(NotDone) as raised:
        budget.before("fapi.binance.com")
    return raised.value.retry_after_ms


def is_open(budget: Budget) -> bool:
    try:
        budget.before("api.binance.com")
    except NotDone:
        return False
    return True


async def read(budget: Budget, weight: int, *, rank: Rank = Rank.READ, takes_s: float = 0) -> float:
    """Ask on the spot desk; return when it was let go. No answer tells what was used."""
    async with budget.weighed(Desk.SPOT, weight, rank=rank) as captures:
        left_at = now_s()
        await asyncio.sleep(takes_s)
        captures.append(answer(0))
        return left_at


async def order(budget: Budget, desk: Desk = Desk.SPOT, *, takes_s: float = 0) -> float:
    async with budget.order(desk):
        left_at = now_s()
        await asyncio.sleep(takes_s)
        return left_at


def test_silence_is_kept_on_every_host_for_as_long_as_was_said() -> None:
    async def work() -> None:
        budget = budget_of()
        budget.after(answer(429, retry_after="7"))
        assert silence_of(budget) == 7_000
        with pytest.raises(NotDone):
            await order(budget, Desk.LINEAR)
        with pytest.raises(NotDone):
            await read(budget, 1, rank=Rank.LOOK_UP)

    virtually(work)


@pytest.mark.parametrize("venue_ahead_s", [0.0, -0.4, 0.4, -30.0])
def test_a_ban_until_an_instant_ends_by_the_clock_of_the_venue(venue_ahead_s: float) -> None:
    async def work() -> float:
        clock = LoopClock()
        clocks = VenueClocks(clock, max_offset_ms=500)

        async def venue_time() -> datetime:
            return clock.now() + timedelta(seconds=venue_ahead_s)

        await clocks.measured(Desk.SPOT, venue_time)
        budget = budget_of(clocks)
        until = BEGAN_AT + timedelta(seconds=now_s() + venue_ahead_s + 90)
        banned = f'{{"msg":"IP banned until {round(until.timestamp() * 1000)}."}}'
        budget.after(answer(418, body=banned.encode()))
        return silence_of(budget) / 1000

    assert 90.0 <= virtually(work) < 91.0


def test_the_later_of_header_and_text_holds() -> None:
    async def work() -> None:
        budget = budget_of()
        until = round((BEGAN_AT + timedelta(seconds=20)).timestamp() * 1000)
        text = f'{{"msg":"IP banned until {until}."}}'.encode()
        budget.after(answer(418, body=text, retry_after="3"))
        assert silence_of(budget) > 20_000
        budget.after(answer(418, body=text, retry_after="40"))
        assert silence_of(budget) == 40_000

    virtually(work)


@pytest.mark.parametrize(("status", "seconds"), [(429, 60), (418, 120)])
def test_silence_without_a_length_has_one(status: int, seconds: int) -> None:
    async def work() -> None:
        budget = budget_of()
        budget.after(answer(status))
        assert silence_of(budget) == seconds * 1000

    virtually(work)


def test_silence_without_a_length_doubles_while_the_venue_is_not_content() -> None:
    async def work() -> list[int]:
        budget, lengths = budget_of(), []
        for status in (429, 418, 418):
            for _ in range(5):  # What was under way already is answered alike: one wish.
                budget.after(answer(status))
            lengths.append(silence_of(budget) // 1000)
            await asyncio.sleep(lengths[-1])
        budget.after(answer(200))
        budget.after(answer(418))
        return [*lengths, silence_of(budget) // 1000]

    assert virtually(work) == [60, 240, 480, 120]


def test_a_shorter_silence_does_not_end_a_longer_one() -> None:
    async def work() -> None:
        budget = budget_of()
        budget.after(answer(418, retry_after="100"))
        budget.after(answer(429, retry_after="1"))
        assert silence_of(budget) == 100_000

    virtually(work)


def test_requests_pass_again_right_after_the_silence_and_not_before() -> None:
    async def work() -> None:
        budget = budget_of()
        budget.after(answer(429, retry_after="2"))
        await asyncio.sleep(1.999)
        assert not is_open(budget)
        await asyncio.sleep(0.001)
        assert is_open(budget)
        assert await read(budget, 1) == 2.0
        assert await order(budget) == 2.0

    virtually(work)


def test_an_ordinary_answer_asks_for_no_silence() -> None:
    async def work() -> None:
        budget = budget_of()
        budget.after(answer(503, retry_after="7"))
        assert is_open(budget)

    virtually(work)


def test_orders_that_wait_for_room_are_told_of_a_silence_at_once() -> None:
    async def soon(budget: Budget) -> None:
        await asyncio.sleep(1)
        budget.after(answer(429, retry_after="30"))

    async def work() -> float:
        budget = budget_of()
        budget.learn(Desk.SPOT, orders=[OrderLimit(count=2, seconds=10)], weight=None)
        found = await all_of(*(order(budget) for _ in range(20)), soon(budget))
        assert sum(isinstance(each, NotDone) for each in found) == 18
        return now_s()

    assert virtually(work) < 1.1


def test_a_burst_is_counted_before_any_answer_tells_of_it() -> None:
    async def work() -> list[float]:
        budget = budget_of()
        await asyncio.sleep(1)
        budget.learn(Desk.SPOT, orders=[], weight=1000)
        return sorted(await all_of(*(read(budget, 20, takes_s=1) for _ in range(90))))

    left = virtually(work)
    assert left[:45] == [1.0] * 45  # Nine tenths of the minute are for reads,
    assert all(60.0 < at < 60.5 for at in left[45:])  # the others wait for the venue's minute,
    # and no answer ever said what was used.


def test_a_window_is_as_long_as_the_profile_says() -> None:
    async def work() -> tuple[list[float], list[str]]:
        clocks = VenueClocks(LoopClock(), max_offset_ms=500)
        budget = Budget(replace(BINANCE, weight_window_s=10), clocks)
        await asyncio.sleep(1)
        budget.learn(Desk.SPOT, orders=[], weight=100)
        left = sorted(await all_of(*(read(budget, 30, takes_s=1) for _ in range(7))))
        return left, [use.counts for use in budget.usage() if "weight" in use.counts]

    left, counts = virtually(work)
    assert left[:3] == [1.0] * 3
    assert all(10.0 < at < 10.5 for at in left[3:6])
    assert 20.0 < left[6] < 20.5
    assert set(counts) == {"weight in 10 s"}


def test_what_others_use_of_the_address_counts_as_the_venue_says() -> None:
    async def work() -> tuple[float, float, float]:
        budget = budget_of()
        await asyncio.sleep(30)
        budget.after(answer(200, x_mbx_used_weight_1m="5500"))
        elsewhere = asyncio.ensure_future(read(budget, 1))
        looked_up = await read(budget, 4, rank=Rank.LOOK_UP)
        async with budget.weighed(Desk.LINEAR, 1, rank=Rank.READ):
            other_desk = now_s()
        return await elsewhere, looked_up, other_desk

    read_at, looked_up_at, linear_at = virtually(work)
    assert 60.0 <= read_at < 60.5  # The venue's minute, not one after its answer.
    assert (looked_up_at, linear_at) == (30.0, 30.0)


def test_orders_and_cancels_may_use_what_look_ups_and_reads_must_leave() -> None:
    async def work() -> dict[Rank, float]:
        budget = budget_of()
        await asyncio.sleep(1)
        budget.after(answer(200, x_mbx_used_weight_1m="5900"))
        found = await all_of(*(read(budget, 1, rank=rank) for rank in Rank))
        return dict(zip(Rank, found, strict=True))

    left = virtually(work)
    assert left[Rank.ORDER] == left[Rank.CANCEL] == 1.0
    assert min(left[Rank.LOOK_UP], left[Rank.READ]) >= 60.0


def test_when_several_wait_orders_go_first_then_cancels_look_ups_and_reads() -> None:
    async def one(budget: Budget, rank: Rank, went: list[Rank]) -> None:
        await read(budget, 10, rank=rank)
        went.append(rank)

    async def work() -> list[Rank]:
        budget, went = budget_of(), list[Rank]()
        await asyncio.sleep(57)  # Orders have patience for four seconds.
        budget.after(answer(200, x_mbx_used_weight_1m="6000"))
        ranks = [Rank.READ, Rank.LOOK_UP, Rank.CANCEL, Rank.ORDER]
        await all_of(*(one(budget, rank, went) for rank in ranks))
        return went

    assert virtually(work) == [Rank.ORDER, Rank.CANCEL, Rank.LOOK_UP, Rank.READ]


def test_an_order_that_has_to_wait_long_for_weight_is_told_for_how_long() -> None:
    async def work() -> int:
        budget = budget_of()
        await asyncio.sleep(20)
        budget.after(answer(200, x_mbx_used_weight_1m="6000"))
        with pytest.raises(NotDone) as raised:
            await read(budget, 1, rank=Rank.ORDER)
        return raised.value.retry_after_ms

    assert 35_000 < virtually(work) < 37_000


def test_a_read_that_waits_long_is_not_overtaken_for_ever() -> None:
    async def busy(budget: Budget) -> None:
        """Look up without end, as much as a minute allows."""
        while now_s() < 400:
            await read(budget, 30, rank=Rank.LOOK_UP, takes_s=0.5)

    async def work() -> float:
        budget = budget_of()
        budget.learn(Desk.SPOT, orders=[], weight=100)
        budget.after(answer(200, x_mbx_used_weight_1m="100"))
        others = [asyncio.ensure_future(busy(budget)) for _ in range(6)]
        left_at = await read(budget, 30)
        for other in others:
            other.cancel()
        await all_of(*others)
        return left_at

    assert virtually(work) < 61


def test_nobody_waits_for_weight_for_ever() -> None:
    async def work() -> float:
        budget = budget_of()
        with pytest.raises(NotDone):
            async with budget.weighed(Desk.SPOT, 5000, rank=Rank.READ):
                await read(budget, 5000)  # The first never ends: no minute has room for both.
        return now_s()

    assert 60 < virtually(work) < 70


def test_whoever_gives_up_waiting_leaves_its_weight_to_others() -> None:
    async def work() -> float:
        budget = budget_of()
        async with budget.weighed(Desk.SPOT, 5400, rank=Rank.READ):
            waiting = [asyncio.ensure_future(read(budget, 5000)) for _ in range(3)]
            await asyncio.sleep(1)
            for task in waiting:
                task.cancel()
            await all_of(*waiting)
        return await read(budget, 5400)

    assert virtually(work) == 1.0


def test_whoever_is_ended_in_the_instant_of_passing_leaves_its_weight_to_others() -> None:
    async def work() -> float:
        budget = budget_of()
        async with budget.weighed(Desk.SPOT, 5400, rank=Rank.READ):
            waiting = asyncio.ensure_future(read(budget, 5000))
            await asyncio.sleep(1)
        waiting.cancel()  # It passed just now and has not run since.
        await all_of(waiting)
        return await read(budget, 5400)

    assert virtually(work) == 1.0


def test_a_request_that_never_left_uses_no_weight() -> None:
    async def work() -> float:
        budget = budget_of()
        for _ in range(20):
            with pytest.raises(ZeroDivisionError):
                async with budget.weighed(Desk.SPOT, 5000, rank=Rank.READ):
                    raise ZeroDivisionError
        return await read(budget, 5400)

    assert virtually(work) == 0.0


def test_the_weight_that_the_venue_states_is_taken_over() -> None:
    async def work() -> float:
        budget = budget_of()
        await read(budget, 5000)
        budget.learn(Desk.SPOT, orders=[], weight=12_000)
        return await read(budget, 5000)

    assert virtually(work) == 0.0


def test_order_limits_that_the_venue_states_are_taken_over_and_what_was_sent_stays_counted() -> (
    None
):
    async def work() -> list[float]:
        budget = budget_of()
        left = [await order(budget)]
        for count in (3, 2):
            budget.learn(Desk.SPOT, orders=[OrderLimit(count=count, seconds=10)], weight=None)
        budget.learn(Desk.SPOT, orders=[], weight=None)  # Says nothing.
        left += [await order(budget), await order(budget), await order(budget, Desk.LINEAR)]
        return left

    first, second, third, linear = virtually(work)
    assert (first, second) == (0.0, 0.0)
    assert 10.0 < third < 10.2
    assert linear == third


def test_orders_beyond_the_limit_wait_for_the_window_to_slide() -> None:
    async def work() -> list[float]:
        budget = budget_of()
        budget.learn(Desk.SPOT, orders=[OrderLimit(count=3, seconds=1)], weight=None)
        return sorted(await all_of(*(order(budget) for _ in range(7))))

    left = virtually(work)
    assert left[:3] == [0.0] * 3
    assert all(1.0 < at < 1.2 for at in left[3:6])
    assert 2.0 < left[6] < 2.4


def test_the_window_is_longer_by_the_way_that_orders_take() -> None:
    """One that arrives late must not meet, in one window of the venue, one that arrives early."""

    async def work() -> tuple[float, float]:
        budget = budget_of()
        budget.learn(Desk.SPOT, orders=[OrderLimit(count=2, seconds=10)], weight=None)
        await all_of(order(budget, takes_s=0.1), order(budget, takes_s=0.9))
        return await order(budget), 10.9

    left_at, earliest = virtually(work)
    assert earliest < left_at < earliest + 0.2


def test_orders_of_another_program_on_the_account_slow_us_down() -> None:
    others, arrived = 40, Counter[int]()

    async def one(budget: Budget) -> None:
        async with budget.order(Desk.SPOT):
            window = int(now_s() // 10)
            arrived[window] += 1
            counted = others + arrived[window]
            await asyncio.sleep(0.05)
            budget.after(answer(200, x_mbx_order_count_10s=str(counted)))

    async def work() -> None:
        budget = budget_of()
        await all_of(*(one(budget) for _ in range(250)))

    virtually(work)
    assert arrived[0] == 100  # Nothing was known of the others before the first answer.
    assert max(arrived[window] for window in arrived if window) <= 100 - others
    assert sum(arrived.values()) == 250


def test_a_window_that_the_venue_says_is_full_is_waited_out() -> None:
    async def work() -> float:
        budget = budget_of()
        await asyncio.sleep(3)
        budget.after(answer(200, x_mbx_order_count_10s="100"))
        return await order(budget)

    assert 10.0 < virtually(work) < 10.3


def test_what_an_answer_from_the_window_before_says_is_not_held_against_this_one() -> None:
    async def work() -> tuple[float, float]:
        budget = budget_of()
        await asyncio.sleep(60.2)
        used, counted = {"x_mbx_used_weight_1m": "6000"}, {"x_mbx_order_count_10s": "100"}
        budget.after(answer(200, trip_s=0.5, **used, **counted))
        return await order(budget), await read(budget, 20)

    assert virtually(work) == (60.2, 60.2)


def test_an_order_is_not_kept_waiting_for_tomorrow() -> None:
    async def work() -> int:
        budget = budget_of()
        budget.learn(Desk.SPOT, orders=[OrderLimit(count=200_000, seconds=86_400)], weight=None)
        budget.after(answer(200, x_mbx_order_count_1d="200000"))
        with pytest.raises(NotDone) as raised:
            await order(budget)
        return raised.value.retry_after_ms

    assert virtually(work) > 3_600_000


def test_orders_far_back_in_the_queue_are_told_while_they_can_still_be_sent_in_time() -> None:
    async def work() -> tuple[int, float]:
        budget = budget_of()
        found = await all_of(*(order(budget) for _ in range(1_000)))
        return sum(isinstance(each, float) for each in found), now_s()

    sent, ended_at = virtually(work)
    assert sent >= 400
    assert ended_at < 45  # The driver cuts an order off after 60 s, which is an unknown one.


def test_waiting_orders_do_not_poll() -> None:
    async def work() -> int:
        loop: Any = asyncio.get_running_loop()
        budget = budget_of()
        await all_of(*(order(budget) for _ in range(200)))
        return int(loop.turns)

    assert virtually(work) < 1_000  # A hundred waiters would take twenty thousand.
