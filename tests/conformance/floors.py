"""What every venue in process has to offer to the cases, whatever it speaks."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Protocol

from tests.conformance.spoken import Asked, Told


class Trouble(Enum):
    """What a venue may say against an order."""

    DUPLICATE = "duplicate"
    """Its name stands on another order."""
    REFUSED = "refused"
    """Too little is free."""
    TOO_FAST = "too_fast"
    """More requests than it takes."""
    BAD_TIME = "bad_time"
    """The request's time is outside the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An order as the venue really has it."""

    name: str
    is_buy: bool
    quantity: Decimal
    """Base units."""
    limit: Decimal
    filled: Decimal
    """Base units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What the account and the market really are, in base units and quote."""

    lot: Decimal
    tick: Decimal
    contract_size: Decimal
    least_value: Decimal
    coins: dict[str, Decimal]
    bid: Decimal
    bid_quantity: Decimal
    ask: Decimal
    ask_quantity: Decimal
    position: Decimal
    """Signed base units; 0 on spot."""
    entry: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A conditional order as the venue really has it."""

    name: str
    is_buy: bool
    quantity: Decimal
    """Base units."""
    trigger: Decimal
    reduces: bool
    """Whether it can only shrink a position."""
    by_mark: bool


class ConformingFloor(Protocol):
    """A venue in process with one account: coins, quote, and a short position in contracts."""

    page: int
    """Executions in one answer at most."""

    def answer(self, asked: Asked) -> Told:
        """Execute a request and answer it."""
        ...

    def truth(self) -> Truth:
        """Return what the market of the case and the account really are."""
        ...

    def orders(self) -> list[Placed]:
        """Return every order that was really taken, oldest first."""
        ...

    def trouble(self, kind: Trouble) -> Told:
        """Return how this venue says that something is wrong."""
        ...

    def trade_often(self, count: int) -> None:
        """Have *count* executions of an older order of ours in the list of executions."""
        ...

    def pay_funding(self) -> None:
        """Settle funding once; contracts only."""
        ...

    def let_wait(self, order: Waiting) -> None:
        """Have a person's *order* wait for its trigger."""
        ...

    def is_order(self, asked: Asked) -> bool:
        """Say whether a request places an order."""
        ...

    def is_cancel(self, asked: Asked) -> bool:
        """Say whether a request cancels one."""
        ...

    def is_account(self, asked: Asked) -> bool:
        """Say whether a request reads the account of the market of the case."""
        ...

    def is_move(self, asked: Asked) -> bool:
        """Say whether a request moves money between wallets."""
        ...

    def is_time(self, asked: Asked) -> bool:
        """Say whether a request asks for the venue's time."""
        ...


class StoppingFloor(ConformingFloor, Protocol):
    """A floor where conditional orders rest."""

    def waiting(self) -> list[Waiting]:
        """Return every conditional order that was really taken, oldest first."""
        ...

    def is_stop(self, asked: Asked) -> bool:
        """Say whether a request places a conditional order."""
        ...

    def reach(self, mark: Decimal) -> None:
        """Have the mark of the contract come to *mark*."""
        ...
