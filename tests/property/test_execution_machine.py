"""The run machine against a world that loses, doubles, delays and reorders every report.

The world is honest about the truth and arbitrary about everything else: whether a request
arrives, when, how much of it executes, when a question is answered, in which order and how
often the answers come in. Whatever it does, no leg has two live orders, nothing goes beyond
what was approved, closed orders stay closed, and every run ends.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.builders import NOW, account, book, legs_of
from trimtab.domain.instruments import Lots
from trimtab.domain.orders import (
    ClientOrderId,
    Fill,
    OrderIntent,
    OrderState,
    Side,
    TradeId,
    VenueOrder,
    VenueOrderId,
)
from trimtab.domain.snapshot import Balance
from trimtab.execution.events import (
    AbsenceDoubted,
    AbsenceShown,
    FillsBooked,
    FillsUnread,
    Finish,
    LookUp,
    NoAnswer,
    NotVisible,
    ProveAbsence,
    ReadFills,
    Review,
    Reviewed,
    RunCommand,
    RunEvent,
    Shown,
    Stopped,
    Submit,
    Survey,
    Surveyed,
    Unsurveyed,
    WasLost,
    WasNotSent,
    WasRefused,
)
from trimtab.execution.lifecycle import is_allowed
from trimtab.execution.machine import begin, step
from trimtab.execution.rests import RestReason
from trimtab.execution.state import Phase, Terms
from trimtab.execution.tracking import Outlook

OPENING = account("BTC 1 @ 60000, ETH 10 @ 3000, USDT 2000, perp ETH -2, wallet 5000", quote="USDT")
LEGS = legs_of(
    OPENING,
    "sell 0.1 BTC",
    "sell 0.02 BTC",
    "buy 0.5 perp ETH reduce",
    "then buy 1.5 ETH",
    "sell 0.05 perp BTC",
)
TERMS = Terms(
    plan_digest="e" * 64,
    expires_at=NOW + timedelta(seconds=300),
    max_reprices=2,
    receive_window_ms=5_000,
    fee_reserve=Decimal("0.002"),
)
BOOKS = [
    {s: book(b.mid * (1 + Decimal(fate - 4) / 5_000)) for s, b in OPENING.books.items()}
    for fate in range(8)
]
ARRIVES_WITHIN_S = 15.0
"""The receive window and the venue's processing limit."""
END_WITHIN = 3_000
"""Questions and answers within which an honest world must bring any run to its end."""


@dataclass
class Request:
    """A request to place an order, and what became of it."""

    intent: OrderIntent
    sent_at: datetime
    in_flight: bool = False
    accepted: bool = False
    ended: bool = False
    filled: int = 0
    fills: list[Fill] = field(default_factory=list)


class Runs(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.requests: dict[ClientOrderId, Request] = {}
        self.pending: list[RunCommand] = []
        self.mail: list[RunEvent] = []
        self.states: dict[ClientOrderId, OrderState] = {}
        self.finished = False
        self.stopped = False
        self.trades = 0
        self.state, commands = begin(LEGS, (), TERMS, OPENING)
        self.take(commands)

    # What the machine asks for

    def take(self, commands: tuple[RunCommand, ...]) -> None:
        for command in commands:
            assert not self.finished, "nothing is asked for after the end"
            if isinstance(command, Submit):
                assert not self.stopped, "no order after a stop"
                assert self.now < TERMS.expires_at, "no order after the approval's time"
                for intent in command.intents:
                    self.check_may_be_sent(intent)
                    self.requests[intent.client_order_id] = Request(intent, self.now)
            if isinstance(command, Finish):
                self.finished = True
            else:
                self.pending.append(command)

    def check_may_be_sent(self, intent: OrderIntent) -> None:
        leg = LEGS[intent.line - 1]
        before = [r for r in self.requests.values() if r.intent.line == intent.line]
        assert intent.client_order_id not in self.requests, "no id is used twice"
        for request in before:
            assert not request.in_flight, "no second request while the first may still arrive"
            assert request.ended or not request.accepted, "no two live orders for one leg"
        executed = sum(r.filled for r in before)
        assert (intent.lots > 0) == (leg.lots > 0), "same sign"
        assert abs(executed + intent.lots) <= abs(leg.lots), "never beyond the approved lots"
        worse = (intent.limit - leg.limit) * (1 if leg.lots > 0 else -1)
        assert worse <= 0, "never beyond the approved price"
        earlier = [r for r in self.requests.values() if LEGS[r.intent.line - 1].stage < leg.stage]
        assert all(r.ended or not r.accepted for r in earlier), "stages do not overlap"

    def tell(self, event: RunEvent) -> None:
        if isinstance(event, Reviewed):  # The driver sends in the same turn as it is told.
            event = dataclasses.replace(event, at=self.now)
        self.state, commands = step(self.state, event)
        self.take(commands)

    # What the world does

    @rule(seconds=st.sampled_from([0.1, 1.0, 5.0, 20.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        for request in self.requests.values():
            if (
                request.in_flight
                and (self.now - request.sent_at).total_seconds() > ARRIVES_WITHIN_S
            ):
                request.in_flight = False

    @precondition(lambda self: self.pending)
    @rule(which=st.integers(0, 9), fate=st.integers(0, 7), share=st.integers(0, 4))
    def a_question_is_answered(self, which: int, fate: int, share: int) -> None:
        command = self.pending.pop(which % len(self.pending))
        self.mail += self.answers(command, fate, share)

    @precondition(lambda self: self.mail)
    @rule(which=st.integers(0, 9), again=st.booleans())
    def an_answer_comes_in(self, which: int, again: bool) -> None:
        place = which % len(self.mail)
        event = self.mail[place] if again else self.mail.pop(place)
        self.tell(event)

    @precondition(lambda self: any(r.in_flight for r in self.requests.values()))
    @rule(share=st.integers(0, 4))
    def a_delayed_request_arrives(self, share: int) -> None:
        request = next(r for r in self.requests.values() if r.in_flight)
        self.accept(request, share)

    @precondition(lambda self: any(r.accepted and not r.ended for r in self.requests.values()))
    @rule(share=st.integers(0, 4))
    def an_open_order_ends(self, share: int) -> None:
        request = next(r for r in self.requests.values() if r.accepted and not r.ended)
        self.execute(request, share)

    @rule(reason=st.sampled_from([RestReason.INTERRUPTED, RestReason.HALTED]), really=st.booleans())
    def somebody_stops_it(self, reason: RestReason, really: bool) -> None:
        if really and len(self.requests) > 2:
            self.tell(Stopped(reason=reason, at=self.now))
            self.stopped = True

    # The truth

    def accept(self, request: Request, share: int) -> None:
        request.in_flight, request.accepted = False, True
        if share:
            self.execute(request, share)

    def execute(self, request: Request, share: int) -> None:
        intent = request.intent
        lots = abs(intent.lots) * share // 4
        for piece in (lots // 2, lots - lots // 2):
            if piece:
                self.trades += 1
                request.fills.append(self.fill(request, piece))
        request.filled = lots if intent.lots > 0 else -lots
        request.ended = True

    def fill(self, request: Request, lots: int) -> Fill:
        intent = request.intent
        return Fill(
            symbol=intent.instrument.symbol,
            trade_id=TradeId(str(self.trades)),
            venue_order_id=VenueOrderId(intent.client_order_id[:8]),
            client_order_id=intent.client_order_id if self.trades % 2 else None,
            side=Side.of(intent.lots),
            quantity=intent.instrument.units(lots),
            fill_price=intent.limit_price,
            fee=Decimal(0),
            fee_asset=intent.instrument.quote,
            filled_at=self.now,
        )

    def answers(self, command: RunCommand, fate: int, share: int) -> list[RunEvent]:
        match command:
            case Submit():
                return [
                    self.verdict(self.requests[i.client_order_id], fate, share)
                    for i in command.intents
                ]
            case Survey():
                return [self.survey(fate)]
            case Review():
                return [Reviewed(refusal="no" if fate == 7 else "", at=self.now)]
            case LookUp():
                return [self.looked(self.requests[command.intent.client_order_id], fate)]
            case ProveAbsence():
                return [self.evidence(command)]
            case ReadFills():
                return [self.trade_list(command, fate)]
            case _:
                raise AssertionError(command)

    def verdict(self, request: Request, fate: int, share: int) -> RunEvent:
        name = request.intent.client_order_id
        if fate == 0:
            return WasNotSent(client_order_id=name, reason="", retry_after_ms=0, at=self.now)
        if fate == 1:
            return WasRefused(client_order_id=name, reason="", at=self.now)
        request.sent_at = self.now
        if fate in (2, 3):  # It may arrive later, or never.
            request.in_flight = True
            return WasLost(client_order_id=name, reason="", at=self.now)
        self.accept(request, share)
        if fate == 4:
            return WasLost(client_order_id=name, reason="", at=self.now)
        return self.picture(request)

    def picture(self, request: Request) -> Shown:
        intent = request.intent
        order = VenueOrder(
            client_order_id=intent.client_order_id,
            venue_order_id=VenueOrderId(intent.client_order_id[:8]),
            symbol=intent.instrument.symbol,
            lots=intent.lots,
            filled_lots=Lots(request.filled),
            ended=request.ended,
            status="",
        )
        return Shown(client_order_id=intent.client_order_id, order=order, at=self.now)

    def looked(self, request: Request, fate: int) -> RunEvent:
        name = request.intent.client_order_id
        if fate == 0:
            return NoAnswer(client_order_id=name, reason="", at=self.now)
        if not request.accepted or fate == 1:  # An order may be invisible for a while.
            return NotVisible(client_order_id=name, at=self.now)
        return self.picture(request)

    def evidence(self, command: ProveAbsence) -> RunEvent:
        request = self.requests[command.intent.client_order_id]
        name, early = command.intent.client_order_id, self.now < command.fence_at
        if request.accepted or early:
            return AbsenceDoubted(client_order_id=name, reason="", at=self.now)
        assert not request.in_flight, "after the fence nothing can arrive any more"
        return AbsenceShown(client_order_id=name, at=self.now)

    def trade_list(self, command: ReadFills, fate: int) -> RunEvent:
        name, symbol = command.intent.client_order_id, command.intent.instrument.symbol
        if fate == 0:
            return FillsUnread(client_order_id=name, reason="", at=self.now)
        fills = [f for r in self.requests.values() for f in r.fills if f.symbol == symbol]
        kept = fills[fate == 1 :]  # The first page may be missing.
        return FillsBooked(client_order_id=name, symbol=symbol, fills=tuple(kept), at=self.now)

    def survey(self, fate: int) -> RunEvent:
        if fate == 0:
            return Unsurveyed(reason="no route", at=self.now)
        quote = OPENING.balances[OPENING.quote].free * (1 + fate)
        snapshot = dataclasses.replace(
            OPENING,
            taken_at=self.now,
            balances={**OPENING.balances, OPENING.quote: Balance(free=quote, locked=Decimal(0))},
            books={
                s: book(b.mid * (1 + Decimal(fate - 4) / 5_000)) for s, b in OPENING.books.items()
            },
        )
        return Surveyed(snapshot=snapshot, at=self.now)

    # What always holds

    @invariant()
    def closed_orders_stay_closed_and_states_follow_the_table(self) -> None:
        for order in self.state.orders:
            name, before = (
                order.intent.client_order_id,
                self.states.get(order.intent.client_order_id),
            )
            if before is not None and before is not order.state:
                assert not before.is_terminal
                assert is_allowed(before, after=order.state)
            self.states[name] = order.state

    @invariant()
    def what_is_proved_is_true(self) -> None:
        for order in self.state.orders:
            request = self.requests[order.intent.client_order_id]
            if order.state in (OrderState.ABSENT, OrderState.REFUSED):
                assert not request.accepted
                assert not request.in_flight
            if order.state in (OrderState.FILLED, OrderState.EXPIRED):
                assert order.booked == request.filled
            assert order.outlook is not Outlook.CONTRADICTED, "an honest venue contradicts nothing"

    @invariant()
    def the_phase_fits_the_orders(self) -> None:
        if self.state.phase in (Phase.SURVEYING, Phase.REVIEWING):
            assert all(o.state.is_terminal for o in self.state.orders)
        assert self.finished == (self.state.phase is Phase.FINISHED)

    def teardown(self) -> None:
        """Answer everything honestly and in order: the run must end."""
        turns = 0
        while self.state.phase is not Phase.FINISHED:
            turns += 1
            assert turns < END_WITHIN, "the run does not end"
            if self.mail:
                self.tell(self.mail.pop(0))
                continue
            assert self.pending, "the run waits for nothing"
            command = self.pending.pop(0)
            wait = getattr(command, "after_s", 0.1)
            fence = getattr(command, "fence_at", self.now)
            self.now = max(self.now + timedelta(seconds=wait), fence)
            self.time_passes(0.0)
            self.mail += self.answers(command, 5, 4)
            self.what_is_proved_is_true()
            self.closed_orders_stay_closed_and_states_follow_the_table()


TestRuns = Runs.TestCase
TestRuns.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
