"""Exit codes are a promise to scripts: the page and the program agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trimtab.cli.exits import Exit, exit_of_error, exit_of_status
from trimtab.domain.errors import (
    AccountHeld,
    ApprovalError,
    ConfigError,
    Halted,
    LedgerError,
    MissingMark,
    NotDone,
    OutcomeUnknown,
    Refused,
    TrimtabError,
)
from trimtab.ports import PlanStatus

PAGE = Path(__file__).parents[3] / "docs" / "exit-codes.md"


def test_the_page_lists_exactly_the_codes() -> None:
    rows = re.findall(r"^\| (\d+) \| (\w+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [(int(code), name) for code, name in rows] == [(c.value, c.name.lower()) for c in Exit]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("x"), 2),
        (MissingMark("x"), 2),
        (ApprovalError("x"), 4),
        (OutcomeUnknown("x"), 6),
        (NotDone("x"), 7),
        (Refused("x"), 7),
        (LedgerError("x"), 8),
        (AccountHeld("x"), 8),
        (Halted("x"), 8),
        (TrimtabError("x"), 70),
    ],
)
def test_an_error_ends_with_its_code(error: TrimtabError, code: int) -> None:
    assert exit_of_error(error) == code


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (PlanStatus.PROPOSED, 0),
        (PlanStatus.NOTHING_TO_DO, 0),
        (PlanStatus.REFUSED, 3),
        (PlanStatus.DRY_RUN, 0),
        (PlanStatus.DECLINED, 4),
        (PlanStatus.EXPIRED, 4),
        (PlanStatus.EXECUTED, 0),
        (PlanStatus.PARTIAL, 5),
        (PlanStatus.UNKNOWN, 6),
        (PlanStatus.APPROVED, 4),
    ],
)
def test_a_plan_ends_with_its_code(status: PlanStatus, code: int) -> None:
    assert exit_of_status(status) == code
