"""What an exchange is like, as frozen data: names, hosts, fences, look-ups, units. Pure.

Facts are what a promise is derived from (:mod:`trimtab.venues.promise`); a profile
(:mod:`trimtab.venues.profile`) is what an adapter needs beyond them. Every group says where
it is from: a page of the venue's documentation by its title, or ccxt of the version named.
What ccxt sends is held against these facts by tests/wire/test_venue_facts.py, so that
another version of it shows. Seconds and counts are integers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from trimtab.domain.instruments import MarketKind
from trimtab.domain.snapshot import Environment

CHECKED_WITH: Final = "4.5.90"
"""The ccxt that every fact about ccxt was held against."""


class Market(StrEnum):
    """A part of a venue with rules of its own."""

    SPOT = "spot"
    LINEAR = "linear"
    """Contracts that settle in their quote, perpetual and dated."""
    INVERSE = "inverse"
    """Contracts that settle in their base, perpetual and dated."""


class Switch(StrEnum):
    """How ccxt is pointed at a venue's sandbox."""

    SANDBOX = "set_sandbox_mode"
    DEMO = "enable_demo_trading"


class Way(StrEnum):
    """How something is asked for through ccxt."""

    UNIFIED = "unified"
    """The unified call does what it says."""
    RAW = "raw"
    """The unified call does not ask this, or asks it wrongly; the raw call does."""
    LISTED = "listed"
    """No question asks by our name. Lists carry it, and what they do not show is not absent."""
    NONE = "none"
    """The venue has no such question."""


class Uniqueness(StrEnum):
    """For how long a venue takes a client order id for taken."""

    OPEN_ORDERS = "open_orders"
    """While the order is open: one that has filled does not keep its name."""
    ALWAYS = "always"
    NEVER = "never"
    """The same name may stand on many orders."""
    IDEMPOTENT = "idempotent"
    """The first order is returned, no second is made."""
    UNSTATED = "unstated"


class FenceKind(StrEnum):
    """What makes a late order impossible."""

    WINDOW = "window"
    """A length of time after the request's own time stamp."""
    DEADLINE = "deadline"
    """An instant, named in the request."""
    STAMP = "stamp"
    """A length that the venue has chosen, after the request's own time stamp."""
    NONE = "none"


class Unit(StrEnum):
    """What a size that is sent counts."""

    BASE = "base"
    CONTRACTS = "contracts"
    QUOTE = "quote"
    """Dollars of value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an environment is, and how a request shows that it is meant."""

    hosts: frozenset[str]
    """Hosts that may be addressed."""
    switch: Switch | None
    """None for the live exchange."""
    header: tuple[str, str] | None
    """Name and value that every private request must carry; None where the host says it all."""
    markets: frozenset[Market]
    """What can be traded there."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientId:
    """The name that we give an order before it is sent."""

    field: str
    """As it is called on the wire."""
    param: str
    """The parameter of ccxt's ``create_order`` that puts it there."""
    pattern: str
    """Regular expression that it must match, whole."""
    unique: Uniqueness
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """How an order is found by the name that we gave it."""

    way: Way
    call: str
    """ccxt's name of the raw call; empty where there is none."""
    param: str
    """What the call names our id; empty where there is none."""
    kept_s: int | None
    """How long after its end an order that executed is found, seconds; None: not stated."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """How an order is cancelled by the name that we gave it."""

    way: Way
    call: str
    """ccxt's name of the raw call; empty where there is none."""
    param: str
    """What the call names our id; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """What keeps an order that is late from being taken."""

    kind: FenceKind
    place: str
    """``query``, ``body``, ``header`` or ``signature``; empty without a fence."""
    name: str
    """The field; empty without a fence."""
    holds_at_match: bool
    """Whether it is asked about once more before an order is matched, not only on receipt."""
    sent_by_ccxt: bool
    """Whether ccxt sends it unasked; one that it does not send has to be added to each order."""
    default_s: int
    """What holds when we name nothing, seconds; 0 when nothing does."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Immediate:
    """How a limit that must fill at once or not at all is asked of ccxt."""

    params: Mapping[str, object]
    """Parameters of ``create_order``."""
    on_wire: str
    """Text that is then in the request; without it the order would rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contracts:
    """How positions are kept; for contracts only."""

    position_modes: frozenset[str]
    """``one_way``, ``hedge``."""
    margin_modes: frozenset[str]
    """``cross``, ``isolated``."""
    leverage_call: str
    """ccxt's name of the raw call that sets leverage; empty where nothing is set."""
    funding_hours: int
    """Usual hours between two payments; a market may have its own. 0: it is paid all the time."""
    dated: bool
    """Whether there are contracts with a delivery."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much a venue takes in a time."""

    of: str
    """What is counted: ``orders``, ``requests``, ``weight``."""
    count: int
    """At most so many, >= 1."""
    seconds: int
    """In so many seconds, >= 1."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestingStops:
    """How a stop of a contract rests on the venue, with nobody there."""

    call: str
    """ccxt's name of the raw call that places one."""
    field: str
    """What our name of it is called on the wire."""
    own_names: bool
    """Whether these names are apart from those of orders: both may bear the same one."""
    own_number: bool
    """Whether the order that one becomes has another number than the stop."""
    by_mark: str
    """Text that is then in the request; without it the last price would trigger it."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketFacts:
    """One part of a venue."""

    ccxt_id: str
    """The class of ccxt that speaks to it."""
    kinds: frozenset[MarketKind]
    client_id: ClientId
    look_up: LookUp
    cancel: Cancel
    duplicate_codes: tuple[str, ...]
    """Codes with which a second order under a name is refused; empty: none is known."""
    fence: Fence
    immediate: Immediate
    exact_sizes: bool
    """Whether ccxt takes a size as text and sends it as it is, with no float between."""
    order_unit: Unit
    market_buy_unit: Unit
    tells_fills: bool
    """Whether the answer to an order says what was executed; else only that it was received."""
    fee_assets: str
    """What fees are taken from, in words."""
    budgets: tuple[Budget, ...]
    """Until the venue states its own."""
    contracts: Contracts | None
    """None for spot."""
    stops: RestingStops | None = None
    """None for spot, and where it was not looked into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueFacts:
    """One exchange."""

    venue_id: str
    """What ``venue.id`` calls it."""
    name: str
    checked_with: str
    """Version of ccxt that the facts were held against."""
    places: Mapping[Environment, Place]
    """``live``, and ``testnet`` where there is one."""
    no_sandbox: str
    """Why there is no ``testnet``; empty where there is one."""
    key_rights_call: str
    """ccxt's name of the raw call that tells what a key may do; empty where none is wired."""
    transfer_call: str
    """ccxt's name of the raw call that moves money between wallets; empty: one wallet."""
    traps: tuple[str, ...]
    """What goes wrong unless one knows it, one sentence each."""
    markets: Mapping[Market, MarketFacts]

    def __post_init__(self) -> None:
        live, sandbox = self.places[Environment.LIVE], self.places.get(Environment.TESTNET)
        if (sandbox is None) != bool(self.no_sandbox):
            raise ValueError(f"{self.venue_id}: a sandbox, or the reason why there is none")
        if sandbox and sandbox.hosts & live.hosts and sandbox.header is None:
            raise ValueError(f"{self.venue_id}: a sandbox on the live host needs its header")
