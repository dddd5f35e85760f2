"""What every ledger keeps of standing approvals: in memory, on disk and on a server."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders import KEY, NOW, report_on
from tests.contract.ledger_cases import StandingClock, intent, yes_to
from tests.contract.server_cases import needs_server, own_schema
from tests.fakes.memory_ledger import MemoryStore, open_memory_ledger
from tests.standing_cases import RULES, SELL_AND_BUY, caps, plan_under, scope, standing
from trimtab.adapters.ledger.sql_ledger import SqlLedger, open_ledger
from trimtab.approval import rest_on
from trimtab.domain.approved import Approval, ApprovalKind
from trimtab.domain.errors import ApprovalError, Halted, LedgerError
from trimtab.domain.plan import Plan
from trimtab.domain.snapshot import Environment
from trimtab.domain.standing_approval import Revocation, StandingUse, draw_of
from trimtab.ports import Ledger, PlanStatus

GIVEN = standing()
NAME = GIVEN.digest
AGAIN = plan_under(RULES, "sell 0.01 BTC @ 59900", made_at=NOW + timedelta(seconds=1))
"""Another plan; it could send 600."""
Opening = Callable[[bool], AbstractAsyncContextManager[Ledger]]
"""Opens the ledger as another process would; True: for a dry run."""


@pytest.fixture(params=["memory", "disk", pytest.param("server", marks=needs_server)])
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opening]:
    clock, store = StandingClock(), MemoryStore(key=KEY, began_at=NOW)

    def at(url: str) -> Opening:
        return lambda dry: open_ledger(url, KEY, dry_run=dry, clock=clock)

    match request.param:
        case "memory":
            yield lambda dry: open_memory_ledger(store, KEY, dry_run=dry, clock=clock)
        case "disk":
            yield at(f"sqlite:///{tmp_path / 'ledger.db'}")
        case _:
            with own_schema() as url:
                yield at(url)


@pytest.fixture
async def ledger(opening: Opening) -> AsyncIterator[Ledger]:
    """Return a ledger with two pending plans."""
    async with opening(False) as opened:
        for proposal in (SELL_AND_BUY, AGAIN):
            await opened.save_plan(proposal, report_on(proposal), PlanStatus.PROPOSED)
        yield opened


async def yes_of(ledger: Ledger, proposal: Plan = SELL_AND_BUY, name: str = NAME) -> Approval:
    """Let a standing approval say yes to a plan now."""
    return await ledger.approve_standing(proposal.digest, standing=name, policy=RULES, at=NOW)


async def test_a_grant_is_read_back_as_it_was_given(ledger: Ledger) -> None:
    assert await ledger.standing_approvals() == ()
    other = standing(limited=caps(runs=2))
    await ledger.grant_standing(GIVEN)
    await ledger.grant_standing(other)
    first, second = await ledger.standing_approvals()
    assert (first.digest, first.approval, first.revoked, first.uses) == (NAME, GIVEN, None, ())
    assert second.approval == other


async def test_a_grant_is_given_once_and_for_the_ledgers_account(ledger: Ledger) -> None:
    await ledger.grant_standing(GIVEN)
    with pytest.raises(LedgerError, match="is granted already"):
        await ledger.grant_standing(GIVEN)
    live = dataclasses.replace(KEY, environment=Environment.LIVE)
    with pytest.raises(LedgerError, match="is for another account"):
        await ledger.grant_standing(standing(within=scope(key=live)))
    assert len(await ledger.standing_approvals()) == 1


async def test_its_yes_is_the_plans_approval_and_is_counted(ledger: Ledger) -> None:
    await ledger.grant_standing(GIVEN)
    yes = await yes_of(ledger)
    saved = await ledger.plan(SELL_AND_BUY.digest)
    assert (saved.status, saved.approval) == (PlanStatus.APPROVED, yes)
    wanted = rest_on(GIVEN, report_on(SELL_AND_BUY), at=NOW, ttl_s=RULES.approval.ttl_s)
    assert yes == wanted
    (record,) = await ledger.standing_approvals()
    draw = draw_of(SELL_AND_BUY).total
    assert record.uses == (StandingUse(plan_digest=SELL_AND_BUY.digest, draw=draw, at=NOW),)


@pytest.mark.parametrize("limited", [caps(runs=1, day=4_000), caps(runs=9, day=901)])
async def test_of_two_at_once_one_has_the_last_of_a_cap(
    ledger: Ledger, opening: Opening, limited: object
) -> None:
    given = dataclasses.replace(GIVEN, caps=limited)  # type: ignore[arg-type]  # Caps, as drawn.
    await ledger.grant_standing(given)
    async with opening(False) as other:
        told = await asyncio.gather(
            yes_of(ledger, SELL_AND_BUY, given.digest),
            yes_of(other, AGAIN, given.digest),
            return_exceptions=True,
        )
    assert sorted(type(each).__name__ for each in told) == ["Approval", "ApprovalError"]
    (record,) = await ledger.standing_approvals()
    assert len(record.uses) == 1


async def test_what_it_does_not_cover_is_not_approved_and_not_counted(ledger: Ledger) -> None:
    narrow = standing(limited=caps(run=900))
    await ledger.grant_standing(narrow)
    with pytest.raises(ApprovalError, match="the run would be 901, above its 900") as refused:
        await yes_of(ledger, name=narrow.digest)
    assert refused.value.next_step == f"trimtab approve {SELL_AND_BUY.digest[:12]}"
    with pytest.raises(ApprovalError, match="is not in the ledger"):
        await yes_of(ledger, name="0" * 64)
    (record,) = await ledger.standing_approvals()
    assert record.uses == ()
    assert (await ledger.plan(SELL_AND_BUY.digest)).status is PlanStatus.PROPOSED


async def test_a_plan_takes_one_yes_and_only_while_its_time_lasts(ledger: Ledger) -> None:
    wide = standing(limited=caps(runs=9, day=9_000))
    await ledger.grant_standing(wide)
    await yes_of(ledger, name=wide.digest)
    with pytest.raises(ApprovalError, match="approved already"):
        await yes_of(ledger, name=wide.digest)
    late = AGAIN.expires_at
    with pytest.raises(ApprovalError, match="the approval expired"):
        await ledger.approve_standing(AGAIN.digest, standing=wide.digest, policy=RULES, at=late)
    (record,) = await ledger.standing_approvals()
    assert len(record.uses) == 1


async def test_while_halted_it_says_no(ledger: Ledger) -> None:
    await ledger.grant_standing(GIVEN)
    await ledger.set_halt("a storm", by="ada", at=NOW)
    with pytest.raises(ApprovalError, match="the account is halted"):
        await yes_of(ledger)
    await ledger.set_halt(None, by="ada", at=NOW)
    assert (await yes_of(ledger)).by == NAME


async def test_a_revoked_one_says_no_and_is_revoked_once(ledger: Ledger) -> None:
    await ledger.grant_standing(GIVEN)
    await ledger.revoke_standing(NAME, by="bob", at=NOW)
    (record,) = await ledger.standing_approvals()
    assert record.revoked == Revocation(by="bob", at=NOW)
    with pytest.raises(ApprovalError, match="was revoked by bob"):
        await yes_of(ledger)
    with pytest.raises(LedgerError, match="is revoked already"):
        await ledger.revoke_standing(NAME, by="bob", at=NOW)
    with pytest.raises(LedgerError, match="is not in the ledger"):
        await ledger.revoke_standing("0" * 64, by="bob", at=NOW)


async def test_orders_begin_under_it_only_while_it_is_in_force(ledger: Ledger) -> None:
    await ledger.grant_standing(GIVEN)
    await yes_of(ledger)
    first, second = intent(SELL_AND_BUY, 1), intent(SELL_AND_BUY, 2)
    async with ledger.holding_account(owner="test"):
        await ledger.begin([first], at=NOW, halt_seen=None)
        with pytest.raises(Halted, match=r"expired at .* nothing of this round was sent"):
            await ledger.begin([second], at=GIVEN.expires_at, halt_seen=None)
        await ledger.revoke_standing(NAME, by="bob", at=NOW)
        with pytest.raises(Halted, match="was revoked by bob") as refused:
            await ledger.begin([second], at=NOW, halt_seen=None)
    assert refused.value.next_step == "trimtab standing list"
    assert len(await ledger.orders(plan_digest=None)) == 1


async def test_a_persons_yes_needs_none_to_be_in_force(ledger: Ledger) -> None:
    await ledger.save_approval(yes_to(AGAIN))
    async with ledger.holding_account(owner="test"):
        await ledger.begin([intent(AGAIN)], at=NOW, halt_seen=None)
    assert len(await ledger.orders(plan_digest=None)) == 1


async def test_its_yes_cannot_be_written_without_being_counted(ledger: Ledger) -> None:
    await ledger.grant_standing(GIVEN)
    bare = dataclasses.replace(yes_to(SELL_AND_BUY), kind=ApprovalKind.STANDING, by=NAME)
    with pytest.raises(LedgerError, match="through approve_standing"):
        await ledger.save_approval(bare)
    assert (await ledger.plan(SELL_AND_BUY.digest)).status is PlanStatus.PROPOSED


async def test_a_dry_run_reads_and_writes_none(ledger: Ledger, opening: Opening) -> None:
    await ledger.grant_standing(GIVEN)
    async with opening(True) as dry:
        seen = await dry.standing_approvals()
        for act in (
            dry.grant_standing(standing(limited=caps(runs=2))),
            dry.revoke_standing(NAME, by="ada", at=NOW),
            yes_of(dry),
        ):
            with pytest.raises(LedgerError, match="a dry run cannot"):
                await act
        await yes_of(ledger)
        await ledger.revoke_standing(NAME, by="ada", at=NOW)
        async with dry.holding_account(owner="test"):  # It can send nothing: it needs no yes.
            await dry.begin([intent(SELL_AND_BUY)], at=NOW, halt_seen=None)
        assert len(await dry.orders(plan_digest=None)) == 1
    assert [(r.approval, r.revoked, r.uses) for r in seen] == [(GIVEN, None, ())]


async def test_a_ledger_with_all_of_it_is_sound(ledger: Ledger) -> None:
    wide = standing(limited=caps(runs=9, day=9_000))
    await ledger.grant_standing(wide)
    await yes_of(ledger, SELL_AND_BUY, wide.digest)
    await yes_of(ledger, AGAIN, wide.digest)
    await ledger.revoke_standing(wide.digest, by="bob", at=NOW)
    if isinstance(ledger, SqlLedger):
        assert (await ledger.audit.verify()).faults == ()
    (record,) = await ledger.standing_approvals()
    assert [use.plan_digest for use in record.uses] == [SELL_AND_BUY.digest, AGAIN.digest]
