"""What a doctor concludes from an account as it was read."""

from __future__ import annotations

import dataclasses

import pytest

from tests.builders import account, dec, limits, policy
from tests.standing_cases import record_of, standing
from trimtab.cli.exits import Exit
from trimtab.cli.views_doctor import examined_result
from trimtab.domain.snapshot import ClockReading, PositionMode, Snapshot
from trimtab.domain.standing_approval import StandingRecord, Unproved
from trimtab.domain.trading import Restraint
from trimtab.workflow.doctor import (
    ACCOUNT_CHECKS,
    Examination,
    Outcome,
    account_examinations,
    failed,
    halt_examination,
    passed,
    standing_examination,
    unchecked,
    warned,
    within,
)
from trimtab.workflow.unattended import Standing

SOUND = account("USDT 700, BTC 0.1 @ 60000, ETH 1 @ 2500")


def outcomes(snapshot: Snapshot) -> dict[str, Outcome]:
    """Return what is said of *snapshot*, by check."""
    found = account_examinations(snapshot, policy(), ())
    return {each.check: each.outcome for each in found}


def test_an_account_in_order_passes_every_check_in_their_order() -> None:
    assert outcomes(SOUND) == dict.fromkeys(ACCOUNT_CHECKS, Outcome.PASS)


@pytest.mark.parametrize(("offset_ms", "outcome"), [(499, "pass"), (500, "fail"), (-500, "fail")])
def test_the_clock_fails_once_offset_and_uncertainty_pass_the_limit(
    offset_ms: int, outcome: str
) -> None:
    clock = ClockReading(offset_ms=offset_ms, uncertainty_ms=1)
    snapshot = dataclasses.replace(SOUND, clock=clock)
    wanted = policy(limits=limits(max_clock_offset_ms=500))
    (found, *_) = account_examinations(snapshot, wanted, ())
    assert (found.check, found.outcome) == ("clock_offset", outcome)


def test_a_resting_order_that_no_ledger_knows_is_a_warning() -> None:
    foreign = account("USDT 700, BTC 0.1 @ 60000, ETH @ 2500, order BTC -0.01 @ 61000")
    assert outcomes(foreign)["foreign_orders"] is Outcome.WARN


def test_leverage_that_is_not_as_wanted_warns_only_where_it_can_be_set() -> None:
    held = account("USDT 700, BTC 0.1 @ 60000, ETH @ 2500, perp BTC -0.02, wallet 500")

    def found(*, takes_leverage: bool) -> Examination:
        other = {
            symbol: dataclasses.replace(state, leverage=50, takes_leverage=takes_leverage)
            for symbol, state in held.contracts.items()
        }
        seen = dataclasses.replace(held, contracts=other)
        told = account_examinations(seen, policy(), ())
        (only,) = (each for each in told if each.check == "leverage")
        return only

    assert found(takes_leverage=True).outcome is Outcome.WARN
    none = found(takes_leverage=False)
    assert (none.outcome, "none is set here" in none.found) == (Outcome.PASS, True)


def test_hedge_mode_fails_as_soon_as_a_position_is_open() -> None:
    mode = {"position_mode": PositionMode.HEDGE}
    idle = dataclasses.replace(SOUND, **mode)
    held = account("USDT 700, BTC 0.1 @ 60000, ETH @ 2500, perp BTC -0.02, wallet 500", **mode)
    assert outcomes(idle)["position_mode"] is Outcome.WARN
    assert outcomes(held)["position_mode"] is Outcome.FAIL


def test_a_target_whose_market_is_missing_fails_by_its_symbol() -> None:
    found = account_examinations(SOUND, policy("BTC 0.5, SOL 0.1, USDT 0.4"), ())
    markets = {each.check: each for each in found}["markets"]
    assert markets.outcome is Outcome.FAIL
    assert "SOL/USDT not listed" in markets.found


def test_a_disk_without_room_fails_and_a_halt_warns_with_its_release() -> None:
    assert within(9, needed_bytes=10).outcome is Outcome.FAIL
    assert within(10, needed_bytes=10).outcome is Outcome.PASS
    halted = halt_examination(Restraint(halted="storm", reducing=None, released_at=None))
    assert (halted.outcome, halted.fix) == (Outcome.WARN, "trimtab unhalt")


@pytest.mark.parametrize(
    ("found", "status", "code"),
    [
        ([passed("a", found="x"), unchecked("b", why="y")], "pass", Exit.DONE),
        ([passed("a", found="x"), warned("b", found="y", fix="z")], "warn", Exit.DONE),
        ([warned("a", found="y", fix="z"), failed("b", found="y", fix="z")], "fail", Exit.MISMATCH),
    ],
)
def test_any_failure_decides_the_code_and_the_worst_line_the_status(
    found: list[Examination], status: str, code: Exit
) -> None:
    result = examined_result(found)
    assert (result.document["status"], result.code) == (status, code)


def seen_standing(record: StandingRecord, *idle: str) -> Standing:
    return Standing(record=record, idle=idle, drawn=dec(0))


def test_standing_approvals_warn_where_they_are_wanted_and_fail_where_they_are_damaged() -> None:
    ready, over = seen_standing(record_of(standing())), seen_standing(record_of(standing()), "over")
    gone = StandingRecord(digest="0" * 64, approval=Unproved(why="x"), revoked=None, uses=())
    told = [
        (standing_examination(seen, is_wanted=wanted).outcome, seen, wanted)
        for seen in ((), (over,), (over, ready), (ready, seen_standing(gone, "x")))
        for wanted in (True, False)
    ]
    outcomes = [outcome.value for outcome, _, _ in told]
    assert outcomes == ["warn", "pass", "warn", "pass", "pass", "pass", "fail", "fail"]
