"""What an account holds in coin-margined contracts, as ``status`` tells it. Pure.

Balances, profit and margin are coins, prices dollars per coin, notionals dollars; positions are
signed, long positive. Nothing is traded there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.inverse import (
    marked_units,
    multiple_of,
    notional_of,
    profit_of,
    wallet_maintenance,
)
from trimtab.domain.margin import margin_ratio
from trimtab.domain.snapshot import CoinWallet, InversePosition, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinPosition:
    """A coin-margined position at its mark."""

    held: InversePosition
    units: Decimal
    """Coins, signed."""
    notional: Decimal
    """Dollars, >= 0."""
    profit: Decimal
    """Unrealised, coins, signed."""
    liquidation_price: Decimal | None
    """Dollars per coin at which it alone would be liquidated, by our own measure; None if none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinMargin:
    """The wallet of one coin against what its positions need. Coins."""

    asset: Asset
    balance: Decimal
    """Margin and unrealised profit, signed."""
    free: Decimal
    """What new positions may use, >= 0."""
    maintenance: Decimal
    """What the positions need by the venue's brackets, >= 0."""
    ratio: Decimal
    """Balance over maintenance; higher is safer, infinite without a position."""
    positions: tuple[CoinPosition, ...]
    """By symbol."""
    orders: tuple[Symbol, ...]
    """Markets of the orders that rest there: while there are any, no plan passes."""


def coin_margins(snapshot: Snapshot) -> tuple[CoinMargin, ...]:
    """Return each wallet of coin-margined contracts that is counted, by coin."""
    found = []
    for coin, wallet in sorted(snapshot.coin_wallets.items()):
        needed, balance = wallet_maintenance(wallet), wallet.pool.balance
        margin = CoinMargin(
            asset=coin,
            balance=balance,
            free=wallet.pool.free_margin,
            maintenance=needed,
            ratio=margin_ratio(balance=balance, maintenance_margin=needed),
            positions=tuple(_positions(wallet)),
            orders=wallet.orders,
        )
        found.append(margin)
    return tuple(found)


def _positions(wallet: CoinWallet) -> Iterator[CoinPosition]:
    """Yield the positions of one wallet with what they come to."""
    for held in wallet.positions:
        contract, multiple = held.contract, multiple_of(wallet, held)
        with exact_arithmetic():
            is_price = multiple is not None and multiple.is_finite()
            price = multiple * contract.mark if multiple is not None and is_price else None
        yield CoinPosition(
            held=held,
            units=marked_units(held),
            notional=notional_of(contract, held.contracts).copy_abs(),
            profit=profit_of(contract, held.contracts, entry=held.entry_price, price=contract.mark),
            liquidation_price=price,
        )
