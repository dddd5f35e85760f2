"""Apart: the account without what is declared tactical.

Pure and exact. Declared coins and positions leave NAV, weights and orders; leverage, margin and
the gate see the whole account. A declaration that the account does not cover is an error, so
that nothing is planned past it. Taking a declaration out of the file folds it in again. Source:
strategy definitions 1.10.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from trimtab.domain.errors import PlanningError
from trimtab.domain.exact import ZERO, exact_arithmetic, floor_times
from trimtab.domain.exposure import Exposure
from trimtab.domain.instruments import Asset, Lots, Symbol
from trimtab.domain.plan import TacticalPart
from trimtab.domain.snapshot import Balance, Snapshot
from trimtab.domain.tactical import TacticalPolicy

_NEXT = "trimtab config show"


def without_tactical(snapshot: Snapshot, tactical: TacticalPolicy) -> Snapshot:
    """Return the account as if what is declared were not there.

    Raises:
        PlanningError: the account has less of it than is declared.

    """
    for asset, units in tactical.holdings.items():
        snapshot = _without_holding(snapshot, asset, units)
    for asset, units in tactical.positions.items():
        snapshot = _without_position(snapshot, asset, units)
    return snapshot


def tactical_parts(tactical: TacticalPolicy, exposed: Exposure) -> Iterator[TacticalPart]:
    """Yield what is held apart, coins first, each in the order of the file."""
    for kind, declared in (("holding", tactical.holdings), ("position", tactical.positions)):
        for asset, units in declared.items():
            with exact_arithmetic():
                value = units * exposed.mids.get(asset, ZERO)
            yield TacticalPart(asset=asset, kind=kind, units=units, value=value)


def _without_holding(snapshot: Snapshot, asset: Asset, units: Decimal) -> Snapshot:
    """Return the account with fewer coins; free ones go first, so that they are never sold."""
    balance = snapshot.balances.get(asset, Balance(free=ZERO, locked=ZERO))
    if balance.held < units:
        raise _uncovered(f"{asset}: {units:f} units are", has=f"{balance.held:f} are held")
    with exact_arithmetic():
        free = min(balance.free, units)
        left = Balance(free=balance.free - free, locked=balance.locked - (units - free))
    return replace(snapshot, balances={**snapshot.balances, asset: left})


def _without_position(snapshot: Snapshot, asset: Asset, units: Decimal) -> Snapshot:
    """Return the account with a smaller position, and without the profit of what left."""
    symbol = Symbol(f"{asset}/{snapshot.quote}:{snapshot.quote}")
    position = snapshot.positions.get(symbol)
    if position is None:
        raise _uncovered(f"{symbol}: a position of {units:f} is", has="there is none")
    instrument = snapshot.instruments[symbol]
    lots = floor_times(instrument.lot_size, units)
    held = instrument.units(position.lots)
    covers = (held > 0) == (units > 0) and abs(units) <= abs(held)
    if instrument.units(Lots(lots)) != units or not covers:
        told = f"{held:f} in lots of {instrument.lot_size:f} is open"
        raise _uncovered(f"{symbol}: a position of {units:f} is", has=told)
    positions, pools = dict(snapshot.positions), dict(snapshot.pools)
    left = Lots(position.lots - lots)
    positions[symbol] = replace(position, lots=left)
    if not left:
        del positions[symbol]
    pool = pools[instrument.settle]
    with exact_arithmetic():
        profit = units * (snapshot.contracts[symbol].mark - position.entry_price)
        pools[instrument.settle] = replace(pool, unrealised_pnl=pool.unrealised_pnl - profit)
    return replace(snapshot, positions=positions, pools=pools)


def _uncovered(declared: str, *, has: str) -> PlanningError:
    """Return that the account has less than is declared."""
    return PlanningError(
        f"{declared} declared tactical, and {has}; correct portfolio.tactical", next_step=_NEXT
    )
