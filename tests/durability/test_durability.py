"""A sample of each matrix; ``.ci/long`` tries them whole."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys

import pytest

NEEDS_CC = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler, cc")


def tried(matrix: str, *words: str) -> str:
    """Try a sample drawn anew each time; return the closing line. A failure prints its replay."""
    seed = str(random.SystemRandom().randrange(1_000_000))
    command = [sys.executable, "-m", "tests.durability", matrix, "--seed", seed, *words]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=150)
    assert ended.returncode == 0, ended.stderr + ended.stdout
    return ended.stdout


@NEEDS_CC
def test_a_ledger_whose_system_calls_fail_lets_no_order_out_and_loses_no_fill() -> None:
    assert "0 failed" in tried("calls", "--sample", "4")


@NEEDS_CC
def test_what_was_committed_outlives_a_loss_of_power_at_any_call() -> None:
    assert "0 failed" in tried("power", "--sample", "1")


@NEEDS_CC
def test_a_run_that_loses_power_is_closed_by_the_next_process() -> None:
    assert "0 failed" in tried("outages", "--sample", "2")


@NEEDS_CC
def test_a_torn_log_shows_whole_transactions_only() -> None:
    assert "0 failed" in tried("tears", "--sample", "2")


@NEEDS_CC
def test_a_ledger_in_trouble_under_a_run_ends_it_with_one_clear_error() -> None:
    assert "0 failed" in tried("troubles", "--sample", "3")


def test_a_flipped_byte_is_located_or_changes_nothing_that_is_read() -> None:
    assert "0 failed" in tried("flips", "--count", "100")


def test_a_run_that_is_killed_for_real_is_recovered_whole() -> None:
    assert "0 failed" in tried("kills", "--count", "3")
