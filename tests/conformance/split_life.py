"""One account over several runs: coins on a floor of one venue, hedges and their stops on Bybit's.

What ``status``, ``doctor`` and ``recover`` say is made of the same parts as by the commands.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.conformance.bybit_floor import BybitFloor
from tests.conformance.floors import ConformingFloor
from tests.conformance.line import Line, Mishap
from tests.conformance.spoken import Asked, Told
from tests.conformance.stage import FLOORS
from tests.conformance.test_two_venues import opened
from tests.conformance.test_whole_run import HEDGED, differences, refusals
from tests.fakes.mortal import Death, Killed, Mortal
from trimtab.bootstrap import Shell
from trimtab.cli.execution_view import execution_document
from trimtab.cli.hedge_document import hedge_document
from trimtab.cli.sight import sight_of
from trimtab.cli.views_upkeep import recover_result
from trimtab.domain.hedges import Hedge, HedgeBook, Wish
from trimtab.domain.instruments import Asset
from trimtab.domain.notices import NoticeKind
from trimtab.domain.stops import StopRecord, StopState, names_of
from trimtab.hedging.book import book_of
from trimtab.ports import PlanStatus
from trimtab.venues.facts import Market
from trimtab.workflow.doctor import Examination, account_examinations
from trimtab.workflow.doctor_stops import StopsKnown, stops_examination
from trimtab.workflow.portfolio import portfolio_of
from trimtab.workflow.recover import RecoveryReport, leftovers, recover
from trimtab.workflow.recovered_stops import without_stop
from trimtab.workflow.run import Consent, Runner, RunResult, resolved_first, run
from trimtab.workflow.status import look
from trimtab.workflow.telling import Office, write_down

STOP_RULES = 'stop = "0.10"\nstop_rests = true\n'
"""The end of a table of hedges."""
OF_RUNS = frozenset(
    {
        NoticeKind.EXECUTED,
        NoticeKind.PARTIAL,
        NoticeKind.STOP_FIRED,
        NoticeKind.UNRESOLVED,
    }
)
USDT = Asset("USDT")
TARGET = "0.03"
"""Weight of BTC, of which more is held."""


class DiesAt(Mortal):
    """A process that dies at the first call of one name."""

    def __init__(self, death: Death, name: str) -> None:
        super().__init__(death, at=0)
        self._name = name

    async def call(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Let one call through, or die at it."""
        if not self.at and method.__name__ == self._name:
            self.at = self.calls + 1
        return await super().call(method, *args, **kwargs)


@dataclass(frozen=True, kw_only=True)
class Spoilt:
    """What happens to requests to one of the venues."""

    mishap: Mishap | Told
    which: Callable[[Asked], bool]
    times: int = 1
    """To how many of them at most."""
    at_coins: bool = False
    """Whether the venue is that of the coins."""


@dataclass(kw_only=True)
class Life:
    """An account, its two venues, and what was seen after the last thing that it did."""

    coins: str
    folder: Path
    more: str = f"{HEDGED}{STOP_RULES}"
    here: ConformingFloor = field(init=False)
    there: BybitFloor = field(init=False)
    asked: tuple[list[Asked], list[Asked]] = field(init=False)
    """Requests of the last run, to the venue of the coins and to that of the hedges."""
    result: RunResult = field(init=False)
    stops: tuple[StopRecord, ...] = ()
    book: HedgeBook = field(init=False)
    filled: dict[str, Decimal] = field(default_factory=dict)
    """Base units by the name of their order."""
    differences: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.here, self.there = FLOORS[self.coins](Market.SPOT), BybitFloor(Market.LINEAR)

    async def run(
        self, *spoilt: Spoilt, target: str = TARGET, wish: Wish | None = None
    ) -> PlanStatus:
        """Recover and run once."""
        async with self._opened(target) as (runner, _, lines):
            for each in spoilt:
                for _ in range(each.times):
                    lines[0 if each.at_coins else 1].spoil(each.mishap, which=each.which)
            if wish is not None:
                wishing = replace(runner, planner=replace(runner.planner, wish=wish))
            else:
                wishing = runner
            await resolved_first(wishing)
            self.result = await run(wishing, consent=Consent.ASK, slot_due=True)
            for line in lines:
                line.calm()
            await self._look(runner, lines)
        return self.result.status

    async def notices(self) -> list[tuple[NoticeKind, str]]:
        """Tell what nobody was told yet, and return all that was, oldest first."""
        async with self._opened(TARGET) as (_, shell, _lines):
            office = Office(
                ledger=shell.ledger,
                clock=shell.clock,
                key=shell.config.key,
                carriers={},
                channels=("webhook",),
                kinds=frozenset(NoticeKind),
                schedule=None,
                replies=None,
                within_s=1.0,
                began_at=shell.clock.now() - timedelta(minutes=1),
            )
            await write_down(office, is_asked=False)
            records = await shell.ledger.notices()
        told = [record.notice for record in records]
        return [(notice.kind, notice.text) for notice in told if notice.kind in OF_RUNS]

    async def plan_status(self) -> PlanStatus:
        """Return where the last plan stands by the ledger."""
        async with self._opened(TARGET) as (_, shell, _lines):
            return (await shell.ledger.plans())[-1].status

    async def die(self, process: Mortal, *, target: str) -> None:
        """Run once, in a process that dies."""
        async with self._opened(target) as (runner, _, lines):
            desk = runner.desk
            mortal = replace(
                desk,
                venue=process.wrap(desk.venue),
                stops=process.wrap(desk.stops),
                ledger=process.wrap(desk.ledger),
            )
            with contextlib.suppress(Killed):
                await run(replace(runner, desk=mortal), consent=Consent.ASK, slot_due=True)
            assert process.is_dead
            await self._look(runner, lines)

    async def recover(self) -> dict[str, Any]:
        """Recover, and return the document of the command."""
        async with self._opened(TARGET) as (runner, shell, lines):
            ledger, policy = runner.desk.ledger, shell.config.policy
            report = RecoveryReport(orders=(), transfers=(), interrupted=False)
            if not (await leftovers(ledger, now=shell.clock.now())).is_nothing:
                window_ms = policy.execution.receive_window_ms
                async with ledger.holding_account(owner="recover"):
                    report = await recover(runner.desk, receive_window_ms=window_ms)
            bare = await without_stop(ledger, policy.hedge, USDT)
            orders = await ledger.orders(plan_digest=None)
            await self._look(runner, lines)
        found: Any = recover_result(report, orders, bare).document
        return {**found, "code": report.exit_code}

    async def status(self) -> list[Any]:
        """Return what ``status`` tells of the stop of each open hedge."""
        async with self._opened(TARGET) as (_, shell, _lines):
            policy = shell.config.policy
            seen = await look(sight_of(shell), portfolio_of(policy), policy)
        assert all(each.is_ours for each in seen.resting if each.order.client_order_id != "by-hand")
        return [hedge_document(each)["stop"] for each in seen.hedges]

    async def doctor(self) -> dict[str, Examination]:
        """Return what ``doctor`` says of the account and of its stops."""
        async with self._opened(TARGET) as (_, shell, _lines):
            ledger, policy = shell.ledger, shell.config.policy
            snapshot = await shell.market.snapshot(portfolio_of(policy))
            orders = await ledger.orders(plan_digest=None)
            book = book_of(await ledger.hedge_record(), USDT)
            known = StopsKnown(records=await ledger.stops(), book=book)
            ours = {r.intent.client_order_id for r in orders} | names_of(known.open)
            now = shell.clock.now()
            found = (
                *account_examinations(snapshot, policy, ours),
                stops_examination(known, snapshot, policy.hedge, now=now),
            )
        return {each.check: each for each in found}

    def _opened(
        self, target: str
    ) -> AbstractAsyncContextManager[tuple[Runner, Shell, tuple[Line, Line]]]:
        return opened(
            self.coins,
            "bybit",
            self.folder,
            more=self.more,
            target=target,
            floors=(self.here, self.there),
        )

    async def _look(self, runner: Runner, lines: tuple[Line, Line]) -> None:
        ledger = runner.desk.ledger
        self.stops = await ledger.stops()
        self.book = book_of(await ledger.hedge_record(), USDT)
        self.asked = lines[0].asked, lines[1].asked
        self.differences = await differences(runner)
        self.filled = {}
        for fill in await ledger.fills():
            name = str(fill.client_order_id)
            self.filled[name] = self.filled.get(name, Decimal(0)) + fill.quantity

    @property
    def states(self) -> list[StopState]:
        """Where each stop stands by the ledger, oldest first."""
        return [stop.state for stop in self.stops]

    @property
    def hedge(self) -> Hedge:
        """The only hedge that is open."""
        (found,) = self.book.open
        return found

    @property
    def resting(self) -> list[str]:
        """Names of what really waits on Bybit, oldest first."""
        return [each.name for each in self.there.conditionals.open()]

    @property
    def told(self) -> dict[str, Any]:
        """What the last run came to, as its document says it."""
        assert self.result.execution is not None
        found: Any = execution_document(self.result.execution, self.result.plan)
        return dict(found)

    def why(self) -> list[str]:
        """Return why the gate refused the last plan."""
        return refusals(self.result)

    def placed(self) -> int:
        """Return how many requests of the last run placed a stop."""
        return sum(map(self.there.is_stop, self.asked[1]))
