"""Fills are booked once with the cursor, and attributed to their orders. Run on every ledger."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.builders import NOW
from tests.contract.ledger_cases import (
    BTC,
    Opener,
    fill,
    intent,
    step,
    venue_order,
    with_sell_begun,
)
from trimtab.domain.errors import LedgerError
from trimtab.domain.orders import OrderState, TradeId
from trimtab.domain.snapshot import AccountKey, Environment

OTHER_KEY = AccountKey(venue="binance", account="main", environment=Environment.LIVE)


async def test_fills_are_booked_once_and_the_cursor_moves(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        before = await ledger.fill_cursor(BTC)
        assert before.after is None
        assert NOW - timedelta(minutes=1) <= before.not_before <= NOW
        ours = intent().client_order_id
        first, second, third = (fill(n, "0.001", of=ours) for n in (9, 10, 11))
        assert await ledger.book_fills(BTC, [first, second]) == (first, second)
        assert await ledger.book_fills(BTC, [first, second, third, third]) == (third,)
        assert await ledger.fills() == (first, second, third)
        assert (await ledger.fill_cursor(BTC)).after == TradeId("11")
        assert (await ledger.orders(plan_digest=None))[0].filled_lots == -30


async def test_the_cursor_does_not_move_back_for_a_late_fill(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.book_fills(BTC, [fill(10, "0.001")])
        await ledger.book_fills(BTC, [fill(9, "0.001")])
        assert (await ledger.fill_cursor(BTC)).after == TradeId("10")
        assert [f.trade_id for f in await ledger.fills()] == ["9", "10"]


async def test_an_empty_page_books_nothing(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        assert await ledger.book_fills(BTC, []) == ()
        assert (await ledger.fill_cursor(BTC)).after is None


async def test_a_fill_that_contradicts_a_booked_one_is_refused_with_its_page(
    opener: Opener,
) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.book_fills(BTC, [fill(1, "0.001")])
        with pytest.raises(LedgerError, match="is booked as"):
            await ledger.book_fills(BTC, [fill(2, "0.001"), fill(1, "0.002")])
        assert [f.trade_id for f in await ledger.fills()] == ["1"]
        assert (await ledger.fill_cursor(BTC)).after == TradeId("1")


async def test_a_fill_of_another_symbol_is_refused(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        with pytest.raises(LedgerError, match="not of"):
            await ledger.book_fills(intent(line=2).instrument.symbol, [fill(1, "0.001")])


@pytest.mark.parametrize(
    "odd", [{"quantity": Decimal("0.00015")}, {"side": "buy"}], ids=["half a lot", "other side"]
)
async def test_a_fill_that_cannot_be_of_its_order_is_refused(
    opener: Opener, odd: dict[str, object]
) -> None:
    async with with_sell_begun(opener) as ledger:
        wrong = dataclasses.replace(fill(1, "0.001", of=intent().client_order_id), **odd)
        with pytest.raises(LedgerError, match="fill 1 of BTC/USDT"):
            await ledger.book_fills(BTC, [wrong])
        assert await ledger.fills() == ()


async def test_a_fill_without_our_id_is_attributed_by_the_venues(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        told = venue_order(intent(), -100, ended=False)
        await ledger.advance([step(intent(), OrderState.OPEN, told)])
        (booked,) = await ledger.book_fills(BTC, [fill(1, "0.001")])
        assert booked.client_order_id == intent().client_order_id
        assert await ledger.fills() == (booked,)


async def test_a_fill_of_nobody_we_know_is_external(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        theirs = fill(1, "0.001", of="web_4711", venue_order_id="v9")
        (booked,) = await ledger.book_fills(BTC, [theirs])
        assert booked.client_order_id is None
        assert (await ledger.orders(plan_digest=None))[0].filled_lots == 0


async def test_a_fill_booked_before_its_order_was_named_is_claimed_by_it(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.advance([step(intent(), OrderState.UNKNOWN)])
        (booked,) = await ledger.book_fills(BTC, [fill(1, "0.01")])
        assert booked.client_order_id is None
        found = step(intent(), OrderState.FILLED, venue_order(intent(), -100))
        await ledger.advance([found])
        (record,) = await ledger.orders(plan_digest=None)
        assert (record.state, record.filled_lots) == (OrderState.FILLED, -100)
        assert (await ledger.fills())[0].client_order_id == intent().client_order_id
        assert await ledger.book_fills(BTC, [fill(1, "0.01")]) == ()


async def test_a_late_fill_is_booked_on_a_closed_order_without_reopening_it(
    opener: Opener,
) -> None:
    async with with_sell_begun(opener) as ledger:
        told = venue_order(intent(), 0)
        await ledger.advance([step(intent(), OrderState.EXPIRED, told)])
        await ledger.book_fills(BTC, [fill(1, "0.001")])
        (record,) = await ledger.orders(plan_digest=None)
        assert (record.state, record.filled_lots, record.executed_lots) == ("expired", -10, -10)
