"""Transfers as values."""

from __future__ import annotations

import pytest

from tests.builders import dec
from trimtab.domain.orders import Side
from trimtab.domain.transfers import side_of


@pytest.mark.parametrize(("units", "side"), [("0.01", Side.BUY), ("-0.01", Side.SELL)])
def test_a_transfer_into_futures_is_worded_as_a_buy_and_one_out_as_a_sell(
    units: str, side: Side
) -> None:
    assert side_of(dec(units)) is side
