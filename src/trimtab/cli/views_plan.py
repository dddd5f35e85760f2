"""A whole plan for a person. Nothing prints here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.tables import (
    condition_lines,
    cost_line,
    drift_table,
    gate_view,
    group_lines,
    heading,
    legs_table,
    order_lines,
    overlay_lines,
    protection_lines,
    return_lines,
    untraded_table,
)
from trimtab.cli.views_history import readings_table, trigger_table
from trimtab.cli.views_routes import route_lines
from trimtab.cli.views_sleeves import sleeve_lines
from trimtab.cli.views_tactical import tactical_lines
from trimtab.domain.findings import GateReport
from trimtab.domain.firings import TriggerKind
from trimtab.domain.plan import Plan, UntradedReason

_IDLE: Final[Mapping[str, str]] = MappingProxyType(
    {
        TriggerKind.BY_HAND: "the hedges are as asked for",
        TriggerKind.MARGIN_RESCUE: "no futures wallet is in danger",
    }
)
"""Why there is nothing to do where a person asked for something, by trigger."""


def plan_view(plan: Plan, report: GateReport) -> RenderableType:
    """Return the whole plan: drifts, legs, what is left alone, costs, before and after, gate."""
    parts: list[RenderableType] = [heading(plan), drift_table(plan)]
    parts += [*group_lines(plan.groups), *overlay_lines(plan.overlays)]
    parts += sleeve_lines(plan.sleeves, plan.nets, acts=bool(plan.legs))
    parts += condition_lines(plan)
    if plan.readings:
        parts += [Text(), readings_table(plan.readings)]
    if (triggers := trigger_table(plan.drift)) is not None:
        parts += [Text(), triggers]
    if not plan.is_empty:
        parts += [Text(), legs_table(plan), *protection_lines(plan)]
        parts += [*order_lines(plan), *return_lines(plan)]
        parts.append(cost_line(plan))
    else:
        parts += [Text(), Text(f"Nothing to do: {_why_idle(plan)}.", "green")]
    parts += route_lines(plan)
    if plan.untraded:
        parts += [Text(), untraded_table(plan.untraded, plan)]
    parts += tactical_lines(plan.tactical, quote=plan.quote)
    return Group(*parts, Text(), gate_view(report))


def _why_idle(plan: Plan) -> str:
    """Return why a plan has no lines."""
    if plan.trigger in _IDLE:
        return _IDLE[plan.trigger]
    if any(u.reason is UntradedReason.NOT_WORTH_ITS_COST for u in plan.untraded):
        return "to correct what is outside its band costs more than it gains"
    out = [drift.asset for drift in plan.drift if drift.breached]
    if out and plan.trigger == TriggerKind.NONE:
        return "what was asked for has nothing to act on; what is outside its band stays"
    if out:
        return f"what is outside its band asks for no order: {', '.join(out)}"
    return "every weight is inside its band"
