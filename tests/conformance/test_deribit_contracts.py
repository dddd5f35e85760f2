"""What only Deribit's contracts have: profit that comes at eight, and margins by a formula."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conformance.deribit_floor import DeribitFloor
from tests.conformance.stage import staged
from tests.conformance.test_whole_run import BOTH, differences, opened, refusals
from tests.conformance.trading import INDEX, MARK
from trimtab.domain.errors import MissingInstrument, NotDone
from trimtab.domain.findings import Verdict
from trimtab.domain.instruments import Asset
from trimtab.domain.payments import PaymentKind
from trimtab.ports import PlanStatus
from trimtab.venues.deribit_margins import MARGINS
from trimtab.venues.facts import Market
from trimtab.workflow.run import Consent, run

USDT = Asset("USDT")
NEAR = Decimal("0.000000001")
Change = Callable[[DeribitFloor], None]


def floor_of(change: Change) -> DeribitFloor:
    floor = DeribitFloor(Market.LINEAR)
    change(floor)
    return floor


def nothing(_: DeribitFloor) -> None:
    return None


async def refused(folder: Path, change: Change) -> set[str]:
    """Return the checks that refuse a hedge at a venue that is *change*d; nothing is sent."""
    floor = floor_of(change)
    async with opened("deribit", folder, market=Market.LINEAR, floor=floor) as (runner, _, line):
        result = await run(runner, consent=Consent.ASK, slot_due=True)
    assert result.status is PlanStatus.REFUSED
    assert not any(floor.is_order(asked) for asked in line.asked)
    return {f.check for f in result.report.findings if f.verdict is Verdict.REFUSE}


async def test_coins_are_sold_and_hedged_from_one_wallet_and_the_books_agree(
    tmp_path: Path,
) -> None:
    async with opened("deribit", tmp_path, market=Market.LINEAR, more=BOTH) as (runner, _, _line):
        result = await run(runner, consent=Consent.ASK, slot_due=True)
        assert result.status is PlanStatus.EXECUTED, refusals(result)
        assert await differences(runner) == []
        fills = await runner.desk.ledger.fills()
        (pool,) = (await runner.planner.market.snapshot(runner.planner.portfolio)).pools.values()
    assert pool.shares_cash
    assert pool.settles_later
    assert {fill.symbol for fill in fills} == {"BTC/USDT", "BTC/USDT:USDT"}


async def test_a_settlement_brings_profit_and_funding_into_the_cash_and_the_books_agree(
    tmp_path: Path,
) -> None:
    floor = floor_of(nothing)
    async with opened("deribit", tmp_path, market=Market.LINEAR, floor=floor) as (runner, _, _l):
        await run(runner, consent=Consent.ASK, slot_due=True)
        before = await runner.planner.market.snapshot(runner.planner.portfolio)
        floor.pay_funding()
        assert await differences(runner) == []
        after = await runner.planner.market.snapshot(runner.planner.portfolio)
    (was,), (now,) = before.pools.values(), after.pools.values()
    assert was.unrealised_pnl < 0
    assert now.unrealised_pnl == 0
    (position,) = after.positions.values()
    assert position.entry_price == after.contracts[position.symbol].mark


async def test_a_hedge_that_is_opened_and_closed_before_eight_is_paid_nothing_and_differs_nowhere(
    tmp_path: Path,
) -> None:
    def flat(floor: DeribitFloor) -> None:
        floor.linear.grow(Decimal("0.01"))

    floor = floor_of(flat)
    async with opened("deribit", tmp_path, market=Market.LINEAR, floor=floor) as (runner, _, _l):
        result = await run(runner, consent=Consent.ASK, slot_due=True)
        assert result.status is PlanStatus.EXECUTED, refusals(result)
        assert floor.truth().position < 0
    async with opened("deribit", tmp_path, market=Market.LINEAR, floor=floor, target="0.0957") as (
        runner,
        shell,
        _l,
    ):
        result = await run(runner, consent=Consent.ASK, slot_due=True)
        assert result.status is PlanStatus.EXECUTED, refusals(result)
        assert floor.truth().position == 0
        assert await differences(runner) == []
        since = (await runner.desk.ledger.fills())[0].filled_at
        kinds = {p.kind for p in await shell.payments.payments(since)}
        assert kinds == {PaymentKind.COMMISSION}
        floor.pay_funding()
        assert await differences(runner) == []


def another_model(floor: DeribitFloor) -> None:
    floor.linear.margin_model = "cross_pm"


def larger(floor: DeribitFloor) -> None:
    floor.linear.grow(Decimal(-8))


def of_another_kind(floor: DeribitFloor) -> None:
    floor.linear.other_position = {
        "instrument_name": "XRP_USDT-PERPETUAL",
        "kind": "future",
        "direction": "sell",
        "size": Decimal(-30),
        "size_currency": Decimal(-30),
    }


def with_an_option(floor: DeribitFloor) -> None:
    of_another_kind(floor)
    assert floor.linear.other_position is not None
    floor.linear.other_position |= {"instrument_name": "BTC_USDT-26DEC26-9-C", "kind": "option"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (another_model, "the margin model is cross_pm; set segregated standard margin"),
        (larger, "larger than what can be measured; reduce it"),
        (of_another_kind, "XRP_USDT-PERPETUAL: what this position has to maintain is not known"),
        (with_an_option, "BTC_USDT-26DEC26-9-C: what this position has to maintain is not known"),
    ],
)
async def test_an_account_that_cannot_be_measured_is_not_read_and_nothing_is_sent(
    tmp_path: Path, change: Change, why: str
) -> None:
    floor = floor_of(change)
    async with opened("deribit", tmp_path, market=Market.LINEAR, floor=floor) as (runner, _, line):
        with pytest.raises(NotDone, match=why):
            await run(runner, consent=Consent.ASK, slot_due=True)
    assert not any(floor.is_order(asked) for asked in line.asked)


async def test_a_venue_that_maintains_more_than_its_page_says_refuses_what_opens(
    tmp_path: Path,
) -> None:
    def more(floor: DeribitFloor) -> None:
        floor.linear.grow(Decimal("-0.05"))
        floor.linear.maintenance = Decimal("0.0111")

    assert await refused(tmp_path, more) == {"maintenance_agreement"}


@pytest.mark.parametrize("size", ["0.5", "4", "7.9"])
async def test_the_table_agrees_with_the_formula_at_every_size_that_it_is_for(size: str) -> None:
    async with staged("deribit", Market.LINEAR) as stage:
        floor = stage.floor
        assert isinstance(floor, DeribitFloor)
        floor.linear.grow(Decimal("0.01") - Decimal(size))
        seen = await stage.read_again()
    state, theirs = seen.contracts[stage.symbol], seen.pools[USDT].maintenance_margin
    ours = Decimal(size) * state.mark * state.brackets[0].maintenance_ratio
    assert theirs < ours < theirs * Decimal("1.0415")


async def test_without_a_position_to_hold_the_page_against_the_rate_to_open_counts() -> None:
    async with staged("deribit", Market.LINEAR) as stage:
        floor = stage.floor
        assert isinstance(floor, DeribitFloor)
        (held,) = stage.seen.contracts[stage.symbol].brackets
        floor.linear.grow(Decimal("0.01"))
        (flat,) = (await stage.read_again()).contracts[stage.symbol].brackets
        terms = MARGINS["BTC_USDT-PERPETUAL"]
        grown = terms.growth * terms.units_max
        index_over_mark = INDEX / MARK
        assert abs(held.maintenance_ratio - (terms.maintenance + grown) * index_over_mark) < NEAR
        assert abs(flat.maintenance_ratio - (terms.initial + grown) * index_over_mark) < NEAR
        assert flat.leverage_max == held.leverage_max == terms.leverage_max


async def test_where_the_venue_allows_less_leverage_nothing_is_opened_that_nothing_measures(
    tmp_path: Path,
) -> None:
    def halved(floor: DeribitFloor) -> None:
        floor.linear.leverage = 25
        floor.linear.grow(Decimal("0.01"))

    floor = floor_of(halved)
    async with opened("deribit", tmp_path, market=Market.LINEAR, floor=floor) as (runner, _, line):
        with pytest.raises(MissingInstrument, match="lists no swap market"):
            await run(runner, consent=Consent.ASK, slot_due=True)
    assert not any(floor.is_order(asked) for asked in line.asked)


async def test_where_the_venue_allows_less_leverage_a_position_is_held_against_its_own_figure(
    tmp_path: Path,
) -> None:
    def halved(floor: DeribitFloor) -> None:
        floor.linear.leverage = 25

    assert await refused(tmp_path, halved) == {"maintenance_agreement"}

    def raised(floor: DeribitFloor) -> None:
        halved(floor)
        floor.linear.initial, floor.linear.maintenance = Decimal("0.04"), Decimal("0.02")

    floor = floor_of(raised)
    async with opened("deribit", tmp_path, market=Market.LINEAR, floor=floor) as (runner, _, _l):
        result = await run(runner, consent=Consent.ASK, slot_due=True)
        assert result.status is PlanStatus.EXECUTED, refusals(result)
        (state,) = (
            await runner.planner.market.snapshot(runner.planner.portfolio)
        ).contracts.values()
    assert (state.leverage, state.takes_leverage) == (25, False)
