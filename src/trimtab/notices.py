"""What people are told, as text: pure functions from values to notices.

Plain text, no secrets, and the last line of each is the command that comes next. Values are in
the quote of the plan, weights are shown as percent, instants are UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from trimtab.accounting.tally import Tally
from trimtab.domain.approved import Approval
from trimtab.domain.exact import BPS, ZERO, exact_arithmetic, grouped, plain, ratio, trimmed
from trimtab.domain.findings import Finding, GateReport, Verdict
from trimtab.domain.instruments import Asset
from trimtab.domain.notices import Notice, NoticeKind, notice_id
from trimtab.domain.orders import OrderRecord
from trimtab.domain.plan import Drift, Leg, Plan
from trimtab.domain.slots import Slot
from trimtab.domain.snapshot import AccountKey
from trimtab.domain.stops import StopRecord
from trimtab.domain.transfers import TransferRecord

LINES_MAX: Final = 12
"""Legs, findings or drifts that one notice lists; the rest is counted."""
SHOWN_DIGITS: Final = 12
"""How much of a digest is shown; as much names the plan to every command."""
MARGIN_CHECKS: Final = frozenset({"min_margin_ratio", "shock", "min_liquidation_distance"})
"""What of the gate guards the margin of open positions."""

_SHOWN: Final = Context(prec=7, rounding=ROUND_HALF_EVEN)
"""Digits of a price that is only read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Whose notices are written, and when."""

    key: AccountKey
    at: datetime
    """Our clock."""

    def notice(
        self, kind: NoticeKind, *, event: str, lines: Sequence[str], next_step: str
    ) -> Notice:
        """Return the notice of one event; its first line is the subject."""
        where = f"{self.key.venue} {self.key.account} ({self.key.environment.value})"
        subject = f"trimtab {where}: {lines[0]}"
        about = f"{where}, {self.at:%Y-%m-%d %H:%M} UTC"
        return Notice(
            id=notice_id(self.key, kind, event=event),
            kind=kind,
            key=self.key,
            at=self.at,
            subject=subject,
            text="\n".join([lines[0], about, "", *lines[1:], "", f"next: {next_step}"]),
            short=f"{subject}. next: {next_step}",
            next_step=next_step,
        )


def begun(telling: Telling) -> Notice:
    """Return the notice from which on events are told."""
    lines = ("notices begin here", "What was before this is not told.")
    return telling.notice(NoticeKind.BEGUN, event="", lines=lines, next_step="trimtab notify test")


def tried(telling: Telling) -> Notice:
    """Return a notice that only shows that a channel works; each is an event of its own."""
    lines = ("a test of this channel", "If you read this, the channel works.")
    return telling.notice(
        NoticeKind.TEST, event=telling.at.isoformat(), lines=lines, next_step="trimtab status"
    )


def pending(
    telling: Telling,
    plan: Plan,
    report: GateReport,
    *,
    is_asked: bool,
    how_to_reply: Sequence[str],
) -> Notice:
    """Return that a plan waits for a yes; both kinds are one event.

    *how_to_reply*: lines that say how it is decided by a reply; none where replies are not read.
    """
    name = plan.digest[:SHOWN_DIGITS]
    what = "a plan needs your approval" if is_asked else "a plan is proposed"
    notice = telling.notice(
        NoticeKind.APPROVAL_NEEDED,
        event=plan.digest,
        lines=[
            f"{what}: {_legs_counted(plan)}",
            *_listed([_leg_text(leg, plan.quote) for leg in plan.legs]),
            f"Gate: {report.verdict}. It holds until {plan.expires_at:%H:%M:%S} UTC.",
            *how_to_reply,
        ],
        next_step=f"trimtab approve {name}",
    )
    return notice if is_asked else replace(notice, kind=NoticeKind.PLAN_PROPOSED)


def expired(telling: Telling, plan: Plan, yes: Approval | None) -> Notice:
    """Return that nobody gave the yes that was asked for, or that none began what has one."""
    what = "was not decided in time" if yes is None else "was approved and not begun"
    over_at = plan.expires_at if yes is None else min(yes.expires_at, plan.expires_at)
    lines = (
        f"plan {plan.digest[:SHOWN_DIGITS]} {what}: {_legs_counted(plan)}",
        f"Its time was over at {over_at:%H:%M:%S} UTC. Nothing of it was sent.",
    )
    return telling.notice(
        NoticeKind.EXPIRED, event=plan.digest, lines=lines, next_step="trimtab plan"
    )


def refused(
    telling: Telling, plan: Plan, report: GateReport, *, bare: Sequence[str] = ()
) -> Notice:
    """Return that the gate refused a plan, and why.

    A *report* that passed is the one of the planning: a later look refused. *bare*: hedges without
    a stop on the venue, which the plan would have put.
    """
    found = [f for f in report.findings if f.verdict is Verdict.REFUSE]
    checks = ", ".join(dict.fromkeys(f.check for f in found)) or "nothing was checked"
    if passed := report.verdict is not Verdict.REFUSE:
        checks = "by the last look before its first order"
    lines = [f"a plan was refused: {checks}", *_listed([_finding_text(f) for f in found])]
    lines.append("Nothing of it was sent.")
    if bare:
        lines.append(f"It would have put the stop on the venue that is missing: {', '.join(bare)}.")
    otherwise = "trimtab plan" if passed else "trimtab status"
    next_step = "trimtab mend-stops" if bare and plan.legs else otherwise
    return telling.notice(NoticeKind.REFUSED, event=plan.digest, lines=lines, next_step=next_step)


def executed(telling: Telling, plan: Plan, came: Tally, *, following: Slot | None) -> Notice:
    """Return what a plan came to, whole or in part, with its shortfall.

    *following*: the slot after the one that the plan was for; None where it was for none.
    """
    is_whole = not (came.left or came.bare)
    kind = NoticeKind.EXECUTED if is_whole else NoticeKind.PARTIAL
    how = "whole" if is_whole else "in part"
    traded, slipped = _money(came.traded, plan.quote), _money(came.slipped, plan.quote)
    lines = [
        f"a plan was executed {how}: {traded} traded",
        f"Shortfall against the marks at planning: {slipped}{_in_bps(came)}.",
        f"Fees: {_fees_text(came.fees)}.",
    ]
    if came.left:
        lines += ["Left undone, in whole or in part:"]
        lines += _listed([_leg_text(leg, plan.quote) for leg in came.left])
    if came.bare:
        lines.append(f"No stop was put on the venue for: {', '.join(came.bare)}.")
        lines.append("Until one is, only plans close it.")
    if following is not None:
        begins = f"{following.begins_at:%Y-%m-%d %H:%M} UTC"
        lines.append(f"The next slot, {following.name}, begins at {begins}.")
    next_step = "trimtab status" if is_whole else "trimtab run"
    return telling.notice(kind, event=plan.digest, lines=lines, next_step=next_step)


def unresolved(
    telling: Telling,
    plan_digest: str,
    orders: Sequence[OrderRecord],
    transfers: Sequence[TransferRecord] = (),
) -> Notice:
    """Return that it is not known how orders or transfers of a plan ended."""
    counts = {"order": len(orders), "transfer": len(transfers)}
    told = " and ".join(_counted(count, what) for what, count in counts.items() if count)
    lines = [
        f"the end of {told} is not known",
        *_listed([_order_text(o) for o in orders] + [_transfer_text(t) for t in transfers]),
        "They may exist on the exchange. They are not sent again, and nothing follows them.",
    ]
    return telling.notice(
        NoticeKind.UNRESOLVED, event=plan_digest, lines=lines, next_step="trimtab recover"
    )


def stop_doubted(telling: Telling, plan: Plan) -> Notice:
    """Return that a run ended without knowing where the stops of a plan's hedges stand."""
    hedges = ", ".join(dict.fromkeys(line.hedge.hedge_id for line in plan.stops))
    lines = (
        "what became of a stop is not known",
        f"It is of: {hedges}. It may rest on the exchange, have fired, or be gone.",
        "It is looked up and never sent again, and nothing follows before.",
    )
    return telling.notice(
        NoticeKind.UNRESOLVED, event=plan.digest, lines=lines, next_step="trimtab recover"
    )


def stop_fired(telling: Telling, stop: StopRecord) -> Notice:
    """Return that a stop on the venue has bought back what it was of."""
    intent = stop.intent
    base = intent.instrument.base
    units = plain(intent.instrument.units(stop.executed_lots))
    at = f"{plain(intent.trigger_price)} on {intent.instrument.symbol}"
    lines = (
        f"a stop fired: hedge {intent.hedge_id} bought back {units} {base}",
        f"It rested at {at}; what it cost is in the pot.",
        f"So much {base} is no longer covered; no hedge is opened on it for the cool-down.",
    )
    return telling.notice(
        NoticeKind.STOP_FIRED, event=intent.stop_id, lines=lines, next_step="trimtab status"
    )


def halted(telling: Telling, reason: str, *, since: str) -> Notice:
    """Return that the kill switch is latched; *since* tells one latch from the next."""
    lines = (f"halted: {reason}", "Only reductions pass until a person releases.")
    return telling.notice(
        NoticeKind.HALTED, event=f"{since} {reason}", lines=lines, next_step="trimtab status"
    )


def reducing(telling: Telling, reason: str, *, since: str) -> Notice:
    """Return that a loss limit left only reductions; *since* tells one latch from the next."""
    lines = (f"only reductions pass: {reason}", "A person must look, and release.")
    return telling.notice(
        NoticeKind.REDUCING, event=f"{since} {reason}", lines=lines, next_step="trimtab status"
    )


def margin_findings(report: GateReport) -> tuple[Finding, ...]:
    """Return what the gate says of the margin of positions as they are, whatever is planned."""
    return tuple(
        f
        for f in report.findings
        if f.check in MARGIN_CHECKS
        and f.verdict is not Verdict.PASS
        and f.measured is not None
        and not f.subject.startswith("prefix")
    )


def margin_warning(telling: Telling, findings: Sequence[Finding]) -> Notice:
    """Return that margin is beyond its limit; at most one of a day and its checks."""
    checks = ", ".join(dict.fromkeys(f.check for f in findings))
    return telling.notice(
        NoticeKind.MARGIN_WARNING,
        event=f"{telling.at:%Y-%m-%d} {checks}",
        lines=[
            f"margin is beyond its limit: {checks}",
            *_listed([_finding_text(f) for f in findings]),
        ],
        next_step="trimtab status",
    )


def price_crossed(telling: Telling, drift: Drift) -> Notice:
    """Return that an asset left its band; at most one of a day, an asset and a side."""
    side = "above" if drift.drift > 0 else "below"
    back = drift.alert_low if drift.drift > 0 else drift.alert_high
    band = f"{_percent(drift.band_low)} to {_percent(drift.band_high)}"
    weights = f"{_percent(drift.net_weight)}, its target {_percent(drift.target)}"
    lines = [
        f"{drift.asset} is {side} its band",
        f"Its weight is {weights}, the band {band}.",
    ]
    if back is not None:
        lines.append(
            f"It returns at a price of {plain(_SHOWN.plus(back))}, all others as they are."
        )
    return telling.notice(
        NoticeKind.PRICE_CROSSED,
        event=f"{telling.at:%Y-%m-%d} {drift.asset} {side}",
        lines=lines,
        next_step="trimtab plan",
    )


def monthly_review(telling: Telling, plan: Plan, *, executed_plans: int) -> Notice:
    """Return where the account stands in a new month, by the newest *plan*."""
    drifts = [
        f"{d.asset}: {_percent(d.net_weight)} of {_percent(d.target)}"
        f"{', outside its band' if d.breached else ''}"
        for d in plan.drift
    ]
    count = _counted(executed_plans, "plan")
    lines = [
        f"monthly review: {_money(plan.nav, plan.quote)}",
        f"{count} executed in the month before.",
        *_listed(drifts),
    ]
    return telling.notice(
        NoticeKind.MONTHLY_REVIEW,
        event=f"{telling.at:%Y-%m}",
        lines=lines,
        next_step="trimtab status",
    )


def slot_missed(telling: Telling, slot: Slot) -> Notice:
    """Return that a calendar slot was not run while it ran by itself; one of each slot."""
    lines = (
        f"slot {slot.name} was missed",
        f"It began at {slot.begins_at:%Y-%m-%d %H:%M} UTC and was not done while it was due.",
        "It runs by itself no more.",
    )
    return telling.notice(
        NoticeKind.SLOT_MISSED,
        event=slot.name,
        lines=lines,
        next_step=f"trimtab run --if-due --slot {slot.name}",
    )


def rehearsal(telling: Telling, slot: Slot, plan: Plan, report: GateReport) -> Notice:
    """Return what a slot that has not begun would do, as things are; one of each slot."""
    found = [f for f in report.findings if f.verdict is Verdict.REFUSE]
    lines = [
        f"slot {slot.name} begins at {slot.begins_at:%Y-%m-%d %H:%M} UTC, rehearsed now",
        f"It would send {_legs_counted(plan)}.",
        *_listed([_leg_text(leg, plan.quote) for leg in plan.legs]),
        f"Gate: {report.verdict}.",
        *_listed([_finding_text(f) for f in found]),
        "Nothing was sent. It is planned anew when the slot begins.",
    ]
    return telling.notice(
        NoticeKind.REHEARSAL, event=slot.name, lines=lines, next_step="trimtab schedule show"
    )


def _legs_counted(plan: Plan) -> str:
    """Return how much a plan moves."""
    with exact_arithmetic():
        value = sum((leg.notional for leg in plan.legs), ZERO)
    return f"{_counted(len(plan.legs), 'leg')}, {_money(value, plan.quote)}"


def _leg_text(leg: Leg, quote: Asset) -> str:
    """Return one leg in a line."""
    size, limit = plain(leg.quantity), plain(leg.limit_price)
    notional = _money(leg.notional, quote)
    return f"{leg.line}. {leg.side} {size} {leg.symbol} at {limit} or better ({notional})"


def _order_text(record: OrderRecord) -> str:
    """Return one order in a line."""
    intent = record.intent
    size = f"{plain(intent.quantity)} {intent.instrument.symbol}"
    return f"{intent.client_order_id}: {intent.side} {size}, {record.state}"


def _transfer_text(record: TransferRecord) -> str:
    """Return one transfer in a line."""
    intent = record.intent
    way = "to futures" if intent.units > 0 else "out of futures"
    return f"{intent.transfer_id}: {plain(abs(intent.units))} {intent.asset} {way}, {record.state}"


def _finding_text(finding: Finding) -> str:
    """Return one finding in a line."""
    return f"{finding.check}: {finding.reason or finding.measured or 'refused'}"


def _listed(lines: Sequence[str]) -> list[str]:
    """Return lines up to the most that is listed."""
    more = len(lines) - LINES_MAX
    return [*lines[:LINES_MAX], *([f"and {more} more"] if more > 0 else [])]


def _counted(count: int, noun: str) -> str:
    """Return a number of things."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _money(value: Decimal, quote: Asset) -> str:
    """Return a value to the cent."""
    return f"{grouped(value, 2)} {quote}"


def _percent(weight: Decimal) -> str:
    """Return a weight as percent to two places."""
    with exact_arithmetic():
        points = weight * 100
    return f"{trimmed(points, 2)} %"


def _in_bps(came: Tally) -> str:
    """Return the shortfall in relation to what was traded; nothing when nothing was."""
    if not came.traded:
        return ""
    with exact_arithmetic():
        scaled = came.slipped * BPS
    return f" ({trimmed(ratio(scaled, came.traded), 2)} bps)"


def _fees_text(fees: Mapping[Asset, Decimal]) -> str:
    """Return fees by asset."""
    return ", ".join(f"{plain(fee)} {asset}" for asset, fee in fees.items()) or "none"
