"""Opens and closes a venue through ccxt. Not pure.

One instance serves all desks of a venue: ccxt routes by symbol or call, and what two
instances would have kept apart, its throttlers, is off; budgets are ours, per desk.
TLS is the session's; with a context of its own ccxt reads no file of authorities for nothing.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from types import MappingProxyType
from typing import Any, Final

import aiohttp
from yarl import URL

from trimtab.adapters.bingx_account import BingxAccount, MarginModes
from trimtab.adapters.bingx_history import bingx_history
from trimtab.adapters.bingx_markets import bingx_markets
from trimtab.adapters.bingx_orders import bingx_orders
from trimtab.adapters.bingx_preflight import bingx_preflight
from trimtab.adapters.bingx_transfers import BingxWallets
from trimtab.adapters.bingx_venue import bingx_venue
from trimtab.adapters.bitget_account import BitgetAccount
from trimtab.adapters.bitget_history import bitget_history
from trimtab.adapters.bitget_markets import bitget_markets
from trimtab.adapters.bitget_orders import bitget_orders
from trimtab.adapters.bitget_preflight import bitget_preflight
from trimtab.adapters.bitget_transfers import BitgetWallets
from trimtab.adapters.bitget_venue import bitget_venue
from trimtab.adapters.budget import Budget
from trimtab.adapters.bybit_account import BybitAccount
from trimtab.adapters.bybit_history import bybit_history
from trimtab.adapters.bybit_markets import bybit_markets
from trimtab.adapters.bybit_orders import BybitOrders
from trimtab.adapters.bybit_preflight import bybit_preflight
from trimtab.adapters.bybit_venue import bybit_venue
from trimtab.adapters.ccxt_history import DailyLists, HistoryReader
from trimtab.adapters.ccxt_import import exchange_class
from trimtab.adapters.ccxt_instruments import Catalogue
from trimtab.adapters.ccxt_market import CcxtMarketData
from trimtab.adapters.ccxt_preflight import Asked, CcxtPreflight
from trimtab.adapters.ccxt_stops import CcxtStops
from trimtab.adapters.ccxt_transfers import CcxtWallets
from trimtab.adapters.ccxt_transport import (
    Capture,
    Courier,
    Gate,
    PaperHeader,
    http_session,
)
from trimtab.adapters.ccxt_venue import CcxtVenue
from trimtab.adapters.ccxt_wire import Wire
from trimtab.adapters.deribit_history import deribit_history
from trimtab.adapters.deribit_markets import Bands, deribit_account, deribit_markets
from trimtab.adapters.deribit_orders import DeribitOrders
from trimtab.adapters.deribit_preflight import deribit_preflight
from trimtab.adapters.deribit_venue import deribit_venue
from trimtab.adapters.host_record import HostRecord
from trimtab.adapters.mexc_history import mexc_history
from trimtab.adapters.mexc_markets import MexcMarketData, mexc_account, mexc_markets
from trimtab.adapters.mexc_orders import MexcOrders
from trimtab.adapters.mexc_preflight import mexc_preflight
from trimtab.adapters.mexc_venue import mexc_venue
from trimtab.adapters.no_stops import NoStops
from trimtab.adapters.one_wallet import OneWallet
from trimtab.adapters.raw_account import RawMarketData
from trimtab.adapters.venue_clock import VenueClocks
from trimtab.adapters.weex_history import weex_history
from trimtab.adapters.weex_markets import weex_account, weex_markets
from trimtab.adapters.weex_orders import WeexOrders
from trimtab.adapters.weex_preflight import weex_preflight
from trimtab.adapters.weex_venue import weex_venue
from trimtab.domain.errors import ConfigError
from trimtab.domain.instruments import Asset, MarketKind
from trimtab.domain.policy import ExecutionPolicy
from trimtab.domain.rights import KeyUse
from trimtab.domain.snapshot import AccountKey, Environment
from trimtab.ports import Clock, MarketData, Preflight, Stops, Venue, Wallets
from trimtab.venues.catalogue import PROFILES
from trimtab.venues.profile import Desk, VenueProfile

_READ_TIMEOUT_S: Final = 10.0


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


@asynccontextmanager
async def open_venue(
    settings: VenueSettings, *, session: Callable[[], aiohttp.ClientSession] = http_session
) -> AsyncIterator[OpenedVenue]:
    """Yield the venue, and close its connections at the end. Sends nothing by itself.

    *session* makes what carries the bytes; everything that is checked is checked above it.

    Raises:
        ConfigError: no profile for the venue, markets or an environment that its adapter has not,
            or a local exchange that is not on loopback.

    """
    profile = PROFILES.get(settings.account.venue)
    if profile is None:
        known = ", ".join(sorted(PROFILES))
        raise ConfigError(f"no profile for venue {settings.account.venue}; there is: {known}")
    _require_spoken(settings, profile)
    async with AsyncExitStack() as closing:
        clocks = VenueClocks(settings.clock, max_offset_ms=settings.max_clock_offset_ms)
        budget = Budget(profile, clocks)
        gate = _gate(settings, profile)
        hosts = HostRecord(gate)

        def after(capture: Capture) -> None:
            """Let everyone who learns from answers see one."""
            budget.after(capture)
            hosts.after(capture)

        courier = Courier(
            session(), gate=gate, clock=settings.clock, before=budget.before, after=after
        )
        closing.push_async_callback(courier.close)
        exchange = _exchange(settings, profile, courier)
        closing.push_async_callback(exchange.close)
        wire = Wire(
            exchange,
            budget=budget,
            clocks=clocks,
            profile=profile,
            ccxt_error=sys.modules["ccxt.base.errors"].BaseError,
        )
        yield _ADAPTERS[profile.venue_id](wire, hosts, settings)


def _require_spoken(settings: VenueSettings, profile: VenueProfile) -> None:
    """Refuse what the adapter of a venue does not speak.

    Raises:
        ConfigError: markets of another kind, an environment without hosts, or a key without
            the passphrase that the venue asks for.

    """
    venue_id, environment = profile.venue_id, settings.account.environment
    if profile.takes_passphrase and not settings.api_key.passphrase:
        raise ConfigError(
            f"a key of {venue_id} has a passphrase, and none is set",
            next_step="set the entry password beside the key (or TRIMTAB__VENUE__PASSWORD),"
            " then trimtab doctor",
        )
    if unknown := sorted(kind.value for kind in settings.markets - profile.kinds):
        spoken = ", ".join(f'"{kind.value}"' for kind in MarketKind if kind in profile.kinds)
        raise ConfigError(
            f"{venue_id} is not opened for {', '.join(unknown)}",
            next_step=f"set venue.markets = [{spoken}]",
        )
    if why := profile.lacks(environment):
        raise ConfigError(why, next_step=f'set venue.environment = "{profile.instead.value}"')


def _bybit(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of Bybit on one wire, with one list of markets."""
    has_futures = bool(settings.markets - {MarketKind.SPOT})
    markets = bybit_markets(wire, desks=tuple(Desk) if has_futures else (Desk.SPOT,))
    orders, key, quote = BybitOrders(wire, markets), settings.account, settings.quote
    account = BybitAccount(wire, markets, orders)
    return OpenedVenue(
        venue=bybit_venue(wire, markets, orders),
        wallets=OneWallet(),
        market=RawMarketData(wire, markets, account, key=key, quote=quote),
        preflight=bybit_preflight(wire, hosts, use=settings.key_use),
        history=bybit_history(wire, markets, quote=quote),
    )


def _binance(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of Binance on one wire, with one catalogue of markets."""
    catalogue = Catalogue(wire)
    has_futures = bool(settings.markets - {MarketKind.SPOT})
    asked = Asked(
        environment=settings.account.environment,
        use=settings.key_use,
        quote=settings.quote,
        has_futures=has_futures,
    )
    market = CcxtMarketData(
        wire,
        catalogue,
        key=settings.account,
        quote=settings.quote,
        markets=settings.markets,
    )
    venue = CcxtVenue(wire, catalogue, has_futures=has_futures)
    history = HistoryReader(wire, catalogue, quote=settings.quote, markets=settings.markets)
    return OpenedVenue(
        venue=venue,
        wallets=CcxtWallets(wire),
        market=market,
        preflight=CcxtPreflight(wire, hosts, asked),
        history=history,
        stops=CcxtStops(wire, catalogue) if has_futures else NoStops(),
    )


def _bitget(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of Bitget on one wire, with one set of markets and of known orders."""
    has_futures = bool(settings.markets - {MarketKind.SPOT})
    markets = bitget_markets(wire, desks=tuple(Desk) if has_futures else (Desk.SPOT,))
    orders, key, quote = bitget_orders(wire, markets), settings.account, settings.quote
    account = BitgetAccount(wire, markets, orders)
    return OpenedVenue(
        venue=bitget_venue(wire, markets, orders),
        wallets=BitgetWallets(wire) if has_futures else OneWallet(),
        market=RawMarketData(wire, markets, account, key=key, quote=quote),
        preflight=bitget_preflight(wire, hosts, use=settings.key_use),
        history=bitget_history(wire, markets, quote=quote),
    )


def _weex(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of WEEX on one wire, with one list of markets and of known orders."""
    markets = weex_markets(wire)
    orders, key, quote = WeexOrders(wire, markets), settings.account, settings.quote
    account = weex_account(wire, markets, orders)
    return OpenedVenue(
        venue=weex_venue(wire, markets, orders),
        wallets=OneWallet(),
        market=RawMarketData(wire, markets, account, key=key, quote=quote),
        preflight=weex_preflight(wire, hosts),
        history=weex_history(wire, markets, quote=quote),
    )


def _bingx(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of BingX on one wire, with one set of markets and of known orders."""
    has_futures = bool(settings.markets - {MarketKind.SPOT})
    markets = bingx_markets(wire, desks=tuple(Desk) if has_futures else (Desk.SPOT,))
    orders, key, quote = bingx_orders(wire, markets), settings.account, settings.quote
    modes = MarginModes(wire)
    account = BingxAccount(wire, markets, orders, modes)
    return OpenedVenue(
        venue=bingx_venue(wire, markets, orders, modes),
        wallets=BingxWallets(wire) if has_futures else OneWallet(),
        market=RawMarketData(wire, markets, account, key=key, quote=quote),
        preflight=bingx_preflight(wire, hosts, use=settings.key_use),
        history=bingx_history(wire, markets, quote=quote),
    )


def _deribit(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of Deribit on one wire, with one list of markets."""
    bands: Bands = {}
    markets = deribit_markets(wire, bands)
    orders, key, quote = DeribitOrders(wire, markets), settings.account, settings.quote
    account = deribit_account(wire, markets, orders, bands=bands)
    window_ms, client_id = settings.execution.receive_window_ms, settings.api_key.key
    return OpenedVenue(
        venue=deribit_venue(wire, markets, orders, receive_window_ms=window_ms),
        wallets=OneWallet(),
        market=RawMarketData(wire, markets, account, key=key, quote=quote),
        preflight=deribit_preflight(wire, hosts, client_id=client_id, use=settings.key_use),
        history=deribit_history(wire, markets, quote=quote),
    )


def _mexc(wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
    """Put the ports of MEXC on one wire, with one list of markets and of known orders."""
    markets, key, quote = mexc_markets(wire), settings.account, settings.quote
    orders = MexcOrders(wire, markets)
    account = RawMarketData(
        wire, markets, mexc_account(wire, markets, orders), key=key, quote=quote
    )
    return OpenedVenue(
        venue=mexc_venue(wire, markets, orders),
        wallets=OneWallet(),
        market=MexcMarketData(markets, account, quote=quote),
        preflight=mexc_preflight(wire, hosts, use=settings.key_use, key=settings.api_key.key),
        history=mexc_history(wire, markets, quote=quote),
    )


_ADAPTERS: Final[Mapping[str, Callable[[Wire, HostRecord, VenueSettings], OpenedVenue]]] = (
    MappingProxyType(
        {
            "binance": _binance,
            "bybit": _bybit,
            "bitget": _bitget,
            "weex": _weex,
            "bingx": _bingx,
            "deribit": _deribit,
            "mexc": _mexc,
        }
    )
)
"""What puts the ports on a wire, by venue."""


def _gate(settings: VenueSettings, profile: VenueProfile) -> Gate:
    """Return what requests must pass in the environment."""
    environment = settings.account.environment
    write_timeout_s = float(settings.execution.order_timeout_s)
    orders_by_get = any(codes.writes_with_get for codes in profile.codes.values())
    return Gate(
        hosts=profile.hosts[environment],
        paper=_paper(settings, profile),
        redirect=URL(settings.url) if environment is Environment.LOCAL else None,
        read_timeout_s=write_timeout_s if orders_by_get else _READ_TIMEOUT_S,
        write_timeout_s=write_timeout_s,
    )


def _paper(settings: VenueSettings, profile: VenueProfile) -> PaperHeader | None:
    """Return the header that tells the sandbox from the live exchange, where one does."""
    if profile.paper_header is None:
        return None
    name, value = profile.paper_header
    is_meant = settings.account.environment is Environment.TESTNET
    return PaperHeader(name=name, value=value, is_meant=is_meant)


def _exchange(settings: VenueSettings, profile: VenueProfile, courier: Courier) -> Any:  # noqa: ANN401 -- ccxt is untyped.
    """Return ccxt's exchange, without its throttler, retries, extra reads and broker ids."""
    exchange = exchange_class(settings.account.venue)(
        {
            "apiKey": settings.api_key.key,
            "secret": settings.api_key.secret,
            "password": settings.api_key.passphrase,
            "session": courier,
            "ssl_context": SSLContext(PROTOCOL_TLS_CLIENT),  # Not used, trusts nobody: quick.
            "number": str,
            "enableRateLimit": False,
            "verbose": False,  # It prints headers, the key among them.
            "enableLastHttpResponse": False,
            "enableLastJsonResponse": False,
            "timeout_on_exit": 0,
            "options": {
                "maxRetriesOnFailure": 0,
                "recvWindow": settings.execution.receive_window_ms,
                "fetchCurrencies": False,
                "fetchMargins": False,
                "adjustForTimeDifference": False,  # Measured by us; ccxt takes one sample.
                "defaultType": "spot",
                **profile.options,
            },
        }
    )
    if settings.account.environment is Environment.TESTNET and profile.sandbox is not None:
        getattr(exchange, profile.sandbox.value)(True)  # noqa: FBT003 -- ccxt's signature.
        if profile.paper_header is not None:  # ccxt leaves it off some requests.
            exchange.headers.update([profile.paper_header])
    exchange.logger.setLevel(logging.INFO)  # At DEBUG it writes keys and signatures.
    return exchange
