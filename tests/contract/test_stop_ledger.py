"""What every ledger keeps of resting stops: in memory, on disk and on a server."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from tests.builders import KEY, NOW, dated, dec, report_on
from tests.contract.ledger_cases import LATER, SNAPSHOT, StandingClock, plan_of
from tests.contract.server_cases import needs_server, own_schema
from tests.fakes.memory_ledger import MemoryStore, open_memory_ledger
from trimtab.adapters.ledger.projection import EntryKind
from trimtab.adapters.ledger.sql_ledger import SqlLedger, open_ledger
from trimtab.domain.errors import AccountHeld, Halted, LedgerError
from trimtab.domain.hedges import HedgeId
from trimtab.domain.instruments import Asset, Lots, Ticks
from trimtab.domain.orders import (
    ClientOrderId,
    Fill,
    OrderState,
    Side,
    TradeId,
    VenueOrderId,
)
from trimtab.domain.stops import (
    FiredOrder,
    StopIntent,
    StopRecord,
    StopState,
    VenueStopId,
    stop_id,
)
from trimtab.ports import AbsenceEvidence, Ledger, PlanStatus, StopStep

PLAN = plan_of("sell 0.02 perp BTC")
CONTRACT = PLAN.legs[0].instrument
INTENT = StopIntent(
    stop_id=stop_id(plan_digest=PLAN.digest, line=2),
    plan_digest=PLAN.digest,
    line=2,
    hedge_id=HedgeId("btc-1f09ac"),
    instrument=CONTRACT,
    lots=Lots(-PLAN.legs[0].lots),
    trigger=Ticks(int(66_000 / CONTRACT.tick_size)),
)
SAME_HEDGE = dataclasses.replace(INTENT, stop_id=stop_id(plan_digest=PLAN.digest, line=3), line=3)
OTHER_HEDGE = dataclasses.replace(SAME_HEDGE, hedge_id=HedgeId("btc-2f09ac"))
OTHER_CONTRACT = dataclasses.replace(SAME_HEDGE, instrument=dated("BTC"))
STOP, ORDER = VenueStopId("100"), VenueOrderId("777")
FIRED = FiredOrder(venue_order_id=ORDER, filled_lots=INTENT.lots, ended=True)
ABSENCE = AbsenceEvidence(asked_at=NOW, venue_now=NOW, sightings={"by_name": "none"})
Opening = Callable[[bool], AbstractAsyncContextManager[Ledger]]
"""Opens the ledger as another process would; True: for a dry run."""


@pytest.fixture(params=["memory", "disk", pytest.param("server", marks=needs_server)])
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opening]:
    clock, store = StandingClock(), MemoryStore(key=KEY, began_at=NOW)

    def at(url: str) -> Opening:
        return lambda dry: open_ledger(url, KEY, dry_run=dry, clock=clock)

    match request.param:
        case "memory":
            yield lambda dry: open_memory_ledger(store, KEY, dry_run=dry, clock=clock)
        case "disk":
            yield at(f"sqlite:///{tmp_path / 'ledger.db'}")
        case _:
            with own_schema() as url:
                yield at(url)


@pytest.fixture
async def ledger(opening: Opening) -> AsyncIterator[Ledger]:
    """Return a ledger that holds the account, with the plan saved."""
    async with opening(False) as opened, opened.holding_account(owner="test"):
        await opened.save_plan(PLAN, report_on(PLAN), PlanStatus.PROPOSED)
        yield opened


def step(
    state: StopState,
    *,
    number: VenueStopId | None = STOP,
    order: FiredOrder | None = None,
    evidence: AbsenceEvidence | None = None,
) -> StopStep:
    return StopStep(
        stop_id=INTENT.stop_id,
        state=state,
        venue_stop_id=number,
        order=order,
        evidence=evidence,
        note="said",
        at=LATER,
    )


async def begun(ledger: Ledger, intent: StopIntent = INTENT, *, puts_back: bool = False) -> None:
    await ledger.begin_stop(intent, at=NOW, halt_seen=None, puts_back=puts_back)


def recorded(state: StopState, number: VenueStopId | None = None) -> StopRecord:
    return StopRecord(
        intent=INTENT,
        state=state,
        venue_stop_id=number,
        venue_order_id=None,
        executed_lots=Lots(0),
        begun_at=NOW,
    )


def execution() -> Fill:
    """Return the execution of the order that the stop became, as the venue's list tells it."""
    return Fill(
        symbol=CONTRACT.symbol,
        trade_id=TradeId("1"),
        venue_order_id=ORDER,
        client_order_id=None,
        side=Side.BUY,
        quantity=INTENT.quantity,
        fill_price=dec(66_010),
        fee=dec("0.5"),
        fee_asset=Asset("USDT"),
        filled_at=LATER,
    )


async def test_an_intent_is_open_until_it_is_known_what_became_of_it(ledger: Ledger) -> None:
    assert await ledger.open_stops() == ()
    await begun(ledger)
    assert await ledger.open_stops() == (recorded(StopState.SENDING),)
    await ledger.advance_stop(step(StopState.UNKNOWN, number=None, evidence=ABSENCE))
    await ledger.advance_stop(step(StopState.RESTING))
    assert await ledger.open_stops() == (recorded(StopState.RESTING, STOP),)
    await ledger.advance_stop(step(StopState.WITHDRAWN))
    assert await ledger.open_stops() == ()
    assert await ledger.stops() == (recorded(StopState.WITHDRAWN, STOP),)


async def test_what_a_fired_stop_filled_is_ours_and_of_the_line_of_its_plan(
    ledger: Ledger,
) -> None:
    await ledger.save_balances(SNAPSHOT)
    await begun(ledger)
    await ledger.advance_stop(step(StopState.RESTING))
    await ledger.advance_stop(
        step(StopState.FIRED, order=dataclasses.replace(FIRED, filled_lots=Lots(0), ended=False))
    )
    assert await ledger.unresolved() == ()
    await ledger.advance_stop(step(StopState.DONE, order=FIRED))
    (order,) = await ledger.unresolved()
    assert (order.state, order.intent.client_order_id) == (OrderState.SETTLING, INTENT.stop_id)
    assert (order.intent.line, order.executed_lots) == (2, INTENT.lots)
    assert order.submitted_at == NOW
    (fill,) = await ledger.book_fills(CONTRACT.symbol, [execution()])
    assert fill.client_order_id == ClientOrderId(INTENT.stop_id)
    booked = await ledger.booked_since_statement()
    assert booked is not None
    assert (booked.ours[CONTRACT.symbol], booked.external) == (INTENT.lots, ())
    (stop,) = await ledger.stops()
    assert (stop.venue_order_id, stop.executed_lots) == (ORDER, INTENT.lots)


async def test_fills_that_were_booked_before_the_stop_was_known_to_have_fired_become_its_own(
    ledger: Ledger,
) -> None:
    await begun(ledger)
    await ledger.advance_stop(step(StopState.RESTING))
    (stranger,) = await ledger.book_fills(CONTRACT.symbol, [execution()])
    assert stranger.client_order_id is None
    await ledger.advance_stop(step(StopState.DONE, order=FIRED))
    (fill,) = await ledger.fills()
    assert fill.client_order_id == ClientOrderId(INTENT.stop_id)


async def test_a_hedge_has_one_stop_that_may_fill_at_a_time(ledger: Ledger) -> None:
    await begun(ledger)
    with pytest.raises(LedgerError, match=f"has {INTENT.stop_id} already") as caught:
        await begun(ledger, SAME_HEDGE)
    assert caught.value.next_step == "trimtab recover"
    await begun(ledger, OTHER_HEDGE)
    await ledger.advance_stop(step(StopState.ABSENT, number=None))
    assert [r.intent for r in await ledger.open_stops()] == [OTHER_HEDGE]


async def test_a_hedge_that_is_half_way_has_one_in_each_of_its_contracts(ledger: Ledger) -> None:
    await begun(ledger)
    await begun(ledger, OTHER_CONTRACT)
    assert [r.intent for r in await ledger.open_stops()] == [INTENT, OTHER_CONTRACT]


async def test_none_is_begun_twice_even_when_nothing_came_of_the_stop(ledger: Ledger) -> None:
    await begun(ledger)
    await ledger.advance_stop(step(StopState.ABSENT, number=None))
    with pytest.raises(LedgerError, match="in the ledger already"):
        await begun(ledger)


async def test_only_steps_that_the_life_of_a_stop_knows_are_recorded(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="not in the ledger"):
        await ledger.advance_stop(step(StopState.RESTING))
    await begun(ledger)
    with pytest.raises(LedgerError, match="does not fit resting"):
        await ledger.advance_stop(step(StopState.RESTING, order=FIRED))
    with pytest.raises(LedgerError, match="does not fit fired"):
        await ledger.advance_stop(step(StopState.FIRED))
    await ledger.advance_stop(step(StopState.RESTING))
    with pytest.raises(LedgerError, match="was told 101"):
        await ledger.advance_stop(step(StopState.WITHDRAWN, number=VenueStopId("101")))
    with pytest.raises(LedgerError, match="is resting, cannot become absent"):
        await ledger.advance_stop(step(StopState.ABSENT))
    await ledger.advance_stop(step(StopState.FIRED, order=dataclasses.replace(FIRED, ended=False)))
    other = dataclasses.replace(FIRED, venue_order_id=VenueOrderId("778"))
    with pytest.raises(LedgerError, match="became 777, was told 778"):
        await ledger.advance_stop(step(StopState.DONE, order=other))


async def test_a_stop_of_an_unknown_plan_is_not_begun(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="is not in the ledger"):
        await begun(ledger, dataclasses.replace(INTENT, plan_digest="0" * 64))


async def test_only_the_holder_of_the_account_begins_and_moves_stops(opening: Opening) -> None:
    async with opening(False) as opened:
        await opened.save_plan(PLAN, report_on(PLAN), PlanStatus.PROPOSED)
        for puts_back in (False, True):
            with pytest.raises(AccountHeld):
                await begun(opened, puts_back=puts_back)
        async with opened.holding_account(owner="test"):
            await begun(opened)
        with pytest.raises(AccountHeld):
            await opened.advance_stop(step(StopState.RESTING))


async def test_a_halt_since_the_gate_looked_lets_no_stop_begin(ledger: Ledger) -> None:
    await ledger.set_halt("by hand", by="ada", at=NOW)
    with pytest.raises(Halted):
        await begun(ledger)
    assert await ledger.stops() == ()


async def test_a_halt_keeps_no_hedge_from_the_stop_that_its_plan_took_away(ledger: Ledger) -> None:
    await ledger.set_halt("by hand", by="ada", at=NOW)
    await begun(ledger, puts_back=True)
    assert await ledger.open_stops() == (recorded(StopState.SENDING),)


async def test_a_dry_run_places_no_stop_and_sees_the_real_ones(
    opening: Opening, ledger: Ledger
) -> None:
    await begun(ledger)
    async with opening(True) as dry:
        with pytest.raises(LedgerError, match="places no stop"):
            await begun(dry, OTHER_HEDGE)
        with pytest.raises(LedgerError, match="places no stop"):
            await dry.advance_stop(step(StopState.RESTING))
        assert await dry.open_stops() == (recorded(StopState.SENDING),)


async def test_each_step_of_a_stop_is_an_entry_of_the_chain_and_the_tables_add_up(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    async with (
        open_ledger(url, KEY, dry_run=False, clock=StandingClock()) as opened,
        opened.holding_account(owner="test"),
    ):
        assert isinstance(opened, SqlLedger)
        await opened.save_plan(PLAN, report_on(PLAN), PlanStatus.PROPOSED)
        await begun(opened)
        await opened.advance_stop(step(StopState.RESTING))
        await opened.advance_stop(step(StopState.DONE, order=FIRED))
        await opened.book_fills(CONTRACT.symbol, [execution()])
        kinds = {EntryKind.STOP_BEGUN, EntryKind.STOP_MOVED}
        told = [(e.kind, e.subject) for e in await opened.audit.events() if e.kind in kinds]
        assert told == [
            (EntryKind.STOP_BEGUN.value, INTENT.stop_id),
            (EntryKind.STOP_MOVED.value, INTENT.stop_id),
            (EntryKind.STOP_MOVED.value, INTENT.stop_id),
        ]
        assert (await opened.audit.verify()).faults == ()
