"""One market of one venue, opened live through ccxt with a floor at the other end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.conformance.binance_floor import BinanceFloor
from tests.conformance.bingx_floor import BingxFloor
from tests.conformance.bitget_floor import PASSPHRASE, BitgetFloor
from tests.conformance.bybit_floor import BybitFloor
from tests.conformance.coinbase_floor import KEY as COINBASE_KEY
from tests.conformance.coinbase_floor import SECRET as COINBASE_SECRET
from tests.conformance.coinbase_floor import CoinbaseFloor
from tests.conformance.deribit_floor import DeribitFloor
from tests.conformance.floors import ConformingFloor
from tests.conformance.gate_floor import GateFloor
from tests.conformance.hyperliquid_floor import ACCOUNT, AGENT_KEY, HyperliquidFloor
from tests.conformance.kraken_floor import KEY as KRAKEN_KEY
from tests.conformance.kraken_floor import SECRET as KRAKEN_SECRET
from tests.conformance.kraken_floor import KrakenFloor
from tests.conformance.kucoin_floor import KucoinFloor
from tests.conformance.line import Line
from tests.conformance.mexc_floor import MexcFloor
from tests.conformance.okx_floor import OkxFloor
from tests.conformance.weex_floor import WeexFloor
from tests.fakes.leaping import now
from tests.wire.opened import NoWaiting, intent
from trimtab.adapters.open_venue import ApiKey, OpenedVenue, VenueSettings, open_venue
from trimtab.domain.declared import MaintenanceTier
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.orders import OrderIntent
from trimtab.domain.policy import ExecutionPolicy
from trimtab.domain.rights import KeyUse
from trimtab.domain.snapshot import AccountKey, Environment, Snapshot
from trimtab.ports import FillCursor, Portfolio
from trimtab.venues.catalogue import PROFILES
from trimtab.venues.facts import Market, MarketFacts
from trimtab.venues.known import KNOWN
from trimtab.venues.profile import VenueProfile

SYMBOLS = {Market.SPOT: Symbol("BTC/USDT"), Market.LINEAR: Symbol("BTC/USDT:USDT")}
WINDOW_MS = 3000
FLOORS: dict[str, Callable[[Market], ConformingFloor]] = {
    "binance": BinanceFloor,
    "bybit": BybitFloor,
    "bitget": BitgetFloor,
    "weex": WeexFloor,
    "bingx": BingxFloor,
    "deribit": DeribitFloor,
    "mexc": MexcFloor,
    "okx": OkxFloor,
    "hyperliquid": HyperliquidFloor,
    "gate": GateFloor,
    "kraken": KrakenFloor,
    "kucoin": KucoinFloor,
    "coinbase": CoinbaseFloor,
}
"""A venue in process for each that an adapter opens."""
_KEYS = {
    "hyperliquid": ApiKey(key=ACCOUNT, secret=AGENT_KEY),
    "kraken": ApiKey(key=KRAKEN_KEY, secret=KRAKEN_SECRET),
    "coinbase": ApiKey(key=COINBASE_KEY, secret=COINBASE_SECRET),
}
OFFSETS_MS = {"kraken": 1500}
"""Where the clock tells seconds, nothing better is known of it by who does not wait."""
TIERS = {
    Asset("BTC"): (
        MaintenanceTier(up_to=Decimal(50_000), rate=Decimal("0.005")),
        MaintenanceTier(up_to=Decimal(1_000_000), rate=Decimal("0.01")),
    )
}
"""What a person declares where the venue tells no maintenance margin."""
_BY_HAND = {"hyperliquid": "0x" + "ab" * 16}


def key_of(venue_id: str) -> ApiKey:
    """Return the key that the floor of a venue knows."""
    usual = ApiKey(key="local-key", secret="local-secret", passphrase=PASSPHRASE)
    return _KEYS.get(venue_id, usual)


def name_by_hand(venue_id: str) -> str:
    """Return a name that somebody else gave an order, in the form that the venue takes."""
    return _BY_HAND.get(venue_id, "by-hand")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a case works with."""

    venue_id: str
    market: Market
    facts: MarketFacts
    profile: VenueProfile
    floor: ConformingFloor
    line: Line
    opened: OpenedVenue
    seen: Snapshot
    """The account as it was read at the beginning."""

    @property
    def symbol(self) -> Symbol:
        """The market of the case."""
        return SYMBOLS[self.market]

    @property
    def instrument(self) -> Instrument:
        """The market of the case as it was read."""
        return self.seen.instruments[self.symbol]

    def buy(self, quantity: str, *, line: int = 1, limit: Decimal | None = None) -> OrderIntent:
        """Return an order that buys at the touch, or at *limit*."""
        lots = int(Decimal(quantity) / self.instrument.lot_size)
        price = self.floor.truth().ask if limit is None else limit
        return intent(self.instrument, lots, str(price), line=line)

    async def act(self, quantity: str) -> None:
        """Send an order."""
        await self.opened.venue.submit(self.buy(quantity))

    async def read_again(self) -> Snapshot:
        """Return the account as it is now."""
        return await self.opened.market.snapshot(PORTFOLIO[self.market])

    def unmetered(self) -> None:
        """Let as much be asked as a case needs: what a venue takes in a time is not its matter."""
        venue: Any = self.opened.venue
        for desk, limits in self.profile.order_limits.items():
            venue._wire.budget.learn(desk, orders=limits, weight=10**6)

    def orders_sent(self) -> int:
        """Return how many requests placed an order."""
        return sum(self.floor.is_order(asked) for asked in self.line.asked)


PORTFOLIO = {
    Market.SPOT: Portfolio(assets=(Asset("BTC"), Asset("USDT")), with_contracts=()),
    Market.LINEAR: Portfolio(assets=(Asset("BTC"), Asset("USDT")), with_contracts=(Asset("BTC"),)),
}
_KINDS = {
    Market.SPOT: frozenset({MarketKind.SPOT}),
    Market.LINEAR: frozenset({MarketKind.SPOT, MarketKind.SWAP}),
}


@asynccontextmanager
async def staged(
    venue_id: str,
    market: Market,
    *,
    environment: Environment = Environment.LIVE,
    window_ms: int = WINDOW_MS,
) -> AsyncIterator[Stage]:
    """Yield a stage with the account read once."""
    floor = FLOORS[venue_id](market)
    line = Line(floor)
    settings = VenueSettings(
        account=AccountKey(venue=venue_id, account="main", environment=environment),
        url="",
        api_key=key_of(venue_id),
        key_use=KeyUse.SEND,
        quote=Asset("USDT"),
        markets=_KINDS[market],
        execution=ExecutionPolicy(
            max_reprices=3, receive_window_ms=window_ms, order_timeout_s=Decimal(15)
        ),
        max_clock_offset_ms=OFFSETS_MS.get(venue_id, 500),
        clock=NoWaiting(),
        tiers=TIERS,
    )
    async with open_venue(settings, session=line.session) as opened:
        seen = await opened.market.snapshot(PORTFOLIO[market])
        yield Stage(
            venue_id=venue_id,
            market=market,
            facts=KNOWN[venue_id].markets[market],
            profile=PROFILES[venue_id],
            floor=floor,
            line=line,
            opened=opened,
            seen=seen,
        )


def from_the_start() -> FillCursor:
    """Return where the reading of executions begins."""
    return FillCursor(after=None, not_before=now() - timedelta(minutes=5))
