"""For how long the venue may still take what an earlier run sent, where the ledger does not tell.

The ledger keeps when a request left, and not how long it asked to be taken. A fence that is counted
from a shorter window than that would pass while the venue can still take the order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from trimtab.domain.canonical import digest
from trimtab.domain.errors import LedgerError
from trimtab.domain.orders import ClientOrderId
from trimtab.domain.policy import RECEIVE_WINDOW_MS_MAX, Policy
from trimtab.domain.stops import StopState
from trimtab.ports import Ledger
from trimtab.workflow.inquiry import Desk
from trimtab.workflow.recover import NOTHING_SAID, Leftovers, RecoveryReport, leftovers, recover


async def recovered(
    desk: Desk, policy: Policy, *, said: Mapping[ClientOrderId, str] = NOTHING_SAID
) -> RecoveryReport:
    """Resolve what earlier runs left, under any configuration. The account must be held already.

    Held, because another run may end until it is. *said* as in :func:`recover`.

    Raises:
        LedgerError: a finding could not be recorded; run it again.

    """
    left = await leftovers(desk.ledger, now=desk.clock.now())
    window_ms = await believed_window_ms(left, policy, desk.ledger)
    return await recover(desk, receive_window_ms=window_ms, said=said)


async def believed_window_ms(left: Leftovers, policy: Policy, ledger: Ledger) -> int:
    """Return how long after its time a request of what is *left* may be taken, milliseconds.

    What *policy* says, where each plan that it is of was made under it. Where one was made under
    another, somebody has changed the configuration since, and the window may have been the longest.
    """
    own, present = policy.execution.receive_window_ms, digest(policy)
    for name in dict.fromkeys(_plans_of(left)):
        if await _made_under(name, ledger) != present:
            return max(own, RECEIVE_WINDOW_MS_MAX)
    return own


def _plans_of(left: Leftovers) -> Iterator[str]:
    """Yield the digests of plans of which something may be on its way; what rests has arrived."""
    yield from (record.intent.plan_digest for record in left.open_orders)
    yield from (record.intent.plan_digest for record in left.open_transfers)
    yield from (s.intent.plan_digest for s in left.stops if s.state is not StopState.RESTING)


async def _made_under(plan_digest: str, ledger: Ledger) -> str:
    """Return the digest of the policy of a plan; empty for one that an earlier version saved."""
    try:
        return (await ledger.plan(plan_digest)).plan.policy_digest
    except LedgerError:
        return ""
