"""Latches of losses, and what the account was worth. Run on every ledger."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.builders import NOW
from tests.contract.ledger_cases import (
    BTC,
    EARLIER,
    LATER,
    PAID,
    Opener,
    fill,
    intent,
    plan_of,
    report_on,
    with_sell_begun,
    yes_to,
)
from trimtab.domain.errors import LedgerError
from trimtab.domain.instruments import Asset
from trimtab.domain.snapshot import AccountKey, Environment
from trimtab.domain.trading import NavMark, TradingState
from trimtab.ports import Ledger, PlanStatus

OTHER_KEY = AccountKey(venue="binance", account="main", environment=Environment.LIVE)


def look(hours: int, level: str = "1", *, high: str | None = None) -> NavMark:
    """Return a look so many hours after NOW."""
    return NavMark(
        taken_at=NOW + timedelta(hours=hours),
        nav=Decimal(level) * 10_000,
        level=Decimal(level),
        high=Decimal(high or level),
        outside={Asset("USDT"): Decimal("700.000000000000000001"), Asset("BTC"): Decimal("0.1")},
        wallets={Asset("USDT"): Decimal("-0.5"), Asset("BTC"): Decimal(0)},
        mids={Asset("USDT"): Decimal(1), Asset("BTC"): Decimal("60000.01")},
    )


REDUCING = TradingState.REDUCING


async def test_a_new_account_is_active_and_nothing_was_ever_released(ledger: Ledger) -> None:
    found = await ledger.restraint()
    assert (found.state, found.halted, found.reducing) == (TradingState.ACTIVE, None, None)
    assert found.released_at is None


async def test_a_latch_holds_until_a_person_releases_and_survives_the_process(
    opener: Opener,
) -> None:
    async with opener() as ledger:
        await ledger.latch(REDUCING, "lost 0.25", by="run", at=NOW)
    async with opener() as ledger:
        found = await ledger.restraint()
        assert (found.state, found.reducing, found.halted) == (REDUCING, "lost 0.25", None)
        assert await ledger.halted() is None
        await ledger.set_halt(None, by="ada", at=LATER)
        found = await ledger.restraint()
        assert (found.state, found.reducing) == (TradingState.ACTIVE, None)
        assert found.released_at == LATER


async def test_the_first_reason_of_a_latch_is_kept_and_the_stricter_state_counts(
    ledger: Ledger,
) -> None:
    await ledger.latch(REDUCING, "first", by="run", at=NOW)
    await ledger.latch(REDUCING, "second", by="run", at=LATER)
    assert (await ledger.restraint()).reducing == "first"
    await ledger.latch(TradingState.HALTED, "refused", by="run", at=LATER)
    await ledger.latch(TradingState.HALTED, "refused again", by="run", at=LATER)
    found = await ledger.restraint()
    assert (found.state, found.halted) == (TradingState.HALTED, "refused")
    assert await ledger.halted() == "refused"


async def test_one_release_releases_both_latches_and_each_may_fall_again(ledger: Ledger) -> None:
    await ledger.latch(REDUCING, "a loss", by="run", at=NOW)
    await ledger.latch(TradingState.HALTED, "refused", by="run", at=NOW)
    await ledger.set_halt(None, by="ada", at=LATER)
    assert (await ledger.restraint()).state is TradingState.ACTIVE
    await ledger.latch(REDUCING, "another", by="run", at=LATER)
    assert (await ledger.restraint()).reducing == "another"


async def test_a_halt_by_hand_leaves_the_latch_of_a_loss_alone(ledger: Ledger) -> None:
    await ledger.latch(REDUCING, "a loss", by="run", at=NOW)
    await ledger.set_halt("by hand", by="ada", at=LATER)
    found = await ledger.restraint()
    assert (found.halted, found.reducing, found.released_at) == ("by hand", "a loss", None)


async def test_active_is_never_latched(opener: Opener) -> None:
    for dry_run in (False, True):
        async with opener(dry_run=dry_run) as ledger:
            with pytest.raises(LedgerError, match="trimtab unhalt"):
                await ledger.latch(TradingState.ACTIVE, "better", by="run", at=NOW)


async def test_a_look_is_read_back_to_the_last_digit(ledger: Ledger) -> None:
    assert await ledger.nav_marks(since=NOW) == ()
    await ledger.mark_nav(look(0, "0.123456789012345678901234567890", high="1"))
    assert await ledger.nav_marks(since=NOW) == (
        look(0, "0.123456789012345678901234567890", high="1"),
    )


async def test_looks_since_an_instant_come_oldest_first_and_the_newest_always(
    ledger: Ledger,
) -> None:
    for hours in (0, 1, 2):
        await ledger.mark_nav(look(hours))
    assert await ledger.nav_marks(since=NOW + timedelta(hours=1)) == (look(1), look(2))
    assert await ledger.nav_marks(since=NOW + timedelta(hours=9)) == (look(2),)


async def test_looks_from_before_a_release_are_no_baseline_any_more(ledger: Ledger) -> None:
    await ledger.mark_nav(look(0))
    await ledger.latch(REDUCING, "a loss", by="run", at=NOW)
    await ledger.mark_nav(look(1))
    assert await ledger.nav_marks(since=NOW) == (look(0), look(1))
    await ledger.set_halt(None, by="ada", at=LATER)
    assert await ledger.nav_marks(since=NOW) == ()
    await ledger.mark_nav(look(2))
    assert await ledger.nav_marks(since=NOW) == (look(2),)


async def test_a_dry_run_reads_latches_and_looks_and_leaves_none(opener: Opener) -> None:
    async with opener() as real, opener(dry_run=True) as dry:
        await real.mark_nav(look(0))
        await dry.mark_nav(look(1))
        await dry.latch(REDUCING, "a loss", by="dry", at=NOW)
        await dry.latch(TradingState.HALTED, "refused", by="dry", at=NOW)
        assert await dry.nav_marks(since=NOW) == await real.nav_marks(since=NOW) == (look(0),)
        assert (await real.restraint()).state is TradingState.ACTIVE
        await real.latch(REDUCING, "a loss", by="run", at=NOW)
        assert (await dry.restraint()).state is REDUCING


async def test_payments_after_an_instant_come_oldest_first(held: Ledger) -> None:
    await held.book_payments([PAID, EARLIER])
    assert await held.payments_since(EARLIER.paid_at) == (PAID,)
    assert await held.payments_since(EARLIER.paid_at - timedelta(seconds=1)) == (EARLIER, PAID)


async def test_orders_since_an_instant_are_the_real_ones_oldest_first(opener: Opener) -> None:
    async with with_sell_begun(opener) as real:
        await real.begin([intent(line=2)], at=LATER, halt_seen=None)
        both = await real.orders_since(NOW)
        assert [r.intent.line for r in both] == [1, 2]
        assert [r.intent.line for r in await real.orders_since(LATER)] == [2]
        async with opener(dry_run=True) as dry:
            await dry.begin([intent()], at=LATER, halt_seen=None)
            assert await dry.orders_since(NOW) == both


async def test_executions_after_an_instant_come_oldest_first_a_dry_runs_own_beside_them(
    opener: Opener,
) -> None:
    async with with_sell_begun(opener) as real:
        ours = intent().client_order_id
        first, second = (fill(n, "0.001", of=ours) for n in (1, 2))
        await real.book_fills(BTC, [second])
        await real.book_fills(BTC, [first])
        assert await real.fills_since(NOW) == (first, second)
        assert await real.fills_since(first.filled_at) == (second,)
        async with opener(dry_run=True) as dry:
            await dry.begin([intent()], at=NOW, halt_seen=None)
            own = fill(3, "0.002", of=ours)
            await dry.book_fills(BTC, [own])
            assert await dry.fills_since(NOW) == (first, second, own)
        assert await real.fills_since(NOW) == (first, second)


async def test_the_plan_executed_last_is_the_one_made_last_of_those_that_went_out(
    opener: Opener,
) -> None:
    plans = [plan_of("sell 0.01 BTC", second=n) for n in (2, 1, 3)]
    ends = (PlanStatus.EXECUTED, PlanStatus.PARTIAL, None)
    async with opener() as ledger, ledger.holding_account(owner="run"):
        assert await ledger.last_executed() is None
        for proposal, end in zip(plans, ends, strict=True):
            await ledger.save_plan(proposal, report_on(proposal), PlanStatus.PROPOSED)
            if end is not None:
                await ledger.save_approval(yes_to(proposal))
                await ledger.set_plan_status(proposal.digest, PlanStatus.EXECUTING)
                await ledger.set_plan_status(proposal.digest, end)
        found = await ledger.last_executed()
    assert found == plans[1]
