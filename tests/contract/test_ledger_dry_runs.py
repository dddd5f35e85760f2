"""A ledger of another stamp is refused, and dry runs leave no trace. Run on every ledger."""

from __future__ import annotations

import dataclasses

import pytest

from tests.builders import KEY, NOW
from tests.contract.ledger_cases import (
    BTC,
    SELL,
    SNAPSHOT,
    Opener,
    fill,
    intent,
    step,
    venue_order,
    with_sell_begun,
    yes_to,
)
from trimtab.domain.errors import ConfigError, LedgerError
from trimtab.domain.orders import OrderState
from trimtab.domain.snapshot import AccountKey, Environment
from trimtab.ports import PlanStatus

OTHER_KEY = AccountKey(venue="binance", account="main", environment=Environment.LIVE)


@pytest.mark.parametrize(
    "change", [{"account": "other"}, {"venue": "bybit"}, {"environment": Environment.LIVE}]
)
async def test_a_ledger_of_another_stamp_is_a_configuration_error(
    opener: Opener, change: dict[str, object]
) -> None:
    async with opener():
        pass
    with pytest.raises(ConfigError):
        async with opener(key=dataclasses.replace(KEY, **change)):
            pytest.fail("opened a ledger of another account")


async def test_a_dry_run_leaves_no_trace_that_the_real_run_counts(opener: Opener) -> None:
    async with with_sell_begun(opener, dry_run=True) as dry:
        await dry.save_approval(yes_to(SELL))
        await dry.set_plan_status(SELL.digest, PlanStatus.EXECUTED)
        told = venue_order(intent(), -100)
        await dry.advance([step(intent(), OrderState.SETTLING, told)])
        await dry.book_fills(BTC, [fill(1, "0.01")])
        await dry.advance([step(intent(), OrderState.FILLED, told)])
        await dry.save_balances(SNAPSHOT)
        (record,) = await dry.orders(plan_digest=SELL.digest)
        assert (record.simulated, record.state) == (True, OrderState.FILLED)
        assert len(await dry.fills()) == 1
        assert await dry.committed_notional(since=NOW) == {}
    async with opener() as real:
        saved = await real.plan(SELL.digest)
        assert (saved.status, saved.approval) == (PlanStatus.PROPOSED, None)
        assert await real.orders(plan_digest=None) == ()
        assert await real.unresolved() == ()
        assert await real.fills() == ()
        assert (await real.fill_cursor(BTC)).after is None
        assert await real.committed_notional(since=NOW) == {}
        await real.save_approval(yes_to(SELL))
        async with real.holding_account(owner="run"):
            await real.begin([intent()], at=NOW, halt_seen=None)


async def test_a_dry_run_needs_no_lease_and_sees_what_is_really_unresolved(
    opener: Opener,
) -> None:
    async with with_sell_begun(opener) as real:
        await real.set_halt("enough", by="ada", at=NOW)
        async with opener(dry_run=True) as dry, dry.holding_account(owner="dry"):
            assert await dry.unresolved() == await real.unresolved() != ()
            assert await dry.committed_notional(since=NOW) == {"BTC/USDT": 599}
            assert await dry.halted() == "enough"
            assert await dry.orders(plan_digest=None) == ()
            with pytest.raises(LedgerError):
                await dry.set_halt(None, by="dry", at=NOW)
            await dry.begin([intent()], at=NOW, halt_seen="enough")
            assert [r.simulated for r in await dry.orders(plan_digest=None)] == [True]


async def test_one_plan_can_be_run_dry_many_times(opener: Opener) -> None:
    async with with_sell_begun(opener, dry_run=True):
        pass
    for _ in range(2):
        async with opener(dry_run=True) as dry:
            assert await dry.orders(plan_digest=None) == ()
            await dry.begin([intent()], at=NOW, halt_seen=None)
