"""Stops that rest on the venue: how they are read and written, and the role.

A stop is begun like an order: only under the lease. Once the order that it became has ended, that
order is made in the same transaction, under the stop's name. Not pure: it reads and writes tables.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection, bindparam, literal_column, select
from typing_extensions import override

from trimtab.adapters.ledger import reads, stop_rules, writes
from trimtab.adapters.ledger.account_role import View
from trimtab.adapters.ledger.beginning import refuse_begun
from trimtab.adapters.ledger.pen import Hand, Pen
from trimtab.adapters.ledger.projection import EntryKind
from trimtab.adapters.ledger.schema import stops
from trimtab.adapters.ledger.statements import StoredRow, row_or_none, rows
from trimtab.domain.canonical import from_document, to_document
from trimtab.domain.errors import LedgerError
from trimtab.domain.hedges import HedgeId
from trimtab.domain.instruments import Instrument, Lots, Ticks
from trimtab.domain.orders import OrderState, VenueOrderId
from trimtab.domain.stops import (
    StopId,
    StopIntent,
    StopRecord,
    StopState,
    VenueStopId,
    order_of,
    venue_order_of,
)
from trimtab.ports import StopLedger, StopStep, Transition

STOPS: Final = select(stops).order_by(stops.c.seq)
OPEN_STOPS: Final = STOPS.where(
    stops.c.state.in_(
        literal_column(f"'{state.value}'") for state in StopState if not state.is_terminal
    )
)
STOP: Final = select(stops).where(stops.c.stop_id == bindparam("name"))


def begin(pen: Pen, hand: Hand, intent: StopIntent, at: datetime) -> None:
    """Append the intent; its row is made under the lease or not at all."""
    writes.must_know(pen, intent.plan_digest)
    there = _stop(pen.connection, intent.stop_id)
    open_now = _records(pen.connection, is_open=True)
    stop_rules.refuse_stop(intent, is_there=there is not None, open_now=open_now)
    body = {"epoch": hand.epoch, "at": at, "stop": intent, "trigger_price": intent.trigger_price}
    pen.append_fenced(to_document(body), hand, kind=EntryKind.STOP_BEGUN)


def advance(pen: Pen, hand: Hand, step: StopStep) -> None:
    """Append a step of a stop's life, and the order that it became once that has ended."""
    writes.must_hold(pen, hand)
    before = _stop(pen.connection, step.stop_id)
    if before is None:
        raise LedgerError(f"stop {step.stop_id}: is not in the ledger")
    after = stop_rules.stop_moved(before, step)
    body = {
        "step": step,
        "after": {
            "state": after.state,
            "venue_stop_id": after.venue_stop_id,
            "venue_order_id": after.venue_order_id,
            "executed_lots": after.executed_lots,
        },
    }
    pen.append(EntryKind.STOP_MOVED, to_document(body))
    if step.order is None or step.state is not StopState.DONE:
        return
    order = order_of(before.intent)
    # As old as its stop: it may have filled at any time since, with nobody there.
    writes.begin(pen, hand, [order], before.begun_at)
    ended = Transition(
        client_order_id=order.client_order_id,
        state=OrderState.SETTLING,
        order=venue_order_of(before.intent, step.order),
        evidence=None,
        note="its stop fired",
        at=step.at,
    )
    writes.advance(pen, hand, [ended])


def _stop(connection: Connection, name: StopId) -> StopRecord | None:
    """Return one stop, or None."""
    row = row_or_none(connection, STOP, {"name": name})
    return None if row is None else _record(row)


def _records(connection: Connection, *, is_open: bool) -> tuple[StopRecord, ...]:
    """Return all stops, or those that are not terminal, oldest first."""
    return tuple(map(_record, rows(connection, OPEN_STOPS if is_open else STOPS, {})))


def _record(row: StoredRow) -> StopRecord:
    """Read one stop.

    Raises:
        LedgerError: the row describes no stop.

    """
    stop, order = row["venue_stop_id"], row["venue_order_id"]
    try:
        return StopRecord(
            intent=StopIntent(
                stop_id=StopId(row["stop_id"]),
                plan_digest=row["plan_digest"],
                line=row["line"],
                hedge_id=HedgeId(row["hedge_id"]),
                instrument=from_document(Instrument, json.loads(row["instrument"])),
                lots=Lots(row["lots"]),
                trigger=Ticks(row["trigger_ticks"]),
            ),
            state=StopState(row["state"]),
            venue_stop_id=None if stop is None else VenueStopId(stop),
            venue_order_id=None if order is None else VenueOrderId(order),
            executed_lots=Lots(row["executed_lots"]),
            begun_at=reads.instant(row["begun_at"]),
        )
    except ValueError as e:
        raise LedgerError(f"ledger: stops {row['stop_id']}: {e}") from e


class SqlStops(StopLedger, View):
    """The life of resting stops. A dry run places none, and sees the real ones."""

    @override
    async def begin_stop(
        self, intent: StopIntent, *, at: datetime, halt_seen: str | None, puts_back: bool
    ) -> None:
        """Commit the intent as SENDING, under the lease and the kill switch as it was seen."""
        hand = self._hand
        _refuse_dry(hand)

        def begun(pen: Pen) -> None:
            if not puts_back:
                refuse_begun(pen, hand, [intent.plan_digest], at=at, halt_seen=halt_seen)
            begin(pen, hand, intent, at)

        await self._writer.write(begun)

    @override
    async def advance_stop(self, step: StopStep) -> None:
        """Append a step of a stop's life."""
        hand = self._hand
        _refuse_dry(hand)
        await self._writer.write(lambda pen: advance(pen, hand, step))

    @override
    async def stops(self) -> tuple[StopRecord, ...]:
        """Return all stops, oldest first."""
        return await self._writer.read(partial(_records, is_open=False))

    @override
    async def open_stops(self) -> tuple[StopRecord, ...]:
        """Return stops that are not terminal, oldest first."""
        return await self._writer.read(partial(_records, is_open=True))


def _refuse_dry(hand: Hand) -> None:
    """Refuse a stop of a dry run.

    Raises:
        LedgerError: nothing of a dry run rests anywhere.

    """
    if hand.dry_run != 0:
        raise LedgerError("a dry run places no stop")
