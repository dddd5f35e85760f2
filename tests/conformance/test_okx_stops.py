"""Stops that rest on OKX, the whole way, where its own words decide what becomes of a run."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from tests.conformance.line import Mishap
from tests.conformance.okx_floor import OkxFloor, of_order
from tests.conformance.spoken import Asked
from tests.conformance.test_whole_stops import Account, hedged
from trimtab.domain.stops import StopState
from trimtab.ports import PlanStatus


def floor_of(account: Account) -> OkxFloor:
    assert isinstance(account.floor, OkxFloor)
    return account.floor


def waits(account: Account) -> list[str]:
    """Return the names of what waits."""
    return [algo.name for algo in floor_of(account).stops.open()]


async def test_a_stop_that_never_came_is_proved_absent_and_put_by_the_next_run(
    tmp_path: Path,
) -> None:
    account = Account("okx", tmp_path)
    assert await account.run(mishap=Mishap.NEVER) is PlanStatus.PARTIAL
    assert (account.states, account.asked) == ([StopState.ABSENT], 1)
    assert await account.run() is PlanStatus.EXECUTED, account.why()
    assert account.states == [StopState.ABSENT, StopState.RESTING]
    assert waits(account) == [account.stops[1].intent.stop_id]


async def test_a_withdrawal_whose_answer_is_lost_is_looked_up(tmp_path: Path) -> None:
    account = await hedged(tmp_path, "okx")
    which = floor_of(account).is_cancel
    status = await account.run(target="0.03", mishap=Mishap.LOST, which=which)
    assert status is PlanStatus.EXECUTED, account.why()
    assert account.states == [StopState.WITHDRAWN, StopState.RESTING]
    assert waits(account) == [account.stops[1].intent.stop_id]


async def test_a_withdrawal_that_is_refused_ends_the_run_before_its_orders(tmp_path: Path) -> None:
    account = await hedged(tmp_path, "okx")
    denied, which = of_order("51010", "because"), floor_of(account).is_cancel
    await account.run(target="0.03", mishap=denied, which=which)
    assert account.states == [StopState.RESTING]
    assert account.book.open[0].units == account.stops[0].intent.quantity
    assert waits(account) == [account.stops[0].intent.stop_id]


async def test_a_stop_that_fires_when_it_is_to_be_withdrawn_ends_the_run_before_its_orders(
    tmp_path: Path,
) -> None:
    account = await hedged(tmp_path, "okx")
    floor, trigger = floor_of(account), account.stops[0].intent.trigger_price

    def at_the_cancel(asked: Asked) -> bool:
        if floor.is_cancel(asked):
            floor.reach(trigger)
        return False

    await account.run(target="0.03", mishap=Mishap.NEVER, which=at_the_cancel)
    sold = [order for order in floor.orders() if not order.is_buy]
    assert (account.states, len(sold), account.asked) == ([StopState.DONE], 1, 0)
    assert (account.book.open, account.differences) == ((), [])


async def test_a_stop_that_the_venue_took_off_is_put_again(tmp_path: Path) -> None:
    account = await hedged(tmp_path, "okx")
    floor_of(account).stops.vanish(account.stops[0].intent.stop_id)
    assert await account.run() is PlanStatus.EXECUTED, account.why()
    assert account.states == [StopState.WITHDRAWN, StopState.RESTING]
    assert waits(account) == [account.stops[1].intent.stop_id]


async def test_a_stop_that_the_venue_refuses_leaves_the_run_partial(tmp_path: Path) -> None:
    account = Account("okx", tmp_path)
    floor_of(account).reach(Decimal(70_000))
    assert await account.run() is PlanStatus.PARTIAL
    assert (account.states, account.asked) == ([StopState.REFUSED], 1)
    assert waits(account) == []


async def test_what_a_stop_could_not_fill_is_left_of_its_hedge(tmp_path: Path) -> None:
    account = await hedged(tmp_path, "okx")
    (stop,), (hedge,) = account.stops, account.book.open
    floor = floor_of(account)
    floor._trading.terms = replace(floor._trading.terms, depth=Decimal("0.020"))
    floor.reach(stop.intent.trigger_price)
    assert await account.recover() == 0
    (left,) = account.book.open
    assert account.filled[stop.intent.stop_id] == Decimal("0.020")
    assert left.units == hedge.units - Decimal("0.020")
    assert (account.states, account.differences) == ([StopState.DONE], [])


async def test_a_stop_that_found_nothing_to_close_is_withdrawn_and_its_hedge_stays(
    tmp_path: Path,
) -> None:
    account = await hedged(tmp_path, "okx")
    (stop,), (hedge,) = account.stops, account.book.open
    floor = floor_of(account)
    floor._trading.units = Decimal(0)
    floor.reach(stop.intent.trigger_price)
    assert await account.recover() == 0
    assert (account.states, account.book.open) == ([StopState.WITHDRAWN], (hedge,))
    assert stop.intent.stop_id not in account.filled


async def test_a_stop_that_became_several_orders_stays_unresolved_and_no_other_is_put(
    tmp_path: Path,
) -> None:
    account = await hedged(tmp_path, "okx")
    floor = floor_of(account)
    floor.stops.splits_at = Decimal("0.020")
    floor.reach(account.stops[0].intent.trigger_price)
    await account.run()
    assert (account.states, account.asked) == ([StopState.RESTING], 0)
    assert len(account.book.open) == 1
    assert len([order for order in floor.orders() if not order.is_buy]) == 1
