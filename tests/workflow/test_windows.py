"""For how long what an earlier run sent is believed to be taken."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import KEY, NOW, policy
from tests.contract.test_transfer_ledger import INTENT
from tests.fakes.memory_ledger import MemoryLedger, MemoryStore
from tests.unit.planning.test_stops import rests
from trimtab.domain.policy import RECEIVE_WINDOW_MS_MAX
from trimtab.domain.stops import StopState
from trimtab.domain.transfers import TransferRecord, TransferState
from trimtab.workflow.recover import Leftovers
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
