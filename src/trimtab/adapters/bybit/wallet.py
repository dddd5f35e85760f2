"""The one wallet of a Bybit unified account in which contracts are used too. Pure.

USDT is cash and margin; any other coin that backs positions, or is owed, makes the account
unreadable, because what is there could not be counted once. Sources: Bybit API v5 "Get Wallet
Balance", "Set Collateral Coin" (off unless it is switched on), 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trimtab.adapters.bybit.answers import require_own, rows_in
from trimtab.adapters.bybit.orders import SETTLED_IN
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.wire.exact import (
    Unreadable,
    Unserved,
    decimal_of,
    field,
    mapping_of,
    rows_of,
    text_of,
)
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.instruments import Asset
from trimtab.domain.shared_wallet import SharedWallet
from trimtab.domain.snapshot import Balance, MarginPool

_BOUND: Final = ("totalPositionIM", "totalOrderIM")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unified:
    """What a unified account holds, each unit in one place."""

    balances: Mapping[Asset, Balance]
    pools: Mapping[Asset, MarginPool]
    """That of USDT alone, which shares its wallet with the cash."""


def unified_of(answer: object, *, maintained: Decimal, losses: Decimal) -> Unified:
    """Read the wallet; positions have *maintained* to keep, their fees to close counted in.

    *losses* are of those positions that are at a loss, >= 0.

    Raises:
        Unreadable: a field is missing or wrong.
        Unserved: there is no USDT; or a coin is owed, backs positions, or hides a worth.

    """
    (account,) = rows_in(answer) or (None,)
    coins = {text_of(row, "coin"): row for row in rows_of(field(mapping_of(account), "coin"))}
    cash = coins.pop(SETTLED_IN, None)
    if cash is None:
        raise Unserved(f"there is no {SETTLED_IN} in it", mend="bring some into it")
    balances = {}
    for coin, row in coins.items():
        held = _coin(coin, row)
        if held.free or held.locked:
            balances[Asset(coin)] = held
    balance, pool = _cash(cash, maintained=maintained, losses=losses).parts
    return Unified(
        balances={**balances, Asset(SETTLED_IN): balance}, pools={Asset(SETTLED_IN): pool}
    )


def _coin(coin: str, row: Row) -> Balance:
    """Read a coin, which may back nothing."""
    require_own(row)
    if any(decimal_of(row, name) for name in _BOUND) or decimal_of(row, "unrealisedPnl"):
        raise Unserved(f"{coin} margins contracts", mend=f"close them: only {SETTLED_IN} may")
    with exact_arithmetic():
        free = decimal_of(row, "walletBalance") - decimal_of(row, "locked")
    if free < 0 or decimal_of(row, "locked") < 0:
        raise Unreadable(f"a balance of {coin} is negative")
    backs = [_is_on(row, name) for name in ("marginCollateral", "collateralSwitch")]
    if all(backs) and decimal_of(row, "walletBalance"):
        raise Unserved(f"{coin} is collateral", mend="switch it off, or take the coin out")
    return Balance(free=free, locked=decimal_of(row, "locked"))


def _is_on(row: Row, name: str) -> bool:
    """Read a switch."""
    value = field(row, name)
    if not isinstance(value, bool):
        raise Unreadable(f"{name} is not a truth value")
    return value


def _cash(row: Row, *, maintained: Decimal, losses: Decimal) -> SharedWallet:
    """Read the coin that is cash and margin."""
    require_own(row)
    units, locked = decimal_of(row, "walletBalance"), decimal_of(row, "locked")
    position, orders = (decimal_of(row, name) for name in _BOUND)
    if min(units, locked, position, orders) < 0:
        raise Unreadable(f"a balance of {SETTLED_IN} is negative")
    with exact_arithmetic():
        bound = position + orders
    return SharedWallet(
        units=units,
        locked=locked,
        unrealised_pnl=decimal_of(row, "unrealisedPnl"),
        losses=losses,
        initial_margin=bound,
        maintenance_margin=maintained,
    )
