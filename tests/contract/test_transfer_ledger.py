"""What every ledger keeps of transfers: in memory, on disk and on a server."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.builders import KEY, NOW, USDT, report_on
from tests.contract.ledger_cases import LATER, SNAPSHOT, StandingClock, plan_of
from tests.contract.server_cases import needs_server, own_schema
from tests.fakes.memory_ledger import MemoryStore, open_memory_ledger
from trimtab.adapters.ledger.projection import EntryKind
from trimtab.adapters.ledger.sql_ledger import SqlLedger, open_ledger
from trimtab.domain.errors import AccountHeld, Halted, LedgerError
from trimtab.domain.orders import Evidence
from trimtab.domain.transfers import (
    TransferIntent,
    TransferRecord,
    TransferState,
    VenueTransferId,
)
from trimtab.ports import AbsenceEvidence, Ledger, PlanStatus, TransferStep

PLAN = plan_of("move 200.00001234 in", "then sell 0.02 perp BTC")
INTENT = TransferIntent(
    transfer_id=PLAN.transfer_id(1),
    plan_digest=PLAN.digest,
    line=1,
    asset=USDT,
    units=PLAN.transfers[0].units,
)
OTHER = dataclasses.replace(INTENT, transfer_id=PLAN.transfer_id(2), line=2, units=Decimal(-3))
NUMBER = VenueTransferId("100")
ABSENCE = AbsenceEvidence(asked_at=NOW, venue_now=NOW, sightings={"transfers": "none"})
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
    state: TransferState,
    *,
    number: VenueTransferId | None = None,
    evidence: Evidence | AbsenceEvidence | None = None,
) -> TransferStep:
    return TransferStep(
        transfer_id=INTENT.transfer_id,
        state=state,
        venue_transfer_id=number,
        evidence=evidence,
        note="said",
        at=LATER,
    )


async def begun(ledger: Ledger, intent: TransferIntent = INTENT) -> None:
    await ledger.begin_transfer(intent, at=NOW, halt_seen=None)


def recorded(state: TransferState, number: VenueTransferId | None = None) -> TransferRecord:
    return TransferRecord(
        intent=INTENT, state=state, venue_transfer_id=number, begun_at=NOW, simulated=False
    )


async def test_a_plan_with_a_transfer_is_read_back_as_it_was_saved(ledger: Ledger) -> None:
    saved = await ledger.plan(PLAN.digest[:8])
    assert (saved.plan, saved.plan.digest) == (PLAN, PLAN.digest)


async def test_an_intent_is_unresolved_until_it_is_known_what_became_of_it(ledger: Ledger) -> None:
    assert await ledger.unresolved_transfers() == ()
    await begun(ledger)
    assert await ledger.unresolved_transfers() == (recorded(TransferState.SENDING),)
    await ledger.advance_transfer(step(TransferState.UNKNOWN))
    await ledger.advance_transfer(step(TransferState.UNKNOWN, evidence=ABSENCE))
    assert await ledger.unresolved_transfers() == (recorded(TransferState.UNKNOWN),)
    await ledger.advance_transfer(step(TransferState.DONE, number=NUMBER))
    assert await ledger.unresolved_transfers() == ()
    assert await ledger.transfers(plan_digest=None) == (recorded(TransferState.DONE, NUMBER),)


async def test_transfers_are_listed_by_plan_oldest_first(ledger: Ledger) -> None:
    await begun(ledger)
    await ledger.advance_transfer(step(TransferState.REFUSED))
    await begun(ledger, OTHER)
    found = await ledger.transfers(plan_digest=PLAN.digest)
    assert [r.intent for r in found] == [INTENT, OTHER]
    assert await ledger.transfers(plan_digest="0" * 64) == ()


async def test_none_is_begun_twice_even_when_nothing_came_of_it(ledger: Ledger) -> None:
    await begun(ledger)
    await ledger.advance_transfer(step(TransferState.ABSENT))
    with pytest.raises(LedgerError, match="in the ledger already"):
        await begun(ledger)


async def test_none_is_begun_beside_one_whose_outcome_is_not_known(ledger: Ledger) -> None:
    await begun(ledger)
    with pytest.raises(LedgerError, match="is not known yet") as caught:
        await begun(ledger, OTHER)
    assert caught.value.next_step == "trimtab recover"


async def test_only_steps_that_its_life_knows_are_recorded(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="not in the ledger"):
        await ledger.advance_transfer(step(TransferState.DONE))
    await begun(ledger)
    await ledger.advance_transfer(step(TransferState.UNKNOWN, number=NUMBER))
    with pytest.raises(LedgerError, match="was told 101"):
        await ledger.advance_transfer(step(TransferState.DONE, number=VenueTransferId("101")))
    await ledger.advance_transfer(step(TransferState.DONE))
    with pytest.raises(LedgerError, match="is done, cannot become refused"):
        await ledger.advance_transfer(step(TransferState.REFUSED))
    (record,) = await ledger.transfers(plan_digest=None)
    assert (record.state, record.venue_transfer_id) == (TransferState.DONE, NUMBER)


async def test_one_of_an_unknown_plan_is_not_begun(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="is not in the ledger"):
        await begun(ledger, dataclasses.replace(INTENT, plan_digest="0" * 64))


async def test_only_the_holder_of_the_account_begins_and_records(opening: Opening) -> None:
    async with opening(False) as opened:
        await opened.save_plan(PLAN, report_on(PLAN), PlanStatus.PROPOSED)
        with pytest.raises(AccountHeld):
            await begun(opened)
        async with opened.holding_account(owner="test"):
            await begun(opened)
        with pytest.raises(AccountHeld):
            await opened.advance_transfer(step(TransferState.UNKNOWN))
    async with opening(False) as opened:
        assert await opened.unresolved_transfers() == (recorded(TransferState.SENDING),)


async def test_a_halt_since_the_gate_looked_lets_none_begin(ledger: Ledger) -> None:
    await ledger.set_halt("by hand", by="ada", at=NOW)
    with pytest.raises(Halted):
        await begun(ledger)
    assert await ledger.transfers(plan_digest=None) == ()


async def test_a_dry_run_keeps_its_own_and_sees_the_real_ones_that_are_open(
    opening: Opening, ledger: Ledger
) -> None:
    await begun(ledger)
    async with opening(True) as dry:
        await begun(dry)
        await dry.advance_transfer(step(TransferState.DONE, number=NUMBER))
        (mine,) = await dry.transfers(plan_digest=PLAN.digest)
        assert (mine.state, mine.simulated) == (TransferState.DONE, True)
        assert await dry.unresolved_transfers() == (recorded(TransferState.SENDING),)
    assert await ledger.transfers(plan_digest=None) == (recorded(TransferState.SENDING),)


async def test_those_begun_before_a_statement_are_no_part_of_what_came_after(
    ledger: Ledger,
) -> None:
    await begun(ledger)
    await ledger.advance_transfer(step(TransferState.DONE, number=NUMBER))
    assert len(await ledger.transfers_after_statement()) == 1
    await ledger.save_balances(SNAPSHOT)
    assert await ledger.transfers_after_statement() == ()
    await begun(ledger, OTHER)
    assert [r.intent for r in await ledger.transfers_after_statement()] == [OTHER]


async def test_each_step_is_an_entry_of_the_chain_and_the_tables_add_up(tmp_path: Path) -> None:
    url, clock = f"sqlite:///{tmp_path / 'ledger.db'}", StandingClock()
    async with (
        open_ledger(url, KEY, dry_run=False, clock=clock) as opened,
        opened.holding_account(owner="test"),
    ):
        assert isinstance(opened, SqlLedger)
        await opened.save_plan(PLAN, report_on(PLAN), PlanStatus.PROPOSED)
        await begun(opened)
        clock.instant += timedelta(seconds=1)
        await opened.advance_transfer(step(TransferState.UNKNOWN, evidence=ABSENCE))
        kinds = {EntryKind.TRANSFER_BEGUN, EntryKind.TRANSFER_MOVED}
        told = [(e.kind, e.subject) for e in await opened.audit.events() if e.kind in kinds]
        assert told == [(kind.value, INTENT.transfer_id) for kind in sorted(kinds)]
        assert (await opened.audit.verify()).faults == ()
