"""Orders and fills, and the store that keeps them.

State without I/O. Order and fill are values; a change is a new value under the same
number. Client ids are unique among open orders of a symbol only, as on the exchange.
Trade ids count per symbol.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from trimtab.testnet.catalogue import Market
from trimtab.testnet.exact import ZERO

OPEN = frozenset({"NEW", "PARTIALLY_FILLED"})
"""Statuses of an order that can still fill."""
_FIRST_ID = 1_000_001


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order as it stands."""

    number: int
    """The exchange's order id, unique per host."""
    market: Market
    """The host."""
    symbol: str
    """The exchange's market name."""
    client_id: str
    """The client's id, or a generated one."""
    side: str
    """``BUY`` or ``SELL``."""
    kind: str
    """``MARKET``, ``LIMIT`` or ``LIMIT_MAKER``."""
    time_in_force: str
    """``GTC``, ``IOC``, ``FOK`` or ``GTX``."""
    quantity: Decimal
    """Base units asked for; for a quote order what was filled."""
    limit_price: Decimal = ZERO
    """Quote per base unit; 0 for a market order."""
    quote_quantity: Decimal = ZERO
    """Quote units asked for by a spot market order; 0 otherwise."""
    executed: Decimal = ZERO
    """Base units filled."""
    quote_executed: Decimal = ZERO
    """Quote units filled."""
    status: str = "NEW"
    """As on the wire."""
    reduce_only: bool = False
    """May only shrink a position."""
    position_side: str = "BOTH"
    """``BOTH``, ``LONG`` or ``SHORT``."""
    created_at: int = 0
    """Milliseconds."""
    updated_at: int = 0
    """Milliseconds."""

    @property
    def remaining(self) -> Decimal:
        """Base units not yet filled."""
        return self.quantity - self.executed

    @property
    def is_open(self) -> bool:
        """Whether it can still fill."""
        return self.status in OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One fill, as the tape keeps it."""

    trade_id: int
    """Unique per host and symbol."""
    order_id: int
    """The order it belongs to."""
    market: Market
    """The host."""
    symbol: str
    """The market."""
    client_id: str
    """The order's client id."""
    side: str
    """``BUY`` or ``SELL``."""
    position_side: str
    """The position it went into."""
    quantity: Decimal
    """Base units, > 0."""
    fill_price: Decimal
    """Quote per base unit."""
    quote: Decimal
    """Quote units that changed hands, as booked."""
    commission: Decimal
    """Units of ``commission_asset``, >= 0."""
    commission_asset: str
    """What the commission was taken from."""
    maker: bool
    """Whether the order was resting."""
    realized: Decimal
    """Realised profit of a contract in quote, before commission; 0 on spot."""
    filled_at: int
    """Milliseconds."""


class Veil:
    """Which orders cannot be seen yet, and where."""

    def __init__(self) -> None:
        self._hidden: dict[int, dict[str, int]] = {}

    def hide(self, number: int, *, until_ms: Mapping[str, int]) -> None:
        """Hide order *number* per place until an instant."""
        self._hidden[number] = dict(until_ms)

    def lifted(self, number: int, *, place: str, now_ms: int) -> bool:
        """Say whether order *number* can be seen at *place*."""
        return now_ms >= self._hidden.get(number, {}).get(place, 0)


class OrderStore:
    """All orders and fills of one host. :attr:`veil` says what clients cannot see yet."""

    def __init__(self) -> None:
        self._orders: dict[int, Order] = {}
        self._open: dict[int, None] = {}
        self._by_client: dict[tuple[str, str], int] = {}
        self._fills: list[Fill] = []
        self._next_trade: dict[str, int] = {}
        self.veil = Veil()

    def next_number(self) -> int:
        """Return the number of the next order."""
        return _FIRST_ID + len(self._orders)

    def put(self, order: Order) -> Order:
        """Keep *order*, replacing what was kept under its number."""
        self._orders[order.number] = order
        if order.is_open:
            self._open[order.number] = None
        else:
            self._open.pop(order.number, None)
        self._by_client[(order.symbol, order.client_id)] = max(
            order.number, self._by_client.get((order.symbol, order.client_id), 0)
        )
        return order

    def record(self, fill: Fill) -> Order:
        """Add *fill* to the tape and to its order; return the order as it then stands."""
        self._fills.append(fill)
        order = self._orders[fill.order_id]
        executed = order.executed + fill.quantity
        return self.put(
            replace(
                order,
                executed=executed,
                quote_executed=order.quote_executed + fill.quote,
                status="FILLED" if executed >= order.quantity else "PARTIALLY_FILLED",
                updated_at=fill.filled_at,
            )
        )

    def next_trade_id(self, symbol: str) -> int:
        """Return the next trade id of *symbol*, and use it up."""
        self._next_trade[symbol] = self._next_trade.get(symbol, 0) + 1
        return self._next_trade[symbol]

    def get(self, number: int) -> Order:
        """Return the order *number* as it stands."""
        return self._orders[number]

    def find(self, *, symbol: str, number: int, client_id: str) -> Order | None:
        """Return the order of *symbol* by number, or else the latest by client id."""
        found = self._orders.get(number or self._by_client.get((symbol, client_id), 0))
        return found if found is not None and found.symbol == symbol else None

    def open_orders(self, symbol: str = "") -> list[Order]:
        """Return the open orders, oldest first; of every symbol when it is empty."""
        orders = (self._orders[number] for number in self._open)
        return [o for o in orders if not symbol or o.symbol == symbol]

    def orders(self) -> Iterator[Order]:
        """Yield all orders, oldest first."""
        return iter(self._orders.values())

    def fills(self) -> Iterator[Fill]:
        """Yield all fills, oldest first."""
        return iter(self._fills)
