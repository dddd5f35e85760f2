"""What the account committed, holds, was set to and was paid. Run on every ledger."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import NOW, account
from tests.contract.ledger_cases import (
    BTC,
    EARLIER,
    LATER,
    PAID,
    SELL,
    SNAPSHOT,
    Opener,
    fill,
    intent,
    plan_of,
    report_on,
    step,
    venue_order,
    with_sell_begun,
)
from trimtab.domain.errors import AccountHeld, LedgerError
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.leverage import LeverageSetting, SettingOutcome
from trimtab.domain.orders import OrderState, TradeId
from trimtab.domain.payments import PaymentId, PaymentKind
from trimtab.domain.snapshot import AccountKey, ClockReading, Environment
from trimtab.domain.statement import ExternalFlow, Statement
from trimtab.ports import Ledger, PlanStatus

OTHER_KEY = AccountKey(venue="binance", account="main", environment=Environment.LIVE)


async def test_committed_notional_counts_what_was_or_may_be_spent(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.begin([intent(line=2), intent(line=2, attempt=2)], at=LATER, halt_seen=None)
        refused = intent(line=2, attempt=2)
        await ledger.advance([step(refused, OrderState.REFUSED)])
        assert await ledger.committed_notional(since=NOW) == {"BTC/USDT": 599, "ETH/USDT": 301}
        assert await ledger.committed_notional(since=LATER) == {"ETH/USDT": 301}
        await ledger.book_fills(BTC, [fill(1, "0.002", of=intent().client_order_id)])
        await ledger.advance([step(intent(), OrderState.EXPIRED, venue_order(intent(), -20))])
        spent = await ledger.committed_notional(since=NOW)
        assert spent == {"BTC/USDT": Decimal("119.8"), "ETH/USDT": 301}


async def test_an_order_that_ended_unfilled_counts_for_nothing_and_one_in_doubt_for_all(
    opener: Opener,
) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.advance([step(intent(), OrderState.UNKNOWN)])
        assert await ledger.committed_notional(since=NOW) == {"BTC/USDT": 599}
        await ledger.advance([step(intent(), OrderState.EXPIRED, venue_order(intent(), 0))])
        assert await ledger.committed_notional(since=NOW) == {}


async def test_reduce_only_orders_do_not_count_against_caps(opener: Opener) -> None:
    proposal = plan_of("buy 0.01 perp BTC reduce")
    async with opener() as ledger, ledger.holding_account(owner="test"):
        await ledger.save_plan(proposal, report_on(proposal), PlanStatus.PROPOSED)
        await ledger.begin([intent(proposal)], at=NOW, halt_seen=None)
        assert await ledger.committed_notional(since=NOW) == {}


async def test_leverage_is_recorded_by_who_holds_the_account_for_a_saved_plan(
    opener: Opener,
) -> None:
    setting = LeverageSetting(
        plan_digest=SELL.digest,
        symbol=Symbol("BTC/USDT:USDT"),
        leverage=2,
        outcome=SettingOutcome.SENDING,
        note="",
        at=NOW,
    )
    async with opener() as ledger:
        with pytest.raises(AccountHeld):
            await ledger.record_leverage(setting)
        async with ledger.holding_account(owner="test"):
            with pytest.raises(LedgerError, match="not in the ledger"):
                await ledger.record_leverage(setting)
            await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
            await ledger.record_leverage(setting)


AHEAD = dataclasses.replace(
    SNAPSHOT, taken_at=LATER, clock=ClockReading(offset_ms=20_000, uncertainty_ms=5)
)
"""An account read by a clock that is twenty seconds behind the venue's."""


async def test_the_last_statement_is_given_back_at_the_venues_instant(opener: Opener) -> None:
    async with opener() as ledger:
        assert await ledger.statement() is None
        await ledger.save_balances(account("USDT 1"))
        await ledger.save_balances(AHEAD)
        assert await ledger.statement() == Statement(
            taken_at=LATER + timedelta(seconds=20),
            marks={},
            is_bracketed=False,
            balances={Asset("USDT"): Decimal(700), Asset("BTC"): Decimal("0.1"), Asset("ETH"): 1},
            wallets={Asset("USDT"): Decimal(500)},
            positions={Symbol("BTC/USDT:USDT"): -200},
        )


async def test_a_statement_keeps_what_it_was_held_against(opener: Opener) -> None:
    marks = {BTC: TradeId("7"), Symbol("ETH/USDT"): None}
    flow = ExternalFlow(asset=Asset("USDT"), units=Decimal("-12.5"))
    async with opener() as ledger:
        await ledger.save_statement(SNAPSHOT, marks=marks, flows=[flow])
        statement = await ledger.statement()
    assert statement is not None
    assert (statement.marks, statement.is_bracketed) == (marks, True)


async def test_an_empty_account_has_a_statement_too(opener: Opener) -> None:
    empty = dataclasses.replace(SNAPSHOT, balances={}, pools={}, positions={})
    async with opener() as ledger:
        await ledger.save_statement(SNAPSHOT, marks={}, flows=[])
        await ledger.save_statement(empty, marks={}, flows=[])
        statement = await ledger.statement()
    assert statement is not None
    assert (statement.balances, statement.wallets, statement.positions) == ({}, {}, {})


async def test_what_was_booked_after_a_statement_is_told_apart_from_what_was_before(
    opener: Opener,
) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.book_fills(BTC, [fill(2, "0.001")])
        await ledger.book_payments([PAID])
        assert await ledger.fills_after_statement() == await ledger.fills()
        assert await ledger.payments_after_statement() == (PAID,)
        await ledger.save_statement(SNAPSHOT, marks={}, flows=[])
        assert await ledger.fills_after_statement() == ()
        assert await ledger.payments_after_statement() == ()
        await ledger.book_fills(BTC, [fill(1, "0.001"), fill(2, "0.001")])
        await ledger.book_payments([PAID, EARLIER])
        assert [f.trade_id for f in await ledger.fills_after_statement()] == ["1"]
        assert await ledger.payments_after_statement() == (EARLIER,)


async def test_payments_are_booked_once_exactly_and_listed_by_age(held: Ledger) -> None:
    assert await held.book_payments([PAID, EARLIER]) == (PAID, EARLIER)
    assert await held.book_payments([EARLIER, PAID, PAID]) == ()
    assert await held.payments() == (EARLIER, PAID)
    assert (await held.payments())[1].units == Decimal("-0.12345678901234567890123456789")


@pytest.mark.parametrize(
    "change",
    [
        {"kind": PaymentKind.COMMISSION},
        {"asset": Asset("BNB")},
        {"payment_id": PaymentId("4712-BTCUSDT")},
    ],
)
async def test_payments_are_told_apart_by_asset_kind_and_id(
    held: Ledger, change: dict[str, Any]
) -> None:
    other = dataclasses.replace(PAID, **change)
    assert await held.book_payments([PAID, other]) == (PAID, other)


@pytest.mark.parametrize(
    "change", [{"units": Decimal(1)}, {"symbol": None}, {"paid_at": NOW}, {"word": "OTHER"}]
)
async def test_a_payment_that_is_told_otherwise_is_an_error_and_nothing_is_booked(
    held: Ledger, change: dict[str, Any]
) -> None:
    await held.book_payments([PAID])
    with pytest.raises(LedgerError, match="4711"):
        await held.book_payments([EARLIER, dataclasses.replace(PAID, **change)])
    assert await held.payments() == (PAID,)


async def test_reading_payments_goes_on_an_hour_before_the_newest(held: Ledger) -> None:
    begun = await held.payments_from()
    assert begun == await held.begins_at() == NOW - timedelta(seconds=5)
    await held.book_payments([PAID])
    assert await held.payments_from() == LATER - timedelta(hours=1)
    await held.book_payments([EARLIER])  # It came late; the cursor never goes back.
    assert await held.payments_from() == LATER - timedelta(hours=1)


async def test_payments_are_booked_by_who_holds_the_account_and_never_by_a_dry_run(
    opener: Opener,
) -> None:
    async with opener() as ledger, opener(dry_run=True) as dry:
        with pytest.raises(AccountHeld):
            await ledger.book_payments([PAID])
        async with dry.holding_account(owner="dry"):
            assert await dry.book_payments([PAID]) == ()
            await dry.save_statement(SNAPSHOT, marks={}, flows=[])
        assert (await ledger.payments(), await ledger.statement()) == ((), None)
