"""What a run does about stops: withdraws before its first order, places after its last.

In between a hedge that the plan changes has none. With one resting, an order of ours and the stop
could both buy back, and what is too much comes off another hedge of the same contract; a moment
without one has a run watching. What is placed is exactly what is filled by then, however the run
ended, and what a stop filled that fired meanwhile is booked before it is reckoned. What an order of
the run may still buy back of a hedge is left out where that contract is short of anything else;
where it is not, a stop that only reduces cannot buy too much. See
docs/design/0053-resting-stops.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from trimtab.domain.approved import ApprovedPlan
from trimtab.domain.hedges import Hedge, HedgeBook, HedgeId
from trimtab.domain.instruments import Lots, Symbol
from trimtab.domain.orders import Side
from trimtab.domain.stops import StopIntent, StopLine, StopRecord, StopState, stop_id
from trimtab.execution.report import ExecutionReport, Outcome, StopResult
from trimtab.execution.rests import RestReason
from trimtab.execution.tracking import Outlook
from trimtab.hedging.book import book_of
from trimtab.planning.stops import NOTHING_WANTED, Wanted, wanted
from trimtab.workflow.preflight import NotReady, Wiring
from trimtab.workflow.recover import resolved_orders
from trimtab.workflow.stops import FollowedStop, placed, withdrawn

_SAYS_TOO_LITTLE: Final = frozenset(
    {Outcome.EXECUTED, Outcome.REFUSED, Outcome.NOTHING_SENT, Outcome.HALTED}
)
"""Ends that are no longer true where a stop was taken away and none put: all of it was done, or
nothing was sent."""


async def withdrawn_first(approved: ApprovedPlan, wiring: Wiring) -> NotReady | None:
    """Withdraw the stops of hedges that a plan changes; say why nothing may follow, or None.

    Raises:
        LedgerError: something could not be recorded.

    """
    names = {line.withdraws for line in approved.plan.stops if line.withdraws}
    for record in await wiring.desk.ledger.open_stops():
        if record.intent.stop_id not in names:
            continue
        followed = await withdrawn(record, wiring.desk, receive_window_ms=_window_ms(wiring))
        if (why := _against(followed)) is not None:
            reason, note = why
            return NotReady(reason=reason, note=note, review=approved.report)
    return None


def _against(followed: FollowedStop) -> tuple[RestReason, str] | None:
    """Return why no order may follow a withdrawal, or None."""
    state, intent = followed.record.state, followed.record.intent
    name = f"stop {intent.stop_id} of hedge {intent.hedge_id}"
    if not followed.is_certain:
        return RestReason.STOP_UNRESOLVED, f"{name}: {followed.outlook.value}; {followed.note}"
    if state is StopState.DONE:
        return RestReason.STOP_FIRED, f"{name} has fired; the plan is of before"
    if state is StopState.RESTING:
        return RestReason.STOP_RESTS, f"{name} could not be withdrawn: {followed.note}"
    return None


async def placed_last(
    approved: ApprovedPlan, wiring: Wiring, outcome: ExecutionReport
) -> ExecutionReport:
    """Place the stops of a plan as large as their hedges are now, and add them to *outcome*.

    Raises:
        LedgerError: something could not be recorded.

    """
    plan, ledger = approved.plan, wiring.desk.ledger
    unread = {each.record.intent.place: each for each in await _unread(wiring)}
    book = book_of(await ledger.hedge_record(), plan.quote)
    hedges = {(h.hedge_id, h.symbol): h for h in book.open}
    doubtful = await _doubtful(approved, wiring)
    found: list[StopResult | None] = []
    for line in plan.stops:
        if (fired := unread.get(line.place)) is not None:
            found.append(_unread_result(line, fired))  # How much is left of the hedge?
            continue
        is_alone = _is_alone(line, book)
        at = _Place(
            line=line,
            hedge=hedges.get(line.place),
            rests=[r for r in await ledger.open_stops() if r.intent.place == line.place],
            doubtful=0 if is_alone else doubtful[line.place],
        )
        found.append(await _placed(at, approved, wiring))
    return _with(outcome, tuple(each for each in found if each is not None))


def _is_alone(line: StopLine, book: HedgeBook) -> bool:
    """Whether nothing else is short in the contract of a hedge that a buy too many could take."""
    name, symbol = line.place
    others = [hedge for hedge in book.open_on(symbol) if hedge.hedge_id != name]
    return not others and not book.beside.get(symbol)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A hedge in one contract, and what is done about its stop."""

    line: StopLine
    hedge: Hedge | None
    """As the ledger has it; None where nothing of it is left."""
    rests: Sequence[StopRecord]
    """Stops of it that may still fill."""
    doubtful: int
    """Lots of it that an order of this run may still buy back, beyond what is booked, >= 0."""


async def _doubtful(approved: ApprovedPlan, wiring: Wiring) -> Counter[tuple[HedgeId, Symbol]]:
    """Return the lots that unresolved orders of the plan may still buy back, by hedge and contract.

    An order that is declared for several hedges counts for each of them: which it takes from
    follows from what it fills.
    """
    plan = approved.plan
    found = Counter[tuple[HedgeId, Symbol]]()
    for record in await wiring.desk.ledger.unresolved():
        intent = record.intent
        if intent.plan_digest != plan.digest or intent.side is not Side.BUY:
            continue
        for line in plan.hedging:
            if line.line == intent.line:
                found[line.hedge_id, line.symbol] += record.counted_lots - record.filled_lots
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unread:
    """A stop that fired, of which it is not known what it filled."""

    record: StopRecord
    why: str
    """One sentence."""


async def _unread(wiring: Wiring) -> tuple[_Unread, ...]:
    """Book what the stops filled that fired; return those of which that could not be done."""
    desk = wiring.desk
    stops = {str(r.intent.stop_id): r for r in await desk.ledger.stops()}
    orders = [r for r in await desk.ledger.unresolved() if r.intent.client_order_id in stops]
    found = await resolved_orders(orders, desk, _window_ms(wiring))
    return tuple(
        _Unread(record=stops[each.client_order_id], why=each.note)
        for each in found
        if not each.is_resolved
    )


async def _placed(at: _Place, approved: ApprovedPlan, wiring: Wiring) -> StopResult | None:
    """Place the stop of one hedge, if it is to have one; say what came of it."""
    line, should = at.line, NOTHING_WANTED
    if at.hedge is not None:
        should = wanted(at.hedge, line.instrument, wiring.policy.hedge)
    if at.rests:  # It could not be withdrawn, or nobody knows: another one would be one too many.
        return _result(line, at.rests[0], "was not withdrawn", is_well=False)
    if not should.lots:
        return None
    if should.lots <= at.doubtful:
        whole = _intent(line, should, approved)
        return _unplaced(line, whole, "was not put: what may buy all of it back is not resolved")
    intent = _intent(line, replace(should, lots=Lots(should.lots - at.doubtful)), approved)
    followed = await placed(
        intent,
        wiring.desk,
        receive_window_ms=_window_ms(wiring),
        halt_seen=await wiring.desk.ledger.halted() if _was_halted(approved) else None,
        puts_back=bool(line.withdraws),
    )
    if isinstance(followed, str):
        return _unplaced(line, intent, followed)
    record = followed.record
    if record.state is StopState.DONE:
        return await _fired(line, record, wiring)
    is_well = followed.is_certain and record.state is StopState.RESTING and not at.doubtful
    note = followed.note
    if at.doubtful:
        units = line.instrument.units(at.doubtful)
        note = f"{note}; without {units:f} that an order of this run may still buy back".lstrip(
            "; "
        )
    return _result(line, record, note, is_well=is_well, outlook=followed.outlook)


async def _fired(line: StopLine, record: StopRecord, wiring: Wiring) -> StopResult:
    """Book what a stop filled that fired as it was placed, and say what came of it."""
    name = record.intent.stop_id
    for each in await _unread(wiring):
        if each.record.intent.stop_id == name:
            return _unread_result(line, each)
    return _result(line, record, "has fired; what it filled is booked", is_well=False)


def _unread_result(line: StopLine, fired: _Unread) -> StopResult:
    """Return that nobody knows yet how much of a hedge is left."""
    note = f"has fired, and what it filled is not known: {fired.why}"
    return _result(line, fired.record, note, is_well=False, outlook=Outlook.UNANSWERED)


def _was_halted(approved: ApprovedPlan) -> bool:
    """Whether the gate passed the plan while the kill switch was latched."""
    return any(f.check == "kill_switch" and f.reason for f in approved.report.findings)


def _intent(line: StopLine, should: Wanted, approved: ApprovedPlan) -> StopIntent:
    """Return the stop of a line, as large as its hedge is now."""
    digest = approved.plan.digest
    return StopIntent(
        stop_id=stop_id(plan_digest=digest, line=line.line),
        plan_digest=digest,
        line=line.line,
        hedge_id=line.hedge.hedge_id,
        instrument=line.instrument,
        lots=should.lots,
        trigger=should.trigger,
    )


def _result(
    line: StopLine,
    record: StopRecord,
    note: str,
    *,
    is_well: bool,
    outlook: Outlook = Outlook.ASKING,
) -> StopResult:
    """Return what came of a line, by what the ledger has of its stop."""
    doubtful = outlook is not Outlook.ASKING or not (
        record.state.is_terminal or record.state is StopState.RESTING
    )
    return StopResult(
        line=line.line,
        stop_id=record.intent.stop_id,
        hedge_id=line.hedge.hedge_id,
        symbol=line.hedge.symbol,
        quantity=record.intent.quantity,
        trigger_price=record.intent.trigger_price,
        state=record.state,
        is_well=is_well,
        is_unknown=doubtful,
        note=note,
    )


def _unplaced(line: StopLine, intent: StopIntent, why: str) -> StopResult:
    """Return that a stop was not begun."""
    return StopResult(
        line=line.line,
        stop_id=intent.stop_id,
        hedge_id=line.hedge.hedge_id,
        symbol=line.hedge.symbol,
        quantity=intent.quantity,
        trigger_price=intent.trigger_price,
        state=StopState.ABSENT,
        is_well=False,
        is_unknown=False,
        note=why,
    )


def _with(outcome: ExecutionReport, stops: tuple[StopResult, ...]) -> ExecutionReport:
    """Return a report with its stops; one that is not as it should be keeps a run from its end."""
    unknown = tuple(each.stop_id for each in stops if each.is_unknown)
    ended = outcome.outcome
    if unknown:
        ended = Outcome.UNKNOWN
    elif ended in _SAYS_TOO_LITTLE and not all(each.is_well for each in stops):
        ended = Outcome.PARTIAL
    return replace(outcome, outcome=ended, stops=stops, unknown=(*outcome.unknown, *unknown))


def _window_ms(wiring: Wiring) -> int:
    """Return how long after its stamp the venue may take a request."""
    return wiring.policy.execution.receive_window_ms
