"""A plan that the gate let begin is never refused half-way while nothing but itself happens.

The market stands still. Orders fill in part, at any price between their limit and the mark, or are
refused; the account is read again, and the gate is asked about what is left under caps that the
plan only just met.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.builders import NOW, account, plan, policy
from tests.property.test_gate import OPEN
from tests.unit.execution.cases import fill
from tests.unit.risk.cases import context, record
from tests.workflow.stop_scenes import NONE, declared
from trimtab.domain.exact import ZERO, exact_arithmetic, plain
from trimtab.domain.findings import Verdict
from trimtab.domain.hedges import HedgeCause
from trimtab.domain.instruments import Asset, Lots, Symbol, Ticks
from trimtab.domain.orders import (
    Fill,
    OrderIntent,
    OrderRecord,
    OrderState,
    TradeId,
    VenueOrder,
    VenueOrderId,
)
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Policy
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.stops import FIRST_STOP_LINE, StopAct, StopLine
from trimtab.execution.events import (
    FillsBooked,
    Review,
    Reviewed,
    RunCommand,
    RunEvent,
    Shown,
    Submit,
    Survey,
    Surveyed,
    WasRefused,
)
from trimtab.execution.foresight import stops_left
from trimtab.execution.machine import begin, step
from trimtab.execution.state import Phase, Terms
from trimtab.risk.context import GateContext
from trimtab.risk.gate import review
from trimtab.workflow.passage import passage_of, with_sent
from trimtab.workflow.past import Paid

BTC, ETH, SOL, USDT = (Asset(name) for name in ("BTC", "ETH", "SOL", "USDT"))
MIDS: Final = {BTC: Decimal(60_000), ETH: Decimal(3_000), SOL: Decimal(100)}
RESERVES: Final = ("0", "0.002", "0.01")
MET: Final = (
    *("max_run_notional", "max_day_notional", "max_asset_notional", "max_turnover"),
    *("max_orders", "max_minute_orders", "max_day_orders", "max_order_notional"),
)
"""Caps that are set to what the whole plan measures."""
SHOWN: Final = Decimal("0.000001")
"""To which ratios are shown."""
ROLLS: Final = "buy 0.08 perp BTC roll"
WAYS: Final = (
    (ROLLS, "then sell 0.08 dated BTC roll"),
    (ROLLS, "then sell 0.08 dated BTC roll", "then buy 0.01 ETH"),
    ("sell 0.5 ETH", ROLLS, "then sell 0.08 dated BTC roll", "then buy 10 SOL"),
    ("sell 0.1 BTC", "then buy 1.9 ETH"),
    ("sell 0.05 BTC", "sell 0.5 ETH", "then buy 44 SOL"),
    ("sell 0.05 BTC", "sell 0.5 ETH", "then buy 20 SOL", "then buy 24 SOL"),
    ("buy 0.05 perp BTC reduce", "then sell 0.05 BTC", "then buy 0.9 ETH"),
    ("buy 0.05 perp BTC reduce", "sell 0.05 BTC", "then buy 0.9 ETH"),
    ("sell 0.04 perp BTC", "buy 0.002 BTC", "then sell 1 ETH"),
    ("sell 1 ETH", "then buy 0.04 BTC", "then sell 0.04 perp BTC"),
    ("sell 0.5 ETH", "sell 10 SOL", "then buy 0.04 BTC", "then sell 0.04 perp BTC"),
    ("sell 0.1 perp BTC", "sell 0.5 ETH", "then buy 14 SOL"),
)


@dataclass
class World:
    """What the venue has, and what was sent to it."""

    coins: dict[Asset, Decimal]
    contracts: dict[str, Decimal]
    """Signed units by kind and coin, as accounts are written."""
    wallet: Decimal
    sent: list[OrderRecord] = field(default_factory=list)

    def read(self) -> Snapshot:
        """Return the account as it is now."""
        held = [f"{asset} {plain(units)}{_mid(asset)}" for asset, units in self.coins.items()]
        short = [f"{which} {plain(units)}" for which, units in self.contracts.items()]
        return account(", ".join((*held, *short, f"wallet {plain(self.wallet)}")))

    def fill(self, intent: OrderIntent, lots: int, fill_price: Decimal) -> tuple[Fill, ...]:
        """Move coins, cash and margin for an order that filled so many lots; return its fill."""
        instrument, asset, name = intent.instrument, intent.instrument.base, intent.client_order_id
        units = instrument.units(lots)
        fee = abs(units) * fill_price * instrument.taker_fee
        if instrument.is_contract:
            which = f"{'dated' if instrument.expires_at else 'perp'} {asset}"
            self.contracts[which] = self.contracts.get(which, ZERO) + units
            self.wallet += units * (MIDS[asset] - fill_price) - fee
        else:
            self.coins[asset] += units
            self.coins[USDT] -= units * fill_price + fee
        told = fill(
            lots,
            instrument=instrument,
            client_order_id=name,
            venue_order_id=VenueOrderId(name),
            trade_id=TradeId(name),
            fill_price=fill_price,
            fee=fee,
        )
        return (told,)

    def told(self, own_plan: str) -> GateContext:
        """Return what the ledger would say."""
        day: dict[Symbol, Decimal] = {}
        for intent, lots in ((r.intent, r.executed_lots) for r in self.sent):
            symbol, value = intent.instrument.symbol, abs(intent.instrument.units(lots))
            if not intent.reduce_only:
                day[symbol] = day.get(symbol, ZERO) + value * intent.limit_price
        past = record(sent=tuple(self.sent), own_plan=own_plan)
        return context(day_notional=day, record=past)


def _mid(asset: Asset) -> str:
    return f" @ {MIDS[asset]}" if asset in MIDS else ""


def just_met(whole: Plan, snapshot: Snapshot, rules: Policy) -> Policy:
    """Return *rules* with the caps at what *whole* measures."""
    report = review(whole, snapshot, policy=rules, context=context(), now=NOW)
    tight: dict[str, Any] = {}
    for name in MET:
        told = (f.measured for f in report.findings if f.check == name)
        most = max(Decimal(each or 0) for each in told)
        shown = most + SHOWN if name == "max_turnover" else most
        tight[name] = int(most) if isinstance(getattr(rules.limits, name), int) else shown
    return dataclasses.replace(rules, limits=dataclasses.replace(rules.limits, **tight))


@dataclass
class Run:
    """A run of a plan in the world, with the gate asked as it is on the way."""

    world: World
    whole: Plan
    rules: Policy
    data: st.DataObject

    def through(self) -> list[str]:
        """Go through the run; return what the gate had against its rest, nothing at its end."""
        opening, waiting = self.world.read(), deque[RunCommand]()
        paid = Paid(payments=(), fault="")
        self.passage = passage_of(self.whole, opening, self.rules, paid=paid, now=NOW)
        self.state, commands = begin(self.whole.legs, (), self._terms(), opening)
        waiting += commands
        while self.state.phase is not Phase.FINISHED:
            command = waiting.popleft()
            if isinstance(command, Review):
                if against := self._look(command):
                    return against
                waiting += self._step(Reviewed(refusal="", at=NOW))
            elif isinstance(command, Survey):
                waiting += self._step(Surveyed(snapshot=self.world.read(), at=NOW))
            elif isinstance(command, Submit):
                for intent in command.intents:
                    waiting += self._sent(intent)
        return []

    def _terms(self) -> Terms:
        return Terms(
            plan_digest=self.whole.digest,
            expires_at=NOW + timedelta(seconds=300),
            max_reprices=3,
            receive_window_ms=5_000,
            fee_reserve=self.rules.limits.fee_reserve,
        )

    def _step(self, event: RunEvent) -> tuple[RunCommand, ...]:
        self.state, commands = step(self.state, event)
        return commands

    def _look(self, command: Review) -> list[str]:
        """Ask the gate about the rest; a warning counts too, because it stops a run unwatched."""
        stops = stops_left(self.whole, self.state, command.legs)
        rest = dataclasses.replace(self.whole, legs=command.legs, stops=stops)
        told = self.world.told(self.whole.digest)
        facts = with_sent(told, self.passage, self.world.sent, rest=rest)
        report = review(rest, command.snapshot, policy=self.rules, context=facts, now=NOW)
        return [f"{f.check} {f.measured}" for f in report.findings if f.verdict is not Verdict.PASS]

    def _sent(self, intent: OrderIntent) -> tuple[RunCommand, ...]:
        """Have one order filled in whole, in part or not at all, or refused."""
        name, sign = intent.client_order_id, 1 if intent.lots > 0 else -1
        if self.data.draw(st.integers(0, 5)) == 0:
            self.world.sent.append(_recorded(intent, 0, OrderState.REFUSED))
            return self._step(WasRefused(client_order_id=name, reason="no", at=NOW))
        size = abs(intent.lots)
        lots = sign * self.data.draw(st.one_of(st.just(size), st.integers(0, size)))
        self.world.sent.append(_recorded(intent, lots, OrderState.FILLED))
        ended = VenueOrder(
            client_order_id=name,
            venue_order_id=VenueOrderId(name),
            symbol=intent.instrument.symbol,
            lots=intent.lots,
            filled_lots=Lots(lots),
            ended=True,
            status="EXPIRED",
        )
        commands = self._step(Shown(client_order_id=name, order=ended, at=NOW))
        if not lots:
            return commands
        better = (MIDS[intent.instrument.base] - intent.limit_price) / 2
        price = intent.limit_price + better * self.data.draw(st.integers(0, 2))
        fills = self.world.fill(intent, lots, price)
        symbol = intent.instrument.symbol
        return self._step(FillsBooked(client_order_id=name, symbol=symbol, fills=fills, at=NOW))


def _recorded(intent: OrderIntent, lots: int, state: OrderState) -> OrderRecord:
    return OrderRecord(
        intent=intent,
        state=state,
        venue_order_id=VenueOrderId(intent.client_order_id),
        filled_lots=Lots(lots),
        executed_lots=Lots(lots),
        submitted_at=NOW,
        simulated=False,
    )


def with_stop(whole: Plan, opening: Snapshot) -> Plan:
    """Return *whole* with a stop of what its contract is short afterwards, if it trades one."""
    legs = [leg for leg in whole.legs if leg.instrument.is_contract]
    if not legs:
        return whole
    instrument = legs[0].instrument
    held = opening.positions.get(instrument.symbol)
    short = -sum(leg.lots for leg in legs) - (0 if held is None else held.lots)
    hedge = declared(FIRST_STOP_LINE, HedgeCause.STOP)
    line = StopLine(
        hedge=hedge,
        instrument=instrument,
        act=StopAct.PUT if short else StopAct.WITHDRAW,
        lots=Lots(short),
        trigger=Ticks(int(Decimal(66_000) / instrument.tick_size) if short else 0),
        withdraws=NONE,
    )
    declares = tuple(declared(leg.line, HedgeCause.BY_HAND) for leg in legs)
    return dataclasses.replace(whole, hedging=declares, stops=(line,))


@given(
    st.data(), st.sampled_from(WAYS), st.integers(0, 200), st.sampled_from(RESERVES), st.booleans()
)
def test_what_the_gate_let_begin_it_lets_go_on(
    data: st.DataObject, way: tuple[str, ...], usdt: int, reserve: str, stops: bool
) -> None:
    world = World(
        coins={BTC: Decimal("0.2"), ETH: Decimal(2), SOL: Decimal(20), USDT: Decimal(usdt)},
        contracts={
            "perp BTC": Decimal("-0.1") if "reduce" in way[0] or ROLLS in way else ZERO,
            **({"dated BTC": ZERO} if ROLLS in way else {}),
        },
        wallet=Decimal(30_000),
    )
    wide = dataclasses.replace(OPEN, fee_reserve=Decimal(reserve), max_turnover=Decimal(9))
    opening = world.read()
    whole = plan(opening, *way)
    if stops and ROLLS not in way:
        whole = with_stop(whole, opening)
    rests = {"stop": Decimal("0.10"), "rests_stop": stops}
    rules = just_met(whole, opening, policy(limits=wide, hedge=rests))
    first = review(whole, opening, policy=rules, context=context(), now=NOW)
    assume(first.verdict is Verdict.PASS)
    with exact_arithmetic():
        against = Run(world=world, whole=whole, rules=rules, data=data).through()
    assert against == []
