"""What the doctor says of stops, by what ledger and account show of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.builders import NOW, account, dec, policy
from tests.hedge_cases import PERP, hedges
from trimtab.domain.exact import plain
from trimtab.domain.hedges import HedgeId
from trimtab.domain.instruments import Lots, Ticks
from trimtab.domain.orders import ClientOrderId, VenueOrderId
from trimtab.domain.snapshot import OpenOrder, Snapshot
from trimtab.domain.stops import FIRST_STOP_LINE, StopId, StopIntent, StopRecord, StopState
from trimtab.workflow.doctor import Examination, Outcome
from trimtab.workflow.doctor_stops import StopsKnown, stops_examination

RULES = policy(hedge={"stop": dec("0.10"), "rests_stop": True}).hedge
HELD = account("BTC 1 @ 100, wallet 100, perp BTC -0.5 from 100 at 100")
BOOK = hedges("open btc 0.5 @ 100")
OURS = "s" + "a" * 27


def stop(
    state: StopState = StopState.RESTING, *, units: str = "0.5", of: str = "btc"
) -> StopRecord:
    """Return a stop at 110."""
    instrument = HELD.instruments[PERP]
    intent = StopIntent(
        stop_id=StopId(OURS),
        plan_digest="0" * 64,
        line=FIRST_STOP_LINE,
        hedge_id=HedgeId(of),
        instrument=instrument,
        lots=Lots(int(dec(units) / instrument.lot_size)),
        trigger=Ticks(int(dec(110) / instrument.tick_size)),
    )
    return StopRecord(
        intent=intent,
        state=state,
        venue_stop_id=None,
        venue_order_id=None,
        executed_lots=Lots(0),
        begun_at=NOW,
    )


def showing(*names: str) -> Snapshot:
    """Return the account with conditional orders of these names among the open ones."""
    orders = tuple(
        OpenOrder(
            symbol=PERP,
            client_order_id=ClientOrderId(name),
            venue_order_id=VenueOrderId("1"),
            lots=stop().intent.lots,
            limit_price=dec(110),
            reduce_only=True,
        )
        for name in names
    )
    return replace(HELD, open_orders=orders)


def resting(*records: StopRecord) -> Snapshot:
    """Return the account with *records* among the open orders where they were put."""
    orders = tuple(
        OpenOrder(
            symbol=PERP,
            client_order_id=ClientOrderId(record.intent.stop_id),
            venue_order_id=VenueOrderId("1"),
            lots=record.intent.lots,
            limit_price=record.intent.trigger_price,
            reduce_only=True,
        )
        for record in records
        if record.state.may_fill
    )
    return replace(HELD, open_orders=orders)


def examined(snapshot: Snapshot, *records: StopRecord, wants: bool = True) -> Examination:
    """Return what is said of an account whose one hedge is to have a stop, or none."""
    rules = RULES if wants else policy().hedge
    known = StopsKnown(records=records, book=BOOK)
    return stops_examination(known, snapshot, rules, now=NOW)


def test_a_stop_that_rests_as_it_should_passes_and_so_does_none_where_none_is_wanted() -> None:
    found = examined(showing(OURS, "by-hand"), stop())
    assert (found.outcome, found.found) == (Outcome.PASS, "1 on the venue, as wanted")
    none = examined(HELD, stop(StopState.WITHDRAWN), wants=False)
    assert (none.outcome, none.found) == (Outcome.PASS, "none wanted")


@pytest.mark.parametrize(
    ("records", "wants", "told"),
    [
        ((), True, "without the stop that it should have: btc"),
        ((stop(StopState.WITHDRAWN),), True, "without the stop that it should have: btc"),
        ((stop(units="0.4"),), True, "with another stop than it should have: btc"),
        ((stop(),), False, "with another stop than it should have: btc"),
        ((stop(of="gone"),), False, "with another stop than it should have: gone"),
    ],
)
def test_what_a_run_mends_is_a_warning_that_names_the_run(
    records: tuple[StopRecord, ...], *, wants: bool, told: str
) -> None:
    found = examined(resting(*records), *records, wants=wants)
    assert (found.outcome, found.found, found.fix) == (Outcome.WARN, told, "trimtab run --execute")


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (stop(), "what became of it is not booked: btc (gone)"),
        (stop(StopState.FIRED), "what became of it is not booked: btc (fired)"),
        (stop(StopState.UNKNOWN), "what became of it is not booked: btc (unknown)"),
    ],
)
def test_a_stop_that_may_have_fired_is_a_warning_that_names_recovery(
    record: StopRecord, told: str
) -> None:
    found = examined(HELD, record)
    assert (found.outcome, found.found) == (Outcome.WARN, told)
    assert found.fix == "trimtab recover, then trimtab plan"


@pytest.mark.parametrize("state", [StopState.ABSENT, StopState.WITHDRAWN, StopState.DONE])
def test_one_that_rests_though_the_ledger_has_its_end_fails(state: StopState) -> None:
    found = examined(showing(OURS), stop(state), wants=False)
    told = f"on the venue and not the ledger's: {OURS} in {PERP} ({state.value})"
    assert (found.outcome, found.found) == (Outcome.FAIL, told)
    assert found.fix.endswith("then trimtab reconcile")


@pytest.mark.parametrize("put", [{"lots": Lots(499)}, {"trigger": Ticks(1_099)}])
def test_one_that_rests_elsewhere_than_it_was_put_fails(put: dict[str, Any]) -> None:
    record = stop()
    assert examined(resting(record), record).outcome is Outcome.PASS
    intent = replace(record.intent, **put)
    found = examined(resting(replace(record, intent=intent)), record)
    told = f"elsewhere than it was put: {OURS} at {plain(intent.trigger_price)}"
    assert (found.outcome, found.found) == (Outcome.FAIL, told)
    assert found.fix.startswith("cancel it on the exchange's page")


def test_one_of_our_kind_that_the_ledger_never_had_fails_whatever_else_there_is() -> None:
    found = examined(showing("s" + "b" * 27))
    assert found.outcome is Outcome.FAIL
    assert "(unknown there); without the stop that it should have: btc" in found.found
