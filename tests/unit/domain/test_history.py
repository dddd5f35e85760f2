"""Windows of closes: whole, or refused by name."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from tests.fakes.told_history import UNTIL, history_of
from trimtab.domain.errors import BadClose, HistoryError, HistoryGap, NoHistory, ShortHistory
from trimtab.domain.history import NOTHING_NEEDED, HistoryNeed, read_history
from trimtab.domain.instruments import Asset

BTC, ETH = Asset("BTC"), Asset("ETH")


def test_a_window_is_the_last_days_of_every_asset() -> None:
    told = history_of({"BTC": [1, 2, 3, 4], "ETH": [5, 6, 7]})
    window = told.window([BTC, ETH], days=3)
    assert window.closes == {BTC: (2, 3, 4), ETH: (5, 6, 7)}
    assert (window.until, window.days) == (UNTIL, 3)


@pytest.mark.parametrize("closes", [{}, {"BTC": []}])
def test_an_asset_without_closes_is_refused_by_name(closes: dict[str, list[int]]) -> None:
    with pytest.raises(NoHistory, match="BTC"):
        history_of(closes).window([BTC], days=1)


def test_a_window_that_is_too_short_says_how_many_days_there_are() -> None:
    with pytest.raises(ShortHistory, match="4 daily closes are needed and there are 3"):
        history_of({"BTC": [1, 2, 3]}).window([BTC], days=4)


def test_a_gap_is_named_by_its_day() -> None:
    missing = UNTIL - timedelta(days=1)
    with pytest.raises(HistoryGap, match=f"BTC: no close of {missing}"):
        history_of({"BTC": [1, 2, None, 4]}).window([BTC], days=3)


def test_a_coin_that_ended_before_the_last_day_has_a_gap_there() -> None:
    with pytest.raises(HistoryGap, match=str(UNTIL)):
        history_of({"BTC": [1, 2, None]}).window([BTC], days=2)


@pytest.mark.parametrize("close", ["0", "-1"])
def test_a_close_that_is_no_price_is_refused_by_its_day(close: str) -> None:
    with pytest.raises(BadClose, match=str(UNTIL)):
        history_of({"BTC": [1, close]}).window([BTC], days=2)


def test_what_is_wrong_before_the_window_is_nothing_to_it() -> None:
    assert history_of({"BTC": [0, None, 3]}).window([BTC], days=1).closes == {BTC: (3,)}


def test_every_fault_of_the_past_is_an_error_of_planning_with_a_next_step() -> None:
    for kind in (NoHistory, ShortHistory, HistoryGap, BadClose):
        assert issubclass(kind, HistoryError)
        assert kind("x").next_step


def test_a_history_that_was_not_read_is_an_error_for_who_needs_it() -> None:
    told = history_of({"BTC": [1]})
    assert read_history(told, for_what="risk parity") is told
    with pytest.raises(NoHistory, match="risk parity needs daily closes"):
        read_history(None, for_what="risk parity")


def test_two_needs_are_joined_to_what_serves_both() -> None:
    one = HistoryNeed(assets=(BTC,), days=30, perpetuals=(ETH,))
    other = HistoryNeed(assets=(ETH, BTC), days=90)
    joined = one.joined(other)
    assert joined == HistoryNeed(assets=(BTC, ETH), days=90, perpetuals=(ETH,))
    assert not joined.is_empty
    assert NOTHING_NEEDED.is_empty
    assert not dataclasses.replace(NOTHING_NEEDED, perpetuals=(BTC,)).is_empty
