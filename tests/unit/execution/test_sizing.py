"""What of the approved rests can really be sent now."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from tests.builders import account, legs_of, spot, swap
from tests.unit.execution.cases import fill
from trimtab.domain.exact import floor_times
from trimtab.domain.instruments import Asset, Symbol, Ticks
from trimtab.domain.snapshot import Snapshot
from trimtab.execution.rests import RestReason
from trimtab.execution.sizing import Means, Sized, Wanted, means, resize

USDT = Asset("USDT")
RICH = account(
    "BTC 1 @ 100, ETH 10 @ 10, USDT 1000, perp BTC -1, wallet 500",
)


def wanted(*texts: str, snapshot: Snapshot = RICH) -> list[Wanted]:
    legs = legs_of(snapshot, *texts)
    return [Wanted(leg=leg, lots=leg.lots, limit=leg.limit) for leg in legs]


def there(
    *, usdt: str = "1000", btc: str = "1", position: int = -10_000, reserve: str = "0"
) -> Means:
    return Means(
        free={USDT: Decimal(usdt), Asset("BTC"): Decimal(btc)},
        positions={Symbol("BTC/USDT:USDT"): position},
        quote=USDT,
        reserve=Decimal(reserve),
    )


def lots_and_reasons(sized: tuple[Sized, ...]) -> list[tuple[int, RestReason]]:
    return [(each.lots, each.reason) for each in sized]


def test_what_can_be_paid_is_sent_whole() -> None:
    sized = resize(wanted("buy 1 BTC @ 100", "sell 1 BTC", "buy 1 perp BTC reduce"), there(), {})
    assert lots_and_reasons(sized) == [
        (10_000, RestReason.NONE),
        (-10_000, RestReason.NONE),
        (10_000, RestReason.NONE),
    ]


def test_buys_are_cut_pro_rata_to_what_is_there_at_the_limit_with_the_fee() -> None:
    sized = resize(wanted("buy 3 BTC @ 100", "buy 10 ETH @ 10"), there(usdt="200.20"), {})
    assert lots_and_reasons(sized) == [(15_000, RestReason.NO_CASH), (50_000, RestReason.NO_CASH)]


def test_money_left_by_whole_lots_buys_further_lots_of_the_largest_fraction() -> None:
    coarse = spot("BTC", lot_size=Decimal(1))
    snapshot = dataclasses.replace(RICH, instruments={coarse.symbol: coarse})
    [only] = resize(wanted("buy 3 BTC @ 100", snapshot=snapshot), there(usdt="250"), {})
    assert only.lots == 2
    eth = spot("ETH", lot_size=Decimal(1))
    snapshot = dataclasses.replace(RICH, instruments={coarse.symbol: coarse, eth.symbol: eth})
    buys = wanted("buy 3 BTC @ 100", "buy 20 ETH @ 10", snapshot=snapshot)
    sized = resize(buys, there(usdt="260.26"), {})
    assert lots_and_reasons(sized) == [(1, RestReason.NO_CASH), (11, RestReason.NO_CASH)]
    sized = resize(buys, there(usdt="310.31"), {})
    assert [each.lots for each in sized] == [1, 13]


def test_the_reserve_is_not_spent() -> None:
    [only] = resize(wanted("buy 1 BTC @ 100"), there(usdt="100.10", reserve="50.05"), {})
    assert only.lots == 5_000
    assert there(usdt="10", reserve="11").spendable(USDT) == 0


def test_sells_of_one_coin_share_its_units() -> None:
    sized = resize(wanted("sell 0.7 BTC", "sell 0.7 BTC"), there(btc="1.00009"), {})
    assert lots_and_reasons(sized) == [(-7_000, RestReason.NONE), (-3_000, RestReason.NO_UNITS)]


def test_without_units_nothing_is_sold() -> None:
    assert lots_and_reasons(resize(wanted("sell 1 ETH"), there(), {})) == [(0, RestReason.NO_UNITS)]


@pytest.mark.parametrize(("position", "lots"), [(-4_000, 4_000), (0, 0), (5_000, 0)])
def test_a_reduction_never_goes_beyond_the_real_position(position: int, lots: int) -> None:
    [only] = resize(wanted("buy 1 perp BTC reduce"), there(position=position), {})
    assert (only.lots, only.reason) == (lots, RestReason.NO_POSITION)


def test_reductions_of_one_contract_share_its_position() -> None:
    sized = resize(wanted("buy 0.7 perp BTC reduce", "buy 0.7 perp BTC reduce"), there(), {})
    assert [each.lots for each in sized] == [7_000, 3_000]


def test_openings_of_contracts_are_not_cut_to_cash() -> None:
    sized = resize(wanted("buy 9 perp BTC", "sell 9 perp BTC"), there(usdt="0"), {})
    assert [each.lots for each in sized] == [90_000, -90_000]


def test_an_order_is_not_larger_than_the_venue_takes() -> None:
    small = spot("BTC", lots_max=1_000)
    snapshot = dataclasses.replace(RICH, instruments={small.symbol: small})
    [only] = resize(wanted("sell 1 BTC", snapshot=snapshot), there(), {})
    assert (only.lots, only.reason) == (-1_000, RestReason.AT_VENUE_MAXIMUM)


def test_what_the_venue_would_refuse_for_its_size_is_left() -> None:
    few = spot("BTC", lots_min=100)
    snapshot = dataclasses.replace(RICH, instruments={few.symbol: few})
    below = (0, RestReason.BELOW_MINIMUM)
    assert lots_and_reasons(resize(wanted("sell 0.0099 BTC", snapshot=snapshot), there(), {})) == [
        below
    ]
    assert lots_and_reasons(resize(wanted("sell 0.0499 BTC @ 100"), there(), {})) == [below]
    assert lots_and_reasons(resize(wanted("sell 0.05 BTC @ 100"), there(), {}))[0][0] == -500
    assert lots_and_reasons(resize(wanted("buy 0.01 perp BTC reduce"), there(), {}))[0][0] == 100


@pytest.mark.parametrize(
    ("leg", "limit", "lots"),
    [
        ("sell 0.0503 BTC @ 99.5", "100", -503),
        ("sell 0.0502 BTC @ 99.5", "100", 0),
        ("buy 0.05 BTC @ 100.5", "100.2", 500),
        ("buy 0.0499 BTC @ 100.5", "100.4", 0),
        ("sell 0.0502 BTC @ 100.5", "99.5", 0),
    ],
)
def test_a_size_counts_at_mark_approved_limit_or_its_own_whichever_is_least(
    leg: str, limit: str, lots: int
) -> None:
    """As the gate counts it: what passed here and not there would end the run."""
    [only] = wanted(leg)
    ticks = Ticks(floor_times(only.leg.instrument.tick_size, Decimal(limit)))
    [sized] = resize([dataclasses.replace(only, limit=ticks)], there(), {})
    assert sized.lots == lots


def test_a_cut_below_the_minimum_keeps_the_reason_of_the_cut() -> None:
    [only] = resize(wanted("buy 1 BTC @ 100"), there(usdt="4"), {})
    assert (only.lots, only.reason) == (0, RestReason.NO_CASH)


# What is there


def reading(**changes: str) -> Snapshot:
    held = {"BTC": "1", "ETH": "10", "USDT": "1000"} | changes
    return account(
        ", ".join(f"{a} {u} @ 100" if a != "USDT" else f"USDT {u}" for a, u in held.items())
    )


def test_a_balance_that_lags_behind_our_fills_cannot_be_spent_twice() -> None:
    sold = (spot("BTC"), fill(-5_000, price=100, instrument=spot("BTC"), fee=Decimal(1)))
    found = means(reading(), [sold], opening=reading(), moved={}, fee_reserve=Decimal(0))
    assert found.free == {"BTC": Decimal("0.5"), "ETH": 10, "USDT": 1000}
    assert found.spendable(Asset("SOL")) == 0


def test_money_that_our_fills_do_not_explain_is_not_spent() -> None:
    sold = (spot("BTC"), fill(-5_000, price=100, instrument=spot("BTC"), fee=Decimal(1)))
    fresh = reading(BTC="0.5", USDT="9000")
    found = means(fresh, [sold], opening=reading(), moved={}, fee_reserve=Decimal("0.01"))
    assert found.free["USDT"] == 1000 + 50 - 1
    assert found.spendable(USDT) == 1049 - 10


def test_a_coin_that_was_not_there_at_the_opening_and_not_bought_is_not_ours_to_sell() -> None:
    found = means(reading(SOL="5"), [], opening=reading(), moved={}, fee_reserve=Decimal(0))
    assert found.free["SOL"] == 0


def test_an_account_without_quote_has_nothing_in_reserve() -> None:
    bare = account("BTC 1 @ 100")
    assert means(bare, [], opening=bare, moved={}, fee_reserve=Decimal(1)).reserve == 0


@pytest.mark.parametrize(
    ("real", "reduced_by", "found"),
    [("-1", 0, -10_000), ("-0.4", 0, -4_000), ("-1", 6_000, -4_000), ("1", 0, 0)],
)
def test_the_real_position_is_the_nearer_to_flat_of_reading_and_fills(
    real: str, reduced_by: int, found: int
) -> None:
    perp = swap("BTC")
    fills = [(perp, fill(reduced_by, instrument=perp))] if reduced_by else []
    fresh = account(f"BTC 1 @ 100, perp BTC {real}, wallet 500")
    result = means(fresh, fills, opening=RICH, moved={}, fee_reserve=Decimal(0))
    assert result.positions == {perp.symbol: found}
    opened = means(
        fresh,
        [(perp, fill(-1, instrument=perp))],
        opening=reading(),
        moved={},
        fee_reserve=Decimal(0),
    )
    assert opened.positions[perp.symbol] in (-1, 0)
