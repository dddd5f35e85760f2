"""Coins and rights as BingX writes them. Pure.

Coins lie in the spot wallet; the fund wallet is another, and what lies there is not counted.
Sources: BingX API spot "Query Assets", account "Query user API Key permissions", 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trimtab.adapters.bingx.answers import rows_under
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    field,
    mapping_of,
    text_of,
    words_of,
)
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.domain.snapshot import Balance

_SPOT, _READS, _LINEAR, _MOVES, _WITHDRAWS, _TO_OTHERS = 1, 2, 3, 4, 5, 7
_KNOWN: Final = frozenset({_SPOT, _READS, _LINEAR, _MOVES, _WITHDRAWS, _TO_OTHERS})
"""The venue's numbers of rights; there is none for margin and none for options."""


def balances_of(answer: object) -> Mapping[Asset, Balance]:
    """Read the spot wallet; coins of which nothing is held are left out.

    Raises:
        Unreadable: a field is missing or wrong, or a coin is told twice.

    """
    balances: dict[Asset, Balance] = {}
    for row in rows_under("balances", answer):
        coin = Asset(text_of(row, "asset"))
        free, locked = decimal_of(row, "free"), decimal_of(row, "locked")
        if free < 0 or locked < 0 or coin in balances:
            raise Unreadable(f"a balance of {coin} is negative, or told twice")
        if free or locked:
            balances[coin] = Balance(free=free, locked=locked)
    return balances


def key_rights_of(answer: object, *, use: KeyUse) -> KeyRights:
    """Read the rights of the key in *use*; the answer may come without an envelope.

    Raises:
        Unreadable: they are missing, or one of them is not known.

    """
    told = mapping_of(answer)
    row = mapping_of(told["data"]) if "data" in told else told
    numbers = field(row, "permissions")
    if not isinstance(numbers, list) or not all(type(each) is int for each in numbers):
        raise Unreadable("permissions is no list of numbers")
    rights = frozenset(numbers)
    if unknown := sorted(rights - _KNOWN):
        raise Unreadable(f"a right of the key is not known: {unknown[0]}")
    addresses = words_of(field(row, "ipAddresses"), "ipAddresses")
    return KeyRights(
        use=use,
        reads=_READS in rights,
        trades_spot=_SPOT in rights,
        trades_futures=_LINEAR in rights,
        withdraws=_WITHDRAWS in rights,
        transfers_out=_TO_OTHERS in rights,
        transfers_within=_MOVES in rights,
        borrows=False,
        trades_options=False,
        is_bound_to_ip=any(address.strip() for address in addresses),
    )
