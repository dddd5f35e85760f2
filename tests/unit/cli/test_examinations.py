"""What a doctor concludes from an account as it was read."""

from __future__ import annotations

import dataclasses

import pytest

from tests.builders import account, limits, policy
from trimtab.cli.commands.doctor import examined_result
from trimtab.cli.exits import Exit
from trimtab.domain.snapshot import ClockReading, PositionMode, Snapshot
from trimtab.workflow.doctor import (
    ACCOUNT_CHECKS,
    Examination,
    Outcome,
    account_examinations,
    failed,
    halt_examination,
    passed,
    unchecked,
    warned,
    within,
)

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
    halted = halt_examination("storm")
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
