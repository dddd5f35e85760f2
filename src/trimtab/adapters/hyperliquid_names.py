"""Our names of orders as Hyperliquid takes them: 128 bits in hexadecimal, and back. Pure.

125 bits of a name are free (:func:`trimtab.domain.orders.order_name`), so that the two map one to
one. Source: Hyperliquid docs "Exchange endpoint", 2026: ``c`` is 128 bits, 0x and 32 digits.
"""

from __future__ import annotations

import re
from typing import Final

from trimtab.adapters.ccxt_answers import Unreadable
from trimtab.domain.errors import Refused
from trimtab.domain.orders import HASHED_LENGTH, ClientOrderId, order_name

_DIGITS: Final = "abcdefghijklmnopqrstuvwxyz234567"
_BITS: Final = 5
_HELD: Final = 1 << (_BITS * HASHED_LENGTH)
_CLOID: Final = re.compile(r"0x[0-9a-f]{32}")


def cloid_of(name: ClientOrderId) -> str:
    """Return *name* as the venue takes it.

    Raises:
        Refused: it is no name that this program gives, so that it could not be told back.

    """
    hashed = name[1 : 1 + HASHED_LENGTH]
    if set(hashed) - set(_DIGITS) or order_name(hashed) != name:
        raise Refused(f"{name}: not a name that 128 bits can hold")
    held = 0
    for digit in hashed:
        held = (held << _BITS) | _DIGITS.index(digit)
    return f"0x{held:032x}"


def name_of_cloid(cloid: object) -> ClientOrderId:
    """Return whose name the venue tells: one of ours, or another's as it is; empty for none.

    Raises:
        Unreadable: it is neither 128 bits nor nothing.

    """
    if cloid is None:
        return ClientOrderId("")
    if not isinstance(cloid, str) or not _CLOID.fullmatch(cloid.lower()):
        raise Unreadable("cloid is not 128 bits")
    held = int(cloid, 16)
    if held >= _HELD:
        return ClientOrderId(cloid.lower())
    places = range(_BITS * (HASHED_LENGTH - 1), -1, -_BITS)
    return order_name("".join(_DIGITS[held >> place & 31] for place in places))
