"""Futures wallets against payments, and payments against executions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from decimal import Decimal

import pytest

from tests.builders import NOW, dec, spot, swap
from tests.unit.execution.cases import fill, later, payment
from trimtab.domain.instruments import Asset
from trimtab.domain.orders import Fill
from trimtab.domain.payments import Payment, PaymentKind
from trimtab.execution.reconcile import Actor, Subject
from trimtab.execution.wallets import (
    compare_commissions,
    compare_payments,
    compare_profits,
    compare_wallets,
    unlisted_trades,
)

PERP, ETH = swap("BTC"), swap("ETH")
USDT, BNB = Asset("USDT"), Asset("BNB")
PAYMENTS = (payment("-0.12345678"), payment("0.00000001", 2), payment("250", 3))


def traded(lots: int, number: int, price: int = 60_000, fee: str = "0.01") -> Fill:
    return fill(lots, number, instrument=PERP, price=price, fee=dec(fee))


def commission(of: Fill, amount: str, asset: Asset = USDT) -> Payment:
    paid = payment(amount, int(of.trade_id), kind=PaymentKind.COMMISSION, of=of)
    return dataclasses.replace(paid, asset=asset)


def profit(of: Fill, amount: str) -> Payment:
    return payment(amount, int(of.trade_id), kind=PaymentKind.REALISED_PROFIT, of=of)


@pytest.mark.usefixtures("hostile_decimal_context")
@pytest.mark.parametrize(
    ("actual", "different"),
    [
        ({USDT: dec("749.87654323")}, []),
        ({USDT: dec("749.87654324")}, [("USDT", "749.87654323", "749.87654324")]),
        ({USDT: dec("749.87654323"), BNB: dec(1)}, [("BNB", "0", "1")]),
        ({BNB: dec(0)}, [("USDT", "749.87654323", "0")]),
    ],
)
def test_a_wallet_is_its_opening_and_its_payments_to_the_last_digit(
    actual: Mapping[Asset, Decimal], different: list[tuple[str, str, str]]
) -> None:
    found = compare_wallets(PAYMENTS, opening={USDT: dec(500)}, actual=actual)
    assert [(d.name, d.expected, d.actual) for d in found] == different
    assert {(d.subject, d.who) for d in found} <= {(Subject.WALLET, Actor.PERSON)}


def test_a_wallet_that_was_not_read_then_or_now_is_compared_with_nothing() -> None:
    assert compare_wallets(PAYMENTS, opening={}, actual={USDT: dec(1)}) == ()
    assert compare_wallets(PAYMENTS, opening={USDT: dec(1)}, actual={}) == ()


def test_a_booked_payment_that_the_venue_tells_otherwise_or_not_at_all_is_for_a_person() -> None:
    gone, changed, same = payment("1", 1), payment("2", 2), payment("3", 3)
    old = payment("4", 4, at=later(-1))
    other = dataclasses.replace(changed, units=dec("2.1"))
    unbooked = payment("5", 5)
    found = compare_payments((gone, changed, same, old), listed=(other, same, unbooked), since=NOW)
    assert [(d.subject, d.name, d.expected, d.actual) for d in found] == [
        (Subject.PAYMENT, "funding 1", "1 USDT at 2026-11-20 12:00", "not listed"),
        (
            Subject.PAYMENT,
            "funding 2",
            "2 USDT at 2026-11-20 12:00",
            "2.1 USDT at 2026-11-20 12:00",
        ),
    ]


def test_a_payment_is_described_with_its_market() -> None:
    mine = commission(traded(5, 1), "-0.01")
    [found] = compare_payments((mine,), listed=(), since=NOW)
    assert found.expected == "-0.01 USDT for BTC/USDT:USDT at 2026-11-20 12:00"


def test_a_payment_for_an_execution_that_no_list_shows_names_it() -> None:
    seen, missing, elsewhere = traded(5, 1), traded(5, 2), fill(5, 3, instrument=ETH)
    payments = [commission(f, "-0.01") for f in (seen, missing, elsewhere)]
    payments += [profit(missing, "1"), payment(), payment(kind=PaymentKind.COMMISSION)]
    [found] = unlisted_trades(payments, fills=[seen], markets={PERP.symbol})
    assert (found.subject, found.name, found.actual, found.who) == (
        Subject.FILL,
        "BTC/USDT:USDT 2",
        "not listed",
        Actor.PERSON,
    )


@pytest.mark.usefixtures("hostile_decimal_context")
@pytest.mark.parametrize(
    ("fee", "paid", "told"),
    [
        ("0.01", [("-0.01", USDT)], None),
        ("0.01", [("-0.004", USDT), ("-0.006", USDT)], None),
        ("-0.01", [("0.01", USDT)], None),
        ("0", [], None),
        ("0", [("0", USDT)], None),
        ("0.01", [], "nothing paid"),
        ("0.01", [("-0.01000001", USDT)], "paid 0.01000001 USDT"),
        ("0.01", [("-0.01", BNB)], "paid 0.01 BNB"),
        ("0", [("-0.01", USDT)], "paid 0.01 USDT"),
    ],
)
def test_a_commission_is_the_fee_of_its_execution(
    fee: str, paid: list[tuple[str, Asset]], told: str | None
) -> None:
    execution = traded(5, 1, fee=fee)
    payments = [commission(execution, amount, asset) for amount, asset in paid]
    found = compare_commissions([execution], payments=[*payments, profit(execution, "9")])
    assert [d.actual for d in found] == ([] if told is None else [told])
    assert {d.subject for d in found} <= {Subject.PAYMENT}


def test_an_execution_on_spot_is_paid_for_outside_futures_wallets() -> None:
    assert compare_commissions([fill(5, 1, instrument=spot("BTC"))], payments=[]) == ()


LONG = (traded(30, 9, 60_000), traded(60, 10, 63_000))
"""0.003 at 60,000 and 0.006 at 63,000: in average 62,000 for each of nine lots."""


@pytest.mark.parametrize(
    ("last", "realised"),
    [
        pytest.param(traded(-30, 11, 65_000), "9", id="a part of a long"),
        pytest.param(traded(-90, 11, 61_000), "-9", id="all of it"),
        pytest.param(traded(-100, 11, 61_000), "-9", id="more than all of it"),
        pytest.param(traded(30, 11, 70_000), "0", id="none of it"),
    ],
)
def test_profit_is_realised_at_average_entry(last: Fill, realised: str) -> None:
    fills = (last, *LONG)
    for amount, is_found in ((realised, False), (str(Decimal(realised) + 1), True)):
        paid = [profit(last, amount), commission(last, "-5")]
        found = compare_profits(fills, payments=paid, flat={PERP.symbol})
        assert bool(found) is is_found


def test_a_short_realises_what_it_was_sold_for_less_what_it_is_bought_for() -> None:
    fills = traded(-100, 1, 60_000), traded(40, 2, 59_000), traded(80, 3, 61_000)
    paid = [profit(fills[1], "4"), profit(fills[2], "-6")]
    assert compare_profits(fills, payments=paid, flat={PERP.symbol}) == ()
    found = compare_profits(fills, payments=paid[:1], flat={PERP.symbol})
    assert [(d.name, d.expected, d.actual) for d in found] == [
        ("BTC/USDT:USDT 3", "profit -6", "paid 0")
    ]


def test_what_a_position_turned_around_to_is_entered_at_the_turn() -> None:
    fills = traded(10, 1, 60_000), traded(-30, 2, 61_000), traded(20, 3, 60_000)
    paid = [profit(fills[1], "1"), profit(fills[2], "2")]
    assert compare_profits(fills, payments=paid, flat={PERP.symbol}) == ()


def test_profit_may_differ_by_what_rounding_can_do_and_no_further() -> None:
    fills = traded(30, 1, 60_001), traded(40, 2, 60_000), traded(-10, 3, 60_000)
    exact = Decimal(-3) / 7 / 1000  # The average entry is three sevenths too dear.
    within, beyond = (f"{exact - step:.12f}" for step in (Decimal("3e-8"), Decimal("3.1e-8")))
    assert compare_profits(fills, payments=[profit(fills[2], within)], flat={PERP.symbol}) == ()
    assert compare_profits(fills, payments=[profit(fills[2], beyond)], flat={PERP.symbol}) != ()


def test_profit_is_not_judged_where_the_history_is_not_whole() -> None:
    fills = traded(10, 1, 60_000), traded(-10, 2, 61_000)
    assert compare_profits(fills, payments=[], flat=set()) == ()
    assert len(compare_profits(fills, payments=[], flat={PERP.symbol})) == 1


def test_markets_are_judged_each_by_its_own_history() -> None:
    fills = traded(10, 1, 60_000), fill(-10, 2, instrument=ETH, price=3_000)
    flat = {PERP.symbol, ETH.symbol}
    assert compare_profits(fills, payments=[], flat=flat) == ()
