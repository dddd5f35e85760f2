"""Tiers of maintenance margin that a person declares, where the venue tells none."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.config.conftest import Faults, Load
from tests.unit.config.texts import text_with
from trimtab.config.starter import starter
from trimtab.domain.declared import MaintenanceTier
from trimtab.domain.instruments import Asset
from trimtab.domain.snapshot import Environment

WEEX = ("venue", 'id = "weex"')
LIVE = ("venue", 'environment = "live"')
HEDGED = ("rebalance", 'routes = { BTC = "futures" }')
TIERS = '[{ up_to = 50000, rate = 0.005 }, { up_to = "100000", rate = "0.01" }]'
DECLARED = ("venue", f"maintenance = {{ BTC = {TIERS} }}")
READ = (
    MaintenanceTier(up_to=Decimal(50_000), rate=Decimal("0.005")),
    MaintenanceTier(up_to=Decimal(100_000), rate=Decimal("0.01")),
)


def test_tiers_are_taken_digit_for_digit_and_are_part_of_the_policy(load: Load) -> None:
    config = load(text_with(WEEX, LIVE, HEDGED, DECLARED))
    assert config.policy.tiers == {Asset("BTC"): READ}
    other = ("venue", f"maintenance = {{ BTC = {TIERS.replace('0.005', '0.004')} }}")
    assert load(text_with(WEEX, LIVE, HEDGED, other)).policy_digest != config.policy_digest


def test_tiers_of_the_other_venue_stand_beside_it(load: Load) -> None:
    there = ("hedge", f'venue = {{ id = "weex", maintenance = {{ BTC = {TIERS} }} }}')
    vouched = ("venue", 'key_rights = "vouched"')
    config = load(text_with(LIVE, HEDGED, there, vouched))
    assert config.policy.tiers == {Asset("BTC"): READ}


def test_what_is_not_hedged_needs_no_tiers(load: Load) -> None:
    assert load(text_with(WEEX, LIVE)).policy.tiers == {}
    coins = ("venue", 'markets = ["spot"]')
    assert load(text_with(WEEX, LIVE, coins)).policy.tiers == {}


@pytest.mark.parametrize(
    ("lines", "key", "reason"),
    [
        ([WEEX, LIVE, HEDGED], "venue.maintenance", "weex tells no maintenance margin, and BTC"),
        (
            [LIVE, HEDGED, ("hedge", 'venue = { id = "weex" }')],
            "hedge.venue.maintenance",
            "weex tells no maintenance margin, and BTC",
        ),
        (
            [WEEX, LIVE, DECLARED, ("rebalance", 'route = "futures"')],
            "venue.maintenance",
            "and ETH may be hedged; write ETH = [",
        ),
        (
            [("venue", 'environment = "testnet"'), DECLARED],
            "venue.maintenance",
            "binance tells what a position has to maintain; remove it",
        ),
        (
            [LIVE, ("hedge", f'venue = {{ id = "bybit", maintenance = {{ BTC = {TIERS} }} }}')],
            "hedge.venue.maintenance",
            "bybit tells what a position has to maintain",
        ),
        (
            [WEEX, LIVE, DECLARED, ("venue", 'markets = ["spot"]')],
            "venue.maintenance",
            "counts nothing where venue.markets has no perpetuals",
        ),
        (
            [WEEX, LIVE, DECLARED, ("hedge", 'venue = { id = "bybit" }')],
            "venue.maintenance",
            "counts nothing where contracts are held on another venue",
        ),
    ],
)
def test_what_nobody_reads_or_everybody_lacks_is_told_at_its_place(
    faults: Faults, lines: list[tuple[str, str]], key: str, reason: str
) -> None:
    text = text_with(*lines)
    found = [fault for fault in faults(text) if fault.key == key]
    assert [reason in fault.message for fault in found] == [True], faults(text)
    assert found[0].line > 1


def test_a_missing_tier_is_told_with_the_next_command(faults: Faults) -> None:
    (fault,) = faults(text_with(WEEX, LIVE, HEDGED))
    assert fault.fix.startswith('write BTC = [{ up_to = 50000, rate = "0.005" }, ...] under [venue')
    assert fault.fix.endswith("trimtab config check")


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ('"0.005"', 'must be tiers, up to 50, was "0.005"'),
        ("[]", "must be tiers, up to 50, was a list"),
        ("[0.005]", "tier 1 must have up_to and rate, and nothing else"),
        ("[{ up_to = 5 }]", "tier 1 must have up_to and rate"),
        ("[{ up_to = 5, rate = 0.1, leverage = 5 }]", "tier 1 must have up_to and rate"),
        ("[{ up_to = 0, rate = 0.1 }]", "up_to of tier 1 must be above 0, was 0"),
        ("[{ up_to = 5, rate = 0 }]", "rate of tier 1 must be above 0 and below 1, was 0"),
        ("[{ up_to = 5, rate = 1 }]", "rate of tier 1 must be above 0 and below 1, was 1"),
        ('[{ up_to = 5, rate = "0.5%" }]', "must be a fraction"),
        (
            "[{ up_to = 5, rate = 0.1 }, { up_to = 5, rate = 0.2 }]",
            "tier 2 does not rise above the one before",
        ),
        (
            "[{ up_to = 5, rate = 0.1 }, { up_to = 6, rate = 0.1 }]",
            "tier 2 does not rise above the one before",
        ),
        (
            "[" + ", ".join(f"{{ up_to = {n}, rate = 0.{n:03d} }}" for n in range(1, 52)) + "]",
            "must be tiers, up to 50",
        ),
    ],
)
def test_tiers_that_do_not_rise_or_say_something_else_are_refused(
    faults: Faults, written: str, reason: str
) -> None:
    text = text_with(WEEX, LIVE, ("venue", f"maintenance = {{ BTC = {written} }}"))
    found = [fault for fault in faults(text) if fault.key == "venue.maintenance.BTC"]
    assert [reason in fault.reason for fault in found] == [True], faults(text)


def test_a_key_is_vouched_for_where_either_venue_does_not_tell_of_it(
    load: Load, faults: Faults
) -> None:
    vouched = ("venue", 'key_rights = "vouched"')
    there = ("hedge", f'venue = {{ id = "weex", maintenance = {{ BTC = {TIERS} }} }}')
    assert load(text_with(LIVE, vouched, there)).policy.key_trust == "vouched"
    told = ("hedge", 'venue = { id = "bybit" }')
    assert "venue.key_rights" in {fault.key for fault in faults(text_with(LIVE, vouched, told))}


def test_the_starter_says_what_is_to_be_declared_where_the_venue_tells_none(load: Load) -> None:
    text = starter("moderate", venue="weex", environment=Environment.LIVE)
    hint = "# maintenance = {"
    (tier,) = load(text.replace(hint, hint.removeprefix("# "))).policy.tiers["BTC"]
    assert tier == READ[0]
    assert hint not in starter("moderate", venue="bybit", environment=Environment.LIVE)
