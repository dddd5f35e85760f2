"""Walks the stages of a plan and asks of each rule whether any prefix can break it.

Pure and exact. Legs of the stage under way fill by any shares, and so may orders that are out
already; what earlier stages left behind is told by the rule (:class:`Settled`). Safe means
L(x) <= max(0, L(x0)) for every reachable x; x0 counts the orders that are out, at their worst.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from trimtab.domain.exact import ZERO
from trimtab.domain.findings import Tag, Verdict
from trimtab.risk.convex import Fills, MoveIndex, Term
from trimtab.risk.judgement import Judgement
from trimtab.risk.moves import RESTING_STAGE
from trimtab.risk.reductions import Raising
from trimtab.risk.rule import Rule, Settled
from trimtab.risk.scenarios import AS_READ
from trimtab.risk.state import AccountState


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One pass over all prefixes, for the rules of one check."""

    state: AccountState
    raising: Raising
    tag: Tag
    """Of the check: pure reductions are exempt from exposure caps, never from integrity."""
    known: dict[Fills, dict[Term, Decimal]] = field(default_factory=dict)
    """Peaks of terms that rules share, so that each is computed once per prefix."""

    def judge(self, rules: Iterable[Rule]) -> tuple[Judgement, ...]:
        """Return every breach and warning, or one pass that shows the tightest rule."""
        found: list[Judgement] = []
        tightest: tuple[Decimal, Judgement] | None = None
        for rule in rules:
            judgement, peak = self._judge_one(rule)
            if judgement.verdict is not Verdict.PASS:
                found.append(judgement)
            elif tightest is None or peak > tightest[0]:
                tightest = (peak, judgement)
        if found:
            return tuple(found)
        if tightest is not None:
            return (tightest[1],)
        return (nothing_to_guard(),)

    def fills(self, rule: Rule, stage: int) -> Fills:
        """Return what may be filled while *stage* is in flight; RESTING_STAGE is before all."""
        moves = self.state.moves
        earlier = frozenset(m.index for m in moves if RESTING_STAGE < m.stage < stage)
        here = frozenset(m.index for m in moves if m.stage in (RESTING_STAGE, stage))
        if rule.settled is Settled.AS_PLANNED:
            return Fills(moving=here, settled=earlier)
        return Fills(moving=here | earlier, settled=frozenset())

    def peak(self, rule: Rule, stage: int) -> Decimal:
        """Return the largest excess of *rule* while *stage* is in flight."""
        fills = self.fills(rule, stage)
        return rule.peak(fills, self.known.setdefault(fills, {}))

    def _judge_one(self, rule: Rule) -> tuple[Judgement, Decimal]:
        """Judge one rule, and return its largest excess with the judgement."""
        before = self.peak(rule, RESTING_STAGE)
        allowed = max(ZERO, before)
        stage, peak = self._worst_stage(rule, allowed)
        if peak > allowed:
            return self._broken(rule, stage, peak), peak
        if before > ZERO:
            return self._outside(rule, before), peak
        return self._passed(rule, stage, peak), peak

    def _worst_stage(self, rule: Rule, allowed: Decimal) -> tuple[int, Decimal]:
        """Return the first stage that breaks the rule and its excess, else the worst stage.

        With any earlier fill the worst case can only grow from stage to stage, so the last
        stage alone tells whether any breaks it.
        """
        stages = (RESTING_STAGE, *self.state.stages)
        if rule.settled is Settled.ANY_FILL and (peak := self.peak(rule, stages[-1])) <= allowed:
            return stages[-1], peak
        peaks = [(stage, self.peak(rule, stage)) for stage in stages]
        for stage, peak in peaks:
            if peak > allowed:
                return stage, peak
        return max(peaks, key=lambda each: each[1])

    def _measured(self, rule: Rule, stage: int, peak: Decimal) -> Decimal:
        """Return what the rule measures at the worst case of *stage*."""
        return rule.gauge(peak, self._filled(rule, stage))

    def _filled(self, rule: Rule, stage: int) -> frozenset[MoveIndex]:
        fills = self.fills(rule, stage)
        return rule.corner(fills, self.known.setdefault(fills, {}))

    def _passed(self, rule: Rule, stage: int, peak: Decimal) -> Judgement:
        return Judgement(
            subject="plan",
            verdict=Verdict.PASS,
            measured=self._measured(rule, stage, peak),
            limit=rule.limit,
            reason=None,
        )

    def _broken(self, rule: Rule, stage: int, peak: Decimal) -> Judgement:
        """Refuse, and name the prefix; a plan of pure reductions only warns of an exposure cap."""
        exempt = self.tag is Tag.EXPOSURE and not self.raising.any
        scenario = "" if rule.scenario == AS_READ else f": {rule.scenario}"
        end = "it only reduces" if exempt else rule.advice
        return Judgement(
            subject=f"prefix {stage}{scenario}",
            verdict=Verdict.WARN if exempt else Verdict.REFUSE,
            measured=self._measured(rule, stage, peak),
            limit=rule.limit,
            reason=f"{rule.what} breaks its limit with {self._fills_text(rule, stage)}; {end}.",
        )

    def _fills_text(self, rule: Rule, stage: int) -> str:
        """Name which moves are filled and which are not in the worst case."""
        filled, possible = self._filled(rule, stage), self.fills(rule, stage)
        concerned = {
            j
            for excess in rule.worst_of
            for term in excess.terms
            for branch in term.branches
            for j, slope in branch.slopes.items()
            if slope
        } & (possible.moving | possible.settled)
        named = {m.index: m.name for m in self.state.moves}
        done = ", ".join(named[j] for j in sorted(concerned & filled))
        rest = ", ".join(named[j] for j in sorted(concerned - filled))
        parts = [f"{done} filled"] if done else []
        return " and ".join([*parts, f"{rest} unfilled"] if rest else parts)

    def _outside(self, rule: Rule, before: Decimal) -> Judgement:
        """Warn that the limit is broken already; refuse if a leg is no repair."""
        raisers = sorted(rule.guarded & self.raising.any)
        measured = self._measured(rule, RESTING_STAGE, before)
        if raisers:
            names = ", ".join(self.state.moves[j].name for j in raisers)
            end = f"until it is mended only reductions may run; drop {names}, or {rule.advice}"
        else:
            end = f"nothing in the plan makes it worse; {rule.advice}"
        return Judgement(
            subject="account" if not raisers else self.state.moves[raisers[0]].name,
            verdict=Verdict.REFUSE if raisers else Verdict.WARN,
            measured=measured,
            limit=rule.limit,
            reason=f"{rule.what} is beyond its limit already; {end}.",
        )


def nothing_to_guard() -> Judgement:
    """Return the pass of a check that has nothing to look at."""
    return Judgement(subject="plan", verdict=Verdict.PASS, measured="none", limit=None, reason=None)
