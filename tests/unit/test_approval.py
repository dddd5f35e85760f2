"""An approval is for exactly one plan, for a time, at about these prices."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import KEY, NOW, account, dec, plan, policy, report_on
from trimtab.approval import account_changed, approve, grant, moved_too_far, needs_terminal
from trimtab.domain.approved import Approval, ApprovalKind
from trimtab.domain.errors import ApprovalError
from trimtab.domain.findings import GateReport, Verdict
from trimtab.domain.firings import TriggerKind
from trimtab.domain.snapshot import Environment

SNAPSHOT = account("BTC 0.1 @ 60000, ETH 1 @ 3000, USDT 1000, wallet 100")
PLAN = plan(SNAPSHOT, "sell 0.01 BTC", "then buy 0.1 perp ETH")


def yes_to(report: GateReport, kind: ApprovalKind = ApprovalKind.TYPED) -> Approval:
    return grant(report, kind=kind, by="a person", at=NOW, ttl_s=60)


def test_a_yes_to_the_very_plan_approves_it() -> None:
    report = report_on(PLAN)
    approved = approve(PLAN, report, yes_to(report), now=NOW)
    assert approved.plan is PLAN
    assert approved.approval.expires_at == NOW + timedelta(seconds=60)


def test_an_edited_plan_is_another_plan() -> None:
    report = report_on(PLAN)
    edited = replace(PLAN, nav=PLAN.nav + 1)
    with pytest.raises(ApprovalError, match="another plan"):
        approve(edited, report, yes_to(report), now=NOW)


def test_findings_that_changed_since_are_not_approved() -> None:
    report = report_on(PLAN)
    later = replace(report, findings=report.findings * 2)
    with pytest.raises(ApprovalError, match="findings changed"):
        approve(PLAN, later, yes_to(report), now=NOW)


def test_a_refused_plan_cannot_be_approved() -> None:
    report = report_on(PLAN, Verdict.REFUSE)
    with pytest.raises(ApprovalError, match="gate refused"):
        approve(PLAN, report, yes_to(report), now=NOW)


@pytest.mark.parametrize("seconds", [60, 61, 301])
def test_an_approval_ends_with_its_time_to_live(seconds: int) -> None:
    report = report_on(PLAN)
    with pytest.raises(ApprovalError, match="expired"):
        approve(PLAN, report, yes_to(report), now=NOW + timedelta(seconds=seconds))
    assert approve(PLAN, report, yes_to(report), now=NOW + timedelta(seconds=59))


def test_the_yes_flag_approves_nothing_in_live() -> None:
    live = replace(PLAN, key=replace(KEY, environment=Environment.LIVE))
    report = report_on(live)
    with pytest.raises(ApprovalError, match="--yes approves nothing in live"):
        approve(live, report, yes_to(report, ApprovalKind.FLAG), now=NOW)
    assert approve(live, report, yes_to(report), now=NOW)


@pytest.mark.parametrize(
    ("bitcoin", "ether", "who"),
    [
        (60_000, 3_000, None),
        (59_701, 3_014, None),
        (66_000, 2_000, None),
        (59_600, 3_000, "BTC/USDT"),
        (60_000, 3_016, "ETH/USDT:USDT"),
    ],
)
def test_a_move_against_a_leg_asks_again_and_one_in_its_favour_does_not(
    bitcoin: int, ether: int, who: str | None
) -> None:
    now = account(f"BTC 0.1 @ {bitcoin}, ETH 1 @ {ether}, USDT 1000, wallet 100")
    moved = moved_too_far(PLAN, now, policy().approval)
    assert (moved is None) if who is None else (moved is not None and moved.startswith(who))


def test_a_price_that_is_gone_asks_again() -> None:
    gone = account("ETH 1 @ 3000, USDT 1000")
    assert moved_too_far(PLAN, gone, policy().approval) == "BTC/USDT: no price any more"
    assert dec(50) == policy().approval.max_move_bps


@pytest.mark.parametrize(
    ("holdings", "who"),
    [
        ("BTC 0.1 @ 60000, ETH 1 @ 3000, USDT 1000, wallet 100", None),
        ("BTC 0.1 @ 60000, ETH 1 @ 3000, USDT 5, wallet 1", None),
        ("BTC 0.10009 @ 60000, ETH 1 @ 3000, USDT 1000, wallet 100", None),
        ("BTC 0.1001 @ 60000, ETH 1 @ 3000, USDT 1000, wallet 100", "BTC: 0.1001 units now"),
        ("BTC 0.0999 @ 60000, ETH 1 @ 3000, USDT 1000, wallet 100", "BTC: 0.0999 units now"),
        ("BTC 0.1 @ 60000, ETH 1 @ 3000, perp ETH -0.5 at 3000, wallet 100", "ETH: 0.5 units now"),
    ],
)
def test_a_plan_is_void_when_an_asset_of_it_changed_by_a_lot(
    holdings: str, who: str | None
) -> None:
    changed = account_changed(PLAN, account(holdings))
    assert (changed is None) if who is None else (changed is not None and changed.startswith(who))


def test_a_plan_that_does_not_tell_what_it_was_made_from_is_void() -> None:
    silent = replace(PLAN, units_before={})
    assert account_changed(silent, SNAPSHOT) == (
        "BTC: 0.1 units now, the plan was made from an unknown number"
    )


@pytest.mark.parametrize("latch", ["kill_switch", "reducing"])
@pytest.mark.parametrize("kind", [ApprovalKind.FLAG, ApprovalKind.STANDING, ApprovalKind.REPLY])
def test_a_rescue_under_a_latch_is_approved_by_typed_words_only(
    latch: str, kind: ApprovalKind
) -> None:
    rescue = replace(PLAN, trigger=TriggerKind.MARGIN_RESCUE)
    report = latched(report_on(rescue), latch)
    with pytest.raises(ApprovalError, match="its own typed words"):
        approve(rescue, report, yes_to(report, kind), now=NOW)
    assert approve(rescue, report, yes_to(report), now=NOW)
    ordinary = latched(report_on(PLAN), latch)
    assert approve(PLAN, ordinary, yes_to(ordinary, kind), now=NOW)


def test_a_rescue_of_an_active_account_is_approved_as_any_plan() -> None:
    rescue = replace(PLAN, trigger=TriggerKind.MARGIN_RESCUE)
    report = latched(report_on(rescue), "")
    assert approve(rescue, report, yes_to(report, ApprovalKind.FLAG), now=NOW)


def test_a_rescue_whose_latches_were_not_looked_at_is_not_approved_by_a_flag() -> None:
    rescue = replace(PLAN, trigger=TriggerKind.MARGIN_RESCUE)
    report = report_on(rescue)
    with pytest.raises(ApprovalError, match="its own typed words"):
        approve(rescue, report, yes_to(report, ApprovalKind.FLAG), now=NOW)


def test_what_is_asked_twice_and_a_rescue_under_a_latch_need_the_terminal() -> None:
    rules = policy().approval
    assert not needs_terminal(PLAN, report_on(PLAN), rules)
    assert needs_terminal(PLAN, report_on(PLAN), replace(rules, two_step_above=dec(1)))
    rescue = replace(PLAN, trigger=TriggerKind.MARGIN_RESCUE)
    assert needs_terminal(rescue, latched(report_on(rescue), "reducing"), rules)
    assert not needs_terminal(rescue, latched(report_on(rescue), ""), rules)


def latched(report: GateReport, latch: str) -> GateReport:
    """Return the report with both latches looked at, one of them warning."""
    (one,) = report.findings[:1]
    looked = tuple(
        replace(one, check=code, verdict=Verdict.WARN if code == latch else Verdict.PASS)
        for code in ("kill_switch", "reducing")
    )
    return replace(report, findings=(*report.findings, *looked))
