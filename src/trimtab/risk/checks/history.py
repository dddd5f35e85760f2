"""Checks of what was sent before: how often, how much was refused, and whether it repeats. Pure."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from trimtab.domain.exact import BPS, ONE, ZERO, exact_arithmetic, ratio
from trimtab.domain.findings import Verdict
from trimtab.domain.orders import OrderRecord
from trimtab.domain.plan import Leg, targets_unhedged
from trimtab.risk.case import Case
from trimtab.risk.checks.account import only_reductions
from trimtab.risk.checks.frame import at_most, holds, subject_of
from trimtab.risk.judgement import Judgement
from trimtab.risk.record import DAY, MINUTE
from trimtab.risk.restrained import restrained
from trimtab.risk.review import Standing


def max_rejects(case: Case, standing: Standing) -> tuple[Judgement, ...]:
    """Let only reductions through once the venue has refused too many of our orders."""
    count, limit = len(case.context.record.rejects), case.limits.max_rejects
    if count < limit:
        return (at_most("account", Decimal(count), limit=Decimal(limit), otherwise=""),)
    return only_reductions(
        f"the venue refused {count} of our orders within 24 hours",
        restrained(case, standing, pairs=False),
        standing,
        advice="look why with trimtab ledger events, then trimtab unhalt",
    )


def max_minute_orders(case: Case) -> Judgement:
    """Hold the orders of one minute, sent and planned, against their number."""
    text = "too many orders within a minute; wait a minute, or raise risk.max_minute_orders."
    return _orders(case, MINUTE, limit=case.limits.max_minute_orders, otherwise=text)


def max_day_orders(case: Case) -> Judgement:
    """Hold the orders of 24 hours, sent and planned, against their number."""
    text = "too many orders within 24 hours; wait, or raise risk.max_day_orders."
    return _orders(case, DAY, limit=case.limits.max_day_orders, otherwise=text)


def _orders(case: Case, within: timedelta, *, limit: int, otherwise: str) -> Judgement:
    """Hold orders sent within a time, and those planned, against *limit*.

    Of the plan under way a line counts as one however many orders it takes, or the first rest that
    takes another would stop a plan that passed. Their number has its own bounds.
    """
    record = case.context.record
    sent = record.sent_since(case.now - within)
    others = [r for r in sent if r.intent.plan_digest != record.own_plan]
    own = {r.intent.line for r in sent if r.intent.plan_digest == record.own_plan}
    count = Decimal(len(others) + len(own | {leg.line for leg in case.plan.legs}))
    return at_most("plan", count, limit=Decimal(limit), otherwise=otherwise)


def duplicate_intent(leg: Leg, case: Case) -> Judgement:
    """Refuse what another plan ordered just now: same market, side and size, about the price.

    What was ordered before the last statement does not count: a person has looked since.
    """
    record = case.context.record
    since = case.now - timedelta(seconds=case.limits.duplicate_window_s)
    if record.statement_at is not None:
        apart = timedelta(milliseconds=case.limits.max_clock_offset_ms)
        since = max(since, record.statement_at - apart)
    twins = [
        each
        for each in record.sent
        if each.intent.plan_digest != record.own_plan
        and each.submitted_at > since
        and _is_twin(each, leg, case.policy.approval.max_move_bps)
    ]
    seen = twins[-1].intent.client_order_id if twins else "none"
    text = (
        f"{leg.symbol}: order {seen} of another plan asked for the same just now; wait"
        f" {case.limits.duplicate_window_s} s, then plan again."
    )
    return holds(subject_of(leg), measured=seen, ok=not twins, otherwise=text)


def _is_twin(record: OrderRecord, leg: Leg, within_bps: Decimal) -> bool:
    """Say whether an order was, or may have been, executed for what *leg* asks for."""
    intent = record.intent
    if (intent.instrument.symbol, intent.lots) != (leg.symbol, leg.lots):
        return False
    came_to_nothing = record.state.is_terminal and not record.executed_lots
    apart = abs(intent.limit_price - leg.limit_price) * BPS
    return not came_to_nothing and apart <= within_bps * leg.limit_price


def statement_age(case: Case) -> Judgement:
    """Hold the age of the statement that reconciliation starts from against its limit."""
    taken_at = case.context.record.statement_at
    if taken_at is None:
        return holds("account", measured="the first run takes it", ok=True, otherwise="")
    limit = Decimal(case.limits.max_statement_age_days)
    text = "the account was not reconciled for too long; run trimtab reconcile --adopt."
    age = max(ZERO, ratio(_seconds(case.now - taken_at), _seconds(DAY)))
    return at_most("account", age, limit=limit, otherwise=text)


def _seconds(length: timedelta) -> Decimal:
    """Return a length of time in seconds, exact to the microsecond."""
    return Decimal(length // timedelta(microseconds=1)).scaleb(-6)


def max_target_move(case: Case) -> Judgement:
    """Hold the largest move of a target since the last executed plan against its limit.

    What a person has short by hand is no such move.
    """
    before = case.context.record.targets
    if before is None:
        return Judgement(
            subject="plan",
            verdict=Verdict.PASS,
            measured="no plan was executed yet",
            limit=case.limits.max_target_move,
            reason=None,
        )
    now = targets_unhedged(case.plan)
    with exact_arithmetic():
        moved = {a: abs(now.get(a, ZERO) - before.get(a, ZERO)) for a in now.keys() | before}
    asset = max(sorted(moved), key=lambda a: moved[a], default=case.plan.quote)
    text = (
        f"the target of {asset} moved too far since the last executed plan; go in steps, or"
        " raise risk.max_target_move."
    )
    limit = case.limits.max_target_move
    return at_most("plan", moved.get(asset, ONE), limit=limit, otherwise=text)
