"""What a ledger refuses and concludes of resting stops, as functions of values. Pure.

Every ledger (on disk or in memory) applies these, so that they cannot differ.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from trimtab.adapters.ledger.rules import further
from trimtab.domain.errors import LedgerError
from trimtab.domain.stops import StopIntent, StopRecord, StopState
from trimtab.execution.stop_life import is_allowed
from trimtab.ports import StopStep


def refuse_stop(intent: StopIntent, *, is_there: bool, open_now: Sequence[StopRecord]) -> None:
    """Refuse to begin a stop twice, or beside another one of the same hedge in its contract.

    A hedge that is half way through a roll stands in two contracts, and has one in each.

    Raises:
        LedgerError: it is there, or another one of its hedge and contract may still fill.

    """
    name = intent.stop_id
    if is_there:
        raise LedgerError(f"stop {name}: is in the ledger already")
    for other in open_now:
        if other.intent.place == intent.place:
            raise LedgerError(
                f"stop {name}: hedge {intent.hedge_id} has {other.intent.stop_id} already"
                f" in {intent.instrument.symbol}",
                next_step="trimtab recover",
            )


def stop_moved(record: StopRecord, step: StopStep) -> StopRecord:
    """Return the stop after *step*.

    Raises:
        LedgerError: its life does not know the step, or the venue names another one.

    """
    name, became = step.stop_id, step.order
    if not is_allowed(record.state, after=step.state):
        raise LedgerError(f"stop {name}: is {record.state}, cannot become {step.state}")
    if (became is None) is (step.state in (StopState.FIRED, StopState.DONE)):
        raise LedgerError(f"stop {name}: what it became does not fit {step.state}")
    named = record.venue_stop_id
    if named is not None and step.venue_stop_id not in (None, named):
        raise LedgerError(f"stop {name}: is {named} on the venue, was told {step.venue_stop_id}")
    after = dataclasses.replace(record, state=step.state, venue_stop_id=step.venue_stop_id or named)
    if became is None:
        return after
    known = record.venue_order_id
    if known not in (None, became.venue_order_id):
        raise LedgerError(f"stop {name}: became {known}, was told {became.venue_order_id}")
    executed = further(record.executed_lots, told=became.filled_lots)
    return dataclasses.replace(after, venue_order_id=became.venue_order_id, executed_lots=executed)
