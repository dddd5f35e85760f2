"""What each write of the ledger checks and appends. Not pure: it reads and writes tables.

Each takes the pen first and the hand that it writes for; either everything that it appends is
committed or nothing is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from trimtab.adapters.ledger import reads, rules, standing_rules, statements
from trimtab.adapters.ledger.pen import Hand, Pen
from trimtab.adapters.ledger.projection import EntryKind
from trimtab.adapters.ledger.statements import row_or_none
from trimtab.domain.approved import Approval
from trimtab.domain.canonical import instant_text, to_document
from trimtab.domain.errors import AccountHeld, LedgerError
from trimtab.domain.findings import GateReport
from trimtab.domain.instruments import Symbol
from trimtab.domain.leverage import LeverageSetting
from trimtab.domain.orders import ClientOrderId, Fill, OrderIntent, OrderRecord
from trimtab.domain.plan import Plan
from trimtab.ports import PlanStatus, Transition


def must_hold(pen: Pen, hand: Hand) -> None:
    """Refuse to write what only the holder of the account may write.

    Raises:
        AccountHeld: the lease is not that of *hand*.

    """
    if hand.dry_run != 0:
        return
    lease = row_or_none(pen.connection, statements.LEASE, {"account": hand.account})
    if lease is None or (lease["epoch"], bool(lease["held"])) != (hand.epoch, True):
        raise AccountHeld(f"account {hand.account}: is not held by this run")


def must_know(pen: Pen, digest: str) -> PlanStatus:
    """Return where a plan stands.

    Raises:
        LedgerError: no such plan was saved.

    """
    status = reads.plan_status(pen.connection, digest)
    if status is None:
        raise LedgerError(
            f"plan {digest[:12]}: is not in the ledger", next_step="trimtab ledger plans"
        )
    return status


def save_plan(pen: Pen, hand: Hand, plan: Plan, report: GateReport, status: PlanStatus) -> None:
    """Append a proposal with its findings."""
    digest = plan.digest
    if plan.key != reads.stamp(pen.connection):
        raise LedgerError(f"plan {digest[:12]}: is for another account")
    if report.plan_digest != digest:
        raise LedgerError(f"plan {digest[:12]}: the findings are on another plan")
    if reads.plan_status(pen.connection, digest) is not None:
        raise LedgerError(f"plan {digest[:12]}: is saved already")
    body = {
        "digest": digest,
        "dry_run": hand.dry_run,
        "status": status,
        "verdict": report.verdict,
        "plan": plan,
        "report": report,
    }
    pen.append(EntryKind.PLAN_SAVED, to_document(body))


def set_plan_status(pen: Pen, hand: Hand, digest: str, status: PlanStatus) -> None:
    """Append where a plan stands; a dry run's word does not move the plan."""
    before = must_know(pen, digest)
    if hand.dry_run == 0:
        rules.refuse_move(digest, before, to=status)
    body = {"digest": digest, "dry_run": hand.dry_run, "status": status.value}
    pen.append(EntryKind.PLAN_STATUS, body)


def save_approval(
    pen: Pen, hand: Hand, approval: Approval, rests_on: Mapping[str, Any] | None
) -> None:
    """Append a yes, the first and only one of its plan, and what it rests on if not on a person.

    Raises:
        ApprovalError: the plan has its yes, or was decided otherwise.

    """
    standing_rules.refuse_unfounded(approval, is_founded=rests_on is not None)
    digest = approval.plan_digest
    status = must_know(pen, digest)
    if reads.approval(pen.connection, digest, dry_run=hand.dry_run) is not None:
        raise rules.approved_already(digest)
    if hand.dry_run == 0:
        rules.refuse_approval(digest, status)
    body = {"dry_run": hand.dry_run, "approval": to_document(approval)}
    if rests_on is not None:
        body["rests_on"] = rests_on
    pen.append(EntryKind.APPROVED, body)


def begin(pen: Pen, hand: Hand, intents: Sequence[OrderIntent], at: datetime) -> None:
    """Append the intents; each row is made under the lease or not at all."""
    for digest in dict.fromkeys(intent.plan_digest for intent in intents):
        must_know(pen, digest)
    for intent in intents:
        if reads.order(pen.connection, intent.client_order_id, dry_run=hand.dry_run) is not None:
            raise LedgerError(f"order {intent.client_order_id}: is in the ledger already")
        body = {
            "dry_run": hand.dry_run,
            "epoch": hand.epoch,
            "at": at,
            "intent": intent,
            "quantity": intent.quantity,
            "limit_price": intent.limit_price,
        }
        pen.append_fenced(to_document(body), hand, kind=EntryKind.ORDER_BEGUN)


def advance(pen: Pen, hand: Hand, transitions: Sequence[Transition]) -> None:
    """Append transitions; an order that the venue names takes over its fills first."""
    must_hold(pen, hand)
    for step in transitions:
        before = reads.order(pen.connection, step.client_order_id, dry_run=hand.dry_run)
        if before is None:
            raise LedgerError(f"order {step.client_order_id}: is not in the ledger")
        claimed = _claimed(pen, hand, before, step)
        filled = rules.filled_by(before, claimed) if claimed else before
        after = rules.moved(filled, step)
        body = {
            "dry_run": hand.dry_run,
            "symbol": before.intent.instrument.symbol,
            "step": step,
            "claimed": [fill.trade_id for fill in claimed],
            "after": {
                "state": after.state,
                "venue_order_id": after.venue_order_id,
                "filled_lots": after.filled_lots,
                "executed_lots": after.executed_lots,
            },
        }
        pen.append(EntryKind.ORDER_MOVED, to_document(body))


def _claimed(pen: Pen, hand: Hand, record: OrderRecord, step: Transition) -> tuple[Fill, ...]:
    """Return booked fills that turn out to be of the order, now that the venue names it."""
    if step.order is None or record.venue_order_id is not None:
        return ()
    return reads.external_fills(pen.connection, step.order, dry_run=hand.dry_run)


def book_fills(pen: Pen, hand: Hand, symbol: Symbol, told: Sequence[Fill]) -> tuple[Fill, ...]:
    """Append what is new of a page of executions, and the cursor behind it."""
    must_hold(pen, hand)
    run = hand.dry_run
    known = reads.fills_by_id(pen.connection, symbol, [f.trade_id for f in told], dry_run=run)
    fresh = rules.fresh_fills(symbol, told, known)
    if not fresh:
        return ()
    orders: dict[ClientOrderId, OrderRecord] = {}
    booked = []
    for fill in fresh:
        record = _whose(pen, hand, fill, orders.values())
        ours = None if record is None else record.intent.client_order_id
        if record is not None and ours is not None:
            orders[ours] = rules.filled_by(record, [fill])
        booked.append(dataclasses.replace(fill, client_order_id=ours))
    cursor = reads.cursor_place(pen.connection, symbol, dry_run=run)
    last = rules.newest(fresh)
    place = (instant_text(last.filled_at), last.trade_id)
    if cursor is not None:
        place = max(cursor, place, key=lambda p: rules.reading_place(*p))
    body = {
        "dry_run": run,
        "symbol": symbol,
        "fills": [
            {"fill": to_document(f), "order": b.client_order_id}
            for f, b in zip(fresh, booked, strict=True)
        ],
        "orders": {name: _filling(record) for name, record in orders.items()},
        "cursor": {"filled_at": place[0], "after_trade_id": place[1]},
        "first": cursor is None,
    }
    pen.append(EntryKind.FILLS_BOOKED, body)
    return tuple(booked)


def _filling(record: OrderRecord) -> dict[str, int]:
    """Return how far an order is filled, as its row has it."""
    return {"filled_lots": record.filled_lots, "executed_lots": record.executed_lots}


def _whose(pen: Pen, hand: Hand, fill: Fill, loaded: Iterable[OrderRecord]) -> OrderRecord | None:
    """Return the order that a fill belongs to, from what is loaded already or the tables."""
    record = rules.whose(fill, loaded)
    if record is None:
        record = reads.order_of(pen.connection, fill, dry_run=hand.dry_run)
    return record


def record_leverage(pen: Pen, hand: Hand, setting: LeverageSetting) -> None:
    """Append a step of setting a contract's leverage."""
    must_hold(pen, hand)
    must_know(pen, setting.plan_digest)
    body = {"dry_run": hand.dry_run, "setting": to_document(setting)}
    pen.append(EntryKind.LEVERAGE, body)


def set_halt(pen: Pen, reason: str | None, by: str, at: datetime) -> None:
    """Append that the kill switch is latched, or that everything latched is released."""
    body = {"reason": reason, "by": by, "at": instant_text(at)}
    pen.append(EntryKind.HALT, body)
    if reason is None and reads.reducing(pen.connection) is not None:
        pen.append(EntryKind.RESTRAINT, body)
