"""Stops on the exchange in memory: placed once, fired when a test says so, with scripted faults."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from tests.fakes.memory_venue import Fault, MemoryVenue, Placed
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused
from trimtab.domain.instruments import Lots, Symbol
from trimtab.domain.orders import ClientOrderId, OrderIntent, VenueOrderId
from trimtab.domain.snapshot import OpenOrder
from trimtab.domain.stops import (
    FiredOrder,
    ListedStop,
    SeenStop,
    StopId,
    StopIntent,
    VenueStop,
    VenueStopId,
    order_of,
)
from trimtab.ports import AbsenceEvidence

LOST = frozenset({Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.LATE, Fault.INVISIBLE})


@dataclass
class Rested:
    """A stop as the exchange has it."""

    intent: StopIntent
    number: VenueStopId
    shown_at: datetime
    state: SeenStop = SeenStop.RESTING
    order: Placed | None = None
    lags_until: datetime | None = None


class MemoryStops:
    """Where stops rest beside a :class:`MemoryVenue`; *faults* by line of the plan."""

    def __init__(self, venue: MemoryVenue, faults: Mapping[int, Fault] | None = None) -> None:
        self.venue = venue
        self.faults = dict(faults or {})
        self.withdrawal_lost = False
        """Whether the next withdrawal happens and its answer is lost."""
        self.withdrawal_fails = False
        """Whether no withdrawal is taken."""
        self.lag_s = 0.0
        """How long look-ups go on to show a stop as resting that was withdrawn."""
        self.rested: list[Rested] = []
        self._arriving: list[tuple[datetime, StopIntent]] = []
        venue.waiting = self._waiting

    async def place(self, intent: StopIntent) -> VenueStop:
        self._asked("place_stop")
        fault = self.faults.get(intent.line)
        if fault is Fault.THROTTLED:
            raise NotDone("429")
        if fault is Fault.REFUSED:
            raise Refused("-2021")
        if fault is Fault.LATE:
            self._arriving.append((self._now() + timedelta(seconds=3), intent))
        elif fault is not Fault.RESET_BEFORE:
            self._rest(intent, hidden_s=6 if fault is Fault.INVISIBLE else 0)
        if fault in LOST:
            raise OutcomeUnknown(f"{intent.stop_id}: connection reset")
        shown = self._show(self.rested[-1])
        if fault is Fault.OTHER_ANSWER:
            return dataclasses.replace(shown, stop_id=StopId("another"))
        return shown

    async def withdraw(self, intent: StopIntent) -> None:
        self._asked("withdraw_stop")
        if self.withdrawal_fails:
            raise NotDone("429")
        for each in self._named(intent):
            if each.state is SeenStop.RESTING:
                each.state = SeenStop.WITHDRAWN
                each.lags_until = self._now() + timedelta(seconds=self.lag_s)
        if self.withdrawal_lost:
            self.withdrawal_lost = False
            raise OutcomeUnknown(f"{intent.stop_id}: connection reset")

    async def look_up(self, intent: StopIntent, *, begun_at: datetime) -> VenueStop | None:
        self._require_begun(intent, begun_at)
        self._asked("look_up_stop")
        found = [each for each in self._named(intent) if each.shown_at <= self._now()]
        return self._show(found[-1]) if found else None

    async def resting(self, symbols: Sequence[Symbol]) -> tuple[ListedStop, ...]:
        self._asked("resting_stops")
        return tuple(
            ListedStop(
                symbol=each.intent.instrument.symbol,
                stop_id=each.intent.stop_id,
                venue_stop_id=each.number,
                lots=each.intent.lots,
                trigger_price=each.intent.trigger_price,
                reduce_only=True,
            )
            for each in self.rested
            if each.state is SeenStop.RESTING and each.intent.instrument.symbol in symbols
        )

    async def evidence_of_absence(
        self, intent: StopIntent, *, begun_at: datetime
    ) -> AbsenceEvidence:
        self._require_begun(intent, begun_at)
        self._asked("absence_of_stop")
        seen = "seen" if self._named(intent) else "none"
        return AbsenceEvidence(
            asked_at=self._now(),
            venue_now=self._now() - timedelta(seconds=self.venue.behind_s),
            sightings={"by_name": seen},
        )

    def fire(self, name: StopId, *, at: Decimal) -> None:
        """Let the mark reach a stop: it buys back what the position still allows."""
        (each,) = [r for r in self.rested if r.intent.stop_id == name]
        intent: OrderIntent = order_of(each.intent)
        position = self.venue.truth.positions.get(intent.instrument.symbol, 0)
        number = VenueOrderId(f"v{len(self.venue.truth.placed) + 1}")
        placed = Placed(intent=intent, name=number, at=self._now(), fault=None, ended=True)
        self.venue.truth.placed.append(placed)
        if lots := min(intent.lots, max(0, -position)):
            self.venue._trade(placed, lots, at)
        each.state, each.order = SeenStop.FIRED, placed

    def _waiting(self) -> Iterator[OpenOrder]:
        """Yield what rests as the account shows it."""
        for each in self.rested:
            if each.state is SeenStop.RESTING and each.shown_at <= self._now():
                yield OpenOrder(
                    symbol=each.intent.instrument.symbol,
                    client_order_id=ClientOrderId(each.intent.stop_id),
                    venue_order_id=VenueOrderId(each.number),
                    lots=each.intent.lots,
                    limit_price=each.intent.trigger_price,
                    reduce_only=True,
                )

    def _require_begun(self, intent: StopIntent, begun_at: datetime) -> None:
        """Hold against the truth from when on a stop is asked about: nothing of it may be older."""
        first = [each.shown_at for each in self._named(intent)]
        assert begun_at <= min(first, default=begun_at), (intent.stop_id, begun_at)

    def _named(self, intent: StopIntent) -> list[Rested]:
        return [each for each in self.rested if each.intent.stop_id == intent.stop_id]

    def _rest(self, intent: StopIntent, *, hidden_s: float) -> None:
        number = VenueStopId(f"a{len(self.rested) + 1}")
        shown = self._now() + timedelta(seconds=hidden_s)
        self.rested.append(Rested(intent=intent, number=number, shown_at=shown))

    def _show(self, each: Rested) -> VenueStop:
        became, lags = None, each.lags_until is not None and self._now() < each.lags_until
        state = SeenStop.RESTING if lags else each.state
        if each.order is not None:
            became = FiredOrder(
                venue_order_id=each.order.name,
                filled_lots=Lots(each.order.filled),
                ended=each.order.ended,
            )
        return VenueStop(
            stop_id=each.intent.stop_id,
            venue_stop_id=each.number,
            symbol=each.intent.instrument.symbol,
            lots=each.intent.lots,
            trigger_price=each.intent.trigger_price,
            state=state,
            order=became,
            status=each.state.value.upper(),
        )

    def _asked(self, what: str) -> None:
        self.venue._asked(what)
        for due in [each for each in self._arriving if each[0] <= self._now()]:
            self._arriving.remove(due)
            self._rest(due[1], hidden_s=0)

    def _now(self) -> datetime:
        return self.venue.clock.now()
