"""The venue that simulates held against the one that trades."""

from __future__ import annotations

import pytest

from tests.contract.venue_cases import BTC, PERP, PORTFOLIO, at_venue, from_the_start
from tests.wire.opened import intent
from trimtab.domain.errors import NotDone, OutcomeUnknown


@pytest.mark.parametrize(
    ("symbol", "lots", "limit"),
    [(BTC, 90_000, "60200"), (BTC, -9_000, "59000"), (PERP, 300, "60100"), (PERP, -300, "59900")],
)
async def test_a_simulated_order_fills_as_the_real_one_does(
    symbol: str, lots: int, limit: str
) -> None:
    told = []
    for kind in ("ccxt", "paper"):
        async with at_venue(kind) as at:
            answer = await at.venue.submit(intent(at.seen.instruments[symbol], lots, limit))
            fills = await at.venue.fills(symbol, since=from_the_start())
        told.append(
            (
                (answer.filled_lots, answer.status),
                [(f.fill_price, f.quantity, f.fee_asset, round(f.fee, 6)) for f in fills],
            )
        )
    assert told[0] == told[1]


async def test_a_simulation_sends_nothing_that_changes_anything() -> None:
    async with at_venue("paper") as at:
        instruments = at.seen.instruments
        await at.venue.submit(intent(instruments[BTC], 200, "61000"))
        await at.venue.submit(intent(instruments[PERP], 2, "61000", line=2))
        await at.venue.set_leverage(PERP, leverage=2)
        for order in await at.venue.open_orders([BTC, PERP]):
            await at.venue.cancel(order)
        truth = at.exchange.truth()
    assert truth["mutating_requests"] == 0


async def test_a_second_simulated_order_finds_what_the_first_has_left() -> None:
    async with at_venue("paper") as at:
        best = at.seen.books[BTC].asks[0]
        lots = int(best.quantity / at.seen.instruments[BTC].lot_size)
        await at.venue.submit(intent(at.seen.instruments[BTC], lots, str(best.price)))
        second = intent(at.seen.instruments[BTC], lots, str(best.price), line=2)
        assert (await at.venue.submit(second)).filled_lots == 0
        await at.market.snapshot(PORTFOLIO)
        third = intent(at.seen.instruments[BTC], lots, str(best.price), line=3)
        assert (await at.venue.submit(third)).filled_lots == lots


async def test_a_simulated_order_is_not_taken_twice() -> None:
    async with at_venue("paper") as at:
        order = intent(at.seen.instruments[BTC], 200, "61000")
        await at.venue.submit(order)
        with pytest.raises(OutcomeUnknown):
            await at.venue.submit(order)


async def test_without_a_book_nothing_can_be_simulated() -> None:
    async with at_venue("paper") as at:
        instrument = at.seen.instruments[BTC]
        fresh = type(at.venue)(at.market, clock=at.venue._clock)
        with pytest.raises(NotDone):
            await fresh.submit(intent(instrument, 200, "61000"))
