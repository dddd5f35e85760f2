"""What has to be known of an exchange beforehand, as frozen data. Pure.

Milliseconds and counts are integers. A profile says which hosts may be talked to, how an
answer is to be understood, and which limits hold until the venue states its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from trimtab.domain.instruments import Instrument, MarketKind
from trimtab.domain.snapshot import Environment
from trimtab.venues.facts import Switch


class Desk(StrEnum):
    """One host of a venue, with budgets and error codes of its own."""

    SPOT = "spot"
    LINEAR = "linear"
    """Contracts that settle in their quote."""
    INVERSE = "inverse"
    """Contracts that settle in their base, which are read and not traded."""

    @classmethod
    def of(cls, instrument: Instrument) -> Desk:
        """Return the desk where *instrument* trades."""
        return cls.LINEAR if instrument.is_contract else cls.SPOT


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeTable:
    """What the venue's own error codes prove. A code that is not here proves nothing."""

    refused: frozenset[str]
    """With a 4xx other than 408 and 409: it was looked at and declined."""
    not_done: frozenset[str]
    """It was not looked at (clock, queue, load); the same request may be sent again."""
    not_done_texts: frozenset[tuple[int, str]]
    """(HTTP status, part of the text) that the venue documents as never executed."""
    duplicate: frozenset[tuple[str, str]]
    """(code, part of the text) that prove an order under our client id; empty text fits all."""
    as_asked: frozenset[str]
    """Refusals of a setting that is already as asked."""
    gone: frozenset[str]
    """Refusals of a cancel because nothing rests under that id."""
    absent: frozenset[str]
    """Answers to a lookup that finds nothing, now."""
    unknown_symbol: frozenset[str]
    """A symbol that the venue does not list."""
    code_field: str
    """What answers call their code, a dot leading into an object; 0, 200, 00000 and 200000 are
    none."""
    text_field: str
    """What answers call the text beside it, likewise."""
    is_told_with_200: bool
    """Whether refusals come with status 200, so that only the code tells them."""
    too_fast: frozenset[str]
    """Refusals of a request that came too soon: not looked at, but with a 5xx, and silence is
    wanted."""
    wrong_time: frozenset[str]
    """Refusals of a request's time; they dispute what we believe of the venue's clock."""
    silent_until_header: str
    """Answers say in it, lower case, until when silence is wanted, in milliseconds of the venue's
    clock; empty where none does."""
    writes_with_get: bool = False
    """Whether an order goes out as a GET, so that its answer is not that of a question."""
    sentences: tuple[str, ...] = ()
    """Where a venue has sentences instead of codes: how those begin that are told apart. They stand
    at ``text_field``, or are of one thing of several; the beginning is then the code."""
    of_one: tuple[tuple[str, str], ...] = ()
    """Where an answer about one thing of several has the code and the text of that one, which go
    before those of the whole, the first that tells one; a number leads into a list."""
    no_codes: frozenset[str] = frozenset()
    """What the venue writes where a code would be when there is none, besides what all do."""
    bare: Mapping[str, str] = field(default_factory=dict)
    """Codes for answers that are one word and no document, by that word."""
    done_with: frozenset[int] = frozenset({200})
    """Statuses of an answer to a request that was done; what it says still has to be read."""
    done_marks: tuple[str, ...] = ()
    """Where anything but nothing, false or no text says that a request may have been done: no code
    beside it proves that it was not. Where there are such, nor does one of several codes of
    ``of_one`` of which another proves nothing."""
    told_apart: tuple[tuple[str, str], ...] = ()
    """(code, part of the text) of codes that mean several things: such an answer has ``code:part``
    for its code, by the first that fits; with another text it keeps the code alone."""
    no_more_stops: frozenset[str] = frozenset()
    """Refusals of a stop because as many conditional orders wait in its contract as may."""
    silent_for_header: str = ""
    """Answers say in it, lower case, for how many milliseconds silence is wanted; empty where none
    does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLimit:
    """How many orders the venue takes in a window of time."""

    count: int
    """Orders, >= 1."""
    seconds: int
    """Length of the window, >= 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestWeight:
    """What one call costs of the weight of a window."""

    of_one: int
    """For one market, or whatever the call is about, >= 0."""
    of_all: int
    """When no market is named, >= 0."""
    of_type: Mapping[str, int] = field(default_factory=dict)
    """Where one call asks everything: what some of its questions cost, by their ``type``."""

    def of(self, params: Mapping[str, object]) -> int:
        """Return the weight of a call with *params*."""
        if (kind := str(params.get("type", ""))) in self.of_type:
            return self.of_type[kind]
        return self.of_one if {"symbol", "symbols"} & params.keys() else self.of_all


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferWays:
    """The venue's words for moves between the spot and the futures wallet; empty for one wallet."""

    into_futures: str
    out_of_futures: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueProfile:
    """One exchange."""

    venue_id: str
    """ccxt id."""
    kinds: frozenset[MarketKind]
    """What the adapter trades there."""
    hosts: Mapping[Environment, frozenset[str]]
    """Hosts that may be addressed, by environment; none where the environment is not spoken."""
    sandbox: Switch | None
    """How ccxt is pointed at the hosts of ``testnet``; None where the venue has no sandbox."""
    paper_header: tuple[str, str] | None
    """Name and value that every request of ``testnet`` carries and no request of ``live`` may;
    None where the hosts differ."""
    takes_passphrase: bool
    """Whether a key has a third part, which its owner chose."""
    options: Mapping[str, object]
    """What ccxt is told besides; it must not ask or announce anything by itself."""
    desk_of_host: Mapping[str, Desk]
    """Whose budget a request to a host draws on."""
    client_id_pattern: str
    """Regular expression that every client order id must match, whole."""
    codes: Mapping[Desk, CodeTable]
    order_limits: Mapping[Desk, tuple[OrderLimit, ...]]
    """Until the venue states its own."""
    weight_limits: Mapping[Desk, int]
    """Request weight in a window, until the venue states its own."""
    weights: Mapping[str, RequestWeight]
    """Of every read that is made, by ccxt's name of the raw call."""
    write_weight: int
    """Most that an order, a cancel or a setting costs, >= 0."""
    weight_header: str
    """Answers say in it, lower case, how much weight of the minute our address has used."""
    order_count_headers: Mapping[int, str]
    """The same for orders of the account, by the length of the window in seconds."""
    time_calls: Mapping[Desk, str]
    """ccxt's name of the raw call that tells each desk's time."""
    time_params: Mapping[Desk, Mapping[str, object]]
    """What each of them is asked with."""
    time_field: str
    """Where its answer has the milliseconds; a point leads into an object."""
    stamp_window_ms: int
    """How long after its time stamp a request is taken, where the venue alone says so, >= 0;
    0 where the request names its own window."""
    ended_statuses: frozenset[str]
    """Order statuses after which nothing more is filled; any other may still fill."""
    forced_prefixes: tuple[str, ...]
    """Client order ids that the venue itself gives: liquidation, deleveraging, delisting."""
    transfer_ways: TransferWays
    funding_cap_share: Decimal
    """The largest |funding rate| of a settlement over the first maintenance rate, > 0."""
    funding_hours: int
    """Hours between settlements of a perpetual that tells nothing else, >= 1."""
    tells_rights: bool = True
    """Whether the venue has a question for what a key may do. Where it has none, nothing is sent
    in live unless the operator vouches for the key."""
    tells_maintenance: bool = True
    """Whether the venue tells what a position has to maintain. Where it does not, the operator
    declares it; read only where contracts are traded."""
    time_fields: Mapping[Desk, str] = field(default_factory=dict)
    """The same for desks whose answer has them elsewhere than ``time_field``."""
    weight_window_s: int = 60
    """Length of the windows in which weight is counted, where they are no minutes, >= 1."""
    unsaid_headers: tuple[str, ...] = ()
    """Headers in which ccxt would name itself with every request; they are left out."""
    time_unit_ms: int = 1
    """What the venue's time counts, milliseconds; the part of one that has passed is cut off."""
    numbers_rise: bool = False
    """Whether requests of a key bear numbers and are taken as these rise, so that each has to wait
    for the answer to the one before."""

    signs_with_wallet: bool = False
    """Whether a key is the address of an account and the private key of a wallet that may act for
    it, both in hexadecimal."""
    signs_with_key_pair: bool = False
    """Whether a key's secret is the private half of a pair: one of P-256 in PEM, which has several
    lines, or one of Ed25519 in base64."""
    starter_names: Mapping[str, str] = field(default_factory=dict)
    """What a first configuration calls coins there, where it is not by their usual names."""
    rests_stops: bool = False
    """Whether the adapter lets stops rest on the venue."""
    reads_coin_margined: bool = False
    """Whether the adapter reads what is held in coin-margined contracts."""

    def __post_init__(self) -> None:
        shared = self.hosts[Environment.TESTNET] & self.hosts[Environment.LIVE]
        if shared and self.paper_header is None:
            raise ValueError(f"{self.venue_id}: a host of the sandbox is one of the live exchange")
        if bool(self.hosts[Environment.TESTNET]) != (self.sandbox is not None):
            raise ValueError(f"{self.venue_id}: a sandbox has hosts and a switch, or neither")

    def lacks(self, environment: Environment) -> str:
        """Return why *environment* cannot be had, empty where it can; see :meth:`instead`."""
        if self.hosts[environment]:
            return ""
        if environment is Environment.LOCAL:
            return f"the local exchange does not speak {self.venue_id}"
        return f"{self.venue_id} has no sandbox"

    @property
    def instead(self) -> Environment:
        """The environment that is the safest of those that the venue has."""
        return next(each for each in Environment if self.hosts[each])
