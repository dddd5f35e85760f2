"""Cases VC-26 and VC-27: a stop rests as planned, and what became of it is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import cast

import pytest

from tests.conformance.floors import StoppingFloor
from tests.conformance.line import Mishap
from tests.conformance.stage import Stage
from trimtab.domain.errors import OutcomeUnknown
from trimtab.domain.hedges import HedgeId
from trimtab.domain.instruments import Lots, Ticks
from trimtab.domain.stops import SeenStop, StopIntent, stop_id
from trimtab.execution.stop_life import contradiction

_TRIGGER = Decimal(66_000)
_DIGEST = "c" * 64


def stopping(stage: Stage, *, line: int = 1) -> StopIntent:
    """Return a stop of all of the short position that the account has."""
    instrument = stage.instrument
    return StopIntent(
        stop_id=stop_id(plan_digest=_DIGEST, line=line),
        plan_digest=_DIGEST,
        line=line,
        hedge_id=HedgeId("h" * 28),
        instrument=instrument,
        lots=Lots(int(-stage.floor.truth().position / instrument.lot_size)),
        trigger=Ticks(int(_TRIGGER / instrument.tick_size)),
    )


def _floor(stage: Stage) -> StoppingFloor:
    return cast("StoppingFloor", stage.floor)


async def a_stop_rests_as_planned(stage: Stage) -> None:
    floor, stops, stop = _floor(stage), stage.opened.stops, stopping(stage)
    begun_at = datetime.now(UTC)
    assert await stops.look_up(stop, begun_at=begun_at) is None
    assert (await stops.evidence_of_absence(stop, begun_at=begun_at)).is_absent
    placed = await stops.place(stop)
    assert contradiction(stop, placed) == ""
    (waiting,) = floor.waiting()
    assert (waiting.name, waiting.is_buy) == (stop.stop_id, True)
    assert (waiting.quantity, waiting.trigger) == (-floor.truth().position, _TRIGGER)
    assert waiting.reduces
    assert waiting.by_mark
    (listed,) = await stops.resting([stage.symbol])
    assert (listed.stop_id, listed.lots, listed.reduce_only) == (stop.stop_id, stop.lots, True)
    lost, never = stopping(stage, line=2), stopping(stage, line=3)
    for mishap, intent in ((Mishap.LOST, lost), (Mishap.NEVER, never)):
        stage.line.spoil(mishap, which=floor.is_stop)
        with pytest.raises(OutcomeUnknown):
            await stops.place(intent)
    found = await stops.look_up(lost, begun_at=begun_at)
    assert found is not None
    assert (contradiction(lost, found), found.state) == ("", SeenStop.RESTING)
    assert not (await stops.evidence_of_absence(lost, begun_at=begun_at)).is_absent
    assert await stops.look_up(never, begun_at=begun_at) is None
    assert (await stops.evidence_of_absence(never, begun_at=begun_at)).is_absent
    assert sum(floor.is_stop(asked) for asked in stage.line.asked) == 3
    assert stage.orders_sent() == 0


async def what_became_of_a_stop_is_told(stage: Stage) -> None:
    floor, stops, begun_at = _floor(stage), stage.opened.stops, datetime.now(UTC)
    fires, goes = stopping(stage), stopping(stage, line=2)
    goes = replace(goes, trigger=Ticks(goes.trigger * 2))
    await stops.place(fires)
    await stops.place(goes)
    await stops.withdraw(goes)
    await stops.withdraw(goes)
    floor.reach(_TRIGGER + 1)
    fired = await stops.look_up(fires, begun_at=begun_at)
    gone = await stops.look_up(goes, begun_at=begun_at)
    assert gone is not None
    assert (gone.state, gone.order) == (SeenStop.WITHDRAWN, None)
    assert fired is not None
    assert fired.order is not None
    assert (fired.order.filled_lots, fired.order.ended) == (fires.lots, True)
    facts = stage.facts.stops
    assert facts is not None
    assert (fired.order.venue_order_id != fired.venue_stop_id) is facts.own_number
    (order,) = floor.orders()
    assert (order.is_buy, order.filled) == (True, fires.quantity)
    assert stage.symbol not in (await stage.read_again()).positions
    assert await stops.resting([stage.symbol]) == ()
