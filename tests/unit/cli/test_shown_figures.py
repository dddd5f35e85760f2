"""How figures and orders are shown: signs, infinities, and what comes next."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from rich.console import Console

from trimtab.cli.exits import Exit
from trimtab.cli.tables import findings_table, points
from trimtab.cli.views_upkeep import Ended, Halted, halt_result, recover_result
from trimtab.domain.findings import Finding, Tag, Verdict
from trimtab.workflow.recover import RecoveryReport


@pytest.mark.parametrize(
    ("drift", "shown"),
    [
        ("0.08", "+8.00 pp"),
        ("-0.0312", "-3.12 pp"),
        ("0", "0.00 pp"),
        ("-0.00001", "0.00 pp"),
        ("0.00001", "0.00 pp"),
    ],
)
def test_a_drift_has_a_sign_unless_it_rounds_to_nothing(drift: str, shown: str) -> None:
    assert points(Decimal(drift)) == shown


@pytest.mark.parametrize(
    ("measured", "shown"),
    [("2", "2 USDT"), ("-0.5", "-0.5 USDT"), ("none", "none"), ("no plan yet", "no plan yet")],
)
def test_a_finding_has_its_unit_behind_a_figure_and_none_behind_words(
    measured: str, shown: str
) -> None:
    finding = Finding(
        verdict=Verdict.PASS,
        check="max_topup",
        subject="plan",
        measured=measured,
        limit="1",
        unit="USDT",
        reason=None,
        tag=Tag.INTEGRITY,
        source="",
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    console = Console(width=120, color_system=None)
    with console.capture() as printed:
        console.print(findings_table([finding]))
    assert printed.get().splitlines()[1].endswith(f" {shown}  1 USDT")


def test_a_sentence_in_place_of_a_figure_stands_among_the_reasons_once() -> None:
    def told(measured: str, reason: str | None) -> str:
        """Return what stands behind the subject."""
        finding = Finding(
            verdict=Verdict.WARN,
            check="kill_switch",
            subject="account",
            measured=measured,
            limit=None,
            unit="",
            reason=reason,
            tag=Tag.INTEGRITY,
            source="",
            at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        console = Console(width=120, color_system=None)
        with console.capture() as printed:
            console.print(findings_table([finding]))
        return " ".join(printed.get().splitlines()[1].split()[3:])

    assert told("the account is halted", None) == "the account is halted"
    assert told("the account is halted", "release it") == "the account is halted; release it"
    assert told("it is halted by hand", "it is halted by hand.") == "it is halted by hand."
    assert told("active", "all is well") == "active all is well"


def test_a_recovery_without_orders_has_nothing_to_do() -> None:
    nothing = RecoveryReport(orders=(), transfers=(), interrupted=False)
    result = recover_result(nothing, (), ())
    assert (result.document["status"], result.code) == ("nothing_to_do", Exit.DONE)
    assert result.document["next"] == "trimtab plan"


@pytest.mark.parametrize(("unreached", "code"), [("", Exit.DONE), ("no route", Exit.UNREACHABLE)])
def test_a_halt_ends_with_seven_when_the_venue_could_not_be_asked(
    unreached: str, code: Exit
) -> None:
    halted = Halted(reason="storm", before=None, cancellations=(), unreached=unreached, stops=())
    result = halt_result(halted)
    assert (result.code, result.document["status"]) == (code, "halted")
    assert set(Ended) == {"cancelled", "resting", "unknown"}
