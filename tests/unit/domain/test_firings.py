"""Which of several reasons to act is told first."""

from __future__ import annotations

from trimtab.domain.firings import Firing, TriggerKind, by_urgency, slot_of, trigger_of


def firing(kind: TriggerKind, subject: str = "account") -> Firing:
    return Firing(kind=kind, subject=subject, measured=None, limit=None, reason="a test")


def test_the_most_urgent_comes_first_and_equals_keep_their_order() -> None:
    drifted = [firing(TriggerKind.DRIFT, "BTC"), firing(TriggerKind.DRIFT, "ETH")]
    margin, slot = firing(TriggerKind.MARGIN), firing(TriggerKind.CALENDAR)
    assert by_urgency([slot, *drifted, margin]) == (margin, *drifted, slot)
    assert trigger_of([slot, *drifted, margin]) is TriggerKind.MARGIN


def test_nothing_that_fired_is_told_as_none() -> None:
    assert trigger_of([]) is TriggerKind.NONE


def test_a_plan_is_for_the_slot_that_its_calendar_names() -> None:
    drifted, slot = firing(TriggerKind.DRIFT, "2026Q4"), firing(TriggerKind.CALENDAR, "2026Q4")
    assert slot_of([drifted, slot]) == "2026Q4"
    assert slot_of([drifted, firing(TriggerKind.CALENDAR)]) == "", "Some slot, of no name."
    assert slot_of([drifted]) == slot_of([]) == ""


def test_what_is_more_urgent_than_drift_is_for_no_slot() -> None:
    slot = firing(TriggerKind.CALENDAR, "2026Q4")
    for kind in (TriggerKind.MARGIN, TriggerKind.LEVERAGE, TriggerKind.EXPIRY, TriggerKind.STOP):
        assert slot_of([firing(kind), firing(TriggerKind.DRIFT, "BTC"), slot]) == ""
