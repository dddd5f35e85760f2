"""A halt latches, and one run holds the account at a time. Run on every ledger."""

from __future__ import annotations

import pytest

from tests.builders import NOW
from tests.contract.ledger_cases import (
    BTC,
    LATER,
    SELL,
    Opener,
    fill,
    intent,
    report_on,
    step,
    with_sell_begun,
    yes_to,
)
from trimtab.domain.errors import AccountHeld, Halted
from trimtab.domain.orders import OrderState
from trimtab.domain.snapshot import AccountKey, Environment
from trimtab.ports import PlanStatus

OTHER_KEY = AccountKey(venue="binance", account="main", environment=Environment.LIVE)


async def test_a_halt_latches_until_it_is_released(opener: Opener) -> None:
    async with opener() as ledger:
        assert await ledger.halted() is None
        await ledger.set_halt("exchange on fire", by="ada", at=NOW)
    async with opener() as ledger:
        assert await ledger.halted() == "exchange on fire"
        await ledger.set_halt(None, by="ada", at=LATER)
        assert await ledger.halted() is None


@pytest.mark.parametrize("seen", [None, "another halt"])
async def test_a_round_does_not_begin_under_a_halt_that_the_gate_did_not_see(
    opener: Opener, seen: str | None
) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.set_halt("enough", by="ada", at=NOW)
        with pytest.raises(Halted, match="enough"):
            await ledger.begin([intent(line=2)], at=NOW, halt_seen=seen)
        assert len(await ledger.orders(plan_digest=None)) == 1
        await ledger.begin([intent(line=2)], at=NOW, halt_seen="enough")
        await ledger.set_halt(None, by="ada", at=LATER)
        await ledger.begin([intent(line=2, attempt=2)], at=NOW, halt_seen="enough")
        assert len(await ledger.orders(plan_digest=None)) == 3


async def test_nothing_is_begun_advanced_or_booked_without_holding_the_account(
    opener: Opener,
) -> None:
    async with with_sell_begun(opener):
        pass
    async with opener() as ledger:
        with pytest.raises(AccountHeld):
            await ledger.begin([intent(line=2)], at=NOW, halt_seen=None)
        with pytest.raises(AccountHeld):
            await ledger.advance([step(intent(), OrderState.UNKNOWN)])
        with pytest.raises(AccountHeld):
            await ledger.book_fills(BTC, [fill(1, "0.001")])
        (record,) = await ledger.orders(plan_digest=None)
        assert (record.state, record.filled_lots) == (OrderState.SUBMITTING, 0)


async def test_who_holds_the_account_is_told_without_keeping_anybody_out(opener: Opener) -> None:
    async with opener() as first, opener() as second:
        assert await second.holder() is None
        async with first.holding_account(owner="first run"):
            assert "first run" in (await second.holder() or "")
        assert await second.holder() is None
        async with second.holding_account(owner="second run"):
            assert "second run" in (await first.holder() or "")


async def test_one_run_holds_the_account_at_a_time(opener: Opener) -> None:
    async with opener() as first, opener() as second:
        async with first.holding_account(owner="first run"):
            with pytest.raises(AccountHeld, match="first run"):
                async with second.holding_account(owner="second run"):
                    pytest.fail("two runs hold one account")
        async with second.holding_account(owner="second run"):
            pass


async def test_the_account_is_given_back_when_a_run_fails(opener: Opener) -> None:
    async with opener() as ledger:
        with pytest.raises(ZeroDivisionError):
            async with ledger.holding_account(owner="first"):
                raise ZeroDivisionError
        async with ledger.holding_account(owner="second"):
            pass


async def test_plans_are_decided_while_another_run_holds_the_account(opener: Opener) -> None:
    async with opener() as running, opener() as terminal:
        await running.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
        async with running.holding_account(owner="run"):
            await terminal.save_approval(yes_to(SELL))
            await terminal.set_halt("enough", by="ada", at=NOW)
            assert await running.halted() == "enough"
            assert (await running.plan(SELL.digest)).approval == yes_to(SELL)
