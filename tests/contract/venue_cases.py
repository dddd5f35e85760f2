"""The local exchange with an account on it, seen through the venue that trades or the one that
simulates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.wire.opened import opened
from trimtab.adapters.paper.venue import PaperVenue
from trimtab.adapters.paper.wallets import PaperWallets
from trimtab.adapters.system_clock import SystemClock
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.snapshot import Snapshot
from trimtab.ports import FillCursor, MarketData, Portfolio, Venue, Wallets
from trimtab.testnet import Holding, LocalExchange, OpeningPosition, Scenario, serve

BTC, PERP, ETH_PERP = Symbol("BTC/USDT"), Symbol("BTC/USDT:USDT"), Symbol("ETH/USDT:USDT")
USDT = Asset("USDT")
PORTFOLIO = Portfolio(
    assets=(Asset("BTC"), Asset("ETH"), Asset("SOL"), Asset("USDT")),
    with_contracts=(Asset("BTC"), Asset("ETH")),
)


@dataclass(frozen=True)
class At:
    """A venue, what was read there, and what is really there."""

    exchange: LocalExchange
    venue: Venue
    wallets: Wallets
    market: MarketData
    seen: Snapshot


def scenario() -> Scenario:
    return Scenario(
        prices={"BTC": Decimal(60_000), "ETH": Decimal(2_500)},
        spot={
            "BTC": Holding(free=Decimal("0.1")),
            "BNB": Holding(free=Decimal("0.5")),
            "USDT": Holding(free=Decimal(70_000)),
        },
        wallet=Decimal(5000),
        positions=(
            OpeningPosition(symbol="BTCUSDT", quantity=Decimal("-0.01"), entry=Decimal(59_000)),
        ),
    )


@asynccontextmanager
async def at_venue(kind: str, given: Scenario | None = None) -> AsyncIterator[At]:
    async with serve(given or scenario()) as exchange, opened(exchange.url) as real:
        venue: Venue = real.venue
        wallets: Wallets = real.wallets
        market: MarketData = real.market
        if kind == "paper":
            paper = PaperVenue(real.market, clock=SystemClock())
            venue, market = paper, paper
            wallets = PaperWallets(paper.funds, clock=SystemClock())
        seen = await market.snapshot(PORTFOLIO)
        yield At(exchange=exchange, venue=venue, wallets=wallets, market=market, seen=seen)


def from_the_start() -> FillCursor:
    return FillCursor(after=None, not_before=datetime.now(UTC) - timedelta(minutes=1))
