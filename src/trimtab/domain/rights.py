"""What the key in use may do on the venue, as the venue tells it. Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class KeyUse(StrEnum):
    """What the program means to do with a key."""

    SEND = "send"
    """Read, and send orders."""
    READ = "read"
    """Only read: the separate key for planning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRights:
    """The rights of one key. Each was told by the venue, none is assumed."""

    use: KeyUse
    """What it is used for here; not the venue's word."""
    reads: bool
    trades_spot: bool
    trades_futures: bool
    withdraws: bool
    """Whether it may send coins to an address."""
    transfers_out: bool
    """Whether it may move funds to another account, such as a sub-account."""
    transfers_within: bool
    """Whether it may move funds between the wallets of this account."""
    borrows: bool
    """Whether it may trade on margin, with borrowed coins."""
    trades_options: bool
    """Whether it has a right for options, one that can be taken from it."""
    is_bound_to_ip: bool
    """Whether the venue takes it from listed addresses only."""
    trades_everything: bool = False
    """Whether the venue has one right for all trading, options too, that no key can do without."""
    wallet: str = ""
    """The venue's name of the one wallet that is cash and margin behind it; empty where there is
    none, or it is not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UntoldRights:
    """Why the rights of the key are not known."""

    why: str
    """A few words, such as ``the host does not tell``."""
    is_absent: bool
    """Whether the host has no such endpoint, as sandboxes have none; false when asking failed."""


class KeyTrust(StrEnum):
    """On whose word orders of the live exchange rest, as to what the key may do."""

    TOLD = "told"
    """The venue's: a key whose rights it does not tell sends nothing."""
    VOUCHED = "vouched"
    """The operator's, and only where the venue has no question for them."""


KeyStanding = KeyRights | UntoldRights
"""What is known of the key's rights."""
