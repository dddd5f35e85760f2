"""One market of a venue in process, and what its orders move: no venue's words, only amounts.

Prices stand still, orders end at once, and what a floor says about them is its own matter.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from tests.conformance.floors import Placed, Truth, Waiting
from tests.fakes.leaping import leapt_s

DAY_MS = 86_400_000
MARK, INDEX = Decimal(60_000), Decimal(60_010)
_ENTRY = Decimal(59_000)
FUNDING = Decimal("0.0001")


def now_ms() -> int:
    """Return the venue's clock, milliseconds."""
    return time.time_ns() // 1_000_000 + int(leapt_s() * 1000)


def close_of(day: date) -> Decimal:
    """Return at what a day closed: no other one within a thousand days did there."""
    return Decimal(60_000 + (day - date(1970, 1, 1)).days % 1000)


def closes_between(first: int, last: int) -> list[tuple[int, str]]:
    """Return start and close of each day that begins from *first* to *last*, milliseconds."""
    starts = range(-(-first // DAY_MS) * DAY_MS, last + 1, DAY_MS)
    return [(at, str(close_of(datetime.fromtimestamp(at // 1000, UTC).date()))) for at in starts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is traded, and how."""

    is_contract: bool
    lot: Decimal
    """Base units."""
    tick: Decimal
    least_value: Decimal
    fee: Decimal
    """Of what a taker pays, fraction of value: of coins received, of the quote for contracts."""
    bid: Decimal
    ask: Decimal
    depth: Decimal
    """At the touch of either side, base units."""
    contract_size: Decimal = Decimal(1)
    names_repeat: bool = False
    """Whether a second order under a name is taken like any other."""
    fee_in_quote: bool = False
    """Whether fees of coins that are bought are paid with the quote."""


@dataclass(slots=True, kw_only=True)
class Order:
    """An order that was taken. Sizes are base units."""

    number: int
    """From 0, in the order in which they came."""
    name: str
    is_buy: bool
    quantity: Decimal
    limit: Decimal
    filled: Decimal
    reduces: bool
    at_ms: int

    @property
    def is_full(self) -> bool:
        """Whether nothing of it was cancelled."""
        return self.filled == self.quantity


@dataclass(slots=True, kw_only=True)
class Execution:
    """An execution. Sizes are base units."""

    number: int
    """From 0, rising."""
    order: int
    """Number of its order; -1 for the older one."""
    name: str
    is_buy: bool
    quantity: Decimal
    price: Decimal
    fee: Decimal
    """Positive when it was paid."""
    fee_coin: str
    profit: Decimal
    at_ms: int


@dataclass(slots=True, kw_only=True)
class Bill:
    """What moved the margin wallet, but for executions."""

    number: int
    kind: str
    """``funding`` or ``transfer``."""
    amount: Decimal
    at_ms: int


class Declined(Exception):
    """An order that the venue does not take: ``duplicate``, ``funds`` or ``grid``."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(slots=True)
class Trading:
    """A market and an account: coins, and for contracts margin and a short position."""

    terms: Terms
    coins: dict[str, Decimal]
    taken: list[Order] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)
    bills: list[Bill] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    """What waits for a trigger, placed by hand."""
    wallet: Decimal = Decimal(5000)
    units: Decimal = Decimal("-0.01")
    entry: Decimal = _ENTRY
    leverage: int = 20

    @property
    def pnl(self) -> Decimal:
        """Return what the position has won at mark."""
        return self.units * (MARK - self.entry)

    @property
    def margin(self) -> Decimal:
        """Return what the position binds."""
        return abs(self.units) * MARK / self.leverage

    def truth(self) -> Truth:
        """Return what the market and the account really are."""
        terms = self.terms
        return Truth(
            lot=terms.lot,
            tick=terms.tick,
            contract_size=terms.contract_size,
            least_value=terms.least_value,
            coins=dict(self.coins),
            bid=terms.bid,
            bid_quantity=terms.depth,
            ask=terms.ask,
            ask_quantity=terms.depth,
            position=self.units if terms.is_contract else Decimal(0),
            entry=self.entry if terms.is_contract else Decimal(0),
        )

    def placed(self) -> list[Placed]:
        """Return every order that was really taken, oldest first."""
        return [
            Placed(
                name=order.name,
                is_buy=order.is_buy,
                quantity=order.quantity,
                limit=order.limit,
                filled=order.filled,
            )
            for order in self.taken
        ]

    def place(
        self, *, name: str, is_buy: bool, quantity: Decimal, limit: Decimal, reduces: bool = False
    ) -> Order:
        """Take an order, fill at the touch what is there, and let go of the rest."""
        terms = self.terms
        if not terms.names_repeat and any(order.name == name for order in self.taken):
            raise Declined("duplicate")
        if quantity % terms.lot or limit % terms.tick:
            raise Declined("grid")
        needed = quantity * limit if is_buy else quantity
        if not terms.is_contract and needed > self.coins["USDT" if is_buy else "BTC"]:
            raise Declined("funds")
        crosses = limit >= terms.ask if is_buy else limit <= terms.bid
        order = Order(
            number=len(self.taken),
            name=name,
            is_buy=is_buy,
            quantity=quantity,
            limit=limit,
            filled=min(quantity, terms.depth) if crosses else Decimal(0),
            reduces=reduces,
            at_ms=now_ms(),
        )
        self.taken.append(order)
        if order.filled:
            half = order.filled / 2 // terms.lot * terms.lot
            for part in (half, order.filled - half):
                if part:
                    self._fill(order, part)
        return order

    def _fill(self, order: Order, part: Decimal) -> None:
        """Write down one execution of an order, and move what it moves."""
        sign, price = (1, self.terms.ask) if order.is_buy else (-1, self.terms.bid)
        profit = Decimal(0)
        if self.terms.is_contract:
            coin, fee = "USDT", self.terms.fee * part * price
            profit = self._hold(sign * part, price)
            self.wallet += profit - fee
        else:
            in_coin = order.is_buy and not self.terms.fee_in_quote
            coin = "BTC" if in_coin else "USDT"
            fee = self.terms.fee * (part if in_coin else part * price)
            self.coins["BTC"] += sign * part
            self.coins["USDT"] -= sign * part * price
            self.coins[coin] -= fee
        self.executions.append(
            Execution(
                number=len(self.executions),
                order=order.number,
                name=order.name,
                is_buy=order.is_buy,
                quantity=part,
                price=price,
                fee=fee,
                fee_coin=coin,
                profit=profit,
                at_ms=now_ms(),
            )
        )

    def _hold(self, units: Decimal, price: Decimal) -> Decimal:
        """Change the position, and return what was won by it."""
        profit = Decimal(0)
        if self.units * units < 0:
            closed = min(abs(self.units), abs(units))
            profit = closed * (price - self.entry) * (1 if self.units > 0 else -1)
        else:
            held = self.units * self.entry + units * price
            self.entry = (held / (self.units + units)).quantize(Decimal("0.00000001"))
        self.units += units
        return profit

    def come(self, units: Decimal) -> None:
        """Let margin come into the wallet."""
        self.wallet += units
        self._bill("transfer", units)

    def pay_funding(self) -> None:
        """Settle funding once: shorts are paid."""
        amount = -self.units * self.terms.ask * FUNDING
        self.wallet += amount
        self._bill("funding", amount)

    def _bill(self, kind: str, amount: Decimal) -> None:
        self.bills.append(Bill(number=len(self.bills), kind=kind, amount=amount, at_ms=now_ms()))

    def trade_often(self, count: int) -> None:
        """Have *count* executions of an older order, three in a millisecond, and no others."""
        began = now_ms() - count - 1000
        self.executions = [
            Execution(
                number=number,
                order=-1,
                name="older",
                is_buy=True,
                quantity=Decimal("0.001"),
                price=self.terms.ask,
                fee=Decimal("0.001"),
                fee_coin="USDT" if self.terms.is_contract else "BTC",
                profit=Decimal(0),
                at_ms=began + number // 3,
            )
            for number in range(count)
        ]


def between(rows: Iterable[Execution], first: int, last: int) -> list[Execution]:
    """Return the executions of a stretch of time, both ends inclusive, oldest first."""
    return [row for row in rows if first <= row.at_ms <= last]
