"""Our names of orders as Hyperliquid takes them: 128 bits in hexadecimal, and back. Pure.

Source: Hyperliquid docs "Exchange endpoint", 2026: ``c`` is 128 bits, 0x and 32 digits.
"""

from __future__ import annotations

import re
from typing import Final

from trimtab.adapters.frame.name_bits import bits_of, name_of_bits
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.orders import ClientOrderId

_CLOID: Final = re.compile(r"0x[0-9a-f]{32}")


def cloid_of(name: ClientOrderId) -> str:
    """Return *name* as the venue takes it.

    Raises:
        Refused: it is no name that this program gives, so that it could not be told back.

    """
    return f"0x{bits_of(name):032x}"


def name_of_cloid(cloid: object) -> ClientOrderId:
    """Return whose name the venue tells: one of ours, or another's as it is; empty for none.

    Raises:
        Unreadable: it is neither 128 bits nor nothing.

    """
    if cloid is None:
        return ClientOrderId("")
    if not isinstance(cloid, str) or not _CLOID.fullmatch(cloid.lower()):
        raise Unreadable("cloid is not 128 bits")
    return name_of_bits(int(cloid, 16)) or ClientOrderId(cloid.lower())
