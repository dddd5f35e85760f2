"""Plans, drifts, gates and executions as a person would like to see them.

Everything here returns something that rich can print; nothing prints. Weights are shown
in percent with two decimals, values in quote units with two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.rows import Rows
from trimtab.domain.exact import ZERO, exact_arithmetic, grouped, plain, shown, trimmed
from trimtab.domain.exposure import leverage_text
from trimtab.domain.findings import Finding, GateReport, Verdict
from trimtab.domain.firings import Firing, TriggerKind
from trimtab.domain.overlays import Overlay
from trimtab.domain.plan import Drift, GroupDrift, Leg, LineOrder, Plan, Untraded
from trimtab.domain.returns import returns_of
from trimtab.domain.stops import StopLine
from trimtab.domain.transfers import TransferLeg
from trimtab.workflow.bearings import Bearing

BAR_CELLS = 24
WORD_MAX = 12
"""Letters of a word that stands in place of a figure."""
SMALL_BELOW = 100
"""Values below it are shown with eight decimals at most, others with two."""
STYLES: Final[Mapping[Verdict, str]] = MappingProxyType(
    {Verdict.PASS: "green", Verdict.WARN: "yellow", Verdict.REFUSE: "bold red"}
)


def percent(weight: Decimal) -> str:
    """Return a weight in percent, two decimals."""
    with exact_arithmetic():
        return f"{shown(weight * 100, 2)} %"


def points(drift: Decimal) -> str:
    """Return a drift in percentage points with its sign; what rounds to nothing has none."""
    with exact_arithmetic():
        text = shown(drift * 100, 2)
    if not text.strip("-0."):
        return "0.00 pp"
    return f"{text} pp" if text.startswith("-") else f"+{text} pp"


def money(amount: Decimal) -> str:
    """Return a quote value with two decimals and thousands separators."""
    return grouped(amount, 2)


def fee_text(fee: Decimal, asset: str) -> str:
    """Return a fee to the cent, a small one with four digits; what it was is in the JSON."""
    is_small = ZERO < fee.copy_abs() < 1
    return f"{trimmed(fee, 3 - fee.adjusted()) if is_small else shown(fee, 2)} {asset}"


def heading(plan: Plan) -> Text:
    """Return the line that says what this is a plan for."""
    key = plan.key
    line = Text.assemble(
        ("Plan ", "bold"),
        (plan.digest[:12], "bold cyan"),
        f"  {key.account} on {key.venue}, ",
        (key.environment.value, "bold red" if key.environment == "live" else "bold"),
        f"  NAV {money(plan.nav)} {plan.quote}",
    )
    if plan.trigger != "none":
        line.append(f"  trigger: {words(plan.trigger)}")
        others = dict.fromkeys(f.kind.value for f in plan.firings if f.kind != plan.trigger)
        line.append(f" (also {words(', '.join(others))})" if others else "")
    return line


def overlay_lines(overlays: Sequence[Overlay]) -> list[RenderableType]:
    """Return what moved the targets from the strategic ones, one line for each overlay."""
    lines: list[RenderableType] = []
    for overlay in overlays:
        moved = ", ".join(f"{a} {points(shift)}" for a, shift in overlay.shift.items() if shift)
        text = f"  {moved or 'moves nothing'}: {overlay.reason}; until {overlay.until}"
        lines.append(Text.assemble((overlay.overlay_id, "bold cyan"), text))
    return lines


def group_lines(groups: Sequence[GroupDrift]) -> list[RenderableType]:
    """Return every group that has one band, one line for each."""
    lines: list[RenderableType] = []
    for group in groups:
        told = (
            f" {percent(group.weight)} of {percent(group.target)}, band "
            f"{percent(group.band_low)} to {percent(group.band_high)}: {', '.join(group.members)}"
        )
        line = Text.assemble((group.group, "bold cyan"), told)
        lines.append(line.append("  outside", "bold yellow") if group.breached else line)
    return lines


def condition_lines(plan: Plan) -> list[RenderableType]:
    """Return what a plan acts on, and what it only tells; one without a line acts on nothing."""
    what = "acts" if plan.legs or plan.transfers else "nothing follows"
    return [*_told_lines(plan.firings, what), *_told_lines(plan.alerts, "only told")]


def _told_lines(firings: Iterable[Firing], what: str) -> list[RenderableType]:
    """Return conditions that held, with their figures; drifts and slots are in the table."""
    lines: list[RenderableType] = []
    for firing in firings:
        if firing.kind in (TriggerKind.DRIFT, TriggerKind.CALENDAR):
            continue
        figures = ""
        if firing.measured is not None and firing.limit is not None:
            figures = f": {trimmed(firing.measured, 4)} against {trimmed(firing.limit, 4)}"
        text = f"  {firing.subject}, {firing.reason}{figures} ({what})"
        lines.append(Text.assemble((words(firing.kind.value), "bold yellow"), text))
    return lines


def drift_table(plan: Plan) -> RenderableType:
    """Return weights against targets, with the band drawn as a bar."""
    rows: list[list[str | Text]] = []
    for drift in plan.drift:
        after = plan.after.weights.get(drift.asset, drift.net_weight)
        style = "bold yellow" if drift.breached else ""
        rows.append(
            [
                Text(drift.asset, style),
                percent(drift.net_weight),
                percent(drift.target),
                percent(after) if plan.legs else "",
                Text(points(drift.drift), style),
                bar(drift),
                Text("outside", "bold yellow") if drift.breached else "",
            ]
        )
    return Rows(("asset", ">now", ">target", ">after", ">drift", "band", ""), rows)


def bar(drift: Drift) -> Text:
    """Draw the band as a rail, the target as a tick, the weight as a mark on it."""
    with exact_arithmetic():
        reach = max(drift.band_high - drift.target, drift.target - drift.band_low, Decimal("0.01"))
        left, width = drift.target - 2 * reach, 4 * reach

    def cell(weight: Decimal) -> int:
        """Return the cell of *weight*, held to the ends of the bar."""
        with exact_arithmetic():
            place = int((weight - left) * (BAR_CELLS - 1) // width)
        return max(0, min(BAR_CELLS - 1, place))

    low, high = cell(drift.band_low), cell(drift.band_high)
    cells = ["━" if low <= i <= high else "·" for i in range(BAR_CELLS)]
    cells[cell(drift.target)] = "┼"
    line = Text("".join(cells), "dim")
    at = cell(drift.net_weight)
    line.plain = line.plain[:at] + "●" + line.plain[at + 1 :]
    line.stylize("bold yellow" if drift.breached else "bold green", at, at + 1)
    return line


def legs_table(plan: Plan) -> RenderableType:
    """Return orders and transfers in the sequence in which they are sent."""
    sent = (">line", ">stage", "market", "side", ">quantity", ">limit")
    rows = {leg.line: _leg_row(leg) for leg in plan.legs}
    rows |= {transfer.line: _transfer_row(transfer) for transfer in plan.transfers}
    rows |= {stop.line: _stop_row(stop) for stop in plan.stops}
    columns = (*sent, f">value {plan.quote}", ">cost", "role", "reason")
    return Rows(columns, [rows[line] for line in sorted(rows)])


def _leg_row(leg: Leg) -> tuple[str | Text, ...]:
    """Return one order as cells."""
    return (
        str(leg.line),
        str(leg.stage),
        leg.symbol,
        Text(leg.side.value, "green" if leg.lots > 0 else "red"),
        plain(leg.quantity),
        plain(leg.limit_price),
        money(leg.notional),
        money(leg.expected_cost),
        leg.role.value + (", reduce-only" if leg.reduce_only else ""),
        words(leg.reason.value),
    )


def _stop_row(stop: StopLine) -> tuple[str | Text, ...]:
    """Return what is done about the stop of a hedge as cells; nothing is filled by it now."""
    rests = bool(stop.lots)
    with exact_arithmetic():
        worth = money(stop.quantity * stop.trigger_price) if rests else ""
    return (
        str(stop.line),
        "",
        stop.hedge.symbol,
        Text("buy" if rests else "", "green"),
        plain(stop.quantity) if rests else "",
        f"from {plain(stop.trigger_price)}" if rests else "",
        worth,
        "",
        f"stop of {stop.hedge.hedge_id}, reduce-only",
        stop.act.value,
    )


def _transfer_row(transfer: TransferLeg) -> tuple[str | Text, ...]:
    """Return one transfer as cells; it has no limit and costs nothing."""
    units = transfer.units.copy_abs()
    return (
        str(transfer.line),
        str(transfer.stage),
        transfer.asset,
        Text(wallets(transfer.units), "cyan"),
        plain(units),
        "",
        money(units),
        "",
        "transfer",
        words(transfer.reason.value),
    )


def wallets(units: Decimal) -> str:
    """Return from which wallet to which signed *units* go."""
    return "spot → futures" if units > 0 else "futures → spot"


def cost_line(plan: Plan) -> Text:
    """Return turnover, expected cost and what remains to be tracked."""
    with exact_arithmetic():
        turnover = sum((leg.notional for leg in plan.legs), ZERO)
        cost = sum((leg.expected_cost for leg in plan.legs), ZERO)
    return Text(
        f"Turnover {money(turnover)} {plan.quote}, expected cost {money(cost)} {plan.quote} "
        f"(fees, half spread, impact).\nAfter it: leverage {leverage_text(plan.after.leverage)}, "
        f"tracking error {percent(plan.after.tracking_error)}; sizes {plan.allocation}."
    )


def order_lines(plan: Plan) -> list[RenderableType]:
    """Return that the lines go in another order than the usual one, where they do."""
    if plan.order is LineOrder.USUAL:
        return []
    stages = max(line.stage for line in plan.legs)
    sliced = ", coins and their hedge in slices" if plan.order is LineOrder.SLICED else ""
    told = f"The usual order is not safe; in these {stages} stages every prefix is{sliced}."
    return [Text(told, "yellow")]


def return_lines(plan: Plan) -> list[RenderableType]:
    """Return what closing hedges gives back: the exposure is not sold, it was only covered."""
    return [
        Text(
            f"Closing hedges on {back.asset} gives its exposure back: net weight "
            f"{percent(back.before)} → {percent(back.after)}.",
            "yellow",
        )
        for back in returns_of(plan)
    ]


def protection_lines(plan: Plan) -> list[RenderableType]:
    """Return what orders in contracts of other assets stand for."""
    return [
        Text(
            f"Line {leg.line} stands for {money(leg.protects.of(leg.notional))} {plan.quote} of "
            f"{leg.protects.asset}, at beta {plain(leg.protects.beta)}."
        )
        for leg in plan.legs
        if leg.protects is not None
    ]


def untraded_table(untraded: Sequence[Untraded], plan: Plan) -> RenderableType:
    """Return what is left alone, and why."""
    rows = [
        (u.asset, money(u.value), words(u.reason.value) + (f": {u.note}" if u.note else ""))
        for u in untraded
    ]
    return Rows(("left alone", f">value {plan.quote}", "~because"), rows)


def bearings_table(bearings: Iterable[Bearing]) -> RenderableType:
    """Return independent prices, how far the venue (the quote: its dollar) is off, and by whom."""
    rows: list[list[str | Text]] = [
        [
            bearing.asset,
            Text("unmeasured", "yellow")
            if bearing.value is None
            else f"{_reference(bearing.value)} {bearing.unit}",
            "" if bearing.off_bps is None else f"{trimmed(bearing.off_bps, 1)} bps",
            bearing.why or ", ".join(q.source.value for q in bearing.quotations),
        ]
        for bearing in bearings
    ]
    return Rows(("reference", ">value", ">off by", "~by"), rows)


def _reference(value: Decimal) -> str:
    """Return a value to the cent, and a small one to its eighth decimal."""
    return trimmed(value, 2 if value >= SMALL_BELOW else 8)


def gate_view(report: GateReport) -> RenderableType:
    """Return the verdict, and every finding that is not a plain pass."""
    passed = sum(f.verdict is Verdict.PASS for f in report.findings)
    line = Text.assemble(
        "Gate: ",
        (report.verdict.value, STYLES[report.verdict]),
        f"  ({passed} of {len(report.findings)} checks passed)",
    )
    odd = [f for f in report.findings if f.verdict is not Verdict.PASS]
    return Group(line, findings_table(odd)) if odd else line


def findings_table(findings: Iterable[Finding]) -> RenderableType:
    """Return findings with what was measured against which limit."""
    rows: list[list[str | Text]] = [
        [
            Text(f.verdict.value, STYLES[f.verdict]),
            f.check,
            f.subject,
            "unmeasured" if f.measured is None else _measured(f.measured, unit=f.unit),
            "" if f.limit is None else _with_unit(f.limit, unit=f.unit),
            _why(f),
        ]
        for f in findings
    ]
    return Rows(("verdict", "check", "subject", ">measured", ">limit", "~reason"), rows)


def _measured(figure: str, *, unit: str) -> str:
    """Return what was measured, nothing where that is a sentence: it stands among the reasons."""
    return "" if _is_sentence(figure) else _with_unit(figure, unit=unit)


def _why(finding: Finding) -> str:
    """Return the reason, and before it what was measured where that is a sentence."""
    reason, measured = finding.reason or "", finding.measured or ""
    if not _is_sentence(measured) or measured in reason:
        return reason
    return f"{measured}; {reason}" if reason else measured


def _is_sentence(figure: str) -> bool:
    """Return whether words were measured that would make the column of figures too wide."""
    return figure[:1].isalpha() and len(figure) > WORD_MAX


def _with_unit(figure: str, *, unit: str) -> str:
    """Return what was measured and its unit, which a word such as ``none`` does not have."""
    return figure if figure[:1].isalpha() else f"{figure} {unit}".strip()


def words(code: str) -> str:
    """Return a stable code as words."""
    return code.replace("_", " ")
