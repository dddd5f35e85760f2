"""The limits of successive orders for one leg."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from tests.builders import account, legs_of
from trimtab.domain.instruments import Ticks
from trimtab.domain.plan import Leg
from trimtab.domain.snapshot import Book, Level
from trimtab.execution.pricing import limit_of

ACCOUNT = account("BTC 1 @ 100, USDT 1000")


def leg(text: str) -> Leg:
    return legs_of(ACCOUNT, text)[0]


def touch(bid: str, ask: str) -> Book:
    def level(price: str) -> tuple[Level, ...]:
        return (Level(price=Decimal(price), quantity=Decimal(1)),)

    return Book(bids=level(bid), asks=level(ask), read_at=ACCOUNT.taken_at)


BUY, SELL = leg("buy 1 BTC @ 101"), leg("sell 1 BTC @ 99")


@pytest.mark.parametrize(
    ("rung", "buys_at", "sells_at"), [(0, 10_022, 9_978), (1, 10_048, 9_952), (2, 10_074, 9_926)]
)
def test_limits_go_from_two_ticks_beyond_the_touch_in_even_steps_to_the_bound(
    rung: int, buys_at: int, sells_at: int
) -> None:
    book = touch("99.80", "100.20")
    assert limit_of(BUY, book, rung=rung, rungs=3, last=None) == buys_at
    assert limit_of(SELL, book, rung=rung, rungs=3, last=None) == sells_at


@pytest.mark.parametrize("rung", [3, 4])
def test_the_last_limit_is_the_bound(rung: int) -> None:
    book = touch("99.80", "100.20")
    assert limit_of(BUY, book, rung=rung, rungs=3, last=None) == BUY.limit == 10_100
    assert limit_of(SELL, book, rung=rung, rungs=3, last=None) == SELL.limit == 9_900


def test_without_re_prices_the_only_order_stands_at_the_bound() -> None:
    assert limit_of(BUY, touch("99", "100"), rung=0, rungs=0, last=None) == BUY.limit


def test_a_further_limit_is_deeper_than_the_last_even_when_the_market_came_closer() -> None:
    book = touch("99.80", "99.90")
    assert limit_of(BUY, book, rung=1, rungs=3, last=Ticks(10_060)) == 10_061
    book = touch("100.10", "100.20")
    assert limit_of(SELL, book, rung=1, rungs=3, last=Ticks(9_940)) == 9_939


def test_no_limit_is_beyond_the_bound() -> None:
    book = touch("99", "100.99")
    assert limit_of(BUY, book, rung=0, rungs=3, last=None) == 10_100
    assert limit_of(BUY, book, rung=1, rungs=3, last=Ticks(10_100)) == 10_100


def test_a_touch_beyond_the_bound_gives_no_limit() -> None:
    assert limit_of(BUY, touch("101", "101.01"), rung=0, rungs=3, last=None) is None
    assert limit_of(BUY, touch("100", "101.00"), rung=0, rungs=3, last=None) == 10_100
    assert limit_of(SELL, touch("98.99", "99.50"), rung=0, rungs=3, last=None) is None


def test_a_touch_between_ticks_counts_as_the_worse_tick() -> None:
    coarse = dataclasses.replace(BUY.instrument, tick_size=Decimal("0.5"))
    bought = dataclasses.replace(BUY, instrument=coarse, limit=Ticks(210))
    sold = dataclasses.replace(SELL, instrument=coarse, limit=Ticks(190))
    book = touch("99.80", "100.20")
    assert limit_of(bought, book, rung=0, rungs=3, last=None) == 201 + 2
    assert limit_of(sold, book, rung=0, rungs=3, last=None) == 199 - 2
