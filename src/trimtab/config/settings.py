"""The effective configuration as one frozen value, with where each setting came from.

Pure values; secrets are not part of it. Built by :mod:`trimtab.config.loading`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from trimtab.config.faults import ConfigFault
from trimtab.config.notify_settings import NotifySettings
from trimtab.domain.instruments import Asset, MarketKind
from trimtab.domain.policy import Policy
from trimtab.domain.slots import SlotTerms
from trimtab.domain.snapshot import AccountKey


class ApprovalMode(StrEnum):
    """Who says yes to a plan."""

    CONFIRM = "confirm"
    """A person, to each plan."""
    STANDING = "standing"
    """A person, or with ``--yes`` a standing approval that covers the plan."""


class SourceKind(StrEnum):
    """Where a setting came from."""

    FILE = "file"
    ENVIRONMENT = "environment"
    OPTION = "option"
    PROFILE = "profile"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where one setting came from."""

    kind: SourceKind
    name: str
    """File, variable, option (``--set a.b``) or profile; empty for a default."""
    line: int
    """Line in the file, from 1; 0 elsewhere."""
    column: int
    """Character in the line, from 1; 0 elsewhere."""

    @property
    def where(self) -> str:
        """The place in a few words: ``trimtab.toml:12``, ``--set risk.shock``, ``default``."""
        match self.kind:
            case SourceKind.DEFAULT:
                return "default"
            case SourceKind.PROFILE:
                return f"profile {self.name}"
            case _:
                return f"{self.name}:{self.line}" if self.line else self.name

    def fault(self, key: str, *, reason: str, fix: str) -> ConfigFault:
        """Return a fault of the setting *key* at this place."""
        name = self.name or "default"
        return ConfigFault(
            file=name, line=self.line, column=self.column, key=key, reason=reason, fix=fix
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One key with its effective value, fit to be shown."""

    key: str
    """Dotted key."""
    value: Any
    """As it would be written in JSON: text, whole number or list; passwords masked."""
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class VenuePart:
    """A venue with what of the account is held there: all of it, its coins, or its contracts."""

    venue_id: str
    """ccxt id."""
    url: str
    """Where its local exchange listens, without a final slash; empty unless ``local``."""
    markets: frozenset[MarketKind]
    """Kinds of market that are read and traded there."""
    is_hedges: bool
    """Whether it is the venue of the contracts alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that the operator configured; holds no secret."""

    file: Path
    """The file it was read from, absolute."""
    key: AccountKey
    """Venue, account and environment; what a ledger is stamped with."""
    quote: Asset
    """The numeraire of the account."""
    venue_url: str
    """Where the local exchange listens, without a final slash; empty unless ``local``."""
    markets: tuple[MarketKind, ...]
    """Kinds of market that may be read and traded; spot is among them."""
    coin_margined: bool
    """Whether coin-margined contracts are counted."""
    hedge_url: str
    """Where the local exchange of the contracts listens; empty where there is no other."""
    calendar: str
    """``off``, ``monthly``, ``quarterly``, ``semiannual``, or five cron fields."""
    timezone: str
    """IANA name of the zone in which slots begin."""
    slot_terms: SlotTerms
    """Which slots run by themselves."""
    poll_s: int
    """Wait of ``schedule run`` between two looks, seconds, >= 1."""
    rehearse_days: int
    """How long before a slot it is rehearsed, days; 0: never."""
    asked_window_ms: int
    """For how long after its time a request asks to be taken, where it says so itself, >= 1."""
    references_url: str
    """Who answers for the sources of independent prices; empty: they themselves."""
    references_timeout_s: Decimal
    """Wait for one of their answers, > 0."""
    ledger_url: str = field(repr=False)
    """SQLAlchemy URL, everything expanded; may carry a password when a variable set it."""
    approval_mode: ApprovalMode
    notify: NotifySettings
    policy: Policy
    policy_digest: str
    """SHA-256 of the policy's canonical JSON, 64 hex digits."""
    settings: tuple[Setting, ...] = field(repr=False)
    """Every key with its value and source, in the order of the documentation."""

    @property
    def parts(self) -> tuple[VenuePart, ...]:
        """The venue of the account; two where contracts are held on another, the coins' first."""
        ids, markets = self.key.venues, frozenset(self.markets)
        coins = markets & {MarketKind.SPOT} if self.key.is_split else markets
        first = VenuePart(venue_id=ids[0], url=self.venue_url, markets=coins, is_hedges=False)
        if not self.key.is_split:
            return (first,)
        hedges = markets - {MarketKind.SPOT}
        second = VenuePart(venue_id=ids[1], url=self.hedge_url, markets=hedges, is_hedges=True)
        return (first, second)

    def document(self) -> dict[str, Any]:
        """Return the effective configuration, JSON-ready, secrets masked."""
        return {
            "file": str(self.file),
            "policy_digest": self.policy_digest,
            "settings": [
                {
                    "key": setting.key,
                    "value": setting.value,
                    "source": setting.source.kind.value,
                    "where": setting.source.where,
                }
                for setting in self.settings
            ],
        }

    def fault(self, key: str, *, reason: str, fix: str) -> ConfigFault:
        """Return a fault of *key*, located; for what only a later stage can know."""
        sources = {setting.key: setting.source for setting in self.settings}
        start = Source(kind=SourceKind.FILE, name=str(self.file), line=1, column=1)
        return sources.get(key, start).fault(key, reason=reason, fix=fix)
