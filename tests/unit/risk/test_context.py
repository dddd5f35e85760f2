"""The way that an approved plan may go, as bounds for what is left of it."""

from __future__ import annotations

import pytest

from tests.builders import account, dec, plan
from trimtab.domain.instruments import Asset
from trimtab.risk.context import net_bounds

BTC, ETH = Asset("BTC"), Asset("ETH")
OPENING = account("BTC 1 @ 60000, ETH 2.0001 @ 3000, perp BTC -3 at 60000, USDT 9000, wallet 99999")
BOTH = plan(OPENING, "sell 0.5 perp BTC", "sell 0.25 BTC", "then buy 1.5 ETH")


@pytest.mark.usefixtures("hostile_decimal_context")
def test_the_bound_is_the_larger_of_beginning_and_end_over_all_legs_and_markets() -> None:
    assert net_bounds(BOTH, OPENING) == {BTC: dec("2.75"), ETH: dec("3.5001")}


def test_a_plan_that_nears_zero_is_bound_by_its_beginning() -> None:
    back = plan(OPENING, "buy 2.5 perp BTC reduce", "sell 2 ETH")
    assert net_bounds(back, OPENING) == {BTC: dec(2), ETH: dec("2.0001")}


def test_an_asset_that_no_leg_trades_has_no_bound() -> None:
    assert net_bounds(plan(OPENING, "sell 0.4 BTC"), OPENING).keys() == {BTC}
