"""What hedges come to, fill by fill."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from tests.builders import NOW, dec
from tests.hedge_cases import FAR, PERP, hedges, record_of
from trimtab.domain.hedges import (
    NO_HEDGES,
    HedgeCause,
    HedgeOrigin,
    HedgeRecord,
    kept_by_hand,
    units_of,
)
from trimtab.domain.instruments import Asset
from trimtab.hedging.book import book_of

USDT = Asset("USDT")
BTC = Asset("BTC")


def test_an_account_that_declared_nothing_has_no_hedges() -> None:
    assert book_of(HedgeRecord(declared=(), fills=(), funding=()), USDT) == NO_HEDGES


def test_a_hedge_grows_at_the_average_and_realises_at_the_average_entry() -> None:
    [hedge] = hedges("open btc 1 @ 100", "open btc 1 @ 120", "close btc 0.5 @ 90").hedges
    assert (hedge.units, hedge.entry, hedge.realised) == (dec("1.5"), dec(110), dec(10))
    assert (hedge.is_open, hedge.closed_by) == (True, None)
    assert hedge.profit_at(dec(100)) == dec(15)
    assert hedge.opened_at == NOW + timedelta(seconds=1)


def test_a_hedge_that_is_bought_back_is_closed_with_its_cause_and_keeps_its_profit() -> None:
    book = hedges("open btc 1 @ 100 fee 0.1", "pay 0.5", "close btc 1 @ 95 fee 0.2 for stop")
    [hedge] = book.hedges
    assert book.open == ()
    assert (hedge.units, hedge.entry, hedge.closed_by) == (dec(0), dec(0), HedgeCause.STOP)
    assert hedge.closed_at == NOW + timedelta(seconds=3)
    assert hedge.result(USDT) == dec(5) - dec("0.3") + dec("0.5")


def test_a_hedge_that_is_sold_again_after_its_close_is_open_again() -> None:
    [hedge] = hedges("open btc 1 @ 100", "close btc 1 @ 95", "open btc 1 @ 90").hedges
    assert (hedge.is_open, hedge.closed_by, hedge.entry) == (True, None, dec(90))
    assert hedge.realised == dec(5)


def test_a_line_of_two_hedges_closes_them_in_its_order_and_shares_the_fee_by_size() -> None:
    first, second = hedges(
        "open one 1 @ 100", "open two 3 @ 100 by hand", "close two+one 4 @ 90 fee 0.4"
    ).hedges
    assert (first.is_open, second.is_open) == (False, False)
    assert (first.fees[USDT], second.fees[USDT]) == (dec("0.1"), dec("0.3"))
    first, second = hedges(
        "open one 1 @ 100", "open two 3 @ 100 by hand", "close two+one 2 @ 90 fee 0.4"
    ).hedges
    assert (first.units, second.units) == (dec(1), dec(1))


def test_what_a_stranger_bought_back_comes_off_what_is_unexplained_then_off_the_oldest() -> None:
    events = ("open one 1 @ 100 beside 0.5", "open two 1 @ 100 by hand", "buy 0.5 @ 90")
    assert [h.units for h in hedges(*events).hedges] == [dec(1), dec(1)]
    first, second = hedges(*events, "buy 1.5 @ 90").hedges
    assert (first.closed_by, second.units) == (HedgeCause.OUTSIDE, dec("0.5"))


def test_a_line_that_buys_more_than_its_hedge_goes_on_to_the_others() -> None:
    first, second = hedges(
        "open one 1 @ 100 beside 0.5", "open two 1 @ 100 by hand", "close one 2 @ 90"
    ).hedges
    assert (first.units, second.units, second.is_open) == (dec(0), dec("0.5"), True)


def test_what_nobody_of_ours_sold_is_no_hedge_and_takes_its_part_of_funding() -> None:
    [hedge] = hedges("open btc 1 @ 100", "sell 3 @ 100", "pay 4").hedges
    assert (hedge.units, hedge.funding) == (dec(1), dec(1))


def test_what_is_bought_before_the_first_hedge_or_beyond_the_last_changes_none() -> None:
    assert hedges("buy 1 @ 100", "sell 1 @ 100").hedges == ()
    [hedge] = hedges("open btc 1 @ 100 beside 1", "close btc 3 @ 90").hedges
    assert (hedge.units, hedge.realised) == (dec(0), dec(10))


def test_what_opens_a_long_beyond_the_last_hedge_bears_its_own_fee() -> None:
    book = hedges("open btc 1 @ 100", "buy 4 @ 90 fee 0.4")
    assert (book.hedges[0].realised, book.hedges[0].fees[USDT]) == (dec(10), dec("0.1"))
    assert book.pot(USDT) == dec("9.9")


def test_funding_is_shared_by_size_and_nothing_of_it_is_lost() -> None:
    first, second = hedges("open one 1 @ 100", "open two 2 @ 100 by hand", "pay -1").hedges
    assert first.funding + second.funding == dec(-1)
    assert abs(second.funding + dec("0.6666666666666666666666666667")) < dec("1e-25")


def test_funding_of_no_contract_and_of_no_hedge_goes_to_nobody() -> None:
    record = record_of("pay 1", "open btc 1 @ 100", "pay 2")
    nameless = replace(record.funding[1], symbol=None)
    [hedge] = book_of(replace(record, funding=(record.funding[0], nameless)), USDT).hedges
    assert hedge.funding == dec(0)


def test_what_is_paid_at_the_instant_of_a_fill_is_for_what_was_held_before_it() -> None:
    record = record_of("open btc 1 @ 100", "close btc 1 @ 90", "pay 1")
    at = record.fills[1].fill.filled_at
    [hedge] = book_of(
        replace(record, funding=(replace(record.funding[0], paid_at=at),)), USDT
    ).hedges
    assert hedge.funding == dec(1)


def test_the_book_tells_what_is_short_by_hand() -> None:
    book = hedges("open one 1 @ 100", "open two 2 @ 100 by hand", "open three 1 @ 100 by hand")
    assert kept_by_hand(book) == {PERP: dec(3)}
    assert [h.hedge_id for h in book.by_hand(BTC)] == ["two", "three"]
    assert units_of(book.open_on(PERP)) == dec(4)
    assert {h.origin for h in book.open} == set(HedgeOrigin)


def test_units_fees_and_profit_add_up_exactly_where_divisions_do_not() -> None:
    events = ("open one 7 @ 99.9", "close one 3 @ 98.7", "close one 1 @ 90", "close one 3 @ 97.1")
    [hedge] = hedges(*events).hedges
    exact = 7 * Decimal("99.9") - 3 * Decimal("98.7") - 90 - 3 * Decimal("97.1")
    assert hedge.realised == exact
    assert hedge.proceeds == dec(0)


def test_a_hedge_that_is_rolled_keeps_its_id_its_age_and_what_it_gained() -> None:
    book = hedges(
        "open btc 2 @ 100",
        "close btc 2 @ 80 fee 0.2 for roll",
        "open btc 2 @ 82 fee 0.1 for roll in far",
    )
    near, far = book.hedges
    assert (near.hedge_id, near.symbol, near.is_open) == ("btc", PERP, False)
    assert (near.closed_by, near.realised) == (HedgeCause.ROLL, dec(40))
    assert (far.hedge_id, far.symbol, far.units) == ("btc", FAR, dec(2))
    assert far.opened_at == near.opened_at
    assert (far.entry, far.entry_with_rolls) == (dec(82), dec(102))  # 20 of 100 were gained before
    assert (near.entry_with_rolls, near.carried) == (dec(0), dec(0))
    assert book.pot(USDT) == dec(40) - dec("0.3")


def test_a_hedge_that_is_rolled_twice_carries_all_that_it_gained() -> None:
    book = hedges(
        "open btc 1 @ 100",
        "close btc 1 @ 80 for roll",
        "open btc 1 @ 81 for roll in far",
        "close btc 1 @ 71 for carry in far",
        "open btc 1 @ 70 for carry",
    )
    [back] = book.open
    assert (back.symbol, back.carried, back.entry_with_rolls) == (PERP, dec(30), dec(100))


def test_a_roll_in_slices_carries_the_gain_of_each() -> None:
    book = hedges(
        "open btc 2 @ 100",
        "close btc 1 @ 80 for roll",
        "open btc 0.5 @ 82 for roll in far",
        "close btc 1 @ 90 for roll",
        "open btc 1.5 @ 92 for roll in far",
    )
    [far] = book.open
    assert far.units == dec(2)
    assert far.carried == dec(30)
    assert far.proceeds == dec("0.5") * 82 + dec("1.5") * 92


def test_a_hedge_half_way_is_open_in_both_contracts() -> None:
    book = hedges(
        "open btc 2 @ 100", "close btc 1 @ 80 for roll", "open btc 1 @ 82 for roll in far"
    )
    assert [(h.hedge_id, h.symbol, h.units) for h in book.open] == [
        ("btc", PERP, dec(1)),
        ("btc", FAR, dec(1)),
    ]


def test_two_hedges_of_one_contract_are_rolled_each_by_what_was_bought_back_of_it() -> None:
    book = hedges(
        "open one 1 @ 100",
        "open two 3 @ 100 by hand",
        "close one+two 2 @ 90 for roll",
        "open one+two 2 @ 91 fee 0.4 for roll in far",
        "close one+two 2 @ 90 for roll",
        "open one+two 2 @ 91 for roll in far",
    )
    one, two = book.open
    assert [(h.hedge_id, h.units, h.carried) for h in (one, two)] == [
        ("one", dec(1), dec(10)),
        ("two", dec(3), dec(30)),
    ]
    assert (one.fees[USDT], two.fees[USDT]) == (dec("0.2"), dec("0.2"))


def test_a_rolled_hedge_that_is_bought_back_in_part_keeps_its_gain_by_size() -> None:
    book = hedges(
        "open btc 2 @ 100",
        "close btc 2 @ 80 for roll",
        "open btc 2 @ 80 for roll in far",
        "close btc 0.5 @ 70 for drift in far",
    )
    [far] = book.open
    assert (far.units, far.carried, far.realised) == (dec("1.5"), dec(30), dec(5))
    assert far.entry_with_rolls == dec(100)


def test_what_another_cause_sells_takes_no_gain_along() -> None:
    book = hedges(
        "open btc 2 @ 100", "close btc 1 @ 80 for roll", "open btc 1 @ 82 for drift in far"
    )
    assert [h.carried for h in book.open] == [dec(0), dec(0)]
