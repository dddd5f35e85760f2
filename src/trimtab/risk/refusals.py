"""What would let a refused plan pass: one limit set looser, or quote brought into a wallet. Pure.

Each is tried on the whole question: plan again under the change, and ask the whole gate. Callers
bring ``exact_arithmetic()``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Final

from trimtab.domain.errors import PlanningError
from trimtab.domain.exact import ONE, ZERO, ceil_times, ratio
from trimtab.domain.findings import Finding
from trimtab.domain.policy import Policy
from trimtab.domain.snapshot import Snapshot
from trimtab.risk.case import Case
from trimtab.risk.certificate import Flip, Lever, Maker, Turned, turning_point
from trimtab.risk.funding import lacking, within_reach
from trimtab.risk.levers import (
    FUTURES_WALLET,
    GRIDS,
    SPOT_WALLET,
    deposited,
    limit_of,
    tick_at,
    ticks_to,
    with_limit,
)
from trimtab.risk.ordering import passes
from trimtab.risk.registry import CHECKS

DEPOSIT_STEP: Final = ONE
"""One step of a deposit: one unit of quote."""
DEPOSIT_NAVS: Final = 10
"""The largest deposit that is looked at, in net asset values."""
_CAPS: Final = frozenset({"max_net", "max_gross", "max_synthetic_long"})
_MARGIN: Final = frozenset({"free_margin", "min_margin_ratio", "shock", "min_liquidation_distance"})
"""Checks of a futures wallet, which a transfer into it can satisfy."""
_TOPUP: Final = "hedge.max_topup"
_LOOKS: Final = 2
"""How often a guess is corrected before the search for the turning point begins."""
_HELPED: Final = (
    (SPOT_WALLET, _CAPS | {"free_quote", "max_leverage"}),
    (FUTURES_WALLET, _CAPS | _MARGIN),
)
"""Wallets, and the checks that quote in them can satisfy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A plan that was refused, and how to plan again."""

    case: Case
    findings: tuple[Finding, ...]
    """Those that refuse, at least one."""
    make: Maker

    @property
    def codes(self) -> tuple[str, ...]:
        """The checks that refuse, in the order of the gate."""
        return tuple(dict.fromkeys(f.check for f in self.findings))

    def trial(self, snapshot: Snapshot, policy: Policy) -> Case | None:
        """Return what the gate is to be asked of another account or rules, None without a plan."""
        try:
            plan = self.make(snapshot, policy)
        except PlanningError:
            return None
        return replace(self.case, plan=plan, snapshot=snapshot, policy=policy)

    def answer(self, trial: Case | None) -> Turned | None:
        """Return what planning again comes to: ``NONE`` when the plan passes, None without one."""
        if trial is None:
            return None
        if not trial.plan.legs:
            return Turned.NOTHING_TO_DO
        return Turned.NONE if passes(trial, first=frozenset(self.codes)) else Turned.REFUSED


def keys_of(code: str) -> tuple[str, ...]:
    """Return the keys of the limits that a check compares with, none where it has no number."""
    (limit,) = (check.limit for check in CHECKS if check.code == code)
    return tuple(key for key in limit.split(", ") if key in GRIDS)


def limit_flips(refusal: Refusal) -> Iterator[Flip]:
    """Yield the limits of which one alone, set looser, lets the plan pass.

    Where two checks refuse, no one limit is looked for: each compares with limits of its own.
    """
    code, *others = refusal.codes
    if others:
        return
    for key in keys_of(code):
        flip = _limit_flip(refusal, key)
        if flip is not None:
            yield flip


def topup_flips(refusal: Refusal) -> Iterator[Flip]:
    """Yield how much may have to be moved into margin, where that alone lets the plan pass.

    Never between venues: there nothing is moved, whatever the limit is.
    """
    if refusal.case.snapshot.key.is_split:
        return
    if _MARGIN.issuperset(refusal.codes):
        flip = _limit_flip(refusal, _TOPUP)
        if flip is not None:
            yield flip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trials:
    """Trials of one lever by its count of steps, each made once."""

    refusal: Refusal
    changed: Callable[[int], tuple[Snapshot, Policy]]
    """The account and the rules at a count of steps."""
    made: dict[int, Case | None] = field(default_factory=dict[int, Case | None])
    answers: dict[int, Turned | None] = field(default_factory=dict[int, Turned | None])

    def case(self, count: int) -> Case | None:
        """Return what the gate is asked after so many steps, None where there is no plan."""
        if count not in self.made:
            self.made[count] = self.refusal.trial(*self.changed(count))
        return self.made[count]

    def answer(self, count: int) -> Turned | None:
        """Return what planning again comes to after so many steps."""
        if count not in self.answers:
            self.answers[count] = self.refusal.answer(self.case(count))
        return self.answers[count]

    def least(self, *, guess: int, farthest: int) -> int | None:
        """Return the count of steps that lets the plan pass, None when none up to *farthest*."""
        count = turning_point(
            lambda count: self.answer(count) is not Turned.REFUSED, guess=guess, farthest=farthest
        )
        return count if count is not None and self.answer(count) is Turned.NONE else None


def _limit_flip(refusal: Refusal, key: str) -> Flip | None:
    """Return how far the limit *key* must be set looser, None when that alone never does it."""
    case, present = refusal.case, limit_of(refusal.case.policy, key)

    def changed(count: int) -> tuple[Snapshot, Policy]:
        value = tick_at(key, present=present, count=count)
        return case.snapshot, with_limit(case.policy, key, value=value)

    if key == _TOPUP:
        guess = ticks_to(key, present=present, wanted=lacking(case))
    else:
        guess = max((_guess(key, present, f) for f in refusal.findings), default=1)
    farthest = ticks_to(key, present=present, wanted=GRIDS[key].loosest)
    count = _Trials(refusal=refusal, changed=changed).least(guess=guess, farthest=farthest)
    if count is None:
        return None
    value = tick_at(key, present=present, count=count)
    return Flip(lever=Lever.LIMIT, name=key, present=present, value=value, step=GRIDS[key].step)


def _guess(key: str, present: Decimal, finding: Finding) -> int:
    """Return how many ticks what was measured lies beyond the limit, 1 where that says nothing."""
    if key.rpartition(".")[2] != finding.check:
        return 1
    try:
        measured = Decimal(finding.measured or "")
    except InvalidOperation:
        return 1
    return ticks_to(key, present=present, wanted=measured) if measured.is_finite() else 1


def deposit_flips(refusal: Refusal) -> Iterator[Flip]:
    """Yield the wallets into which more quote lets the plan pass."""
    for wallet, helped in _helped(refusal.case.snapshot):
        if helped.issuperset(refusal.codes):
            flip = _deposit_flip(refusal, wallet)
            if flip is not None:
                yield flip


def _helped(snapshot: Snapshot) -> tuple[tuple[str, frozenset[str]], ...]:
    """Return the wallets of an account, and the checks that quote in them can satisfy."""
    pool = snapshot.pools.get(snapshot.quote)
    if pool is not None and pool.shares_cash:
        return ((SPOT_WALLET, frozenset[str]().union(*(codes for _, codes in _HELPED))),)
    return _HELPED


def _deposit_flip(refusal: Refusal, wallet: str) -> Flip | None:
    """Return how much must be brought into *wallet*, None when that alone never does it."""
    case = refusal.case

    def changed(count: int) -> tuple[Snapshot, Policy]:
        return deposited(case.snapshot, wallet, units=count * DEPOSIT_STEP), case.policy

    trials = _Trials(refusal=refusal, changed=changed)
    farthest = int(case.plan.nav * DEPOSIT_NAVS / DEPOSIT_STEP)
    guess = _deposit_guess(trials, farthest) if _MARGIN.issuperset(refusal.codes) else 1
    count = trials.least(guess=guess, farthest=farthest)
    if count is None:
        return None
    return Flip(
        lever=Lever.DEPOSIT,
        name=wallet,
        present=ZERO,
        value=count * DEPOSIT_STEP,
        step=DEPOSIT_STEP,
    )


def _deposit_guess(trials: _Trials, farthest: int) -> int:
    """Return near which deposit margin suffices: what is lacking falls almost evenly with it.

    Hardly ever at what is lacking now: a deposit raises the whole, and so how much is too much.
    """
    near, lack, fall = 0, _beyond_reach(trials.refusal.case), ONE
    for _ in range(_LOOKS):
        count = max(1, min(farthest, near + ceil_times(fall, lack)))
        trial = trials.case(count)
        if trial is None or count == near:
            break
        left = _beyond_reach(trial)
        slope = ratio(lack - left, Decimal(count - near))
        near, lack, fall = count, left, slope if slope > 0 else fall
    return near + ceil_times(fall, lack)


def _beyond_reach(case: Case) -> Decimal:
    """Return the margin that a plan lacks and no transfer may bring, negative for what is left."""
    return lacking(case) - within_reach(case)
