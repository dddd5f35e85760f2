"""What every venue promises, held by the one that trades and the one that simulates."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.contract.venue_cases import (
    BTC,
    ETH_PERP,
    PERP,
    PORTFOLIO,
    USDT,
    at_venue,
    from_the_start,
)
from tests.wire.opened import intent
from trimtab.domain.errors import Refused
from trimtab.domain.orders import ClientOrderId, Side, VenueOrderId
from trimtab.domain.payments import PaymentKind
from trimtab.domain.snapshot import OpenOrder
from trimtab.ports import FillCursor

pytestmark = pytest.mark.parametrize("kind", ["ccxt", "paper"])


async def test_an_order_is_answered_with_our_own_id_and_found_again_by_it(kind: str) -> None:
    async with at_venue(kind) as at:
        order = intent(at.seen.instruments[BTC], 200, "61000")
        assert await at.venue.look_up(order) is None
        answer = await at.venue.submit(order)
        assert answer == await at.venue.look_up(order)
    assert answer.client_order_id == order.client_order_id
    assert (answer.symbol, answer.lots, answer.filled_lots, answer.ended) == (BTC, 200, 200, True)


@pytest.mark.parametrize(("symbol", "lots"), [(BTC, 200), (BTC, -300), (PERP, 4), (PERP, -4)])
async def test_fills_add_up_to_the_order_and_are_within_its_limit(
    kind: str, symbol: str, lots: int
) -> None:
    async with at_venue(kind) as at:
        instrument = at.seen.instruments[symbol]
        order = intent(instrument, lots, "61000" if lots > 0 else "59000")
        answer = await at.venue.submit(order)
        fills = await at.venue.fills(symbol, since=from_the_start())
    assert sum(fill.quantity for fill in fills) == order.quantity
    assert {fill.client_order_id for fill in fills} == {order.client_order_id}
    assert {fill.venue_order_id for fill in fills} == {answer.venue_order_id}
    assert {fill.side for fill in fills} == {Side.of(lots)}
    assert all(59_000 <= fill.fill_price <= 61_000 for fill in fills)


@pytest.mark.parametrize(
    ("symbol", "lots", "fee_asset"), [(BTC, 200, "BTC"), (BTC, -200, "USDT"), (PERP, 4, "USDT")]
)
async def test_the_fee_is_taken_from_what_is_received(
    kind: str, symbol: str, lots: int, fee_asset: str
) -> None:
    async with at_venue(kind) as at:
        instrument = at.seen.instruments[symbol]
        await at.venue.submit(intent(instrument, lots, "61000" if lots > 0 else "59000"))
        (fill, *_) = await at.venue.fills(symbol, since=from_the_start())
    received = fill.quantity if fee_asset == "BTC" else fill.quantity * fill.fill_price
    assert fill.fee_asset == fee_asset
    assert fill.fee == pytest.approx(received * instrument.taker_fee, abs=Decimal("0.00000001"))


async def test_a_limit_that_nobody_meets_expires_without_a_fill(kind: str) -> None:
    async with at_venue(kind) as at:
        answer = await at.venue.submit(intent(at.seen.instruments[BTC], 200, "50000"))
        assert await at.venue.fills(BTC, since=from_the_start()) == ()
        assert await at.venue.open_orders([BTC]) == ()
    assert (answer.filled_lots, answer.ended, answer.status) == (0, True, "EXPIRED")


async def test_what_the_book_does_not_hold_up_to_the_limit_expires(kind: str) -> None:
    async with at_venue(kind) as at:
        levels = at.seen.books[BTC].asks[:2]
        held = sum(level.quantity for level in levels)
        lots = int(held / at.seen.instruments[BTC].lot_size)
        order = intent(at.seen.instruments[BTC], lots + 100, str(levels[1].price))
        answer = await at.venue.submit(order)
        fills = await at.venue.fills(BTC, since=from_the_start())
    assert (answer.filled_lots, answer.status) == (lots, "EXPIRED")
    assert [(f.fill_price, f.quantity) for f in fills] == [(x.price, x.quantity) for x in levels]


async def test_reading_goes_on_behind_the_last_booked_trade(kind: str) -> None:
    async with at_venue(kind) as at:
        start = from_the_start()
        await at.venue.submit(intent(at.seen.instruments[BTC], 200, "61000"))
        first = await at.venue.fills(BTC, since=start)
        cursor = FillCursor(after=first[-1].trade_id, not_before=start.not_before)
        assert await at.venue.fills(BTC, since=cursor) == ()
        later = intent(at.seen.instruments[BTC], -200, "59000", line=2)
        await at.venue.submit(later)
        second = await at.venue.fills(BTC, since=cursor)
        assert await at.venue.fills(BTC, since=start) == first + second
    assert {fill.client_order_id for fill in second} == {later.client_order_id}


async def test_orders_of_two_markets_with_one_number_are_not_mixed_up(kind: str) -> None:
    async with at_venue(kind) as at:
        spot = intent(at.seen.instruments[BTC], 200, "61000", line=1)
        perpetual = intent(at.seen.instruments[PERP], 4, "61000", line=2)
        await at.venue.submit(spot)
        await at.venue.submit(perpetual)
        told = [await at.venue.fills(s, since=from_the_start()) for s in (BTC, PERP)]
    assert [{f.client_order_id for f in fills} for fills in told] == [
        {spot.client_order_id},
        {perpetual.client_order_id},
    ]


@pytest.mark.parametrize(
    ("symbol", "lots", "limit", "reduce_only"),
    [
        pytest.param(BTC, 1, "60500", False, id="below the least value"),
        pytest.param(BTC, 200_000, "61000", False, id="more than the free quote"),
        pytest.param(BTC, -20_000, "59000", False, id="more than the free units"),
        pytest.param(ETH_PERP, 10, "2600", True, id="nothing to reduce"),
        pytest.param(PERP, -4, "59000", True, id="not a reduction"),
    ],
)
async def test_the_venue_says_no_and_there_is_no_order(
    kind: str, symbol: str, lots: int, limit: str, reduce_only: bool
) -> None:
    async with at_venue(kind) as at:
        order = intent(at.seen.instruments[symbol], lots, limit, reduce_only=reduce_only)
        with pytest.raises(Refused):
            await at.venue.submit(order)
        assert await at.venue.look_up(order) is None
        assert await at.venue.fills(symbol, since=from_the_start()) == ()


async def test_a_reduction_is_filled(kind: str) -> None:
    async with at_venue(kind) as at:
        order = intent(at.seen.instruments[PERP], 10, "61000", reduce_only=True)
        answer = await at.venue.submit(order)
        with pytest.raises(Refused):  # Now the position is flat.
            await at.venue.submit(
                intent(at.seen.instruments[PERP], 10, "61000", line=2, reduce_only=True)
            )
    assert answer.filled_lots == 10


async def test_what_a_sale_brought_can_be_spent(kind: str) -> None:
    async with at_venue(kind) as at:
        instruments = at.seen.instruments
        await at.venue.submit(intent(instruments[BTC], -5_000, "59000"))
        bought = await at.venue.submit(intent(instruments[BTC], 118_000, "61000", line=2))
    assert bought.filled_lots == 118_000


async def test_what_the_fee_took_cannot_be_sold(kind: str) -> None:
    async with at_venue(kind) as at:
        btc = at.seen.instruments[BTC]
        await at.venue.submit(intent(btc, 200, "61000"))
        with pytest.raises(Refused):
            await at.venue.submit(intent(btc, -10_200, "59000", line=2))
        sold = await at.venue.submit(intent(btc, -10_199, "59000", line=3))
    assert sold.filled_lots == -10_199


async def test_futures_wallet_and_payments_add_up_whatever_happens(kind: str) -> None:
    async with at_venue(kind) as at:
        start = from_the_start().not_before
        listed = await at.venue.payments(start)
        for line, (lots, limit) in enumerate([(4, "61000"), (10, "61000"), (-30, "59000")], 1):
            await at.venue.submit(intent(at.seen.instruments[PERP], lots, limit, line=line))
        paid = (await at.venue.payments(start))[len(listed) :]
        after = await at.market.snapshot(PORTFOLIO)
    before, moved = at.seen.pools[USDT].wallet_balance, sum(p.units for p in paid)
    assert after.pools[USDT].wallet_balance == before + moved != before


async def test_each_execution_of_a_contract_has_its_fee_among_the_payments(kind: str) -> None:
    async with at_venue(kind) as at:
        await at.venue.submit(intent(at.seen.instruments[PERP], 4, "61000"))
        await at.venue.submit(intent(at.seen.instruments[BTC], 200, "61000", line=2))
        fills = await at.venue.fills(PERP, since=from_the_start())
        payments = await at.venue.payments(from_the_start().not_before)
    fees = [p for p in payments if p.kind is PaymentKind.COMMISSION]
    assert [(p.symbol, p.trade_id, p.asset, p.units) for p in fees] == [
        (PERP, f.trade_id, f.fee_asset, -f.fee) for f in fills
    ]
    assert len({p.key for p in payments}) == len(payments)


async def test_payments_are_listed_from_an_instant_on(kind: str) -> None:
    async with at_venue(kind) as at:
        await at.venue.submit(intent(at.seen.instruments[PERP], 4, "61000"))
        payments = await at.venue.payments(from_the_start().not_before)
        last = payments[-1].paid_at
        assert await at.venue.payments(last) == tuple(p for p in payments if p.paid_at == last)
        assert await at.venue.payments(last + timedelta(milliseconds=1)) == ()


async def test_absence_is_evident_before_an_order_and_not_after(kind: str) -> None:
    async with at_venue(kind) as at:
        order = intent(at.seen.instruments[BTC], 200, "61000")
        other = intent(at.seen.instruments[BTC], 200, "61000", line=2)
        await at.venue.submit(other)
        assert (await at.venue.evidence_of_absence(order)).is_absent
        await at.venue.submit(order)
        evidence = await at.venue.evidence_of_absence(order)
    assert set(evidence.sightings) == {"by_client_id", "open_orders", "all_orders", "fills"}
    assert not evidence.is_absent
    assert evidence.sightings["by_client_id"] != "none"


@pytest.mark.parametrize(("symbol", "lots"), [(BTC, 200), (PERP, 4)])
async def test_orders_are_named_by_whoever_placed_them(kind: str, symbol: str, lots: int) -> None:
    async with at_venue(kind) as at:
        order = intent(at.seen.instruments[symbol], lots, "61000")
        answer = await at.venue.submit(order)
        nobody = VenueOrderId("987654321")
        told = await at.venue.client_ids(symbol, [answer.venue_order_id, nobody])
        assert await at.venue.client_ids(symbol, []) == {}
    assert told == {answer.venue_order_id: order.client_order_id}


async def test_cancelling_what_is_gone_is_no_error(kind: str) -> None:
    async with at_venue(kind) as at:
        gone = OpenOrder(
            symbol=BTC,
            client_order_id=ClientOrderId("bsome"),
            venue_order_id=VenueOrderId("999"),
            lots=intent(at.seen.instruments[BTC], 1, "60000").lots,
            limit_price=Decimal(60_000),
            reduce_only=False,
        )
        await at.venue.cancel(gone)
        assert await at.venue.open_orders([BTC]) == ()


async def test_leverage_that_is_set_already_is_no_error(kind: str) -> None:
    async with at_venue(kind) as at:
        await at.venue.set_leverage(PERP, leverage=3)
        await at.venue.set_leverage(PERP, leverage=3)
        again = await at.market.snapshot(PORTFOLIO)
    assert again.contracts[PERP].leverage == (3 if kind == "ccxt" else 20)


async def test_the_snapshot_is_that_of_the_real_account(kind: str) -> None:
    async with at_venue(kind) as at:
        again = await at.market.snapshot(PORTFOLIO)
    assert again.balances == at.seen.balances
    assert again.instruments == at.seen.instruments
