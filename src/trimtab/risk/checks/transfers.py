"""Checks of what a plan moves between the account's own wallets. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ZERO
from trimtab.domain.findings import Verdict
from trimtab.domain.transfers import UNIT
from trimtab.risk.case import Case
from trimtab.risk.checks.frame import at_most, holds
from trimtab.risk.judgement import Judgement
from trimtab.risk.relief import is_rescue

IN_ONE_PLAN: Final = 1
"""How many transfers a plan may have: one under way at a time tells itself from all others."""


def transfer(case: Case) -> Judgement:
    """Refuse a transfer that could be mistaken, cut, or overtaken by an order."""
    faults = tuple(_faults(case))
    moved = case.plan.transfers
    return holds(
        f"leg {moved[0].line}" if moved else "plan",
        measured=f"{len(moved)} transfers" if moved else "none",
        ok=not faults,
        otherwise=f"{'; '.join(faults)}; plan again.",
    )


def _faults(case: Case) -> Iterator[str]:
    """Yield what is wrong with the plan's transfers."""
    moved, quote = case.plan.transfers, case.snapshot.quote
    if len(moved) > IN_ONE_PLAN:
        yield f"a plan may hold {IN_ONE_PLAN} transfer, this one holds {len(moved)}"
    stages = {leg.stage for leg in case.plan.legs}
    for each in moved:
        if each.asset != quote:
            yield f"{each.asset} is not the quote"
        if each.stage in stages:
            yield f"orders share stage {each.stage} with it"
        if not each.units.is_finite() or not each.units or each.units % UNIT:
            yield f"{each.units} is no transferable amount"
        if not case.plan.legs and not is_rescue(case.plan):
            yield "there is no order that it is for"


def max_topup(case: Case) -> Judgement:
    """Hold what the plan moves between wallets, either way, against its cap."""
    limit = case.policy.hedge.max_topup
    moved = sum((abs(each.units) for each in case.plan.transfers), ZERO)
    if not case.plan.transfers:
        return Judgement(
            subject="plan", verdict=Verdict.PASS, measured="none", limit=limit, reason=None
        )
    text = "it moves too much between the wallets; plan less, or raise hedge.max_topup."
    return at_most("plan", Decimal(moved), limit=limit, otherwise=text)
