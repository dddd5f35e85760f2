"""Sleeves in the file: what they become, and slips in them."""

from __future__ import annotations

import pytest

from tests.builders import dec
from tests.unit.config.conftest import Faults, Load
from tests.unit.config.texts import text_with
from trimtab.domain.instruments import Asset
from trimtab.domain.sleeves import Direction, SleeveScale, funded_by_quote

SOL = 'members = ["SOL"]'
TARGETS = "portfolio.targets"


def text(targets: str, *sleeves: str, **sections: str) -> str:
    """Return a file with other targets and sleeves; a section by one more line of it."""
    lines = [("portfolio", f"targets = {{ {targets} }}")]
    lines += [("portfolio", f"sleeves.{sleeve}") for sleeve in sleeves]
    lines += list(sections.items())
    return text_with(*lines)


def test_sleeves_take_their_part_of_one_and_keep_the_threshold_of_all(load: Load) -> None:
    policy = load(
        text(
            'BTC = "0.7", ETH = "0.1"',
            'alts = { weight = "0.15", shares = { SOL = "0.7", XRP = "0.3" }, threshold = "20%" }',
            'short = { weight = "0.05", direction = "short", members = ["BTC", "ETH", "SUI"] }',
        )
    ).policy
    alts, short = policy.sleeves
    assert (alts.name, alts.scale, alts.size) == ("alts", SleeveScale.WEIGHT, dec("0.15"))
    assert alts.members == {"SOL": dec("0.7"), "XRP": dec("0.3")}
    assert (alts.low, alts.high) == (dec("0.12"), dec("0.18"))
    assert (short.direction, short.band) == (Direction.SHORT, dec("0.05"))
    assert sum(short.members.values()) == 1
    assert funded_by_quote(policy.sleeves) == dec("0.20")
    assert policy.sleeved == ("SOL", "XRP", "BTC", "ETH", "SUI")
    assert policy.hedges(Asset("SOL"))


def test_a_multiple_strays_by_a_tenth_and_takes_no_part_of_one(load: Load) -> None:
    lines = 'twice = { multiple = "2", members = ["SOL"] }'
    [sleeve] = load(text('BTC = "0.5", USDT = "0.5"', lines)).policy.sleeves
    assert (sleeve.scale, sleeve.size, sleeve.band) == (SleeveScale.MULTIPLE, 2, dec("0.2"))
    assert funded_by_quote([sleeve]) == 0


def test_groups_and_sleeves_sum_to_one_together(load: Load, faults: Faults) -> None:
    groups = 'groups = { core = { weight = "0.9", members = ["BTC"] } }'
    sleeve = f'sleeves.a = {{ weight = "0.1", {SOL} }}'
    lines = (("portfolio", groups), ("portfolio", sleeve))
    whole = text_with(*lines, without=(TARGETS,))
    assert load(whole).policy.sleeves[0].size == dec("0.1")
    (fault,) = faults(whole.replace('"0.9"', '"0.7"'))
    assert "with those of the sleeves, sum is 0.8" in fault.reason


@pytest.mark.parametrize(
    ("sleeve", "sections", "key", "reason"),
    [
        (f'a = {{ weight = "0.2", {SOL} }}', {}, TARGETS, "sum is 1.1"),
        ('a = { weight = "0.1" }', {}, "portfolio.sleeves.a", "names no asset"),
        (f"a = {{ {SOL} }}", {}, "portfolio.sleeves.a", "has no size"),
        ("a = 3", {}, "portfolio.sleeves.a", "must be a table"),
        (
            f'a = {{ weight = "0.1", multiple = "1", {SOL} }}',
            {},
            "portfolio.sleeves.a.multiple",
            "excludes weight",
        ),
        (
            f'a = {{ multiple = "2", direction = "short", {SOL} }}',
            {},
            "portfolio.sleeves.a.direction",
            "long only",
        ),
        (f'a = {{ multiple = "3", {SOL} }}', {}, "portfolio.sleeves.a.multiple", "max_leverage"),
        (
            'a = { weight = "0.1", members = ["SOL"], shares = { SOL = "1" } }',
            {},
            "portfolio.sleeves.a.shares",
            "excludes members",
        ),
        (
            'a = { weight = "0.1", shares = { SOL = "0.5" } }',
            {},
            "portfolio.sleeves.a.shares",
            "sum is 0.5",
        ),
        (
            'a = { weight = "0.1", members = ["USDT"] }',
            {},
            "portfolio.sleeves.a.members[0]",
            "stable",
        ),
        (
            'a = { weight = "0.1", members = ["BTC"] }',
            {"rebalance": 'route = "futures"'},
            "portfolio.sleeves.a.members[0]",
            "alone",
        ),
        (
            f'a = {{ weight = "0.1", {SOL} }}',
            {"overlays": 'rotation = { targets = { BTC = "0.5", USDT = "0.5" } }'},
            "portfolio.sleeves.a.weight",
            "rotation",
        ),
        (
            'a = { weight = "0.1", members = ["BTC"] }',
            {"overlays": 'rotation = { targets = { BTC = "0.5", USDT = "0.5" } }'},
            "portfolio.sleeves.a.members[0]",
            "alone",
        ),
        (
            f'a = {{ weight = "0.1", {SOL} }}',
            {"venue": 'markets = ["spot"]'},
            "portfolio.sleeves",
            "needs perpetuals",
        ),
        (
            'a = { weight = "0.1", members = ["BTC"] }',
            {"portfolio": 'flags = { BTC = "no" }'},
            "portfolio.sleeves.a.members[0]",
            "flagged",
        ),
        (
            f'a = {{ weight = "0.1", {SOL} }}',
            {"portfolio": 'basis = "spot"'},
            "portfolio.sleeves",
            'basis = "spot"',
        ),
    ],
)
def test_a_slip_in_a_sleeve_is_named(
    faults: Faults, sleeve: str, sections: dict[str, str], key: str, reason: str
) -> None:
    found = faults(text('BTC = "0.9"', sleeve, **sections))
    assert any(f.key == key and reason in f.reason and f.fix for f in found), found


def test_one_contract_is_in_one_sleeve_only(faults: Faults) -> None:
    both = [f'{n} = {{ weight = "0.05", {SOL} }}' for n in "ab"]
    (fault,) = faults(text('BTC = "0.9"', *both))
    assert fault.key == "portfolio.sleeves.b.members[0]"
    assert "SOL is in sleeve a already" in fault.reason


def test_a_profile_leaves_no_part_to_a_weight(faults: Faults, load: Load) -> None:
    lines = (("portfolio", 'profile = "moderate"'), ("portfolio", "sleeves.a = SLEEVE"))
    whole = text_with(*lines, without=(TARGETS,))
    (fault,) = faults(whole.replace("SLEEVE", f'{{ weight = "0.1", {SOL} }}'))
    assert fault.key == "portfolio.sleeves.a.weight"
    multiple = whole.replace("SLEEVE", '{ multiple = "2", members = ["SOL"] }')
    assert load(multiple).policy.sleeves[0].size == dec(2)


PARITY = 'risk_parity = { assets = ["BTC", "ETH"], volatility = "0.6", max_scale = "2" }'


def test_risk_parity_above_one_trades_its_perpetuals_alone(load: Load) -> None:
    policy = load(text_with(("portfolio", PARITY), without=(TARGETS,))).policy
    assert policy.history.risk_parity is not None
    assert policy.history.risk_parity.max_scale == dec(2)
    assert policy.sleeved == ("BTC", "ETH")


@pytest.mark.parametrize(
    ("parity", "sections", "key"),
    [
        (PARITY.replace('volatility = "0.6", ', ""), {}, "portfolio.risk_parity.max_scale"),
        (PARITY, {"overlays": 'volatility = { target = "0.4" }'}, "overlays.volatility"),
        (PARITY, {"rebalance": 'route = "auto"'}, "portfolio.risk_parity.assets[0]"),
        (PARITY, {"venue": 'markets = ["spot"]'}, "portfolio.risk_parity.max_scale"),
        (PARITY, {"portfolio": 'basis = "spot"'}, "portfolio.risk_parity.max_scale"),
        (
            PARITY,
            {"portfolio": 'sleeves.a = { multiple = "1", members = ["ETH"] }'},
            "portfolio.risk_parity.assets[1]",
        ),
        (PARITY.replace('"2"', '"0.5"'), {}, "portfolio.risk_parity.max_scale"),
        (PARITY.replace('"2"', '"many"'), {}, "portfolio.risk_parity.max_scale"),
    ],
)
def test_what_does_not_go_with_risk_parity_above_one_is_named(
    faults: Faults, parity: str, sections: dict[str, str], key: str
) -> None:
    lines = [("portfolio", parity), *sections.items()]
    found = faults(text_with(*lines, without=(TARGETS,)))
    assert key in {f.key for f in found}, found
