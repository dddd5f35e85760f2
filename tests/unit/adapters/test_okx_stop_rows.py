"""What a stop of OKX is, by what is told of its market, of its order and of executions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.wire.test_ccxt_stops import stopping
from trimtab.adapters.okx.stop_rows import (
    executed_order,
    most_at_market,
    named_in,
    received_in,
)
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.instruments import Asset, Lots
from trimtab.domain.orders import Fill, Side, TradeId, VenueOrderId
from trimtab.domain.stops import FiredOrder, StopIntent

NUMBER = VenueOrderId("680800019749904999")
STOP = stopping()
IN_CONTRACTS = replace(
    STOP, instrument=replace(STOP.instrument, contract_size=Decimal("0.01")), lots=Lots(10)
)


def fill(quantity: str, *, side: Side = Side.BUY, order: str = NUMBER, number: str = "1") -> Fill:
    return Fill(
        symbol=STOP.instrument.symbol,
        trade_id=TradeId(number),
        venue_order_id=VenueOrderId(order),
        client_order_id=None,
        side=side,
        quantity=Decimal(quantity),
        fill_price=Decimal(66_000),
        fee=Decimal(0),
        fee_asset=Asset("USDT"),
        filled_at=datetime(2026, 11, 30, tzinfo=UTC),
    )


TAKEN = {"algoClOrdId": STOP.stop_id, "algoId": "7", "sCode": "0", "sMsg": ""}


@pytest.mark.parametrize("more", [{"algoClOrdId": "another"}, {"sCode": "51302"}, {"algoId": ""}])
def test_only_a_yes_to_our_name_with_a_number_says_that_a_stop_was_received(
    more: dict[str, str],
) -> None:
    assert received_in({"code": "0", "data": [TAKEN]}, STOP) == "7"
    with pytest.raises(Unreadable):
        received_in({"code": "0", "data": [TAKEN | more]}, STOP)


@pytest.mark.parametrize(
    ("fills", "filled"),
    [
        ([], 0),
        ([fill("0.005", order="another")], 0),
        ([fill("0.004"), fill("0.006", number="2")], 10),
        ([fill("0.004"), fill("0.003", number="2"), fill("0.005", order="another")], 7),
    ],
)
@pytest.mark.parametrize("stop", [STOP, IN_CONTRACTS])
def test_what_was_executed_of_its_order_is_what_it_filled(
    stop: StopIntent, fills: list[Fill], filled: int
) -> None:
    found = executed_order(NUMBER, stop, fills)
    assert found == FiredOrder(venue_order_id=NUMBER, filled_lots=Lots(filled), ended=True)


def test_a_stop_of_a_long_sells() -> None:
    found = executed_order(NUMBER, replace(STOP, lots=Lots(-10)), [fill("0.01", side=Side.SELL)])
    assert found.filled_lots == -10


@pytest.mark.parametrize(
    "fills", [[fill("0.011")], [fill("0.0055")], [fill("0.010", side=Side.SELL)]]
)
def test_executions_that_do_not_fit_are_no_answer(fills: list[Fill]) -> None:
    with pytest.raises(Unreadable):
        executed_order(NUMBER, STOP, fills)


@pytest.mark.parametrize(
    ("market", "stops", "most"), [("12000", "15000", 12_000), ("12000", "900.5", "900.5")]
)
def test_the_smaller_of_two_sizes_is_what_goes_at_once(
    market: str, stops: str, most: int | str
) -> None:
    assert most_at_market({"maxMktSz": market, "maxStopSz": stops}) == Decimal(most)


@pytest.mark.parametrize("row", [{}, {"maxMktSz": "1"}, {"maxMktSz": "1", "maxStopSz": ""}])
def test_a_market_that_does_not_say_how_much_goes_at_once_is_unreadable(
    row: dict[str, str],
) -> None:
    with pytest.raises(Unreadable):
        most_at_market(row)


@pytest.mark.parametrize("row", [{}, {"algoClOrdId": None}, {"algoClOrdId": 1}])
def test_a_row_that_does_not_say_its_name_makes_no_list_shorter(row: dict[str, object]) -> None:
    ours = {"algoClOrdId": STOP.stop_id}
    assert named_in([ours, {"algoClOrdId": ""}], STOP) == (ours,)
    with pytest.raises(Unreadable):
        named_in([ours, row], STOP)
