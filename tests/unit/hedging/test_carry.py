"""What contracts bring, in worked numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.builders import dec
from trimtab.domain.exact import shown
from trimtab.domain.history import FundingSettlement
from trimtab.domain.instruments import Symbol
from trimtab.hedging.carry import (
    LONG,
    Offer,
    best_to_open,
    compared,
    days_paid,
    interval_of,
    mean_rate,
    settlements,
)

NOW = datetime(2026, 10, 1, tzinfo=UTC)
PERPETUAL = Offer(
    symbol=Symbol("BTC/USDT:USDT"),
    expires_at=None,
    premium=dec(0),
    rate=dec("0.0001"),
    hours=8,
    cost=dec("0.0006"),
)
DATED = Offer(
    symbol=Symbol("BTC/USDT:USDT-261225"),
    expires_at=NOW + timedelta(days=73),
    premium=dec("0.02"),
    rate=dec(0),
    hours=8,
    cost=dec("0.0007"),
)


def paid(*rates: str) -> tuple[FundingSettlement, ...]:
    """Settlements eight hours apart, the last an hour before now."""
    last = NOW - timedelta(hours=1)
    ages = reversed(range(len(rates)))
    return tuple(
        FundingSettlement(settled_at=last - timedelta(hours=8 * age), rate=dec(rate))
        for age, rate in zip(ages, rates, strict=True)
    )


def test_a_year_of_a_perpetual_is_its_rate_by_the_settlements_of_a_year() -> None:
    assert PERPETUAL.year(NOW) == dec("0.1095")  # 0.0001 three times a day
    assert replace(PERPETUAL, hours=4).year(NOW) == dec("0.2190")
    assert PERPETUAL.year(NOW, side=LONG) == dec("-0.1095")


def test_a_year_of_a_dated_contract_is_its_premium_by_its_days() -> None:
    assert DATED.year(NOW) == dec("0.1")  # 2 % in a fifth of a year
    assert DATED.year(NOW, side=LONG) == dec("-0.1")
    assert DATED.year(NOW + timedelta(days=73)) == 0


def test_income_within_the_horizon_is_counted_by_settlements_or_by_days() -> None:
    assert PERPETUAL.income(NOW, over=dec(10)) == dec("0.0030")
    assert DATED.income(NOW, over=dec("36.5")) == dec("0.01")
    assert DATED.income(NOW, over=dec(500)) == dec("0.02")  # No more than all of it.
    assert DATED.income(NOW + timedelta(days=80), over=dec(10)) == 0
    assert PERPETUAL.income(NOW, over=dec(10), side=LONG) == dec("-0.0030")


def test_moving_pays_two_trades_and_a_roll_where_the_horizon_is_longer() -> None:
    short = compared(PERPETUAL, other=DATED, now=NOW, horizon_days=30)
    assert (short.over, short.stays) == (dec(30), dec("0.0090"))
    assert shown(short.moves, 6) == "0.008219"  # 0.02 x 30/73
    assert short.costs == dec("0.0013")
    assert shown(short.gain_bps, 2) == "-20.81"
    long = compared(PERPETUAL, other=DATED, now=NOW, horizon_days=90)
    assert (long.over, long.stays, long.moves) == (dec(73), dec("0.0219"), dec("0.02"))
    assert long.costs == dec("0.0013") + dec("0.0014")  # and one roll


def test_leaving_a_dated_contract_for_the_perpetual_pays_no_roll() -> None:
    back = compared(DATED, other=PERPETUAL, now=NOW, horizon_days=90)
    assert (back.over, back.stays, back.moves) == (dec(73), dec("0.02"), dec("0.0219"))
    assert back.costs == dec("0.0013")
    assert back.gain_bps == dec(6)


def test_a_contract_that_is_delivered_already_leaves_no_time_to_earn() -> None:
    gone = replace(DATED, expires_at=NOW - timedelta(days=1))
    assert compared(gone, other=PERPETUAL, now=NOW, horizon_days=90).over == 0


def test_the_best_to_open_is_what_a_year_of_it_comes_to_less_its_roll() -> None:
    assert best_to_open([PERPETUAL, DATED], now=NOW, horizon_days=60) == PERPETUAL
    richer = replace(DATED, premium=dec("0.03"))
    assert best_to_open([PERPETUAL, richer], now=NOW, horizon_days=60) == richer
    # 0.15 against 0.1095 a year: 90 days are 99 bps of difference, less the roll of a dear book.
    dear = replace(richer, cost=dec("0.006"))
    assert best_to_open([PERPETUAL, dear], now=NOW, horizon_days=90) == PERPETUAL
    assert best_to_open([PERPETUAL, dear], now=NOW, horizon_days=60) == dear
    assert best_to_open([PERPETUAL, DATED], now=NOW, horizon_days=60) == PERPETUAL


@pytest.mark.parametrize(
    ("rates", "days"),
    [
        ((), "0.0000"),
        (("0.0001",), "0.0000"),
        (("-0.0001", "0"), "0.0000"),
        (("0.0001", "-0.0001", "-0.0002"), "0.7083"),  # 17 hours since it was paid last
        (("-0.0001", "-0.0001", "-0.0002"), "0.7083"),
    ],
)
def test_the_days_of_paying_count_from_the_last_settlement_that_did_not(
    rates: tuple[str, ...], days: str
) -> None:
    assert shown(days_paid(paid(*rates), now=NOW), 4) == days


def test_the_mean_and_the_interval_are_of_what_was_settled() -> None:
    assert (mean_rate(()), interval_of(paid("0.0001"))) == (None, None)
    assert (mean_rate(paid("0.0001", "0.0003")), interval_of(paid("0", "0"))) == (dec("0.0002"), 8)


def test_settlements_count_from_midnight_and_after_now() -> None:
    at = datetime(2026, 10, 1, 8, tzinfo=UTC)
    assert settlements(at, span=timedelta(hours=16), hours=8) == 2
    assert settlements(at - timedelta(seconds=1), span=timedelta(seconds=1), hours=8) == 1
    assert isinstance(PERPETUAL.income(at, over=Decimal(1)), Decimal)
