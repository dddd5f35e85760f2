"""The ledger on disk carries a run, its death and its recovery like the one in memory."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from tests.builders import KEY
from tests.fakes.memory_venue import Fault
from tests.fakes.mortal import Death, Killed, Mortal
from tests.workflow.floor import PORTFOLIO, WINDOW_MS, Floor, findings
from trimtab.adapters.frame.no_stops import NoStops
from trimtab.adapters.ledger.sql_ledger import open_ledger
from trimtab.domain.findings import Verdict
from trimtab.domain.orders import OrderState
from trimtab.ports import PlanStatus
from trimtab.workflow.execute import execute
from trimtab.workflow.inquiry import Desk
from trimtab.workflow.preflight import Wiring
from trimtab.workflow.reconcile import reconcile
from trimtab.workflow.recover import recover
from trimtab.workflow.statements import Books


@pytest.mark.parametrize("at", [7, 13, 16, 20, 25, 1_000])
async def test_a_run_that_dies_and_is_recovered_on_disk_agrees_with_the_venue(
    at: int, tmp_path: Path
) -> None:
    floor = Floor(
        "BTC 0.2 @ 60000, ETH 1 @ 3000, USDT 1000, wallet 500",
        "sell 0.1 BTC",
        "sell 0.01 perp BTC",
        "then buy 1.5 ETH",
        faults={(1, 1): Fault.RESET_AFTER, (2, 1): Fault.PARTIAL, (3, 1): Fault.GAP},
    )
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    process = Mortal(Death.AFTER, at)
    async with open_ledger(url, KEY, dry_run=False, clock=floor.clock) as ledger:
        await ledger.save_plan(floor.plan, findings(floor.plan, Verdict.PASS), PlanStatus.PROPOSED)
        approved = floor.approved()
        await ledger.save_approval(approved.approval)
        wiring = Wiring(
            desk=_desk(floor, process.wrap(ledger), process.wrap(floor.venue)),
            market=process.wrap(floor.venue),
            portfolio=PORTFOLIO,
            policy=floor.policy,
            regate=floor.gate,
            rests_on=None,
        )
        with contextlib.suppress(Killed):
            async with ledger.holding_account(owner="a run"):
                await execute(approved, wiring)
    async with (
        open_ledger(url, KEY, dry_run=False, clock=floor.clock) as ledger,
        ledger.holding_account(owner="a recovery"),
    ):
        recovery = await recover(_desk(floor, ledger, floor.venue), receive_window_ms=WINDOW_MS)
        assert recovery.exit_code == 0
        books = Books(venue=floor.venue, market=floor.venue, ledger=ledger, portfolio=PORTFOLIO)
        assert (await reconcile(books, floor.clock, adopt=False)).differences == ()
        records = await ledger.orders(plan_digest=None)
        assert all(r.state.is_terminal for r in records)
        assert {f.trade_id for f in await ledger.fills()} == {
            f.trade_id for f in floor.venue.truth.fills
        }
    if at == 1_000:
        assert records[0].state is OrderState.FILLED


def _desk(floor: Floor, ledger: object, venue: object) -> Desk:
    return Desk(
        venue=venue,
        wallets=venue,
        stops=NoStops(),
        ledger=ledger,
        clock=floor.clock,
        progress=floor.watcher,
        stop=floor.stop,
    )
