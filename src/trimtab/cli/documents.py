"""Results as the JSON documents that users script against.

Decimals are plain text, instants RFC 3339 UTC, enumerations lower_snake_case. Keys are
only ever added; a rename is a changelog entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from trimtab.domain.canonical import to_document
from trimtab.domain.exact import ZERO, exact_arithmetic, plain, shown, trimmed
from trimtab.domain.findings import GateReport
from trimtab.domain.hedges import HedgeLine
from trimtab.domain.instruments import Asset
from trimtab.domain.overlays import Overlay
from trimtab.domain.plan import (
    Chance,
    Drift,
    GroupDrift,
    Leg,
    Plan,
    TacticalPart,
)
from trimtab.domain.readings import Reading
from trimtab.domain.returns import returns_of
from trimtab.domain.routing import RouteChoice, RouteTable
from trimtab.domain.sleeves import NetOfSleeves, SleeveDrift
from trimtab.domain.stops import StopLine, stop_id
from trimtab.domain.transfers import TransferLeg, side_of
from trimtab.ports import PlanStatus

Document = dict[str, Any]

WEIGHT_PLACES = 6
VALUE_PLACES = 2
MARK_PLACES = 8


def weight(value: Decimal) -> str:
    """Return a weight or ratio with six decimals at most."""
    return trimmed(value, WEIGHT_PLACES)


def finite(ratio: Decimal) -> str | None:
    """Return a ratio, or null when it is infinite."""
    return weight(ratio) if ratio.is_finite() else None


def value(amount: Decimal) -> str:
    """Return a quote value with two decimals."""
    return shown(amount, VALUE_PLACES)


def plan_document(
    plan: Plan, report: GateReport, *, status: PlanStatus, execution: Document | None
) -> Document:
    """Return the document of ``plan`` and ``run``."""
    return {
        "status": status.value,
        "plan": {
            "digest": plan.digest,
            "account": plan.key.account,
            "environment": plan.key.environment.value,
            "made_at": to_document(plan.made_at),
            "expires_at": to_document(plan.expires_at),
            "nav": value(plan.nav),
            "quote": plan.quote,
            "trigger": plan.trigger,
            "firings": [to_document(f) for f in plan.firings],
            "alerts": [to_document(f) for f in plan.alerts],
            "overlays": [overlay_document(o) for o in plan.overlays],
            "readings": [reading_document(r) for r in plan.readings],
            "allocation": plan.allocation,
            "drift": [drift_document(d) for d in plan.drift],
            "groups": [group_document(g) for g in plan.groups],
            "routes": [route_document(r) for r in plan.routes],
            "order": plan.order.value,
            "legs": _lines(plan),
            "stops": [stop_document(plan, stop) for stop in plan.stops],
            "hedges": [_hedge_line(line) for line in plan.hedging],
            "returns": [
                {"asset": back.asset, "before": weight(back.before), "after": weight(back.after)}
                for back in returns_of(plan)
            ],
            "untraded": [
                {
                    "asset": u.asset,
                    "reason": u.reason.value,
                    "value": value(u.value),
                    "note": u.note or None,
                }
                for u in plan.untraded
            ],
            "tactical": [tactical_document(part) for part in plan.tactical],
            "sleeves": [sleeve_document(s) for s in plan.sleeves],
            "nets": [net_document(n) for n in plan.nets],
            "after": {
                "weights": {a: weight(w) for a, w in plan.after.weights.items()},
                "leverage": finite(plan.after.leverage),
                "tracking_error": weight(plan.after.tracking_error),
            },
        },
        "gate": gate_document(report),
        "execution": execution,
    }


def route_document(choice: RouteChoice) -> Document:
    """Return how one asset goes, and both columns where they were weighed."""
    table = choice.table
    return {
        "asset": choice.asset,
        "value": value(choice.value),
        "route": choice.route,
        "reason": choice.reason.value,
        "table": None if table is None else to_document(table) | _totals(table),
    }


def _totals(table: RouteTable) -> Document:
    """Return both columns with their sums."""
    columns = {"spot": table.spot, "futures": table.futures}
    return {k: {**to_document(c), "total": plain(c.total)} for k, c in columns.items()}


def gate_document(report: GateReport) -> Document:
    """Return verdict and findings."""
    return {
        "verdict": report.verdict.value,
        "findings": [to_document(f) for f in report.findings],
    }


def drift_document(drift: Drift) -> Document:
    """Return one asset's weights, band and alert prices."""
    return {
        "asset": drift.asset,
        "spot_weight": weight(drift.spot_weight),
        "weight": weight(drift.net_weight),
        "net_weight": _net(drift),
        "in_sleeves": weight(drift.in_sleeves),
        "strategic_target": weight(drift.strategic_target),
        "target": weight(drift.target),
        "drift": weight(drift.drift),
        "band_low": weight(drift.band_low),
        "band_high": weight(drift.band_high),
        "breached": drift.breached,
        "alert_low": _alert_mark(drift.alert_low),
        "alert_high": _alert_mark(drift.alert_high),
        "trigger_low": _alert_mark(drift.trigger_low),
        "trigger_high": _alert_mark(drift.trigger_high),
        "trigger_untold": drift.untold,
        "trigger_low_chances": _chances(drift.chances_low),
        "trigger_high_chances": _chances(drift.chances_high),
    }


def _net(drift: Drift) -> str:
    """Return the whole net exposure of an asset, what sleeves own of it too."""
    with exact_arithmetic():
        return weight(drift.net_weight + drift.in_sleeves)


def sleeve_document(drift: SleeveDrift) -> Document:
    """Return one sleeve: its size against its band, contract by contract; values signed."""
    return {
        "sleeve": drift.sleeve,
        "scale": drift.scale.value,
        "direction": drift.direction.value,
        "measured": weight(drift.measured),
        "target": weight(drift.target),
        "band_low": weight(drift.band_low),
        "band_high": weight(drift.band_high),
        "breached": drift.breached,
        "after": weight(drift.after),
        "members": [
            {"asset": m.asset, "notional": value(m.notional), "wanted": value(m.wanted)}
            for m in drift.members
        ],
    }


def net_document(net: NetOfSleeves) -> Document:
    """Return what sleeves do to one asset's exposure."""
    return {
        "asset": net.asset,
        "own": weight(net.own),
        "in_sleeves": weight(net.in_sleeves),
        "net": weight(net.net),
        "own_after": weight(net.own_after),
        "in_sleeves_after": weight(net.in_sleeves_after),
        "net_after": weight(net.net_after),
    }


def _chances(chances: Sequence[Chance]) -> Document | None:
    """Return how likely a price is touched by days, or null where it is not told."""
    return {f"{each.days}d": plain(each.chance) for each in chances} or None


def reading_document(reading: Reading) -> Document:
    """Return one figure of the past, and what it was held against."""
    return {
        "rule": reading.rule,
        "subject": reading.subject,
        "name": reading.name,
        "measured": None if reading.measured is None else plain(reading.measured),
        "limit": None if reading.limit is None else plain(reading.limit),
        "holds": reading.holds,
        "text": reading.text,
    }


def group_document(group: GroupDrift) -> Document:
    """Return the weight and the band of a group that has one."""
    return {
        "group": group.group,
        "members": list(group.members),
        "weight": weight(group.weight),
        "strategic_target": weight(group.strategic_target),
        "target": weight(group.target),
        "drift": weight(group.drift),
        "band_low": weight(group.band_low),
        "band_high": weight(group.band_high),
        "breached": group.breached,
    }


def tactical_document(part: TacticalPart) -> Document:
    """Return what is held apart, units and value signed."""
    return {
        "asset": part.asset,
        "kind": part.kind,
        "units": plain(part.units),
        "value": value(part.value),
    }


def overlay_document(overlay: Overlay) -> Document:
    """Return one overlay with what it does to each target."""
    return {
        "id": overlay.overlay_id,
        "kind": overlay.kind.value,
        "reason": overlay.reason,
        "until": overlay.until,
        "shift": {asset: weight(shift) for asset, shift in overlay.shift.items()},
    }


def _alert_mark(mark: Decimal | None) -> str | None:
    """Return the mark of an alert with eight decimals at most, or null."""
    return None if mark is None else trimmed(mark, MARK_PLACES)


def _lines(plan: Plan) -> list[Document]:
    """Return orders and transfers of the plan, by line."""
    lines = [_leg(plan, leg) for leg in plan.legs]
    lines += [_transfer(plan, transfer) for transfer in plan.transfers]
    return sorted(lines, key=lambda line: int(line["line"]))


def stop_document(plan: Plan, stop: StopLine) -> Document:
    """Return what a plan does about the stop of a hedge; without size it only withdraws one."""
    rests = bool(stop.lots)
    return {
        "line": stop.line,
        "hedge_id": stop.hedge.hedge_id,
        "symbol": stop.hedge.symbol,
        "act": stop.act.value,
        "side": "buy" if rests else None,
        "quantity": plain(stop.quantity) if rests else None,
        "trigger_price": plain(stop.trigger_price) if rests else None,
        "reduce_only": True,
        "stop_id": stop_id(plan_digest=plan.digest, line=stop.line) if rests else None,
        "withdraws": stop.withdraws or None,
    }


def _transfer(plan: Plan, transfer: TransferLeg) -> Document:
    """Return one line of the plan that moves money between the wallets; it has no limit."""
    return {
        "line": transfer.line,
        "stage": transfer.stage,
        "symbol": transfer.asset,
        "kind": "transfer",
        "side": side_of(transfer.units).value,
        "quantity": plain(transfer.units.copy_abs()),
        "limit_price": None,
        "notional": value(transfer.units.copy_abs()),
        "reduce_only": False,
        "role": "transfer",
        "client_order_id": plan.transfer_id(transfer.line),
        "reason": transfer.reason.value,
        "expected_cost": value(ZERO),
    }


def _leg(plan: Plan, leg: Leg) -> Document:
    """Return one line of the plan."""
    return {
        "line": leg.line,
        "stage": leg.stage,
        "symbol": leg.symbol,
        "kind": leg.instrument.kind.value,
        "side": leg.side.value,
        "quantity": plain(leg.quantity),
        "limit_price": plain(leg.limit_price),
        "notional": value(leg.notional),
        "reduce_only": leg.reduce_only,
        "role": leg.role.value,
        "client_order_id": plan.order_id(leg.line, attempt=1),
        "reason": leg.reason.value,
        "expected_cost": value(leg.expected_cost),
        "protects": None if leg.protects is None else leg.protects.asset,
        "beta": None if leg.protects is None else plain(leg.protects.beta),
    }


def _hedge_line(line: HedgeLine) -> Document:
    """Return what one line does to one hedge."""
    return {
        "line": line.line,
        "id": line.hedge_id,
        "asset": line.asset,
        "symbol": line.symbol,
        "origin": line.origin.value,
        "cause": line.cause.value,
        "beta": plain(line.beta),
    }


def error_document(*, code: str, message: str, true_now: str, next_step: str) -> Document:
    """Return the document of a command that could not do its work."""
    told = {"code": code, "message": message, "true_now": true_now, "next": next_step}
    return {"status": "error", "error": told}


def fees_document(fees: Mapping[Asset, Decimal]) -> Mapping[str, str]:
    """Return fees by asset."""
    return {asset: plain(fee) for asset, fee in sorted(fees.items())}
