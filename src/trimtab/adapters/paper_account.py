"""The account as it would be after simulated fills: what was read, and what a dry run moved.

Pure. Units are base units, lots signed. Without it a dry run would size its later stages
from cash that its own sells, being simulated, never brought.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset, Lots, Symbol
from trimtab.domain.payments import Payment, PaymentId, PaymentKind
from trimtab.domain.snapshot import Balance, MarginMode, MarginPool, Position, Snapshot
from trimtab.domain.transfers import ListedTransfer, TransferIntent

_NONE = Balance(free=ZERO, locked=ZERO)


def simulated(
    seen: Snapshot,
    *,
    gained: Mapping[Asset, Decimal],
    moved: Mapping[Symbol, int],
    paid: Iterable[Payment],
) -> Snapshot:
    """Return *seen* as a dry run left it.

    Units were *gained* in the spot wallet, positions *moved* by lots, futures wallets *paid*.
    """
    balances, positions, pools = dict(seen.balances), dict(seen.positions), dict(seen.pools)
    with exact_arithmetic():
        for asset, units in gained.items():
            held = balances.get(asset, _NONE)
            balances[asset] = replace(held, free=max(ZERO, held.free + units))
    for symbol, lots in moved.items():
        position = _moved(seen, symbol, lots)
        positions.pop(symbol, None)
        if position is not None:
            positions[symbol] = position
    for payment in paid:
        if payment.asset in pools:
            pools[payment.asset] = _after(payment, pools[payment.asset])
    return replace(seen, balances=balances, positions=positions, pools=pools)


def _after(payment: Payment, pool: MarginPool) -> MarginPool:
    """Return a futures wallet after one payment."""
    with exact_arithmetic():
        return replace(
            pool,
            wallet_balance=pool.wallet_balance + payment.units,
            free_margin=max(ZERO, pool.free_margin + payment.units),
        )


def _moved(seen: Snapshot, symbol: Symbol, lots: int) -> Position | None:
    """Return a position moved by *lots*, a new one entered at the mark; None when flat.

    None too when the contract is no longer read: its real position was closed meanwhile, so
    that the simulated reduction has nothing left to reduce.
    """
    before = seen.positions.get(symbol)
    now = Lots((0 if before is None else before.lots) + lots)
    if now == 0 or symbol not in seen.contracts:
        return None
    if before is not None and (before.lots > 0) == (now > 0):
        return replace(before, lots=now)
    return Position(
        symbol=symbol,
        lots=now,
        entry_price=seen.contracts[symbol].mark,
        margin_mode=MarginMode.CROSS,
        liquidation_price=None,
    )


def covers(shown: Snapshot, intent: TransferIntent) -> bool:
    """Say whether the wallet that a transfer leaves has all of it."""
    units = intent.units.copy_abs()
    if intent.units > 0:
        return shown.balances.get(intent.asset, _NONE).free >= units
    pool = shown.pools.get(intent.asset)
    return pool is not None and pool.withdrawable >= units


def transferred(made: ListedTransfer) -> Payment:
    """Return what a simulated transfer did to the futures wallet."""
    return Payment(
        kind=PaymentKind.TRANSFER,
        word="simulated",
        symbol=None,
        asset=made.asset,
        units=made.units,
        payment_id=PaymentId(made.venue_transfer_id),
        trade_id=None,
        paid_at=made.moved_at,
    )
