"""Coins on one venue and contracts on another, behind the same ports as an account on one.

Not pure: it asks both. The split is by market: a contract belongs to the venue of the hedges,
everything else to the venue of the coins, and no answer of one is ever taken for the other's.
Nothing is moved between them, so each wallet has to carry its own orders: cash buys coins, margin
carries contracts, and the gate judges one plan over both. Coins that lie at the venue of the
hedges, and contracts at the venue of the coins, are no part of the account.
See docs/design/0043-hedges-on-another-venue.md.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Coroutine,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.one_wallet import OneWallet
from trimtab.adapters.left_behind import left_behind
from trimtab.adapters.open_venue import OpenedVenue, VenueSettings, open_venue
from trimtab.adapters.two_histories import TwoHistories
from trimtab.adapters.wire.calls import together
from trimtab.domain.errors import VenueError
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import (
    ClientOrderId,
    Fill,
    OrderIntent,
    VenueOrder,
    VenueOrderId,
)
from trimtab.domain.payments import Payment
from trimtab.domain.rights import KeyRights, KeyStanding, KeyUse, UntoldRights
from trimtab.domain.shared_wallet import margin_alone
from trimtab.domain.snapshot import AccountKey, ClockReading, OpenOrder, Snapshot
from trimtab.ports import (
    AbsenceEvidence,
    Beside,
    BudgetUse,
    FeeTerms,
    FillCursor,
    HostAnswer,
    MarketData,
    Portfolio,
    Preflight,
    Venue,
)
from trimtab.venues.profile import Desk

T = TypeVar("T")
Leftovers = Callable[[], Awaitable[tuple[Beside, ...]]]
"""Asks for contracts at the venue of the coins."""


@asynccontextmanager
async def open_account(
    settings: Sequence[VenueSettings], *, key: AccountKey
) -> AsyncIterator[OpenedVenue]:
    """Yield the account *key*: its venue, or that of its coins with that of its contracts.

    Raises:
        ConfigError: a venue that cannot be opened as it is set; see ``open_venue.open_venue``.

    """
    if len(settings) == 1:
        async with open_venue(settings[0]) as opened:
            yield opened
        return
    coins, hedges = settings
    async with open_venue(coins) as here, open_venue(hedges) as there:
        yield joined(coins=here, hedges=there, key=key, left=lambda: left_behind(coins))


def joined(
    *, coins: OpenedVenue, hedges: OpenedVenue, key: AccountKey, left: Leftovers
) -> OpenedVenue:
    """Return both venues as the one account *key*; *left* asks for contracts beside the coins."""
    return OpenedVenue(
        venue=TwoVenues(coins=coins.venue, hedges=hedges.venue),
        wallets=OneWallet(),
        market=TwoMarkets(coins=coins.market, hedges=hedges.market, key=key),
        preflight=TwoPreflights(
            coins=coins.preflight, hedges=hedges.preflight, names=names_of(key), left=left
        ),
        history=TwoHistories(coins=coins.history, hedges=hedges.history),
        stops=hedges.stops,
    )


def names_of(key: AccountKey) -> tuple[str, str]:
    """Return what the venue of the coins and that of the hedges are called, never the same."""
    coins, hedges = key.venues
    return (f"{coins} coins", f"{hedges} hedges") if coins == hedges else (coins, hedges)


def is_hedge(symbol: Symbol) -> bool:
    """Say whether a market is one of the venue of the hedges."""
    return desk_of(symbol) is Desk.LINEAR


class TwoVenues:
    """Orders, each sent to the venue of its market."""

    def __init__(self, *, coins: Venue, hedges: Venue) -> None:
        self._coins = coins
        self._hedges = hedges

    def _of(self, symbol: Symbol) -> Venue:
        """Return the venue of a market."""
        return self._hedges if is_hedge(symbol) else self._coins

    async def submit(self, intent: OrderIntent) -> VenueOrder:
        """Send *intent* once; see :meth:`trimtab.ports.Venue.submit`."""
        return await self._of(intent.instrument.symbol).submit(intent)

    async def look_up(self, intent: OrderIntent) -> VenueOrder | None:
        """Find the order of *intent*; see :meth:`trimtab.ports.Venue.look_up`."""
        return await self._of(intent.instrument.symbol).look_up(intent)

    async def cancel(self, order: OpenOrder) -> None:
        """Cancel *order*; see :meth:`trimtab.ports.Venue.cancel`."""
        await self._of(order.symbol).cancel(order)

    async def open_orders(self, symbols: Sequence[Symbol]) -> tuple[OpenOrder, ...]:
        """Return what rests in *symbols*, the coins' venue first; it is not asked for nothing.

        Raises:
            NotDone: a venue does not answer.
            Refused: a venue denies the read.

        """
        found: list[OpenOrder] = []
        for venue, here in ((self._coins, False), (self._hedges, True)):
            if asked := [s for s in symbols if is_hedge(s) is here]:
                found += await venue.open_orders(asked)
        return tuple(found)

    async def fills(self, symbol: Symbol, *, since: FillCursor) -> tuple[Fill, ...]:
        """Return executions after *since*, oldest first; raises like :meth:`open_orders`."""
        return await self._of(symbol).fills(symbol, since=since)

    async def client_ids(
        self, symbol: Symbol, orders: Collection[VenueOrderId]
    ) -> Mapping[VenueOrderId, ClientOrderId]:
        """Return who *orders* are by client order id; raises like :meth:`open_orders`."""
        return await self._of(symbol).client_ids(symbol, orders)

    async def payments(self, since: datetime) -> tuple[Payment, ...]:
        """Return what moved the wallets of the hedges; raises like :meth:`open_orders`."""
        return await self._hedges.payments(since)

    async def evidence_of_absence(self, intent: OrderIntent) -> AbsenceEvidence:
        """Ask every list of the order's own venue; raises like :meth:`open_orders`."""
        return await self._of(intent.instrument.symbol).evidence_of_absence(intent)

    async def set_leverage(self, symbol: Symbol, *, leverage: int) -> None:
        """Set it where the contract is; see :meth:`trimtab.ports.Venue.set_leverage`."""
        await self._of(symbol).set_leverage(symbol, leverage=leverage)


class TwoMarkets:
    """Both venues read side by side, as one account at one instant."""

    def __init__(self, *, coins: MarketData, hedges: MarketData, key: AccountKey) -> None:
        self._coins = coins
        self._hedges = hedges
        self._key = key
        self._names = names_of(key)
        self._margins: frozenset[Asset] = frozenset()
        """What was seen to lie as margin beside the quote: the coins' venue has its price."""

    async def snapshot(self, portfolio: Portfolio) -> Snapshot:
        """Read both; see :meth:`trimtab.ports.MarketData.snapshot`. One that fails fails both."""
        hedges = Portfolio(
            assets=(),
            with_contracts=portfolio.with_contracts,
            with_dated=portfolio.with_dated,
            markets=tuple(s for s in portfolio.markets if is_hedge(s)),
        )
        told, also = self._names
        here, there = await together(
            _named(told, self._coins.snapshot(self._of_coins(portfolio))),
            _named(also, self._hedges.snapshot(hedges)),
        )
        margins = frozenset(there.pools) - {there.quote}
        if margins - self._margins - {*portfolio.assets}:
            self._margins |= margins
            here = await _named(told, self._coins.snapshot(self._of_coins(portfolio)))
        return joined_snapshot(coins=here, hedges=there, key=self._key)

    def _of_coins(self, portfolio: Portfolio) -> Portfolio:
        """Return what the venue of the coins is asked for."""
        return Portfolio(
            assets=(*portfolio.assets, *sorted(self._margins - {*portfolio.assets})),
            with_contracts=(),
            markets=tuple(s for s in portfolio.markets if not is_hedge(s)),
        )


async def _named(venue: str, call: Coroutine[Any, Any, T]) -> T:
    """Await *call*; what keeps it from an answer names the *venue*."""
    try:
        return await call
    except VenueError as fault:
        fault.args = (f"{venue}: {fault}",)
        raise


def joined_snapshot(*, coins: Snapshot, hedges: Snapshot, key: AccountKey) -> Snapshot:
    """Return coins, cash and their markets of one snapshot, and all that is futures of the other.

    It is as old as the older of the two. Where the venue of the hedges has one wallet, its cash is
    margin alone: no coins are bought with it.
    """
    return Snapshot(
        snapshot_id=uuid.uuid4().hex,
        key=key,
        taken_at=min(coins.taken_at, hedges.taken_at),
        quote=coins.quote,
        instruments=_joined(coins=coins.instruments, hedges=hedges.instruments),
        balances=coins.balances,
        pools=margin_alone(hedges),
        positions=hedges.positions,
        books=_joined(coins=coins.books, hedges=hedges.books),
        contracts=hedges.contracts,
        price_bands=_joined(coins=coins.price_bands, hedges=hedges.price_bands),
        open_orders=(
            *(order for order in coins.open_orders if not is_hedge(order.symbol)),
            *(order for order in hedges.open_orders if is_hedge(order.symbol)),
        ),
        clock=joined_clock(coins=coins.clock, hedges=hedges.clock),
        position_mode=hedges.position_mode,
    )


def _joined(*, coins: Mapping[Symbol, T], hedges: Mapping[Symbol, T]) -> Mapping[Symbol, T]:
    """Return what is known of coins by one venue, and of contracts by the other."""
    return {s: each for s, each in coins.items() if not is_hedge(s)} | {
        s: each for s, each in hedges.items() if is_hedge(s)
    }


def joined_clock(*, coins: ClockReading, hedges: ClockReading) -> ClockReading:
    """Return the clock of the hedges, by which payments are dated, as unsure as the worse of both.

    Offset and uncertainty together are what either of them is off at most, so that a limit on
    them holds for both.
    """
    worst = max(abs(each.offset_ms) + each.uncertainty_ms for each in (coins, hedges))
    return ClockReading(offset_ms=hedges.offset_ms, uncertainty_ms=worst - abs(hedges.offset_ms))


class TwoPreflights:
    """Reads about two venues and two keys."""

    def __init__(
        self, *, coins: Preflight, hedges: Preflight, names: tuple[str, str], left: Leftovers
    ) -> None:
        self._coins = coins
        self._hedges = hedges
        self._names = names
        self._left = left

    def answered(self) -> tuple[HostAnswer, ...]:
        """Return who answered; see :meth:`trimtab.ports.preflight.Preflight.answered`."""
        both = {*self._coins.answered(), *self._hedges.answered()}
        return tuple(sorted(both, key=lambda each: (each.host, each.address)))

    def usage(self) -> tuple[BudgetUse, ...]:
        """Return limits and use of the desks in use, each under the name of its venue."""
        coins, hedges = self._names
        used = (use for use in self._coins.usage() if use.desk == Desk.SPOT.value)
        return (
            *(dataclasses.replace(use, desk=f"{coins} {use.desk}") for use in used),
            *(dataclasses.replace(u, desk=f"{hedges} {u.desk}") for u in self._hedges.usage()),
        )

    async def key_rights(self) -> KeyStanding:
        """Return what the two keys may do together, or why one of them does not tell."""
        coins, hedges = await together(self._coins.key_rights(), self._hedges.key_rights())
        return joined_rights(coins=coins, hedges=hedges, names=self._names)

    async def beside(self) -> tuple[Beside, ...]:
        """Return contracts left where the coins are, and what either venue tells besides.

        Where hedges lie, the wallets of coins are no part of the account either, and known to be.
        """
        coins, hedges = self._names
        left = await self._left()
        here, there = await together(self._coins.beside(), self._hedges.beside())
        return (
            *(dataclasses.replace(each, place=f"{coins} {each.place}") for each in left),
            *(dataclasses.replace(b, place=f"{coins} {b.place}") for b in here or ()),
            *(dataclasses.replace(b, place=f"{hedges} {b.place}") for b in there or ()),
        )

    async def fee_terms(self) -> FeeTerms:
        """Return in which coins fees are paid; raises like the venue's own."""
        coins, hedges = await together(self._coins.fee_terms(), self._hedges.fee_terms())
        return FeeTerms(
            coin=coins.coin,
            on_spot=coins.on_spot,
            futures_coin=hedges.futures_coin,
            on_futures=hedges.on_futures,
        )


def joined_rights(
    *, coins: KeyStanding, hedges: KeyStanding, names: tuple[str, str]
) -> KeyStanding:
    """Return two keys as one: what is asked of each, and whatever danger is in either.

    Coins are traded by the first and contracts by the second, whatever else they may. Where one
    only reads, no more is done with both, and the other is not blamed for what it may trade.
    Untold when one of them is; absent only when neither failed to answer and nothing is wrong with
    the one that tells: whoever vouches for a key vouches for no other.
    """
    untold = [
        (name, each)
        for name, each in zip(names, (coins, hedges), strict=True)
        if isinstance(each, UntoldRights)
    ]
    if untold:
        wrong = [
            f"{name}: the key {fault}"
            for name, each, trades in (
                (names[0], coins, "trades_spot"),
                (names[1], hedges, "trades_futures"),
            )
            if isinstance(each, KeyRights)
            for fault in _faults(each, trades)
        ]
        return UntoldRights(
            why="; ".join([*wrong, *(f"{name}: {each.why}" for name, each in untold)]),
            is_absent=not wrong and all(each.is_absent for _, each in untold),
        )
    assert isinstance(coins, KeyRights), "What is not untold is told."
    assert isinstance(hedges, KeyRights), "As above."
    if coins.wallet and coins.wallet == hedges.wallet:
        why = f"both keys are of one account ({coins.wallet}), whose cash would count twice: remove"
        return UntoldRights(why=f"{why} [hedge.venue], or set a key of another", is_absent=False)
    sends = coins.use is hedges.use is KeyUse.SEND
    return KeyRights(
        use=KeyUse.SEND if sends else KeyUse.READ,
        reads=coins.reads and hedges.reads,
        trades_spot=coins.trades_spot if sends else _trades_idly(coins),
        trades_futures=hedges.trades_futures if sends else _trades_idly(hedges),
        withdraws=coins.withdraws or hedges.withdraws,
        transfers_out=coins.transfers_out or hedges.transfers_out,
        transfers_within=coins.transfers_within or hedges.transfers_within,
        borrows=coins.borrows or hedges.borrows,
        trades_options=coins.trades_options or hedges.trades_options,
        is_bound_to_ip=coins.is_bound_to_ip and hedges.is_bound_to_ip,
        trades_everything=coins.trades_everything or hedges.trades_everything,
    )


def _faults(rights: KeyRights, trades: str) -> Iterator[str]:
    """Yield what is wrong with a key that *trades*, whatever a plan needs."""
    powers = {
        "withdraws": "may withdraw",
        "transfers_out": "may move funds to another account",
        "borrows": "may borrow",
        "trades_options": "may trade options",
    }
    yield from (words for name, words in powers.items() if getattr(rights, name))
    if not rights.reads:
        yield "may not read"
    if rights.use is KeyUse.SEND and not getattr(rights, trades):
        yield "may not trade"


def _trades_idly(key: KeyRights) -> bool:
    """Say whether a key that is meant to read only may trade."""
    return key.use is KeyUse.READ and (key.trades_spot or key.trades_futures)
