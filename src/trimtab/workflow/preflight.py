"""Just before the first order: a fresh look, and the leverage that the plan counts on.

Leverage is a write like an order: recorded before its bytes and after, never repeated, and
what it came to is read from the next snapshot, not from its answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from trimtab.approval import account_changed, moved_too_far, stops_unattended
from trimtab.domain.approved import ApprovalKind, ApprovedPlan
from trimtab.domain.errors import ApprovalError, NotDone, PlanningError, Refused, VenueError
from trimtab.domain.findings import GateReport, Verdict
from trimtab.domain.instruments import Symbol
from trimtab.domain.leverage import LeverageSetting, SettingOutcome
from trimtab.domain.plan import Leg, Plan
from trimtab.domain.policy import Policy
from trimtab.domain.snapshot import MarginMode, Snapshot
from trimtab.domain.standing_approval import StandingScope
from trimtab.execution.rests import RestReason
from trimtab.ports import MarketData, Portfolio
from trimtab.workflow.inquiry import Desk

Regate = Callable[[Plan, Snapshot], Awaitable[GateReport]]
"""The gate, with the ledger's and the clock's present context. It judges the kill switch too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What an execution works with. The ledger holds the account already."""

    desk: Desk
    market: MarketData
    portfolio: Portfolio
    policy: Policy
    regate: Regate
    rests_on: StandingScope | None
    """What the standing approval is for that said yes; None when a person did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The account as it is just before the first order."""

    opening: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReady:
    """Why nothing can be sent."""

    reason: RestReason
    note: str
    """One sentence."""
    review: GateReport
    """The gate's last word."""


async def prepare(approved: ApprovedPlan, wiring: Wiring) -> Ready | NotReady:
    """Look afresh, set leverage where the plan needs it, and look again.

    Raises:
        ApprovalError: the approval is over, or account or prices are no longer what it was for.
        LedgerError: a step could not be recorded.

    """
    try:
        opening = await _fresh(approved, wiring)
        wanted = () if _is_dry(approved) else unset_leverage(approved.plan.legs, opening, wiring)
        if not wanted:
            return Ready(opening=opening)
        review, refusal = await gated(approved.plan, opening, wiring, approved.report)
        if refusal:
            return NotReady(reason=RestReason.GATE_REFUSED, note=refusal, review=review)
        if (unset := await _all_set(approved, wanted, wiring, review)) is not None:
            return unset
        opening = await _fresh(approved, wiring)
    except VenueError as error:
        return NotReady(reason=RestReason.MARKET_UNREAD, note=str(error), review=approved.report)
    if left := unset_leverage(approved.plan.legs, opening, wiring):
        note = f"leverage could not be set for {', '.join(left)}"
        return NotReady(reason=RestReason.LEVERAGE_NOT_SET, note=note, review=review)
    return Ready(opening=opening)


async def _all_set(
    approved: ApprovedPlan, wanted: Sequence[Symbol], wiring: Wiring, review: GateReport
) -> NotReady | None:
    """Set leverage contract by contract; say why not all of it was asked for, or None."""
    for symbol in wanted:
        if wiring.desk.stop.is_set():
            note = f"asked to stop before the leverage of {symbol} was set"
            return NotReady(reason=RestReason.INTERRUPTED, note=note, review=review)
        try:
            await _set_leverage(approved, symbol, wiring)
        except VenueError as error:
            return NotReady(reason=RestReason.LEVERAGE_NOT_SET, note=str(error), review=review)
    return None


def _is_dry(approved: ApprovedPlan) -> bool:
    """Whether nothing may be changed on the venue."""
    return approved.approval.kind is ApprovalKind.DRY_RUN


async def _fresh(approved: ApprovedPlan, wiring: Wiring) -> Snapshot:
    """Read the account, and refuse when the approval no longer fits it."""
    snapshot = await wiring.market.snapshot(wiring.portfolio)
    name = approved.plan.digest[:12]
    over_at = min(approved.approval.expires_at, approved.plan.expires_at)
    if wiring.desk.clock.now() >= over_at:
        raise ApprovalError(f"plan {name}: the approval expired")
    if changed := account_changed(approved.plan, snapshot):
        raise ApprovalError(f"plan {name}: the account changed, nothing was sent ({changed})")
    if moved := moved_too_far(approved.plan, snapshot, wiring.policy.approval):
        raise ApprovalError(f"plan {name}: {moved}")
    return snapshot


async def gated(
    plan: Plan, snapshot: Snapshot, wiring: Wiring, before: GateReport
) -> tuple[GateReport, str]:
    """Return the gate's report and its refusal in one sentence, empty when it passed.

    A gate that cannot measure has refused; *before* is its last word then.
    """
    halted = await wiring.desk.ledger.halted()
    try:
        review = await wiring.regate(plan, snapshot)
    except (VenueError, PlanningError) as error:
        return before, f"the gate could not measure: {error}"
    if halted is not None and "kill_switch" not in {f.check for f in review.findings}:
        return review, f"halted: {halted}"
    refused = [f for f in review.findings if f.verdict is Verdict.REFUSE]
    if review.verdict is Verdict.REFUSE:
        said = "; ".join(f"{f.check} ({f.subject}): {f.reason or f.measured}" for f in refused)
        return review, said or "nothing was checked"
    if wiring.rests_on is not None:
        return review, "; ".join(stops_unattended(wiring.rests_on, review, halted=halted))
    return review, ""


def unset_leverage(legs: Sequence[Leg], snapshot: Snapshot, wiring: Wiring) -> tuple[Symbol, ...]:
    """Return contracts that *legs* open and that are not set as the policy wants, by line.

    Where no leverage can be set, none is missing.
    """
    wanted = wiring.policy.hedge.leverage
    opened = dict.fromkeys(
        leg.symbol for leg in legs if leg.instrument.is_contract and not leg.reduce_only
    )
    found = ((symbol, snapshot.contracts.get(symbol)) for symbol in opened)
    return tuple(
        symbol
        for symbol, state in found
        if state is None
        or (state.takes_leverage and state.leverage != wanted)
        or state.margin_mode is not MarginMode.CROSS
    )


async def _set_leverage(approved: ApprovedPlan, symbol: Symbol, wiring: Wiring) -> None:
    """Set one contract's leverage once, recorded before and after.

    Raises:
        NotDone: certainly not set.
        Refused: the venue said no.

    """
    leverage = wiring.policy.hedge.leverage

    async def record(outcome: SettingOutcome, note: str) -> None:
        setting = LeverageSetting(
            plan_digest=approved.plan.digest,
            symbol=symbol,
            leverage=leverage,
            outcome=outcome,
            note=note,
            at=wiring.desk.clock.now(),
        )
        await wiring.desk.ledger.record_leverage(setting)

    await record(SettingOutcome.SENDING, "")
    try:
        await wiring.desk.venue.set_leverage(symbol, leverage=leverage)
    except NotDone as error:
        await record(SettingOutcome.NOT_DONE, str(error))
        raise
    except Refused as error:
        await record(SettingOutcome.REFUSED, str(error))
        raise
    except VenueError as error:
        await record(SettingOutcome.UNKNOWN, str(error))
        return
    await record(SettingOutcome.SET, "")
    wiring.desk.progress.leverage_set(symbol, leverage=leverage)
