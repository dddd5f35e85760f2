"""What an account was worth, compared with what it is: flows left out, profit and loss left in."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.builders import NOW, account, limits
from tests.unit.risk.cases import mark, record
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import Fill, Side, TradeId, VenueOrderId
from trimtab.domain.payments import Payment, PaymentId, PaymentKind
from trimtab.domain.snapshot import ClockReading, Snapshot
from trimtab.domain.trading import NavMark, Restraint, TradingState
from trimtab.risk.checks.losses import breach
from trimtab.risk.record import UnmarkedNav, is_explained, mark_of

USDT = Asset("USDT")
HELD = "USDT 5000, BTC 0.1 @ 60000, wallet 1000"
"""Worth 12,000."""
LATER = NOW + timedelta(hours=1)


def at(text: str) -> Snapshot:
    """Return an account as it is an hour later."""
    return account(text, taken_at=LATER, clock=ClockReading(offset_ms=0, uncertainty_ms=0))


def looked(text: str = HELD) -> NavMark:
    """Return the first look at an account."""
    return mark_of(account(text), None, fills=(), payments=())


def again(text: str, *happened: Fill | Payment, before: str = HELD) -> NavMark:
    """Return the look an hour later, after what is booked."""
    fills = [each for each in happened if isinstance(each, Fill)]
    payments = [each for each in happened if isinstance(each, Payment)]
    return mark_of(at(text), looked(before), fills=fills, payments=payments)


def fill(
    quantity: str, fill_price: str, *, symbol: str = "BTC/USDT", fee: str = "0", asset: str = "USDT"
) -> Fill:
    """Return an execution; a negative quantity is a sell."""
    units = Decimal(quantity)
    return Fill(
        symbol=Symbol(symbol),
        trade_id=TradeId("1"),
        venue_order_id=VenueOrderId("1"),
        client_order_id=None,
        side=Side.BUY if units > 0 else Side.SELL,
        quantity=abs(units),
        fill_price=Decimal(fill_price),
        fee=Decimal(fee),
        fee_asset=Asset(asset),
        filled_at=NOW + timedelta(minutes=30),
    )


def paid(units: str, kind: PaymentKind = PaymentKind.TRANSFER, *, minutes: int = 30) -> Payment:
    """Return a movement of the futures wallet."""
    return Payment(
        kind=kind,
        word=kind.value.upper(),
        symbol=None,
        asset=USDT,
        units=Decimal(units),
        payment_id=PaymentId("1"),
        trade_id=None,
        paid_at=NOW + timedelta(minutes=minutes),
    )


def test_the_first_look_is_the_baseline() -> None:
    first = looked()
    assert (first.nav, first.level, first.high, first.taken_at) == (12_000, 1, 1, NOW)
    assert first.outside == {USDT: 5_000, Asset("BTC"): Decimal("0.1")}
    assert first.wallets == {USDT: 1_000, Asset("BTC"): 0}
    assert first.mids == {USDT: 1, Asset("BTC"): 60_000}


@pytest.mark.parametrize(
    ("now", "level"),
    [
        ("USDT 5000, BTC 0.1 @ 66000, wallet 1000", "1.05"),
        ("USDT 5000, BTC 0.1 @ 48000, wallet 1000", "0.9"),
        ("USDT 4400, BTC 0.1 @ 60000, wallet 1000", "1"),
        ("USDT 17000, BTC 0.1 @ 60000, wallet 1000", "1"),
        ("USDT 5000, BTC 0.2 @ 60000, wallet 1000", "1"),
        ("USDT 5000, BTC 0 @ 60000, wallet 1000", "1"),
        ("USDT 5000, BTC 0.2 @ 66000, wallet 1000", "1.05"),
        ("USDT 5000, BTC 0.1 @ 60000, ETH 3 @ 3000, wallet 1000", "1"),
    ],
    ids=[
        "up",
        "down",
        "withdrawn",
        "deposited",
        "coins_in",
        "coins_out",
        "coins_in_and_up",
        "another_coin",
    ],
)
def test_prices_move_the_level_and_what_comes_or_goes_does_not(now: str, level: str) -> None:
    assert again(now).level == Decimal(level)


def test_what_was_traded_is_no_flow_and_costs_what_it_cost() -> None:
    bought = again("USDT 3800, BTC 0.12 @ 60000, wallet 1000", fill("0.02", "60000"))
    assert bought.level == 1
    dear = again("USDT 3740, BTC 0.12 @ 60000, wallet 1000", fill("0.02", "63000"))
    assert dear.level == Decimal("0.995")
    sold = again(
        "USDT 6194, BTC 0.08 @ 60000, wallet 1000", fill("-0.02", "60000", fee="6", asset="USDT")
    )
    assert sold.level == Decimal("0.9995")
    in_coins = again(
        "USDT 3800, BTC 0.11998 @ 60000, wallet 1000",
        fill("0.02", "60000", fee="0.00002", asset="BTC"),
    )
    assert in_coins.level == Decimal("0.9999")


def test_what_a_contract_trades_moves_no_coins_and_what_it_earns_is_profit() -> None:
    closed = again(
        "USDT 5000, BTC 0.1 @ 60000, wallet 1120",
        fill("0.02", "54000", symbol="BTC/USDT:USDT", fee="0.5"),
        paid("120", PaymentKind.REALISED_PROFIT),
    )
    assert closed.level == Decimal("1.01")


def test_what_moves_between_ones_own_wallets_is_nothing_and_what_came_from_outside_is_a_flow() -> (
    None
):
    moved = again("USDT 4500, BTC 0.1 @ 60000, wallet 1500", paid("500"))
    assert moved.level == 1
    came = again("USDT 5000, BTC 0.1 @ 60000, wallet 1500", paid("500"))
    assert came.level == 1
    earlier = again("USDT 5000, BTC 0.1 @ 60000, wallet 1600", paid("600", minutes=-1))
    assert earlier.level == Decimal("1.05")


def test_the_highest_level_is_kept_and_a_new_high_replaces_it() -> None:
    fell = again("USDT 5000, BTC 0.1 @ 48000, wallet 1000")
    assert (fell.level, fell.high) == (Decimal("0.9"), 1)
    rose = again("USDT 5000, BTC 0.1 @ 66000, wallet 1000")
    assert (rose.level, rose.high) == (Decimal("1.05"), Decimal("1.05"))


def test_a_price_that_is_gone_and_an_account_without_worth_cannot_be_compared() -> None:
    with pytest.raises(UnmarkedNav, match="BTC has no price any more; read the markets again"):
        again("USDT 5000, BTC 0.1, wallet 1000")
    with pytest.raises(UnmarkedNav, match="nothing is left"):
        looked("USDT 0, wallet 0")
    with pytest.raises(UnmarkedNav, match="nothing is left"):
        again("USDT 0, BTC 0 @ 60000, wallet 0")


def test_what_never_had_a_price_is_left_out_of_both_looks() -> None:
    odd = f"{HELD}, XYZ 5"
    assert looked(odd).nav == 12_000
    assert again(f"{HELD}, XYZ 500", before=odd).level == 1


def test_payments_explain_a_wallet_only_to_the_last_unit() -> None:
    before, now = looked(), at("USDT 5000, BTC 0.1 @ 60000, wallet 1120")
    assert is_explained(now, before, [paid("120")])
    assert not is_explained(now, before, [paid("119.99999999")])
    assert not is_explained(now, before, [paid("120", minutes=0)])
    assert is_explained(at(HELD), before, [])
    assert not is_explained(at("USDT 6000, BTC 0.1 @ 60000"), before, [])


# States


@pytest.mark.parametrize(
    ("halted", "reducing", "state"),
    [
        (None, None, TradingState.ACTIVE),
        (None, "a loss", TradingState.REDUCING),
        ("by hand", None, TradingState.HALTED),
        ("by hand", "a loss", TradingState.HALTED),
    ],
)
def test_the_stricter_latch_is_the_state(
    halted: str | None, reducing: str | None, state: TradingState
) -> None:
    assert Restraint(halted=halted, reducing=reducing, released_at=None).state is state


def test_a_breach_names_the_limit_that_was_passed_and_none_at_it_or_unmeasured() -> None:
    lost = record(marks=(mark("1", hours=1),), mark=mark("0.75", high="1"))
    assert breach(lost, limits()) == "risk.max_daily_loss: NAV lost 0.2500, the limit is 0.20"
    deep = record(mark=mark("0.65", high="1"))
    assert breach(deep, limits()) == "risk.max_drawdown: NAV lost 0.3500, the limit is 0.30"
    assert breach(dataclasses.replace(lost, mark=mark("0.8", high="1")), limits()) is None
    assert breach(record(mark=None, mark_fault="no price"), limits()) is None


def test_a_drawdown_is_the_loss_from_the_highest_look_and_never_below_nothing() -> None:
    assert mark("0.75", high="1").drawdown == Decimal("0.25")
    assert mark("1.2", high="1.2").drawdown == 0
