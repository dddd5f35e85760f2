"""Accounts, the key and portfolios as Coinbase writes them. Pure.

Each function reads one answer whole: a row that cannot be read makes the answer unreadable, never
shorter. A coin lies in an account of its own; an account that is not in use is held and not free.
Sources: Coinbase Advanced Trade API "List Accounts", "Get API Key Permissions", "List Portfolios",
2026. What is on hold is read as what lies beside the available balance, as ccxt 4.5.90 reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from trimtab.adapters.frame.listed_pages import Page, Row
from trimtab.adapters.wire.exact import (
    Unreadable,
    Unserved,
    decimal_of,
    field,
    mapping_of,
    rows_of,
    text_of,
)
from trimtab.domain.exact import ZERO, exact_arithmetic, plain
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.domain.snapshot import Balance
from trimtab.ports.preflight import Beside

_COINS: Final = frozenset({"CRYPTO", "FIAT"})
_ASIDE: Final = frozenset({"VAULT", "PERP_FUTURES"})
_CONSUMER: Final = "ACCOUNT_PLATFORM_CONSUMER"
_PREFIX: Final = "ACCOUNT_TYPE_"
"""Before the word of a type in some answers and in none of the page's examples."""
_MARGIN: Final = "INTX"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """What a key may do, and of which portfolio it is."""

    views: bool
    trades: bool
    transfers: bool
    portfolio: str


def listed_in(answer: object, name: str) -> tuple[Row, ...]:
    """Return the list *name*; raises Unreadable without one."""
    return rows_of(field(mapping_of(answer), name))


def page_in(answer: object, name: str) -> Page:
    """Return a page of the list *name*, and the mark that leads on; raises Unreadable.

    Reading ends with a page that has no rows, so that one which leads on would cut the list short.
    """
    told = mapping_of(answer)
    rows = listed_in(told, name)
    if not is_so(told, "has_next"):
        return rows, ""
    if not rows:
        raise Unreadable("a page without rows leads on")
    return rows, text_of(told, "cursor")


def is_so(row: Row, name: str) -> bool:
    """Read a truth value; raises Unreadable when it is none."""
    told = field(row, name)
    if not isinstance(told, bool):
        raise Unreadable(f"{name} is not a truth value")
    return told


def permissions_of(answer: object) -> Permissions:
    """Read the key's permissions.

    Raises:
        Unreadable: one is missing.
        Unserved: the key is that of a portfolio for perpetuals.

    """
    row = mapping_of(answer)
    if text_of(row, "portfolio_type") == _MARGIN:
        raise Unserved(
            "the key is of a portfolio for perpetuals (INTX), whose margin is not read",
            mend="make a key for a portfolio that holds coins",
        )
    return Permissions(
        views=is_so(row, "can_view"),
        trades=is_so(row, "can_trade"),
        transfers=is_so(row, "can_transfer"),
        portfolio=text_of(row, "portfolio_uuid"),
    )


def key_rights_of(told: Permissions, *, use: KeyUse) -> KeyRights:
    """Return the rights of the key that is in *use*; whether it is bound to addresses is not told.

    The right to transfer reaches addresses and the owner's other portfolios.
    """
    return KeyRights(
        use=use,
        reads=told.views,
        trades_spot=told.trades,
        trades_futures=told.trades,
        withdraws=told.transfers,
        transfers_out=told.transfers,
        transfers_within=False,
        borrows=False,
        trades_options=False,
        is_bound_to_ip=False,
        wallet=f"coinbase {told.portfolio}",
    )


def balances_of(rows: Iterable[Row], told: Permissions) -> Mapping[Asset, Balance]:
    """Read the coins of the key's portfolio; those of which nothing is held are left out.

    Raises:
        Unreadable: a field is missing or wrong, or a balance is negative.
        Unserved: there are coins of another portfolio, or a coin lies in two accounts.

    """
    found: dict[Asset, Balance] = {}
    for row in rows:
        asset, free, locked = _held(row)
        if not (free or locked) or not _is_counted(row):
            continue
        if (of := row.get("retail_portfolio_id")) not in (None, "", told.portfolio):
            raise Unserved(
                f"{asset} is told of portfolio {of!r}, and the key is of another",
                mend="make a key of one portfolio",
            )
        if asset in found:
            raise Unserved(f"{asset} lies in two accounts", mend="move it into one of them")
        is_in_use = is_so(row, "active") and is_so(row, "ready")
        with exact_arithmetic():
            whole = free + locked
        found[asset] = Balance(
            free=free if is_in_use else ZERO, locked=locked if is_in_use else whole
        )
    return found


def beside_of(rows: Iterable[Row]) -> tuple[Beside, ...]:
    """Return what lies in vaults and in accounts for contracts; raises Unreadable."""
    found = []
    for row in rows:
        asset, free, locked = _held(row)
        with exact_arithmetic():
            whole = free + locked
        if whole and not _is_counted(row):
            place = f"{text_of(row, 'name')} ({_kind(row)})"
            found.append(Beside(place=place, held=f"{plain(whole)} {asset}"))
    return tuple(found)


def other_portfolios_of(answer: object, told: Permissions) -> tuple[Beside, ...]:
    """Return the owner's portfolios that the key is not of; raises Unreadable."""
    return tuple(
        Beside(place=f"portfolio {text_of(row, 'name')}", held="coins that a key of its own reads")
        for row in listed_in(answer, "portfolios")
        if text_of(row, "uuid") != told.portfolio and not is_so(row, "deleted")
    )


def _held(row: Row) -> tuple[Asset, Decimal, Decimal]:
    """Return the coin of an account, what of it is free, and what is not."""
    asset = Asset(text_of(row, "currency"))
    free, locked = (_amount(row, name, asset) for name in ("available_balance", "hold"))
    return asset, free, locked


def _amount(row: Row, name: str, asset: Asset) -> Decimal:
    """Return an amount of a coin; raises Unreadable when it is negative, or of another."""
    told: Mapping[str, Any] = mapping_of(field(row, name))
    units = decimal_of(told, "value")
    if text_of(told, "currency") != asset or units < 0:
        raise Unreadable(f"{name} is no amount of {asset}")
    return units


def _kind(row: Row) -> str:
    """Return the word of an account's type; raises Unreadable when it is of no known one."""
    kind = text_of(row, "type").removeprefix(_PREFIX)
    if kind not in _COINS | _ASIDE:
        raise Unreadable(f"an account is of the strange type {kind!r}")
    return kind


def _is_counted(row: Row) -> bool:
    """Say whether an account holds coins for the spot market; raises Unreadable."""
    platform = row.get("platform", _CONSUMER)
    if not isinstance(platform, str) or not platform:
        raise Unreadable("platform is not text")
    return _kind(row) in _COINS and platform == _CONSUMER
