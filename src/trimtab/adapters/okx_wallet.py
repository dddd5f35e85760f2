"""What lies in the trading account of OKX v5, each unit in one place. Pure.

Nothing may be owed, lent or worked with by anybody else: what is there could not be counted then.
Source: OKX API v5 "Get balance", 2026. Nothing is written where a field does not apply to the mode
of the account, and coins of which there is nothing are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trimtab.adapters.ccxt_answers import Unreadable, Unserved, decimal_of, field, rows_of, text_of
from trimtab.adapters.listed_pages import Row
from trimtab.adapters.okx_answers import account_mode, number_of, row_in
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.instruments import Asset
from trimtab.domain.snapshot import Balance

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
        if any(number_of(row, name) for name in _BOUND):
            coin = text_of(row, "ccy")
            raise Unserved(f"{coin} backs contracts", mend="close them: coins alone are read")
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
