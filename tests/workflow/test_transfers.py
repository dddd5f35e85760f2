"""A run that moves money between the wallets: once, whatever the venue and the line do."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.builders import limits, policy
from tests.fakes.memory_ledger import MemoryLedger
from tests.fakes.memory_venue import Fault
from tests.fakes.mortal import Death, Mortal
from tests.workflow.counter import Counter
from tests.workflow.floor import Floor
from tests.workflow.test_kill_points import calls_of, run_mortal
from trimtab.domain.approved import ApprovalKind
from trimtab.domain.errors import LedgerError
from trimtab.domain.payments import PaymentKind
from trimtab.domain.policy import DriftSide, Route
from trimtab.domain.transfers import TransferState
from trimtab.execution.report import Outcome
from trimtab.execution.rests import RestReason
from trimtab.ports import PlanStatus
from trimtab.workflow.run import Consent

HOLDINGS = "BTC 0.2 @ 60000, USDT 1000, wallet 500"
LEGS = ("sell 0.01 BTC", "then move 700.00001234 in", "then sell 0.01 perp BTC")


def floor_with(*faults: Fault, line: int = 2) -> Floor:
    return Floor(HOLDINGS, *LEGS, faults={(line, n): f for n, f in enumerate(faults, start=1)})


def moved(floor: Floor) -> list[Decimal]:
    """Return what the exchange really moved."""
    made = [m for m in floor.venue.truth.moved if m.fault is not Fault.FAILED]
    return [m.listed.units for m in made]


UNITS = Decimal("700.00001234")


@pytest.mark.parametrize(
    "fault",
    [None, Fault.RESET_AFTER, Fault.INVISIBLE, Fault.LATE, Fault.PENDING],
    ids=str,
)
async def test_whatever_becomes_of_its_answer_it_is_made_once_and_the_run_goes_on(
    fault: Fault | None,
) -> None:
    floor = floor_with(fault) if fault else floor_with()
    report = await floor.execute()
    assert (report.outcome, moved(floor)) == (Outcome.EXECUTED, [UNITS])
    assert floor.transfer_states == {2: TransferState.DONE}
    assert floor.venue.requests.count("transfer") == 1
    floor.check_the_promises()
    await floor.pay_up()
    assert (await floor.reconcile()).differences == ()


@pytest.mark.parametrize(
    ("fault", "state", "outcome"),
    [
        (Fault.REFUSED, TransferState.REFUSED, Outcome.PARTIAL),
        (Fault.FAILED, TransferState.REFUSED, Outcome.PARTIAL),
        (Fault.THROTTLED, TransferState.ABSENT, Outcome.PARTIAL),
        (Fault.RESET_BEFORE, TransferState.ABSENT, Outcome.PARTIAL),
    ],
    ids=str,
)
async def test_where_nothing_moved_nothing_follows(
    fault: Fault, state: TransferState, outcome: Outcome
) -> None:
    floor = floor_with(fault)
    report = await floor.execute()
    assert (report.outcome, moved(floor)) == (outcome, [])
    assert floor.transfer_states == {2: state}
    assert [r.line for r in report.remainder] == [3]
    assert floor.venue.requests.count("transfer") == 1
    assert floor.store.plans[floor.plan.digest].status is PlanStatus.PARTIAL
    floor.check_the_promises()


async def test_one_that_cannot_be_found_out_is_left_to_recovery() -> None:
    floor = floor_with(Fault.RESET_AFTER)
    floor.gate.on_review = lambda n: floor.venue.unreachable.add("payments") if n == 2 else None
    report = await floor.execute()
    assert (report.outcome, report.unknown) == (Outcome.UNKNOWN, (floor.plan.transfer_id(2),))
    assert floor.transfer_states == {2: TransferState.UNKNOWN}
    assert floor.store.plans[floor.plan.digest].status is PlanStatus.UNKNOWN
    still = await floor.recover()
    assert (still.exit_code, [t.is_resolved for t in still.transfers]) == (7, [False])
    floor.venue.unreachable.clear()
    recovered = await floor.recover()
    assert (recovered.exit_code, [t.after for t in recovered.transfers]) == (
        0,
        [TransferState.DONE],
    )
    assert moved(floor) == [UNITS]
    floor.check_the_promises()


async def test_two_of_the_same_units_after_the_fact_are_for_a_person() -> None:
    floor = floor_with(Fault.RESET_AFTER)

    def twin(reviewed: int) -> None:
        if reviewed == 3:
            raise AssertionError("the run went on")

    floor.gate.on_review = twin
    floor.venue.twin_of_next_transfer = True
    report = await floor.execute()
    assert report.outcome is Outcome.UNKNOWN
    assert (await floor.recover()).exit_code == 6


async def test_one_of_the_same_units_that_is_listed_already_keeps_ours_from_being_sent() -> None:
    floor = floor_with()
    floor.venue.move_by_hand(UNITS)
    report = await floor.execute()
    assert report.outcome is Outcome.PARTIAL
    assert [r.reason for r in report.unmoved] == [RestReason.TRANSFER_AMBIGUOUS]
    assert floor.transfer_states == {}
    assert floor.venue.requests.count("transfer") == 0
    assert "the same units" in report.note


async def test_one_of_other_units_is_not_taken_for_ours() -> None:
    floor = floor_with(Fault.RESET_AFTER)
    floor.venue.move_by_hand(Decimal(5))
    report = await floor.execute()
    assert report.outcome is Outcome.EXECUTED
    (record,) = floor.store.real.transfers.values()
    assert record.venue_transfer_id == "101"


async def test_a_plan_whose_transfer_never_arrived_is_recovered_as_partial() -> None:
    seen = set()
    for at in range(1, 60):
        floor = Floor(
            HOLDINGS, "sell 0.01 BTC", "then move 700 in", faults={(2, 1): Fault.RESET_BEFORE}
        )
        await run_mortal(floor, Mortal(Death.AFTER, at))
        await floor.recover()
        if floor.transfer_states == {2: TransferState.ABSENT}:
            seen.add(floor.store.plans[floor.plan.digest].status)
    assert seen == {PlanStatus.PARTIAL}


async def test_a_transfer_of_the_run_is_no_profit_to_the_looks_that_follow_it() -> None:
    counter = Counter("USDT 1900, BTC 0.12 @ 60000, ETH 0.5 @ 3000, wallet 100")
    rules = policy(
        hedge={"max_topup": Decimal(3000)},
        limits=limits(max_nav_jump="0.05"),
        route=Route.FUTURES,
        side=DriftSide.OVERWEIGHT,
    )
    await MemoryLedger(counter.store).save_balances(counter.opening)
    counter.clock.move(1)  # Looks are held against one another from the statement on.
    counter.venue.on_request["transfers"] = lambda: counter.clock.move(1)
    result = await counter.run(Consent.FLAG, rules=rules)
    assert result.execution is not None
    assert (result.execution.outcome, result.execution.note) == (Outcome.EXECUTED, "")
    (transfer,) = result.plan.transfers
    assert transfer.units > result.plan.nav / 10
    assert [p.units for p in counter.store.payments if p.kind is PaymentKind.TRANSFER] == [
        transfer.units
    ]


async def test_without_the_list_nothing_is_sent() -> None:
    floor = Floor(HOLDINGS, "move 700 in", "then sell 0.01 perp BTC")
    floor.venue.unreachable.add("transfers")
    report = await floor.execute()
    assert (report.outcome, floor.transfer_states) == (Outcome.NOTHING_SENT, {})


async def test_a_halt_between_the_gate_and_the_ledger_lets_nothing_begin() -> None:
    floor = Floor(HOLDINGS, "move 700 in", "then sell 0.01 perp BTC")
    floor.venue.on_request["transfers"] = lambda: floor.store.halts.append(
        ("by hand", "ada", floor.clock.now())
    )
    report = await floor.execute()
    assert (report.outcome, floor.transfer_states) == (Outcome.HALTED, {})
    assert moved(floor) == []


async def test_somebody_who_stops_the_run_while_the_list_is_read_is_heard() -> None:
    floor = Floor(HOLDINGS, "move 700 in", "then sell 0.01 perp BTC")
    floor.venue.on_request["transfers"] = floor.stop.set
    report = await floor.execute()
    assert (report.outcome, floor.transfer_states) == (Outcome.INTERRUPTED, {})


async def test_a_ledger_that_cannot_record_the_intent_sends_nothing() -> None:
    floor = Floor(HOLDINGS, "move 700 in", "then sell 0.01 perp BTC")

    def full() -> None:
        floor.store.fail_next = True

    floor.venue.on_request["transfers"] = full
    with pytest.raises(LedgerError, match="disk is full"):
        await floor.execute()
    assert moved(floor) == []


async def test_the_transfer_goes_before_the_first_order_too() -> None:
    floor = Floor(HOLDINGS, "move 700 in", "then sell 0.01 perp BTC")
    assert (await floor.execute()).outcome is Outcome.EXECUTED
    told = [line for line in floor.watcher.told if line != "waiting"]
    assert told.index("done 1") < told.index("sent 2.1")


async def test_our_own_transfer_is_no_difference_and_an_open_one_is() -> None:
    floor = floor_with(Fault.RESET_AFTER)
    floor.gate.on_review = lambda n: floor.venue.unreachable.add("payments") if n == 2 else None
    await floor.execute()
    floor.venue.unreachable.clear()
    open_now = (await floor.reconcile()).differences
    assert ("transfer", "recover") in {(d.subject.value, d.who.value) for d in open_now}
    await floor.recover()
    await floor.pay_up()
    assert (await floor.reconcile()).differences == ()


async def test_money_that_a_person_moved_is_still_a_difference() -> None:
    floor = floor_with()
    await floor.execute()
    floor.venue.move_by_hand(Decimal(50))
    await floor.pay_up()
    (balance,) = (await floor.reconcile()).differences
    with_ours = Decimal(balance.expected) - Decimal(balance.actual)
    assert (balance.subject.value, balance.name, with_ours) == ("balance", "USDT", Decimal(50))


async def test_a_dry_run_leaves_the_venue_alone() -> None:
    floor = Floor(HOLDINGS, *LEGS, kind=ApprovalKind.DRY_RUN)
    await floor.execute()
    assert floor.store.real.transfers == {}


def money_changes_wallets() -> Floor:
    return floor_with(Fault.RESET_AFTER)


def money_never_arrives() -> Floor:
    return floor_with(Fault.RESET_BEFORE)


@pytest.mark.parametrize("death", Death)
@pytest.mark.parametrize("scene", [money_changes_wallets, money_never_arrives])
async def test_a_run_that_dies_anywhere_moves_it_once_at_most_and_is_recovered(
    scene: type[Floor], death: Death
) -> None:
    for at in range(1, await calls_of(scene) + 1):
        floor = scene()
        await run_mortal(floor, Mortal(death, at))
        recovery = await floor.recover()
        assert recovery.exit_code == 0, (at, recovery)
        assert floor.venue.requests.count("transfer") <= 1, at
        floor.check_the_promises()
        await floor.pay_up()
        assert (await floor.reconcile()).differences == (), at


async def test_payments_of_our_transfers_are_booked_as_payments() -> None:
    floor = floor_with()
    await floor.execute()
    await floor.pay_up()
    kinds = [p.kind for p in floor.store.payments if p.units == UNITS]
    assert kinds == [PaymentKind.TRANSFER]
