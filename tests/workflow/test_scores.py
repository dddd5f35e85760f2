"""Scores from a ledger: what it can tell, and a plan that it can no longer read."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.builders import account, plan, report_on
from tests.hedge_cases import record_of
from trimtab.domain.errors import LedgerError
from trimtab.domain.hedges import HedgeRecord
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import Plan
from trimtab.ports import PlanStatus, SavedPlan
from trimtab.workflow.scores import scored_hedges

USDT = Asset("USDT")
SEEN = account("BTC 10 @ 100, USDT 5000, wallet 5000")


@dataclass(kw_only=True)
class OldLedger:
    """A ledger of which some plans were written by an earlier version."""

    record: HedgeRecord
    readable: dict[str, Plan]
    asked: list[str] = field(default_factory=list)

    async def hedge_record(self) -> HedgeRecord:
        return self.record

    async def plan(self, digest_prefix: str) -> SavedPlan:
        self.asked.append(digest_prefix)
        if digest_prefix not in self.readable:
            raise LedgerError("a field is missing", next_step="trimtab ledger verify")
        found = self.readable[digest_prefix]
        return SavedPlan(
            plan=found, report=report_on(found), status=PlanStatus.EXECUTED, approval=None
        )


async def test_a_plan_of_an_earlier_version_leaves_its_hedge_in_the_book_without_a_score() -> None:
    record = record_of(
        "open one 2 @ 100", "open two 1 @ 100", "close one 2 @ 90", "open three 1 @ 100"
    )
    opening = plan(SEEN, "sell 2 perp BTC")
    ledger = OldLedger(record=record, readable={f"{3:064x}": opening})
    scored = await scored_hedges(ledger, USDT)  # type: ignore[arg-type]  # Two of its methods do.
    assert [(hedge.hedge_id, score) for hedge, score in scored] == [
        ("one", None),
        ("two", None),
        ("three", None),
    ]
    assert ledger.asked == [f"{1:064x}", f"{3:064x}"], "only closed hedges are scored"
