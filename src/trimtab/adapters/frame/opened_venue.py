"""What has to be known to open a venue, and what it is while it is open. Values."""

from __future__ import annotations

from dataclasses import dataclass, field

from trimtab.adapters.frame.daily_lists import DailyLists
from trimtab.adapters.frame.no_stops import NoStops
from trimtab.domain.declared import DeclaredTiers
from trimtab.domain.instruments import Asset, MarketKind
from trimtab.domain.policy import ExecutionPolicy
from trimtab.domain.rights import KeyUse
from trimtab.domain.snapshot import AccountKey
from trimtab.ports import Clock, MarketData, Preflight, Stops, Venue, Wallets


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What requests are signed with. Neither part is ever shown."""

    key: str = field(repr=False)
    secret: str = field(repr=False)
    passphrase: str = field(repr=False, default="")
    """Empty where the venue takes none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueSettings:
    """What has to be known to open a venue."""

    account: AccountKey
    url: str
    """Loopback origin of the exchange; read only when the environment is local."""
    api_key: ApiKey
    key_use: KeyUse
    """Whether the key is the one that trades or the one that only reads."""
    quote: Asset
    """The account's numeraire stable."""
    markets: frozenset[MarketKind]
    """Kinds of market that may be used; contracts are read only when named here."""
    execution: ExecutionPolicy
    max_clock_offset_ms: int
    """No order leaves when the venue's clock may be farther from ours, >= 0."""
    clock: Clock
    coin_margined: bool = False
    """Whether coin-margined contracts are read and counted; nothing is ever traded in them."""
    tiers: DeclaredTiers = field(default_factory=dict)
    """What positions have to maintain, where the venue does not tell it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedVenue:
    """A venue while it is open: what changes things, what reads, and what looks at it."""

    venue: Venue
    wallets: Wallets
    market: MarketData
    preflight: Preflight
    history: DailyLists
    stops: Stops = field(default_factory=NoStops)
    """Where none can rest, whoever asks is refused."""
