"""What an operator reads is written down: every log line and its fields, every notice."""

from __future__ import annotations

import ast
import re
from typing import Final

from tests.house.source import ROOT
from trimtab.domain.notices import NoticeKind

PAGE: Final = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
STEPS: Final = ROOT / "src" / "trimtab" / "cli" / "logged_progress.py"


def _logged() -> tuple[set[str], set[str]]:
    """Return the events that are logged, and the fields that a line may have."""
    events, fields = set[str](), set[str]()
    for node in ast.walk(ast.parse(STEPS.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "said":
            events.add(ast.literal_eval(node.args[0]))
            fields |= {keyword.arg for keyword in node.keywords if keyword.arg is not None}
        if isinstance(node, ast.Dict):
            fields |= {ast.literal_eval(key) for key in node.keys if key is not None}
    return events, fields


def test_every_event_that_is_logged_is_explained() -> None:
    events, fields = _logged()
    assert len(events) > 5
    assert sorted(name for name in events | fields if f"`{name}`" not in PAGE) == []


def test_every_notice_is_explained_and_said_to_hold_runs_where_it_does() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| (yes)? ?\|$", PAGE, re.MULTILINE))
    assert {kind.value for kind in NoticeKind} <= set(rows)
    assert {name for name, holds in rows.items() if holds} == {
        kind.value for kind in NoticeKind if kind.is_critical
    }
