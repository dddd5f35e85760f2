"""What Gate tells of itself and of the key in use. Not pure: it asks.

Sources: Gate API v4 "Query All Main Account Key Information", "Query personal account totals",
2026. What each of the owner's accounts is worth may be a minute old, and is told, never counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Final

from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.raw_preflight import RawPreflight
from trimtab.adapters.gate.answers import key_rights_of
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable, decimal_of, field, mapping_of, text_of
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.domain.exact import ZERO, trimmed
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.ports.preflight import Beside
from trimtab.venues.profile import Desk

_KEYS: Final = Endpoint(desk=Desk.SPOT, method="privateAccountGetMainKeys")
_TOTALS: Final = Endpoint(desk=Desk.SPOT, method="privateWalletGetTotalBalance")
_FEE_COIN: Final = Asset("GT")
_COUNTED: Final = "spot"
_OWED: Final = "borrowed"
_PARTS: Final = (("amount", ""), ("unrealised_pnl", " unrealised"), (_OWED, f" {_OWED}"))
"""What an account is told to be worth, and what that is called beside its name."""


def gate_preflight(
    wire: Wire, hosts: HostRecord, *, use: KeyUse, key: str, quote: Asset
) -> RawPreflight:
    """Return what reads about the venue; *key* is the public part of the key in use."""

    async def rights() -> KeyRights:
        """Ask for the rights of the key."""
        return await wire.read(_KEYS, {}, partial(key_rights_of, use=use, key=key))

    async def beside() -> tuple[Beside, ...]:
        """Ask what the owner's other accounts are worth, and what is owed there."""
        return await wire.read(_TOTALS, {"currency": quote}, partial(beside_in, quote=quote))

    return RawPreflight(wire, hosts, rights=rights, fee_coin=_FEE_COIN, beside=beside)


def beside_in(answer: object, *, quote: Asset) -> tuple[Beside, ...]:
    """Read what accounts other than the one of coins are worth, by name.

    Raises:
        Unreadable: a field is missing or wrong, or a worth is told in another coin.

    """
    details = mapping_of(field(mapping_of(answer), "details"))
    return tuple(
        Beside(place=f"{name}{kind}", held=f"{trimmed(value, 2)} {quote}")
        for name, told in sorted(details.items())
        for kind, value in _worth(mapping_of(told), quote)
        if value and (name != _COUNTED or kind)
    )


def _worth(told: Row, quote: Asset) -> Iterable[tuple[str, Decimal]]:
    """Return what an account is worth, what its positions would win, and what it owes."""
    if text_of(told, "currency") != quote:
        raise Unreadable("what an account is worth is told in another coin")
    for name, kind in _PARTS:
        needed = name == "amount" or name in told
        yield kind, decimal_of(told, name) if needed else ZERO
