"""Orders are begun once, advance by the life cycle and survive the process. Run on every ledger."""

from __future__ import annotations

import dataclasses

import pytest

from tests.builders import NOW
from tests.contract.ledger_cases import (
    BTC,
    SELL,
    Opener,
    fill,
    intent,
    step,
    venue_order,
    with_sell_begun,
)
from trimtab.domain.errors import LedgerError
from trimtab.domain.orders import OrderState
from trimtab.domain.snapshot import AccountKey, Environment
from trimtab.ports import AbsenceEvidence

OTHER_KEY = AccountKey(venue="binance", account="main", environment=Environment.LIVE)


async def test_an_intent_is_there_as_submitting_with_its_instrument(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        (record,) = await ledger.orders(plan_digest=SELL.digest)
        assert record.intent == intent()
        assert record.state is OrderState.SUBMITTING
        assert (record.venue_order_id, record.filled_lots, record.executed_lots) == (None, 0, 0)
        assert (record.submitted_at, record.simulated) == (NOW, False)
        assert await ledger.unresolved() == (record,)
        assert await ledger.orders(plan_digest="0" * 64) == ()
        assert await ledger.orders(plan_digest=None) == (record,)


async def test_an_order_id_is_begun_once_and_nothing_of_its_batch_stays(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        with pytest.raises(LedgerError, match="already"):
            await ledger.begin([intent(line=2), intent(line=1)], at=NOW, halt_seen=None)
        assert len(await ledger.orders(plan_digest=None)) == 1
        await ledger.begin([intent(line=2)], at=NOW, halt_seen=None)


async def test_an_order_of_a_plan_that_is_not_saved_is_refused(opener: Opener) -> None:
    async with opener() as ledger, ledger.holding_account(owner="test"):
        with pytest.raises(LedgerError, match="not in the ledger"):
            await ledger.begin([intent()], at=NOW, halt_seen=None)


async def test_orders_survive_the_process(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        before = await ledger.orders(plan_digest=None)
    async with opener() as ledger:
        assert await ledger.unresolved() == before


async def test_an_order_fills_and_closes(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        told = venue_order(intent(), -100)
        await ledger.advance([step(intent(), OrderState.SETTLING, told)])
        await ledger.book_fills(BTC, [fill(1, "0.006"), fill(2, "0.004")])
        await ledger.advance([step(intent(), OrderState.FILLED, told)])
        (record,) = await ledger.orders(plan_digest=None)
        assert (record.state, record.filled_lots, record.executed_lots) == ("filled", -100, -100)
        assert record.venue_order_id == "v1"
        assert await ledger.unresolved() == ()


@pytest.mark.parametrize(
    ("state", "executed", "booked"),
    [
        (OrderState.FILLED, -100, "0.006"),
        (OrderState.EXPIRED, -100, "0.006"),
        (OrderState.FILLED, -60, "0.006"),
        (OrderState.ABSENT, 0, "0.006"),
    ],
)
async def test_an_order_does_not_close_on_other_fills_than_the_venue_executed(
    opener: Opener, state: OrderState, executed: int, booked: str
) -> None:
    async with with_sell_begun(opener) as ledger:
        told = venue_order(intent(), executed)
        await ledger.book_fills(BTC, [fill(1, booked, of=intent().client_order_id)])
        with pytest.raises(LedgerError, match="cannot become"):
            await ledger.advance([step(intent(), state, told)])
        assert (await ledger.orders(plan_digest=None))[0].state is OrderState.SUBMITTING


async def test_a_step_that_the_life_cycle_does_not_know_is_refused_with_its_batch(
    opener: Opener,
) -> None:
    async with with_sell_begun(opener) as ledger:
        absent = AbsenceEvidence(asked_at=NOW, venue_now=NOW, sightings={"fills": "none"})
        gone = dataclasses.replace(step(intent(), OrderState.ABSENT), evidence=absent)
        await ledger.advance([step(intent(), OrderState.UNKNOWN), gone])
        await ledger.begin([intent(line=2)], at=NOW, halt_seen=None)
        with pytest.raises(LedgerError, match="cannot become"):
            await ledger.advance(
                [step(intent(line=2), OrderState.OPEN), step(intent(), OrderState.OPEN)]
            )
        states = [r.state for r in await ledger.orders(plan_digest=None)]
        assert states == [OrderState.ABSENT, OrderState.SUBMITTING]


async def test_an_order_that_is_not_there_does_not_advance(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        with pytest.raises(LedgerError, match="not in the ledger"):
            await ledger.advance([step(intent(line=2), OrderState.OPEN)])


async def test_a_report_of_another_order_is_refused(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        other = venue_order(intent(line=2), 0, ended=False)
        with pytest.raises(LedgerError, match="another order"):
            await ledger.advance([step(intent(), OrderState.OPEN, other)])


async def test_an_order_keeps_the_name_that_the_venue_gave_it(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        await ledger.advance([step(intent(), OrderState.OPEN, venue_order(intent(), 0))])
        renamed = venue_order(intent(), 0, name="v2")
        with pytest.raises(LedgerError, match="on the venue"):
            await ledger.advance([step(intent(), OrderState.OPEN, renamed)])


async def test_an_older_report_does_not_lower_what_was_executed(opener: Opener) -> None:
    async with with_sell_begun(opener) as ledger:
        for filled in (-60, -10):
            told = venue_order(intent(), filled, ended=False)
            await ledger.advance([step(intent(), OrderState.OPEN, told)])
        assert (await ledger.orders(plan_digest=None))[0].executed_lots == -60
