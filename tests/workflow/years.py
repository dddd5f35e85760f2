"""Ten years of slots in virtual time, on a ledger in a file: ``python -m tests.workflow.years``.

One seed, one history. Around every slot timers start processes at random, two of them at once;
they die at a random call, of telling too; people say no, nothing, or yes when it is late; the
network, the venue's answers and the receiver of notices fail; the machine is off for longer than
a slot's grace. Each process does what ``run --if-due --execute`` does, and tells afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import random
import shutil
import sys
import tempfile
from collections import Counter as Tally
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.builders import KEY, policy
from tests.fakes.memory_venue import Fault
from tests.fakes.mortal import Death, Killed, Mortal
from tests.workflow.counter import Counter
from tests.workflow.years_law import lost_notices, slot_faults
from trimtab.adapters.ledger import writer
from trimtab.adapters.ledger.sql_ledger import SqlLedger, open_ledger
from trimtab.domain.errors import NotDone, TrimtabError
from trimtab.domain.findings import GateReport
from trimtab.domain.notices import Notice, NoticeKind, Step
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Policy
from trimtab.domain.slots import CatchUp, Slot, SlotTerms
from trimtab.ports import Answer, Receipt
from trimtab.triggers.calendar import Calendar, slot_after, slot_at
from trimtab.workflow.run import Consent, Runner, resolved_first, run
from trimtab.workflow.slots import Schedule, mark_missed, present_slot
from trimtab.workflow.telling import Office, tell

CALENDARS: Final = (
    ("Europe/Berlin", "quarterly"),
    ("America/New_York", "quarterly"),
    ("Australia/Lord_Howe", "quarterly"),
    ("Europe/London", "quarterly"),
    # Four times a year too, in the hour that clocks are turned in: skipped, or there twice.
    ("Europe/Berlin", "30 2 * 3,6,10,12 SUN#4,SUN#5"),
    ("America/New_York", "30 1 * 2,5,8,11 SUN#1"),
    ("Australia/Lord_Howe", "15 2 * 1,4,7,10 SUN#1"),
    ("Europe/London", "30 1 * 3,6,10,12 SUN#4,SUN#5"),
)
FIRST: Final = datetime(2026, 11, 30, tzinfo=UTC)
YEARS: Final = 10
GRACE: Final = timedelta(days=4)
DEATHS: Final = (Death.BEFORE, Death.AFTER, Death.CANCELLED)
TROUBLES: Final = ("dies", "dies", "two", "late", "no", "nobody", "away", "unheard", "answers lost")
OFF_EVERY: Final = 10
"""The machine is off for one slot of so many."""
LOST: Final = (Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.LATE, Fault.INVISIBLE, Fault.PARTIAL)


def wishes(text: str) -> Policy:
    """Return targets with limits that ten years with the same prices keep."""
    rules = policy(text)
    limits = dataclasses.replace(
        rules.limits, max_snapshot_age_s=Decimal(10**9), max_statement_age_days=3650
    )
    return dataclasses.replace(rules, limits=limits)


WISHES: Final = (wishes("BTC 0.5, ETH 0.3, USDT 0.2"), wishes("BTC 0.45, ETH 0.3, USDT 0.25"))
"""Each slot wants the other one, so that there is something to do in every slot."""


class _InLoop:
    """Stands for the ledger's thread, so that a seed is one history: works between two turns."""

    def __init__(self, name: str) -> None:
        assert name == "ledger"

    def submit(self, work: Callable[[], object]) -> None:
        asyncio.get_running_loop().call_soon(work)

    def shutdown(self) -> None:
        pass


@contextmanager
def ledgers_in_the_loop() -> Iterator[None]:
    """Run ledgers without a thread of their own."""
    real = writer.OneThread
    writer.OneThread = _InLoop  # type: ignore[assignment,misc]  # The ledger's thread.
    try:
        yield
    finally:
        writer.OneThread = real  # type: ignore[misc]  # As above.


@dataclass
class Receiver:
    """Who is told, over one channel; what came is kept, however the sender ended."""

    channel: str = "webhook"
    deaf: bool = False
    got: list[Notice] = field(default_factory=list)

    async def deliver(self, notice: Notice) -> Receipt:
        if self.deaf:
            return Receipt(step=Step.NOT_SENT, note="nobody there")
        self.got.append(notice)
        return Receipt(step=Step.DELIVERED, note="")


@dataclass(frozen=True, kw_only=True)
class Came:
    """What a history came to."""

    faults: tuple[str, ...]
    """What broke a law; empty when all held."""
    counts: Tally[str]


class Years:
    """An account, and everything that befalls it."""

    def __init__(self, seed: int, folder: Path, *, years: int = YEARS) -> None:
        self.zone, rule = CALENDARS[seed % len(CALENDARS)]
        self.url = f"sqlite:///{folder / 'ledger.db'}"
        self.counter = Counter()
        self.chance = random.Random(seed)
        late = CatchUp.RUN if seed // len(CALENDARS) % 4 == 3 else CatchUp.ASK
        self.schedule = Schedule(
            calendar=Calendar(rule=rule, zone=ZoneInfo(self.zone)),
            terms=SlotTerms(activated_at=FIRST, grace=GRACE, catch_up=late),
        )
        self.ends_at = FIRST.replace(year=FIRST.year + years)
        self.rules = WISHES[0]
        self.receiver = Receiver()
        self.counts: Tally[str] = Tally()
        self.off: set[str] = set()
        """Slots for whose whole grace the machine was off."""

    @property
    def now(self) -> datetime:
        return self.counter.clock.now()

    def until(self, at: datetime) -> None:
        """Let time pass."""
        self.counter.clock.move(max(0.0, (at - self.now).total_seconds()))

    @asynccontextmanager
    async def books(self) -> AsyncIterator[SqlLedger]:
        """Open the ledger as a process of its own does."""
        clock = self.counter.clock
        async with open_ledger(self.url, KEY, dry_run=False, clock=clock) as ledger:
            yield ledger

    def office(self, ledger: Any, carrier: Any, began_at: datetime) -> Office:
        return Office(
            ledger=ledger,
            clock=self.counter.clock,
            key=KEY,
            carriers={"webhook": carrier},
            channels=("webhook",),
            kinds=frozenset(NoticeKind),
            schedule=self.schedule,
            replies=None,
            within_s=20.0,
            began_at=began_at,
        )

    async def process(self, consent: Consent, mortal: Mortal | None = None, **given: Any) -> None:
        """Live as one process does, from its start to its end, or to its death."""
        self.counts["starts"] += 1
        async with self.books() as real:
            wrap = mortal.wrap if mortal else (lambda port: port)
            ledger, carrier = wrap(real), wrap(self.receiver)
            runner = self._runner(ledger, wrap(self.counter.venue), **given)
            office = self.office(ledger, carrier, self.now)
            if "saying" in given:
                self.counter.person.saying = partial(given["saying"], office)
            with contextlib.suppress(TrimtabError):
                await self._attempt(runner, consent)
            await tell(office, is_asked=False)

    def _runner(self, ledger: Any, venue: Any, *, market: Any = None, **_: Any) -> Runner:
        runner = self.counter.runner(self.rules, ledger=ledger)
        planner = dataclasses.replace(runner.planner, market=market or runner.planner.market)
        desk = dataclasses.replace(runner.desk, venue=venue)
        return dataclasses.replace(runner, planner=planner, desk=desk)

    async def _attempt(self, runner: Runner, consent: Consent) -> None:
        """Do what ``run --if-due --execute`` does."""
        ledger = runner.desk.ledger
        await mark_missed(ledger, self.schedule, by="timer", now=self.now)
        view = await present_slot(ledger, self.schedule, now=self.now)
        if view.dueness is None or not view.dueness.runs:
            return
        await resolved_first(runner)
        await run(runner, consent=consent, slot_due=True, slot=view.slot.name)

    async def trouble(self) -> None:
        """Start something to which something happens."""
        what = self.chance.choice(TROUBLES)
        self.counts[what] += 1
        match what:
            case "dies":
                await self._dies()
            case "two":
                await asyncio.gather(*(self.process(Consent.FLAG) for _ in range(2)))
            case "late":
                await self.process(Consent.ASK, saying=self._late_yes)
            case "no":
                await self.process(Consent.ASK, saying=self._answer(Answer.NO))
            case "nobody":
                await self.process(Consent.ASK, saying=self._answer(Answer.NOBODY))
            case "away":
                await self.process(Consent.FLAG, market=_Away())
            case "unheard":
                self.receiver.deaf = True
                await self.process(Consent.FLAG)
                self.receiver.deaf = False
            case _:
                lines = {(line, 1): self.chance.choice(LOST) for line in (1, 2, 3)}
                self.counter.venue.faults = dict(lines)
                await self.process(Consent.FLAG)
                self.counter.venue.faults = {}

    def _answer(self, answer: Answer) -> Callable[..., Awaitable[Answer]]:
        async def say(office: Office, _plan: Plan, _report: GateReport) -> Answer:
            await tell(office, is_asked=True)
            return answer

        return say

    async def _late_yes(self, office: Office, _plan: Plan, _report: GateReport) -> Answer:
        """Say yes after a second process went its whole way."""
        await tell(office, is_asked=True)
        await self.process(Consent.FLAG)
        return Answer.YES

    async def _dies(self) -> None:
        mortal = Mortal(self.chance.choice(DEATHS), self.chance.randint(1, 90))
        mortal.task = asyncio.ensure_future(self.process(Consent.FLAG, mortal))
        with contextlib.suppress(Killed, asyncio.CancelledError, TrimtabError):
            await mortal.task

    async def slot(self, slot: Slot, number: int) -> None:
        """Live through one slot."""
        self.until(slot.begins_at - timedelta(seconds=1))
        assert self.now < slot.begins_at
        await self.process(Consent.FLAG)  # A second too early.
        self.rules = WISHES[(number + 1) % 2]
        self.until(slot.begins_at)
        if self.chance.randrange(OFF_EVERY) == 0:
            self.off.add(slot.name)
            self.until(slot.begins_at + GRACE + timedelta(minutes=1))
        for _ in range(self.chance.randint(0, 4)):
            await self.trouble()
            self.counter.clock.move(self.chance.randint(60, 40_000))
        for _ in range(4):  # A recovery may need one start, and what is partial another.
            self.counter.clock.move(3600)
            await self.process(Consent.FLAG)

    async def lived(self) -> Came:
        """Live through all of it, and hold it against the laws."""
        calendar, faults = self.schedule.calendar, list[str]()
        self.until(FIRST)
        await self.process(Consent.FLAG)  # Notices begin here, and nothing is due yet.
        slot, slots = slot_at(calendar, FIRST), list[Slot]()
        while (slot := slot_after(calendar, slot)).begins_at < self.ends_at:
            await self.slot(slot, len(slots))
            slots.append(slot)
            if slot.name not in self._missed and not await self._at_target():
                faults.append(f"{slot.name}: is not at its target")
        async with self.books() as ledger:
            faults += await self._amiss(ledger, slots)
            self._count(slots, await ledger.notices())
        return Came(faults=tuple(faults), counts=self.counts)

    @property
    def _missed(self) -> frozenset[str]:
        """Slots that were not to run any more by themselves."""
        return frozenset() if self.schedule.terms.catch_up is CatchUp.RUN else frozenset(self.off)

    def _count(self, slots: Sequence[Slot], notices: Sequence[Any]) -> None:
        """Count what there was."""
        told = [n for n in notices if n.deliveries]
        cut = [n for n in told if n.deliveries["webhook"].step is not Step.DELIVERED]
        self.counts |= {
            "slots": len(slots),
            "missed": len(self._missed),
            "executed": len(slots) - len(self._missed),
            "notices": len(told),
            "may have arrived": len(cut),
        }

    async def _amiss(self, ledger: SqlLedger, slots: Sequence[Slot]) -> list[str]:
        """Return what the ledger has that breaks a law."""
        plans, events = await ledger.plans(), await ledger.audit.events()
        moved = [e.body for e in events if e.kind == "slot_moved"]
        orders = await ledger.orders(plan_digest=None)
        found = [f"ledger: {fault}" for fault in (await ledger.audit.verify()).faults]
        for name in (slot.name for slot in slots):
            states = [str(e["state"]) for e in moved if e["slot"] == name]
            faults = slot_faults(name, states, plans, orders, is_missed=name in self._missed)
            found += [f"{name}: {fault}" for fault in faults]
        wanted = [s.name for s in slots if s.name in self._missed]
        return found + list(lost_notices(await ledger.notices(), self.receiver.got, plans, wanted))

    async def _at_target(self) -> bool:
        """Whether the account is where this slot's targets want it."""
        portfolio = self.counter.runner(self.rules).planner.portfolio
        snapshot = await self.counter.venue.snapshot(portfolio)
        wanted = {t.asset: t.weight for t in self.rules.rebalance.targets}
        values = {
            a: b.held * (Decimal(1) if a == "USDT" else snapshot.books[f"{a}/USDT"].mid)
            for a, b in snapshot.balances.items()
        }
        return abs(values["BTC"] / sum(values.values()) - wanted["BTC"]) < Decimal("0.002")


class _Away:
    """A market that cannot be reached."""

    async def snapshot(self, _portfolio: object) -> object:
        raise NotDone("the network is away")


def live(seed: int, *, years: int = YEARS) -> Came:
    """Live through one history in a folder of its own."""
    home = "/dev/shm" if Path("/dev/shm").is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="trimtab-years-", dir=home))
    try:
        with ledgers_in_the_loop():
            return asyncio.run(Years(seed, folder, years=years).lived())
    finally:
        shutil.rmtree(folder)


def _main() -> int:
    """Live through many histories; end with 1 when a law broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.workflow.years")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    seeds, counts, failed = range(given.first, given.first + given.seeds), Tally[str](), 0
    with ProcessPoolExecutor(given.jobs) as pool:
        for seed, came in zip(seeds, pool.map(live, seeds), strict=True):
            counts.update(came.counts)
            failed += bool(came.faults)
            again = f"python -m tests.workflow.years --seeds 1 --from {seed}"
            for fault in came.faults:
                sys.stdout.write(f"seed {seed}: {fault}; again: {again}\n")
    told = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
    sys.stdout.write(f"{given.seeds} seeds, {failed} failed: {told}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(_main())
