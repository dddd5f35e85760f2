"""A small honest exchange behind the Venue and MarketData ports, with faults by script.

It matches IOC limit orders against a book that orders use up, takes fees (from the bought
coin on spot, from the futures wallet on contracts), keeps the truth (orders, trades,
balances, positions) apart from what it shows, and, like a real one, accepts a client order
id again once the first order has ended.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, auto

from tests.fakes.virtual_clock import VirtualClock
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused
from trimtab.domain.exact import floor_times
from trimtab.domain.instruments import Asset, Instrument, Lots, Symbol, Ticks
from trimtab.domain.orders import (
    ClientOrderId,
    Fill,
    OrderIntent,
    Side,
    TradeId,
    VenueOrder,
    VenueOrderId,
)
from trimtab.domain.payments import Payment, PaymentId, PaymentKind
from trimtab.domain.rights import KeyStanding, UntoldRights
from trimtab.domain.snapshot import Balance, Level, MarginMode, OpenOrder, Position, Snapshot
from trimtab.domain.transfers import (
    ListedState,
    ListedTransfer,
    TransferId,
    TransferIntent,
    VenueTransferId,
)
from trimtab.ports import AbsenceEvidence, FillCursor, Portfolio, TransferList


class Fault(Enum):
    """What goes wrong with one order."""

    RESET_BEFORE = auto()
    """The connection breaks before the request arrives."""
    RESET_AFTER = auto()
    """The order is accepted, the answer is lost."""
    LATE = auto()
    """The connection breaks; the request is accepted three seconds later."""
    INVISIBLE = auto()
    """Accepted, the answer lost, and look-ups do not see it for six seconds."""
    THROTTLED = auto()
    """Not taken in; silence is asked for."""
    REFUSED = auto()
    """The venue says no."""
    PARTIAL = auto()
    """A third of it executes, the rest expires."""
    UNFILLED = auto()
    """Nothing of it executes."""
    SLOW_TRADES = auto()
    """The trade list shows its executions two seconds late."""
    GAP = auto()
    """Its first execution is missing from the trade list for two seconds, later ones are not."""
    RESTS = auto()
    """It stays open for three seconds before it executes."""
    RESTS_FOR_EVER = auto()
    """It stays open."""
    OTHER_ANSWER = auto()
    """It is accepted, but the answer describes another order."""
    LOW_SUMMARY = auto()
    """The order's summary lags for two seconds: it shows less than the trade list."""
    PENDING = auto()
    """A transfer's answer is lost, and it is listed as pending for three seconds."""
    FAILED = auto()
    """A transfer's answer is lost, and it is listed as failed."""


_GRID = Decimal("0.00000001")
LOST_ANSWER = {Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.LATE, Fault.INVISIBLE}


@dataclass
class Placed:
    """An order as the exchange has it."""

    intent: OrderIntent
    name: VenueOrderId
    at: datetime
    fault: Fault | None
    filled: int = 0
    ended: bool = False


@dataclass
class Traded:
    """An execution, and from when on the trade list shows it."""

    fill: Fill
    shown_at: datetime


@dataclass
class Paid:
    """A movement of the futures wallet, and from when on the list shows it."""

    payment: Payment
    shown_at: datetime


@dataclass
class Moved:
    """A transfer as the exchange has it, and from when on the list shows it."""

    listed: ListedTransfer
    shown_at: datetime
    fault: Fault | None


@dataclass
class Truth:
    """What really is, whatever the answers said."""

    free: dict[Asset, Decimal]
    positions: dict[Symbol, int]
    placed: list[Placed] = field(default_factory=list)
    trades: list[Traded] = field(default_factory=list)
    leverage: dict[Symbol, int] = field(default_factory=dict)
    wallet: Decimal = Decimal(0)
    """Units of the quote in the futures wallet."""
    costs: dict[Symbol, Decimal] = field(default_factory=dict)
    """What each position cost, signed quote units."""
    paid: list[Paid] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)

    @property
    def fills(self) -> tuple[Fill, ...]:
        return tuple(t.fill for t in self.trades)

    def accepted(self, name: ClientOrderId) -> list[Placed]:
        return [p for p in self.placed if p.intent.client_order_id == name]


class MemoryVenue:
    """The exchange; *faults* by (line, attempt)."""

    def __init__(
        self,
        base: Snapshot,
        clock: VirtualClock,
        faults: Mapping[tuple[int, int], Fault] | None = None,
    ) -> None:
        self.base, self.clock = base, clock
        self.faults = dict(faults or {})
        self.books = dict(base.books)
        self.truth = Truth(
            free={a: b.free for a, b in base.balances.items()},
            positions={s: int(p.lots) for s, p in base.positions.items()},
            wallet=sum((p.wallet_balance for p in base.pools.values()), Decimal(0)),
            costs={
                s: base.instruments[s].units(p.lots) * p.entry_price
                for s, p in base.positions.items()
            },
        )
        self.listed = base
        """What can be read when it is asked for by name."""
        self.waiting: Callable[[], Iterable[OpenOrder]] = tuple
        """What waits for a trigger beside it."""
        self.requests: list[str] = []
        self.unreachable: set[str] = set()
        self.behind_s = 0.0
        self.ahead_s = 0.0
        """How far executions and payments are dated ahead of our clock, unknown to us."""
        self.is_blind = False
        """Whether look-ups by name show nothing, while the lists do."""
        self.on_request: dict[str, Callable[[], object]] = {}
        """What happens while a request of that name is answered."""
        self.twin_of_next_transfer = False
        """Whether somebody moves the same units in the same moment."""
        self.inconclusive = ""
        """Why no list proves anything by its silence; empty where it does."""
        self.restless = 0
        """How many more snapshots somebody trades just after."""
        self._arriving: list[tuple[datetime, OrderIntent]] = []
        self._moving: list[tuple[datetime, TransferIntent]] = []
        self._reads = 0

    # What the ports offer

    async def submit(self, intent: OrderIntent) -> VenueOrder:
        self._asked("submit")
        fault = self.faults.get((intent.line, intent.attempt))
        if fault is Fault.THROTTLED:
            raise NotDone("429", retry_after_ms=3_000)
        if fault is Fault.REFUSED:
            raise Refused("-2010")
        if fault is Fault.LATE:
            self._arriving.append((self.clock.now() + timedelta(seconds=3), intent))
        elif fault is not Fault.RESET_BEFORE:
            placed = self._place(intent, fault)
        if fault in LOST_ANSWER:
            raise OutcomeUnknown(f"{intent.client_order_id}: connection reset")
        shown = self._show(placed)
        if fault is Fault.OTHER_ANSWER:
            return dataclasses.replace(shown, client_order_id=ClientOrderId("another"))
        return shown

    async def look_up(self, intent: OrderIntent) -> VenueOrder | None:
        self._asked("look_up")
        found = [p for p in self.truth.accepted(intent.client_order_id) if self._sees(p)]
        return self._show(found[-1]) if found else None

    async def cancel(self, order: OpenOrder) -> None:
        self._asked("cancel")
        for placed in self.truth.accepted(order.client_order_id):
            placed.ended = True

    async def open_orders(self, symbols: Sequence[Symbol]) -> tuple[OpenOrder, ...]:
        self._asked("open_orders")
        return tuple(order for order in self._resting() if order.symbol in symbols)

    def _resting(self) -> tuple[OpenOrder, ...]:
        return tuple(
            OpenOrder(
                symbol=p.intent.instrument.symbol,
                client_order_id=p.intent.client_order_id,
                venue_order_id=p.name,
                lots=Lots(p.intent.lots - p.filled),
                limit_price=p.intent.limit_price,
                reduce_only=p.intent.reduce_only,
            )
            for p in self.truth.placed
            if not p.ended
        )

    async def fills(self, symbol: Symbol, *, since: FillCursor) -> tuple[Fill, ...]:
        self._asked("fills")
        now, after = self.clock.now(), int(since.after or 0)
        return tuple(
            t.fill
            for t in self.truth.trades
            if t.fill.symbol == symbol
            and t.shown_at <= now
            and int(t.fill.trade_id) > after
            and (since.after is not None or t.fill.filled_at >= since.not_before)
        )

    async def client_ids(
        self, symbol: Symbol, orders: Collection[VenueOrderId]
    ) -> dict[VenueOrderId, ClientOrderId]:
        self._asked("client_ids")
        return {
            p.name: p.intent.client_order_id
            for p in self.truth.placed
            if p.name in orders and p.intent.instrument.symbol == symbol
        }

    async def payments(self, since: datetime) -> tuple[Payment, ...]:
        self._asked("payments")
        now = self.clock.now()
        shown = [p.payment for p in self.truth.paid if p.shown_at <= now]
        return tuple(p for p in shown if p.paid_at >= since)

    async def evidence_of_absence(self, intent: OrderIntent) -> AbsenceEvidence:
        self._asked("evidence_of_absence")
        found = self.truth.accepted(intent.client_order_id)
        word = found[-1].name if found else "none"
        lists = ("by_client_id", "open_orders", "all_orders", "fills")
        return AbsenceEvidence(
            asked_at=self.clock.now(),
            venue_now=self.clock.now() - timedelta(seconds=self.behind_s),
            sightings=dict.fromkeys(lists, word),
            inconclusive=self.inconclusive,
        )

    async def transfer(self, intent: TransferIntent) -> VenueTransferId:
        self._asked("transfer")
        fault = self.faults.get((intent.line, 1))
        if fault is Fault.THROTTLED:
            raise NotDone("429", retry_after_ms=3_000)
        if fault is Fault.REFUSED:
            raise Refused("-5013")
        if fault is Fault.LATE:
            self._moving.append((self.clock.now() + timedelta(seconds=3), intent))
        elif fault is not Fault.RESET_BEFORE:
            moved = self._carry(intent, fault)
        if self.twin_of_next_transfer:
            self.move_by_hand(intent.units)
        if fault in LOST_ANSWER | {Fault.PENDING, Fault.FAILED}:
            raise OutcomeUnknown(f"{intent.transfer_id}: connection reset")
        return moved.listed.venue_transfer_id

    async def transfers(self, intent: TransferIntent, *, since: datetime) -> TransferList:
        self._asked("transfers")
        now = self.clock.now()
        shown = [
            dataclasses.replace(m.listed, state=self._listed_as(m))
            for m in self.truth.moved
            if m.shown_at <= now and m.listed.moved_at >= since
        ]
        mine = [row for row in shown if row.asset == intent.asset]
        return TransferList(
            asked_at=now,
            venue_now=now - timedelta(seconds=self.behind_s),
            listed=tuple(row for row in mine if (row.units > 0) == (intent.units > 0)),
        )

    def _listed_as(self, moved: Moved) -> ListedState:
        if moved.fault is Fault.FAILED:
            return ListedState.FAILED
        early = self.clock.now() < moved.listed.moved_at + timedelta(seconds=3)
        return ListedState.PENDING if moved.fault is Fault.PENDING and early else ListedState.MADE

    def _carry(self, intent: TransferIntent, fault: Fault | None) -> Moved:
        """Move money between the wallets, whole or not at all."""
        quote, units = self.base.quote, intent.units
        free = self.truth.free.get(quote, Decimal(0))
        if (free if units > 0 else self.truth.wallet) < abs(units):
            raise Refused("-5013")
        hidden_s = 6 if fault is Fault.INVISIBLE else 0
        moved = Moved(
            listed=ListedTransfer(
                venue_transfer_id=VenueTransferId(str(100 + len(self.truth.moved))),
                asset=intent.asset,
                units=units,
                state=ListedState.MADE,
                moved_at=self._now(),
            ),
            shown_at=self.clock.now() + timedelta(seconds=hidden_s),
            fault=fault,
        )
        self.truth.moved.append(moved)
        if fault is not Fault.FAILED:
            self.truth.free[quote] = free - units
            self.pay(PaymentKind.TRANSFER, units, late_s=hidden_s)
        return moved

    async def set_leverage(self, symbol: Symbol, *, leverage: int) -> None:
        self._asked("set_leverage")
        self.truth.leverage[symbol] = leverage

    async def key_rights(self) -> KeyStanding:
        """Nothing: this exchange has no such endpoint, and is asked for none."""
        return UntoldRights(why="the host does not tell", is_absent=True)

    async def snapshot(self, portfolio: Portfolio) -> Snapshot:
        self._asked("snapshot")
        self._reads += 1
        named = [s for s in portfolio.markets if s in self.listed.instruments]
        told = self.base.contracts | {s: c for s, c in self.listed.contracts.items() if s in named}
        contracts = {
            s: dataclasses.replace(
                c, leverage=self.truth.leverage.get(s, c.leverage), margin_mode=MarginMode.CROSS
            )
            for s, c in told.items()
        }
        seen = dataclasses.replace(
            self.base,
            instruments=dict(self.base.instruments)
            | {s: self.listed.instruments[s] for s in named},
            pools={
                a: dataclasses.replace(
                    p,
                    wallet_balance=self.truth.wallet,
                    free_margin=max(
                        Decimal(0), p.free_margin + self.truth.wallet - p.wallet_balance
                    ),
                )
                for a, p in self.base.pools.items()
            },
            snapshot_id=f"read-{self._reads}",
            taken_at=self.clock.now(),
            balances={
                a: Balance(free=u, locked=Decimal(0)) for a, u in self.truth.free.items() if u
            },
            positions={
                s: Position(
                    symbol=s,
                    lots=Lots(n),
                    entry_price=self.base.contracts[s].mark,
                    margin_mode=MarginMode.CROSS,
                    liquidation_price=None,
                )
                for s, n in self.truth.positions.items()
                if n
            },
            books=dict(self.books),
            contracts=contracts,
            open_orders=(*self.base.open_orders, *self._resting(), *self.waiting()),
        )
        if self.restless:
            self.restless -= 1
            self.trade_by_hand(next(iter(self.base.instruments.values())), 1)
        return seen

    # What happens inside

    def _now(self) -> datetime:
        """Return the exchange's own clock."""
        return self.clock.now() + timedelta(seconds=self.ahead_s)

    def _asked(self, what: str) -> None:
        """Count a request, let what is due happen, and break if the script says so."""
        self.requests.append(what)
        now = self.clock.now()
        for due in [each for each in self._arriving if each[0] <= now]:
            self._arriving.remove(due)
            self._place(due[1], None)
        for coming in [each for each in self._moving if each[0] <= now]:
            self._moving.remove(coming)
            self._carry(coming[1], None)
        for placed in self.truth.placed:
            rested = now >= placed.at + timedelta(seconds=3)
            if not placed.ended and placed.fault is Fault.RESTS and rested:
                self._execute(placed)
        if what in self.unreachable:
            raise NotDone(f"{what}: no route")
        if what in self.on_request:
            self.on_request[what]()

    def _place(self, intent: OrderIntent, fault: Fault | None) -> Placed:
        if not self._affords(intent):
            raise Refused("insufficient balance")
        name = VenueOrderId(f"v{len(self.truth.placed) + 1}")
        placed = Placed(intent=intent, name=name, at=self.clock.now(), fault=fault)
        self.truth.placed.append(placed)
        if fault not in (Fault.RESTS, Fault.RESTS_FOR_EVER):
            self._execute(placed)
        return placed

    def _affords(self, intent: OrderIntent) -> bool:
        instrument = intent.instrument
        if intent.reduce_only:
            position = self.truth.positions.get(instrument.symbol, 0)
            return position * intent.lots < 0 and abs(intent.lots) <= abs(position)
        if instrument.is_contract:
            return True
        if intent.lots > 0:
            cost = intent.quantity * intent.limit_price
            return self.truth.free.get(instrument.quote, Decimal(0)) >= cost
        return self.truth.free.get(instrument.base, Decimal(0)) >= intent.quantity

    def _execute(self, placed: Placed) -> None:
        """Walk the book up to the limit; the rest expires."""
        intent, left = placed.intent, abs(placed.intent.lots)
        if placed.fault is Fault.PARTIAL:
            left = max(1, left // 3)
        if placed.fault is Fault.UNFILLED:
            left = 0
        book, buys = self.books[intent.instrument.symbol], intent.lots > 0
        levels = list(book.asks if buys else book.bids)
        for place, level in enumerate(levels):
            room = (intent.limit_price - level.price) * (1 if buys else -1)
            lots = min(left, floor_times(intent.instrument.lot_size, level.quantity))
            pieces = [lots] if lots < 2 else [lots // 2, lots - lots // 2]
            if room < 0 or lots == 0:
                break
            for piece in pieces:
                self._trade(placed, piece, level.price)
            used = intent.instrument.units(lots)
            levels[place] = Level(price=level.price, quantity=level.quantity - used)
            left -= lots
        levels = [each for each in levels if each.quantity]
        side = {"asks": tuple(levels)} if buys else {"bids": tuple(levels)}
        self.books[intent.instrument.symbol] = dataclasses.replace(book, **side)
        placed.ended = True

    def _trade(self, placed: Placed, lots: int, fill_price: Decimal) -> None:
        intent, now = placed.intent, self._now()
        instrument, sign = intent.instrument, 1 if intent.lots > 0 else -1
        quantity = instrument.units(lots)
        in_coin = sign > 0 and not instrument.is_contract
        fee = instrument.taker_fee * (quantity if in_coin else quantity * fill_price)
        fill = Fill(
            symbol=instrument.symbol,
            trade_id=TradeId(str(len(self.truth.trades) + 1)),
            venue_order_id=placed.name,
            client_order_id=None,
            side=Side.of(sign),
            quantity=quantity,
            fill_price=fill_price,
            fee=fee,
            fee_asset=instrument.base if in_coin else instrument.quote,
            filled_at=now,
        )
        held_back = placed.fault is Fault.SLOW_TRADES or (
            placed.fault is Fault.GAP and placed.filled == 0
        )
        shown_at = self.clock.now() + timedelta(seconds=2 if held_back else 0)
        self.truth.trades.append(Traded(fill=fill, shown_at=shown_at))
        placed.filled += sign * lots
        self._move(instrument, fill, sign * lots)

    def _move(self, instrument: Instrument, fill: Fill, lots: int) -> None:
        if instrument.is_contract:
            self._enter(instrument, fill, lots)
            return
        sign = 1 if lots > 0 else -1
        for asset, units in (
            (instrument.base, sign * fill.quantity),
            (instrument.quote, -sign * fill.quantity * fill.fill_price),
            (fill.fee_asset, -fill.fee),
        ):
            self.truth.free[asset] = self.truth.free.get(asset, Decimal(0)) + units

    def _enter(self, instrument: Instrument, fill: Fill, lots: int) -> None:
        """Move a position at its average entry; pay what that realises, and the fee."""
        symbol, positions = instrument.symbol, self.truth.positions
        held, cost = positions.get(symbol, 0), self.truth.costs.get(symbol, Decimal(0))
        closed = min(abs(held), abs(lots)) if held * lots < 0 else 0
        signed = closed if lots > 0 else -closed
        released = (cost * closed / abs(held)).quantize(_GRID) if closed else Decimal(0)
        profit = -instrument.units(signed) * fill.fill_price - released
        positions[symbol] = held + lots
        opened = instrument.units(lots - signed) * fill.fill_price
        self.truth.costs[symbol] = cost - released + opened
        if profit:
            self.pay(PaymentKind.REALISED_PROFIT, profit.quantize(_GRID), of=fill)
        self.pay(PaymentKind.COMMISSION, -fill.fee, of=fill)

    def pay(
        self,
        kind: PaymentKind,
        amount: Decimal,
        *,
        of: Fill | None = None,
        symbol: Symbol | None = None,
        late_s: float = 0,
    ) -> Payment:
        """Move the futures wallet, and list it, perhaps late."""
        payment = Payment(
            kind=kind,
            word=kind.value,
            symbol=of.symbol if of else symbol,
            asset=self.base.quote,
            units=amount,
            payment_id=PaymentId(str(len(self.truth.paid) + 1)),
            trade_id=of.trade_id if of else None,
            paid_at=self._now(),
        )
        self.truth.wallet += amount
        shown_at = self.clock.now() + timedelta(seconds=late_s)
        self.truth.paid.append(Paid(payment=payment, shown_at=shown_at))
        return payment

    def _sees(self, placed: Placed) -> bool:
        hidden = placed.fault is Fault.INVISIBLE
        return not self.is_blind and (
            not hidden or self.clock.now() >= placed.at + timedelta(seconds=6)
        )

    def _show(self, placed: Placed) -> VenueOrder:
        lags = placed.fault is Fault.LOW_SUMMARY
        early = self.clock.now() < placed.at + timedelta(seconds=2)
        filled = placed.filled // 2 if lags and early else placed.filled
        return VenueOrder(
            client_order_id=placed.intent.client_order_id,
            venue_order_id=placed.name,
            symbol=placed.intent.instrument.symbol,
            lots=placed.intent.lots,
            filled_lots=Lots(filled),
            ended=placed.ended,
            status="EXPIRED" if placed.ended else "NEW",
        )

    def move_by_hand(self, units: Decimal) -> None:
        """Let somebody else move money between the wallets."""
        name = TransferId(f"hand{len(self.truth.moved)}")
        intent = TransferIntent(
            transfer_id=name, plan_digest="by hand", line=1, asset=self.base.quote, units=units
        )
        self._carry(intent, None)

    def trade_by_hand(self, instrument: Instrument, lots: int, *, late_s: float = 0) -> None:
        """Let somebody else trade in the account, at the best price; lists may show it late."""
        book = self.books[instrument.symbol]
        best = book.asks[0].price if lots > 0 else book.bids[0].price
        intent = OrderIntent(
            client_order_id=ClientOrderId(f"hand{len(self.truth.placed)}"),
            plan_digest="by hand",
            line=1,
            attempt=1,
            instrument=instrument,
            lots=Lots(lots),
            limit=floor_ticks(instrument, best),
            reduce_only=False,
        )
        name = VenueOrderId(f"v{len(self.truth.placed) + 1}")
        placed = Placed(intent=intent, name=name, at=self.clock.now(), fault=None, ended=True)
        self.truth.placed.append(placed)
        before = len(self.truth.paid)
        self._trade(placed, abs(lots), best)
        for listed in (self.truth.trades[-1], *self.truth.paid[before:]):
            listed.shown_at += timedelta(seconds=late_s)


def floor_ticks(instrument: Instrument, price: Decimal) -> Ticks:
    """Return *price* in whole ticks, rounded down."""
    return Ticks(max(1, floor_times(instrument.tick_size, price)))
