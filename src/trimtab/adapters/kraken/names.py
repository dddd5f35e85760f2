"""Names at Kraken: our orders as UUIDs and back, and coins by the names that they bear elsewhere.

Pure. A name of an order is a UUID or a text of eighteen characters at most; ours are longer, and
are told by their 128 bits. Coins listed long ago have an X before the code, money a Z. Sources:
Kraken "Client Order Identifiers", 2026; ccxt 4.5.90 (``commonCurrencies``) for coins whose code
means another one elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from uuid import UUID

from trimtab.adapters.frame.name_bits import bits_of, name_of_bits
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.instruments import Asset
from trimtab.domain.orders import ClientOrderId

_UUID: Final = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}")
_ELSEWHERE: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{f"X{code}": code for code in ("ETC", "ETH", "LTC", "MLN", "XLM", "XMR", "XRP", "ZEC")},
        **{f"Z{code}": code for code in ("AUD", "CAD", "EUR", "GBP", "JPY", "USD")},
        "XXBT": "BTC",
        "XBT": "BTC",
        "XXDG": "DOGE",
        "XDG": "DOGE",
        "LUNA": "LUNC",
        "LUNA2": "LUNA",
        "UST": "USTC",
        "XREP": "REPV1",
        "REP": "REPV1",
        "REPV2": "REP",
    }
)


def uuid_of(name: ClientOrderId) -> str:
    """Return *name* as the venue takes it.

    Raises:
        Refused: it is no name that this program gives, so that it could not be told back.

    """
    return str(UUID(int=bits_of(name)))


def name_of_uuid(told: object) -> ClientOrderId:
    """Return whose name the venue tells: one of ours, or another's as it is; empty for none.

    Raises:
        Unreadable: it is no text.

    """
    if told is None:
        return ClientOrderId("")
    if not isinstance(told, str):
        raise Unreadable("cl_ord_id is not text")
    if not _UUID.fullmatch(told.lower()):
        return ClientOrderId(told)
    return name_of_bits(UUID(told).int) or ClientOrderId(told)


def asset_of(code: str) -> Asset:
    """Return the coin that the venue calls *code*."""
    return Asset(_ELSEWHERE.get(code, code))
