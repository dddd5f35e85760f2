"""A stop of Bybit by its executions, where no list of orders tells of it any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.wire.test_ccxt_stops import stopping
from trimtab.adapters.bybit.stop_rows import executed_stop, most_at_market
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.instruments import Asset, Lots
from trimtab.domain.orders import ClientOrderId, Fill, Side, TradeId, VenueOrderId
from trimtab.domain.stops import FiredOrder
from trimtab.execution.stop_life import contradiction

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
AN_HOUR_AGO = NOW - timedelta(hours=1)
NUMBER = VenueOrderId("0a711b1d")
STOP = stopping()


def fill(
    quantity: str = "0.010",
    *,
    side: Side = Side.BUY,
    order: VenueOrderId = NUMBER,
    at: datetime = AN_HOUR_AGO,
    name: str = STOP.stop_id,
) -> Fill:
    return Fill(
        symbol=STOP.instrument.symbol,
        trade_id=TradeId("1"),
        venue_order_id=order,
        client_order_id=ClientOrderId(name),
        side=side,
        quantity=Decimal(quantity),
        fill_price=Decimal(66_000),
        fee=Decimal(0),
        fee_asset=Asset("USDT"),
        filled_at=at,
    )


def test_executions_of_other_orders_are_no_stop() -> None:
    assert executed_stop(STOP, [], now=NOW) is None
    assert executed_stop(STOP, [fill(name="another")], now=NOW) is None


@pytest.mark.parametrize(
    ("fills", "filled"),
    [
        ([fill("0.004"), fill("0.006", at=NOW)], 10),
        ([fill("0.004"), fill("0.003"), fill("0.005", name="another")], 7),
    ],
)
def test_what_was_executed_is_what_it_filled(fills: list[Fill], filled: int) -> None:
    found = executed_stop(STOP, fills, now=NOW)
    assert found is not None
    assert found.order == FiredOrder(venue_order_id=NUMBER, filled_lots=Lots(filled), ended=True)
    assert contradiction(STOP, found) == ""


def test_a_stop_of_a_long_sells() -> None:
    stop = replace(STOP, lots=Lots(-10))
    found = executed_stop(stop, [fill(side=Side.SELL)], now=NOW)
    assert found is not None
    assert found.order is not None
    assert (found.lots, found.order.filled_lots) == (-10, -10)


@pytest.mark.parametrize(
    "fills",
    [
        [fill("0.004", at=AN_HOUR_AGO + timedelta(seconds=1))],
        [fill("0.011")],
        [fill("0.0055")],
        [fill(side=Side.SELL)],
        [fill("0.004"), fill("0.006", order=VenueOrderId("another"))],
    ],
)
def test_executions_that_may_go_on_or_do_not_fit_are_no_answer(fills: list[Fill]) -> None:
    with pytest.raises(Unreadable):
        executed_stop(STOP, fills, now=NOW)


@pytest.mark.parametrize(
    "row",
    [{}, {"lotSizeFilter": None}, {"lotSizeFilter": {}}, {"lotSizeFilter": {"maxMktOrderQty": ""}}],
)
def test_a_market_that_does_not_say_how_much_goes_at_once_is_unreadable(
    row: dict[str, object],
) -> None:
    with pytest.raises(Unreadable):
        most_at_market(row)
