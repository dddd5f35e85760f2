"""A wallet whose asset is both cash for coins and margin for contracts, and how it is shown. Pure.

A unified account has one. It is shown in two parts so that each unit stands in one place: what is
free, or locked in orders of coins, is a balance; what positions bind, and all unrealised profit,
is a margin pool that says so (``shares_cash``). Coins never count as margin here. What is free is
what is left when positions have bound theirs and losses are paid; unrealised profit buys nothing.
It pays no loss of another position either: one that is closed takes its loss from the cash while
the profit stays where it was.
Whatever changes one part may move the border between them, so changes are made to the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset
from trimtab.domain.snapshot import Balance, MarginPool, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedWallet:
    """Such a wallet, undivided. Units of its asset."""

    units: Decimal
    """All of them, without unrealised profit, signed."""
    locked: Decimal
    """Those that orders of coins hold back, >= 0."""
    unrealised_pnl: Decimal
    """Profit of open positions at mark, signed."""
    losses: Decimal
    """What those positions have lost that are at a loss, >= 0; no profit is taken off it."""
    initial_margin: Decimal
    """Margin that positions and orders bind, >= 0."""
    maintenance_margin: Decimal
    """The venue's own figure, >= 0."""
    settles_later: bool = False
    """See :class:`~trimtab.domain.snapshot.MarginPool`."""

    @property
    def spare(self) -> Decimal:
        """What is left when all is paid and bound, signed."""
        with exact_arithmetic():
            lost = max(self.losses, -self.unrealised_pnl)
            return self.units - self.locked - lost - self.initial_margin

    @property
    def parts(self) -> tuple[Balance, MarginPool]:
        """Cash and margin, each unit in one of them."""
        free = max(ZERO, self.spare)
        with exact_arithmetic():
            bound = self.units - self.locked - free
        return Balance(free=free, locked=self.locked), MarginPool(
            wallet_balance=bound,
            unrealised_pnl=self.unrealised_pnl,
            free_margin=ZERO,
            initial_margin=self.initial_margin,
            maintenance_margin=self.maintenance_margin,
            shares_cash=True,
            settles_later=self.settles_later,
        )


def losses_of(profits: Iterable[Decimal]) -> Decimal:
    """Return what was lost of unrealised *profits*, each by itself, >= 0."""
    with exact_arithmetic():
        return sum((-profit for profit in profits if profit < ZERO), ZERO)


def _profits(snapshot: Snapshot, asset: Asset) -> Iterator[Decimal]:
    """Yield the unrealised profit of each position that settles in *asset*, signed."""
    for symbol, position in snapshot.positions.items():
        instrument = snapshot.instruments[symbol]
        if instrument.settle == asset:
            mark = snapshot.contracts[symbol].mark
            with exact_arithmetic():
                yield instrument.units(position.lots) * (mark - position.entry_price)


def shared_wallet_of(snapshot: Snapshot, asset: Asset) -> SharedWallet | None:
    """Return the whole wallet of *asset*; None where coins and margin lie apart."""
    pool = snapshot.pools.get(asset)
    if pool is None or not pool.shares_cash:
        return None
    cash = snapshot.balances.get(asset, Balance(free=ZERO, locked=ZERO))
    with exact_arithmetic():
        units = pool.wallet_balance + cash.held
    return SharedWallet(
        units=units,
        locked=cash.locked,
        unrealised_pnl=pool.unrealised_pnl,
        losses=losses_of(_profits(snapshot, asset)),
        initial_margin=pool.initial_margin,
        maintenance_margin=pool.maintenance_margin,
        settles_later=pool.settles_later,
    )


def backing(snapshot: Snapshot, asset: Asset) -> Decimal:
    """Return what backs the positions that settle in *asset*: margin, and cash in the same wallet.

    Units of it, unrealised profit counted in, signed; zero without a futures wallet.
    """
    pool, whole = snapshot.pools.get(asset), shared_wallet_of(snapshot, asset)
    if pool is None:
        return ZERO
    with exact_arithmetic():
        return pool.balance if whole is None else whole.units + whole.unrealised_pnl


def free_margin(snapshot: Snapshot, asset: Asset) -> Decimal:
    """Return what new positions may use of *asset*: free margin, or free cash beside it."""
    pool = snapshot.pools.get(asset)
    if pool is None:
        return ZERO
    cash = snapshot.balances.get(asset)
    return cash.free if pool.shares_cash and cash is not None else pool.free_margin


def with_shared_wallet(snapshot: Snapshot, asset: Asset, wallet: SharedWallet) -> Snapshot:
    """Return *snapshot* with that wallet, divided anew."""
    balance, pool = wallet.parts
    return replace(
        snapshot,
        balances={**snapshot.balances, asset: balance},
        pools={**snapshot.pools, asset: pool},
    )


def margin_alone(snapshot: Snapshot) -> Mapping[Asset, MarginPool]:
    """Return the futures wallets of an account in which no coins are traded: cash is margin there.

    What orders of coins hold back does not count.
    """
    found = dict(snapshot.pools)
    for asset in snapshot.pools:
        whole = shared_wallet_of(snapshot, asset)
        if whole is not None:
            with exact_arithmetic():
                units = whole.units - whole.locked
            found[asset] = MarginPool(
                wallet_balance=units,
                unrealised_pnl=whole.unrealised_pnl,
                free_margin=max(ZERO, whole.spare),
                initial_margin=whole.initial_margin,
                maintenance_margin=whole.maintenance_margin,
                settles_later=whole.settles_later,
            )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What the books are held against: units without unrealised profit, each counted once."""

    outside: Mapping[Asset, Decimal]
    """Units outside futures wallets, and all of a wallet that is both."""
    wallets: Mapping[Asset, Decimal]
    """Units of futures wallets by asset; nothing is left in one that is both."""
    shared: frozenset[Asset]
    """Assets whose wallet is both: payments of contracts move what is outside there."""


def holdings_of(snapshot: Snapshot) -> Holdings:
    """Return what the books are held against; the border inside one wallet is none of theirs."""
    outside = {asset: balance.held for asset, balance in snapshot.balances.items()}
    wallets: dict[Asset, Decimal] = {}
    for asset, pool in snapshot.pools.items():
        whole = shared_wallet_of(snapshot, asset)
        wallets[asset] = pool.wallet_balance if whole is None else ZERO
        if whole is not None:
            outside[asset] = whole.units
    shared = frozenset(asset for asset, pool in snapshot.pools.items() if pool.shares_cash)
    return Holdings(outside=outside, wallets=wallets, shared=shared)
