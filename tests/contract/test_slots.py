"""What every ledger keeps of calendar slots: in memory, on disk and on a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders import KEY, NOW, report_on
from tests.contract.ledger_cases import LATER, SELL, StandingClock, intent
from tests.contract.server_cases import needs_server, own_schema
from tests.fakes.memory_ledger import MemoryStore, open_memory_ledger
from trimtab.adapters.ledger.sql_ledger import SqlLedger, open_ledger
from trimtab.domain.errors import AccountHeld, LedgerError
from trimtab.domain.slots import SlotMove, SlotState
from trimtab.ports import Ledger, PlanStatus

Opening = Callable[[bool], AbstractAsyncContextManager[Ledger]]
"""Opens the ledger as another process would; True: for a dry run."""
OPEN = (SlotState.PLANNED, SlotState.AWAITING_APPROVAL, SlotState.DECLINED, SlotState.REFUSED)


def move(state: SlotState, *, slot: str = "2026Q4", digest: str = "") -> SlotMove:
    return SlotMove(slot=slot, state=state, plan_digest=digest, by="a run", at=NOW)


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
    async with opening(False) as opened:
        await opened.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
        yield opened


async def test_a_slot_stands_where_it_moved_last(ledger: Ledger) -> None:
    assert await ledger.slot("2026Q4") is None
    for state in (*OPEN, SlotState.MISSED):
        told = move(state, digest=SELL.digest)
        assert await ledger.note_slot(told)
        assert await ledger.slot("2026Q4") == told
    assert await ledger.note_slot(move(SlotState.MISSED, slot="2026Q3"))
    assert await ledger.slot("2026Q3") == move(SlotState.MISSED, slot="2026Q3")
    last = await ledger.slot("2026Q4")
    assert last is not None
    assert last.plan_digest == SELL.digest


async def test_only_the_holder_says_that_a_slot_began_or_is_done(ledger: Ledger) -> None:
    for state in (SlotState.PARTIAL, SlotState.DONE):
        with pytest.raises(LedgerError, match="for the holder"):
            await ledger.note_slot(move(state))
        with pytest.raises(AccountHeld):
            await ledger.settle_slot(move(state))
    assert await ledger.slot("2026Q4") is None


async def test_what_is_done_is_final_whoever_holds_the_account(opening: Opening) -> None:
    async with opening(False) as first, opening(False) as second:
        async with first.holding_account(owner="one"):
            assert await first.settle_slot(move(SlotState.PARTIAL))
            assert await first.settle_slot(move(SlotState.DONE))
        async with second.holding_account(owner="two"):
            assert not await second.settle_slot(move(SlotState.PARTIAL))
            assert not await second.settle_slot(move(SlotState.DONE))
        for state in (*OPEN, SlotState.MISSED):
            assert not await second.note_slot(move(state))
        assert await second.slot("2026Q4") == move(SlotState.DONE)


async def test_of_many_that_take_a_slot_in_turn_one_does_it(opening: Opening) -> None:
    async def one() -> bool:
        async with opening(False) as own:
            for _ in range(200):
                try:
                    async with own.holding_account(owner="one of many"):
                        taken = await own.settle_slot(move(SlotState.PARTIAL))
                        return taken and await own.settle_slot(move(SlotState.DONE))
                except AccountHeld:
                    await asyncio.sleep(0.002)
        pytest.fail("never held the account")

    assert sorted(await asyncio.gather(*(one() for _ in range(5)))) == [False] * 4 + [True]


async def test_a_dry_run_sees_slots_and_moves_none(opening: Opening) -> None:
    async with opening(False) as real:
        assert await real.note_slot(move(SlotState.DECLINED))
    async with opening(True) as dry, dry.holding_account(owner="rehearsal"):
        assert await dry.note_slot(move(SlotState.PLANNED))
        assert await dry.settle_slot(move(SlotState.DONE))
        assert await dry.slot("2026Q4") == move(SlotState.DECLINED)


async def test_a_slot_names_a_plan_that_was_saved_or_none(ledger: Ledger) -> None:
    with pytest.raises(LedgerError):
        await ledger.note_slot(move(SlotState.PLANNED, digest="0" * 64))
    assert await ledger.slot("2026Q4") is None


async def test_the_first_real_order_is_told_and_no_simulated_one(opening: Opening) -> None:
    async with opening(False) as real, real.holding_account(owner="run"):
        await real.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
        async with opening(True) as dry:
            await dry.begin([intent()], at=NOW - timedelta(days=1), halt_seen=None)
            assert await dry.first_order_at() is None
        await real.begin([intent(line=2)], at=LATER, halt_seen=None)
        await real.begin([intent()], at=NOW, halt_seen=None)
        assert await real.first_order_at() == NOW


async def test_slots_are_on_the_chain_and_verified(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    async with open_ledger(url, KEY, dry_run=False, clock=StandingClock()) as ledger:
        assert isinstance(ledger, SqlLedger)
        await ledger.note_slot(move(SlotState.MISSED))
        (event,) = [e for e in await ledger.audit.events() if e.kind == "slot_moved"]
        assert (event.subject, event.body["state"]) == ("2026Q4", "missed")
        assert (await ledger.audit.verify()).faults == ()
