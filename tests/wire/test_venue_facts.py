"""The facts of every venue, held against the ccxt that is installed: an upgrade shows here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import ccxt
import pytest

from tests.wire.recorded import PAIRS, Sent, exchange, our_name, sent_by, shared
from trimtab.adapters.wire.ccxt_import import exchange_class
from trimtab.domain.snapshot import Environment
from trimtab.venues.facts import (
    CHECKED_WITH,
    FenceKind,
    Market,
    MarketFacts,
    Switch,
    VenueFacts,
    Way,
)
from trimtab.venues.known import KNOWN

MARKETS = [
    pytest.param(venue, market, id=f"{venue.venue_id}-{market}")
    for venue in KNOWN.values()
    for market in venue.markets
]
VENUES = [pytest.param(venue, id=venue.venue_id) for venue in KNOWN.values()]
each_market = pytest.mark.parametrize(("venue", "market"), MARKETS)
each_venue = pytest.mark.parametrize("venue", VENUES)
IDENTITY = re.compile(r"None|null")


async def _ordered(made: Any, facts: MarketFacts, market: Market) -> Sent:
    given = {facts.client_id.param: our_name(facts), **facts.immediate.params}
    size: Any = "1" if facts.exact_sizes else 1
    sent = await sent_by(made, "create_order", PAIRS[market], "limit", "buy", size, "60000", given)
    assert sent.last, sent.stumbled
    return sent


def _calls(venue: VenueFacts) -> Iterator[tuple[str, str]]:
    """Yield every raw call that the facts name, with the class that should have it."""
    first = next(iter(venue.markets.values())).ccxt_id
    yield from ((first, call) for call in (venue.key_rights_call, venue.transfer_call))
    for facts in venue.markets.values():
        yield facts.ccxt_id, facts.look_up.call
        yield facts.ccxt_id, facts.cancel.call
        if facts.contracts is not None:
            yield facts.ccxt_id, facts.contracts.leverage_call
        if facts.stops is not None:
            yield facts.ccxt_id, facts.stops.call


def test_the_installed_ccxt_is_the_one_that_the_facts_were_held_against() -> None:
    assert ccxt.__version__ == CHECKED_WITH
    assert {venue.checked_with for venue in KNOWN.values()} == {CHECKED_WITH}


@each_market
async def test_an_order_carries_our_name_in_the_field_that_the_facts_say(
    venue: VenueFacts, market: Market
) -> None:
    facts = venue.markets[market]
    sent = await _ordered(shared(facts.ccxt_id), facts, market)
    assert re.search(rf'{facts.client_id.field}"?[=:]\s?"?(t-)?{our_name(facts)}', sent.last)
    assert re.fullmatch(facts.client_id.pattern, our_name(facts))


@each_market
async def test_an_order_that_must_fill_at_once_says_so(venue: VenueFacts, market: Market) -> None:
    facts = venue.markets[market]
    assert facts.immediate.on_wire in (await _ordered(shared(facts.ccxt_id), facts, market)).last


@each_market
async def test_sizes_leave_as_they_are_written_where_the_facts_say_so(
    venue: VenueFacts, market: Market
) -> None:
    facts = venue.markets[market]
    given = {facts.client_id.param: our_name(facts), **facts.immediate.params}
    made = shared(facts.ccxt_id)
    sent = await sent_by(made, "create_order", PAIRS[market], "limit", "buy", "3", "60000", given)
    # As a value: an instant such as 14:01:53.012 is none.
    through_float = re.search(r"""[=:"' ]3\.0(?!\d)""", sent.last)
    assert bool(sent.last and through_float is None) is facts.exact_sizes


@each_market
async def test_an_order_goes_to_a_host_of_the_live_exchange(
    venue: VenueFacts, market: Market
) -> None:
    facts = venue.markets[market]
    sent = await _ordered(shared(facts.ccxt_id), facts, market)
    place = venue.places[Environment.LIVE]
    assert {url.split("/")[2] for url in sent.urls} <= place.hosts
    assert market in place.markets


@each_market
async def test_the_fence_is_sent_by_ccxt_where_the_facts_say_so(
    venue: VenueFacts, market: Market
) -> None:
    facts = venue.markets[market]
    if facts.fence.kind is FenceKind.NONE or facts.fence.place == "signature":
        assert facts.fence.default_s >= 0
        return
    sent = await _ordered(shared(facts.ccxt_id), facts, market)
    assert (facts.fence.name.lower() in sent.last.lower()) is facts.fence.sent_by_ccxt


@each_market
async def test_an_order_is_looked_up_by_our_name_as_the_facts_say(
    venue: VenueFacts, market: Market
) -> None:
    facts, made = venue.markets[market], shared(venue.markets[market].ccxt_id)
    name = our_name(facts)
    sent = await sent_by(made, "fetch_order", None, PAIRS[market], {"clientOrderId": name})
    works = name in sent.last and not IDENTITY.search(sent.last)
    works = works and (facts.look_up.param in sent.last or f"/t-{name}" in sent.last)
    works = works or (name in sent.last and f"/{name}" in sent.last)
    assert works is (facts.look_up.way is Way.UNIFIED), sent.last or sent.stumbled


@each_market
async def test_an_order_is_cancelled_by_our_name_as_the_facts_say(
    venue: VenueFacts, market: Market
) -> None:
    facts, made = venue.markets[market], shared(venue.markets[market].ccxt_id)
    name = our_name(facts)
    sent = await sent_by(made, "cancel_order", None, PAIRS[market], {"clientOrderId": name})
    works = not IDENTITY.search(sent.last) and (
        f"/{name}" in sent.last or re.search(rf'{facts.cancel.param}"?[=:]"?{name}', sent.last)
    )
    assert bool(works) is (facts.cancel.way is Way.UNIFIED), sent.last or sent.stumbled


BY_MARK: dict[str, dict[str, object]] = {
    "binance": {"triggerPrice": "66000", "workingType": "MARK_PRICE"},
    "bybit": {
        "triggerPrice": "66000",
        "triggerBy": "MarkPrice",
        "triggerDirection": "ascending",
    },
    "okx": {"stopLossPrice": "66000", "slTriggerPxType": "mark"},
}


@each_market
async def test_a_stop_carries_our_name_and_waits_for_the_mark_as_the_facts_say(
    venue: VenueFacts, market: Market
) -> None:
    facts = venue.markets[market]
    if facts.stops is None:
        assert venue.venue_id not in BY_MARK or market is not Market.LINEAR
        return
    name = our_name(facts)
    given = {**BY_MARK[venue.venue_id], "reduceOnly": True}
    arguments = (PAIRS[market], "market", "buy", "1", None, {**given, facts.stops.field: name})
    sent = await sent_by(shared(facts.ccxt_id), "create_order", *arguments)
    assert facts.stops.by_mark in sent.last, sent.stumbled
    assert re.search(rf'{facts.stops.field}"?[=:]\s?"?{name}', sent.last)


@each_venue
def test_every_raw_call_that_the_facts_name_is_there(venue: VenueFacts) -> None:
    missing = [
        f"{ccxt_id}.{call}"
        for ccxt_id, call in _calls(venue)
        if call and not hasattr(exchange_class(ccxt_id), call)
    ]
    assert missing == []


@each_venue
async def test_the_sandbox_is_where_the_facts_say_and_shows_its_header(venue: VenueFacts) -> None:
    place = venue.places.get(Environment.TESTNET)
    if place is None:
        assert venue.no_sandbox
        return
    for market in place.markets:
        facts = venue.markets[market]
        made = exchange(facts.ccxt_id)
        assert isinstance(place.switch, Switch)
        getattr(made, place.switch.value)(True)
        sent = await _ordered(made, facts, market)
        assert {url.split("/")[2] for url in sent.urls} <= place.hosts
        if place.header is not None:
            name, value = place.header
            assert f'"{name}": "{value}"' in sent.last


@each_venue
async def test_a_venue_without_a_sandbox_has_none_in_ccxt_that_could_be_trusted(
    venue: VenueFacts,
) -> None:
    if Environment.TESTNET in venue.places:
        assert not venue.no_sandbox
        return
    made = exchange(next(iter(venue.markets.values())).ccxt_id)
    try:
        made.set_sandbox_mode(True)
    except TypeError:
        hosts: set[str] = set()
    else:
        hosts = {url.split("/")[2] for url in made.urls["api"].values() if isinstance(url, str)}
    assert hosts <= venue.places[Environment.LIVE].hosts


@each_market
def test_budgets_that_are_from_ccxt_are_those_of_this_ccxt(
    venue: VenueFacts, market: Market
) -> None:
    facts = venue.markets[market]
    taken = [b for b in facts.budgets if b.source == f"ccxt {CHECKED_WITH} rateLimit"]
    made = shared(facts.ccxt_id)
    assert facts.budgets
    assert {(b.of, b.count / b.seconds) for b in taken} <= {
        ("requests", int(1000 / float(made.rateLimit)))
    }


@each_market
def test_dated_contracts_are_claimed_only_where_ccxt_has_them(
    venue: VenueFacts, market: Market
) -> None:
    facts = venue.markets[market]
    has = shared(facts.ccxt_id).has
    assert (facts.contracts is None) == (market is Market.SPOT)
    if facts.contracts is not None:
        assert facts.contracts.dated is bool(has["future"])
