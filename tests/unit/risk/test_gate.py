"""The gate as a whole: order, verdict, and the page that lists its checks."""

from __future__ import annotations

import dataclasses
import decimal
from decimal import Decimal
from pathlib import Path

from tests.builders import NOW, account, leg, plan, policy, spot
from tests.unit.risk.cases import CALM, ask, context
from trimtab.domain.findings import Verdict
from trimtab.risk.case import Case
from trimtab.risk.catalogue import checks_page
from trimtab.risk.gate import findings_of, refusing_of
from trimtab.risk.registry import CHECKS, EXPOSURE, HARD

CHECKS_PAGE = Path(__file__).parents[3] / "docs" / "checks.md"


def test_every_check_reports_once_or_more_in_the_order_of_the_page() -> None:
    report = ask(account(CALM), "sell 0.01 BTC")
    codes = [f.check for f in report.findings]
    assert list(dict.fromkeys(codes)) == [check.code for check in CHECKS]


def test_codes_are_unique_and_every_tagged_code_exists() -> None:
    codes = {check.code for check in CHECKS}
    assert len(codes) == len(CHECKS)
    assert codes >= HARD | EXPOSURE


def test_the_page_of_checks_equals_the_code() -> None:
    assert CHECKS_PAGE.read_text(encoding="utf-8") == checks_page(CHECKS)


def test_the_verdict_is_the_strictest_and_the_report_names_plan_and_snapshot() -> None:
    calm = account(CALM)
    report = ask(calm, "buy 0.2 BTC")
    assert report.verdict is Verdict.REFUSE
    assert report.snapshot_id == calm.snapshot_id
    assert report.reviewed_at == NOW
    assert len(report.plan_digest) == 64


def test_every_refusal_gives_a_reason_that_is_a_sentence() -> None:
    report = ask(account(CALM), "buy 0.2 BTC", "sell 0.5 perp BTC", "sell 0.01 ETH @ 1000")
    for finding in report.findings:
        if finding.verdict is Verdict.PASS:
            assert finding.reason is None
        else:
            assert finding.reason is not None
            assert finding.reason.endswith(".")


def test_values_are_reported_in_the_accounts_quote() -> None:
    report = ask(account("USDC 5000, BTC 0.1 @ 60000", quote="USDC"), "sell 0.01 BTC")
    units = {f.unit for f in report.findings}
    assert "USDC" in units
    assert "quote" not in units


def test_the_report_does_not_depend_on_the_ambient_decimal_context() -> None:
    calm = account(CALM)
    expected = ask(calm, "sell 0.01 BTC", "then buy 0.1 ETH", "sell 0.01 perp BTC")
    with decimal.localcontext(decimal.Context(prec=2, rounding=decimal.ROUND_UP)):
        hostile = ask(
            calm, "sell 0.01 BTC @ 59880", "then buy 0.1 ETH @ 3006", "sell 0.01 perp BTC @ 59880"
        )
    assert hostile == expected


def test_what_refuses_is_asked_for_one_by_one_those_that_are_named_first() -> None:
    calm = account(CALM)
    proposal = plan(calm, "buy 0.2 BTC")
    case = Case(plan=proposal, snapshot=calm, policy=policy(), context=context(), now=NOW)
    found = [f.check for f in findings_of(case) if f.verdict is Verdict.REFUSE]
    assert list(refusing_of(case, first=frozenset())) == list(dict.fromkeys(found))
    last = found[-1]
    assert next(refusing_of(case, first=frozenset({last}))) == last
    odd = dataclasses.replace(proposal, legs=(leg(calm, spot("BTC"), 100, mark=Decimal("NaN")),))
    unusable = dataclasses.replace(case, plan=odd)
    assert list(refusing_of(unusable, first=frozenset({last}))) == [c.code for c in CHECKS]
