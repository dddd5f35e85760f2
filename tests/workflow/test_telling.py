"""What the ledger has is told once, over every channel, and what may have arrived is left alone."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from tests.builders import KEY, NOW, USDT, dec, report_on
from tests.contract.ledger_cases import SELL, fill, intent, plan_of, step, venue_order, yes_to
from tests.fakes.memory_ledger import MemoryLedger, MemoryStore
from tests.fakes.virtual_clock import VirtualClock
from tests.unit.test_notices import BTC_ABOVE, finding
from trimtab.domain.errors import LedgerError
from trimtab.domain.findings import GateReport, Verdict
from trimtab.domain.notices import TRIES, Notice, NoticeKind, Step
from trimtab.domain.orders import OrderState
from trimtab.domain.plan import Plan
from trimtab.domain.slots import CatchUp, SlotTerms
from trimtab.domain.trading import TradingState
from trimtab.domain.transfers import TransferIntent
from trimtab.ports import PlanStatus, Receipt, SavedPlan
from trimtab.triggers.calendar import Calendar
from trimtab.workflow.slots import Schedule
from trimtab.workflow.telling import Office, carry, tell, write_down

DAY = timedelta(days=1)


@dataclass
class Carrier:
    """A channel that answers as it is told to."""

    channel: str = "webhook"
    answers: list[Step] = field(default_factory=list)
    """Used up one by one; then everything is taken."""
    hangs: bool = False
    got: list[Notice] = field(default_factory=list)

    async def deliver(self, notice: Notice) -> Receipt:
        self.got.append(notice)
        if self.hangs:
            await asyncio.Event().wait()
        return Receipt(step=self.answers.pop(0) if self.answers else Step.DELIVERED, note="")

    @property
    def kinds(self) -> list[NoticeKind]:
        return [notice.kind for notice in self.got]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger(MemoryStore(key=KEY, began_at=NOW - DAY))


def office_of(
    ledger: MemoryLedger,
    clock: VirtualClock,
    carriers: Mapping[str, Carrier],
    *,
    kinds: frozenset[NoticeKind] = frozenset(NoticeKind),
    within_s: float = 20.0,
    schedule: Schedule | None = None,
    about: str = "",
) -> Office:
    """Return an office whose command began a minute ago."""
    return Office(
        ledger=ledger,
        clock=clock,
        key=KEY,
        carriers=carriers,
        channels=tuple(carriers),
        kinds=kinds,
        replies=None,
        within_s=within_s,
        schedule=schedule,
        began_at=clock.now() - timedelta(minutes=1),
        about=about,
    )


async def saved(
    ledger: MemoryLedger,
    status: PlanStatus,
    proposal: Plan = SELL,
    report: GateReport | None = None,
) -> None:
    """Save a plan that stands at *status*."""
    await ledger.save_plan(proposal, report or report_on(proposal), status)


async def executed(ledger: MemoryLedger) -> None:
    """Leave the first leg of the plan executed, and the second not begun."""
    await saved(ledger, PlanStatus.PROPOSED)
    await ledger.save_approval(yes_to(SELL))
    await ledger.set_plan_status(SELL.digest, PlanStatus.EXECUTING)
    sell = intent()
    async with ledger.holding_account(owner="ada"):
        await ledger.begin([sell], at=NOW, halt_seen=None)
        mine = fill(1, "0.01", of=sell.client_order_id)
        await ledger.book_fills(mine.symbol, [mine])
        ended = venue_order(sell, sell.lots)
        await ledger.advance([step(sell, OrderState.FILLED, ended)])
    await ledger.set_plan_status(SELL.digest, PlanStatus.PARTIAL)


async def test_what_a_plan_came_to_is_told_once_however_often_one_looks(
    ledger: MemoryLedger, clock: VirtualClock
) -> None:
    carrier = Carrier()
    await executed(ledger)
    for _ in range(3):
        await tell(office_of(ledger, clock, {"webhook": carrier}), is_asked=False)
    (told,) = carrier.got
    assert told.kind is NoticeKind.PARTIAL
    assert "599.01 USDT traded" in told.subject
    assert "planning: 0.99 USDT" in told.text
    assert "2. buy 0.1 ETH/USDT" in told.text


class _Older(MemoryLedger):
    """A ledger with a plan in it that an earlier version saved, and this one cannot read."""

    async def plan(self, digest_prefix: str) -> SavedPlan:
        if digest_prefix == SELL.digest:
            raise LedgerError("plan: missing or unknown: mids")
        return await super().plan(digest_prefix)


@pytest.mark.parametrize("status", [PlanStatus.PROPOSED, PlanStatus.REFUSED])
async def test_a_plan_that_cannot_be_read_leaves_nothing_else_untold(
    clock: VirtualClock, status: PlanStatus
) -> None:
    store, carrier = MemoryStore(key=KEY, began_at=NOW - DAY), Carrier()
    readable = MemoryLedger(store)
    await saved(readable, status)
    await tell(office_of(readable, clock, {"webhook": carrier}), is_asked=True)
    clock.move(DAY.total_seconds())
    older = _Older(store)
    await older.set_halt("by hand", by="ada", at=clock.now())
    later = dataclasses.replace(SELL, made_at=clock.now(), expires_at=clock.now() + DAY)
    for told in (1, 2):  # The newest plan is the unreadable one first, then another.
        await tell(office_of(older, clock, {"webhook": carrier}), is_asked=False)
        assert carrier.kinds.count(NoticeKind.HALTED) == 1
        assert carrier.kinds.count(NoticeKind.PLAN_PROPOSED) == told - 1
        if told == 1:
            await saved(older, PlanStatus.PROPOSED, later)
    assert NoticeKind.EXPIRED not in carrier.kinds


@pytest.mark.parametrize(
    ("about", "told"),
    [("", []), (SELL.digest[:8], [NoticeKind.APPROVAL_NEEDED, NoticeKind.EXPIRED])],
)
async def test_a_run_asks_for_no_yes_to_what_somebody_only_looked_at_before(
    ledger: MemoryLedger, clock: VirtualClock, about: str, told: list[NoticeKind]
) -> None:
    carrier, wanted = Carrier(), frozenset({NoticeKind.APPROVAL_NEEDED, NoticeKind.EXPIRED})
    await saved(ledger, PlanStatus.PROPOSED)
    await tell(office_of(ledger, clock, {"webhook": carrier}, kinds=wanted), is_asked=False)
    for seconds in (61, DAY.total_seconds()):
        clock.move(seconds)
        office = office_of(ledger, clock, {"webhook": carrier}, kinds=wanted, about=about)
        await tell(office, is_asked=True)
    assert carrier.kinds == told


async def test_a_clock_that_was_set_back_keeps_no_run_from_asking_for_its_yes(
    ledger: MemoryLedger, clock: VirtualClock
) -> None:
    carrier = Carrier()
    await tell(office_of(ledger, clock, {"webhook": carrier}), is_asked=False)
    await saved(ledger, PlanStatus.PROPOSED)
    began = office_of(ledger, clock, {"webhook": carrier}).since(NOW + timedelta(hours=1))
    await tell(began, is_asked=True)
    assert carrier.kinds == [NoticeKind.APPROVAL_NEEDED]


@pytest.mark.parametrize("is_asked", [True, False])
async def test_a_plan_that_was_asked_about_and_not_decided_is_told_of_once(
    ledger: MemoryLedger, clock: VirtualClock, is_asked: bool
) -> None:
    carrier = Carrier()
    await saved(ledger, PlanStatus.PROPOSED)
    await tell(office_of(ledger, clock, {"webhook": carrier}), is_asked=is_asked)
    left_s = (SELL.expires_at - clock.now()).total_seconds()
    for seconds in (left_s - 1, 1.0, 1.0):
        clock.move(seconds)
        await tell(office_of(ledger, clock, {"webhook": carrier}), is_asked=False)
        expired = carrier.kinds.count(NoticeKind.EXPIRED)
        assert expired == (is_asked and clock.now() >= SELL.expires_at)
    await ledger.set_plan_status(SELL.digest, PlanStatus.EXPIRED)
    await tell(office_of(ledger, clock, {"webhook": carrier}), is_asked=False)
    assert carrier.kinds.count(NoticeKind.EXPIRED) == is_asked


async def test_a_plan_that_was_approved_and_never_begun_is_told_once_its_yes_is_over(
    ledger: MemoryLedger, clock: VirtualClock
) -> None:
    carrier, brief = Carrier(), timedelta(seconds=120)
    await saved(ledger, PlanStatus.PROPOSED)
    await ledger.save_approval(dataclasses.replace(yes_to(SELL), expires_at=NOW + brief))
    for seconds, count in ((0.0, 0), (119.0, 0), (1.0, 1), (1.0, 1)):
        clock.move(seconds)
        await tell(office_of(ledger, clock, {"webhook": carrier}), is_asked=False)
        assert carrier.kinds.count(NoticeKind.EXPIRED) == count
    (told,) = carrier.got
    assert "was approved and not begun" in told.subject
    assert f"{NOW + brief:%H:%M:%S} UTC. Nothing of it was sent." in told.text


@pytest.mark.parametrize(
    ("status", "is_asked", "kinds"),
    [
        (PlanStatus.PROPOSED, False, [NoticeKind.PLAN_PROPOSED]),
        (PlanStatus.PROPOSED, True, [NoticeKind.APPROVAL_NEEDED]),
        (PlanStatus.REFUSED, False, [NoticeKind.REFUSED]),
        (PlanStatus.EXECUTED, False, [NoticeKind.PARTIAL]),
        (PlanStatus.NOTHING_TO_DO, False, []),
        (PlanStatus.DECLINED, False, []),
    ],
)
async def test_where_a_plan_stands_decides_what_is_told(
    ledger: MemoryLedger,
    clock: VirtualClock,
    status: PlanStatus,
    *,
    is_asked: bool,
    kinds: list[NoticeKind],
) -> None:
    carrier = Carrier()
    await saved(ledger, status)
    await tell(office_of(ledger, clock, {"webhook": carrier}), is_asked=is_asked)
    assert carrier.kinds == kinds


async def test_a_plan_whose_time_is_over_is_not_told_as_pending(
    ledger: MemoryLedger, clock: VirtualClock
) -> None:
    carrier = Carrier()
    await saved(ledger, PlanStatus.PROPOSED)
    office = office_of(ledger, clock, {"webhook": carrier})
    await clock.sleep(301)
    await tell(office, is_asked=False)
    assert carrier.got == []


async def test_what_was_before_the_first_telling_is_not_told(
    ledger: MemoryLedger, clock: VirtualClock
) -> None:
    carrier = Carrier()
    await saved(ledger, PlanStatus.REFUSED, plan_of("buy 1 ETH @ 3010", second=-61))
    await tell(office_of(ledger, clock, {"webhook": carrier}), is_asked=False)
    await saved(ledger, PlanStatus.REFUSED)
    await tell(office_of(ledger, clock, {"webhook": carrier}), is_asked=False)
    assert carrier.kinds == [NoticeKind.REFUSED]
    assert (await ledger.notices())[0].notice.kind is NoticeKind.BEGUN


async def test_each_latch_is_told_once_and_a_new_one_again(
    ledger: MemoryLedger, clock: VirtualClock
) -> None:
    carrier = Carrier()
    office = office_of(ledger, clock, {"webhook": carrier})
    for second in range(2):
        at = NOW + timedelta(seconds=second)
        await ledger.set_halt("by hand", by="ada", at=at)
        await ledger.latch(TradingState.REDUCING, "a loss", by="gate", at=at)
        await tell(office, is_asked=False)
        await tell(office, is_asked=False)
        await ledger.set_halt(None, by="ada", at=at)
        await tell(office, is_asked=False)
    assert carrier.kinds == [NoticeKind.HALTED, NoticeKind.REDUCING] * 2


async def test_orders_without_an_end_are_told_by_plan_once_nobody_works_on_them(
    ledger: MemoryLedger, clock: VirtualClock
) -> None:
    carrier = Carrier()
    office = office_of(ledger, clock, {"webhook": carrier})
    await saved(ledger, PlanStatus.APPROVED)
    async with ledger.holding_account(owner="ada"):
        await ledger.begin([intent(line=1), intent(line=2)], at=NOW, halt_seen=None)
        await tell(office, is_asked=False)
        assert carrier.got == []
    await tell(office, is_asked=False)
    await tell(office, is_asked=False)
    (told,) = carrier.got
    assert (told.kind, told.next_step) == (NoticeKind.UNRESOLVED, "trimtab recover")
    assert all(intent(line=n).client_order_id in told.text for n in (1, 2))


@pytest.mark.parametrize(("units", "way"), [("5.5", "to futures"), ("-5.5", "out of futures")])
async def test_a_transfer_without_an_end_is_told_with_the_orders_of_its_plan(
    ledger: MemoryLedger, clock: VirtualClock, units: str, way: str
) -> None:
    carrier = Carrier()
    office = office_of(ledger, clock, {"webhook": carrier})
    await saved(ledger, PlanStatus.APPROVED)
    other = plan_of("buy 1 ETH @ 3010", second=1)
    await saved(ledger, PlanStatus.APPROVED, other)
    moved = TransferIntent(
        transfer_id=other.transfer_id(2),
        plan_digest=other.digest,
        line=2,
        asset=USDT,
        units=dec(units),
    )
    buy = dataclasses.replace(intent(), plan_digest=other.digest)
    async with ledger.holding_account(owner="ada"):
        await ledger.begin_transfer(moved, at=NOW, halt_seen=None)
        await ledger.begin([buy, intent(line=2)], at=NOW, halt_seen=None)
        await tell(office, is_asked=False)
        assert carrier.got == []
    await tell(office, is_asked=False)
    both, alone = sorted(carrier.got, key=lambda n: "transfer" not in n.subject)
    assert "the end of 1 order and 1 transfer is not known" in both.subject
    assert f"{moved.transfer_id}: 5.5 USDT {way}, sending" in both.text
    assert buy.client_order_id in both.text
    assert "the end of 1 order is not known" in alone.subject
    assert both.next_step == alone.next_step == "trimtab recover"


async def test_bands_and_margin_are_told_as_the_newest_plan_saw_them(
    ledger: MemoryLedger, clock: VirtualClock
) -> None:
    carrier = Carrier()
    calm = dataclasses.replace(BTC_ABOVE, breached=False, asset=BTC_ABOVE.asset)
    older = dataclasses.replace(plan_of("buy 1 ETH @ 3010", second=-1), drift=(calm,))
    newest = dataclasses.replace(SELL, drift=(BTC_ABOVE,))
    warned = dataclasses.replace(
        report_on(newest), findings=(finding("min_margin_ratio", Verdict.WARN),)
    )
    await saved(ledger, PlanStatus.NOTHING_TO_DO, older)
    await saved(ledger, PlanStatus.NOTHING_TO_DO, newest, warned)
    await tell(office_of(ledger, clock, {"webhook": carrier}), is_asked=False)
    assert carrier.kinds == [NoticeKind.MARGIN_WARNING, NoticeKind.PRICE_CROSSED]


async def test_each_month_begins_with_a_review_of_the_one_before(
    ledger: MemoryLedger, clock: VirtualClock
) -> None:
    carrier = Carrier()
    office = office_of(ledger, clock, {"webhook": carrier})
    await saved(ledger, PlanStatus.EXECUTED)
    await tell(office, is_asked=False)
    await clock.sleep((timedelta(days=11)).total_seconds())  # From the 20th of November on.
    new = plan_of("buy 1 ETH @ 3010", second=11 * 86_400)
    await saved(ledger, PlanStatus.NOTHING_TO_DO, new)
    await tell(office, is_asked=False)
    await tell(office, is_asked=False)
    assert carrier.kinds == [NoticeKind.PARTIAL, NoticeKind.MONTHLY_REVIEW]
    assert "1 plan executed in the month before." in carrier.got[-1].text


async def test_a_slot_that_was_missed_is_told_once_and_one_that_is_due_is_not(
    ledger: MemoryLedger, clock: VirtualClock
) -> None:
    carrier = Carrier()
    terms = SlotTerms(
        activated_at=datetime(2026, 10, 1, tzinfo=UTC),
        grace=timedelta(days=7),
        catch_up=CatchUp.ASK,
    )
    monthly = Schedule(calendar=Calendar(rule="monthly", zone=UTC), terms=terms)
    office = office_of(ledger, clock, {"webhook": carrier}, schedule=monthly)
    for _ in range(2):  # On the 20th: the grace of November is over, October was before notices.
        await tell(office, is_asked=False)
    (told,) = carrier.got
    assert (told.kind, told.next_step) == (
        NoticeKind.SLOT_MISSED,
        "trimtab run --if-due --slot 2026-11",
    )
    clock.move(timedelta(days=12).total_seconds())
    await tell(office, is_asked=False)
    assert len(carrier.got) == 1  # December is due.


async def test_kinds_that_nobody_wants_are_not_told_but_critical_ones_are_written_down(
    ledger: MemoryLedger, clock: VirtualClock
) -> None:
    carrier, wanted = Carrier(), frozenset({NoticeKind.EXECUTED})
    await saved(ledger, PlanStatus.REFUSED)
    await ledger.set_halt("by hand", by="ada", at=NOW)
    await tell(office_of(ledger, clock, {"webhook": carrier}, kinds=wanted), is_asked=False)
    assert carrier.got == []
    kinds = [record.notice.kind for record in await ledger.notices()]
    assert kinds == [NoticeKind.BEGUN, NoticeKind.HALTED]
    assert (await ledger.notices())[1].holds


async def test_a_channel_that_does_not_take_a_notice_is_tried_a_few_times_and_then_later(
    ledger: MemoryLedger, clock: VirtualClock
) -> None:
    carrier = Carrier(answers=[Step.NOT_SENT] * TRIES)
    office = office_of(ledger, clock, {"webhook": carrier})
    await ledger.set_halt("by hand", by="ada", at=NOW)
    await ledger.latch(TradingState.REDUCING, "a loss", by="gate", at=NOW)
    await tell(office, is_asked=False)
    assert carrier.kinds == [NoticeKind.HALTED] * TRIES  # And the other one is left for later.
    assert clock.now() - NOW == timedelta(seconds=1.5)
    await tell(office, is_asked=False)
    assert carrier.kinds[TRIES:] == [NoticeKind.HALTED, NoticeKind.REDUCING]


@pytest.mark.parametrize("answer", [Step.REFUSED, Step.UNKNOWN])
async def test_what_was_refused_or_may_have_arrived_is_not_sent_again(
    ledger: MemoryLedger, clock: VirtualClock, answer: Step
) -> None:
    carrier = Carrier(answers=[answer])
    office = office_of(ledger, clock, {"webhook": carrier})
    await ledger.set_halt("by hand", by="ada", at=NOW)
    await tell(office, is_asked=False)
    await tell(office, is_asked=False)
    assert len(carrier.got) == 1
    assert (await ledger.notices())[1].deliveries["webhook"].step is answer


async def test_a_channel_that_hangs_is_cut_off_marked_and_holds_up_no_other(
    ledger: MemoryLedger, clock: VirtualClock
) -> None:
    slow, quick = Carrier(channel="slow", hangs=True), Carrier(channel="quick")
    office = office_of(ledger, clock, {"slow": slow, "quick": quick}, within_s=0.05)
    await ledger.set_halt("by hand", by="ada", at=NOW)
    await tell(office, is_asked=False)
    deliveries = (await ledger.notices())[1].deliveries
    assert (deliveries["slow"].step, deliveries["quick"].step) == (Step.SENDING, Step.DELIVERED)
    slow.hangs = False
    await carry(office)
    assert len(slow.got) == 1  # It may have arrived.


async def test_two_commands_at_once_send_each_notice_once(
    ledger: MemoryLedger, clock: VirtualClock
) -> None:
    one, two = Carrier(), Carrier()
    await ledger.set_halt("by hand", by="ada", at=NOW)
    await write_down(office_of(ledger, clock, {"webhook": one}), is_asked=False)
    await asyncio.gather(
        tell(office_of(ledger, clock, {"webhook": one}), is_asked=False),
        tell(office_of(ledger, clock, {"webhook": two}), is_asked=False),
    )
    assert len(one.got) + len(two.got) == 1
