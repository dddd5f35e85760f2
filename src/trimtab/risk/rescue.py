"""The money that a margin rescue moves in, by the gate's own measure. Pure, exact.

It is preferred to cuts: nothing is sold by it, and it comes back. Units are those of the quote.
"""

from __future__ import annotations

from decimal import Decimal

from trimtab.domain.errors import PlanningError
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.plan import Plan
from trimtab.planning.rescue import released
from trimtab.risk.case import Case
from trimtab.risk.funding import PlanMaker, marked, spendable
from trimtab.risk.numbers import on_numbers
from trimtab.risk.relief import in_danger, missing
from trimtab.risk.review import review_of
from trimtab.risk.state import AccountState


def rescued(case: Case, make: PlanMaker) -> Plan:
    """Return the rescue of *case*, which moves nothing, with as much moved in as helps and may be.

    Raises:
        PlanningError: a wallet is in danger, and neither money nor a cut is at hand.

    """
    plan, found = case.plan, review_of(case).found
    if isinstance(found, Exception) or any(f.verdict.severity for f in on_numbers(case)):
        return plan
    with exact_arithmetic():
        if not in_danger(case, found.state):
            return plan
        units = _brought(case, found.state)
    better = make(units) if units else plan
    if not better.legs and not better.transfers:
        raise PlanningError(
            f"the futures wallet is in danger, {_why_no_money(case)}, and no cut frees more than"
            " it costs; bring quote into the futures wallet",
            next_step="trimtab status",
        )
    return better


def _why_no_money(case: Case) -> str:
    """Return in words why no money comes in."""
    if case.snapshot.key.is_split:
        return "no money is moved between two venues"
    return "hedge.max_topup and the spot wallet bring nothing"


def _brought(case: Case, state: AccountState) -> Decimal:
    """Return the units that are moved in: what is missing, as far as cap and spot wallet go.

    None where cash lies in the same wallet, and backs the positions already.
    """
    if state.one_wallet:
        return ZERO
    lacking = missing(case, state, limits=released(case.policy.limits, case.policy.urgency))
    most = min(case.policy.hedge.max_topup, spendable(case, state))
    return marked(min(lacking, most), most=most, case=case) if most > ZERO else ZERO
