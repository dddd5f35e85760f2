"""What a taker pays, as it is counted before anything is sent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from trimtab.adapters.binance.account import spot_account, taker_fee
from trimtab.adapters.wire.exact import Unreadable


@pytest.mark.parametrize(("told", "counted"), [("0.0004", "0.0004"), ("0", "0"), ("-0.0001", "0")])
def test_a_rebate_is_counted_as_no_fee(told: str, counted: str) -> None:
    assert taker_fee({"takerCommissionRate": told}) == Decimal(counted)
    account = spot_account({"commissionRates": {"taker": told}, "balances": []})
    assert account.taker_fee == Decimal(counted)


def test_a_fee_that_is_no_number_is_not_read() -> None:
    with pytest.raises(Unreadable):
        taker_fee({"takerCommissionRate": "NaN"})
