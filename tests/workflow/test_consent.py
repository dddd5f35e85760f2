"""A yes is for one plan, under its own rules, once."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest

from tests.builders import dec
from tests.fakes.memory_ledger import MemoryLedger
from tests.workflow.counter import RULES, Counter
from trimtab.domain.approved import ApprovalKind
from trimtab.domain.errors import AccountHeld, ApprovalError, NotDone
from trimtab.domain.findings import GateReport
from trimtab.domain.history_policy import VolatilityPolicy
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Policy, Target, Threshold
from trimtab.domain.references import ReferenceSource
from trimtab.domain.sleeves import Direction, Sleeve, SleeveScale
from trimtab.domain.snapshot import Snapshot
from trimtab.ports import Answer, PlanStatus, Portfolio
from trimtab.workflow.run import Consent


async def test_an_approved_plan_is_executed_by_whoever_runs_it() -> None:
    counter = Counter()
    saved = await counter.approved()
    result = await counter.run_saved(saved, Consent.ASK)
    assert (result.status, counter.sent, counter.person.asked) == (PlanStatus.EXECUTED, 1, 0)


async def test_a_no_that_comes_while_a_run_looks_around_is_not_taken_back() -> None:
    counter = Counter()
    saved = await counter.approved()
    ledger, look = MemoryLedger(counter.store), counter.venue.snapshot
    looks = 0

    async def declined_meanwhile(portfolio: Portfolio) -> Snapshot:
        nonlocal looks
        looks += 1
        if looks == 2:  # The first is of the opening statement.
            await ledger.set_plan_status(saved.plan.digest, PlanStatus.DECLINED)
            raise NotDone("the network is away", evidence=None)
        return await look(portfolio)

    counter.venue.snapshot = declined_meanwhile  # type: ignore[method-assign]  # A no elsewhere.
    with pytest.raises(ApprovalError, match="is declined, cannot become approved"):
        await counter.run_saved(saved, Consent.ASK)
    assert (await ledger.plan(saved.plan.digest)).status is PlanStatus.DECLINED
    assert counter.sent == 0


@pytest.mark.parametrize("again", ["as it was read before", "read anew"])
async def test_a_plan_that_was_executed_is_not_executed_again(again: str) -> None:
    counter = Counter()
    stale = await counter.approved()
    await counter.run_saved(stale, Consent.ASK)
    counter.venue.truth.free = {a: b.free for a, b in counter.opening.balances.items()}
    fresh = await MemoryLedger(counter.store).plan(stale.plan.digest)
    with pytest.raises(ApprovalError, match="is executed already") as refused:
        await counter.run_saved(stale if again == "as it was read before" else fresh, Consent.FLAG)
    assert refused.value.next_step == "trimtab plan"
    assert counter.sent == 1


async def test_of_two_runs_of_one_approved_plan_at_once_one_executes() -> None:
    counter = Counter()
    saved = await counter.approved()
    ended = await asyncio.gather(
        *(counter.run_saved(saved, Consent.ASK) for _ in range(2)), return_exceptions=True
    )
    refused = [e for e in ended if isinstance(e, AccountHeld | ApprovalError)]
    assert len(refused) == 1
    assert counter.sent == 1


@pytest.mark.parametrize(
    ("status", "next_step"),
    [
        (PlanStatus.EXECUTING, "trimtab recover"),
        (PlanStatus.UNKNOWN, "trimtab recover"),
        (PlanStatus.PARTIAL, "trimtab plan"),
        (PlanStatus.DECLINED, "trimtab plan"),
    ],
)
async def test_a_plan_whose_run_died_or_that_was_declined_is_never_begun_again(
    status: PlanStatus, next_step: str
) -> None:
    counter = Counter()
    stale = await counter.approved()
    moved = dataclasses.replace(counter.store.plans[stale.plan.digest], status=status)
    counter.store.plans[stale.plan.digest] = moved
    with pytest.raises(ApprovalError, match=f"is {status} already") as refused:
        await counter.run_saved(stale, Consent.ASK)
    assert (refused.value.next_step, counter.sent) == (next_step, 0)


async def test_a_yes_that_was_exchanged_for_another_executes_nothing() -> None:
    counter = Counter()
    stale = await counter.approved()
    assert stale.approval is not None
    longer = dataclasses.replace(stale.approval, by="somebody else")
    counter.store.real.approvals[stale.plan.digest] = longer
    with pytest.raises(ApprovalError):
        await counter.run_saved(stale, Consent.ASK)
    assert counter.sent == 0


SLEEVE = Sleeve(
    name="alts",
    scale=SleeveScale.WEIGHT,
    size=dec("0.1"),
    direction=Direction.LONG,
    members={Asset("BTC"): dec("1")},
    band=dec("0.02"),
)


def changed(value: Any) -> Any:
    """Return another value of the same kind."""
    match value:
        case bool():
            return not value
        case StrEnum():
            return next(each for each in type(value) if each is not value)
        case int() | Decimal():
            return value + 1
        case Threshold():
            return dataclasses.replace(value, width=value.width + dec("0.01"))
        case tuple():
            return (*value[1:], *value[:1]) if value else tuple(ReferenceSource)
        case _:
            return changed_in(value)


def changed_in(value: Any) -> Any:
    """Return a record with its first field changed, a mapping with one entry more, or a rule."""
    if value is None:  # A rule that is not wanted.
        return VolatilityPolicy(target=dec("0.4"), look_back_days=30)
    if not dataclasses.is_dataclass(value):
        return {"BTC": next(iter(value.values()), "futures")} if not value else {}
    first = dataclasses.fields(value)[0].name
    return dataclasses.replace(value, **{first: changed(getattr(value, first))})  # type: ignore[type-var]  # Any record.


def other_rules() -> Iterator[tuple[str, Policy]]:
    """Yield the policy with each of its settings changed, one at a time, by name."""
    for section in dataclasses.fields(Policy):
        part: Any = getattr(RULES, section.name)
        if not dataclasses.is_dataclass(part):  # The sleeves stand in a row, with none by default.
            yield section.name, dataclasses.replace(RULES, **{section.name: (SLEEVE,)})  # type: ignore[arg-type]  # One name.
            continue
        for setting in dataclasses.fields(part):
            other = {setting.name: changed(getattr(part, setting.name))}
            rules = {section.name: dataclasses.replace(part, **other)}
            yield f"{section.name}.{setting.name}", dataclasses.replace(RULES, **rules)


@pytest.mark.parametrize("rules", [pytest.param(r, id=name) for name, r in other_rules()])
async def test_a_plan_is_not_executed_under_any_other_rule_than_its_own(rules: Policy) -> None:
    counter = Counter()
    saved = await counter.approved()
    assert rules != RULES
    with pytest.raises(ApprovalError, match="configuration changed") as refused:
        await counter.run_saved(saved, Consent.FLAG, rules=rules)
    assert refused.value.next_step == "trimtab plan"
    assert counter.sent == 0


def test_every_limit_is_among_the_rules_that_were_changed() -> None:
    names = {name for name, _ in other_rules()}
    assert {f"limits.{name}" for name in RULES.limits.__slots__} <= names
    assert {f"approval.{name}" for name in RULES.approval.__slots__} <= names


async def test_a_yes_after_the_plans_time_is_not_recorded() -> None:
    counter = Counter()

    async def late(_plan: Plan, _report: GateReport) -> Answer:
        counter.clock.move(300)
        return Answer.YES

    counter.person.saying = late
    with pytest.raises(ApprovalError, match="its time is over"):
        await counter.run(Consent.ASK)
    (saved,) = await MemoryLedger(counter.store).plans()
    assert (saved.status, saved.approval, counter.sent) == (PlanStatus.EXPIRED, None, 0)


async def test_two_runs_that_see_at_once_that_a_plans_time_is_over_both_say_so() -> None:
    counter = Counter()

    class Raced(MemoryLedger):
        """Another run writes the same just before."""

        async def set_plan_status(self, plan_digest: str, status: PlanStatus) -> None:
            if status is PlanStatus.EXPIRED:
                await super().set_plan_status(plan_digest, status)
            await super().set_plan_status(plan_digest, status)

    async def late(_plan: Plan, _report: GateReport) -> Answer:
        counter.clock.move(300)
        return Answer.YES

    counter.person.saying = late
    with pytest.raises(ApprovalError, match="its time is over"):
        await counter.run(Consent.ASK, ledger=Raced(counter.store))
    assert counter.sent == 0


async def test_a_yes_here_and_a_yes_elsewhere_at_once_are_one_yes() -> None:
    counter = Counter()

    async def both(plan: Plan, report: GateReport) -> Answer:
        await counter.approve_elsewhere(plan, report)
        return Answer.YES

    counter.person.saying = both
    result = await counter.run(Consent.ASK)
    assert (result.status, counter.sent) == (PlanStatus.EXECUTED, 1)


async def test_a_no_here_beats_a_yes_elsewhere_that_was_not_used_yet() -> None:
    counter = Counter()

    async def no(plan: Plan, report: GateReport) -> Answer:
        await counter.approve_elsewhere(plan, report)
        return Answer.NO

    counter.person.saying = no
    result = await counter.run(Consent.ASK)
    assert (result.status, counter.sent) == (PlanStatus.DECLINED, 0)


async def test_a_run_whose_plan_is_executed_elsewhere_while_it_asks_sends_nothing() -> None:
    counter = Counter()

    async def slow(plan: Plan, report: GateReport) -> Answer:
        await counter.approve_elsewhere(plan, report)
        saved = await MemoryLedger(counter.store).plan(plan.digest)
        await counter.run_saved(saved, Consent.ASK)
        return Answer.YES

    counter.person.saying = slow
    with pytest.raises(ApprovalError, match="is executed already"):
        await counter.run(Consent.ASK)
    assert counter.sent == 1


async def test_the_kind_of_a_typed_yes_and_of_the_flag_are_recorded() -> None:
    for consent, kind in ((Consent.ASK, ApprovalKind.TYPED), (Consent.FLAG, ApprovalKind.FLAG)):
        counter = Counter()
        result = await counter.run(consent)
        assert counter.store.real.approvals[result.plan.digest].kind is kind


def test_targets_in_another_order_are_another_policy() -> None:
    assert isinstance(RULES.rebalance.targets[0], Target)
    assert changed(RULES.rebalance.targets) != RULES.rebalance.targets
