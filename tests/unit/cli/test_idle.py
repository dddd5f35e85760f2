"""A plan of nothing says why, and no weight that is outside is said to be inside its band."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console

from tests.builders import account, plan, report_on
from tests.unit.test_notices import BTC_ABOVE
from trimtab.cli.views_plan import plan_view
from trimtab.domain.firings import TriggerKind

IDLE = plan(account("BTC 0.1 @ 60000, USDT 4000"))


@pytest.mark.parametrize(
    ("trigger", "breached", "why"),
    [
        (TriggerKind.NONE, False, "every weight is inside its band."),
        (TriggerKind.NONE, True, "what was asked for has nothing to act on;"),
        (TriggerKind.DRIFT, True, "what is outside its band asks for no order: BTC."),
        (TriggerKind.BY_HAND, True, "the hedges are as asked for."),
    ],
)
def test_a_plan_of_nothing_says_why(trigger: TriggerKind, breached: bool, why: str) -> None:
    drift = replace(BTC_ABOVE, breached=breached)
    idle = replace(IDLE, trigger=trigger, drift=(drift,))
    console = Console(width=120, color_system=None)
    with console.capture() as printed:
        console.print(plan_view(idle, report_on(idle)))
    assert f"Nothing to do: {why}" in printed.get()
