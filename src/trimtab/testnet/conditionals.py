"""Conditional orders of the futures host, and the store that keeps them.

State without I/O. A conditional order rests in a service of its own, beside the books: it ties
up no margin and is no order until its trigger is reached. Then it becomes a market order that
has another number and another client id. As on Binance since 2025-12-09. Prices are quote per
base unit, quantities base units.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from trimtab.testnet.orders import Veil

RESTING = "NEW"
"""Status of a conditional order that waits for its trigger."""
WHILE_HELD = "GTE_GTC"
"""Time in force of an order that the exchange withdraws when its position is gone."""
_FIRST_ID = 4_000_001


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional:
    """One conditional order as it stands."""

    number: int
    """The service's ``algoId``; numbers of orders are another series."""
    symbol: str
    """The contract."""
    client_id: str
    """The client's ``clientAlgoId``, or a generated one."""
    side: str
    """``BUY`` or ``SELL``."""
    position_side: str
    """``BOTH``, ``LONG`` or ``SHORT``."""
    quantity: Decimal
    """Base units, > 0."""
    trigger_price: Decimal
    """A buy becomes an order at or above it, a sell at or below it."""
    working_type: str
    """``MARK_PRICE`` or ``CONTRACT_PRICE``; contracts trade around their mark here."""
    time_in_force: str
    """``GTC``, or ``GTE_GTC``: see :data:`WHILE_HELD`."""
    reduce_only: bool
    """May only shrink a position, whenever it becomes an order."""
    price_protect: bool
    """As told; mark and trade never part here."""
    status: str = RESTING
    """``NEW``, ``TRIGGERED``, ``FINISHED``, ``CANCELED``, ``EXPIRED`` or ``REJECTED``."""
    order_number: int = 0
    """The order that it became; 0 for none."""
    created_at: int = 0
    """Milliseconds."""
    updated_at: int = 0
    """Milliseconds."""
    triggered_at: int = 0
    """Milliseconds; 0 before."""

    @property
    def rests(self) -> bool:
        """Whether it still waits."""
        return self.status == RESTING

    def reached(self, price: Decimal) -> bool:
        """Say whether *price* is at the trigger or beyond."""
        return price >= self.trigger_price if self.side == "BUY" else price <= self.trigger_price


class ConditionalStore:
    """All conditional orders. :attr:`veil` says what clients cannot see yet."""

    def __init__(self) -> None:
        self._all: dict[int, Conditional] = {}
        self._by_client: dict[str, int] = {}
        self.veil = Veil()

    def next_number(self) -> int:
        """Return the number of the next one."""
        return _FIRST_ID + len(self._all)

    def put(self, order: Conditional) -> Conditional:
        """Keep *order*, replacing what was kept under its number."""
        self._all[order.number] = order
        self._by_client[order.client_id] = max(
            order.number, self._by_client.get(order.client_id, 0)
        )
        return order

    def get(self, number: int) -> Conditional:
        """Return the one of *number* as it stands."""
        return self._all[number]

    def find(self, *, number: int, client_id: str) -> Conditional | None:
        """Return one by number, or else the latest by client id."""
        return self._all.get(number or self._by_client.get(client_id, 0))

    def resting(self, symbol: str = "") -> list[Conditional]:
        """Return those that wait, oldest first; of every contract when *symbol* is empty."""
        return [o for o in self._all.values() if o.rests and symbol in {"", o.symbol}]

    def orders(self) -> Iterator[Conditional]:
        """Yield all, oldest first."""
        return iter(self._all.values())
