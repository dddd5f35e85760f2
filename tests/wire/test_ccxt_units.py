"""Where a venue's contracts become base units, and off-grid orders are turned away."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.fakes.scripted_venue import scripted_venue, told
from tests.wire.opened import intent, opened, perpetual_btc, spot_btc
from trimtab.adapters.binance.orders import fill_of
from trimtab.adapters.frame.units import base_units, contracts, lots_of
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.errors import Refused

OKX_LIKE = replace(perpetual_btc(), contract_size=Decimal("0.01"), lot_size=Decimal("0.0001"))


@pytest.mark.parametrize(
    ("quantity", "count"), [("0.01", "1"), ("0.0001", "0.01"), ("123.4567", "12345.67")]
)
def test_contracts_and_base_units_are_each_others_inverse(quantity: str, count: str) -> None:
    assert contracts(Decimal(quantity), OKX_LIKE) == Decimal(count)
    assert base_units(Decimal(count), OKX_LIKE) == Decimal(quantity)


def test_what_the_venue_executed_in_contracts_is_read_in_lots() -> None:
    assert lots_of(Decimal("2.5"), OKX_LIKE) == 250


def test_a_size_off_the_grid_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        lots_of(Decimal("0.001"), OKX_LIKE)


def test_a_size_that_is_no_exact_number_of_contracts_is_not_sent() -> None:
    thirds = replace(OKX_LIKE, contract_size=Decimal(3))
    with pytest.raises(Unreadable):
        contracts(Decimal(1), thirds)


def test_a_fill_in_contracts_is_booked_in_base_units() -> None:
    row = {
        "id": 1,
        "orderId": 2,
        "qty": "3",
        "price": "60000",
        "commission": "0.1",
        "commissionAsset": "USDT",
        "time": 1_790_000_000_000,
        "buyer": False,
    }
    assert fill_of(row, OKX_LIKE, {}).quantity == Decimal("0.03")


@pytest.mark.parametrize(
    "changed",
    [
        {"lot_size": Decimal("0.000001")},
        {"tick_size": Decimal("0.001")},
    ],
    ids=["lots too fine", "ticks too fine"],
)
async def test_an_order_that_the_venue_would_have_rounded_is_not_sent(
    changed: dict[str, Decimal],
) -> None:
    finer = replace(spot_btc(), **changed)
    async with scripted_venue() as venue, opened(venue.url) as at:
        with pytest.raises(Refused):
            await at.venue.submit(intent(finer, 123_457, "60000.001"))
        assert venue.count("POST", "/api/v3/order") == 0


async def test_a_market_that_the_venue_does_not_list_is_refused() -> None:
    stranger = replace(spot_btc(), symbol=type(spot_btc().symbol)("XYZ/USDT"))
    async with scripted_venue() as venue, opened(venue.url) as at:
        with pytest.raises(Refused):
            await at.venue.submit(intent(stranger, 100, "60000"))
        assert venue.count("POST", "/api/v3/order") == 0


async def test_many_orders_at_once_read_their_market_once() -> None:
    async with scripted_venue() as venue, opened(venue.url) as at:
        venue.script["POST", "/api/v3/order"] = told({"code": -1121, "msg": "No."}, 400)
        orders = [intent(spot_btc(), 100, "60000", line=n) for n in range(1, 21)]
        await asyncio.gather(*(at.venue.submit(o) for o in orders), return_exceptions=True)
        assert venue.count("POST", "/api/v3/order") == 20
        assert venue.count("GET", "/api/v3/exchangeInfo") == 1
