"""What is written of a calendar slot on the way of a run.

A slot is taken while the account is held and before the first order, as ``partial``: until its
end says more, a crash leaves just that. What a plan is for is read from the plan itself, so that
one which a person approves later, from another terminal, takes its slot like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from trimtab.domain.firings import slot_of
from trimtab.domain.plan import Plan, UntradedReason
from trimtab.domain.slots import SlotMove, SlotState
from trimtab.execution.report import ExecutionReport, Outcome
from trimtab.ports import Clock, Ledger, PlanStatus

_NOTED: Final[Mapping[PlanStatus, SlotState]] = MappingProxyType(
    {
        PlanStatus.PROPOSED: SlotState.PLANNED,
        PlanStatus.REFUSED: SlotState.REFUSED,
        PlanStatus.DECLINED: SlotState.DECLINED,
    }
)
"""What a plan that sent nothing says of its slot."""
_ENDED: Final[Mapping[Outcome, SlotState]] = MappingProxyType(
    {Outcome.EXECUTED: SlotState.DONE, Outcome.REFUSED: SlotState.REFUSED}
)
"""What an execution says of its slot; any other leaves it partial, or planned without orders."""

_HINDERED: Final = frozenset(
    {
        UntradedReason.NO_FREE_CASH,
        UntradedReason.NO_FREE_UNITS,
        UntradedReason.NOT_TRADABLE,
        UntradedReason.AT_VENUE_MAXIMUM,
        UntradedReason.REDUCTION_FIRST,
    }
)
"""Why a plan without orders leaves an account away from its target, not for being small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotBook:
    """Writes down what becomes of the slot that a plan is for; nothing for other plans."""

    ledger: Ledger
    clock: Clock
    owner: str

    async def note(self, plan: Plan, status: PlanStatus) -> None:
        """Record what *plan* came to before any order; statuses that say nothing are left out.

        A no to one plan says nothing of a slot that another plan was made for since, and is said
        once.
        """
        slot = slot_of(plan.firings)
        if status not in _NOTED or not slot:
            return
        if status is PlanStatus.DECLINED:
            written = await self.ledger.slot(slot)
            if written is not None and (
                written.plan_digest != plan.digest or written.state is SlotState.DECLINED
            ):
                return
        await self.ledger.note_slot(self._move(plan, _NOTED[status]))

    async def awaits(self, plan: Plan) -> None:
        """Record that *plan* waits for a yes."""
        if slot_of(plan.firings):
            await self.ledger.note_slot(self._move(plan, SlotState.AWAITING_APPROVAL))

    async def take(self, plan: Plan) -> bool:
        """Take the slot that *plan* is for; False when it is done. The account is held."""
        return await self.settle(plan, SlotState.PARTIAL)

    async def settle(self, plan: Plan, state: SlotState) -> bool:
        """Record how the slot stands; False when it is done already. The account is held."""
        if not slot_of(plan.firings):
            return True
        return await self.ledger.settle_slot(self._move(plan, state))

    async def end(self, plan: Plan, execution: ExecutionReport) -> None:
        """Record what the execution of *plan* made of its slot. The account is held."""
        otherwise = SlotState.PARTIAL if execution.orders else SlotState.PLANNED
        await self.settle(plan, _ENDED.get(execution.outcome, otherwise))

    async def nothing_to_do(self, plan: Plan) -> None:
        """Record that the slot is done, the account being where it should be.

        Where something else keeps it from there (no market, locked coins), the slot stays due.

        Raises:
            AccountHeld: another run holds the account, which may be about to move it.

        """
        if not slot_of(plan.firings):
            return
        if any(left.reason in _HINDERED for left in plan.untraded):
            await self.ledger.note_slot(self._move(plan, SlotState.PLANNED))
        else:
            async with self.ledger.holding_account(owner=self.owner):
                await self.settle(plan, SlotState.DONE)

    def _move(self, plan: Plan, state: SlotState) -> SlotMove:
        """Return the step of the plan's slot to *state*."""
        return SlotMove(
            slot=slot_of(plan.firings),
            state=state,
            plan_digest=plan.digest,
            by=self.owner,
            at=self.clock.now(),
        )
