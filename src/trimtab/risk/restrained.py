"""Which legs an account that is reducing or halted may not send, and why. Pure and exact.

A leg may go only if no |net exposure|, no |position| and no margin excess gets worse by it, at
any fill and shock; a transfer may not go at all. A margin rescue, which a person asked for by that
name, is relieved of the first and may move money in. An excess is what
:mod:`trimtab.risk.pool_rules` states for one scenario, at the worse of its two sides: closing a
long that stood against a short of the same wallet makes it worse, even within its limit.
Design: docs/design/0014-trading-states.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trimtab.risk.case import Case
from trimtab.risk.convex import Fills, MoveIndex
from trimtab.risk.pool_rules import min_liquidation_distance, min_margin_ratio, shock
from trimtab.risk.reductions import paired_unwinds
from trimtab.risk.relief import is_rescue, relieved
from trimtab.risk.review import Standing
from trimtab.risk.state import AccountState

NO_REDUCTION: Final = "this leg is no provable reduction"
"""Why a leg that raises exposure or a position does not go."""
BURDEN: Final = "this leg leaves its futures wallet less over what the other positions need"
"""Why a leg that makes a margin excess worse does not go."""
NO_TRANSFER: Final = "this leg moves money between the wallets"
"""Why a transfer does not go: whichever way, it is no reduction."""


def restrained(case: Case, standing: Standing, *, pairs: bool) -> Mapping[MoveIndex, str]:
    """Return the legs that may not go, each with why, by index; with *pairs*, unwinds may."""
    state, raised = standing.state, standing.raising
    paired = paired_unwinds(state, raised) if pairs else frozenset[MoveIndex]()
    legs = frozenset(m.index for m in state.moves if m.is_leg)
    risen = raised.any - relieved(case.plan, state, raised)
    heavy = burdens(state, case, legs - risen - paired)
    found = dict.fromkeys(heavy, BURDEN) | dict.fromkeys(risen - paired, NO_REDUCTION)
    found |= _stuck(case, state)
    return {j: found[j] for j in sorted(found)}


def transfers_barred(state: AccountState) -> dict[MoveIndex, str]:
    """Return the plan's transfers, each with why it does not go where only reductions may."""
    return {t.index: NO_TRANSFER for t in state.transits if t.is_leg}


def _stuck(case: Case, state: AccountState) -> dict[MoveIndex, str]:
    """Return the transfers that do not go: all, but for what a rescue brings into margin."""
    barred, brought = transfers_barred(state), frozenset[MoveIndex]()
    if is_rescue(case.plan):
        brought = frozenset(t.index for t in state.transits if t.is_leg and t.units > 0)
    return {j: why for j, why in barred.items() if j not in brought}


def burdens(state: AccountState, case: Case, legs: frozenset[MoveIndex]) -> frozenset[MoveIndex]:
    """Return those of *legs* by which a margin excess may get worse than it is without them.

    All of *legs* fill by any shares; orders that are out already do so with and without them.
    Where a peak is not above the one without legs, no fill of them is.
    """
    out = frozenset(m.index for m in state.moves if not m.is_leg)
    without, beside = (Fills(moving=m, settled=frozenset()) for m in (out, out | legs))
    found: set[MoveIndex] = set()
    for measure in (min_margin_ratio, shock, min_liquidation_distance):
        for rule in measure(state, case):
            if rule.peak(beside, {}) > rule.peak(without, {}):
                found |= rule.corner(beside, {}) & legs & rule.concerned
    return frozenset(found)
