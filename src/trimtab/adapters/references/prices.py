"""Independent prices over HTTPS: the port :class:`~trimtab.ports.ReferencePrice`. Not pure.

Everything is limited: the time for an answer, its size, how many are asked for at once, and
how often. Redirects, proxies and variables are off; only the hosts of
:mod:`trimtab.venues.reference_sources` are asked, and in ``local`` the exchange on loopback in
their place. A source that cannot be used is a silence that says why, never an exception.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from typing import Final

import httpx

from trimtab import __version__
from trimtab.adapters.references.answers import NoPrice, SourceAnswer, quotation_of
from trimtab.domain.errors import ConfigError
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import ReferencePolicy
from trimtab.domain.references import Quotation, References, ReferenceSource, Silence
from trimtab.ports import Clock
from trimtab.venues.reference_sources import SOURCES, SourceProfile

ANSWER_BYTES_MAX: Final = 64_000
"""A ticker is about a hundredth of it."""
AT_ONCE_MAX: Final = 4
"""Requests to one source at the same time."""
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceSettings:
    """What has to be known to ask for independent prices."""

    rules: ReferencePolicy
    url: str
    """Loopback origin that answers in the place of every source; empty: the sources themselves."""
    timeout_s: float
    """Whole time for one answer, > 0, below the largest age."""
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What one source said of one asset, and since when that is so."""

    since: datetime
    """The quotation's own stamp, or when a silent source was asked."""
    said: Quotation | Silence


class HttpReferencePrices:
    """Asks public sources. Opened and closed by :func:`open_reference_prices`."""

    def __init__(self, client: httpx.AsyncClient, settings: ReferenceSettings) -> None:
        self._client = client
        self._settings = settings
        self._known: dict[tuple[ReferenceSource, Asset], _Known] = {}
        self._turns = {s: asyncio.Semaphore(AT_ONCE_MAX) for s in settings.rules.sources}
        self._reading = asyncio.Lock()

    async def read(self, assets: Collection[Asset]) -> References:
        """Ask for what is not known; see :class:`trimtab.ports.ReferencePrice`."""
        wanted = [(s, a) for a in dict.fromkeys(assets) for s in self._settings.rules.sources]
        async with self._reading:  # Nothing is asked twice by two who read at once.
            now = self._settings.clock.now()
            asked = [key for key in wanted if not self._holds(key, now)]
            found = await asyncio.gather(*(self._ask(SOURCES[s], a) for s, a in asked))
            self._known.update(zip(asked, found, strict=True))
            said = [self._known[key].said for key in wanted]
        return References(
            quotations=tuple(each for each in said if isinstance(each, Quotation)),
            silences=tuple(each for each in said if isinstance(each, Silence)),
        )

    def _holds(self, key: tuple[ReferenceSource, Asset], now: datetime) -> bool:
        """Say whether what is known will still be fresh when the slowest answer has come."""
        if key not in self._known:
            return False
        age = now - self._known[key].since
        most = float(self._settings.rules.max_age_s) - self._settings.timeout_s
        return timedelta(0) <= age <= timedelta(seconds=most)

    async def _ask(self, profile: SourceProfile, asset: Asset) -> _Known:
        """Ask one source about one asset, once."""
        asked_at = self._settings.clock.now()
        try:
            async with self._turns[profile.source], asyncio.timeout(self._settings.timeout_s):
                answer = await self._answer(self._address(profile, asset))
            quotation = quotation_of(profile, asset, answer)
            self._refuse_old(quotation, answer.answered_at)
        except NoPrice as reason:
            why = str(reason)
        except TimeoutError:
            why = f"no answer within {self._settings.timeout_s:g} s"
        except httpx.HTTPError as fault:
            why = f"no answer ({type(fault).__name__})"
        else:
            return _Known(since=quotation.quoted_at, said=quotation)
        silence = Silence(source=profile.source, asset=asset, why=why)
        return _Known(since=asked_at, said=silence)

    def _address(self, profile: SourceProfile, asset: Asset) -> httpx.URL:
        """Return where the market of *asset* is asked about.

        Raises:
            NoPrice: it cannot be the name of a market.

        """
        if not (market := profile.market(asset)):
            raise NoPrice("is not asked about what is no asset code")
        origin = self._settings.url or f"https://{profile.host}"
        return httpx.URL(origin + profile.target.format(pair=market))

    async def _answer(self, address: httpx.URL) -> SourceAnswer:
        """Send one GET and read its answer, as it came and up to its limit.

        Raises:
            NoPrice: the answer is too large.
            httpx.HTTPError: there is none.

        """
        body = bytearray()
        async with self._client.stream("GET", address) as response:
            async for part in response.aiter_raw():
                body += part
                if len(body) > ANSWER_BYTES_MAX:
                    raise NoPrice(f"its answer is longer than {ANSWER_BYTES_MAX} bytes")
        return SourceAnswer(
            status=response.status_code,
            headers={name.lower(): text for name, text in response.headers.items()},
            body=bytes(body),
            answered_at=self._settings.clock.now(),
        )

    def _refuse_old(self, quotation: Quotation, now: datetime) -> None:
        """Refuse a quotation that was too old when it came.

        Raises:
            NoPrice: it was.

        """
        limit, age = self._settings.rules.max_age_s, now - quotation.quoted_at
        if age > timedelta(seconds=float(limit)):
            seconds = age // timedelta(seconds=1)
            raise NoPrice(f"its price is {seconds} s old, limit {limit} s")


@asynccontextmanager
async def open_reference_prices(settings: ReferenceSettings) -> AsyncIterator[HttpReferencePrices]:
    """Yield the port, and close its connections at the end. Sends nothing by itself.

    Raises:
        ConfigError: the address that stands in for the sources is not on loopback.

    """
    if settings.url and httpx.URL(settings.url).host not in _LOOPBACK:
        raise ConfigError(
            f"references.url: must be on this machine, was {httpx.URL(settings.url).host};"
            " write http://127.0.0.1:8900"
        )
    async with httpx.AsyncClient(
        # On loopback nobody is trusted; reading the authorities would take time for nothing.
        verify=SSLContext(PROTOCOL_TLS_CLIENT) if settings.url else True,
        trust_env=False,
        follow_redirects=False,
        timeout=settings.timeout_s,
        headers={
            "accept": "application/json",
            "accept-encoding": "identity",
            "user-agent": f"trimtab/{__version__}",
        },
    ) as client:
        yield HttpReferencePrices(client, settings)
