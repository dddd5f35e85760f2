"""What every source of independent prices promises, held by the real one and by the fake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from tests.fakes.spoken_references import SpokenReferences
from trimtab.adapters.references.prices import ReferenceSettings, open_reference_prices
from trimtab.adapters.system_clock import SystemClock
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import ReferencePolicy
from trimtab.domain.references import ReferenceSource
from trimtab.ports import ReferencePrice
from trimtab.testnet import Scenario, serve
from trimtab.testnet.interventions import set_references

BTC, USDT, NOPE = Asset("BTC"), Asset("USDT"), Asset("NOPE")
SOURCES = (ReferenceSource.KRAKEN, ReferenceSource.COINBASE, ReferenceSource.BITSTAMP)
RULES = ReferencePolicy(
    sources=SOURCES, required=True, max_age_s=Decimal(60), max_disagreement_bps=Decimal(50)
)

pytestmark = pytest.mark.parametrize("kind", ["http", "spoken"])


@asynccontextmanager
async def at_sources(kind: str) -> AsyncIterator[ReferencePrice]:
    """BTC is 58000 dollars everywhere but at Kraken, where it is 58010; a USDT is one."""
    clock = SystemClock()
    if kind == "spoken":
        said = {(s, USDT): Decimal(1) for s in SOURCES} | {
            (s, BTC): Decimal(58000) for s in SOURCES
        }
        said[ReferenceSource.KRAKEN, BTC] = Decimal(58010)
        yield SpokenReferences(SOURCES, said, clock)
        return
    async with serve(Scenario.drifted()) as exchange:
        set_references(exchange.exchange.state, {"kraken": {"BTC": "58010"}})
        settings = ReferenceSettings(rules=RULES, url=exchange.url, timeout_s=4.0, clock=clock)
        async with open_reference_prices(settings) as opened:
            yield opened


async def test_every_source_says_something_of_every_asset_in_order(kind: str) -> None:
    async with at_sources(kind) as sources:
        told = await sources.read([USDT, BTC])
    assert told.silences == ()
    assert [(q.asset, q.source) for q in told.quotations] == [
        (asset, source) for asset in (USDT, BTC) for source in SOURCES
    ]
    assert [q.value for q in told.quotations] == [1, 1, 1, 58010, 58000, 58000]


async def test_what_nobody_lists_is_a_silence_of_each_and_no_error(kind: str) -> None:
    async with at_sources(kind) as sources:
        told = await sources.read([NOPE])
    assert told.quotations == ()
    assert [(s.asset, s.source) for s in told.silences] == [(NOPE, s) for s in SOURCES]
    assert all(s.why for s in told.silences)


async def test_no_quotation_is_from_after_it_was_read(kind: str) -> None:
    async with at_sources(kind) as sources:
        told = await sources.read([BTC])
    assert all(q.quoted_at <= SystemClock().now() for q in told.quotations)


async def test_an_asset_that_is_named_twice_is_told_once(kind: str) -> None:
    async with at_sources(kind) as sources:
        told = await sources.read([BTC, BTC])
        assert (await sources.read([])).quotations == ()
    assert len(told.quotations) == len(SOURCES)


async def test_two_who_read_at_once_are_told_the_same(kind: str) -> None:
    async with at_sources(kind) as sources:
        first, second = await asyncio.gather(sources.read([BTC]), sources.read([BTC, USDT]))
    assert {q.value for q in first.quotations} <= {q.value for q in second.quotations}
