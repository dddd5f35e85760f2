"""The check of a margin rescue: that it is one, and what it brings and gives back. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ZERO, trimmed
from trimtab.domain.findings import Verdict
from trimtab.risk.case import Case
from trimtab.risk.checks.frame import holds
from trimtab.risk.convex import Fills, MoveIndex
from trimtab.risk.judgement import Judgement
from trimtab.risk.pool_rules import min_margin_ratio
from trimtab.risk.prefixes import prefixes_of
from trimtab.risk.relief import in_danger, is_rescue, present_of, relieved
from trimtab.risk.restrained import BURDEN, burdens
from trimtab.risk.review import Standing
from trimtab.risk.rule import Rule
from trimtab.risk.state import AccountState

SHOWN: Final = 4
"""Decimals of a margin ratio in a sentence."""
ONLY_CUTS: Final = "it does more than take a futures position off"
OUT: Final = "it takes money out of the futures wallet"
CALM: Final = "no futures wallet is in danger; plan as usual: trimtab plan."


def margin_rescue(case: Case, standing: Standing) -> tuple[Judgement, ...]:
    """Hold a rescue against what it may do; one that passes warns of what it gives back."""
    state = standing.state
    if not is_rescue(case.plan) or not state.lines:
        return (holds("plan", measured="none", ok=True, otherwise=""),)
    if faults := _faults(case, standing):
        return tuple(
            Judgement(
                subject=state.lines[j].name,
                verdict=Verdict.REFUSE,
                measured="no rescue",
                limit=None,
                reason=f"{faults[j]}; drop it: trimtab rescue-margin.",
            )
            for j in sorted(faults)
        )
    is_first = not case.context.net_bounds
    if is_first and not in_danger(case, state):
        return (holds("plan", measured="no danger", ok=False, otherwise=CALM),)
    return tuple(_told(case, state))


def _faults(case: Case, standing: Standing) -> Mapping[MoveIndex, str]:
    """Return the lines that no rescue may have, each with why."""
    state, allowed = standing.state, relieved(case.plan, standing.state, standing.raising)
    legs = frozenset(m.index for m in state.moves if m.is_leg)
    found = dict.fromkeys(legs - allowed, ONLY_CUTS)
    found |= {t.index: OUT for t in state.transits if t.is_leg and t.units < 0}
    heavy = burdens(state, _at_present_ratio(case, state), allowed)
    return found | dict.fromkeys(heavy, BURDEN)


def _at_present_ratio(case: Case, state: AccountState) -> Case:
    """Return *case* with the margin ratio as it stands for its limit, where that is stricter.

    Below its limit, what a cut frees at the limit's rate would hide that the ratio itself falls.
    """
    present = min((_now(rule, state) for rule in min_margin_ratio(state, case)), default=ZERO)
    limit = max(ZERO, min(present, case.limits.min_margin_ratio))
    limits = replace(case.limits, min_margin_ratio=limit)
    return replace(case, policy=replace(case.policy, limits=limits))


def _now(rule: Rule, state: AccountState) -> Decimal:
    """Return what *rule* measures before the plan, orders that are out at their worst."""
    fills = present_of(state)
    return rule.gauge(rule.peak(fills, {}), rule.corner(fills, {}))


def _told(case: Case, state: AccountState) -> Iterator[Judgement]:
    """Yield what becomes of each wallet's margin, with what exposure returns."""
    every = frozenset(line.index for line in state.lines)
    for rule in min_margin_ratio(state, case):
        prefixes = prefixes_of(state)[rule.settled].values()
        worst = min(prefix.measured(rule) for prefix in prefixes)
        end = rule.gauge(rule.peak(Fills(moving=frozenset(), settled=every), {}), every)
        now = _now(rule, state)
        told = (
            f"{rule.what}: {_figure(now)} now, {_figure(worst)} at the worst stop,"
            f" {_figure(end)} at the end"
        )
        yield Judgement(
            subject="plan",
            verdict=Verdict.WARN,
            measured=worst,
            limit=now,
            reason="; ".join((told, *_returning(state))) + "; approve it only if you mean that.",
        )


def _figure(ratio: Decimal) -> str:
    """Return a margin ratio for reading."""
    return trimmed(ratio, SHOWN) if ratio.is_finite() else "no position"


def _returning(state: AccountState) -> Iterator[str]:
    """Yield the exposure that returns with all legs filled, asset by asset."""
    for asset, moves in sorted(state.moves_by_asset.items()):
        before = state.net(asset)
        after = before + sum((m.units for m in moves if m.is_leg), ZERO)
        if abs(after) > abs(before):
            mid = state.mids[asset]
            yield (
                f"exposure to {asset} goes from {trimmed(before * mid, 2)} to"
                f" {trimmed(after * mid, 2)} {state.quote}"
            )
