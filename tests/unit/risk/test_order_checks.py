"""Checks of single orders: each on both sides of its limit, and when it cannot be measured."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.builders import (
    EXPIRY,
    NOW,
    account,
    book,
    contract,
    legs_of,
    limits,
    policy,
    spot,
    swap,
)
from tests.unit.risk.cases import CALM, ask, context, found, refused, verdict
from trimtab.domain.findings import Verdict
from trimtab.domain.instruments import Lots, Symbol
from trimtab.domain.plan import Role
from trimtab.domain.snapshot import (
    Book,
    ClockReading,
    Level,
    MarginMode,
    PositionMode,
    Snapshot,
)

BTC = Symbol("BTC/USDT")
BTC_PERP = Symbol("BTC/USDT:USDT")


def calm(**overrides: object) -> Snapshot:
    return account(CALM, **overrides)


def without(snapshot: Snapshot, field: str, symbol: Symbol) -> Snapshot:
    kept = {s: v for s, v in getattr(snapshot, field).items() if s != symbol}
    return dataclasses.replace(snapshot, **{field: kept})


def test_a_small_plan_for_a_calm_account_passes_every_check() -> None:
    report = ask(calm(), "sell 0.01 BTC", "then buy 0.1 ETH", "sell 0.01 perp BTC")
    assert [f for f in report.findings if f.verdict is not Verdict.PASS] == []
    assert report.verdict is Verdict.PASS


def test_an_order_of_exactly_the_cap_passes_and_a_lot_more_is_refused() -> None:
    capped = policy(limits=limits(max_order_notional="600"))
    assert verdict(ask(calm(), "sell 0.0100 BTC", rules=capped), "max_order_notional") == "pass"
    report = ask(calm(), "sell 0.0101 BTC", rules=capped)
    assert found(report, "max_order_notional").measured == "606"
    assert verdict(report, "max_order_notional") == "refuse"


def test_a_reduction_is_not_exempt_from_the_cap_on_one_order() -> None:
    held = account("BTC 1 @ 60000, USDT 1000")
    assert "max_order_notional" in refused(ask(held, "sell 0.1 BTC"))


@pytest.mark.parametrize("lots", [2, 9])
def test_a_size_outside_the_venues_bounds_is_refused(lots: int) -> None:
    listed = {BTC: spot("BTC", lots_min=3, lots_max=8)}
    bounded = calm(instruments=listed)
    (fit,) = legs_of(bounded, "sell 0.0005 BTC")
    assert verdict(ask(bounded, fit), "lot_size") == "pass"
    odd = dataclasses.replace(fit, lots=Lots(-lots))
    assert verdict(ask(bounded, odd), "lot_size") == "refuse"


def test_a_leg_on_a_grid_that_has_changed_is_refused() -> None:
    (leg,) = legs_of(calm(), "sell 0.01 BTC")
    changed = calm(instruments={BTC: spot("BTC", tick_size=Decimal("0.1"))})
    assert verdict(ask(changed, leg), "lot_size") == "refuse"


def test_a_market_that_was_not_read_is_refused_as_unmeasured() -> None:
    (leg,) = legs_of(calm(), "sell 0.01 BTC")
    blind = without(calm(), "instruments", BTC)
    finding = found(ask(blind, leg), "lot_size")
    assert finding.verdict is Verdict.REFUSE
    assert finding.measured is None
    assert finding.reason is not None
    assert finding.reason.startswith("unmeasured: BTC/USDT")


def test_an_order_below_the_venues_least_value_is_refused() -> None:
    listed = {BTC: spot("BTC", notional_min=Decimal("11.976"))}
    bounded = calm(instruments=listed)
    assert verdict(ask(bounded, "sell 0.0002 BTC @ 59880"), "min_notional") == "pass"
    assert verdict(ask(bounded, "sell 0.0002 BTC @ 59879"), "min_notional") == "refuse"


def test_a_reduce_only_order_below_the_least_value_passes_where_the_venue_allows_it() -> None:
    short = account("USDT 5000, BTC 0.1 @ 60000, perp BTC -0.02, wallet 5000")
    strict = {BTC_PERP: swap("BTC", notional_min=Decimal(100))}
    small = account("USDT 5000, BTC 0.1 @ 60000, perp BTC -0.02, wallet 5000", instruments=strict)
    assert verdict(ask(short, "buy 0.0001 perp BTC reduce"), "min_notional") == "pass"
    assert verdict(ask(small, "buy 0.0001 perp BTC reduce"), "min_notional") == "pass"
    assert verdict(ask(small, "sell 0.0001 perp BTC"), "min_notional") == "refuse"


def test_a_notional_that_two_ways_of_counting_disagree_on_is_refused() -> None:
    (leg,) = legs_of(calm(), "sell 0.01 BTC")
    near = calm(instruments={BTC: spot("BTC", lot_size=Decimal("0.0001001"))})
    far = calm(instruments={BTC: spot("BTC", lot_size=Decimal("0.0001002"))})
    assert verdict(ask(near, leg), "notional_agreement") == "pass"
    assert verdict(ask(far, leg), "notional_agreement") == "refuse"


def test_a_reduce_only_leg_may_close_a_position_and_not_turn_it() -> None:
    short = account("USDT 5000, BTC 0.1 @ 60000, perp BTC -0.02, wallet 5000")
    assert verdict(ask(short, "buy 0.02 perp BTC reduce"), "reduce_only") == "pass"
    assert verdict(ask(short, "buy 0.0201 perp BTC reduce"), "reduce_only") == "refuse"
    assert verdict(ask(short, "sell 0.01 perp BTC reduce"), "reduce_only") == "refuse"
    assert verdict(ask(short, "sell 0.01 BTC reduce"), "reduce_only") == "refuse"
    assert verdict(ask(calm(), "buy 0.01 perp BTC reduce"), "reduce_only") == "refuse"


def test_reduce_only_legs_together_take_no_more_than_the_position() -> None:
    short = account("USDT 5000, BTC 0.1 @ 60000, perp BTC -0.02, wallet 5000")
    report = ask(short, "buy 0.01 perp BTC reduce", "then buy 0.0101 perp BTC reduce")
    assert found(report, "reduce_only").subject == "leg 2"
    assert verdict(report, "reduce_only") == "refuse"


def test_a_closing_leg_that_is_not_reduce_only_is_refused() -> None:
    short = account("USDT 5000, BTC 0.1 @ 60000, perp BTC -0.02, wallet 5000")
    (leg,) = legs_of(short, "buy 0.01 perp BTC")
    assert verdict(ask(short, leg), "reduce_only") == "pass"
    closing = dataclasses.replace(leg, role=Role.CLOSE)
    assert verdict(ask(short, closing), "reduce_only") == "refuse"


def test_a_leverage_above_the_bracket_of_the_filled_position_is_refused() -> None:
    rich = account("USDT 5000, BTC 3 @ 60000, perp BTC -0.5, wallet 900000")
    rules = policy(hedge={"leverage": 125})
    assert verdict(ask(rich, "sell 0.3 perp BTC", rules=rules), "bracket_leverage") == "pass"
    report = ask(rich, "sell 0.4 perp BTC", rules=rules)
    assert found(report, "bracket_leverage").limit == "100"
    assert verdict(report, "bracket_leverage") == "refuse"


def test_a_position_above_the_last_bracket_is_refused_at_any_leverage() -> None:
    rich = account("USDT 5000, BTC 3000 @ 60000, wallet 900000")
    assert verdict(ask(rich, "sell 2000 perp BTC"), "bracket_leverage") == "refuse"


def test_a_reduction_sets_no_leverage_and_is_held_against_no_bracket() -> None:
    rich = account(
        "USDT 5000, BTC 3000 @ 60000, perp BTC -0.9, wallet 900000",
        contracts={BTC_PERP: contract(60000, leverage=125)},
    )
    assert verdict(ask(rich, "buy 0.1 perp BTC reduce"), "bracket_leverage") == "pass"
    beyond = account("BTC 3000 @ 60000, perp BTC -1666, wallet 900000")
    risen = {BTC_PERP: dataclasses.replace(beyond.contracts[BTC_PERP], mark=Decimal(70_000))}
    beyond = dataclasses.replace(beyond, contracts=risen)
    assert verdict(ask(beyond, "buy 0.1 perp BTC reduce"), "bracket_leverage") == "pass"
    assert verdict(ask(beyond, "buy 0.1 perp BTC"), "bracket_leverage") == "refuse"


def test_a_market_that_does_not_trade_or_has_expired_is_refused() -> None:
    closed = calm(instruments={BTC: spot("BTC", tradable=False)})
    assert verdict(ask(calm(), "sell 0.01 BTC"), "market_status") == "pass"
    assert verdict(ask(closed, "sell 0.01 BTC"), "market_status") == "refuse"
    quarterly = account(CALM + ", dated BTC 0.01")
    assert verdict(ask(quarterly, "sell 0.01 dated BTC reduce"), "market_status") == "pass"
    listed = quarterly.instruments | {
        s: dataclasses.replace(i, expires_at=NOW)
        for s, i in quarterly.instruments.items()
        if i.expires_at == EXPIRY
    }
    over = dataclasses.replace(quarterly, instruments=listed)
    assert verdict(ask(over, "sell 0.01 dated BTC reduce"), "market_status") == "refuse"


def test_hedge_mode_and_isolated_positions_are_refused_where_contracts_are_traded() -> None:
    two_sided = calm(position_mode=PositionMode.HEDGE)
    assert verdict(ask(two_sided, "sell 0.01 perp BTC"), "position_mode") == "refuse"
    assert verdict(ask(two_sided, "sell 0.01 BTC"), "position_mode") == "pass"
    short = account("USDT 5000, BTC 0.1 @ 60000, perp BTC -0.02, wallet 5000")
    assert verdict(ask(short, "buy 0.01 perp BTC reduce"), "position_mode") == "pass"
    position = dataclasses.replace(short.positions[BTC_PERP], margin_mode=MarginMode.ISOLATED)
    isolated = dataclasses.replace(short, positions={BTC_PERP: position})
    assert verdict(ask(isolated, "buy 0.01 perp BTC reduce"), "position_mode") == "refuse"


def stepped(*levels: tuple[str, str]) -> Book:
    """Return a book around 60000 whose asks are these prices and quantities."""
    asks = tuple(Level(price=Decimal(p), quantity=Decimal(q)) for p, q in levels)
    bids = (Level(price=Decimal(120_000) - asks[0].price, quantity=Decimal(9)),)
    return Book(bids=bids, asks=asks, read_at=NOW)


def test_slippage_is_the_average_price_of_the_walk_against_the_mid() -> None:
    deep = calm(books={BTC: stepped(("60060", "0.02"), ("60300", "0.02"))})
    report = ask(deep, "buy 0.04 BTC @ 60300")
    assert found(report, "max_slippage_bps").measured == "30"
    assert verdict(report, "max_slippage_bps") == "pass"
    more = calm(books={BTC: stepped(("60060", "0.0199"), ("60300", "0.0201"))})
    assert verdict(ask(more, "buy 0.04 BTC @ 60300"), "max_slippage_bps") == "refuse"


def test_slippage_of_a_sell_is_a_cost_when_it_sells_below_the_mid() -> None:
    report = ask(calm(books={BTC: stepped(("60300", "1"))}), "sell 0.04 BTC @ 59600")
    assert found(report, "max_slippage_bps").measured == "50"
    assert verdict(report, "max_slippage_bps") == "refuse"


def test_depth_beyond_the_limit_does_not_count() -> None:
    thin = calm(books={BTC: stepped(("60060", "0.02"), ("60300", "0.02"))})
    finding = found(ask(thin, "buy 0.04 BTC @ 60299"), "max_slippage_bps")
    assert (finding.verdict, finding.measured) == (Verdict.REFUSE, "not enough depth")


def test_legs_of_one_stage_share_the_book_and_those_of_the_next_find_it_refilled() -> None:
    shared = calm(books={BTC: stepped(("60060", "0.03"))})
    together = ask(shared, "buy 0.02 BTC", "buy 0.02 BTC")
    assert found(together, "max_slippage_bps").subject == "leg 2"
    assert verdict(together, "max_slippage_bps") == "refuse"
    assert verdict(ask(shared, "buy 0.02 BTC", "then buy 0.02 BTC"), "max_slippage_bps") == "pass"


def test_a_missing_book_is_refused() -> None:
    blind = without(calm(), "books", BTC_PERP)
    report = ask(blind, "sell 0.01 perp BTC")
    assert {"max_slippage_bps", "price_collar", "data_age"} <= refused(report)


def test_a_limit_outside_the_collar_is_refused() -> None:
    assert verdict(ask(calm(), "sell 0.01 BTC @ 59400"), "price_collar") == "pass"
    assert verdict(ask(calm(), "sell 0.01 BTC @ 59399"), "price_collar") == "refuse"


@pytest.mark.parametrize("field", ["mark", "index"])
def test_a_book_that_disagrees_with_mark_or_index_is_refused(field: str) -> None:
    def off(price: str) -> Snapshot:
        return calm(
            contracts={BTC_PERP: dataclasses.replace(contract(60000), **{field: Decimal(price)})}
        )

    assert verdict(ask(off("60100"), "sell 0.01 perp BTC @ 59900"), "price_collar") == "pass"
    assert verdict(ask(off("61000"), "sell 0.01 perp BTC @ 60000"), "price_collar") == "refuse"


def test_a_spot_book_answers_to_the_index_of_its_contract() -> None:
    away = calm(contracts={BTC_PERP: contract(60000, index=Decimal(61000))})
    assert verdict(ask(away, "sell 0.01 BTC"), "price_collar") == "refuse"


def apart(index: str, text: str = CALM) -> Snapshot:
    """Return an account with its contracts on another venue, whose index of bitcoin is *index*."""
    at = {
        s: contract(index, index=Decimal(index)) for s in account(text).contracts if s[:3] == "BTC"
    }
    key = dataclasses.replace(calm().key, venue="bybit+bitget")
    state = account(text, contracts=account(text).contracts | at)
    books = state.books | {s: book(index) for s in at}
    return dataclasses.replace(state, key=key, books=books)


def test_a_coin_answers_to_the_index_of_the_contract_that_is_opened_for_it_elsewhere() -> None:
    order = "sell 0.01 perp BTC @ {}"
    near, far = apart("60600"), apart("59405")
    assert verdict(ask(near, order.format("60600")), "price_collar") == "pass"
    report = ask(far, order.format("59405"))
    assert verdict(report, "price_collar") == "refuse"
    assert "its coin on bybit is too far from the index on bitget" in str(
        found(report, "price_collar").reason
    )
    at_one = dataclasses.replace(far, key=calm().key)
    assert verdict(ask(at_one, order.format("59405")), "price_collar") == "pass"


def test_a_hedge_elsewhere_is_closed_however_far_the_coin_is_from_it() -> None:
    held = apart("50000", CALM + ", perp BTC -0.02")
    assert verdict(ask(held, "buy 0.01 perp BTC @ 50000 reduce"), "price_collar") == "pass"


def test_a_coin_without_a_price_of_its_own_is_not_hedged_elsewhere() -> None:
    blind = without(apart("60000"), "books", BTC)
    order = "sell 0.01 perp BTC @ 60000"
    assert verdict(ask(blind, order), "price_collar") == "refuse"
    assert "no price of BTC on bybit" in str(found(ask(blind, order), "price_collar").reason)
    nothing_held = without(blind, "balances", Symbol("BTC"))
    assert verdict(ask(nothing_held, order), "price_collar") == "pass"


def test_a_dated_contract_answers_to_its_own_mark_and_not_to_the_index() -> None:
    basis = account(CALM + ", dated BTC 0.01 at 61000")
    assert verdict(ask(basis, "sell 0.01 dated BTC reduce"), "price_collar") == "pass"


def test_a_coin_without_a_contract_answers_to_its_mid_alone() -> None:
    bare = without(without(calm(), "contracts", BTC_PERP), "instruments", BTC_PERP)
    assert verdict(ask(bare, "sell 0.01 BTC"), "price_collar") == "pass"


def test_old_data_is_refused_and_data_from_the_future_too() -> None:
    def aged(**age: float) -> Snapshot:
        return calm(books={BTC: book(60000, read_at=NOW - timedelta(**age))})

    assert verdict(ask(aged(seconds=30), "sell 0.01 BTC"), "data_age") == "pass"
    assert verdict(ask(aged(seconds=30.001), "sell 0.01 BTC"), "data_age") == "refuse"
    assert verdict(ask(aged(seconds=-0.5), "sell 0.01 BTC"), "data_age") == "pass"
    assert verdict(ask(aged(seconds=-0.501), "sell 0.01 BTC"), "data_age") == "refuse"
    assert verdict(ask(aged(seconds=31)), "data_age") == "pass"


def test_an_old_mark_of_a_position_is_refused_even_when_nothing_is_planned() -> None:
    stale = contract(60000, read_at=NOW - timedelta(seconds=31))
    held = account("BTC 0.1 @ 60000, perp BTC -0.02, wallet 900", contracts={BTC_PERP: stale})
    assert "data_age" in refused(ask(held))


def test_a_clock_too_far_off_is_refused_counting_its_uncertainty() -> None:
    def clocked(offset: int, uncertainty: int) -> Snapshot:
        return calm(clock=ClockReading(offset_ms=offset, uncertainty_ms=uncertainty))

    assert verdict(ask(clocked(-400, 100)), "clock_offset") == "pass"
    assert verdict(ask(clocked(-400, 101)), "clock_offset") == "refuse"
    assert found(ask(clocked(0, -1)), "clock_offset").measured is None


BAD_NUMBERS = [Decimal("NaN"), Decimal("Infinity"), Decimal(-1)]


@pytest.mark.parametrize("bad", BAD_NUMBERS)
def test_a_number_that_is_not_usable_refuses_every_check(bad: Decimal) -> None:
    (leg,) = legs_of(calm(), "sell 0.01 BTC")
    report = ask(calm(), dataclasses.replace(leg, mark=bad))
    assert {f.verdict for f in report.findings} == {Verdict.REFUSE}
    assert {f.measured for f in report.findings[1:]} == {None}


@pytest.mark.parametrize("bad", BAD_NUMBERS)
def test_unusable_numbers_are_found_wherever_they_stand(bad: Decimal) -> None:
    held = account("USDT 700, BTC 0.1 @ 60000, perp BTC -0.02, wallet 900, order BTC -0.01 @ 61000")
    position = dataclasses.replace(held.positions[BTC_PERP], entry_price=bad)
    pool = dataclasses.replace(held.pools["USDT"], free_margin=bad)
    state = dataclasses.replace(held.contracts[BTC_PERP], index=bad)
    order = dataclasses.replace(held.open_orders[0], limit_price=bad)
    level = Level(price=Decimal(60001), quantity=bad)
    rough = dataclasses.replace(held.books[BTC], asks=(level,))
    broken = [
        {"positions": {BTC_PERP: position}},
        {"pools": {"USDT": pool}},
        {"contracts": {BTC_PERP: state}},
        {"open_orders": (order,)},
        {"books": held.books | {BTC: rough}},
    ]
    for change in broken:
        assert "finite" in refused(ask(dataclasses.replace(held, **change)))
    assert "finite" in refused(ask(held, rules=policy(limits=limits(shock=bad))))
    assert "finite" in refused(ask(held, facts=context(day_notional={BTC: bad})))
    assert "finite" not in refused(ask(held))
