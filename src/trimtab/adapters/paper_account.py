"""The account as it would be after simulated fills: what was read, and what a dry run moved.

Pure. Units are base units, lots signed. Without it a dry run would size its later stages
from cash that its own sells, being simulated, never brought.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset, Lots, Symbol
from trimtab.domain.snapshot import Balance, MarginMode, Position, Snapshot

_NONE = Balance(free=ZERO, locked=ZERO)


def simulated(
    seen: Snapshot, *, gained: Mapping[Asset, Decimal], moved: Mapping[Symbol, int]
) -> Snapshot:
    """Return *seen* with units *gained* in the spot wallet and positions *moved* by lots."""
    balances, positions = dict(seen.balances), dict(seen.positions)
    with exact_arithmetic():
        for asset, units in gained.items():
            held = balances.get(asset, _NONE)
            balances[asset] = replace(held, free=max(ZERO, held.free + units))
    for symbol, lots in moved.items():
        position = _moved(seen, symbol, lots)
        positions.pop(symbol, None)
        if position is not None:
            positions[symbol] = position
    return replace(seen, balances=balances, positions=positions)


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
