"""For how long what an earlier run sent is believed to be taken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from tests.builders import KEY, NOW, policy
from tests.contract.ledger_cases import intent
from tests.contract.test_transfer_ledger import INTENT
from tests.fakes.memory_ledger import MemoryLedger, MemoryStore
from tests.unit.planning.test_stops import rests
from tests.workflow.counter import RULES as COUNTED
from tests.workflow.counter import Counter
from trimtab.domain.orders import OrderState
from trimtab.domain.policy import RECEIVE_WINDOW_MS_MAX
from trimtab.domain.stops import StopState
from trimtab.domain.transfers import TransferRecord, TransferState
from trimtab.ports import SavedPlan
from trimtab.workflow.recover import Leftovers
from trimtab.workflow.run import resolved_first
from trimtab.workflow.windows import believed_window_ms

RULES = policy()
OWN_MS = RULES.execution.receive_window_ms
NOTHING = Leftovers(open_orders=(), open_transfers=(), absent=(), plans=(), stops=())


async def believed(left: Leftovers, own_ms: int = OWN_MS) -> int:
    """Return what is believed, by a ledger that has no plan of this configuration."""
    ledger = MemoryLedger(MemoryStore(key=KEY, began_at=NOW))
    execution = replace(RULES.execution, receive_window_ms=own_ms)
    return await believed_window_ms(left, replace(RULES, execution=execution), ledger)


async def test_a_stop_that_rests_has_arrived_and_asks_for_no_longer_wait() -> None:
    assert await believed(NOTHING) == OWN_MS
    assert await believed(replace(NOTHING, stops=(rests(),))) == OWN_MS


async def test_a_transfer_that_may_be_on_its_way_is_believed_for_longer() -> None:
    moving = TransferRecord(
        intent=INTENT,
        state=TransferState.SENDING,
        venue_transfer_id=None,
        begun_at=NOW,
        simulated=False,
    )
    assert await believed(replace(NOTHING, open_transfers=(moving,))) == RECEIVE_WINDOW_MS_MAX


@pytest.mark.parametrize("own_ms", [OWN_MS, 2 * RECEIVE_WINDOW_MS_MAX])
async def test_a_stop_that_may_be_on_its_way_is_believed_for_longer_and_never_shorter(
    own_ms: int,
) -> None:
    """A venue of the account may itself take requests for longer than may be configured."""
    doubted = replace(rests(), state=StopState.UNKNOWN)
    left = replace(NOTHING, stops=(rests(), doubted))
    assert await believed(left, own_ms) == max(own_ms, RECEIVE_WINDOW_MS_MAX)


class Overtaken(MemoryLedger):
    """A ledger whose account another run holds first, which dies as it sends an order."""

    def __init__(self, counter: Counter, sends: SavedPlan) -> None:
        super().__init__(counter.store)
        self._counter, self._sends = counter, sends

    @asynccontextmanager
    async def holding_account(self, *, owner: str) -> AsyncIterator[None]:
        await killed_sending(self._counter, self._sends)
        async with super().holding_account(owner=owner):
            yield


async def killed_sending(counter: Counter, saved: SavedPlan) -> None:
    """Let a run die just before the first order of a plan leaves."""
    ledger = MemoryLedger(counter.store)
    async with ledger.holding_account(owner="another run"):
        await ledger.begin([intent(saved.plan)], at=counter.clock.now(), halt_seen=None)


async def test_what_another_run_left_before_the_account_was_held_is_believed_for_longer() -> None:
    counter = Counter()
    execution = replace(COUNTED.execution, receive_window_ms=RECEIVE_WINDOW_MS_MAX)
    theirs = await counter.proposed(replace(COUNTED, execution=execution))
    ours = await counter.proposed()
    await killed_sending(counter, ours)
    counter.clock.move(3_600)
    began = counter.clock.now()
    report = await resolved_first(counter.runner(ledger=Overtaken(counter, theirs)))
    assert report is not None
    assert [each.after for each in report.resolved] == [OrderState.ABSENT] * 2
    assert (counter.clock.now() - began).total_seconds() > RECEIVE_WINDOW_MS_MAX / 1000
