"""Renders docs/order-states.md from the table.

``python -m tests.unit.execution.order_states_page`` writes the page anew.
"""

from __future__ import annotations

import inspect
import re
from enum import StrEnum
from pathlib import Path

from trimtab.domain.orders import OrderState
from trimtab.execution.lifecycle import TRANSITIONS, EventKind

PAGE = Path(__file__).parents[3] / "docs" / "order-states.md"

HEAD = """\
# The states of an order

Rendered from `trimtab.execution.lifecycle.TRANSITIONS`; a test compares. A cell names the
state that the event leads to, a dash an event that cannot happen there. `filled`, `expired`,
`refused` and `absent` are terminal: nothing leads out of them.
"""


def page() -> str:
    """Return the page as the table stands now."""
    lines = [HEAD, "| state | " + " | ".join(EventKind) + " |", "|---" * (len(EventKind) + 1) + "|"]
    for state in OrderState:
        after = (TRANSITIONS.get((state, event)) for event in EventKind)
        lines.append(f"| **{state}** | " + " | ".join(a or "-" for a in after) + " |")
    for title, kind in (("States", OrderState), ("Events", EventKind)):
        lines += ["", f"## {title}", "", "| name | meaning |", "|---|---|"]
        lines += [f"| `{name}` | {text} |" for name, text in _meanings(kind).items()]
    return "\n".join(lines) + "\n"


def _meanings(kind: type[StrEnum]) -> dict[str, str]:
    """Return each member's docstring, read from the source, by value."""
    found = re.findall(
        r'    [A-Z_]+ = "(\w+)"\n    """(.*?)"""', inspect.getsource(kind), re.DOTALL
    )
    return {value: " ".join(text.split()) for value, text in found}


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
