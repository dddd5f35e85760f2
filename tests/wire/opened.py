"""A venue opened against loopback, and intents for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal

from tests.fakes.leaping import now
from trimtab.adapters.open_venue import ApiKey, OpenedVenue, VenueSettings, open_venue
from trimtab.adapters.system_clock import SystemClock
from trimtab.domain.instruments import Asset, Instrument, Lots, MarketKind, Symbol, Ticks
from trimtab.domain.orders import OrderIntent, client_order_id
from trimtab.domain.policy import ExecutionPolicy
from trimtab.domain.rights import KeyUse
from trimtab.domain.snapshot import AccountKey, Environment
from trimtab.ports import Clock

KEY, SECRET = "local-key", "local-secret"


class NoWaiting(SystemClock):
    """The system clock, with pauses left out and remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.left_out: list[float] = []

    def now(self) -> datetime:
        return now()

    async def sleep(self, seconds: float) -> None:
        self.left_out.append(seconds)


def settings(
    url: str,
    *,
    environment: Environment = Environment.LOCAL,
    order_timeout_s: str = "15",
    contracts: bool = True,
    clock: Clock | None = None,
    max_clock_offset_ms: int = 500,
) -> VenueSettings:
    kinds = {MarketKind.SPOT, MarketKind.SWAP} if contracts else {MarketKind.SPOT}
    return VenueSettings(
        account=AccountKey(venue="binance", account="main", environment=environment),
        url=url,
        api_key=ApiKey(key=KEY, secret=SECRET),
        key_use=KeyUse.SEND,
        quote=Asset("USDT"),
        markets=frozenset(kinds),
        execution=ExecutionPolicy(
            max_reprices=3, receive_window_ms=3000, order_timeout_s=Decimal(order_timeout_s)
        ),
        max_clock_offset_ms=max_clock_offset_ms,
        clock=clock or SystemClock(),
    )


@asynccontextmanager
async def opened(
    url: str,
    *,
    order_timeout_s: str = "15",
    contracts: bool = True,
    clock: Clock | None = None,
    max_clock_offset_ms: int = 500,
) -> AsyncIterator[OpenedVenue]:
    given = settings(
        url,
        order_timeout_s=order_timeout_s,
        contracts=contracts,
        clock=clock,
        max_clock_offset_ms=max_clock_offset_ms,
    )
    async with open_venue(given) as venue:
        yield venue


def spot_btc() -> Instrument:
    return Instrument(
        symbol=Symbol("BTC/USDT"),
        kind=MarketKind.SPOT,
        base=Asset("BTC"),
        quote=Asset("USDT"),
        settle=Asset("USDT"),
        lot_size=Decimal("0.00001"),
        tick_size=Decimal("0.01"),
        lots_min=1,
        lots_max=900_000_000,
        notional_min=Decimal(5),
        notional_min_reduce_only=Decimal(5),
        contract_size=Decimal(1),
        taker_fee=Decimal("0.001"),
        tradable=True,
        expires_at=None,
    )


def perpetual_btc() -> Instrument:
    return Instrument(
        symbol=Symbol("BTC/USDT:USDT"),
        kind=MarketKind.SWAP,
        base=Asset("BTC"),
        quote=Asset("USDT"),
        settle=Asset("USDT"),
        lot_size=Decimal("0.001"),
        tick_size=Decimal("0.1"),
        lots_min=1,
        lots_max=1_000_000,
        notional_min=Decimal(100),
        notional_min_reduce_only=Decimal(0),
        contract_size=Decimal(1),
        taker_fee=Decimal("0.0005"),
        tradable=True,
        expires_at=None,
    )


def intent(
    instrument: Instrument,
    lots: int,
    limit: str,
    *,
    line: int = 1,
    attempt: int = 1,
    reduce_only: bool = False,
) -> OrderIntent:
    digest = "0" * 64
    return OrderIntent(
        client_order_id=client_order_id(plan_digest=digest, line=line, attempt=attempt),
        plan_digest=digest,
        line=line,
        attempt=attempt,
        instrument=instrument,
        lots=Lots(lots),
        limit=Ticks(int(Decimal(limit) / instrument.tick_size)),
        reduce_only=reduce_only,
    )
