"""One history is one chain, whichever database keeps it: the same calls, the same hashes."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from tests.builders import KEY, NOW
from tests.contract.ledger_cases import (
    BTC,
    SNAPSHOT,
    StandingClock,
    fill,
    intent,
    plan_of,
    report_on,
    step,
    venue_order,
    yes_to,
)
from tests.contract.server_cases import needs_server, own_schema
from trimtab.adapters.ledger.rows import VerifyReport
from trimtab.adapters.ledger.sql_ledger import SqlLedger, open_ledger, verify_ledger
from trimtab.domain.errors import ApprovalError, LedgerError
from trimtab.domain.findings import Verdict
from trimtab.domain.leverage import LeverageSetting, SettingOutcome
from trimtab.domain.orders import OrderState
from trimtab.domain.plan import Plan
from trimtab.ports import PlanStatus

pytestmark = needs_server

SEEDS: Final = 20
CALLS: Final = 40
PLANS: Final = tuple(
    plan_of("sell 0.01 BTC @ 59900", "buy 0.1 ETH @ 3010", second=n) for n in range(3)
)
STATES: Final = tuple(OrderState)
Act = Callable[[SqlLedger], Awaitable[object]]


def acts_of(chance: random.Random) -> Sequence[Act]:
    """Draw calls; many are refused, and a refusal is part of the history."""
    return [_act_of(chance, chance.choice(PLANS), number) for number in range(CALLS)]


def _act_of(chance: random.Random, proposal: Plan, number: int) -> Act:
    """Draw one call."""
    order = intent(proposal, attempt=chance.randint(1, 2))
    told = venue_order(order, -chance.choice([0, 60, 100]), ended=chance.random() < 0.5)
    told = chance.choice([None, told])
    moved = step(order, chance.choice(STATES), told, note=f"note {number} \N{EURO SIGN}")
    sizes = chance.choices(["0.006", "0.004", "0.001"], k=chance.randint(0, 3))
    trades = [
        fill(chance.randint(1, 12), size, of=chance.choice([None, order.client_order_id]))
        for size in sizes
    ]
    setting = LeverageSetting(
        plan_digest=proposal.digest,
        symbol=BTC,
        leverage=chance.randint(1, 9),
        outcome=chance.choice(list(SettingOutcome)),
        note="",
        at=NOW + timedelta(seconds=number),
    )
    reason = chance.choice([None, f"storm {number}"])
    status = chance.choice(list(PlanStatus))
    acts: dict[str, tuple[int, Act]] = {
        "plan": (2, lambda at: at.save_plan(proposal, report_on(proposal), PlanStatus.PROPOSED)),
        "refusal": (
            1,
            lambda at: at.save_plan(
                proposal, report_on(proposal, Verdict.REFUSE), PlanStatus.REFUSED
            ),
        ),
        "yes": (2, lambda at: at.save_approval(yes_to(proposal))),
        "status": (1, lambda at: at.set_plan_status(proposal.digest, status)),
        "begin": (6, lambda at: at.begin([order], at=NOW, halt_seen=None)),
        "move": (6, lambda at: at.advance([moved])),
        "book": (6, lambda at: at.book_fills(BTC, trades)),
        "leverage": (1, lambda at: at.record_leverage(setting)),
        "balances": (1, lambda at: at.save_balances(SNAPSHOT)),
        "halt": (1, lambda at: at.set_halt(reason, by="ada", at=NOW)),
    }
    weights = [weight for weight, _ in acts.values()]
    (name,) = chance.choices(list(acts), weights)
    return acts[name][1]


async def told_by(url: str, seed: int) -> tuple[list[str], VerifyReport]:
    """Let a seed's history happen; return what every call answered, and what is proved of it."""
    chance, answers, clock = random.Random(seed), list[str](), StandingClock()
    for dry_run in (False, True, False):
        async with (
            open_ledger(url, KEY, dry_run=dry_run, clock=clock) as ledger,
            ledger.holding_account(owner="test"),
        ):
            for act in acts_of(chance):
                clock.instant += timedelta(milliseconds=chance.randint(0, 900))
                try:
                    answers.append(repr(await act(ledger)))
                except (ApprovalError, LedgerError) as refused:
                    answers.append(f"refused: {refused}")
            answers += await shown(ledger)
    return answers, await verify_ledger(url)


async def shown(ledger: SqlLedger) -> list[str]:
    """Return everything that the ledger answers when it is asked."""
    return [
        repr(await ledger.plans()),
        repr(await ledger.orders(plan_digest=None)),
        repr(await ledger.orders(plan_digest=PLANS[0].digest)),
        repr(await ledger.unresolved()),
        repr(await ledger.fills()),
        repr(await ledger.fill_cursor(BTC)),
        repr(await ledger.statement()),
        repr(await ledger.halted()),
        repr(await ledger.committed_notional(since=NOW)),
        repr(await ledger.audit.events()),
    ]


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_the_same_calls_give_the_same_answers_and_the_same_head(
    seed: int, tmp_path: Path
) -> None:
    on_disk = await told_by(f"sqlite:///{tmp_path / 'ledger.db'}", seed)
    with own_schema() as url:
        on_server = await told_by(url, seed)
    answers, report = on_disk
    assert on_server[0] == answers
    assert on_server[1] == report
    assert report.entries > CALLS // 4, "Too much was refused to prove anything."
    assert any(a.startswith("refused") for a in answers)
