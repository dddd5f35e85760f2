"""What a doctor found, as a document and for a person: one line for each thing, with its fix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from rich.console import Group
from rich.text import Text

from trimtab.cli.exits import Exit
from trimtab.cli.rows import Rows
from trimtab.cli.session import Result
from trimtab.cli.tables import words
from trimtab.workflow.doctor import Examination, Outcome

SIGNS: Final[Mapping[Outcome, tuple[str, str]]] = MappingProxyType(
    {
        Outcome.PASS: ("pass", "green"),
        Outcome.WARN: ("warn", "yellow"),
        Outcome.FAIL: ("FAIL", "bold red"),
        Outcome.NOT_CHECKED: ("not checked", "dim"),
    }
)
"""How an outcome is shown, and in which style."""


def examined_result(found: Sequence[Examination]) -> Result:
    """Return examinations for printing; any that failed makes the code 1."""
    bad = [e for e in found if e.outcome is Outcome.FAIL]
    worst = max((e.outcome for e in found), key=tuple(Outcome).index)
    next_step = bad[0].fix if bad else "trimtab plan"
    document = {
        "status": "fail" if bad else "warn" if worst is Outcome.WARN else "pass",
        "checks": [
            {
                "check": e.check,
                "outcome": e.outcome.value,
                "found": e.found,
                "fix": e.fix or None,
            }
            for e in found
        ],
        "next": next_step,
    }
    counts = ", ".join(
        f"{sum(e.outcome is outcome for e in found)} {words(outcome.value)}"
        for outcome in (Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.NOT_CHECKED)
        if any(e.outcome is outcome for e in found)
    )
    table = Rows(("", "check", "~found"), [_row(e) for e in found])
    view = Group(table, Text(f"\n{counts}.\nnext: {next_step}"))
    return Result(document=document, view=view, code=Exit.MISMATCH if bad else Exit.DONE)


def _row(examination: Examination) -> tuple[Text, Text, Text]:
    """Return one line, with its fix under what was found."""
    sign, style = SIGNS[examination.outcome]
    quiet = "dim" if examination.outcome is Outcome.NOT_CHECKED else ""
    found = Text(examination.found, quiet)
    if examination.fix:
        found.append(f"\n→ {examination.fix}", style)
    return Text(sign, style), Text(words(examination.check), quiet), found
