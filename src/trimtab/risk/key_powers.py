"""What a key may do against what it is needed for: too much, too little, or too openly. Pure.

A key that leaks must not be able to carry funds away, and a key that cannot trade must be
known before the first leg, not after it.
"""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.domain.rights import KeyRights, KeyUse


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyNeeds:
    """What the key is needed for, beside reading."""

    spot: bool
    """Orders on spot."""
    futures: bool
    """Orders in contracts."""
    topups: bool
    """Whether moves between the wallets of the account are wanted."""
    transfers: bool
    """Whether there is one to be made now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFaults:
    """What is wrong with a key, each in a few words; empty when nothing is."""

    dangerous: tuple[str, ...]
    """What it may do and must not, ever."""
    missing: tuple[str, ...]
    """What it may not do and must."""
    careless: tuple[str, ...]
    """What would be better otherwise."""


def key_faults(rights: KeyRights, needs: KeyNeeds) -> KeyFaults:
    """Return what is wrong with *rights* for *needs*; a key that only reads needs no more."""
    sends = rights.use is KeyUse.SEND
    dangers = (
        (rights.withdraws, "withdraw"),
        (rights.transfers_out, "move funds to another account"),
        (rights.borrows, "borrow on margin"),
        (rights.trades_options, "trade options"),
    )
    lacks = (
        (not rights.reads, "read"),
        (sends and needs.spot and not rights.trades_spot, "trade spot"),
        (sends and needs.futures and not rights.trades_futures, "trade futures"),
        (sends and needs.transfers and not rights.transfers_within, "move funds between wallets"),
    )
    trades_idly = not sends and (rights.trades_spot or rights.trades_futures)
    moves_idly = rights.transfers_within and not (sends and needs.topups)
    all_at_once = "whatever trades there may trade options too: the venue has one right for all"
    oddities = (
        (sends and rights.trades_everything, all_at_once),
        (not rights.is_bound_to_ip, "it is bound to no IP address"),
        (trades_idly, "it is meant to read only and may trade"),
        (moves_idly, "it may move funds between wallets, which nothing needs"),
    )
    return KeyFaults(
        dangerous=tuple(what for is_so, what in dangers if is_so),
        missing=tuple(what for is_so, what in lacks if is_so),
        careless=tuple(what for is_so, what in oddities if is_so),
    )
