"""Limits of the venue, obeyed by every task."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from trimtab.adapters.budget import Budget
from trimtab.adapters.ccxt_transport import Capture
from trimtab.domain.errors import NotDone
from trimtab.venues.binance import BINANCE
from trimtab.venues.profile import Desk, OrderLimit

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def answer(
    status: int, *, host: str = "api.binance.com", body: bytes = b"", **headers: str
) -> Capture:
    return Capture(
        method="GET",
        host=host,
        path="/api/v3/depth",
        http_status=status,
        headers={name.replace("_", "-"): said for name, said in headers.items()},
        body=body,
        cause="",
        handed_to_socket=True,
        sent_at=NOW,
        answered_at=NOW,
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


async def test_silence_is_kept_on_every_host_for_as_long_as_was_said() -> None:
    budget = Budget(BINANCE)
    budget.after(answer(429, retry_after="7"))
    assert 6_500 < silence_of(budget) <= 7_000
    with pytest.raises(NotDone):
        await budget.order(Desk.LINEAR)
    with pytest.raises(NotDone):
        await budget.read(Desk.SPOT, urgent=True)


async def test_a_ban_is_read_from_its_text_when_no_header_says_it() -> None:
    until = int(NOW.timestamp() * 1000) + 90_000
    budget = Budget(BINANCE)
    budget.after(answer(418, body=f'{{"msg":"IP banned until {until}."}}'.encode()))
    assert 89_000 < silence_of(budget) <= 90_000


@pytest.mark.parametrize(("status", "seconds"), [(429, 60), (418, 120)])
async def test_silence_without_a_length_has_one(status: int, seconds: int) -> None:
    budget = Budget(BINANCE)
    budget.after(answer(status))
    assert (seconds - 1) * 1000 < silence_of(budget) <= seconds * 1000


async def test_a_shorter_silence_does_not_end_a_longer_one() -> None:
    budget = Budget(BINANCE)
    budget.after(answer(418, retry_after="100"))
    budget.after(answer(429, retry_after="1"))
    assert silence_of(budget) > 90_000


async def test_after_the_silence_requests_pass() -> None:
    budget = Budget(BINANCE)
    budget.after(answer(429, retry_after="1"))
    assert not is_open(budget)
    await asyncio.sleep(1.05)
    assert is_open(budget)


async def test_an_ordinary_answer_asks_for_no_silence() -> None:
    budget = Budget(BINANCE)
    budget.after(answer(503, retry_after="7"))
    assert is_open(budget)


async def test_reads_wait_when_the_weight_is_nearly_spent_and_urgent_ones_do_not() -> None:
    budget = Budget(BINANCE)
    budget.after(answer(200, x_mbx_used_weight_1m="5999"))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(budget.read(Desk.SPOT, urgent=False), 0.05)
    await budget.read(Desk.SPOT, urgent=True)
    await budget.read(Desk.LINEAR, urgent=False)


async def test_limits_that_the_venue_states_are_taken_over() -> None:
    budget = Budget(BINANCE)
    budget.learn(Desk.SPOT, [OrderLimit(count=2, seconds=10)])
    await budget.order(Desk.SPOT)
    budget.learn(Desk.SPOT, [OrderLimit(count=2, seconds=10)])  # Said again: not forgotten.
    budget.learn(Desk.SPOT, [])  # Says nothing.
    await budget.order(Desk.SPOT)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(budget.order(Desk.SPOT), 0.1)
    await budget.order(Desk.LINEAR)


async def test_orders_beyond_the_limit_wait_for_the_window_to_slide() -> None:
    budget = Budget(BINANCE)
    budget.learn(Desk.SPOT, [OrderLimit(count=3, seconds=1)])
    started = asyncio.get_running_loop().time()
    await asyncio.gather(*(budget.order(Desk.SPOT) for _ in range(7)))
    took = asyncio.get_running_loop().time() - started
    assert 2.0 <= took < 2.5
