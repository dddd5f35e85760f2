"""What a person is asked before an order is sent, and what must be typed. Pure.

A habit answers "yes" to everything, so the words name what they are for: the plan; where real
money is, the account and the notional too; and above a threshold, a second time, how much is
sold and bought. Values are quote units. Source: docs/design/0013-consent.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ZERO, exact_arithmetic, grouped, plain, ratio, shown
from trimtab.domain.exposure import leverage_text
from trimtab.domain.findings import Finding, GateReport, Verdict
from trimtab.domain.plan import Plan
from trimtab.domain.policy import ApprovalPolicy
from trimtab.domain.snapshot import Environment
from trimtab.domain.transfers import TransferLeg

DIGITS_TYPED: Final = 8
"""How much of the digest a person types: enough that no two pending plans share it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """How much a plan sends. Every order counts, reductions too."""

    orders: int
    sold: Decimal
    """Notional of all sells at their marks, quote units, >= 0."""
    bought: Decimal
    """The same of all buys."""
    largest: Decimal
    """Notional of the largest order, quote units, >= 0."""

    @property
    def gross(self) -> Decimal:
        """Both sides together, quote units, >= 0."""
        with exact_arithmetic():
            return self.sold + self.bought


def stake_of(plan: Plan) -> Stake:
    """Add up what *plan* sends."""
    with exact_arithmetic():
        return Stake(
            orders=len(plan.legs),
            sold=sum((leg.notional for leg in plan.legs if leg.lots < 0), ZERO),
            bought=sum((leg.notional for leg in plan.legs if leg.lots > 0), ZERO),
            largest=max((leg.notional for leg in plan.legs), default=ZERO),
        )


def asked_words(plan: Plan) -> str:
    """Return what must be typed to approve exactly *plan*; in live with account and notional."""
    words = f"approve {plan.digest[:DIGITS_TYPED]}"
    if plan.key.environment is not Environment.LIVE:
        return words
    return f"{words} {plan.key.account} {_whole(stake_of(plan).gross)}"


def second_words(plan: Plan) -> str:
    """Return what must be typed beside that when *plan* is asked about twice."""
    stake = stake_of(plan)
    return f"sell {_whole(stake.sold)} buy {_whole(stake.bought)} {plan.quote}"


def is_asked_twice(plan: Plan, policy: ApprovalPolicy) -> bool:
    """Whether *plan* sends more than one answer is enough for."""
    return stake_of(plan).gross > policy.two_step_above


def question(plan: Plan, report: GateReport) -> str:
    """Return what is asked for, with every warning of the gate beside it, as lines."""
    stake, key = stake_of(plan), plan.key
    orders = "1 order" if stake.orders == 1 else f"{stake.orders} orders"
    place = "LIVE, real money" if key.environment is Environment.LIVE else key.environment.value
    told = (
        f"This sends {orders} worth {_money(stake.gross)} {plan.quote} to {key.account} "
        f"on {key.venue} ({place}): sells {_money(stake.sold)}, buys {_money(stake.bought)}."
    )
    return "\n".join([told, *map(_moved, plan.transfers), *_stopped(plan), *_warned(report)])


def _moved(transfer: TransferLeg) -> str:
    """Return what goes from one wallet of the account to the other, as a line."""
    ways = ("spot", "futures") if transfer.units > 0 else ("futures", "spot")
    units = plain(transfer.units.copy_abs())
    return f"It moves {units} {transfer.asset} from the {ways[0]} to the {ways[1]} wallet."


def _stopped(plan: Plan) -> list[str]:
    """Return what is done about stops on the venue, one line each."""
    told = []
    for stop in plan.stops:
        name, base = stop.hedge.hedge_id, stop.instrument.base
        if stop.lots:
            size = f"{plain(stop.quantity)} {base} at {plain(stop.trigger_price)}"
            told.append(f"A stop of {name} rests on the venue afterwards: {size} as planned.")
        else:
            told.append(f"The stop of {name} on the venue is withdrawn.")
    return told


def second_question(plan: Plan, policy: ApprovalPolicy) -> str:
    """Return what is at stake, told before *plan* is asked about again."""
    stake = stake_of(plan)
    with exact_arithmetic():
        share = shown(ratio(stake.gross, plan.nav) * 100, 1)
        cost = sum((leg.expected_cost for leg in plan.legs), ZERO)
    return (
        f"That is above approval.two_step_above ({_money(policy.two_step_above)} {plan.quote}), "
        f"so it is asked twice.\nAt stake: {share} % of the account's {_money(plan.nav)} "
        f"{plan.quote}; the largest order {_money(stake.largest)}, expected cost {_money(cost)}, "
        f"leverage {leverage_text(plan.after.leverage)} after it."
    )


def warnings(report: GateReport) -> tuple[Finding, ...]:
    """Return what the gate lets through only when a person has seen it, in its order."""
    return tuple(f for f in report.findings if f.verdict is Verdict.WARN)


def _warned(report: GateReport) -> list[str]:
    """Return a line for each warning, under a heading; nothing when there is none."""
    found = warnings(report)
    head = [f"The gate warns {'once' if len(found) == 1 else f'{len(found)} times'}:"]
    return (head + [f"  ! {_told(finding)}" for finding in found]) if found else []


def _told(finding: Finding) -> str:
    """Return one warning in a line: which check, of what, measured against which limit."""
    unit = f" {finding.unit}" if finding.unit else ""
    measured = "unmeasured" if finding.measured is None else f"{finding.measured}{unit}"
    limit = "" if finding.limit is None else f", limit {finding.limit}{unit}"
    reason = f": {finding.reason}" if finding.reason else ""
    return f"{finding.check} ({finding.subject}) {measured}{limit}{reason}"


def _money(amount: Decimal) -> str:
    """Return a quote value with two decimals and thousands separators."""
    return grouped(amount, 2)


def _whole(amount: Decimal) -> str:
    """Return a quote value in whole units, half to even, as it is typed."""
    return shown(amount, 0)
