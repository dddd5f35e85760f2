"""What is booked since a statement is ours, or is not explained. Run on every ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from tests.builders import NOW
from tests.contract.ledger_cases import (
    BTC,
    LATER,
    SELL,
    SNAPSHOT,
    Opener,
    fill,
    intent,
    report_on,
    step,
    venue_order,
    with_sell_begun,
    yes_to,
)
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import OrderState, VenueOrderId
from trimtab.domain.snapshot import AccountKey, Environment
from trimtab.ports import Ledger, PlanStatus

OTHER_KEY = AccountKey(venue="binance", account="main", environment=Environment.LIVE)


@asynccontextmanager
async def statement_then_begun(opener: Opener) -> AsyncIterator[Ledger]:
    """Open a ledger with a statement, and line 1 of SELL begun after it."""
    async with opener() as ledger, ledger.holding_account(owner="test"):
        assert await ledger.booked_since_statement() is None
        await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
        await ledger.save_balances(SNAPSHOT)
        await ledger.begin([intent()], at=NOW, halt_seen=None)
        yield ledger


async def test_what_is_booked_since_the_statement_tells_ours_from_others(opener: Opener) -> None:
    async with statement_then_begun(opener) as ledger:
        await ledger.book_fills(
            BTC,
            [
                fill(1, "0.004", of=intent().client_order_id),
                fill(2, "0.001", venue_order_id="v9"),
            ],
        )
        since = await ledger.booked_since_statement()
    assert since is not None
    assert since.positions == {s: p.lots for s, p in SNAPSHOT.positions.items()}
    assert since.ours == {BTC: -40}
    assert [f.trade_id for f in since.external] == ["2"]
    assert since.late == ()


async def test_a_later_statement_leaves_behind_what_came_before_it(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.book_fills(BTC, [fill(2, "0.001", venue_order_id="v9")])
        await ledger.advance([step(intent(), OrderState.UNKNOWN)])
        await ledger.advance([step(intent(), OrderState.ABSENT)])
        await ledger.save_balances(SNAPSHOT)
        since = await ledger.booked_since_statement()
        assert since is not None
        assert (since.ours, since.external, since.older) == ({}, (), ())
        assert await ledger.absent_lately(since=NOW) == ()


async def test_fills_that_come_after_a_statement_on_orders_from_before_it_are_told_apart(
    opener: Opener,
) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.save_balances(SNAPSHOT)
        await ledger.save_balances(SNAPSHOT)
        named = fill(1, "0.004", of=intent().client_order_id)
        await ledger.book_fills(BTC, [named])
        since = await ledger.booked_since_statement()
    assert since is not None
    assert (since.ours, since.older, since.external) == ({}, (named,), ())


async def test_a_fill_on_an_order_that_was_proved_absent_is_late(opener: Opener) -> None:
    async with statement_then_begun(opener) as ledger:
        await ledger.advance([step(intent(), OrderState.UNKNOWN)])
        await ledger.advance([step(intent(), OrderState.ABSENT)])
        assert [r.state for r in await ledger.absent_lately(since=NOW)] == [OrderState.ABSENT]
        assert len(await ledger.absent_lately(since=LATER)) == 1, "it became so at that instant"
        assert await ledger.absent_lately(since=LATER + timedelta(seconds=1)) == ()
        await ledger.advance([step(intent(), OrderState.ABSENT, note="no answer about it")])
        named = fill(1, "0.01", of=intent().client_order_id)
        assert await ledger.book_fills(BTC, [named]) == (named,)
        since = await ledger.booked_since_statement()
        assert since is not None
        assert [(r.state, r.filled_lots) for r in since.late] == [(OrderState.ABSENT, -100)]


async def test_an_order_is_absent_from_when_it_was_first_called_so(opener: Opener) -> None:
    """That it was asked about in vain since makes it no younger."""
    async with statement_then_begun(opener) as ledger:
        await ledger.advance([step(intent(), OrderState.UNKNOWN)])
        await ledger.advance([step(intent(), OrderState.ABSENT)])
        again = step(intent(), OrderState.ABSENT, note="no answer about it")
        await ledger.advance([replace(again, at=LATER + timedelta(hours=12))])
        assert len(await ledger.absent_lately(since=LATER)) == 1
        assert await ledger.absent_lately(since=LATER + timedelta(seconds=1)) == ()


async def test_a_dry_run_counts_its_own_orders_and_the_real_ones(opener: Opener) -> None:
    async with statement_then_begun(opener) as real:
        ours = intent().client_order_id
        await real.book_fills(BTC, [fill(1, "0.004", of=ours)])
        async with opener(dry_run=True) as dry:
            await dry.begin([intent()], at=NOW, halt_seen=None)
            await dry.book_fills(BTC, [fill(1, "0.001", of=ours)])
            seen = await dry.booked_since_statement()
        truth = await real.booked_since_statement()
    assert seen is not None
    assert truth is not None
    assert (seen.ours, truth.ours) == ({BTC: -50}, {BTC: -40})


async def test_the_venues_names_of_our_orders_are_known(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        told = venue_order(intent(), -100)
        await ledger.advance([step(intent(), OrderState.SETTLING, told)])
        asked = [told.venue_order_id, VenueOrderId("v77")]
        assert await ledger.unknown_orders(BTC, asked) == {"v77"}
        assert await ledger.unknown_orders(Symbol("ETH/USDT"), asked) == set(asked)


async def test_a_plan_is_executing_until_its_run_says_how_it_ended(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.save_approval(yes_to(SELL))
        assert await ledger.executing() == ()
        await ledger.set_plan_status(SELL.digest, PlanStatus.EXECUTING)
        assert [saved.plan for saved in await ledger.executing()] == [SELL]
        await ledger.set_plan_status(SELL.digest, PlanStatus.PARTIAL)
        assert await ledger.executing() == ()
