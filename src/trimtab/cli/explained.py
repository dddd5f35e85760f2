"""Why a saved plan, or one of its legs, is as it is: from what was written down with it alone.

Pure. Nothing is read or reckoned again: targets, firings, routes, the gate's findings and costs
are those that the plan was made, shown and approved with.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.documents import (
    drift_document,
    net_document,
    overlay_document,
    reading_document,
    route_document,
    sleeve_document,
    stop_document,
    value,
)
from trimtab.cli.tables import (
    condition_lines,
    findings_table,
    money,
    order_lines,
    percent,
    points,
    words,
)
from trimtab.cli.views_history import readings_table
from trimtab.cli.views_routes import choice_lines
from trimtab.cli.views_sleeves import sleeve_lines
from trimtab.domain.canonical import to_document
from trimtab.domain.errors import ConfigError
from trimtab.domain.exact import ZERO, exact_arithmetic, plain
from trimtab.domain.findings import Finding, Verdict
from trimtab.domain.firings import Firing
from trimtab.domain.instruments import Asset
from trimtab.domain.overlays import Overlay
from trimtab.domain.plan import Drift, Leg, Plan
from trimtab.domain.readings import PORTFOLIO, Reading
from trimtab.domain.routing import RouteChoice
from trimtab.domain.sleeves import NetOfSleeves, SleeveDrift
from trimtab.domain.stops import StopLine
from trimtab.ports import SavedPlan

_WHOLE = frozenset({"plan", "account"})
"""Subjects of findings that hold for every leg."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What one plan, or one leg of it, rests on."""

    plan: Plan
    legs: tuple[Leg, ...]
    """The one that was asked about, or all."""
    stops: tuple[StopLine, ...]
    """Those of the assets of these legs, or the one that was asked about; all without a line."""
    drifts: tuple[Drift, ...]
    """Of the assets of these legs; all without a leg."""
    overlays: tuple[Overlay, ...]
    """Those that move the targets of these assets."""
    firings: tuple[Firing, ...]
    """What made the plan act, and what was only told of."""
    routes: tuple[RouteChoice, ...]
    sleeves: tuple[SleeveDrift, ...]
    """Those of these assets; all without a leg."""
    nets: tuple[NetOfSleeves, ...]
    """What they do to the exposure of these assets."""
    readings: tuple[Reading, ...]
    """What of the past they rest on, and what the whole portfolio does."""
    findings: tuple[Finding, ...]
    """Checks with a limit that concern these legs, those that do not pass first."""


def explained(saved: SavedPlan, line: int | None) -> Explanation:
    """Return what *saved*, or the order or stop in *line* of it, rests on.

    Raises:
        ConfigError: the plan has no order and no stop in that line.

    """
    plan = saved.plan
    legs = plan.legs if line is None else tuple(g for g in plan.legs if g.line == line)
    asked = tuple(s for s in plan.stops if s.line == line)
    if line is not None and not legs and not asked:
        numbers = [leg.line for leg in plan.legs] + [stop.line for stop in plan.stops]
        lines = ", ".join(map(str, numbers)) or "none"
        raise ConfigError(
            f"plan {plan.digest[:12]}: no order in line {line}, and no stop; they are in {lines}",
            next_step=f"trimtab explain {plan.digest[:12]}",
        )
    assets = {leg.instrument.base for leg in legs} | {stop.instrument.base for stop in asked}
    everything = line is None
    return Explanation(
        plan=plan,
        legs=legs,
        stops=asked or tuple(s for s in plan.stops if everything or s.instrument.base in assets),
        drifts=tuple(d for d in plan.drift if everything or d.asset in assets),
        overlays=tuple(o for o in plan.overlays if everything or assets & o.shift.keys()),
        firings=plan.firings + plan.alerts,
        routes=tuple(r for r in plan.routes if everything or r.asset in assets),
        sleeves=tuple(
            s for s in plan.sleeves if everything or assets & {m.asset for m in s.members}
        ),
        nets=tuple(n for n in plan.nets if everything or n.asset in assets),
        readings=tuple(r for r in plan.readings if everything or r.subject in (*assets, PORTFOLIO)),
        findings=_bounding(saved.report.findings, legs, everything=everything),
    )


def _bounding(
    findings: Iterable[Finding], legs: tuple[Leg, ...], *, everything: bool
) -> tuple[Finding, ...]:
    """Return what bounds *legs*: findings with a limit, and whatever does not pass."""
    named = {f"leg {leg.line}" for leg in legs} | {str(leg.instrument.base) for leg in legs}
    kept = [
        f
        for f in findings
        if (f.limit is not None or f.verdict is not Verdict.PASS)
        and (everything or _concerns(f, named))
    ]
    return tuple(sorted(kept, key=lambda f: -f.verdict.severity))


def _concerns(finding: Finding, named: set[str]) -> bool:
    """Whether a finding is about one of the *named*, or about the whole."""
    whole = finding.subject in _WHOLE or finding.subject.startswith("prefix")
    return whole or finding.subject in named


def explanation_document(found: Explanation) -> dict[str, Any]:
    """Return the document of ``explain``."""
    plan = found.plan
    return {
        "digest": plan.digest,
        "made_at": to_document(plan.made_at),
        "trigger": plan.trigger,
        "order": plan.order.value,
        "firings": [to_document(f) for f in plan.firings],
        "alerts": [to_document(f) for f in plan.alerts],
        "targets": [drift_document(d) for d in found.drifts],
        "overlays": [overlay_document(o) for o in found.overlays],
        "routes": [route_document(r) for r in found.routes],
        "sleeves": [sleeve_document(s) for s in found.sleeves],
        "nets": [net_document(n) for n in found.nets],
        "readings": [reading_document(r) for r in found.readings],
        "legs": [
            {
                "line": leg.line,
                "symbol": leg.symbol,
                "side": leg.side.value,
                "quantity": plain(leg.quantity),
                "role": leg.role.value,
                "reason": leg.reason.value,
                "notional": value(leg.notional),
                "expected_cost": value(leg.expected_cost),
            }
            for leg in found.legs
        ],
        "stops": [stop_document(plan, stop) for stop in found.stops],
        "limits": [to_document(f) for f in found.findings],
    }


def explanation_view(found: Explanation) -> RenderableType:
    """Return the same for a person: why, to where, how, within which limits, at what cost."""
    plan = found.plan
    parts: list[RenderableType] = [_heading(found), Text()]
    parts += [Text("Why it acts", "bold"), *_why(plan, found.firings)]
    parts += [Text("Where it is to be", "bold"), *map(_target, found.drifts)]
    parts += [Text(f"  {o.overlay_id}: {o.reason}; until {o.until}") for o in found.overlays]
    parts += sleeve_lines(found.sleeves, found.nets, acts=bool(plan.legs))
    if found.routes:
        parts.append(Text("How it gets there", "bold"))
        for choice in found.routes:
            parts += choice_lines(choice, plan.quote)
    if found.readings:
        parts += [Text("What of the past it rests on", "bold"), readings_table(found.readings)]
    parts += order_lines(plan)
    if found.stops:
        parts += [Text("What rests on the venue", "bold"), *map(_stop, found.stops)]
    if found.findings:
        parts += [Text("What bounds it", "bold"), findings_table(found.findings)]
    return Group(*parts, _cost(found))


def _heading(found: Explanation) -> Text:
    """Return which plan, and which legs."""
    line = Text.assemble(("Plan ", "bold"), (found.plan.digest[:12], "bold cyan"))
    for leg in found.legs:
        line.append(
            f"\n  line {leg.line}: {leg.side.value} {plain(leg.quantity)} {leg.symbol}"
            f" ({leg.role.value}, {words(leg.reason.value)})"
        )
    return line


def _why(plan: Plan, firings: Iterable[Firing]) -> list[RenderableType]:
    """Return what made the plan act, drifts too."""
    if not plan.firings and not plan.alerts:
        return [Text("  nothing does")]
    plainly = [
        Text(f"  {f.kind.value}: {f.subject} {f.reason}")
        for f in firings
        if f.kind.value in ("drift", "calendar")
    ]
    return [*plainly, *condition_lines(plan)]


def _target(drift: Drift) -> Text:
    """Return one asset's weight against its targets."""
    strategic = ""
    if drift.strategic_target != drift.target:
        strategic = f" (strategic {percent(drift.strategic_target)})"
    return Text(
        f"  {drift.asset}: {percent(drift.net_weight)} against {percent(drift.target)}{strategic}, "
        f"drift {points(drift.drift)}, band {percent(drift.band_low)} to {percent(drift.band_high)}"
    )


def _stop(stop: StopLine) -> Text:
    """Return what is done about the stop of a hedge, and when it fires."""
    told = f"  line {stop.line}: "
    if stop.withdraws:
        told += f"{stop.withdraws} is withdrawn before the orders"
        told += (
            ", since its hedge is no more or has no stop by the rules" if not stop.lots else "; "
        )
    if stop.lots:
        told += (
            f"{plain(stop.quantity)} {stop.instrument.base} of {stop.hedge.hedge_id} are bought "
            f"back at market, reduce-only, once the mark of {stop.hedge.symbol} is "
            f"{plain(stop.trigger_price)} or more"
        )
    return Text(told)


def _cost(found: Explanation) -> Text:
    """Return what the legs are expected to cost."""
    with exact_arithmetic():
        cost = sum((leg.expected_cost for leg in found.legs), ZERO)
        turnover = sum((leg.notional for leg in found.legs), ZERO)
    quote: Asset = found.plan.quote
    return Text(f"It moves {money(turnover)} {quote} and costs {money(cost)} {quote}.")
