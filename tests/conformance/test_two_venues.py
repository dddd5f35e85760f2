"""Coins at one venue and hedges at another, each through its own adapter in its own format."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.bybit_floor import BybitFloor
from tests.conformance.deribit_floor import DeribitFloor
from tests.conformance.floors import ConformingFloor
from tests.conformance.line import Line, Mishap
from tests.conformance.okx_floor import OkxFloor
from tests.conformance.stage import FLOORS
from tests.conformance.test_whole_run import (
    DECLARED,
    HEDGED,
    SENDS,
    SLOW,
    VOUCHED,
    SaysYes,
    config_of,
    differences,
    references_of,
    refusals,
    variables_of,
)
from tests.durability.program import Quiet
from tests.fakes.leaping import LeapingClock
from trimtab.adapters.history_shelf import HistoryShelf
from trimtab.adapters.ledger.sql_ledger import open_ledger
from trimtab.adapters.open_venue import open_venue
from trimtab.adapters.price_history import KeptHistory
from trimtab.adapters.two_venues import joined
from trimtab.bootstrap import Shell, venue_settings
from trimtab.bootstrap.execution import runner_of
from trimtab.config import load
from trimtab.domain.history import HistoryNeed
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.rights import KeyUse
from trimtab.ports import Beside, PlanStatus
from trimtab.venues.catalogue import PROFILES
from trimtab.venues.facts import Market
from trimtab.venues.profile import Desk
from trimtab.venues.shown import SHOWN
from trimtab.workflow.run import Consent, Runner, run

ELSEWHERE = """
[hedge.venue]
id = "{hedges}"
"""
ONE_WALLET = (BybitFloor, OkxFloor, DeribitFloor)
"""Where cash is margin."""
PAIRS = [
    (coins, hedges)
    for coins, market in SHOWN
    if market is Market.SPOT and coins in SENDS
    for hedges, other in SHOWN
    if other is Market.LINEAR and hedges != coins
]
each_pair = pytest.mark.parametrize(("coins", "hedges"), PAIRS)


async def nothing_left() -> tuple[Beside, ...]:
    """Return that no contracts lie where the coins are."""
    return ()


def keys_of(coins: str, hedges: str) -> dict[str, str]:
    """Return the keys that the floors of two venues know, as variables."""
    there = variables_of(hedges)
    return variables_of(coins) | {
        name.replace("TRIMTAB__", "TRIMTAB__HEDGE__"): text for name, text in there.items()
    }


@asynccontextmanager
async def opened(
    coins: str,
    hedges: str,
    folder: Path,
    *,
    more: str = HEDGED,
    target: str = "0.05",
    floors: tuple[ConformingFloor, ConformingFloor] | None = None,
) -> AsyncIterator[tuple[Runner, Shell, tuple[Line, Line]]]:
    """Open both venues on a floor each, as the composition root joins them."""
    file = folder / "trimtab.toml"
    text = config_of(coins, folder, market=Market.LINEAR, more=more, target=target)
    text = text.replace(DECLARED.format(place="venue"), "") + ELSEWHERE.format(hedges=hedges)
    if not PROFILES[hedges].tells_maintenance:
        text += DECLARED.format(place="hedge.venue")
    if not PROFILES[hedges].tells_rights and "key_rights" not in text:
        text = text.replace("[portfolio.targets]", VOUCHED)
    if PROFILES[hedges].sandbox is None:  # Both are opened in one environment.
        text = text.replace('"testnet"', '"live"')
    file.write_text(text, encoding="utf-8")
    keys = keys_of(coins, hedges)
    config = load(file, environ=keys, sets=(), home=folder, cwd=folder)
    clock = LeapingClock()
    here, there = floors or (FLOORS[coins](Market.SPOT), FLOORS[hedges](Market.LINEAR))
    lines = Line(here), Line(there)
    first, second = venue_settings(config, keys, clock, use=KeyUse.SEND)
    async with (
        open_ledger(config.ledger_url, config.key, dry_run=False, clock=clock) as ledger,
        open_venue(first, session=lines[0].session) as of_coins,
        open_venue(second, session=lines[1].session) as of_hedges,
    ):
        if coins in SLOW:
            slow: Any = of_coins.venue
            slow._wire.budget.learn(Desk.SPOT, orders=SLOW[coins], weight=10**6)
        at = joined(coins=of_coins, hedges=of_hedges, key=config.key, left=nothing_left)
        shell = Shell(
            config=config,
            clock=clock,
            ledger=ledger,
            venue=at.venue,
            wallets=at.wallets,
            stops=at.stops,
            market=at.market,
            references=references_of(config, lines[0].floor, clock),
            payments=at.venue,
            preflight=at.preflight,
            history=KeptHistory(at.history, HistoryShelf(folder / "history.db")),
        )
        runner = runner_of(
            shell,
            approver=SaysYes(),
            progress=Quiet(),
            stop=asyncio.Event(),
            wish=None,
        )
        yield runner, shell, lines


@each_pair
async def test_coins_stay_where_they_are_and_the_hedge_is_opened_at_the_other_venue(
    tmp_path: Path, coins: str, hedges: str
) -> None:
    async with opened(coins, hedges, tmp_path) as (runner, _, (here, there)):
        before = here.floor.truth().coins, there.floor.truth().coins
        result = await run(runner, consent=Consent.ASK, slot_due=True)
        assert result.status is PlanStatus.EXECUTED, refusals(result)
        assert await differences(runner) == []
        fills = await runner.desk.ledger.fills()
    assert {fill.symbol for fill in fills} == {Symbol("BTC/USDT:USDT")}
    assert here.floor.orders() == []
    assert not any(here.floor.is_order(asked) for asked in here.asked)
    # Where one wallet is cash and margin, contracts change it, and the books told how.
    kept = {"BTC"} if isinstance(there.floor, ONE_WALLET) else {"BTC", "USDT"}
    after = here.floor.truth().coins, there.floor.truth().coins
    assert after[0] == before[0]
    assert {c: after[1][c] for c in kept} == {c: before[1][c] for c in kept}
    # Where all cash is margin the short is rather too large, and a part of it is bought back.
    sent = [o for o in there.floor.orders() if o.is_buy is isinstance(there.floor, ONE_WALLET)]
    assert sum(order.filled for order in sent) == sum(fill.quantity for fill in fills) > 0
    assert not any(
        line.floor.is_move(asked) and asked.method == "POST"
        for line in (here, there)
        for asked in line.asked
    )


@each_pair
async def test_a_hedge_whose_answer_is_lost_is_found_at_its_own_venue(
    tmp_path: Path, coins: str, hedges: str
) -> None:
    async with opened(coins, hedges, tmp_path) as (runner, _, (here, there)):
        there.spoil(Mishap.LOST, which=there.floor.is_order)
        result = await run(runner, consent=Consent.ASK, slot_due=True)
        assert result.status is PlanStatus.EXECUTED, refusals(result)
        assert await differences(runner) == []
    assert sum(there.floor.is_order(asked) for asked in there.asked) == 1
    assert len(there.floor.orders()) == 1
    assert here.floor.orders() == []


@each_pair
async def test_closes_come_from_the_coins_and_funding_from_the_hedges(
    tmp_path: Path, coins: str, hedges: str
) -> None:
    async with opened(coins, hedges, tmp_path) as (_, shell, _lines):
        need = HistoryNeed(assets=(Asset("BTC"),), days=5, perpetuals=(Asset("BTC"),))
        past = await shell.history.read(need)
    days = [close.day for close in past.closes[Asset("BTC")]]
    assert days == sorted(days)
    assert days[-1] == past.until
    assert past.funding[Asset("BTC")]
