"""What lies in the trading account of OKX v5, each unit in one place. Pure.

Nothing may be owed, lent or worked with by anybody else: what is there could not be counted then.
Source: OKX API v5 "Get balance", 2026. Nothing is written where a field does not apply to the mode
of the account, and coins of which there is nothing are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.raw_account import PositionRow
from trimtab.adapters.okx.answers import account_mode, number_of, row_in
from trimtab.adapters.okx.contracts import SETTLED_IN
from trimtab.adapters.wire.exact import Unreadable, Unserved, decimal_of, field, rows_of, text_of
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset
from trimtab.domain.shared_wallet import SharedWallet, losses_of
from trimtab.domain.snapshot import Balance, MarginPool

_SPOT: Final = "1"
_FUTURES: Final = "2"
_MODES: Final[Mapping[str, str]] = {"3": "multi-currency margin", "4": "portfolio margin"}
_ELSEWHERE: Final[Mapping[str, tuple[str, str]]] = {
    "liab": ("is owed", "pay it back"),
    "interest": ("owes interest", "pay it"),
    "stgyEq": ("is worked with by a trading bot", "stop the bot"),
    "rewardBal": ("is a trial fund, which is not yours", "use another account"),
    "spotIsoBal": ("follows other traders", "stop following"),
    "smtSyncEq": ("follows other traders", "stop following"),
    "isoEq": ("backs isolated positions", "close them"),
}
"""Of what there may be nothing, what it would say of a coin, and what mends it."""
_BOUND: Final = ("imr", "mmr", "upl")
_LENT: Final = frozenset({"active", "pending"})


def require_plain_mode(answer: object) -> bool:
    """Read that coins are no collateral for each other in the account, and return that it is so.

    Raises:
        Unserved: the account is in another mode, or does not say in which.

    """
    mode = account_mode(answer)
    if mode not in {_SPOT, _FUTURES}:
        told = _MODES.get(mode, mode)
        raise Unserved(
            f"it is in mode {told}, where coins back each other",
            mend="set spot or futures mode at the venue",
        )
    return True


def coins_of(answer: object) -> tuple[Row, ...]:
    """Return the row of each coin, of which nothing is owed, lent or worked with elsewhere.

    Raises:
        Unreadable: a field is missing or wrong, or something is.

    """
    rows = rows_of(field(row_in(answer), "details"))
    for row in rows:
        coin = text_of(row, "ccy")
        for name, (why, mend) in _ELSEWHERE.items():
            if number_of(row, name):
                raise Unserved(f"{coin} {why}", mend=mend)
        if str(row.get("autoLendStatus")) in _LENT:
            raise Unserved(f"{coin} is lent", mend=f"switch auto lend of {coin} off")
    return rows


def balances_of(answer: object) -> Mapping[Asset, Balance]:
    """Read an account of coins alone.

    Raises:
        Unreadable: a field is missing or wrong, or a coin backs contracts.

    """
    found = {}
    for row in coins_of(answer):
        _require_unbound(row, mend="close them: coins alone are read")
        balance = coin_balance(row)
        if balance.free or balance.locked:
            found[Asset(text_of(row, "ccy"))] = balance
    return found


def coin_balance(row: Row) -> Balance:
    """Read a coin that backs nothing: what is not available is locked.

    Raises:
        Unreadable: a field is missing or wrong, or more is available than there is.

    """
    held, free = decimal_of(row, "cashBal"), decimal_of(row, "availBal")
    with exact_arithmetic():
        locked = held - free
    if free < 0 or locked < 0:
        raise Unreadable(f"a balance of {text_of(row, 'ccy')} is negative")
    return Balance(free=free, locked=locked)


@dataclass(frozen=True, slots=True, kw_only=True)
class OneWalletOfMany:
    """An account in futures mode, each unit in one place."""

    balances: Mapping[Asset, Balance]
    pools: Mapping[Asset, MarginPool]
    """That of USDT alone, which shares its wallet with the cash."""


def require_futures_mode(answer: object) -> bool:
    """Read that contracts are margined by the coin that they settle in alone.

    Raises:
        Unserved: the account is in another mode.
        Unreadable: it does not say in which.

    """
    if require_plain_mode(answer) and account_mode(answer) != _FUTURES:
        raise Unserved(
            "it is in spot mode, where no contracts are traded",
            mend='set futures mode at the venue, or venue.markets = ["spot"]',
        )
    return True


def futures_of(
    answer: object, *, positions: Collection[PositionRow], closing: Decimal
) -> OneWalletOfMany:
    """Read an account in futures mode: USDT is cash and margin, other coins back nothing.

    *closing* is what closing all *positions* costs, which the venue's figure of maintenance is
    without. How what is frozen and what is bound relate is not said: the most that any of them
    leaves away counts as bound. Where there is no position, what it would bind may be left empty.

    Raises:
        Unreadable: a field is missing or wrong.
        Unserved: something is owed, lent or worked with elsewhere, or another coin backs contracts.

    """
    rows = {text_of(row, "ccy"): row for row in coins_of(answer)}
    cash = rows.pop(SETTLED_IN, None)
    if cash is None:
        raise Unserved(f"there is no {SETTLED_IN} in it", mend=f"bring some {SETTLED_IN} into it")
    balances = {}
    for coin, row in rows.items():
        _require_unbound(row, mend=f"close them: only {SETTLED_IN} may back contracts")
        balance = coin_balance(row)
        if balance.free or balance.locked:
            balances[Asset(coin)] = balance
    told = decimal_of if positions else number_of
    units, profit, margin = decimal_of(cash, "cashBal"), told(cash, "upl"), told(cash, "imr")
    with exact_arithmetic():
        named = margin + decimal_of(cash, "ordFrozen")
        used = units + profit - decimal_of(cash, "availEq")
        bound = max(named, decimal_of(cash, "frozenBal"), used)
        maintained = told(cash, "mmr") + closing
    if min(units, named, maintained) < 0:
        raise Unreadable(f"a balance of {SETTLED_IN} is negative")
    balance, pool = SharedWallet(
        units=units,
        locked=ZERO,
        unrealised_pnl=profit,
        losses=losses_of(row.profit for row in positions),
        initial_margin=bound,
        maintenance_margin=maintained,
    ).parts
    return OneWalletOfMany(
        balances={**balances, Asset(SETTLED_IN): balance}, pools={Asset(SETTLED_IN): pool}
    )


def _require_unbound(row: Row, *, mend: str) -> None:
    """Refuse a coin that backs contracts.

    Raises:
        Unserved: it does.

    """
    if any(number_of(row, name) for name in _BOUND):
        raise Unserved(f"{text_of(row, 'ccy')} backs contracts", mend=mend)
