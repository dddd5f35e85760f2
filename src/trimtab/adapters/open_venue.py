"""Opens and closes a venue through ccxt. Not pure.

One instance serves all desks of a venue: ccxt routes by symbol or call, and what two
instances would have kept apart, its throttlers, is off; budgets are ours, per desk.
TLS is the session's; with a context of its own ccxt reads no file of authorities for nothing.
"""

from __future__ import annotations

import importlib
import logging
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from typing import Any, Final, Protocol

import aiohttp
from yarl import URL

from trimtab.adapters.frame.opened_venue import ApiKey, OpenedVenue, VenueSettings
from trimtab.adapters.wire.budget import Budget
from trimtab.adapters.wire.calls import Wire, reading_failures
from trimtab.adapters.wire.ccxt_import import exchange_class
from trimtab.adapters.wire.host_record import HostRecord
from trimtab.adapters.wire.transport import (
    Capture,
    Courier,
    Gate,
    PaperHeader,
    http_session,
)
from trimtab.adapters.wire.venue_clock import VenueClocks
from trimtab.domain.errors import ConfigError
from trimtab.domain.instruments import MarketKind
from trimtab.domain.snapshot import Environment
from trimtab.venues.catalogue import PROFILES
from trimtab.venues.profile import VenueProfile

__all__ = ["ApiKey", "OpenedVenue", "VenueSettings", "open_venue"]

_READ_TIMEOUT_S: Final = 10.0
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_PRIVATE_KEY: Final = re.compile(r"(?:0x)?[0-9a-fA-F]{64}")


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
        clocks = VenueClocks(
            settings.clock,
            max_offset_ms=settings.max_clock_offset_ms,
            unit_ms=profile.time_unit_ms,
        )
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
        _require_signing(exchange, profile)
        wire = Wire(
            exchange,
            budget=budget,
            clocks=clocks,
            profile=profile,
            ccxt_error=sys.modules["ccxt.base.errors"].BaseError,
        )
        yield _opener_of(profile)(wire, hosts, settings)


class _OpensPorts(Protocol):
    """What puts the ports of one venue on a wire."""

    def __call__(self, wire: Wire, hosts: HostRecord, settings: VenueSettings) -> OpenedVenue:
        """Return the ports."""
        ...


def _opener_of(profile: VenueProfile) -> _OpensPorts:
    """Return the ``open_ports`` of a venue's package; no other venue's is imported."""
    package: Any = importlib.import_module(f"trimtab.adapters.{profile.venue_id}.ports")
    opener: _OpensPorts = package.open_ports
    return opener


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
    _require_wallet(settings, profile)
    if unknown := sorted(kind.value for kind in settings.markets - profile.kinds):
        spoken = ", ".join(f'"{kind.value}"' for kind in MarketKind if kind in profile.kinds)
        raise ConfigError(
            f"{venue_id} is not opened for {', '.join(unknown)}",
            next_step=f"set venue.markets = [{spoken}]",
        )
    if why := profile.lacks(environment):
        raise ConfigError(why, next_step=f'set venue.environment = "{profile.instead.value}"')


def _require_wallet(settings: VenueSettings, profile: VenueProfile) -> None:
    """Refuse a key that is no address with a private key, where a wallet signs.

    Raises:
        ConfigError: one of them has another form; neither is shown.

    """
    key = settings.api_key
    if not profile.signs_with_wallet or (
        _ADDRESS.fullmatch(key.key) and _PRIVATE_KEY.fullmatch(key.secret)
    ):
        return
    raise ConfigError(
        f"a key of {profile.venue_id} is the account's address (0x and 40 hexadecimal digits) and"
        " an API wallet's private key (64), and what is set is not",
        next_step="set the account's address as the key and the API wallet's private key as its"
        " secret, then trimtab doctor",
    )


def _require_signing(exchange: Any, profile: VenueProfile) -> None:  # noqa: ANN401 -- ccxt is untyped.
    """Sign once what is not sent, where a pair of keys signs: a secret that cannot is found here.

    Raises:
        ConfigError: it cannot; what ccxt says of it is not shown.

    """
    if not profile.signs_with_key_pair:
        return
    told = reading_failures(sys.modules["ccxt.base.errors"].BaseError)
    try:
        headers = exchange.sign("brokerage/time", ["v3", "private"], "GET", {})["headers"]
    except told:
        headers = {}
    if "Authorization" not in headers:
        raise ConfigError(
            f"the secret of the key of {profile.venue_id} does not sign: it is neither an EC key of"
            " P-256 in PEM, nor an Ed25519 key in base64",
            next_step="store the key and its secret again, then trimtab doctor",
        )


def _wallet(settings: VenueSettings, profile: VenueProfile) -> dict[str, str]:
    """Return what ccxt calls a key where a wallet signs."""
    if not profile.signs_with_wallet:
        return {}
    return {"walletAddress": settings.api_key.key, "privateKey": settings.api_key.secret}


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
            **_wallet(settings, profile),
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
    for name in profile.unsaid_headers:
        exchange.headers.pop(name, None)
    exchange.logger.setLevel(logging.INFO)  # At DEBUG it writes keys and signatures.
    return exchange
