"""Settlements and candles are those that were asked for, each told once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from trimtab.adapters.frame.daily_candles import candles_within
from trimtab.adapters.frame.settlements import SettlementFields, settlements_in
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.history import FundingSettlement

FIELDS = SettlementFields(market="symbol", at="time", rate="rate")
AT = datetime(2026, 11, 1, 8, tzinfo=UTC)


def row(rate: str, *, symbol: str = "BTCUSDT") -> dict[str, str]:
    return {"symbol": symbol, "time": str(round(AT.timestamp() * 1000)), "rate": rate}


def test_a_settlement_is_read_exactly_and_counts_once() -> None:
    rows = [row("-0.000012345678901234567890")] * 2
    told = FundingSettlement(settled_at=AT, rate=Decimal("-0.000012345678901234567890"))
    assert settlements_in(rows, FIELDS, market_id="BTCUSDT") == {AT: told}


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([row("0.0001"), row("0.0001", symbol="ETHUSDT")], "another contract"),
        ([row("0.0001"), row("0.0002")], "two contents"),
        ([{"symbol": "BTCUSDT", "rate": "0.0001"}], "time"),
        ([row("much")], "rate"),
    ],
)
def test_what_was_not_asked_for_makes_settlements_unreadable(
    rows: list[dict[str, str]], why: str
) -> None:
    with pytest.raises(Unreadable, match=why):
        settlements_in(rows, FIELDS, market_id="BTCUSDT")


@pytest.mark.parametrize("day", [1, 4])
def test_a_candle_of_a_day_that_was_not_asked_for_is_unreadable(day: int) -> None:
    start = round(datetime(2026, 11, day, tzinfo=UTC).timestamp() * 1000)
    candle = [str(start), "1", "1", "1", "60000"]
    first, last = date(2026, 11, 2), date(2026, 11, 3)
    with pytest.raises(Unreadable, match="days asked for"):
        candles_within([candle], since=first, until=last)
    assert candles_within([candle], since=date(2026, 11, 1), until=date(2026, 11, 4))
