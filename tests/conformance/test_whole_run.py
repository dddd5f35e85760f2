"""The whole way at every venue that an adapter opens: plan, gate, yes, orders, ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.bitget_floor import BitgetFloor
from tests.conformance.bybit_floor import BybitFloor
from tests.conformance.floors import ConformingFloor, Trouble
from tests.conformance.line import Line, Mishap
from tests.conformance.stage import FLOORS, key_of
from tests.conformance.trading import close_of
from tests.durability.program import Quiet
from tests.fakes.leaping import LeapingClock
from tests.fakes.spoken_references import SpokenReferences
from trimtab.adapters.history_shelf import HistoryShelf
from trimtab.adapters.ledger.sql_ledger import open_ledger
from trimtab.adapters.open_venue import open_venue
from trimtab.adapters.price_history import KeptHistory
from trimtab.adapters.references.unread import UnreadReferences
from trimtab.bootstrap import Shell, venue_settings
from trimtab.bootstrap.execution import runner_of
from trimtab.config import Config, load
from trimtab.domain.errors import NotDone
from trimtab.domain.findings import GateReport, Verdict
from trimtab.domain.history import HistoryNeed
from trimtab.domain.instruments import Asset
from trimtab.domain.payments import PaymentKind
from trimtab.domain.plan import Plan
from trimtab.domain.references import ReferenceSource
from trimtab.domain.rights import KeyUse
from trimtab.domain.snapshot import Environment
from trimtab.ports import Answer, Clock, PlanStatus, ReferencePrice
from trimtab.venues.catalogue import PROFILES
from trimtab.venues.facts import Market
from trimtab.venues.profile import Desk
from trimtab.venues.promise import Level
from trimtab.venues.register import PROMISES
from trimtab.venues.shown import SHOWN
from trimtab.workflow.reconcile import reconcile
from trimtab.workflow.run import Consent, Runner, RunResult, run
from trimtab.workflow.statements import Books

CONFIG = """\
[account]
quote = "USDT"

[venue]
id = "{venue}"
environment = "{environment}"
markets = ["spot"]

[portfolio.targets]
BTC = "0.12"
USDT = "0.88"

[ledger]
url = "sqlite:///{folder}/main.db"
"""
SENDS = [v for v in FLOORS if PROMISES[v][Market.SPOT].level is not Level.DRY_RUN_ONLY]
each_venue = pytest.mark.parametrize("venue_id", SENDS)
each_with_contracts = pytest.mark.parametrize(
    "venue_id", [venue_id for venue_id, market in SHOWN if market is Market.LINEAR]
)
HEDGED = """
[rebalance]
route = "futures"

[hedge]
max_ratio = "1.0"
"""


VOUCHED = """key_rights = "vouched"

[portfolio.targets]"""


DECLARED = """
[{place}.maintenance]
BTC = [{{ up_to = 50000, rate = 0.005 }}, {{ up_to = "1000000", rate = "0.01" }}]
"""
"""What is written where the venue of the contracts tells no maintenance margin."""

SLOW = {"kraken": PROFILES["kraken"].order_limits[Desk.SPOT]}
"""Venues that take too little in a minute for a test to wait for."""


BTC = Asset("BTC")
DAYS = 250


class SaysYes(Quiet):
    """Somebody who says yes to every plan: in live nothing less is taken."""

    async def ask(self, plan: Plan, report: GateReport) -> Answer:
        return Answer.YES


def variables_of(venue_id: str) -> dict[str, str]:
    """Return the key that the floor of a venue knows, as variables."""
    key = key_of(venue_id)
    parts = {"API_KEY": key.key, "API_SECRET": key.secret, "PASSWORD": key.passphrase}
    return {f"TRIMTAB__VENUE__{part}": value for part, value in parts.items() if value}


def references_of(config: Config, floor: ConformingFloor, clock: Clock) -> ReferencePrice:
    """Return independent prices where they are needed: of the live exchange alone."""
    if config.key.environment is not Environment.LIVE:
        return UnreadReferences()
    prices = {"BTC": floor.truth().ask, "USDT": Decimal(1)}
    said = {(s, Asset(a)): price for s in ReferenceSource for a, price in prices.items()}
    return SpokenReferences(tuple(ReferenceSource), said, clock)


def config_of(
    venue_id: str, folder: Path, *, market: Market, more: str = HEDGED, target: str = "0.05"
) -> str:
    """Return a configuration under which coins are bought, or too many of them hedged."""
    has_sandbox = PROFILES[venue_id].sandbox is not None
    environment = "testnet" if has_sandbox else "live"
    text = CONFIG.format(venue=venue_id, folder=folder, environment=environment)
    if not PROFILES[venue_id].tells_rights:
        text = text.replace("[portfolio.targets]", VOUCHED)
    if market is Market.SPOT:
        return text
    text = text.replace('["spot"]', '["spot", "swap"]')
    if not PROFILES[venue_id].tells_maintenance:
        more += DECLARED.format(place="venue")
    rest = str(1 - Decimal(target))
    return text.replace('BTC = "0.12"', f'BTC = "{target}"').replace("0.88", rest) + more


@asynccontextmanager
async def opened(
    venue_id: str,
    folder: Path,
    *,
    market: Market = Market.SPOT,
    more: str = HEDGED,
    target: str = "0.05",
    floor: ConformingFloor | None = None,
) -> AsyncIterator[tuple[Runner, Shell, Line]]:
    file = folder / "trimtab.toml"
    text = config_of(venue_id, folder, market=market, more=more, target=target)
    file.write_text(text, encoding="utf-8")
    variables = variables_of(venue_id)
    config = load(file, environ=variables, sets=(), home=folder, cwd=folder)
    line, clock = Line(floor or FLOORS[venue_id](market)), LeapingClock()
    (settings,) = venue_settings(config, variables, clock, use=KeyUse.SEND)
    async with (
        open_ledger(config.ledger_url, config.key, dry_run=False, clock=clock) as ledger,
        open_venue(settings, session=line.session) as at,
    ):
        if venue_id in SLOW:
            venue: Any = at.venue
            venue._wire.budget.learn(Desk.SPOT, orders=SLOW[venue_id], weight=10**6)
        shell = Shell(
            config=config,
            clock=clock,
            ledger=ledger,
            venue=at.venue,
            wallets=at.wallets,
            stops=at.stops,
            market=at.market,
            references=references_of(config, line.floor, clock),
            payments=at.venue,
            preflight=at.preflight,
            history=KeptHistory(at.history, HistoryShelf(folder / "history.db")),
        )
        yield (
            runner_of(shell, approver=SaysYes(), progress=Quiet(), stop=asyncio.Event(), wish=None),
            shell,
            line,
        )


async def differences(runner: Runner) -> list[str]:
    planner, desk = runner.planner, runner.desk
    books = Books(
        venue=desk.venue, market=planner.market, ledger=desk.ledger, portfolio=planner.portfolio
    )
    return [str(each) for each in (await reconcile(books, planner.clock, adopt=False)).differences]


def refusals(result: RunResult) -> list[str]:
    return [f"{f.check} {f.reason}" for f in result.report.findings if f.verdict is Verdict.REFUSE]


def weight_of_btc(floor: ConformingFloor) -> Decimal:
    truth = floor.truth()
    held = truth.coins["BTC"] * truth.ask
    return held / (held + truth.coins["USDT"])


@each_venue
async def test_a_run_brings_the_account_to_its_targets_and_the_books_agree(
    tmp_path: Path, venue_id: str
) -> None:
    async with opened(venue_id, tmp_path) as (runner, _, line):
        result = await run(runner, consent=Consent.ASK, slot_due=True)
        assert result.status is PlanStatus.EXECUTED, refusals(result)
        assert await differences(runner) == []
        fills = await runner.desk.ledger.fills()
    orders = line.floor.orders()
    assert abs(weight_of_btc(line.floor) - Decimal("0.12")) < Decimal("0.001")
    assert sum(order.filled for order in orders) == sum(fill.quantity for fill in fills) > 0
    assert {order.name for order in orders} == {fill.client_order_id for fill in fills}


@each_venue
async def test_an_order_whose_answer_is_lost_is_found_and_never_sent_again(
    tmp_path: Path, venue_id: str
) -> None:
    async with opened(venue_id, tmp_path) as (runner, _, line):
        floor = line.floor
        line.spoil(Mishap.LOST, which=floor.is_order)
        result = await run(runner, consent=Consent.ASK, slot_due=True)
        assert result.status is PlanStatus.EXECUTED
        assert await differences(runner) == []
    names = [order.name for order in floor.orders()]
    assert len(names) == len(set(names)) == sum(floor.is_order(asked) for asked in line.asked)


@each_venue
async def test_a_refused_order_ends_the_run_and_is_not_tried_again(
    tmp_path: Path, venue_id: str
) -> None:
    async with opened(venue_id, tmp_path) as (runner, _, line):
        floor = line.floor
        line.spoil(floor.trouble(Trouble.REFUSED), which=floor.is_order)
        result = await run(runner, consent=Consent.ASK, slot_due=True)
        assert result.status is PlanStatus.PARTIAL
        assert await differences(runner) == []
    assert sum(floor.is_order(asked) for asked in line.asked) == 1
    assert floor.orders() == []


@each_venue
async def test_each_day_has_its_own_close_and_the_last_is_the_one_that_has_ended(
    tmp_path: Path, venue_id: str
) -> None:
    """More days than most venues tell at once: none slips, none is missing between two answers."""
    async with opened(venue_id, tmp_path) as (_, shell, _line):
        past = await shell.history.read(HistoryNeed(assets=(BTC,), days=DAYS, perpetuals=()))
        today = shell.clock.now().date()
    told = {close.day: close.close for close in past.closes[BTC]}
    days = [today - timedelta(days=back) for back in range(DAYS, 0, -1)]
    assert (past.until, list(told)) == (days[-1], days)
    assert told == {day: close_of(day) for day in days}


@each_with_contracts
async def test_a_run_hedges_what_is_too_much_and_the_books_agree(
    tmp_path: Path, venue_id: str
) -> None:
    async with opened(venue_id, tmp_path, market=Market.LINEAR) as (runner, shell, line):
        before = line.floor.truth().coins
        result = await run(runner, consent=Consent.ASK, slot_due=True)
        assert result.status is PlanStatus.EXECUTED, refusals(result)
        assert await differences(runner) == []
        fills = await runner.desk.ledger.fills()
        paid = await shell.payments.payments(fills[0].filled_at - timedelta(minutes=1))
        now = await shell.market.snapshot(runner.planner.portfolio)
    sold = [order for order in line.floor.orders() if not order.is_buy]
    assert sum(order.filled for order in sold) == sum(fill.quantity for fill in fills) > 0
    earned = sum((p.units for p in paid if now.pools[p.asset].shares_cash), Decimal(0))
    assert line.floor.truth().coins == {**before, "USDT": before["USDT"] + earned}
    (position,) = now.positions.values()
    hedged = now.instruments[position.symbol].units(position.lots)
    assert hedged == Decimal("-0.01") - sum(order.filled for order in sold)
    fees = {p.trade_id: -p.units for p in paid if p.kind is PaymentKind.COMMISSION}
    assert fees == {fill.trade_id: fill.fee for fill in fills}


@each_with_contracts
async def test_a_hedge_whose_answer_is_lost_is_found_and_never_sent_again(
    tmp_path: Path, venue_id: str
) -> None:
    async with opened(venue_id, tmp_path, market=Market.LINEAR) as (runner, _, line):
        line.spoil(Mishap.LOST, which=line.floor.is_order)
        result = await run(runner, consent=Consent.ASK, slot_due=True)
        assert result.status is PlanStatus.EXECUTED, refusals(result)
        assert await differences(runner) == []
    assert sum(line.floor.is_order(asked) for asked in line.asked) == len(line.floor.orders()) == 1


async def test_an_account_in_hedge_mode_is_refused_and_nothing_is_sent(tmp_path: Path) -> None:
    async with opened("bitget", tmp_path, market=Market.LINEAR) as (runner, _, line):
        assert isinstance(line.floor, BitgetFloor)
        line.floor.hedge()
        result = await run(runner, consent=Consent.ASK, slot_due=True)
        assert result.status is PlanStatus.REFUSED
    assert {f.check for f in result.report.findings if f.verdict is Verdict.REFUSE} == {
        "position_mode"
    }
    assert [asked.path for asked in line.asked if asked.method == "POST"] == []


# One wallet

BOTH = """
[rebalance]
route = "mixed"
spot_fraction = "0.5"

[hedge]
max_ratio = "1.0"
"""


@asynccontextmanager
async def unified(
    folder: Path, change: Callable[[BybitFloor], None]
) -> AsyncIterator[tuple[Runner, Line]]:
    async with opened("bybit", folder, market=Market.LINEAR) as (runner, _, line):
        assert isinstance(line.floor, BybitFloor)
        change(line.floor)
        yield runner, line


def collateral(floor: BybitFloor) -> None:
    floor.collateral = True


def isolated(floor: BybitFloor) -> None:
    floor.linear.margin_mode = "ISOLATED_MARGIN"


def portfolio_margin(floor: BybitFloor) -> None:
    floor.linear.margin_mode = "PORTFOLIO_MARGIN"


def spot_hedging(floor: BybitFloor) -> None:
    floor.linear.hedging = "ON"


@pytest.mark.parametrize(
    ("change", "why", "mend"),
    [
        (collateral, "BTC is collateral", "switch it off"),
        (isolated, "in mode ISOLATED_MARGIN", "set cross margin"),
        (portfolio_margin, "in mode PORTFOLIO_MARGIN", "set cross margin"),
        (spot_hedging, "spot hedging is on", "switch spot hedging off"),
    ],
)
async def test_a_unified_account_of_another_kind_is_not_read_and_nothing_is_sent(
    tmp_path: Path, change: Callable[[BybitFloor], None], why: str, mend: str
) -> None:
    async with unified(tmp_path, change) as (runner, line):
        with pytest.raises(NotDone, match=why) as raised:
            await run(runner, consent=Consent.FLAG, slot_due=True)
    assert raised.value.next_step.startswith(mend)
    assert [asked.path for asked in line.asked if asked.method == "POST"] == []


async def test_a_unified_account_in_hedge_mode_is_refused_and_nothing_is_sent(
    tmp_path: Path,
) -> None:
    def side_by_side(floor: BybitFloor) -> None:
        floor.linear.place = 2

    async with unified(tmp_path, side_by_side) as (runner, line):
        result = await run(runner, consent=Consent.FLAG, slot_due=True)
        assert result.status is PlanStatus.REFUSED
    assert {f.check for f in result.report.findings if f.verdict is Verdict.REFUSE} == {
        "position_mode"
    }
    assert [asked.path for asked in line.asked if asked.method == "POST"] == []


@pytest.mark.parametrize("counts_fee", [True, False])
async def test_a_venue_that_counts_the_fee_to_close_or_not_agrees_about_maintenance(
    tmp_path: Path, *, counts_fee: bool
) -> None:
    def change(floor: BybitFloor) -> None:
        floor.linear.counts_fee = counts_fee
        floor.linear.grow(Decimal(-2))

    async with unified(tmp_path, change) as (runner, _):
        result = await run(runner, consent=Consent.DRY_RUN, slot_due=True)
    (finding,) = (f for f in result.report.findings if f.check == "maintenance_agreement")
    assert (finding.verdict, finding.measured) == (Verdict.PASS, "0")


@pytest.mark.parametrize("venue_id", ["bybit", "okx"])
async def test_coins_are_sold_and_hedged_from_one_wallet_and_the_books_agree(
    tmp_path: Path, venue_id: str
) -> None:
    async with opened(venue_id, tmp_path, market=Market.LINEAR, more=BOTH) as (runner, _, _line):
        result = await run(runner, consent=Consent.FLAG, slot_due=True)
        assert result.status is PlanStatus.EXECUTED, refusals(result)
        assert await differences(runner) == []
        fills = await runner.desk.ledger.fills()
        (pool,) = (await runner.planner.market.snapshot(runner.planner.portfolio)).pools.values()
    assert pool.shares_cash
    assert {fill.symbol for fill in fills} == {"BTC/USDT", "BTC/USDT:USDT"}
