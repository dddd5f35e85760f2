"""Plans are saved once, decided once and begun once. Run on every ledger."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from tests.contract.ledger_cases import (
    SELL,
    plan_of,
    report_on,
    yes_to,
)
from trimtab.domain.errors import ApprovalError, LedgerError
from trimtab.domain.findings import Verdict
from trimtab.domain.snapshot import AccountKey, Environment
from trimtab.ports import Ledger, PlanStatus

OTHER_KEY = AccountKey(venue="binance", account="main", environment=Environment.LIVE)

OTHER_KEY = AccountKey(venue="binance", account="main", environment=Environment.LIVE)


async def test_a_plan_is_read_back_as_it_was_saved(ledger: Ledger) -> None:
    await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
    saved = await ledger.plan(SELL.digest[:8])
    assert (saved.plan, saved.report, saved.status) == (
        SELL,
        report_on(SELL),
        PlanStatus.PROPOSED,
    )
    assert saved.approval is None
    assert saved.plan.digest == SELL.digest


async def test_plans_come_oldest_first(ledger: Ledger) -> None:
    plans = [plan_of("sell 0.01 BTC", second=n) for n in (3, 1, 2)]
    for proposal in plans:
        await ledger.save_plan(proposal, report_on(proposal), PlanStatus.PROPOSED)
    assert [saved.plan for saved in await ledger.plans()] == plans


@pytest.mark.parametrize("prefix", [SELL.digest[:7], "0" * 64, ""])
async def test_a_prefix_that_names_no_single_plan_is_refused(ledger: Ledger, prefix: str) -> None:
    await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
    with pytest.raises(LedgerError):
        await ledger.plan(prefix)


async def test_a_plan_is_saved_once(ledger: Ledger) -> None:
    await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
    with pytest.raises(LedgerError, match="saved already"):
        await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)


async def test_findings_on_another_plan_are_refused(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="another plan"):
        await ledger.save_plan(SELL, report_on(plan_of()), PlanStatus.PROPOSED)


async def test_a_plan_of_another_account_is_refused(ledger: Ledger) -> None:
    foreign = dataclasses.replace(SELL, key=OTHER_KEY)
    with pytest.raises(LedgerError, match="another account"):
        await ledger.save_plan(foreign, report_on(foreign), PlanStatus.PROPOSED)


async def test_the_status_of_a_plan_moves(ledger: Ledger) -> None:
    await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
    await ledger.set_plan_status(SELL.digest, PlanStatus.DECLINED)
    assert (await ledger.plan(SELL.digest)).status is PlanStatus.DECLINED


DECIDED = [PlanStatus.DECLINED, PlanStatus.EXPIRED]
TAKEN = [PlanStatus.EXECUTING, PlanStatus.EXECUTED, PlanStatus.PARTIAL, PlanStatus.UNKNOWN]


@pytest.mark.parametrize("status", [*DECIDED, *TAKEN])
@pytest.mark.parametrize("to", [*DECIDED, PlanStatus.EXECUTING])
async def test_a_plan_that_was_begun_or_declined_is_neither_begun_nor_declined_again(
    ledger: Ledger, status: PlanStatus, to: PlanStatus
) -> None:
    await ledger.save_plan(SELL, report_on(SELL), status)
    is_a_no = status in DECIDED and to is PlanStatus.EXECUTING
    expected = ApprovalError if is_a_no else LedgerError
    with pytest.raises(expected, match=f"is {status}, cannot become {to}"):
        await ledger.set_plan_status(SELL.digest, to)
    assert (await ledger.plan(SELL.digest)).status is status


async def test_only_an_approved_plan_is_begun_and_only_once(ledger: Ledger) -> None:
    await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
    with pytest.raises(LedgerError, match="is proposed, cannot become executing"):
        await ledger.set_plan_status(SELL.digest, PlanStatus.EXECUTING)
    await ledger.save_approval(yes_to(SELL))
    await ledger.set_plan_status(SELL.digest, PlanStatus.EXECUTING)
    with pytest.raises(LedgerError, match="is executing, cannot become executing"):
        await ledger.set_plan_status(SELL.digest, PlanStatus.EXECUTING)


@pytest.mark.parametrize("status", [PlanStatus.PROPOSED, *DECIDED, PlanStatus.EXECUTED])
async def test_only_a_yes_makes_a_plan_approved(ledger: Ledger, status: PlanStatus) -> None:
    await ledger.save_plan(SELL, report_on(SELL), status)
    expected = ApprovalError if status in DECIDED else LedgerError
    with pytest.raises(expected, match=f"is {status}, cannot become approved"):
        await ledger.set_plan_status(SELL.digest, PlanStatus.APPROVED)
    assert (await ledger.plan(SELL.digest)).status is status


async def test_the_status_of_a_plan_that_is_not_there_cannot_move(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="not in the ledger"):
        await ledger.set_plan_status(SELL.digest, PlanStatus.DECLINED)


async def test_a_plan_takes_one_approval_once(ledger: Ledger) -> None:
    await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
    await ledger.save_approval(yes_to(SELL))
    saved = await ledger.plan(SELL.digest)
    assert (saved.approval, saved.status) == (yes_to(SELL), PlanStatus.APPROVED)
    with pytest.raises(ApprovalError, match="approved already"):
        await ledger.save_approval(yes_to(SELL))


async def test_of_two_that_approve_at_once_one_is_told_that_it_was_late(ledger: Ledger) -> None:
    await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
    both = (ledger.save_approval(yes_to(SELL)), ledger.save_approval(yes_to(SELL)))
    told = await asyncio.gather(*both, return_exceptions=True)
    assert [type(answer) for answer in told] == [type(None), ApprovalError]
    assert (await ledger.plan(SELL.digest)).approval == yes_to(SELL)


@pytest.mark.parametrize("status", [PlanStatus.DECLINED, PlanStatus.REFUSED, PlanStatus.EXECUTED])
async def test_a_plan_that_was_decided_takes_no_approval(
    ledger: Ledger, status: PlanStatus
) -> None:
    await ledger.save_plan(SELL, report_on(SELL, Verdict.REFUSE), status)
    with pytest.raises(ApprovalError, match="cannot be approved"):
        await ledger.save_approval(yes_to(SELL))
