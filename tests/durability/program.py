"""What a forked child does: the program's own commands on a real ledger and real sockets.

Everything is opened as the composition root opens it, but for the clock. A child ends with one
JSON document and an exit code; it never returns to its parent's code.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import select
import shutil
import signal
import time
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import alembic.command  # Imported before the fork, for every child.
import alembic.config  # noqa: F401  # As above.

from tests.durability.clock import LeapingClock
from tests.durability.shim import NAME, Shim, Strike
from trimtab.adapters.history_shelf import HistoryShelf
from trimtab.adapters.ledger.sql_ledger import open_ledger, verify_ledger
from trimtab.adapters.price_history import KeptHistory
from trimtab.adapters.references.unread import UnreadReferences
from trimtab.adapters.two_venues import open_account
from trimtab.bootstrap import Shell, venue_settings
from trimtab.bootstrap.execution import runner_of
from trimtab.cli.exits import exit_of_error
from trimtab.config import Config, load
from trimtab.domain.errors import TrimtabError
from trimtab.domain.findings import GateReport
from trimtab.domain.plan import Plan
from trimtab.domain.rights import KeyUse
from trimtab.ports import Answer
from trimtab.workflow.reconcile import reconcile
from trimtab.workflow.run import Consent, Runner, resolved_first, run
from trimtab.workflow.statements import Books

CONFIG: Final = """\
[account]
quote = "USDT"

[venue]
id = "binance"
environment = "local"
url = "{url}"

[portfolio.targets]
BTC = "0.20"
ETH = "0.30"
SOL = "0.10"
USDT = "0.40"

[rebalance]
route = "spot"
routes = {{ BTC = "futures" }}

[risk]
max_order_notional = "50000"
max_asset_notional = "100000"
max_run_notional = "1000000"
max_day_notional = "100000000"
max_unhedged_notional = "50000"

[ledger]
url = "sqlite:///{folder}/state/ledger.db"
"""
ENDED_BADLY: Final = 70
WITHIN_S: Final = 60.0
"""Real time after which a child hangs."""


class Errand(StrEnum):
    """Which commands a child carries out."""

    RUN = "run"
    """``run --execute --yes``: recover, plan, approve, execute, book."""
    WHOLE = "whole"
    """The same, then reconcile."""
    RECOVER = "recover"
    """Recover alone."""
    CLOSE = "close"
    """Recover, reconcile, verify."""
    FINISH = "finish"
    """Recover, run again for what is left, reconcile, verify."""

    @property
    def runs(self) -> bool:
        """Whether a plan is made and executed."""
        return self in (Errand.RUN, Errand.WHOLE, Errand.FINISH)

    @property
    def reconciles(self) -> bool:
        """Whether ledger and venue are compared."""
        return self in (Errand.WHOLE, Errand.CLOSE, Errand.FINISH)

    @property
    def verifies(self) -> bool:
        """Whether the ledger is proved."""
        return self in (Errand.CLOSE, Errand.FINISH)


class Quiet:
    """Watches nothing and answers nobody."""

    async def ask(self, plan: Plan, report: GateReport) -> Answer:
        return Answer.NOBODY

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a child ended."""

    code: int
    """Exit code of the command, or minus the signal that ended the process."""
    told: dict[str, Any] = field(default_factory=dict)
    """What it came to; empty when it was killed."""
    spent_s: float = 0.0

    @property
    def is_killed(self) -> bool:
        """Whether a signal ended it."""
        return self.code < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one account's ledger and configuration lie."""

    folder: Path
    url: str
    """Of the exchange."""
    clock: LeapingClock

    @property
    def state(self) -> Path:
        """The ledger's own folder."""
        return self.folder / "state"

    @property
    def database(self) -> Path:
        """The ledger's file."""
        return self.state / NAME

    @property
    def ledger_url(self) -> str:
        """The ledger's URL."""
        return f"sqlite:///{self.database}"

    def config(self) -> Config:
        """Return the configuration, written out and loaded as the command does."""
        path = self.folder / "trimtab.toml"
        path.write_text(CONFIG.format(url=self.url, folder=self.folder), encoding="utf-8")
        return load(path, environ={}, sets=(), home=self.folder, cwd=self.folder)

    def empty(self) -> None:
        """Remove the ledger."""
        shutil.rmtree(self.state, ignore_errors=True)


Wrap = Callable[[Shell], Shell]
"""Puts something around the ports of an open shell."""


@asynccontextmanager
async def opened(place: Place, config: Config, wrap: Wrap) -> AsyncIterator[Runner]:
    """Open ledger and venue as the composition root does, on the leaping clock."""
    async with (
        open_ledger(config.ledger_url, config.key, dry_run=False, clock=place.clock) as ledger,
        open_account(
            venue_settings(config, {}, place.clock, use=KeyUse.SEND), key=config.key
        ) as venue,
    ):
        shell = Shell(
            config=config,
            clock=place.clock,
            ledger=ledger,
            venue=venue.venue,
            wallets=venue.wallets,
            stops=venue.stops,
            market=venue.market,
            references=UnreadReferences(),
            payments=venue.venue,
            preflight=venue.preflight,
            history=KeptHistory(venue.history, HistoryShelf(place.folder / "history.db")),
        )
        yield runner_of(
            wrap(shell), approver=Quiet(), progress=Quiet(), stop=asyncio.Event(), wish=None
        )


async def carried_out(
    place: Place, config: Config, errand: Errand, wrap: Wrap = lambda shell: shell
) -> dict[str, Any]:
    """Carry out an errand; return what it came to.

    Raises:
        TrimtabError: what ended it, as it would end the command.

    """
    told: dict[str, Any] = {"errand": errand}
    async with opened(place, config, wrap) as runner:
        report = await resolved_first(runner)
        if report is not None:
            told["recovered"] = report.exit_code
        if told.get("recovered"):
            return told
        if errand.runs:
            result = await run(runner, consent=Consent.FLAG, slot_due=True)
            told["status"] = str(result.status)
        if errand.reconciles:
            told["differences"] = await _differences(runner)
    if errand.verifies:
        told["faults"] = [str(f) for f in (await verify_ledger(config.ledger_url)).faults]
    return told


async def _differences(runner: Runner) -> list[str]:
    """Reconcile; return what ledger and venue differ in."""
    planner, desk = runner.planner, runner.desk
    books = Books(
        venue=desk.venue, market=planner.market, ledger=desk.ledger, portfolio=planner.portfolio
    )
    return [str(each) for each in (await reconcile(books, planner.clock, adopt=False)).differences]


def as_child(work: Callable[[], Coroutine[Any, Any, dict[str, Any]]], told: int) -> None:
    """Do *work* in this forked process, write what it came to, and end."""
    code, document = 0, dict[str, Any]()
    try:
        document = asyncio.run(work())
    except TrimtabError as error:
        code = int(exit_of_error(error))
        document = {"error": type(error).__name__, "message": str(error), "next": error.next_step}
    except BaseException as error:  # noqa: BLE001 -- the process ends here, whatever it was.
        code = ENDED_BADLY
        document = {"error": type(error).__name__, "message": "".join(_trace(error))}
    os.write(told, json.dumps(document).encode())
    os._exit(code)


def _trace(error: BaseException) -> list[str]:
    return traceback.format_exception(error)[-12:]


@dataclass(slots=True)
class Children:
    """Forks children that carry out errands, one at a time."""

    place: Place
    shim: Shim | None
    config: Config

    def run(
        self,
        errand: Errand,
        *,
        strike: Strike | None = None,
        kill_after_s: float | None = None,
        record: int = -1,
        before: Callable[[], object] = lambda: None,
        wrap: Wrap = lambda shell: shell,
    ) -> Ended:
        """Run a child to its end; SIGKILL after a while, or what *strike* does to it.

        *record* is where its calls are written down, *before* is done in it first, *wrap* puts
        something around its ports.
        """
        ours, theirs = os.pipe()
        started = time.monotonic()
        process = os.fork()
        if process == 0:
            gc.disable()
            os.close(ours)
            before()
            if self.shim is not None:
                self.shim.arm(strike, record=record)
            as_child(lambda: carried_out(self.place, self.config, errand, wrap), theirs)
        os.close(theirs)
        try:
            code = _waited_for(process, kill_after_s, started)
            with os.fdopen(ours, "rb") as pipe:
                told = pipe.read()
        finally:
            if self.shim is not None:
                self.shim.disarm()
        spent_s = time.monotonic() - started
        return Ended(code=code, told=json.loads(told) if told else {}, spent_s=spent_s)

    def warmed(self) -> float:
        """Run once in this very process, so that children begin with full caches; say how long."""
        started = time.monotonic()
        asyncio.run(carried_out(self.place, self.config, Errand.FINISH))
        gc.collect()
        gc.freeze()
        return time.monotonic() - started


def _waited_for(process: int, kill_after_s: float | None, started: float) -> int:
    """Return how a child ended, killing it when its time is over."""
    due = WITHIN_S if kill_after_s is None else kill_after_s
    descriptor = os.pidfd_open(process)
    try:
        left_s = max(0.0, due - (time.monotonic() - started))
        if not select.select([descriptor], [], [], left_s)[0]:
            os.kill(process, signal.SIGKILL)
            if kill_after_s is None:
                os.waitpid(process, 0)
                raise AssertionError(f"a child does not end within {WITHIN_S:.0f} s")
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    finally:
        os.close(descriptor)
