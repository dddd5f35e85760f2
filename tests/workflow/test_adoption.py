"""Adoption covers nothing up: what lists do not explain is waited for, then left to a person."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.workflow.floor import PORTFOLIO, Floor
from trimtab.domain.errors import LedgerError, NotDone
from trimtab.domain.instruments import Asset, Instrument, Symbol
from trimtab.domain.payments import PaymentKind
from trimtab.execution.reconcile import Actor, Subject
from trimtab.workflow.payments import book_payments
from trimtab.workflow.statements import Books, first_statement

HOLDINGS = "BTC 0.2 @ 60000, ETH 1 @ 3000, USDT 1000, wallet 500"
LEGS = ("sell 0.1 BTC", "sell 0.01 perp BTC")
PERP = Symbol("BTC/USDT:USDT")


async def after_a_run() -> Floor:
    """Return an account whose statement was taken with everything listed."""
    floor = Floor(HOLDINGS, *LEGS)
    await floor.execute()
    floor.clock.move(60)
    assert (await floor.reconcile(adopt=True)).exit_code == 0
    floor.clock.move(60)
    return floor


def perpetual(floor: Floor) -> Instrument:
    return floor.venue.base.instruments[PERP]


async def statement_at(floor: Floor) -> object:
    return await floor.desk()[1].statement()


async def test_an_execution_that_the_list_shows_late_is_waited_for() -> None:
    floor = await after_a_run()
    floor.venue.trade_by_hand(perpetual(floor), -50, late_s=4)
    adopted = await floor.reconcile(adopt=True)
    assert (len(adopted.adopted), adopted.differences) == (1, ())
    assert not adopted.left_to_person


async def test_a_position_that_no_listed_execution_explains_is_left_to_a_person() -> None:
    floor = await after_a_run()
    before = await statement_at(floor)
    floor.venue.trade_by_hand(perpetual(floor), -50, late_s=300)
    refused = await floor.reconcile(adopt=True)
    assert (refused.exit_code, refused.left_to_person, refused.adopted) == (1, True, ())
    assert [(d.subject, d.name, d.expected, d.actual, d.who) for d in refused.differences] == [
        (Subject.POSITION, PERP, "-100 lots", "-150 lots", Actor.PERSON),
        (Subject.WALLET, "USDT", *wallet(floor), Actor.PERSON),
    ]
    assert await statement_at(floor) == before
    floor.clock.move(300)
    adopted = await floor.reconcile(adopt=True)
    assert (len(adopted.adopted), adopted.differences) == (1, ())
    assert {f.trade_id for f in floor.fills} == {f.trade_id for f in floor.venue.truth.fills}


def wallet(floor: Floor) -> tuple[str, str]:
    """Return what listed payments make of the wallet, and what it holds."""
    now, paid = floor.clock.now(), floor.venue.truth.paid
    listed = sum((p.payment.units for p in paid if p.shown_at <= now), Decimal(500))
    return f"{listed.normalize():f}", f"{floor.venue.truth.wallet.normalize():f}"


async def test_a_wallet_that_no_listed_payment_explains_is_left_to_a_person() -> None:
    floor = await after_a_run()
    floor.venue.pay(PaymentKind.FUNDING, Decimal("-0.00000001"), symbol=PERP, late_s=300)
    [found] = (await floor.reconcile()).differences
    assert (found.subject, found.who) == (Subject.WALLET, Actor.PERSON)
    assert (await floor.reconcile(adopt=True)).left_to_person
    floor.clock.move(300)
    adopted = await floor.reconcile(adopt=True)
    assert (len(adopted.booked), adopted.differences) == (1, ())


async def test_a_payment_for_an_execution_that_is_not_listed_keeps_the_statement() -> None:
    floor = await after_a_run()
    floor.venue.trade_by_hand(perpetual(floor), -50)
    floor.venue.trade_by_hand(perpetual(floor), 50)
    for hidden in floor.venue.truth.trades[-2:]:
        hidden.shown_at += timedelta(seconds=300)
    refused = await floor.reconcile(adopt=True)
    assert [(d.subject, d.actual) for d in refused.differences] == [
        (Subject.FILL, "not listed"),
        (Subject.FILL, "not listed"),
    ]
    assert refused.left_to_person
    floor.clock.move(300)
    assert len((await floor.reconcile(adopt=True)).adopted) == 2


async def test_an_execution_on_spot_that_is_listed_too_late_is_never_lost() -> None:
    floor = await after_a_run()
    spot = floor.plan.legs[0].instrument
    floor.venue.trade_by_hand(spot, -100, late_s=300)
    first = await floor.reconcile(adopt=True)
    assert {flow.asset for flow in first.flows} == {"BTC", "USDT"}
    floor.clock.move(300)
    told = await floor.reconcile()
    assert [(d.subject, d.who) for d in told.differences] == [(Subject.FILL, Actor.ADOPT)]
    second = await floor.reconcile(adopt=True)
    assert len(second.adopted) == 1
    sums = {
        asset: sum(flow.units for flow in (*first.flows, *second.flows) if flow.asset == asset)
        for asset in ("BTC", "USDT")
    }
    assert sums == {"BTC": 0, "USDT": 0}
    assert (await floor.reconcile()).exit_code == 0


@pytest.mark.parametrize("jump_s", [20, -20])
async def test_a_jump_of_our_clock_moves_nothing_across_a_statement(jump_s: int) -> None:
    floor = await after_a_run()
    floor.venue.ahead_s = -jump_s
    spot = floor.plan.legs[0].instrument
    for instrument in (spot, perpetual(floor)):
        floor.venue.trade_by_hand(instrument, -10)
    before = await floor.reconcile(adopt=True)
    for instrument in (spot, perpetual(floor)):
        floor.venue.trade_by_hand(instrument, -10)
    floor.venue.ahead_s = 0
    after = await floor.reconcile(adopt=True)
    assert [len(each.adopted) for each in (before, after)] == [2, 2]
    assert [each.differences + each.flows for each in (before, after)] == [(), ()]
    assert (await floor.reconcile()).exit_code == 0


@pytest.mark.parametrize("jump_s", [20, -20])
async def test_a_jump_before_the_first_statement_loses_nothing_either(jump_s: int) -> None:
    floor = Floor(HOLDINGS, *LEGS)
    floor.venue.ahead_s = -jump_s
    spot = floor.plan.legs[0].instrument
    floor.venue.trade_by_hand(spot, -10)
    await took_first_statement(floor)
    floor.venue.trade_by_hand(spot, -10)
    floor.venue.trade_by_hand(perpetual(floor), -10)
    adopted = await floor.reconcile(adopt=True)
    last_two = [f.trade_id for f in floor.venue.truth.fills[1:]]
    assert [f.trade_id for f in adopted.adopted if f.trade_id != "1"] == last_two
    assert (adopted.differences, adopted.flows) == ((), ())


async def took_first_statement(floor: Floor) -> None:
    _, ledger = floor.desk()
    books = Books(venue=floor.venue, market=floor.venue, ledger=ledger, portfolio=PORTFOLIO)
    async with ledger.holding_account(owner="a run"):
        await first_statement(books)


async def test_what_is_traded_while_the_first_statement_is_taken_is_not_counted_twice() -> None:
    floor = Floor(HOLDINGS, *LEGS)
    floor.clock.move(60)
    floor.venue.ahead_s = -20
    floor.venue.restless = 1
    await took_first_statement(floor)
    assert len(floor.fills) == 1
    assert (await floor.reconcile()).differences == ()


async def test_the_first_statement_stays_the_first() -> None:
    floor = Floor(HOLDINGS, *LEGS)
    await took_first_statement(floor)
    first = await statement_at(floor)
    floor.clock.move(60)
    await took_first_statement(floor)
    assert await statement_at(floor) == first


async def test_what_was_traded_long_before_the_ledger_began_is_none_of_its_concern() -> None:
    floor = Floor(HOLDINGS, *LEGS)
    floor.venue.ahead_s = -1_800
    floor.venue.trade_by_hand(floor.plan.legs[0].instrument, -10)
    floor.venue.ahead_s = 0
    await took_first_statement(floor)
    assert floor.fills == []
    assert (await floor.reconcile()).differences == ()
    assert (await floor.reconcile(adopt=True)).adopted == ()


async def test_an_account_that_moves_is_read_until_it_holds_still() -> None:
    floor = await after_a_run()
    floor.venue.restless = 2
    adopted = await floor.reconcile(adopt=True)
    assert (len(adopted.adopted), adopted.differences) == (2, ())
    floor.venue.restless = 99
    with pytest.raises(NotDone, match="hold still"):
        await floor.reconcile(adopt=True)


async def test_a_position_opened_and_closed_where_nobody_looks_is_named_by_its_payments() -> None:
    floor = await after_a_run()
    base = floor.venue.base
    hidden = perpetual(floor)
    floor.venue.listed = dataclasses.replace(
        base,
        instruments=base.instruments | {ODD: odd(hidden)},
        contracts=base.contracts | {ODD: base.contracts[PERP]},
    )
    floor.venue.books[ODD] = floor.venue.books[PERP]
    floor.venue.trade_by_hand(odd(hidden), -5)
    floor.venue.trade_by_hand(odd(hidden), 5)
    told = await floor.reconcile()
    assert [(d.subject, d.who) for d in told.differences] == [(Subject.FILL, Actor.ADOPT)] * 2
    adopted = await floor.reconcile(adopt=True)
    assert [f.symbol for f in adopted.adopted] == [ODD, ODD]
    assert adopted.differences == ()


ODD = Symbol("ODD/USDT:USDT")


def odd(like: Instrument) -> Instrument:
    return dataclasses.replace(like, symbol=ODD, base=Asset("ODD"))


async def test_funding_is_no_difference_and_is_booked_when_asked() -> None:
    floor = await after_a_run()
    paid = floor.venue.pay(PaymentKind.FUNDING, Decimal("-0.25"), symbol=PERP)
    told = await floor.reconcile()
    assert (told.exit_code, told.payments, told.booked) == (0, (paid,), ())
    assert paid not in floor.store.payments
    adopted = await floor.reconcile(adopt=True)
    assert adopted.booked == (paid,)
    assert (await floor.reconcile(adopt=True)).booked == ()


async def test_money_that_is_moved_into_the_futures_wallet_is_a_payment() -> None:
    floor = await after_a_run()
    floor.venue.truth.free[Asset("USDT")] -= 100
    floor.venue.pay(PaymentKind.TRANSFER, Decimal(100))
    [found] = (await floor.reconcile()).differences
    assert (found.subject, found.name, found.who) == (Subject.BALANCE, "USDT", Actor.ADOPT)
    adopted = await floor.reconcile(adopt=True)
    assert [flow.units for flow in adopted.flows] == [-100]
    assert [payment.units for payment in adopted.booked] == [100]


async def test_a_booked_payment_that_the_venue_tells_otherwise_is_for_a_person() -> None:
    floor = await after_a_run()
    listed = floor.venue.truth.paid[0]
    listed.payment = dataclasses.replace(listed.payment, units=Decimal(-1))
    differences = (await floor.reconcile()).differences
    assert {(d.subject, d.who) for d in differences} == {(Subject.PAYMENT, Actor.PERSON)}
    with pytest.raises(LedgerError, match="is booked as"):
        await floor.reconcile(adopt=True)


async def test_a_commission_that_is_not_the_fee_is_a_difference_and_is_adopted() -> None:
    floor = await after_a_run()
    floor.venue.trade_by_hand(perpetual(floor), -50)
    listed = floor.venue.truth.paid[-1]
    listed.payment = dataclasses.replace(listed.payment, units=listed.payment.units - 1)
    floor.venue.truth.wallet -= 1
    told = await floor.reconcile()
    assert Subject.PAYMENT in {d.subject for d in told.differences}
    assert Subject.WALLET not in {d.subject for d in told.differences}
    assert (await floor.reconcile(adopt=True)).exit_code == 0


async def test_an_account_that_used_no_futures_before_begins_to_compare_them() -> None:
    floor = Floor("BTC 0.2 @ 60000, USDT 1000", "sell 0.1 BTC")
    await floor.execute()
    floor.clock.move(60)
    with_futures = Floor(HOLDINGS, *LEGS)
    floor.venue.base = with_futures.venue.base
    floor.venue.truth.wallet = Decimal(500)
    floor.venue.truth.positions[PERP] = -70
    assert not [d for d in (await floor.reconcile()).differences if d.subject is Subject.POSITION]
    await floor.reconcile(adopt=True)
    floor.venue.truth.positions[PERP] = -60
    assert (await floor.reconcile(adopt=True)).left_to_person


async def test_a_run_books_payments_at_its_end_and_a_failure_is_only_noted() -> None:
    floor = await after_a_run()
    paid = floor.venue.pay(PaymentKind.FUNDING, Decimal("-0.25"), symbol=PERP)
    desk, ledger = floor.desk()
    async with ledger.holding_account(owner="a run"):
        floor.venue.unreachable = {"payments"}
        await book_payments(desk, floor.plan, PORTFOLIO)
        noted = [text for text in floor.watcher.told if text.startswith("noted")]
        assert len(noted) == 1
        assert noted[0].endswith("not booked yet, the next run does it: payments: no route")
        floor.venue.unreachable = set()
        await book_payments(desk, floor.plan, PORTFOLIO)
    assert floor.store.payments[-1] == paid


async def test_a_run_without_contracts_or_that_is_to_stop_asks_for_no_payments() -> None:
    spot_only = Floor("BTC 0.2 @ 60000, USDT 1000", "sell 0.1 BTC")
    await book_payments(spot_only.desk()[0], spot_only.plan, PORTFOLIO)
    stopping = Floor(HOLDINGS, *LEGS)
    stopping.stop.set()
    await book_payments(stopping.desk()[0], stopping.plan, PORTFOLIO)
    assert "payments" not in spot_only.venue.requests + stopping.venue.requests
