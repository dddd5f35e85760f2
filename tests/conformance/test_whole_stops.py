"""Stops that rest, the whole way: plan, gate, yes, orders, stop, what became of it, ledger."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from tests.conformance.bybit_floor import BybitFloor
from tests.conformance.floors import StoppingFloor
from tests.conformance.line import Line, Mishap
from tests.conformance.okx_floor import OkxFloor, of_order
from tests.conformance.spoken import Asked, Told
from tests.conformance.stage import FLOORS
from tests.conformance.test_whole_run import HEDGED, differences, opened, refusals
from trimtab.bootstrap import Shell
from trimtab.domain.hedges import HedgeBook, HedgeCause
from trimtab.domain.instruments import Asset
from trimtab.domain.stops import StopRecord, StopState
from trimtab.hedging.book import book_of
from trimtab.ports import PlanStatus
from trimtab.venues.catalogue import PROFILES
from trimtab.venues.facts import Market
from trimtab.workflow.run import Consent, Runner, RunResult, resolved_first, run

WITH_STOPS = f'{HEDGED}stop = "0.10"\nstop_rests = true\n'
each_that_rests = pytest.mark.parametrize(
    "venue_id", [venue_id for venue_id, profile in PROFILES.items() if profile.rests_stops]
)

DENIED = {
    "bybit": Told(body=b'{"retCode": 10005, "retMsg": "", "result": {}}'),
    "okx": of_order("51010", "because"),
}
"""A request that is refused, in the words of venues whose floors take stops off by themselves."""
each_that_vanishes = pytest.mark.parametrize("venue_id", DENIED)


class Account:
    """One account over several runs, on a floor that goes on in between."""

    def __init__(self, venue_id: str, folder: Path) -> None:
        self.venue_id = venue_id
        self.folder = folder
        self.floor = cast("StoppingFloor", FLOORS[venue_id](Market.LINEAR))
        self.result: RunResult
        self.stops: tuple[StopRecord, ...] = ()
        self.book: HedgeBook
        self.filled: dict[str, Decimal] = {}
        """Base units by the name of their order."""
        self.differences: list[str] = []
        self.asked = 0
        """Requests of the last run that placed a stop."""

    async def run(
        self,
        *,
        target: str = "0.05",
        mishap: Mishap | Told | None = None,
        which: Callable[[Asked], bool] | None = None,
    ) -> PlanStatus | None:
        """Run once; *mishap* is of the first stop that is placed, or of the first of *which*."""
        async with self._opened(target) as (runner, _, line):
            if mishap is not None:
                line.spoil(mishap, which=which or self.floor.is_stop)
            await resolved_first(runner)
            self.result = await run(runner, consent=Consent.ASK, slot_due=True)
            await self._look(runner, line)
        return self.result.status

    async def recover(self) -> int:
        async with self._opened("0.05") as (runner, _, line):
            report = await resolved_first(runner)
            await self._look(runner, line)
        assert report is not None
        return report.exit_code

    def _opened(self, target: str) -> AbstractAsyncContextManager[tuple[Runner, Shell, Line]]:
        return opened(
            self.venue_id,
            self.folder,
            market=Market.LINEAR,
            more=WITH_STOPS,
            target=target,
            floor=self.floor,
        )

    async def _look(self, runner: Runner, line: Line) -> None:
        ledger = runner.desk.ledger
        self.stops = await ledger.stops()
        self.book = book_of(await ledger.hedge_record(), Asset("USDT"))
        self.differences = await differences(runner)
        self.filled = {}
        for fill in await ledger.fills():
            name = str(fill.client_order_id)
            self.filled[name] = self.filled.get(name, Decimal(0)) + fill.quantity
        self.asked = sum(map(self.floor.is_stop, line.asked))

    @property
    def states(self) -> list[StopState]:
        return [stop.state for stop in self.stops]

    def why(self) -> list[str]:
        return refusals(self.result)


@each_that_rests
async def test_a_hedge_has_a_stop_of_what_it_filled_by_the_mark(
    tmp_path: Path, venue_id: str
) -> None:
    account = Account(venue_id, tmp_path)
    assert await account.run() is PlanStatus.EXECUTED, account.why()
    (waiting,), (hedge,) = account.floor.waiting(), account.book.open
    assert (waiting.is_buy, waiting.reduces, waiting.by_mark) == (True, True, True)
    assert waiting.quantity == hedge.units
    tick = account.floor.truth().tick
    assert 0 <= waiting.trigger - hedge.entry * Decimal("1.1") < tick
    assert (account.states, account.asked) == ([StopState.RESTING], 1)
    assert account.differences == []


def floor_of(account: Account) -> BybitFloor | OkxFloor:
    assert isinstance(account.floor, BybitFloor | OkxFloor)
    return account.floor


async def hedged(tmp_path: Path, venue_id: str) -> Account:
    """Return an account with one hedge and its stop."""
    account = Account(venue_id, tmp_path)
    assert await account.run() is PlanStatus.EXECUTED, account.why()
    assert account.states == [StopState.RESTING]
    return account


@each_that_rests
async def test_a_stop_whose_answer_is_lost_is_found_and_never_sent_again(
    tmp_path: Path, venue_id: str
) -> None:
    account = Account(venue_id, tmp_path)
    assert await account.run(mishap=Mishap.LOST) is PlanStatus.EXECUTED, account.why()
    assert (account.states, account.asked) == ([StopState.RESTING], 1)
    assert len(account.floor.waiting()) == 1
    assert account.differences == []


@each_that_vanishes
async def test_a_stop_that_never_came_is_proved_absent_and_put_by_the_next_run(
    tmp_path: Path, venue_id: str
) -> None:
    account = Account(venue_id, tmp_path)
    assert await account.run(mishap=Mishap.NEVER) is PlanStatus.PARTIAL
    assert (account.states, account.asked) == ([StopState.ABSENT], 1)
    assert account.floor.waiting() == []
    assert await account.run() is PlanStatus.EXECUTED, account.why()
    assert account.states == [StopState.ABSENT, StopState.RESTING]
    assert floor_of(account).resting_stops() == [account.stops[1].intent.stop_id]


@each_that_rests
async def test_a_stop_that_fires_between_runs_is_booked_as_the_close_of_its_hedge(
    tmp_path: Path, venue_id: str
) -> None:
    account = await hedged(tmp_path, venue_id)
    (stop,), (hedge,) = account.stops, account.book.open
    account.floor.reach(stop.intent.trigger_price)
    assert await account.recover() == 0
    assert (account.states, account.differences) == ([StopState.DONE], [])
    assert account.book.open == ()
    (closed,) = (h for h in account.book.hedges if h.hedge_id == hedge.hedge_id)
    assert closed.closed_by is HedgeCause.STOP
    assert account.filled[stop.intent.stop_id] == hedge.units


@each_that_vanishes
async def test_a_run_books_what_fired_before_it_plans(tmp_path: Path, venue_id: str) -> None:
    account = await hedged(tmp_path, venue_id)
    floor_of(account).reach(account.stops[0].intent.trigger_price)
    await account.run()
    assert account.states[0] is StopState.DONE
    assert (account.asked, account.differences) == (0, [])
    assert account.book.open == ()


@each_that_rests
async def test_a_hedge_that_changes_has_its_stop_withdrawn_and_put_again(
    tmp_path: Path, venue_id: str
) -> None:
    account = await hedged(tmp_path, venue_id)
    first = account.book.open[0].units
    assert await account.run(target="0.03") is PlanStatus.EXECUTED, account.why()
    assert account.states == [StopState.WITHDRAWN, StopState.RESTING]
    total = sum(hedge.units for hedge in account.book.open)
    assert total > first
    assert account.floor.waiting()[-1].quantity == total
    assert (account.asked, account.differences) == (1, [])


@each_that_vanishes
async def test_a_withdrawal_whose_answer_is_lost_is_looked_up(
    tmp_path: Path, venue_id: str
) -> None:
    account = await hedged(tmp_path, venue_id)
    floor = floor_of(account)
    status = await account.run(target="0.03", mishap=Mishap.LOST, which=floor.is_cancel)
    assert status is PlanStatus.EXECUTED, account.why()
    assert account.states == [StopState.WITHDRAWN, StopState.RESTING]
    assert floor.resting_stops() == [account.stops[1].intent.stop_id]


@each_that_vanishes
async def test_a_withdrawal_that_is_refused_ends_the_run_before_its_orders(
    tmp_path: Path, venue_id: str
) -> None:
    account = await hedged(tmp_path, venue_id)
    floor, denied = floor_of(account), DENIED[venue_id]
    await account.run(target="0.03", mishap=denied, which=floor.is_cancel)
    assert account.states == [StopState.RESTING]
    assert account.book.open[0].units == account.stops[0].intent.quantity
    assert floor.resting_stops() == [account.stops[0].intent.stop_id]


@each_that_vanishes
async def test_a_stop_that_fires_when_it_is_to_be_withdrawn_ends_the_run_before_its_orders(
    tmp_path: Path, venue_id: str
) -> None:
    account = await hedged(tmp_path, venue_id)
    floor, trigger = floor_of(account), account.stops[0].intent.trigger_price

    def at_the_cancel(asked: Asked) -> bool:
        if floor.is_cancel(asked):
            floor.reach(trigger)
        return False

    await account.run(target="0.03", mishap=Mishap.NEVER, which=at_the_cancel)
    sold = [order for order in floor.orders() if not order.is_buy]
    assert (account.states, len(sold), account.asked) == ([StopState.DONE], 1, 0)
    assert (account.book.open, account.differences) == ((), [])


@each_that_vanishes
async def test_a_stop_that_the_venue_took_off_is_put_again(tmp_path: Path, venue_id: str) -> None:
    account = await hedged(tmp_path, venue_id)
    floor = floor_of(account)
    floor.vanish(account.stops[0].intent.stop_id)
    assert await account.run() is PlanStatus.EXECUTED, account.why()
    assert account.states == [StopState.WITHDRAWN, StopState.RESTING]
    assert floor.resting_stops() == [account.stops[1].intent.stop_id]


@each_that_vanishes
async def test_a_stop_that_the_venue_refuses_leaves_the_run_partial(
    tmp_path: Path, venue_id: str
) -> None:
    account = Account(venue_id, tmp_path)
    floor_of(account).reach(Decimal(70_000))
    assert await account.run() is PlanStatus.PARTIAL
    assert (account.states, account.asked) == ([StopState.REFUSED], 1)
    assert account.floor.waiting() == []


@each_that_vanishes
async def test_what_a_stop_could_not_fill_is_left_of_its_hedge(
    tmp_path: Path, venue_id: str
) -> None:
    account = await hedged(tmp_path, venue_id)
    (stop,), (hedge,) = account.stops, account.book.open
    floor = floor_of(account)
    floor._trading.terms = replace(floor._trading.terms, depth=Decimal("0.020"))
    floor.reach(stop.intent.trigger_price)
    assert await account.recover() == 0
    (left,) = account.book.open
    assert account.filled[stop.intent.stop_id] == Decimal("0.020")
    assert left.units == hedge.units - Decimal("0.020")
    assert (account.states, account.differences) == ([StopState.DONE], [])


async def test_a_stop_that_found_nothing_to_close_has_ended_without_a_fill(tmp_path: Path) -> None:
    account = await hedged(tmp_path, "bybit")
    (stop,), (hedge,) = account.stops, account.book.open
    floor = account.floor
    assert isinstance(floor, BybitFloor)
    floor.linear.grow(-floor.truth().position)
    floor.reach(stop.intent.trigger_price)
    assert await account.recover() == 0
    assert (account.states, account.book.open) == ([StopState.DONE], (hedge,))
    assert stop.intent.stop_id not in account.filled
