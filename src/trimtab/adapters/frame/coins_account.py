"""An account of coins without contracts, for ``frame.raw_account.RawMarketData``.

Not pure: it asks the venue. A venue gives its question for the wallet, what reads the answer, what
rests, and how a book is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from trimtab.adapters.frame.contract_values import book_of
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.raw_account import Holdings, ToldContract
from trimtab.adapters.wire.calls import Endpoint, Wire, together
from trimtab.domain.instruments import Asset, Instrument, Symbol
from trimtab.domain.snapshot import Balance, Book, OpenOrder


class ReadsBook(Protocol):
    """What asks for one book."""

    async def __call__(self, instrument: Instrument, *, read_at: datetime) -> Book | None:
        """Read one book; None when a side is empty."""
        ...


class ListsResting(Protocol):
    """What lists all that rests."""

    async def all_resting(self) -> tuple[OpenOrder, ...]:
        """Return all that rests, oldest first; the markets are loaded."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinsQuestions:
    """What a venue gives."""

    wallet: Endpoint
    """The question for the wallet; it takes nothing."""
    balances_of: Callable[[object], Mapping[Asset, Balance]]
    """What reads its answer, whole; raises Unreadable."""
    orders: ListsResting
    book: ReadsBook
    at_once: int
    """Questions of one kind that the venue takes in a second, >= 1."""


class CoinsAccount:
    """Readers of one such account."""

    def __init__(self, wire: Wire, questions: CoinsQuestions) -> None:
        self._wire = wire
        self._questions = questions
        self.at_once = questions.at_once

    async def holdings(self) -> Holdings:
        """Read the wallet and what rests."""
        asked = self._questions
        balances, resting = await together(
            self._wire.read(asked.wallet, {}, asked.balances_of), asked.orders.all_resting()
        )
        return Holdings(balances=balances, pools={}, positions=(), resting=resting)

    async def contract(self, symbol: Symbol) -> ToldContract | None:  # noqa: ARG002 -- see there.
        """Return nothing: there are none here."""
        return None

    async def book(self, instrument: Instrument, *, read_at: datetime) -> Book | None:
        """Read one book; None for a one-sided one."""
        return await self._questions.book(instrument, read_at=read_at)


def unnamed_book(wire: Wire, markets: DeskMarkets, endpoint: Endpoint, *, depth: int) -> ReadsBook:
    """Return what asks for a book whose answer does not say of which market it is."""

    async def ask(instrument: Instrument, *, read_at: datetime) -> Book | None:
        """Read both sides."""
        asked = {"symbol": markets.market_id(instrument.symbol), "limit": depth}
        return await wire.read(
            endpoint, asked, lambda told: book_of(told, instrument, read_at=read_at)
        )

    return ask
