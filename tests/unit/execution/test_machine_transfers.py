"""A run with a transfer: alone, once, and nothing after it unless it was made."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.builders import NOW, account, plan, report_on
from tests.unit.execution.test_machine import TERMS
from tests.unit.execution.test_transfers import row
from trimtab.domain.orders import Side
from trimtab.domain.plan import Plan
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.transfers import TransferState, VenueTransferId
from trimtab.execution.events import (
    Finish,
    NotBegun,
    Review,
    Reviewed,
    RunCommand,
    RunEvent,
    Stopped,
    Submit,
    SubmitTransfer,
    Survey,
    Surveyed,
)
from trimtab.execution.machine import begin, step, transfer_moved
from trimtab.execution.report import Outcome, report
from trimtab.execution.rests import RestReason
from trimtab.execution.retry import LOOK_UPS_MAX
from trimtab.execution.state import Phase, RunState
from trimtab.execution.transfer_events import (
    SeekTransfer,
    TransferLost,
    TransferMade,
    TransferNotSent,
    TransferRefused,
    TransferSought,
    TransferUnread,
)

OPENING = account("USDT 1000, BTC 0.1 @ 60000, wallet 100")
TEXTS = ("move 500 in", "then sell 0.01 perp BTC")
PLAN = plan(OPENING, *TEXTS)
(MOVE,) = PLAN.transfers
PASSED = Reviewed(refusal="", at=NOW)


def begun(
    proposal: Plan = PLAN, opening: Snapshot = OPENING
) -> tuple[RunState, tuple[RunCommand, ...]]:
    return begin(proposal.legs, proposal.transfers, TERMS, opening)


def after(*events: RunEvent) -> tuple[RunState, tuple[RunCommand, ...]]:
    state, commands = begun()
    for event in events:
        state, commands = step(state, event)
    return state, commands


def name() -> str:
    state, _ = after(PASSED)
    (transfer,) = state.followed
    return transfer.intent.transfer_id


NAME = name()
MADE = TransferMade(transfer_id=NAME, venue_transfer_id=VenueTransferId("9"), at=NOW)
LOST = TransferLost(transfer_id=NAME, reason="reset", at=NOW)
UNREAD = TransferUnread(transfer_id=NAME, reason="no route", at=NOW)


def ended(state: RunState) -> tuple[Outcome, list[tuple[int, RestReason]]]:
    """Return how a run ended, and what is left by line."""
    told = report(state, report_on(PLAN), "")
    rests = [(r.line, r.reason) for r in (*told.unmoved, *told.remainder)]
    return told.outcome, rests


def test_the_gate_sees_the_transfer_with_all_that_follows() -> None:
    state, commands = begun()
    assert commands == (Review(legs=PLAN.legs, transfers=PLAN.transfers, snapshot=OPENING),)
    assert (state.phase, state.proposal) == (Phase.REVIEWING, ())


def test_it_is_sent_alone_and_the_next_stage_waits_for_it() -> None:
    state, commands = after(PASSED)
    (command,) = commands
    assert isinstance(command, SubmitTransfer)
    assert (command.intent.units, command.intent.line) == (MOVE.units, 1)
    state, commands = step(state, MADE)
    assert commands == (Survey(after_s=0.0),)
    state, commands = step(state, Surveyed(snapshot=OPENING, at=NOW))
    assert commands == (Review(legs=PLAN.legs, transfers=(), snapshot=OPENING),)
    _, commands = step(state, PASSED)
    assert isinstance(commands[0], Submit)


@pytest.mark.parametrize(
    ("event", "reason", "outcome"),
    [
        (
            TransferRefused(transfer_id=NAME, reason="-5013", at=NOW),
            RestReason.VENUE_REFUSED,
            Outcome.PARTIAL,
        ),
        (
            TransferNotSent(transfer_id=NAME, reason="429", at=NOW),
            RestReason.NOT_SENT,
            Outcome.NOTHING_SENT,
        ),
    ],
)
def test_one_that_was_not_made_ends_the_run(
    event: TransferRefused | TransferNotSent, reason: RestReason, outcome: Outcome
) -> None:
    state, commands = after(PASSED, event)
    assert commands == (Finish(),)
    assert ended(state) == (outcome, [(1, reason), (2, RestReason.TRANSFER_NOT_MADE)])


def test_one_whose_outcome_stays_unknown_ends_the_run_for_recovery() -> None:
    state, commands = after(PASSED, LOST)
    assert isinstance(commands[0], SeekTransfer)
    for _ in range(LOOK_UPS_MAX):
        state, commands = step(state, UNREAD)
    assert commands == (Finish(),)
    told = report(state, report_on(PLAN), "")
    assert (told.outcome, told.unknown) == (Outcome.UNKNOWN, (NAME,))
    assert [(r.line, r.reason) for r in told.unmoved] == [(1, RestReason.UNRESOLVED)]
    (line,) = told.transfers
    assert (line.state, line.units) == (TransferState.UNKNOWN, MOVE.units)


def test_two_of_the_same_units_end_the_run_as_contradicted() -> None:
    state, _ = after(PASSED, LOST)
    twice = TransferSought(transfer_id=NAME, listed=(row(), row(number=8)), elsewhere="", at=NOW)
    state, commands = step(state, twice)
    assert (state.stop, commands) == (RestReason.CONTRADICTED, (Finish(),))


def test_a_wallet_that_has_less_than_is_to_leave_it_ends_the_run_unasked() -> None:
    poor = account("USDT 400, BTC 0.1 @ 60000, wallet 100")
    state, commands = begun(opening=poor)
    assert commands == (Finish(),)
    assert ended(state)[1] == [(1, RestReason.NO_CASH), (2, RestReason.TRANSFER_NOT_MADE)]


def test_unrealised_profit_does_not_leave_the_futures_wallet() -> None:
    rich = account("USDT 10, BTC 0.1 @ 60000, perp BTC 0.01 from 10000, wallet 600")
    proposal = plan(rich, "move 100 out", "then buy 0.001 BTC")
    _, commands = begun(proposal, rich)
    assert commands == (Finish(),)
    proposal = plan(rich, "move 0.5 out", "then buy 0.001 BTC")
    assert isinstance(
        begun(proposal, account("USDT 10, BTC 0.1 @ 60000, wallet 600"))[1][0], Review
    )


def test_without_a_futures_wallet_nothing_comes_out_of_it() -> None:
    bare = account("USDT 10, BTC 0.1 @ 60000")
    proposal = plan(bare, "move 100 out", "then buy 0.001 BTC")
    assert begun(proposal, bare)[1] == (Finish(),)


def test_what_came_out_of_the_futures_wallet_pays_for_the_buys_that_follow() -> None:
    before = account("USDT 10, BTC 0.1 @ 60000, wallet 600")
    proposal = plan(before, "move 200 out", "then buy 0.003 BTC")
    state, _ = begun(proposal, before)
    state, _ = step(state, PASSED)
    (transfer,) = state.followed
    made = TransferMade(
        transfer_id=transfer.intent.transfer_id, venue_transfer_id=VenueTransferId("9"), at=NOW
    )
    state, _ = step(state, made)
    now = account("USDT 210, BTC 0.1 @ 60000, wallet 400")
    state, commands = step(state, Surveyed(snapshot=now, at=NOW))
    (review,) = commands
    assert isinstance(review, Review)
    assert [leg.lots for leg in review.legs] == [30]
    assert review.legs[0].side is Side.BUY


def test_a_halt_while_it_is_under_way_waits_for_its_end_and_sends_nothing_more() -> None:
    state, _ = after(PASSED)
    state, commands = step(state, Stopped(reason=RestReason.HALTED, at=NOW))
    assert commands == ()
    state, commands = step(state, MADE)
    assert commands == (Finish(),)
    assert ended(state) == (Outcome.PARTIAL, [(2, RestReason.HALTED)])


def test_one_that_could_not_begin_leaves_no_trace() -> None:
    state, commands = after(PASSED, NotBegun(reason=RestReason.TRANSFER_AMBIGUOUS, at=NOW))
    assert commands == (Finish(),)
    assert list(state.followed) == []
    assert ended(state)[1][0] == (1, RestReason.TRANSFER_AMBIGUOUS)


def test_news_of_another_transfer_changes_nothing() -> None:
    state, _ = after(PASSED)
    strange = TransferMade(transfer_id="another", venue_transfer_id=VenueTransferId("9"), at=NOW)
    assert step(state, strange) == (state, ())


def test_news_after_the_end_is_kept_and_asks_nothing() -> None:
    state, _ = after(PASSED, LOST)
    for _ in range(LOOK_UPS_MAX):
        state, _ = step(state, UNREAD)
    late, commands = step(state, MADE)
    assert commands == ()
    assert [t.state for t in late.followed] == [TransferState.DONE]
    assert late.moved == {"USDT": Decimal(500)}


def test_the_ledger_hears_of_each_step() -> None:
    before, _ = after(PASSED)
    state, _ = step(before, LOST)
    assert [t.state for t in transfer_moved(state, before=before)] == [TransferState.UNKNOWN]
    again, _ = step(state, UNREAD)
    assert transfer_moved(again, before=state) == ()
