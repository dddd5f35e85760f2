"""The world around the program: the exchange, its clock and prices, and people who trade by hand.

Everything that happens by itself happens at a request, so that it comes between the program's
steps and not in the long pauses where nothing could notice.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.simulation.chance import Chance
from tests.simulation.faults import Weather
from tests.simulation.orders_law import OrdersLaw
from tests.simulation.process import Process
from tests.simulation.setting import Setting
from tests.simulation.stop_chance import meanwhile
from tests.simulation.tape import Broken, Tape
from trimtab.domain.orders import CLIENT_ORDER_ID_LENGTH
from trimtab.testnet import Answer, Exchange, Fault, Request
from trimtab.testnet.catalogue import Market
from trimtab.testnet.exact import plain
from trimtab.testnet.interventions import deposit, force_deleveraging, fund, set_clock, set_prices
from trimtab.testnet.rejections import Rejection
from trimtab.testnet.signing import signature_of

BEGAN_AT = datetime(2026, 9, 21, 13, 33, 20, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEGAN_MS = (BEGAN_AT - _EPOCH) // timedelta(milliseconds=1)
CALLS_MAX = 6_000
"""Requests of one seed, over all its processes; the program's own bounds keep it far below."""


def is_ours(client_id: str) -> bool:
    """Say whether an order has a name as the program gives them."""
    return len(client_id) == CLIENT_ORDER_ID_LENGTH and client_id.startswith("b")


@dataclass(slots=True)
class WorldClock:
    """The program's clock: the loop's time, with the jumps of a wall clock."""

    loop: asyncio.AbstractEventLoop
    ahead_s: float = 0.0

    def milliseconds(self) -> int:
        """Return the time of this clock, as the exchange writes its own."""
        return _BEGAN_MS + int((self.loop.time() + self.ahead_s) * 1000)

    def now(self) -> datetime:
        return BEGAN_AT + timedelta(microseconds=round((self.loop.time() + self.ahead_s) * 1e6))

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(slots=True, kw_only=True)
class World:
    """One seed's world."""

    chance: Chance
    setting: Setting
    weather: Weather
    loop: asyncio.AbstractEventLoop
    folder: Path
    tape: Tape = field(default_factory=Tape)
    processes: list[Process] = field(default_factory=list)

    exchange: Exchange = field(init=False)
    clock: WorldClock = field(init=False)
    law: OrdersLaw = field(init=False)
    stop: asyncio.Event = field(init=False)
    stopped_at: float | None = field(init=False)
    """When the running processes were asked to stop, seconds of the loop."""
    calls: int = field(init=False)
    broken: Broken | None = field(init=False)
    planned: dict[int, str] = field(default_factory=dict)
    """What else happens at which request, beside what is drawn."""
    planned_for_stops: dict[int, str] = field(default_factory=dict)
    """What happens to a stop at which request, beside what is drawn."""
    history: set[tuple[Market, str, int]] = field(default_factory=set)
    """Fills of others from before the ledger's first statement: none of its concern."""
    operators: list[asyncio.Task[None]] = field(default_factory=list)
    on_halt: Callable[[], None] = field(init=False)
    """Has an operator latch the kill switch from another terminal."""
    full_disk_at: int = field(init=False)
    changes: int = field(init=False)
    """Changes and commits of ledgers so far."""

    def __post_init__(self) -> None:
        self.tape.left_out = (str(self.folder), f"process {os.getpid()}")
        self.clock = WorldClock(self.loop)
        self.exchange = Exchange(self.setting.scenario, now_ms=self._now_ms)
        set_clock(self.exchange.state, offset_ms=self.setting.venue_ahead_ms)
        self.law = OrdersLaw(self)
        self.stop = asyncio.Event()
        self.calls = self.changes = 0
        self.stopped_at = None
        self.broken = None
        draw = self.chance.draws("disk")
        self.full_disk_at = draw.randint(5, 120) if draw.random() < 0.15 else 0

    @property
    def now_s(self) -> float:
        """Seconds since the seed began."""
        return self.loop.time()

    @property
    def url(self) -> str:
        """Where the ledger is."""
        return f"sqlite:///{self.folder / 'ledger.db'}"

    def _now_ms(self) -> int:
        return _BEGAN_MS + int(self.loop.time() * 1000)

    def full_disk(self) -> bool:
        """Say whether a change or commit of the ledger finds no room; once in a seed at most.

        Asked twice in each transaction that changes something.
        """
        self.changes += 1
        due = self.changes == self.full_disk_at and not self.weather.is_over
        return due and self.chance.happens("full-disk")

    def begin_call(self, process: Process, request: Request) -> int:
        """Count a request, and let happen what happens meanwhile."""
        self.calls += 1
        process.requests += 1
        if self.calls > CALLS_MAX:
            self.breach(Broken(f"L3: more than {CALLS_MAX} requests"))
        if not self.weather.is_over:
            self._meanwhile(self.calls)
            if self.setting.has_stops:
                meanwhile(self, self.calls)
        self.law.begins(process, request)
        return self.calls

    def breach(self, broken: Broken) -> None:
        """Note that an invariant does not hold, and end every process: nothing may cover it."""
        self.broken = self.broken or broken
        for process in self.processes:
            process.kill("an invariant does not hold")

    def latency(self, call: int) -> tuple[float, float]:
        """Return how long a request and its answer travel, seconds."""
        draw = self.chance.draws("latency", call)
        scale = self.setting.latency_s
        return scale * draw.uniform(0.5, 1.5), scale * draw.uniform(0.5, 1.5)

    def execute(self, process: Process, call: int, request: Request) -> Answer:
        """Let the exchange act on a request of *process* that has arrived."""
        before = self.law.witness.before(request)
        answer = self.exchange.respond(request)
        self.tape.say(self.now_s, f"c{call}", "executed", answer.status, answer.order_id)
        self.law.witness.executed(process, request, answer, before)
        self.law.stops.executed(request, answer)
        return answer

    def hide(self, order_id: int, path: str, fault: Fault) -> None:
        """Hide an order from now on, as *fault* says."""
        self.exchange.hide(order_id, path, fault)

    def _meanwhile(self, call: int) -> None:
        """Draw what else happens at a call."""
        planned = self.planned.get(call)
        if planned is None and not self.setting.bustle:
            return
        draw = self.chance.draws("meanwhile", call)
        if planned is None and draw.random() >= self.setting.bustle:
            return
        acts = {
            "prices": self._move_prices,
            "person": self._trade_by_hand,
            "clock": self._move_clock,
            "deleverage": self._deleverage,
            "deposit": self._deposit,
            "funding": lambda _: fund(self.exchange.state, {}),
            "halt": self._want_halt,
            "stop": lambda _: self._want_stop(),
        }
        statements = self.law.statements()
        name = planned or draw.choices(tuple(acts), weights=(8, 4, 2, 1, 1, 1, 1, 1))[0]
        if name in {planned, *self.setting.bustles} and self.chance.happens(f"call-{call}-{name}"):
            self.tape.say(self.now_s, "meanwhile", name)
            with suppress(Rejection):
                acts[name](draw)
        if not statements:
            self.history |= self._strangers()

    def _strangers(self) -> set[tuple[Market, str, int]]:
        """Return the fills so far that no order of the program made."""
        stores = self.exchange.state.stores.items()
        return {
            (market, fill.symbol, fill.trade_id)
            for market, store in stores
            for fill in store.fills()
            if not is_ours(fill.client_id)
        }

    def _move_prices(self, draw: Any) -> None:
        """Move one asset's price, mostly a little."""
        asset = draw.choice(self.setting.assets)
        step = draw.gauss(0, draw.choice((0.0003, 0.002, 0.02)))
        mid = self.exchange.state.prices.mid(asset) * (1 + Decimal(round(step, 6)))
        set_prices(
            self.exchange.state, mid={asset: str(mid.quantize(Decimal("0.01")))}, mark={}, index={}
        )

    def _trade_by_hand(self, draw: Any) -> None:
        """Have a person buy or sell on the venue's own page."""
        asset, futures = draw.choice(self.setting.assets), draw.random() < 0.4
        mid = self.exchange.state.prices.mid(asset)
        value = Decimal(draw.choice((60, 150, 400)))
        market = Market.USDM if futures else Market.SPOT
        lot = self.exchange.state.listing(market, f"{asset}USDT").rule.lot_size
        quantity = max(lot, value / mid // lot * lot)
        path = "/fapi/v1/order" if futures else "/api/v3/order"
        asked = {
            "symbol": f"{asset}USDT",
            "side": draw.choice(("BUY", "SELL")),
            "type": "MARKET",
            "quantity": str(quantity),
            "newClientOrderId": f"web_{self.calls}",
        }
        answer = self.as_person("POST", path, asked)
        self.tape.say(self.now_s, "person", sorted(asked.items()), answer.status)

    def as_person(self, method: str, path: str, params: Mapping[str, str]) -> Answer:
        """Send a signed request outside the program."""
        raw = urlencode({**params, "timestamp": str(self.exchange.state.now_ms)})
        raw += f"&signature={signature_of('local-secret', query='', body=raw)}"
        headers = {"x-mbx-apikey": "local-key"}
        return self.exchange.respond(Request(method=method, path=path, body=raw, headers=headers))

    def _move_clock(self, draw: Any) -> None:
        """Have our wall clock jump, far enough to date what others do wrongly."""
        self.clock.ahead_s = draw.choice((-1, 1)) * draw.choice((0.05, 0.3, 2.0, 20.0))

    def _deleverage(self, draw: Any) -> None:
        """Have the venue close part of a position."""
        for symbol, _, position in self.exchange.state.usdm.open_positions()[:1]:
            lot = self.exchange.state.listing(Market.USDM, symbol).rule.lot_size
            part = abs(position.quantity) * Decimal(draw.choice(("0.5", "1")))
            part = part // lot * lot
            if part:
                force_deleveraging(self.exchange.state, symbol, quantity=plain(part))

    def _deposit(self, draw: Any) -> None:
        """Have somebody move money in or out."""
        units = draw.choice(("50", "-20"))
        deposit(
            self.exchange.state, asset="USDT", units=units, wallet=draw.choice(("spot", "usdm"))
        )

    def _want_stop(self) -> None:
        """Have a person ask the running processes to stop."""
        if not self.stop.is_set():
            self.stopped_at = self.now_s
        self.stop.set()

    def hear(self) -> None:
        """Let the next processes run: what was asked was asked of those before."""
        self.stop.clear()
        self.stopped_at = None

    def _want_halt(self, _draw: Any) -> None:
        """Have the operator latch the kill switch, from another terminal, now."""
        self.on_halt()
