"""What a standing approval covers is within every cap, and lowering a cap covers nothing new."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import assume, event, given
from hypothesis import strategies as st

from tests.builders import KEY, NOW, report_on
from tests.standing_cases import (
    BTC,
    ETH,
    PERP,
    RULES,
    occasion,
    plan_under,
    record_of,
    scope,
    standing,
)
from trimtab.approval import Occasion, uncovered, ungrantable
from trimtab.domain.findings import Verdict
from trimtab.domain.instruments import MarketKind
from trimtab.domain.plan import Plan
from trimtab.domain.snapshot import Environment
from trimtab.domain.standing_approval import (
    Revocation,
    StandingApproval,
    StandingCaps,
    StandingRecord,
    draw_of,
)

LIVE = dataclasses.replace(KEY, environment=Environment.LIVE)
LEGS = ("sell 0.01 BTC", "buy 0.1 ETH @ 3010", "sell 0.2 perp ETH", "buy 0.02 BTC @ 60500")
CAPS = ("order", "run", "day")
values = st.integers(1, 4_000).map(lambda halves: Decimal(halves) / 2)
plans = st.lists(st.sampled_from(LEGS), min_size=1, max_size=3).map(
    lambda legs: plan_under(RULES, *legs)
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """A plan, what the ledger has of a grant, and when it is asked."""

    plan: Plan
    record: StandingRecord
    verdict: Verdict
    when: Occasion

    @property
    def held(self) -> StandingApproval:
        """What was granted."""
        assert isinstance(self.record.approval, StandingApproval)
        return self.record.approval

    def covered(self, *, by: StandingRecord) -> bool:
        """Whether the plan is covered by a record in the place of its own."""
        return not uncovered(self.plan, report_on(self.plan, self.verdict), by, self.when)


@st.composite
def cases(draw: Any) -> Case:
    """Return a case that mostly fits, but for one or two sides of it that may be anything."""
    sides = ("caps", "width", "scope", "time", "uses", "gate", "halt", "revoked")
    loose = draw(st.sets(st.sampled_from(sides), max_size=2))

    def one(side: str, fits: Any, anything: Any) -> Any:
        return draw(anything) if side in loose else fits

    cap = {name: one("caps", Decimal(5_000), values) for name in CAPS}
    cap |= {
        name: one("width", cap[name], st.sampled_from([5_001, 20_001, 40_001])) for name in CAPS
    }
    hours = st.integers(1, 40).map(lambda n: timedelta(hours=n))
    begun = NOW - one("time", timedelta(hours=40), hours)
    granted = standing(
        within=scope(
            symbols=one("scope", (BTC, ETH, PERP), st.sampled_from([(BTC,), (BTC, ETH)])),
            kinds=one("scope", tuple(MarketKind), st.just((MarketKind.SPOT,))),
            triggers=one("scope", ("drift",), st.sampled_from([("drift",), ("calendar",)])),
            key=one("scope", KEY, st.sampled_from([KEY, LIVE])),
            allow_warnings=one("gate", False, st.booleans()),
        ),
        limited=StandingCaps(
            **{name: Decimal(value) for name, value in cap.items()},
            runs=one("uses", 9, st.integers(1, 4)),
        ),
        granted_at=begun,
        expires_at=begun + one("time", timedelta(hours=80), hours),
    )
    instants = st.integers(-30, 1).map(lambda n: NOW + timedelta(hours=n))
    used = st.lists(st.tuples(instants, st.integers(0, 3_000)), max_size=3)
    taken = Revocation(by="x", at=NOW)
    record = record_of(granted, *one("uses", [], used))
    return Case(
        plan=draw(plans),
        record=dataclasses.replace(
            record, revoked=one("revoked", None, st.sampled_from([None, taken]))
        ),
        verdict=one("gate", Verdict.PASS, st.sampled_from(Verdict)),
        when=occasion(halted=one("halt", None, st.sampled_from([None, "by hand"]))),
    )


@given(case=cases())
def test_a_plan_is_covered_exactly_when_it_is_within_every_cap_scope_and_time(case: Case) -> None:
    is_covered = case.covered(by=case.record)
    event("covered" if is_covered else "not covered")
    limits, within, cap = RULES.limits, case.held.scope, case.held.caps
    worths = [leg.quantity * max(leg.mark, leg.limit_price) for leg in case.plan.legs]
    lately = [u.draw for u in case.record.uses if u.at > NOW - timedelta(hours=24)]
    assert is_covered == all(
        [
            max(worths) <= cap.order <= limits.max_order_notional,
            sum(worths) <= cap.run <= limits.max_run_notional,
            sum(worths) + sum(lately) <= cap.day <= limits.max_day_notional,
            len(case.record.uses) < cap.runs,
            all(leg.symbol in within.symbols for leg in case.plan.legs),
            all(leg.instrument.kind in within.kinds for leg in case.plan.legs),
            case.plan.trigger in within.triggers,
            case.plan.key == within.key,
            case.held.granted_at <= NOW < case.held.expires_at,
            case.record.revoked is None,
            case.when.halted is None,
            case.verdict is Verdict.PASS
            or (case.verdict is Verdict.WARN and within.allow_warnings),
        ]
    )


@given(case=cases(), name=st.sampled_from([*CAPS, "runs"]), share=st.integers(1, 99))
def test_lowering_any_cap_never_covers_what_was_not_covered(
    case: Case, name: str, share: int
) -> None:
    cap = case.held.caps
    assume(not ungrantable(case.held, RULES.limits))  # Too wide, it covers nothing until it is not.
    before = getattr(cap, name)
    after = max(1, before * share // 100) if name == "runs" else before * share / 100
    lower = dataclasses.replace(case.held, caps=dataclasses.replace(cap, **{name: after}))
    was, is_now = case.covered(by=case.record), dataclasses.replace(case.record, approval=lower)
    event(f"{was} to {case.covered(by=is_now)}")
    assert was or not case.covered(by=is_now)


@given(case=cases())
def test_what_is_drawn_once_counts_the_next_time(case: Case) -> None:
    known, drawn, cap = case.record, 0, case.held.caps
    while case.covered(by=known):
        drawn += 1
        earlier = [(use.at, use.draw) for use in known.uses]
        known = record_of(case.held, *earlier, (NOW, draw_of(case.plan).total))
    event(f"drawn {drawn} times")
    assert drawn * draw_of(case.plan).total <= cap.day
    assert drawn == 0 or len(case.record.uses) + drawn <= cap.runs
