"""The account as it would be after simulated fills: what was read, and what a dry run moved.

Pure. Units are base units, lots signed. Without it a dry run would size its later stages
from cash that its own sells, being simulated, never brought.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic, ratio
from trimtab.domain.instruments import Asset, Lots, Symbol
from trimtab.domain.margin import maintenance
from trimtab.domain.payments import Payment
from trimtab.domain.shared_wallet import shared_wallet_of, with_shared_wallet
from trimtab.domain.snapshot import Balance, MarginMode, MarginPool, Position, Snapshot

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
        if symbol in seen.contracts:
            settle = seen.instruments[symbol].settle
            now = Lots(0) if position is None else position.lots
            if settle in pools:
                pools[settle] = _margined(seen, symbol, now, pools[settle])
    for payment in paid:
        if payment.asset in pools:
            pools[payment.asset] = _after(payment, pools[payment.asset])
    shown = replace(seen, balances=balances, positions=positions, pools=pools)
    for asset in pools:
        whole = shared_wallet_of(shown, asset)
        shown = shown if whole is None else with_shared_wallet(shown, asset, whole)
    return shown


def _margined(seen: Snapshot, symbol: Symbol, now: Lots, pool: MarginPool) -> MarginPool:
    """Return a futures wallet when one position is of *now* lots: what it binds moves with it."""
    contract, instrument = seen.contracts[symbol], seen.instruments[symbol]
    before = seen.positions.get(symbol)
    with exact_arithmetic():
        was = ZERO if before is None else abs(instrument.units(before.lots)) * contract.mark
        value = abs(instrument.units(now)) * contract.mark
        bound = ratio(value - was, Decimal(contract.leverage))
        needed = maintenance(value, contract.brackets) - maintenance(was, contract.brackets)
        return replace(
            pool,
            free_margin=max(ZERO, pool.free_margin - bound),
            initial_margin=max(ZERO, pool.initial_margin + bound),
            maintenance_margin=max(ZERO, pool.maintenance_margin + needed),
        )


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


class PaperFunds:
    """What a dry run read last, and what it simulated since: venue and wallets share it."""

    def __init__(self) -> None:
        self.seen: Snapshot | None = None
        self.gained: dict[Asset, Decimal] = {}
        self.moved: dict[Symbol, int] = {}
        self.paid: list[Payment] = []

    def shown(self, seen: Snapshot) -> Snapshot:
        """Return *seen* with what was simulated."""
        return simulated(seen, gained=self.gained, moved=self.moved, paid=self.paid)
