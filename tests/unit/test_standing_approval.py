"""A standing approval covers what it names, up to its caps, while it holds; nothing else."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import KEY, NOW, dec, limits, plan, policy, report_on
from tests.standing_cases import (
    BTC,
    PERP,
    RULES,
    SELL_AND_BUY,
    SNAPSHOT,
    caps,
    occasion,
    plan_under,
    record_of,
    scope,
    standing,
)
from tests.unit.risk.test_stops import put
from trimtab.approval import (
    Occasion,
    approve,
    idle,
    lapses,
    rest_on,
    stops_unattended,
    uncovered,
    ungrantable,
)
from trimtab.domain.approved import ApprovalKind
from trimtab.domain.canonical import digest, from_document, to_document
from trimtab.domain.findings import Verdict
from trimtab.domain.firings import Firing, TriggerKind, trigger_of
from trimtab.domain.instruments import MarketKind
from trimtab.domain.plan import Plan
from trimtab.domain.snapshot import AccountKey, Environment
from trimtab.domain.standing_approval import (
    Revocation,
    StandingApproval,
    StandingRecord,
    StandingUse,
    Unproved,
    draw_of,
)

HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)
UNPROVED = StandingRecord(digest="0" * 64, approval=Unproved(why="gone"), revoked=None, uses=())


def against(
    given: StandingApproval,
    proposal: Plan = SELL_AND_BUY,
    when: Occasion | None = None,
    *uses: tuple[Any, Any],
    verdict: Verdict = Verdict.PASS,
) -> tuple[str, ...]:
    """Return what keeps *given* from covering a plan."""
    report = report_on(proposal, verdict)
    return uncovered(proposal, report, record_of(given, *uses), when or occasion())


def test_a_plan_within_scope_caps_and_time_is_covered() -> None:
    assert against(standing()) == ()


def test_what_a_plan_could_send_is_each_order_at_the_dearer_of_mark_and_limit() -> None:
    draw = draw_of(SELL_AND_BUY)
    assert (draw.largest, draw.total) == (dec(600), dec(901))
    assert draw_of(plan(SNAPSHOT)).total == 0


@pytest.mark.parametrize(
    ("limited", "what"),
    [
        (caps(order="599.99"), "its largest order would be 600, above its 599.99"),
        (caps(run="900.99"), "the run would be 901, above its 900.99"),
        (caps(day="900.99"), "the day would be 901, above its 900.99"),
    ],
)
def test_a_plan_above_a_cap_is_not_covered(limited: Any, what: str) -> None:
    assert against(standing(limited=limited)) == (what,)


def test_the_day_counts_what_rested_on_it_in_24_hours_and_in_the_future() -> None:
    wide = standing(limited=caps(day=1_000, runs=9), granted_at=NOW - 30 * HOUR)
    day, used = timedelta(hours=24), "the day would be 1001, above its 1000"
    assert against(wide, SELL_AND_BUY, None, (NOW - HOUR, 99)) == ()
    assert against(wide, SELL_AND_BUY, None, (NOW - HOUR, 100)) == (used,)
    assert against(wide, SELL_AND_BUY, None, (NOW - day + TICK, 100)) == (used,)
    assert against(wide, SELL_AND_BUY, None, (NOW - day, 100)) == ()
    assert against(wide, SELL_AND_BUY, None, (NOW + HOUR, 100)) == (used,)


def test_the_runs_are_counted_over_its_whole_life() -> None:
    two = standing(limited=caps(day=2_000, runs=2), granted_at=NOW - 30 * HOUR)
    old = (NOW - 29 * HOUR, 1)
    assert against(two, SELL_AND_BUY, None, old) == ()
    assert against(two, SELL_AND_BUY, None, old, old) == ("its 2 runs are used up",)


@pytest.mark.parametrize(
    ("within", "what"),
    [
        (scope(symbols=(BTC,)), "does not name ETH/USDT:USDT"),
        (scope(kinds=(MarketKind.SPOT,)), "does not name ETH/USDT:USDT"),
        (scope(kinds=(MarketKind.SWAP,)), "does not name BTC/USDT"),
        (scope(symbols=()), "does not name BTC/USDT, ETH/USDT:USDT"),
        (scope(triggers=("calendar",)), "is not for plans of trigger drift"),
        (scope(policy_digest="0" * 64), "was granted under another configuration"),
        (
            scope(key=AccountKey(venue="binance", account="b", environment=Environment.LIVE)),
            "is for binance b live",
        ),
    ],
)
def test_what_is_not_named_is_not_covered(within: Any, what: str) -> None:
    assert against(standing(within=within)) == (what,)


@pytest.mark.parametrize("change", [{"account": "other"}, {"environment": Environment.LIVE}])
def test_a_plan_of_another_account_is_not_covered(change: dict[str, Any]) -> None:
    other = dataclasses.replace(SELL_AND_BUY, key=dataclasses.replace(KEY, **change))
    assert against(standing(), other) == ("the plan is of another account or configuration",)


def test_a_plan_of_another_configuration_is_not_covered() -> None:
    other = dataclasses.replace(SELL_AND_BUY, policy_digest="0" * 64)
    assert against(standing(), other) == ("the plan is of another account or configuration",)


def test_findings_on_another_plan_cover_nothing() -> None:
    report = report_on(plan_under(RULES, "sell 0.02 BTC"))
    reasons = uncovered(SELL_AND_BUY, report, record_of(standing()), occasion())
    assert reasons == ("the findings are on another plan",)


def test_a_warning_is_covered_only_where_it_was_granted() -> None:
    warned = against(standing(), verdict=Verdict.WARN)
    assert warned == ("the gate warns (max_leverage), which it was not granted for",)
    assert against(standing(within=scope(allow_warnings=True)), verdict=Verdict.WARN) == ()


@pytest.mark.parametrize("allow_warnings", [True, False])
def test_a_refused_plan_is_never_covered(allow_warnings: bool) -> None:
    given = standing(within=scope(allow_warnings=allow_warnings))
    assert against(given, verdict=Verdict.REFUSE) == ("the gate refused the plan",)


def test_nothing_is_covered_while_the_account_is_halted() -> None:
    given = standing(within=scope(allow_warnings=True))
    halted = occasion(halted="by hand")
    assert against(given, SELL_AND_BUY, halted) == ("the account is halted (by hand)",)


def test_it_holds_from_its_grant_until_its_end() -> None:
    record, end = record_of(standing()), NOW + HOUR
    assert lapses(record, at=NOW) == lapses(record, at=end - TICK) == ()
    assert lapses(record, at=end) == ("expired at 2026-11-20 13:00:00 UTC",) or lapses(
        record, at=end
    )[0].startswith("expired at ")
    assert lapses(record, at=NOW - TICK)[0].endswith("which is not yet")


def test_a_revoked_one_covers_nothing_and_says_who_took_it_back() -> None:
    taken = Revocation(by="bob@host", at=NOW)
    record = dataclasses.replace(record_of(standing()), revoked=taken)
    (why,) = uncovered(SELL_AND_BUY, report_on(SELL_AND_BUY), record, occasion())
    assert why.startswith("was revoked by bob@host at ")
    unproved = dataclasses.replace(UNPROVED, revoked=taken)
    assert len(lapses(unproved, at=NOW)) == 2


def test_one_that_cannot_be_proved_covers_nothing() -> None:
    report = report_on(SELL_AND_BUY)
    assert uncovered(SELL_AND_BUY, report, UNPROVED, occasion()) == ("gone",)
    assert idle(UNPROVED, occasion()) == lapses(UNPROVED, at=NOW) == ("gone",)


@pytest.mark.parametrize(
    ("key", "cap"),
    [("max_order_notional", "order"), ("max_run_notional", "run"), ("max_day_notional", "day")],
)
def test_a_cap_may_equal_its_hard_limit_and_not_pass_it(key: str, cap: str) -> None:
    given = standing()
    value = getattr(given.caps, cap)
    less = value - dec("0.01")
    what = f"its {value} is wider than risk.{key} {less}"
    assert ungrantable(given, limits(**{key: value})) == ()
    assert ungrantable(given, limits(**{key: less})) == (what,)
    rules = policy(limits=limits(**{key: less}))
    under = dataclasses.replace(given, scope=scope(policy_digest=digest(rules)))
    proposal = dataclasses.replace(SELL_AND_BUY, policy_digest=digest(rules))
    assert against(under, proposal, occasion(policy=rules)) == (what,)


def test_it_must_end_after_it_begins_within_a_year_after_a_thousand_runs() -> None:
    year = timedelta(days=366)
    assert ungrantable(standing(expires_at=NOW + year), RULES.limits) == ()
    assert ungrantable(standing(expires_at=NOW + year + TICK), RULES.limits) == (
        "it would hold longer than 366 days",
    )
    assert ungrantable(standing(expires_at=NOW), RULES.limits) == (
        "it would expire before it is granted",
    )
    assert ungrantable(standing(limited=caps(runs=1_000)), RULES.limits) == ()
    assert ungrantable(standing(limited=caps(runs=1_001)), RULES.limits) == (
        "it would approve more than 1000 runs",
    )


@pytest.mark.parametrize("key", ["order", "run", "day"])
@pytest.mark.parametrize("value", ["0", "-1", "NaN", "Infinity"])
def test_no_cap_means_any_or_nothing(key: str, value: str) -> None:
    with pytest.raises(ValueError, match="finite and above 0"):
        caps(**{key: value})
    with pytest.raises(ValueError, match="finite and above 0"):
        caps(runs=0)


@pytest.mark.parametrize("draw", ["-1", "NaN", "Infinity"])
def test_a_use_that_draws_no_amount_cannot_be_written(draw: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        StandingUse(plan_digest="0" * 64, draw=dec(draw), at=NOW)


def test_its_yes_names_it_and_ends_with_it_and_approves_in_live() -> None:
    live = AccountKey(venue="binance", account="main", environment=Environment.LIVE)
    proposal = dataclasses.replace(SELL_AND_BUY, key=live)
    given, report = standing(within=scope(key=live)), report_on(proposal)
    yes = rest_on(given, report, at=NOW, ttl_s=60)
    assert (yes.kind, yes.by) == (ApprovalKind.STANDING, given.digest)
    assert yes.expires_at == NOW + timedelta(seconds=60)
    assert approve(proposal, report, yes, now=NOW).approval is yes
    assert rest_on(given, report, at=NOW, ttl_s=7_200).expires_at == given.expires_at


def test_a_run_that_nobody_watches_ends_at_a_halt_or_a_warning() -> None:
    passed, warned = report_on(SELL_AND_BUY), report_on(SELL_AND_BUY, Verdict.WARN)
    assert stops_unattended(scope(), passed, halted=None) == ()
    assert stops_unattended(scope(), passed, halted="x") == ("the account is halted (x)",)
    assert stops_unattended(scope(), warned, halted=None)
    assert stops_unattended(scope(allow_warnings=True), warned, halted=None) == ()


def test_a_grant_is_read_back_as_it_was_written_and_an_edited_one_is_another() -> None:
    given = standing()
    assert from_document(StandingApproval, to_document(given)) == given
    wider = dataclasses.replace(given, caps=caps(run=902))
    assert wider.digest != given.digest
    assert PERP in given.scope.symbols


FOR_THE_CALENDAR = standing(within=scope(triggers=("calendar",)))


def acting_on(*kinds: TriggerKind) -> Plan:
    """Return SELL_AND_BUY, made on conditions of these kinds."""
    firings = tuple(
        Firing(kind=kind, subject="2026Q4", measured=None, limit=None, reason="a test")
        for kind in kinds
    )
    legs = ("sell 0.01 BTC @ 59900", "then buy 0.1 perp ETH @ 3010")
    return plan_under(RULES, *legs, trigger=trigger_of(firings).value, firings=firings)


def test_a_slots_plan_is_covered_as_the_slots_whatever_drifted_to_it() -> None:
    drift, slot = TriggerKind.DRIFT, TriggerKind.CALENDAR
    assert against(FOR_THE_CALENDAR, acting_on(slot)) == ()
    assert against(FOR_THE_CALENDAR, acting_on(drift, slot)) == ()
    assert against(standing(), acting_on(drift, slot)) == ()
    assert against(FOR_THE_CALENDAR, acting_on(drift)) != ()
    assert against(standing(), acting_on(slot)) != ()


def test_what_is_more_urgent_than_drift_is_not_covered_by_a_slot() -> None:
    urgent = acting_on(TriggerKind.MARGIN, TriggerKind.DRIFT, TriggerKind.CALENDAR)
    assert against(FOR_THE_CALENDAR, urgent) == ("is not for plans of trigger margin",)


def test_a_plan_that_moves_money_between_the_wallets_is_never_covered() -> None:
    proposal = plan_under(RULES, "move 100 in", "then sell 0.01 BTC @ 59900")
    (why,) = against(standing(), proposal)
    assert why == "is not for plans that move money between the wallets"


def test_a_stop_in_a_market_that_is_not_named_is_not_covered() -> None:
    beside = dataclasses.replace(SELL_AND_BUY, stops=(put(),))
    on = beside.stops[0].instrument.symbol
    assert against(standing(within=scope(symbols=(BTC, PERP))), beside) == (
        "does not name BTC/USDT:USDT",
    )
    assert against(standing(within=scope(symbols=(BTC, PERP, on))), beside) == ()
