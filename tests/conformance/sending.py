"""Cases VC-07 to VC-21 and VC-24: an order is sent once, and what became of it is known."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.conformance.floors import Trouble
from tests.conformance.line import Mishap
from tests.conformance.spoken import Told
from tests.conformance.stage import WINDOW_MS, Stage, from_the_start, staged
from tests.contract.test_wallets import moving
from tests.fakes.leaping import now
from trimtab.domain.errors import ConfigError, NotDone, OutcomeUnknown, Refused
from trimtab.domain.orders import OrderIntent, VenueOrder
from trimtab.domain.snapshot import Environment, OpenOrder
from trimtab.domain.transfers import ListedState
from trimtab.venues.facts import FenceKind, Way
from trimtab.venues.known import KNOWN

SIZE = "0.004"
"""Base units that every market here takes, and the touch holds."""


async def _end(stage: Stage, order: OrderIntent) -> VenueOrder:
    """Return an order as the venue shows it once it has ended."""
    found = await stage.opened.venue.look_up(order)
    assert found is not None
    return found


async def an_order_goes_out_as_planned(stage: Stage) -> None:
    order = stage.buy(SIZE)
    answer = await stage.opened.venue.submit(order)
    (placed,) = stage.floor.orders()
    assert answer.client_order_id == order.client_order_id == placed.name
    assert (placed.is_buy, placed.quantity) == (True, Decimal(SIZE))
    assert placed.limit == order.limit_price
    (asked,) = [asked for asked in stage.line.asked if stage.floor.is_order(asked)]
    assert stage.facts.immediate.on_wire in asked.text
    assert stage.facts.client_id.field in asked.text


async def an_order_is_found_by_our_name(stage: Stage) -> None:
    order, other = stage.buy(SIZE), stage.buy(SIZE, line=2)
    assert await stage.opened.venue.look_up(order) is None
    await stage.opened.venue.submit(order)
    found = await _end(stage, order)
    assert (found.filled_lots, found.ended) == (order.lots, True)
    assert await stage.opened.venue.look_up(other) is None


async def a_duplicate_is_proof_of_the_first(stage: Stage) -> None:
    order = stage.buy(SIZE)
    await stage.opened.venue.submit(order)
    stage.line.spoil(stage.floor.trouble(Trouble.DUPLICATE), which=stage.floor.is_order)
    with pytest.raises(OutcomeUnknown):
        await stage.opened.venue.submit(order)
    assert (await _end(stage, order)).filled_lots == order.lots
    assert len(stage.floor.orders()) == 1


async def a_lost_answer_leaves_an_order_that_is_found(stage: Stage) -> None:
    order = stage.buy(SIZE)
    stage.line.spoil(Mishap.LOST, which=stage.floor.is_order)
    with pytest.raises(OutcomeUnknown):
        await stage.opened.venue.submit(order)
    assert stage.orders_sent() == len(stage.floor.orders()) == 1
    assert (await _end(stage, order)).filled_lots == order.lots


async def a_refusal_says_why(stage: Stage) -> None:
    told = stage.floor.trouble(Trouble.REFUSED)
    stage.line.spoil(told, which=stage.floor.is_order)
    with pytest.raises(Refused) as refusal:
        await stage.opened.venue.submit(stage.buy(SIZE))
    evidence = refusal.value.evidence
    assert evidence is not None
    assert evidence.code
    assert evidence.code in told.body.decode()
    assert stage.floor.orders() == []


async def a_partial_fill_says_how_much(stage: Stage) -> None:
    truth = stage.floor.truth()
    held = truth.ask_quantity // stage.instrument.lot_size * stage.instrument.lot_size
    order = stage.buy(str(held + 5 * stage.instrument.lot_size), limit=truth.ask)
    await stage.opened.venue.submit(order)
    found = await _end(stage, order)
    assert found.ended
    assert found.filled_lots * stage.instrument.lot_size == stage.floor.orders()[0].filled == held


async def a_late_cancel_is_no_error(stage: Stage) -> None:
    order = stage.buy(SIZE)
    answer = await stage.opened.venue.submit(order)
    ended = OpenOrder(
        symbol=stage.symbol,
        client_order_id=order.client_order_id,
        venue_order_id=answer.venue_order_id,
        lots=order.lots,
        limit_price=order.limit_price,
        reduce_only=False,
    )
    await stage.opened.venue.cancel(ended)
    stage.line.spoil(Mishap.LOST, which=stage.floor.is_cancel)
    with pytest.raises(OutcomeUnknown):
        await stage.opened.venue.cancel(ended)
    assert sum(stage.floor.is_cancel(asked) for asked in stage.line.asked) == 2
    assert (await _end(stage, order)).filled_lots == order.lots


async def fills_come_once_each(stage: Stage) -> None:
    order = stage.buy(SIZE)
    answer = await stage.opened.venue.submit(order)
    fills = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
    assert sum(fill.quantity for fill in fills) == order.quantity
    assert {fill.client_order_id for fill in fills} == {order.client_order_id}
    assert {fill.venue_order_id for fill in fills} == {answer.venue_order_id}
    assert all(fill.fee > 0 for fill in fills)
    count = 2 * stage.floor.page + 3
    stage.floor.trade_often(count)
    many = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
    assert len(many) == len({fill.trade_id for fill in many}) == count
    assert list(many) == sorted(many, key=lambda fill: fill.filled_at)


async def the_fence_is_in_every_order(stage: Stage) -> None:
    await stage.opened.venue.submit(stage.buy(SIZE))
    (asked,) = [asked for asked in stage.line.asked if stage.floor.is_order(asked)]
    fence, text = stage.facts.fence, asked.text
    if fence.place == "signature" and "authorization" in asked.headers:  # A token of its own.
        claims = asked.headers["authorization"].split(".")[1]
        text = base64.urlsafe_b64decode(claims + "==").decode()
        until = json.loads(text)[fence.name]
        assert 0 <= until - now().timestamp() <= fence.default_s
    assert fence.name.lower() in text.lower()
    if fence.kind is FenceKind.WINDOW:
        assert str(WINDOW_MS) in asked.text


async def an_order_that_never_came_is_absent_everywhere(stage: Stage) -> None:
    order = stage.buy(SIZE)
    stage.line.spoil(Mishap.NEVER, which=stage.floor.is_order)
    with pytest.raises(OutcomeUnknown):
        await stage.opened.venue.submit(order)
    evidence = await stage.opened.venue.evidence_of_absence(order)
    assert evidence.shows_nothing
    assert evidence.is_absent is (stage.facts.look_up.way is not Way.LISTED)
    assert set(evidence.sightings) == {"by_client_id", "open_orders", "all_orders", "fills"}
    await stage.opened.venue.submit(order)
    sightings = (await stage.opened.venue.evidence_of_absence(order)).sightings
    assert {place for place, seen in sightings.items() if seen == "none"} == {"open_orders"}


async def too_fast_is_not_done(stage: Stage) -> None:
    stage.line.spoil(stage.floor.trouble(Trouble.TOO_FAST), which=stage.floor.is_order)
    with pytest.raises(NotDone) as throttled:
        await stage.opened.venue.submit(stage.buy(SIZE))
    assert throttled.value.retry_after_ms > 0
    sent = len(stage.line.asked)
    with pytest.raises(NotDone):
        await stage.opened.venue.submit(stage.buy(SIZE, line=2))
    assert len(stage.line.asked) == sent, "silence is kept"
    assert stage.floor.orders() == []


async def a_wrong_time_is_not_done(stage: Stage) -> None:
    stage.line.spoil(stage.floor.trouble(Trouble.BAD_TIME), which=stage.floor.is_order)
    with pytest.raises(NotDone):
        await stage.opened.venue.submit(stage.buy(SIZE))
    assert stage.floor.orders() == []
    before = len(stage.line.asked)
    await stage.opened.venue.submit(stage.buy(SIZE, line=2))
    assert any(stage.floor.is_time(asked) for asked in stage.line.asked[before:])


async def an_unreadable_answer_leaves_an_order_unknown(stage: Stage) -> None:
    for body in (b"", b"{}", b"[]", b"<html></html>", b'{"a":'):
        for status in (200, 502):
            told = Told(status=status, body=body)
            stage.line.spoil(told, which=stage.floor.is_order)
            with pytest.raises(OutcomeUnknown):
                await stage.opened.venue.submit(stage.buy(SIZE))
    assert stage.floor.orders() == []


async def sizes_are_base_units_both_ways(stage: Stage) -> None:
    order, before = stage.buy(SIZE), stage.floor.truth().position
    await stage.opened.venue.submit(order)
    found, (placed,) = await _end(stage, order), stage.floor.orders()
    assert placed.quantity == placed.filled == Decimal(SIZE)
    assert found.lots * stage.instrument.lot_size == Decimal(SIZE)
    again = await stage.read_again()
    lots = again.positions[stage.symbol].lots
    assert lots * stage.instrument.lot_size == before + Decimal(SIZE)


async def leverage_is_set_once(stage: Stage) -> None:
    await stage.opened.venue.set_leverage(stage.symbol, leverage=3)
    await stage.opened.venue.set_leverage(stage.symbol, leverage=3)
    assert (await stage.read_again()).contracts[stage.symbol].leverage == 3


async def requests_stay_in_their_place(stage: Stage) -> None:
    await stage.act(SIZE)
    live = {asked.host for asked in stage.line.asked}
    assert live <= stage.profile.hosts[Environment.LIVE]
    if stage.profile.sandbox is None:
        with pytest.raises(ConfigError, match="has no sandbox"):
            async with staged(stage.venue_id, stage.market, environment=Environment.TESTNET):
                pass
        return
    async with staged(stage.venue_id, stage.market, environment=Environment.TESTNET) as other:
        await other.act(SIZE)
        hosts = {asked.host for asked in other.line.asked}
    assert hosts <= stage.profile.hosts[Environment.TESTNET]
    header = KNOWN[stage.venue_id].places[Environment.TESTNET].header
    if header is None:
        assert hosts.isdisjoint(live)
        return
    name, value = header[0].lower(), header[1]
    assert {asked.headers.get(name) for asked in other.line.asked} == {value}
    assert {asked.headers.get(name) for asked in stage.line.asked} == {None}


async def a_move_between_wallets_is_found(stage: Stage) -> None:
    move, wallets = moving("200.00001234"), stage.opened.wallets
    since = now() - timedelta(minutes=1)
    stage.line.spoil(Mishap.LOST, which=stage.floor.is_move)
    with pytest.raises(OutcomeUnknown):
        await wallets.transfer(move)
    (found,) = (await wallets.transfers(move, since=since)).listed
    assert (found.units, found.state) == (move.units, ListedState.MADE)
    assert sum(stage.floor.is_move(asked) for asked in stage.line.asked) == 1
    after, before = (await stage.read_again()).pools[move.asset], stage.seen.pools[move.asset]
    assert after.wallet_balance - before.wallet_balance == move.units
