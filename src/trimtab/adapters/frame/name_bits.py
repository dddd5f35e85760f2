"""Our names of orders as 128 bits, for venues that take no more, and back. Pure.

125 bits of a name are free (:func:`trimtab.domain.orders.order_name`), so that the two map one to
one.
"""

from __future__ import annotations

from typing import Final

from trimtab.domain.errors import Refused
from trimtab.domain.orders import HASHED_LENGTH, ClientOrderId, order_name

_DIGITS: Final = "abcdefghijklmnopqrstuvwxyz234567"
_BITS: Final = 5
_HELD: Final = 1 << (_BITS * HASHED_LENGTH)


def bits_of(name: ClientOrderId) -> int:
    """Return the bits that *name* has.

    Raises:
        Refused: it is no name that this program gives, so that it could not be told back.

    """
    hashed = name[1 : 1 + HASHED_LENGTH]
    if set(hashed) - set(_DIGITS) or order_name(hashed) != name:
        raise Refused(f"{name}: not a name that 128 bits can hold")
    held = 0
    for digit in hashed:
        held = (held << _BITS) | _DIGITS.index(digit)
    return held


def name_of_bits(held: int) -> ClientOrderId | None:
    """Return our name of those bits; None for bits that none of ours has."""
    if held >= _HELD:
        return None
    places = range(_BITS * (HASHED_LENGTH - 1), -1, -_BITS)
    return order_name("".join(_DIGITS[held >> place & 31] for place in places))
