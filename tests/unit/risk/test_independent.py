"""Independent prices at the gate: the collar that they hold, and the peg that they measure."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.builders import KEY, NOW, account, limits, policy
from tests.unit.risk.cases import CALM, ask, context, found, said, verdict
from trimtab.domain.findings import Finding, GateReport, Verdict
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import Policy, ReferencePolicy
from trimtab.domain.references import NO_REFERENCES, Quotation, References, ReferenceSource
from trimtab.domain.snapshot import Environment, Snapshot

ALL = tuple(ReferenceSource)
PEGGED = ("coinbase USDT 1", "kraken USDT 1")
AGREED = said(*PEGGED, "coinbase BTC 60010", "kraken BTC 59990")


def rules(**overrides: object) -> ReferencePolicy:
    """Three sources, all required, with the documented limits."""
    usual = ReferencePolicy(
        sources=ALL, required=True, max_age_s=Decimal(60), max_disagreement_bps=Decimal(50)
    )
    return dataclasses.replace(usual, **overrides)  # type: ignore[arg-type]  # Any of its fields.


def asked(
    references: References,
    *legs: str,
    snapshot: Snapshot | None = None,
    by: Policy | None = None,
    **overrides: object,
) -> GateReport:
    """Ask the gate with *references*, by the rules with some replaced."""
    wanted = by or policy(references=rules(**overrides))
    facts = context(references=references)
    return ask(snapshot or account(CALM), *legs or ("sell 0.01 BTC",), rules=wanted, facts=facts)


def live() -> Snapshot:
    """Return the calm account, with real money."""
    return account(CALM, key=dataclasses.replace(KEY, environment=Environment.LIVE))


def collar(references: References, *legs: str, **overrides: object) -> Finding:
    return found(asked(references, *legs, **overrides), "price_collar")


def depeg(references: References, *legs: str, **overrides: object) -> Finding:
    return found(asked(references, *legs, **overrides), "stable_depeg")


def test_live_needs_two_references_even_when_the_policy_asks_nobody() -> None:
    nobody = policy()
    assert verdict(ask(live(), "sell 0.01 BTC", rules=nobody), "price_collar") == "refuse"
    assert verdict(ask(live(), "sell 0.01 BTC", rules=nobody), "stable_depeg") == "refuse"
    report = asked(AGREED, snapshot=live(), by=nobody)
    assert (verdict(report, "price_collar"), verdict(report, "stable_depeg")) == ("pass", "pass")


def test_local_is_not_asked_for_what_it_does_not_need() -> None:
    report = ask(account(CALM), "sell 0.01 BTC")
    assert verdict(report, "price_collar") == "pass"
    assert found(report, "stable_depeg").measured == "nobody was asked"
    assert found(report, "price_collar").reason is None


@pytest.mark.parametrize(
    ("other", "expected"), [("60300", "pass"), ("60300.01", "refuse"), ("61000", "refuse")]
)
def test_references_agree_up_to_their_limit_and_not_beyond(other: str, expected: str) -> None:
    both = said(*PEGGED, "coinbase BTC 60000", f"kraken BTC {other}")
    finding = collar(both)
    assert finding.verdict == expected
    assert (finding.measured is None) == (expected == "refuse")


def test_a_disagreement_names_who_says_what_and_what_to_do() -> None:
    finding = collar(said(*PEGGED, "coinbase BTC 60000", "kraken BTC 61000"))
    assert finding.reason is not None
    assert "166.7 bps apart, limit 50" in finding.reason
    assert "coinbase 60000, kraken 61000 USD" in finding.reason


def test_one_reference_is_none_and_the_refusal_says_why_the_others_are_missing() -> None:
    lonely = said(*PEGGED, "coinbase BTC 60000", "kraken BTC answered HTTP 503")
    finding = collar(lonely)
    assert (finding.verdict, finding.measured) == ("refuse", None)
    assert finding.reason is not None
    assert "BTC has 1 of 2 independent prices (kraken: answered HTTP 503)" in finding.reason


def test_nobody_at_all_is_a_refusal_of_both_checks() -> None:
    report = asked(NO_REFERENCES)
    assert verdict(report, "price_collar") == verdict(report, "stable_depeg") == "refuse"


@pytest.mark.parametrize(
    ("age", "expected"), [(60, "pass"), (60.001, "refuse"), (-0.001, "refuse")]
)
def test_a_reference_counts_up_to_its_age_and_never_from_the_future(
    age: float, expected: str
) -> None:
    lines = (*PEGGED, "coinbase BTC 60000", "kraken BTC 60000")
    aged = said(*lines, at=NOW - timedelta(seconds=age))
    assert collar(aged).verdict == expected
    assert depeg(aged).verdict == expected


def test_the_age_of_what_is_stale_is_told() -> None:
    lines = (*PEGGED, "coinbase BTC 60000", "kraken BTC 60000")
    finding = collar(said(*lines, at=NOW - timedelta(seconds=75)))
    assert finding.reason is not None
    assert "kraken is 75 s old, limit 60 s" in finding.reason
    ahead = collar(said(*lines, at=NOW + timedelta(seconds=1)))
    assert ahead.reason is not None
    assert "is from after now" in ahead.reason


@pytest.mark.parametrize(
    ("told", "expected"),
    [("60600", "pass"), ("60606.1", "refuse"), ("59406", "pass"), ("59405.9", "refuse")],
)
def test_the_collar_holds_against_every_reference_on_both_sides(told: str, expected: str) -> None:
    # The mid is 60000, the limit of the leg a little below it; 100 bps of the reference.
    both = said(*PEGGED, f"coinbase BTC {told}", f"bitstamp BTC {told}")
    assert collar(both, "sell 0.01 BTC @ 60000").verdict == expected


def test_the_finding_carries_name_value_and_time_of_each_reference() -> None:
    finding = collar(AGREED)
    assert finding.verdict is Verdict.PASS
    assert finding.reason == (
        f"References: coinbase 60010 USDT at {NOW:%Y-%m-%dT%H:%M:%SZ},"
        f" kraken 59990 USDT at {NOW:%Y-%m-%dT%H:%M:%SZ}; 1 USDT is 1 USD."
    )


def test_dollars_become_quote_by_the_measured_peg_and_by_nothing_else() -> None:
    # The venue's 60000 USDT are 59400 dollars when a USDT is worth 0.99.
    weak = said("coinbase USDT 0.99", "kraken USDT 0.99", "coinbase BTC 59400", "kraken BTC 59400")
    loose = policy(references=rules(), limits=limits(max_depeg_bps=200, price_collar_bps=20))
    report = asked(weak, "sell 0.01 BTC @ 60000", by=loose)
    assert verdict(report, "price_collar") == "pass"
    assert "coinbase 60000 USDT" in (found(report, "price_collar").reason or "")
    naive = said(*PEGGED, "coinbase BTC 59400", "kraken BTC 59400")
    assert verdict(asked(naive, "sell 0.01 BTC @ 60000", by=loose), "price_collar") == "refuse"


def test_without_a_peg_no_price_in_dollars_is_a_price_in_the_quote() -> None:
    finding = collar(said("coinbase USDT 1", "coinbase BTC 60000", "kraken BTC 60000"))
    assert (finding.verdict, finding.measured) == ("refuse", None)
    assert "USDT has 1 of 2" in (finding.reason or "")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("0.995", "0.995", "pass"),
        ("0.99499", "0.99499", "refuse"),
        ("1.005", "1.005", "pass"),
        ("1.00501", "1.00501", "refuse"),
        ("0.9931", "0.9969", "pass"),
        ("0.990", "0.9951", "refuse"),
    ],
)
def test_a_stable_may_stray_from_its_dollar_so_far_and_no_farther(
    first: str, second: str, expected: str
) -> None:
    pegs = (f"coinbase USDT {first}", f"kraken USDT {second}")
    finding = depeg(said(*pegs, "coinbase BTC 60000", "kraken BTC 60000"))
    assert finding.verdict == expected


def test_the_peg_of_three_sources_is_the_middle_one() -> None:
    three = ("coinbase USDT 0.999", "kraken USDT 1.001", "bitstamp USDT 0.9995")
    finding = depeg(said(*three, "coinbase BTC 60000", "kraken BTC 60000"))
    assert (finding.verdict, finding.measured) == ("pass", "5")


@pytest.mark.parametrize(
    ("leg", "expected"),
    [
        ("sell 0.01 BTC", "refuse"),
        ("buy 0.01 BTC", "pass"),
        ("sell 0.01 perp BTC", "refuse"),
        ("buy 0.01 perp BTC", "pass"),
    ],
)
def test_a_depeg_stops_what_brings_the_stable_in_and_lets_the_rest_go(
    leg: str, expected: str
) -> None:
    lines = ("coinbase USDT 0.98", "kraken USDT 0.98", "coinbase BTC 58800", "kraken BTC 58800")
    finding = depeg(said(*lines), leg)
    assert (finding.verdict, finding.measured, finding.limit) == (expected, "200", "50")
    assert ("brings none in" in (finding.reason or "")) == (expected == "pass")


def test_closing_a_long_is_no_purchase_of_the_stable_it_is_settled_in() -> None:
    held = account(CALM + ", perp BTC 0.02")
    lines = ("coinbase USDT 0.98", "kraken USDT 0.98", "coinbase BTC 58800", "kraken BTC 58800")
    report = asked(said(*lines), "sell 0.01 perp BTC reduce", snapshot=held)
    assert verdict(report, "stable_depeg") == "pass"


def test_another_stable_is_bought_only_near_its_own_dollar() -> None:
    held = account("USDT 5000, BTC 0.1 @ 60000, USDC 100 @ 1")

    def bought(dollars: str) -> Finding:
        lines = (*PEGGED, f"coinbase USDC {dollars}", f"kraken USDC {dollars}")
        return found(asked(said(*lines), "buy 10 USDC", snapshot=held), "stable_depeg")

    assert bought("0.999").verdict is Verdict.PASS
    assert bought("0.88").verdict is Verdict.REFUSE
    assert "USDC is off its dollar" in (bought("0.88").reason or "")


def test_what_is_not_required_is_a_warning_and_the_venue_is_held_against_itself() -> None:
    report = asked(said("coinbase BTC 60000"), required=False)
    assert verdict(report, "stable_depeg") == "warn"
    assert "local does not need it" in (found(report, "stable_depeg").reason or "")
    finding = found(report, "price_collar")
    assert finding.verdict is Verdict.PASS
    assert "Held against the venue alone" in (finding.reason or "")


def test_references_that_are_there_are_held_against_also_where_none_is_required() -> None:
    far = said(*PEGGED, "coinbase BTC 70000", "kraken BTC 70000")
    assert collar(far, required=False).verdict is Verdict.REFUSE
    weak = said("coinbase USDT 0.9", "kraken USDT 0.9", "coinbase BTC 54000", "kraken BTC 54000")
    assert depeg(weak, required=False).verdict is Verdict.REFUSE


def test_a_dated_contract_needs_references_and_keeps_its_basis() -> None:
    basis = account(CALM + ", dated BTC 0.01 at 61000")
    leg = "sell 0.01 dated BTC reduce"
    assert verdict(asked(AGREED, leg, snapshot=basis), "price_collar") == "pass"
    assert verdict(asked(NO_REFERENCES, leg, snapshot=basis), "price_collar") == "refuse"


def test_a_plan_without_legs_needs_no_reference_even_in_live() -> None:
    report = ask(live(), rules=policy(references=rules()))
    assert (verdict(report, "price_collar"), verdict(report, "stable_depeg")) == ("pass", "pass")


@pytest.mark.parametrize("bad", ["0", "-1", "NaN", "Infinity"])
def test_a_quotation_is_a_finite_price_above_zero_or_does_not_exist(bad: str) -> None:
    with pytest.raises(ValueError, match="must be > 0"):
        Quotation(
            source=ReferenceSource.KRAKEN, asset=Asset("BTC"), value=Decimal(bad), quoted_at=NOW
        )
