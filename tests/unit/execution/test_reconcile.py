"""Ledger against venue, side by side: what differs, and who must act."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from decimal import Decimal

import pytest

from tests.builders import NOW, dec, spot, swap
from tests.unit.execution.cases import fill, intent, later, payment
from trimtab.domain.hedges import HedgeId
from trimtab.domain.instruments import Asset, Instrument, Lots, Symbol, Ticks
from trimtab.domain.orders import (
    ClientOrderId,
    OrderRecord,
    OrderState,
    TradeId,
    VenueOrderId,
)
from trimtab.domain.snapshot import MarginMode, OpenOrder, Position
from trimtab.domain.statement import Statement
from trimtab.domain.stops import StopId, StopIntent, StopRecord, StopState
from trimtab.execution.reconcile import (
    Actor,
    Difference,
    Subject,
    compare_balances,
    compare_fills,
    compare_orders,
    compare_positions,
    later_fills,
    later_payments,
)

BTC, PERP = spot("BTC"), swap("BTC")
INSTRUMENTS: Mapping[Symbol, Instrument] = {BTC.symbol: BTC, PERP.symbol: PERP}
COIN, USDT, BNB = Asset("BTC"), Asset("USDT"), Asset("BNB")


def record(state: OrderState) -> OrderRecord:
    return OrderRecord(
        intent=intent(),
        state=state,
        venue_order_id=None,
        filled_lots=Lots(0),
        executed_lots=Lots(0),
        submitted_at=NOW,
        simulated=False,
    )


def resting(name: ClientOrderId) -> OpenOrder:
    return OpenOrder(
        client_order_id=name,
        venue_order_id=VenueOrderId("v1"),
        symbol=BTC.symbol,
        lots=Lots(10),
        limit_price=dec("60000.00"),
        reduce_only=False,
    )


OURS = intent().client_order_id


def test_an_order_that_is_closed_on_both_sides_is_no_difference() -> None:
    assert compare_orders([record(OrderState.FILLED)], [], ()) == ()


def test_an_order_that_the_ledger_has_not_closed_is_for_recovery_whether_it_rests_or_not() -> None:
    found = Difference(
        subject=Subject.ORDER, name=OURS, expected="closed", actual="open", who=Actor.RECOVER
    )
    assert compare_orders([record(OrderState.OPEN)], [], ()) == (found,)
    assert compare_orders([record(OrderState.OPEN)], [resting(OURS)], ()) == (found,)


def test_what_rests_though_it_should_not_is_for_a_person() -> None:
    stranger = ClientOrderId("a stranger's")
    found = compare_orders([record(OrderState.EXPIRED)], [resting(OURS), resting(stranger)], ())
    text = "BTC/USDT: 10 lots rest at 60000"
    assert found == (
        Difference(
            subject=Subject.ORDER, name=OURS, expected="expired", actual=text, who=Actor.PERSON
        ),
        Difference(
            subject=Subject.ORDER,
            name=stranger,
            expected="no such order",
            actual=text,
            who=Actor.PERSON,
        ),
    )


@pytest.mark.parametrize(
    ("state", "told"), [(StopState.RESTING, []), (StopState.ABSENT, ["stop absent"])]
)
def test_a_stop_that_rests_by_the_ledger_is_no_difference_and_one_that_has_ended_is_told(
    state: StopState, told: list[str]
) -> None:
    name = StopId("s" + "a" * 27)
    stop = StopRecord(
        intent=StopIntent(
            stop_id=name,
            plan_digest="0" * 64,
            line=1001,
            hedge_id=HedgeId("btc-1f09ac"),
            instrument=PERP,
            lots=Lots(10),
            trigger=Ticks(6_600_000),
        ),
        state=state,
        venue_stop_id=None,
        venue_order_id=None,
        executed_lots=Lots(0),
        begun_at=NOW,
    )
    found = compare_orders([], [resting(ClientOrderId(name))], [stop])
    assert [d.expected for d in found] == told
    assert all(d.who is Actor.PERSON for d in found)


def test_an_execution_that_only_the_venue_has_is_recovered_or_adopted_by_whose_it_is() -> None:
    mine, foreign = fill(5, 1, client_order_id=OURS), fill(-5, 2)
    found = compare_fills(booked=[], seen=[foreign, mine], since=NOW, unresolved=frozenset({OURS}))
    assert [(d.name, d.expected, d.actual, d.who) for d in found] == [
        ("BTC/USDT 1", "not booked", "buy 0.0005 at 60000, fee 0.01 USDT", Actor.RECOVER),
        ("BTC/USDT 2", "not booked", "sell 0.0005 at 60000, fee 0.01 USDT", Actor.ADOPT),
    ]


def test_an_execution_that_only_the_ledger_has_counts_from_where_the_venues_list_begins() -> None:
    old, new = fill(5, 1, filled_at=later(-1)), fill(5, 2, filled_at=NOW)
    found = compare_fills(booked=[old, new], seen=[], since=NOW, unresolved=frozenset())
    assert [(d.name, d.actual, d.who) for d in found] == [
        ("BTC/USDT 2", "not listed", Actor.PERSON)
    ]


def test_an_execution_that_both_tell_differently_is_for_a_person() -> None:
    mine = fill(5, 1, client_order_id=OURS)
    other = dataclasses.replace(mine, fee=dec("0.02"))
    [found] = compare_fills(booked=[mine], seen=[other], since=NOW, unresolved=frozenset())
    assert (found.expected, found.actual, found.who) == (
        "buy 0.0005 at 60000, fee 0.01 USDT",
        "buy 0.0005 at 60000, fee 0.02 USDT",
        Actor.PERSON,
    )


def test_whose_order_an_execution_is_of_may_be_known_to_one_side_only() -> None:
    mine = fill(5, 1, client_order_id=OURS)
    seen = dataclasses.replace(mine, client_order_id=None)
    assert compare_fills(booked=[mine], seen=[seen], since=NOW, unresolved=frozenset()) == ()


def test_trade_ids_are_of_one_market_each() -> None:
    here, there = fill(5, 1), fill(5, 1, instrument=PERP)
    [found] = compare_fills(booked=[here], seen=[here, there], since=NOW, unresolved=frozenset())
    assert found.name == "BTC/USDT:USDT 1"


OPENING = {COIN: dec("1.23456"), USDT: dec(50_000)}
BOOKED = (
    fill(1_000, 1, fee=dec("0.0001"), fee_asset=COIN),
    fill(-500, 2, price=70_000, fee=dec("0.5"), fee_asset=BNB),
    fill(999, 3, instrument=PERP),
)
EXPECTED = {COIN: dec("1.28446"), USDT: dec(47_500), BNB: dec("-0.5")}


@pytest.mark.usefixtures("hostile_decimal_context")
@pytest.mark.parametrize(
    ("changed", "different"),
    [
        ({}, []),
        ({USDT: Decimal("47500.01")}, [("USDT", "47500", "47500.01")]),
        ({Asset("ETH"): Decimal(1)}, [("ETH", "0", "1")]),
        ({BNB: Decimal(0)}, [("BNB", "-0.5", "0")]),
    ],
)
def test_balances_are_opening_and_spot_fills_less_fees_to_the_last_digit(
    changed: Mapping[Asset, Decimal], different: list[tuple[str, str, str]]
) -> None:
    found = compare_balances(
        BOOKED, opening=OPENING, actual=EXPECTED | changed, instruments=INSTRUMENTS
    )
    assert [(d.name, d.expected, d.actual) for d in found] == different
    assert {d.who for d in found} <= {Actor.ADOPT}


def position(lots: int) -> Position:
    return Position(
        symbol=PERP.symbol,
        lots=Lots(lots),
        entry_price=dec(60_000),
        margin_mode=MarginMode.CROSS,
        liquidation_price=None,
    )


@pytest.mark.parametrize(
    ("actual", "different"),
    [
        ({PERP.symbol: position(70)}, []),
        ({PERP.symbol: position(71)}, [("70 lots", "71 lots")]),
        ({}, [("70 lots", "0 lots")]),
    ],
)
def test_positions_are_opening_and_contract_fills(
    actual: Mapping[Symbol, Position], different: list[tuple[str, str]]
) -> None:
    fills = (fill(100, 1, instrument=PERP), fill(-50, 2, instrument=PERP), fill(999, 3))
    found = compare_positions(
        fills,
        opening={PERP.symbol: 20},
        actual=actual,
        instruments=INSTRUMENTS,
        who=Actor.PERSON,
    )
    assert [(d.expected, d.actual) for d in found] == different
    assert {d.who for d in found} <= {Actor.PERSON}


def test_a_position_that_nothing_opened_is_a_difference() -> None:
    [found] = compare_positions(
        (),
        opening={},
        actual={PERP.symbol: position(-3)},
        instruments=INSTRUMENTS,
        who=Actor.ADOPT,
    )
    told = (found.name, found.expected, found.actual, found.who)
    assert told == (PERP.symbol, "0 lots", "-3 lots", Actor.ADOPT)


def statement(marks: Mapping[Symbol, TradeId | None], *, is_bracketed: bool = True) -> Statement:
    return Statement(
        taken_at=later(5),
        marks=marks,
        is_bracketed=is_bracketed,
        balances={},
        wallets={},
        positions={},
    )


def test_a_statement_contains_what_is_not_behind_its_mark_whatever_a_clock_said() -> None:
    early, last, next_one = (fill(5, n, filled_at=later(s)) for n, s in ((9, 60), (10, 0), (11, 0)))
    marked = statement({BTC.symbol: TradeId("10")})
    assert later_fills(marked, (early, last, next_one)) == (next_one,)


def test_a_statement_of_a_market_without_an_execution_contains_none() -> None:
    found = fill(5, 1, filled_at=later(-60))
    assert later_fills(statement({BTC.symbol: None}), (found,)) == (found,)


def test_without_a_mark_our_fills_are_later_and_others_are_by_when_they_happened() -> None:
    ours = fill(5, 1, client_order_id=OURS, filled_at=later(-60))
    strangers = fill(5, 2, filled_at=later(4.9)), fill(5, 3, filled_at=later(5))
    assert later_fills(statement({}), (ours, *strangers)) == (ours, strangers[1])


def test_payments_that_were_not_booked_are_later_unless_nothing_was_listed_around_it() -> None:
    early, late = payment(at=later(4.9)), payment(at=later(5))
    assert later_payments(statement({}), (early, late)) == (early, late)
    assert later_payments(statement({}, is_bracketed=False), (early, late)) == (late,)
