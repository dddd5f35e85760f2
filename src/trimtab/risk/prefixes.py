"""Walks the stages of a plan and asks of each rule whether any prefix can break it.

Pure and exact. Legs of the stage under way fill by any shares, and so may orders that are out
already; what earlier stages left behind is told by the rule (:class:`Settled`). Safe means
L(x) <= max(0, L(x0)) for every reachable x; x0 counts the orders that are out, at their worst.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import ZERO
from trimtab.domain.findings import Tag, Verdict
from trimtab.risk.convex import Fills, MoveIndex, Peaks
from trimtab.risk.judgement import Judgement
from trimtab.risk.moves import RESTING_STAGE
from trimtab.risk.reductions import Raising
from trimtab.risk.rule import Rule, Settled
from trimtab.risk.scenarios import AS_READ
from trimtab.risk.state import AccountState


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """What may be filled while one stage is in flight, and the peaks found so far."""

    fills: Fills
    known: Peaks
    """Peaks of the terms that rules share, so that each is computed once; grows while walking."""

    def peak(self, rule: Rule) -> Decimal:
        """Return the largest excess of *rule*."""
        return rule.peak(self.fills, self.known)

    def filled(self, rule: Rule) -> frozenset[MoveIndex]:
        """Return the moves filled whole where the largest excess is reached."""
        return rule.corner(self.fills, self.known)

    def measured(self, rule: Rule) -> Decimal:
        """Return what *rule* measures there."""
        return rule.gauge(self.peak(rule), self.filled(rule))


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One pass over all prefixes, for the rules of one check."""

    state: AccountState
    raising: Raising
    barred: frozenset[MoveIndex]
    """Legs that may not go while a rule is broken that they are in reach of."""
    tag: Tag
    """Of the check: pure reductions are exempt from exposure caps, never from integrity."""
    prefixes: Mapping[Settled, Mapping[int, Prefix]]
    """By what is known of earlier stages and by stage, RESTING_STAGE being before all."""

    def judge(self, rules: Iterable[Rule]) -> tuple[Judgement, ...]:
        """Return every breach and warning, or one pass that shows the tightest rule."""
        found: list[Judgement] = []
        tightest: list[tuple[Decimal, Rule, int]] = []
        for rule in rules:
            before = self._at(rule, RESTING_STAGE).peak(rule)
            allowed = max(ZERO, before)
            stage, peak = self._worst_stage(rule, allowed)
            if peak > allowed:
                found.append(self._broken(rule, stage))
            elif before > ZERO:
                found.append(self._outside(rule))
            elif not tightest or peak > tightest[0][0]:
                tightest = [(peak, rule, stage)]
        passed = (self._passed(rule, stage) for _, rule, stage in tightest)
        return tuple(found) or tuple(passed) or (nothing_to_guard(),)

    def _at(self, rule: Rule, stage: int) -> Prefix:
        return self.prefixes[rule.settled][stage]

    def _worst_stage(self, rule: Rule, allowed: Decimal) -> tuple[int, Decimal]:
        """Return the first stage that breaks the rule and its excess, else the worst stage.

        With any earlier fill the worst case can only grow from stage to stage, so the last
        stage alone tells whether any breaks it. A transfer, once made, lowers it. (What a
        roll bought back does not: before that the account stands as it did.)
        """
        last = max(self.prefixes[rule.settled])
        if rule.settled is not Settled.AS_PLANNED and not self.state.transits:
            peak = self._at(rule, last).peak(rule)
            if peak <= allowed:
                return last, peak
        peaks: list[tuple[Decimal, int]] = []
        for stage in sorted({RESTING_STAGE, *(self.state.lines[j].stage for j in rule.concerned)}):
            peak = self._at(rule, stage).peak(rule)
            if peak > allowed:
                return stage, peak
            peaks.append((peak, stage))
        worst, stage = max(peaks)
        return stage, worst

    def _passed(self, rule: Rule, stage: int) -> Judgement:
        return Judgement(
            subject="plan",
            verdict=Verdict.PASS,
            measured=self._at(rule, stage).measured(rule),
            limit=rule.limit,
            reason=None,
        )

    def _broken(self, rule: Rule, stage: int) -> Judgement:
        """Refuse, and name the prefix; a plan of pure reductions only warns of an exposure cap."""
        exempt = self.tag is Tag.EXPOSURE and not self.raising.any
        scenario = "" if rule.scenario == AS_READ else f": {rule.scenario}"
        end = "it only reduces" if exempt else rule.advice
        return Judgement(
            subject=f"prefix {stage}{scenario}",
            verdict=Verdict.WARN if exempt else Verdict.REFUSE,
            measured=self._at(rule, stage).measured(rule),
            limit=rule.limit,
            reason=f"{rule.what} breaks its limit with {self._fills_text(rule, stage)}; {end}.",
        )

    def _fills_text(self, rule: Rule, stage: int) -> str:
        """Name which moves are filled and which are not in the worst case."""
        prefix = self._at(rule, stage)
        filled = prefix.filled(rule)
        concerned = rule.concerned & (prefix.fills.moving | prefix.fills.settled)
        named = {line.index: line.name for line in self.state.lines}
        done = ", ".join(named[j] for j in sorted(concerned & filled))
        rest = ", ".join(named[j] for j in sorted(concerned - filled))
        parts = [f"{done} filled"] if done else []
        return " and ".join([*parts, f"{rest} unfilled"] if rest else parts)

    def _outside(self, rule: Rule) -> Judgement:
        """Warn that the limit is broken already; refuse if a leg is no repair."""
        raisers = sorted(rule.guarded & self.barred)
        measured = self._at(rule, RESTING_STAGE).measured(rule)
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


def prefixes_of(state: AccountState) -> dict[Settled, dict[int, Prefix]]:
    """Return every prefix of the plan, by what is known of earlier stages and by stage."""
    stages = (RESTING_STAGE, *state.stages)
    by_stage = {s: frozenset(m.index for m in state.lines if m.stage == s) for s in stages}
    earlier = frozenset[MoveIndex]()
    found: dict[Settled, dict[int, Prefix]] = {settled: {} for settled in Settled}
    for stage in stages:
        for settled, fills in fills_of(state, earlier=earlier, here=by_stage[stage]).items():
            found[settled][stage] = Prefix(fills=fills, known={})
        earlier |= by_stage[stage] - by_stage[RESTING_STAGE]
    return found


def fills_of(
    state: AccountState, *, earlier: frozenset[MoveIndex], here: frozenset[MoveIndex]
) -> dict[Settled, Fills]:
    """Return what may be filled while *here* is in flight after *earlier*, by what is known of it.

    Orders that are out already may fill beside both. A transfer of an earlier stage was made
    whole, whatever is known of the orders beside it: a run whose transfer was not made ends there.
    So was, of a roll, what is bought back: execution opens no more in the other contract than that,
    so that all states between the two lie between those that are looked at.
    """
    here |= {m.index for m in state.lines if m.stage == RESTING_STAGE}
    back = {m.index for m in state.moves if m.is_rolled_back}
    made = earlier & (back | {t.index for t in state.transits})
    inward = frozenset(t.index for t in state.transits if t.is_leg and t.units > 0)
    anything = Fills(moving=(here | earlier) - made, settled=made)
    return {
        Settled.AS_PLANNED: Fills(moving=here, settled=earlier),
        Settled.ANY_FILL: anything,
        Settled.TRANSFERRED: Fills(moving=anything.moving - inward, settled=made | inward),
    }


def nothing_to_guard() -> Judgement:
    """Return the pass of a check that has nothing to look at."""
    return Judgement(subject="plan", verdict=Verdict.PASS, measured="none", limit=None, reason=None)
