"""One question to the gate in one line, for the tests of the risk room."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.builders import NOW, plan, policy
from trimtab.domain.findings import Finding, GateReport, Verdict
from trimtab.domain.instruments import Asset, Lots, Ticks
from trimtab.domain.orders import ClientOrderId, OrderIntent, OrderRecord, OrderState
from trimtab.domain.plan import Leg
from trimtab.domain.policy import Policy
from trimtab.domain.references import (
    NO_REFERENCES,
    Quotation,
    References,
    ReferenceSource,
    Silence,
)
from trimtab.domain.rights import KeyRights, KeyUse
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.trading import NavMark
from trimtab.risk.context import GateContext
from trimtab.risk.gate import review
from trimtab.risk.record import Record

CALM = "USDT 5000, BTC 0.1 @ 60000, ETH 1 @ 3000, wallet 5000"
"""An account with coins, quote and margin, and no position."""

KEY_IN_ORDER = KeyRights(
    use=KeyUse.SEND,
    reads=True,
    trades_spot=True,
    trades_futures=True,
    withdraws=False,
    transfers_out=False,
    transfers_within=False,
    borrows=False,
    trades_options=False,
    is_bound_to_ip=True,
)
"""A key that may do what a run needs, and no more."""


def context(**overrides: Any) -> GateContext:
    """Return a context in which nothing is wrong, with some facts replaced."""
    fields: dict[str, Any] = {
        "halt_reason": None,
        "unresolved": (),
        "unresolved_transfers": (),
        "stops": (),
        "concurrent_holder": None,
        "key": KEY_IN_ORDER,
        "ledger_fault": None,
        "run_notional": {},
        "run_orders": 0,
        "day_notional": {},
        "references": NO_REFERENCES,
        "outside": {},
        "late": (),
        "record": record(),
        "net_bounds": {},
        "begun": None,
    }
    return GateContext(**fields | overrides)


def said(*lines: str, at: datetime = NOW) -> References:
    """Return quotations in dollars, each as ``coinbase BTC 60010``, or silent without a price."""
    words = [line.split(maxsplit=2) for line in lines]
    return References(
        quotations=tuple(
            Quotation(
                source=ReferenceSource(source),
                asset=Asset(asset),
                value=Decimal(told),
                quoted_at=at,
            )
            for source, asset, told in words
            if told[0].isdigit()
        ),
        silences=tuple(
            Silence(source=ReferenceSource(source), asset=Asset(asset), why=told)
            for source, asset, told in words
            if not told[0].isdigit()
        ),
    )


def record(**overrides: Any) -> Record:
    """Return a past in which nothing happened: the first look, with some facts replaced."""
    fields: dict[str, Any] = {
        "reducing": None,
        "released_at": None,
        "own_plan": "",
        "sent": (),
        "marks": (),
        "mark": mark(),
        "mark_fault": "",
        "statement_at": None,
        "targets": None,
    }
    return Record(**fields | overrides)


def mark(level: str = "1", *, high: str | None = None, hours: int = 0) -> NavMark:
    """Return a look *hours* before now at an account of 10,000 at its first level."""
    return NavMark(
        taken_at=NOW - timedelta(hours=hours),
        nav=Decimal(level) * 10_000,
        level=Decimal(level),
        high=Decimal(high or level),
        outside={},
        wallets={},
        mids={},
    )


def ask(
    snapshot: Snapshot,
    *legs: str | Leg,
    rules: Policy | None = None,
    facts: GateContext | None = None,
    **plan_fields: Any,
) -> GateReport:
    """Return the gate's report on a plan of *legs* for *snapshot*."""
    proposal = plan(snapshot, *legs, **plan_fields)
    return review(proposal, snapshot, policy=rules or policy(), context=facts or context(), now=NOW)


def found(report: GateReport, code: str) -> Finding:
    """Return the strictest finding of one check."""
    return max((f for f in report.findings if f.check == code), key=lambda f: f.verdict.severity)


def verdict(report: GateReport, code: str) -> Verdict:
    """Return the strictest verdict of one check."""
    return found(report, code).verdict


def refused(report: GateReport) -> set[str]:
    """Return the codes of the checks that refused."""
    return {f.check for f in report.findings if f.verdict is Verdict.REFUSE}


def warned(report: GateReport) -> set[str]:
    """Return the codes of the checks that warned."""
    return {f.check for f in report.findings if f.verdict is Verdict.WARN}


def unknown(leg: Leg, *, name: str = "u1", executed: int = 0) -> OrderRecord:
    """Return an order of ours whose outcome is unknown, of the size and limit of *leg*."""
    intent = OrderIntent(
        client_order_id=ClientOrderId(name),
        plan_digest="0" * 64,
        line=leg.line,
        attempt=1,
        instrument=leg.instrument,
        lots=leg.lots,
        limit=Ticks(leg.limit),
        reduce_only=leg.reduce_only,
    )
    return OrderRecord(
        intent=intent,
        state=OrderState.UNKNOWN,
        venue_order_id=None,
        filled_lots=Lots(0),
        executed_lots=Lots(executed),
        submitted_at=NOW,
        simulated=False,
    )
